//! Sharing what is seen: the link, the local network, copies.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use egui::Ui;
use zoetrope_codecs::{Cancel, ClipKind};
use zoetrope_player::share_link::{ShareLink, StartView};
use zoetrope_share::{Options, QrCode, Server};

use super::ZoetropeApp;
use super::links::view_of;
use super::panel::{self, FilmChoice, Frames, LinkParts, Reach, ShareRequest, ShareState, Sharing};
use crate::camera::CameraRig;
use crate::link;
use crate::open::ClipTarget;
use crate::platform::Pick;
use crate::recents::poster_name;
use crate::save_copy::{self, Progress, Saving};
use crate::save_frame::{FrameToSave, save_frame};
use crate::session::{Clip, sentence};
use crate::shared_clip::{NotServed, share_of};
use crate::text::{Text, fill, text_of};

/// How often the link in the panel follows a clip that plays: a code that flickers cannot be read.
const FOLLOWS_S: f64 = 0.5;
/// How often is looked who has connected.
const LOOKS: Duration = Duration::from_secs(1);

/// Writes what is to be saved at a path.
pub(super) type Write = Box<dyn FnOnce(&Path, &Progress, &Cancel) -> anyhow::Result<()> + Send>;

/// The server of the clip.
#[derive(Default)]
enum Serving {
    #[default]
    Off,
    Starting(Receiver<anyhow::Result<Server>>),
    On(Server),
}

/// A link as it would be now.
struct Offer {
    reach: Reach,
    link: Option<ShareLink>,
    /// What a phone gets from the screen.
    scanned: Option<String>,
}

/// The link that is shown, and its code.
#[derive(Default)]
struct ShownLink {
    address: String,
    link: String,
    scanned: Option<String>,
    code: Option<QrCode>,
    since: f64,
}

/// Sharing, from frame to frame.
#[derive(Default)]
pub struct ShareDesk {
    parts: LinkParts,
    /// How a video is to be.
    pub(super) film: FilmChoice,
    serving: Serving,
    shown: ShownLink,
    saving: Option<Saving>,
}

impl ShareDesk {
    fn server(&self) -> Option<&Server> {
        match &self.serving {
            Serving::On(server) => Some(server),
            _ => None,
        }
    }
}

impl ShownLink {
    /// Follows what is seen; seconds until it has to be looked at again, where it lags behind.
    fn follow(&mut self, offer: &Offer, now: f64) -> Option<f64> {
        let (address, link) = match &offer.link {
            Some(link) => (link.source(), link.app_link()),
            None => ("", String::new()),
        };
        if self.link == link && self.scanned == offer.scanned {
            return None;
        }
        let due = self.since + FOLLOWS_S;
        // Another clip, or another way to it, is shown at once.
        if now < due && self.address == address {
            return Some(due - now);
        }
        if self.scanned != offer.scanned {
            self.code = offer.scanned.as_deref().and_then(QrCode::of);
        }
        *self = Self {
            address: address.to_owned(),
            link,
            scanned: offer.scanned.clone(),
            code: self.code.take(),
            since: now,
        };
        None
    }
}

impl ZoetropeApp {
    /// Shows the panel; whether it is to be closed.
    pub(super) fn show_share(&mut self, ui: &Ui, frames: Frames) -> bool {
        let text = text_of(&self.ctx);
        let Some(clip) = self.session.clip() else {
            return true;
        };
        let now = ui.input(|input| input.time);
        let offer = self.offer(clip);
        let there = view_of(clip);
        let never = self.never_served(clip, text);
        let film_moves = self.film_moves();
        let can_cut = clip.player.info().kind == ClipKind::Zoe;
        let desk = &mut self.share_desk;
        if let Some(rest) = desk.shown.follow(&offer, now) {
            let rest = Duration::try_from_secs_f64(rest).unwrap_or_default();
            self.ctx.request_repaint_after(rest);
        }
        let page = desk.server().map(Server::page_url).unwrap_or_default();
        let sharing = match (&desk.serving, never) {
            (Serving::Off, Some(reason)) => Sharing::Never(reason),
            (Serving::Off, None) => Sharing::Off,
            (Serving::Starting(_), _) => Sharing::Starting,
            (Serving::On(server), _) => {
                self.ctx.request_repaint_after(LOOKS);
                Sharing::On {
                    page: &page,
                    visitors: server.visitors(),
                }
            }
        };
        let saving = desk.saving.as_ref().map(Saving::percent);
        if saving.is_some() {
            self.ctx.request_repaint_after(LOOKS / 4);
        }
        let state = ShareState {
            reach: offer.reach,
            link: offer.link.is_some().then_some(desk.shown.link.as_str()),
            qr: desk.shown.code.as_ref(),
            there,
            sharing,
            film_moves,
            can_cut,
            saving,
        };
        let mut asked = Vec::new();
        let mut parts = desk.parts;
        let mut film = desk.film;
        let shown = panel::share(ui, frames, &state, (&mut parts, &mut film), &mut asked);
        desk.film = film;
        if parts != desk.parts {
            // What was chosen is seen at once.
            desk.parts = parts;
            desk.shown = ShownLink::default();
            self.ctx.request_repaint();
        }
        self.covered.push(shown.rect);
        for request in asked {
            self.fulfil_share(request, now, text);
        }
        shown.close
    }

