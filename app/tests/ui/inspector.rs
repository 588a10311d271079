//! The inspector: what it tells, and what is chosen in it.

use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::Queryable;
use image::RgbaImage;
use zoetrope_app::settings::BackgroundChoice;
use zoetrope_codecs::splat::{ply, synthetic};
use zoetrope_player::{Antialiasing, RenderScale};

use crate::stage::{Setup, Stage};

fn open(setup: Setup) -> Stage {
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.key_with(Modifiers::COMMAND, Key::I);
    stage.harness.run();
    stage
}

/// A window in which all of the inspector is seen without scrolling.
fn high() -> Setup {
    Setup {
        size: Vec2::new(1280.0, 1500.0),
        ..Setup::default()
    }
}

/// A pixel of the picture where there is nothing but background.
fn background(stage: &mut Stage, name: &str) -> [u8; 3] {
    let image: RgbaImage = stage.render(name);
    let [red, green, blue, _] = image.get_pixel(5, image.height() / 2).0;
    [red, green, blue]
}

#[test]
fn it_opens_and_closes_and_tells_the_facts() {
    let mut stage = open(high());
    for text in [
        "Sequence of splat files",
        "script",
        "40 at 10 a second",
        "0:04.00",
        "240, 240 drawn",
        "2.40 × 2.40 × 2.40",
        "+y",
        "Paused",
        "Script, in software",
        "Processor (software graphics)",
    ] {
        assert!(stage.has(text), "{text}");
    }
    let graph = stage.harness.get_by_label_contains("Times of the last");
    assert!(graph.rect().width() > 200.0);
    for stage_name in ["Decode", "Upload", "Project", "Sort", "Draw"] {
        let label = format!("{stage_name} ");
        assert!(
            stage.harness.query_all_by_label_contains(&label).count() > 0,
            "{label}"
        );
    }
    let memory = stage.harness.get_by_label_contains(" of 470 MB");
    assert!(memory.rect().width() > 20.0);
    stage.render("inspector");
    stage.click("Close");
    assert!(!stage.has("Sequence of splat files"));
    stage.apply("toggle-inspector");
    stage.harness.run();
    assert!(stage.has("Sequence of splat files"));
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has("Sequence of splat files"));
}

