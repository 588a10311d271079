//! Where finished numbers go: the next map, or the picture.

use pulp::{Arch, Simd, WithSimd};

use super::activation;
use super::map::Layout;
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

    /// Puts neighbours of one phase of a channel of the convolution where the shuffle wants them. `row` counts rows of
    /// the convolution from the first of these, `column` the columns of the phase.
    #[inline(always)]
    pub(super) fn put(
        &mut self,
        line: &[f32],
        row: usize,
        channel: usize,
        phase: usize,
        column: usize,
        phases: usize,
    ) {
        let [tall, wide] = self.shuffle;
        let layout = self.layout;
        let inside = channel % (tall * wide);
        let row = row * tall + inside / wide;
        let x = wide * (phases * column + phase) + inside % wide;
        let step = wide * phases;
        let first = row * layout.row() + channel / (tall * wide) * layout.line();
        // What is to the right of the picture, or below it, was worked out in vain.
        let Some(to) = self.rows.get_mut(first..first + layout.line()) else {
            return;
        };
        if x >= layout.width {
            return;
        }
        let count = (layout.width - x).div_ceil(step).min(line.len());
        let line = &line[..count];
        if !step.is_multiple_of(layout.phases) {
            for (k, number) in line.iter().enumerate() {
                to[layout.place((x + k * step) as isize)] = *number;
            }
            return;
        }
        let to = &mut to[layout.place(x as isize)..];
        match step / layout.phases {
            1 => to[..count].copy_from_slice(line),
            apart => {
                for (to, number) in to.iter_mut().step_by(apart).zip(line) {
                    *to = *number;
                }
            }
        }
    }
}

/// A pixel of a picture.
pub(super) trait Pixel: Copy + Send {
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

/// Makes pixels of rows of three channels.
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
        let rows = self.lines.chunks_exact_mut(layout.row());
        for (lines, pixels) in rows.zip(self.pixels.chunks_exact_mut(layout.width)) {
            let (vectors, rest) = S::as_mut_simd_f32s(lines);
            activation::output(simd, self.output, vectors);
            // Where a line is no multiple of a vector, its end is worked out as a vector of its own.
            let mut last = vec![0.0; S::F32_LANES];
            last[..rest.len()].copy_from_slice(rest);
            activation::output(simd, self.output, S::as_mut_simd_f32s(&mut last).0);
            rest.copy_from_slice(&last[..rest.len()]);
            for phase in 0..layout.phases {
                let from = layout.place(phase as isize);
                let parts: [&[f32]; 3] =
                    std::array::from_fn(|k| &lines[k * layout.line() + from..]);
                let own = pixels.iter_mut().skip(phase).step_by(layout.phases);
                let colours = parts[0].iter().zip(parts[1]).zip(parts[2]);
                for (pixel, ((red, green), blue)) in own.zip(colours) {
                    *pixel = P::of([*red, *green, *blue]);
                }
            }
        }
    }
}
