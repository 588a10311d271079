//! A zip archive as a folder (PKWARE APPNOTE 6.3): stored and deflated entries.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use zip::{CompressionMethod, ZipArchive, ZipReadOptions};

use super::{Folder, Source};
use crate::{Cancel, Error, Result, limits};

/// Bytes that are read from the archive at a time.
const BLOCK_BYTES: u64 = 64 << 10;
/// Bytes of an entry that are unpacked between two looks at its length.
const PIECE_BYTES: u64 = 1 << 20;

/// The entries of a zip archive. They are unpacked when they are read, never to disk.
#[derive(Clone)]
pub struct ZipFolder {
    source: Arc<dyn Source>,
    archive: ZipArchive<SourceReader>,
    entries: Arc<BTreeMap<String, Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    index: usize,
    len: u64,
}

impl ZipFolder {
    /// Reads the table of contents of the archive in `source`.
    ///
    /// # Errors
    /// As [`Source::read`]; [`Error::Malformed`] for a damaged archive, [`Error::Limit`] above
    /// [`limits::MAX_FOLDER_ENTRIES`] and [`limits::MAX_ZIP_DIRECTORY_BYTES`].
    pub fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<Self> {
        Self::open_up_to(
            source,
            limits::MAX_FOLDER_ENTRIES,
            limits::MAX_ZIP_DIRECTORY_BYTES,
            cancel,
        )
    }

    fn open_up_to(
        source: Arc<dyn Source>,
        limit_entries: u64,
        limit_directory_bytes: u64,
        cancel: &Cancel,
    ) -> Result<Self> {
        let reader = SourceReader {
            source: source.clone(),
            cancel: cancel.clone(),
            position: 0,
            block: Arc::default(),
            block_start: 0,
            budget_bytes: limit_directory_bytes,
        };
        let archive =
            ZipArchive::new(reader).map_err(|error| damaged(&*source, error.into(), cancel))?;
        limits::check(
            source.name(),
            "entries",
            archive.len() as u64,
            limit_entries,
        )?;
        let mut entries = BTreeMap::new();
        for index in 0..archive.len() {
            let entry = archive
                .by_index_data(index)
                .map_err(|error| damaged(&*source, error.into(), cancel))?;
            // Names that are no text, lead outside or end with "/" (folders) are of no use here.
            let Ok(name) = std::str::from_utf8(entry.name_raw()) else {
                continue;
            };
            // Some tools on Windows write backslashes.
            let name = name.replace('\\', "/");
            if super::is_inside(&name) {
                let len = entry.size();
                entries.insert(name, Entry { index, len });
            }
        }
        Ok(Self {
            source,
            archive,
            entries: Arc::new(entries),
        })
    }
}

impl Folder for ZipFolder {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        let mut paths: Vec<String> = self.entries.keys().cloned().collect();
        paths.sort_by(|a, b| super::natural_order(a, b));
        Ok(Some(paths))
    }

    fn open(&self, path: &str, _: &Cancel) -> Result<Box<dyn Source>> {
        let entry = *self
            .entries
            .get(path)
            .ok_or_else(|| super::not_found(self.name(), path))?;
        Ok(Box::new(ZipSource {
            name: format!("{}/{path}", self.source.name()),
            folder: self.clone(),
            entry,
            unpacked: OnceLock::new(),
        }))
    }
}

/// One entry.
struct ZipSource {
    name: String,
    folder: ZipFolder,
    entry: Entry,
    /// All of it, once something behind its start was asked for: unpacking from the start for each
    /// piece would take time that grows with the square of the length.
    unpacked: OnceLock<Vec<u8>>,
}

impl Source for ZipSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.entry.len
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        cancel.check()?;
        if range.start > range.end || range.end > self.entry.len {
            return Err(Error::malformed(&self.name, "it ends too early"));
        }
        limits::check(
            &self.name,
            "bytes",
            self.entry.len,
            limits::MAX_ZIP_ENTRY_BYTES,
        )?;
        if range.start == 0 && self.unpacked.get().is_none() {
            return self.unpack(range.end, cancel);
        }
        let unpacked = match self.unpacked.get() {
            Some(unpacked) => unpacked,
            None => {
                let unpacked = self.unpack(self.entry.len, cancel)?;
                self.unpacked.get_or_init(|| unpacked)
            }
        };
        // Inside: the range was checked against the length that was unpacked.
        Ok(unpacked[range.start as usize..range.end as usize].to_vec())
    }
}

