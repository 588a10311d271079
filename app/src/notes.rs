//! What is kept of each clip: what was answered about its network, up axis, camera mode, saved views, camera path and bookmarks.
//!
//! The document is a list of clips, the one used last first; a clip about which there is nothing to
//! say is not in it:
//!
//! ```json
//! {"version": 1, "clips": [{
//!   "clip": "/films/dance.v3", "up": "+y", "mode": "fly", "network": {"strides": "9x16,5,2,2"},
//!   "views": [{"name": "From above", "pose": {"position": …, "target": …, "up": …, "fov": 50.0}}],
//!   "path": [{"time": 0.0, "position": …, "target": …, "up": …, "fov": 50.0}],
//!   "bookmarks": [{"time": 12.5, "name": "The jump"}]
//! }]}
//! ```

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use zoetrope_codecs::UpAxis;

use crate::answers::Answers;
use crate::camera::{CameraMode, CameraPath, PathKey, Pose, SavedView, VIEWS_MAX, clean_name};
use crate::open::{ClipTarget, absolute, is_link};
use crate::storage::Stored;

/// Clips that are kept.
const CLIPS_MAX: usize = 500;
/// Bookmarks of one clip that are kept.
pub const BOOKMARKS_MAX: usize = 500;
/// Latest bookmark, in seconds.
const TIME_MAX_S: f64 = 1e6;
/// A longer name of a clip cannot be opened anyway.
const CLIP_MAX_BYTES: usize = 4096;
/// What is written at most, so that it can be read again: then the clips used least go.
const DOCUMENT_BYTES: usize = 3 << 20;

/// A moment that was marked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Bookmark {
    /// In seconds of the clip.
    pub time: f64,
    /// Name for people; may be empty.
    #[serde(default)]
    pub name: String,
}

/// What became of a wish to mark a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It is marked now.
    Added,
    /// It was, and is not any more.
    Removed,
    /// There are [`BOOKMARKS_MAX`] already.
    Full,
}

static EMPTY: ClipNotes = ClipNotes::EMPTY;

/// What is kept of one clip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipNotes {
    /// What is up, where that was chosen.
    pub up: Option<UpAxis>,
    /// How the camera was moved last.
    pub mode: CameraMode,
    /// What was answered about its network.
    pub answers: Answers,
    /// The camera path.
    pub path: CameraPath,
    views: Vec<SavedView>,
    bookmarks: Vec<Bookmark>,
}

impl ClipNotes {
    /// Notes in which nothing is noted.
    pub const EMPTY: Self = Self {
        up: None,
        mode: CameraMode::Orbit,
        answers: Answers::NONE,
        path: CameraPath::EMPTY,
        views: Vec::new(),
        bookmarks: Vec::new(),
    };

