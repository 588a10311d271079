//! Our own clip through FFmpeg's demuxer: an ordinary MP4 tool must find every packet of every layer,
//! and decode the atlas.
#![allow(unsafe_code)]

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Packet, codec, format, frame, media};
use zoetrope_codecs::audio::read_sound;
use zoetrope_codecs::container::zoe::{
    ClipDescription, FrameRate, LayerDescription, SoundTrack, ZoeWriter,
};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{
    Cancel, LayerKind, LayerPackets, LayeredGroup, VideoCodec, VideoPacket, VideoStream,
};

use crate::clips::{Recipe, pictures};

/// Frames of each group.
const GROUPS: [usize; 3] = [10, 1, 7];
/// Width and height of the atlas of each layer in pixels.
const SIDES: [usize; 2] = [64, 32];

fn open(bytes: Vec<u8>) -> Input {
    let io = StreamIo::from_read_seek(Cursor::new(bytes)).expect("memory");
    format::input_from_stream(io, None, None).expect("is a video")
}

fn header(stream: &format::stream::Stream<'_>) -> Vec<u8> {
    let parameters = stream.parameters();
    // SAFETY: the parameters own that many bytes at that place as long as they live.
    unsafe {
        let parameters = &*parameters.as_ptr();
        let length = usize::try_from(parameters.extradata_size).expect("is a length");
        std::slice::from_raw_parts(parameters.extradata, length).to_vec()
    }
}

/// The pictures as a video whose packets are not in the order of time.
fn video(pictures: &[Vec<u8>], side: usize) -> VideoStream {
    let bytes = Recipe::REORDERED.video(pictures, side).expect("libx264");
    let mut input = open(bytes);
    let config = header(&input.streams().next().expect("one"));
    let mut packets = Vec::new();
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        let bytes = packet.data().expect("has bytes").to_vec();
        packets.push((packet.pts().expect("has a time"), bytes));
    }
    let mut times: Vec<i64> = packets.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let place = |time| {
        times
            .iter()
            .position(|other| *other == time)
            .expect("is one")
    };
    VideoStream {
        codec: VideoCodec::H264,
        config,
        width: side as u32,
        height: side as u32,
        packets: packets
            .into_iter()
            .map(|(time, bytes)| VideoPacket {
                picture: place(time) as u32,
                bytes,
            })
            .collect(),
    }
}

fn clip(sound: SoundTrack) -> Vec<u8> {
    let kinds = [LayerKind::Gaussians, LayerKind::Harmonics];
    let mut description = ClipDescription::new(FrameRate::from_per_second(29.97), 1);
    description.layers = kinds
        .iter()
        .map(|kind| LayerDescription {
            kind: *kind,
            name: format!("{kind:?}"),
        })
        .collect();
    let mut writer = ZoeWriter::new(description, Cursor::new(Vec::new())).expect("makes sense");
    writer.add_sound(sound).expect("fits");
    for frames in GROUPS {
        let layer = |number: usize| LayerPackets {
            kind: kinds[number],
            video: video(&pictures(SIDES[number], number, frames), SIDES[number]),
            side: vec![vec![7; 100]; frames.min(2)],
        };
        let group = LayeredGroup {
            layers: vec![layer(0), layer(1)],
        };
        writer.add_group(&group, frames, 1000).expect("fits");
    }
    let mut bytes = Vec::new();
    writer
        .finish(&mut bytes, &Cancel::new())
        .expect("memory takes everything");
    bytes
}

/// What FFmpeg finds in one track.
#[derive(Debug, Default, PartialEq)]
struct Found {
    packets: usize,
    keys: usize,
    bytes: usize,
}

#[test]
fn every_packet_is_found_and_every_picture_decodes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/sound/tone.m4a");
    let source = Arc::new(FileSource::open(path).expect("is there"));
    let sound = read_sound(source, &Cancel::new()).expect("reads");
    let sound_bytes = sound.packets.iter().map(|packet| packet.bytes.len()).sum();
    let sound_packets = sound.packets.len();
    let bytes = clip(sound);

    let mut input = open(bytes.clone());
    let kinds: Vec<media::Type> = input.streams().map(|s| s.parameters().medium()).collect();
    assert_eq!(kinds.len(), 5);
    let (video, audio) = (media::Type::Video, media::Type::Audio);
    assert_eq!((kinds[0], kinds[2], kinds[4]), (video, video, audio));
    assert!(!header(&input.streams().nth(2).expect("is there")).is_empty());
    let mut found: Vec<Found> = (0..5).map(|_| Found::default()).collect();
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        let found = &mut found[packet.stream()];
        found.packets += 1;
        found.keys += usize::from(packet.is_key());
        found.bytes += packet.size();
    }
    let frames: usize = GROUPS.iter().sum();
    for stream in [0, 2] {
        let found = &found[stream];
        assert_eq!(
            (found.packets, found.keys),
            (frames, GROUPS.len()),
            "{stream}"
        );
    }
    for stream in [1, 3] {
        let found = &found[stream];
        assert_eq!((found.packets, found.bytes), (5, 500), "{stream}");
    }
    assert_eq!(
        (found[4].packets, found[4].bytes),
        (sound_packets, sound_bytes)
    );

    for (layer, side) in SIDES.into_iter().enumerate() {
        let decoded = decode(bytes.clone(), 2 * layer, side);
        let all = GROUPS
            .iter()
            .flat_map(|frames| pictures(side, layer, *frames));
        let expected: Vec<Vec<u8>> = all.collect();
        assert_eq!(decoded.len(), expected.len());
        for (number, (time, luma)) in decoded.iter().enumerate() {
            assert_eq!(*time, 1001 * number as i64, "layer {layer}");
            let error: u64 = luma
                .iter()
                .zip(&expected[number])
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            // Another picture is 50 away.
            assert!(
                error < 8 * (side * side) as u64,
                "layer {layer}, picture {number}"
            );
        }
    }
}

/// Times and luma of the pictures of one track.
fn decode(bytes: Vec<u8>, stream: usize, side: usize) -> Vec<(i64, Vec<u8>)> {
    let mut input = open(bytes);
    let parameters = input.stream(stream).expect("is there").parameters();
    let context = codec::Context::from_parameters(parameters).expect("has parameters");
    let mut decoder = context.decoder().video().expect("opens");
    let mut picture = frame::Video::empty();
    let mut decoded = Vec::new();
    let mut take = |decoder: &mut ffmpeg_next::decoder::Video| {
        while decoder.receive_frame(&mut picture).is_ok() {
            let rows = picture.data(0).chunks(picture.stride(0)).take(side);
            let luma: Vec<u8> = rows.flat_map(|row| row[..side].to_vec()).collect();
            decoded.push((picture.timestamp().expect("has a time"), luma));
        }
    };
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        if packet.stream() == stream {
            decoder.send_packet(&packet).expect("is whole");
            take(&mut decoder);
        }
    }
    decoder.send_eof().expect("ends");
    take(&mut decoder);
    decoded
}
