//! Asks for what the file of a network does not say.

use egui::{Button, Label, Margin, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};
use zoetrope_codecs::neural::{ImportOptions, ImportQuestion, StrideChoice};

use super::super::theme;
use super::rows::quiet;
use super::{Frames, Panel, SheetResponse, sheet};
use crate::answers::Answers;
use crate::text::{fill, text};

/// A question about a network, from frame to frame.
pub struct NetworkPanel {
    name: String,
    question: ImportQuestion,
    answers: Answers,
    complaint: Option<Complaint>,
}

/// What is wrong with an answer.
#[derive(Clone, Copy)]
enum Complaint {
    /// It makes no sense.
    Unclear,
    /// It was tried, and is none to this network.
    Unfit,
}

impl NetworkPanel {
    /// For the clip of a name; `answers` are those that there were before.
    pub fn new(name: String, question: ImportQuestion, mut answers: Answers) -> Self {
        let (answer, likely) = match &question {
            ImportQuestion::Strides { choices } => {
                let first = choices.first().map(|choice| &choice.strides[..]);
                let likely = ImportOptions::strides_text(first.unwrap_or_default());
                (&mut answers.strides, likely)
            }
            ImportQuestion::Embedding { inputs } => {
                // What HNeRV and NeRV are trained with unless somebody wants something else.
                (&mut answers.embedding, format!("1.25_{}", inputs / 2))
            }
            _ => (&mut answers.frames, String::new()),
        };
        let complaint = (!answer.is_empty()).then_some(Complaint::Unfit);
        if complaint.is_none() {
            *answer = likely;
        }
        Self {
            name,
            question,
            answers,
            complaint,
        }
    }

    /// Shows the question; the answers, once there are some that make sense. It is to be closed then.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
    ) -> (SheetResponse, Option<Answers>) {
        let title = text(ui).network.title;
        let mut answered = false;
        let mut response = sheet(ui, frames, Panel::Network, title, |ui| {
            ui.add(Label::new(RichText::new(&self.name).font(theme::title())).wrap());
            answered = match self.question.clone() {
                ImportQuestion::Strides { choices } => self.strides(ui, is_new, &choices),
                question => self.time(ui, is_new, &question),
            };
            if let Some(complaint) = self.complaint {
                let (texts, palette) = (&text(ui).network, theme::palette(ui));
                let sentence = match complaint {
                    Complaint::Unclear => texts.unclear,
                    Complaint::Unfit => texts.unfit,
                };
                let told = RichText::new(sentence).color(palette.danger);
                let label = ui.add(Label::new(told).wrap());
                label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, sentence));
            }
        });
        response.close |= answered;
        (response, answered.then(|| self.answers.clone()))
    }

    /// Asks for the size of the picture, or for strides; whether there is an answer.
    fn strides(&mut self, ui: &mut Ui, is_new: bool, choices: &[StrideChoice]) -> bool {
        let texts = &text(ui).network;
        ui.add(Label::new(texts.picture).wrap());
        ui.add_space(theme::GAP_XS);
        for (index, choice) in choices.iter().enumerate() {
            let size = choice.size.map(|side| side.to_string());
            let label = fill(texts.picture_choice, &[&size[0], &size[1]]);
            let button = Button::new(RichText::new(label).color(theme::palette(ui).text))
                .min_size(vec2(ui.available_width(), theme::BUTTON));
            let button = ui.add(button);
            if is_new && index == 0 {
                button.request_focus();
            }
            if button.clicked() {
                self.answers.strides = ImportOptions::strides_text(&choice.strides);
                return true;
            }
        }
        ui.add_space(theme::GAP_S);
        quiet(ui, texts.strides);
        let typed = field(ui, texts.strides_label, &mut self.answers.strides);
        let wanted = open_button(ui) || typed.wants_to_open;
        let makes_sense = self.answers.options().strides.is_some();
        self.tried(wanted, typed.changed, makes_sense)
    }

    /// Asks how the time goes in, and how long it is; whether there are answers.
    fn time(&mut self, ui: &mut Ui, is_new: bool, question: &ImportQuestion) -> bool {
        let texts = &text(ui).network;
        ui.add(Label::new(texts.time).wrap());
        ui.add_space(theme::GAP_XS);
        quiet(ui, texts.frames);
        let frames = field(ui, texts.frames_label, &mut self.answers.frames);
        if is_new {
            frames.request_focus(ui);
        }
        let mut embedding = Typed::default();
        if let ImportQuestion::Embedding { inputs } = question {
            quiet(ui, &fill(texts.embedding_explained, &[&inputs.to_string()]));
            embedding = field(ui, texts.embedding_label, &mut self.answers.embedding);
        }
        let wanted = open_button(ui) || frames.wants_to_open || embedding.wants_to_open;
        let options = self.answers.options();
        let makes_sense = options.frames.is_some() && options.embedding.is_some();
        self.tried(wanted, frames.changed || embedding.changed, makes_sense)
    }

    fn tried(&mut self, is_wanted: bool, has_changed: bool, makes_sense: bool) -> bool {
        let makes_sense = makes_sense && self.answers.are_short();
        if is_wanted || has_changed {
            self.complaint = (is_wanted && !makes_sense).then_some(Complaint::Unclear);
        }
        is_wanted && makes_sense
    }
}

/// What happened to a field.
#[derive(Default)]
struct Typed {
    id: Option<egui::Id>,
    changed: bool,
    /// Enter was pressed in it.
    wants_to_open: bool,
}

impl Typed {
    fn request_focus(&self, ui: &Ui) {
        if let Some(id) = self.id {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
    }
}

fn field(ui: &mut Ui, label: &str, typed: &mut String) -> Typed {
    let edit = TextEdit::singleline(typed)
        .margin(Margin::symmetric(10, 8))
        .desired_width(ui.available_width());
    let response = ui.add(edit).accessible_name(label);
    let enter = ui.input(|input| input.key_pressed(egui::Key::Enter));
    Typed {
        id: Some(response.id),
        changed: response.changed(),
        wants_to_open: response.lost_focus() && enter,
    }
}

fn open_button(ui: &mut Ui) -> bool {
    let palette = theme::palette(ui);
    ui.add_space(theme::GAP_S);
    let open = RichText::new(text(ui).files.open).color(palette.on_accent);
    let button = Button::new(open)
        .fill(palette.accent)
        .min_size(vec2(ui.available_width(), theme::BUTTON));
    ui.add(button).clicked()
}
