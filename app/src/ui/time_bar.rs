//! The bar that shows where in time we are, and takes us elsewhere.

use std::ops::Range;

use egui::accesskit::{Action, ActionData};
use egui::{
    CursorIcon, EventFilter, Id, Image, Key, PointerButton, Rect, RectAlign, Response, Role, Sense,
    Shape, Stroke, TextureHandle, Tooltip, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use zoetrope_player::{Command, PlayerState};

use super::hand::{Hand, Move};
use super::timecode::clock_text;
use super::{icons, theme};
use crate::text::{fill, text};

/// Thickness of the track, and when the pointer is near.
const THICKNESS: (f32, f32) = (4.0, 6.0);
/// How near to a handle a press takes hold of it, in points.
const HANDLE_REACH: f32 = 9.0;
/// How near to a bookmark a press goes to it, in points.
const BOOKMARK_REACH: f32 = 5.0;
/// The most that a small picture takes, in points.
const THUMBNAIL: Vec2 = vec2(160.0, 90.0);
/// After a key on the bar the time stays above it so long, in seconds.
const KEY_SHOWN_S: f64 = 1.5;
/// Points of scrolling for one frame.
const SCROLL_PER_FRAME: f32 = 24.0;

/// What is marked in a clip, besides the A-B loop.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Bookmarks, in seconds.
    pub bookmarks: Vec<f64>,
    /// Keys of the camera path, in seconds.
    pub path_keys: Vec<f64>,
}

impl Marks {
    /// The bookmark in the frame that is due.
    pub fn bookmark_at(&self, state: &PlayerState) -> Option<usize> {
        // A time that is a frame's start may come out a hair below it.
        let frame = |time: &f64| (time * state.frame_rate + 1e-6).floor();
        let mut bookmarks = self.bookmarks.iter();
        bookmarks.position(|time| frame(time) == state.frame as f64)
    }
}

/// What the hand has hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    Time,
    A,
    B,
}

/// The bar, from frame to frame.
#[derive(Default)]
pub struct TimeBar {
    hand: Hand,
    grip: Option<Grip>,
    /// Scrolling that was not enough for a frame yet.
    scrolled: f32,
    /// Until when the time at the playhead is shown, because a key moved it.
    keyed_until: f64,
    /// The frame of which a small picture is wanted.
    wanted: Option<usize>,
}

/// Where on the screen a time is.
#[derive(Clone, Copy)]
struct Scale {
    track: Rect,
    duration: f64,
    frames: f64,
}

/// What is told about a place on the bar.
struct Told<'a> {
    x: f32,
    time: f64,
    frame: usize,
    state: &'a PlayerState,
    marks: &'a Marks,
    thumbnail: Option<&'a TextureHandle>,
}

impl Scale {
    fn x_of(&self, part: f64) -> f32 {
        self.track.left() + self.track.width() * part.clamp(0.0, 1.0) as f32
    }

    fn x_of_time(&self, time: f64) -> f32 {
        self.x_of(if self.duration > 0.0 {
            time / self.duration
        } else {
            0.0
        })
    }

    fn part_at(&self, x: f32) -> f64 {
        f64::from(((x - self.track.left()) / self.track.width().max(1.0)).clamp(0.0, 1.0))
    }

    fn time_at(&self, x: f32) -> f64 {
        self.part_at(x) * self.duration
    }

    fn frame_at(&self, x: f32) -> usize {
        ((self.part_at(x) * self.frames) as usize).min(self.frames as usize - 1)
    }

    /// Where the handles of the A-B loop are.
    fn handles(&self, state: &PlayerState) -> [(Grip, Option<f32>); 2] {
        let x = |frame: f64| self.x_of(frame / self.frames);
        [
            (Grip::A, state.ab.0.map(|frame| x(frame as f64))),
            (Grip::B, state.ab.1.map(|frame| x(frame as f64 + 1.0))),
        ]
    }
}

