//! Blocks of files on disk, for the next time.
//!
//! A folder for each version of a file holds its pages: up to sixteen blocks of one stretch of
//! 256 KiB, behind a header that names the version and a checksum. A page is written beside its
//! name and renamed, so that it is there whole or not at all; the name says which blocks it has, so
//! that opening a clip lists a folder and reads nothing. Whatever cannot be right is removed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use crate::block_cache::BLOCK_BYTES;

/// Blocks of a page.
pub(crate) const PAGE_BLOCKS: u64 = 16;
/// What a page begins with.
const MAGIC: &[u8; 8] = b"zoepage1";
/// Longest name of a version.
const KEY_BYTES_MAX: usize = 16 << 10;
/// Header beside the name of the version: magic, checksum, length of the name.
const HEADER_BYTES: usize = MAGIC.len() + 4 + 4;
/// Which part of the cap is kept when it is reached, so that not every page makes room for itself.
const KEPT: f64 = 0.9;

/// Which blocks of each page there are, a bit each.
pub(crate) type Pages = HashMap<u64, u16>;

/// The cache.
pub(crate) struct DiskCache {
    folder: PathBuf,
    limit_bytes: u64,
    /// Bytes of all pages; `None` until they were counted. Held while a page is written or removed.
    used_bytes: Mutex<Option<u64>>,
    writing: Mutex<()>,
}

impl DiskCache {
    /// A cache in `folder`, which is made when it is first needed.
    pub(crate) fn new(folder: PathBuf, limit_bytes: u64) -> Self {
        Self {
            folder,
            limit_bytes,
            used_bytes: Mutex::new(None),
            writing: Mutex::new(()),
        }
    }

