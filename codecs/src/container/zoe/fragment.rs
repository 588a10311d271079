//! Movie fragments (ISO/IEC 14496-12, 8.8): a `moof` that describes samples, and the `mdat` with them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::boxes::{
    Fields, Found, Parse, boxes, need, put_u32, put_u64, write_box, write_full_box,
};
use crate::limits;

/// Flags of a sample that can be decoded on its own (8.8.3.1): it depends on no other.
pub(super) const SYNC_SAMPLE: u32 = 0x0200_0000;
/// Flags of a sample that needs others: it depends on them, and is no sync sample.
pub(super) const DEPENDENT_SAMPLE: u32 = 0x0101_0000;

/// Flags of `tfhd`.
const BASE_DATA_OFFSET: u32 = 0x1;
const DESCRIPTION_INDEX: u32 = 0x2;
const DEFAULT_DURATION: u32 = 0x8;
const DEFAULT_SIZE: u32 = 0x10;
const BASE_IS_MOOF: u32 = 0x2_0000;
/// Flags of `trun`.
const DATA_OFFSET: u32 = 0x1;
const FIRST_FLAGS: u32 = 0x4;
const DURATIONS: u32 = 0x100;
const SIZES: u32 = 0x200;
const FLAGS: u32 = 0x400;
const COMPOSITION_OFFSETS: u32 = 0x800;

/// Samples of one track in one fragment, on their way out.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) track: u32,
    /// Sample entry, counted from 1.
    pub(super) entry: u32,
    /// Decoding time of the first sample, in ticks of the track.
    pub(super) decode_time: u64,
    /// Duration that the track has for samples without one of their own.
    pub(super) default_duration: u32,
    /// Whether the first sample alone is a sync sample; else the track's default holds.
    pub(super) first_is_sync: bool,
    pub(super) samples: Vec<Sample<'a>>,
}

/// A sample, on its way in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample<'a> {
    /// In ticks of the track.
    pub(super) duration: u32,
    /// From its decoding time to its presentation.
    pub(super) composition_offset: i32,
    pub(super) bytes: &'a [u8],
}

/// Writes a fragment of `runs` and returns its length in bytes, which the caller has kept below
/// [`limits::MAX_GROUP_BYTES`].
pub(super) fn write_fragment(
    out: &mut dyn Write,
    sequence: u32,
    runs: &[Run<'_>],
) -> io::Result<u64> {
    let mut head = Vec::new();
    let mut data_offsets = Vec::with_capacity(runs.len());
    write_box(&mut head, b"moof", |out| {
        write_full_box(out, b"mfhd", 0, 0, |out| put_u32(out, sequence));
        for run in runs {
            write_box(out, b"traf", |out| {
                data_offsets.push(write_track_fragment(out, run));
            });
        }
    });
    let payload: usize = runs
        .iter()
        .flat_map(|run| &run.samples)
        .map(|sample| sample.bytes.len())
        .sum();
    // The samples begin behind the head of `mdat`.
    let mut offset = head.len() + 8;
    for (run, place) in runs.iter().zip(data_offsets) {
        let value = u32::try_from(offset).unwrap_or(u32::MAX);
        head[place..place + 4].copy_from_slice(&value.to_be_bytes());
        offset += run.samples.iter().map(|s| s.bytes.len()).sum::<usize>();
    }
    put_u32(&mut head, u32::try_from(payload + 8).unwrap_or(u32::MAX));
    head.extend(b"mdat");
    out.write_all(&head)?;
    for sample in runs.iter().flat_map(|run| &run.samples) {
        out.write_all(sample.bytes)?;
    }
    Ok((head.len() + payload) as u64)
}

/// Writes the content of a `traf`; returns where the data offset of its `trun` must go.
fn write_track_fragment(out: &mut Vec<u8>, run: &Run<'_>) -> usize {
    let flags = BASE_IS_MOOF | DESCRIPTION_INDEX;
    write_full_box(out, b"tfhd", 0, flags, |out| {
        put_u32(out, run.track);
        put_u32(out, run.entry);
    });
    write_full_box(out, b"tfdt", 1, 0, |out| put_u64(out, run.decode_time));
    let samples = &run.samples;
    let durations = samples.iter().any(|s| s.duration != run.default_duration);
    let offsets = samples.iter().any(|s| s.composition_offset != 0);
    let mut flags = DATA_OFFSET | SIZES;
    for (flag, present) in [
        (FIRST_FLAGS, run.first_is_sync),
        (DURATIONS, durations),
        (COMPOSITION_OFFSETS, offsets),
    ] {
        flags |= if present { flag } else { 0 };
    }
    let mut place = 0;
    write_full_box(out, b"trun", 1, flags, |out| {
        put_u32(out, u32::try_from(samples.len()).unwrap_or(u32::MAX));
        place = out.len();
        put_u32(out, 0);
        if run.first_is_sync {
            put_u32(out, SYNC_SAMPLE);
        }
        for sample in samples {
            if durations {
                put_u32(out, sample.duration);
            }
            put_u32(out, u32::try_from(sample.bytes.len()).unwrap_or(u32::MAX));
            if offsets {
                out.extend(sample.composition_offset.to_be_bytes());
            }
        }
    });
    place
}

/// What a track has for samples that say nothing of their own (`trex`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TrackDefaults {
    pub(super) entry: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
}