impl TimeBar {
    /// Shows the bar in `rect` and gives what the hand on it asks for.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        state: &PlayerState,
        marks: &Marks,
        thumbnail: Option<&TextureHandle>,
    ) -> Vec<Command> {
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        let label = text(ui).playback.time;
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), state.time, label));
        let mut commands = assistive(ui, &response, state);
        let scale = Scale {
            track: rect.shrink2(vec2(7.0, 0.0)),
            duration: state.duration,
            frames: state.frame_count.max(1) as f64,
        };
        commands.extend(self.follow(ui, rect, scale, state, marks));
        commands.extend(self.scroll(ui, &response));

        let held = self.hand.is_holding();
        let near = response.hovered() || held || response.has_focus();
        paint(ui, scale, state, marks, near);
        commands.extend(handles(ui, scale, state));
        if response.has_focus() {
            icons::focus_ring(ui, rect);
            // Arrows go through time then, not to the next control.
            let filter = EventFilter {
                horizontal_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        }
        self.wanted = None;
        if let Some((x, time, frame)) = self.told_at(ui, &response, scale, state) {
            self.wanted = Some(frame);
            let told = Told {
                x,
                time,
                frame,
                state,
                marks,
                thumbnail,
            };
            self.tooltip(ui, &response, scale, &told);
        }
        commands
    }

    /// The frame of which a small picture is wanted, because the pointer or a key is there.
    pub fn wanted_picture(&self) -> Option<usize> {
        self.wanted
    }

    /// Where on the bar the time is told, and which: at the pointer, or where a key has just gone.
    fn told_at(
        &mut self,
        ui: &Ui,
        response: &Response,
        scale: Scale,
        state: &PlayerState,
    ) -> Option<(f32, f64, usize)> {
        let (pointer, now, moved) = ui.input(|input| {
            let keys = [Key::ArrowLeft, Key::ArrowRight, Key::Home, Key::End];
            let moved = keys.iter().any(|key| input.key_pressed(*key));
            (input.pointer.latest_pos(), input.time, moved)
        });
        if response.has_focus() && moved {
            self.keyed_until = now + KEY_SHOWN_S;
        }
        if response.hovered() || self.hand.is_holding() {
            return pointer.map(|pos| (pos.x, scale.time_at(pos.x), scale.frame_at(pos.x)));
        }
        let left_s = self.keyed_until - now;
        if !response.has_focus() || left_s <= 0.0 {
            return None;
        }
        let left = std::time::Duration::try_from_secs_f64(left_s).unwrap_or_default();
        ui.ctx().request_repaint_after(left);
        Some((scale.x_of_time(state.time), state.time, state.frame))
    }

    /// What the hand does: takes hold of a handle, or of time itself.
    fn follow(
        &mut self,
        ui: &Ui,
        rect: Rect,
        scale: Scale,
        state: &PlayerState,
        marks: &Marks,
    ) -> Vec<Command> {
        let mut commands = Vec::new();
        for step in self.hand.follow(ui, |pos| rect.contains(pos)) {
            match step {
                Move::Press(PointerButton::Primary, pos) => {
                    let grip = grip_at(pos.x, scale, state);
                    self.grip = Some(grip);
                    if grip == Grip::Time {
                        let bookmark = bookmark_near(pos.x, scale, marks);
                        let time = bookmark.unwrap_or_else(|| scale.time_at(pos.x));
                        commands.push(Command::Scrub(time));
                    }
                }
                Move::Drag(PointerButton::Primary, from, pos) if from != pos => match self.grip {
                    Some(Grip::A) => commands.push(Command::SetA(scale.frame_at(pos.x))),
                    // B is shown at the end of its frame.
                    Some(Grip::B) => commands.push(Command::SetB(scale.frame_at(pos.x - 0.5))),
                    Some(Grip::Time) | None => {
                        commands.push(Command::Scrub(scale.time_at(pos.x)));
                    }
                },
                Move::Release(PointerButton::Primary, _) => {
                    if self.grip.take() == Some(Grip::Time) {
                        commands.push(Command::ScrubEnd);
                    }
                }
                Move::Press(..) | Move::Drag(..) | Move::Release(..) => {}
            }
        }
        commands
    }

    /// The wheel goes frame by frame.
    fn scroll(&mut self, ui: &Ui, response: &Response) -> Option<Command> {
        if !response.hovered() {
            self.scrolled = 0.0;
            return None;
        }
        let scroll = ui.input(egui::InputState::smooth_scroll_delta);
        self.scrolled += scroll.x + scroll.y;
        let frames = (self.scrolled / SCROLL_PER_FRAME).trunc();
        self.scrolled -= frames * SCROLL_PER_FRAME;
        (frames != 0.0).then_some(Command::Step(frames as i64))
    }

    /// The time at `x`, and a small picture of it.
    fn tooltip(&self, ui: &Ui, response: &Response, scale: Scale, told: &Told<'_>) {
        let Told {
            x,
            time,
            frame,
            state,
            marks,
            thumbnail,
        } = *told;
        let playback = &text(ui).playback;
        let time = clock_text(time, state.duration);
        let frame = fill(playback.frame, &[&(frame + 1).to_string()]);
        let bookmark = bookmark_near(x, scale, marks);
        let shown = match (self.grip, bookmark) {
            (Some(Grip::A), _) => playback.handle_a.to_owned(),
            (Some(Grip::B), _) => playback.handle_b.to_owned(),
            (_, Some(time)) => fill(playback.bookmark_at, &[&clock_text(time, state.duration)]),
            _ => format!("{time} · {frame}"),
        };
        let response = response.clone().on_hover_cursor(CursorIcon::PointingHand);
        // Where it would stick out of the window, egui would put it somewhere else.
        let picture = thumbnail.map(|texture| {
            let size = texture.size_vec2();
            (texture, size * (THUMBNAIL / size).min_elem())
        });
        let width = picture.map_or(0.0, |(_, size)| size.x);
        let half = 0.5 * text_width(ui, &shown).max(width) + theme::GAP_L;
        let window = ui.ctx().content_rect().shrink2(vec2(half, 0.0));
        let x = x.min(window.right()).max(window.left());
        let mut tooltip = Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            response.id.with("time"),
            Rect::from_center_size(
                pos2(x, response.rect.center().y),
                vec2(1.0, response.rect.height()),
            ),
        );
        // Below it would hide the controls.
        tooltip.popup = tooltip
            .popup
            .align(RectAlign::TOP)
            .align_alternatives(&[RectAlign::TOP_START, RectAlign::TOP_END])
            .gap(theme::GAP_S);
        tooltip.show(|ui| {
            ui.vertical_centered(|ui| {
                ui.set_max_width(width.max(text_width(ui, &shown)));
                if let Some((texture, size)) = picture {
                    let image = Image::from_texture((texture.id(), size))
                        .corner_radius(theme::RADIUS_CONTROL)
                        .alt_text(playback.thumbnail);
                    ui.add(image);
                }
                ui.add(egui::Label::new(shown).extend());
            });
        });
    }
}

