//! Each GPU stage against its CPU twin, on the same input.

use bytemuck::Pod;
use glam::{Vec2, Vec3, Vec4};
use half::f16;
use zoetrope_codecs::gaussian_video::PlaneEncoding;
use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{AttributeRanges, PlaneFrame, PlaneLayout, SplatFrame};

use super::ProjectParameters;
use super::attributes::Attributes;
use super::constants::{KEY_CULLED, SORT_BLOCK, SORT_DIGIT_BITS, WORKGROUP_SIZE};
use super::draw::DrawParameters;
use super::pack;
use super::pipelines::{BLEND_FORMAT, Pipelines};
use super::project::key_bits;
use super::record::{Ellipse, SplatRecord};
use super::sort::{Sort, SortParameters, SortState};
use crate::cpu;
use crate::cpu::sort::Digit;
use crate::resources::Resources;
use crate::target::Target;
use crate::{Background, Camera, Filter, Gpu, View};

/// A device, the shaders, and short ways to use them.
pub(super) struct Bench {
    pub gpu: Gpu,
    pub resources: Resources,
    pipelines: Pipelines,
}

impl Bench {
    pub fn new() -> Self {
        let gpu = pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device");
        Self {
            resources: Resources::new(&gpu.device),
            pipelines: Pipelines::new(&gpu.device),
            gpu,
        }
    }

    pub fn buffer<T: Pod>(&mut self, values: &[T]) -> wgpu::Buffer {
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::UNIFORM
            | wgpu::BufferUsages::INDIRECT
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST;
        let bytes = bytemuck::cast_slice(values);
        let buffer = self.resources.buffer("test", bytes.len() as u64, usage);
        self.gpu.queue.write_buffer(&buffer, 0, bytes);
        buffer
    }

    pub fn read<T: Pod>(&mut self, buffer: &wgpu::Buffer) -> Vec<T> {
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let copy = self.resources.buffer("test copy", buffer.size(), usage);
        self.submit(|encoder| {
            encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
        });
        copy.map_async(wgpu::MapMode::Read, .., |_| ());
        self.gpu.wait().expect("the device works");
        let bytes = copy.get_mapped_range(..).expect("mapped");
        bytemuck::pod_collect_to_vec(&bytes)
    }

    pub fn submit(&self, encode: impl FnOnce(&mut wgpu::CommandEncoder)) {
        let description = wgpu::CommandEncoderDescriptor::default();
        let mut encoder = self.gpu.device.create_command_encoder(&description);
        encode(&mut encoder);
        self.gpu.queue.submit([encoder.finish()]);
    }

    pub fn dispatch(
        &mut self,
        pipeline: impl Fn(&Pipelines) -> &wgpu::ComputePipeline,
        bindings: &[wgpu::BindingResource<'_>],
        workgroups: u32,
    ) {
        let pipeline = pipeline(&self.pipelines);
        let layout = pipeline.get_bind_group_layout(0);
        let bindings = self.resources.bind_group("test", &layout, bindings);
        self.submit(|encoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &bindings, &[]);
            pass.dispatch_workgroups(workgroups, 1, 1);
        });
    }
}

pub(super) fn view(filter: Filter) -> View {
    View {
        camera: Camera {
            position: Vec3::new(0.4, -1.2, -1.9),
            target: Vec3::new(0.1, -0.9, 0.0),
            up: Vec3::NEG_Y,
            fov_y: 0.7,
        },
        width: 320,
        height: 240,
        background: Background::Opaque([0.3, 0.2, 0.1]),
        filter,
        sh_degree: 3,
    }
}

