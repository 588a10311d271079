//! What a file of weights leaves open, as a question that a person can answer.

/// What must be known to play a network, where its file does not say it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImportQuestion {
    /// How much larger its layers make the picture, for [`ImportOptions::strides`](super::ImportOptions::strides).
    Strides {
        /// Ways that fit its channels, the likeliest first.
        choices: Vec<StrideChoice>,
    },
    /// How the time of a frame becomes what the network takes, for
    /// [`ImportOptions::embedding`](super::ImportOptions::embedding).
    Embedding {
        /// How many numbers it takes: twice the levels.
        inputs: usize,
    },
    /// How many frames it has, for [`ImportOptions::frames`](super::ImportOptions::frames).
    Frames,
}

/// A way in which the layers of a network may make its picture larger.
#[derive(Clone, Debug, PartialEq)]
pub struct StrideChoice {
    /// Of the first layer, the stem, and of all behind it but the last; height and width.
    pub strides: Vec<[usize; 2]>,
    /// Width and height of the picture that comes of it, in pixels.
    pub size: [usize; 2],
}

/// The shape that most videos have, width over height.
const USUAL_ASPECT: f64 = 16.0 / 9.0;
/// So many ways are told.
const MOST_CHOICES: usize = 5;
/// So many are looked at.
const MOST_TRIED: usize = 4096;

/// The likeliest ways to make a picture of `base` (height, width) larger, so many `times` by each layer.
pub(super) fn choices(base: [usize; 2], times: &[usize], first_is_free: bool) -> Vec<StrideChoice> {
    let mut ways: Vec<Vec<[usize; 2]>> = vec![Vec::new()];
    for (index, &times) in times.iter().enumerate() {
        let root = times.isqrt();
        let is_free = root * root != times || first_is_free && index == 0;
        let mut own: Vec<[usize; 2]> = match is_free {
            true => (1..=root)
                .filter(|side| times.is_multiple_of(*side))
                .flat_map(|side| [[side, times / side], [times / side, side]])
                .collect(),
            false => vec![[root; 2]],
        };
        // Of too many the most even remain.
        own.sort_by_key(|[height, width]| height.abs_diff(*width));
        own.truncate((MOST_TRIED / ways.len()).max(1));
        let longer = ways.iter().flat_map(|way| {
            own.iter().map(|stride| {
                let mut way = way.clone();
                way.push(*stride);
                way
            })
        });
        ways = longer.collect();
    }
    let sized = ways.into_iter().filter_map(|strides| {
        let side = |axis: usize| {
            let mut factors = strides.iter().map(|stride| stride[axis]);
            factors.try_fold(base[axis], usize::checked_mul)
        };
        let size = [side(1)?, side(0)?];
        Some(StrideChoice { strides, size })
    });
    let mut choices: Vec<StrideChoice> = sized.collect();
    let unlikely = |choice: &StrideChoice| {
        let aspect = choice.size[0] as f64 / choice.size[1] as f64;
        (aspect / USUAL_ASPECT).ln().abs()
    };
    choices.sort_by(|a, b| unlikely(a).total_cmp(&unlikely(b)));
    choices.dedup_by(|a, b| a.size == b.size);
    choices.truncate(MOST_CHOICES);
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_shape_is_first() {
        // NeRV's own: 9 x 16 pixels out of one, then 5, 2, 2, 2, 2 times.
        let times = [144, 25, 4, 4, 4, 4];
        let choices = choices([1, 1], &times, true);
        assert_eq!(choices.len(), MOST_CHOICES);
        assert_eq!(choices[0].size, [1280, 720]);
        assert_eq!(
            choices[0].strides,
            [[9, 16], [5, 5], [2, 2], [2, 2], [2, 2], [2, 2]]
        );
        for choice in &choices {
            assert_eq!(choice.size[0] * choice.size[1], 1280 * 720);
        }
    }

    #[test]
    fn what_is_square_is_taken_as_square() {
        let choices = choices([2, 4], &[1, 6, 4], false);
        let sizes: Vec<[usize; 2]> = choices.iter().map(|choice| choice.size).collect();
        assert_eq!(sizes, [[16, 12], [24, 8], [8, 24], [48, 4]]);
    }

    #[test]
    fn many_ways_do_not_take_long() {
        let choices = choices([1, 1], &[720_720; 8], true);
        assert!(choices.len() <= MOST_CHOICES);
    }
}
