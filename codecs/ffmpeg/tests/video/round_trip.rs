//! The product's encoder and decoder, one against the other.

use std::time::{Duration, Instant};

use zoetrope_codecs::{Cancel, Decoder, Error, PlaneVideoEncoder, PlaneVideoSettings, SplatFrame};
use zoetrope_ffmpeg::{H264PlaneEncoder, PlaneVideoDecoder};

use crate::clips::{decode, group, layout, mp4, pictures};

#[test]
fn quantiser_0_is_lossless_at_every_side_and_length() {
    for side in [8, 64, 392] {
        for length in [1, 2, 20] {
            let planes: Vec<_> = (0..3).map(|seed| pictures(side, seed, length)).collect();
            let videos: Vec<_> = planes.iter().map(|plane| mp4(plane, side, 0)).collect();
            let layout = layout(side);
            let packets = group(
                layout,
                length,
                (0..layout.layers())
                    .map(|layer| videos[layer % 3].clone())
                    .collect(),
            );
            let (frames, error) = decode(packets);
            assert!(error.is_none(), "side {side}, {length} frames: {error:?}");
            assert_eq!(frames.len(), length);
            for (index, frame) in frames.iter().enumerate() {
                assert_eq!(frame.layout, layout);
                for layer in 0..layout.layers() {
                    assert!(
                        frame.layer(layer) == planes[layer % 3][index],
                        "side {side}, frame {index} of {length}, layer {layer}"
                    );
                }
            }
        }
    }
}

#[test]
fn quantiser_22_keeps_the_error_small() {
    let (side, length) = (64, 20);
    let plane = pictures(side, 1, length);
    let video = mp4(&plane, side, 22);
    assert!(video.len() < mp4(&plane, side, 0).len());
    let (frames, error) = decode(group(layout(side), length, vec![video; 17]));
    assert!(error.is_none(), "{error:?}");
    let (mut largest, mut squares) = (0, 0.0);
    for (frame, original) in frames.iter().zip(&plane) {
        for (a, b) in frame.layer(0).iter().zip(original) {
            largest = largest.max(a.abs_diff(*b));
            squares += f64::from(a.abs_diff(*b)).powi(2);
        }
    }
    let rms = (squares / (side * side * length) as f64).sqrt();
    assert!(largest > 0 && largest < 40, "largest error {largest}");
    assert!(rms < 4.0, "root mean square error {rms}");
}

#[test]
fn the_only_key_picture_is_the_first_whatever_the_content() {
    let side = 16;
    // Pictures with nothing in common would make x264 start anew with each.
    let plane: Vec<Vec<u8>> = (0..300usize)
        .map(|frame| {
            (0..side * side)
                .map(|pixel| (pixel * 31 + frame * frame * 977 + (pixel * frame) % 251) as u8)
                .collect()
        })
        .collect();
    let bytes = mp4(&plane, side, 20);
    // ISO/IEC 14496-12, 8.6.2: the sync sample box lists the pictures that decoding can start at.
    let stss = bytes
        .windows(4)
        .position(|four| four == b"stss")
        .expect("an stss box");
    assert_eq!(bytes[stss + 8..stss + 12], [0, 0, 0, 1], "one entry");
    assert_eq!(
        bytes[stss + 12..stss + 16],
        [0, 0, 0, 1],
        "the first picture"
    );
}

#[test]
fn another_group_replaces_one_half_decoded_at_once() {
    let (side, length) = (392, 4);
    let first = mp4(&pictures(side, 0, length), side, 0);
    let second = pictures(side, 2, 2);
    let mut decoder = PlaneVideoDecoder::new();
    assert_eq!(decoder.engine().name, "FFmpeg");
    assert!(!decoder.engine().hardware);
    assert!(matches!(decoder.next_frame(), Ok(None)), "no group yet");
    decoder
        .push(group(layout(side), length, vec![first; 17]))
        .expect("push");
    assert_eq!(decoder.engine().name, "FFmpeg H.264");
    decoder.next_frame().expect("a frame").expect("a frame");
    let next = group(layout(64), 2, vec![mp4(&pictures(64, 2, 2), 64, 0); 17]);
    let start = Instant::now();
    decoder.push(next).expect("push");
    assert!(
        start.elapsed() < Duration::from_millis(100),
        "{:?}",
        start.elapsed()
    );
    let frame = decoder.next_frame().expect("a frame").expect("a frame");
    let SplatFrame::Planes(planes) = &**frame.content.splats().expect("Gaussians") else {
        panic!("planes");
    };
    assert_eq!((frame.index, planes.layout.side), (100, 64));
    drop(second);
}

#[test]
fn the_encoder_refuses_what_it_cannot_encode() {
    let encoder = H264PlaneEncoder::new(&Cancel::new()).expect("libx264");
    let settings = PlaneVideoSettings {
        side: 8,
        qp: 0,
        frame_rate: 30.0,
    };
    let picture = [0; 64];
    encoder.encode(&[&picture], &settings).expect("fine");
    let refused = [
        encoder.encode(&[], &settings),
        encoder.encode(&[&picture[1..]], &settings),
        encoder.encode(&[&picture], &PlaneVideoSettings { qp: 52, ..settings }),
        encoder.encode(
            &[&picture],
            &PlaneVideoSettings {
                side: 0,
                ..settings
            },
        ),
        encoder.encode(
            &[&picture],
            &PlaneVideoSettings {
                frame_rate: f64::NAN,
                ..settings
            },
        ),
        encoder.encode(
            &[&picture],
            &PlaneVideoSettings {
                frame_rate: 0.0,
                ..settings
            },
        ),
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::Encode { .. })), "{result:?}");
    }
    let long = vec![&picture[..]; 1001];
    assert!(matches!(
        encoder.encode(&long, &settings),
        Err(Error::Limit { .. })
    ));
    encoder
        .encode(&long[..1000], &settings)
        .expect("at the limit");
}

#[test]
fn the_encoder_stops_when_asked() {
    let cancel = Cancel::new();
    let encoder = H264PlaneEncoder::new(&cancel).expect("libx264");
    let settings = PlaneVideoSettings {
        side: 8,
        qp: 0,
        frame_rate: 30.0,
    };
    cancel.cancel();
    let result = encoder.encode(&[&[0; 64]], &settings);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
}

#[test]
fn every_frame_rate_keeps_the_pictures_in_order() {
    let plane = pictures(16, 5, 9);
    let frames: Vec<&[u8]> = plane.iter().map(Vec::as_slice).collect();
    let encoder = H264PlaneEncoder::new(&Cancel::new()).expect("libx264");
    for frame_rate in [0.1, 23.976, 24_000.0 / 1001.0, 29.97, 60.0, 119.88, 1000.0] {
        let settings = PlaneVideoSettings {
            side: 16,
            qp: 0,
            frame_rate,
        };
        let video = encoder.encode(&frames, &settings).expect("encodes");
        let (decoded, error) = decode(group(layout(16), 9, vec![video; 17]));
        assert!(error.is_none(), "{frame_rate}: {error:?}");
        assert!(
            decoded
                .iter()
                .zip(&plane)
                .all(|(frame, original)| frame.layer(0) == original)
        );
    }
}