    /// Waits until nobody else writes.
    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is there of the version called `key`.
    pub(crate) fn pages(&self, key: &str) -> Pages {
        let Ok(entries) = fs::read_dir(self.folder_of(key)) else {
            return Pages::new();
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .filter_map(|name| parse_name(name.to_str()?))
            .collect()
    }

    /// Reads the page; none when it is not there or not what it should be, in which case it is
    /// removed.
    pub(crate) fn load(&self, key: &str, page: u64, len: u64, blocks: u16) -> Vec<(u64, Bytes)> {
        let path = self.path_of(key, page, blocks);
        match read_page(&path, key, page, len, blocks) {
            Some(found) => {
                // So that what is used stays: where that fails, it goes earlier.
                if let Ok(file) = File::options().append(true).open(&path) {
                    let _ = file.set_modified(SystemTime::now());
                }
                found
            }
            None => {
                let mut used = self.lock();
                let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                if fs::remove_file(&path).is_ok()
                    && let Some(used) = &mut *used
                {
                    *used = used.saturating_sub(bytes);
                }
                Vec::new()
            }
        }
    }

    /// Adds blocks to a page that has those of `there`, and returns which it has then.
    pub(crate) fn store(
        &self,
        key: &str,
        page: u64,
        len: u64,
        there: u16,
        blocks: &[(u64, Bytes)],
    ) -> u16 {
        let mut all: Vec<(u64, Bytes)> = match there {
            0 => Vec::new(),
            there => self.load(key, page, len, there),
        };
        for (block, bytes) in blocks {
            if !all.iter().any(|(known, _)| known == block) {
                all.push((*block, bytes.clone()));
            }
        }
        all.sort_by_key(|(block, _)| *block);
        let bits = all
            .iter()
            .fold(0, |bits, (block, _)| bits | 1 << (block % PAGE_BLOCKS));
        let mut used = self.lock();
        if used.is_none() {
            *used = Some(self.count());
        }
        let old_path = self.path_of(key, page, there);
        match self.write(&self.path_of(key, page, bits), key, &all) {
            Ok(written) => {
                let old = if there != 0 && there != bits {
                    let bytes = fs::metadata(&old_path).map_or(0, |metadata| metadata.len());
                    fs::remove_file(&old_path).map_or(0, |()| bytes)
                } else {
                    0
                };
                let total = used
                    .unwrap_or(0)
                    .saturating_add(written)
                    .saturating_sub(old);
                *used = Some(if total > self.limit_bytes {
                    self.make_room()
                } else {
                    total
                });
                bits
            }
            Err(error) => {
                log::debug!("a page is not kept in {}: {error}", self.folder.display());
                there
            }
        }
    }

    fn write(&self, path: &Path, key: &str, blocks: &[(u64, Bytes)]) -> std::io::Result<u64> {
        let mut checksum = crc32fast::Hasher::new();
        for (_, bytes) in blocks {
            checksum.update(bytes);
        }
        let mut page = Vec::new();
        page.extend_from_slice(MAGIC);
        page.extend_from_slice(&checksum.finalize().to_le_bytes());
        page.extend_from_slice(&(key.len() as u32).to_le_bytes());
        page.extend_from_slice(key.as_bytes());
        for (_, bytes) in blocks {
            page.extend_from_slice(bytes);
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Two programs may write the same page at the same time.
        let beside = path.with_extension(format!("{}.part", std::process::id()));
        let written = File::create(&beside)
            .and_then(|mut file| file.write_all(&page))
            .and_then(|()| fs::rename(&beside, path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map(|()| page.len() as u64)
    }

    /// Bytes of all pages.
    fn count(&self) -> u64 {
        self.every_page().iter().map(|(_, bytes, _)| bytes).sum()
    }

    /// Removes the oldest pages until the rest fits again, and returns its bytes.
    fn make_room(&self) -> u64 {
        let mut pages = self.every_page();
        pages.sort_by_key(|(modified, _, _)| *modified);
        let mut total: u64 = pages.iter().map(|(_, bytes, _)| bytes).sum();
        let kept = (self.limit_bytes as f64 * KEPT) as u64;
        for (_, bytes, path) in pages {
            if total <= kept {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total -= bytes;
                // Succeeds for the last page of its folder only.
                let _ = path.parent().map(fs::remove_dir);
            }
        }
        total
    }

    /// Age, bytes and place of every page, and of what a stop half-way left behind.
    fn every_page(&self) -> Vec<(SystemTime, u64, PathBuf)> {
        let folders = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten());
        files
            .flatten()
            .filter_map(|file| {
                let name = file.file_name();
                let name = name.to_str()?;
                if parse_name(name).is_none() && !name.ends_with(".part") {
                    return None;
                }
                let metadata = file.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), file.path()))
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.used_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{:016x}", fnv1a(key.as_bytes())))
    }

    fn path_of(&self, key: &str, page: u64, blocks: u16) -> PathBuf {
        self.folder_of(key)
            .join(format!("{page:x}-{blocks:04x}.page"))
    }
}

/// Page and blocks out of "12f-00ff.page".
fn parse_name(name: &str) -> Option<(u64, u16)> {
    let (page, blocks) = name.strip_suffix(".page")?.split_once('-')?;
    let page = u64::from_str_radix(page, 16).ok()?;
    let blocks = u16::from_str_radix(blocks, 16).ok()?;
    (blocks != 0).then_some((page, blocks))
}

/// The blocks of a page, if everything about it is right.
fn read_page(
    path: &Path,
    key: &str,
    page: u64,
    len: u64,
    blocks: u16,
) -> Option<Vec<(u64, Bytes)>> {
    let numbers = (0..PAGE_BLOCKS).filter(|bit| blocks & 1 << bit != 0);
    let sizes: Vec<(u64, usize)> = numbers
        .map(|bit| {
            let block = page.checked_mul(PAGE_BLOCKS)?.checked_add(bit)?;
            let start = block.checked_mul(BLOCK_BYTES)?;
            let size = len.checked_sub(start)?.min(BLOCK_BYTES);
            (size > 0).then_some((block, size as usize))
        })
        .collect::<Option<_>>()?;
    let content: usize = sizes.iter().map(|(_, size)| size).sum();
    if key.len() > KEY_BYTES_MAX {
        return None;
    }
    let expected = HEADER_BYTES + key.len() + content;
    let mut bytes = Vec::with_capacity(expected + 1);
    let file = File::open(path).ok()?;
    file.take(expected as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    if bytes.len() != expected {
        return None;
    }
    let rest = bytes.strip_prefix(MAGIC)?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let (key_len, rest) = rest.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*key_len) as usize != key.len() {
        return None;
    }
    let content = rest.strip_prefix(key.as_bytes())?;
    if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let mut content = Bytes::copy_from_slice(content);
    Some(
        sizes
            .into_iter()
            .map(|(block, size)| (block, content.split_to(size)))
            .collect(),
    )
}

/// A short name for a long one (Fowler, Noll and Vo); two that share it are told apart inside.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "https://example.org/a.zoe\n\"1\"\n40000";
    const LEN: u64 = 40_000;

    fn cache(folder: &Path, limit_bytes: u64) -> DiskCache {
        DiskCache::new(folder.join("network"), limit_bytes)
    }

    /// A block of the file of [`LEN`] bytes.
    fn block(number: u64) -> (u64, Bytes) {
        let size = (LEN - number * BLOCK_BYTES).min(BLOCK_BYTES);
        (number, Bytes::from(vec![number as u8 + 1; size as usize]))
    }

    #[test]
    fn what_is_stored_is_found_again_and_added_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = cache(folder.path(), 1 << 20);
        assert!(disk.pages(KEY).is_empty());
        let bits = disk.store(KEY, 0, LEN, 0, &[block(2)]);
        assert_eq!(bits, 0b100);
        let bits = disk.store(KEY, 0, LEN, bits, &[block(0), block(2)]);
        assert_eq!(bits, 0b101);
        assert_eq!(disk.pages(KEY), Pages::from([(0, 0b101)]));
        assert_eq!(disk.load(KEY, 0, LEN, bits), [block(0), block(2)]);
        assert!(disk.pages("another").is_empty());
        // A new start counts what is there.
        assert_eq!(cache(folder.path(), 1 << 20).count(), disk.count());
    }

