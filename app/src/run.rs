//! The window of desktop systems.

use std::sync::Arc;

use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use zoetrope_render::Gpu;

use crate::open::{ClipTarget, open_clip};
use crate::platform::Platform;
use crate::ui::{AppOptions, ZoetropeApp};

/// What a shell starts the application with.
pub struct RunOptions {
    /// The clip to open: what was named on the command line, or a built-in one.
    pub clip: Option<ClipTarget>,
    /// What only the platform can do.
    pub platform: Arc<dyn Platform>,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display or no graphics device.
pub fn run(options: RunOptions) -> anyhow::Result<()> {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.power_preference = wgpu::PowerPreference::HighPerformance;
    setup.device_descriptor = Arc::new(Gpu::device_descriptor);
    let native_options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Zoetrope")
            .with_app_id("zoetrope")
            .with_inner_size([1280.0, 720.0])
            .with_min_inner_size([340.0, 280.0]),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: WgpuConfiguration {
            wgpu_setup: WgpuSetup::CreateNew(setup),
            ..WgpuConfiguration::default()
        },
        // The picture's colours are final.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let result = eframe::run_native(
        "zoetrope",
        native_options,
        Box::new(move |cc| {
            let app = ZoetropeApp::new(
                cc,
                AppOptions {
                    clip: options.clip,
                    platform: options.platform,
                    opener: Arc::new(open_clip),
                },
            )?;
            Ok(Box::new(app))
        }),
    );
    result.map_err(|error| anyhow::anyhow!("the window cannot be opened: {error}"))
}
