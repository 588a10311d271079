//! The window of desktop systems.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use zoetrope_render::Gpu;

use crate::open::{ClipTarget, open_clip};
use crate::platform::Platform;
use crate::ui::{AppOptions, FrameWatch, ZoetropeApp};

/// A picture that takes longer does not hold the interface up.
const PATIENCE: Duration = Duration::from_millis(100);
/// A device that is lost sooner after its window was opened is not worth another try.
const WINDOW_LASTS: Duration = Duration::from_secs(10);

/// What a shell starts the application with.
pub struct RunOptions {
    /// The clip to open: what was named on the command line, or a built-in one.
    pub clip: Option<ClipTarget>,
    /// What only the platform can do.
    pub platform: Arc<dyn Platform>,
    /// Who watches the frames of the interface, if anybody does.
    pub watch: Option<FrameWatch>,
}

/// Opens the window and returns when it is closed. When the graphics device is lost, the window is
/// opened anew with the same clip.
///
/// # Errors
/// When there is no display or no graphics device, or when the device is lost again and again.
pub fn run(options: RunOptions) -> anyhow::Result<()> {
    let (mut clip, mut message) = (options.clip, None);
    loop {
        let opened = Instant::now();
        let lost = Arc::new(OnceLock::new());
        let app_options = AppOptions {
            clip,
            platform: options.platform.clone(),
            opener: Arc::new(open_clip),
            patience: PATIENCE,
            lost: lost.clone(),
            watch: options.watch.clone(),
        };
        open_window(app_options, message)?;
        let Some(lost) = lost.get().cloned() else {
            return Ok(());
        };
        if opened.elapsed() < WINDOW_LASTS {
            anyhow::bail!(
                "{}; restart the computer or update the graphics driver",
                lost.error
            );
        }
        log::error!("{}", lost.error);
        clip = lost.clip;
        message = Some(format!("{}; the window was opened anew", lost.error));
    }
}

fn open_window(options: AppOptions, message: Option<String>) -> anyhow::Result<()> {
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
            let mut app = ZoetropeApp::new(cc, options)?;
            if let Some(message) = message {
                app.tell(message);
            }
            Ok(Box::new(app))
        }),
    );
    result.map_err(|error| anyhow::anyhow!("the window cannot be opened: {error}"))
}
