//! A walk through the whole window with mouse and keyboard, from the start page to the file of a
//! screenshot.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{App, Area, Display, Picture};

/// The middle of the picture, clear of the bars, of messages, of hints and of panels at the side.
const PICTURE: Area = Area {
    x: 340,
    y: 100,
    width: 490,
    height: 440,
};
/// Where panels at the side are, below messages.
const SIDE: Area = Area {
    x: 960,
    y: 140,
    width: 300,
    height: 420,
};
/// Where panels in the middle are.
const MIDDLE: Area = Area {
    x: 380,
    y: 100,
    width: 520,
    height: 300,
};
/// The time bar with what is marked on it.
const TIME_BAR: Area = Area {
    x: 186,
    y: 628,
    width: 908,
    height: 24,
};
const WHOLE: Area = Area {
    x: 0,
    y: 0,
    width: 1280,
    height: 720,
};

/// Controls of a window of 1280 × 720 points.
const START_PAGE: (usize, usize) = (38, 38);
const SETTINGS: (usize, usize) = (1242, 38);
/// The picture of the first demo on the start page.
const FIRST_CARD: (usize, usize) = (272, 345);
const STEP_FORWARD: (usize, usize) = (290, 674);
const PLAY: (usize, usize) = (250, 674);
const BOOKMARK: (usize, usize) = (810, 674);
const AB_LOOP: (usize, usize) = (846, 674);
const CAMERA: (usize, usize) = (962, 674);
const SCREENSHOT: (usize, usize) = (998, 674);
const INSPECTOR: (usize, usize) = (1034, 674);
/// In the settings: the list of themes when it is the first that was found, and its second entry.
const THEME: (usize, usize) = (840, 244);
const LIGHT: (usize, usize) = (840, 331);
/// Places on the time bar.
const EARLY: (usize, usize) = (300, 640);
const LATE: (usize, usize) = (900, 640);
/// Points of the picture between which a drag turns the camera.
const TURN: [(usize, usize); 2] = [(560, 300), (700, 320)];

/// Two pictures from the same place differ in less: while the camera moves, fewer pixels may be
/// drawn.
const SAME: f64 = 0.03;

/// The size of the screen, which the window fills in full screen.
const SCREEN: (usize, usize) = (1400, 800);

#[test]
fn from_the_start_page_to_a_screenshot() {
    let display = Display::start();
    let home = display.folder().join("home");
    fs::create_dir_all(home.join("Pictures")).expect("a folder for pictures");
    let mut app = App::start_at(&display, "walk", &[], &home);
    let window = app.wait_for_window();

    open_from_the_start_page(&mut app);
    play_and_pause(&mut app);
    go_through_time(&mut app);
    mark_moments(&mut app);
    use_panels(&mut app);
    save_a_view(&mut app);
    fill_the_screen(&mut app, &window);
    take_a_screenshot(&mut app, &home);

    assert!(app.close().success());
    // What was done is there the next time.
    let kept = |name: &str| fs::read_to_string(home.join("config/zoetrope").join(name));
    assert!(kept("settings.json").expect("settings").contains("light"));
    let notes = kept("notes.json").expect("notes");
    assert!(
        notes.contains("bookmarks") && notes.contains("views"),
        "{notes}"
    );
}

/// Leaves the demo that plays at first, and opens it again by its card.
fn open_from_the_start_page(app: &mut App<'_>) {
    let first = app.wait_for_content(PICTURE);
    app.wait_for_change("the demo", PICTURE, &first);
    app.click(START_PAGE);
    // Its background is all that is left beside the cards.
    app.wait_until("the start page", |app| {
        app.picture(TIME_BAR).content() < 0.02
    });
    app.wait_for_content(PICTURE);
    app.screenshot("1-start-page");
    app.click(FIRST_CARD);
    app.wait_until("the bar of a clip", |app| {
        app.picture(TIME_BAR).content() > 0.1
    });
}

fn play_and_pause(app: &mut App<'_>) {
    let first = app.wait_for_content(PICTURE);
    let second = app.wait_for_change("a picture of the clip", PICTURE, &first);
    app.wait_for_change("the next picture of the clip", PICTURE, &second);
    app.screenshot("2-playing");
    app.click(PLAY);
    app.wait_for_stillness("a still picture after pausing", PICTURE);
    let still = app.picture(PICTURE);
    app.press("space");
    app.wait_for_change("a moving picture", PICTURE, &still);
    app.press("k");
    app.wait_for_stillness("a still picture after pausing by key", PICTURE);
}

fn go_through_time(app: &mut App<'_>) {
    let late = app.drag("a picture late in the clip", EARLY, LATE, PICTURE);
    app.screenshot("3-late");
    app.click(STEP_FORWARD);
    let next = app.wait_for_change("the next frame", PICTURE, &late);
    app.press("comma");
    app.wait_until("the frame before", |app| {
        app.picture(PICTURE).difference(&next) > 0.0
    });
    let back = app.wait_for_stillness("the frame before", PICTURE);
    assert!(
        back.difference(&late) < 0.001,
        "a step on and back leads elsewhere"
    );
}