/// Planes with arbitrary bytes: every code at every place.
fn noisy_planes(count: u32, sh_degree: u8, encoding: PlaneEncoding) -> PlaneFrame {
    let mut layout = PlaneLayout::for_count(count, sh_degree);
    layout.encoding = encoding;
    let mut ranges = vec![[-1.0, 1.0]; layout.attributes()];
    ranges[..3].copy_from_slice(&[[-0.7, 0.8], [-1.8, 0.1], [-0.5, 0.6]]);
    let opacity = layout.opacity_layer() - 3;
    let (opacity_range, scale_range) = match encoding {
        PlaneEncoding::Activated => ([-0.1, 1.1], [0.0, 0.05]),
        PlaneEncoding::Raw => ([-6.0, 6.0], [-9.0, -2.5]),
        PlaneEncoding::LogScale => ([-0.1, 1.1], [-9.0, -2.5]),
    };
    ranges[opacity] = opacity_range;
    ranges[opacity + 1..opacity + 4].fill(scale_range);
    let mut state = 1_u32;
    let samples = (0..layout.samples())
        .map(|_| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (state >> 24) as u8
        })
        .collect();
    PlaneFrame {
        layout,
        ranges: AttributeRanges::new("noise", ranges)
            .expect("finite")
            .into(),
        samples,
    }
}

/// Runs the projection of `frame` on the GPU and, of `twin_frame`, on the CPU.
fn compare_projection(bench: &mut Bench, name: &str, frame: &SplatFrame, twin: &SplatFrame) {
    for filter in [Filter::Classic, Filter::Mip] {
        let view = view(filter);
        let count = frame.count();
        let mut attributes =
            Attributes::new(&bench.gpu, &mut bench.resources, frame).expect("it is small");
        attributes.upload(&bench.gpu, frame);
        let mut parameters = ProjectParameters::new(frame, frame.bounds(), &view);
        parameters.side = attributes.side();
        let uniform = bench.buffer(&[parameters]);
        let keys = bench.buffer(&vec![7_u32; count]);
        let records = bench.buffer(&vec![SplatRecord::default(); count]);
        let kind = attributes.kind;
        let bindings = [
            uniform.as_entire_binding(),
            wgpu::BindingResource::TextureView(&attributes.view),
            keys.as_entire_binding(),
            records.as_entire_binding(),
        ];
        let workgroups = (count as u32).div_ceil(WORKGROUP_SIZE);
        bench.dispatch(|pipelines| pipelines.project(kind), &bindings, workgroups);
        let keys: Vec<u32> = bench.read(&keys);
        let records: Vec<SplatRecord> = bench.read(&records);

        let mut twin_keys = vec![0; count];
        let mut twin_records = vec![SplatRecord::default(); count];
        let twin_parameters = ProjectParameters::new(twin, frame.bounds(), &view);
        cpu::project::project(twin, &twin_parameters, &mut twin_keys, &mut twin_records);

        let (mut both, mut one) = (0, 0);
        for k in 0..count {
            match (keys[k] == KEY_CULLED, twin_keys[k] == KEY_CULLED) {
                (true, true) => {}
                (false, false) => {
                    both += 1;
                    assert!(keys[k].abs_diff(twin_keys[k]) <= 2, "{name}, row {k}: key");
                    let pair = [records[k].ellipse(), twin_records[k].ellipse()];
                    assert_close(&pair, &format!("{name}, {filter:?}, row {k}"));
                }
                // On the edge of being seen, the last bit decides.
                _ => one += 1,
            }
        }
        assert!(
            both > count / 3 && one <= count / 500,
            "{name}: {both} {one}"
        );
    }
}

fn assert_close([a, b]: &[Ellipse; 2], name: &str) {
    let tolerance = 2e-3;
    assert!(
        (a.centre_px - b.centre_px).length() < 0.01,
        "{name}: {a:?} {b:?}"
    );
    assert!(
        (a.opacity - b.opacity).abs() < tolerance,
        "{name}: {a:?} {b:?}"
    );
    let colours = (a.colour - b.colour).abs().max_element();
    assert!(
        colours < 2.0 * tolerance * (1.0 + b.colour.max_element()),
        "{name}: {a:?} {b:?}"
    );
    // Axes of a circle may point anywhere, so covariances are compared.
    let covariance = |e: &Ellipse| {
        let along = e.major_px;
        let across = along.perp().normalize() * e.minor_px;
        [Vec2::X, Vec2::Y, Vec2::ONE].map(|d| along.dot(d).powi(2) + across.dot(d).powi(2))
    };
    for (x, y) in covariance(a).into_iter().zip(covariance(b)) {
        assert!(
            (x - y).abs() <= 4.0 * tolerance * y + 1e-3,
            "{name}: {a:?} {b:?}"
        );
    }
}

