//! How the Gaussians of a sequence move, to know where to look for them next.

use rayon::prelude::*;

use super::kd_tree::KdTree;
use super::{NONE, distance_squared, quantile};

/// Trusted neighbours whose motion a doubtful Gaussian is given.
const NEIGHBOURS: usize = 8;

/// A step in world units a frame.
type Step = [f32; 3];

/// How the next step is guessed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guess {
    /// It stays.
    Rest,
    /// It goes on as in the last step.
    Velocity,
    /// Its step changes once more as it did last.
    Acceleration,
}

/// The last two steps of each Gaussian of a frame.
pub(crate) struct Motion {
    last: Vec<Step>,
    before: Vec<Step>,
    /// The guess that was the best for the last step.
    guess: Guess,
}

impl Motion {
    /// `count` Gaussians at rest.
    pub(crate) fn none(count: usize) -> Self {
        Self {
            last: vec![[0.0; 3]; count],
            before: vec![[0.0; 3]; count],
            guess: Guess::Rest,
        }
    }

    /// Where Gaussians that are now at `positions` will be in the next frame.
    pub(crate) fn expected(&self, positions: &[[f32; 3]]) -> Vec<[f32; 3]> {
        (0..positions.len())
            .map(|k| add(positions[k], self.step(k, self.guess)))
            .collect()
    }

    fn step(&self, k: usize, guess: Guess) -> Step {
        match guess {
            Guess::Rest => [0.0; 3],
            Guess::Velocity => self.last[k],
            Guess::Acceleration => {
                std::array::from_fn(|axis| 2.0 * self.last[k][axis] - self.before[k][axis])
            }
        }
    }

    /// Takes the step to the next frame. `origin` is the index in the last frame of each Gaussian of
    /// the next; `trusted` pairs (last, next) tell of the motion around those that are not.
    pub(crate) fn follow(
        &mut self,
        origin: &[u32],
        trusted: &[(u32, u32)],
        from: &[[f32; 3]],
        to: &[[f32; 3]],
    ) {
        self.guess = self.best_guess(trusted, from, to);
        let spread = spread(trusted, from, to);
        let mut is_trusted = vec![false; to.len()];
        for (_, b) in trusted {
            is_trusted[*b as usize] = true;
        }
        // What is new moves as what is around it.
        let strangers = Surroundings::new(trusted, to, |a, _| {
            (subtract(spread[a], from[a]), self.last[a])
        });
        let steps: Vec<(Step, Step)> = origin
            .par_iter()
            .enumerate()
            .map_init(Vec::new, |found, (b, a)| {
                let a = *a as usize;
                if is_trusted[b] {
                    (subtract(to[b], from[a]), self.last[a])
                } else {
                    strangers.median(to[b], found)
                }
            })
            .collect();
        (self.last, self.before) = steps.into_iter().unzip();
    }

    /// The guess whose median error was the smallest for the pairs that are trusted.
    fn best_guess(&self, trusted: &[(u32, u32)], from: &[[f32; 3]], to: &[[f32; 3]]) -> Guess {
        let error = |guess: Guess| {
            let errors = trusted.iter().map(|(a, b)| {
                let a = *a as usize;
                distance_squared(add(from[a], self.step(a, guess)), to[*b as usize])
            });
            quantile(errors.collect(), 0.5)
        };
        let at_rest = self.last.iter().all(|step| *step == [0.0; 3]);
        if at_rest {
            // Nothing is known of the motion yet; most things that move go on.
            return Guess::Velocity;
        }
        [Guess::Acceleration, Guess::Velocity, Guess::Rest]
            .into_iter()
            .min_by(|a, b| error(*a).total_cmp(&error(*b)))
            .unwrap_or(Guess::Velocity)
    }
}

/// Where each Gaussian of `from` goes: to its partner where the pair is trusted, else along with the
/// trusted ones around it.
pub(crate) fn spread(trusted: &[(u32, u32)], from: &[[f32; 3]], to: &[[f32; 3]]) -> Vec<[f32; 3]> {
    let mut partner = vec![NONE; from.len()];
    for (a, b) in trusted {
        partner[*a as usize] = *b;
    }
    let from_trusted: Vec<(u32, u32)> = trusted.iter().map(|(a, b)| (*b, *a)).collect();
    let surroundings = Surroundings::new(&from_trusted, from, |b, a| {
        (subtract(to[b], from[a]), [0.0; 3])
    });
    from.par_iter()
        .zip(&partner)
        .map_init(Vec::new, |found, (position, partner)| {
            if *partner == NONE {
                add(*position, surroundings.median(*position, found).0)
            } else {
                to[*partner as usize]
            }
        })
        .collect()
}

/// The steps of trusted Gaussians, by where they are.
struct Surroundings {
    tree: KdTree<3>,
    steps: Vec<(Step, Step)>,
}

impl Surroundings {
    /// Of pairs (other frame, this frame), with `positions` in this frame.
    fn new(
        trusted: &[(u32, u32)],
        positions: &[[f32; 3]],
        step: impl Fn(usize, usize) -> (Step, Step),
    ) -> Self {
        let points: Vec<[f32; 3]> = trusted
            .iter()
            .map(|(_, k)| positions[*k as usize])
            .collect();
        Self {
            tree: KdTree::new(&points),
            steps: trusted
                .iter()
                .map(|(other, k)| step(*other as usize, *k as usize))
                .collect(),
        }
    }

    /// The median step on each axis around a place; none where nothing is trusted.
    fn median(
        &self,
        position: [f32; 3],
        found: &mut Vec<super::kd_tree::Neighbour>,
    ) -> (Step, Step) {
        self.tree.nearest(position, NEIGHBOURS, found);
        let median = |part: &dyn Fn(&(Step, Step)) -> f32| {
            let values = found.iter().map(|n| part(&self.steps[n.index as usize]));
            quantile(values.collect(), 0.5)
        };
        (
            std::array::from_fn(|axis| median(&|steps| steps.0[axis])),
            std::array::from_fn(|axis| median(&|steps| steps.1[axis])),
        )
    }
}

fn add(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] + b[axis])
}

fn subtract(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}
