//! The share panel.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::Rect;
use egui_kittest::kittest::Queryable as _;
use zoetrope_app::DemoClip;
use zoetrope_app::platform::Pick;
use zoetrope_codecs::container::zoe::ZoeDemuxer;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, Demuxer as _};
use zoetrope_player::share_link::ShareLink;
use zoetrope_share::QrCode;

use crate::scripted::{Script, scripted};
use crate::stage::{Setup, Stage, looks};

/// With a built-in clip on the screen, and the panel open.
fn built_in(answer: Option<PathBuf>) -> Stage {
    let mut stage = Stage::build(Setup {
        clip: None,
        demos: Setup::demo(),
        answer,
        ..Setup::default()
    });
    stage.until("a picture", |app| app.player_state().is_some());
    stage.apply("pause");
    stage.apply("go-start");
    stage.apply("share");
    stage.harness.run_ok();
    stage
}

fn demo() -> DemoClip {
    Setup::demo().remove(0)
}

fn serve(stage: &mut Stage) -> ShareLink {
    stage.click_without_rest("Share on this network");
    stage.until("the server", zoetrope_app::ZoetropeApp::is_sharing);
    stage.harness.run_ok();
    stage.click("Copy link");
    let text = stage.copied().expect("a link");
    ShareLink::parse(&text).expect("a link")
}

/// What a web server answers, without its head.
fn get(address: &str) -> Option<Vec<u8>> {
    let rest = address.strip_prefix("http://").expect("an address");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).ok()?;
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).expect("a timeout");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    Some(answer.split_off(end.expect("a head") + 4))
}

#[test]
fn a_clip_here_says_so_and_gives_no_dead_link_away() {
    let mut stage = Stage::ready(1.0);
    stage.apply("share");
    stage.harness.run_ok();
    assert!(stage.has_part("its link works here only"));
    assert!(!stage.has("QR code of the address"));
    // Its frames are files of a folder.
    assert!(stage.has_part("A folder of frames cannot be played over the network"));
    assert_eq!(stage.count("Share on this network"), 0);
    let mut stage = built_in(None);
    assert!(stage.has_part("The clip is built in"));
    assert_eq!(stage.count("Copy link"), 0);
    let asked = stage.platform.clone();
    stage.click("Save a copy…");
    assert_eq!(*asked.asked.lock().expect("unpoisoned"), [Pick::Copy]);
    assert!(stage.harness.state().messages().is_empty());
}

#[test]
fn sharing_serves_the_clip_while_it_is_on() {
    let mut stage = built_in(None);
    let link = serve(&mut stage);
    assert!(link.source().ends_with("/wave.zip"));
    assert!(link.view.camera.is_some() && link.view.time_s == Some(0.0));
    assert!(stage.has_part("Works for everybody on your network"));
    assert!(stage.has("Nobody has connected yet"));
    assert_eq!(get(link.source()).as_deref(), Some(demo().bytes));
    stage.pass(1.5);
    stage.harness.run_ok();
    assert!(stage.has("1 device has connected"));
    stage.click("Share on this network");
    assert!(get(link.source()).is_none());
    assert!(stage.has_part("The clip is built in"));
    let told = stage.harness.state().messages();
    assert!(
        told[0].contains("no longer shared on your network"),
        "{told:?}"
    );
    // Another clip is not what was shared.
    let link = serve(&mut stage);
    stage.apply("start-page");
    assert!(!stage.harness.state().is_sharing());
    assert!(get(link.source()).is_none());
}

#[test]
fn the_code_on_the_screen_is_that_of_the_page() {
    let mut stage = built_in(None);
    serve(&mut stage);
    stage.click("Copy address");
    let page = stage.copied().expect("an address");
    stage.click("Copy link");
    let link = ShareLink::parse(&stage.copied().expect("a link")).expect("a link");
    let mut expected = ShareLink::new(&page).expect("an address");
    expected.view = link.view;
    let expected = expected.web_link().expect("on the web");
    let code = QrCode::of(&expected).expect("short");
    let html = String::from_utf8(get(&expected).expect("a page")).expect("text");
    let has_link = html.replace("&amp;", "&").contains(&link.app_link());
    assert!(has_link, "{html}");
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        if stage.harness.ctx.theme() != theme {
            stage.apply("toggle-theme");
            stage.harness.run_ok();
        }
        let rect = stage.harness.get_by_label("QR code of the address").rect();
        let picture = stage.render(&format!("share-code-{theme:?}"));
        assert_eq!(wrong_modules(&picture, rect, &code), 0, "{theme:?}");
    }
}

/// How many modules of a code do not look as they should.
fn wrong_modules(picture: &image::RgbaImage, rect: Rect, code: &QrCode) -> usize {
    let side = code.side();
    let module = rect.height() / side as f32;
    let left = (rect.center().x - 0.5 * rect.height()).round();
    let mut wrong = 0;
    for y in 0..side {
        for x in 0..side {
            let at = |place: usize| (place as f32 + 0.5) * module;
            let (px, py) = (left + at(x), rect.top().round() + at(y));
            let [red, green, blue, _] = picture.get_pixel(px as u32, py as u32).0;
            let is_dark = red.max(green).max(blue) < 64;
            let is_light = red.min(green).min(blue) > 240;
            let is_corner = [0, side - 1].contains(&x) && [0, side - 1].contains(&y);
            if is_corner {
                continue;
            }
            wrong += usize::from(if code.is_dark(x, y) {
                !is_dark
            } else {
                !is_light
            });
        }
    }
    wrong
}

