//! Where the picture is taken from, and how.

use glam::{Mat4, Vec2, Vec3};
use zoetrope_codecs::{Bounds, FrameContent, SplatFrame};

/// A pinhole camera in world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Camera centre.
    pub position: Vec3,
    /// The point looked at, around which the camera orbits.
    pub target: Vec3,
    /// Direction that is up in the picture; need not be orthogonal to the line of sight.
    pub up: Vec3,
    /// Vertical field of view in radians, above 0 and below pi.
    pub fov_y: f32,
}

impl Camera {
    /// Vertical field of view of cameras that nobody chose, in radians (50 degrees).
    pub const DEFAULT_FOV_Y: f32 = 50.0 * std::f32::consts::PI / 180.0;

    /// Distance of the near plane where the scene is not small, world units (INRIA's constant).
    const NEAR: f32 = 0.2;

    /// World space to view space: x right, y down, z forward (COLMAP, INRIA).
    ///
    /// A camera that looks along `up`, or at its own position, gets the nearest sensible axes.
    pub fn view_from_world(&self) -> Mat4 {
        let forward = (self.target - self.position)
            .try_normalize()
            .unwrap_or(Vec3::Z);
        let right = forward
            .cross(self.up)
            .try_normalize()
            .unwrap_or_else(|| forward.any_orthonormal_vector());
        let down = forward.cross(right);
        let rotation = Mat4::from_cols(
            right.extend(0.0),
            down.extend(0.0),
            forward.extend(0.0),
            glam::Vec4::W,
        )
        .transpose();
        rotation * Mat4::from_translation(-self.position)
    }

    /// Distance of the near plane, world units: INRIA's 0.2, and a twentieth of the distance to
    /// the target in small scenes, whose Gaussians would all lie in front of that.
    pub fn near(&self) -> f32 {
        let distance = self.position.distance(self.target);
        Self::NEAR.min(0.05 * distance).max(1e-6)
    }

    /// The camera that sees the whole box from its front, upright.
    ///
    /// `fov_y` is in radians, `aspect` is width by height. The front of content with y down
    /// (COLMAP) is where z is least, of content with y up (glTF) where z is largest, of content
    /// with z up where y is least.
    pub fn framing(bounds: Bounds, up: Vec3, fov_y: f32, aspect: f32) -> Self {
        Self::around(bounds, up, fov_y, aspect, 0.0)
    }

    /// `n` cameras of equal angular distance on a circle around the box, each seeing all of it in
    /// a square picture; the first is [`Camera::framing`]'s.
    pub fn ring(bounds: Bounds, up: Vec3, n: usize) -> Vec<Self> {
        (0..n)
            .map(|k| {
                let angle = std::f32::consts::TAU * k as f32 / n as f32;
                Self::around(bounds, up, Self::DEFAULT_FOV_Y, 1.0, angle)
            })
            .collect()
    }

    /// A camera that sees all of `bounds` from a place turned by `angle` radians about `up`.
    fn around(bounds: Bounds, up: Vec3, fov_y: f32, aspect: f32, angle: f32) -> Self {
        let up = up.try_normalize().unwrap_or(Vec3::NEG_Y);
        let target = Vec3::from(bounds.centre());
        let radius = if bounds.radius() > 0.0 {
            bounds.radius()
        } else {
            1.0
        };
        let half_y = 0.5 * fov_y;
        let half_x = (half_y.tan() * aspect.max(1e-3)).atan();
        let distance = radius / half_y.min(half_x).sin();
        let forward = glam::Quat::from_axis_angle(up, angle) * front_to_back(up);
        Self {
            position: target - distance * forward,
            target,
            up,
            fov_y,
        }
    }
}

/// The horizontal direction from the front of the content to its back.
///
/// No rule is right for all content with y down. COLMAP's world is that of its first camera, which
/// looks along +z at what it captures; of models made by hand some face -z (Playbot), some +z
/// (PlayCanvas' monkey) and some neither (its biker). COLMAP's is the only one with a reason; a
/// clip that wants another view says so itself.
fn front_to_back(up: Vec3) -> Vec3 {
    // Turning COLMAP content about x to make it upright maps +z, where it looks from, to -z.
    let wanted = if up.z.abs() > 0.9 {
        Vec3::Y
    } else if up.y > 0.5 {
        Vec3::NEG_Z
    } else {
        Vec3::Z
    };
    (wanted - up * wanted.dot(up)).normalize_or(up.any_orthonormal_vector())
}

/// How a projected Gaussian is widened so that none is narrower than a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Filter {
    /// 3D Gaussian Splatting: variance + 0.3 px², opacity unchanged.
    #[default]
    Classic,
    /// The 2D filter of "Mip-Splatting" (Yu et al. 2024): variance + 0.1 px², opacity scaled so
    /// that the Gaussian keeps its integral.
    Mip,
}

impl Filter {
    /// The one that what `frame` shows was trained with.
    pub fn of(frame: &FrameContent) -> Self {
        frame
            .splats()
            .map_or(Self::Classic, |frame| Self::of_splats(frame))
    }

    /// The one that the Gaussians of `frame` were trained with.
    pub fn of_splats(frame: &SplatFrame) -> Self {
        match frame {
            SplatFrame::Cloud(cloud) if cloud.antialiased => Self::Mip,
            SplatFrame::Cloud(_) | SplatFrame::Planes(_) => Self::Classic,
        }
    }

