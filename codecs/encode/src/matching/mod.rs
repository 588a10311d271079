//! Which Gaussian of one frame is which of the next.
//!
//! Splat files carry no identity: writers sort the rows anew in every frame. A group of Gaussian
//! video needs each Gaussian to keep its pixel, and to move little from one frame to the next.

mod assignment;
mod kd_tree;
mod motion;
mod shapes;

use rayon::prelude::*;
use zoetrope_codecs::{Cancel, Result, SplatCloud};

pub(crate) use assignment::NONE;
use assignment::{Auction, Candidates, assign};
use kd_tree::KdTree;
pub(crate) use kd_tree::distance_squared;
use motion::Motion;
pub(crate) use shapes::quantile;
use shapes::{Difference, Shapes, Weights, rows_are_kept};

/// Candidates of each Gaussian: where it can have gone without a step that is long beside those of
/// its neighbours.
const CANDIDATES: usize = 16;
/// Candidates of those that got none of the first.
const MORE_CANDIDATES: usize = 64;
/// Rounds with [`MORE_CANDIDATES`]; what is left over then is paired as it comes.
const MORE_ROUNDS: usize = 3;
/// Times that two frames are matched, each with the motion that the last one found.
const PASSES: usize = 5;
/// The part of all Gaussians that may be left without a trusted pair.
const DOUBTFUL_PART: f32 = 0.01;
/// The part without a trusted pair above which the motion counts as unknown, and partners are sought
/// further around. Below it that does more harm than good: far around, strangers look alike.
const LOST_PART: f32 = 0.2;

/// Costs are those of [`Weights`]: a pair that differs as usual costs 5.
const AUCTION: Auction = Auction {
    raise: 0.2,
    give_up: 4000.0,
    bids: 40,
};

/// Gaussians of two frames that belong together: index in the first, index in the second.
type Pairs = Vec<(u32, u32)>;

/// Follows the Gaussians of a sequence from frame to frame.
pub(crate) struct Tracker {
    shapes: Shapes,
    motion: Motion,
    weights: Option<Weights>,
}

impl Tracker {
    /// Starts with the first frame.
    pub(crate) fn new(first: &SplatCloud) -> Self {
        let shapes = Shapes::of(first);
        Self {
            motion: Motion::none(shapes.len()),
            shapes,
            weights: None,
        }
    }

    /// Takes the next frame. For each of its Gaussians the index that it had in the last frame,
    /// [`NONE`] for those that are new: as many as the frame has more Gaussians than the last one.
    ///
    /// # Errors
    /// When `cancel` is set.
    pub(crate) fn advance(&mut self, next: &SplatCloud, cancel: &Cancel) -> Result<Vec<u32>> {
        let to = Shapes::of(next);
        let (origin, trusted) = if rows_are_kept(&self.shapes, &to) {
            let rows = 0..to.len() as u32;
            (rows.clone().collect(), rows.map(|row| (row, row)).collect())
        } else {
            self.find(&to, cancel)?
        };
        self.motion
            .follow(&origin, &trusted, &self.shapes.positions, &to.positions);
        self.shapes = to;
        Ok(origin)
    }

    /// Finds the Gaussians of the next frame in the last one. Returns the index there of each, and
    /// the pairs (last, next) that are trusted to be one Gaussian.
    fn find(&mut self, to: &Shapes, cancel: &Cancel) -> Result<(Vec<u32>, Pairs)> {
        let from = &self.shapes;
        let mut expected = self.motion.expected(&from.positions);
        let mut weights = self
            .weights
            .unwrap_or_else(|| Weights::start(to.spacing_squared));
        let mut pass = 0;
        loop {
            pass += 1;
            let frames = Frames {
                from,
                to,
                expected: &expected,
            };
            let mut origin = frames.assign(&weights, cancel)?;
            let differences: Vec<Difference> = frames.pairs(&origin).map(|(_, d)| d).collect();
            weights = Weights::learn(&differences, to.spacing_squared);
            let most = from.len().min(to.len()) as f32;
            let mut trusted = frames.trusted(&origin, &weights);
            if most - trusted.len() as f32 > LOST_PART * most {
                frames.rescue(&mut origin, &weights, cancel)?;
                trusted = frames.trusted(&origin, &weights);
            }
            let doubtful = most - trusted.len() as f32;
            if pass == PASSES || doubtful <= DOUBTFUL_PART * most {
                frames.complete(&mut origin, &weights, cancel)?;
                self.weights = Some(weights);
                return Ok((origin, trusted));
            }
            expected = motion::spread(&trusted, &from.positions, &to.positions);
        }
    }
}

