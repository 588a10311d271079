//! How many pixels a moving picture is drawn with.
//!
//! Drawing has a part that goes with the Gaussians (upload, projection, sort) and one that goes mostly
//! with the pixels; how much of that does is learned when the scale changes. Where a picture takes
//! longer than the time there is for it, it is drawn with fewer pixels and shown enlarged; a picture
//! that stands still is always drawn with all of them.

use std::collections::VecDeque;

use zoetrope_player::RenderScale;

/// The scales of width and height, largest first.
pub const STEPS: [f32; 7] = [1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.33];
/// Fixed percentages that can be asked for.
const PERCENT: std::ops::RangeInclusive<u32> = 10..=100;

/// A picture should take at most this part of its time.
const FULL: f64 = 0.9;
/// Before there are more pixels, they must fit into this part of it.
const ROOMY: f64 = 0.7;
/// Where the rest alone takes too long, pixels are saved until they add no more than this part:
/// saving more would cost sharpness and gain nothing.
const IN_VAIN: f64 = 0.35;
/// Pictures in a row that must be late before there are fewer pixels: one may be an accident.
const LATE: usize = 2;
/// Pictures after a change of scale, of which the fastest tells what it has gained.
const SETTLED: usize = 3;
/// Change of the area, of 1, from which something can be learned in spite of noise.
const TELLING: f64 = 0.25;
/// Pictures in a row that must leave room before there are more pixels.
const EARLY: usize = 8;
/// Seconds a scale is kept before there are more pixels.
const HOLD_S: f64 = 1.0;
/// The same where more pixels turned out too many again and again.
const HOLD_MAX_S: f64 = 32.0;
/// A larger scale that had to be given up sooner than this was a mistake.
const MISTAKE_S: f64 = 3.0;

/// What a picture took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawCost {
    /// The part that goes with the Gaussians, milliseconds.
    pub gaussians_ms: f64,
    /// The part that goes mostly with the pixels, milliseconds.
    pub pixels_ms: f64,
    /// The scale it was drawn at.
    pub scale: f32,
}

impl DrawCost {
    /// What it would take at another scale, where `fixed` is the share of `pixels_ms` at full scale
    /// that does not go with the pixels after all.
    fn at(&self, scale: f32, fixed: f64) -> f64 {
        let weight = |scale: f32| fixed + (1.0 - fixed) * f64::from(scale).powi(2);
        self.gaussians_ms + self.pixels_ms * weight(scale) / weight(self.scale)
    }

    /// The largest step that makes a picture take no more than a `share` of the budget.
    fn step_for(&self, budget_ms: f64, share: f64, fixed: f64) -> usize {
        let least = self.at(0.0, fixed);
        let enough = |scale: &f32| {
            let ms = self.at(*scale, fixed);
            let fits = ms <= share * budget_ms;
            let saves_in_vain = ms <= (1.0 + share * IN_VAIN) * least;
            fits || saves_in_vain
        };
        STEPS.iter().position(enough).unwrap_or(STEPS.len() - 1)
    }
}

/// What is learned from a change of scale.
#[derive(Clone, Debug)]
struct Lesson {
    /// A picture before it.
    before: DrawCost,
    /// Pictures after it.
    after: Vec<DrawCost>,
}

impl Lesson {
    /// The share of the pixels' part that does not go with the pixels: two points of a line over the
    /// area. `None` when the scales are too close to tell.
    fn fixed(&self) -> Option<f64> {
        let after = self.after.iter();
        let after = after.min_by(|a, b| a.pixels_ms.total_cmp(&b.pixels_ms))?;
        let area = |cost: &DrawCost| f64::from(cost.scale).powi(2);
        let (area_before, area_after) = (area(&self.before), area(after));
        if (area_before - area_after).abs() < TELLING {
            return None;
        }
        let slope = (self.before.pixels_ms - after.pixels_ms) / (area_before - area_after);
        let fixed_ms = after.pixels_ms - slope * area_after;
        let share = fixed_ms / (fixed_ms + slope);
        share.is_finite().then_some(share.clamp(0.0, 1.0))
    }
}

