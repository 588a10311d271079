//! Clips in layers and over a network: what is told of them, and the pictures on the time bar.

use egui::{Key, Pos2, Vec2, vec2};
use egui_kittest::kittest::Queryable as _;

use crate::stage::{Setup, Stage};

const PICTURE: &str = "Picture of this moment";
const WAITING: &str = "Waiting for the network";

fn stage(clip: &str) -> Stage {
    Stage::build(Setup {
        clip: Some(clip.into()),
        ..Setup::default()
    })
}

fn ready(clip: &str) -> Stage {
    let mut stage = stage(clip);
    stage.make_ready();
    stage
}

/// Where a part of the clip is on the bar.
fn at(stage: &Stage, part: f32) -> Pos2 {
    let bar = stage
        .harness
        .get_by_label(stage.text().playback.time)
        .rect();
    bar.shrink2(vec2(7.0, 0.0))
        .lerp_inside(Vec2::new(part, 0.5))
}

/// The colour in the middle of the picture over the bar.
fn colour(stage: &mut Stage, name: &str) -> [u8; 3] {
    let middle = stage.harness.get_by_label(PICTURE).rect().center();
    let image = stage.render(name);
    let [red, green, blue, _] = image.get_pixel(middle.x as u32, middle.y as u32).0;
    [red, green, blue]
}

/// Whether anything is painted where the play button is.
fn controls_are_seen(stage: &mut Stage) -> bool {
    let middle = stage.harness.get_by_label("Pause").rect().center();
    let image = stage.picture();
    let around = image.get_pixel(middle.x as u32 - 14, middle.y as u32);
    around != image.get_pixel(3, 400)
}

fn is_near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 8)
}

#[test]
fn pictures_that_the_clip_carries_are_shown_over_the_bar() {
    let mut stage = ready("layered");
    stage.until("the pictures", |app| {
        app.player_state()
            .is_some_and(|state| state.thumbnails.is_some())
    });
    stage.harness.hover_at(at(&stage, 0.3));
    stage.until_shown(PICTURE);
    stage.pass(0.3);
    // Frame 12 is nearest to the picture of frame 10.
    assert!(stage.has("0:01.20 · frame 13"));
    let found = colour(&mut stage, "thumbnail");
    assert!(is_near(found, [60, 90, 160]), "{found:?}");
    stage.harness.hover_at(at(&stage, 0.999));
    stage.pass(0.3);
    let found = colour(&mut stage, "thumbnail-end");
    assert!(is_near(found, [210, 90, 160]), "{found:?}");
    let rect = stage.harness.get_by_label(PICTURE).rect();
    assert!(rect.right() < 1280.0 && rect.width() == 160.0, "{rect}");
    // While it plays as well: there is nothing to draw.
    stage.apply("loop all");
    stage.apply("play");
    stage.pass(0.2);
    assert!(stage.has(PICTURE));
    stage.pass(4.0);
    assert!(stage.has(PICTURE) && controls_are_seen(&mut stage));
    stage.harness.remove_cursor();
    stage.pass(0.2);
    assert!(!stage.has(PICTURE));
}

