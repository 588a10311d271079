//! The device, its queue, and what it can do.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use crate::splat::constants::WORKGROUP_SIZE;
use crate::{Error, Result};

/// Which of the two ways of drawing suits a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Native code draws, the device only holds the finished picture: for software Vulkan, where
    /// a shader costs many times what the same loop costs in native code.
    Cpu,
    /// Compute shaders project and sort, hardware quads draw.
    Gpu,
}

/// What a device is and can do.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Name of the adapter, for people.
    pub adapter_name: String,
    /// Graphics interface ("Vulkan").
    pub backend: String,
    /// Driver and its version.
    pub driver: String,
    /// Which way of drawing suits it.
    pub tier: Tier,
    /// Whether it can do what [`Tier::Gpu`] needs.
    pub compute: bool,
    /// Whether shaders can store half floats.
    pub half_floats: bool,
    /// Invocations of a subgroup, where shaders can use them and it is always the same number.
    pub subgroup_size: Option<u32>,
    /// Limits of the device, which may be tighter than those of the adapter.
    pub limits: wgpu::Limits,
}

/// A device with its queue.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// Makes resources.
    pub device: wgpu::Device,
    /// Takes work.
    pub queue: wgpu::Queue,
    /// What it is and can do.
    pub capabilities: Capabilities,
    /// Differs between any two devices of this process. Whoever holds resources of a device
    /// compares it and makes them anew when the device was replaced after a loss.
    pub generation: u64,
    /// Why the device was lost, once it was.
    lost: Arc<OnceLock<String>>,
}

static GENERATIONS: AtomicU64 = AtomicU64::new(0);

impl Gpu {
    /// Opens the best adapter, without any window.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] and [`Error::Device`].
    pub async fn headless() -> Result<Self> {
        let adapter = Self::headless_adapter().await?;
        let (device, queue) = adapter
            .request_device(&Self::device_descriptor(&adapter))
            .await
            .map_err(|error| Error::Device {
                adapter: adapter.get_info().name,
                reason: error.to_string(),
            })?;
        Ok(Self::new(&adapter, device, queue))
    }

    /// The best adapter of the native interfaces; only where they have none that of the others: to
    /// look for OpenGL takes longer than all else, and without a display it complains aloud.
    async fn headless_adapter() -> Result<wgpu::Adapter> {
        for backends in [wgpu::Backends::PRIMARY, wgpu::Backends::SECONDARY] {
            let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
            descriptor.backends &= backends;
            let adapter = wgpu::Instance::new(descriptor)
                .request_adapter(&wgpu::RequestAdapterOptions {
                    power_preference: wgpu::PowerPreference::HighPerformance,
                    ..Default::default()
                })
                .await;
            if let Ok(adapter) = adapter {
                return Ok(adapter);
            }
        }
        Err(Error::NoAdapter)
    }

