//! The depth under a pixel: what the hand points at.

use glam::{Mat4, Vec2};
use rayon::prelude::*;
use zoetrope_codecs::{Bounds, SplatFrame};

use super::project::{Place, Spread, reach_sigma};
use super::unpack::{CloudGaussians, Gaussians, PlaneGaussians};
use crate::splat::ProjectParameters;
use crate::splat::constants::{ALPHA_MAX, ALPHA_MIN};
use crate::{Error, Result, View};

/// A pixel that is covered less than this shows nothing that one could point at.
const COVERAGE_MIN: f32 = 0.1;
/// Gaussians that one task looks at.
const TASK_ROWS: usize = 4096;

/// View-space depth (world units along the line of sight) of what `frame` shows at `pixel` of
/// `view`; `None` where less than a tenth of the background is covered. (0, 0) is the outer corner
/// of the first pixel, y down; pixels outside the picture will do.
///
/// It is the median of what covers the pixel: on a surface the depth at which transmittance falls
/// below a half, so that neither a mist before it nor what shines through it counts. Looks at every
/// Gaussian, over all cores: about 20 ns of CPU time each.
///
/// # Errors
/// [`Error::Frame`] and [`Error::TooLarge`] for frames that cannot be drawn either,
/// [`Error::EmptyPicture`].
pub fn pick_depth(frame: &SplatFrame, view: &View, pixel: Vec2) -> Result<Option<f32>> {
    crate::splat::check(frame)?;
    let (width, height) = (view.width, view.height);
    if width == 0 || height == 0 {
        return Err(Error::EmptyPicture { width, height });
    }
    // The bounds are for the keys of the sort only.
    let parameters = ProjectParameters::new(frame, Bounds::EMPTY, view);
    let mut layers = match frame {
        SplatFrame::Planes(planes) => {
            let source = PlaneGaussians::new(planes, &parameters);
            layers(&source, &parameters, frame.count(), pixel)
        }
        SplatFrame::Cloud(cloud) => {
            layers(&CloudGaussians(cloud), &parameters, frame.count(), pixel)
        }
    };
    layers.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    Ok(median_depth(&layers))
}

/// A Gaussian where the ray meets it.
struct Layer {
    depth: f32,
    alpha: f32,
}

fn median_depth(layers: &[Layer]) -> Option<f32> {
    let rest: f32 = layers.iter().map(|layer| 1.0 - layer.alpha).product();
    let coverage = 1.0 - rest;
    if coverage < COVERAGE_MIN {
        return None;
    }
    let mut transmittance = 1.0;
    let median = layers.iter().find(|layer| {
        transmittance *= 1.0 - layer.alpha;
        transmittance <= 1.0 - 0.5 * coverage
    });
    median.map(|layer| layer.depth)
}

fn layers(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    count: usize,
    pixel: Vec2,
) -> Vec<Layer> {
    let view_from_world = Mat4::from_cols_array_2d(&parameters.view_from_world);
    (0..count)
        .into_par_iter()
        .with_min_len(TASK_ROWS)
        .filter_map(|k| layer(source, parameters, k, &view_from_world, pixel))
        .collect()
}

/// Gaussian `k` where the ray through `pixel` meets it; `None` when it does not.
fn layer(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    k: usize,
    view_from_world: &Mat4,
    pixel: Vec2,
) -> Option<Layer> {
    let place = Place::of(source, parameters, k, view_from_world)?;
    let offset = pixel - place.centre_px(parameters);
    // No axis of the ellipse is longer than the longest in space times the largest singular value
    // of the Jacobian. Nearly all Gaussians end here, before their covariance is computed.
    let focal_by_depth = parameters.focal_px / place.view.z;
    let stretch = 1.0 + place.tangent(parameters).length_squared();
    let longest = focal_by_depth * source.scale(k).max_element();
    let variance_max = longest * longest * stretch + parameters.low_pass_px2;
    let reach = reach_sigma(place.opacity);
    let may_touch = offset.length_squared() <= 1.001 * variance_max * reach * reach;
    if !may_touch {
        return None;
    }
    let spread = Spread::of(source, parameters, k, view_from_world, &place)?;
    let (major, major_variance) = spread.major();
    let minor_variance = spread.determinant / major_variance;
    let (along, across) = (offset.dot(major), offset.perp_dot(major));
    let square = along * along / major_variance + across * across / minor_variance;
    let alpha = (spread.opacity * (-0.5 * square).exp()).min(ALPHA_MAX);
    let layer = Layer {
        depth: place.view.z,
        alpha,
    };
    (alpha >= ALPHA_MIN).then_some(layer)
}

#[cfg(test)]
mod tests {
    use glam::{DVec2, Vec3};
    use zoetrope_codecs::splat::synthetic;
    use zoetrope_codecs::{AttributeRanges, PlaneFrame, SplatCloud};

    use super::*;
    use crate::cpu::reference;
    use crate::{Background, Camera, Filter};

    /// From 4 in front of the origin; pixel (15.5, 10.5) is the middle.
    fn view() -> View {
        View {
            camera: Camera {
                position: Vec3::new(0.0, 0.0, -4.0),
                target: Vec3::ZERO,
                up: Vec3::NEG_Y,
                fov_y: 1.0,
            },
            width: 31,
            height: 21,
            background: Background::Transparent,
            filter: Filter::Classic,
            sh_degree: 0,
        }
    }

    const MIDDLE: Vec2 = Vec2::new(15.5, 10.5);

