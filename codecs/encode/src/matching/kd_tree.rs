//! Nearest neighbours among points.

/// Points of a leaf: below this, looking at all of them is faster than splitting.
const LEAF_POINTS: usize = 8;

/// A balanced k-d tree over points of `D` coordinates. The order of the points is the tree: each range is split
/// at its middle, along the axis on which it is longest.
pub(crate) struct KdTree<const D: usize> {
    /// Points in tree order.
    points: Vec<[f32; D]>,
    /// Index of each in the slice that the tree was built from.
    indices: Vec<u32>,
    /// Split axis of each inner node, found under its middle.
    axes: Vec<u8>,
}

/// A neighbour that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbour {
    /// Index of the point in the slice that the tree was built from.
    pub index: u32,
    /// Squared distance.
    pub distance_squared: f32,
}

impl<const D: usize> KdTree<D> {
    /// Builds the tree in n log n. Points must be finite.
    pub(crate) fn new(points: &[[f32; D]]) -> Self {
        let mut indices: Vec<u32> = (0..points.len() as u32).collect();
        let mut axes = vec![0; points.len()];
        split(points, &mut indices, &mut axes);
        Self {
            points: indices.iter().map(|k| points[*k as usize]).collect(),
            indices,
            axes,
        }
    }

    /// The `count` points nearest to `point`, nearest first; fewer where the tree has fewer. Among
    /// equally distant ones any may be chosen, but always the same.
    pub(crate) fn nearest(&self, point: [f32; D], count: usize, found: &mut Vec<Neighbour>) {
        found.clear();
        if count > 0 {
            self.search(0, self.points.len(), point, count, found);
        }
    }

    fn search(
        &self,
        start: usize,
        end: usize,
        point: [f32; D],
        count: usize,
        found: &mut Vec<Neighbour>,
    ) {
        if end - start <= LEAF_POINTS {
            for k in start..end {
                self.offer(k, point, count, found);
            }
            return;
        }
        let middle = start + (end - start) / 2;
        let axis = usize::from(self.axes[middle]);
        let offset = point[axis] - self.points[middle][axis];
        let (near, far) = if offset < 0.0 {
            ((start, middle), (middle + 1, end))
        } else {
            ((middle + 1, end), (start, middle))
        };
        self.search(near.0, near.1, point, count, found);
        self.offer(middle, point, count, found);
        let full = found.len() == count;
        if !full
            || found
                .last()
                .is_none_or(|l| offset * offset < l.distance_squared)
        {
            self.search(far.0, far.1, point, count, found);
        }
    }

    /// Puts point `k` in its place among the nearest so far, if it is one of them.
    fn offer(&self, k: usize, point: [f32; D], count: usize, found: &mut Vec<Neighbour>) {
        let neighbour = Neighbour {
            index: self.indices[k],
            distance_squared: distance_squared(point, self.points[k]),
        };
        if found.len() == count {
            if found
                .last()
                .is_some_and(|last| neighbour.distance_squared >= last.distance_squared)
            {
                return;
            }
            found.pop();
        }
        let place =
            found.partition_point(|other| other.distance_squared <= neighbour.distance_squared);
        found.insert(place, neighbour);
    }
}

/// Squared distance of two points.
pub(crate) fn distance_squared<const D: usize>(a: [f32; D], b: [f32; D]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Brings a range of the tree into order.
fn split<const D: usize>(points: &[[f32; D]], indices: &mut [u32], axes: &mut [u8]) {
    if indices.len() <= LEAF_POINTS {
        return;
    }
    let mut low = [f32::INFINITY; D];
    let mut high = [f32::NEG_INFINITY; D];
    for k in indices.iter() {
        let point = points[*k as usize];
        for axis in 0..D {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let length = |axis: usize| high[axis] - low[axis];
    let axis = (0..D).fold(0, |longest, axis| {
        if length(axis) > length(longest) {
            axis
        } else {
            longest
        }
    });
    let middle = indices.len() / 2;
    indices.select_nth_unstable_by(middle, |a, b| {
        let (a_value, b_value) = (points[*a as usize][axis], points[*b as usize][axis]);
        a_value.total_cmp(&b_value).then(a.cmp(b))
    });
    axes[middle] = axis as u8;
    let (left, right) = indices.split_at_mut(middle);
    let (left_axes, right_axes) = axes.split_at_mut(middle);
    if left.len() > 1 << 14 {
        rayon::join(
            || split(points, left, left_axes),
            || split(points, &mut right[1..], &mut right_axes[1..]),
        );
    } else {
        split(points, left, left_axes);
        split(points, &mut right[1..], &mut right_axes[1..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::random::Random;

    #[test]
    fn finds_what_a_search_of_all_points_finds() {
        let mut random = Random::new(5);
        let points: Vec<[f32; 3]> = (0..2000)
            .map(|k| match k % 3 {
                // Many equal coordinates, as grids of points have.
                0 => [(k % 7) as f32, (k % 11) as f32, 0.0],
                _ => std::array::from_fn(|_| random.unit() * 10.0),
            })
            .collect();
        let tree = KdTree::new(&points);
        let mut found = Vec::new();
        for _ in 0..200 {
            let query = std::array::from_fn(|_| random.unit() * 12.0 - 1.0);
            let mut all: Vec<f32> = points.iter().map(|p| distance_squared(query, *p)).collect();
            all.sort_by(f32::total_cmp);
            for count in [1, 5, 40] {
                tree.nearest(query, count, &mut found);
                let distances: Vec<f32> = found.iter().map(|n| n.distance_squared).collect();
                assert_eq!(distances, all[..count]);
                for n in &found {
                    let point = points[n.index as usize];
                    assert_eq!(n.distance_squared, distance_squared(query, point));
                }
            }
        }
        tree.nearest([0.0; 3], 3000, &mut found);
        assert_eq!(found.len(), 2000, "no more than there are");
        KdTree::<3>::new(&[]).nearest([0.0; 3], 3, &mut found);
        assert!(found.is_empty());
    }
}
