//! A flat picture as large as it fits: twin of `flat/fit_fragment.wgsl`.

use zoetrope_codecs::PictureFrame;

use crate::flat::{FitParameters, Part};
use crate::{Picture, View};

/// `picture`, with a pixel at least, as large as it can be seen whole in `view`, background around it.
pub fn fit(picture: &PictureFrame, view: &View) -> Picture {
    let parameters = FitParameters::new(Part::whole([picture.width, picture.height]), view);
    let mut rgba = Vec::with_capacity(4 * view.width as usize * view.height as usize);
    for y in 0..view.height {
        for x in 0..view.width {
            let colour = colour(picture, &parameters, [x, y]);
            rgba.extend(colour.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8));
        }
    }
    Picture {
        width: view.width,
        height: view.height,
        rgba,
    }
}

/// The colour of a pixel of the view, premultiplied.
fn colour(picture: &PictureFrame, parameters: &FitParameters, pixel: [u32; 2]) -> [f32; 4] {
    let inside = [0, 1].map(|axis| {
        (pixel[axis] as f32 + 0.5 - parameters.origin_px[axis]) / parameters.size_px[axis]
    });
    if inside.iter().any(|place| !(0.0..1.0).contains(place)) {
        return parameters.background;
    }
    let [columns, rows] = parameters.taps;
    let mut sum = [0.0_f32; 4];
    for y in 0..rows {
        for x in 0..columns {
            let tap = |axis: usize, index: u32| {
                let shift = (index as f32 + 0.5) / parameters.taps[axis] as f32 - 0.5;
                let place = inside[axis] + shift / parameters.size_px[axis];
                parameters.part_origin[axis] + place * parameters.part_size[axis]
            };
            let sample = bilinear(picture, [tap(0, x), tap(1, y)]);
            for (sum, sample) in sum.iter_mut().zip(sample) {
                *sum += sample;
            }
        }
    }
    let mean = sum.map(|sum| sum / (columns * rows) as f32);
    let alpha = mean[3];
    std::array::from_fn(|part| {
        let own = if part < 3 { mean[part] * alpha } else { alpha };
        own + (1.0 - alpha) * parameters.background[part]
    })
}

/// Between four texels; (0, 0) is the outer corner of the first, (1, 1) of the last. Places outside are
/// those of the edge.
fn bilinear(picture: &PictureFrame, place: [f32; 2]) -> [f32; 4] {
    let size = [picture.width, picture.height];
    let [x, y] = [0, 1].map(|axis| place[axis] * size[axis] as f32 - 0.5);
    let texel = |x: f32, y: f32| -> [f32; 4] {
        let at = |value: f32, size: u32| value.clamp(0.0, size as f32 - 1.0) as usize;
        let first = 4 * (at(y, size[1]) * size[0] as usize + at(x, size[0]));
        std::array::from_fn(|part| f32::from(picture.rgba[first + part]) / 255.0)
    };
    let (left, top) = (x.floor(), y.floor());
    let (right_share, low_share) = (x - left, y - top);
    let row = |y: f32| {
        let (a, b) = (texel(left, y), texel(left + 1.0, y));
        std::array::from_fn::<f32, 4, _>(|k| a[k] + right_share * (b[k] - a[k]))
    };
    let (above, below) = (row(top), row(top + 1.0));
    std::array::from_fn(|k| above[k] + low_share * (below[k] - above[k]))
}

#[cfg(test)]
mod tests {
    use glam::Vec3;
    use zoetrope_codecs::FrameContent;
    use zoetrope_codecs::random::Random;

    use super::*;
    use crate::{Background, Camera, Filter, FlatRenderer, Gpu};

    fn view(width: u32, height: u32, background: Background) -> View {
        View {
            camera: Camera {
                position: Vec3::ZERO,
                target: Vec3::Z,
                up: Vec3::Y,
                fov_y: 1.0,
            },
            width,
            height,
            background,
            filter: Filter::Classic,
            sh_degree: 3,
        }
    }

    fn noise(width: u32, height: u32, opaque: bool) -> PictureFrame {
        let mut random = Random::new(u64::from(width));
        let mut byte = || random.below(256) as u8;
        let pixel = |_| {
            let [red, green, blue, alpha] = [byte(), byte(), byte(), byte()];
            [red, green, blue, if opaque { 255 } else { alpha }]
        };
        PictureFrame {
            width,
            height,
            rgba: (0..width * height).flat_map(pixel).collect(),
        }
    }

    #[test]
    fn a_picture_of_the_views_own_size_stays_as_it_is() {
        let picture = noise(23, 17, true);
        let same = fit(&picture, &view(23, 17, Background::Transparent));
        assert_eq!(same.rgba, picture.rgba);
    }

    #[test]
    fn what_is_left_of_the_view_is_background() {
        let picture = noise(8, 4, true);
        let wide = fit(&picture, &view(24, 4, Background::Opaque([1.0, 0.0, 0.0])));
        let pixel = |x: usize, y: usize| &wide.rgba[4 * (y * 24 + x)..][..4];
        for y in 0..4 {
            assert_eq!(pixel(7, y), [255, 0, 0, 255]);
            assert_eq!(pixel(8, y), &picture.rgba[32 * y..][..4]);
            assert_eq!(pixel(16, y), [255, 0, 0, 255]);
        }
        let tall = fit(&picture, &view(8, 9, Background::Transparent));
        assert_eq!(tall.rgba[..64], [0; 64]);
        assert_eq!(tall.rgba[64..][..128], picture.rgba);
    }

    #[test]
    fn the_shader_draws_the_same() {
        let gpu = pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device");
        let mut renderer = FlatRenderer::new(&gpu).expect("a renderer");
        for (picture, [width, height]) in [
            (noise(23, 17, true), [23, 17]),
            (noise(23, 17, false), [64, 40]),
            (noise(97, 61, true), [31, 40]),
            (noise(320, 3, true), [17, 17]),
            (noise(1, 1, true), [5, 4]),
        ] {
            let view = view(width, height, Background::Opaque([0.2, 0.4, 0.6]));
            let content = FrameContent::from(picture.clone());
            let drawn = renderer.render(&gpu, &content, &view, &mut |_| ());
            drawn.expect("draws");
            let ours = renderer.read_picture(&gpu).expect("reads back");
            let expected = fit(&picture, &view);
            let worst = ours.rgba.iter().zip(&expected.rgba);
            // Samplers weigh with 8 bits.
            let worst = worst.map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst.is_some_and(|worst| worst <= 2), "{width}: {worst:?}");
        }
        let created = renderer.resources_created();
        for seed in 0..3 {
            let content = FrameContent::from(noise(1, 1, seed == 1));
            let view = view(5, 4, Background::Opaque([0.0; 3]));
            let drawn = renderer.render(&gpu, &content, &view, &mut |_| ());
            drawn.expect("draws");
        }
        assert_eq!(renderer.resources_created(), created);
    }
}
