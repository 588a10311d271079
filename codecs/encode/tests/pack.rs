//! Sequences packed into V3 assets, opened again with the reader and decoder of the product.

use std::path::Path;
use std::sync::Mutex;

use zoetrope_codecs::source::{FileFolder, FileSource, Source};
use zoetrope_codecs::{
    CameraHint, Cancel, Demuxer, Error, FrameReader, Input, Result, SplatCloud, SplatFileDecoder,
    UpAxis, open,
};
use zoetrope_encode::{
    CloudSequence, PackError, PackOptions, PackReport, Packing, PlaneClass, Progress, pack_v3,
};
use zoetrope_ffmpeg::{H264PlaneEncoder, PlaneVideoDecoder};

const CAMERA: CameraHint = CameraHint {
    position: [0.5, 0.25, -4.0],
    target: [0.0, 0.125, 0.0],
    fov_y_degrees: 40.0,
};

/// Frames in memory.
struct Frames(Vec<SplatCloud>);

impl CloudSequence for Frames {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn sh_degree(&self) -> u8 {
        self.0
            .iter()
            .map(|cloud| cloud.sh_degree)
            .max()
            .unwrap_or(0)
    }

    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
        cancel.check()?;
        Ok(self.0[index].clone())
    }
}

/// A number from 0 to 1 that looks random, the same for the same `k`.
fn scatter(k: usize) -> f32 {
    ((k * 2_654_435_761) >> 8 & 0xffff) as f32 / 65536.0
}

/// A ball of Gaussians that turns; Gaussian k has the row `row(k)`.
fn turning(count: usize, frame: usize, sh_degree: u8, row: impl Fn(usize) -> usize) -> SplatCloud {
    let mut rows = vec![0; count];
    for k in 0..count {
        rows[row(k)] = k;
    }
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    for k in rows {
        let height = 2.0 * (k as f32 + 0.5) / count as f32 - 1.0;
        let around = 2.399_963 * k as f32 + 0.02 * frame as f32;
        let radius = (1.0 - height * height).sqrt();
        let rest = vec![[scatter(k) - 0.5, 0.1, -0.2]; cloud.rest_coefficients()];
        cloud.push(
            [radius * around.cos(), height, radius * around.sin()],
            [(0.5 * around).cos(), 0.0, (0.5 * around).sin(), 0.1],
            [0.02 + 0.01 * scatter(k), 0.01, 0.03],
            0.3 + 0.6 * scatter(k + 7),
            [height, 0.5 - height, 0.25],
            &rest,
        );
    }
    cloud
}

fn pack(
    input: &mut dyn CloudSequence,
    target: &Path,
    options: &PackOptions,
) -> Result<PackReport, PackError> {
    let cancel = Cancel::new();
    pack_v3(
        input,
        target,
        Packing {
            options,
            encoder: &H264PlaneEncoder::new(&cancel).expect("libx264"),
            decoder: Some(&mut PlaneVideoDecoder::new()),
            progress: &|_| {},
            cancel: &cancel,
        },
    )
}

fn bytes_of(report: &PackReport, class: PlaneClass) -> u64 {
    let found = report.bytes_by_class.iter().find(|(c, _)| *c == class);
    found
        .map(|(_, bytes)| *bytes)
        .expect("every class is there")
}

fn open_clip(path: &Path) -> Box<dyn Demuxer> {
    let folder = FileFolder::open(path).expect("a folder");
    open(Input::Folder(Box::new(folder)), &Cancel::new()).expect("opens")
}

/// Every frame of a packed clip.
fn decode(path: &Path) -> Vec<SplatCloud> {
    let mut clip = FrameReader::new(open_clip(path), Box::new(PlaneVideoDecoder::new()));
    (0..clip.len())
        .map(|index| clip.read(index, &Cancel::new()).expect("a frame"))
        .collect()
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3)
        .map(|axis| (a[axis] - b[axis]).powi(2))
        .sum::<f32>()
        .sqrt()
}