/// Samples of one track in one fragment, as they were read.
#[derive(Debug)]
pub(super) struct ReadRun<'a> {
    pub(super) track: u32,
    /// Sample entry, counted from 1.
    pub(super) entry: u32,
    /// Decoding time of the first sample, in ticks of the track.
    pub(super) decode_time: u64,
    pub(super) samples: Vec<Sample<'a>>,
}

/// Reads the fragments of which `bytes` consists. Boxes and tracks that are not known are skipped.
pub(super) fn read_fragments<'a>(
    bytes: &'a [u8],
    tracks: &BTreeMap<u32, TrackDefaults>,
) -> Parse<Vec<ReadRun<'a>>> {
    let mut reader = FragmentReader {
        bytes,
        tracks,
        runs: Vec::new(),
        samples_left: limits::MAX_GROUP_SAMPLES,
        bytes_left: bytes.len(),
    };
    for found in boxes(bytes) {
        let found = found?;
        if found.kind == *b"moof" {
            reader.movie_fragment(found)?;
        }
    }
    Ok(reader.runs)
}

struct FragmentReader<'a, 't> {
    bytes: &'a [u8],
    tracks: &'t BTreeMap<u32, TrackDefaults>,
    runs: Vec<ReadRun<'a>>,
    samples_left: u64,
    /// Samples may not share bytes: else a small file could ask for any amount of memory.
    bytes_left: usize,
}

