//! A flat clip with the video that it was made of: beside it, or behind a line that wipes.

use std::path::PathBuf;

use egui::{Align2, CursorIcon, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};
use zoetrope_codecs::FrameContent;
use zoetrope_player::{Command, Comparison};

use super::viewport::Beside;
use super::{ZoetropeApp, theme};
use crate::pictures::is_picture;
use crate::platform::Pick;
use crate::source_video::SourceVideo;
use crate::text::{fill, text, text_of};

/// How near to the line a pointer takes hold of it, in points.
const REACH: f32 = 12.0;
/// Radius of the handle on the line, in points.
const HANDLE: f32 = 7.0;

/// The source of the clip, and how it is shown.
#[derive(Default)]
pub struct SourceDesk {
    source: Option<SourceVideo>,
    comparison: Comparison,
    line: Line,
}

/// The line of the wipe.
struct Line {
    /// Where it is, 0 to 1 of the picture's width.
    at: f32,
    /// Whether the hand has it.
    is_held: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            at: 0.5,
            is_held: false,
        }
    }
}

/// What the inspector tells of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceFacts {
    /// Its name; `None` where none was chosen.
    pub name: Option<String>,
    /// How it is shown.
    pub comparison: Comparison,
    /// PSNR of the frame that is shown, dB.
    pub psnr: Option<f64>,
    /// Mean PSNR of the frames that were compared, dB, and how many they are.
    pub mean_psnr: Option<(f64, usize)>,
    /// Where the line of the wipe is, 0 to 1.
    pub line: f32,
}

impl SourceDesk {
    /// Forgets the source: another clip is on the screen.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What is to be shown with frame `index` of the clip; and why the source shows nothing any more, once.
    fn beside(&mut self, index: usize, frame: &FrameContent) -> (Option<Beside>, Option<String>) {
        let Some(source) = &mut self.source else {
            return (None, None);
        };
        let failed = source.follow(index, frame);
        if failed.is_some() {
            self.forget();
            return (None, failed);
        }
        let shown = source
            .shown()
            .filter(|_| self.comparison != Comparison::Off);
        let beside = shown.map(|compared| Beside {
            picture: compared.picture.clone(),
            comparison: self.comparison,
            line: self.line.at,
        });
        (beside, None)
    }

    /// What is told of it while frame `index` is shown.
    pub fn facts(&self, index: usize) -> SourceFacts {
        let source = self.source.as_ref();
        SourceFacts {
            name: source.map(SourceVideo::name),
            comparison: self.comparison,
            psnr: source.and_then(|source| source.psnr(index)),
            mean_psnr: source.and_then(SourceVideo::mean_psnr),
            line: self.line.at,
        }
    }

    /// Moves the line of the wipe.
    pub fn set_line(&mut self, at: f32) {
        self.line.at = at.clamp(0.0, 1.0);
    }

