//! Atlases encoded and decoded again.

use zoetrope_codecs::random::Random;
use zoetrope_codecs::{
    AtlasDecoder, AtlasEncoder, AtlasSettings, Cancel, Error, VideoCodec, VideoStream,
};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};

const CODECS: [VideoCodec; 2] = [VideoCodec::Hevc, VideoCodec::H264];

fn settings(codec: VideoCodec, width: u32, height: u32) -> AtlasSettings {
    AtlasSettings {
        codec,
        width,
        height,
        qp: 10,
        frame_rate: 30.0,
    }
}

/// Pictures with a smooth part and a noisy one, which move.
fn pictures(count: usize, width: u32, height: u32) -> Vec<Vec<u8>> {
    let mut random = Random::new(9);
    let noise: Vec<u8> = (0..width * height)
        .map(|_| random.below(60) as u8)
        .collect();
    (0..count)
        .map(|t| {
            (0..height as usize)
                .flat_map(|y| (0..width as usize).map(move |x| (x, y)))
                .map(|(x, y)| {
                    let smooth = (2 * x + y + 3 * t) % 190;
                    smooth as u8 + noise[y * width as usize + x] / if x < 40 { 60 } else { 1 }
                })
                .collect()
        })
        .collect()
}

fn encode(pictures: &[Vec<u8>], settings: &AtlasSettings) -> zoetrope_codecs::Result<VideoStream> {
    let slices: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    FfmpegAtlasEncoder::new(&Cancel::new()).encode(&slices, settings)
}

fn decode(video: VideoStream, count: usize) -> zoetrope_codecs::Result<Vec<Vec<u8>>> {
    let size = (video.width * video.height) as usize;
    let mut decoder = FfmpegAtlasDecoder::new();
    decoder.push("atlas", video, count)?;
    (0..count)
        .map(|_| {
            let mut luma = vec![0; size];
            decoder.next_picture(&mut luma).map(|()| luma)
        })
        .collect()
}

#[test]
fn groups_of_every_length_come_back() {
    for codec in CODECS {
        for count in [1, 2, 3, 4, 5, 13] {
            let pictures = pictures(count, 736, 552);
            let video = encode(&pictures, &settings(codec, 736, 552)).expect("encodes");
            assert_eq!(video.packets.len(), count);
            assert_eq!(video.packets[0].picture, 0);
            let mut order: Vec<u32> = video.packets.iter().map(|p| p.picture).collect();
            order.sort_unstable();
            assert!(order.iter().copied().eq(0..count as u32), "{order:?}");
            let found = decode(video, count).expect("decodes");
            for (found, wanted) in found.iter().zip(&pictures) {
                let error: u32 = found
                    .iter()
                    .zip(wanted)
                    .map(|(a, b)| u32::from(a.abs_diff(*b)))
                    .sum();
                let mean = f64::from(error) / wanted.len() as f64;
                assert!(mean < 1.5, "{mean} with {codec:?}, {count} pictures");
            }
        }
    }
}

#[test]
fn the_key_alone_is_the_first_picture() {
    for codec in CODECS {
        let video = encode(&pictures(9, 64, 64), &settings(codec, 64, 64)).expect("encodes");
        let all = decode(video.clone(), 9).expect("decodes");
        let mut key = video;
        key.packets.truncate(1);
        assert_eq!(decode(key, 1).expect("decodes"), all[..1]);
    }
}

#[test]
fn what_cannot_be_encoded_is_refused() {
    let some = pictures(2, 64, 64);
    let right = settings(VideoCodec::Hevc, 64, 64);
    for wrong in [
        AtlasSettings { width: 63, ..right },
        AtlasSettings { width: 0, ..right },
        AtlasSettings {
            height: 32,
            ..right
        },
        AtlasSettings {
            width: 20_000,
            ..right
        },
        AtlasSettings { qp: 0, ..right },
        AtlasSettings { qp: 52, ..right },
        AtlasSettings {
            frame_rate: 0.0,
            ..right
        },
        AtlasSettings {
            codec: VideoCodec::Av1,
            ..right
        },
    ] {
        assert!(encode(&some, &wrong).is_err(), "{wrong:?}");
    }
    assert!(encode(&[], &right).is_err());
    let cancel = Cancel::new();
    cancel.cancel();
    let slices: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
    let error = FfmpegAtlasEncoder::new(&cancel).encode(&slices, &right);
    assert!(matches!(error, Err(Error::Cancelled)));
}

#[test]
fn damage_is_an_error() {
    for codec in CODECS {
        let whole = encode(&pictures(5, 64, 64), &settings(codec, 64, 64)).expect("encodes");
        let mut short = whole.clone();
        short.packets.pop();
        assert!(decode(short, 5).is_err());
        let mut cut = whole.clone();
        let half = cut.packets[0].bytes.len() / 2;
        cut.packets[0].bytes.truncate(half);
        assert!(decode(cut, 5).is_err());
        let mut config = whole.clone();
        config.config.truncate(5);
        assert!(decode(config, 5).is_err());
        let mut none = whole;
        none.config.clear();
        none.packets.clear();
        assert!(decode(none, 5).is_err());
    }
}
