//! The hand, the fingers and the flying keys on the picture.

mod feedback;
mod fly_keys;
mod touch;

use egui::{CursorIcon, Event, Order, PointerButton, Pos2, Rect, Response, Sense, Ui};
use zoetrope_player::{Command, Playback, PlayerState};

use self::fly_keys::FlyKeys;
use self::touch::{Gesture, Touches};
use super::hand::{Hand, Move};
use crate::camera::{CameraMode, CameraRig};

/// Part of the picture's width at each side where a double tap goes through time.
const EDGE: f32 = 0.25;
/// How far it goes, in seconds.
const TAP_SEEK_S: f64 = 10.0;
/// The speed while a finger holds.
const HOLD_SPEED: f64 = 2.0;
/// How long what a tap did is shown, in seconds.
const RIPPLE_S: f64 = 0.7;

/// What the hand asks for besides moving the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// To carry out a command.
    Command(Command),
    /// To look at what is at a place of the picture.
    Focus(Pos2),
}

/// What is shown of double taps on an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ripple {
    /// How far they went in all, in seconds; negative is back.
    pub seconds: f64,
    /// How much of its time is over, 0 to 1.
    pub part: f32,
}

/// The hand on the camera.
#[derive(Debug, Default)]
pub struct Steer {
    hand: Hand,
    touches: Touches,
    keys: FlyKeys,
    /// The speed to go back to when the finger that holds is gone.
    speed_before: Option<f64>,
    /// How far taps on an edge went, and when the last one was.
    ripple: Option<(f64, f64)>,
}

/// The surface that takes the hand for the camera; everything shown later lies above it.
pub fn sense(ui: &mut Ui, rect: Rect, label: &str) -> Response {
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, label));
    response
}

impl Steer {
    /// Takes the flying keys before the player's are looked at. `free` says whether keys are for the
    /// picture at all: no panel has them.
    pub fn listen(&mut self, ctx: &egui::Context, mode: Option<CameraMode>, free: bool) {
        let flies = free && mode == Some(CameraMode::Fly) && !ctx.text_edit_focused();
        self.keys.listen(ctx, flies);
    }

    /// Whether a finger plays fast as long as it holds.
    pub fn is_fast(&self) -> bool {
        self.speed_before.is_some()
    }

    /// What is shown of double taps at the time `now`.
    pub fn ripple(&self, now: f64) -> Option<Ripple> {
        let (seconds, at) = self.ripple?;
        let part = ((now - at) / RIPPLE_S) as f32;
        (part < 1.0).then_some(Ripple { seconds, part })
    }

    /// Moves the camera as the hand does: left drag or one finger turns, right or middle drag or two
    /// fingers pan, the wheel and pinching zoom. What is `covered` is not the picture's. Gives what
    /// else is asked for.
    pub fn steer(
        &mut self,
        ui: &Ui,
        response: &Response,
        covered: &[Rect],
        player: &PlayerState,
        rig: &mut CameraRig,
    ) -> Vec<Wish> {
        let (now, modifiers) = ui.input(|input| (input.time, input.modifiers));
        rig.set_fly_input(self.keys.input(modifiers));
        let own_layer = ui.layer_id();
        let is_on = |pos: Pos2| {
            let above = ui.ctx().layer_id_at(pos);
            response.rect.contains(pos)
                && !covered.iter().any(|rect| rect.contains(pos))
                && above.is_none_or(|layer| layer == own_layer || layer.order == Order::Background)
        };
        let events = ui.input(|input| input.events.clone());
        let fingers = events
            .iter()
            .any(|event| matches!(event, Event::Touch { .. }))
            || self.touches.is_touching();
        let gestures = self.touches.follow(&events, now, is_on);
        let mut wishes = self.touch(gestures, response.rect, now, player, rig);
        let moves = self.hand.follow(ui, is_on);
        if fingers {
            // The pointer that goes along with a finger is not the mouse.
            self.hand.let_go();
        } else {
            self.mouse(ui, response, moves, rig, &mut wishes);
        }
        rig.grip(self.hand.is_holding() || self.touches.is_touching());
        if self.ripple(now).is_some() {
            ui.ctx().request_repaint();
        }
        if let Some(wait) = self.touches.wait_s(now) {
            let wait = std::time::Duration::try_from_secs_f64(wait).unwrap_or_default();
            ui.ctx().request_repaint_after(wait);
        }
        wishes
    }

    fn mouse(
        &self,
        ui: &Ui,
        response: &Response,
        moves: Vec<Move>,
        rig: &mut CameraRig,
        wishes: &mut Vec<Wish>,
    ) {
        for step in moves {
            match step {
                Move::Drag(_, from, to) if from == to => {}
                Move::Drag(PointerButton::Primary, from, to) => rig.drag(to - from),
                Move::Drag(PointerButton::Secondary | PointerButton::Middle, from, to) => {
                    rig.pan(to - from);
                }
                Move::Press(..) | Move::Drag(..) | Move::Release(..) => {}
            }
        }
        if self.hand.is_holding() {
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        if response.double_clicked()
            && let Some(pos) = response.interact_pointer_pos()
        {
            wishes.push(Wish::Focus(pos));
        }
        if response.hovered() {
            let (scroll, zoom) =
                ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            if scroll != 0.0 {
                rig.scroll(scroll);
            }
            if zoom != 1.0 {
                rig.zoom(zoom);
            }
        }
    }

    fn touch(
        &mut self,
        gestures: Vec<Gesture>,
        rect: Rect,
        now: f64,
        player: &PlayerState,
        rig: &mut CameraRig,
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for gesture in gestures {
            match gesture {
                Gesture::Drag(way) => rig.drag(way),
                Gesture::Pinch(way, factor) => {
                    rig.pan(way);
                    rig.zoom(factor);
                }
                Gesture::Tap(pos) => {
                    if edge(rect, pos) == 0.0 {
                        wishes.push(Wish::Command(Command::TogglePlay));
                    }
                }
                Gesture::DoubleTap(pos) | Gesture::NextTap(pos) => {
                    let side = edge(rect, pos);
                    if side != 0.0 {
                        wishes.push(self.seek(side * TAP_SEEK_S, now));
                    } else if matches!(gesture, Gesture::DoubleTap(_)) {
                        wishes.push(Wish::Focus(pos));
                    }
                }
                Gesture::Hold(_) if player.playback == Playback::Playing => {
                    self.speed_before = Some(player.speed);
                    wishes.push(Wish::Command(Command::Speed(HOLD_SPEED)));
                }
                Gesture::HoldEnd => {
                    let before = self.speed_before.take();
                    wishes.extend(before.map(|speed| Wish::Command(Command::Speed(speed))));
                }
                Gesture::Hold(_) => {}
            }
        }
        wishes
    }

    fn seek(&mut self, seconds: f64, now: f64) -> Wish {
        let before = self
            .ripple(now)
            .filter(|ripple| ripple.seconds.signum() == seconds.signum());
        let so_far = before.map_or(0.0, |ripple| ripple.seconds);
        self.ripple = Some((so_far + seconds, now));
        Wish::Command(Command::SeekBy(seconds))
    }
}

/// On which edge of the picture a place is: -1 left, 1 right, 0 neither.
fn edge(rect: Rect, pos: Pos2) -> f64 {
    let part = (pos.x - rect.left()) / rect.width().max(1.0);
    if part < EDGE {
        -1.0
    } else if part > 1.0 - EDGE {
        1.0
    } else {
        0.0
    }
}
