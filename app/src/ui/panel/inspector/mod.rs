//! The inspector: facts of the clip, where the time goes, and what is chosen for the picture.

mod facts;
mod graph;
mod quality;
mod source;
mod streaming;

pub(super) use quality::choose;

use egui::Ui;
use zoetrope_codecs::{ClipInfo, Engine};
use zoetrope_player::{Command, PlayerState};
use zoetrope_render::{Capabilities, RenderStats};

use super::super::comparing::SourceFacts;
use super::super::frame_log::FrameLog;
use super::super::theme;
use super::rows::{decibels, fact, file_size, megabytes, quiet};
use super::{Frames, Panel, SheetResponse, section, sheet};
use crate::settings::Settings;
use crate::text::text;

/// What the inspector shows.
pub struct Inspected<'a> {
    /// The clip, if there is one.
    pub clip: Option<InspectedClip<'a>>,
    /// What pictures took.
    pub log: &'a FrameLog,
    /// What the last picture took.
    pub stats: RenderStats,
    /// Different frames shown in the last second.
    pub frame_rate: usize,
    /// The device.
    pub device: &'a Capabilities,
}

/// The clip on the screen.
pub struct InspectedClip<'a> {
    /// Its facts.
    pub info: &'a ClipInfo,
    /// Who decodes it.
    pub engine: &'a Engine,
    /// The player.
    pub state: &'a PlayerState,
    /// What it was made of; `None` of what is not flat.
    pub source: Option<SourceFacts>,
}

/// What is asked for with the inspector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Request {
    /// A command.
    Command(Command),
    /// The dialog for a background picture.
    ChooseBackdrop,
    /// The line between the clip and its source at a part of the width, 0 to 1.
    WipeLine(f32),
}

/// Shows the inspector; what is chosen goes into `asked` and into `settings`.
pub fn inspector(
    ui: &Ui,
    frames: Frames,
    inspected: &Inspected<'_>,
    settings: &mut Settings,
    asked: &mut Vec<Request>,
) -> SheetResponse {
    let text = &text(ui).inspector;
    sheet(ui, frames, Panel::Inspector, text.title, |ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        match &inspected.clip {
            Some(clip) => {
                section(ui, text.section_clip);
                facts::clip(ui, clip, inspected.stats);
                if let Some(facts) = &clip.source {
                    section(ui, text.section_source);
                    source::source(ui, facts, asked);
                }
                section(ui, text.section_time);
                graph::times(ui, clip.state, inspected);
                if clip.state.levels > 1 || clip.state.network.is_some() {
                    section(ui, text.section_streaming);
                    streaming::streaming(ui, clip, asked);
                }
            }
            None => quiet(ui, text.no_clip),
        }
        section(ui, text.section_quality);
        let now = inspected.log.last().map_or(1.0, |picture| picture.scale);
        quality::quality(ui, settings, now, asked);
        section(ui, text.section_device);
        facts::device(ui, inspected);
        section(ui, text.section_memory);
        facts::memory(ui, inspected);
        ui.add_space(theme::GAP_S);
    })
}
