//! Where bytes come from.
//!
//! A [`Source`] is one run of bytes, a [`Folder`] a set of named sources. Files, archives and (later)
//! the network are reached only through these two, so that everything above them runs in a browser
//! and in a test.

mod entry;
#[cfg(not(target_family = "wasm"))]
mod file;
mod memory;
mod sub_folder;
mod zip;

use std::cmp::Ordering;
use std::io;
use std::ops::Range;

pub(crate) use entry::EntrySource;
#[cfg(not(target_family = "wasm"))]
pub use file::{FileFolder, FileSource};
pub use memory::{MemoryFolder, MemorySource};
pub use sub_folder::SubFolder;
pub use zip::ZipFolder;

use crate::{Cancel, Error, Result, Transfer, limits};

/// One run of bytes of known length.
pub trait Source: Send + Sync {
    /// Name for messages, as the user knows it.
    fn name(&self) -> &str;

    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the bytes of `range`, all of them.
    ///
    /// # Errors
    /// When the range is not inside `0..len()`, the system refuses, the bytes changed since the
    /// source was opened, or `cancel` is set.
    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>>;

    /// Says which ranges will be read soon, the most wanted first; replaces what was said before. A
    /// source that is at hand has nothing to do.
    fn prefetch(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }

    /// Whether `range` can be read without waiting for the network.
    fn is_at_hand(&self, range: Range<u64>) -> bool {
        let _ = range;
        true
    }

    /// The latest transfers over the network, oldest first; `None` for a source that lies here.
    fn transfers(&self) -> Option<Vec<Transfer>> {
        None
    }

    /// Opens the one at `path`, relative to where this one lies: a part of the same model.
    ///
    /// # Errors
    /// As [`Folder::open`]; there is none where it is not known what lies beside this one.
    fn beside(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        let _ = cancel;
        Err(not_found("", path))
    }

    /// Reads everything, if it is no longer than `limit_bytes`.
    ///
    /// # Errors
    /// [`crate::Error::Limit`] above the limit, else as [`Source::read`].
    fn read_all(&self, limit_bytes: u64, cancel: &Cancel) -> Result<Vec<u8>> {
        limits::check(self.name(), "bytes", self.len(), limit_bytes)?;
        self.read(0..self.len(), cancel)
    }
}

/// A set of named sources: a folder, an archive, later a base URL.
pub trait Folder: Send + Sync {
    /// Name for messages, as the user knows it.
    fn name(&self) -> &str;

    /// Relative paths ("group0/0.mp4", `/` between parts) of everything in it, sorted in natural
    /// order (2 before 10). `None` where that cannot be known (a web server).
    ///
    /// # Errors
    /// When the system refuses.
    fn list(&self) -> Result<Option<Vec<String>>>;

    /// Opens one by its relative path.
    ///
    /// # Errors
    /// An error for which [`crate::Error::is_not_found`] holds when there is none of that name;
    /// [`crate::Error::Cancelled`] within 100 ms of `cancel`.
    fn open(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>>;

    /// Opens several that will be read whole at once, in the order of `paths`. Where each would wait
    /// for the network, they wait together.
    ///
    /// # Errors
    /// As [`Folder::open`], about the first that cannot be opened.
    fn open_together(&self, paths: &[String], cancel: &Cancel) -> Result<Vec<Box<dyn Source>>> {
        paths.iter().map(|path| self.open(path, cancel)).collect()
    }

    /// Says which will be read whole soon, the most wanted first; replaces what was said before. A
    /// folder that is at hand has nothing to do.
    fn prefetch(&self, paths: &[String]) {
        let _ = paths;
    }

    /// Whether that one can be read without waiting for the network.
    fn is_at_hand(&self, path: &str) -> bool {
        let _ = path;
        true
    }

    /// The latest transfers over the network, oldest first; `None` for a folder that lies here.
    fn transfers(&self) -> Option<Vec<Transfer>> {
        None
    }
}

/// Whether `path` is a relative path that stays inside its folder.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\0')
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The error for a path that [`is_inside`] refuses or that is not there.
fn not_found(folder: &str, path: &str) -> Error {
    Error::io(format!("{folder}/{path}"), &io::ErrorKind::NotFound.into())
}

/// Compares names the way people number files: runs of digits by their value ("2" before "10"),
/// everything else by character.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        match (a_rest.chars().next(), b_rest.chars().next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x_number, x_tail) = split_digits(a_rest);
                let (y_number, y_tail) = split_digits(b_rest);
                // Without leading zeros, the longer run of digits is the larger number.
                let order = x_number
                    .len()
                    .cmp(&y_number.len())
                    .then_with(|| x_number.cmp(y_number));
                if order != Ordering::Equal {
                    return order;
                }
                (a_rest, b_rest) = (x_tail, y_tail);
            }
            (Some(x), Some(y)) if x != y => return x.cmp(&y),
            (Some(x), Some(_)) => {
                (a_rest, b_rest) = (&a_rest[x.len_utf8()..], &b_rest[x.len_utf8()..]);
            }
        }
    }
}

/// The leading run of digits, without its leading zeros, and what follows it.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_counts() {
        let mut names = [
            "group10/0.mp4",
            "group2/10.mp4",
            "group2/9.mp4",
            "a",
            "group02/1.mp4",
        ];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            [
                "a",
                "group02/1.mp4",
                "group2/9.mp4",
                "group2/10.mp4",
                "group10/0.mp4"
            ]
        );
    }
}
