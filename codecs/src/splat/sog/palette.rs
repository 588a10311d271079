//! A palette for the SH coefficients: k-means in up to 45 dimensions.
//!
//! The first palette comes out of splitting clusters across their principal axis, the worst half of
//! them at a time, which takes as many passes over the data as the tree is deep. Lloyd's method then
//! moves the entries, finding the nearest one with the same tree ("best bin first", Beis and Lowe
//! 1997), which is near enough to the nearest and takes a thousandth of the time at 64 Ki entries.
//! Tasks are cut by size alone, so the result does not depend on the number of threads.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::{Cancel, Result};

/// Most entries that labels of 16 bits can name.
pub(super) const MAX_ENTRIES: usize = 1 << 16;
/// Rounds of the power method that finds a principal axis.
const POWER_ROUNDS: usize = 4;
/// Rounds of Lloyd's method.
const LLOYD_ROUNDS: usize = 3;
/// Leaves of the tree that are looked at for the nearest entry.
const LEAVES: usize = 12;
/// Rows that one task looks up.
const TASK_ROWS: usize = 4096;

/// A palette, and the entry of each row.
pub(super) struct Palette {
    /// Entries, one after the other.
    pub(super) entries: Vec<f32>,
    /// Entry of each row.
    pub(super) labels: Vec<u16>,
}

impl Palette {
    /// A palette of at most `most` (up to [`MAX_ENTRIES`]) entries for `rows` of `width` finite
    /// numbers each. Where there are no more different rows than that, each is an entry.
    pub(super) fn new(rows: &[f32], width: usize, most: usize, cancel: &Cancel) -> Result<Self> {
        let rows = Rows { rows, width };
        let mut tree = Tree::new(&rows, most.clamp(1, MAX_ENTRIES), cancel)?;
        let mut labels = tree.labels(&rows);
        if !tree.is_exact {
            for _ in 0..LLOYD_ROUNDS {
                labels = tree.nearest(&rows, &labels, cancel)?;
                tree.move_entries(&rows, &labels);
            }
            labels = tree.nearest(&rows, &labels, cancel)?;
        }
        Ok(Self {
            entries: tree.entries,
            labels,
        })
    }
}

/// Rows of numbers.
struct Rows<'a> {
    rows: &'a [f32],
    width: usize,
}

