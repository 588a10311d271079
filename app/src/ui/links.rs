//! Links: following those that come from outside, and making one to what is seen.

use egui::{Ui, UserAttentionType, ViewportCommand};
use zoetrope_player::share_link::{self, LinkCamera, LinkQuality, ShareLink, StartView, moment};

use super::ZoetropeApp;
use super::panel::{self, Frames, Panel, Question, SheetResponse};
use super::timecode::clock_text;
use crate::arrivals::Arrival;
use crate::link::{self, LinkError, Wanted};
use crate::notes::Notes;
use crate::session::Clip;
use crate::text::{Text, fill, text_of};

/// A link that waits for an answer, and what it leads to.
pub struct Asking {
    question: Question,
    wanted: Wanted,
}

impl ZoetropeApp {
    /// Takes what has come from outside.
    pub(super) fn receive_arrivals(&mut self) {
        for arrival in self.arrivals.take() {
            match arrival {
                Arrival::Clip(target) => self.open(target),
                Arrival::Link(link) => self.open_link(&link),
                Arrival::Raise => {
                    for command in [
                        ViewportCommand::Minimized(false),
                        ViewportCommand::Focus,
                        // Where a window may not come to the front by itself.
                        ViewportCommand::RequestUserAttention(UserAttentionType::Informational),
                    ] {
                        self.ctx.send_viewport_cmd(command);
                    }
                }
            }
        }
    }

    /// Follows a link from outside. One of our own may have been put before the person by anybody, and
    /// asks first when it leads to somewhere new; a plain address was typed.
    pub fn open_link(&mut self, text: &str) {
        let followed = ShareLink::parse(text)
            .map_err(LinkError::from)
            .and_then(|link| Ok((link::follow(&link)?, link)));
        let (wanted, link) = match followed {
            Ok(followed) => followed,
            Err(error) => {
                let sentence = link_error(text_of(&self.ctx), error);
                self.tell(sentence.to_owned());
                return;
            }
        };
        let is_typed = link::is_plain_address(text);
        if is_typed || self.kept.known_hosts.value.knows(link.host()) {
            self.kept.known_hosts.value.add(link.host());
            self.open_wanted(wanted);
            return;
        }
        self.panel_states.asking = Some(Asking {
            question: Question {
                host: link.host().map(str::to_owned),
                address: link.source().to_owned(),
                always: false,
            },
            wanted,
        });
        self.panels.open(Panel::Trust);
    }

    /// Shows the question about a link.
    pub(super) fn show_trust(&mut self, ui: &Ui, frames: Frames, is_new: bool) -> bool {
        let Some(mut asking) = self.panel_states.asking.take() else {
            return true;
        };
        let (SheetResponse { close, .. }, yes) =
            panel::trust(ui, frames, is_new, &mut asking.question);
        if yes {
            if asking.question.always {
                let host = asking.question.host.as_deref();
                self.kept.known_hosts.value.add(host);
            }
            self.open_wanted(asking.wanted);
        } else if !close {
            self.panel_states.asking = Some(asking);
        }
        close
    }

    /// Opens what the person has typed or pasted: its host is known from now on.
    pub(super) fn open_typed(&mut self, wanted: Wanted) {
        if let Some(address) = link::address_of(&wanted.target)
            && let Some(host) = share_link::host(&address)
        {
            self.kept.known_hosts.value.add(Some(host));
        }
        self.open_wanted(wanted);
    }

    /// Opens a clip with a view; where it is open already, the view alone is taken up.
    pub(super) fn open_wanted(&mut self, wanted: Wanted) {
        let is_open = self.session.opening().is_none()
            && self.session.target() == Some(&wanted.target)
            && !wanted.view.is_empty();
        let Some(clip) = self.session.clip_mut().filter(|_| is_open) else {
            let now = self.ctx.input(|input| input.time);
            let settings = &self.kept.settings.value;
            let notes = self.kept.notes.value.clip(&Notes::key_of(&wanted.target));
            let import = notes.answers.options();
            self.session
                .open(wanted, import, settings.loop_mode, settings.memory_mb, now);
            return;
        };
        for command in wanted.view.commands(clip.player.frame_rate()) {
            clip.player.apply(command);
        }
        // The camera is made anew in the next frame.
        if wanted.view.camera.is_some() {
            clip.rig = None;
        }
        clip.view = wanted.view;
        self.ctx.request_repaint();
    }

    /// A link to the clip as it is seen; `None` for one that has no address.
    pub(super) fn link(&self) -> Option<Result<ShareLink, share_link::LinkError>> {
        let clip = self.session.clip()?;
        let address = link::address_of(&clip.target)?;
        Some(ShareLink::new(&address).map(|mut link| {
            link.view = view_of(clip);
            link
        }))
    }

    /// The same as text, where it works for others and gives nothing away: neither a path of this
    /// computer nor what a server has put behind an address, which may be a key.
    pub(super) fn link_for_others(&self) -> Option<String> {
        let link = self.link()?.ok()?;
        let is_open = link.host().is_some() && !link.source().contains('?');
        is_open.then(|| link.app_link())
    }

    /// Copies a link to this moment and view.
    pub(super) fn copy_link(&mut self) {
        let text = text_of(&self.ctx);
        let Some(clip) = self.session.clip() else {
            self.tell(text.share.nothing_to_link.to_owned());
            return;
        };
        let at = moment(clip.state.frame, clip.state.frame_rate);
        let at = clock_text(at, clip.state.duration);
        let link = match self.link() {
            Some(Ok(link)) => link,
            Some(Err(error)) => {
                self.tell(link_error(text, error.into()).to_owned());
                return;
            }
            None => {
                self.tell(text.share.no_link.to_owned());
                return;
            }
        };
        let said = match link.host() {
            Some(_) => text.share.link_copied,
            None => text.share.link_copied_here,
        };
        self.ctx.copy_text(link.app_link());
        let now = self.ctx.input(|input| input.time);
        self.toasts.note(fill(said, &[&at]), now);
    }
}

/// What is seen of a clip: its frame, from where, and the loop.
pub(super) fn view_of(clip: &Clip) -> StartView {
    let (rate, frame) = (clip.state.frame_rate, clip.state.frame);
    let camera = clip.rig.as_ref().and_then(|rig| {
        let camera = rig.camera();
        LinkCamera::new(camera.position.into(), camera.target.into(), camera.fov_y)
    });
    let up = clip.rig.as_ref().map(crate::camera::CameraRig::up);
    let (a, b) = clip.state.ab;
    let ab = a.zip(b);
    StartView {
        // A single frame has no other moment.
        time_s: (clip.state.frame_count > 1).then(|| moment(frame, rate)),
        camera,
        up: up.filter(|up| *up != clip.player.info().up),
        ab_s: ab.map(|(a, b)| (moment(a.min(b), rate), moment(a.max(b), rate))),
        quality: LinkQuality::of(clip.state.quality, clip.state.levels),
    }
}

/// What is wrong with a link, for people.
pub(super) fn link_error(text: &Text, error: LinkError) -> &'static str {
    match error {
        LinkError::Empty => text.panels.link_is_empty,
        LinkError::Elsewhere => text.panels.link_is_elsewhere,
        LinkError::Broken => text.panels.link_is_broken,
        LinkError::Link(share_link::LinkError::TooLong) => text.share.link_too_long,
        LinkError::Link(share_link::LinkError::Action) => text.share.link_action,
        LinkError::Link(share_link::LinkError::Address) => text.share.link_address,
    }
}
