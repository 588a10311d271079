//! Decoding on the processor.
//!
//! Every convolution is a product of matrices: kernels of 3, 5 and 7 in the domain of Winograd's minimal filtering
//! (`winograd`, a sixth of the multiplications), the rest as they are (`direct`). In both, the numbers
//! of a vector are neighbours of one channel, and a register tile holds `CHANNELS` channels of up to four vectors.
//!
//! Feature maps lie row by row, so that threads can write rows of their own, in a row channel by channel, and in a
//! channel by phases that spare all shuffling where the next convolution reads. The last map, the
//! largest by far, never exists as a whole: it is made and used up in strips.

mod activation;
mod buffer;
mod direct;
mod map;
mod packed;
mod target;
#[cfg(test)]
mod tests;
mod tile;
mod transform;
mod winograd;

use std::sync::{Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;

use super::Network;
use crate::{Cancel, Error, Result};
use buffer::Buffer;
use map::{Layout, Rows};
use packed::{Convolution, Method};
use target::{Pixel, Target};

/// Channels of a register tile.
const CHANNELS: usize = 6;
/// The most numbers that a vector has on any processor.
const MOST_LANES: usize = 16;
/// Tasks of a strip for each thread: enough that no thread waits long for the last one.
const TASKS_PER_THREAD: usize = 2;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row; 0 to 1.
    pub rgb: Vec<[f32; 3]>,
}

/// Decodes frames of one network. Its weights are brought into order once.
pub struct CpuDecoder {
    arch: Arch,
    convolutions: Vec<Convolution>,
    /// What goes into each convolution.
    inputs: Vec<Layout>,
    network: NetworkFacts,
    /// Maps of frames that were decoded: fresh memory costs a tenth of a frame.
    maps: Mutex<Vec<Vec<Buffer>>>,
    scratch: Mutex<Vec<Scratch>>,
}

struct NetworkFacts {
    embedding: [usize; 3],
    picture: [usize; 2],
    /// Pictures that come out at once.
    frames: usize,
    output: super::Output,
}

/// Memory of one task.
#[derive(Default)]
struct Scratch {
    lines: Buffer,
    winograd: winograd::Scratch,
}

impl CpuDecoder {
    /// Brings the weights of a network into the order in which they are used.
    pub fn new(network: &Network) -> Self {
        Self::with_arch(network, Arch::new())
    }

    fn with_arch(network: &Network, arch: Arch) -> Self {
        let [_, height, width] = network.embedding();
        let mut size = [height, width];
        let mut convolutions = Vec::new();
        let mut inputs: Vec<Layout> = Vec::new();
        let mut left = packed::MOST_WEIGHTS;
        for layer in network.layers() {
            let method = Method::for_layer(layer, size, &mut left);
            let natural = inputs
                .last()
                .zip(convolutions.last())
                .map_or(1, |(input, before): (&Layout, &Convolution)| {
                    input.phases * before.shuffle[1]
                });
            let phases = method.phases(natural, size[1]);
            inputs.push(Layout::new(layer.inputs, size, phases, layer.kernel));
            convolutions.push(Convolution::new(layer, method));
            size = [size[0] * layer.shuffle[0], size[1] * layer.shuffle[1]];
        }
        Self {
            arch,
            convolutions,
            inputs,
            network: NetworkFacts {
                embedding: network.embedding(),
                picture: [size[1], size[0]],
                frames: network.frames(),
                output: network.output(),
            },
            maps: Mutex::default(),
            scratch: Mutex::default(),
        }
    }

    /// Width and height of the pictures.
    pub fn picture_size(&self) -> [usize; 2] {
        self.network.picture
    }

    /// Decodes an embedding (channel by channel, row by row); where several frames come out of it, the first of them.
    ///
    /// # Errors
    /// [`Error::Malformed`] for an embedding of another length, [`Error::Cancelled`] soon after `cancel`.
    pub fn decode(&self, embedding: &[f32], cancel: &Cancel) -> Result<Picture> {
        let mut pictures = self.decode_frames(embedding, cancel)?;
        Ok(pictures.swap_remove(0))
    }

