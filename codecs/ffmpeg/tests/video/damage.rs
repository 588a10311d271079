//! Videos that are cut, flipped, swapped or missing: an error that names the file, the frames
//! before it exact, never a panic.

use std::sync::Mutex;

use zoetrope_codecs::{Decoder, Error, GroupPayload, PlaneFrame, limits};
use zoetrope_ffmpeg::PlaneVideoDecoder;

use crate::clips::{Recipe, decode, group, layout, mp4, pictures};

const SIDE: usize = 32;
const LENGTH: usize = 8;

fn assert_names(error: Option<&Error>, file: &str, words: &str) {
    let text = error.map(ToString::to_string).unwrap_or_default();
    assert!(
        text.contains(file) && text.contains(words),
        "expected {file} and {words:?} in {text:?}"
    );
    assert!(!text.contains("()"), "empty brackets in {text:?}");
}

/// Decodes a group whose layer 7 is `video` and all others are `good`.
fn decode_with(good: &[u8], video: Vec<u8>) -> (Vec<PlaneFrame>, Option<Error>) {
    let mut videos = vec![good.to_vec(); 17];
    videos[7] = video;
    decode(group(layout(SIDE), LENGTH, videos))
}

#[test]
fn a_cut_file_gives_the_frames_before_the_cut_exactly() {
    let plane = pictures(SIDE, 3, LENGTH);
    for recipe in [Recipe::INDEX_FIRST, Recipe::REORDERED] {
        let video = recipe.video(&plane, SIDE).expect("libx264");
        let (whole, error) = decode_with(&video, video.clone());
        assert!(error.is_none() && whole.len() == LENGTH, "{error:?}");
        let mut seen = [0; LENGTH + 1];
        for cut in (0..video.len()).step_by(41) {
            let (frames, error) = decode_with(&video, video[..cut].to_vec());
            assert_names(error.as_ref(), "group5/7.mp4", "copy the clip again");
            seen[frames.len()] += 1;
            for (frame, original) in frames.iter().zip(&whole) {
                assert!(frame.layer(7) == original.layer(7), "cut at {cut}");
            }
        }
        let lengths = seen.iter().filter(|seen| **seen > 0).count();
        assert!(lengths >= 3 && seen[LENGTH] == 0, "{seen:?}");
    }
}

#[test]
fn a_cut_file_with_its_index_at_the_end_is_an_error_until_the_index_is_whole() {
    let plane = pictures(SIDE, 3, LENGTH);
    let video = mp4(&plane, SIDE, 0);
    let index = video
        .windows(4)
        .position(|four| four == b"moov")
        .expect("a moov box");
    for cut in (0..index).step_by(97).chain(index..video.len()) {
        let (frames, error) = decode_with(&video, video[..cut].to_vec());
        assert!(frames.is_empty() || cut > index, "cut at {cut}");
        for (frame, original) in frames.iter().zip(&plane) {
            assert!(frame.layer(7) == original, "cut at {cut}");
        }
        if frames.len() < LENGTH {
            assert_names(error.as_ref(), "group5/7.mp4", "copy the clip again");
        }
    }
}

#[test]
fn flipped_bits_never_panic_and_are_told_where_they_can_be() {
    let plane = pictures(SIDE, 3, LENGTH);
    let video = Recipe::INDEX_FIRST.video(&plane, SIDE).expect("libx264");
    let (mut errors, mut exact) = (0, 0);
    let mut flip = |position: usize, bit: usize| {
        let mut flipped = video.clone();
        flipped[position] ^= 1 << bit;
        let (frames, error) = decode_with(&video, flipped);
        if let Some(error) = &error {
            assert_names(Some(error), "group5", "");
            errors += 1;
        } else {
            assert_eq!(frames.len(), LENGTH);
            let same = frames
                .iter()
                .zip(&plane)
                .all(|(f, original)| f.layer(7) == original);
            exact += usize::from(same);
        }
    };
    for position in (0..1500).step_by(7) {
        flip(position, position % 8);
    }
    for position in (1500..video.len()).step_by(83) {
        flip(position, position % 8);
    }
    assert!(
        errors > 30 && exact > 30,
        "{errors} errors, {exact} without effect"
    );
}

