//! The bar that shows where in time we are, and takes us elsewhere.

use egui::accesskit::{Action, ActionData};
use egui::{
    CursorIcon, EventFilter, PointerButton, Rect, RectAlign, Role, Sense, Tooltip, Ui, WidgetInfo,
    pos2,
};
use zoetrope_player::{Command, PlayerState};

use super::hand::{Hand, Move};
use super::{icons, theme};

/// Thickness of the track, and when the pointer is near.
const THICKNESS: (f32, f32) = (4.0, 6.0);

/// Shows the bar in `rect` and gives what the hand on it asks for.
pub fn time_bar(ui: &mut Ui, rect: Rect, state: &PlayerState, hand: &mut Hand) -> Vec<Command> {
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), state.time, "Time"));
    let mut commands = assistive(ui, &response, state);

    let track = rect.shrink2(egui::vec2(7.0, 0.0));
    let time_at = |x: f32| {
        let part = ((x - track.left()) / track.width()).clamp(0.0, 1.0);
        f64::from(part) * state.duration
    };
    for step in hand.follow(ui, |pos| rect.contains(pos)) {
        match step {
            Move::Press(PointerButton::Primary, pos)
            | Move::Drag(PointerButton::Primary, _, pos) => {
                commands.push(Command::Scrub(time_at(pos.x)));
            }
            Move::Release(PointerButton::Primary, _) => commands.push(Command::ScrubEnd),
            Move::Press(..) | Move::Drag(..) | Move::Release(..) => {}
        }
    }
    let held = hand.is_holding();

    let near = response.hovered() || held || response.has_focus();
    paint(ui, track, state, near);
    if response.has_focus() {
        icons::focus_ring(ui, rect);
        // Arrows go through time then, not to the next control.
        let filter = EventFilter {
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
    if let Some(pointer) = response.hover_pos()
        && !held
    {
        let time = super::clock_text(time_at(pointer.x), state.duration);
        let response = response.clone().on_hover_cursor(CursorIcon::PointingHand);
        let mut tooltip = Tooltip::for_enabled(&response)
            .at_pointer()
            .gap(theme::GAP_M);
        // Below it would hide the controls.
        tooltip.popup = tooltip.popup.align(RectAlign::TOP);
        tooltip.show(|ui| ui.label(time));
    }
    commands
}

/// What assistive technology asks for, and what it is told.
fn assistive(ui: &Ui, response: &egui::Response, state: &PlayerState) -> Vec<Command> {
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Slider);
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(state.duration);
        node.set_numeric_value_step(1.0 / state.frame_rate);
        node.set_value(super::clock_text(state.time, state.duration));
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

fn paint(ui: &Ui, track: Rect, state: &PlayerState, near: bool) {
    let painter = ui.painter();
    let thickness = if near { THICKNESS.1 } else { THICKNESS.0 };
    let x_of = |part: f64| track.left() + track.width() * part.clamp(0.0, 1.0) as f32;
    let frames = state.frame_count.max(1) as f64;
    let stretch = |from: f64, to: f64| {
        Rect::from_x_y_ranges(
            x_of(from)..=x_of(to),
            track.center().y - 0.5 * thickness..=track.center().y + 0.5 * thickness,
        )
    };
    painter.rect_filled(stretch(0.0, 1.0), thickness, theme::TRACK);
    for range in state.decoded.iter() {
        let part = stretch(range.start as f64 / frames, range.end as f64 / frames);
        painter.rect_filled(part, thickness, theme::TRACK_DECODED);
    }
    let played = if state.duration > 0.0 {
        state.time / state.duration
    } else {
        0.0
    };
    painter.rect_filled(stretch(0.0, played), thickness, theme::ACCENT);
    // The marks of the A-B loop stand a little out of the track.
    let (a, b) = state.ab;
    let marks = [
        a.map(|frame| frame as f64),
        b.map(|frame| frame as f64 + 1.0),
    ];
    for x in marks
        .into_iter()
        .flatten()
        .map(|frame| x_of(frame / frames))
    {
        let mark = Rect::from_center_size(pos2(x, track.center().y), egui::vec2(3.0, 16.0));
        painter.rect_filled(mark, 1.5, theme::TEXT);
    }
    let knob = pos2(x_of(played), track.center().y);
    painter.circle_filled(knob, if near { 7.0 } else { 5.0 }, theme::ACCENT);
}