impl<'a> FragmentReader<'a, '_> {
    fn movie_fragment(&mut self, moof: Found<'a>) -> Parse<()> {
        for found in boxes(moof.content) {
            let found = found?;
            if found.kind == *b"traf" {
                self.track_fragment(moof.start, found.content)?;
            }
        }
        Ok(())
    }

    fn track_fragment(&mut self, moof_start: usize, traf: &'a [u8]) -> Parse<()> {
        let mut fields = Fields::new(need(traf, b"tfhd")?);
        let (_, flags) = fields.version_and_flags()?;
        let track = fields.u32()?;
        let Some(&(mut defaults)) = self.tracks.get(&track) else {
            return Ok(());
        };
        if flags & BASE_DATA_OFFSET != 0 || flags & BASE_IS_MOOF == 0 {
            return Err("its samples are placed in the file and not in their group".to_owned());
        }
        for (flag, value) in [
            (DESCRIPTION_INDEX, &mut defaults.entry),
            (DEFAULT_DURATION, &mut defaults.duration),
            (DEFAULT_SIZE, &mut defaults.size),
        ] {
            if flags & flag != 0 {
                *value = fields.u32()?;
            }
        }
        let mut fields = Fields::new(need(traf, b"tfdt")?);
        let (version, _) = fields.version_and_flags()?;
        let mut run = ReadRun {
            track,
            entry: defaults.entry,
            decode_time: fields.long(version)?,
            samples: Vec::new(),
        };
        let mut next_byte = None;
        for found in boxes(traf) {
            let found = found?;
            if found.kind == *b"trun" {
                let start = next_byte.unwrap_or(moof_start);
                next_byte =
                    Some(self.track_run(moof_start, start, found.content, defaults, &mut run)?);
            }
        }
        self.runs.push(run);
        Ok(())
    }

    /// Reads one `trun`, whose samples begin at `start` unless it says something else; returns where
    /// they end.
    fn track_run(
        &mut self,
        moof_start: usize,
        start: usize,
        trun: &'a [u8],
        defaults: TrackDefaults,
        run: &mut ReadRun<'a>,
    ) -> Parse<usize> {
        let outside = || "a sample lies outside its group".to_owned();
        let mut fields = Fields::new(trun);
        let (version, flags) = fields.version_and_flags()?;
        let count = fields.u32()?;
        self.samples_left = self
            .samples_left
            .checked_sub(u64::from(count))
            .ok_or_else(|| format!("it has more than {} samples", limits::MAX_GROUP_SAMPLES))?;
        let mut at = start;
        if flags & DATA_OFFSET != 0 {
            let offset = fields.u32()?.cast_signed();
            at = moof_start
                .checked_add_signed(offset as isize)
                .ok_or_else(outside)?;
        }
        if flags & FIRST_FLAGS != 0 {
            fields.u32()?;
        }
        for _ in 0..count {
            let duration = match flags & DURATIONS {
                0 => defaults.duration,
                _ => fields.u32()?,
            };
            let size = match flags & SIZES {
                0 => defaults.size,
                _ => fields.u32()?,
            } as usize;
            if flags & FLAGS != 0 {
                fields.u32()?;
            }
            let composition_offset = match flags & COMPOSITION_OFFSETS {
                0 => 0,
                _ => fields.u32()?.cast_signed(),
            };
            if version == 0 && composition_offset < 0 {
                return Err("a sample is presented too late".to_owned());
            }
            self.bytes_left = self.bytes_left.checked_sub(size).ok_or_else(outside)?;
            let end = at.checked_add(size).ok_or_else(outside)?;
            run.samples.push(Sample {
                duration,
                composition_offset,
                bytes: self.bytes.get(at..end).ok_or_else(outside)?,
            });
            at = end;
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(duration: u32, composition_offset: i32, bytes: &[u8]) -> Sample<'_> {
        Sample {
            duration,
            composition_offset,
            bytes,
        }
    }

    fn tracks() -> BTreeMap<u32, TrackDefaults> {
        let defaults = TrackDefaults {
            entry: 1,
            duration: 10,
            size: 0,
        };
        BTreeMap::from([(1, defaults), (2, defaults)])
    }

    #[test]
    fn what_is_written_is_read() {
        let video = vec![
            sample(10, 0, b"key"),
            sample(10, 20, b"b"),
            sample(10, -10, b""),
        ];
        let side = vec![sample(30, 0, b"side")];
        let runs = |track| Run {
            track,
            entry: 2,
            decode_time: 1 << 33,
            default_duration: 10,
            first_is_sync: track == 1,
            samples: if track == 1 {
                video.clone()
            } else {
                side.clone()
            },
        };
        let mut bytes = Vec::new();
        let written = write_fragment(&mut bytes, 1, &[runs(1)]).expect("writes");
        assert_eq!(written, bytes.len() as u64);
        // A track that is not known is skipped, and so is a box.
        write_box(&mut bytes, b"free", |out| out.extend([0; 5]));
        write_fragment(&mut bytes, 2, &[runs(7), runs(2)]).expect("writes");
        let read = read_fragments(&bytes, &tracks()).expect("reads");
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].track, read[0].entry), (1, 2));
        assert_eq!((read[1].track, read[1].decode_time), (2, 1 << 33));
        assert_eq!((&read[0].samples, &read[1].samples), (&video, &side));
    }

    #[test]
    fn samples_beyond_the_bytes_and_shared_bytes_are_refused() {
        let run = Run {
            track: 1,
            entry: 1,
            decode_time: 0,
            default_duration: 10,
            first_is_sync: false,
            samples: vec![sample(10, 0, &[7; 100])],
        };
        let mut bytes = Vec::new();
        write_fragment(&mut bytes, 1, &[run]).expect("writes");
        read_fragments(&bytes, &tracks()).expect("reads");
        assert!(read_fragments(&bytes[..bytes.len() - 1], &tracks()).is_err());
        // Many samples of the same default size, without a field of their own.
        let with_count = |count: u32, size: u32| {
            let mut bytes = Vec::new();
            write_box(&mut bytes, b"moof", |out| {
                write_box(out, b"traf", |out| {
                    write_full_box(out, b"tfhd", 0, BASE_IS_MOOF | DEFAULT_SIZE, |out| {
                        put_u32(out, 1);
                        put_u32(out, size);
                    });
                    write_full_box(out, b"tfdt", 0, 0, |out| put_u32(out, 0));
                    write_full_box(out, b"trun", 0, 0, |out| put_u32(out, count));
                });
            });
            let samples = read_fragments(&bytes, &tracks()).map(|runs| runs[0].samples.len());
            samples.map_err(|reason| reason.contains("more than"))
        };
        let most = u32::try_from(limits::MAX_GROUP_SAMPLES).expect("is small");
        assert_eq!(with_count(most, 0), Ok(most as usize));
        assert_eq!(with_count(most + 1, 0), Err(true));
        assert_eq!(with_count(2, 20), Ok(2));
        assert_eq!(with_count(5, 20), Err(false));
    }
}