impl ZipSource {
    /// Unpacks the first `count` bytes.
    fn unpack(&self, count: u64, cancel: &Cancel) -> Result<Vec<u8>> {
        // Cheap: the archive's table of contents is shared.
        let archive = self.folder.archive.clone();
        let mut reader = archive.into_inner();
        reader.cancel = cancel.clone();
        reader.budget_bytes = u64::MAX;
        let metadata = self.folder.archive.metadata();
        let entry = metadata
            .entry(self.entry.index)
            .map_err(|error| damaged(&*self.folder.source, error.into(), cancel))?;
        let method = entry.compression();
        if entry.encrypted()
            || !matches!(
                method,
                CompressionMethod::Stored | CompressionMethod::Deflated
            )
        {
            return Err(Error::unsupported(
                &self.name,
                "it is encrypted or packed in a rare way; zip it again without either",
            ));
        }
        let stored =
            method == CompressionMethod::Stored && entry.compressed_size() == self.entry.len;
        let checksum = entry.crc32();
        let mut unpacked = entry
            .with_reader(&mut reader, ZipReadOptions::new())
            .map_err(|error| self.damaged(error.into(), cancel))?;
        match unpacked.data_start() {
            Some(start) if stored => self.copy(start, count, checksum, cancel),
            _ => self.drain(&mut unpacked, count, cancel),
        }
    }

    /// Reads the first `count` bytes of an entry that lies in the archive as it is, in one piece.
    fn copy(&self, start: u64, count: u64, checksum: u32, cancel: &Cancel) -> Result<Vec<u8>> {
        let end = start.checked_add(count);
        let end = end.ok_or_else(|| Error::malformed(&self.name, "it ends too early"))?;
        let bytes = self.folder.source.read(start..end, cancel)?;
        if count == self.entry.len && crc32fast::hash(&bytes) != checksum {
            return Err(self.damaged(io::Error::other("invalid checksum"), cancel));
        }
        Ok(bytes)
    }

    fn drain(&self, entry: &mut impl Read, count: u64, cancel: &Cancel) -> Result<Vec<u8>> {
        // Grows as bytes arrive: the length that the archive claims costs nothing by itself.
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < count {
            cancel.check()?;
            let piece = (count - bytes.len() as u64).min(PIECE_BYTES);
            let read = entry
                .by_ref()
                .take(piece)
                .read_to_end(&mut bytes)
                .map_err(|error| self.damaged(error, cancel))?;
            if (read as u64) < piece {
                return Err(Error::malformed(&self.name, "it ends too early"));
            }
        }
        if count == self.entry.len {
            // Reading to the end checks the checksum, and that there is no more than was claimed.
            let more = entry
                .read(&mut [0])
                .map_err(|error| self.damaged(error, cancel))?;
            if more > 0 {
                return Err(Error::malformed(
                    &self.name,
                    "it is longer than the archive says",
                ));
            }
        }
        Ok(bytes)
    }

    fn damaged(&self, error: io::Error, cancel: &Cancel) -> Error {
        if cancel.is_cancelled() {
            return Error::Cancelled;
        }
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::malformed(
                &self.name,
                format!("it cannot be unpacked ({error}); copy the archive again"),
            ),
        }
    }
}

/// The error about a whole archive.
fn damaged(source: &dyn Source, error: io::Error, cancel: &Cancel) -> Error {
    // What reads archives puts what stopped it into words of its own.
    if cancel.is_cancelled() {
        return Error::Cancelled;
    }
    match error.downcast::<Error>() {
        Ok(error) => error,
        // What is missing of it is of no use to anybody who is no programmer.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Error::malformed(source.name(), "it is no whole zip archive; copy it again")
        }
        Err(error) => Error::malformed(
            source.name(),
            format!("it cannot be read as a zip archive ({error}); copy it again"),
        ),
    }
}

/// A source as the standard library's reader, with one block of it at hand.
#[derive(Clone)]
struct SourceReader {
    source: Arc<dyn Source>,
    cancel: Cancel,
    position: u64,
    block: Arc<[u8]>,
    block_start: u64,
    /// Bytes that may still be handed out: bounds the table of contents.
    budget_bytes: u64,
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.source.len() {
            return Ok(0);
        }
        let inside = self.position.checked_sub(self.block_start);
        if inside.is_none_or(|inside| inside >= self.block.len() as u64) {
            let end = (self.position + BLOCK_BYTES).min(self.source.len());
            self.block = self
                .source
                .read(self.position..end, &self.cancel)
                .map_err(io::Error::other)?
                .into();
            self.block_start = self.position;
        }
        let at = (self.position - self.block_start) as usize;
        let bytes = self.block.get(at..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.position += count as u64;
        self.budget_bytes = self.budget_bytes.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(Error::unsupported(
                self.source.name(),
                "the table of contents of this zip archive is far too long",
            ))
        })?;
        Ok(count)
    }
}

impl Seek for SourceReader {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let target = match position {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.source.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::source::MemorySource;

    fn archive(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in files {
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(*path, options).expect("starts");
            writer.write_all(bytes).expect("writes");
        }
        writer.finish().expect("finishes").into_inner()
    }

    fn open(bytes: Vec<u8>) -> ZipFolder {
        let source = Arc::new(MemorySource::new("a.zip", bytes));
        ZipFolder::open(source, &Cancel::new()).expect("opens")
    }

