//! Showing the panels that are open: which gets what, and what becomes of what it asks for.

use egui::Ui;
use zoetrope_player::Command;

use super::ZoetropeApp;
use super::links::Asking;
use super::network_question;
use super::panel::{
    self, Frames, HelpPanel, KeysPanel, LogPanel, MoreState, OpenLinkPanel, PalettePanel,
    PaletteSources, Panel, SettingsPanel, SettingsRequest,
};
use crate::text::text;

/// What panels keep from frame to frame.
#[derive(Default)]
pub struct PanelStates {
    palette: PalettePanel,
    help: HelpPanel,
    settings: SettingsPanel,
    /// Changing keys; it takes keys before anything else does.
    pub(super) keys: KeysPanel,
    log: LogPanel,
    open_link: OpenLinkPanel,
    /// A link that waits for an answer.
    pub(super) asking: Option<Asking>,
    /// A network that waits for answers.
    pub(super) network: Option<network_question::Asked>,
}

/// What a panel asks for.
#[derive(Default)]
struct Asked {
    /// To be closed.
    close: bool,
    /// To have these carried out, once it is closed if it is to be.
    commands: Vec<Command>,
}

impl ZoetropeApp {
    /// Shows the panels that are open.
    pub(super) fn show_panels(&mut self, ui: &Ui, frames: Frames) {
        self.panels.follow_focus(ui.ctx());
        let is_new = self.panels.take_new();
        let open = [self.panels.side(), self.panels.middle()];
        for panel in open.into_iter().flatten() {
            let asked = self.show_panel(ui, frames, panel, is_new);
            if asked.close {
                self.panels.close(panel);
            }
            for command in asked.commands {
                self.apply(command);
            }
        }
        if !self.panels.is_open(Panel::Trust) {
            self.panel_states.asking = None;
        }
        if !self.panels.is_open(Panel::Network) {
            self.panel_states.network = None;
        }
        if !self.panels.is_open(Panel::Log) {
            self.panel_states.log.close();
        }
    }

    fn show_panel(&mut self, ui: &Ui, frames: Frames, panel: Panel, is_new: bool) -> Asked {
        match panel {
            Panel::Palette => self.show_palette(ui, frames, is_new),
            Panel::Help => {
                let mut commands = Vec::new();
                let keymap = &self.kept.keymap.value;
                let help = &mut self.panel_states.help;
                let close = help.show(ui, frames, is_new, keymap, &mut commands).close;
                Asked { close, commands }
            }
            Panel::Settings => self.show_settings(ui, frames, is_new),
            Panel::More => self.show_more(ui, frames),
            Panel::Inspector => {
                let mut commands = Vec::new();
                let close = self.show_inspector(ui, frames, &mut commands);
                Asked { close, commands }
            }
            Panel::Camera => Asked {
                close: self.show_camera_panel(ui, frames).close,
                commands: Vec::new(),
            },
            Panel::Keys => {
                let keymap = &mut self.kept.keymap.value;
                let keys = &mut self.panel_states.keys;
                Asked {
                    close: keys.show(ui, frames, is_new, keymap).close,
                    commands: Vec::new(),
                }
            }
            Panel::OpenLink => self.show_open_link(ui, frames, is_new),
            Panel::Log => self.show_log(ui, frames),
            Panel::Share => Asked {
                close: self.show_share(ui, frames),
                commands: Vec::new(),
            },
            Panel::Fit => Asked {
                close: self.show_fit(ui, frames),
                commands: Vec::new(),
            },
            Panel::Trust => Asked {
                close: self.show_trust(ui, frames, is_new),
                commands: Vec::new(),
            },
            Panel::Network => Asked {
                close: self.show_network_question(ui, frames, is_new),
                commands: Vec::new(),
            },
        }
    }

    fn show_palette(&mut self, ui: &Ui, frames: Frames, is_new: bool) -> Asked {
        let remembered = &mut self.kept.remembered.value;
        let sources = PaletteSources {
            text: text(ui),
            keymap: &self.kept.keymap.value,
            recents: self.kept.recents.value.entries(),
            used: &remembered.palette_used,
        };
        let mut chosen = None;
        let palette = &mut self.panel_states.palette;
        let close = palette
            .show(ui, frames, is_new, &sources, &mut chosen)
            .close;
        if let Some(command) = chosen {
            // A clip's number changes with every clip that is opened.
            if !matches!(command, Command::OpenRecent(_)) {
                remembered.use_in_palette(command);
            }
        }
        Asked {
            close,
            commands: chosen.into_iter().collect(),
        }
    }

    fn show_settings(&mut self, ui: &Ui, frames: Frames, is_new: bool) -> Asked {
        let panel = &mut self.panel_states.settings;
        let settings = &mut self.kept.settings.value;
        let hints = &mut self.kept.remembered.value.hints_seen;
        let mut asked = Asked::default();
        let mut requests = Vec::new();
        asked.close = panel
            .show(
                ui,
                frames,
                is_new,
                settings,
                !hints.is_empty(),
                &mut requests,
            )
            .close;
        for request in requests {
            match request {
                SettingsRequest::Pick(what) => self.pick(what),
                SettingsRequest::EditKeys => asked.commands.push(Command::EditKeys),
                SettingsRequest::HintsAgain => self.kept.remembered.value.hints_seen.clear(),
            }
        }
        asked
    }

    fn show_open_link(&mut self, ui: &Ui, frames: Frames, is_new: bool) -> Asked {
        let mut wanted = None;
        let panel = &mut self.panel_states.open_link;
        let close = panel.show(ui, frames, is_new, &mut wanted).close;
        if let Some(wanted) = wanted {
            self.open_typed(wanted);
        }
        Asked {
            close,
            commands: Vec::new(),
        }
    }

    fn show_log(&mut self, ui: &Ui, frames: Frames) -> Asked {
        let (shown, copied) = self.panel_states.log.show(ui, frames);
        self.covered.push(shown.rect);
        if let Some(copied) = copied {
            ui.copy_text(copied);
            let now = ui.input(|input| input.time);
            let note = text(ui).panels.log_was_copied;
            self.toasts.note(note.to_owned(), now);
        }
        Asked {
            close: shown.close,
            commands: Vec::new(),
        }
    }

    fn show_more(&mut self, ui: &Ui, frames: Frames) -> Asked {
        let Some(clip) = self.session.clip() else {
            return Asked {
                close: true,
                commands: Vec::new(),
            };
        };
        let state = MoreState {
            player: &clip.state,
            is_flat: clip.player.info().is_flat(),
            statistics: self.kept.remembered.value.statistics,
        };
        let mut commands = Vec::new();
        let close = panel::more(ui, frames, &state, &mut commands).close;
        Asked { close, commands }
    }
}
