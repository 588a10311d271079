//! A projected Gaussian, as the projection hands it to drawing: 20 bytes.

use bytemuck::{Pod, Zeroable};
use glam::{Vec2, Vec3};
use half::f16;

/// A Gaussian in the picture. The same bytes on both tiers.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct SplatRecord {
    /// Centre in pixels, (0, 0) at the outer corner of the first pixel, y down.
    pub centre_px: [f32; 2],
    /// Standard deviation along the longer axis of the ellipse as a vector, pixels: f16 x, y.
    pub major_px: u32,
    /// Standard deviation along the shorter axis in pixels, and opacity: f16 each.
    pub minor_px_opacity: u32,
    /// Red, green, blue with 9 bits each and a shared exponent of 5 (low bits red).
    pub colour: u32,
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    /// Centre in pixels.
    pub centre_px: Vec2,
    /// Longer semi-axis at one standard deviation, pixels.
    pub major_px: Vec2,
    /// Length of the shorter semi-axis at one standard deviation, pixels.
    pub minor_px: f32,
    /// Opacity at the centre.
    pub opacity: f32,
    /// Red, green, blue, display space, not bounded above.
    pub colour: Vec3,
}

impl SplatRecord {
    /// Packs.
    pub fn new(ellipse: &Ellipse) -> Self {
        Self {
            centre_px: ellipse.centre_px.to_array(),
            major_px: pack_halves(ellipse.major_px.x, ellipse.major_px.y),
            minor_px_opacity: pack_halves(ellipse.minor_px, ellipse.opacity),
            colour: pack_rgb9e5(ellipse.colour),
        }
    }

    /// Unpacks.
    pub fn ellipse(&self) -> Ellipse {
        let [major_x, major_y] = unpack_halves(self.major_px);
        let [minor_px, opacity] = unpack_halves(self.minor_px_opacity);
        Ellipse {
            centre_px: Vec2::from(self.centre_px),
            major_px: Vec2::new(major_x, major_y),
            minor_px,
            opacity,
            colour: unpack_rgb9e5(self.colour),
        }
    }
}

/// WGSL's `pack2x16float`.
pub fn pack_halves(low: f32, high: f32) -> u32 {
    u32::from(f16::from_f32(low).to_bits()) | u32::from(f16::from_f32(high).to_bits()) << 16
}

/// WGSL's `unpack2x16float`.
pub fn unpack_halves(bits: u32) -> [f32; 2] {
    [bits as u16, (bits >> 16) as u16].map(|half| f16::from_bits(half).to_f32())
}

/// Three numbers of 0 to 65408 with a shared exponent (EXT_texture_shared_exponent).
fn pack_rgb9e5(colour: Vec3) -> u32 {
    let colour = colour.clamp(Vec3::ZERO, Vec3::splat(65408.0));
    let largest_exponent = (colour.max_element().to_bits() >> 23) as i32 - 127;
    let mut exponent = largest_exponent.max(-16) + 16;
    // A mantissa that rounds up to 512 needs the next exponent.
    if (colour.max_element() * power_of_two(24 - exponent)).round_ties_even() > 511.0 {
        exponent += 1;
    }
    let [r, g, b] = (colour * power_of_two(24 - exponent))
        .to_array()
        .map(|value| value.round_ties_even() as u32);
    r | g << 9 | b << 18 | (exponent as u32) << 27
}

fn unpack_rgb9e5(bits: u32) -> Vec3 {
    let mantissas = [bits & 511, bits >> 9 & 511, bits >> 18 & 511].map(|value| value as f32);
    Vec3::from(mantissas) * power_of_two((bits >> 27) as i32 - 24)
}

/// 2 to the power of `exponent`, which is from -24 to 24 here.
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_survive_within_a_five_hundredth() {
        for colour in [
            Vec3::ZERO,
            Vec3::ONE,
            Vec3::new(0.999, 0.5, 0.001),
            Vec3::new(3.0, 0.3, 1.7),
            Vec3::new(1e-4, 2e-5, 0.0),
            Vec3::new(0.99951, 0.2, 0.3),
            Vec3::new(60000.0, 1.0, 0.0),
        ] {
            let back = unpack_rgb9e5(pack_rgb9e5(colour));
            let error = (back - colour).abs().max_element();
            assert!(
                error <= colour.max_element() / 511.0 + 1e-7,
                "{colour} {back}"
            );
        }
        assert_eq!(
            unpack_rgb9e5(pack_rgb9e5(Vec3::splat(1e9))),
            Vec3::splat(65408.0)
        );
    }

    #[test]
    fn records_survive() {
        let ellipse = Ellipse {
            centre_px: Vec2::new(640.125, -3.5),
            major_px: Vec2::new(-12.5, 0.75),
            minor_px: 0.625,
            opacity: 0.5,
            colour: Vec3::new(0.25, 0.5, 1.0),
        };
        assert_eq!(size_of::<SplatRecord>(), 20);
        assert_eq!(SplatRecord::new(&ellipse).ellipse(), ellipse);
    }
}
