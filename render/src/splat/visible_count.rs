//! How many Gaussians the last pictures showed, brought back without ever waiting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Gpu;
use crate::resources::Resources;

/// The number and its way back.
#[derive(Debug)]
pub struct VisibleCount {
    buffer: wgpu::Buffer,
    /// A copy was asked for and its mapping has not been read yet.
    pending: bool,
    mapped: Arc<AtomicBool>,
    last: Option<u32>,
}

impl VisibleCount {
    /// No number yet.
    pub fn new(resources: &mut Resources) -> Self {
        Self {
            buffer: resources.buffer(
                "visible count read-back",
                4,
                wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            ),
            pending: false,
            mapped: Arc::new(AtomicBool::new(false)),
            last: None,
        }
    }

    /// Encodes the copy unless an earlier one is still under way.
    pub fn copy(&self, encoder: &mut wgpu::CommandEncoder, state: &wgpu::Buffer) {
        if !self.pending {
            encoder.copy_buffer_to_buffer(state, 0, &self.buffer, 0, 4);
        }
    }

    /// After the submission: asks for the copy, or reads it when it has come; the last number.
    pub fn update(&mut self, gpu: &Gpu) -> Option<u32> {
        if !self.pending {
            self.pending = true;
            let mapped = Arc::clone(&self.mapped);
            self.buffer
                .map_async(wgpu::MapMode::Read, .., move |result| {
                    mapped.store(result.is_ok(), Ordering::Release);
                });
        }
        // A lost device shows itself elsewhere; here it only means that no number comes.
        let _ = gpu.device.poll(wgpu::PollType::Poll);
        if self.mapped.swap(false, Ordering::Acquire) {
            if let Ok(bytes) = self.buffer.get_mapped_range(..) {
                self.last = bytemuck::pod_read_unaligned::<[u32; 1]>(&bytes)
                    .first()
                    .copied();
            }
            self.buffer.unmap();
            self.pending = false;
        }
        self.last
    }
}
