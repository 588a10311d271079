//! Clouds out of nothing, for tests and benchmarks: the same on every machine for the same seed.

use super::SplatCloud;
use crate::random::Random;

/// Height of the figure in world units; it stands on y = 0 and, as in INRIA's files, y is down.
pub const FIGURE_HEIGHT: f32 = 1.8;

/// One closed surface of the figure: an ellipsoid.
struct Part {
    centre: [f32; 3],
    radii: [f32; 3],
    /// Two colours that alternate in stripes, display space.
    colours: [[f32; 3]; 2],
    /// Stripes for each unit of height.
    stripes: f32,
}

const SKIN: [[f32; 3]; 2] = [[0.85, 0.62, 0.5], [0.78, 0.55, 0.44]];
const CLOTH: [[f32; 3]; 2] = [[0.15, 0.3, 0.7], [0.9, 0.85, 0.3]];
const TROUSERS: [[f32; 3]; 2] = [[0.2, 0.22, 0.25], [0.3, 0.12, 0.14]];
const STONE: [[f32; 3]; 2] = [[0.55, 0.55, 0.5], [0.4, 0.42, 0.4]];

const PARTS: [Part; 9] = [
    part([0.0, -1.62, 0.0], [0.12, 0.17, 0.14], SKIN, 4.0),
    part([0.0, -1.47, 0.0], [0.06, 0.12, 0.06], SKIN, 4.0),
    part([0.0, -1.15, 0.0], [0.24, 0.34, 0.15], CLOTH, 9.0),
    part([-0.33, -1.1, 0.02], [0.07, 0.33, 0.08], CLOTH, 14.0),
    part([0.36, -1.3, -0.06], [0.3, 0.08, 0.08], CLOTH, 14.0),
    part([-0.11, -0.48, 0.0], [0.1, 0.46, 0.12], TROUSERS, 6.0),
    part([0.12, -0.48, 0.03], [0.1, 0.46, 0.12], TROUSERS, 6.0),
    part([0.0, -0.02, 0.0], [0.6, 0.03, 0.6], STONE, 60.0),
    part(
        [0.72, -1.34, -0.08],
        [0.14, 0.14, 0.14],
        [[0.9, 0.2, 0.15], [0.95, 0.95, 0.9]],
        18.0,
    ),
];

const fn part(centre: [f32; 3], radii: [f32; 3], colours: [[f32; 3]; 2], stripes: f32) -> Part {
    Part {
        centre,
        radii,
        colours,
        stripes,
    }
}

/// A figure standing on a plate, as a capture would give it: flat Gaussians along closed surfaces,
/// a few layers of them over every point, striped and mottled colours, mostly but not all nearly
/// opaque, and for `sh_degree` above 0 a sheen that depends on where it is seen from.
///
/// `count` Gaussians in no particular order, `sh_degree` 0 to 3 (more counts as 3).
pub fn surface(count: usize, sh_degree: u8, seed: u64) -> SplatCloud {
    let sh_degree = sh_degree.min(3);
    let mut random = Random::new(seed);
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    let areas: Vec<f32> = PARTS.iter().map(Part::area).collect();
    let total_area: f32 = areas.iter().sum();
    // A disc of two standard deviations, three layers of them over the whole surface.
    let spread = (3.0 * total_area / (4.0 * std::f32::consts::PI * count.max(1) as f32)).sqrt();
    let mut rest = vec![[0.0; 3]; cloud.rest_coefficients()];
    for _ in 0..count {
        let (position, normal, part) = surface_point(&areas, total_area, &mut random);
        let size = spread * (0.5 * random.normal()).exp();
        let stretch = (0.35 * random.normal()).exp();
        let colour = part.colour(position, &mut random);
        sheen(normal, &mut random, &mut rest);
        let opacity = match random.unit() {
            u if u < 0.1 => 0.02 + 0.3 * random.unit(),
            _ => 0.7 + 0.3 * random.unit(),
        };
        cloud.push(
            position,
            facing(normal, std::f32::consts::TAU * random.unit()),
            [size * stretch, size / stretch, 0.12 * size],
            opacity,
            colour.map(|value| (value - 0.5) / 0.282_094_8),
            &rest,
        );
    }
    cloud
}

