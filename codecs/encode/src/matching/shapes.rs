//! What a Gaussian is recognised by, and how much each of it counts.

use rayon::prelude::*;
use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::splat::SH_C0;

use super::kd_tree::{KdTree, distance_squared};

/// Gaussians whose nearest neighbour tells how dense the cloud is.
const SPACING_SAMPLES: usize = 2048;
/// The part of all pairs, best first, whose difference counts as what two views of one Gaussian
/// differ by: below a half, so that it is right while most pairs are still wrong.
const RIGHT_PART: f32 = 0.3;
/// Difference of a trait (natural logarithm of scale, colour, opacity) that quantised files may make.
const SAME_TRAIT: f32 = 0.03;
/// The part of all rows that must be the same for rows to be kept between frames.
const SAME_ROWS: f32 = 0.999;
/// The part of all rows that may be like the next one; above it traits tell nothing.
const ALIKE_ROWS: f32 = 0.3;
/// Most that one trait can cost, so that one that changed for good does not forbid a pair.
const TRAIT_COST_MAX: f32 = 100.0;
/// How much longer ways are where the motion is not known.
const FAR: f32 = 30.0;
/// Cost of the traits of a pair up to which it is trusted to be one Gaussian.
const TRUSTED_COST: f32 = 40.0;

/// One frame as the matching sees it: structure of arrays over its Gaussians.
pub(crate) struct Shapes {
    /// Centres in world units.
    pub positions: Vec<[f32; 3]>,
    /// Natural logarithm of the scale, less the median of the frame: a cloud that swells as a whole
    /// keeps its Gaussians' traits.
    scales: Vec<[f32; 3]>,
    /// Colour of degree 0, black 0 to white 1.
    colours: Vec<[f32; 3]>,
    opacities: Vec<f32>,
    /// Unit quaternions.
    rotations: Vec<[f32; 4]>,
    /// Median squared distance between nearest neighbours; not 0.
    pub spacing_squared: f32,
}

impl Shapes {
    /// The shapes of a frame.
    pub(crate) fn of(cloud: &SplatCloud) -> Self {
        // Scales of 0 are at home in clips; their logarithm is not.
        let mut scales: Vec<[f32; 3]> = cloud
            .scales
            .iter()
            .map(|scale| scale.map(|s| s.max(1e-9).ln()))
            .collect();
        for axis in 0..3 {
            let middle = quantile(scales.iter().map(|s| s[axis]).collect(), 0.5);
            for scale in &mut scales {
                scale[axis] -= middle;
            }
        }
        Self {
            positions: cloud.positions.clone(),
            scales,
            colours: cloud.sh_dc.iter().map(|c| c.map(|c| c * SH_C0)).collect(),
            opacities: cloud.opacities.clone(),
            rotations: cloud.rotations.clone(),
            spacing_squared: spacing_squared(&cloud.positions),
        }
    }

    /// Number of Gaussians.
    pub(crate) fn len(&self) -> usize {
        self.positions.len()
    }
}

/// Whether the rows of two frames hold the same Gaussians: their scales, colours and opacities are the
/// same row by row, and not those of the next row. Then nothing has to be found.
pub(crate) fn rows_are_kept(from: &Shapes, to: &Shapes) -> bool {
    if from.len() != to.len() || from.len() < 2 {
        return false;
    }
    let same = |a: usize, b: usize| {
        distance_squared(from.scales[a], to.scales[b]) <= SAME_TRAIT * SAME_TRAIT
            && distance_squared(from.colours[a], to.colours[b]) <= SAME_TRAIT * SAME_TRAIT
            && (from.opacities[a] - to.opacities[b]).abs() <= SAME_TRAIT
    };
    let part = |shift: usize| {
        let rows = (0..from.len() - 1).filter(|row| same(*row, *row + shift));
        rows.count() as f32 / (from.len() - 1) as f32
    };
    part(0) >= SAME_ROWS && part(1) <= ALIKE_ROWS
}

/// Squared differences of two Gaussians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    position: f32,
    scale: f32,
    colour: f32,
    opacity: f32,
    rotation: f32,
}