fn text_width(ui: &Ui, text: &str) -> f32 {
    let color = theme::palette(ui).text;
    let painter = ui.painter();
    let galley = painter.layout_no_wrap(text.to_owned(), theme::body(), color);
    galley.size().x
}

/// What a press at `x` takes hold of.
fn grip_at(x: f32, scale: Scale, state: &PlayerState) -> Grip {
    let distances = scale
        .handles(state)
        .map(|(grip, at)| (grip, at.map_or(f32::INFINITY, |at| (at - x).abs())));
    let [a, b] = distances;
    let nearest = if a.1 <= b.1 { a } else { b };
    // The knob lies above the handles.
    let knob = (scale.x_of_time(state.time) - x).abs();
    if nearest.1 <= HANDLE_REACH && nearest.1 < knob {
        nearest.0
    } else {
        Grip::Time
    }
}

fn bookmark_near(x: f32, scale: Scale, marks: &Marks) -> Option<f64> {
    let distance = |time: &f64| (scale.x_of_time(*time) - x).abs();
    let bookmarks = marks.bookmarks.iter().copied();
    bookmarks
        .filter(|time| distance(time) <= BOOKMARK_REACH)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The handles of the A-B loop for those who use no pointer.
fn handles(ui: &mut Ui, scale: Scale, state: &PlayerState) -> Vec<Command> {
    let mut commands = Vec::new();
    let playback = &text(ui).playback;
    for (grip, x) in scale.handles(state) {
        let Some(x) = x else {
            continue;
        };
        let (label, frame) = match grip {
            Grip::A => (playback.handle_a, state.ab.0),
            _ => (playback.handle_b, state.ab.1),
        };
        let frame = frame.unwrap_or_default();
        let at = Rect::from_center_size(pos2(x, scale.track.center().y), vec2(24.0, 24.0));
        let id = Id::unique(("handle", label));
        let response = ui.interact(at, id, Sense::focusable_noninteractive());
        response.widget_info(|| WidgetInfo::slider(true, frame as f64, label));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_role(Role::Slider);
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(scale.frames - 1.0);
            node.add_action(Action::Increment);
            node.add_action(Action::Decrement);
        });
        let set = |frame: usize| match grip {
            Grip::A => Command::SetA(frame),
            _ => Command::SetB(frame),
        };
        let (mut on, mut back) = ui.input(|input| {
            let count = |action| input.num_accesskit_action_requests(response.id, action);
            (count(Action::Increment), count(Action::Decrement))
        });
        if response.has_focus() {
            icons::focus_ring(ui, at);
            let filter = EventFilter {
                vertical_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            ui.input(|input| {
                on += input.num_presses(Key::ArrowUp);
                back += input.num_presses(Key::ArrowDown);
            });
        }
        if on != back {
            commands.push(set((frame + on).saturating_sub(back)));
        }
    }
    commands
}

