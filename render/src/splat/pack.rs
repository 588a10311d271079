//! Clouds to texels: how `splat/project_cloud.wgsl` reads them.
//!
//! A texel is four 32-bit words, and texel `t` of all Gaussians is layer `t` of an array texture:
//! a texture, because no binding limit cuts it (2 M Gaussians of degree 3 are 256 MiB), and
//! because software and mobile drivers read textures faster than buffers.
//!
//! | texel | words |
//! | --- | --- |
//! | 0 | x, y, z as f32; logarithm of scale x, scale y as 16-bit codes |
//! | 1 | scale z, opacity; rotation: two of the three smallest (15 bits each), which is the largest (2 bits, in x y z w); third smallest (15 bits), DC red (f16); DC green, blue |
//! | 2 … | SH coefficients beyond DC, red, green, blue, as f16, without gaps |
//!
//! A Gaussian takes 32, 64, 80 or 128 bytes at degree 0, 1, 2 or 3.

use half::f16;
use rayon::prelude::*;
use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::gaussian_video::rest_coefficients;

use super::constants::{SCALE_LOG_MAX, SCALE_LOG_MIN};
use super::record::pack_halves;

/// Four words.
pub type Texel = [u32; 4];

/// Texels of a Gaussian.
pub fn texel_count(sh_degree: u8) -> u32 {
    2 + (3 * rest_coefficients(sh_degree) as u32).div_ceil(8)
}

/// Writes texel `layer` of every Gaussian of `cloud` to the front of `texels`.
pub fn pack_layer(cloud: &SplatCloud, layer: u32, texels: &mut [Texel]) {
    texels[..cloud.len()]
        .par_iter_mut()
        .with_min_len(4096)
        .enumerate()
        .for_each(|(k, texel)| {
            *texel = match layer {
                0 => position_texel(cloud, k),
                1 => shape_texel(cloud, k),
                _ => rest_texel(cloud.rest_of(k).as_flattened(), layer as usize - 2),
            };
        });
}

fn position_texel(cloud: &SplatCloud, k: usize) -> Texel {
    let [x, y, z] = cloud.positions[k].map(f32::to_bits);
    let [scale_x, scale_y, _] = cloud.scales[k].map(scale_code);
    [x, y, z, scale_x | scale_y << 16]
}

fn shape_texel(cloud: &SplatCloud, k: usize) -> Texel {
    let opacity = (cloud.opacities[k].clamp(0.0, 1.0) * 65535.0).round() as u32;
    let [first, second] = rotation_words(cloud.rotations[k]);
    let [red, green, blue] = cloud.sh_dc[k].map(limit);
    [
        scale_code(cloud.scales[k][2]) | opacity << 16,
        first,
        second | u32::from(f16::from_f32(red).to_bits()) << 16,
        pack_halves(green, blue),
    ]
}

fn rest_texel(rest: &[f32], texel: usize) -> Texel {
    let value = |index: usize| limit(rest.get(8 * texel + index).copied().unwrap_or(0.0));
    std::array::from_fn(|word| pack_halves(value(2 * word), value(2 * word + 1)))
}

/// Half floats end here.
fn limit(value: f32) -> f32 {
    value.clamp(-65504.0, 65504.0)
}

/// 16-bit code of the logarithm of a scale.
fn scale_code(scale: f32) -> u32 {
    let share = (scale.ln() - SCALE_LOG_MIN) / (SCALE_LOG_MAX - SCALE_LOG_MIN);
    (share.clamp(0.0, 1.0) * 65535.0).round() as u32
}