    /// Lets the hand move the line over the picture in `rect`.
    fn drag(&mut self, ui: &Ui, response: &Response, rect: Rect) {
        let line = &mut self.line;
        let x = rect.left() + line.at * rect.width();
        let is_near = |pos: Pos2| (pos.x - x).abs() <= REACH;
        let pointer = response.hover_pos();
        if response.drag_started() {
            // A drag is noticed when the pointer has left the place where it went down.
            let pressed_at = ui.input(|input| input.pointer.press_origin());
            line.is_held = pressed_at.is_some_and(is_near);
        }
        if !response.dragged() {
            line.is_held = false;
        }
        if line.is_held || pointer.is_some_and(is_near) {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if line.is_held
            && let Some(pos) = response.interact_pointer_pos()
        {
            let at = (pos.x - rect.left()) / rect.width();
            line.at = at.clamp(0.0, 1.0);
        }
    }

    /// Paints the line over a picture of `size` that is shown in `rect`, and what is on which side.
    fn paint(&self, ui: &Ui, rect: Rect, size: [u32; 2]) {
        let texts = &text(ui).inspector;
        let palette = theme::palette(ui);
        let x = match self.comparison {
            Comparison::Off => return,
            Comparison::Wipe => rect.left() + self.line.at * rect.width(),
            Comparison::SideBySide => rect.center().x,
        };
        let painter = ui.painter();
        let shown = match self.comparison {
            Comparison::SideBySide => vec2(0.5 * rect.width(), rect.height()),
            Comparison::Off | Comparison::Wipe => rect.size(),
        };
        let [width, height] = size.map(|side| side.max(1) as f32);
        let height = height * (shown.x / width).min(shown.y / height);
        let rows = Rect::from_center_size(rect.center(), vec2(shown.x, height)).y_range();
        painter.vline(x, rows, Stroke::new(3.0, palette.surface));
        painter.vline(x, rows, Stroke::new(1.0, palette.text));
        if self.comparison == Comparison::Wipe {
            let handle = pos2(x, rect.center().y);
            painter.circle(
                handle,
                HANDLE,
                palette.surface,
                Stroke::new(1.5, palette.text),
            );
        }
        let high = rect.center().y;
        for (name, align, side) in [
            (texts.side_clip, Align2::RIGHT_CENTER, -1.0),
            (texts.side_source, Align2::LEFT_CENTER, 1.0),
        ] {
            let galley = painter.layout_no_wrap(name.to_owned(), theme::small(), palette.text);
            let at = pos2(x + side * (HANDLE + theme::GAP_M), high);
            let place = align.anchor_size(at, galley.size());
            let ground = place.expand2(vec2(theme::GAP_S, theme::GAP_XS));
            painter.add(theme::surface(palette).paint(ground));
            painter.galley(place.min, galley, palette.text);
        }
    }
}

impl ZoetropeApp {
    /// Commands about the source; whether it was one.
    pub(super) fn apply_comparison(&mut self, command: Command) -> bool {
        let comparison = match command {
            Command::ChooseSource => {
                if self.has_flat_clip() {
                    self.pick(Pick::Source);
                }
                return true;
            }
            Command::Compare(comparison) => comparison,
            Command::CompareCycle => self.source_desk.comparison.next(),
            _ => return false,
        };
        if comparison != Comparison::Off && self.source_desk.source.is_none() {
            // It is shown as soon as it is chosen.
            self.apply_comparison(Command::ChooseSource);
            return true;
        }
        self.source_desk.comparison = comparison;
        true
    }

    /// Whether flat pictures are on the screen; tells if not.
    fn has_flat_clip(&mut self) -> bool {
        let clip = self.session.clip();
        let is_flat = clip.is_some_and(|clip| clip.player.info().is_flat());
        if !is_flat {
            let sentence = text_of(&self.ctx).inspector.nothing_to_compare;
            self.tell(sentence.to_owned());
        }
        is_flat
    }

    /// PSNR of the frame that is shown against the source's, dB, once it is known.
    pub fn source_psnr(&self) -> Option<f64> {
        let shown = self.player_state()?.picture.as_ref()?;
        self.source_desk.source.as_ref()?.psnr(shown.index)
    }

    /// Takes the source that was chosen. One picture stands for all in its folder.
    pub(super) fn set_source(&mut self, path: PathBuf) {
        let folder = path.parent().filter(|_| is_picture(&path));
        let path = folder.map_or_else(|| path.clone(), PathBuf::from);
        let ctx = self.ctx.clone();
        let repaint = move || ctx.request_repaint();
        match SourceVideo::open(path, self.viewport.workers().clone(), repaint) {
            Ok(source) => {
                let desk = &mut self.source_desk;
                desk.source = Some(source);
                if desk.comparison == Comparison::Off {
                    desk.comparison = Comparison::Wipe;
                }
            }
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// What is to be shown with frame `index` of the clip in `rect`, after the hand has moved the line.
    pub(super) fn compare(
        &mut self,
        ui: &Ui,
        response: &Response,
        rect: Rect,
        (index, frame): (usize, &FrameContent),
    ) -> Option<Beside> {
        let (beside, failed) = self.source_desk.beside(index, frame);
        if let Some(reason) = failed {
            let sentence = text_of(&self.ctx).inspector.source_unusable;
            self.tell(fill(sentence, &[&reason]));
        }
        if beside.as_ref()?.comparison == Comparison::Wipe {
            self.source_desk.drag(ui, response, rect);
        }
        beside.map(|beside| Beside {
            line: self.source_desk.line.at,
            ..beside
        })
    }

    /// Paints the line between the clip and its source.
    pub(super) fn paint_comparison(&self, ui: &Ui, rect: Rect, beside: Option<&Beside>) {
        if let Some(size) = beside.and_then(|beside| beside.picture.picture_size()) {
            self.source_desk.paint(ui, rect, size);
        }
    }
}
