//! What only a platform can do, behind one seam.

use std::path::{Path, PathBuf};

/// What a person is asked to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One file.
    File,
    /// A folder: V3 clips and sequences are folders.
    Folder,
    /// A picture, for the background.
    Picture,
    /// A folder to put things into.
    Destination,
}

/// Takes what was chosen; `None` when the dialog was closed without a choice. Called once, on any
/// thread.
pub type PickAnswer = Box<dyn FnOnce(Option<PathBuf>) + Send>;

/// What only a platform can do. Every method returns at once.
pub trait Platform: Send + Sync {
    /// Shows the platform's own dialog for choosing something; `title` is its heading.
    fn pick(&self, what: Pick, title: &str, answer: PickAnswer);

    /// The person's language, like "de-AT"; empty where that is not known.
    fn locale(&self) -> String {
        String::new()
    }

    /// Where pictures of the person go.
    fn pictures_folder(&self) -> Option<PathBuf> {
        None
    }

    /// Shows a folder in the system's file manager; false where there is none.
    fn show_folder(&self, _: &Path) -> bool {
        false
    }

    /// Makes the calling thread one that works only where the others leave the processor alone.
    fn lower_thread_priority(&self) {}
}

/// A platform that can do nothing: for tests, and where there are no dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullPlatform;

impl Platform for NullPlatform {
    fn pick(&self, _: Pick, _: &str, answer: PickAnswer) {
        answer(None);
    }
}

/// Desktop dialogs (the XDG portal, Windows, macOS).
pub fn pick_with_dialog(what: Pick, title: &str, answer: PickAnswer) {
    let title = title.to_owned();
    // The dialog blocks until it is closed.
    let shown = std::thread::Builder::new()
        .name("dialog".to_owned())
        .spawn(move || {
            let dialog = rfd::FileDialog::new().set_title(title);
            answer(match what {
                Pick::File => dialog
                    .add_filter("Splat files and clips", &["ply", "sog", "zip", "json"])
                    .add_filter("All files", &["*"])
                    .pick_file(),
                Pick::Picture => dialog.add_filter("PNG", &["png"]).pick_file(),
                Pick::Folder | Pick::Destination => dialog.pick_folder(),
            });
        });
    if let Err(error) = shown {
        log::error!("cannot show the dialog: {error}");
    }
}
