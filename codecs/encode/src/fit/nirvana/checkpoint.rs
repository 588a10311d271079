//! What a stopped fit of many networks goes on from.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zoetrope_codecs::neural::LatentScale;

use super::groups::Groups;
use super::plan::Kind;
use crate::Result;
use crate::fit::checkpoint::{put_moments, replace, sealed, take, take_moments, unsealed};
use crate::fit::engine::{Moments, State};

/// What the file begins with.
const MAGIC: [u8; 8] = *b"ZOEFIT\x00\x02";

/// What a checkpoint must be of to be gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Of the options.
    pub(super) fingerprint: u64,
    /// Of a network.
    pub(super) parameters: usize,
}

/// A fit in the middle.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// Seconds that it took so far.
    pub(super) seconds: f64,
    /// Steps of all networks.
    pub(super) steps: u64,
    /// Fingerprints of the pictures of each network that was looked at.
    pub(super) pictures: Vec<u64>,
    /// PSNR of each frame whose network is finished.
    pub(super) psnr: Vec<f64>,
    /// Mean PSNR of the last network that began anew.
    pub(super) reached: Option<f64>,
    /// The finished networks.
    pub(super) groups: Groups,
    /// The one that is fitted.
    pub(super) current: Current,
}

/// The network that is fitted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Current {
    /// How it began; `None` until its pictures were looked at.
    pub(super) kind: Option<Kind>,
    /// Its next step. Some may be left out.
    pub(super) position: u64,
    /// Once it sees the numbers that are written.
    pub(super) scales: Option<Vec<[LatentScale; 2]>>,
    /// Its numbers.
    pub(super) state: State,
}

impl Current {
    /// At the start, with these parameters.
    pub(super) fn new(parameters: Vec<f32>) -> Self {
        Self {
            kind: None,
            position: 0,
            scales: None,
            state: State {
                steps: 0,
                parameters: Moments::new(parameters, 1),
                embeddings: Moments::default(),
            },
        }
    }
}

impl Progress {
    /// Writes it beside its name and renames it: there is always a whole one.
    ///
    /// # Errors
    /// [`PackError::Write`](crate::PackError::Write).
    pub(super) fn write(&self, path: &Path, identity: Identity) -> Result<()> {
        replace(path, &self.bytes(identity)?)
    }

    fn bytes(&self, identity: Identity) -> Result<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(identity.fingerprint.to_le_bytes());
        bytes.extend(self.seconds.to_le_bytes());
        bytes.extend(self.steps.to_le_bytes());
        put_count(&mut bytes, self.pictures.len());
        bytes.extend(self.pictures.iter().flat_map(|own| own.to_le_bytes()));
        put_count(&mut bytes, self.psnr.len());
        bytes.extend(self.psnr.iter().flat_map(|psnr| psnr.to_le_bytes()));
        bytes.extend(self.reached.unwrap_or(f64::NAN).to_le_bytes());
        let groups = self.groups.samples()?;
        put_count(&mut bytes, groups.len());
        for (frames, samples) in groups {
            put_count(&mut bytes, frames);
            put_count(&mut bytes, samples.len());
            for sample in samples {
                put_count(&mut bytes, sample.len());
                bytes.extend(sample);
            }
        }
        let Current {
            kind,
            position,
            scales,
            state,
        } = &self.current;
        bytes.push(match kind {
            None => 0,
            Some(Kind::Anew) => 1,
            Some(Kind::Next) => 2,
        });
        bytes.extend(position.to_le_bytes());
        let scales = scales.iter().flatten().flatten();
        put_count(&mut bytes, scales.clone().count());
        bytes.extend(scales.flat_map(|scale| {
            let both = [scale.offset, scale.step].into_iter();
            both.flat_map(f32::to_le_bytes)
        }));
        bytes.extend(state.steps.to_le_bytes());
        put_moments(&mut bytes, &state.parameters);
        Ok(sealed(bytes))
    }

    /// Reads the one of a fit; `None` where there is none, or it is another fit's or damaged. `groups` is how it began.
    pub(super) fn read(path: &Path, identity: Identity, groups: Groups) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        Self::parse(&bytes, identity, groups)
    }

    fn parse(bytes: &[u8], identity: Identity, groups: Groups) -> Option<Self> {
        let mut rest = unsealed(bytes)?.strip_prefix(&MAGIC)?;
        let rest = &mut rest;
        if u64::from_le_bytes(take(rest)?) != identity.fingerprint {
            return None;
        }
        let seconds = f64::from_le_bytes(take(rest)?);
        let steps = u64::from_le_bytes(take(rest)?);
        let pictures = words(rest)?.into_iter().map(u64::from_le_bytes).collect();
        let psnr = words(rest)?.into_iter().map(f64::from_le_bytes).collect();
        let reached = Some(f64::from_le_bytes(take(rest)?)).filter(|psnr| !psnr.is_nan());
        let mut known = Vec::new();
        for _ in 0..take_count(rest)? {
            let frames = take_count(rest)?;
            let mut samples = Vec::new();
            for _ in 0..take_count(rest)? {
                let length = take_count(rest)?;
                let (sample, after) = rest.split_at_checked(length)?;
                *rest = after;
                samples.push(sample.to_vec());
            }
            known.push((frames, samples));
        }
        let kind = match take(rest)? {
            [0] => None,
            [1] => Some(Kind::Anew),
            [2] => Some(Kind::Next),
            _ => return None,
        };
        let position = u64::from_le_bytes(take(rest)?);
        let scales: Vec<LatentScale> = words::<8>(rest)?
            .into_iter()
            .map(|[a, b, c, d, e, f, g, h]| LatentScale {
                offset: f32::from_le_bytes([a, b, c, d]),
                step: f32::from_le_bytes([e, f, g, h]),
            })
            .collect();
        let steps_of_network = u64::from_le_bytes(take(rest)?);
        let parameters = take_moments(rest)?;
        if !rest.is_empty() || parameters.values.len() != identity.parameters {
            return None;
        }
        Some(Self {
            seconds,
            steps,
            pictures,
            psnr,
            reached,
            groups: groups.with_samples(known)?,
            current: Current {
                kind,
                position,
                scales: Some(scales.as_chunks().0.to_vec()).filter(|scales| !scales.is_empty()),
                state: State {
                    steps: steps_of_network,
                    parameters,
                    embeddings: Moments::default(),
                },
            },
        })
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend((count as u64).to_le_bytes());
}