    /// Decodes all frames of an embedding.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_frames(&self, embedding: &[f32], cancel: &Cancel) -> Result<Vec<Picture>> {
        let [width, height] = self.network.picture;
        let pictures = self.decode_pixels(embedding, [0.0; 3], cancel)?.into_iter();
        let picture = |rgb| Picture { width, height, rgb };
        Ok(pictures.map(picture).collect())
    }

    /// Decodes an embedding to red, green, blue and 255, a byte each, row by row; where several frames come out of it,
    /// the first of them.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_rgba8(&self, embedding: &[f32], cancel: &Cancel) -> Result<Vec<u8>> {
        let mut pictures = self.decode_frames_rgba8(embedding, cancel)?;
        Ok(pictures.swap_remove(0))
    }

    /// Decodes all frames of an embedding to red, green, blue and 255, a byte each, row by row.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_frames_rgba8(&self, embedding: &[f32], cancel: &Cancel) -> Result<Vec<Vec<u8>>> {
        let pictures = self.decode_pixels(embedding, [0; 4], cancel)?.into_iter();
        Ok(pictures.map(Vec::into_flattened).collect())
    }

    /// The pixels of each frame.
    fn decode_pixels<P: Pixel>(
        &self,
        embedding: &[f32],
        blank: P,
        cancel: &Cancel,
    ) -> Result<Vec<Vec<P>>> {
        let ([width, height], frames) = (self.network.picture, self.network.frames);
        // A row of each frame, then the next row of each: so tasks write what lies together.
        let mut pixels = vec![blank; width * height * frames];
        self.decode_into(embedding, &mut pixels, cancel)?;
        if frames == 1 {
            return Ok(vec![pixels]);
        }
        let picture = |frame: usize| {
            let rows = pixels.chunks_exact(width).skip(frame).step_by(frames);
            rows.flatten().copied().collect()
        };
        Ok((0..frames).into_par_iter().map(picture).collect())
    }

    fn decode_into<P: Pixel>(
        &self,
        embedding: &[f32],
        pixels: &mut [P],
        cancel: &Cancel,
    ) -> Result<()> {
        let expected: usize = self.network.embedding.iter().product();
        if embedding.len() != expected {
            return Err(Error::malformed(
                "the frame",
                format!("{} numbers stand for it, not {expected}", embedding.len()),
            ));
        }
        let mut maps = take(&self.maps).unwrap_or_else(|| self.new_maps());
        let done = self.run(embedding, &mut maps, pixels, cancel);
        put(&self.maps, maps);
        // What was going on when it was set stopped in the middle.
        done.and_then(|()| cancel.check())
    }

    /// All maps but the last, and a strip of that.
    fn new_maps(&self) -> Vec<Buffer> {
        let last = self.inputs.len() - 1;
        let maps = self.inputs.iter().enumerate().map(|(index, layout)| {
            let rows = if index == last && index > 0 {
                self.strip_rows()
            } else {
                layout.height
            };
            Buffer::zeros(rows * layout.row())
        });
        maps.collect()
    }

    fn run<P: Pixel>(
        &self,
        embedding: &[f32],
        maps: &mut [Buffer],
        pixels: &mut [P],
        cancel: &Cancel,
    ) -> Result<()> {
        if let (Some(first), Some(layout)) = (maps.first_mut(), self.inputs.first()) {
            layout.fill(embedding, first);
        }
        let last = self.inputs.len() - 1;
        for index in 0..last.saturating_sub(1) {
            let (before, behind) = maps.split_at_mut(index + 1);
            let (Some(input), Some(output)) = (before.last(), behind.first_mut()) else {
                continue;
            };
            let rows = Rows::whole(&self.inputs[index], input);
            self.convolve(index, &rows, 0, output, cancel)?;
        }
        let (before, strip) = maps.split_at_mut(last);
        match (before.last(), strip.first_mut()) {
            (Some(input), Some(strip)) => self.strips(input, strip, pixels, cancel),
            (None, Some(only)) => {
                let rows = Rows::whole(&self.inputs[0], only);
                self.finish(&rows, 0, pixels, cancel)
            }
            _ => Ok(()),
        }
    }

    /// Rows of the last map that lie in memory at once: those that are made together, and those that
    /// the last convolution looks back to.
    fn strip_rows(&self) -> usize {
        let margin = self.convolutions.last().map_or(0, |last| last.kernel - 1);
        let made = self.rows_of_a_task(self.inputs.len() - 2) * self.tasks_of_a_strip();
        let layout = &self.inputs[self.inputs.len() - 1];
        (made + margin).min(layout.height + self.rows_of_a_task(self.inputs.len() - 2))
    }

    fn tasks_of_a_strip(&self) -> usize {
        (rayon::current_num_threads() * TASKS_PER_THREAD).clamp(2, 64)
    }

    /// Rows that a task of a convolution makes.
    fn rows_of_a_task(&self, index: usize) -> usize {
        let convolution = &self.convolutions[index];
        convolution.method.rows() * convolution.shuffle[0]
    }

    /// The last two convolutions, strip by strip.
    fn strips<P: Pixel>(
        &self,
        input: &Buffer,
        strip: &mut Buffer,
        pixels: &mut [P],
        cancel: &Cancel,
    ) -> Result<()> {
        let last = self.inputs.len() - 1;
        let (layout, convolution) = (&self.inputs[last], &self.convolutions[last]);
        let rows = Rows::whole(&self.inputs[last - 1], input);
        let row = layout.row();
        let margin = convolution.kernel / 2;
        let unit = self.rows_of_a_task(last - 1);
        let picture_rows = convolution.shuffle[0] * self.network.picture[0] * self.network.frames;
        // Rows `first..end` are in the strip, those before `done` are in the picture.
        let (mut first, mut end, mut done) = (0, 0, 0);
        while done < layout.height {
            let room = (strip.len() / row - (end - first)) / unit * unit;
            let next = (end + room).min(layout.height);
            let made = &mut strip[(end - first) * row..(next - first) * row];
            self.convolve(last - 1, &rows, end, made, cancel)?;
            end = next;
            let ready = if end == layout.height {
                end
            } else {
                end.saturating_sub(margin)
            };
            let some = Rows::some(layout, first, &strip[..(end - first) * row]);
            let target = &mut pixels[done * picture_rows..ready * picture_rows];
            self.finish(&some, done, target, cancel)?;
            done = ready;
            let keep = done.saturating_sub(margin).max(first);
            strip.copy_within((keep - first) * row..(end - first) * row, 0);
            first = keep;
        }
        Ok(())
    }

    /// A convolution; `made` are whole rows of the next map, of which the first is number `first`.
    fn convolve(
        &self,
        index: usize,
        rows: &Rows,
        first: usize,
        made: &mut [f32],
        cancel: &Cancel,
    ) -> Result<()> {
        let (convolution, layout) = (&self.convolutions[index], &self.inputs[index + 1]);
        let unit = self.rows_of_a_task(index);
        let first = first / convolution.shuffle[0];
        made.par_chunks_mut(unit * layout.row())
            .enumerate()
            .try_for_each(|(task, chunk)| {
                cancel.check()?;
                let mut target = Target::new(chunk, layout, convolution.shuffle);
                let y = first + task * convolution.method.rows();
                self.with_scratch(|scratch| {
                    convolution.run((self.arch, cancel), rows, y, &mut target, scratch);
                });
                Ok(())
            })
    }

    /// The last convolution; `pixels` are whole rows of the pictures, of which the first ones come from the row
    /// `first` of the last map.
    fn finish<P: Pixel>(
        &self,
        rows: &Rows,
        first: usize,
        pixels: &mut [P],
        cancel: &Cancel,
    ) -> Result<()> {
        let Some(convolution) = self.convolutions.last() else {
            return Ok(());
        };
        let ([width, _], frames) = (self.network.picture, self.network.frames);
        let unit = convolution.method.rows() * convolution.shuffle[0];
        let phases = rows.layout.phases * convolution.shuffle[1];
        let layout = Layout::new(target::COLOURS * frames, [unit, width], phases, 1);
        pixels
            .par_chunks_mut(unit * width * frames)
            .enumerate()
            .try_for_each(|(task, chunk)| {
                cancel.check()?;
                let y = first + task * convolution.method.rows();
                self.with_scratch(|scratch| {
                    let mut lines = std::mem::take(&mut scratch.lines);
                    lines.grow(unit * layout.row());
                    let mut target = Target::new(&mut lines, &layout, convolution.shuffle);
                    convolution.run((self.arch, cancel), rows, y, &mut target, scratch);
                    target::paint(self.arch, self.network.output, &mut lines, &layout, chunk);
                    scratch.lines = lines;
                });
                Ok(())
            })
    }

    fn with_scratch(&self, work: impl FnOnce(&mut Scratch)) {
        let mut scratch = take(&self.scratch).unwrap_or_default();
        work(&mut scratch);
        put(&self.scratch, scratch);
    }
}

fn take<T>(pool: &Mutex<Vec<T>>) -> Option<T> {
    pool.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn put<T>(pool: &Mutex<Vec<T>>, used: T) {
    let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
    pool.push(used);
}
