//! What the projection needs to know besides the Gaussians: one uniform for shader and CPU twin.

use bytemuck::{Pod, Zeroable};
use glam::Vec3;
use zoetrope_codecs::gaussian_video::{PlaneEncoding, rest_coefficients};
use zoetrope_codecs::{Bounds, SplatFrame};

use super::constants::{
    ENCODING_ACTIVATED, ENCODING_LOG_SCALE, ENCODING_RAW, RANGE_PAIRS, TANGENT_MARGIN,
};
use crate::{Filter, View};

/// Up to this many Gaussians, 16-bit depth keys suffice: at most two in a slice of depth on average.
///
/// Keys are linear in the bits of the float, which is close to linear in the logarithm of depth,
/// between the depths of the nearest and the farthest corner of the frame's box: 65536 slices,
/// most of them where the Gaussians are. Gaussians that share a slice are drawn in row order, so
/// nothing flickers. Larger frames get 24 bits, which is as exact as float depths are.
const KEYS_16_BIT_MAX_COUNT: usize = 1 << 17;

/// Uniform of the projection. Same layout in WGSL (`ProjectParameters`).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ProjectParameters {
    /// Columns of the matrix from world space to view space (x right, y down, z forward).
    pub view_from_world: [[f32; 4]; 4],
    /// Camera centre, world space.
    pub camera_position: [f32; 3],
    /// Depth of the near plane.
    pub near: f32,
    /// Picture size in pixels.
    pub viewport_px: [f32; 2],
    /// Largest |x/z| and |y/z| at which the Jacobian is evaluated.
    pub tangent_limit: [f32; 2],
    /// Focal length in pixels.
    pub focal_px: f32,
    /// Added to the variance along each picture axis, px².
    pub low_pass_px2: f32,
    /// Key for each unit of depth bits above `key_near_bits`.
    pub key_scale: f32,
    /// Bits of the float depth that gets key 0.
    pub key_near_bits: u32,
    /// Largest key.
    pub key_max: u32,
    /// Gaussians.
    pub count: u32,
    /// Width of the texture that holds them, one pixel for each.
    pub side: u32,
    /// SH degree that is used.
    pub sh_degree: u32,
    /// SH coefficients beyond DC that are stored.
    pub rest_stored: u32,
    /// 1 where opacity is scaled so that widening keeps the integral (Mip-Splatting).
    pub keep_integral: u32,
    /// How planes store their values: [`encoding_of`].
    pub encoding: u32,
    /// Unused; structs in uniforms are multiples of 16 bytes.
    pub padding: u32,
    /// Two attributes each: low, step, low, step. `value = low + code * step`.
    pub ranges: [[f32; 4]; RANGE_PAIRS],
}

/// The code of an encoding.
fn encoding_of(encoding: PlaneEncoding) -> u32 {
    match encoding {
        PlaneEncoding::Activated => ENCODING_ACTIVATED,
        PlaneEncoding::Raw => ENCODING_RAW,
        PlaneEncoding::LogScale => ENCODING_LOG_SCALE,
    }
}

