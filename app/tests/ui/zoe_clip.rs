//! A clip of our own in layers, through FFmpeg, the decoding thread and the renderer.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::Vec2;
use tempfile::TempDir;
use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::{Cancel, VideoCodec};
use zoetrope_encode::PackOptions;
use zoetrope_encode::zoe::{ZoePacking, pack_zoe};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};
use zoetrope_player::{Command, Picture, Player, PlayerOptions, Quality};

use crate::sheet::{FRAMES, GROUP_FRAMES, Sheet};
use crate::stage::{Setup, Stage};

/// The sheet that is packed, half of it faint.
const SHEET: Sheet = Sheet {
    side: 32,
    rise: 0.02,
    scale: 0.05,
    opacity: 0.1,
};
const GAUSSIANS: usize = SHEET.side * SHEET.side;

fn clip() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet.zoe");
    let options = PackOptions {
        group_frames: GROUP_FRAMES,
        ..PackOptions::default()
    };
    let cancel = Cancel::new();
    let encoder = FfmpegAtlasEncoder::new(&cancel);
    let packing = ZoePacking {
        ladder: true,
        codec: VideoCodec::H264,
        ..ZoePacking::new(&options, &encoder, &FfmpegAtlasDecoder::boxed, &cancel)
    };
    pack_zoe(&mut { SHEET }, &path, packing).expect("a packed clip");
    (folder, path)
}

/// The picture of the last frame in a chosen quality.
fn picture(path: &Path, quality: Quality) -> Picture {
    let clip = open_clip(&ClipTarget::Path(path.to_owned()), &Cancel::new()).expect("it opens");
    let mut player =
        Player::new(clip.demuxer, clip.decoder, PlayerOptions::default()).expect("a thread");
    player.apply(Command::Quality(quality));
    player.apply(Command::GoEnd);
    let started = Instant::now();
    loop {
        let state = player.tick(0.0);
        assert!(state.notices.is_empty(), "{:?}", state.notices);
        if let Some(picture) = state.picture.filter(|picture| picture.exact) {
            return picture;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_layered_clip_is_shown_in_as_many_layers_as_are_chosen() {
    let (_folder, path) = clip();
    let base = picture(&path, Quality::Layers(1));
    assert_eq!(base.detail, Detail::Layers(1));
    let whole = picture(&path, Quality::Auto);
    assert!(whole.detail > Detail::Layers(1), "{:?}", whole.detail);
    let count = |picture: &Picture| picture.frame.splats().expect("Gaussians").count();
    let (few, all) = (count(&base), count(&whole));
    assert!(few > 0 && few < all && all >= GAUSSIANS, "{few} {all}");
}

#[test]
fn a_layered_clip_plays_in_the_window() {
    let (_folder, path) = clip();
    let mut stage = Stage::build(Setup {
        size: Vec2::new(640.0, 480.0),
        clip: Some(path.as_path().into()),
        ..Setup::default()
    });
    stage.make_ready();
    let state = stage.state();
    assert!(state.levels > 1 && state.layers == state.levels);
    assert!(state.network.is_none());
    let first = stage.render("zoe-first");
    stage.apply("go-end");
    stage.until("the last frame", |app| {
        let state = app.player_state();
        let picture = state.and_then(|state| state.picture.as_ref());
        picture.is_some_and(|picture| picture.exact && picture.index == FRAMES - 1)
    });
    stage.harness.run();
    assert!(stage.render("zoe-last") != first);
}
