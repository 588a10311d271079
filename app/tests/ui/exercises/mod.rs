//! Every command and every control is used the way people do, by label or key, and what it does is
//! seen.
//!
//! An exercise says which commands and controls it uses. It fails when it does not use one of the
//! controls, and the walk over the table of commands and over all states of the window
//! ([`coverage`]) fails when something is left that no exercise uses.

mod camera;
mod comparison;
mod coverage;
mod file;
mod fitting;
mod panels;
mod picture;
mod playback;
mod share;
mod time;
mod window;

use crate::stage::Stage;

/// A use of the window.
pub struct Exercise {
    /// Commands that it carries out, by name.
    pub commands: &'static [&'static str],
    /// Accessibility labels of the controls that it uses; one that ends in `*` stands for all that
    /// begin so.
    pub controls: &'static [&'static str],
}

/// Every exercise.
pub fn all() -> impl Iterator<Item = &'static Exercise> {
    let areas = [
        playback::EXERCISES,
        time::EXERCISES,
        camera::EXERCISES,
        picture::EXERCISES,
        comparison::EXERCISES,
        window::EXERCISES,
        file::EXERCISES,
        fitting::EXERCISES,
        panels::EXERCISES,
        share::EXERCISES,
    ];
    areas.into_iter().flatten()
}

/// Whether a label is one of those that `pattern` stands for.
pub fn stands_for(pattern: &str, label: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => label.starts_with(start),
        None => label == pattern,
    }
}

/// Runs an exercise.
pub fn run(exercise: &Exercise, mut stage: Stage, body: impl FnOnce(&mut Stage)) {
    body(&mut stage);
    for control in exercise.controls {
        let mut used = stage.used.iter();
        assert!(
            used.any(|label| stands_for(control, label)),
            "the exercise does not use {control:?}, only {:?}",
            stage.used
        );
    }
}

/// Makes a test of every exercise, and the list of them.
macro_rules! exercises {
    ($(
        $name:ident { commands: [$($command:literal),* $(,)?], controls: [$($control:literal),* $(,)?] }
        $stage:expr => $body:expr;
    )*) => {
        pub const EXERCISES: &[crate::exercises::Exercise] = &[ $( $name::EXERCISE, )* ];
        $(
            mod $name {
                pub const EXERCISE: crate::exercises::Exercise = crate::exercises::Exercise {
                    commands: &[$($command),*],
                    controls: &[$($control),*],
                };
            }

            #[test]
            fn $name() {
                let body: fn(&mut crate::stage::Stage) = $body;
                crate::exercises::run(&$name::EXERCISE, $stage, body);
            }
        )*
    };
}
pub(crate) use exercises;
