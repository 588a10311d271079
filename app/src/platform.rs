//! What only a platform can do, behind one seam.

use std::path::PathBuf;

/// What a person is asked to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One file.
    File,
    /// A folder: V3 clips and sequences are folders.
    Folder,
}

/// Takes what was chosen; `None` when the dialog was closed without a choice. Called once, on any
/// thread.
pub type PickAnswer = Box<dyn FnOnce(Option<PathBuf>) + Send>;

/// What only a platform can do. Every method returns at once.
pub trait Platform: Send + Sync {
    /// Shows the platform's own dialog for choosing a clip.
    fn pick(&self, what: Pick, answer: PickAnswer);
}

/// A platform that can do nothing: for tests, and where there are no dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullPlatform;

impl Platform for NullPlatform {
    fn pick(&self, _: Pick, answer: PickAnswer) {
        answer(None);
    }
}

/// Desktop dialogs (the XDG portal, Windows, macOS).
#[derive(Clone, Copy, Debug, Default)]
pub struct DialogPlatform;

impl Platform for DialogPlatform {
    fn pick(&self, what: Pick, answer: PickAnswer) {
        // The dialog blocks until it is closed.
        let shown = std::thread::Builder::new()
            .name("dialog".to_owned())
            .spawn(move || {
                let dialog = rfd::FileDialog::new();
                answer(match what {
                    Pick::File => dialog
                        .set_title("Open a clip")
                        .add_filter("Splat files and clips", &["ply", "sog", "zip", "json"])
                        .add_filter("All files", &["*"])
                        .pick_file(),
                    Pick::Folder => dialog.set_title("Open a folder with a clip").pick_folder(),
                });
            });
        if let Err(error) = shown {
            log::error!("cannot show the dialog: {error}");
        }
    }
}
