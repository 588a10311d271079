//! Following links from outside, and making them.

use egui::{Event, Key, Modifiers, ViewportCommand};
use egui_kittest::kittest::Queryable as _;
use zoetrope_app::Arrival;
use zoetrope_player::Playback;
use zoetrope_player::share_link::ShareLink;

use crate::stage::{Setup, Stage, looks};

const CAMERA: &str = "0.1,2.25,-3.3333333,0.12345679,0,-0.5,47.3";

/// A link to a clip of the script on a web server.
fn link(name: &str, query: &str) -> String {
    format!("zoetrope://open?src=https://example.org/clips/{name}{query}")
}

fn arrive(stage: &mut Stage, text: &str) {
    stage.arrivals.push(Arrival::Link(text.to_owned()));
    stage.harness.run_ok();
}

/// A start with a link on the command line.
fn started_with(text: &str) -> Stage {
    let mut stage = Stage::build(Setup {
        clip: None,
        ..Setup::default()
    });
    arrive(&mut stage, text);
    stage
}

/// The link in the clipboard after Ctrl+C.
fn copied(stage: &mut Stage) -> ShareLink {
    stage.harness.input_mut().events.push(Event::Copy);
    stage.harness.run_ok();
    let text = stage.copied().expect("a link in the clipboard");
    ShareLink::parse(&text).expect("a link")
}

fn bits(stage: &Stage) -> [u32; 7] {
    let camera = stage.camera();
    let [px, py, pz] = camera.position.to_array();
    let [tx, ty, tz] = camera.target.to_array();
    [px, py, pz, tx, ty, tz, camera.fov_y].map(f32::to_bits)
}

#[test]
fn a_link_to_a_new_host_asks_first() {
    let mut stage = started_with(&link("ring", "&t=1"));
    assert!(stage.has_dialog("Open this link?"));
    assert!(stage.has("example.org"));
    assert!(stage.has("https://example.org/clips/ring"));
    // Neither the clip nor anything else was opened, and Enter does not say yes.
    stage.key(Key::Enter);
    stage.harness.run_ok();
    assert!(!stage.has_dialog("Open this link?"));
    assert!(stage.harness.state().player_state().is_none());
    // Saying yes once is for once.
    for _ in 0..2 {
        stage.asked.commands.lock().expect("unpoisoned").clear();
        arrive(&mut stage, &link("ring", "&t=1"));
        assert!(stage.has_dialog("Open this link?"));
        stage.click_last("Open");
        stage.until_titled("Zoetrope – ring");
        stage.apply("start-page");
    }
    arrive(&mut stage, &link("ring", "&t=1"));
    stage.click("Always open links to this host");
    stage.click_last("Open");
    stage.until_titled("Zoetrope – ring");
    arrive(&mut stage, &link("other", ""));
    stage.until_titled("Zoetrope – other");
    // A port is another host, and a link that comes while one waits takes its place.
    arrive(&mut stage, &link("x", "").replace(".org", ".org:81"));
    arrive(&mut stage, &link("x", "").replace(".org", ".org:82"));
    assert!(stage.has("example.org:82") && !stage.has("example.org:81"));
    stage.key(Key::Escape);
    stage.harness.run_ok();
    assert!(!stage.has_dialog("Open this link?"));
}

#[test]
fn a_link_to_a_file_asks_too_and_an_address_does_not() {
    let mut stage = started_with("zoetrope://open?src=file:///no/such/other");
    assert!(stage.has("a file on this computer"));
    stage.click("Always open links to files on this computer");
    stage.click_last("Open");
    stage.until_titled("Zoetrope – other");
    // What was typed is known from then on.
    arrive(&mut stage, "https://example.org/ring");
    stage.until_titled("Zoetrope – ring");
    arrive(&mut stage, &link("other", ""));
    stage.until_titled("Zoetrope – other");
}

#[test]
fn a_link_restores_the_moment_and_the_view_to_the_last_bit() {
    let query = format!("&t=1.5&cam={CAMERA}&up=-y");
    let mut stage = started_with(&link("ring", &query));
    stage.click_last("Open");
    stage.until_titled("Zoetrope – ring");
    stage.until("the frame", |app| {
        let state = app.player_state().expect("a clip");
        state.picture.as_ref().is_some_and(|picture| picture.exact)
    });
    stage.harness.run_ok();
    assert_eq!(stage.state().frame, 15);
    assert_eq!(stage.state().playback, Playback::Paused);
    let numbers: Vec<f32> = CAMERA
        .split(',')
        .map(|n| n.parse().expect("a number"))
        .collect();
    let mut expected = [0; 7];
    for (bits, number) in expected.iter_mut().zip(&numbers) {
        *bits = number.to_bits();
    }
    expected[6] = (47.3_f64.to_radians() as f32).to_bits();
    assert_eq!(bits(&stage), expected);
    // What is copied then is the same link.
    let same = copied(&mut stage);
    assert_eq!(same.app_link(), link("ring", &query));

    // Another window, another moment and view, and the same picture from the link to it.
    stage.key(Key::Period);
    stage.drag_in_one_frame(egui::pos2(600.0, 300.0), egui::pos2(700.0, 350.0));
    stage.apply("fov-wider");
    stage.harness.run_ok();
    let (frame, camera) = (stage.state().frame, bits(&stage));
    let text = copied(&mut stage).app_link();
    let mut other = started_with(&text);
    other.click_last("Open");
    other.until_titled("Zoetrope – ring");
    other.harness.run_ok();
    assert_eq!((other.state().frame, bits(&other)), (frame, camera));
    // In a clip that is open already it leads there as well, without opening it anew.
    let pictures = stage.harness.state().pictures();
    stage.apply("go-start");
    stage.apply("reset-view");
    stage.harness.run_ok();
    assert!(stage.harness.state().pictures() > pictures);
    stage.asked.commands.lock().expect("unpoisoned").clear();
    let link = ShareLink::parse(&text).expect("a link");
    arrive(&mut stage, &link.web_link().expect("on the web"));
    assert_eq!((stage.state().frame, bits(&stage)), (frame, camera));
    let commands = stage.asked.commands.lock().expect("unpoisoned");
    let is_title = |command: &ViewportCommand| matches!(command, ViewportCommand::Title(_));
    assert!(!commands.iter().any(is_title), "{commands:?}");
}

