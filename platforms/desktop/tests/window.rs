//! End to end: the built binary on a display of its own, driven by keys and pointer, judged by what
//! the screen shows.
#![cfg(target_os = "linux")]

mod support;

use support::{App, Area, Display};

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

    let first = app.wait_for_content(VIEWPORT);
    app.screenshot("1-playing");
    let second = app.wait_for_change("the next picture of a playing clip", VIEWPORT, &first);
    app.wait_for_change("the picture after it", VIEWPORT, &second);

    app.press("space");
    let paused = app.wait_for_stillness("a still picture after pausing", VIEWPORT);
    app.screenshot("2-paused");

    app.drag((EARLY_X, TIME_BAR_Y), (LATE_X, TIME_BAR_Y));
    app.wait_for_change(
        "another picture after dragging the time bar",
        VIEWPORT,
        &paused,
    );
    let late = app.wait_for_stillness("a still picture after dragging", VIEWPORT);
    app.screenshot("3-late");
    app.drag((LATE_X, TIME_BAR_Y), (EARLY_X, TIME_BAR_Y));
    app.wait_for_change("another picture after dragging back", VIEWPORT, &late);
    let early = app.wait_for_stillness("a still picture after dragging back", VIEWPORT);
    app.screenshot("4-early");

    app.drag(ORBIT[0], ORBIT[1]);
    app.wait_for_change("another view after turning the camera", VIEWPORT, &early);
    let turned = app.wait_for_stillness("a still picture after turning", VIEWPORT);
    assert!(turned.content() > 0.01, "the camera lost the subject");
    app.screenshot("5-turned");
    app.drag((LATE_X, TIME_BAR_Y), (EARLY_X, TIME_BAR_Y));
    let still_turned = app.wait_for_stillness("a still picture after seeking", VIEWPORT);
    assert!(
        still_turned.difference(&early) > 0.002,
        "seeking turned the camera back"
    );

    app.press("space");
    app.wait_for_change("a moving picture after playing on", VIEWPORT, &still_turned);
    app.screenshot("6-playing-on");

    let status = app.close();
    assert!(status.success(), "closing the window ended with {status}");
}