impl Rows<'_> {
    fn count(&self) -> usize {
        self.rows.len() / self.width
    }

    fn get(&self, row: u32) -> &[f32] {
        &self.rows[row as usize * self.width..][..self.width]
    }

    fn mean(&self, members: &[u32]) -> Vec<f32> {
        let mut sum = vec![0.0_f64; self.width];
        for member in members {
            for (sum, value) in sum.iter_mut().zip(self.get(*member)) {
                *sum += f64::from(*value);
            }
        }
        let count = members.len().max(1) as f64;
        sum.into_iter().map(|sum| (sum / count) as f32).collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Sixteen sums side by side, for the compiler to use wide registers.
    let mut sums = [0.0_f32; 16];
    let (a_whole, a_rest) = a.as_chunks::<16>();
    let (b_whole, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (a_whole, a_rest) = a.as_chunks::<16>();
    let (b_whole, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    let squares = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    sums.iter().sum::<f32>() + squares.sum::<f32>()
}

/// Rows that share an entry.
struct Cluster {
    /// Its place among the nodes of the tree.
    node: usize,
    members: Vec<u32>,
    mean: Vec<f32>,
    /// Sum of squared distances from the mean; 0 where it cannot be split.
    error: f64,
}

impl Cluster {
    fn new(rows: &Rows, node: usize, members: Vec<u32>) -> Self {
        let mean = rows.mean(&members);
        let error = members
            .iter()
            .map(|member| f64::from(square_distance(rows.get(*member), &mean)))
            .sum();
        Self {
            node,
            members,
            mean,
            error,
        }
    }

    /// Splits it across its principal axis through its mean: the plane, and the members on either
    /// side. `None` where all members are the same but for rounding.
    fn split(&self, rows: &Rows) -> Option<(Plane, [Vec<u32>; 2])> {
        let axis = self.principal_axis(rows)?;
        let offset = dot(&axis, &self.mean);
        let (left, right): (Vec<u32>, Vec<u32>) = self
            .members
            .iter()
            .partition(|member| dot(&axis, rows.get(**member)) < offset);
        let apart = !left.is_empty() && !right.is_empty();
        apart.then_some((Plane { axis, offset }, [left, right]))
    }

    /// The unit vector along which its members differ most, by the power method. It starts with the
    /// member farthest from the mean, so it can never be without any share of the axis.
    fn principal_axis(&self, rows: &Rows) -> Option<Vec<f32>> {
        let far = self.members.iter().max_by(|a, b| {
            let distance = |row: u32| square_distance(rows.get(row), &self.mean);
            distance(**a).total_cmp(&distance(**b))
        })?;
        let difference = |row: u32| -> Vec<f32> {
            let values = rows.get(row).iter().zip(&self.mean);
            values.map(|(value, mean)| value - mean).collect()
        };
        let mut axis = unit(difference(*far))?;
        if self.members.len() > 2 {
            let mut next = vec![0.0; rows.width];
            for _ in 0..POWER_ROUNDS {
                next.fill(0.0);
                let offset = dot(&axis, &self.mean);
                for member in &self.members {
                    let row = rows.get(*member);
                    let share = dot(&axis, row) - offset;
                    for ((next, value), mean) in next.iter_mut().zip(row).zip(&self.mean) {
                        *next += share * (value - mean);
                    }
                }
                match unit(next.clone()) {
                    Some(better) => axis = better,
                    None => break,
                }
            }
        }
        Some(axis)
    }
}

fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let largest = vector
        .iter()
        .fold(0.0_f32, |most, part| most.max(part.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return None;
    }
    // Scaled first: squares of tiny or huge numbers are not to be had.
    vector.iter_mut().for_each(|part| *part /= largest);
    let norm = dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|part| *part /= norm);
    Some(vector)
}

/// Where a cluster was split: `axis . x < offset` goes left.
struct Plane {
    axis: Vec<f32>,
    offset: f32,
}

enum Node {
    /// A plane and the nodes on its two sides.
    Inner(Plane, [usize; 2]),
    /// An entry.
    Leaf(usize),
}

/// A tree of planes with an entry in each leaf.
struct Tree {
    nodes: Vec<Node>,
    width: usize,
    /// Entries, one after the other.
    entries: Vec<f32>,
    /// Rows of each entry as the tree was built.
    members: Vec<Vec<u32>>,
    /// Whether every row is its entry, but for rounding.
    is_exact: bool,
}

impl Tree {
    fn new(rows: &Rows, most: usize, cancel: &Cancel) -> Result<Self> {
        let all = (0..rows.count() as u32).collect();
        let mut clusters = vec![Cluster::new(rows, 0, all)];
        let mut nodes = vec![Node::Leaf(0)];
        while clusters.len() < most {
            cancel.check()?;
            // The worst half first; equal ones in the order that they came in.
            clusters.sort_by(|a, b| b.error.total_cmp(&a.error));
            let splittable = clusters.partition_point(|cluster| cluster.error > 0.0);
            if splittable == 0 {
                break;
            }
            let count = splittable
                .min(clusters.len().div_ceil(2))
                .min(most - clusters.len());
            let splits: Vec<Option<(Plane, [Cluster; 2])>> = clusters[..count]
                .par_iter()
                .map(|cluster| {
                    let (plane, sides) = cluster.split(rows)?;
                    Some((plane, sides.map(|side| Cluster::new(rows, 0, side))))
                })
                .collect();
            for (at, split) in splits.into_iter().enumerate() {
                let Some((plane, [mut left, mut right])) = split else {
                    clusters[at].error = 0.0;
                    continue;
                };
                (left.node, right.node) = (nodes.len(), nodes.len() + 1);
                nodes[clusters[at].node] = Node::Inner(plane, [left.node, right.node]);
                nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
                clusters[at] = left;
                clusters.push(right);
            }
        }
        let is_exact = clusters.iter().all(|cluster| cluster.error == 0.0);
        let mut entries = Vec::with_capacity(clusters.len() * rows.width);
        let mut members = Vec::with_capacity(clusters.len());
        for (entry, cluster) in clusters.into_iter().enumerate() {
            nodes[cluster.node] = Node::Leaf(entry);
            entries.extend_from_slice(&cluster.mean);
            members.push(cluster.members);
        }
        Ok(Self {
            nodes,
            width: rows.width,
            entries,
            members,
            is_exact,
        })
    }

    /// The entry of each row as the tree was built.
    fn labels(&self, rows: &Rows) -> Vec<u16> {
        let mut labels = vec![0; rows.count()];
        for (entry, members) in self.members.iter().enumerate() {
            for member in members {
                labels[*member as usize] = entry as u16;
            }
        }
        labels
    }

    fn entry(&self, entry: usize) -> &[f32] {
        &self.entries[entry * self.width..][..self.width]
    }

    /// The nearest entry of each row, or nearly; never one that is farther than that of `labels`.
    fn nearest(&self, rows: &Rows, labels: &[u16], cancel: &Cancel) -> Result<Vec<u16>> {
        let mut nearest = labels.to_vec();
        nearest
            .par_chunks_mut(TASK_ROWS)
            .enumerate()
            .try_for_each(|(task, labels)| {
                cancel.check()?;
                let mut queue = BinaryHeap::new();
                for (index, label) in labels.iter_mut().enumerate() {
                    let row = rows.get((task * TASK_ROWS + index) as u32);
                    *label = self.find(row, *label, &mut queue);
                }
                Ok(())
            })
            .map(|()| nearest)
    }

    /// Looks into the leaves on whose side `row` lies or from whose plane it is least far.
    fn find(&self, row: &[f32], label: u16, queue: &mut BinaryHeap<Reverse<Waiting>>) -> u16 {
        let mut best = label;
        let mut best_distance = square_distance(row, self.entry(usize::from(label)));
        queue.clear();
        queue.push(Reverse(Waiting {
            distance: 0.0,
            node: 0,
        }));
        for _ in 0..LEAVES {
            let Some(Reverse(Waiting { distance, mut node })) = queue.pop() else {
                break;
            };
            if distance >= best_distance {
                break;
            }
            let entry = loop {
                match &self.nodes[node] {
                    Node::Leaf(entry) => break *entry,
                    Node::Inner(plane, [left, right]) => {
                        let side = dot(&plane.axis, row) - plane.offset;
                        let (near, far) = if side < 0.0 {
                            (*left, *right)
                        } else {
                            (*right, *left)
                        };
                        let distance = distance.max(side * side);
                        if distance < best_distance {
                            queue.push(Reverse(Waiting {
                                distance,
                                node: far,
                            }));
                        }
                        node = near;
                    }
                }
            };
            let distance = square_distance(row, self.entry(entry));
            // The lower label among equals, for one and the same result on every path.
            let nearer = (distance, entry) < (best_distance, usize::from(best));
            if nearer {
                (best, best_distance) = (entry as u16, distance);
            }
        }
        best
    }

    /// Moves each entry to the mean of its rows; one without rows stays.
    fn move_entries(&mut self, rows: &Rows, labels: &[u16]) {
        for members in &mut self.members {
            members.clear();
        }
        for (row, label) in labels.iter().enumerate() {
            self.members[usize::from(*label)].push(row as u32);
        }
        self.entries
            .par_chunks_mut(self.width)
            .zip(&self.members)
            .filter(|(_, members)| !members.is_empty())
            .for_each(|(entry, members)| entry.copy_from_slice(&rows.mean(members)));
    }
}

/// A node that is still to be looked into, by its distance.
#[derive(PartialEq)]
struct Waiting {
    /// Square of the distance from the plane that parts it.
    distance: f32,
    node: usize,
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let order = self.distance.total_cmp(&other.distance);
        order.then(self.node.cmp(&other.node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn rows(count: usize, width: usize) -> Vec<f32> {
        let mut random = Random::new(5);
        // A few directions only, as in real models.
        let directions: Vec<f32> = (0..3 * width).map(|_| random.normal()).collect();
        (0..count)
            .flat_map(|_| {
                let shares = [random.normal(), random.normal(), 0.2 * random.normal()];
                let row: Vec<f32> = (0..width)
                    .map(|at| {
                        let parts = (0..3).map(|k| shares[k] * directions[k * width + at]);
                        parts.sum::<f32>() + 0.01 * random.normal()
                    })
                    .collect();
                row
            })
            .collect()
    }

    fn mean_square_error(rows: &[f32], width: usize, palette: &Palette) -> f64 {
        let error = |(row, label): (&[f32], &u16)| {
            let entry = &palette.entries[usize::from(*label) * width..][..width];
            f64::from(square_distance(row, entry))
        };
        let errors = rows.chunks_exact(width).zip(&palette.labels).map(error);
        errors.sum::<f64>() / rows.len() as f64
    }

    #[test]
    fn rows_that_fit_are_kept_exactly() {
        let all = rows(300, 9);
        let twice = [&all[..], &all[..]].concat();
        let palette = Palette::new(&twice, 9, 300, &Cancel::new()).expect("works");
        assert_eq!(palette.entries.len(), 300 * 9);
        for (row, label) in twice.chunks_exact(9).zip(&palette.labels) {
            assert_eq!(row, &palette.entries[usize::from(*label) * 9..][..9]);
        }
    }

    #[test]
    fn more_entries_come_nearer() {
        let all = rows(4000, 24);
        let mut last = f64::INFINITY;
        for most in [1, 16, 128, 1024] {
            let palette = Palette::new(&all, 24, most, &Cancel::new()).expect("works");
            assert_eq!(palette.entries.len(), most * 24);
            let error = mean_square_error(&all, 24, &palette);
            assert!(error < 0.55 * last, "{most}: {error} after {last}");
            last = error;
        }
    }

    #[test]
    fn it_is_the_same_on_any_number_of_threads() {
        let all = rows(6000, 9);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("starts");
            let palette = pool.install(|| Palette::new(&all, 9, 500, &Cancel::new()));
            let palette = palette.expect("works");
            (palette.entries, palette.labels)
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn nothing_and_equal_rows_work() {
        let palette = Palette::new(&[], 9, 64, &Cancel::new()).expect("works");
        assert_eq!((palette.entries, palette.labels), (vec![0.0; 9], vec![]));
        let palette = Palette::new(&[0.1; 90], 9, 64, &Cancel::new()).expect("works");
        assert_eq!(palette.entries, [0.1; 9]);
    }
}