    /// What is kept of a clip about which nothing was noted.
    pub fn none() -> &'static Self {
        &EMPTY
    }

    /// Saved views, in the order in which they were saved.
    pub fn views(&self) -> &[SavedView] {
        &self.views
    }

    /// Saves a view; false when there are [`VIEWS_MAX`] already.
    pub fn add_view(&mut self, name: &str, pose: Pose) -> bool {
        let fits = self.views.len() < VIEWS_MAX;
        if fits {
            self.views.push(SavedView {
                name: clean_name(name),
                pose,
            });
        }
        fits
    }

    /// Gives a saved view another name, unless that is empty.
    pub fn rename_view(&mut self, index: usize, name: &str) {
        let name = clean_name(name);
        if let Some(view) = self.views.get_mut(index).filter(|_| !name.is_empty()) {
            view.name = name;
        }
    }

    /// Removes a saved view.
    pub fn remove_view(&mut self, index: usize) {
        if index < self.views.len() {
            self.views.remove(index);
        }
    }

    /// Bookmarks, earliest first.
    pub fn bookmarks(&self) -> &[Bookmark] {
        &self.bookmarks
    }

    /// The bookmark nearer than half a frame to a time, of which one lasts `frame_s` seconds.
    fn bookmark_at(&self, time: f64, frame_s: f64) -> Option<usize> {
        let mut bookmarks = self.bookmarks.iter();
        bookmarks.position(|bookmark| (bookmark.time - time).abs() < 0.5 * frame_s)
    }

    /// Marks a moment, or takes the mark on the same frame away, of which one lasts `frame_s`
    /// seconds.
    pub fn toggle_bookmark(&mut self, time: f64, frame_s: f64) -> Marked {
        if let Some(index) = self.bookmark_at(time, frame_s) {
            self.bookmarks.remove(index);
            return Marked::Removed;
        }
        let bookmark = Bookmark {
            time,
            name: String::new(),
        };
        if self.insert_bookmark(bookmark) {
            Marked::Added
        } else {
            Marked::Full
        }
    }

    fn insert_bookmark(&mut self, bookmark: Bookmark) -> bool {
        let fits =
            self.bookmarks.len() < BOOKMARKS_MAX && (0.0..=TIME_MAX_S).contains(&bookmark.time);
        if fits {
            let at = self
                .bookmarks
                .partition_point(|other| other.time < bookmark.time);
            self.bookmarks.insert(at, bookmark);
        }
        fits
    }

    /// The first bookmark after the frame at a time, of which one lasts `frame_s` seconds.
    pub fn bookmark_after(&self, time: f64, frame_s: f64) -> Option<f64> {
        let mut times = self.bookmarks.iter().map(|bookmark| bookmark.time);
        times.find(|other| *other >= time + 0.5 * frame_s)
    }

    /// The last bookmark before the frame at a time, of which one lasts `frame_s` seconds.
    pub fn bookmark_before(&self, time: f64, frame_s: f64) -> Option<f64> {
        let mut times = self.bookmarks.iter().rev().map(|bookmark| bookmark.time);
        times.find(|other| *other <= time - 0.5 * frame_s)
    }

    /// Takes all bookmarks away.
    pub fn clear_bookmarks(&mut self) {
        self.bookmarks.clear();
    }
}

/// What is kept of all clips.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// The one used last is first.
    clips: Vec<(String, ClipNotes)>,
}

impl Notes {
    /// By what a clip is known: its absolute path, its address without what follows a `?`, or the name of
    /// a built-in one.
    pub fn key_of(target: &ClipTarget) -> String {
        match target {
            ClipTarget::Path(path) if is_link(path) => {
                // What a server wants behind an address changes from day to day; the clip does not.
                let link = path.to_string_lossy();
                link.split(['?', '#']).next().unwrap_or_default().to_owned()
            }
            ClipTarget::Path(path) => absolute(path).to_string_lossy().into_owned(),
            ClipTarget::Memory { name, .. } => name.clone(),
        }
    }

    /// What is kept of a clip.
    pub fn clip(&self, key: &str) -> &ClipNotes {
        let mut clips = self.clips.iter();
        clips
            .find(|(other, _)| other == key)
            .map_or(&EMPTY, |(_, notes)| notes)
    }

    /// Changes what is kept of a clip, which is the one used last then.
    pub fn edit<R>(&mut self, key: &str, change: impl FnOnce(&mut ClipNotes) -> R) -> R {
        let index = self.clips.iter().position(|(other, _)| other == key);
        let mut notes = index.map_or(ClipNotes::EMPTY, |index| self.clips.remove(index).1);
        let result = change(&mut notes);
        if notes != ClipNotes::EMPTY {
            self.clips.insert(0, (key.to_owned(), notes));
            self.clips.truncate(CLIPS_MAX);
        }
        result
    }
}

impl Stored for Notes {
    const NAME: &'static str = "notes.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let file: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let clips = file.get("clips").and_then(Value::as_array);
        let clips = clips.ok_or("it has no list of clips")?;
        let mut notes = Self::default();
        let mut broken = Broken::default();
        for value in clips.iter().take(CLIPS_MAX) {
            match clip_of(value, &mut broken) {
                Some((key, clip)) if notes.clips.iter().all(|(other, _)| *other != key) => {
                    notes.clips.push((key, clip));
                }
                Some(_) => {}
                None => broken.add(value),
            }
        }
        Ok((notes, broken.told()))
    }

    fn encode(&self) -> Vec<u8> {
        let mut text = String::from("{\"version\": 1, \"clips\": [");
        let mut separator = "\n";
        for (key, notes) in &self.clips {
            let entry = entry_of(key, notes).to_string();
            if text.len() + entry.len() > DOCUMENT_BYTES {
                break;
            }
            text.push_str(separator);
            text.push_str(&entry);
            separator = ",\n";
        }
        text.push_str("\n]}\n");
        text.into_bytes()
    }
}

