//! Neural video in clips of our own: damage, what does not fit, and the test vectors.

mod common;
#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;
#[path = "common/neural_clips.rs"]
mod neural_clips;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use common::data;
use neural_clips::{open, part};
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, NeuralWriter};
use zoetrope_codecs::neural::track::{CodedGroup, TrackConfig, read_coded_network};
use zoetrope_codecs::neural::{self, CodedEmbeddings, CodedNetwork, NeuralDecoder};
use zoetrope_codecs::{Cancel, Decoder, Demuxer, Detail, Result, limits};

#[test]
fn every_cut_and_flip_is_a_sentence_or_a_picture() {
    for patches in [false, true] {
        let bytes = entry::tiny_neural(patches);
        let read_all = |bytes: Vec<u8>| {
            let mut clip = open(bytes)?;
            let mut decoder = NeuralDecoder::on_cpu();
            for group in 0..clip.groups().len() {
                let read = clip.read_group(group, &Cancel::new());
                match read.and_then(|packets| decoder.push(packets)) {
                    Ok(()) => while let Ok(Some(_)) = decoder.next_frame() {},
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            Ok(clip.info().frame_count)
        };
        for length in (0..bytes.len()).step_by(3) {
            if let Ok(frames) = read_all(bytes[..length].to_vec()) {
                assert!(frames == 5 || frames == 10, "{length}: {frames}");
            }
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            let _: Result<usize> = read_all(damaged);
        }
    }
}

#[test]
fn what_does_not_fit_a_clip_is_refused() {
    let description = || ClipDescription::new(FrameRate::from_per_second(25.0), 0);
    let spool = || Cursor::new(Vec::new());
    let mut writer = NeuralWriter::new(description(), spool()).expect("makes sense");
    let tracks = entry::tiny_tracks();
    writer.add_coded(&tracks[0].1).expect("fits");
    writer.add_coded(&tracks[1].1).expect("has another network");
    // Of another size, and several frames at once.
    assert!(writer.add_coded(&tracks[2].1).is_err());
    assert!(writer.add_coded(&tracks[3].1).is_err());
    let mut short = tracks[0].1.clone();
    short.samples.pop();
    assert!(writer.add_coded(&short).is_err());
    let mut clip = Vec::new();
    writer.finish(&mut clip, &Cancel::new()).expect("is whole");
    let mut clip = open(clip).expect("opens");
    assert_eq!(clip.info().frame_count, 10);
    for group in 0..10 {
        let _ = part(&mut clip, group, Detail::FULL);
    }
    let empty = NeuralWriter::new(description(), spool()).expect("makes sense");
    assert!(empty.finish(&mut Vec::new(), &Cancel::new()).is_err());
    // A group of too many frames, and embeddings of another number.
    let video = entry::tiny_video(1);
    let network = CodedNetwork::quantise(&video.network, 8).expect("fits");
    let embeddings = CodedEmbeddings::quantise(&video, 8).expect("fits");
    let group = |frames| CodedGroup::of_network(&network, &embeddings, frames, None);
    assert!(group(5).is_ok());
    assert!(group(4).is_err() && group(6).is_err() && group(0).is_err());
    let times = &tracks[2].1;
    let most = limits::MAX_GROUP_FRAMES as usize;
    let TrackConfig { input, .. } = times.config.clone();
    let neural::track::TrackInput::Time(rule) = input else {
        panic!("is no time");
    };
    let coded = read_coded_network("it", &times.config, &times.samples[0], &Cancel::new());
    let coded = coded.expect("reads");
    let of = |frames| CodedGroup::of_network(&coded, &CodedEmbeddings::Time(rule), frames, None);
    assert!(of(most).is_ok());
    assert!(of(most + 1).is_err());
}

#[test]
fn configurations_that_contradict_themselves_are_refused() {
    let config = |outputs, size: [usize; 2], crop: [u32; 4]| {
        let shape = entry::one_layer(outputs, size);
        let [left, top, width, height] = crop;
        TrackConfig {
            input: neural::track::TrackInput::Numbers(shape.embedding),
            layers: shape.layers,
            output: shape.output,
            crop: neural::Crop {
                start: [left, top],
                size: [width, height],
            },
        }
    };
    let reads = |config: &TrackConfig| TrackConfig::read("it", &config.write()).is_ok();
    assert!(reads(&config(3, [7, 5], [0, 0, 7, 5])));
    assert!(reads(&config(3, [7, 5], [6, 4, 1, 1])));
    for crop in [
        [0, 0, 8, 5],
        [0, 0, 7, 6],
        [7, 0, 1, 1],
        [0, 0, 0, 1],
        [u32::MAX, 0, 1, 1],
    ] {
        assert!(!reads(&config(3, [7, 5], crop)), "{crop:?}");
    }
    let most = 3 * limits::MAX_NETWORK_FRAMES as usize;
    assert!(reads(&config(most, [7, 5], [0, 0, 7, 5])));
    assert!(!reads(&config(most + 3, [7, 5], [0, 0, 7, 5])));
    assert!(!reads(&config(4, [7, 5], [0, 0, 7, 5])));
    let bytes = config(3, [7, 5], [0, 0, 7, 5]).write();
    for length in 0..bytes.len() {
        assert!(
            TrackConfig::read("it", &bytes[..length]).is_err(),
            "{length}"
        );
    }
    // Multiplications and parameters are told twice.
    for at in bytes.len() - 16..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let error = TrackConfig::read("it", &damaged).expect_err("contradicts itself");
        assert!(error.to_string().contains("contradicts"), "{error}");
    }
    let mut newer = bytes;
    newer[0] += 1;
    let error = TrackConfig::read("it", &newer).expect_err("is newer");
    assert!(error.to_string().contains("update Zoetrope"), "{error}");
}

/// The clips of the test vectors.
const VECTORS: [(&str, bool); 2] = [("neural/numbers.zoe", false), ("neural/patches.zoe", true)];

/// 64-bit FNV-1a of numbers as little-endian binary32.
fn checksum(numbers: impl Iterator<Item = f32>) -> u64 {
    numbers
        .flat_map(f32::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
}

/// A line for each sample of a clip: its frames, and the checksums of its network and its embedding.
fn checksums(bytes: Vec<u8>) -> String {
    let mut clip = open(bytes).expect("opens");
    let mut text = String::new();
    for group in 0..clip.groups().len() {
        let (frames, frame) = part(&mut clip, group, Detail::FULL);
        let layers = frame.network().layers().iter();
        let numbers = layers.flat_map(|layer| layer.weights.iter().chain(&layer.bias));
        text += &format!(
            "{}..{} {:016x} {:016x}\n",
            frames.start,
            frames.end,
            checksum(numbers.copied()),
            checksum(frame.embedding().iter().copied())
        );
    }
    text
}

#[test]
fn test_vectors_have_exactly_their_numbers() {
    for (path, _) in VECTORS {
        let text = fs::read_to_string(data(path).with_extension("txt")).expect("is there");
        assert_eq!(
            checksums(fs::read(data(path)).expect("is there")),
            text,
            "{path}"
        );
    }
}

#[test]
#[ignore = "writes the test vectors and the fuzz corpus anew"]
fn write_test_vectors() {
    for (path, patches) in VECTORS {
        let clip = entry::tiny_neural(patches);
        fs::write(data(path).with_extension("txt"), checksums(clip.clone())).expect("writes");
        let name = data(path).with_extension("");
        let name = name
            .file_name()
            .and_then(|name| name.to_str())
            .expect("is a name");
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        fs::write(corpus.join(format!("zoe/{name}.zoe")), &clip).expect("writes");
        fs::write(data(path), clip).expect("writes");
    }
    for (name, group) in entry::tiny_tracks() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/neural_track");
        fs::write(corpus.join(name), entry::track_seed(&group)).expect("writes");
    }
}
