//! The inspector over the application's state, and the picture behind the clip.

use egui::Ui;
use zoetrope_player::Command;

use super::ZoetropeApp;
use super::panel::{self, Frames, Inspected, InspectedClip, Request};
use crate::platform::Pick;
use crate::settings::BackgroundChoice;
use crate::text::{fill, text_of};

impl ZoetropeApp {
    /// Shows the inspector; whether it is to be closed.
    pub(super) fn show_inspector(
        &mut self,
        ui: &Ui,
        frames: Frames,
        commands: &mut Vec<Command>,
    ) -> bool {
        let now = ui.input(|input| input.time);
        let frame_rate = self.viewport.frame_rate(now);
        let inspected = Inspected {
            clip: self.session.clip().map(|clip| InspectedClip {
                info: clip.player.info(),
                engine: clip.player.engine(),
                state: &clip.state,
                source: clip.player.info().picture.map(|_| {
                    let shown = clip.state.picture.as_ref();
                    self.source_desk.facts(shown.map_or(0, |shown| shown.index))
                }),
            }),
            log: self.viewport.log(),
            stats: self.viewport.stats(),
            frame_rate,
            device: &self.viewport.gpu().capabilities,
        };
        let mut asked = Vec::new();
        let settings = &mut self.kept.settings.value;
        let shown = panel::inspector(ui, frames, &inspected, settings, &mut asked);
        self.covered.push(shown.rect);
        for request in asked {
            match request {
                Request::Command(command) => commands.push(command),
                Request::ChooseBackdrop => self.pick(Pick::Picture),
                Request::WipeLine(at) => self.source_desk.set_line(at),
            }
        }
        shown.close
    }

    /// Whether there is a picture behind the clip.
    pub fn has_backdrop(&self) -> bool {
        self.backdrop.picture().is_some()
    }

    /// Brings the picture behind the clip up to the settings.
    pub(super) fn receive_backdrop(&mut self) {
        let settings = &self.kept.settings.value;
        let path = match settings.background {
            BackgroundChoice::Picture => settings.background_picture.clone(),
            _ => String::new(),
        };
        if let Some(reason) = self.backdrop.update(path.trim(), &self.ctx) {
            let text = text_of(&self.ctx).inspector.backdrop_unreadable;
            self.tell(fill(text, &[path.trim(), &reason]));
        }
    }
}
