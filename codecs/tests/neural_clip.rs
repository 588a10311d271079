//! Neural video in clips of our own: what is written is read, in whole and in parts, and every frame by itself.

mod common;
#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;
#[path = "common/neural_clips.rs"]
mod neural_clips;

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use common::{data, memory, shared_neural};
use neural_clips::{open, part};
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, NeuralWriter, ZoeDemuxer, trim};
use zoetrope_codecs::neural::track::{CodedGroup, GroupReader, read_coded_network};
use zoetrope_codecs::neural::{
    self, CodedEmbeddings, CodedNetwork, CpuDecoder, Import, ImportOptions, Network, NeuralDecoder,
};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, ClipKind, Demuxer, Detail, FrameContent, FrameReader, Input};

/// A clip of one group.
fn clip_of(network: &CodedNetwork, embeddings: &CodedEmbeddings, frames: usize) -> Vec<u8> {
    let description = ClipDescription::new(FrameRate::from_per_second(25.0), 0);
    let spool = Cursor::new(Vec::new());
    let mut writer = NeuralWriter::new(description, spool).expect("makes sense");
    writer
        .add_group(network, embeddings, frames, None)
        .expect("fits");
    let mut clip = Vec::new();
    writer
        .finish(&mut clip, &Cancel::new())
        .expect("memory takes everything");
    clip
}

fn import(path: impl AsRef<Path>) -> Import {
    let source = Arc::new(FileSource::open(path.as_ref()).expect("opens"));
    neural::import(source, &ImportOptions::default(), &Cancel::new()).expect("reads")
}

/// Puts an imported video into a clip as it is, and looks whether all of its numbers come out again; returns the clip's bytes, and how
/// many of them are the group's.
fn assert_lossless(import: &Import) -> (u64, u64) {
    assert!(import.is_coded());
    let video = &import.video;
    let (network, embeddings) = import.coded(8).expect("is coded already");
    let bytes = clip_of(&network, &embeddings, video.frame_count());
    let length = bytes.len() as u64;
    let mut clip = open(bytes).expect("opens");
    let info = clip.info().clone();
    assert_eq!(
        (info.kind, info.frame_count),
        (ClipKind::NeuralVideo, video.frame_count())
    );
    let picture = info.picture.expect("is flat");
    assert_eq!(
        picture.size.map(|side| side as usize),
        video.network.picture_size()
    );
    assert_eq!(picture.parameters, Some(video.network.parameters() as u64));
    assert_eq!(picture.macs, Some(video.network.macs()));
    let mut networks: Vec<Arc<Network>> = Vec::new();
    for index in 0..video.frame_count() {
        let (frames, frame) = part(&mut clip, index, Detail::FULL);
        assert_eq!(frames, index..index + 1);
        assert_eq!(Some(frame.embedding()), video.embedding(index));
        networks.push(frame.network().clone());
    }
    assert!(*networks[0] == *video.network, "numbers changed");
    assert!(
        networks
            .iter()
            .all(|network| Arc::ptr_eq(network, &networks[0]))
    );
    let group = info.size_bytes.expect("is known");
    println!("{}: {length} bytes, {group} of them the group", info.codec);
    (length, group)
}

#[test]
fn the_small_model_is_kept_as_it_is() {
    let import = import(data("neural/tiny.safetensors"));
    let (_, group) = assert_lossless(&import);
    // A byte for each weight and minima, scales and biases as they are take 238 kB.
    assert!(group < 212_000, "{group}");
}

#[test]
fn the_published_model_is_kept_as_it_is() {
    if let Some(path) = shared_neural("hnerv/quant_vid.pth") {
        let (length, _) = assert_lossless(&import(path));
        // Huffman's codes take 1,434,653 bytes, and minima and scales as they are 46,056.
        assert!(length < 1_434_653 + 46_056, "{length}");
    }
}

#[test]
fn plain_numbers_are_quantised() {
    let import = import(data("neural/tiny.safetensors"));
    let video = &import.video;
    let first = CpuDecoder::new(&video.network);
    let go = Cancel::new();
    let mut sizes = Vec::new();
    for (bits, most) in [(8, 0.02), (6, 0.08)] {
        let network = CodedNetwork::quantise(&video.network, bits).expect("fits");
        let embeddings = CodedEmbeddings::quantise(video, bits).expect("fits");
        let bytes = clip_of(&network, &embeddings, video.frame_count());
        sizes.push(bytes.len());
        let mut clip = open(bytes).expect("opens");
        let (_, frame) = part(&mut clip, 3, Detail::FULL);
        let own = CpuDecoder::new(frame.network())
            .decode(frame.embedding(), &go)
            .expect("decodes");
        let embedding = video.embedding(3).expect("is there");
        let before = first.decode(embedding, &go).expect("decodes");
        let pairs = own.rgb.as_flattened().iter().zip(before.rgb.as_flattened());
        let square: f32 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
        let error = (square / own.rgb.as_flattened().len() as f32).sqrt();
        assert!(error < most, "{bits} bits: {error}");
    }
    assert!(sizes[1] * 100 < sizes[0] * 82, "{sizes:?}");
}