#[test]
fn projection_of_planes() {
    let mut bench = Bench::new();
    for degree in 0..=3 {
        for encoding in [
            PlaneEncoding::Activated,
            PlaneEncoding::Raw,
            PlaneEncoding::LogScale,
        ] {
            let frame = SplatFrame::Planes(noisy_planes(3000, degree, encoding));
            let name = format!("planes of degree {degree}, {encoding:?}");
            compare_projection(&mut bench, &name, &frame, &frame);
        }
    }
}

#[test]
fn projection_of_clouds() {
    let mut bench = Bench::new();
    for degree in 0..=3 {
        let cloud = synthetic::surface(3000, degree, 1);
        let layers = pack::tests::pack(&cloud);
        let unpacked = pack::tests::unpack(&layers, cloud.len(), degree);
        compare_projection(
            &mut bench,
            &format!("cloud of degree {degree}"),
            &SplatFrame::Cloud(cloud),
            &SplatFrame::Cloud(unpacked),
        );
    }
}

fn random_keys(count: usize, bits: u32) -> Vec<u32> {
    let mut state = 3_u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            match state >> 29 {
                0 => KEY_CULLED,
                // Many equal keys, to see that their order stays.
                1 | 2 => 77,
                _ => (state ^ state >> 15) & ((1 << bits) - 1),
            }
        })
        .collect()
}

#[test]
fn histogram_scan_bases_and_scatter() {
    let mut bench = Bench::new();
    let block = SORT_BLOCK as usize;
    let keys = random_keys(2 * block + 777, 16);
    let digit = Digit {
        shift: 0,
        bits: SORT_DIGIT_BITS,
    };
    let (digits, blocks) = (digit.values(), 3);
    let uniform = bench.buffer(&[SortParameters {
        count: keys.len() as u32,
        blocks: blocks as u32,
        shift: 0,
        first_pass: 1,
        last_pass: 0,
    }]);
    let state = bench.buffer(&[SortState::default()]);
    let key_buffer = bench.buffer(&keys);
    let counts = bench.buffer(&vec![9_u32; digits * blocks]);
    let totals = bench.buffer(&vec![9_u32; digits]);
    let sorted = [(); 3].map(|()| bench.buffer(&vec![0_u32; keys.len()]));
    let [uniform, state_binding, keys_binding] =
        [&uniform, &state, &key_buffer].map(|buffer| buffer.as_entire_binding());
    let [counts_binding, totals_binding] =
        [&counts, &totals].map(|buffer| buffer.as_entire_binding());

    let bindings = [&uniform, &state_binding, &keys_binding, &counts_binding].map(Clone::clone);
    bench.dispatch(|pipelines| &pipelines.histogram, &bindings, blocks as u32);
    let mut twin = vec![0; digits * blocks];
    cpu::sort::histogram(&keys, digit, block, &mut twin);
    assert_eq!(bench.read::<u32>(&counts), twin);

    let bindings = [&uniform, &counts_binding, &totals_binding].map(Clone::clone);
    bench.dispatch(|pipelines| &pipelines.scan, &bindings, digits as u32);
    let bindings = [&uniform, &totals_binding, &state_binding].map(Clone::clone);
    bench.dispatch(|pipelines| &pipelines.bases, &bindings, 1);
    let visible = cpu::sort::scan(&mut twin);
    let (places, bases): (Vec<u32>, Vec<u32>) = (bench.read(&counts), bench.read(&totals));
    let places: Vec<u32> = (0..places.len())
        .map(|index| places[index] + bases[index / blocks])
        .collect();
    assert_eq!(places, twin);
    let expected_state = SortState {
        visible,
        vertex_count: 4,
        instance_count: visible,
        first_vertex: 0,
        first_instance: 0,
    };
    assert_eq!(bench.read::<SortState>(&state), [expected_state]);

    let [rows, sorted_keys, sorted_rows] = [0, 1, 2].map(|index| sorted[index].as_entire_binding());
    let bindings = [
        &uniform,
        &state_binding,
        &keys_binding,
        &rows,
        &counts_binding,
        &totals_binding,
        &sorted_keys,
        &sorted_rows,
    ]
    .map(Clone::clone);
    bench.dispatch(|pipelines| &pipelines.scatter, &bindings, blocks as u32);
    let mut twin_keys = vec![0; keys.len()];
    let mut twin_rows = vec![0; keys.len()];
    let target = (&mut twin_keys[..], &mut twin_rows[..]);
    cpu::sort::scatter((&keys, None), digit, block, &mut twin, target);
    assert_eq!(bench.read::<u32>(&sorted[1]), twin_keys);
    assert_eq!(bench.read::<u32>(&sorted[2]), twin_rows);
}

