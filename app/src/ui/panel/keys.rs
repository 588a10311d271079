//! Changing keys.

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Button, ComboBox, Context, Event, Id, Key, Layout, Response, RichText, Stroke, Ui, vec2,
};
use zoetrope_player::{COMMANDS, Command, CommandInfo, Group};

use super::super::icons::{Icon, icon_button};
use super::super::theme;
use super::help::with_argument;
use super::{Frames, Panel, SheetResponse, fixed_sheet, scroll, search_field, section};
use crate::fuzzy;
use crate::keys::{Chord, Keymap, Preset};
use crate::text::{Text, fill, text};

/// Height of a row, and of what can be pressed in it.
const ROW: f32 = 36.0;
/// On narrower panels keys stand below what they do.
const STACKED: f32 = 460.0;
/// Part of a row that the title takes.
const TITLE_SHARE: f32 = 0.46;

/// The panel, from frame to frame.
#[derive(Default)]
pub struct KeysPanel {
    query: String,
    /// The command for which the next key that is pressed is taken.
    capturing: Option<Command>,
    /// The keys before changes were thrown away.
    before: Option<Keymap>,
}

/// What is done with a row.
enum Change {
    Capture(Command),
    Unbind(Chord, Command),
}

impl KeysPanel {
    /// Shows the panel and changes keys.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
        keymap: &mut Keymap,
    ) -> SheetResponse {
        if is_new {
            *self = Self::default();
        }
        let texts = text(ui);
        fixed_sheet(ui, frames, Panel::Keys, texts.panels.keys, |ui| {
            self.head(ui, keymap);
            let id = Id::unique("keys field");
            search_field(ui, id, &mut self.query, texts.panels.keys_field, is_new);
            let change = scroll(ui, |ui| self.rows(ui, keymap));
            match change {
                Some(Change::Capture(command)) => {
                    let same = self.capturing == Some(command);
                    self.capturing = (!same).then_some(command);
                }
                Some(Change::Unbind(chord, command)) => keymap.unbind(chord, command),
                None => {}
            }
        })
    }

    /// Takes the next key for the command that waits for one; no other part of the program gets to
    /// see it. Escape takes none.
    pub fn capture(&mut self, ctx: &Context, keymap: &mut Keymap) {
        let Some(command) = self.capturing else {
            return;
        };
        let pressed = ctx.input_mut(|input| {
            let pressed = input.events.iter().find_map(pressed_chord);
            input
                .events
                .retain(|event| pressed_chord(event).is_none() && !matches!(event, Event::Text(_)));
            pressed
        });
        let Some(chord) = pressed else {
            return;
        };
        self.capturing = None;
        let escape = Chord::new(Key::Escape, egui::Modifiers::NONE);
        if chord != escape {
            keymap.bind(chord, command);
        }
        ctx.request_repaint();
    }

    /// Which preset it is, and the way back to it.
    fn head(&mut self, ui: &mut Ui, keymap: &mut Keymap) {
        let texts = &text(ui).panels;
        let preset = keymap.preset();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().interact_size.y = ROW;
            ui.label(texts.keys_preset);
            let name = name_of(preset);
            let presets = ComboBox::from_id_salt("preset")
                .width(140.0)
                .selected_text(name)
                .show_ui(ui, |ui| {
                    for (other, _, name) in Preset::ALL {
                        if ui.selectable_label(other == preset, name).clicked() {
                            keymap.set_preset(other);
                        }
                    }
                });
            presets.response.accessible_name(texts.keys_preset);
            if keymap.is_changed() {
                let label = fill(texts.keys_reset, &[name]);
                if ui
                    .add(Button::new(label).min_size(vec2(0.0, ROW)))
                    .clicked()
                {
                    self.before = Some(keymap.clone());
                    keymap.reset();
                }
            } else if let Some(before) = &self.before {
                ui.label(texts.keys_were_reset);
                let undo = Button::new(texts.undo).min_size(vec2(0.0, ROW));
                if ui.add(undo).clicked() {
                    *keymap = before.clone();
                    self.before = None;
                }
            }
        });
    }

    fn rows(&self, ui: &mut Ui, keymap: &Keymap) -> Option<Change> {
        let texts = text(ui);
        let conflicts = keymap.conflicts();
        let mut change = None;
        let mut is_empty = true;
        for group in Group::ALL {
            let infos = COMMANDS.iter().filter(|info| info.group == group);
            let rows: Vec<_> = infos
                .flat_map(|info| commands(info, keymap))
                .map(|command| (command, title_of(texts, command)))
                .filter(|(command, title)| self.fits(keymap, *command, title))
                .collect();
            if rows.is_empty() {
                continue;
            }
            is_empty = false;
            section(ui, texts.group(group));
            ui.spacing_mut().item_spacing.y = 2.0;
            for (command, title) in rows {
                let asked = self.row(ui, keymap, command, &title, &conflicts);
                change = asked.or(change);
            }
        }
        if is_empty {
            let nothing = texts.common.nothing_found;
            ui.label(RichText::new(nothing).color(theme::palette(ui).text_quiet));
        }
        change
    }

    fn fits(&self, keymap: &Keymap, command: Command, title: &str) -> bool {
        let keys: Vec<_> = keymap.chords(command).map(|key| key.symbols()).collect();
        fuzzy::contains(
            &self.query,
            &format!("{title} {} {}", command.name(), keys.join(" ")),
        )
    }

    fn row(
        &self,
        ui: &mut Ui,
        keymap: &Keymap,
        command: Command,
        title: &str,
        conflicts: &[(Chord, Vec<Command>)],
    ) -> Option<Change> {
        let width = ui.available_width();
        let chords: Vec<Chord> = keymap.chords(command).collect();
        let mut change = None;
        let mut keys = |ui: &mut Ui, width: f32| {
            let layout = Layout::left_to_right(Align::Center).with_main_wrap(true);
            ui.allocate_ui_with_layout(vec2(width, ROW), layout, |ui| {
                change = self.keys(ui, &chords, command, title, conflicts);
            });
        };
        if width < STACKED {
            ui.add(egui::Label::new(title).wrap());
            keys(ui, width);
            ui.add_space(theme::GAP_XS);
        } else {
            ui.horizontal_top(|ui| {
                let title_width = TITLE_SHARE * width;
                let layout = Layout::left_to_right(Align::Center);
                ui.allocate_ui_with_layout(vec2(title_width, ROW), layout, |ui| {
                    ui.set_width(title_width);
                    ui.add(egui::Label::new(title).wrap());
                });
                keys(ui, width - title_width - theme::GAP_S);
            });
        }
        for sentence in told_conflicts(text(ui), &chords, command, conflicts) {
            let danger = theme::palette(ui).danger;
            let told = RichText::new(sentence).font(theme::small()).color(danger);
            ui.add(egui::Label::new(told).wrap());
        }
        change
    }

    /// The keys of a command, each of which can be removed, and the way to another one.
    fn keys(
        &self,
        ui: &mut Ui,
        chords: &[Chord],
        command: Command,
        title: &str,
        conflicts: &[(Chord, Vec<Command>)],
    ) -> Option<Change> {
        let texts = &text(ui).panels;
        let mut change = None;
        for chord in chords {
            let clashes = conflicts.iter().any(|(other, _)| other == chord);
            let name = fill(texts.keys_remove, &[&chord.symbols(), title]);
            if key_button(ui, *chord, clashes)
                .accessible_name(&name)
                .clicked()
            {
                change = Some(Change::Unbind(*chord, command));
            }
        }
        let is_capturing = self.capturing == Some(command);
        let (place, _) = ui.allocate_exact_size(vec2(ROW, ROW), egui::Sense::hover());
        let name = fill(texts.keys_add, &[title]);
        let add = icon_button(ui, place, Icon::Plus, &name, &name, is_capturing);
        if is_capturing {
            // Arrows and Tab are keys like others now.
            let all = egui::EventFilter {
                tab: true,
                horizontal_arrows: true,
                vertical_arrows: true,
                escape: true,
            };
            add.request_focus();
            ui.memory_mut(|memory| memory.set_focus_lock_filter(add.id, all));
            let accent = theme::palette(ui).accent;
            ui.label(RichText::new(texts.keys_press).color(accent));
        }
        if add.clicked() {
            change = Some(Change::Capture(command));
        }
        change
    }
}

