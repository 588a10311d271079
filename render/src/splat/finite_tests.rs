//! What the GPU holds, read back: no number in it is without end, whatever a file contained, and
//! nothing is larger than rasterisers can bear.

use glam::{Vec2, Vec3};
use half::f16;
use zoetrope_codecs::{SplatCloud, SplatFrame, limits};

use super::ProjectParameters;
use super::attributes::Attributes;
use super::constants::{KEY_CULLED, SIGMA_MAX_PX, WORKGROUP_SIZE};
use super::pack::{Texel, texel_count};
use super::record::SplatRecord;
use super::stage_tests::{Bench, view};
use crate::{Filter, View, cpu};

/// Numbers that files hold where nobody expects them.
const EXTREMES: [f32; 14] = [
    0.0,
    -0.0,
    1e-45,
    f32::MIN_POSITIVE,
    -1e-12,
    0.3,
    -7.0,
    65_505.0,
    limits::MAX_SCALE,
    limits::MAX_COORDINATE,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NAN,
];

/// Every extreme as every number of a Gaussian that is sound otherwise, and all sorts of them together.
fn extreme_cloud(sh_degree: u8) -> SplatCloud {
    let mut cloud = SplatCloud::with_capacity(0, sh_degree);
    let rest = cloud.rest_coefficients();
    let mut push = |numbers: &[f32]| {
        let mut rows = numbers[14..].chunks_exact(3);
        let sh_rest: Vec<[f32; 3]> = rows.by_ref().map(|c| [c[0], c[1], c[2]]).collect();
        cloud.push(
            [numbers[0], numbers[1], numbers[2]],
            [numbers[3], numbers[4], numbers[5], numbers[6]],
            [numbers[7], numbers[8], numbers[9]],
            numbers[10],
            [numbers[11], numbers[12], numbers[13]],
            &sh_rest,
        );
    };
    let sound = |index: usize| match index {
        0..=2 => 0.1 * index as f32,
        3 => 1.0,
        7..=9 => 0.05,
        10 => 0.9,
        _ => 0.0,
    };
    let count = 14 + 3 * rest;
    for value in EXTREMES {
        for at in 0..count {
            let number = |index| if index == at { value } else { sound(index) };
            push(&(0..count).map(number).collect::<Vec<f32>>());
        }
    }
    let mut state = 9_u32;
    for _ in 0..2000 {
        let mut random = |_| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            EXTREMES[(state >> 16) as usize % EXTREMES.len()]
        };
        push(&(0..count).map(&mut random).collect::<Vec<f32>>());
    }
    cloud
}

impl Bench {
    /// All texels of one layer of a cloud's texture.
    fn read_layer(&mut self, attributes: &Attributes, layer: u32) -> Vec<Texel> {
        let side = attributes.side();
        let buffer = self.buffer(&vec![[0_u32; 4]; (side * side) as usize]);
        let texture = attributes.view.texture();
        let mut from = texture.as_image_copy();
        from.origin.z = layer;
        let to = wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(side * size_of::<Texel>() as u32),
                rows_per_image: Some(side),
            },
        };
        let size = wgpu::Extent3d {
            width: side,
            height: side,
            depth_or_array_layers: 1,
        };
        self.submit(|encoder| encoder.copy_texture_to_buffer(from, to, size));
        self.read(&buffer)
    }
}

fn are_finite_halves(word: u32) -> bool {
    [word as u16, (word >> 16) as u16]
        .into_iter()
        .all(|bits| f16::from_bits(bits).is_finite())
}

/// Whether a texel of layer `layer` holds finite numbers only; codes of whole numbers always do.
fn is_finite_texel(layer: u32, texel: Texel) -> bool {
    match layer {
        0 => texel[..3]
            .iter()
            .all(|word| f32::from_bits(*word).is_finite()),
        1 => f16::from_bits((texel[2] >> 16) as u16).is_finite() && are_finite_halves(texel[3]),
        _ => texel.into_iter().all(are_finite_halves),
    }
}