#[test]
fn a_copy_is_saved_under_the_name_that_is_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("copy.zip");
    let mut stage = built_in(Some(path.clone()));
    stage.click_without_rest("Save a copy…");
    stage.until("the copy", |app| !app.messages().is_empty());
    let told = stage.harness.state().messages();
    assert_eq!(told, [format!("Saved as {}", path.display())]);
    assert_eq!(fs::read(&path).expect("a file"), demo().bytes);
    // Where nothing can be written, that is told, and nothing is left.
    let path = folder.path().join("no/such/folder/copy.zip");
    let mut stage = built_in(Some(path));
    stage.click_without_rest("Save a copy…");
    stage.until("a message", |app| !app.messages().is_empty());
    let told = stage.harness.state().messages();
    assert!(told[0].starts_with("Nothing was saved: "), "{told:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

#[test]
fn what_lies_between_a_and_b_is_saved_as_a_clip() {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../codecs/tests/regressions/zoe-plain/input/tiny.zoe");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.zoe");
    // On the screen is a scripted clip in place of the one that is cut.
    let layered = || Script {
        layers: 3,
        ..Script::default()
    };
    let mut stage = Stage::build(Setup {
        clip: Some(tiny.into()),
        answer: Some(path.clone()),
        wrap: Arc::new(move |_| scripted("layered", layered())),
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("share");
    stage.harness.run_ok();
    assert!(stage.has_part("Mark A and B"));
    stage.apply("set-a 2");
    stage.apply("set-b 1");
    stage.harness.run_ok();
    stage.click_without_rest("Save A–B as a clip…");
    stage.until("the clip", |app| !app.messages().is_empty());
    let told = stage.harness.state().messages();
    assert_eq!(told, [format!("Saved as {}", path.display())]);
    let source = FileSource::open(&path).expect("a file");
    let clip = ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("a clip");
    // Of the first group, which is copied whole.
    assert_eq!(clip.info().frame_count, 4);
    // A quality that was chosen is part of the link.
    assert_eq!(stage.count("The quality"), 0);
    stage.apply("quality 1");
    stage.harness.run_ok();
    stage.click("Copy link");
    assert!(
        stage
            .copied()
            .expect("a link")
            .ends_with("&ab=0.1,0.2&v=low")
    );
    stage.click("The quality");
    stage.click("Copy link");
    assert!(stage.copied().expect("a link").ends_with("&ab=0.1,0.2"));
}

#[test]
fn a_video_is_made_as_the_clip_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.mp4");
    let mut stage = Stage::build(Setup {
        answer: Some(path.clone()),
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("share");
    stage.harness.run_ok();
    assert!(stage.has_part("An MP4 of the whole clip"));
    // There is no path yet.
    assert_eq!(stage.count("Camera: Camera path"), 0);
    let film = |stage: &mut Stage| {
        stage.click_without_rest("Export a video…");
        stage.until("the video", |app| {
            app.messages().iter().any(|said| said.starts_with("Saved"))
        });
        stage.pass(60.0);
        stage.harness.run_ok();
        let film = fs::read_to_string(&path).expect("a file");
        fs::remove_file(&path).expect("removed");
        film
    };
    let made = film(&mut stage);
    assert!(made.starts_with("ring Film { seconds: 0.0..4.0,"), "{made}");
    assert!(
        made.contains("size: [1920, 1080], camera: Still(Camera"),
        "{made}"
    );
    let asked = stage.platform.asked.lock().expect("unpoisoned").clone();
    assert_eq!(asked, [Pick::Film]);

    stage.apply("set-a 3");
    stage.apply("set-b 5");
    stage.apply("path-key");
    stage.harness.run_ok();
    assert!(stage.has_part("An MP4 of what lies between A and B"));
    stage.click("Camera: Camera path");
    stage.click("Size: 720p");
    let made = film(&mut stage);
    assert!(made.starts_with("ring Film { seconds: 0.3..0.6"), "{made}");
    assert!(
        made.contains("size: [1280, 720], camera: Path(CameraPath"),
        "{made}"
    );
    // What is no choice any more is not made.
    stage.apply("path-clear");
    stage.harness.run_ok();
    assert!(film(&mut stage).contains("camera: Still("));
}

#[test]
fn a_clip_on_the_web_has_a_link_for_everybody() {
    let mut stage = Stage::build(Setup {
        clip: Some("https://example.org/ring".into()),
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("share");
    stage.harness.run_ok();
    assert!(stage.has_part("Works for everybody who can reach the address"));
    assert!(stage.has("QR code of the address"));
    assert!(stage.has_part("The clip is on the web already"));
    stage.click("This view");
    stage.click("Copy link");
    let link = stage.copied().expect("a link");
    assert_eq!(link, "zoetrope://open?src=https://example.org/ring&t=0");
}

#[test]
fn a_paused_window_with_the_panel_open_is_quiet() {
    let mut stage = Stage::ready(1.0);
    stage.apply("share");
    stage.pass(2.0);
    stage.harness.run_ok();
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("share") {
        let mut stage = Stage::build(Setup {
            clip: None,
            demos: Setup::demo(),
            ..setup
        });
        stage.until("a picture", |app| app.player_state().is_some());
        stage.apply("pause");
        stage.apply("share");
        stage.harness.run_ok();
        stage.render(&name);
        let serve = stage.text().share.serve;
        stage.click_without_rest(serve);
        stage.until("the server", zoetrope_app::ZoetropeApp::is_sharing);
        stage.harness.run_ok();
        stage.render(&format!("{name}-network"));
        let copy = stage.text().share.copy_link;
        let copy = stage.harness.get_by_label(copy).rect();
        assert!(
            stage.harness.ctx.content_rect().contains_rect(copy),
            "{name} {copy:?}"
        );
    }
}