    /// The link with the parts that are chosen.
    fn offer(&self, clip: &Clip) -> Offer {
        let parts = self.share_desk.parts;
        let view = view_of(clip);
        let view = StartView {
            time_s: view.time_s.filter(|_| parts.moment),
            camera: view.camera.filter(|_| parts.view),
            up: view.up.filter(|_| parts.view),
            ab_s: view.ab_s.filter(|_| parts.ab),
            quality: view.quality.filter(|_| parts.quality),
        };
        let link_to = |address: &str| {
            let mut link = ShareLink::new(address).ok()?;
            link.view = view;
            Some(link)
        };
        if let Some(server) = self.share_desk.server() {
            // A phone opens the page, which has the link for those that have the application.
            return Offer {
                reach: Reach::Network,
                link: link_to(server.clip_url()),
                scanned: link_to(&server.page_url()).and_then(|link| link.web_link()),
            };
        }
        let link = link::address_of(&clip.target).and_then(|address| link_to(&address));
        let reach = match &link {
            Some(link) if link.host().is_some() => Reach::Web,
            Some(_) => Reach::Here,
            None => Reach::BuiltIn,
        };
        let scanned = link.as_ref().filter(|_| reach == Reach::Web);
        Offer {
            reach,
            scanned: scanned.map(ShareLink::app_link),
            link,
        }
    }

