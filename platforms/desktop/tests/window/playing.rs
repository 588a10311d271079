//! A clip is played, scrubbed and turned.

use crate::support::{App, Area, Display};

/// The middle of the viewport of a window of 1280 × 720, clear of panels, toasts and statistics.
const VIEWPORT: Area = Area {
    x: 320,
    y: 120,
    width: 640,
    height: 440,
};
/// Two points of the viewport a quarter turn or so apart, both over the picture.
const ORBIT: [(usize, usize); 2] = [(560, 340), (760, 360)];
/// Height of the middle of the time bar.
const TIME_BAR_Y: usize = 640;
/// Points on the time bar near its start and its end.
const EARLY_X: usize = 300;
const LATE_X: usize = 900;

#[test]
fn a_clip_plays_scrubs_turns_and_closes() {
    let display = Display::start();
    // Without an argument the demo clip plays at once.
    let mut app = App::start(&display, "window", &[]);

    // The first content may be a greeting; the two changes after it are frames of the clip.
    let first = app.wait_for_content(VIEWPORT);
    let second = app.wait_for_change("the first picture of the clip", VIEWPORT, &first);
    let third = app.wait_for_change("the next picture of the clip", VIEWPORT, &second);
    app.wait_for_change("the picture after it", VIEWPORT, &third);
    app.screenshot("1-playing");

    app.press("space");
    app.wait_for_stillness("a still picture after pausing", VIEWPORT);
    app.screenshot("2-paused");

    let (early, late) = ((EARLY_X, TIME_BAR_Y), (LATE_X, TIME_BAR_Y));
    let late_picture = app.drag("another picture late in the clip", early, late, VIEWPORT);
    app.screenshot("3-late");
    let early_picture = app.drag("another picture early in the clip", late, early, VIEWPORT);
    assert!(
        early_picture.difference(&late_picture) > 0.002,
        "the time bar shows the same picture early and late"
    );
    app.screenshot("4-early");

    let turned = app.drag("another view", ORBIT[0], ORBIT[1], VIEWPORT);
    assert!(turned.content() > 0.01, "the camera lost the subject");
    app.screenshot("5-turned");
    app.drag("another picture from the same side", early, late, VIEWPORT);
    let same_side = app.drag("the early picture again", late, early, VIEWPORT);
    assert!(
        same_side.difference(&turned) < 0.002,
        "the same frame from the same side looks otherwise after seeking"
    );
    app.screenshot("6-turned-after-seeking");

    app.press("space");
    app.wait_for_change("a moving picture after playing on", VIEWPORT, &same_side);
    app.screenshot("7-playing-on");

    let status = app.close();
    assert!(status.success(), "closing the window ended with {status}");
}