/// Two frames, and where the Gaussians of the first are expected in the second.
struct Frames<'a> {
    from: &'a Shapes,
    to: &'a Shapes,
    expected: &'a [[f32; 3]],
}

impl Frames<'_> {
    fn difference(&self, a: usize, b: usize) -> Difference {
        Difference::of(self.from, a, self.expected[a], self.to, b)
    }

    /// Each pair as (index in `from`, index in `to`), and how the two differ.
    fn pairs(&self, origin: &[u32]) -> impl Iterator<Item = ((u32, u32), Difference)> {
        origin
            .iter()
            .zip(0..)
            .filter(|(a, _)| **a != NONE)
            .map(|(a, b)| ((*a, b), self.difference(*a as usize, b as usize)))
    }

    /// Pairs Gaussians with their neighbours, the cheapest way. Some may stay without.
    fn assign(&self, weights: &Weights, cancel: &Cancel) -> Result<Vec<u32>> {
        let all_from: Vec<u32> = (0..self.from.len() as u32).collect();
        let all_to: Vec<u32> = (0..self.to.len() as u32).collect();
        let mut origin = vec![NONE; self.to.len()];
        self.assign_among(&all_from, &all_to, CANDIDATES, weights, &mut origin, cancel)?;
        Ok(origin)
    }

    /// The pairs whose traits are those of one Gaussian.
    fn trusted(&self, origin: &[u32], weights: &Weights) -> Pairs {
        self.pairs(origin)
            .filter(|(_, difference)| weights.trusts(difference))
            .map(|(pair, _)| pair)
            .collect()
    }

    /// Parts the pairs that are not trusted and pairs them anew by their traits, further around:
    /// the true partners of Gaussians that were sought in the wrong place are among them too.
    fn rescue(&self, origin: &mut [u32], weights: &Weights, cancel: &Cancel) -> Result<()> {
        let mut kept = vec![NONE; origin.len()];
        for (a, b) in self.trusted(origin, weights) {
            kept[b as usize] = a;
        }
        origin.copy_from_slice(&kept);
        let (from, to) = self.left_over(origin);
        self.assign_among(&from, &to, MORE_CANDIDATES, &weights.far(), origin, cancel)
    }

    /// Pairs what was left over, until one of the frames is used up.
    fn complete(&self, origin: &mut [u32], weights: &Weights, cancel: &Cancel) -> Result<()> {
        for _ in 0..MORE_ROUNDS {
            let (from, to) = self.left_over(origin);
            if from.is_empty() || to.is_empty() {
                return Ok(());
            }
            self.assign_among(&from, &to, MORE_CANDIDATES, weights, origin, cancel)?;
        }
        let (from, to) = self.left_over(origin);
        for (a, b) in from.into_iter().zip(to) {
            origin[b as usize] = a;
        }
        Ok(())
    }

    /// Those of either frame that have no partner.
    fn left_over(&self, origin: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut taken = vec![false; self.from.len()];
        for a in origin.iter().filter(|a| **a != NONE) {
            taken[*a as usize] = true;
        }
        let from = (0..self.from.len() as u32).filter(|a| !taken[*a as usize]);
        let to = (0..self.to.len() as u32).filter(|b| origin[*b as usize] == NONE);
        (from.collect(), to.collect())
    }

    /// Pairs among some of either frame. The smaller side bids, so that every bidder can win.
    fn assign_among(
        &self,
        from: &[u32],
        to: &[u32],
        width: usize,
        weights: &Weights,
        origin: &mut [u32],
        cancel: &Cancel,
    ) -> Result<()> {
        let cost = |a: u32, b: u32| weights.cost(&self.difference(a as usize, b as usize));
        let from_points: Vec<_> = from.iter().map(|a| self.expected[*a as usize]).collect();
        let to_points: Vec<_> = to.iter().map(|b| self.to.positions[*b as usize]).collect();
        if to.len() <= from.len() {
            let cost = |row: usize, column: usize| cost(from[column], to[row]);
            let candidates = nearest_candidates(&to_points, &from_points, width, cost, cancel)?;
            let columns = assign(&candidates, from.len(), AUCTION, cancel)?;
            for (b, column) in to.iter().zip(columns).filter(|(_, column)| *column != NONE) {
                origin[*b as usize] = from[column as usize];
            }
        } else {
            let cost = |row: usize, column: usize| cost(from[row], to[column]);
            let candidates = nearest_candidates(&from_points, &to_points, width, cost, cancel)?;
            let columns = assign(&candidates, to.len(), AUCTION, cancel)?;
            for (a, column) in from
                .iter()
                .zip(columns)
                .filter(|(_, column)| *column != NONE)
            {
                origin[to[column as usize] as usize] = *a;
            }
        }
        Ok(())
    }
}