/// What assistive technology asks for, and what it is told.
fn assistive(ui: &Ui, response: &Response, state: &PlayerState) -> Vec<Command> {
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Slider);
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(state.duration);
        node.set_numeric_value_step(1.0 / state.frame_rate);
        node.set_value(clock_text(state.time, state.duration));
        for action in [Action::SetValue, Action::Increment, Action::Decrement] {
            node.add_action(action);
        }
    });
    ui.input(|input| {
        let mut commands = Vec::new();
        for (action, frames) in [(Action::Increment, 1), (Action::Decrement, -1)] {
            let presses = input.num_accesskit_action_requests(response.id, action);
            commands.extend((0..presses).map(|_| Command::Step(frames)));
        }
        for request in input.accesskit_action_requests(response.id, Action::SetValue) {
            if let Some(ActionData::NumericValue(time)) = request.data {
                commands.push(Command::Seek(time));
            }
        }
        commands
    })
}

fn paint(ui: &Ui, scale: Scale, state: &PlayerState, marks: &Marks, near: bool) {
    let (painter, palette) = (ui.painter(), theme::palette(ui));
    let thickness = if near { THICKNESS.1 } else { THICKNESS.0 };
    let middle = scale.track.center().y;
    let stretch = |from: f64, to: f64| {
        Rect::from_x_y_ranges(
            scale.x_of(from)..=scale.x_of(to),
            middle - 0.5 * thickness..=middle + 0.5 * thickness,
        )
    };
    let part = |range: &Range<usize>| {
        stretch(
            range.start as f64 / scale.frames,
            range.end as f64 / scale.frames,
        )
    };
    painter.rect_filled(stretch(0.0, 1.0), thickness, palette.track);
    for range in state.buffered.iter() {
        painter.rect_filled(part(range), thickness, palette.track_buffered);
    }
    for range in state.decoded.iter() {
        painter.rect_filled(part(range), thickness, palette.track_decoded);
    }
    let played = scale.x_of_time(state.time);
    let done = Rect::from_min_max(
        stretch(0.0, 1.0).left_top(),
        pos2(played, middle + 0.5 * thickness),
    );
    painter.rect_filled(done, thickness, palette.accent);
    for time in &marks.bookmarks {
        let x = scale.x_of_time(*time);
        let tick = Rect::from_center_size(pos2(x, middle - 8.0), vec2(3.0, 6.0));
        painter.rect_filled(tick, 1.5, palette.text);
    }
    for time in &marks.path_keys {
        let at = pos2(scale.x_of_time(*time), middle + 8.0);
        let points = [(0.0, -3.5), (3.5, 0.0), (0.0, 3.5), (-3.5, 0.0)];
        let points = points.map(|(x, y)| at + vec2(x, y)).to_vec();
        painter.add(Shape::convex_polygon(
            points,
            palette.text_quiet,
            Stroke::NONE,
        ));
    }
    paint_handles(ui, scale, state);
    let radius = if near { 7.0 } else { 5.0 };
    painter.circle_filled(pos2(played, middle), radius, palette.accent);
}

/// The loop as a bracket over the track, whose ends can be taken hold of.
fn paint_handles(ui: &Ui, scale: Scale, state: &PlayerState) {
    let (painter, palette) = (ui.painter(), theme::palette(ui));
    let middle = scale.track.center().y;
    for (grip, x) in scale.handles(state) {
        let Some(x) = x else {
            continue;
        };
        let bar = Rect::from_center_size(pos2(x, middle), vec2(3.0, 18.0));
        painter.rect_filled(bar, 1.5, palette.text);
        // The flag points into the loop.
        let into = if grip == Grip::A { 6.0 } else { -6.0 };
        let points = vec![
            pos2(x, middle - 9.0),
            pos2(x + into, middle - 9.0),
            pos2(x, middle - 3.0),
        ];
        painter.add(Shape::convex_polygon(points, palette.text, Stroke::NONE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_belong_together() {
        let scale = Scale {
            track: Rect::from_min_size(pos2(100.0, 0.0), vec2(400.0, 24.0)),
            duration: 8.0,
            frames: 80.0,
        };
        assert_eq!(scale.x_of_time(2.0), 200.0);
        assert_eq!(scale.time_at(200.0), 2.0);
        assert_eq!(scale.time_at(-5.0), 0.0);
        assert_eq!(scale.frame_at(499.0), 79);
        assert_eq!(scale.frame_at(500.0), 79);
        assert_eq!(scale.frame_at(102.0), 0);
    }
}
