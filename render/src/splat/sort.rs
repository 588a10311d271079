//! Stable radix sort of depth keys on the GPU; the CPU twin is [`crate::cpu::sort`].
//!
//! Each pass sorts by 8 bits in four dispatches: count digits by block, sum counts within a digit,
//! sum digits, move items. No subgroups, no waiting of workgroups for each other, no read-back;
//! the result does not depend on the order in which anything runs.

use bytemuck::{Pod, Zeroable};

use super::constants::{SORT_BLOCK, SORT_DIGIT_BITS};
use super::pipelines::Pipelines;
use crate::Gpu;
use crate::resources::Resources;

/// Most passes: 24-bit keys.
const PASSES_MAX: usize = 3;
/// Distance of the passes' uniforms in their buffer.
const UNIFORM_STRIDE: u64 = 256;

/// Uniform of a pass. Same layout in WGSL (`SortParameters`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SortParameters {
    /// Keys of the frame.
    pub count: u32,
    /// Blocks that hold them.
    pub blocks: u32,
    /// Lowest bit of this pass's digit.
    pub shift: u32,
    /// 1 in the first pass, which sorts all keys and drops the culled; the others sort the rest.
    pub first_pass: u32,
    /// 1 in the last pass, after which nobody needs keys.
    pub last_pass: u32,
}

/// What the sort finds out. Same layout in WGSL (`SortState`); all but the first are the arguments
/// of an indirect draw.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct SortState {
    /// Keys that are not culled.
    pub visible: u32,
    /// Vertices of a quad.
    pub vertex_count: u32,
    /// Quads: as many as visible keys.
    pub instance_count: u32,
    /// 0.
    pub first_vertex: u32,
    /// 0.
    pub first_instance: u32,
}

/// Buffers of the sort for up to a number of keys.
#[derive(Debug)]
pub struct Sort {
    /// Keys to sort go into the first; both are scratch.
    pub keys: [wgpu::Buffer; 2],
    rows: [wgpu::Buffer; 2],
    /// A [`SortState`].
    pub state: wgpu::Buffer,
    /// Counts by digit and block.
    counts: wgpu::Buffer,
    totals: wgpu::Buffer,
    uniforms: wgpu::Buffer,
    passes: Vec<PassBindings>,
}

#[derive(Debug)]
struct PassBindings {
    histogram: wgpu::BindGroup,
    scan: wgpu::BindGroup,
    bases: wgpu::BindGroup,
    scatter: wgpu::BindGroup,
}

impl Sort {
    /// For up to `capacity` keys.
    pub fn new(resources: &mut Resources, pipelines: &Pipelines, capacity: u32) -> Self {
        let storage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST;
        let words = |resources: &mut Resources, label, count: u32| {
            resources.buffer(label, 4 * u64::from(count), storage)
        };
        let keys = ["depth keys", "depth keys 2"].map(|label| words(resources, label, capacity));
        let rows = ["splat order", "splat order 2"].map(|label| words(resources, label, capacity));
        let digits = 1 << SORT_DIGIT_BITS;
        let counts = words(resources, "digit counts", digits * blocks(capacity));
        let totals = words(resources, "digit totals", digits);
        let state = resources.buffer(
            "sort state",
            size_of::<SortState>() as u64,
            storage | wgpu::BufferUsages::INDIRECT,
        );
        let uniforms = resources.buffer(
            "sort parameters",
            UNIFORM_STRIDE * PASSES_MAX as u64,
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        );
        let mut sort = Self {
            keys,
            rows,
            state,
            counts,
            totals,
            uniforms,
            passes: Vec::new(),
        };
        sort.passes = (0..PASSES_MAX)
            .map(|pass| sort.bind(resources, pipelines, pass))
            .collect();
        sort
    }

