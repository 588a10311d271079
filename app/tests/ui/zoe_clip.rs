//! A clip of our own in layers, through FFmpeg, the decoding thread and the renderer.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::Vec2;
use tempfile::TempDir;
use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::{Cancel, Result, SplatCloud, VideoCodec};
use zoetrope_encode::zoe::{ZoePacking, pack_zoe};
use zoetrope_encode::{CloudSequence, PackOptions};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};
use zoetrope_player::{Command, Picture, Player, PlayerOptions, Quality};

use crate::stage::{Setup, Stage};

const FRAMES: usize = 18;
const GROUP_FRAMES: usize = 6;
const GAUSSIANS: usize = 1024;

/// A sheet of Gaussians that rises frame by frame, half of them faint.
struct Sheet;

impl CloudSequence for Sheet {
    fn len(&self) -> usize {
        FRAMES
    }

    fn sh_degree(&self) -> u8 {
        0
    }

    fn read(&mut self, index: usize, _: &Cancel) -> Result<SplatCloud> {
        let mut cloud = SplatCloud::with_capacity(GAUSSIANS, 0);
        for k in 0..GAUSSIANS {
            let (x, z) = ((k % 32) as f32 / 16.0 - 1.0, (k / 32) as f32 / 16.0 - 1.0);
            let position = [x, -0.02 * index as f32, z];
            let opacity = if k % 2 == 0 { 0.9 } else { 0.1 };
            let rotation = [1.0, 0.0, 0.0, 0.0];
            cloud.push(position, rotation, [0.05; 3], opacity, [x, 0.5, z], &[]);
        }
        Ok(cloud)
    }
}

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
    pack_zoe(&mut Sheet, &path, packing).expect("a packed clip");
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
    let (few, all) = (base.frame.count(), whole.frame.count());
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
