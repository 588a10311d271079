//! What only a platform can do, behind one seam.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::film::MakeFilm;
use crate::fitting::MakeFit;

/// What a person is asked to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One file.
    File,
    /// A folder: V3 clips and sequences are folders.
    Folder,
    /// A picture, for the background.
    Picture,
    /// The video, or one of the pictures, that a flat clip was made of.
    Source,
    /// The video, or one of the pictures, that a neural video is to be made of.
    FitVideo,
    /// A name for that neural video.
    Fit,
    /// A folder to put things into.
    Destination,
    /// A name for a copy of the clip.
    Copy,
    /// A name for a part of the clip.
    Cut,
    /// A name for a video of the clip.
    Film,
    /// A name for the frame that is shown.
    Frame,
}

/// What a dialog for choosing asks for.
#[derive(Clone, Debug)]
pub struct PickRequest {
    /// What is to be chosen.
    pub what: Pick,
    /// The heading of the dialog.
    pub title: String,
    /// Names and extensions of the files that are offered, those that are wanted first.
    pub filters: Vec<(String, &'static [&'static str])>,
    /// The name that is offered for what is to be saved; `None` when something is to be opened.
    pub file_name: Option<String>,
}

/// Takes what was chosen; `None` when the dialog was closed without a choice. Called once, on any
/// thread.
pub type PickAnswer = Box<dyn FnOnce(Option<PathBuf>) + Send>;

/// What only a platform can do. Every method returns at once.
pub trait Platform: Send + Sync {
    /// Shows the platform's own dialog for choosing something.
    fn pick(&self, request: PickRequest, answer: PickAnswer);

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

    /// The address by which others on the network reach this machine; `None` when it is on none.
    fn network_address(&self) -> Option<IpAddr> {
        None
    }

    /// Makes ordinary videos; `None` where that cannot be done.
    fn film_maker(&self) -> Option<MakeFilm> {
        None
    }

    /// Makes neural videos; `None` where that cannot be done.
    fn fit_maker(&self) -> Option<MakeFit> {
        None
    }

    /// Makes the calling thread one that works only where the others leave the processor alone.
    fn lower_thread_priority(&self) {}
}

/// A platform that can do nothing: for tests, and where there are no dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullPlatform;

impl Platform for NullPlatform {
    fn pick(&self, _: PickRequest, answer: PickAnswer) {
        answer(None);
    }
}

/// Desktop dialogs (the XDG portal, Windows, macOS).
pub fn pick_with_dialog(request: PickRequest, answer: PickAnswer) {
    // The dialog blocks until it is closed.
    let shown = std::thread::Builder::new()
        .name("dialog".to_owned())
        .spawn(move || {
            let mut dialog = rfd::FileDialog::new().set_title(request.title);
            for (name, extensions) in request.filters {
                dialog = dialog.add_filter(name, extensions);
            }
            if let Some(name) = request.file_name {
                dialog = dialog.set_file_name(name);
            }
            answer(match request.what {
                Pick::File | Pick::Picture | Pick::Source | Pick::FitVideo => dialog.pick_file(),
                Pick::Folder | Pick::Destination => dialog.pick_folder(),
                Pick::Copy | Pick::Cut | Pick::Film | Pick::Frame | Pick::Fit => dialog.save_file(),
            });
        });
    if let Err(error) = shown {
        log::error!("cannot show the dialog: {error}");
    }
}
