//! A press and what follows it, read from the events themselves.
//!
//! Widgets are told of one state of the pointer a frame. Where a frame takes a tenth of a second, as
//! on software rendering, a whole drag fits into one and would be lost.

use egui::{Event, Order, PointerButton, Pos2, Ui};

/// What the hand did, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// A button went down.
    Press(PointerButton, Pos2),
    /// The pointer moved with the button down.
    Drag(PointerButton, Pos2, Pos2),
    /// The button came up.
    Release(PointerButton, Pos2),
}

/// Follows one button from its press on a thing to its release anywhere.
#[derive(Debug, Default)]
pub struct Hand {
    held: Option<(PointerButton, Pos2)>,
}

impl Hand {
    /// What the hand did to the thing in this frame. `is_on` says whether a place belongs to the
    /// thing; popups above it do not.
    pub fn follow(&mut self, ui: &Ui, is_on: impl Fn(Pos2) -> bool) -> Vec<Move> {
        let events = ui.input(|input| input.events.clone());
        let own_layer = ui.layer_id();
        let is_free = |pos: Pos2| {
            let above = ui.ctx().layer_id_at(pos);
            above.is_none_or(|layer| layer == own_layer || layer.order == Order::Background)
        };
        let mut moves = Vec::new();
        for event in events {
            match (event, self.held) {
                (
                    Event::PointerButton {
                        pos,
                        button,
                        pressed: true,
                        ..
                    },
                    None,
                ) if is_on(pos) && is_free(pos) => {
                    self.held = Some((button, pos));
                    moves.push(Move::Press(button, pos));
                }
                (Event::PointerMoved(pos), Some((button, last))) => {
                    self.held = Some((button, pos));
                    moves.push(Move::Drag(button, last, pos));
                }
                (
                    Event::PointerButton {
                        pos,
                        button,
                        pressed: false,
                        ..
                    },
                    Some((held, last)),
                ) if button == held => {
                    self.held = None;
                    moves.push(Move::Drag(button, last, pos));
                    moves.push(Move::Release(button, pos));
                }
                (Event::WindowFocused(false), Some((button, last))) => {
                    self.held = None;
                    moves.push(Move::Release(button, last));
                }
                _ => {}
            }
        }
        moves
    }

    /// Whether a button is down.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Lets go, as when a second finger comes down.
    pub fn let_go(&mut self) {
        self.held = None;
    }
}
