//! A window in which nothing moves costs nothing.

use std::time::Duration;

use crate::support::{App, Area, Display};

/// Most of the window, clear of the transport bar.
const PICTURE: Area = Area {
    x: 320,
    y: 120,
    width: 640,
    height: 440,
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
