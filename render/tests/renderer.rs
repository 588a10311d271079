//! What a renderer promises besides the right picture.

mod common;

use std::sync::Arc;

use common::{draw, gpu, planes, view_of};
use zoetrope_codecs::gaussian_video::PlaneEncoding;
use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{SplatCloud, SplatFrame};
use zoetrope_render::{Background, Error, SplatRenderer, Stage, Tier};

const TIERS: [Tier; 2] = [Tier::Cpu, Tier::Gpu];

fn nothing(_: Stage) {}

#[test]
fn the_same_frame_gives_the_same_bits() {
    let gpu = gpu();
    let frame = Arc::new(SplatFrame::Cloud(synthetic::surface(20_000, 1, 1)));
    let view = view_of(&frame, 240, 180);
    for tier in TIERS {
        let first = draw(&gpu, tier, &frame, &view);
        assert!(first == draw(&gpu, tier, &frame, &view), "{tier:?}");
    }
}

#[test]
fn nothing_is_allocated_after_warm_up() {
    let gpu = gpu();
    let cloud = synthetic::surface(3000, 2, 1);
    let frames: Vec<_> = (0..6)
        .map(|k| Arc::new(synthetic::animate(&cloud, k as f32 / 6.0)))
        .collect();
    for planar in [false, true] {
        for tier in TIERS {
            let mut renderer = SplatRenderer::new(&gpu, Some(tier)).expect("a renderer");
            let mut after = Vec::new();
            for cloud in &frames {
                let frame = Arc::new(match planar {
                    true => SplatFrame::Planes(planes(cloud, PlaneEncoding::Activated)),
                    false => SplatFrame::Cloud(cloud.as_ref().clone()),
                });
                let mut view = view_of(&frame, 100, 80);
                view.camera.fov_y += 0.01;
                let stats = renderer.render(&gpu, &frame, &view, &mut nothing);
                let stats = stats.expect("a valid frame");
                after.push((renderer.resources_created(), stats.memory_bytes));
            }
            assert!(after[0].0 > 0 && after[0].1 > 0);
            // The lists of the CPU tier may still grow by a little with the first few frames.
            let resources = after.iter().all(|(count, _)| *count == after[0].0);
            assert!(resources, "{tier:?}, planar {planar}: {after:?}");
            let memory = after.iter().map(|(_, bytes)| *bytes).max();
            assert!(memory < Some(after[0].1 * 3 / 2), "{tier:?}: {after:?}");
        }
    }
}

#[test]
fn the_same_view_of_the_same_frame_costs_nothing() {
    let gpu = gpu();
    let frame = Arc::new(SplatFrame::Cloud(synthetic::surface(500, 0, 1)));
    for tier in TIERS {
        let mut view = view_of(&frame, 64, 64);
        let mut renderer = SplatRenderer::new(&gpu, Some(tier)).expect("a renderer");
        let stages = |renderer: &mut SplatRenderer, frame: &Arc<SplatFrame>, view: &_| {
            let mut stages = Vec::new();
            renderer
                .render(&gpu, frame, view, &mut |stage| stages.push(stage))
                .expect("a valid frame");
            stages
        };
        let all = [Stage::Upload, Stage::Project, Stage::Sort, Stage::Draw];
        assert_eq!(stages(&mut renderer, &frame, &view), all);
        assert_eq!(stages(&mut renderer, &frame, &view), []);
        view.background = Background::Transparent;
        assert_eq!(stages(&mut renderer, &frame, &view), all);
        let copy = Arc::new(frame.as_ref().clone());
        assert_eq!(stages(&mut renderer, &copy, &view), all);
    }
}

#[test]
fn kinds_sizes_and_counts_may_change_from_frame_to_frame() {
    let gpu = gpu();
    let small = synthetic::surface(300, 3, 1);
    let large = synthetic::surface(70_000, 0, 2);
    let frames = [
        SplatFrame::Cloud(small.clone()),
        SplatFrame::Planes(planes(&small, PlaneEncoding::Raw)),
        SplatFrame::Cloud(large.clone()),
        SplatFrame::Planes(planes(&large, PlaneEncoding::Activated)),
        SplatFrame::Cloud(SplatCloud::default()),
        SplatFrame::Cloud(small),
    ]
    .map(Arc::new);
    for tier in TIERS {
        let mut renderer = SplatRenderer::new(&gpu, Some(tier)).expect("a renderer");
        for (k, frame) in frames.iter().enumerate() {
            let view = view_of(frame, 60 + 7 * (k as u32 % 3), 50);
            let stats = renderer
                .render(&gpu, frame, &view, &mut nothing)
                .expect("a valid frame");
            assert_eq!(stats.stored as usize, frame.count());
            let alone = draw(&gpu, tier, frame, &view);
            assert!(
                renderer.read_picture(&gpu) == Ok(alone),
                "{tier:?}, frame {k}"
            );
        }
    }
}

#[test]
fn the_number_of_drawn_gaussians_comes_back() {
    let gpu = gpu();
    let mut cloud = synthetic::surface(1000, 0, 1);
    cloud.opacities[..400].fill(0.0);
    cloud.opacities[400..].fill(0.5);
    let frame = Arc::new(SplatFrame::Cloud(cloud));
    let mut view = view_of(&frame, 64, 64);
    for tier in TIERS {
        let mut renderer = SplatRenderer::new(&gpu, Some(tier)).expect("a renderer");
        let mut drawn = None;
        for _ in 0..3 {
            view.camera.fov_y += 0.01;
            let stats = renderer.render(&gpu, &frame, &view, &mut nothing);
            drawn = stats.expect("a valid frame").drawn;
            gpu.wait().expect("the device works");
        }
        assert_eq!(drawn, Some(600), "{tier:?}");
    }
}