/// Keys and records of `frame` as seen in `view`, by shaders; first its texels are looked at.
fn project_on_gpu(
    bench: &mut Bench,
    frame: &SplatFrame,
    view: &View,
) -> (Vec<u32>, Vec<SplatRecord>) {
    let count = frame.count();
    let mut attributes =
        Attributes::new(&bench.gpu, &mut bench.resources, frame).expect("it is small");
    attributes.upload(&bench.gpu, frame);
    if let SplatFrame::Cloud(cloud) = frame {
        for layer in 0..texel_count(cloud.sh_degree) {
            let texels = bench.read_layer(&attributes, layer);
            for (k, texel) in texels.into_iter().take(count).enumerate() {
                assert!(
                    is_finite_texel(layer, texel),
                    "layer {layer}, row {k}: {texel:x?}"
                );
            }
        }
    }
    let mut parameters = ProjectParameters::new(frame, frame.bounds(), view);
    parameters.side = attributes.side();
    let uniform = bench.buffer(&[parameters]);
    let keys = bench.buffer(&vec![7_u32; count]);
    let records = bench.buffer(&vec![SplatRecord::default(); count]);
    let bindings = [
        uniform.as_entire_binding(),
        wgpu::BindingResource::TextureView(&attributes.view),
        keys.as_entire_binding(),
        records.as_entire_binding(),
    ];
    let kind = attributes.kind;
    let workgroups = (count as u32).div_ceil(WORKGROUP_SIZE);
    bench.dispatch(|pipelines| pipelines.project(kind), &bindings, workgroups);
    (bench.read(&keys), bench.read(&records))
}

fn project_on_cpu(frame: &SplatFrame, view: &View) -> (Vec<u32>, Vec<SplatRecord>) {
    let parameters = ProjectParameters::new(frame, frame.bounds(), view);
    let mut keys = vec![0; frame.count()];
    let mut records = vec![SplatRecord::default(); frame.count()];
    cpu::project::project(frame, &parameters, &mut keys, &mut records);
    (keys, records)
}

/// How many are seen. Each of them is finite and small enough.
fn seen(who: &str, keys: &[u32], records: &[SplatRecord]) -> usize {
    // Three axes of the Gaussian in two of the picture.
    let largest = SIGMA_MAX_PX * 6_f32.sqrt() * 1.001;
    let mut seen = 0;
    for (k, (key, record)) in keys.iter().zip(records).enumerate() {
        if *key == KEY_CULLED {
            continue;
        }
        seen += 1;
        let ellipse = record.ellipse();
        let is_finite = ellipse.centre_px.is_finite()
            && ellipse.major_px.is_finite()
            && ellipse.minor_px.is_finite()
            && ellipse.opacity.is_finite()
            && ellipse.colour.is_finite();
        assert!(is_finite, "{who}, row {k}: {ellipse:?}");
        let size = ellipse.major_px.length().max(ellipse.minor_px);
        assert!(size <= largest, "{who}, row {k}: {ellipse:?}");
    }
    seen
}

#[test]
fn nothing_on_the_gpu_is_without_end() {
    let mut bench = Bench::new();
    for degree in 0..=3 {
        let cloud = extreme_cloud(degree);
        assert!(cloud.dropped > 1000 && cloud.dropped < cloud.len() - 100);
        let frame = SplatFrame::Cloud(cloud);
        for filter in [Filter::Classic, Filter::Mip] {
            let view = view(filter);
            let (keys, records) = project_on_gpu(&mut bench, &frame, &view);
            assert!(seen("GPU", &keys, &records) > 20);
            let (keys, records) = project_on_cpu(&frame, &view);
            assert!(seen("CPU", &keys, &records) > 20);
        }
    }
}

#[test]
fn what_fills_the_picture_many_times_is_shrunk_alike_on_gpu_and_cpu() {
    let mut bench = Bench::new();
    let view = view(Filter::Classic);
    let mut cloud = SplatCloud::with_capacity(0, 0);
    for scale in [
        [1e3; 3],
        [limits::MAX_SCALE; 3],
        [limits::MAX_SCALE, 0.01, 0.01],
    ] {
        for centre in [view.camera.target, Vec3::new(0.3, -0.7, 0.4)] {
            let turn = [0.8, 0.0, 0.6, 0.0];
            cloud.push(centre.to_array(), turn, scale, 0.9, [1.0; 3], &[]);
        }
    }
    let count = cloud.len();
    let frame = SplatFrame::Cloud(cloud);
    let (keys, records) = project_on_gpu(&mut bench, &frame, &view);
    let (twin_keys, twin_records) = project_on_cpu(&frame, &view);
    assert_eq!(seen("GPU", &keys, &records), count);
    assert_eq!(seen("CPU", &twin_keys, &twin_records), count);
    for (k, (record, twin)) in records.iter().zip(&twin_records).enumerate() {
        let [major, twin] = [record, twin].map(|record| record.ellipse().major_px);
        // It was far larger, so that it is as large now as may be.
        assert!(major.length() >= 0.99 * SIGMA_MAX_PX, "row {k}: {major}");
        let along = Vec2::dot(major.normalize(), twin.normalize()).abs();
        let ratio = major.length() / twin.length();
        let is_alike = (ratio - 1.0).abs() < 0.01;
        // A circle has no longer axis.
        assert!(
            is_alike && (along > 0.99 || k < 4),
            "row {k}: {major} {twin}"
        );
    }
}
