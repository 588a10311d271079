//! Asking for what the file of a network does not say.

use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

use crate::nerv_file;
use crate::stage::{Setup, Stage, looks};

const TITLE: &str = "What its file does not say";

/// With the first question on the screen.
fn asked(setup: Setup) -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let path = nerv_file::write(folder.path());
    let mut stage = Stage::build(setup);
    stage.folder = Some(folder);
    stage.make_ready();
    stage.open(&path.to_string_lossy());
    stage.until_dialog();
    stage
}

impl Stage {
    /// What is in a field.
    fn value(&self, label: &str) -> String {
        let field = self.harness.get_by_role_and_label(Role::TextInput, label);
        field.value().unwrap_or_default()
    }

    fn until_dialog(&mut self) {
        let title = self.text().network.title;
        for _ in 0..1000 {
            if self.has_dialog(title) {
                self.harness.run_ok();
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
            self.harness.step();
        }
        panic!("nothing is asked");
    }
}

#[test]
fn answers_that_make_no_sense_are_told_and_asked_for_again() {
    let mut stage = asked(Setup::default());
    for (label, typed) in [
        ("Number of frames", "many"),
        ("Number of frames", "0"),
        ("Number of frames", "-4"),
        ("Embedding of the time", "1.25"),
    ] {
        stage.replace(label, typed);
        stage.harness.run_ok();
        assert!(
            stage.has("This cannot be understood; write it as in the example"),
            "{typed}"
        );
        assert!(stage.has_dialog(TITLE));
    }
    // Sense, but another number of levels than the network takes: the question is there again.
    stage.replace("Number of frames", "5");
    stage.replace("Embedding of the time", "1.25_40");
    stage.until_dialog();
    assert!(stage.has("This does not fit the network; try something else"));
    assert_eq!(stage.value("Embedding of the time"), "1.25_40");
    // Nothing was opened or lost meanwhile.
    stage.key(Key::Escape);
    stage.harness.run_ok();
    assert!(!stage.has_dialog(TITLE) && stage.has("ring"));
    assert!(stage.harness.state().messages().is_empty());
}

#[test]
fn strides_that_do_not_fit_are_asked_for_again() {
    let mut stage = asked(Setup::default());
    stage.replace("Number of frames", "5");
    stage.until_shown("Strides of the layers");
    for typed in ["nine", "9x16,5"] {
        stage.replace("Strides of the layers", typed);
        stage.until_dialog();
        assert!(stage.has("160 × 90 pixels"), "{typed}");
        assert_eq!(stage.value("Strides of the layers"), typed);
    }
    stage.replace("Strides of the layers", "16x9,5,2");
    stage.until_titled("Zoetrope – big-buck-bunny.safetensors");
    assert_eq!(nerv_file::size(stage.harness.state()), Some([90, 160]));
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("network") {
        let mut stage = asked(setup);
        stage.render(&name);
        let frames = stage.text().network.frames_label;
        stage.replace(frames, "many");
        stage.harness.run_ok();
        stage.render(&format!("{name}-wrong"));
        stage.replace(frames, "5");
        let strides = stage.text().network.strides_label;
        stage.until_shown(strides);
        stage.render(&format!("{name}-size"));
    }
}