fn take_count(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(take(rest)?)).ok()
}

/// Words of `N` bytes behind their number.
fn words<const N: usize>(rest: &mut &[u8]) -> Option<Vec<[u8; N]>> {
    let length = take_count(rest)?.checked_mul(N)?;
    let (words, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(words.as_chunks::<N>().0.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::nirvana::plan::shape_for;
    use zoetrope_codecs::neural::Crop;

    #[test]
    fn comes_back_whole_or_not_at_all() {
        let (grid, shape) = shape_for([8, 8]).expect("there is one");
        let crop = Crop {
            start: [0; 2],
            size: [8, 8],
        };
        let begun = Groups::new(grid, shape.architecture().clone(), crop);
        let parameters = shape.parameters();
        let identity = Identity {
            fingerprint: 99,
            parameters,
        };
        let scale = LatentScale {
            offset: 0.0,
            step: 0.25,
        };
        let scales = vec![[scale; 2]; shape.layers().len()];
        let mut groups = begun.clone();
        for network in 0..18_i32 {
            let integers = (0..parameters as i32).map(|k| k % 7 - network % 3);
            groups
                .push(false, &scales, integers.collect(), 8)
                .expect("fits");
        }
        let mut current = Current::new(vec![0.5; parameters]);
        current.state.parameters.first[3] = 0.25;
        current.state.parameters.counts[0] = 7;
        current.position = 12;
        current.kind = Some(Kind::Anew);
        current.scales = Some(scales);
        let progress = Progress {
            seconds: 1.5,
            steps: 30,
            pictures: vec![5, 6],
            psnr: vec![30.0, 31.0],
            reached: Some(30.5),
            groups,
            current,
        };
        let folder = tempfile::tempdir().expect("is made");
        let path = folder.path().join("a.zoe.fit");
        assert!(Progress::read(&path, identity, begun.clone()).is_none());
        progress.write(&path, identity).expect("is written");
        let again = Progress::read(&path, identity, begun.clone()).expect("is there");
        assert_eq!(again.current, progress.current);
        assert_eq!((again.steps, again.reached), (30, Some(30.5)));
        assert_eq!(again.pictures, progress.pictures);
        assert_eq!(again.psnr, progress.psnr);
        let both = [again.groups, progress.groups.clone()];
        let [read, known] = both.map(|groups| groups.finish().expect("fits"));
        assert_eq!(read, known);
        assert_eq!(known.len(), 2);
        let others = [
            Identity {
                fingerprint: 98,
                parameters,
            },
            Identity {
                fingerprint: 99,
                parameters: parameters + 1,
            },
        ];
        for other in others {
            assert!(Progress::read(&path, other, begun.clone()).is_none());
        }
        let bytes = progress.bytes(identity).expect("fits");
        for end in (0..bytes.len()).step_by(101) {
            assert!(Progress::parse(&bytes[..end], identity, begun.clone()).is_none());
            let mut flipped = bytes.clone();
            flipped[end] ^= 4;
            assert!(Progress::parse(&flipped, identity, begun.clone()).is_none());
        }
    }
}