/// Chooses the scale of the next picture from what the last ones took.
#[derive(Clone, Debug)]
pub struct AdaptiveScale {
    mode: RenderScale,
    step: usize,
    /// What the last pictures took, all of them late.
    late: VecDeque<DrawCost>,
    /// Pictures in a row that left room for more pixels.
    early: usize,
    /// When the step changed, in seconds.
    changed_at: f64,
    /// When there last were more pixels.
    raised_at: f64,
    hold_s: f64,
    /// The share of the pixels' part that does not go with the pixels.
    fixed: f64,
    lesson: Option<Lesson>,
}

impl Default for AdaptiveScale {
    fn default() -> Self {
        Self {
            mode: RenderScale::Auto,
            step: 0,
            late: VecDeque::new(),
            early: 0,
            changed_at: f64::NEG_INFINITY,
            raised_at: f64::NEG_INFINITY,
            hold_s: HOLD_S,
            fixed: 0.0,
            lesson: None,
        }
    }
}

impl AdaptiveScale {
    /// Does as asked from now on; what was learned stays.
    pub fn set_mode(&mut self, mode: RenderScale) {
        self.mode = mode;
    }

    /// The scale to draw with while something moves, or while nothing does.
    pub fn scale(&self, moves: bool) -> f32 {
        match self.mode {
            RenderScale::Percent(percent) => {
                percent.clamp(*PERCENT.start(), *PERCENT.end()) as f32 / 100.0
            }
            RenderScale::Auto if moves => STEPS[self.step],
            RenderScale::Auto => 1.0,
        }
    }

    /// Learns from a picture that was drawn while something moved, and for which there were
    /// `budget_ms`.
    pub fn observe(&mut self, cost: DrawCost, budget_ms: f64, now_s: f64) {
        let sound = cost.scale > 0.0 && cost.at(1.0, 0.0).is_finite() && budget_ms > 0.0;
        if !sound {
            return;
        }
        self.learn(cost);
        let leaves_room = cost.step_for(budget_ms, ROOMY, self.fixed) < self.step;
        if cost.at(STEPS[self.step], self.fixed) > budget_ms && !leaves_room {
            self.be_late(cost, budget_ms, now_s);
            return;
        }
        self.late.clear();
        self.early = if leaves_room { self.early + 1 } else { 0 };
        if self.early >= EARLY && now_s - self.changed_at >= self.hold_s {
            self.change(self.step - 1, cost, now_s);
            self.raised_at = now_s;
        }
    }

    fn learn(&mut self, cost: DrawCost) {
        let Some(lesson) = &mut self.lesson else {
            return;
        };
        // What was started before the change still has the old scale.
        if cost.scale == lesson.before.scale {
            return;
        }
        lesson.after.push(cost);
        if lesson.after.len() == SETTLED {
            self.fixed = lesson.fixed().unwrap_or(self.fixed);
            self.lesson = None;
        }
    }

    fn be_late(&mut self, cost: DrawCost, budget_ms: f64, now_s: f64) {
        self.early = 0;
        self.late.push_back(cost);
        if self.late.len() < LATE {
            return;
        }
        // The mildest says what is wrong with all of them.
        let wanted_by = |late: &DrawCost| late.step_for(budget_ms, FULL, self.fixed);
        let wanted = self.late.iter().map(wanted_by).min().unwrap_or(self.step);
        self.late.pop_front();
        if wanted <= self.step {
            return;
        }
        if now_s - self.raised_at < MISTAKE_S {
            self.hold_s = (2.0 * self.hold_s).min(HOLD_MAX_S);
            // The one before it was good.
            self.change(self.step + 1, cost, now_s);
        } else {
            self.hold_s = HOLD_S;
            self.change(wanted, cost, now_s);
        }
    }

    fn change(&mut self, step: usize, before: DrawCost, now_s: f64) {
        self.step = step;
        self.lesson = Some(Lesson {
            before,
            after: Vec::with_capacity(SETTLED),
        });
        self.changed_at = now_s;
        self.late.clear();
        self.early = 0;
    }

