//! Feature maps with zeros around them.

/// Zeros in front of each line: as many as the widest vector has numbers, and more than any kernel looks back.
pub(super) const LEAD: usize = 16;

/// Numbers of a line rounded up to whole vectors of any processor.
pub(super) fn columns(width: usize) -> usize {
    width.next_multiple_of(LEAD)
}

/// Rows, in each row channels, in each channel a line. Threads write rows of their own; kernels may read beyond all
/// edges, where there are zeros.
#[derive(Debug)]
pub(super) struct Map {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows of zeros above, and as many below.
    margin: usize,
    /// The first number that is used: lines begin where vectors do.
    start: usize,
    numbers: Vec<f32>,
}

impl Map {
    pub(super) fn new(channels: usize, [height, width]: [usize; 2], kernel: usize) -> Self {
        let mut map = Self {
            channels,
            height,
            width,
            margin: kernel / 2,
            start: 0,
            numbers: Vec::new(),
        };
        map.numbers = vec![0.0; LEAD + (height + 2 * map.margin) * map.row_len()];
        let bytes = LEAD * size_of::<f32>();
        map.start = map.numbers.as_ptr().align_offset(bytes).min(LEAD);
        map
    }

    /// From one line to the next.
    pub(super) fn pitch(&self) -> usize {
        LEAD + columns(self.width) + LEAD
    }

    pub(super) fn row_len(&self) -> usize {
        self.channels * self.pitch()
    }

    /// A row; those above the first are zeros.
    #[inline]
    pub(super) fn row(&self, y: isize) -> &[f32] {
        self.rows(y, 1)
    }

    /// Neighbouring rows from `y` on.
    #[inline]
    pub(super) fn rows(&self, y: isize, count: usize) -> &[f32] {
        let first = self.margin.saturating_add_signed(y);
        let first = self.start + first * self.row_len();
        &self.numbers[first..first + count * self.row_len()]
    }

    /// All rows but the margins.
    pub(super) fn rows_mut(&mut self) -> &mut [f32] {
        let first = self.start + self.margin * self.row_len();
        let end = first + self.height * self.row_len();
        &mut self.numbers[first..end]
    }

    /// A line without what is around it.
    pub(super) fn line(&self, y: usize, channel: usize) -> &[f32] {
        let from = channel * self.pitch() + LEAD;
        &self.row(y as isize)[from..from + self.width]
    }

    /// Fills it channel by channel, row by row.
    pub(super) fn fill(&mut self, numbers: &[f32]) {
        let (height, width, pitch, row) = (self.height, self.width, self.pitch(), self.row_len());
        let rows = self.rows_mut();
        for (index, line) in numbers.chunks_exact(width).enumerate() {
            let (channel, y) = (index / height, index % height);
            let from = y * row + channel * pitch + LEAD;
            rows[from..from + width].copy_from_slice(line);
        }
    }
}