#[test]
fn groups_of_the_file_are_frames_for_whoever_watches() {
    let bytes = entry::tiny_neural(false);
    let mut clip = open(bytes.clone()).expect("opens");
    let info = clip.info().clone();
    assert_eq!(
        (info.title.as_str(), info.codec.as_str()),
        ("Tiny", "HNeRV")
    );
    assert_eq!((info.frame_count, clip.groups().len()), (10, 10));
    assert_eq!(
        info.picture.map(|picture| picture.size),
        Some(entry::TINY_CROP.size)
    );
    assert_eq!((info.warnings.len(), info.layers.len()), (0, 0));
    assert!(info.gaussians.is_none() && info.bounds.is_none());
    // The same frames as without the clip.
    let (_, group) = entry::tiny_tracks().swap_remove(0);
    let samples: Vec<&[u8]> = group.samples.iter().map(|sample| &sample[..]).collect();
    let alone = GroupReader::default().read("it", &group.config, &samples, 5, &Cancel::new());
    let alone = alone.expect("reads");
    let mut networks = Vec::new();
    for index in [7, 0, 3, 9, 4, 5] {
        let (frames, frame) = part(&mut clip, index, Detail::FULL);
        assert_eq!(frames, index..index + 1);
        let expected = alone
            .frame("it", index % 5)
            .expect("reads")
            .expect("is there");
        assert!(**frame.network() == **expected.network());
        assert_eq!(frame.embedding(), expected.embedding());
        assert_eq!(frame.crop(), entry::TINY_CROP);
        networks.push(frame.network().clone());
    }
    // Both groups have the same network: it is decoded once.
    assert!(
        networks
            .iter()
            .all(|network| Arc::ptr_eq(network, &networks[0]))
    );
    // The first frame of a group needs no more than its first level.
    let key = clip.part_bytes(5, Detail::Key).expect("is known");
    let all = clip.part_bytes(5, Detail::FULL).expect("is known");
    assert!(key < all, "{key} and {all}");
    assert_eq!(clip.part_bytes(6, Detail::FULL), Some(0));
    let mut again = open(bytes).expect("opens");
    let (_, first) = part(&mut again, 5, Detail::Key);
    let (_, full) = part(&mut clip, 5, Detail::FULL);
    assert!(*first.network() == *full.network() && first.embedding() == full.embedding());
    assert!(clip.read_group(10, &Cancel::new()).is_err());
    let _ = part(&mut again, 9, Detail::Key);
}

#[test]
fn sound_and_pictures_come_along() {
    let mut clip = open(entry::tiny_neural(false)).expect("opens");
    assert_eq!(clip.sounds().len(), 1);
    assert_eq!(
        clip.poster(&Cancel::new()).expect("reads"),
        Some(b"poster".to_vec())
    );
    let thumbnails = clip
        .thumbnails(&Cancel::new())
        .expect("reads")
        .expect("is there");
    assert_eq!(thumbnails, entry::tiny_thumbnails(9));
    let mut packets = Vec::new();
    for group in 0..10 {
        let own = clip
            .read_sound(group, &Cancel::new())
            .expect("reads")
            .swap_remove(0);
        // A frame lasts 1602 of the sound's ticks, and a packet 1024.
        assert!(own.len() <= 3, "{group}: {}", own.len());
        packets.extend(own);
    }
    // Ten frames last 16016 ticks, and 1024 more are not heard.
    assert_eq!(packets[..], entry::tiny_sound().packets[..17]);
}