#[test]
fn whole_sorts() {
    let mut bench = Bench::new();
    let capacity = 1 << 17;
    let sort = Sort::new(&mut bench.resources, &bench.pipelines, capacity);
    for count in [0, 1, 255, 4096, 4097, 40_000, 131_072] {
        for bits in [16, 24] {
            let keys = random_keys(count, bits);
            let upload = bench.buffer(&if keys.is_empty() {
                vec![0]
            } else {
                keys.clone()
            });
            bench.submit(|encoder| {
                encoder.copy_buffer_to_buffer(&upload, 0, &sort.keys[0], 0, upload.size());
                sort.encode(&bench.gpu, &bench.pipelines, encoder, count as u32, bits);
            });
            let state: Vec<SortState> = bench.read(&sort.state);
            let mut twin = cpu::sort::RadixSort::default();
            let expected = twin.sort(&keys, bits);
            assert_eq!(state[0].visible as usize, expected.len(), "{count} {bits}");
            let rows: Vec<u32> = bench.read(sort.sorted_rows(bits));
            assert!(rows[..expected.len()] == *expected, "{count} {bits}");
        }
    }
}

/// Draws records on the GPU: quads, then 8 bits.
fn draw(bench: &mut Bench, records: &[SplatRecord], order: &[u32], view: &View) -> Vec<u8> {
    let uniform = bench.buffer(&[DrawParameters::new(view)]);
    let visible = order.len() as u32;
    let buffers = [
        bench.buffer(&[SortState {
            visible,
            vertex_count: 4,
            instance_count: visible,
            first_vertex: 0,
            first_instance: 0,
        }]),
        bench.buffer(order),
        bench.buffer(records),
    ];
    let target = Target::new(&bench.gpu, &mut bench.resources, view).expect("it is small");
    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING;
    let blend = bench
        .resources
        .texture("test blend", target.texture.size(), BLEND_FORMAT, usage);
    let blend = blend.create_view(&wgpu::TextureViewDescriptor::default());
    let [state, order, records] = [0, 1, 2].map(|index: usize| buffers[index].as_entire_binding());
    let uniform = uniform.as_entire_binding();
    let Bench {
        resources,
        pipelines,
        ..
    } = bench;
    let draw_bindings = resources.bind_group(
        "test draw",
        &pipelines.draw.get_bind_group_layout(0),
        &[uniform.clone(), state, order, records],
    );
    let resolve_bindings = resources.bind_group(
        "test resolve",
        &pipelines.resolve.get_bind_group_layout(0),
        &[uniform, wgpu::BindingResource::TextureView(&blend)],
    );
    bench.submit(|encoder| {
        super::draw::draw_quads(
            encoder,
            &bench.pipelines,
            &draw_bindings,
            &buffers[0],
            &blend,
        );
        super::draw::resolve(encoder, &bench.pipelines, &resolve_bindings, &target);
    });
    target.read(&bench.gpu).expect("a picture").rgba
}