impl ProjectParameters {
    /// The parameters of `frame` seen as `view`; `bounds` are the frame's.
    pub fn new(frame: &SplatFrame, bounds: Bounds, view: &View) -> Self {
        let camera = &view.camera;
        let view_from_world = camera.view_from_world();
        let tan_y = (0.5 * camera.fov_y).tan();
        let tan_x = tan_y * view.width as f32 / view.height as f32;
        let key_bits = key_bits(frame.count());
        let key_max = (1_u32 << key_bits) - 1;
        let [nearest, farthest] = depth_bits(bounds, view);
        let mut parameters = Self {
            view_from_world: view_from_world.to_cols_array_2d(),
            camera_position: camera.position.to_array(),
            near: camera.near(),
            viewport_px: [view.width as f32, view.height as f32],
            tangent_limit: [tan_x, tan_y].map(|tangent| TANGENT_MARGIN * tangent),
            focal_px: view.focal_px(),
            low_pass_px2: view.filter.variance_px2(),
            key_scale: key_max as f32 / (farthest - nearest).max(1) as f32,
            key_near_bits: nearest,
            key_max,
            count: frame.count() as u32,
            side: 0,
            sh_degree: view.sh_degree.min(frame.sh_degree()).into(),
            rest_stored: rest_coefficients(frame.sh_degree()) as u32,
            keep_integral: u32::from(view.filter == Filter::Mip),
            encoding: ENCODING_ACTIVATED,
            padding: 0,
            ranges: [[0.0; 4]; RANGE_PAIRS],
        };
        if let SplatFrame::Planes(planes) = frame {
            parameters.side = planes.layout.side;
            parameters.encoding = encoding_of(planes.layout.encoding);
            for (attribute, [low, high]) in planes.ranges.values().iter().enumerate() {
                let code_max = if attribute < 3 { 65535.0 } else { 255.0 };
                let pair = &mut parameters.ranges[attribute / 2][attribute % 2 * 2..];
                pair[0] = *low;
                pair[1] = (high - low) / code_max;
            }
        }
        parameters
    }

    /// `[low, step]` of an attribute of planes.
    pub fn range(&self, attribute: usize) -> [f32; 2] {
        let pair = &self.ranges[attribute / 2][attribute % 2 * 2..];
        [pair[0], pair[1]]
    }
}

/// Bits of the depth keys of a frame of `count` Gaussians: 16 or 24.
pub fn key_bits(count: usize) -> u32 {
    if count <= KEYS_16_BIT_MAX_COUNT {
        16
    } else {
        24
    }
}

/// Bits of the smallest and the largest depth in front of the near plane.
fn depth_bits(bounds: Bounds, view: &View) -> [u32; 2] {
    let near = view.camera.near();
    let view_from_world = view.camera.view_from_world();
    let mut depths = [f32::INFINITY, f32::NEG_INFINITY];
    for corner in 0..8 {
        let point = Vec3::from(std::array::from_fn(|axis| {
            if corner >> axis & 1 == 0 {
                bounds.min[axis]
            } else {
                bounds.max[axis]
            }
        }));
        let depth = view_from_world.transform_point3(point).z;
        depths = [depths[0].min(depth), depths[1].max(depth)];
    }
    // The bits of positive floats are in the order of their values.
    let nearest = depths[0].clamp(near, f32::MAX);
    [nearest, depths[1].clamp(nearest, f32::MAX)].map(f32::to_bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Background, Camera};

    #[test]
    fn depth_keys_span_the_box_in_front_of_the_camera() {
        let bounds = Bounds {
            min: [-1.0; 3],
            max: [1.0; 3],
        };
        let mut view = View {
            camera: Camera {
                position: Vec3::new(0.0, 0.0, -5.0),
                target: Vec3::ZERO,
                up: Vec3::NEG_Y,
                fov_y: 1.0,
            },
            width: 10,
            height: 10,
            background: Background::Transparent,
            filter: Filter::Classic,
            sh_degree: 3,
        };
        assert_eq!(depth_bits(bounds, &view).map(f32::from_bits), [4.0, 6.0]);
        view.camera.position = Vec3::new(0.0, 0.0, -0.5);
        let near = view.camera.near();
        assert_eq!(depth_bits(bounds, &view).map(f32::from_bits), [near, 1.5]);
        view.camera.position = Vec3::new(0.0, 0.0, 5.0);
        view.camera.target = Vec3::new(0.0, 0.0, 15.0);
        let behind = depth_bits(bounds, &view);
        assert_eq!(behind.map(f32::from_bits), [0.2, 0.2]);
        let nothing = depth_bits(Bounds::EMPTY, &view);
        assert!(nothing[0] <= nothing[1]);
    }

    #[test]
    fn key_bits_follow_the_count() {
        assert_eq!(key_bits(KEYS_16_BIT_MAX_COUNT), 16);
        assert_eq!(key_bits(KEYS_16_BIT_MAX_COUNT + 1), 24);
    }
}