#[test]
fn several_frames_of_a_network_come_out_together() {
    let bytes = entry::tiny_neural(true);
    let mut clip = open(bytes.clone()).expect("opens");
    let groups: Vec<Range<usize>> = clip
        .groups()
        .iter()
        .map(|group| group.frames.clone())
        .collect();
    assert_eq!(groups, [0..2, 2..4, 4..5, 5..7, 7..9, 9..10]);
    assert_eq!(clip.info().codec, "NIRVANA");
    let (grid, networks) = entry::tiny_latents();
    for (group, network) in [(0, 0), (1, 1), (2, 2), (4, 1)] {
        let (frames, frame) = part(&mut clip, group, Detail::FULL);
        assert_eq!((frames, frame.part()), (groups[group].clone(), 0));
        let expected = networks
            .network("it", network)
            .expect("is one")
            .expect("is there");
        assert!(**frame.network() == *expected, "{group}");
        assert_eq!(frame.embedding(), grid.numbers());
    }
    let (_, frame) = part(&mut clip, 0, Detail::FULL);
    let (_, again) = part(&mut clip, 0, Detail::FULL);
    assert!(Arc::ptr_eq(frame.network(), again.network()) && frame.is_same(&again));
    // What is decoded through the reader is what each network makes.
    let source = memory("clips/tiny.zoe", bytes);
    let clip = ZoeDemuxer::open(source, &Cancel::new()).expect("opens");
    let mut reader = FrameReader::new(Box::new(clip), Box::new(NeuralDecoder::on_cpu()));
    for (index, network, part) in [
        (8, 1, 1),
        (0, 0, 0),
        (1, 0, 1),
        (4, 2, 0),
        (9, 2, 0),
        (3, 1, 1),
    ] {
        let content = reader.frame(index, &Cancel::new()).expect("decodes");
        let FrameContent::Picture(picture) = content else {
            panic!("is no picture");
        };
        assert_eq!([picture.width, picture.height], entry::TINY_CROP.size);
        let network = networks
            .network("it", network)
            .expect("is one")
            .expect("is there");
        let pictures =
            CpuDecoder::new(&network).decode_frames_rgba8(&grid.numbers(), &Cancel::new());
        let whole = pictures.expect("decodes").swap_remove(part);
        let row = |y: usize| &whole[4 * (12 * y + 1)..4 * (12 * y + 11)];
        let expected: Vec<u8> = (0..7).flat_map(row).copied().collect();
        assert!(picture.rgba == expected, "frame {index}");
    }
}

#[test]
fn what_does_not_change_costs_nothing() {
    let tracks = entry::tiny_tracks();
    let (_, patches) = &tracks[3];
    let lengths: Vec<usize> = patches.samples.iter().map(Vec::len).collect();
    // A byte for each tensor.
    assert_eq!(lengths[2], 2 * patches.config.layers.len());
    assert!(lengths[1] < lengths[0] / 2, "{lengths:?}");
}

#[test]
fn a_part_of_a_clip_is_a_clip() {
    for patches in [false, true] {
        let mut clip = open(entry::tiny_neural(patches)).expect("opens");
        let mut copy = Vec::new();
        let spool = Cursor::new(Vec::new());
        let kept = trim(&mut clip, 6..8, spool, &mut copy, &Cancel::new()).expect("copies");
        assert_eq!(kept, 5..10);
        let mut copy = open(copy).expect("opens");
        assert_eq!(copy.info().frame_count, 5);
        assert_eq!(copy.info().picture, clip.info().picture);
        let half = clip.groups().len() / 2;
        for group in 0..half {
            let (frames, ours) = part(&mut copy, group, Detail::FULL);
            let (theirs, other) = part(&mut clip, half + group, Detail::FULL);
            assert_eq!(frames, theirs.start - 5..theirs.end - 5);
            assert!(**ours.network() == **other.network());
            assert_eq!(ours.embedding(), other.embedding());
        }
        assert_eq!(copy.sounds().len(), 1);
    }
}

#[test]
fn it_opens_like_any_clip_and_is_coded_the_same_again() {
    let input = Input::File(Box::new(zoetrope_codecs::source::MemorySource::new(
        "clip.zoe",
        entry::tiny_neural(false),
    )));
    let clip = zoetrope_codecs::open(input, &Cancel::new()).expect("opens");
    assert_eq!(clip.info().kind, ClipKind::NeuralVideo);
    let (_, group) = entry::tiny_tracks().swap_remove(0);
    let network = read_coded_network("it", &group.config, &group.samples[0], &Cancel::new());
    let video = entry::tiny_video(8);
    let embeddings = CodedEmbeddings::quantise(&video, 8).expect("fits");
    let crop = Some(entry::TINY_CROP);
    let again = CodedGroup::of_network(&network.expect("reads"), &embeddings, 5, crop);
    assert_eq!(again.expect("fits"), group);
}
