//! The window of desktop systems.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use eframe::egui_wgpu::{SurfaceConfig, WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};
use zoetrope_render::Gpu;

use crate::arrivals::Arrivals;
use crate::open::{ClipTarget, NeuralDevice, OpenOptions, open_clip_with};
use crate::platform::Platform;
use crate::remembered::Remembered;
use crate::storage::{Storage, Stored as _};
use crate::ui::{AppOptions, DemoClip, FrameWatch, LostDevice, SIZE_MIN, ZoetropeApp};
use crate::workers::Workers;

/// A picture that takes longer does not hold the interface up.
const PATIENCE: Duration = Duration::from_millis(100);
/// A device that is lost sooner after its window was opened is not worth another try.
const WINDOW_LASTS: Duration = Duration::from_secs(10);
/// The size of a first window, in points.
const SIZE: [f32; 2] = [1280.0, 720.0];

/// What a shell starts the application with.
pub struct RunOptions {
    /// What comes from outside: the clip or link that was named on the command line, and what other
    /// starts hand over.
    pub arrivals: Arc<Arrivals>,
    /// The built-in clips.
    pub demos: Vec<DemoClip>,
    /// What only the platform can do.
    pub platform: Arc<dyn Platform>,
    /// Where settings and the like are kept.
    pub storage: Arc<dyn Storage>,
    /// How clips are opened; the device is the window's.
    pub open: OpenOptions,
    /// Who watches the frames of the interface, if anybody does.
    pub watch: Option<FrameWatch>,
}

/// Opens the window and returns when it is closed. When the graphics device is lost, the window is
/// opened anew with the same clip.
///
/// # Errors
/// When there is no display or no graphics device, or when the device is lost again and again.
pub fn run(options: RunOptions) -> anyhow::Result<()> {
    Workers::lower_the_common(options.platform.clone());
    let (mut clip, mut message) = (None, None);
    loop {
        let opened = Instant::now();
        let lost = Arc::new(OnceLock::new());
        open_window(clip, message, &options, lost.clone())?;
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

fn open_window(
    clip: Option<ClipTarget>,
    message: Option<String>,
    options: &RunOptions,
    lost: Arc<OnceLock<LostDevice>>,
) -> anyhow::Result<()> {
    let native_options = eframe::NativeOptions {
        viewport: viewport(&*options.storage),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: wgpu_options(),
        // The picture's colours are final.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let (platform, storage) = (options.platform.clone(), options.storage.clone());
    let arrivals = options.arrivals.clone();
    let (demos, watch) = (options.demos.clone(), options.watch.clone());
    let mut open = options.open.clone();
    let result = eframe::run_native(
        "zoetrope",
        native_options,
        Box::new(move |cc| {
            let mut app = ZoetropeApp::new(
                cc,
                AppOptions {
                    clip,
                    arrivals,
                    demos,
                    platform,
                    storage,
                    opener: Box::new(move |gpu| {
                        open.device = Some(Arc::new(NeuralDevice::new(gpu.clone())));
                        Arc::new(move |target, import, cancel| {
                            let options = OpenOptions {
                                // Answers are newer than what the window was started with.
                                import: import.clone().or(&open.import),
                                ..open.clone()
                            };
                            open_clip_with(target, &options, cancel)
                        })
                    }),
                    patience: PATIENCE,
                    lost,
                    watch,
                },
            )?;
            if let Some(message) = message {
                app.tell(message);
            }
            Ok(Box::new(app))
        }),
    );
    result.map_err(|error| anyhow::anyhow!("the window cannot be opened: {error}"))
}

/// The device, and how its pictures reach the screen.
fn wgpu_options() -> WgpuConfiguration {
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    setup.power_preference = wgpu::PowerPreference::HighPerformance;
    setup.device_descriptor = Arc::new(Gpu::device_descriptor);
    WgpuConfiguration {
        wgpu_setup: WgpuSetup::CreateNew(setup),
        surface: SurfaceConfig {
            // Any of those that wait for the screen: a named one may not be there.
            present_mode: wgpu::PresentMode::AutoVsync,
            ..SurfaceConfig::HIGH_THROUGHPUT
        },
        ..WgpuConfiguration::default()
    }
}

/// The icon of the window, where the desktop does not know the application.
fn icon() -> egui::IconData {
    let bytes = include_bytes!("../../assets/icon.png");
    eframe::icon_data::from_png_bytes(bytes).unwrap_or_else(|error| {
        log::error!("the icon cannot be read: {error}");
        egui::IconData::default()
    })
}

/// The window as it was left.
fn viewport(storage: &dyn Storage) -> egui::ViewportBuilder {
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Zoetrope")
        .with_app_id("zoetrope")
        .with_icon(icon())
        .with_inner_size(SIZE)
        .with_min_inner_size(SIZE_MIN);
    // What is broken is told by the application, which reads it again.
    let bytes = storage.read(Remembered::NAME);
    let remembered = bytes.ok().flatten();
    let window = remembered
        .and_then(|bytes| Remembered::decode(&bytes).ok())
        .and_then(|(remembered, _)| remembered.window);
    if let Some(window) = window {
        let size = [0, 1].map(|axis| window.size[axis].max(SIZE_MIN[axis]));
        viewport = viewport
            .with_inner_size(size)
            .with_maximized(window.maximized);
        if let Some(position) = window.position {
            viewport = viewport.with_position(position);
        }
    }
    viewport
}
