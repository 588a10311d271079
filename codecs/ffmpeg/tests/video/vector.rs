//! The test vector of layers: a real clip, and the checksum of every sample that comes out of it. HEVC
//! and the side track decode to the same bits everywhere.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::ZoeDemuxer;
use zoetrope_codecs::gaussian_video::LayeredDecoder;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, Decoder, Demuxer, Detail, PlaneFrame, SplatFrame};
use zoetrope_ffmpeg::FfmpegAtlasDecoder;

/// FNV-1a of 64 bits over the samples, and over the bits of all ranges behind them.
fn checksum(planes: &PlaneFrame) -> u64 {
    let ranges = planes.ranges.values().as_flattened().iter();
    let ranges = ranges.flat_map(|end| end.to_le_bytes());
    let bytes = planes.samples.iter().copied().chain(ranges);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn found() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let source = FileSource::open(folder.join("ladder.zoe")).expect("is there");
    let mut clip = ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("a clip");
    let mut decoder = LayeredDecoder::new(Box::new(FfmpegAtlasDecoder::boxed));
    let mut text = String::new();
    for detail in [
        Detail::Key,
        Detail::Layers(1),
        Detail::Layers(2),
        Detail::Layers(3),
    ] {
        for group in 0..clip.groups().len() {
            let packets = clip
                .read_part(group, detail, &Cancel::new())
                .expect("reads");
            decoder.push(packets).expect("opens");
            while let Some(frame) = decoder.next_frame().expect("decodes") {
                let SplatFrame::Planes(planes) = &**frame.content.splats().expect("Gaussians")
                else {
                    panic!("it is made of planes");
                };
                let layout = planes.layout;
                let _ = writeln!(
                    text,
                    "{detail:?} frame {} {} Gaussians {} x {} {:016x}",
                    frame.index,
                    layout.count,
                    layout.side,
                    layout.side,
                    checksum(planes)
                );
            }
        }
    }
    text
}

#[test]
fn every_sample_is_what_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ladder.txt");
    let found = found();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &found).expect("can be written");
    }
    assert_eq!(found, std::fs::read_to_string(path).expect("is there"));
}