/// The three smallest parts of a unit quaternion (w, x, y, z) with 15 bits each and which one is
/// missing. They are within ±1/√2; the largest is made positive, which turns nothing.
fn rotation_words([w, x, y, z]: [f32; 4]) -> [u32; 2] {
    let parts = [x, y, z, w];
    let mut largest = 0;
    for index in 1..4 {
        if parts[index].abs() > parts[largest].abs() {
            largest = index;
        }
    }
    let sign = 1.0_f32.copysign(parts[largest]);
    let mut codes = [0; 3];
    let others = (0..4).filter(|index| *index != largest);
    for (code, index) in codes.iter_mut().zip(others) {
        let share = 0.5 * sign * parts[index] * std::f32::consts::SQRT_2 + 0.5;
        *code = (share.clamp(0.0, 1.0) * 32767.0).round() as u32;
    }
    [codes[0] | codes[1] << 15 | (largest as u32) << 30, codes[2]]
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::splat::record::unpack_halves;
    use zoetrope_codecs::limits;
    use zoetrope_codecs::splat::synthetic;

    /// The cloud as the shader reads it: twin of the `load_` functions of `project_cloud.wgsl`.
    pub fn unpack(layers: &[Vec<Texel>], count: usize, sh_degree: u8) -> SplatCloud {
        let mut cloud = SplatCloud::with_capacity(count, sh_degree);
        for k in 0..count {
            let [x, y, z, scale_xy] = layers[0][k];
            let [scale_z_opacity, first, second, green_blue] = layers[1][k];
            let scale = |code: u32| {
                let step = (SCALE_LOG_MAX - SCALE_LOG_MIN) / 65535.0;
                (code as f32 * step + SCALE_LOG_MIN).exp()
            };
            let small = [first & 32767, first >> 15 & 32767, second & 32767].map(|code| {
                (code as f32 * (2.0 / 32767.0) - 1.0) * std::f32::consts::FRAC_1_SQRT_2
            });
            let square: f32 = small.iter().map(|part| part * part).sum();
            let mut xyzw = small.to_vec();
            xyzw.insert((first >> 30) as usize, (1.0 - square).max(0.0).sqrt());
            let [green, blue] = unpack_halves(green_blue);
            let mut rest = Vec::new();
            for texel in layers[2..].iter().map(|layer| layer[k]) {
                rest.extend(texel.iter().flat_map(|word| unpack_halves(*word)));
            }
            let rest: Vec<[f32; 3]> = rest
                .chunks_exact(3)
                .map(|rgb| [rgb[0], rgb[1], rgb[2]])
                .take(rest_coefficients(sh_degree))
                .collect();
            cloud.push(
                [x, y, z].map(f32::from_bits),
                [xyzw[3], xyzw[0], xyzw[1], xyzw[2]],
                [scale_xy & 0xffff, scale_xy >> 16, scale_z_opacity & 0xffff].map(scale),
                (scale_z_opacity >> 16) as f32 / 65535.0,
                [unpack_halves(second)[1], green, blue],
                &rest,
            );
        }
        cloud
    }

    /// All layers of a cloud.
    pub fn pack(cloud: &SplatCloud) -> Vec<Vec<Texel>> {
        (0..texel_count(cloud.sh_degree))
            .map(|layer| {
                let mut texels = vec![[0; 4]; cloud.len()];
                pack_layer(cloud, layer, &mut texels);
                texels
            })
            .collect()
    }

    #[test]
    fn sizes_by_degree() {
        assert_eq!([0, 1, 2, 3].map(texel_count), [2, 4, 5, 8]);
    }

    #[test]
    fn packing_loses_little() {
        for degree in 0..=3 {
            let cloud = synthetic::surface(500, degree, 3);
            let back = unpack(&pack(&cloud), cloud.len(), degree);
            assert_eq!(back.positions, cloud.positions);
            for k in 0..cloud.len() {
                let dot: f32 = (0..4)
                    .map(|part| back.rotations[k][part] * cloud.rotations[k][part])
                    .sum();
                assert!(dot.abs() > 1.0 - 1e-6, "{dot}");
                for axis in 0..3 {
                    let ratio = back.scales[k][axis] / cloud.scales[k][axis];
                    assert!((ratio - 1.0).abs() < 3e-4, "{ratio}");
                }
                assert!((back.opacities[k] - cloud.opacities[k]).abs() < 1e-5);
                let pairs = back.rest_of(k).iter().zip(cloud.rest_of(k));
                for (a, b) in pairs.chain([(&back.sh_dc[k], &cloud.sh_dc[k])]) {
                    for channel in 0..3 {
                        assert!((a[channel] - b[channel]).abs() < 1e-3 * b[channel].abs() + 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn extremes_do_not_become_nonsense() {
        let mut cloud = SplatCloud::with_capacity(1, 0);
        cloud.push(
            [1e17, 0.0, -1e17],
            [-1.0, 0.0, 0.0, 0.0],
            [0.0, limits::MAX_SCALE, 1e-30],
            1.0,
            [1e9, -1e9, 0.0],
            &[],
        );
        let back = unpack(&pack(&cloud), 1, 0);
        assert_eq!(back.dropped, 0);
        assert_eq!(back.sh_dc[0], [65504.0, -65504.0, 0.0]);
        assert!(back.rotations[0][0].abs() > 0.999_999);
    }
}
