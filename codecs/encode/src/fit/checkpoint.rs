//! What a stopped fit goes on from.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::engine::{Moments, State};
use super::rounding::SymbolRounding;
use crate::{PackError, Result};

/// What the file begins with.
const MAGIC: [u8; 8] = *b"ZOEFIT\x00\x01";

/// A fit in the middle.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    /// Of the video and the options; another fit does not go on from here.
    pub(crate) fingerprint: u64,
    /// Where it is.
    pub(crate) state: State,
    /// Once steps see the numbers that are written.
    pub(crate) rounding: Option<SymbolRounding>,
    /// Seconds that it took so far.
    pub(crate) seconds: f64,
}

/// What a fingerprint begins with (FNV-1a).
pub(super) const FINGERPRINT_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Where the checkpoint of a fit to `target` lies. `None` for what is no name of a file.
pub fn checkpoint_path(target: &Path) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(".fit");
    Some(target.with_file_name(name))
}

/// Where [`Fit::run`](super::Fit::run) writes a checkpoint until it is complete.
pub fn unfinished_checkpoint_path(checkpoint: &Path) -> PathBuf {
    let mut name = checkpoint.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

impl Checkpoint {
    /// Writes it beside its name and renames it: there is always a whole one.
    ///
    /// # Errors
    /// [`PackError::Write`].
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        replace(path, &self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.fingerprint.to_le_bytes());
        bytes.extend(self.seconds.to_le_bytes());
        bytes.extend(self.state.steps.to_le_bytes());
        for moments in [&self.state.parameters, &self.state.embeddings] {
            put_moments(&mut bytes, moments);
        }
        let axes = self.rounding.as_ref().map_or(&[][..], SymbolRounding::axes);
        bytes.push(self.rounding.as_ref().map_or(0, SymbolRounding::bits));
        bytes.extend((axes.len() as u64).to_le_bytes());
        bytes.extend(axes.as_flattened());
        sealed(bytes)
    }

    /// Reads the one of a fit; `None` where there is none, or it is another fit's or damaged.
    pub(crate) fn read(path: &Path, fingerprint: u64) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        Self::parse(&bytes).filter(|checkpoint| checkpoint.fingerprint == fingerprint)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = unsealed(bytes)?.strip_prefix(&MAGIC)?;
        let fingerprint = u64::from_le_bytes(take(&mut rest)?);
        let seconds = f64::from_le_bytes(take(&mut rest)?);
        let steps = u64::from_le_bytes(take(&mut rest)?);
        let parameters = take_moments(&mut rest)?;
        let embeddings = take_moments(&mut rest)?;
        let [bits] = take(&mut rest)?;
        let count = usize::try_from(u64::from_le_bytes(take(&mut rest)?)).ok()?;
        let (axes, after) = rest.split_at_checked(count.checked_mul(2)?)?;
        let rounding =
            (bits > 0).then(|| SymbolRounding::new(bits, axes.as_chunks::<2>().0.to_vec()));
        after.is_empty().then_some(Self {
            fingerprint,
            state: State {
                steps,
                parameters,
                embeddings,
            },
            rounding,
            seconds,
        })
    }
}

/// Writes a file beside its name and renames it: there is always a whole one.
///
/// # Errors
/// [`PackError::Write`].
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = unfinished_checkpoint_path(path);
    fs::write(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|error| {
            // That it is gone already is what is wanted.
            let _ = fs::remove_file(&unfinished);
            PackError::write(path, &error)
        })
}

/// Goes on with a fingerprint over a text (FNV-1a).
pub(super) fn fingerprint(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Adds a checksum.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// What is in front of the checksum; `None` for damage.
pub(super) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*sum)).then_some(bytes)
}

pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

pub(super) fn put_moments(bytes: &mut Vec<u8>, moments: &Moments) {
    bytes.extend((moments.values.len() as u64).to_le_bytes());
    bytes.extend((moments.counts.len() as u64).to_le_bytes());
    for numbers in [&moments.values, &moments.first, &moments.second] {
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    bytes.extend(moments.counts.iter().flat_map(|count| count.to_le_bytes()));
}

pub(super) fn take_moments(rest: &mut &[u8]) -> Option<Moments> {
    let mut count = || usize::try_from(u64::from_le_bytes(take(rest)?)).ok();
    let (values, counts) = (count()?, count()?);
    let mut words = |count: usize| {
        let (words, after) = rest.split_at_checked(count.checked_mul(4)?)?;
        *rest = after;
        Some(words.as_chunks::<4>().0)
    };
    let mut numbers = || {
        let words = words(values)?.iter();
        Some(words.map(|word| f32::from_le_bytes(*word)).collect())
    };
    let (values, first, second) = (numbers()?, numbers()?, numbers()?);
    let counts = words(counts)?.iter();
    Some(Moments {
        values,
        first,
        second,
        counts: counts.map(|word| u32::from_le_bytes(*word)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_whole_or_not_at_all() {
        let mut parameters = Moments::new(vec![1.0, -2.5, f32::MIN_POSITIVE], 1);
        parameters.first[1] = 0.25;
        parameters.counts[0] = 7;
        let checkpoint = Checkpoint {
            fingerprint: 99,
            state: State {
                steps: 12,
                parameters,
                embeddings: Moments::new(vec![0.5; 6], 3),
            },
            rounding: Some(SymbolRounding::new(6, vec![[1, 0], [2, 1]])),
            seconds: 1.5,
        };
        let folder = tempfile::tempdir().expect("is made");
        let target = folder.path().join("a.zoe");
        let path = checkpoint_path(&target).expect("has a name");
        assert_eq!(path, folder.path().join("a.zoe.fit"));
        assert_eq!(Checkpoint::read(&path, 99), None);
        checkpoint.write(&path).expect("is written");
        checkpoint.write(&path).expect("is replaced");
        assert_eq!(Checkpoint::read(&path, 99), Some(checkpoint.clone()));
        assert_eq!(Checkpoint::read(&path, 98), None);
        let bytes = checkpoint.bytes();
        for end in 0..bytes.len() {
            assert_eq!(Checkpoint::parse(&bytes[..end]), None);
            let mut flipped = bytes.clone();
            flipped[end] ^= 4;
            assert_eq!(Checkpoint::parse(&flipped), None);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("is there").count(), 1);
        fs::remove_file(&path).expect("was there");
        assert_eq!(Checkpoint::read(&path, 99), None);
    }
}
