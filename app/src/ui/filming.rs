//! From what is seen to an ordinary video of it.

use zoetrope_render::Background;

use super::ZoetropeApp;
use super::look::Look;
use super::panel::FilmMove;
use super::sharing::Write;
use super::theme;
use crate::film::{Film, FilmCamera};

impl ZoetropeApp {
    /// How the camera of a video can move: the path only when it has keys.
    pub(super) fn film_moves(&self) -> &'static [FilmMove] {
        match (self.platform.film_maker(), self.notes().path.is_empty()) {
            (None, _) => &[],
            (_, true) => &[FilmMove::Still, FilmMove::Orbit],
            (_, false) => &[FilmMove::Still, FilmMove::Orbit, FilmMove::Path],
        }
    }

    /// The video that is chosen: as the clip is seen now, without the panels beside it; all of it, or
    /// what lies between A and B.
    fn film(&self) -> Option<Film> {
        let choice = self.share_desk.film;
        let clip = self.session.clip()?;
        let camera = clip.rig.as_ref()?.camera();
        let (info, state) = (clip.player.info(), &clip.state);
        let second = |frame: usize| frame as f64 / state.frame_rate;
        let seconds = match state.ab {
            (Some(a), Some(b)) => second(a.min(b))..second(a.max(b) + 1),
            _ => 0.0..second(info.frame_count),
        };
        let palette = theme::palette_of(&self.ctx);
        let look = Look::new(&self.kept.settings.value, palette, false, state);
        Some(Film {
            seconds,
            frame_rate: state.frame_rate,
            size: choice.size,
            camera: match choice.camera {
                FilmMove::Still => FilmCamera::Still(camera),
                FilmMove::Orbit => FilmCamera::Orbit(camera),
                FilmMove::Path => FilmCamera::Path(self.notes().path.clone(), camera),
            },
            background: match look.background {
                Background::Opaque(colour) => colour,
                Background::Transparent => [0.0; 3],
            },
            filter: look.filter,
            sh_degree: look.sh_degree,
        })
    }

    /// What makes the video that is chosen; `None` when there is nothing to be seen.
    pub(super) fn film_write(&self) -> Option<Write> {
        let (make, film) = (self.platform.film_maker()?, self.film()?);
        let target = self.session.clip()?.target.clone();
        Some(Box::new(move |path, progress, cancel| {
            make(&target, &film, path, progress, cancel)
        }))
    }
}