fn mark_moments(app: &mut App<'_>) {
    let bar = |app: &mut App<'_>, what: &str, before: &Picture| {
        app.wait_for_any_change(what, TIME_BAR, before)
    };
    let before = app.wait_for_stillness("a still time bar", TIME_BAR);
    app.click(BOOKMARK);
    let marked = bar(app, "a bookmark on the time bar", &before);
    app.press("Home");
    let start = app.wait_for_change("the first frame's bar", TIME_BAR, &marked);
    app.press("Page_Down");
    app.wait_until("the bookmark", |app| {
        app.picture(TIME_BAR).difference(&marked) < 0.002
    });

    app.press("Home");
    app.wait_until("the start", |app| {
        app.picture(TIME_BAR).difference(&start) < 0.002
    });
    app.click(AB_LOOP);
    let a = bar(app, "the start of the loop", &start);
    app.press("5");
    app.wait_for_change("the middle", TIME_BAR, &a);
    app.press("b");
    app.wait_for_stillness("the loop", TIME_BAR);
    app.screenshot("4-marked");
    let looped = app.picture(TIME_BAR);
    app.press("b");
    bar(app, "no loop", &looped);
}

fn use_panels(app: &mut App<'_>) {
    // A command by its name.
    let before = app.wait_for_stillness("the picture", MIDDLE);
    app.press("ctrl+k");
    app.wait_for_change("the palette", MIDDLE, &before);
    app.type_text("go-percent 80");
    app.screenshot("5-palette");
    app.press("Return");
    app.wait_until("another frame", |app| {
        app.picture(MIDDLE).difference(&before) > 0.002 && app.picture(TIME_BAR).content() > 0.1
    });
    let late = app.wait_for_stillness("a frame late in the clip", MIDDLE);

    // The theme, in the settings: found by its name, chosen from its list.
    app.click(SETTINGS);
    app.wait_for_change("the settings", MIDDLE, &late);
    app.type_text("theme");
    app.wait_for_stillness("the settings found", MIDDLE);
    app.screenshot("6-settings");
    let dark = app.picture(WHOLE);
    app.click(THEME);
    app.wait_for_any_change("the choices", WHOLE, &dark);
    app.click(LIGHT);
    app.wait_until("the light theme", |app| {
        app.picture(WHOLE).brightness() > dark.brightness() + 60.0
    });
    app.screenshot("7-light");
    app.press("Escape");
    app.press("Escape");
    let open = app.wait_for_stillness("the light window", SIDE);

    app.click(INSPECTOR);
    app.wait_for_change("the inspector", SIDE, &open);
    app.screenshot("8-inspector");
    app.click(INSPECTOR);
    app.wait_until("no inspector", |app| {
        app.picture(SIDE).difference(&open) < 0.05
    });
}

/// Saves a view, turns away, and flies back to it.
fn save_a_view(app: &mut App<'_>) {
    let here = app.wait_for_stillness("the view", PICTURE);
    app.press("shift+v");
    let turned = app.drag("another view", TURN[0], TURN[1], PICTURE);
    assert!(
        turned.difference(&here) > 2.0 * SAME,
        "the camera has not turned"
    );
    app.press("alt+1");
    app.wait_until("the saved view", |app| {
        app.picture(PICTURE).difference(&here) < SAME
    });
    let side = app.wait_for_stillness("the saved view", SIDE);
    app.click(CAMERA);
    app.wait_for_change("the camera's panel", SIDE, &side);
    app.screenshot("9-camera");
    app.press("c");
    app.wait_until("no panel", |app| app.picture(SIDE).difference(&side) < 0.05);
}

fn fill_the_screen(app: &mut App<'_>, window: &str) {
    app.press("f");
    app.wait_for_size(window, SCREEN);
    app.press("f");
    app.wait_for_size(window, (1280, 720));
    app.wait_for_stillness("the window again", PICTURE);
}

fn take_a_screenshot(app: &mut App<'_>, home: &Path) {
    let files = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        paths
            .filter(|path| path.extension().is_some_and(|end| end == "png"))
            .collect()
    };
    let folder = home.join("Pictures");
    app.click(SCREENSHOT);
    app.wait_until("the screenshot", |_| !files(&folder).is_empty());
    app.screenshot("10-screenshot");
    let shot = Picture::open(&files(&folder)[0]);
    assert_eq!(shot.size(), (1280, 720));
    assert!(shot.content() > 0.01, "nothing is on the screenshot");
    // Where no control is, it is what the window shows.
    let shown = app.picture(PICTURE);
    let difference = shot.crop(PICTURE).difference(&shown);
    assert!(
        difference < 0.01,
        "the screenshot shows something else: {difference}"
    );
}
