//! A V3 clip on disk, through FFmpeg, the decoding thread and the renderer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Vec2;
use tempfile::TempDir;
use zoetrope_app::OpenClip;
use zoetrope_codecs::{Cancel, ClipInfo, Demuxer, GroupInfo, GroupPackets, Result};
use zoetrope_encode::{PackOptions, Packing, pack_v3};
use zoetrope_ffmpeg::H264PlaneEncoder;
use zoetrope_player::Playback;

use crate::sheet::{FRAMES, GROUP_FRAMES, Sheet};
use crate::stage::{Setup, Stage};

/// The sheet that is packed.
const SHEET: Sheet = Sheet {
    side: 16,
    rise: 0.05,
    scale: 0.08,
    opacity: 0.9,
};

/// A packed clip in a folder of its own.
fn clip() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet");
    let options = PackOptions {
        group_frames: GROUP_FRAMES,
        ..PackOptions::default()
    };
    let cancel = Cancel::new();
    let encoder = H264PlaneEncoder::new(&cancel).expect("an encoder");
    let packing = Packing {
        options: &options,
        encoder: &encoder,
        decoder: None,
        progress: &|_| {},
        cancel: &cancel,
    };
    pack_v3(&mut { SHEET }, &path, packing).expect("a packed clip");
    (folder, path)
}

fn group_folders(clip: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(clip).expect("the clip's folder");
    let mut groups: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    groups.sort();
    groups
}

fn stage(clip: &Path) -> Stage {
    Stage::build(setup(clip))
}

fn setup(clip: &Path) -> Setup {
    Setup {
        size: Vec2::new(640.0, 480.0),
        clip: Some(clip.into()),
        ..Setup::default()
    }
}

/// With a hand on the clip's files: it comes after the first group was read, and before the second.
fn stage_with_hand(clip: &Path, tamper: impl Fn() + Send + Sync + 'static) -> Stage {
    let tamper = Arc::new(tamper);
    Stage::build(Setup {
        wrap: Arc::new(move |clip| OpenClip {
            demuxer: Box::new(Tampering {
                demuxer: clip.demuxer,
                tamper: Some(tamper.clone()),
            }),
            decoder: clip.decoder,
        }),
        ..setup(clip)
    })
}

struct Tampering {
    demuxer: Box<dyn Demuxer>,
    tamper: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Demuxer for Tampering {
    fn info(&self) -> &ClipInfo {
        self.demuxer.info()
    }

    fn groups(&self) -> &[GroupInfo] {
        self.demuxer.groups()
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        if group > 0
            && let Some(tamper) = self.tamper.take()
        {
            tamper();
        }
        self.demuxer.read_group(group, cancel)
    }
}

fn cut(path: &Path) {
    let bytes = fs::read(path).expect("a file of the clip");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("cut it");
}

/// Waits until so many frames are decoded; the messages then.
fn settle(stage: &mut Stage, decoded: usize) -> Vec<String> {
    stage.until("decoded frames", |app| {
        app.player_state().is_some_and(|state| {
            let ranges = state.decoded.iter();
            ranges.map(ExactSizeIterator::len).sum::<usize>() == decoded
        })
    });
    stage.harness.state().messages()
}

#[test]
fn it_plays_to_the_end() {
    let (_folder, path) = clip();
    let mut stage = stage(&path);
    assert!(settle(&mut stage, FRAMES).is_empty());
    stage.apply("pause");
    stage.apply("loop off");
    stage.apply("go-start");
    stage.apply("play");
    let mut shown = Vec::new();
    while stage.state().playback == Playback::Playing {
        stage.harness.step();
        let picture = stage.state().picture.as_ref().expect("a picture");
        assert!(picture.exact);
        if shown.last() != Some(&picture.index) {
            shown.push(picture.index);
        }
    }
    assert_eq!(shown, (0..FRAMES).collect::<Vec<_>>());
    assert_eq!(stage.state().frame_rate, 30.0);
    stage.render("v3");
}

#[test]
fn a_missing_group_and_a_cut_one_cost_a_message_each() {
    let (_folder, path) = clip();
    let groups = group_folders(&path);
    assert_eq!(groups.len(), FRAMES / GROUP_FRAMES);
    fs::remove_dir_all(&groups[1]).expect("remove a group");
    cut(&groups[2].join("0.mp4"));

    let mut stage = stage(&path);
    stage.until("both messages", |app| app.messages().len() == 2);
    let messages = settle(&mut stage, GROUP_FRAMES);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].contains("Frames 6 to 11 are skipped."),
        "{messages:?}"
    );
    assert!(
        messages[1].ends_with("Frames 12 to 17 are skipped."),
        "{messages:?}"
    );
    stage.apply("go-start");
    stage.apply("play");
    stage.pass(1.0);
    assert_eq!(stage.state().playback, Playback::Playing);
    assert!(stage.state().frame < GROUP_FRAMES);
}

#[test]
fn a_group_missing_in_the_middle_is_told_once_and_played_over() {
    let (_folder, path) = clip();
    fs::remove_dir_all(&group_folders(&path)[1]).expect("remove a group");
    let mut stage = stage(&path);
    stage.until("the group after it", |app| {
        app.player_state()
            .is_some_and(|state| state.frame >= 2 * GROUP_FRAMES)
    });
    let messages = settle(&mut stage, FRAMES - GROUP_FRAMES);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].ends_with("Frames 6 to 11 are skipped."),
        "{messages:?}"
    );
}

#[test]
fn a_video_that_is_cut_while_the_clip_is_open_costs_its_group() {
    let (_folder, path) = clip();
    let video = group_folders(&path)[1].join("0.mp4");
    let mut stage = stage_with_hand(&path, move || cut(&video));
    let messages = settle(&mut stage, FRAMES - GROUP_FRAMES);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("group1/0.mp4"), "{messages:?}");
    assert!(
        messages[0].ends_with("Frames 6 to 11 are skipped."),
        "{messages:?}"
    );
}

#[test]
fn a_clip_that_is_packed_anew_while_open_asks_to_be_opened_again() {
    let (_folder, path) = clip();
    let ranges = path.join("viewer_min_max.json");
    let mut stage = stage_with_hand(&path, move || cut(&ranges));
    stage.until("a message", |app| !app.messages().is_empty());
    // What was decoded before plays on, and the second group that is lost to it is no news.
    stage.pass(1.0);
    let messages = settle(&mut stage, GROUP_FRAMES);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].contains("viewer_min_max.json changed while it was open; open it again."),
        "{messages:?}"
    );
    assert_eq!(stage.state().playback, Playback::Playing);
    assert!(stage.state().frame < GROUP_FRAMES);
    stage.open("ring");
    stage.until("another clip", |app| {
        app.player_state()
            .is_some_and(|state| state.frame_count != FRAMES)
    });
}