/// What cannot be used of a document.
#[derive(Default)]
struct Broken {
    first: Option<String>,
    others: usize,
}

impl Broken {
    fn add(&mut self, value: &Value) {
        if self.first.is_some() {
            self.others += 1;
            return;
        }
        let text = value.to_string();
        self.first = Some(match text.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        });
    }

    /// One line for all of it.
    fn told(self) -> Vec<String> {
        let first = self.first.into_iter();
        first
            .map(|first| match self.others {
                0 => first,
                others => format!("{first} (+ {others})"),
            })
            .collect()
    }
}

fn clip_of(value: &Value, broken: &mut Broken) -> Option<(String, ClipNotes)> {
    let entry = value.as_object()?;
    let key = entry.get("clip")?.as_str()?;
    if key.is_empty() || key.len() > CLIP_MAX_BYTES {
        return None;
    }
    let mut notes = ClipNotes {
        up: word(entry, "up", UpAxis::parse, broken),
        mode: word(entry, "mode", CameraMode::parse, broken).unwrap_or_default(),
        ..ClipNotes::EMPTY
    };
    if let Some(value) = entry.get("network") {
        match Answers::deserialize(value) {
            Ok(answers) if answers.are_short() => notes.answers = answers,
            _ => broken.add(value),
        }
    }
    for view in list::<SavedView>(entry, "views", broken) {
        // What is over the limit was not written by this program.
        notes.add_view(&view.name, view.pose);
    }
    notes.path = CameraPath::from_keys(list::<PathKey>(entry, "path", broken));
    for mut bookmark in list::<Bookmark>(entry, "bookmarks", broken) {
        bookmark.name = clean_name(&bookmark.name);
        notes.insert_bookmark(bookmark);
    }
    Some((key.to_owned(), notes))
}

/// A field that is one of a few words, where it is there.
fn word<T>(
    entry: &Map<String, Value>,
    field: &str,
    parse: fn(&str) -> Option<T>,
    broken: &mut Broken,
) -> Option<T> {
    let value = entry.get(field)?;
    let parsed = value.as_str().and_then(parse);
    if parsed.is_none() {
        broken.add(value);
    }
    parsed
}

/// A field that is a list: those of its values that make sense.
fn list<T: DeserializeOwned>(
    entry: &Map<String, Value>,
    field: &str,
    broken: &mut Broken,
) -> Vec<T> {
    let Some(value) = entry.get(field) else {
        return Vec::new();
    };
    let Some(values) = value.as_array() else {
        broken.add(value);
        return Vec::new();
    };
    let mut parsed = Vec::new();
    for value in values {
        match T::deserialize(value) {
            Ok(item) => parsed.push(item),
            Err(_) => broken.add(value),
        }
    }
    parsed
}

fn entry_of(key: &str, notes: &ClipNotes) -> Value {
    let bookmarks = notes.bookmarks.iter();
    let bookmarks: Vec<Value> = bookmarks
        .map(|bookmark| json!({"time": bookmark.time, "name": bookmark.name}))
        .collect();
    let fields = [
        ("clip", Some(json!(key))),
        ("up", notes.up.map(|up| json!(up.name()))),
        (
            "mode",
            (notes.mode != CameraMode::Orbit).then(|| json!(notes.mode.name())),
        ),
        (
            "network",
            (!notes.answers.is_none()).then(|| json!(notes.answers)),
        ),
        (
            "views",
            (!notes.views.is_empty()).then(|| json!(notes.views)),
        ),
        (
            "path",
            (!notes.path.is_empty()).then(|| json!(notes.path.keys())),
        ),
        (
            "bookmarks",
            (!bookmarks.is_empty()).then(|| json!(bookmarks)),
        ),
    ];
    let fields = fields.into_iter();
    fields
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Map<String, Value>>()
        .into()
}

#[cfg(test)]
mod tests;