#[test]
fn a_loop_is_restored_and_plays() {
    let mut stage = started_with(&link("ring", "&ab=1,2.5"));
    stage.click_last("Open");
    stage.until_titled("Zoetrope – ring");
    assert_eq!(stage.state().ab, (Some(10), Some(25)));
    assert_eq!(stage.state().playback, Playback::Playing);
    stage.apply("pause");
    stage.apply("seek-frame 12");
    stage.harness.run_ok();
    let view = copied(&mut stage).view;
    assert_eq!((view.ab_s, view.time_s), (Some((1.0, 2.5)), Some(1.2)));
}

#[test]
fn bookmarks_of_a_clip_on_the_web_are_there_again() {
    let mut stage = started_with(&link("ring%3FExpires=1", "&t=1"));
    stage.click_last("Open");
    stage.until_titled("Zoetrope – ring");
    stage.harness.run_ok();
    stage.apply("bookmark-add");
    stage.apply("start-page");
    // Signed anew, it is the same clip.
    stage.asked.commands.lock().expect("unpoisoned").clear();
    arrive(&mut stage, &link("ring%3FExpires=2", "&t=2"));
    stage.click_last("Open");
    stage.until_titled("Zoetrope – ring");
    stage.harness.run_ok();
    assert_eq!(stage.state().frame, 20);
    let bookmarks: Vec<f64> = stage
        .harness
        .state()
        .notes()
        .bookmarks()
        .iter()
        .map(|mark| mark.time)
        .collect();
    assert_eq!(bookmarks, [1.0]);
    stage.apply("bookmark-previous");
    stage.harness.run_ok();
    assert_eq!(stage.state().frame, 10);
}

#[test]
fn what_cannot_be_followed_is_told_and_nothing_is_opened() {
    let mut stage = Stage::ready(1.0);
    for (text, told) in [
        (
            "zoetrope://open?src=ftp://example.org",
            "This link names no clip",
        ),
        ("zoetrope://delete?src=https://example.org", "cannot do"),
        (
            "zoetrope://open?src=file://server/a.ply",
            "another computer",
        ),
        (&link("x", &"x".repeat(50_000)), "too long"),
    ] {
        arrive(&mut stage, text);
        assert!(!stage.has_dialog("Open this link?"), "{text}");
        let messages = stage.harness.state().messages();
        assert!(
            messages.iter().any(|message| message.contains(told)),
            "{messages:?}"
        );
        stage.apply("dismiss-notices");
    }
    assert!(stage.has("ring"));
}

#[test]
fn ctrl_c_is_the_text_fields_where_there_is_one() {
    let mut stage = Stage::ready(1.0);
    stage.key_with(Modifiers::COMMAND, Key::U);
    stage.harness.run_ok();
    stage.harness.input_mut().events.push(Event::Copy);
    stage.harness.run_ok();
    assert_eq!(stage.copied(), None);
    stage.key(Key::Escape);
    stage.harness.run_ok();
    stage.harness.input_mut().events.push(Event::Copy);
    stage.harness.run_ok();
    let text = stage.copied().expect("a link");
    assert!(text.starts_with("zoetrope://open?src=file:///") && text.contains("/ring&t=0"));
    let told = stage.harness.state().messages();
    assert!(told[0].starts_with("Copied: a link to") && told[0].contains("this computer only"));
}

#[test]
fn without_an_address_there_is_no_link() {
    let mut stage = Stage::build(Setup {
        clip: None,
        demos: Setup::demo(),
        ..Setup::default()
    });
    stage.until("a picture", |app| app.player_state().is_some());
    stage.apply("copy-link");
    assert!(stage.harness.state().messages()[0].contains("built-in clip has no link"));
    stage.apply("start-page");
    stage.apply("copy-link");
    assert_eq!(stage.copied(), None);
    let told = stage.harness.state().messages();
    assert!(
        told.iter()
            .any(|message| message.contains("no clip to link to"))
    );
}

#[test]
fn another_start_brings_the_window_to_the_front() {
    let mut stage = Stage::ready(1.0);
    stage.arrivals.push(Arrival::Raise);
    stage.arrivals.push(Arrival::Clip("other".into()));
    stage.harness.step();
    assert!(stage.asked_for(&ViewportCommand::Focus));
    stage.until_titled("Zoetrope – other");
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("link-asks") {
        let mut stage = Stage::build(setup);
        stage.make_ready();
        arrive(
            &mut stage,
            "zoetrope://open?src=https://clips.example.org:8443/a/rather/long/way/to/the/dance.zoe%3Fsignature%3D0123456789abcdef0123456789&t=3",
        );
        stage.render(&name);
        let cancel = stage.text().common.cancel;
        let cancel = stage.harness.get_by_label(cancel).rect();
        let window = stage.harness.ctx.content_rect();
        assert!(window.contains_rect(cancel), "{name} {cancel:?}");
    }
}