#[test]
fn drawing_of_records() {
    let mut bench = Bench::new();
    let frame = SplatFrame::Cloud(synthetic::surface(8000, 0, 4));
    let mut view = view(Filter::Classic);
    let parameters = ProjectParameters::new(&frame, frame.bounds(), &view);
    let mut keys = vec![0; frame.count()];
    let mut records = vec![SplatRecord::default(); frame.count()];
    cpu::project::project(&frame, &parameters, &mut keys, &mut records);
    let mut sort = cpu::sort::RadixSort::default();
    let order = sort.sort(&keys, key_bits(frame.count()));
    assert!(order.len() > 1000);
    let size = [view.width as usize, view.height as usize];
    let mut raster = cpu::draw::SplatRaster::default();
    for background in [view.background, Background::Transparent] {
        view.background = background;
        let rgba = draw(&mut bench, &records, order, &view);
        let mut twin = vec![0; rgba.len()];
        raster.draw(&records, order, size, background, &mut twin);
        let far = rgba
            .iter()
            .zip(&twin)
            .filter(|(a, b)| a.abs_diff(**b) > 1)
            .count();
        let farthest = rgba.iter().zip(&twin).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(
            far * 1000 < rgba.len() && farthest <= Some(4),
            "{background:?}: {far} {farthest:?}"
        );
        let opaque = rgba.chunks_exact(4).all(|pixel| pixel[3] == 255);
        assert_eq!(opaque, background != Background::Transparent);
    }
}

#[test]
fn resolving_to_8_bits() {
    let mut bench = Bench::new();
    let mut view = view(Filter::Classic);
    (view.width, view.height) = (64, 4);
    for background in [view.background, Background::Transparent] {
        view.background = background;
        compare_resolving(&mut bench, &view);
    }
}

/// Resolves 64 x 4 blended colours over the view's background on both sides.
fn compare_resolving(bench: &mut Bench, view: &View) {
    let uniform = bench.buffer(&[DrawParameters::new(view)]);
    let target = Target::new(&bench.gpu, &mut bench.resources, view).expect("it is small");
    let usage = wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::TEXTURE_BINDING;
    let blend = bench
        .resources
        .texture("test blend", target.texture.size(), BLEND_FORMAT, usage);
    // From below 0 to above 1, and every coverage.
    let texels: Vec<[f32; 4]> = (0..256)
        .map(|k| {
            let value = k as f32 / 200.0 - 0.1;
            [value, 1.1 - value, 0.5 * value, k as f32 / 255.0]
        })
        .collect();
    let halves: Vec<u16> = texels
        .as_flattened()
        .iter()
        .map(|value| f16::from_f32(*value).to_bits())
        .collect();
    bench.gpu.queue.write_texture(
        blend.as_image_copy(),
        bytemuck::cast_slice(&halves),
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(64 * 8),
            rows_per_image: None,
        },
        blend.size(),
    );
    let blend = blend.create_view(&wgpu::TextureViewDescriptor::default());
    let bindings = bench.resources.bind_group(
        "test resolve",
        &bench.pipelines.resolve.get_bind_group_layout(0),
        &[
            uniform.as_entire_binding(),
            wgpu::BindingResource::TextureView(&blend),
        ],
    );
    bench.submit(|encoder| {
        super::draw::resolve(encoder, &bench.pipelines, &bindings, &target);
    });
    let picture = target.read(&bench.gpu).expect("a picture");
    for (pixel, halves) in picture.rgba.chunks_exact(4).zip(halves.chunks_exact(4)) {
        let [r, g, b, a] = [0, 1, 2, 3].map(|index: usize| f16::from_bits(halves[index]).to_f32());
        let background = Vec4::from(view.background.premultiplied());
        let colour = Vec4::new(r, g, b, a) + (1.0 - a) * background;
        for (channel, value) in colour.to_array().into_iter().enumerate() {
            let twin = cpu::resolve::quantise(value);
            // A value half-way between two steps may fall to either.
            assert!(pixel[channel].abs_diff(twin) <= 1, "{value}");
            let distance = (f32::from(pixel[channel]) / 255.0 - value.clamp(0.0, 1.0)).abs();
            assert!(distance <= 0.5001 / 255.0, "{value}");
        }
        if view.background != Background::Transparent {
            assert_eq!(pixel[3], 255);
        }
    }
}
