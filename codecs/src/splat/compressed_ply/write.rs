//! Writing.

use std::io;

use super::super::morton::morton_order;
use super::super::{SH_C0, SplatCloud};
use super::CHUNK_GAUSSIANS;
use super::read::SH_OF_CODE;

/// Natural logarithm of the largest and the inverse of the smallest scale that is written; beyond,
/// one Gaussian without thickness would take all precision from its chunk.
const MAX_LOG_SCALE: f32 = 20.0;
/// Largest coordinate that is written: the extent of a chunk must be a number too.
const MAX_COORDINATE: f32 = 1e37;

/// Writes a compressed PLY file: chunks of 256 Gaussians along a Morton curve, with ranges of
/// position, log-scale and colour, and with SH as far as the cloud has them, in the cloud's own
/// space, which ought to be [`Axes::RightDownFront`](super::super::Axes).
///
/// Scales are cut to e^-20 … e^20, SH coefficients beyond DC to -4 … 4.
///
/// # Errors
/// Those of `out`.
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write) -> io::Result<()> {
    let order = order(cloud);
    out.write_all(header(cloud).as_bytes())?;
    let ranges: Vec<_> = order
        .chunks(CHUNK_GAUSSIANS)
        .map(|chunk| ranges(cloud, chunk))
        .collect();
    let mut bytes = Vec::new();
    for ranges in &ranges {
        bytes.clear();
        // Low x, y, z, high x, y, z of position, then of log-scale, then of colour.
        for three in ranges.chunks(3) {
            for end in 0..2 {
                bytes.extend(three.iter().flat_map(|range| range[end].to_le_bytes()));
            }
        }
        out.write_all(&bytes)?;
    }
    for (chunk, ranges) in order.chunks(CHUNK_GAUSSIANS).zip(&ranges) {
        bytes.clear();
        for k in chunk {
            let words = pack(cloud, *k as usize, ranges);
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        out.write_all(&bytes)?;
    }
    if cloud.rest_coefficients() > 0 {
        for chunk in order.chunks(CHUNK_GAUSSIANS) {
            bytes.clear();
            for k in chunk {
                let rest = cloud.rest_of(*k as usize);
                for channel in 0..3 {
                    bytes.extend(rest.iter().map(|values| sh_code(values[channel])));
                }
            }
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}

fn header(cloud: &SplatCloud) -> String {
    let mut text = String::from("ply\nformat binary_little_endian 1.0\n");
    if cloud.antialiased {
        text.push_str("comment SplatRenderMode: mip\n");
    }
    let mut element = |name: &str, count: usize, kind: &str, columns: &[String]| {
        text.push_str(&format!("element {name} {count}\n"));
        for column in columns {
            text.push_str(&format!("property {kind} {column}\n"));
        }
    };
    let columns = ["", "scale_"]
        .iter()
        .flat_map(|what| ["min", "max"].map(|end| (what, end)))
        .flat_map(|(what, end)| ["x", "y", "z"].map(|axis| format!("{end}_{what}{axis}")))
        .chain(
            ["min", "max"]
                .iter()
                .flat_map(|end| ["r", "g", "b"].map(|channel| format!("{end}_{channel}"))),
        );
    let columns: Vec<String> = columns.collect();
    element(
        "chunk",
        cloud.len().div_ceil(CHUNK_GAUSSIANS),
        "float",
        &columns,
    );
    let columns = ["position", "rotation", "scale", "color"].map(|what| format!("packed_{what}"));
    element("vertex", cloud.len(), "uint", &columns);
    let rest = 3 * cloud.rest_coefficients();
    if rest > 0 {
        let columns: Vec<String> = (0..rest).map(|number| format!("f_rest_{number}")).collect();
        element("sh", cloud.len(), "uchar", &columns);
    }
    text + "end_header\n"
}

/// All Gaussians along a Morton curve, so that those of a chunk are near each other.
fn order(cloud: &SplatCloud) -> Vec<u32> {
    let positions = cloud.positions.iter();
    let points: Vec<[f32; 3]> = positions.map(|at| at.map(coordinate)).collect();
    morton_order(&points)
}

fn coordinate(value: f32) -> f32 {
    value.clamp(-MAX_COORDINATE, MAX_COORDINATE)
}

/// Position, log-scale, display colour of Gaussian `k`.
fn values(cloud: &SplatCloud, k: usize) -> [f32; 9] {
    let [x, y, z] = cloud.positions[k].map(coordinate);
    let [a, b, c] = cloud.scales[k].map(|scale| scale.ln().clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE));
    let [red, green, blue] = cloud.sh_dc[k].map(|dc| 0.5 + SH_C0 * dc);
    [x, y, z, a, b, c, red, green, blue]
}

/// Low and high of each of [`values`].
fn ranges(cloud: &SplatCloud, chunk: &[u32]) -> [[f32; 2]; 9] {
    let mut ranges = [[f32::INFINITY, f32::NEG_INFINITY]; 9];
    for k in chunk {
        for (range, value) in ranges.iter_mut().zip(values(cloud, *k as usize)) {
            *range = [range[0].min(value), range[1].max(value)];
        }
    }
    ranges
}

/// The words position, rotation, scale, colour of Gaussian `k`.
fn pack(cloud: &SplatCloud, k: usize, ranges: &[[f32; 2]; 9]) -> [u32; 4] {
    let values = values(cloud, k);
    let code = |value: usize, bits: u32| {
        let [low, high] = ranges[value];
        quantise((values[value] - low) / (high - low), bits)
    };
    let pack_11_10_11 =
        |first: usize| code(first, 11) << 21 | code(first + 1, 10) << 11 | code(first + 2, 11);
    let colour = code(6, 8) << 24 | code(7, 8) << 16 | code(8, 8) << 8;
    [
        pack_11_10_11(0),
        pack_rotation(cloud.rotations[k]),
        pack_11_10_11(3),
        colour | quantise(cloud.opacities[k], 8),
    ]
}

/// A number 0 to 1 in so many bits; 0 of what is not a number.
fn quantise(unit: f32, bits: u32) -> u32 {
    let most = (1 << bits) - 1;
    ((unit * most as f32).round() as u32).min(most)
}

/// Which part is largest in two bits, and the three others, in ten bits each of ±1/sqrt(2).
fn pack_rotation(rotation: [f32; 4]) -> u32 {
    let mut largest = 0;
    for part in 1..4 {
        if rotation[part].abs() > rotation[largest].abs() {
            largest = part;
        }
    }
    // The opposite quaternion is the same rotation; the largest part is left out as positive.
    let sign = if rotation[largest] < 0.0 { -1.0 } else { 1.0 };
    (0..4)
        .filter(|part| *part != largest)
        .fold(largest as u32, |word, part| {
            let unit = sign * rotation[part] * std::f32::consts::FRAC_1_SQRT_2 + 0.5;
            word << 10 | quantise(unit, 10)
        })
}

/// The code whose value is nearest.
fn sh_code(value: f32) -> u8 {
    // Codes in between stand for the middles of their ranges, the outermost for the ends of theirs.
    let near = ((value / 8.0 + 0.5) * 256.0) as u8;
    let nearness = |code: &u8| (SH_OF_CODE[usize::from(*code)] - value).abs();
    [near.saturating_sub(1), near, near.saturating_add(1)]
        .into_iter()
        .min_by(|a, b| nearness(a).total_cmp(&nearness(b)))
        .unwrap_or(near)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::Cancel;
    use crate::random::Random;
    use crate::source::MemorySource;
    use crate::splat::synthetic;

    fn through(cloud: &SplatCloud) -> SplatCloud {
        let mut bytes = Vec::new();
        write(cloud, &mut bytes).expect("memory takes everything");
        read(&MemorySource::new("a.ply", bytes), &Cancel::new()).expect("reads")
    }

    /// Random Gaussians of every size, with extremes among them.
    fn random_cloud(count: usize, sh_degree: u8, seed: u64) -> SplatCloud {
        let mut random = Random::new(seed);
        let mut cloud = SplatCloud::with_capacity(count, sh_degree);
        for k in 0..count {
            let mut signed = |size: f32| size * (2.0 * random.unit() - 1.0);
            let mut rotation = [signed(1.0), signed(1.0), signed(1.0), signed(1.0)];
            if k % 7 == 0 {
                rotation = [0.0, 0.5, 0.5, 0.5];
                rotation[k % 4] = if k % 2 == 0 { 1.0 } else { -1.0 };
            }
            let mut scale = [signed(8.0).exp(), signed(8.0).exp(), signed(8.0).exp()];
            if k % 300 == 10 {
                scale[k % 3] = if k % 2 == 0 { 0.0 } else { 1e12 };
            }
            let mut position = [signed(1e3), signed(1.0), 5.0];
            if k % 500 == 17 {
                position = [3e38, -3e38, 5.0];
            }
            let rest: Vec<[f32; 3]> = (0..cloud.rest_coefficients())
                .map(|_| [signed(4.0), signed(0.5), signed(4.2)])
                .collect();
            let opacity = (signed(0.6) + 0.5).clamp(0.0, 1.0);
            let dc = [signed(1.7), signed(1.7), signed(9.0)];
            cloud.push(position, rotation, scale, opacity, dc, &rest);
        }
        cloud.antialiased = seed % 2 == 1;
        cloud
    }

    /// Every value must come back within half a step of its chunk's own quantisation.
    fn check(cloud: &SplatCloud) {
        let back = through(cloud);
        assert_eq!((back.len(), back.dropped), (cloud.len(), 0));
        assert_eq!(
            (back.sh_degree, back.antialiased),
            (cloud.sh_degree, cloud.antialiased)
        );
        let order = order(cloud);
        for (number, chunk) in order.chunks(CHUNK_GAUSSIANS).enumerate() {
            let ranges = ranges(cloud, chunk);
            for (place, k) in chunk.iter().enumerate() {
                let (k, like) = (*k as usize, number * CHUNK_GAUSSIANS + place);
                let (wanted, found) = (values(cloud, k), values(&back, like));
                let bits = [11, 10, 11, 11, 10, 11, 8, 8, 8];
                for value in 0..9 {
                    let [low, high] = ranges[value];
                    let half = 0.5 * (high - low) / ((1 << bits[value]) - 1) as f32;
                    // And what rounding in between costs.
                    let spare = 3e-6 * low.abs().max(high.abs()).max(1.0);
                    let error = (wanted[value] - found[value]).abs();
                    assert!(
                        error <= 1.0001 * half + spare,
                        "value {value}: {error}, {half}"
                    );
                }
                let error = (cloud.opacities[k] - back.opacities[like]).abs();
                assert!(error <= 0.5001 / 255.0);
                let turn: f32 = cloud.rotations[k]
                    .iter()
                    .zip(back.rotations[like])
                    .map(|(a, b)| a * b)
                    .sum();
                // Half a step in three parts, and what the largest makes of it (at most sqrt(3)
                // times as much, when all four are equal).
                let step = std::f32::consts::SQRT_2 / 1023.0;
                assert!(turn.abs() >= 1.0 - 1.5 * step * step - 1e-6, "{turn}");
                let rest = |cloud: &SplatCloud, k| cloud.rest_of(k).as_flattened().to_vec();
                for (a, b) in rest(cloud, k).iter().zip(rest(&back, like)) {
                    assert!(
                        (a.clamp(-4.0, 4.0) - b).abs() <= 1.5 / 64.0 + 1e-5,
                        "{a} {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back_within_half_a_step() {
        for seed in 0..8 {
            check(&random_cloud(1000 + seed as usize, seed as u8 % 4, seed));
        }
    }

    #[test]
    fn few_and_equal_ones_survive() {
        for count in [0, 1, 2, 256, 257] {
            let mut cloud = SplatCloud::default();
            for _ in 0..count {
                cloud.push(
                    [7.25; 3],
                    [1.0, 0.0, 0.0, 0.0],
                    [0.5; 3],
                    1.0,
                    [0.25; 3],
                    &[],
                );
            }
            check(&cloud);
        }
    }

    #[test]
    fn chunks_are_small() {
        let cloud = synthetic::surface(20_000, 0, 1);
        let order = order(&cloud);
        let size = |chunk: &[u32]| {
            let ranges = ranges(&cloud, chunk);
            (0..3)
                .map(|axis| ranges[axis][1] - ranges[axis][0])
                .fold(0.0, f32::max)
        };
        let mut sizes: Vec<f32> = order.chunks(CHUNK_GAUSSIANS).map(size).collect();
        sizes.sort_by(f32::total_cmp);
        let all = size(&order);
        assert!(
            sizes[sizes.len() / 2] < 0.25 * all,
            "{} of {all}",
            sizes[sizes.len() / 2]
        );
    }

    #[test]
    fn codes_of_sh_are_the_nearest() {
        for step in -5000..=5000 {
            let value = step as f32 / 1000.0;
            let error = (SH_OF_CODE[usize::from(sh_code(value))] - value).abs();
            let best = SH_OF_CODE
                .iter()
                .map(|of| (of - value).abs())
                .fold(9.0, f32::min);
            assert_eq!(error, best, "{value}");
        }
    }
}
