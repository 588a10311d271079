//! Scenes and cameras for tests.
#![allow(dead_code)] // Each test binary uses its share.

use std::sync::Arc;

use glam::Vec3;
use zoetrope_codecs::gaussian_video::PlaneEncoding;
use zoetrope_codecs::{AttributeRanges, PlaneFrame, PlaneLayout, SplatCloud, SplatFrame};
use zoetrope_render::{Background, Camera, Filter, Gpu, Picture, SplatRenderer, Tier, View, cpu};

/// A device; a machine without one fails the test.
pub fn gpu() -> Gpu {
    pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device")
}

/// A view of a whole frame.
pub fn view_of(frame: &SplatFrame, width: u32, height: u32) -> View {
    let aspect = width as f32 / height as f32;
    View {
        camera: Camera::framing(frame.bounds(), Vec3::NEG_Y, 0.9, aspect),
        width,
        height,
        background: Background::Opaque([0.13, 0.31, 0.2]),
        filter: Filter::Classic,
        sh_degree: 3,
    }
}

/// Draws once with a new renderer.
pub fn draw(gpu: &Gpu, tier: Tier, frame: &Arc<SplatFrame>, view: &View) -> Picture {
    let mut renderer = SplatRenderer::new(gpu, Some(tier)).expect("a tier that works everywhere");
    renderer
        .render(gpu, frame, view, &mut |_| ())
        .expect("a valid frame");
    renderer.read_picture(gpu).expect("a picture")
}

/// Both tiers on one device, used again from scene to scene.
pub struct Studio {
    gpu: Gpu,
    renderers: [SplatRenderer; 2],
}

impl Studio {
    /// On a device; a machine without one fails the test.
    pub fn new() -> Self {
        let gpu = gpu();
        let renderers = [Tier::Cpu, Tier::Gpu].map(|tier| {
            SplatRenderer::new(&gpu, Some(tier)).expect("a tier that works everywhere")
        });
        Self { gpu, renderers }
    }

    /// The pictures of both tiers.
    pub fn draw(&mut self, frame: SplatFrame, view: &View) -> [Picture; 2] {
        let frame = Arc::new(frame);
        let gpu = &self.gpu;
        self.renderers.each_mut().map(|renderer| {
            renderer
                .render(gpu, &frame, view, &mut |_| ())
                .expect("a valid frame");
            renderer.read_picture(gpu).expect("a picture")
        })
    }

    /// Compares both tiers with the reference.
    pub fn compare(&mut self, name: &str, frame: SplatFrame, view: &View) {
        let reference = cpu::reference::render(&frame.to_cloud(), view);
        for (picture, tier) in self.draw(frame, view).iter().zip(["CPU", "GPU"]) {
            let psnr = picture.psnr(&reference).expect("one size");
            assert!(psnr >= 45.0, "{name}, {tier} tier: {psnr:.2} dB");
            let psnr = alpha(picture).psnr(&alpha(&reference)).expect("one size");
            assert!(psnr >= 45.0, "{name}, {tier} tier, alpha: {psnr:.2} dB");
        }
    }
}

/// The alpha of a picture as grey.
pub fn alpha(picture: &Picture) -> Picture {
    let pixels = picture.rgba.chunks_exact(4);
    Picture {
        rgba: pixels.flat_map(|pixel| [pixel[3]; 4]).collect(),
        ..*picture
    }
}

/// Packs a cloud into planes the way V3 does, each attribute over its own range, rounded.
pub fn planes(cloud: &SplatCloud, encoding: PlaneEncoding) -> PlaneFrame {
    let mut layout = PlaneLayout::for_count(cloud.len() as u32, cloud.sh_degree);
    layout.encoding = encoding;
    let raw = encoding == PlaneEncoding::Raw;
    let rest = cloud.rest_coefficients();
    let rows: Vec<Vec<f32>> = (0..cloud.len())
        .map(|k| {
            let mut values = cloud.positions[k].to_vec();
            values.extend(cloud.sh_dc[k]);
            for index in 0..3 * rest {
                let (j, channel) = if raw {
                    (index % rest, index / rest)
                } else {
                    (index / 3, index % 3)
                };
                values.push(cloud.rest_of(k)[j][channel]);
            }
            let opacity = cloud.opacities[k].clamp(1e-4, 1.0 - 1e-4);
            values.push(if raw {
                (opacity / (1.0 - opacity)).ln()
            } else {
                cloud.opacities[k]
            });
            values.extend(cloud.scales[k].map(|scale| if raw { scale.ln() } else { scale }));
            values.extend(cloud.rotations[k]);
            values
        })
        .collect();
    let ranges: Vec<[f32; 2]> = (0..layout.attributes())
        .map(|attribute| {
            let values = rows.iter().map(|row| row[attribute]);
            let low = values.clone().fold(f32::INFINITY, f32::min);
            let high = values.fold(f32::NEG_INFINITY, f32::max);
            if low <= high { [low, high] } else { [0.0, 0.0] }
        })
        .collect();
    let mut samples = vec![0; layout.samples()];
    for (k, row) in rows.iter().enumerate() {
        for (attribute, value) in row.iter().enumerate() {
            let [low, high] = ranges[attribute];
            let share = if high > low {
                (value - low) / (high - low)
            } else {
                0.0
            };
            let mut put =
                |layer: usize, byte: u8| samples[layer * layout.plane_samples() + k] = byte;
            if attribute < 3 {
                let [low_byte, high_byte] = ((share * 65535.0).round() as u16).to_le_bytes();
                put(2 * attribute, low_byte);
                put(2 * attribute + 1, high_byte);
            } else {
                put(attribute + 3, (share * 255.0).round() as u8);
            }
        }
    }
    PlaneFrame {
        layout,
        ranges: Arc::new(AttributeRanges::new("test", ranges).expect("finite")),
        samples,
    }
}
