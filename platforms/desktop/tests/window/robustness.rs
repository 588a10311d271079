//! What a start finds on the disk, and what is done to the window, never stops it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{App, Area, Display};

/// The middle of the window, where the demo is.
const PICTURE: Area = Area {
    x: 320,
    y: 120,
    width: 640,
    height: 440,
};

/// The folder in which the app keeps things, below a home.
fn kept(home: &Path) -> PathBuf {
    home.join("config/zoetrope")
}

/// Waits until the demo plays.
fn plays(app: &mut App<'_>) {
    let first = app.wait_for_content(PICTURE);
    let second = app.wait_for_change("the first picture of the clip", PICTURE, &first);
    app.wait_for_change("the next picture of the clip", PICTURE, &second);
}

#[test]
fn broken_documents_never_stop_the_start_and_none_is_lost() {
    let display = Display::start();
    let home = display.folder().join("home");
    let folder = kept(&home);
    fs::create_dir_all(folder.join("state.json/inside")).expect("a folder in place of a file");
    let files: [(&str, Vec<u8>); 3] = [
        ("settings.json", b"{\"theme\": \"li".to_vec()),
        ("keys.json", (0..=255).collect()),
        ("recents.json", vec![b' '; 5 << 20]),
    ];
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes).expect("a broken file");
    }
    // A link that leads to itself cannot be read by anybody.
    symlink("notes.json", folder.join("notes.json")).expect("a link");

    for start in ["first", "second"] {
        let mut app = App::start_at(&display, "broken-documents", &[], &home);
        plays(&mut app);
        app.screenshot(start);
        assert!(app.close().success());
        for (name, bytes) in &files {
            let aside = fs::read(folder.join(format!("{name}.broken")));
            assert!(aside.expect("set aside") == *bytes, "{name}, {start} start");
        }
        assert!(folder.join("state.json.broken/inside").is_dir());
        assert!(folder.join("notes.json.broken").is_symlink());
    }
}

#[test]
fn a_place_where_nothing_can_be_kept_does_not_stop_the_start() {
    let display = Display::start();
    let home = display.folder().join("home");
    fs::create_dir_all(&home).expect("a home");
    // A file where the folder of all settings should be.
    fs::write(home.join("config"), "mine").expect("a file");
    let mut app = App::start_at(&display, "nothing-kept", &[], &home);
    plays(&mut app);
    app.screenshot("playing");
    assert!(app.close().success());
    assert_eq!(fs::read(home.join("config")).expect("the file"), b"mine");
}

#[test]
fn two_starts_at_once_both_play() {
    let display = Display::start();
    let home = display.folder().join("home");
    let mut apps =
        ["one", "other"].map(|name| App::spawn(&display, name, &["--new-window"], &home));
    let windows = apps.each_mut().map(App::wait_for_window);
    for (app, window) in apps.iter_mut().zip(&windows) {
        app.bring_to_front(window);
        plays(app);
    }
    for (app, window) in apps.into_iter().zip(&windows) {
        assert!(app.quit(window).success());
    }
    let left = fs::read_dir(kept(&home)).expect("what is kept");
    let names = left.map(|entry| entry.expect("an entry").file_name());
    let names: Vec<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let is_rest = |name: &String| name.ends_with(".part") || name.ends_with(".broken");
    assert!(!names.iter().any(is_rest), "{names:?}");
}

#[test]
fn a_window_of_one_pixel_and_back() {
    // A window manager would not allow it.
    let display = Display::bare();
    let mut app = App::start(&display, "one-pixel", &["--verbose"]);
    let window = app.wait_for_window();
    plays(&mut app);
    for (width, height) in [(1, 1), (1, 700), (1200, 1), (1280, 720)] {
        app.resize(&window, width, height);
    }
    plays(&mut app);
    app.screenshot("back");
    assert!(app.quit(&window).success());
}