/// `cloud`, a [`surface`], swaying like reed: bent about the z axis, the more the higher, once
/// there and back while `t` goes from 0 to 1. Rows stay what they are.
pub fn animate(cloud: &SplatCloud, t: f32) -> SplatCloud {
    let mut moved = cloud.clone();
    let phase = std::f32::consts::TAU * t;
    for (position, rotation) in moved.positions.iter_mut().zip(&mut moved.rotations) {
        let [x, y, z] = *position;
        let height = (-y / FIGURE_HEIGHT).max(0.0);
        let angle = 0.35 * height * (phase - 0.8 * height).sin();
        let twist = 0.5 * height * phase.cos();
        let (x, z) = turn([x, z], twist);
        let (x, y) = turn([x, y], angle);
        *position = [x, y, z];
        let about_y = [(-0.5 * twist).cos(), 0.0, (-0.5 * twist).sin(), 0.0];
        let about_z = [(0.5 * angle).cos(), 0.0, 0.0, (0.5 * angle).sin()];
        *rotation = multiply(about_z, multiply(about_y, *rotation));
    }
    moved
}

impl Part {
    /// Area by Thomsen's formula, within 1.1 %.
    fn area(&self) -> f32 {
        const P: f32 = 1.6075;
        let [a, b, c] = self.radii.map(|radius| radius.powf(P));
        4.0 * std::f32::consts::PI * ((a * b + a * c + b * c) / 3.0).powf(1.0 / P)
    }

    /// Whether a point is well inside.
    fn contains(&self, point: [f32; 3]) -> bool {
        let square: f32 = (0..3)
            .map(|axis| ((point[axis] - self.centre[axis]) / self.radii[axis]).powi(2))
            .sum();
        square < 0.97
    }

    /// Display colour at a point, with some grain.
    fn colour(&self, point: [f32; 3], random: &mut Random) -> [f32; 3] {
        let angle = (point[0] - self.centre[0]).atan2(point[2] - self.centre[2]);
        let wave = (point[1] * self.stripes + 0.15 * (3.0 * angle).sin())
            .fract()
            .abs();
        let colour = self.colours[usize::from(wave < 0.5)];
        let grain = 0.05 * random.normal();
        colour.map(|value| (value + grain).clamp(0.0, 1.0))
    }
}

/// A point on the figure's outside, evenly by area, with its normal.
fn surface_point(
    areas: &[f32],
    total_area: f32,
    random: &mut Random,
) -> ([f32; 3], [f32; 3], &'static Part) {
    loop {
        let mut at = random.unit() * total_area;
        let index = areas.iter().position(|area| {
            at -= area;
            at < 0.0
        });
        let part = &PARTS[index.unwrap_or(0)];
        let direction = random.direction();
        let [a, b, c] = part.radii;
        // The element of area that an element of the unit sphere becomes.
        let scaled = [0, 1, 2].map(|axis| direction[axis] / part.radii[axis]);
        let stretch = a * b * c * length(scaled);
        let most = a * b * c / a.min(b).min(c);
        if random.unit() * most > stretch {
            continue;
        }
        let point = [0, 1, 2].map(|axis| part.centre[axis] + part.radii[axis] * direction[axis]);
        if PARTS.iter().any(|other| other.contains(point)) {
            continue;
        }
        return (point, scaled.map(|value| value / length(scaled)), part);
    }
}

/// SH coefficients beyond DC that brighten what faces the viewer, with some noise.
fn sheen(normal: [f32; 3], random: &mut Random, rest: &mut [[f32; 3]]) {
    let [x, y, z] = normal;
    for (index, coefficient) in rest.iter_mut().enumerate() {
        // Degree 1 weighs -y, z, -x of the direction in which it is seen.
        let facing = match index {
            0 => 0.12 * y,
            1 => -0.12 * z,
            2 => 0.12 * x,
            _ => 0.0,
        };
        let noise = if index < 8 { 0.04 } else { 0.02 };
        *coefficient = [(); 3].map(|()| facing + noise * random.normal());
    }
}

