//! How fast a device multiplies and adds at best.

use bytemuck::{Pod, Zeroable};

use super::dispatch::compile;
use crate::resources::Resources;
use crate::unroll::unroll;
use crate::{Gpu, Result, shader};

/// Independent chains of four numbers in each invocation: enough to hide the latency of an addition, few enough
/// for the registers of any device.
const CHAINS: u32 = 3;
/// Steps of the chains that are written out.
const UNROLL: u32 = 32;
/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;
/// Workgroups of a run: some for each core of the largest GPU.
const WORKGROUPS: u32 = 4096;

/// What the shader is told.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct CeilingParameters {
    pub rounds: u32,
    pub factor: f32,
    pub addend: f32,
    pub padding: u32,
}

/// Runs multiplications with addition (FMA) that wait for nothing: their number over the time that a run
/// takes, which the caller measures, is what no network can exceed.
#[derive(Debug)]
pub struct FmaCeiling {
    pipeline: wgpu::ComputePipeline,
    parameters: wgpu::Buffer,
    bindings: wgpu::BindGroup,
}

impl FmaCeiling {
    /// Compiles the shader.
    ///
    /// # Errors
    /// [`crate::Error::Device`], [`crate::Error::OutOfMemory`] and [`crate::Error::Lost`].
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.checked(|| {
            let mut resources = Resources::new(&gpu.device);
            let pipeline = compile(gpu, "ceiling", &source());
            let uniform = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            let size = size_of::<CeilingParameters>() as u64;
            let parameters = resources.buffer("ceiling parameters", size, uniform);
            let results = resources.buffer(
                "ceiling results",
                u64::from(WORKGROUPS * WORKGROUP) * 4,
                wgpu::BufferUsages::STORAGE,
            );
            let bindings = resources.bind_group(
                "ceiling",
                &pipeline.get_bind_group_layout(0),
                &[parameters.as_entire_binding(), results.as_entire_binding()],
            );
            Self {
                pipeline,
                parameters,
                bindings,
            }
        })
    }

    /// Multiplies and adds, longer with more `rounds`; blocks until that is done. Returns how many
    /// multiplications with addition it were. A run should take some hundredths of a second, so that its
    /// start does not count.
    ///
    /// # Errors
    /// [`crate::Error::Lost`].
    pub fn run(&self, gpu: &Gpu, rounds: u32) -> Result<u64> {
        gpu.check()?;
        let parameters = CeilingParameters {
            rounds,
            // Numbers stay between 1 and their start, far from denormal ones.
            factor: 0.75,
            addend: 0.25,
            padding: 0,
        };
        gpu.queue
            .write_buffer(&self.parameters, 0, bytemuck::bytes_of(&parameters));
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.bindings, &[]);
            pass.dispatch_workgroups(WORKGROUPS, 1, 1);
        }
        gpu.queue.submit([encoder.finish()]);
        gpu.wait()?;
        let each = u64::from(rounds) * u64::from(UNROLL * CHAINS * 4);
        Ok(u64::from(WORKGROUPS * WORKGROUP) * each)
    }
}

/// The shader.
pub(super) fn source() -> String {
    let text = format!(
        "const WORKGROUP_X: u32 = {WORKGROUP}u;\n{}",
        shader::pieces(&["neural/ceiling"])
    );
    unroll(&text, &[("CHAINS", CHAINS), ("UNROLL", UNROLL)])
}