#[test]
fn without_a_clip_it_says_so() {
    let mut stage = Stage::build(Setup {
        clip: None,
        size: high().size,
        ..Setup::with_settings(r#"{"start_with": "start-page"}"#)
    });
    stage.harness.run();
    stage.apply("toggle-inspector");
    stage.harness.run();
    assert!(stage.has("Open a clip to see its facts."));
    assert!(stage.has("Processor (software graphics)"));
}

#[test]
fn quality_is_chosen() {
    let mut stage = open(high());
    let pictures = stage.harness.state().pictures();
    for degree in [0, 1, 2, 3] {
        stage.click(&format!("Detail of colours: {degree}"));
        assert_eq!(stage.harness.state().settings().sh_degree, degree);
    }
    assert!(stage.harness.state().pictures() > pictures);
    let sharp = stage.render("inspector-auto");
    for (label, choice) in [
        ("Mip", Antialiasing::Mip),
        ("Classic", Antialiasing::Classic),
        ("Auto", Antialiasing::Auto),
    ] {
        stage.click(&format!("Anti-aliasing: {label}"));
        assert_eq!(stage.harness.state().settings().antialiasing, choice);
    }
    for percent in [100, 75, 50, 33] {
        stage.click(&format!("Render scale: {percent}"));
        let expected = RenderScale::Percent(percent);
        assert_eq!(stage.harness.state().settings().render_scale, expected);
        assert!(stage.has(&format!("now {percent} %")));
    }
    assert!(stage.render("inspector-33-percent") != sharp);
    stage.click("Render scale: Auto");
    // What stands still has all its pixels.
    assert!(stage.has("now 100 %"));
}

#[test]
fn the_background_is_chosen() {
    let mut stage = open(high());
    assert_eq!(background(&mut stage, "background-theme"), [13, 14, 17]);
    stage.click("Background: White");
    assert_eq!(background(&mut stage, "background-white"), [255; 3]);
    stage.click("Background: Black");
    assert_eq!(background(&mut stage, "background-black"), [0; 3]);
    stage.click("Background: Colour");
    assert_eq!(background(&mut stage, "background-colour"), [64; 3]);
    for (slider, value) in [("Red", 200.0), ("Green", 100.0), ("Blue", 50.0)] {
        let role = egui::accesskit::Role::Slider;
        let slider = stage.harness.get_by_role_and_label(role, slider);
        slider.set_value_accesskit(value);
        stage.harness.run();
    }
    assert_eq!(background(&mut stage, "background-sliders"), [200, 100, 50]);
    let field = stage.harness.get_by_label("Background colour");
    field.focus();
    stage.harness.run();
    stage.key_with(Modifiers::COMMAND, Key::A);
    stage
        .harness
        .get_by_label("Background colour")
        .type_text("#102030");
    stage.harness.run();
    assert_eq!(background(&mut stage, "background-typed"), [16, 32, 48]);
    stage.click("Background: Theme");
    let theme = BackgroundChoice::Theme;
    assert_eq!(stage.harness.state().settings().background, theme);
}

#[test]
fn a_picture_lies_behind_the_clip() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wall.png");
    let wall = RgbaImage::from_fn(64, 64, |x, _| match x < 32 {
        true => image::Rgba([200, 0, 0, 255]),
        false => image::Rgba([0, 0, 200, 255]),
    });
    wall.save(&file).expect("saved");
    let mut stage = open(Setup {
        answer: Some(file.clone()),
        ..high()
    });
    stage.harness.get_by_label("Background: Picture").click();
    stage.until("the picture", zoetrope_app::ZoetropeApp::has_backdrop);
    stage.harness.run();
    assert_eq!(background(&mut stage, "background-picture"), [200, 0, 0]);
    assert!(stage.has(&file.to_string_lossy()));

    // A file that is gone is told once, and the theme's colour comes back.
    std::fs::write(&file, b"no picture").expect("saved");
    stage.click("Background: Theme");
    stage.harness.get_by_label("Background: Picture").click();
    stage.until("word of it", |app| !app.messages().is_empty());
    stage.harness.run();
    let message = &stage.harness.state().messages()[0];
    assert!(message.starts_with("The background picture "), "{message}");
    assert_eq!(background(&mut stage, "background-broken"), [13, 14, 17]);
}

#[test]
fn on_a_phone_it_is_a_sheet_at_the_foot() {
    let mut stage = open(Setup {
        size: Vec2::new(390.0, 844.0),
        scale: 2.0,
        ..Setup::default()
    });
    let first = stage.harness.get_by_label("Sequence of splat files").rect();
    assert!(first.top() > 250.0, "{first}");
    stage.render("inspector-phone");
}

#[test]
fn it_speaks_german_and_light() {
    let mut stage = open(Setup {
        size: high().size,
        ..Setup::with_settings(r#"{"language": "de", "theme": "light"}"#)
    });
    assert!(stage.has("Folge von Splat-Dateien"));
    assert!(stage.has("Hintergrund: Schwarz"));
    stage.render("inspector-german-light");
}

#[test]
fn gaussians_that_cannot_be_drawn_are_counted_in_both_panels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("broken.ply");
    let mut cloud = synthetic::surface(300, 0, 5);
    cloud.positions[3][0] = f32::NAN;
    cloud.rotations[4] = [0.0; 4];
    cloud.scales[5] = [1e6; 3];
    let mut bytes = Vec::new();
    ply::write(&cloud, &mut bytes).expect("memory takes it");
    std::fs::write(&path, bytes).expect("a file");
    let mut stage = Stage::build(Setup {
        clip: Some(path.into()),
        ..high()
    });
    stage.until("a picture", |app| {
        let state = app.player_state();
        state.is_some_and(|state| state.picture.is_some())
    });
    stage.key_with(Modifiers::COMMAND, Key::I);
    stage.key(Key::I);
    stage.harness.run();
    // The inspector, and the statistics over the picture.
    let told = stage
        .harness
        .query_all_by_label_contains("3 broken")
        .count();
    assert_eq!(told, 2);
}
