//! A second start hands what it was asked to open to the window that is open.

use std::fs;
use std::path::Path;

use crate::support::{App, Display};

/// A clip of one frame.
const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wave/wave_0001.sog");

#[test]
fn a_second_start_hands_its_clip_to_the_first() {
    let display = Display::start();
    let home = display.folder().join("home");
    fs::create_dir_all(&home).expect("a home");
    let copy = home.join("copy 2.sog");
    fs::copy(CLIP, &copy).expect("a copy");
    let mut app = App::start_at(&display, "other-starts", &[], &home);
    let window = app.wait_for_window();
    app.wait_for_title(&window, "Zoetrope – Biker");
    // A path is meant as seen from where the second start is.
    let hand_over = |argument: &str| {
        let second = App::spawn(&display, "second-start", &[argument], &home);
        assert!(second.wait_for_end().success(), "{argument}");
    };
    hand_over(CLIP);
    app.wait_for_title(&window, "Zoetrope – wave_0001");
    hand_over("copy 2.sog");
    app.wait_for_title(&window, "Zoetrope – copy 2");
    // A link asks, as it comes from nobody knows where; Tab goes on from "Cancel".
    hand_over(&format!(
        "zoetrope://open?src=file://{CLIP}&cam=0,1,-9,0,0,0,40"
    ));
    app.bring_to_front(&window);
    app.screenshot("asks");
    app.press("Tab");
    app.press("Return");
    app.wait_for_title(&window, "Zoetrope – wave_0001");
    app.screenshot("opened");
    assert!(app.quit(&window).success());
}

#[test]
fn a_start_after_a_crash_has_a_window_of_its_own() {
    let display = Display::start();
    let home = display.folder().join("home");
    // It is killed.
    drop(App::start_at(&display, "crash", &[], &home));
    assert!(has_socket(&home));
    let mut app = App::start_at(&display, "after-the-crash", &[], &home);
    let window = app.wait_for_window();
    assert!(app.quit(&window).success());
    assert!(!has_socket(&home));
}

fn has_socket(home: &Path) -> bool {
    let folder = home.join("runtime/zoetrope");
    let mut entries = fs::read_dir(folder).expect("the runtime folder");
    entries.any(|entry| {
        let path = entry.expect("an entry").path();
        path.extension()
            .is_some_and(|extension| extension == "socket")
    })
}