#[test]
fn an_empty_file_and_garbage_are_named() {
    let good = mp4(&pictures(SIDE, 3, LENGTH), SIDE, 0);
    let (frames, error) = decode_with(&good, Vec::new());
    assert!(frames.is_empty());
    assert_names(error.as_ref(), "group5/7.mp4", "it is empty");
    for garbage in [
        vec![0; 5000],
        b"<html>404</html>".to_vec(),
        b"\0\0\0\x20ftypisom".to_vec(),
        [b"\0\0\0\x08moov".as_slice(), &[0xff; 400]].concat(),
        [&[0x1a, 0x45, 0xdf, 0xa3], [0x42; 900].as_slice()].concat(),
    ] {
        let (frames, error) = decode_with(&good, garbage);
        assert!(frames.is_empty());
        assert_names(error.as_ref(), "group5/7.mp4", "copy the clip again");
    }
}

#[test]
fn a_short_video_ends_the_group_with_its_name() {
    let plane = pictures(SIDE, 3, LENGTH);
    let good = mp4(&plane, SIDE, 0);
    let (frames, error) = decode_with(&good, mp4(&plane[..5], SIDE, 0));
    assert_eq!(frames.len(), 5);
    assert!(
        frames
            .iter()
            .zip(&plane)
            .all(|(frame, original)| frame.layer(7) == original)
    );
    assert_names(error.as_ref(), "group5/7.mp4", "5 of the group's 8");
}

#[test]
fn a_longer_video_is_read_as_far_as_the_group_goes() {
    let plane = pictures(SIDE, 3, LENGTH + 3);
    let good = mp4(&plane[..LENGTH], SIDE, 0);
    let (frames, error) = decode_with(&good, mp4(&plane, SIDE, 0));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(frames.len(), LENGTH);
}

#[test]
fn a_video_of_another_size_is_named_with_both_sizes() {
    let good = mp4(&pictures(SIDE, 3, LENGTH), SIDE, 0);
    let (frames, error) = decode_with(&good, mp4(&pictures(48, 3, LENGTH), 48, 0));
    assert!(frames.is_empty());
    assert_names(error.as_ref(), "group5/7.mp4", "48 x 48");
    assert_names(error.as_ref(), "group 5", "32 x 32");
}

#[test]
fn a_larger_side_is_taken_when_all_planes_agree() {
    let plane = pictures(48, 3, LENGTH);
    let (frames, error) = decode(group(layout(SIDE), LENGTH, vec![mp4(&plane, 48, 0); 17]));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(frames.len(), LENGTH);
    assert_eq!(
        (frames[0].layout.side, frames[0].layout.count),
        (48, 32 * 32)
    );
    assert!(frames[3].layer(16) == plane[3]);
    // Pictures too small for the group's Gaussians cannot be right.
    let small = mp4(&pictures(24, 3, LENGTH), 24, 0);
    let (_, error) = decode(group(layout(SIDE), LENGTH, vec![small; 17]));
    assert_names(error.as_ref(), "group 5", "24 x 24");
}

#[test]
fn a_group_that_does_not_fit_itself_is_refused() {
    let good = mp4(&pictures(SIDE, 3, LENGTH), SIDE, 0);
    let (_, error) = decode(group(layout(SIDE), LENGTH, vec![good.clone(); 16]));
    assert_names(error.as_ref(), "group 5", "16 plane videos");
    let mut packets = group(layout(SIDE), LENGTH, vec![good.clone(); 17]);
    if let GroupPayload::PlaneVideos { ranges, .. } = &mut packets.payload {
        ranges.pop();
    }
    let (_, error) = decode(packets);
    assert_names(error.as_ref(), "group 5", "7 frames");
    let too_long = limits::MAX_GROUP_FRAMES as usize + 1;
    let (_, error) = decode(group(layout(SIDE), too_long, vec![good; 17]));
    assert!(matches!(error, Some(Error::Limit { what: "frames", .. })));
    let cloud = zoetrope_codecs::GroupPackets {
        group: 5,
        frames: 0..1,
        payload: GroupPayload::SplatFile {
            name: "a.ply".to_owned(),
            cloud: Box::default(),
            coarse: false,
        },
    };
    let error = PlaneVideoDecoder::new().push(cloud).err();
    assert_names(error.as_ref(), "group 5", "no plane videos");
}

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }

    fn log(&self, record: &log::Record) {
        if record.target() == "ffmpeg" {
            assert_eq!(record.level(), log::Level::Debug);
            LINES.lock().expect("lines").push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

#[test]
fn what_ffmpeg_says_goes_to_the_log() {
    static LISTENER: Listener = Listener;
    log::set_logger(&LISTENER).expect("the only logger");
    log::set_max_level(log::LevelFilter::Debug);
    let video = mp4(&pictures(SIDE, 3, LENGTH), SIDE, 0);
    let (_, error) = decode_with(&video, video[..video.len() / 2].to_vec());
    assert!(error.is_some());
    let lines = LINES.lock().expect("lines");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("moov atom not found")),
        "{lines:?}"
    );
}