/// The quaternion w, x, y, z that turns +z to `normal`, after a turn about z by `spin` radians.
fn facing(normal: [f32; 3], spin: f32) -> [f32; 4] {
    let [x, y, z] = normal;
    // Half-way between the two directions; about x where they are opposite.
    let half = if z < -0.999 {
        [0.0, 1.0, 0.0, 0.0]
    } else {
        [1.0 + z, -y, x, 0.0]
    };
    let norm = half.iter().map(|part| part * part).sum::<f32>().sqrt();
    let spin = [(0.5 * spin).cos(), 0.0, 0.0, (0.5 * spin).sin()];
    multiply(half.map(|part| part / norm), spin)
}

/// Quaternion product, w, x, y, z.
fn multiply([aw, ax, ay, az]: [f32; 4], [bw, bx, by, bz]: [f32; 4]) -> [f32; 4] {
    [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]
}

fn turn([x, y]: [f32; 2], angle: f32) -> (f32, f32) {
    let (sin, cos) = angle.sin_cos();
    (x * cos - y * sin, x * sin + y * cos)
}

fn length(v: [f32; 3]) -> f32 {
    v.iter().map(|part| part * part).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_figure() {
        let cloud = surface(2000, 3, 5);
        assert_eq!(cloud.len(), 2000);
        assert!(cloud.sh_rest.is_for(2000, 15));
        assert_eq!(cloud.dropped, 0);
        assert_eq!(cloud, surface(2000, 3, 5));
        assert_ne!(cloud, surface(2000, 3, 6));
        let bounds = cloud.bounds();
        assert!(bounds.min[1] > -FIGURE_HEIGHT && bounds.max[1] < 0.1);
        assert!(surface(0, 0, 1).is_empty());
    }

    #[test]
    fn flat_sides_lie_along_the_surface() {
        // The thin axis of a Gaussian on the ball (the last part) points away from its centre; a
        // few of those near it belong to the arm that holds it.
        let cloud = surface(20_000, 0, 1);
        let ball = &PARTS[8];
        let (mut seen, mut along) = (0, 0);
        for (position, [w, x, y, z]) in cloud.positions.iter().zip(&cloud.rotations) {
            let away = [0, 1, 2].map(|axis| position[axis] - ball.centre[axis]);
            if length(away) > ball.radii[0] * 1.001 {
                continue;
            }
            let thin = [
                2.0 * (x * z + w * y),
                2.0 * (y * z - w * x),
                1.0 - 2.0 * (x * x + y * y),
            ];
            let dot: f32 = (0..3).map(|axis| thin[axis] * away[axis]).sum();
            seen += 1;
            along += usize::from(dot.abs() > 0.999 * length(away));
        }
        assert!(seen > 500 && along * 20 > seen * 19, "{along} of {seen}");
    }

    #[test]
    fn swaying_is_periodic_and_rigid_for_each_gaussian() {
        let cloud = surface(500, 1, 2);
        let (start, middle, end) = (
            animate(&cloud, 0.0),
            animate(&cloud, 0.5),
            animate(&cloud, 1.0),
        );
        assert_eq!(middle.scales, cloud.scales);
        let mut farthest = 0.0_f32;
        for k in 0..cloud.len() {
            let apart = |a: &SplatCloud, b: &SplatCloud| {
                length([0, 1, 2].map(|axis| a.positions[k][axis] - b.positions[k][axis]))
            };
            assert!(apart(&start, &end) < 1e-5);
            farthest = farthest.max(apart(&start, &middle));
            let norm: f32 = middle.rotations[k].iter().map(|part| part * part).sum();
            assert!((norm - 1.0).abs() < 1e-4);
        }
        assert!(farthest > 0.1, "{farthest}");
    }
}
