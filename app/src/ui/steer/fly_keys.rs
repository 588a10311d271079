//! The keys that fly. They come before those of the player, which has other uses for S and E.

use egui::{Event, Key};
use glam::Vec3;

use crate::camera::FlyInput;

/// Keys by their place on the keyboard, and where each flies: right, up, ahead.
const KEYS: [(Key, Vec3); 6] = [
    (Key::W, Vec3::Z),
    (Key::S, Vec3::NEG_Z),
    (Key::D, Vec3::X),
    (Key::A, Vec3::NEG_X),
    (Key::E, Vec3::Y),
    (Key::Q, Vec3::NEG_Y),
];

/// The flying keys that are held.
#[derive(Debug, Default)]
pub struct FlyKeys {
    held: [bool; KEYS.len()],
    /// Pressed in this frame, perhaps for a shorter time than it lasts.
    pressed: [bool; KEYS.len()],
}

impl FlyKeys {
    /// Takes the flying keys out of what was pressed in this frame, if it is the time for flying.
    /// With Ctrl or Cmd they are other keys.
    pub fn listen(&mut self, ctx: &egui::Context, flies: bool) {
        ctx.input_mut(|input| self.filter(&mut input.events, flies));
    }

    fn filter(&mut self, events: &mut Vec<Event>, flies: bool) {
        self.pressed = Default::default();
        events.retain(|event| !self.takes(event, flies));
        if !flies {
            self.held = Default::default();
        }
    }

    fn takes(&mut self, event: &Event, flies: bool) -> bool {
        let (key, physical_key, pressed, modifiers) = match event {
            Event::Key {
                key,
                physical_key,
                pressed,
                modifiers,
                ..
            } => (*key, *physical_key, *pressed, *modifiers),
            Event::WindowFocused(false) => {
                self.held = Default::default();
                return false;
            }
            _ => return false,
        };
        let place = physical_key.unwrap_or(key);
        let Some(index) = KEYS.iter().position(|(key, _)| *key == place) else {
            return false;
        };
        if !pressed {
            self.held[index] = false;
            return false;
        }
        if !flies || modifiers.command || modifiers.ctrl {
            return false;
        }
        self.held[index] = true;
        self.pressed[index] = true;
        true
    }

    /// What the keys ask for.
    pub fn input(&self, modifiers: egui::Modifiers) -> FlyInput {
        let down = self.held.iter().zip(self.pressed);
        let directions = KEYS.iter().zip(down);
        FlyInput {
            direction: directions
                .filter(|(_, (held, pressed))| **held || *pressed)
                .map(|((_, direction), _)| *direction)
                .sum(),
            fast: modifiers.shift,
            slow: modifiers.alt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Modifiers;

    fn press(key: Key, pressed: bool, modifiers: Modifiers) -> Event {
        Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        }
    }

    /// What is left of the events, and the direction asked for.
    fn frame(keys: &mut FlyKeys, flies: bool, mut events: Vec<Event>) -> (usize, Vec3) {
        keys.filter(&mut events, flies);
        (events.len(), keys.input(Modifiers::NONE).direction)
    }

    #[test]
    fn keys_fly_while_they_are_held() {
        let mut keys = FlyKeys::default();
        let none = Modifiers::NONE;
        let both = vec![press(Key::W, true, none), press(Key::D, true, none)];
        assert_eq!(frame(&mut keys, true, both), (0, Vec3::new(1.0, 0.0, 1.0)));
        let release = vec![press(Key::D, false, none)];
        assert_eq!(frame(&mut keys, true, release).1, Vec3::Z);
        assert_eq!(frame(&mut keys, true, vec![]).1, Vec3::Z);
        let gone = vec![Event::WindowFocused(false)];
        assert_eq!(frame(&mut keys, true, gone).1, Vec3::ZERO);
    }

    #[test]
    fn a_press_shorter_than_a_frame_counts_in_it() {
        let mut keys = FlyKeys::default();
        let none = Modifiers::NONE;
        let tap = vec![press(Key::E, true, none), press(Key::E, false, none)];
        assert_eq!(frame(&mut keys, true, tap).1, Vec3::Y);
        assert_eq!(frame(&mut keys, true, vec![]).1, Vec3::ZERO);
    }

    #[test]
    fn other_keys_and_other_times_are_left_to_the_player() {
        let mut keys = FlyKeys::default();
        let none = Modifiers::NONE;
        let others = vec![
            press(Key::K, true, none),
            press(Key::S, true, Modifiers::COMMAND | Modifiers::CTRL),
        ];
        assert_eq!(frame(&mut keys, true, others), (2, Vec3::ZERO));
        let not_flying = vec![press(Key::W, true, none)];
        assert_eq!(frame(&mut keys, false, not_flying), (1, Vec3::ZERO));
        // A key that is held when flying ends does not fly when it begins again.
        frame(&mut keys, true, vec![press(Key::W, true, none)]);
        frame(&mut keys, false, vec![]);
        assert_eq!(frame(&mut keys, true, vec![]).1, Vec3::ZERO);
    }

    #[test]
    fn the_place_on_the_keyboard_decides() {
        let mut keys = FlyKeys::default();
        let azerty = Event::Key {
            key: Key::Z,
            physical_key: Some(Key::W),
            pressed: true,
            repeat: false,
            modifiers: Modifiers::SHIFT,
        };
        assert_eq!(frame(&mut keys, true, vec![azerty]), (0, Vec3::Z));
        let input = keys.input(Modifiers::SHIFT);
        assert!(input.fast && !input.slow);
        assert!(keys.input(Modifiers::ALT).slow);
    }
}
