//! Which maps a network needs and which dispatches fill them: whole ones, and strips of rows where a
//! whole one would be too large.

use bytemuck::{Pod, Zeroable};
use zoetrope_codecs::neural::Network;

use super::shape::LayerShape;
use crate::{Error, Result};

/// Elements behind a map, which the last invocations of its last row may read: sixteen lanes of eight pixels,
/// and a kernel.
const OVERRUN: usize = 16 * 8 + 8;

/// Where a convolution reads and writes; `LayerParameters` of the shaders.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct LayerParameters {
    pub input_stride: u32,
    pub input_plane: u32,
    pub input_row: i32,
    pub input_row_last: i32,
    pub output_stride: u32,
    pub output_plane: u32,
    pub output_row: u32,
    pub output_column: u32,
    pub width: u32,
    pub height: i32,
    pub first_row: i32,
    pub rows: u32,
    pub padding_0: u32,
    pub padding_1: u32,
    pub padding_2: u32,
    pub padding_3: u32,
}

/// Rows of a feature map in a buffer, `[group][row][column][channel of the group]`, with a border of
/// zeros as wide as the next convolution needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Channels that lie beside each other.
    pub packed: usize,
    groups: usize,
    width: usize,
    border: usize,
    /// Row of the feature map that is the buffer's first; negative in a border.
    first_row: i64,
    rows: usize,
}

impl Map {
    fn stride(&self) -> usize {
        self.width + 2 * self.border
    }

    fn plane(&self) -> usize {
        self.rows * self.stride()
    }

    /// Numbers that the buffer holds.
    pub fn numbers(&self) -> usize {
        // Even, so that halves are whole words.
        ((self.groups * self.plane() + OVERRUN) * self.packed).next_multiple_of(2)
    }

    /// Place of a number.
    pub fn index(&self, channel: usize, row: usize, column: usize) -> usize {
        let line = (row as i64 - self.first_row) as usize;
        let group = channel / self.packed * self.plane();
        (group + line * self.stride() + self.border + column) * self.packed + channel % self.packed
    }
}

/// One dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Its layer.
    pub layer: usize,
    /// What the shader is told.
    pub parameters: LayerParameters,
    /// Workgroups.
    pub workgroups: [u32; 3],
}

/// All dispatches of a frame, and what they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The embedding's map.
    pub embedding: Map,
    /// Bytes of each layer's input.
    pub input_bytes: Vec<u64>,
    /// In order.
    pub passes: Vec<Pass>,
}

/// What planning needs to know of a layer.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Width and height in front of the shuffle.
    size: [usize; 2],
    /// Height and width of the shuffle.
    shuffle: [usize; 2],
    pad: usize,
    groups: usize,
    packed: usize,
}

impl Plan {
    /// Plans a frame; no map is larger than `bytes_max`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when not even strips of one row are small enough.
    pub fn new(network: &Network, shapes: &[LayerShape], bytes_max: u64) -> Result<Self> {
        let [_, height, width] = network.embedding();
        let mut size = [width, height];
        let mut steps = Vec::with_capacity(shapes.len());
        for (layer, shape) in network.layers().iter().zip(shapes) {
            steps.push(Step {
                size,
                shuffle: layer.shuffle,
                pad: layer.kernel / 2,
                groups: shape.in_groups() as usize,
                packed: shape.packed() as usize,
            });
            size = [size[0] * layer.shuffle[1], size[1] * layer.shuffle[0]];
        }
        let number_bytes = shapes[0].precision.number_bytes();
        let bytes = |map: &Map| map.numbers() as u64 * number_bytes;
        let whole: Vec<Map> = steps.iter().map(Step::whole_input).collect();
        // The layer from which on there are strips, whose own input is whole.
        let large = whole.iter().position(|map| bytes(map) > bytes_max);
        if large == Some(0) {
            return Err(too_large(bytes(&whole[0]), bytes_max));
        }
        let first = large.map_or(steps.len() - 1, |layer| layer - 1);
        let rows = steps[first].size[1];
        let mut count = 1;
        loop {
            let strip = rows.div_ceil(count);
            let strips: Vec<Vec<Map>> = (0..rows)
                .step_by(strip)
                .map(|row| strip_maps(&steps[first..], row, (row + strip).min(rows)))
                .collect();
            let largest = strips.iter().flatten().map(bytes).max().unwrap_or(0);
            if largest <= bytes_max {
                return Ok(Self::assemble(
                    shapes,
                    &steps,
                    first,
                    &whole,
                    &strips,
                    strip,
                    number_bytes,
                ));
            }
            if strip == 1 {
                return Err(too_large(largest, bytes_max));
            }
            count *= 2;
        }
    }