/// The Gaussian of `cloud` at `position`.
fn nearest(cloud: &SplatCloud, position: [f32; 3]) -> usize {
    (0..cloud.len())
        .filter(|k| cloud.opacities[*k] > 0.0)
        .min_by(|a, b| {
            distance(cloud.positions[*a], position)
                .total_cmp(&distance(cloud.positions[*b], position))
        })
        .expect("a Gaussian")
}

#[test]
fn permuted_rows_come_back_in_one_row_each_and_within_quantisation() {
    let (count, length) = (700, 7);
    let clouds: Vec<SplatCloud> = (0..length)
        // 701 is prime: each frame has another order.
        .map(|t| turning(count, t, 1, |k| ((k + 1) * (t + 2) % 701) - 1))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("clip");
    let options = PackOptions {
        quality: 100,
        group_frames: 4,
        frame_rate: 24.0,
        up: UpAxis::PlusY,
        camera: Some(CAMERA),
        title: Some("Ball".to_owned()),
        credit: Some("nobody".to_owned()),
        licence: Some("CC0".to_owned()),
        ..PackOptions::default()
    };
    let report = pack(&mut Frames(clouds.clone()), &target, &options).expect("packs");
    assert_eq!((report.frames, report.groups, report.sh_degree), (7, 2, 1));
    assert_eq!(report.gaussians_max, count);
    // A step is 0.02 times the radius at most; any mistake would be a long one.
    assert!(report.steps.max < 0.0201, "{:?}", report.steps);
    assert!(report.steps.median > 0.01);
    assert!(
        report.position_psnr_db.expect("measured") > 100.0,
        "{report:?}"
    );

    let demuxer = open_clip(&target);
    let info = demuxer.info();
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
    assert_eq!(
        (info.frame_count, info.frame_rate, info.up),
        (7, 24.0, UpAxis::PlusY)
    );
    assert_eq!((info.title.as_str(), info.sh_degree), ("Ball", 1));
    assert_eq!(info.camera, Some(CAMERA));
    let normals = bytes_of(&report, PlaneClass::Normals);
    let read = report.bytes_total - report.bytes_json - normals;
    assert_eq!(info.size_bytes, Some(read), "normals are not read");
    assert_eq!(demuxer.groups()[1].frames, 4..7);

    let decoded = decode(&target);
    assert_eq!(decoded.len(), length);
    for (t, (original, back)) in clouds.iter().zip(&decoded).enumerate() {
        assert_eq!(back.len(), count);
        for k in 0..count {
            let twin = nearest(back, original.positions[k]);
            assert!(
                distance(original.positions[k], back.positions[twin]) < 1e-4,
                "frame {t}"
            );
            assert!((original.opacities[k] - back.opacities[twin]).abs() < 0.003);
            assert!((original.scales[k][0] - back.scales[twin][0]).abs() < 0.0002);
            assert!((original.sh_dc[k][1] - back.sh_dc[twin][1]).abs() < 0.005);
            assert!((original.rest_of(k)[0][0] - back.rest_of(twin)[0][0]).abs() < 0.005);
            let dot: f32 = (0..4)
                .map(|part| original.rotations[k][part] * back.rotations[twin][part])
                .sum();
            assert!(dot.abs() > 0.999, "frame {t}: {dot}");
        }
        if t % 4 > 0 {
            let steps = back.positions.iter().zip(&decoded[t - 1].positions);
            assert!(
                steps.clone().all(|(a, b)| distance(*a, *b) < 0.021),
                "a row is one Gaussian"
            );
        }
    }
    for video in 0..29 {
        assert!(
            target.join(format!("group1/{video}.mp4")).is_file(),
            "{video}"
        );
    }
}