#[test]
fn a_finger_and_a_bookmark_have_a_picture_too() {
    let mut stage = Stage::build(Setup {
        clip: Some("layered".into()),
        size: vec2(390.0, 844.0),
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("seek-frame 20");
    stage.apply("bookmark-add");
    stage.pass(4.0);
    stage.harness.drag_at(at(&stage, 0.2));
    stage.harness.run_steps(2);
    stage.harness.hover_at(at(&stage, 0.5));
    stage.until_shown(PICTURE);
    stage.pass(0.3);
    assert_eq!(
        stage
            .harness
            .query_all_by_label("Bookmark at 0:02.00")
            .count(),
        1
    );
    let found = colour(&mut stage, "thumbnail-bookmark");
    assert!(is_near(found, [120, 90, 160]), "{found:?}");
    stage.harness.drop_at(at(&stage, 0.5));
    stage.harness.run();
}

#[test]
fn a_key_on_the_bar_shows_the_picture_for_a_moment() {
    let mut stage = ready("layered");
    stage.harness.get_by_label("Time").focus();
    stage.harness.run();
    assert!(!stage.has(PICTURE));
    stage.key(Key::ArrowRight);
    stage.until_shown(PICTURE);
    let (time, frame) = (stage.state().time, stage.state().frame + 1);
    assert!(frame > 1);
    assert!(stage.has(&format!("0:{time:05.2} · frame {frame}")));
    stage.pass(1.7);
    assert!(!stage.has(PICTURE));
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
}

#[test]
fn pictures_are_drawn_of_decoded_frames_where_the_clip_carries_none() {
    let mut stage = ready("ring");
    stage.harness.hover_at(at(&stage, 0.5));
    stage.until_shown(PICTURE);
    stage.pass(0.3);
    let first = stage.harness.get_by_label(PICTURE).rect();
    assert_eq!(first.size(), vec2(160.0, 90.0));
    let image = stage.render("thumbnail-drawn");
    let inside = |x: f32, y: f32| {
        let pos = first.lerp_inside(Vec2::new(x, y));
        *image.get_pixel(pos.x as u32, pos.y as u32)
    };
    // There is something in it, on the background of the picture.
    let ground = inside(0.05, 0.1);
    let differs = (0..40).any(|step| inside(step as f32 / 40.0, 0.5) != ground);
    assert!(differs);
}

#[test]
fn nothing_is_drawn_for_the_bar_while_the_processor_plays() {
    let mut stage = ready("ring");
    stage.apply("play");
    stage.harness.hover_at(at(&stage, 0.5));
    stage.pass(1.0);
    assert!(stage.has("0:02.00 · frame 21"));
    assert!(!stage.has(PICTURE));
}

#[test]
fn what_the_network_has_brought_is_seen_and_what_is_waited_for_is_told() {
    let mut stage = stage("partly");
    stage.until("a picture", |app| app.player_state().is_some());
    stage.apply("loop off");
    stage.until("the end of what is there", |app| {
        app.player_state()
            .is_some_and(|state| state.waiting.is_some())
    });
    assert_eq!(stage.state().frame, 20);
    assert_eq!(stage.state().buffered.first(), Some(&(0..20)));
    assert_eq!(stage.state().buffered.len(), 1);
    assert!(!stage.has(WAITING));
    stage.pass(0.2);
    assert!(!stage.has(WAITING));
    stage.pass(0.3);
    assert!(stage.has(WAITING));
    stage.render("waiting");
    // Though it plays and nothing is touched, what tells it stays.
    stage.pass(4.0);
    assert!(controls_are_seen(&mut stage));
    // A hand elsewhere is not told, and sees what is there.
    stage.apply("seek-frame 3");
    stage.pass(0.2);
    assert!(!stage.has(WAITING));
}

#[test]
fn the_inspector_tells_of_layers_and_the_network() {
    let mut stage = Stage::build(Setup {
        clip: Some("partly".into()),
        size: vec2(1280.0, 1500.0),
        ..Setup::default()
    });
    stage.until("a picture", |app| app.player_state().is_some());
    stage.apply("pause");
    stage.click("Inspector");
    stage.pass(0.3);
    for text in [
        "Loading",
        "Layers shown",
        "Layer 3",
        "all Gaussians, 5.0 Mbit/s",
        "32.0 Mbit/s",
        "Buffered ahead",
        "1, the last 1.2 MB in 320 ms",
    ] {
        assert!(stage.has(text), "{text}");
    }
    stage.render("inspector-streaming");
    stage.click("Quality: 2");
    assert!(stage.has("now 2 of 3"));
}

#[test]
fn a_narrow_window_has_the_quality_behind_more() {
    let mut stage = Stage::build(Setup {
        clip: Some("layered".into()),
        size: vec2(390.0, 844.0),
        ..Setup::default()
    });
    stage.make_ready();
    stage.click("More controls");
    for label in ["Quality: Auto", "Quality: 1", "Quality: 2", "Quality: 3"] {
        stage.click(label);
    }
    assert!(stage.has("Quality: Auto"));
    stage.render("more-quality");
}

#[test]
fn a_clip_of_one_quality_has_nothing_to_choose() {
    let mut stage = ready("ring");
    stage.apply("toggle-more");
    stage.harness.run();
    assert!(!stage.has("Quality: Auto"));
    stage.apply("toggle-inspector");
    stage.harness.run();
    assert!(!stage.has("Quality: Auto") && !stage.has("Loading"));
}
