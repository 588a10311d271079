//! Fingers: what they mean, read from the touch events themselves.
//!
//! A finger that moves drags, one that stays holds, one that goes taps; two pinch. The system sends
//! a pointer along with the first finger, which is for buttons and not for the picture.

use egui::{Event, Pos2, TouchId, TouchPhase, Vec2};

/// How far a finger may stray and still tap, in points.
const SLOP: f32 = 10.0;
/// How far apart two taps of a double tap may be, in points.
const TAPS_APART: f32 = 48.0;
/// How long a tap waits for a second one, in seconds.
const SECOND_TAP_S: f64 = 0.25;
/// How long after a double tap another tap goes on with it, in seconds.
const NEXT_TAP_S: f64 = 0.6;
/// How long a finger stays for it to hold, in seconds.
const HOLD_S: f64 = 0.5;

/// What fingers did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// One finger moved, in points.
    Drag(Vec2),
    /// Several fingers moved together, and apart by a factor.
    Pinch(Vec2, f32),
    /// A finger came and went.
    Tap(Pos2),
    /// Twice.
    DoubleTap(Pos2),
    /// Once more, soon after a double tap.
    NextTap(Pos2),
    /// A finger stays where it is.
    Hold(Pos2),
    /// It is gone.
    HoldEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    /// No finger is down.
    #[default]
    Idle,
    /// One finger is down since a time.
    Pressed(Pos2, f64),
    /// One finger drags.
    Dragging,
    /// Several fingers pinch.
    Pinching,
    /// One finger holds.
    Holding,
    /// What is still down means nothing more.
    Spent,
}

/// The fingers that are on the picture.
#[derive(Debug, Default)]
pub struct Touches {
    fingers: Vec<(TouchId, Pos2)>,
    phase: Phase,
    /// A tap that may become a double tap, and when it was.
    tap: Option<(Pos2, f64)>,
    /// The last tap of a double tap, and when it was.
    double: Option<(Pos2, f64)>,
}

impl Touches {
    /// What the fingers did in this frame, which is at the time `now` in seconds. `is_on` says
    /// whether a place belongs to the picture.
    pub fn follow(
        &mut self,
        events: &[Event],
        now: f64,
        is_on: impl Fn(Pos2) -> bool,
    ) -> Vec<Gesture> {
        let mut gestures = Vec::new();
        for event in events {
            match event {
                Event::Touch { id, phase, pos, .. } => match phase {
                    TouchPhase::Start if is_on(*pos) => self.press(*id, *pos, now, &mut gestures),
                    TouchPhase::Start => {}
                    TouchPhase::Move => self.slide(*id, *pos, &mut gestures),
                    TouchPhase::End => self.lift(*id, now, &mut gestures),
                    TouchPhase::Cancel => self.cancel(*id, &mut gestures),
                },
                Event::WindowFocused(false) => self.let_go(&mut gestures),
                _ => {}
            }
        }
        // After the events: what came late on a slow machine still counts.
        match self.phase {
            Phase::Pressed(pos, since) if now >= since + HOLD_S => {
                gestures.extend(self.tap.take().map(|(pos, _)| Gesture::Tap(pos)));
                self.phase = Phase::Holding;
                gestures.push(Gesture::Hold(pos));
            }
            Phase::Idle if self.tap.is_some_and(|(_, at)| now >= at + SECOND_TAP_S) => {
                gestures.extend(self.tap.take().map(|(pos, _)| Gesture::Tap(pos)));
            }
            _ => {}
        }
        gestures
    }

    /// Whether a finger is on the picture.
    pub fn is_touching(&self) -> bool {
        !self.fingers.is_empty()
    }

    /// Seconds until something comes of what the fingers did, without another event.
    pub fn wait_s(&self, now: f64) -> Option<f64> {
        let due = match self.phase {
            Phase::Pressed(_, since) => Some(since + HOLD_S),
            Phase::Idle => self.tap.map(|(_, at)| at + SECOND_TAP_S),
            _ => None,
        };
        due.map(|due| (due - now).max(0.0))
    }

    fn press(&mut self, id: TouchId, pos: Pos2, now: f64, gestures: &mut Vec<Gesture>) {
        if self.fingers.iter().any(|(other, _)| *other == id) {
            return;
        }
        self.fingers.push((id, pos));
        if self.fingers.len() == 1 {
            if let Some((first, _)) = self.tap
                && first.distance(pos) > TAPS_APART
            {
                self.tap = None;
                gestures.push(Gesture::Tap(first));
            }
            self.phase = Phase::Pressed(pos, now);
            return;
        }
        gestures.extend(self.tap.take().map(|(pos, _)| Gesture::Tap(pos)));
        if self.phase == Phase::Holding {
            gestures.push(Gesture::HoldEnd);
        }
        self.phase = Phase::Pinching;
    }

