//! Networks whose files leave something open: asking for it, and opening them with the answers.

use egui::Ui;

use super::ZoetropeApp;
use super::panel::{Frames, NetworkPanel, Panel};
use crate::answers::Answers;
use crate::link::Wanted;
use crate::notes::Notes;
use crate::session::Unanswered;
use crate::text::text_of;

/// A network that waits for answers.
pub struct Asked {
    panel: NetworkPanel,
    wanted: Wanted,
}

impl ZoetropeApp {
    /// Asks for what must be known to open a clip.
    pub(super) fn ask_about_network(&mut self, Unanswered { wanted, question }: Unanswered) {
        let key = Notes::key_of(&wanted.target);
        let answers = self.kept.notes.value.clip(&key).answers.clone();
        self.panel_states.network = Some(Asked {
            panel: NetworkPanel::new(wanted.target.name(), question, answers),
            wanted,
        });
        self.panels.open(Panel::Network);
    }

    /// Shows the question about a network; whether it is to be closed.
    pub(super) fn show_network_question(&mut self, ui: &Ui, frames: Frames, is_new: bool) -> bool {
        let Some(mut asked) = self.panel_states.network.take() else {
            return true;
        };
        let (response, answers) = asked.panel.show(ui, frames, is_new);
        if let Some(answers) = answers {
            self.keep_answers(&asked.wanted, answers);
            self.open_wanted(asked.wanted);
        } else if !response.close {
            self.panel_states.network = Some(asked);
        }
        response.close
    }

    /// Forgets what was answered about the clip, and opens it anew.
    pub(super) fn ask_again(&mut self) {
        if self.notes().answers.is_none() {
            let text = text_of(&self.ctx).network.nothing_to_ask;
            self.tell(text.to_owned());
            return;
        }
        if let Some(clip) = self.session.clip() {
            let wanted = Wanted::from(clip.target.clone());
            self.keep_answers(&wanted, Answers::NONE);
            self.open_wanted(wanted);
        }
    }

    fn keep_answers(&mut self, wanted: &Wanted, answers: Answers) {
        let key = Notes::key_of(&wanted.target);
        let notes = &mut self.kept.notes.value;
        notes.edit(&key, |notes| notes.answers = answers);
    }
}
