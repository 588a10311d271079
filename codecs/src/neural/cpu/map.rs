//! How feature maps lie in memory.

use super::MOST_LANES;

/// Columns that a vector may reach beyond the last one and half a kernel: those of a transform's input, see `winograd`.
const OVERRUN: usize = MOST_LANES + 4;

/// A feature map: its rows one after the other; in a row the channels; in a channel the phases; in a phase
/// its columns. Column `x` of the picture is column `x / phases` of phase `x % phases`.
///
/// With as many phases as a tile of Winograd's filtering is wide, neighbours in a phase are the same pixel of
/// neighbouring tiles, which is what its vectors hold. A map that a pixel shuffle by `s` makes out of `p` phases has
/// `s * p` phases by nature, and nothing has to change places.
///
/// Around the columns are zeros, as a convolution wants them, which nothing ever writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) phases: usize,
    /// Zeros in front of the columns of a phase.
    pub(super) lead: usize,
    /// Numbers of a phase.
    pub(super) pitch: usize,
}

impl Layout {
    /// For a map that a convolution with this kernel reads.
    pub(super) fn new(
        channels: usize,
        [height, width]: [usize; 2],
        phases: usize,
        kernel: usize,
    ) -> Self {
        let lead = (kernel / 2).div_ceil(phases);
        let columns = width.div_ceil(phases).next_multiple_of(MOST_LANES);
        Self {
            channels,
            height,
            width,
            phases,
            lead,
            pitch: (2 * lead + columns + OVERRUN).next_multiple_of(8),
        }
    }

    /// Columns of a phase.
    pub(super) fn columns(&self) -> usize {
        self.width.div_ceil(self.phases)
    }

    /// Numbers of a channel of a row.
    pub(super) fn line(&self) -> usize {
        self.phases * self.pitch
    }

    /// Numbers of a row.
    pub(super) fn row(&self) -> usize {
        self.channels * self.line()
    }

    /// Where column `x` of a channel lies in its line; `x` may be left of the picture by half a kernel.
    pub(super) fn place(&self, x: isize) -> usize {
        let phases = self.phases as isize;
        let column = self.lead as isize + x.div_euclid(phases);
        x.rem_euclid(phases) as usize * self.pitch + column as usize
    }

    /// Puts numbers that lie channel by channel, row by row, into a map.
    pub(super) fn fill(&self, numbers: &[f32], map: &mut [f32]) {
        for (index, line) in numbers.chunks_exact(self.width).enumerate() {
            let (channel, y) = (index / self.height, index % self.height);
            let to = &mut map[y * self.row() + channel * self.line()..][..self.line()];
            for (x, number) in line.iter().enumerate() {
                to[self.place(x as isize)] = *number;
            }
        }
    }
}

/// Some rows of a map.
pub(super) struct Rows<'a> {
    pub(super) layout: &'a Layout,
    first: usize,
    numbers: &'a [f32],
}

impl<'a> Rows<'a> {
    pub(super) fn whole(layout: &'a Layout, numbers: &'a [f32]) -> Self {
        Self::some(layout, 0, numbers)
    }

    /// Rows from `first` on.
    pub(super) fn some(layout: &'a Layout, first: usize, numbers: &'a [f32]) -> Self {
        Self {
            layout,
            first,
            numbers,
        }
    }

    /// A row; `None` above and below the picture.
    pub(super) fn get(&self, y: isize) -> Option<&'a [f32]> {
        let y = usize::try_from(y)
            .ok()
            .filter(|y| *y < self.layout.height)?;
        let first = y.checked_sub(self.first)? * self.layout.row();
        self.numbers.get(first..first + self.layout.row())
    }
}
