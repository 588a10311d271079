//! The folder as a clip.

use std::sync::Arc;

use super::PICKLE_PATH;
use super::frame::next;
use super::state::State;
use crate::container::{DEFAULT_FRAME_RATE, Warnings, last_part};
use crate::source::{Folder, natural_order};
use crate::splat::{Axes, ply};
use crate::{
    Cancel, ClipInfo, ClipKind, Demuxer, Error, GroupInfo, GroupPackets, GroupPayload, Result,
    limits,
};

/// Where a frame is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A whole frame, a PLY file.
    Ply(String),
    /// What has changed since the last frame.
    Pickle(String),
}

/// Demuxer of a folder of QUEEN's frames. Frames in rising order are cheap; one further back is decoded
/// from the last PLY file in front of it.
pub struct QueenDemuxer {
    folder: Arc<dyn Folder>,
    places: Vec<Place>,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    /// The frame that was decoded last.
    last: Option<(usize, State)>,
}

impl QueenDemuxer {
    /// Whether `paths` are those of such a folder.
    pub fn is_queen(paths: &[String]) -> bool {
        paths.iter().any(|path| path.ends_with(PICKLE_PATH))
    }

    /// Opens the frames in `folder`, of which `paths` is the list.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when it does not begin with a PLY file, [`Error::Limit`] above
    /// [`limits::MAX_FRAMES`], and as [`ply::facts`].
    pub fn open(folder: Arc<dyn Folder>, paths: &[String], cancel: &Cancel) -> Result<Self> {
        let name = folder.name().to_owned();
        let places = places(paths);
        limits::check(&name, "frames", places.len() as u64, limits::MAX_FRAMES)?;
        let Some(Place::Ply(first)) = places.first() else {
            return Err(Error::unsupported(
                name,
                "its first frame is no PLY file, without which the compressed frames of QUEEN cannot be \
                 decoded; copy it too",
            ));
        };
        let facts = ply::facts(&*folder.open(first, cancel)?, cancel)?;
        let mut warnings = Warnings::default();
        warnings.push(
            "each frame is made out of the one before, so going back takes long; make a clip of it \
             with \"zoetrope pack\""
                .to_owned(),
        );
        let info = ClipInfo {
            kind: ClipKind::SplatSequence,
            title: last_part(&name),
            codec: "QUEEN".to_owned(),
            frame_rate: DEFAULT_FRAME_RATE,
            frame_rate_known: false,
            frame_count: places.len(),
            sh_degree: facts.sh_degree,
            gaussians: None,
            bounds: None,
            picture: None,
            up: Axes::RightDownFront.up(),
            camera: None,
            size_bytes: None,
            credit: None,
            licence: None,
            layers: Vec::new(),
            warnings: warnings.all.into_list(),
            omissions: Vec::new(),
        };
        let groups = (0..places.len())
            .map(|frame| GroupInfo {
                frames: frame..frame + 1,
            })
            .collect();
        Ok(Self {
            folder,
            places,
            info,
            groups,
            last: None,
        })
    }

    /// The state of a frame, from the nearest one in front of it that is at hand or whole.
    fn state(&mut self, frame: usize, cancel: &Cancel) -> Result<State> {
        let whole = (0..=frame)
            .rev()
            .find(|frame| matches!(self.places[*frame], Place::Ply(_)))
            .unwrap_or(0);
        let (mut at, mut state) = match self.last.take() {
            Some((at, state)) if (whole..=frame).contains(&at) => (at, state),
            _ => (whole, self.read(whole, None, cancel)?),
        };
        while at < frame {
            cancel.check()?;
            state = self.read(at + 1, Some(&state), cancel)?;
            at += 1;
        }
        Ok(state)
    }

    fn read(&self, frame: usize, last: Option<&State>, cancel: &Cancel) -> Result<State> {
        match (&self.places[frame], last) {
            (Place::Ply(path), _) => State::read_ply(&*self.folder.open(path, cancel)?, cancel),
            (Place::Pickle(path), Some(last)) => {
                let source = self.folder.open(path, cancel)?;
                let bytes = source.read_all(limits::MAX_PICKLE_BYTES, cancel)?;
                next(last, source.name(), &bytes, cancel)
            }
            (Place::Pickle(path), None) => Err(Error::malformed(
                format!("{}/{path}", self.folder.name()),
                "there is no frame in front of it",
            )),
        }
    }
}

/// The frames in their order: each is a numbered folder with a pickle or a PLY file somewhere in it.
fn places(paths: &[String]) -> Vec<Place> {
    let depth = paths
        .iter()
        .find(|path| path.ends_with(PICKLE_PATH))
        .map_or(0, |path| path.split('/').count().saturating_sub(2));
    let frame_of = |path: &str| -> String {
        let parts: Vec<&str> = path.split('/').take(depth).collect();
        parts.join("/")
    };
    let mut sorted: Vec<&String> = paths.iter().collect();
    sorted.sort_by(|a, b| natural_order(a, b));
    let mut places: Vec<(String, Place)> = Vec::new();
    for path in sorted {
        let is_pickle = path.ends_with(PICKLE_PATH);
        if path.split('/').count() <= depth || !(is_pickle || path.ends_with(".ply")) {
            continue;
        }
        let frame = frame_of(path);
        let place = if is_pickle {
            Place::Pickle(path.clone())
        } else {
            Place::Ply(path.clone())
        };
        match places.last_mut() {
            // A whole frame is better than a change; of several PLY files, of later and later steps of
            // training, the last one is.
            Some((last, known)) if *last == frame => {
                if matches!(place, Place::Ply(_)) {
                    *known = place;
                }
            }
            _ => places.push((frame, place)),
        }
    }
    places.into_iter().map(|(_, place)| place).collect()
}

impl Demuxer for QueenDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        if group >= self.places.len() {
            return Err(Error::NoSuchFrame {
                frame: group,
                count: self.places.len(),
            });
        }
        let state = self.state(group, cancel)?;
        let cloud = state.activate(cancel)?;
        self.last = Some((group, state));
        Ok(GroupPackets {
            group,
            frames: group..group + 1,
            payload: GroupPayload::SplatFile {
                name: self.folder.name().to_owned(),
                cloud: Box::new(cloud),
                coarse: false,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_in_their_order() {
        let paths = [
            "frames/0001/point_cloud/iteration_500/point_cloud.ply",
            "frames/0001/point_cloud/iteration_1000/point_cloud.ply",
            "frames/0010/compressed/point_cloud.pkl",
            "frames/0002/compressed/point_cloud.pkl",
            "frames/0002/log.txt",
            "frames/0003/point_cloud.ply",
            "input.ply",
        ]
        .map(str::to_owned);
        let pickle = |frame: &str| Place::Pickle(format!("frames/{frame}/{PICKLE_PATH}"));
        assert_eq!(
            places(&paths),
            [
                Place::Ply(paths[1].clone()),
                pickle("0002"),
                Place::Ply(paths[5].clone()),
                pickle("0010"),
            ]
        );
    }
}