    #[test]
    fn damaged_and_foreign_pages_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = cache(folder.path(), 1 << 20);
        let bits = disk.store(KEY, 0, LEN, 0, &[block(0), block(1)]);
        let path = disk.path_of(KEY, 0, bits);
        let good = fs::read(&path).expect("a page");
        let mut cases = vec![Vec::new(), vec![0; good.len()], [&good[..], b"x"].concat()];
        for cut in [1, HEADER_BYTES, good.len() / 2, good.len() - 1] {
            cases.push(good[..cut].to_vec());
        }
        for place in (0..good.len())
            .step_by(97)
            .chain(0..HEADER_BYTES + KEY.len())
        {
            let mut flipped = good.clone();
            flipped[place] ^= 0x10;
            cases.push(flipped);
        }
        for bad in cases {
            fs::write(&path, &bad).expect("writes");
            assert!(disk.load(KEY, 0, LEN, bits).is_empty());
            assert!(!path.exists());
        }
        // A page of another version, of a shorter file, and names that mean nothing.
        fs::write(&path, &good).expect("writes");
        assert!(disk.load(KEY, 0, 10_000, bits).is_empty());
        fs::write(disk.folder_of(KEY).join("x-1.page"), b"").expect("writes");
        fs::write(disk.folder_of(KEY).join("1-0000.page"), b"").expect("writes");
        assert!(disk.pages(KEY).is_empty());
        let page = u64::MAX;
        fs::write(disk.path_of(KEY, page, 1), &good).expect("writes");
        assert!(disk.load(KEY, page, LEN, 1).is_empty());
    }

    #[test]
    fn the_oldest_make_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let page_bytes = {
            let disk = cache(folder.path(), u64::MAX);
            disk.store("0", 0, LEN, 0, &[block(0)]);
            disk.count()
        };
        // As many as fit, and one more.
        let disk = cache(folder.path(), 10 * page_bytes);
        for number in 1..10 {
            disk.store(&number.to_string(), 0, LEN, 0, &[block(0)]);
        }
        assert_eq!(disk.count(), 10 * page_bytes);
        let old = SystemTime::now() - std::time::Duration::from_secs(1000);
        let file = File::options()
            .append(true)
            .open(disk.path_of("7", 0, 1))
            .expect("a page");
        file.set_modified(old).expect("sets the time");
        disk.store("x", 0, LEN, 0, &[block(0)]);
        assert!(disk.count() <= 9 * page_bytes);
        assert!(!disk.path_of("7", 0, 1).exists());
        assert!(!disk.folder_of("7").exists());
        assert!(disk.path_of("x", 0, 1).exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("network"), b"a file").expect("writes");
        let disk = cache(folder.path(), 1 << 20);
        assert_eq!(disk.store(KEY, 0, LEN, 0, &[block(0)]), 0);
        assert!(disk.load(KEY, 0, LEN, 1).is_empty());
    }
}