    fn slide(&mut self, id: TouchId, pos: Pos2, gestures: &mut Vec<Gesture>) {
        let Some(index) = self.fingers.iter().position(|(other, _)| *other == id) else {
            return;
        };
        let (last, before) = (self.fingers[index].1, self.spread());
        self.fingers[index].1 = pos;
        match self.phase {
            Phase::Pressed(from, _) if from.distance(pos) > SLOP => {
                gestures.extend(self.tap.take().map(|(pos, _)| Gesture::Tap(pos)));
                self.phase = Phase::Dragging;
            }
            Phase::Dragging => gestures.push(Gesture::Drag(pos - last)),
            Phase::Pinching => {
                let after = self.spread();
                let zoom = if before.1 > 1.0 && after.1 > 1.0 {
                    after.1 / before.1
                } else {
                    1.0
                };
                gestures.push(Gesture::Pinch(after.0 - before.0, zoom));
            }
            _ => {}
        }
    }

    fn lift(&mut self, id: TouchId, now: f64, gestures: &mut Vec<Gesture>) {
        let Some(index) = self.fingers.iter().position(|(other, _)| *other == id) else {
            return;
        };
        let (_, pos) = self.fingers.remove(index);
        match self.phase {
            Phase::Pressed(..) => self.tapped(pos, now, gestures),
            Phase::Holding => gestures.push(Gesture::HoldEnd),
            _ => {}
        }
        self.phase = if self.fingers.is_empty() {
            Phase::Idle
        } else if self.fingers.len() > 1 {
            Phase::Pinching
        } else {
            // The finger that lifts last must not throw the scene about.
            Phase::Spent
        };
    }

    fn tapped(&mut self, pos: Pos2, now: f64, gestures: &mut Vec<Gesture>) {
        let goes_on =
            |at: f64, place: Pos2| now < at + NEXT_TAP_S && place.distance(pos) <= TAPS_APART;
        if let Some((first, _)) = self.tap.take() {
            // Farther away it would have been told when the finger came down.
            gestures.push(Gesture::DoubleTap(first));
            self.double = Some((pos, now));
        } else if self.double.is_some_and(|(place, at)| goes_on(at, place)) {
            gestures.push(Gesture::NextTap(pos));
            self.double = Some((pos, now));
        } else {
            self.double = None;
            self.tap = Some((pos, now));
        }
    }

    fn cancel(&mut self, id: TouchId, gestures: &mut Vec<Gesture>) {
        if self.fingers.iter().any(|(other, _)| *other == id) {
            self.let_go(gestures);
        }
    }

    /// The system has taken the fingers for itself.
    fn let_go(&mut self, gestures: &mut Vec<Gesture>) {
        if self.phase == Phase::Holding {
            gestures.push(Gesture::HoldEnd);
        }
        self.fingers.clear();
        self.tap = None;
        self.phase = Phase::Idle;
    }

