//! A look at the Gaussians of a cloud: what is odd about them, and on which side the model stands.

use super::{SH_C0, SplatCloud};
use crate::{Bounds, UpAxis};

/// Gaussians that are looked at, evenly spread over the cloud; more would tell the same.
const SAMPLE: usize = 100_000;
/// Fewer Gaussians than this tell nothing about how numbers were stored.
const MIN_SAMPLE: usize = 50;
/// Opacities below this are not drawn.
const ALPHA_MIN: f32 = 1.0 / 255.0;
/// The share of centres on each side that are taken for strays.
const STRAYS: f32 = 0.02;

/// What [`SplatCloud::audit`] finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// What is odd, a sentence each.
    pub notes: Vec<String>,
    /// The axis that points away from the plane through the origin on which the model seems to stand:
    /// people put captures on the ground, but not all do.
    pub stands_along: Option<UpAxis>,
}

impl SplatCloud {
    /// Looks for what is odd about the Gaussians.
    pub fn audit(&self) -> Audit {
        let mut notes = Vec::new();
        if self.is_empty() {
            notes.push("it holds no Gaussians".to_owned());
        }
        if self.dropped > 0 {
            notes.push(format!(
                "{} of its Gaussians have broken numbers and are not shown",
                self.dropped
            ));
        }
        let visible = self.visible_sample();
        let hidden = self.len() - self.dropped;
        if visible.is_empty() && hidden > 0 {
            notes.push("all of its Gaussians are too faint to be seen".to_owned());
        }
        let mut stands_along = None;
        if visible.len() >= MIN_SAMPLE {
            let core = self.core(&visible);
            notes.extend(self.opacity_note(&visible));
            notes.extend(self.size_note(&visible, &core));
            notes.extend(self.stray_note(&core));
            notes.extend(self.colour_notes(&visible));
            stands_along = standing(&core);
        }
        Audit {
            notes,
            stands_along,
        }
    }

    /// Rows of Gaussians that can be seen.
    fn visible_sample(&self) -> Vec<usize> {
        let step = self.len().div_ceil(SAMPLE).max(1);
        (0..self.len())
            .step_by(step)
            .filter(|k| self.opacities[*k] >= ALPHA_MIN)
            .collect()
    }

    /// The box in which all but the strays are, on each axis alone.
    fn core(&self, rows: &[usize]) -> Bounds {
        let mut core = Bounds::EMPTY;
        let strays = (rows.len() as f32 * STRAYS) as usize;
        for axis in 0..3 {
            let values = rows.iter().map(|k| self.positions[*k][axis]);
            let mut values: Vec<f32> = values.collect();
            values.sort_unstable_by(f32::total_cmp);
            if let (Some(low), Some(high)) =
                (values.get(strays), values.get(values.len() - 1 - strays))
            {
                (core.min[axis], core.max[axis]) = (*low, *high);
            }
        }
        core
    }

    /// Opacities that went through the sigmoid though they had been through it before, or not at all.
    fn opacity_note(&self, rows: &[usize]) -> Option<String> {
        let opacities = || rows.iter().map(|k| self.opacities[*k]);
        let low = opacities().fold(1.0, f32::min);
        let high = opacities().fold(0.0, f32::max);
        // The sigmoid of 0 and of 1.
        let is_doubled = low >= 0.5 && high <= 0.731_1 && high - low > 0.05;
        is_doubled.then(|| {
            "every opacity is between 0.5 and 0.73, which is what plain opacities give where a file \
             should hold logits; if it looks foggy, save it anew with the tool that made it"
                .to_owned()
        })
    }

    /// Gaussians as large as the model, which is what scales and their logarithms look like when they
    /// are taken for each other.
    fn size_note(&self, rows: &[usize], core: &Bounds) -> Option<String> {
        let size = |k: &usize| self.scales[*k].into_iter().fold(0.0, f32::max);
        let mut sizes: Vec<f32> = rows.iter().map(size).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        let typical = sizes[sizes.len() / 2];
        let radius = core.radius();
        if typical > 0.5 * radius {
            return Some(format!(
                "its Gaussians are as large as the whole model (typically {typical:.3}, the model has \
                 a radius of {radius:.3}), which is what scales look like that are taken for their \
                 logarithms or the other way round"
            ));
        }
        let giants = sizes.iter().filter(|size| **size > 10.0 * radius).count();
        (giants > 0).then(|| {
            let share = giants as f32 / rows.len() as f32;
            format!(
                "about {} of its Gaussians are more than ten times as large as the model, and may lie \
                 before everything like fog",
                (share * self.len() as f32).ceil()
            )
        })
    }

    /// Gaussians far away from all others.
    fn stray_note(&self, core: &Bounds) -> Option<String> {
        let (all, most) = (self.bounds().radius(), core.radius());
        (most > 0.0 && all > 50.0 * most).then(|| {
            format!(
                "a few Gaussians lie far away from all others: the box around all is {:.0} times as \
                 large as that around most",
                all / most
            )
        })
    }