    /// The features and limits that this crate wants of `adapter`, never more than it has.
    ///
    /// All limits of the adapter are asked for: scenes are as large as the device allows, and
    /// the defaults of WebGPU would stop at 128 MiB a binding everywhere.
    pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
        wgpu::DeviceDescriptor {
            label: Some("zoetrope"),
            // Both make neural video faster.
            required_features: adapter.features()
                & (wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP),
            required_limits: adapter.limits(),
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        }
    }

    /// Takes a device that exists, made from [`Gpu::device_descriptor`] or weaker.
    pub fn new(adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let info = adapter.get_info();
        let limits = device.limits();
        let needed = wgpu::DownlevelFlags::COMPUTE_SHADERS
            | wgpu::DownlevelFlags::INDIRECT_EXECUTION
            | wgpu::DownlevelFlags::VERTEX_STORAGE
            | wgpu::DownlevelFlags::SHADER_F16_IN_F32;
        let compute = adapter.get_downlevel_capabilities().flags.contains(needed)
            && limits.max_storage_buffers_per_shader_stage >= 7
            && limits.max_compute_invocations_per_workgroup >= WORKGROUP_SIZE;
        let tier = if info.device_type == wgpu::DeviceType::Cpu || !compute {
            Tier::Cpu
        } else {
            Tier::Gpu
        };
        let lost = Arc::new(OnceLock::new());
        let report = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, message| {
            // Only the first reason is the cause.
            let _ = report.set(format!("{message} ({reason:?})").trim().to_owned());
        });
        let features = device.features();
        let subgroups = features.contains(wgpu::Features::SUBGROUP);
        let one_size = info.subgroup_min_size == info.subgroup_max_size;
        let driver = format!("{} {}", info.driver, info.driver_info);
        let capabilities = Capabilities {
            adapter_name: info.name,
            backend: format!("{:?}", info.backend),
            driver: driver.trim().to_owned(),
            tier,
            compute,
            half_floats: features.contains(wgpu::Features::SHADER_F16),
            subgroup_size: (subgroups && one_size).then_some(info.subgroup_min_size),
            limits,
        };
        Self {
            device,
            queue,
            capabilities,
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            lost,
        }
    }

    /// Whether the device still works.
    ///
    /// # Errors
    /// [`Error::Lost`] for ever once it was lost: then another [`Gpu`] must be made, and renderers
    /// rebuild themselves on it.
    pub fn check(&self) -> Result<()> {
        match self.lost.get() {
            Some(reason) => Err(Error::Lost {
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Blocks until all submitted work is done.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn wait(&self) -> Result<()> {
        self.device
            .poll(wgpu::PollType::wait_indefinitely())
            .map(|_| ())
            .map_err(|error| Error::Lost {
                reason: error.to_string(),
            })
    }

    /// Makes resources with `make`; a driver that refuses them is an error here, and not the end
    /// of the program as by wgpu's default.
    pub(crate) fn checked<T>(&self, make: impl FnOnce() -> T) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = make();
        let errors = [
            at_once(validation.pop()),
            at_once(internal.pop()),
            at_once(memory.pop()),
        ];
        self.check()?;
        match errors.into_iter().flatten().next() {
            None => Ok(made),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(Error::OutOfMemory {
                adapter: self.capabilities.adapter_name.clone(),
            }),
            Some(error) => Err(Error::Device {
                adapter: self.capabilities.adapter_name.clone(),
                reason: error.to_string(),
            }),
        }
    }
}

/// The error of a scope. It is there at once, except in browsers, where it goes to the log.
fn at_once(error: impl Future<Output = Option<wgpu::Error>>) -> Option<wgpu::Error> {
    match pin!(error).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(error) => error,
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu() -> Gpu {
        pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device")
    }

    #[test]
    fn refused_resources_are_errors() {
        let gpu = gpu();
        let buffer = |size| {
            gpu.checked(|| {
                gpu.device.create_buffer(&wgpu::BufferDescriptor {
                    label: None,
                    size,
                    usage: wgpu::BufferUsages::STORAGE,
                    mapped_at_creation: false,
                })
            })
        };
        assert!(buffer(16).is_ok());
        let refused = buffer(gpu.capabilities.limits.max_buffer_size + 4);
        assert!(matches!(refused, Err(Error::Device { .. })), "{refused:?}");
    }

    #[test]
    fn a_lost_device_says_so() {
        let gpu = gpu();
        assert_eq!(gpu.check(), Ok(()));
        gpu.device.destroy();
        // The news comes with the next poll.
        let _ = gpu.wait();
        assert!(matches!(gpu.check(), Err(Error::Lost { .. })));
        assert!(matches!(gpu.checked(|| ()), Err(Error::Lost { .. })));
    }

    #[test]
    fn a_device_needs_no_more_than_its_adapter_has() {
        let gpu = gpu();
        assert!(gpu.capabilities.limits.max_texture_dimension_2d >= 4096);
        assert_eq!(
            gpu.capabilities.tier,
            match gpu.device.adapter_info().device_type {
                wgpu::DeviceType::Cpu => Tier::Cpu,
                _ => Tier::Gpu,
            }
        );
    }
}
