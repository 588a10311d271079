//! The device that burn computes on.

use std::sync::OnceLock;

use burn_tensor::wgpu::WgpuBackend;
use burn_tensor::wgpu::wgpu::DeviceType;
use burn_tensor::{Device, Tensor};

use crate::{PackError, Result};

/// A graphics processor as burn sees it.
///
/// It is opened by burn itself, not shared with whoever draws: a fit is a job of its own, without a window. burn keeps
/// its devices until the program ends, and so there is one for all engines.
pub(crate) struct Gpu {
    device: Device,
    name: String,
    is_software: bool,
    /// Bytes of the largest tensor.
    room: u64,
}

impl Gpu {
    /// The best one there is.
    ///
    /// # Errors
    /// [`PackError::Gpu`] where there is none.
    pub(crate) fn get() -> Result<&'static Self> {
        static GPU: OnceLock<Result<Gpu, String>> = OnceLock::new();
        let gpu = GPU.get_or_init(|| {
            // Where the only Vulkan is software burn would look for OpenGL, which complains aloud without a display, and
            // has no better one.
            let backend = if cfg!(target_os = "linux") {
                WgpuBackend::Vulkan
            } else {
                WgpuBackend::Auto
            };
            let opened = Device::wgpu_options().graphics_api(backend);
            let opened = opened.init_with_setup();
            let (device, setup) = opened.map_err(|error| error.to_string())?;
            let info = setup.adapter.get_info();
            let limits = setup.device.limits();
            Ok(Self {
                device,
                name: info.name,
                is_software: info.device_type == DeviceType::Cpu,
                room: limits
                    .max_buffer_size
                    .min(limits.max_storage_buffer_binding_size),
            })
        });
        let error = |reason: &String| PackError::Gpu {
            reason: reason.clone(),
        };
        gpu.as_ref().map_err(error)
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// For people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is only a driver that computes on the processor.
    pub(crate) fn is_software(&self) -> bool {
        self.is_software
    }

    pub(super) fn check_room(&self, bytes: u64) -> Result<()> {
        if bytes <= self.room {
            return Ok(());
        }
        Err(PackError::Gpu {
            reason: format!(
                "{} holds {} MiB in one piece, and the network needs {}",
                self.name,
                self.room >> 20,
                bytes.div_ceil(1 << 20)
            ),
        })
    }

    /// Waits until the numbers are known.
    pub(super) fn read(&self, numbers: Tensor<1>) -> Result<Vec<f32>> {
        numbers.try_into_vec_as().map_err(|error| PackError::Gpu {
            reason: format!("{}: {error}", self.name),
        })
    }
}