    /// Why the clip is not to be shared on the network.
    fn never_served(&self, clip: &Clip, text: &'static Text) -> Option<&'static str> {
        let refused = NotServed::of(&clip.target, clip.player.info())?;
        Some(match refused {
            NotServed::OnTheWeb => text.share.on_the_web,
            NotServed::Frames => text.share.frames_not_served,
        })
    }

    fn fulfil_share(&mut self, request: ShareRequest, now: f64, text: &Text) {
        match request {
            ShareRequest::CopyLink => {
                // Of this very moment, which the panel may lag behind.
                let offer = self.session.clip().map(|clip| self.offer(clip));
                if let Some(link) = offer.and_then(|offer| offer.link) {
                    self.ctx.copy_text(link.app_link());
                    self.toasts.note(text.share.copied.to_owned(), now);
                }
            }
            ShareRequest::CopyAddress => {
                if let Some(server) = self.share_desk.server() {
                    self.ctx.copy_text(server.page_url());
                    let note = text.share.address_copied.to_owned();
                    self.toasts.note(note, now);
                }
            }
            ShareRequest::Serve(true) => self.start_sharing(text),
            ShareRequest::Serve(false) => self.stop_sharing(),
            ShareRequest::SaveCopy => self.pick(Pick::Copy),
            ShareRequest::SaveCut => self.pick(Pick::Cut),
            ShareRequest::Film => self.pick(Pick::Film),
            ShareRequest::SaveFrame => self.pick(Pick::Frame),
            ShareRequest::StopSaving => self.share_desk.saving = None,
        }
        self.ctx.request_repaint();
    }

    /// Begins to share on the network, on a thread: a folder may have many files.
    fn start_sharing(&mut self, text: &Text) {
        let Some(clip) = self.session.clip() else {
            return;
        };
        let (target, info) = (clip.target.clone(), clip.player.info().clone());
        let poster = self.poster();
        let bind = self.platform.network_address();
        let (sender, started) = mpsc::channel();
        let ctx = self.ctx.clone();
        let thread = std::thread::Builder::new()
            .name("start sharing".to_owned())
            .spawn(move || {
                let server = share_of(&target, &info).and_then(|mut share| {
                    share.poster = poster;
                    let bind = bind.ok_or(zoetrope_share::Error::NoNetwork)?;
                    let options = Options {
                        bind: Some(bind),
                        port: 0,
                    };
                    Ok(Server::start(share, options)?)
                });
                // It is stopped again when nobody waits for it any more.
                if sender.send(server).is_ok() {
                    ctx.request_repaint();
                }
            });
        match thread {
            Ok(_) => self.share_desk.serving = Serving::Starting(started),
            Err(error) => self.tell(fill(text.share.not_served, &[&error.to_string()])),
        }
    }

    /// The picture of the clip on the start page.
    fn poster(&self) -> Option<std::sync::Arc<[u8]>> {
        let ClipTarget::Path(path) = &self.session.clip()?.target else {
            return None;
        };
        let path = std::path::absolute(path).ok()?;
        let poster = self.kept.storage.read(&poster_name(&path));
        poster.ok().flatten().map(Into::into)
    }

    /// No longer shares on the network.
    pub(super) fn stop_sharing(&mut self) {
        let was = std::mem::take(&mut self.share_desk.serving);
        if let Serving::On(server) = was {
            let text = text_of(&self.ctx).share.stopped;
            let now = self.ctx.input(|input| input.time);
            self.toasts.note(fill(text, &[server.title()]), now);
        }
    }

    /// Whether the clip is shared on the network.
    pub fn is_sharing(&self) -> bool {
        self.share_desk.server().is_some()
    }

    /// Takes what was begun and is there now: the server, a copy.
    pub(super) fn receive_shared(&mut self) {
        let text = text_of(&self.ctx);
        if let Serving::Starting(started) = &self.share_desk.serving
            && let Ok(started) = started.try_recv()
        {
            self.share_desk.serving = match started {
                Ok(server) => Serving::On(server),
                Err(error) => {
                    self.tell(fill(text.share.not_served, &[&format!("{error:#}")]));
                    Serving::Off
                }
            };
        }
        let saved = self.share_desk.saving.as_ref().and_then(Saving::result);
        if let Some(saved) = saved {
            self.share_desk.saving = None;
            match saved {
                Ok(path) => {
                    let said = fill(text.share.saved, &[&path.display().to_string()]);
                    log::info!("{said}");
                    let now = self.ctx.input(|input| input.time);
                    self.toasts.note(said, now);
                }
                Err(error) => {
                    let reason = sentence(format!("{error:#}"));
                    self.tell(fill(text.share.not_saved, &[&reason]));
                }
            }
        }
    }

    /// The frame that is shown, with what is up in the window.
    fn frame_to_save(&self, clip: &Clip) -> Option<FrameToSave> {
        let info = clip.player.info();
        let shown = clip.state.picture.as_ref()?;
        let has_layers = info.layers.len() > 1;
        Some(FrameToSave {
            shown: shown.frame.splats()?.clone(),
            better: has_layers.then(|| (clip.target.clone(), shown.index)),
            up: self.rig().map_or(info.up, CameraRig::up),
        })
    }

    /// The name that is offered for what is to be saved.
    pub(super) fn name_to_save(&self, what: Pick) -> Option<String> {
        if what == Pick::Fit {
            return self.fit_desk.name_to_save();
        }
        let clip = self.session.clip()?;
        let name = match &clip.target {
            ClipTarget::Memory { name, .. } => format!("{}.zip", name.to_lowercase()),
            ClipTarget::Path(_) => clip.target.name(),
        };
        match what {
            Pick::Copy => Some(name),
            Pick::Cut => {
                let (a, b) = view_of(clip).ab_s?;
                let stem = name.strip_suffix(".zoe").unwrap_or(&name);
                Some(format!("{stem} {a}-{b}s.zoe"))
            }
            Pick::Film => {
                let stem = Path::new(&name).file_stem()?;
                Some(format!("{}.mp4", stem.to_str()?))
            }
            Pick::Frame => {
                let shown = clip.state.picture.as_ref()?;
                let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
                Some(format!("{stem} {}.ply", shown.index + 1))
            }
            _ => None,
        }
    }

    /// Saves a copy of the clip, what lies between A and B, a video, or the frame that is shown.
    pub(super) fn save(&mut self, what: Pick, path: PathBuf) {
        let Some(clip) = self.session.clip() else {
            return;
        };
        let (target, info) = (clip.target.clone(), clip.player.info().clone());
        let on_the_web = NotServed::of(&target, &info) == Some(NotServed::OnTheWeb);
        let (a, b) = clip.state.ab;
        let frames = a.zip(b).map(|(a, b)| a.min(b)..a.max(b) + 1);
        let write: Write = match (what, frames) {
            (Pick::Cut, Some(frames)) => Box::new(move |path, progress, cancel| {
                save_copy::cut(&target, frames, path, progress, cancel)
            }),
            // A and B were taken away while the dialog was open.
            (Pick::Cut, None) => return,
            (Pick::Film, _) => match self.film_write() {
                Some(write) => write,
                None => return,
            },
            (Pick::Frame, _) => match self.frame_to_save(clip) {
                Some(frame) => Box::new(move |path, progress, cancel| {
                    save_frame(&frame, path, progress, cancel)
                }),
                None => return,
            },
            _ if on_the_web => Box::new(move |path, progress, cancel| {
                save_copy::download(&target, path, progress, cancel)
            }),
            _ => Box::new(move |path, progress, cancel| {
                save_copy::copy(&share_of(&target, &info)?, path, progress, cancel)
            }),
        };
        let ctx = self.ctx.clone();
        match Saving::start(path, write, move || ctx.request_repaint()) {
            Ok(saving) => self.share_desk.saving = Some(saving),
            Err(error) => {
                let text = text_of(&self.ctx).share.not_saved;
                self.tell(fill(text, &[&error.to_string()]));
            }
        }
    }
}