    #[test]
    fn ranges_of_stored_and_deflated_entries() {
        let content: Vec<u8> = (0..100_000_u32).map(|k| (k / 7) as u8).collect();
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let folder = open(archive(method, &[("b/2.bin", &content), ("b/10.bin", b"")]));
            let paths = folder.list().expect("lists").expect("knows");
            assert_eq!(paths, ["b/2.bin", "b/10.bin"]);
            let entry = folder.open("b/2.bin", &Cancel::new()).expect("is there");
            let cancel = Cancel::new();
            for range in [0..10, 50_000..70_000, 99_999..100_000, 0..100_000, 3..3] {
                let read = entry.read(range.clone(), &cancel).expect("reads");
                assert_eq!(read, content[range.start as usize..range.end as usize]);
            }
            assert!(entry.read(5..100_001, &cancel).is_err());
            assert!(
                folder
                    .open("b/10.bin", &Cancel::new())
                    .expect("is there")
                    .is_empty()
            );
            assert!(
                folder
                    .open("b", &Cancel::new())
                    .map(|_| ())
                    .expect_err("is a folder")
                    .is_not_found()
            );
            cancel.cancel();
            assert!(matches!(entry.read(0..10, &cancel), Err(Error::Cancelled)));
        }
    }

    #[test]
    fn names_that_lead_outside_are_left_out() {
        let names = ["a\\b.txt", "../c", "/d", "e/../f", "g//h", "ok/i"];
        let files = names.map(|name| (name, &b"x"[..]));
        let folder = open(archive(CompressionMethod::Stored, &files));
        let paths = folder.list().expect("lists").expect("knows");
        assert_eq!(paths, ["a/b.txt", "ok/i"]);
        let entry = folder.open("a/b.txt", &Cancel::new()).expect("is there");
        assert_eq!(entry.read_all(1, &Cancel::new()).expect("reads"), b"x");
    }

    #[test]
    fn an_entry_that_is_not_as_long_as_claimed_or_changed_is_told() {
        let content = [7; 5000];
        let good = archive(CompressionMethod::Deflated, &[("x", &content)]);
        // The length in the table of contents: 24 bytes after its signature.
        let table = good
            .windows(4)
            .position(|w| w == b"PK\x01\x02")
            .expect("has one");
        for claimed in [4999_u32, 5001, 3_000_000_000] {
            let mut bad = good.clone();
            bad[table + 24..table + 28].copy_from_slice(&claimed.to_le_bytes());
            let entry = open(bad).open("x", &Cancel::new()).expect("is there");
            assert!(
                entry.read_all(u64::MAX, &Cancel::new()).is_err(),
                "{claimed}"
            );
        }
        let stored = archive(CompressionMethod::Stored, &[("x", &content)]);
        let at = stored
            .windows(9)
            .position(|w| w == [7; 9])
            .expect("is stored");
        let mut bad = stored;
        bad[at] = 8;
        let entry = open(bad).open("x", &Cancel::new()).expect("is there");
        let message = entry
            .read_all(9999, &Cancel::new())
            .expect_err("is damaged")
            .to_string();
        assert!(message.contains("a.zip/x is damaged"), "{message}");
    }

    #[test]
    fn the_claimed_length_is_capped() {
        let good = archive(CompressionMethod::Stored, &[("x", b"12345")]);
        let table = good
            .windows(4)
            .position(|w| w == b"PK\x01\x02")
            .expect("has one");
        for (claimed, is_limit) in [(2_u32 << 30, false), ((2 << 30) + 1, true)] {
            let mut bad = good.clone();
            bad[table + 24..table + 28].copy_from_slice(&claimed.to_le_bytes());
            let entry = open(bad).open("x", &Cancel::new()).expect("is there");
            let error = entry
                .read(0..u64::from(claimed), &Cancel::new())
                .expect_err("lies");
            assert_eq!(matches!(error, Error::Limit { .. }), is_limit, "{error}");
        }
        assert_eq!(limits::MAX_ZIP_ENTRY_BYTES, 2 << 30);
    }

    #[test]
    fn entries_and_their_table_are_capped() {
        let files: Vec<(String, &[u8])> = (0..50).map(|k| (format!("{k}"), &b""[..])).collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(k, b)| (&**k, *b)).collect();
        let bytes: Arc<[u8]> = archive(CompressionMethod::Stored, &files).into();
        let open = |entries, directory| {
            let source = Arc::new(MemorySource::new("a.zip", bytes.clone()));
            ZipFolder::open_up_to(source, entries, directory, &Cancel::new()).map(|_| ())
        };
        open(50, 1 << 20).expect("is within both");
        assert!(matches!(open(49, 1 << 20), Err(Error::Limit { .. })));
        // The smallest budget that does, and one byte less.
        let enough = (1..1 << 20).find(|budget| open(50, *budget).is_ok());
        let enough = enough.expect("a mebibyte is enough");
        assert!(enough > 50 * 46, "each entry takes 46 bytes at least");
        let message = open(50, enough - 1).expect_err("is too little").to_string();
        assert!(message.contains("far too long"), "{message}");
    }
}