/// For each point a place near it, no place twice. There must be as many places as points at least.
///
/// # Errors
/// When `cancel` is set.
pub(crate) fn pair_nearest(
    points: &[[f32; 3]],
    places: &[[f32; 3]],
    cancel: &Cancel,
) -> Result<Vec<u32>> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let spacing_squared = shapes::spacing_squared(places);
    let cost = |point: usize, place: usize| {
        distance_squared(points[point], places[place]) / spacing_squared
    };
    let candidates = nearest_candidates(points, places, MORE_CANDIDATES, cost, cancel)?;
    let mut paired = assign(&candidates, places.len(), AUCTION, cancel)?;
    let mut taken = vec![false; places.len()];
    for place in paired.iter().filter(|place| **place != NONE) {
        taken[*place as usize] = true;
    }
    let mut free = (0..places.len() as u32).filter(|place| !taken[*place as usize]);
    for place in paired.iter_mut().filter(|place| **place == NONE) {
        *place = free.next().unwrap_or(NONE);
    }
    Ok(paired)
}

/// For each row the `width` columns that are nearest in space, with what they cost.
fn nearest_candidates(
    rows: &[[f32; 3]],
    columns: &[[f32; 3]],
    width: usize,
    cost: impl Fn(usize, usize) -> f32 + Sync,
    cancel: &Cancel,
) -> Result<Candidates> {
    let width = width.min(columns.len());
    let mut candidates = Candidates {
        width,
        columns: vec![0; rows.len() * width],
        costs: vec![0.0; rows.len() * width],
    };
    if width == 0 {
        return Ok(candidates);
    }
    let tree = KdTree::new(columns);
    candidates
        .columns
        .par_chunks_exact_mut(width)
        .zip(candidates.costs.par_chunks_exact_mut(width))
        .zip(rows)
        .enumerate()
        .try_for_each_init(Vec::new, |found, (row, ((columns, costs), point))| {
            cancel.check()?;
            tree.nearest(*point, width, found);
            for ((column, price), neighbour) in columns.iter_mut().zip(costs).zip(found) {
                *column = neighbour.index;
                *price = cost(row, neighbour.index as usize);
            }
            Ok(())
        })?;
    Ok(candidates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::random::Random;

    /// What the frames of a test are made of: `position(k, t)` of Gaussian k in frame t, whose
    /// scale, colour and opacity are its own where `traits` says so.
    fn frame(
        order: &[usize],
        t: usize,
        traits: bool,
        position: impl Fn(usize, usize) -> [f32; 3],
    ) -> SplatCloud {
        let mut cloud = SplatCloud::with_capacity(order.len(), 0);
        for k in order {
            let own = |own: &mut Random| if traits { own.unit() } else { 0.5 };
            let mut random = Random::new(*k as u64);
            cloud.push(
                position(*k, t),
                [1.0, own(&mut random), 0.0, 0.0],
                [0.01 + 0.02 * own(&mut random); 3],
                0.2 + 0.8 * own(&mut random),
                [own(&mut random), 0.0, 0.0],
                &[],
            );
        }
        cloud
    }

    /// Tracks `frames` frames of `count` Gaussians in a new order each; the part of them that is
    /// found right from the second step on.
    fn part_right(
        count: usize,
        frames: usize,
        traits: bool,
        position: impl Fn(usize, usize) -> [f32; 3],
    ) -> f32 {
        let mut random = Random::new(9);
        let mut order: Vec<usize> = (0..count).collect();
        let mut tracker = Tracker::new(&frame(&order, 0, traits, &position));
        let (mut right, mut all) = (0, 0);
        for t in 1..frames {
            let before = order.clone();
            random.shuffle(&mut order);
            let origin = tracker
                .advance(&frame(&order, t, traits, &position), &Cancel::new())
                .expect("matches");
            let mut sorted = origin.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().copied().eq(0..count as u32), "one to one");
            if t > 1 {
                right += (0..count)
                    .filter(|b| before[origin[*b] as usize] == order[*b])
                    .count();
                all += count;
            }
        }
        right as f32 / all as f32
    }

    /// A point of a cube with sides of 1, the same for the same `k`.
    fn home(k: usize) -> [f32; 3] {
        let mut random = Random::new(1000 + k as u64);
        std::array::from_fn(|_| random.unit())
    }

    #[test]
    fn small_steps_are_followed_by_position_alone() {
        let part = part_right(3000, 4, false, |k, t| {
            let [x, y, z] = home(k);
            [
                x + 0.01 * t as f32,
                y,
                z + 0.003 * (t as f32 + 5.0 * x).sin(),
            ]
        });
        assert!(part > 0.995, "{part}");
    }

    #[test]
    fn fast_motion_is_followed_by_velocity_and_traits() {
        // Neighbours are 0.04 apart; in the last frames steps are ten times as long.
        let part = part_right(3000, 12, true, |k, t| {
            home(k).map(|x| (x - 0.5) * (1.0 + 0.006 * (t * t) as f32))
        });
        assert!(part > 0.99, "{part}");
    }

    #[test]
    fn unknown_motion_is_found_by_traits() {
        let part = part_right(2000, 4, true, |k, t| home(k).map(|x| x + 0.2 * t as f32));
        assert!(part > 0.98, "{part}");
    }

    #[test]
    fn rows_that_are_kept_are_taken_however_far_they_go() {
        let far = |k: usize, t: usize| if t == 0 { home(k) } else { home(k * 31 % 997) };
        let order: Vec<usize> = (0..900).collect();
        let advance = |traits: bool, order: &[usize]| {
            let mut tracker = Tracker::new(&frame(&(0..900).collect::<Vec<_>>(), 0, traits, far));
            let next = frame(order, 1, traits, far);
            tracker.advance(&next, &Cancel::new()).expect("matches")
        };
        assert!(advance(true, &order).iter().copied().eq(0..900));
        let mut shuffled = order.clone();
        Random::new(2).shuffle(&mut shuffled);
        assert!(
            !advance(true, &shuffled).iter().copied().eq(0..900),
            "rows changed"
        );
        assert!(
            !advance(false, &order).iter().copied().eq(0..900),
            "nothing tells rows apart"
        );
    }

    #[test]
    fn what_comes_and_goes_has_no_partner() {
        let still = |k: usize, _: usize| home(k);
        let order: Vec<usize> = (0..500).collect();
        let mut tracker = Tracker::new(&frame(&order[..400], 0, true, still));
        let cancel = Cancel::new();
        let more = tracker
            .advance(&frame(&order, 1, true, still), &cancel)
            .expect("matches");
        let expected: Vec<u32> = (0..500).map(|k| if k < 400 { k } else { NONE }).collect();
        assert_eq!(more, expected);
        let fewer = tracker
            .advance(&frame(&order[100..350], 2, true, still), &cancel)
            .expect("matches");
        assert!(fewer.iter().copied().eq(100..350));
        let none = tracker
            .advance(&frame(&[], 3, true, still), &cancel)
            .expect("matches");
        assert!(none.is_empty());
        let again = tracker
            .advance(&frame(&order[..3], 4, true, still), &cancel)
            .expect("matches");
        assert_eq!(again, [NONE; 3]);
    }

    #[test]
    fn all_in_one_place_is_still_one_to_one() {
        let part = part_right(300, 3, true, |_, _| [1.0, 2.0, 3.0]);
        assert!((0.0..=1.0).contains(&part));
    }

    #[test]
    fn points_are_paired_with_the_nearest_free_place() {
        let points: Vec<[f32; 3]> = (0..50).map(|k| [k as f32, 0.1, 0.0]).collect();
        let places: Vec<[f32; 3]> = (0..80).rev().map(|k| [k as f32, 0.0, 0.0]).collect();
        let paired = pair_nearest(&points, &places, &Cancel::new()).expect("pairs");
        assert!(paired.iter().copied().eq((30..80).rev()));
        let crowded = pair_nearest(&vec![[0.0; 3]; 80], &places, &Cancel::new()).expect("pairs");
        let mut sorted = crowded.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..80), "{crowded:?}");
    }
}