    fn colour_notes(&self, rows: &[usize]) -> Vec<String> {
        let mut notes = Vec::new();
        if self.sh_degree > 0 && rows.iter().all(|k| self.rest_of(*k).iter().all(is_zero)) {
            notes.push(format!(
                "it has room for colours that change with the direction (SH degree {}), and all of \
                 them are zero",
                self.sh_degree
            ));
        }
        // 0..255 where -1.8..1.8 belongs gives colours that are far too bright, all of them.
        let is_white = |k: &usize| self.sh_dc[*k].iter().all(|dc| 0.5 + SH_C0 * dc >= 2.0);
        if rows.iter().filter(|k| is_white(k)).count() * 2 > rows.len() {
            notes.push(
                "most colours are far brighter than white, which is what colours look like that are \
                 taken for SH coefficients"
                    .to_owned(),
            );
        }
        notes
    }
}

fn is_zero(coefficient: &[f32; 3]) -> bool {
    *coefficient == [0.0; 3]
}

/// The axis along which `core` begins at the origin, if it is one only.
fn standing(core: &Bounds) -> Option<UpAxis> {
    const AXES: [[UpAxis; 2]; 3] = [
        [UpAxis::PlusX, UpAxis::MinusX],
        [UpAxis::PlusY, UpAxis::MinusY],
        [UpAxis::PlusZ, UpAxis::MinusZ],
    ];
    let mut found = None;
    for (axis, [plus, minus]) in AXES.into_iter().enumerate() {
        let (low, high) = (core.min[axis], core.max[axis]);
        let near = 0.03 * (high - low);
        let up = match (low.abs() <= near, high.abs() <= near) {
            (true, false) => plus,
            (false, true) => minus,
            _ => continue,
        };
        if found.replace(up).is_some() {
            return None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splat::{Axes, synthetic};

    /// The one note about a cloud, changed by `change`.
    fn note(change: impl Fn(&mut SplatCloud)) -> String {
        let mut cloud = synthetic::surface(4000, 1, 3);
        change(&mut cloud);
        let notes = cloud.audit().notes;
        assert!(notes.len() <= 1, "{notes:?}");
        notes.concat()
    }

    #[test]
    fn what_is_odd_is_told_and_nothing_else() {
        assert_eq!(note(|_| ()), "");
        assert!(note(|cloud| *cloud = SplatCloud::default()).contains("no Gaussians"));
        let broken = note(|cloud| {
            cloud.positions[3] = [f32::NAN; 3];
            cloud.sanitise();
        });
        assert!(broken.starts_with("1 of its"), "{broken}");
        assert!(note(|cloud| cloud.opacities.fill(0.001)).contains("too faint"));
        let foggy = note(|cloud| {
            for opacity in &mut cloud.opacities {
                *opacity = 1.0 / (1.0 + (-*opacity).exp());
            }
        });
        assert!(foggy.contains("logits"), "{foggy}");
        let confused = note(|cloud| {
            for scale in &mut cloud.scales {
                *scale = scale.map(f32::exp);
            }
        });
        assert!(confused.contains("logarithms"), "{confused}");
        let confused = note(|cloud| {
            for scale in &mut cloud.scales {
                *scale = scale.map(|scale| scale.ln().abs());
            }
        });
        assert!(confused.contains("logarithms"), "{confused}");
        assert!(note(|cloud| cloud.scales[9] = [500.0; 3]).contains("like fog"));
        assert!(note(|cloud| cloud.positions[9] = [0.0, 900.0, 0.0]).contains("far away"));
        assert!(
            note(|cloud| cloud.sh_rest.each_mut().fill([0.0; 3])).contains("all of them are zero")
        );
        assert!(note(|cloud| cloud.sh_dc.fill([128.0; 3])).contains("brighter than white"));
    }

    #[test]
    fn a_model_that_stands_on_the_ground_tells_what_is_up() {
        let mut cloud = synthetic::surface(4000, 0, 3);
        let bounds = cloud.bounds();
        for position in &mut cloud.positions {
            // Centred, and its feet at the origin, y down.
            position[0] -= bounds.centre()[0];
            position[1] -= bounds.max[1];
            position[2] -= bounds.centre()[2];
        }
        assert_eq!(cloud.audit().stands_along, Some(UpAxis::MinusY));
        cloud.axes = Axes::RightDownFront;
        let cloud = cloud.with_axes(Axes::RightUpBack);
        assert_eq!(cloud.audit().stands_along, Some(UpAxis::PlusY));
        let mut moved = cloud.clone();
        for position in &mut moved.positions {
            position[1] += 0.3;
        }
        assert_eq!(moved.audit().stands_along, None);
        // In a corner, it could be either.
        for position in &mut moved.positions {
            position[1] -= 0.3;
            position[0] = position[0].abs();
        }
        assert_eq!(moved.audit().stands_along, None);
    }
}