    /// The middle of the fingers and their mean distance from it.
    fn spread(&self) -> (Pos2, f32) {
        let count = self.fingers.len().max(1) as f32;
        let sum = |sum: Vec2, (_, pos): &(TouchId, Pos2)| sum + pos.to_vec2();
        let middle = (self.fingers.iter().fold(Vec2::ZERO, sum) / count).to_pos2();
        let away = self.fingers.iter().map(|(_, pos)| middle.distance(*pos));
        (middle, away.sum::<f32>() / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{TouchDeviceId, pos2, vec2};

    fn touch(id: u64, phase: TouchPhase, x: f32, y: f32) -> Event {
        Event::Touch {
            device_id: TouchDeviceId(0),
            id: TouchId(id),
            phase,
            pos: pos2(x, y),
            force: None,
        }
    }

    use TouchPhase::{Cancel, End, Move, Start};

    /// Fingers under test.
    #[derive(Default)]
    struct Test(Touches);

    impl Test {
        fn at(&mut self, now: f64, events: &[Event]) -> Vec<Gesture> {
            self.0.follow(events, now, |pos| pos.y < 500.0)
        }

        fn tap(&mut self, now: f64, x: f32) -> Vec<Gesture> {
            self.at(now, &[touch(1, Start, x, 50.0), touch(1, End, x, 50.0)])
        }
    }

    #[test]
    fn a_tap_waits_for_a_second_one() {
        let mut test = Test::default();
        assert_eq!(test.tap(0.0, 10.0), []);
        assert_eq!(test.0.wait_s(0.1), Some(SECOND_TAP_S - 0.1));
        assert_eq!(test.at(0.2, &[]), []);
        assert_eq!(test.at(0.25, &[]), [Gesture::Tap(pos2(10.0, 50.0))]);
        assert_eq!(test.0.wait_s(0.3), None);
        assert_eq!(test.at(2.0, &[]), []);
    }

    #[test]
    fn two_taps_are_a_double_tap_and_more_go_on_with_it() {
        let mut test = Test::default();
        let place = pos2(10.0, 50.0);
        test.tap(0.0, 10.0);
        assert_eq!(test.tap(0.2, 30.0), [Gesture::DoubleTap(place)]);
        assert_eq!(test.tap(0.6, 20.0), [Gesture::NextTap(pos2(20.0, 50.0))]);
        assert_eq!(test.tap(2.0, 20.0), []);
        assert_eq!(test.at(3.0, &[]), [Gesture::Tap(pos2(20.0, 50.0))]);
    }

    #[test]
    fn taps_far_apart_are_two() {
        let mut test = Test::default();
        test.tap(0.0, 10.0);
        assert_eq!(test.tap(0.1, 300.0), [Gesture::Tap(pos2(10.0, 50.0))]);
        assert_eq!(test.at(0.5, &[]), [Gesture::Tap(pos2(300.0, 50.0))]);
    }

    #[test]
    fn a_finger_that_moves_drags_without_a_jump() {
        let mut test = Test::default();
        assert_eq!(test.at(0.0, &[touch(1, Start, 10.0, 10.0)]), []);
        assert_eq!(test.at(0.1, &[touch(1, Move, 15.0, 10.0)]), []);
        assert_eq!(test.at(0.1, &[touch(1, Move, 25.0, 10.0)]), []);
        assert_eq!(
            test.at(0.2, &[touch(1, Move, 28.0, 14.0)]),
            [Gesture::Drag(vec2(3.0, 4.0))]
        );
        assert_eq!(test.at(0.3, &[touch(1, End, 28.0, 14.0)]), []);
        assert_eq!(test.at(5.0, &[]), []);
    }

    #[test]
    fn a_finger_that_stays_holds_until_it_goes() {
        let mut test = Test::default();
        test.at(0.0, &[touch(1, Start, 10.0, 10.0)]);
        assert_eq!(test.0.wait_s(0.1), Some(0.4));
        assert_eq!(test.at(0.5, &[]), [Gesture::Hold(pos2(10.0, 10.0))]);
        assert_eq!(test.at(0.6, &[touch(1, Move, 60.0, 10.0)]), []);
        assert_eq!(
            test.at(0.9, &[touch(1, End, 60.0, 10.0)]),
            [Gesture::HoldEnd]
        );
        // On a slow machine a tap is seen late, and is a tap.
        test.at(2.0, &[touch(1, Start, 10.0, 10.0)]);
        assert_eq!(test.at(2.7, &[touch(1, End, 10.0, 10.0)]), []);
        assert_eq!(test.at(3.0, &[]), [Gesture::Tap(pos2(10.0, 10.0))]);
    }

    #[test]
    fn two_fingers_pan_and_pinch_and_the_last_one_means_nothing() {
        let mut test = Test::default();
        test.at(
            0.0,
            &[touch(1, Start, 100.0, 100.0), touch(2, Start, 200.0, 100.0)],
        );
        assert_eq!(
            test.at(0.1, &[touch(2, Move, 300.0, 100.0)]),
            [Gesture::Pinch(vec2(50.0, 0.0), 2.0)]
        );
        let both = test.at(
            0.2,
            &[touch(1, Move, 100.0, 120.0), touch(2, Move, 300.0, 120.0)],
        );
        let way = |gesture: &Gesture| match gesture {
            Gesture::Pinch(way, _) => *way,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            both.iter().map(way).fold(Vec2::ZERO, |a, b| a + b),
            vec2(0.0, 20.0)
        );
        assert_eq!(test.at(0.3, &[touch(1, End, 100.0, 120.0)]), []);
        assert_eq!(test.at(0.4, &[touch(2, Move, 0.0, 0.0)]), []);
        assert_eq!(test.at(0.4, &[touch(2, End, 0.0, 0.0)]), []);
        assert!(!test.0.is_touching());
        assert_eq!(test.at(5.0, &[]), []);
    }

    #[test]
    fn what_begins_elsewhere_or_is_cancelled_means_nothing() {
        let mut test = Test::default();
        let elsewhere = [touch(1, Start, 10.0, 600.0), touch(1, Move, 10.0, 100.0)];
        assert_eq!(test.at(0.0, &elsewhere), []);
        assert!(!test.0.is_touching());
        test.at(1.0, &[touch(1, Start, 10.0, 10.0)]);
        assert_eq!(test.at(1.1, &[touch(1, Cancel, 10.0, 10.0)]), []);
        assert_eq!(test.at(5.0, &[]), []);
        test.at(6.0, &[touch(1, Start, 10.0, 10.0)]);
        test.at(7.0, &[]);
        assert_eq!(
            test.at(7.1, &[Event::WindowFocused(false)]),
            [Gesture::HoldEnd]
        );
    }
}
