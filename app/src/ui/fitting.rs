//! The neural video that is being made, and what is shown of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::{ColorImage, Context, TextureHandle, TextureOptions, Ui};
use zoetrope_codecs::PictureFrame;

use super::ZoetropeApp;
use super::panel::{FitChoice, FitRequest, FitView, Frames, Panel, fit, made_sentence};
use crate::fitting::{FitMade, FitNetwork, FitWish, Fitting};
use crate::open::ClipTarget;
use crate::pictures::is_picture;
use crate::platform::Pick;
use crate::session::sentence;
use crate::text::{fill, text, text_of};

/// Time between two looks at how far it is, while somebody looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What is being made.
#[derive(Default)]
pub struct FitDesk {
    video: Option<PathBuf>,
    choice: FitChoice,
    making: Option<Making>,
    made: Option<Made>,
}

struct Making {
    fitting: Fitting,
    /// The picture that came last, and its texture.
    shown: Option<(Arc<PictureFrame>, TextureHandle)>,
}

struct Made {
    path: PathBuf,
    made: FitMade,
}

impl FitDesk {
    /// Takes the video that was chosen. One picture stands for all in its folder.
    pub fn set_video(&mut self, path: PathBuf) {
        let folder = path.parent().filter(|_| is_picture(&path));
        self.video = Some(folder.map_or_else(|| path.clone(), PathBuf::from));
    }

    /// The name that is offered for what will be made.
    pub fn name_to_save(&self) -> Option<String> {
        let stem = self.video.as_ref()?.file_stem()?.to_str()?;
        Some(format!("{stem}.zoe"))
    }

    /// Shows the panel. Whether it is to be closed.
    fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        can_make: bool,
        asked: &mut Vec<FitRequest>,
    ) -> bool {
        let (name, curve);
        let view = match (&mut self.making, &self.made) {
            (Some(making), _) => {
                making.follow(ui.ctx());
                ui.ctx().request_repaint_after(LOOK_EVERY);
                name = name_of(making.fitting.output());
                curve = making.fitting.curve();
                FitView::Making {
                    name: &name,
                    news: making.fitting.news(),
                    curve: &curve,
                    picture: making.shown.as_ref().map(|(_, texture)| texture),
                }
            }
            (None, Some(made)) => {
                name = name_of(&made.path);
                FitView::Made {
                    name: &name,
                    made: made.made,
                }
            }
            (None, None) if can_make => {
                let video = self.video.as_deref();
                name = video.map(name_of).unwrap_or_default();
                FitView::Choosing(video.map(|_| &*name))
            }
            (None, None) => FitView::Cannot,
        };
        fit(ui, frames, &view, &mut self.choice, asked).close
    }
}

impl Making {
    /// Makes a texture of a new picture.
    fn follow(&mut self, ctx: &Context) {
        let Some(picture) = self.fitting.picture() else {
            return;
        };
        let known = self.shown.as_ref();
        if known.is_some_and(|(known, _)| Arc::ptr_eq(known, &picture)) {
            return;
        }
        let size = [picture.width, picture.height].map(|side| side as usize);
        let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
        let texture = ctx.load_texture("fit", image, TextureOptions::LINEAR);
        self.shown = Some((picture, texture));
    }
}

fn name_of(path: &Path) -> String {
    ClipTarget::from(path).name()
}

impl ZoetropeApp {
    /// Shows the panel of the neural video. Whether it is to be closed.
    pub(super) fn show_fit(&mut self, ui: &Ui, frames: Frames) -> bool {
        let mut asked = Vec::new();
        let can_make = self.platform.fit_maker().is_some();
        let mut close = self.fit_desk.show(ui, frames, can_make, &mut asked);
        for request in asked {
            match request {
                FitRequest::ChooseVideo => self.pick(Pick::FitVideo),
                FitRequest::Start => self.pick(Pick::Fit),
                FitRequest::Stop => {
                    self.fit_desk.making = None;
                    let now = ui.input(|input| input.time);
                    self.toasts.note(text(ui).fitting.stopped.to_owned(), now);
                }
                FitRequest::Play => {
                    if let Some(made) = self.fit_desk.made.take() {
                        self.open(ClipTarget::Path(made.path));
                        close = true;
                    }
                }
                FitRequest::Another => self.fit_desk.made = None,
            }
            self.ctx.request_repaint();
        }
        close
    }

    /// Begins to make it at `output`.
    pub(super) fn start_fit(&mut self, output: PathBuf) {
        let make = self.platform.fit_maker();
        let (Some(make), Some(video)) = (make, self.fit_desk.video.clone()) else {
            return;
        };
        let FitChoice { network, bits } = self.fit_desk.choice;
        let wish = FitWish {
            video,
            network,
            // Quick networks have bits of their own.
            bits: (network != FitNetwork::Quick).then_some(bits),
        };
        let ctx = self.ctx.clone();
        match Fitting::start(make, wish, output, move || ctx.request_repaint()) {
            Ok(fitting) => {
                self.fit_desk.made = None;
                self.fit_desk.making = Some(Making {
                    fitting,
                    shown: None,
                });
                self.panels.open(Panel::Fit);
            }
            Err(error) => {
                let sentence = text_of(&self.ctx).fitting.not_made;
                self.tell(fill(sentence, &[&error.to_string()]));
            }
        }
    }

    /// Takes what has been made.
    pub(super) fn receive_fit(&mut self) {
        let making = self.fit_desk.making.as_ref();
        let Some(result) = making.and_then(|making| making.fitting.result()) else {
            return;
        };
        let Some(Making { fitting, .. }) = self.fit_desk.making.take() else {
            return;
        };
        let texts = &text_of(&self.ctx).fitting;
        match result {
            Ok(made) => {
                let path = fitting.output().to_owned();
                let said = made_sentence(texts, &name_of(&path), &made);
                log::info!("{said}");
                let now = self.ctx.input(|input| input.time);
                self.toasts.note(said, now);
                self.fit_desk.made = Some(Made { path, made });
            }
            Err(error) => {
                let reason = sentence(format!("{error:#}"));
                self.tell(fill(texts.not_made, &[&reason]));
            }
        }
    }
}