    /// Forgets what was learned: another clip is another load.
    pub fn forget(&mut self) {
        *self = Self {
            mode: self.mode,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that needs a time for the Gaussians and one for the pixels of the whole picture.
    struct Machine {
        gaussians_ms: f64,
        pixels_ms: f64,
        /// What drawing takes besides, however few the pixels are.
        fixed_ms: f64,
        now_s: f64,
        scale: AdaptiveScale,
    }

    impl Machine {
        fn new(gaussians_ms: f64, pixels_ms: f64) -> Self {
            Self {
                gaussians_ms,
                pixels_ms,
                fixed_ms: 0.0,
                now_s: 0.0,
                scale: AdaptiveScale::default(),
            }
        }

        /// Draws for `seconds` with `budget_ms` for a picture; the scales of the pictures.
        fn draw(&mut self, seconds: f64, budget_ms: f64, noise: impl Fn(usize) -> f64) -> Vec<f32> {
            let end_s = self.now_s + seconds;
            let mut scales = Vec::new();
            while self.now_s < end_s {
                let scale = self.scale.scale(true);
                let factor = noise(scales.len());
                let cost = DrawCost {
                    gaussians_ms: factor * self.gaussians_ms,
                    pixels_ms: factor * (self.fixed_ms + self.pixels_ms * f64::from(scale).powi(2)),
                    scale,
                };
                scales.push(scale);
                self.now_s += 1e-3 * (cost.gaussians_ms + cost.pixels_ms).max(budget_ms);
                self.scale.observe(cost, budget_ms, self.now_s);
            }
            scales
        }
    }

    fn changes(scales: &[f32]) -> usize {
        scales.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    const STEADY: fn(usize) -> f64 = |_| 1.0;

    #[test]
    fn what_fits_is_drawn_in_full() {
        let scales = Machine::new(5.0, 20.0).draw(20.0, 33.3, STEADY);
        assert!(scales.iter().all(|scale| *scale == 1.0));
    }

    #[test]
    fn what_does_not_fit_gets_fewer_pixels_at_once_and_keeps_them() {
        let scales = Machine::new(5.0, 60.0).draw(20.0, 33.3, STEADY);
        // 0.9 x 33.3 ms less 5 are 25 ms, 0.65² of 60.
        assert_eq!(scales[..2], [1.0, 1.0]);
        assert!(scales[2..].iter().all(|scale| *scale == 0.6));
    }

    #[test]
    fn one_slow_picture_changes_nothing() {
        let noise = |k: usize| if k.is_multiple_of(5) { 8.0 } else { 1.0 };
        let scales = Machine::new(5.0, 15.0).draw(20.0, 33.3, noise);
        assert_eq!(changes(&scales), 0);
    }

    #[test]
    fn pixels_come_back_when_there_is_room() {
        let mut machine = Machine::new(5.0, 60.0);
        machine.draw(3.0, 33.3, STEADY);
        machine.pixels_ms = 10.0;
        let scales = machine.draw(10.0, 33.3, STEADY);
        assert_eq!(scales.last(), Some(&1.0));
        // Step by step, and each is kept for a while.
        assert_eq!(changes(&scales), 3);
        assert_eq!(scales[..8], [0.6; 8]);
        assert_eq!(scales[8..38], [0.7; 30]);
    }

    #[test]
    fn it_never_swings() {
        // Every load, also those right between two steps, with a tenth of noise.
        for pixels_ms in (10..400).step_by(7) {
            for (gaussians_ms, budget_ms) in [(2.0, 16.7), (10.0, 33.3), (20.0, 41.7), (50.0, 33.3)]
            {
                let mut machine = Machine::new(gaussians_ms, f64::from(pixels_ms));
                let noise = |k: usize| 1.0 + 0.1 * (k as f64 * 2.4).sin();
                machine.draw(5.0, budget_ms, noise);
                let scales = machine.draw(60.0, budget_ms, noise);
                assert!(
                    changes(&scales) <= 2,
                    "{pixels_ms} {gaussians_ms}: {scales:?}"
                );
            }
        }
    }

    #[test]
    fn mistakes_are_made_less_and_less_often() {
        // The model is wrong here: any more pixels than at 0.5 take far too long.
        let mut scale = AdaptiveScale::default();
        let (mut now_s, mut raised_at) = (0.0, Vec::new());
        let mut last = 1.0;
        while now_s < 200.0 {
            let present = scale.scale(true);
            if present > last {
                raised_at.push(now_s);
            }
            last = present;
            let pixels_ms = if present > 0.5 { 80.0 } else { 4.0 };
            let cost = DrawCost {
                gaussians_ms: 1.0,
                pixels_ms,
                scale: present,
            };
            now_s += 0.0333;
            scale.observe(cost, 33.3, now_s);
        }
        assert!((6..15).contains(&raised_at.len()), "{raised_at:?}");
        let waits: Vec<f64> = raised_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.last() > Some(&20.0), "{waits:?}");
    }

    #[test]
    fn pixels_are_not_saved_in_vain() {
        // Two million Gaussians on a small processor: 400 ms whatever the scale.
        let mut machine = Machine::new(400.0, 90.0);
        let scales = machine.draw(20.0, 33.3, STEADY);
        assert!(scales.iter().all(|scale| *scale == 1.0));
        let mut machine = Machine::new(400.0, 300.0);
        let scales = machine.draw(20.0, 33.3, STEADY);
        assert_eq!(scales.last(), Some(&0.6));
        assert_eq!(changes(&scales), 1);
    }

    #[test]
    fn what_pixels_do_not_cost_is_learned() {
        // Drawing is slow because of the Gaussians, but that is only known after a try.
        let mut machine = Machine::new(150.0, 60.0);
        machine.fixed_ms = 300.0;
        let noise = |k: usize| 1.0 + 0.1 * (k as f64 * 2.4).sin();
        let scales = machine.draw(60.0, 33.3, noise);
        assert_eq!(scales[2], 0.33);
        assert!(scales.last() >= Some(&0.85), "{scales:?}");
        assert!(changes(&scales) <= STEPS.len(), "{scales:?}");
        // Where half of it is pixels, half of it is saved.
        let mut machine = Machine::new(5.0, 30.0);
        machine.fixed_ms = 10.0;
        let scales = machine.draw(60.0, 33.3, STEADY);
        assert_eq!(scales.last(), Some(&0.7), "{scales:?}");
    }

    #[test]
    fn a_still_picture_is_whole_and_motion_goes_on_as_before() {
        let mut machine = Machine::new(5.0, 60.0);
        machine.draw(3.0, 33.3, STEADY);
        assert_eq!(machine.scale.scale(true), 0.6);
        assert_eq!(machine.scale.scale(false), 1.0);
        assert_eq!(machine.scale.scale(true), 0.6);
        machine.scale.forget();
        assert_eq!(machine.scale.scale(true), 1.0);
    }

    #[test]
    fn a_fixed_scale_is_kept_within_reason() {
        let mut machine = Machine::new(5.0, 600.0);
        for (asked, expected) in [(50, 0.5), (100, 1.0), (0, 0.1), (999, 1.0)] {
            machine.scale.set_mode(RenderScale::Percent(asked));
            machine.draw(1.0, 33.3, STEADY);
            assert_eq!(machine.scale.scale(true), expected);
            assert_eq!(machine.scale.scale(false), expected);
        }
    }

    #[test]
    fn numbers_without_sense_change_nothing() {
        let mut scale = AdaptiveScale::default();
        for (gaussians_ms, pixels_ms, at, budget_ms) in [
            (f64::NAN, 1.0, 1.0, 33.3),
            (1.0, f64::INFINITY, 1.0, 33.3),
            (1.0, 100.0, 0.0, 33.3),
            (1.0, 100.0, 1.0, 0.0),
            (1.0, 100.0, 1.0, f64::NAN),
        ] {
            for _ in 0..5 {
                let cost = DrawCost {
                    gaussians_ms,
                    pixels_ms,
                    scale: at,
                };
                scale.observe(cost, budget_ms, 1.0);
            }
        }
        assert_eq!(scale.scale(true), 1.0);
    }
}