    fn assemble(
        shapes: &[LayerShape],
        steps: &[Step],
        first: usize,
        whole: &[Map],
        strips: &[Vec<Map>],
        strip: usize,
        number_bytes: u64,
    ) -> Self {
        let mut passes = Vec::new();
        for layer in 0..first {
            let rows = [0, steps[layer].size[1] as i64];
            passes.push(pass(
                layer,
                &shapes[layer],
                &steps[layer],
                rows,
                &whole[layer],
                Some(&whole[layer + 1]),
            ));
        }
        let mut inputs: Vec<usize> = whole[..=first].iter().map(Map::numbers).collect();
        inputs.resize(steps.len(), 0);
        for (index, maps) in strips.iter().enumerate() {
            let start = index * strip;
            let end = (start + strip).min(steps[first].size[1]);
            let mut input = &whole[first];
            for layer in first..steps.len() {
                let output = maps.get(layer - first);
                let rows = match output {
                    // All rows of the map, which is whole places of the shuffle.
                    Some(map) => {
                        inputs[layer + 1] = inputs[layer + 1].max(map.numbers());
                        let sy = steps[layer].shuffle[0] as i64;
                        [map.first_row / sy, (map.first_row + map.rows as i64) / sy]
                    }
                    None => last_rows(&steps[first..], start, end),
                };
                passes.push(pass(
                    layer,
                    &shapes[layer],
                    &steps[layer],
                    rows,
                    input,
                    output,
                ));
                input = output.unwrap_or(input);
            }
        }
        Self {
            embedding: whole[0],
            input_bytes: inputs
                .iter()
                .map(|numbers| *numbers as u64 * number_bytes)
                .collect(),
            passes,
        }
    }
}

impl Step {
    /// The layer's whole input.
    fn whole_input(&self) -> Map {
        self.input([0, self.size[1] as i64])
    }

    /// The input that `rows` in front of the shuffle need.
    fn input(&self, [start, end]: [i64; 2]) -> Map {
        Map {
            packed: self.packed,
            groups: self.groups,
            width: self.size[0],
            border: self.pad,
            first_row: start - self.pad as i64,
            rows: (end - start) as usize + 2 * self.pad,
        }
    }
}

/// Rows in front of the last layer's shuffle that a strip draws.
fn last_rows(steps: &[Step], start: usize, end: usize) -> [i64; 2] {
    let factor: usize = steps[..steps.len() - 1]
        .iter()
        .map(|step| step.shuffle[0])
        .product();
    [(start * factor) as i64, (end * factor) as i64]
}

/// Inputs of all layers but the first, for the rows `start` to `end` in front of the first's shuffle.
/// Each is whole places of the shuffle in front of it, and has the halo of all convolutions behind it.
fn strip_maps(steps: &[Step], start: usize, end: usize) -> Vec<Map> {
    let mut rows = last_rows(steps, start, end);
    let mut maps = Vec::with_capacity(steps.len() - 1);
    for pair in steps.windows(2).rev() {
        let (before, step) = (&pair[0], &pair[1]);
        let sy = before.shuffle[0] as i64;
        let needed = step.input(rows);
        let behind = needed.first_row + needed.rows as i64;
        rows = [needed.first_row.div_euclid(sy), -(-behind).div_euclid(sy)];
        maps.push(Map {
            first_row: rows[0] * sy,
            rows: ((rows[1] - rows[0]) * sy) as usize,
            ..needed
        });
    }
    maps.reverse();
    maps
}

/// The dispatch that computes `rows` in front of a layer's shuffle.
fn pass(
    layer: usize,
    shape: &LayerShape,
    step: &Step,
    [start, end]: [i64; 2],
    input: &Map,
    output: Option<&Map>,
) -> Pass {
    let rows = (end - start) as u32;
    let [sy, _] = step.shuffle;
    let [columns, lines] = shape.workgroup_pixels();
    let width = step.size[0] as u32;
    Pass {
        layer,
        parameters: LayerParameters {
            input_stride: input.stride() as u32,
            input_plane: input.plane() as u32,
            input_row: (start - step.pad as i64 - input.first_row) as i32,
            input_row_last: input.rows as i32 - shape.side as i32,
            output_stride: output.map_or(0, Map::stride) as u32,
            output_plane: output.map_or(0, Map::plane) as u32,
            output_row: output.map_or(0, |map| (start * sy as i64 - map.first_row) as u32),
            output_column: output.map_or(0, |map| map.border) as u32,
            width,
            height: step.size[1] as i32,
            first_row: start as i32,
            rows,
            ..LayerParameters::zeroed()
        },
        workgroups: [
            width.div_ceil(columns),
            rows.div_ceil(lines),
            shape.blocks(),
        ],
    }
}

fn too_large(value: u64, limit: u64) -> Error {
    Error::TooLarge {
        what: "a feature map",
        value,
        limit,
    }
}