    /// Balls in the middle at a depth, with an opacity.
    fn balls(balls: &[(f32, f32)]) -> SplatFrame {
        let mut cloud = SplatCloud::with_capacity(0, 0);
        for (depth, opacity) in balls {
            let position = [0.0, 0.0, depth - 4.0];
            cloud.push(
                position,
                [1.0, 0.0, 0.0, 0.0],
                [0.2; 3],
                *opacity,
                [0.0; 3],
                &[],
            );
        }
        SplatFrame::Cloud(cloud)
    }

    fn pick(frame: &SplatFrame, pixel: Vec2) -> Option<f32> {
        pick_depth(frame, &view(), pixel).expect("a valid frame")
    }

    #[test]
    fn the_first_thing_that_hides_half_is_meant() {
        for (scene, expected) in [
            (&[][..], None),
            (&[(4.0, 0.9)], Some(4.0)),
            (&[(5.0, 0.9), (3.0, 0.9)], Some(3.0)),
            // Mist in front of a wall.
            (&[(2.0, 0.1), (2.5, 0.2), (5.0, 0.99)], Some(5.0)),
            // Mist alone, thick enough and too thin.
            (&[(2.0, 0.1), (3.0, 0.1), (5.0, 0.1)], Some(3.0)),
            (&[(2.0, 0.05)], None),
            // Behind the camera, and nearer than the near plane.
            (&[(-1.0, 0.9), (0.1, 0.9), (6.0, 0.9)], Some(6.0)),
        ] {
            assert_eq!(pick(&balls(scene), MIDDLE), expected, "{scene:?}");
        }
    }

    #[test]
    fn beside_it_there_is_nothing() {
        let frame = balls(&[(4.0, 0.9)]);
        // A standard deviation is 0.96 pixels here.
        assert_eq!(pick(&frame, MIDDLE + Vec2::new(1.5, 0.0)), Some(4.0));
        assert_eq!(pick(&frame, MIDDLE + Vec2::new(4.0, 0.0)), None);
        assert_eq!(pick(&frame, Vec2::splat(-1e9)), None);
        assert_eq!(pick(&frame, Vec2::splat(f32::NAN)), None);
    }

    #[test]
    fn frames_and_pictures_without_sense_are_refused() {
        let SplatFrame::Cloud(mut cloud) = balls(&[(4.0, 0.9)]) else {
            panic!("balls are a cloud");
        };
        cloud.scales.clear();
        let refused = pick_depth(&SplatFrame::Cloud(cloud), &view(), MIDDLE);
        assert!(matches!(refused, Err(Error::Frame { .. })));
        let mut empty = view();
        empty.height = 0;
        let refused = pick_depth(&balls(&[]), &empty, MIDDLE);
        assert!(matches!(refused, Err(Error::EmptyPicture { .. })));
    }

    /// Whether `picked` is the median of `layers`, or so close to it that rounding decides.
    fn assert_median(picked: Option<f32>, layers: &[(f64, f64)], name: &str) {
        const SLACK: f64 = 0.002;
        let least = f64::from(COVERAGE_MIN);
        let coverage = 1.0 - layers.iter().map(|(_, alpha)| 1.0 - alpha).product::<f64>();
        let Some(picked) = picked.map(f64::from) else {
            assert!(coverage < least + SLACK, "{name}: {coverage}");
            return;
        };
        assert!(coverage > least - SLACK, "{name}: {coverage}");
        let depth_where = |threshold: f64| {
            let mut transmittance = 1.0;
            let mut found = layers.iter().filter(|(_, alpha)| {
                transmittance *= 1.0 - alpha;
                transmittance <= threshold
            });
            found
                .next()
                .or(layers.last())
                .map_or(0.0, |(depth, _)| *depth)
        };
        let half = 1.0 - 0.5 * coverage;
        let (first, last) = (depth_where(half + SLACK), depth_where(half - SLACK));
        assert!(
            picked > first * 0.9999 && picked < last * 1.0001,
            "{name}: {picked}, not {first} to {last}"
        );
    }

    #[test]
    fn it_is_the_median_of_the_reference() {
        let mut cloud = synthetic::surface(3000, 0, 3);
        // Needles and specks too.
        for (k, scale) in cloud.scales.iter_mut().enumerate().step_by(7) {
            *scale = [0.2, 0.001, 0.0005 * (k % 3) as f32];
        }
        let ranges = AttributeRanges::of([&cloud]).into();
        let planes = SplatFrame::Planes(PlaneFrame::quantise(&cloud, &ranges));
        for frame in [SplatFrame::Cloud(cloud), planes] {
            let cloud = frame.to_cloud();
            for camera in Camera::ring(frame.bounds(), Vec3::NEG_Y, 3) {
                for filter in [Filter::Classic, Filter::Mip] {
                    let view = View {
                        camera,
                        width: 120,
                        height: 160,
                        filter,
                        ..view()
                    };
                    let mut hits = 0;
                    for place in 0..40 {
                        let pixel = Vec2::new(
                            3.0 * place as f32 + 0.5,
                            160.0 * (0.37 * place as f32).fract(),
                        );
                        let picked = pick_depth(&frame, &view, pixel).expect("a valid frame");
                        hits += usize::from(picked.is_some());
                        let layers = reference::layers(
                            &cloud,
                            &view,
                            DVec2::new(pixel.x.into(), pixel.y.into()),
                        );
                        assert_median(picked, &layers, &format!("{filter:?}, {pixel}"));
                    }
                    assert!((5..40).contains(&hits), "{hits}");
                }
            }
        }
    }
}
