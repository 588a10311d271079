//! `splat-100k`, `splat-500k`, `splat-2m`: drawing a frame, sort included.

use std::sync::Arc;

use glam::{Vec2, Vec3};
use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{AttributeRanges, Cancel, PlaneFrame, SplatCloud, SplatFrame};
use zoetrope_render::{Background, Camera, Filter, Gpu, SplatRenderer, Stage, View, pick_depth};

use super::bandwidth::{self, FrameBytes};
use super::{Metrics, median, peer};
use crate::cpu_time;

/// A scene and how often it is drawn.
struct Scene {
    frame: Arc<SplatFrame>,
    bytes: FrameBytes,
    views: Vec<View>,
    rounds: usize,
}

/// A V3-like frame of 100 000 Gaussians, and the peer on the same cloud.
///
/// # Errors
/// When there is nothing to draw with.
pub fn run_100k(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let cloud = synthetic::surface(100_000, 0, 1);
    let views = views(&cloud, 1280, 720, 16);
    let ranges = Arc::new(AttributeRanges::of([&cloud]));
    let planes = PlaneFrame::quantise(&cloud, &ranges);
    let scene = Scene {
        bytes: FrameBytes {
            stored: cloud.len() as u64,
            drawn: 0,
            position_bytes: 6,
            attribute_bytes: 11,
            key_bytes: 2,
            pixels: 1280 * 720,
        },
        frame: Arc::new(SplatFrame::Planes(planes)),
        views,
        rounds: 2,
    };
    let mut metrics = measure(&scene, cancel)?;
    peer::compare(&cloud, &scene.views[0], &mut metrics, cancel)?;
    Ok(metrics)
}

/// 500 000 Gaussians as a captured scene has them.
///
/// # Errors
/// When there is nothing to draw with.
pub fn run_500k(cancel: &Cancel) -> anyhow::Result<Metrics> {
    measure(&cloud_scene(500_000, 4), cancel)
}

/// 2 000 000 Gaussians: 192 MB of colour alone, more than the 128 MiB that software Vulkan binds.
///
/// # Errors
/// When there is nothing to draw with.
pub fn run_2m(cancel: &Cancel) -> anyhow::Result<Metrics> {
    measure(&cloud_scene(2_000_000, 2), cancel)
}

/// A captured-like cloud at SH degree 3, drawn at 1920x1080 from `cameras` places.
fn cloud_scene(count: usize, cameras: usize) -> Scene {
    let cloud = synthetic::surface(count, 3, 2);
    let bytes = FrameBytes {
        stored: count as u64,
        drawn: 0,
        position_bytes: 12,
        // Covariance of six and 48 colour coefficients as half floats, opacity as one more.
        attribute_bytes: 12 + 2 + 96,
        key_bytes: 4,
        pixels: 1920 * 1080,
    };
    Scene {
        views: views(&cloud, 1920, 1080, cameras),
        frame: Arc::new(SplatFrame::Cloud(cloud)),
        bytes,
        rounds: 1,
    }
}

fn views(cloud: &SplatCloud, width: u32, height: u32, cameras: usize) -> Vec<View> {
    Camera::ring(cloud.bounds(), Vec3::NEG_Y, cameras)
        .into_iter()
        .map(|camera| View {
            camera,
            width,
            height,
            background: Background::Opaque([0.0; 3]),
            filter: Filter::Classic,
            sh_degree: 3,
        })
        .collect()
}

/// CPU seconds of one frame by stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameCost {
    upload: f64,
    project: f64,
    sort: f64,
    draw: f64,
    drawn: u32,
}

impl FrameCost {
    /// CPU seconds of all stages.
    pub fn total(&self) -> f64 {
        self.upload + self.project + self.sort + self.draw
    }
}

/// Draws one frame and waits until it is there.
pub fn draw(
    gpu: &Gpu,
    renderer: &mut SplatRenderer,
    frame: &Arc<SplatFrame>,
    view: &View,
) -> anyhow::Result<FrameCost> {
    let mut cost = FrameCost::default();
    let mut last = cpu_time::of_this_process();
    let stats = renderer.render(gpu, frame, view, &mut |stage| {
        let now = cpu_time::of_this_process();
        let spent = match stage {
            Stage::Upload => &mut cost.upload,
            Stage::Project => &mut cost.project,
            Stage::Sort => &mut cost.sort,
            Stage::Draw => &mut cost.draw,
        };
        *spent += now - last;
        last = now;
    })?;
    gpu.device.poll(wgpu::PollType::wait_indefinitely())?;
    // What the device still does after the commands were handed over is drawing.
    cost.draw += cpu_time::of_this_process() - last;
    cost.drawn = stats.drawn.unwrap_or(stats.stored);
    Ok(cost)
}

fn measure(scene: &Scene, cancel: &Cancel) -> anyhow::Result<Metrics> {
    let gpu = pollster::block_on(Gpu::headless())?;
    let mut renderer = SplatRenderer::new(&gpu, None)?;
    let before = cpu_time::of_this_process();
    // The first frame also compiles pipelines and uploads the attributes.
    draw(&gpu, &mut renderer, &scene.frame, &scene.views[0])?;
    let first = cpu_time::of_this_process() - before;
    let mut costs = Vec::new();
    for _ in 0..scene.rounds {
        for view in &scene.views {
            cancel.check()?;
            costs.push(draw(&gpu, &mut renderer, &scene.frame, view)?);
        }
    }
    let mut picks = Vec::new();
    for view in &scene.views {
        cancel.check()?;
        let middle = 0.5 * Vec2::new(view.width as f32, view.height as f32);
        let before = cpu_time::of_this_process();
        pick_depth(&scene.frame, view, middle)?;
        picks.push(cpu_time::of_this_process() - before);
    }
    let of =
        |stage: fn(&FrameCost) -> f64| median(&mut costs.iter().map(stage).collect::<Vec<_>>());
    let drawn = of(|cost| f64::from(cost.drawn)) as u64;
    let bytes = FrameBytes {
        drawn,
        ..scene.bytes
    }
    .total();
    let bandwidth = bandwidth::copy_bytes_per_second();
    let total = of(FrameCost::total);
    let bound = bytes as f64 / bandwidth;

    let mut metrics = Metrics::default();
    metrics.set("adapter", gpu.capabilities.adapter_name.clone());
    metrics.set("driver", gpu.capabilities.driver.clone());
    metrics.set("tier", format!("{:?}", gpu.capabilities.tier));
    metrics.set("gaussians", scene.frame.count());
    metrics.set("gaussians_drawn_median", drawn);
    metrics.set("width", scene.views[0].width);
    metrics.set("height", scene.views[0].height);
    metrics.set("frames_measured", costs.len());
    metrics.set("cpu_seconds_first_frame", first);
    metrics.set("cpu_seconds_per_frame", total);
    metrics.set("cpu_seconds_upload", of(|cost| cost.upload));
    metrics.set("cpu_seconds_project", of(|cost| cost.project));
    metrics.set("cpu_seconds_sort", of(|cost| cost.sort));
    metrics.set("cpu_seconds_draw", of(|cost| cost.draw));
    metrics.set("cpu_seconds_pick", median(&mut picks));
    metrics.set("bound_bytes", bytes);
    metrics.set("bound_copy_bytes_per_second", bandwidth);
    metrics.set("bound_seconds", bound);
    metrics.set("bound_over_measured", bound / total);
    Ok(metrics)
}
