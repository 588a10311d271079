//! Where finished numbers go: the next map, or the picture.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::map::Layout;
use super::{MOST_LANES, activation};
use crate::neural::Output;

/// Rows of the next map.
pub(super) struct Target<'a> {
    rows: &'a mut [f32],
    layout: &'a Layout,
    shuffle: [usize; 2],
}

impl<'a> Target<'a> {
    pub(super) fn new(rows: &'a mut [f32], layout: &'a Layout, shuffle: [usize; 2]) -> Self {
        Self {
            rows,
            layout,
            shuffle,
        }
    }

    /// Where `length` neighbours from `column` on go in the lines of the next map, for each of the source's phases and
    /// each column that the shuffle makes of one: `[phase][dx]`.
    pub(super) fn runs(
        &self,
        phases: Range<usize>,
        all: usize,
        column: usize,
        length: usize,
    ) -> Vec<Run> {
        let (wide, layout) = (self.shuffle[1], self.layout);
        let step = wide * all;
        let run = |phase: usize, dx: usize| {
            let x = wide * (all * column + phase) + dx;
            // What is to the right of the picture was worked out in vain.
            let count = layout.width.saturating_sub(x).div_ceil(step).min(length);
            let apart = if step.is_multiple_of(layout.phases) {
                step / layout.phases
            } else {
                0
            };
            Run {
                x,
                step,
                at: layout.place(x as isize),
                count,
                apart,
            }
        };
        phases
            .flat_map(|phase| (0..wide).map(move |dx| run(phase, dx)))
            .collect()
    }

    /// Where a channel of the convolution goes.
    pub(super) fn channel(&self, channel: usize) -> Place {
        let [tall, wide] = self.shuffle;
        let inside = channel % (tall * wide);
        let line = channel / (tall * wide) * self.layout.line();
        Place {
            first: inside / wide * self.layout.row() + line,
            dx: inside % wide,
        }
    }

    /// Puts neighbours where the shuffle wants them. `runs` are those of their phase; `row` counts rows of the
    /// convolution from the first of these.
    #[inline(always)]
    pub(super) fn put(&mut self, line: &[f32], runs: &[Run], place: Place, row: usize) {
        let layout = self.layout;
        let first = row * self.shuffle[0] * layout.row() + place.first;
        // What is below the picture was worked out in vain.
        let Some(to) = self.rows.get_mut(first..first + layout.line()) else {
            return;
        };
        let run = runs[place.dx];
        if run.count == 0 {
            return;
        }
        let line = &line[..run.count];
        match run.apart {
            0 => {
                for (k, number) in line.iter().enumerate() {
                    to[layout.place((run.x + k * run.step) as isize)] = *number;
                }
            }
            1 => {
                let to = &mut to[run.at..run.at + run.count];
                // Most lines are whole vectors, which cost more to call for than to copy.
                let (from, rest) = line.as_chunks::<MOST_LANES>();
                let (to, rest_to) = to.as_chunks_mut::<MOST_LANES>();
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
                rest_to.copy_from_slice(rest);
            }
            apart => {
                let to = to[run.at..].iter_mut().step_by(apart);
                for (to, number) in to.zip(line) {
                    *to = *number;
                }
            }
        }
    }
}

/// Where neighbours of one phase go in a line of the next map.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// Column of the first, and how many columns lie between two.
    x: usize,
    step: usize,
    /// Where the first one goes.
    at: usize,
    /// How many are inside of the picture.
    count: usize,
    /// How far two lie apart; 0 where that differs.
    apart: usize,
}

/// Where a channel of the convolution goes.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its line in the first of the rows that a row becomes.
    first: usize,
    /// Which of the columns that a column becomes.
    dx: usize,
}

/// Channels of a picture.
pub(super) const COLOURS: usize = 3;

/// A pixel of a picture.
pub(super) trait Pixel: Copy + Send + Sync {
    /// Out of red, green and blue, 0 to 1.
    fn of(rgb: [f32; 3]) -> Self;
}

impl Pixel for [f32; 3] {
    #[inline(always)]
    fn of(rgb: [f32; 3]) -> Self {
        rgb
    }
}

impl Pixel for [u8; 4] {
    #[inline(always)]
    fn of(rgb: [f32; 3]) -> Self {
        let [red, green, blue] = rgb.map(|part| (part * 255.0 + 0.5) as u8);
        [red, green, blue, 255]
    }
}

/// Makes pixels of rows of three channels for each picture; in each row the pictures stand one behind the other.
pub(super) fn paint<P: Pixel>(
    arch: Arch,
    output: Output,
    lines: &mut [f32],
    layout: &Layout,
    pixels: &mut [P],
) {
    arch.dispatch(Paint {
        output,
        lines,
        layout,
        pixels,
    });
}

struct Paint<'a, P> {
    output: Output,
    lines: &'a mut [f32],
    layout: &'a Layout,
    pixels: &'a mut [P],
}

impl<P: Pixel> WithSimd for Paint<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let layout = self.layout;
        let frames = layout.channels / COLOURS;
        let rows = self.lines.chunks_exact_mut(layout.row());
        for (lines, pixels) in rows.zip(self.pixels.chunks_exact_mut(layout.width * frames)) {
            let (vectors, rest) = S::as_mut_simd_f32s(lines);
            activation::output(simd, self.output, vectors);
            // Where a line is no multiple of a vector, its end is worked out as a vector of its own.
            let mut last = vec![0.0; S::F32_LANES];
            last[..rest.len()].copy_from_slice(rest);
            activation::output(simd, self.output, S::as_mut_simd_f32s(&mut last).0);
            rest.copy_from_slice(&last[..rest.len()]);
            let pictures = lines.chunks_exact(COLOURS * layout.line());
            for (lines, pixels) in pictures.zip(pixels.chunks_exact_mut(layout.width)) {
                paint_row(layout, lines, pixels);
            }
        }
    }
}

/// A row of one picture.
#[inline(always)]
fn paint_row<P: Pixel>(layout: &Layout, lines: &[f32], pixels: &mut [P]) {
    for phase in 0..layout.phases {
        let from = layout.place(phase as isize);
        let parts: [&[f32]; COLOURS] = std::array::from_fn(|k| &lines[k * layout.line() + from..]);
        let own = pixels.iter_mut().skip(phase).step_by(layout.phases);
        let colours = parts[0].iter().zip(parts[1]).zip(parts[2]);
        for (pixel, ((red, green), blue)) in own.zip(colours) {
            *pixel = P::of([*red, *green, *blue]);
        }
    }
}
