//! A model that moves: every Gaussian keeps its identity, and each kind of motion has its part.

use glam::{Quat, Vec3};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::{Cancel, Result, SplatCloud};
use zoetrope_encode::CloudSequence;

/// Frames a second.
const FRAME_RATE: f32 = 30.0;
/// The part of the height above which the figure sways.
const SWAYS_ABOVE: f32 = 0.66;
/// The part of the height below which every third Gaussian scatters.
const SCATTERS_BELOW: f32 = 0.15;
/// How fast all of it turns, radians a second.
const TURN: f32 = 0.5;
/// How fast all of it moves along x, world units a second.
const DRIFT: f32 = 0.2;
/// How fast what scatters falls, world units a second squared; y points down.
const GRAVITY: f32 = 1.2;

/// A model in three kinds of motion: all of it turns and drifts as a rigid body, the top sways on that,
/// and a part of the bottom scatters as dust does.
pub struct Moving {
    model: SplatCloud,
    frames: usize,
    /// Height of each row, 0 at the bottom to 1 at the top.
    levels: Vec<f32>,
    /// Velocity of what scatters, world units a second.
    velocities: Vec<Option<Vec3>>,
}

impl Moving {
    /// `frames` frames of `model`, of which the height is along y, pointing down.
    pub fn new(model: SplatCloud, frames: usize) -> Self {
        let bounds = model.bounds();
        let height = (bounds.max[1] - bounds.min[1]).max(1e-6);
        let level = |place: &[f32; 3]| ((bounds.max[1] - place[1]) / height).clamp(0.0, 1.0);
        let levels: Vec<f32> = model.positions.iter().map(level).collect();
        let mut random = Random::new(11);
        let velocities = (0..model.len())
            .map(|row| {
                let way = Vec3::from_array(random.direction()) * (0.2 + 0.4 * random.unit());
                let scatters = levels[row] < SCATTERS_BELOW && row % 3 == 0;
                scatters.then_some(Vec3::new(way.x, -way.y.abs(), way.z))
            })
            .collect();
        Self {
            model,
            frames,
            levels,
            velocities,
        }
    }

    /// Place and turn of a row at `time` seconds.
    fn pose(&self, row: usize, time: f32) -> (Vec3, Quat) {
        let home = Vec3::from_array(self.model.positions[row]);
        let level = self.levels[row];
        let (place, turn) = if let Some(velocity) = self.velocities[row] {
            let fall = Vec3::Y * (0.5 * GRAVITY * time * time);
            (
                home + velocity * time + fall,
                Quat::from_rotation_y(2.0 * velocity.x * time),
            )
        } else if level > SWAYS_ABOVE {
            let phase = std::f32::consts::TAU * 0.8 * time + 3.0 * home.x;
            let lean = 0.12 * (level - SWAYS_ABOVE) * phase.sin();
            (
                home + Vec3::new(lean, 0.0, 0.3 * lean),
                Quat::from_rotation_z(lean),
            )
        } else {
            (home, Quat::IDENTITY)
        };
        let rigid = Quat::from_rotation_y(TURN * time);
        (rigid * place + Vec3::X * (DRIFT * time), rigid * turn)
    }
}

impl CloudSequence for Moving {
    fn len(&self) -> usize {
        self.frames
    }

    fn sh_degree(&self) -> u8 {
        self.model.sh_degree
    }

    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
        cancel.check()?;
        let time = index as f32 / FRAME_RATE;
        let mut posed = self.model.clone();
        for row in 0..posed.len() {
            let (place, turn) = self.pose(row, time);
            let [w, x, y, z] = posed.rotations[row];
            let turned = turn * Quat::from_xyzw(x, y, z, w);
            posed.positions[row] = place.to_array();
            posed.rotations[row] = [turned.w, turned.x, turned.y, turned.z];
        }
        Ok(posed)
    }
}