#[test]
fn another_device_is_taken_over() {
    let (first, second) = (gpu(), gpu());
    assert_ne!(first.generation, second.generation);
    let frame = Arc::new(SplatFrame::Cloud(synthetic::surface(500, 0, 1)));
    let view = view_of(&frame, 64, 64);
    for tier in TIERS {
        let mut renderer = SplatRenderer::new(&first, Some(tier)).expect("a renderer");
        for gpu in [&first, &second] {
            renderer
                .render(gpu, &frame, &view, &mut nothing)
                .expect("a valid frame");
        }
        assert!(renderer.read_picture(&second) == Ok(draw(&first, tier, &frame, &view)));
    }
}

#[test]
fn after_a_loss_a_new_device_goes_on() {
    let frame = Arc::new(SplatFrame::Cloud(synthetic::surface(500, 0, 1)));
    let view = view_of(&frame, 64, 64);
    for tier in TIERS {
        let first = gpu();
        let mut renderer = SplatRenderer::new(&first, Some(tier)).expect("a renderer");
        renderer
            .render(&first, &frame, &view, &mut nothing)
            .expect("a valid frame");
        let before = renderer.read_picture(&first).expect("a picture");
        first.device.destroy();
        let _ = first.wait();
        let lost = renderer.render(&first, &frame, &view, &mut nothing);
        assert!(matches!(lost, Err(Error::Lost { .. })), "{lost:?}");
        assert!(matches!(
            renderer.read_picture(&first),
            Err(Error::Lost { .. })
        ));
        let second = gpu();
        renderer
            .render(&second, &frame, &view, &mut nothing)
            .expect("a valid frame");
        assert!(renderer.read_picture(&second) == Ok(before));
    }
}

#[test]
fn bad_requests_are_refused_and_the_old_picture_stays() {
    let gpu = gpu();
    let cloud = synthetic::surface(300, 0, 1);
    let good = Arc::new(SplatFrame::Cloud(cloud.clone()));
    let view = view_of(&good, 40, 30);
    for tier in TIERS {
        let mut renderer = SplatRenderer::new(&gpu, Some(tier)).expect("a renderer");
        assert_eq!(renderer.read_picture(&gpu), Err(Error::NothingDrawn));
        renderer
            .render(&gpu, &good, &view, &mut nothing)
            .expect("a valid frame");
        let before = renderer.read_picture(&gpu).expect("a picture");

        let mut empty = view;
        empty.width = 0;
        let refused = renderer.render(&gpu, &good, &empty, &mut nothing);
        assert!(matches!(refused, Err(Error::EmptyPicture { width: 0, .. })));
        let mut wide = view;
        let limit = gpu.capabilities.limits.max_texture_dimension_2d;
        wide.width = limit + 1;
        let refused = renderer.render(&gpu, &good, &wide, &mut nothing);
        assert!(matches!(refused, Err(Error::TooLarge { .. })));

        let mut short = cloud.clone();
        short.scales.pop();
        let mut truncated = planes(&cloud, PlaneEncoding::Activated);
        truncated.samples.pop();
        let mut counted = planes(&cloud, PlaneEncoding::Activated);
        counted.layout.count = 1_000_000;
        let mut degree = cloud.clone();
        degree.sh_degree = 4;
        for bad in [
            SplatFrame::Cloud(short),
            SplatFrame::Planes(truncated),
            SplatFrame::Planes(counted),
            SplatFrame::Cloud(degree),
        ] {
            let refused = renderer.render(&gpu, &Arc::new(bad), &view, &mut nothing);
            assert!(matches!(refused, Err(Error::Frame { .. })), "{refused:?}");
        }
        assert!(renderer.read_picture(&gpu) == Ok(before), "{tier:?}");
    }
}

#[test]
fn two_million_of_degree_3_can_be_drawn() {
    let gpu = gpu();
    // 128 bytes each in the GPU tier's texture: twice what software Vulkan binds as a buffer.
    let base = synthetic::surface(100_000, 3, 1);
    let mut cloud = SplatCloud::with_capacity(2_000_000, 3);
    for copy in 0..20 {
        let shift = 0.003 * copy as f32;
        cloud
            .positions
            .extend(base.positions.iter().map(|[x, y, z]| [x + shift, *y, *z]));
        cloud.rotations.extend_from_slice(&base.rotations);
        cloud
            .scales
            .extend(base.scales.iter().map(|scale| scale.map(|s| 0.2 * s)));
        cloud.opacities.extend_from_slice(&base.opacities);
        cloud.sh_dc.extend_from_slice(&base.sh_dc);
        cloud
            .sh_rest
            .each_mut()
            .extend_from_slice(&base.sh_rest.each());
    }
    let frame = Arc::new(SplatFrame::Cloud(cloud));
    // Few of them in the picture: what counts here is that all of them are there.
    let mut view = view_of(&frame, 64, 48);
    view.camera.target.y = -1.62;
    view.camera.fov_y = 0.03;
    let pictures = TIERS.map(|tier| draw(&gpu, tier, &frame, &view));
    let psnr = pictures[0].psnr(&pictures[1]).expect("one size");
    assert!(psnr > 45.0, "{psnr}");
    let background = view.background.premultiplied();
    let background = background.map(|value| (value * 255.0).round() as u8);
    assert_ne!(pictures[0].rgba[..4], background, "it looks at the head");
}
