//! What the picture looks like, and keeping it.

use egui::{Key, Modifiers};
use zoetrope_app::settings::BackgroundChoice;
use zoetrope_player::{Antialiasing, RenderScale};

use super::exercises;
use crate::stage::{Setup, Stage};

/// With the inspector open.
fn with_inspector() -> Stage {
    let mut stage = Stage::ready(1.0);
    stage.click("Inspector");
    stage
}

/// With a folder of its own for screenshots.
fn with_folder() -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let path = serde_json::json!({"screenshot_folder": folder.path()});
    let mut stage = Stage::build(Setup::with_settings(&path.to_string()));
    stage.folder = Some(folder);
    stage.make_ready();
    stage
}

/// The screenshot that came last of so many.
fn screenshot(stage: &mut Stage, count: usize) -> image::RgbaImage {
    let folder = stage.folder.as_ref().expect("a folder").path().to_owned();
    let files = move || {
        let entries = std::fs::read_dir(&folder).expect("the folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_png = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "png");
        let mut files: Vec<_> = paths.filter(is_png).collect();
        files.sort_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
        files
    };
    stage.until("the screenshot", |_| files().len() == count);
    let newest = files().pop().expect("a file");
    image::open(newest).expect("a picture").into_rgba8()
}

exercises! {
    quality {
        commands: ["sh-degree", "antialiasing", "render-scale"],
        controls: [
            "Detail of colours: 0", "Detail of colours: 1", "Detail of colours: 2",
            "Detail of colours: 3", "Anti-aliasing: Auto", "Anti-aliasing: Classic",
            "Anti-aliasing: Mip", "Render scale: Auto", "Render scale: 100", "Render scale: 75",
            "Render scale: 50", "Render scale: 33",
        ]
    }
    with_inspector() => |stage| {
        for degree in [0, 1, 2, 3] {
            stage.click(&format!("Detail of colours: {degree}"));
            assert_eq!(stage.harness.state().settings().sh_degree, degree);
        }
        for (label, choice) in [
            ("Anti-aliasing: Classic", Antialiasing::Classic),
            ("Anti-aliasing: Mip", Antialiasing::Mip),
            ("Anti-aliasing: Auto", Antialiasing::Auto),
        ] {
            stage.click(label);
            assert_eq!(stage.harness.state().settings().antialiasing, choice);
        }
        for percent in [75, 50, 33, 100] {
            stage.click(&format!("Render scale: {percent}"));
            let scale = stage.harness.state().settings().render_scale;
            assert_eq!(scale, RenderScale::Percent(percent));
        }
        stage.click("Render scale: Auto");
        assert_eq!(stage.harness.state().settings().render_scale, RenderScale::Auto);
        stage.command("sh-degree 1");
        assert_eq!(stage.harness.state().settings().sh_degree, 1);
        stage.command("antialiasing mip");
        assert_eq!(stage.harness.state().settings().antialiasing, Antialiasing::Mip);
        stage.command("render-scale 50");
        assert_eq!(stage.harness.state().settings().render_scale, RenderScale::Percent(50));
        stage.command("render-scale auto");
        assert_eq!(stage.harness.state().settings().render_scale, RenderScale::Auto);
    };

    background {
        commands: [],
        controls: [
            "Background: Theme", "Background: Black", "Background: White", "Background: Colour",
            "Background: Picture",
        ]
    }
    with_inspector() => |stage| {
        for (label, choice) in [
            ("Background: Black", BackgroundChoice::Black),
            ("Background: White", BackgroundChoice::White),
            ("Background: Colour", BackgroundChoice::Colour),
            ("Background: Picture", BackgroundChoice::Picture),
            ("Background: Theme", BackgroundChoice::Theme),
        ] {
            stage.click(label);
            assert_eq!(stage.harness.state().settings().background, choice);
        }
    };

    screenshots {
        commands: ["show-screenshots", "screenshot", "screenshot-transparent", "screenshot-large"],
        controls: ["Screenshot"]
    }
    with_folder() => |stage| {
        for (number, size, has_holes) in [(1, 1280, false), (2, 1280, true), (3, 2560, false)] {
            match number {
                1 => stage.click_without_rest("Screenshot"),
                2 => stage.key_with(Modifiers::SHIFT, Key::S),
                _ => stage.key_with(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::S),
            }
            let picture = screenshot(stage, number);
            assert_eq!(picture.width(), size);
            let holes = picture.pixels().filter(|pixel| pixel[3] == 0).count();
            assert_eq!(holes > 0, has_holes, "{number}");
            let first = picture.get_pixel(0, 0);
            assert!(picture.pixels().any(|pixel| pixel != first), "{number}");
        }
        let folder = stage.folder.as_ref().expect("a folder").path().to_owned();
        stage.command("show-screenshots");
        let shown = stage.platform.shown.lock().expect("unpoisoned").clone();
        assert_eq!(shown, [folder]);
        stage.key(Key::S);
        screenshot(stage, 4);
    };
}
