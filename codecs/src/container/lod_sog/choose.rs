//! Which part of a model is shown in which level of detail.

use super::tree::{Leaf, LodTree};
use crate::Bounds;

/// The level of each leaf, `None` for one that has none at all, as seen by a camera at `eye` (world
/// space), with at most `budget` Gaussians on the whole and no level finer than `finest`.
///
/// Every leaf starts with the coarsest level that it has. A leaf that is twice as far away looks half
/// as large, so it needs half the detail: finer levels are given out in the rising order of
/// `distance / 2^level`, coarse before fine and near before far, as long as the budget lasts. A leaf
/// of which the next level does not fit stays where it is.
///
/// `None` when not even the coarsest levels fit the budget.
pub fn choose(tree: &LodTree, eye: [f32; 3], budget: u64, finest: u32) -> Option<Vec<Option<u32>>> {
    let mut chosen: Vec<Option<u32>> = Vec::with_capacity(tree.leaves.len());
    let mut steps = Vec::new();
    let mut total: u64 = 0;
    // Inside of its box a leaf is at no distance, and still no finer than the next one can be.
    let nearest = 1e-3 * tree.bounds.radius();
    for (index, leaf) in tree.leaves.iter().enumerate() {
        let Some((coarsest, rows)) = leaf.levels.last_key_value() else {
            chosen.push(None);
            continue;
        };
        chosen.push(Some(*coarsest));
        total = total.saturating_add(rows.count);
        let distance = distance(&leaf.bounds, eye).max(nearest);
        for level in leaf
            .levels
            .range(finest.min(*coarsest)..*coarsest)
            .map(|(level, _)| *level)
        {
            let key = f64::from(distance) * 0.5_f64.powi(level.min(1000) as i32);
            steps.push((key, index, level));
        }
    }
    if total > budget {
        return None;
    }
    // Within a leaf a finer level always has the larger key, so none is skipped.
    steps.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2)));
    let mut stuck = vec![false; tree.leaves.len()];
    for (_, index, level) in steps {
        if stuck[index] {
            continue;
        }
        let leaf = &tree.leaves[index];
        let now = chosen[index].map_or(0, |level| rows(leaf, level));
        let after = (total - now).saturating_add(rows(leaf, level));
        if after <= budget {
            (total, chosen[index]) = (after, Some(level));
        } else {
            stuck[index] = true;
        }
    }
    Some(chosen)
}

fn rows(leaf: &Leaf, level: u32) -> u64 {
    leaf.levels.get(&level).map_or(0, |rows| rows.count)
}

/// Distance from a point to the nearest point of a box; 0 inside of it.
fn distance(bounds: &Bounds, point: [f32; 3]) -> f32 {
    let square: f32 = (0..3)
        .map(|axis| {
            let below = bounds.min[axis] - point[axis];
            let above = point[axis] - bounds.max[axis];
            below.max(above).max(0.0).powi(2)
        })
        .sum();
    square.sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::tree::Rows;
    use super::*;

    /// Boxes of side 1 in a row along x, with levels 0 to 3 of 800, 400, 200 and 100 Gaussians.
    fn tree(leaves: usize) -> LodTree {
        let bounds = |from: f32, to: f32| Bounds {
            min: [from, 0.0, 0.0],
            max: [to, 1.0, 1.0],
        };
        let rows = |level: u32| Rows {
            file: level as usize,
            first: 0,
            count: 800 >> level,
        };
        LodTree {
            bounds: bounds(0.0, leaves as f32),
            leaves: (0..leaves)
                .map(|leaf| Leaf {
                    bounds: bounds(leaf as f32, leaf as f32 + 1.0),
                    levels: (0..4).map(|level| (level, rows(level))).collect(),
                })
                .collect(),
            files: (0..4).map(|file| file.to_string()).collect(),
            environment: None,
        }
    }

    fn total(tree: &LodTree, chosen: &[Option<u32>]) -> u64 {
        let leaves = tree.leaves.iter().zip(chosen);
        leaves
            .map(|(leaf, level)| rows(leaf, level.expect("has levels")))
            .sum()
    }

    #[test]
    fn the_nearest_are_the_finest_within_any_budget() {
        let tree = tree(8);
        let eye = [-1.0, 0.5, 0.5];
        let mut last = 0;
        for budget in (800..7000).step_by(50) {
            let chosen = choose(&tree, eye, budget, 0).expect("fits");
            let count = total(&tree, &chosen);
            assert!(count <= budget && count >= last, "{count} of {budget}");
            last = count;
        }
        assert_eq!(last, 6400, "all that there is");
        let chosen = choose(&tree, eye, 2000, 0).expect("fits");
        assert!(chosen.is_sorted(), "{chosen:?}");
        assert!(chosen[0] < chosen[7], "{chosen:?}");
        let behind = choose(&tree, [9.0, 0.5, 0.5], 2000, 0).expect("fits");
        assert!(behind.iter().rev().eq(&chosen), "the other way round");
    }

    #[test]
    fn the_bounds_of_the_choice_are_kept() {
        let tree = tree(3);
        assert_eq!(choose(&tree, [0.0; 3], 299, 0), None);
        assert_eq!(choose(&tree, [0.0; 3], 300, 0), Some(vec![Some(3); 3]));
        assert_eq!(choose(&tree, [0.0; 3], u64::MAX, 2), Some(vec![Some(2); 3]));
        assert_eq!(
            choose(&tree, [f32::NAN; 3], u64::MAX, 0),
            Some(vec![Some(0); 3])
        );
    }

    #[test]
    fn gaps_among_the_levels_are_bridged() {
        let mut tree = tree(2);
        tree.leaves[0]
            .levels
            .retain(|level, _| [1, 3].contains(level));
        tree.leaves[1].levels.clear();
        assert_eq!(choose(&tree, [0.0; 3], 1000, 0), Some(vec![Some(1), None]));
        // The nearest level that is no finer than asked for.
        assert_eq!(choose(&tree, [0.0; 3], 1000, 2), Some(vec![Some(3), None]));
    }
}
