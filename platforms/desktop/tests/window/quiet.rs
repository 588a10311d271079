//! A window in which nothing moves costs nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::{App, Area, Display};

/// Most of the window, clear of the transport bar.
const PICTURE: Area = Area {
    x: 320,
    y: 120,
    width: 640,
    height: 440,
};
const WHOLE: Area = Area {
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
};
/// How long nothing is done.
const REST: Duration = Duration::from_secs(10);
/// Share of one core that the process may take meanwhile.
const LIMIT: f64 = 0.005;

/// Lets the window be for a while, and fails when it was at work.
fn rests(app: &mut App<'_>, when: &str) {
    let before = app.cpu_seconds();
    std::thread::sleep(REST);
    let share = (app.cpu_seconds() - before) / REST.as_secs_f64();
    assert!(
        share < LIMIT,
        "{when} the window takes {:.2} % of a core",
        100.0 * share
    );
}

/// Puts settings where the app looks for them.
fn keep(home: &Path, settings: &str) {
    let folder = home.join("config/zoetrope");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("settings.json"), settings).expect("settings");
}

#[test]
fn the_start_page_rests_in_the_background() {
    let display = Display::start();
    let home = display.folder().join("home");
    keep(&home, r#"{"start_with": "start-page"}"#);
    let mut app = App::start_at(&display, "quiet-start", &[], &home);
    app.wait_for_content(PICTURE);
    let first = app.picture(WHOLE);
    // Its cards move as long as the window has the keyboard.
    app.wait_for_any_change("a moving card", WHOLE, &first);
    // Another window takes it.
    let other = display.folder().join("other");
    keep(
        &other,
        r#"{"start_with": "start-page", "reduce_motion": true}"#,
    );
    let other = App::start_at(&display, "quiet-other", &[], &other);
    app.wait_for_rest();
    rests(&mut app, "on the start page in the background");
    assert!(other.close().success());
}

#[test]
fn a_paused_clip_costs_nothing() {
    let display = Display::start();
    let mut app = App::start(&display, "quiet", &[]);
    let first = app.wait_for_content(PICTURE);
    app.wait_for_change("the next picture of the clip", PICTURE, &first);
    app.press("space");
    app.wait_for_stillness("a still picture after pausing", PICTURE);
    // Groups that were on their way are still decoded.
    app.wait_for_rest();
    rests(&mut app, "while a clip is paused");
    assert!(app.close().success());
}
