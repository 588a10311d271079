//! The clips that were opened lately: the one place for all that shows them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::storage::Stored;

/// More than fits on the start page.
const KEPT: usize = 40;
/// A path that is longer cannot be opened anyway.
const PATH_MAX_BYTES: usize = 4096;

/// A clip that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Where it is.
    pub path: PathBuf,
    /// Its name for people.
    pub title: String,
    /// Its length in milliseconds, 0 for a single frame.
    pub duration_ms: u64,
}

/// The clips that were opened lately, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recents {
    entries: Vec<Recent>,
}

impl Recents {
    /// All, newest first.
    pub fn entries(&self) -> &[Recent] {
        &self.entries
    }

    /// Puts a clip in front. Gives those that are no longer kept.
    pub fn add(&mut self, recent: Recent) -> Vec<Recent> {
        self.entries.retain(|entry| entry.path != recent.path);
        self.entries.insert(0, recent);
        self.entries.split_off(self.entries.len().min(KEPT))
    }

    /// Forgets a clip.
    pub fn remove(&mut self, path: &Path) {
        self.entries.retain(|entry| entry.path != path);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// The document that holds the poster of a clip.
pub fn poster_name(path: &Path) -> String {
    // FNV-1a: the same in every version, which a hash of the standard library does not promise.
    let hash = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("posters/{hash:016x}.png")
}

impl Stored for Recents {
    const NAME: &'static str = "recents.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let values: Vec<Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let mut recents = Self::default();
        let mut skipped = Vec::new();
        for value in values.into_iter().take(KEPT) {
            match recent_of(&value) {
                Some(recent) if recents.entries.iter().all(|e| e.path != recent.path) => {
                    recents.entries.push(recent);
                }
                Some(_) => {}
                None => skipped.push(shortened(&value)),
            }
        }
        Ok((recents, skipped))
    }

    fn encode(&self) -> Vec<u8> {
        let entries = self.entries.iter().filter_map(|entry| {
            // A path that is no text cannot stand in JSON; it is there until the window closes.
            Some(json!({
                "path": entry.path.to_str()?,
                "title": entry.title,
                "duration_ms": entry.duration_ms,
            }))
        });
        format!("{:#}\n", Value::Array(entries.collect())).into_bytes()
    }
}

fn recent_of(value: &Value) -> Option<Recent> {
    let entry: &Map<String, Value> = value.as_object()?;
    let path = entry.get("path")?.as_str()?;
    if path.is_empty() || path.len() > PATH_MAX_BYTES || path.contains('\0') {
        return None;
    }
    let title = entry.get("title").and_then(Value::as_str);
    let title = title.filter(|title| !title.is_empty() && title.len() <= PATH_MAX_BYTES);
    Some(Recent {
        path: path.into(),
        title: title.unwrap_or(path).to_owned(),
        duration_ms: entry
            .get("duration_ms")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
    })
}

/// A value for a message, not longer than a line.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(name: &str) -> Recent {
        Recent {
            path: name.into(),
            title: name.to_owned(),
            duration_ms: 1500,
        }
    }

    #[test]
    fn the_newest_is_first_and_each_is_there_once() {
        let mut recents = Recents::default();
        for name in ["a", "b", "a", "c"] {
            assert!(recents.add(recent(name)).is_empty());
        }
        let names = |recents: &Recents| {
            let entries = recents.entries().iter();
            entries.map(|entry| entry.title.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&recents), ["c", "a", "b"]);
        let (read, skipped) = Recents::decode(&recents.encode()).expect("recents");
        assert_eq!((&read, skipped.len()), (&recents, 0));
        recents.remove(Path::new("a"));
        assert_eq!(names(&recents), ["c", "b"]);
        recents.clear();
        assert_eq!(recents, Recents::default());
    }

    #[test]
    fn the_oldest_fall_off() {
        let mut recents = Recents::default();
        for number in 0..KEPT {
            assert!(recents.add(recent(&number.to_string())).is_empty());
        }
        assert_eq!(recents.add(recent("one more")), [recent("0")]);
        assert_eq!(recents.entries().len(), KEPT);
    }

    #[test]
    fn a_broken_entry_leaves_the_others_alone() {
        let long = "x".repeat(PATH_MAX_BYTES + 1);
        let fits = "x".repeat(PATH_MAX_BYTES);
        let text = json!([{"path": "a.ply"}, 3, {"path": ""}, {"path": long}, {"path": "a.ply"},
            {"path": fits, "title": 7, "duration_ms": -1}, {"path": "nul\0"}]);
        let (recents, skipped) = Recents::decode(text.to_string().as_bytes()).expect("recents");
        assert_eq!(recents.entries().len(), 2);
        assert_eq!(recents.entries()[0].title, "a.ply");
        assert_eq!(skipped.len(), 4);
        assert!(skipped.iter().all(|text| text.chars().count() <= 61));
        for bad in ["", "{}", "[", "null"] {
            assert!(Recents::decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn posters_have_names_of_their_own() {
        assert_eq!(poster_name(Path::new("")), "posters/cbf29ce484222325.png");
        assert_ne!(poster_name(Path::new("a")), poster_name(Path::new("b")));
    }
}