/// A key with the sign that removes it.
fn key_button(ui: &mut Ui, chord: Chord, clashes: bool) -> Response {
    let palette = theme::palette(ui);
    let (color, edge) = if clashes {
        (palette.danger, palette.danger)
    } else {
        (palette.text, palette.edge)
    };
    let format = |font_id, color| TextFormat {
        font_id,
        color,
        valign: Align::Center,
        ..TextFormat::default()
    };
    let mut job = LayoutJob::default();
    job.append(&chord.symbols(), 0.0, format(theme::body(), color));
    let cross = char::from(Icon::X).to_string();
    let quiet = format(theme::icon(14.0), palette.text_quiet);
    job.append(&cross, 6.0, quiet);
    let button = Button::new(job)
        .stroke(Stroke::new(1.0, edge))
        .min_size(vec2(0.0, ROW));
    ui.add(button)
}

/// A command that can have keys: as it is, or with each argument for which it has some.
fn commands(info: &'static CommandInfo, keymap: &Keymap) -> Vec<Command> {
    let mut commands: Vec<Command> = info.name.parse().into_iter().collect();
    for binding in keymap.bindings() {
        if binding.command.name() == info.name && !commands.contains(&binding.command) {
            commands.push(binding.command);
        }
    }
    commands
}

fn title_of(text: &Text, command: Command) -> String {
    let title = command
        .info()
        .map_or(command.name(), |info| text.command(info));
    with_argument(title, command)
}

fn name_of(preset: Preset) -> &'static str {
    let mut presets = Preset::ALL.iter();
    let found = presets.find(|(other, _, _)| *other == preset);
    found.map_or("", |(_, _, name)| name)
}

/// What there is to say about keys that do something else as well.
fn told_conflicts(
    text: &Text,
    chords: &[Chord],
    command: Command,
    conflicts: &[(Chord, Vec<Command>)],
) -> Vec<String> {
    let clashing = conflicts.iter().filter(|(chord, _)| chords.contains(chord));
    let told = clashing.filter_map(|(chord, commands)| {
        let (winner, others) = commands.split_first()?;
        let (sentence, others) = if *winner == command {
            (text.panels.keys_wins, others)
        } else {
            (text.panels.keys_loses, std::slice::from_ref(winner))
        };
        let titles: Vec<_> = others.iter().map(|other| title_of(text, *other)).collect();
        Some(fill(sentence, &[&chord.symbols(), &titles.join(", ")]))
    });
    told.collect()
}

/// The chord of an event. The clipboard's keys come as events of their own, and stay its own.
fn pressed_chord(event: &Event) -> Option<Chord> {
    match event {
        Event::Key {
            key,
            pressed: true,
            modifiers,
            ..
        } => Some(Chord::new(*key, *modifiers)),
        Event::Copy => Some(Chord::COPY),
        _ => None,
    }
}
