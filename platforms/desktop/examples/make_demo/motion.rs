//! How the demo moves. World space: y points down, the floor is y = 0.

use glam::{Quat, Vec3};
use zoetrope_codecs::SplatCloud;

/// Frames a second.
pub const FRAME_RATE: f32 = 24.0;
/// Frames of the whole clip.
pub const FRAMES: usize = 84;
/// Seconds until the last Gaussian has arrived.
const ARRIVED: f32 = 1.4;
/// Seconds at which the first Gaussian leaves.
const LEAVING: f32 = 2.7;
/// Seconds that one Gaussian takes on its way.
const FLIGHT: f32 = 0.7;

/// The model at `time` seconds: Gaussians swirl up from the floor from the wheels to the head, the
/// figure sways, and sinks back.
pub fn pose(model: &SplatCloud, time: f32) -> SplatCloud {
    let bounds = model.bounds();
    let height = -bounds.min[1];
    let end = FRAMES as f32 / FRAME_RATE;
    let mut posed = SplatCloud::with_capacity(model.len(), 0);
    for row in 0..model.len() {
        let home = Vec3::from_array(model.positions[row]);
        let level = (-home.y / height).clamp(0.0, 1.0);
        let chance = fraction(row);
        let start = (ARRIVED - FLIGHT) * (0.85 * level + 0.15 * chance);
        let stop = LEAVING + (end - LEAVING - FLIGHT) * (0.85 * (1.0 - level) + 0.15 * chance);
        let there = ease((time - start) / FLIGHT) * (1.0 - ease((time - stop) / FLIGHT));
        let away = 1.0 - there;

        // On the way: a spiral over the floor that tightens while it rises.
        let swirl = Quat::from_rotation_y(2.4 * away);
        let flat = Vec3::new(
            home.x * (1.0 + 0.9 * away),
            home.y * there,
            home.z * (1.0 + 0.9 * away),
        );
        // At home: a sway that grows towards the head, and a slower twist.
        let calm = ease(time / ARRIVED);
        let lean = 0.075 * calm * level * (std::f32::consts::TAU * 0.75 * time).sin();
        let twist = 0.05 * calm * level * (std::f32::consts::TAU * 0.5 * time).cos();
        let turn = Quat::from_rotation_z(lean) * Quat::from_rotation_y(twist) * swirl;

        let [w, x, y, z] = model.rotations[row];
        let rotation = turn * Quat::from_xyzw(x, y, z, w);
        let size = 0.25 + 0.75 * there;
        posed.push(
            (turn * flat).to_array(),
            [rotation.w, rotation.x, rotation.y, rotation.z],
            model.scales[row].map(|scale| scale * size),
            model.opacities[row] * there.sqrt(),
            colour(Vec3::from_array(model.sh_dc[row]), level, away, time).to_array(),
            &[],
        );
    }
    posed
}

/// SH coefficient of degree 0 of a Gaussian at `level`, 0 at the floor to 1 at the head: the way
/// there glows in all colours, and later a warm band runs up the figure.
fn colour(own: Vec3, level: f32, away: f32, time: f32) -> Vec3 {
    let phase = std::f32::consts::TAU * (0.9 * level + 0.55);
    let rainbow = Vec3::new(phase.cos(), (phase - 2.1).cos(), (phase + 2.1).cos()) * 1.3;
    let band = (level - 1.5 * (time - ARRIVED)) / 0.05;
    let glow = Vec3::new(1.7, 0.75, 0.1) * (-band * band).exp();
    own.lerp(rainbow, 0.85 * away) + glow
}

/// Smooth step from 0 to 1.
fn ease(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A number from 0 to 1 that looks random, the same for the same row.
fn fraction(row: usize) -> f32 {
    let mixed = (row as u32)
        .wrapping_mul(0x9E37_79B9)
        .rotate_left(15)
        .wrapping_mul(0x85EB_CA6B);
    (mixed >> 8) as f32 / (1u32 << 24) as f32
}