impl Difference {
    /// Between `from`'s Gaussian `a`, which is expected at `expected`, and `to`'s Gaussian `b`.
    pub(crate) fn of(from: &Shapes, a: usize, expected: [f32; 3], to: &Shapes, b: usize) -> Self {
        let dot: f32 = from.rotations[a]
            .iter()
            .zip(to.rotations[b])
            .map(|(a, b)| a * b)
            .sum();
        Self {
            position: distance_squared(expected, to.positions[b]),
            scale: distance_squared(from.scales[a], to.scales[b]),
            colour: distance_squared(from.colours[a], to.colours[b]),
            opacity: (from.opacities[a] - to.opacities[b]).powi(2),
            rotation: (1.0 - dot * dot).max(0.0),
        }
    }
}

/// What a squared difference of 1 costs, for each thing that can differ.
///
/// They are learned from frames that were matched: what stays the same between frames counts much,
/// what is made anew in each frame counts little. A difference as usual costs 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights(Difference);

impl Weights {
    /// Weights to start with: steps of a neighbour's distance, and traits that tell strangers apart.
    pub(crate) fn start(spacing_squared: f32) -> Self {
        Self(Difference {
            position: 1.0 / spacing_squared,
            scale: 2.0,
            colour: 20.0,
            opacity: 4.0,
            rotation: 2.0,
        })
    }

    /// Weights after the differences of pairs that were found.
    pub(crate) fn learn(pairs: &[Difference], spacing_squared: f32) -> Self {
        let weight = |part: fn(&Difference) -> f32, least: f32| {
            1.0 / quantile(pairs.iter().map(part).collect(), RIGHT_PART).max(least)
        };
        Self(Difference {
            // The least differences are those that quantisation in the files makes anyway.
            position: weight(|d| d.position, 0.01 * spacing_squared),
            scale: weight(|d| d.scale, 1e-4),
            colour: weight(|d| d.colour, 1e-4),
            opacity: weight(|d| d.opacity, 1e-4),
            rotation: weight(|d| d.rotation, 1e-4),
        })
    }

    /// The same for Gaussians whose motion is not known: a way of `FAR` times as long costs as much.
    pub(crate) fn far(mut self) -> Self {
        self.0.position /= FAR * FAR;
        self
    }

    /// Cost of a pair.
    pub(crate) fn cost(&self, difference: &Difference) -> f32 {
        self.0.position * difference.position + self.traits(difference)
    }

    /// Whether the traits of a pair are those of one Gaussian.
    pub(crate) fn trusts(&self, difference: &Difference) -> bool {
        self.traits(difference) <= TRUSTED_COST
    }

    fn traits(&self, difference: &Difference) -> f32 {
        [
            self.0.scale * difference.scale,
            self.0.colour * difference.colour,
            self.0.opacity * difference.opacity,
            self.0.rotation * difference.rotation,
        ]
        .into_iter()
        .map(|cost| cost.min(TRAIT_COST_MAX))
        .sum()
    }
}

/// The value below which `part` of all values lie; 0 when there are none.
pub(crate) fn quantile(mut values: Vec<f32>, part: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let place = ((values.len() - 1) as f32 * part) as usize;
    *values.select_nth_unstable_by(place, f32::total_cmp).1
}

/// Median squared distance between nearest neighbours, 1 where there is none.
pub(crate) fn spacing_squared(positions: &[[f32; 3]]) -> f32 {
    let tree = KdTree::new(positions);
    let stride = (positions.len() / SPACING_SAMPLES).max(1);
    let samples: Vec<[f32; 3]> = positions.iter().copied().step_by(stride).collect();
    let distances = samples
        .par_iter()
        .map_init(Vec::new, |found, position| {
            tree.nearest(*position, 2, found);
            found.get(1).map(|neighbour| neighbour.distance_squared)
        })
        .flatten()
        .filter(|distance| *distance > 0.0)
        .collect();
    let spacing = quantile(distances, 0.5);
    if spacing > 0.0 { spacing } else { 1.0 }
}
