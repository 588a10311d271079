//! Exported videos, read back by FFmpeg's own demuxer and decoder.

use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Packet, Rational, codec, color, format, frame};
use zoetrope_codecs::audio::read_sound;
use zoetrope_codecs::container::zoe::{FrameRate, SoundCodec, SoundFormat, SoundTrack};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, Error};
use zoetrope_ffmpeg::{MovieSettings, MovieWriter};

const PICTURES: u64 = 9;

/// A file that can still be read once the writer is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("file").get_ref().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("file").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.lock().expect("file").seek(to)
    }
}

fn settings(width: u32, height: u32, sound: &SoundTrack) -> MovieSettings {
    MovieSettings {
        width,
        height,
        frame_rate: FrameRate::from_per_second(29.97),
        crf: 5,
        pictures: PICTURES,
        sound_packets: sound.packets.len() as u64,
    }
}

fn tone(name: &str) -> SoundTrack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/sound")
        .join(name);
    read_sound(
        Arc::new(FileSource::open(path).expect("is there")),
        &Cancel::new(),
    )
    .expect("reads")
}

/// A movie whose upper half is red, its lower half blue, and which darkens.
fn movie(sound: &SoundTrack) -> Vec<u8> {
    let file = Shared::default();
    let formats = [sound.format.clone()];
    let mut movie =
        MovieWriter::new(file.clone(), settings(64, 48, sound), &formats).expect("starts");
    let delay = i64::from(sound.format.delay);
    let mut packets = sound.packets.iter().peekable();
    for picture in 0..PICTURES {
        let value = 255 - 20 * picture as u8;
        let rgba = [[value, 0, 0, 255], [0, 0, value, 255]].map(|half| half.repeat(64 * 24));
        movie.push_picture(&rgba.concat()).expect("is taken");
        while let Some(packet) = packets.next_if(|packet| packet.time < 2000 * picture) {
            movie
                .push_sound(0, packet.time as i64 - delay, packet)
                .expect("is taken");
        }
    }
    for packet in packets {
        movie
            .push_sound(0, packet.time as i64 - delay, packet)
            .expect("is taken");
    }
    movie.finish().expect("ends");
    file.bytes()
}

fn open(bytes: Vec<u8>) -> Input {
    let io = StreamIo::from_read_seek(Cursor::new(bytes)).expect("memory");
    format::input_from_stream(io, None, None).expect("is a video")
}

/// Times in pictures, and the first and last sample of every plane.
fn decode(bytes: Vec<u8>) -> Vec<(i64, [[u8; 2]; 3])> {
    let mut input = open(bytes);
    let stream = input.stream(0).expect("is there");
    let rate = Rational::new(1001, 30000);
    let unit = stream.time_base();
    let parameters = stream.parameters();
    let mut decoder = codec::Context::from_parameters(parameters)
        .expect("has parameters")
        .decoder()
        .video()
        .expect("opens");
    assert_eq!(decoder.color_range(), color::Range::MPEG);
    assert_eq!(decoder.color_space(), color::Space::BT709);
    let mut picture = frame::Video::empty();
    let mut decoded = Vec::new();
    let mut take = |decoder: &mut ffmpeg_next::decoder::Video| {
        while decoder.receive_frame(&mut picture).is_ok() {
            let ends = [0, 1, 2].map(|plane| {
                let rows = if plane == 0 { 48 } else { 24 };
                let stride = picture.stride(plane);
                let data = picture.data(plane);
                [data[0], data[(rows - 1) * stride]]
            });
            let time = picture.timestamp().expect("has a time") as f64 * f64::from(unit);
            decoded.push(((time / f64::from(rate)).round() as i64, ends));
        }
    };
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        if packet.stream() == 0 {
            decoder.send_packet(&packet).expect("is whole");
            take(&mut decoder);
        }
    }
    decoder.send_eof().expect("ends");
    take(&mut decoder);
    decoded
}

#[test]
fn pictures_keep_their_colours_and_times_and_sound_its_packets() {
    for name in ["tone.m4a", "tone.mp3", "tone.opus", "tone.flac"] {
        let sound = tone(name);
        assert!(MovieWriter::takes(&sound.format));
        let bytes = movie(&sound);
        let place = |kind: &[u8]| bytes.windows(4).position(|window| window == kind);
        assert!(
            place(b"moov") < place(b"mdat"),
            "it plays while it is fetched"
        );
        let decoded = decode(bytes.clone());
        assert_eq!(decoded.len() as u64, PICTURES);
        for (picture, (time, [luma, blue, red])) in (0..).zip(decoded) {
            assert_eq!(time, picture);
            // BT.709: red has luma 16 + 47 v and blue 16 + 16 v, for v from 0 to 1.
            let value = (255.0 - 20.0 * picture as f64) / 255.0;
            let near = |sample: u8, expected: f64| (f64::from(sample) - expected).abs() < 3.0;
            assert!(near(luma[0], 16.0 + 46.6 * value), "{luma:?}");
            assert!(near(luma[1], 16.0 + 15.8 * value), "{luma:?}");
            assert!(near(red[0], 128.0 + 112.0 * value), "{red:?}");
            assert!(near(blue[1], 128.0 + 112.0 * value), "{blue:?}");
        }
        let mut input = open(bytes);
        let mut packets = Vec::new();
        let mut packet = Packet::empty();
        while packet.read(&mut input).is_ok() {
            if packet.stream() == 1 {
                packets.push(packet.data().expect("has bytes").to_vec());
            }
        }
        let expected: Vec<Vec<u8>> = sound
            .packets
            .into_iter()
            .map(|packet| packet.bytes)
            .collect();
        assert_eq!(packets, expected, "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let sound = tone("tone.m4a");
    let new = |width, height, formats: &[SoundFormat]| {
        MovieWriter::new(Shared::default(), settings(width, height, &sound), formats)
    };
    for (width, height) in [(63, 48), (64, 47), (0, 48), (8194, 48)] {
        let error = new(width, height, &[])
            .map(|_| ())
            .expect_err("has an odd size");
        assert!(error.to_string().contains("choose even numbers"), "{error}");
    }
    let pcm = tone("tone.wav").format;
    assert_eq!(pcm.codec, SoundCodec::Pcm);
    assert!(!MovieWriter::takes(&pcm));
    assert!(new(64, 48, &[pcm]).is_err());
    let mut movie = new(64, 48, &[]).expect("starts");
    assert!(matches!(
        movie.push_picture(&[0; 4]),
        Err(Error::Write { .. })
    ));
    let packet = &sound.packets[0];
    assert!(matches!(
        movie.push_sound(0, 0, packet),
        Err(Error::Write { .. })
    ));
}
