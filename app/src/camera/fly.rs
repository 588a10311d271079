//! Flying with the keys: smooth, and the same at every frame rate.

use glam::Vec3;

/// How soon the speed follows the keys, in seconds.
const FOLLOW_S: f32 = 0.09;
/// Radii of the scene that are flown in a second.
const SPEED: f32 = 0.9;
/// What Shift and Alt make of it.
const FAST: f32 = 4.0;
const SLOW: f32 = 0.25;
/// Part of the speed below which the flight has come to rest.
const REST: f32 = 2e-3;

/// What the keys ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlyInput {
    /// To the right, up and ahead, each -1, 0 or 1.
    pub direction: Vec3,
    /// Whether to fly fast.
    pub fast: bool,
    /// Whether to fly slowly.
    pub slow: bool,
}

impl FlyInput {
    /// The velocity that is asked for, in radii of the scene per second.
    fn velocity(&self) -> Vec3 {
        let pace = match (self.fast, self.slow) {
            (true, false) => FAST,
            (false, true) => SLOW,
            _ => 1.0,
        };
        SPEED * pace * self.direction.normalize_or_zero()
    }
}

/// A velocity that follows the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlyMotion {
    /// To the right, up and ahead, in radii of the scene per second.
    velocity: Vec3,
}

impl FlyMotion {
    /// Whether there is something to fly.
    pub fn is_moving(&self, input: &FlyInput) -> bool {
        self.velocity != Vec3::ZERO || input.direction != Vec3::ZERO
    }

    /// Flies for `dt_s` seconds with the keys held all the while; how far, to the right, up and ahead,
    /// in radii of the scene.
    pub fn advance(&mut self, input: &FlyInput, dt_s: f32) -> Vec3 {
        let wanted = input.velocity();
        let rest = (-dt_s / FOLLOW_S).exp();
        let lag = self.velocity - wanted;
        self.velocity = wanted + lag * rest;
        if wanted == Vec3::ZERO && self.velocity.length() < REST * SPEED {
            self.velocity = Vec3::ZERO;
        }
        // The integral of the velocity on its way, so that no frame rate flies farther.
        wanted * dt_s + lag * (FOLLOW_S * (1.0 - rest))
    }

    /// Stops at once.
    pub fn stop(&mut self) {
        self.velocity = Vec3::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD: FlyInput = FlyInput {
        direction: Vec3::Z,
        fast: false,
        slow: false,
    };

    fn flown(input: FlyInput, rate: usize) -> (Vec3, FlyMotion) {
        let mut motion = FlyMotion::default();
        let mut way = Vec3::ZERO;
        for _ in 0..rate {
            way += motion.advance(&input, 1.0 / rate as f32);
        }
        (way, motion)
    }

    #[test]
    fn a_second_is_as_far_at_every_frame_rate() {
        let (slow, _) = flown(AHEAD, 10);
        assert!((slow.z - SPEED * (1.0 - FOLLOW_S)).abs() < 1e-3, "{slow}");
        for rate in [24, 60, 144] {
            let (way, _) = flown(AHEAD, rate);
            assert!(way.distance(slow) < 1e-4, "{rate}: {way}");
        }
    }

    #[test]
    fn it_starts_and_ends_smoothly_and_comes_to_rest() {
        let mut motion = FlyMotion::default();
        let first = motion.advance(&AHEAD, 1.0 / 60.0);
        assert!(first.z > 0.0 && first.z < 0.2 * SPEED / 60.0);
        let (_, mut motion) = flown(AHEAD, 60);
        let still = FlyInput::default();
        let mut ticks = 0;
        while motion.is_moving(&still) {
            motion.advance(&still, 1.0 / 60.0);
            ticks += 1;
            assert!(ticks < 60, "it never rests");
        }
        assert!(ticks > 10);
    }

    #[test]
    fn shift_is_faster_and_alt_slower_and_diagonals_are_not_faster() {
        let pace = |input| flown(input, 60).0.length();
        let plain = pace(AHEAD);
        let fast = pace(FlyInput {
            fast: true,
            ..AHEAD
        });
        let slow = pace(FlyInput {
            slow: true,
            ..AHEAD
        });
        assert!((fast / plain - FAST).abs() < 1e-3 && (slow / plain - SLOW).abs() < 1e-3);
        let both = pace(FlyInput {
            direction: Vec3::ONE,
            ..AHEAD
        });
        assert!((both - plain).abs() < 1e-4);
        let neither = pace(FlyInput {
            direction: Vec3::Z,
            fast: true,
            slow: true,
        });
        assert!((neither - plain).abs() < 1e-4);
    }
}
