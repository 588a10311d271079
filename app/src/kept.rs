//! All documents that the application keeps.

use std::sync::Arc;

use crate::keys::Keymap;
use crate::known_hosts::KnownHosts;
use crate::notes::Notes;
use crate::recents::Recents;
use crate::remembered::Remembered;
use crate::settings::Settings;
use crate::storage::{Document, Storage};
use crate::text::{Language, Text};

/// The documents and where they are.
pub struct Kept {
    /// Where they are.
    pub storage: Arc<dyn Storage>,
    /// What people choose.
    pub settings: Document<Settings>,
    /// Which key does what.
    pub keymap: Document<Keymap>,
    /// The clips opened lately.
    pub recents: Document<Recents>,
    /// What is kept of each clip.
    pub notes: Document<Notes>,
    /// How the window was left.
    pub remembered: Document<Remembered>,
    /// Where links may lead to without asking.
    pub known_hosts: Document<KnownHosts>,
    locale: String,
}

impl Kept {
    /// Reads all. The sentences say what could not be read; nothing stops the start. `locale` is the
    /// system's, like "de-AT".
    pub fn load(storage: Arc<dyn Storage>, locale: String) -> (Self, Vec<String>) {
        let system = Language::of_locale(&locale).text();
        let (settings, mut notices) = Document::<Settings>::load(&*storage, system);
        let text = settings.value.language(&locale).text();
        let (keymap, more) = Document::load(&*storage, text);
        notices.extend(more);
        let (recents, more) = Document::load(&*storage, text);
        notices.extend(more);
        let (notes, more) = Document::load(&*storage, text);
        notices.extend(more);
        let (remembered, more) = Document::load(&*storage, text);
        notices.extend(more);
        let (known_hosts, more) = Document::load(&*storage, text);
        notices.extend(more);
        let kept = Self {
            storage,
            settings,
            keymap,
            recents,
            notes,
            remembered,
            known_hosts,
            locale,
        };
        (kept, notices)
    }

    /// The language of the interface.
    pub fn language(&self) -> Language {
        self.settings.value.language(&self.locale)
    }

    fn text(&self) -> &'static Text {
        self.language().text()
    }

    /// Writes what has changed and rested. Gives the seconds until it has to be called again, and
    /// sentences about what cannot be saved.
    pub fn sync(&mut self, now: f64) -> (Option<f64>, Vec<String>) {
        let (text, storage) = (self.text(), self.storage.clone());
        let results = [
            self.settings.sync(now, &*storage, text),
            self.keymap.sync(now, &*storage, text),
            self.recents.sync(now, &*storage, text),
            self.notes.sync(now, &*storage, text),
            self.remembered.sync(now, &*storage, text),
            self.known_hosts.sync(now, &*storage, text),
        ];
        let mut next: Option<f64> = None;
        let mut notices = Vec::new();
        for (wait, notice) in results {
            next = match (next, wait) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            notices.extend(notice);
        }
        (next, notices)
    }

    /// Writes what has changed at once: the window closes.
    pub fn save(&mut self) {
        let (text, storage) = (self.text(), self.storage.clone());
        let failures = [
            self.settings.save(&*storage, text),
            self.keymap.save(&*storage, text),
            self.recents.save(&*storage, text),
            self.notes.save(&*storage, text),
            self.remembered.save(&*storage, text),
            self.known_hosts.save(&*storage, text),
        ];
        for failure in failures.into_iter().flatten() {
            // There is no window any more to tell it in.
            log::error!("{failure}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MemoryStorage;

    #[test]
    fn every_document_may_be_broken_and_each_is_told_in_the_chosen_language() {
        let storage = Arc::new(MemoryStorage::default());
        for name in [
            "keys.json",
            "recents.json",
            "notes.json",
            "state.json",
            "hosts.json",
        ] {
            storage.write(name, b"\xff{").expect("memory");
        }
        storage
            .write("settings.json", br#"{"language": "de"}"#)
            .expect("memory");
        let (kept, notices) = Kept::load(storage, "en-GB".to_owned());
        assert_eq!(kept.language(), Language::German);
        assert_eq!(notices.len(), 5, "{notices:?}");
        assert!(notices[0].starts_with("keys.json war nicht lesbar"));
        assert_eq!(kept.recents.value, Recents::default());
    }

    #[test]
    fn changes_are_written_once_they_rest() {
        let storage = Arc::new(MemoryStorage::default());
        let (mut kept, notices) = Kept::load(storage.clone(), String::new());
        assert!(notices.is_empty());
        assert_eq!(kept.sync(0.0), (None, Vec::new()));
        kept.settings.value.hints = false;
        kept.remembered.value.on_top = true;
        assert_eq!(kept.sync(1.0).0, Some(0.5));
        assert_eq!(kept.sync(2.0).0, None);
        let (again, _) = Kept::load(storage, String::new());
        assert!(!again.settings.value.hints && again.remembered.value.on_top);
    }
}
