//! Every number that Rust and WGSL share. Shaders get them in a generated prelude
//! ([`crate::shader`]).

/// Alphas below this are not blended (3DGS).
pub const ALPHA_MIN: f32 = 1.0 / 255.0;
/// Alphas are cut at this (3DGS).
pub const ALPHA_MAX: f32 = 0.99;
/// The Jacobian is evaluated inside this many times the tangent of half the field of view (3DGS).
pub const TANGENT_MARGIN: f32 = 1.3;
/// Gaussians with a standard deviation above this many pixels are shrunk to it: half floats end
/// at 65504 and rasterisers' guard bands not much later.
pub const SIGMA_MAX_PX: f32 = 16384.0;
/// Degree-0 spherical harmonic.
pub const SH_C0: f32 = 0.282_094_8;
/// Degree 1.
pub const SH_C1: f32 = 0.488_602_52;
/// Degree 2.
pub const SH_C2: [f32; 3] = [1.092_548_5, 0.315_391_57, 0.546_274_24];
/// Degree 3.
pub const SH_C3: [f32; 5] = [
    0.590_043_6,
    2.890_611_4,
    0.457_045_8,
    0.373_176_34,
    1.445_305_7,
];
/// Depth key of Gaussians that are not drawn.
pub const KEY_CULLED: u32 = u32::MAX;
/// Planes store opacity 0..1 and linear scales.
pub const ENCODING_ACTIVATED: u32 = 0;
/// Planes store opacity as logit, scale as natural logarithm, SH rest channel-major.
pub const ENCODING_RAW: u32 = 1;
/// Planes store opacity 0..1 and scale as natural logarithm.
pub const ENCODING_LOG_SCALE: u32 = 2;
/// Pairs of attributes of SH degree 3, for whose de-quantisation there is room.
pub const RANGE_PAIRS: usize = 59_usize.div_ceil(2);
/// Invocations of a compute workgroup.
pub const WORKGROUP_SIZE: u32 = 256;
/// Bits that one pass of the GPU's radix sort sorts by: one digit for each invocation.
pub const SORT_DIGIT_BITS: u32 = 8;
/// Keys that one workgroup sorts in a pass.
pub const SORT_BLOCK: u32 = 16 * WORKGROUP_SIZE;
/// Natural logarithm of the scale that code 0 of a packed cloud means.
pub const SCALE_LOG_MIN: f32 = -20.0;
/// The same for code 65535.
pub const SCALE_LOG_MAX: f32 = 12.0;