    fn bind(&self, resources: &mut Resources, pipelines: &Pipelines, pass: usize) -> PassBindings {
        let uniform = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.uniforms,
            offset: UNIFORM_STRIDE * pass as u64,
            size: wgpu::BufferSize::new(size_of::<SortParameters>() as u64),
        });
        let (from, to) = (pass % 2, (pass + 1) % 2);
        PassBindings {
            histogram: resources.bind_group(
                "sort histogram",
                &pipelines.histogram.get_bind_group_layout(0),
                &[
                    uniform.clone(),
                    self.state.as_entire_binding(),
                    self.keys[from].as_entire_binding(),
                    self.counts.as_entire_binding(),
                ],
            ),
            scan: resources.bind_group(
                "sort scan",
                &pipelines.scan.get_bind_group_layout(0),
                &[
                    uniform.clone(),
                    self.counts.as_entire_binding(),
                    self.totals.as_entire_binding(),
                ],
            ),
            bases: resources.bind_group(
                "sort bases",
                &pipelines.bases.get_bind_group_layout(0),
                &[
                    uniform.clone(),
                    self.totals.as_entire_binding(),
                    self.state.as_entire_binding(),
                ],
            ),
            scatter: resources.bind_group(
                "sort scatter",
                &pipelines.scatter.get_bind_group_layout(0),
                &[
                    uniform,
                    self.state.as_entire_binding(),
                    self.keys[from].as_entire_binding(),
                    self.rows[from].as_entire_binding(),
                    self.counts.as_entire_binding(),
                    self.totals.as_entire_binding(),
                    self.keys[to].as_entire_binding(),
                    self.rows[to].as_entire_binding(),
                ],
            ),
        }
    }

    /// Encodes the sort of the first `count` keys, which have `key_bits` bits or are culled.
    pub fn encode(
        &self,
        gpu: &Gpu,
        pipelines: &Pipelines,
        encoder: &mut wgpu::CommandEncoder,
        count: u32,
        key_bits: u32,
    ) {
        let passes = pass_count(key_bits);
        let mut uniforms = [0_u8; UNIFORM_STRIDE as usize * PASSES_MAX];
        for pass in 0..passes {
            let parameters = SortParameters {
                count,
                blocks: blocks(count),
                shift: SORT_DIGIT_BITS * pass as u32,
                first_pass: u32::from(pass == 0),
                last_pass: u32::from(pass + 1 == passes),
            };
            uniforms[UNIFORM_STRIDE as usize * pass..][..size_of::<SortParameters>()]
                .copy_from_slice(bytemuck::bytes_of(&parameters));
        }
        gpu.queue.write_buffer(&self.uniforms, 0, &uniforms);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("sort"),
            timestamp_writes: None,
        });
        let [x, y] = fold_dispatch(blocks(count), gpu);
        for bindings in &self.passes[..passes] {
            let stages = [
                (&pipelines.histogram, &bindings.histogram, [x, y]),
                (&pipelines.scan, &bindings.scan, [1 << SORT_DIGIT_BITS, 1]),
                (&pipelines.bases, &bindings.bases, [1, 1]),
                (&pipelines.scatter, &bindings.scatter, [x, y]),
            ];
            for (pipeline, bindings, [x, y]) in stages {
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, bindings, &[]);
                pass.dispatch_workgroups(x, y, 1);
            }
        }
    }

    /// Where the sorted rows are after a sort by `key_bits` bits.
    pub fn sorted_rows(&self, key_bits: u32) -> &wgpu::Buffer {
        &self.rows[pass_count(key_bits) % 2]
    }

    /// Bytes of memory it takes.
    pub fn size_bytes(&self) -> u64 {
        let items = self.keys.iter().chain(&self.rows);
        items.map(wgpu::Buffer::size).sum::<u64>() + self.counts.size() + self.totals.size()
    }
}

/// Passes for keys of `key_bits` bits.
fn pass_count(key_bits: u32) -> usize {
    (key_bits.div_ceil(SORT_DIGIT_BITS) as usize).min(PASSES_MAX)
}

/// Blocks that hold `count` keys; at least one, so that the sort of nothing still says so.
fn blocks(count: u32) -> u32 {
    count.div_ceil(SORT_BLOCK).max(1)
}

/// A dispatch of `workgroups` in two dimensions, because one ends at a limit (65535).
pub fn fold_dispatch(workgroups: u32, gpu: &Gpu) -> [u32; 2] {
    fold(
        workgroups,
        gpu.capabilities.limits.max_compute_workgroups_per_dimension,
    )
}

fn fold(workgroups: u32, limit: u32) -> [u32; 2] {
    let x = workgroups.clamp(1, limit.max(1));
    [x, workgroups.div_ceil(x).max(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_fold_at_the_limit_and_one_past_it() {
        assert_eq!(fold(0, 65535), [1, 1]);
        assert_eq!(fold(65535, 65535), [65535, 1]);
        assert_eq!(fold(65536, 65535), [65535, 2]);
        assert_eq!(fold(7, 2), [2, 4]);
    }

    #[test]
    fn passes_by_key_bits() {
        assert_eq!([16, 24].map(pass_count), [2, 3]);
    }
}