    /// What is added to the variance along each picture axis, px².
    pub fn variance_px2(self) -> f32 {
        match self {
            Self::Classic => 0.3,
            Self::Mip => 0.1,
        }
    }
}

/// What is behind everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Background {
    /// Red, green, blue, display space, 0 to 1. The picture is opaque.
    Opaque([f32; 3]),
    /// Nothing. The picture's alpha is what the Gaussians cover, and its colours are premultiplied
    /// with it: laid over an opaque background it is the picture drawn with that. Where Gaussians
    /// are brighter than white, a colour may be more than its alpha.
    Transparent,
}

impl Background {
    /// Red, green, blue and alpha, premultiplied.
    pub fn premultiplied(self) -> [f32; 4] {
        match self {
            Self::Opaque([red, green, blue]) => [red, green, blue, 1.0],
            Self::Transparent => [0.0; 4],
        }
    }
}

/// All that decides a picture besides the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where from.
    pub camera: Camera,
    /// Picture width in pixels.
    pub width: u32,
    /// Picture height in pixels.
    pub height: u32,
    /// What is behind everything.
    pub background: Background,
    /// Low-pass filter.
    pub filter: Filter,
    /// Highest SH degree that is used, 0 to 3; frames with less use what they have.
    pub sh_degree: u8,
}

impl View {
    /// Focal length in pixels, the same for both axes.
    pub fn focal_px(&self) -> f32 {
        0.5 * self.height as f32 / (0.5 * self.camera.fov_y).tan()
    }

    /// The point in world space that appears at `pixel` ((0, 0) is the outer corner of the first
    /// pixel, y down) at a view-space depth.
    pub fn world_from_pixel(&self, pixel: Vec2, depth: f32) -> Vec3 {
        let centre = 0.5 * Vec2::new(self.width as f32, self.height as f32);
        let at = depth / self.focal_px() * (pixel - centre);
        let world_from_view = self.camera.view_from_world().inverse();
        world_from_view.transform_point3(at.extend(depth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds {
            min: [-1.0, -2.0, 3.0],
            max: [1.0, 0.5, 4.0],
        }
    }

    #[test]
    fn view_space_is_right_down_forward() {
        let camera = Camera {
            position: Vec3::new(0.0, 0.0, -5.0),
            target: Vec3::ZERO,
            up: Vec3::NEG_Y,
            fov_y: 1.0,
        };
        let view = camera.view_from_world();
        let close = |a: Vec3, b: Vec3| assert!(a.distance(b) < 1e-6, "{a} {b}");
        close(view.transform_point3(Vec3::ZERO), Vec3::new(0.0, 0.0, 5.0));
        close(view.transform_vector3(Vec3::X), Vec3::X);
        close(view.transform_vector3(Vec3::Y), Vec3::Y);
        assert!((view.determinant() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn pixels_with_their_depth_are_points_of_the_world() {
        let view = View {
            camera: Camera {
                position: Vec3::new(3.0, -1.0, 2.0),
                target: Vec3::new(0.5, 0.2, -0.3),
                up: Vec3::Y,
                fov_y: 0.8,
            },
            width: 320,
            height: 200,
            background: Background::Transparent,
            filter: Filter::Classic,
            sh_degree: 3,
        };
        let middle = view.world_from_pixel(Vec2::new(160.0, 100.0), 2.0);
        let sight = (view.camera.target - view.camera.position).normalize();
        assert!(middle.distance(view.camera.position + 2.0 * sight) < 1e-5);
        let point = Vec3::new(0.7, 0.4, 0.1);
        let seen = view.camera.view_from_world().transform_point3(point);
        let pixel = view.focal_px() * seen.truncate() / seen.z + Vec2::new(160.0, 100.0);
        assert!(view.world_from_pixel(pixel, seen.z).distance(point) < 1e-5);
    }

    #[test]
    fn degenerate_cameras_still_have_axes() {
        for (target, up) in [
            (Vec3::Y, Vec3::Y),
            (Vec3::ZERO, Vec3::Y),
            (Vec3::X, Vec3::ZERO),
        ] {
            let camera = Camera {
                position: Vec3::ZERO,
                target,
                up,
                fov_y: 1.0,
            };
            let view = camera.view_from_world();
            assert!((view.determinant() - 1.0).abs() < 1e-5, "{target} {up}");
        }
    }

    #[test]
    fn framing_and_ring_see_the_whole_box() {
        for up in [Vec3::NEG_Y, Vec3::Y, Vec3::Z, Vec3::X] {
            let mut cameras = Camera::ring(bounds(), up, 5);
            assert_eq!(
                cameras[0],
                Camera::framing(bounds(), up, cameras[0].fov_y, 1.0)
            );
            cameras.push(Camera::framing(bounds(), up, 0.7, 0.5));
            for camera in cameras {
                let view = camera.view_from_world();
                let aspect = if camera.fov_y == 0.7 { 0.5 } else { 1.0 };
                for corner in 0..8 {
                    let point = Vec3::from(std::array::from_fn(|axis| {
                        let b = bounds();
                        if corner >> axis & 1 == 0 {
                            b.min[axis]
                        } else {
                            b.max[axis]
                        }
                    }));
                    let p = view.transform_point3(point);
                    let limit = (0.5 * camera.fov_y).tan() * 1.0001;
                    assert!(p.z > camera.near());
                    assert!((p.y / p.z).abs() < limit && (p.x / p.z).abs() < limit * aspect);
                }
            }
        }
    }
}