#[test]
fn lower_quality_is_smaller_and_further_off() {
    let clouds: Vec<SplatCloud> = (0..6).map(|t| turning(900, t, 0, |k| k)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let reports: Vec<PackReport> = [100, 70, 30]
        .into_iter()
        .map(|quality| {
            let options = PackOptions {
                quality,
                ..PackOptions::default()
            };
            let target = folder.path().join(quality.to_string());
            pack(&mut Frames(clouds.clone()), &target, &options).expect("packs")
        })
        .collect();
    for pair in reports.windows(2) {
        assert!(pair[0].bytes_total > pair[1].bytes_total);
        assert!(pair[0].position_rms_error < pair[1].position_rms_error);
    }
    // Half a code step of 65535 over a box of 2 units, spread evenly: 1 / 65535 / sqrt(3).
    let lossless = reports[0].position_rms_error.expect("measured");
    assert!(lossless < 1.2e-5, "{lossless}");
    let low = bytes_of(&reports[1], PlaneClass::PositionLow);
    assert!(low > bytes_of(&reports[1], PlaneClass::Normals));
    assert_eq!(
        bytes_of(&reports[1], PlaneClass::Rest),
        0,
        "no SH beyond DC"
    );
}

#[test]
fn gaussians_may_come_and_go() {
    let full: Vec<SplatCloud> = (0..6).map(|t| turning(500, t, 0, |k| k)).collect();
    let clouds: Vec<SplatCloud> = full
        .iter()
        .enumerate()
        .map(|(t, cloud)| {
            let mut part = SplatCloud::with_capacity(0, 0);
            for k in (0..500).filter(|k| (k + 37 * t) % 500 < [300, 420, 500, 350, 0, 90][t]) {
                part.push(
                    cloud.positions[k],
                    cloud.rotations[k],
                    cloud.scales[k],
                    cloud.opacities[k],
                    cloud.sh_dc[k],
                    &[],
                );
            }
            part
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("clip");
    let options = PackOptions {
        quality: 100,
        ..PackOptions::default()
    };
    pack(&mut Frames(clouds.clone()), &target, &options).expect("packs");
    for (t, (original, back)) in clouds.iter().zip(decode(&target)).enumerate() {
        assert_eq!(back.len(), 500, "the count is constant within a group");
        let visible = back
            .opacities
            .iter()
            .filter(|opacity| **opacity > 0.0)
            .count();
        assert_eq!(visible, original.len(), "frame {t}");
        for position in &original.positions {
            let twin = nearest(&back, *position);
            assert!(
                distance(*position, back.positions[twin]) < 1e-4,
                "frame {t}"
            );
        }
    }
}

#[test]
fn progress_never_falls_and_ends_at_its_total() {
    let clouds: Vec<SplatCloud> = (0..5).map(|t| turning(100, t, 0, |k| k)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let told: Mutex<Vec<Progress>> = Mutex::new(Vec::new());
    let cancel = Cancel::new();
    let options = PackOptions {
        group_frames: 2,
        ..PackOptions::default()
    };
    let packing = Packing {
        options: &options,
        encoder: &H264PlaneEncoder::new(&cancel).expect("libx264"),
        decoder: None,
        progress: &|progress| told.lock().expect("told").push(progress),
        cancel: &cancel,
    };
    let report = pack_v3(&mut Frames(clouds), &folder.path().join("clip"), packing).expect("packs");
    assert_eq!(report.position_psnr_db, None, "nothing was decoded");
    let told = told.into_inner().expect("told");
    assert!(told.windows(2).all(|pair| pair[0].done < pair[1].done));
    let last = told.last().expect("told something");
    assert_eq!(last.done, last.total);
    assert!(told.len() > 50);
}

#[test]
fn cancel_and_errors_leave_nothing_behind() {
    struct Breaking(usize);
    impl CloudSequence for Breaking {
        fn len(&self) -> usize {
            6
        }
        fn sh_degree(&self) -> u8 {
            0
        }
        fn read(&mut self, index: usize, _: &Cancel) -> Result<SplatCloud> {
            if index == self.0 {
                return Err(Error::malformed("frame.ply", "it is cut short"));
            }
            Ok(turning(80, index, 0, |k| k))
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("clip");
    let options = PackOptions {
        group_frames: 2,
        ..PackOptions::default()
    };
    let error = pack(&mut Breaking(5), &target, &options).expect_err("breaks");
    assert_eq!(error.to_string(), "frame.ply is damaged: it is cut short");

    // Cancelled at every stage, by the one who watches the progress.
    for stop_at in [1, 2, 30, 60, 66] {
        let cancel = Cancel::new();
        let calls = Mutex::new(0);
        let packing = Packing {
            options: &options,
            encoder: &H264PlaneEncoder::new(&cancel).expect("libx264"),
            decoder: Some(&mut PlaneVideoDecoder::new()),
            progress: &|_| {
                let mut calls = calls.lock().expect("calls");
                *calls += 1;
                if *calls == stop_at {
                    cancel.cancel();
                }
            },
            cancel: &cancel,
        };
        let error = pack_v3(&mut Breaking(99), &target, packing).expect_err("is cancelled");
        assert!(error.is_cancelled(), "{error}");
    }
    assert!(matches!(
        pack(&mut Frames(Vec::new()), &target, &options),
        Err(PackError::NoFrames)
    ));
    let left = std::fs::read_dir(folder.path()).expect("read").count();
    assert_eq!(left, 0, "nothing is left behind");
}

/// The first frames of a sequence of the shared test data; `None` where that is not there.
fn shared_sequence(name: &str, frames: usize) -> Option<FrameReader> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/splats")
        .join(format!("seq_{name}_sog"));
    if !data.is_dir() {
        return None;
    }
    let sources = (1..=frames)
        .map(|frame| -> Box<dyn Source> {
            let path = data.join(format!("{name}_{frame:04}.sog"));
            Box::new(FileSource::open(path).expect("a file"))
        })
        .collect();
    let demuxer = zoetrope_codecs::open_sequence(sources, None, &Cancel::new()).expect("opens");
    Some(FrameReader::new(demuxer, Box::new(SplatFileDecoder::new())))
}

#[test]
fn the_monkeys_gaussians_step_to_their_nearest_neighbours() {
    let Some(mut clip) = shared_sequence("monkey", 2) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let report = pack(
        &mut clip,
        &folder.path().join("monkey"),
        &PackOptions::default(),
    )
    .expect("packs");
    // The median way to the nearest neighbour, which need not be one-to-one, is 0.0058.
    assert!(report.steps.median < 0.0066, "{:?}", report.steps);
    assert!(
        report.steps.p99 < 0.012 && report.steps.max < 0.03,
        "{:?}",
        report.steps
    );
    // Half of the Gaussians are smaller than 0.002.
    assert!(report.position_rms_error.expect("measured") < 0.0002);
    assert!(
        report.bytes_per_frame() < 226_345.0,
        "smaller than SOG: {report:?}"
    );
}

#[test]
fn the_wave_keeps_its_rows_and_its_picture() {
    let Some(mut clip) = shared_sequence("wave", 5) else {
        return;
    };
    let first = clip.read(0, &Cancel::new()).expect("a frame");
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("wave");
    let report = pack(&mut clip, &target, &PackOptions::default()).expect("packs");
    assert_eq!((report.frames, report.gaussians_max), (5, 4225));
    // Neighbours are 0.09 apart; the wave moves a thousandth of that.
    assert!(
        report.steps.median < 0.001 && report.steps.max < 0.01,
        "{:?}",
        report.steps
    );
    let rms = report.position_rms_error.expect("measured");
    assert!(
        rms < 0.023 / 20.0,
        "{rms} is little beside the Gaussians' size"
    );
    let back = &decode(&target)[0];
    let far = first
        .positions
        .iter()
        .map(|position| distance(*position, back.positions[nearest(back, *position)]))
        .fold(0.0, f32::max);
    assert!(far < 0.01, "{far}");
}
