//! Every cap of `limits.rs` that the writer of our own clips applies, at the limit and one past it,
//! and that damaged clips cost little memory.

#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::audio::read_sound;
use zoetrope_codecs::container::zoe::{
    ClipDescription, FrameRate, SoundPacket, SoundTrack, ZoeDemuxer, ZoeWriter,
};
use zoetrope_codecs::source::{MemorySource, Source};
use zoetrope_codecs::{
    Cancel, Demuxer, Error, LayerKind, LayerPackets, LayeredGroup, Result, Thumbnails, VideoCodec,
    VideoPacket, VideoStream, limits,
};

type Writer = ZoeWriter<Cursor<Vec<u8>>>;

fn writer() -> Writer {
    let description = ClipDescription::new(FrameRate::from_per_second(30.0), 0);
    ZoeWriter::new(description, Cursor::new(Vec::new())).expect("makes sense")
}

/// A group of one picture.
fn group(width: u32, side: Vec<Vec<u8>>) -> LayeredGroup {
    LayeredGroup {
        layers: vec![LayerPackets {
            kind: LayerKind::Gaussians,
            video: VideoStream {
                codec: VideoCodec::Av1,
                config: vec![0x81],
                width,
                height: 2,
                packets: vec![VideoPacket {
                    picture: 0,
                    bytes: Vec::new(),
                }],
            },
            side,
        }],
    }
}

/// `check` succeeds for `limit` and not for one more.
fn at_and_past(limit: u64, check: impl Fn(u64) -> Result<()>) {
    check(limit).expect("is allowed");
    let error = check(limit + 1).expect_err("is past the limit");
    assert!(matches!(error, Error::Write { .. }), "{error}");
}

#[test]
fn frames_groups_and_samples() {
    let one = group(2, vec![Vec::new()]);
    at_and_past(limits::MAX_GROUP_FRAMES, |frames| {
        writer().add_group(&one, frames as usize, 1)
    });
    at_and_past(limits::MAX_FRAMES, |frames| {
        let mut writer = writer();
        let mut left = frames as usize;
        while left > 0 {
            let next = left.min(limits::MAX_GROUP_FRAMES as usize);
            writer.add_group(&one, next, 1)?;
            left -= next;
        }
        assert_eq!(writer.frame_count(), frames);
        Ok(())
    });
    at_and_past(limits::MAX_GROUP_FRAMES, |samples| {
        writer().add_group(&group(2, vec![Vec::new(); samples as usize]), 1, 1)
    });
    at_and_past(limits::MAX_SAMPLE_ENTRIES, |kinds| {
        let mut writer = writer();
        (1..=kinds).try_for_each(|width| writer.add_group(&group(width as u32, vec![vec![]]), 1, 1))
    });
}

/// A group that failed half-way has left bytes behind that no index tells of.
#[test]
fn a_clip_with_a_group_that_failed_is_not_finished() {
    let mut writer = writer();
    for width in 1..=limits::MAX_SAMPLE_ENTRIES as u32 {
        writer
            .add_group(&group(width, vec![vec![]]), 1, 1)
            .expect("is allowed");
    }
    writer
        .add_group(&group(60_000, vec![vec![]]), 1, 1)
        .expect_err("is past the limit");
    let error = writer
        .add_group(&group(1, vec![vec![]]), 1, 1)
        .expect_err("comes behind it");
    assert!(error.to_string().contains("begin it anew"), "{error}");
    assert!(writer.finish(&mut Vec::new(), &Cancel::new()).is_err());
}

#[test]
fn groups_of_a_clip() {
    let one = group(2, vec![Vec::new()]);
    let mut all = writer();
    for _ in 0..limits::MAX_ZOE_GROUPS {
        all.add_group(&one, 1, 1).expect("is allowed");
    }
    all.add_group(&one, 1, 1).expect_err("is past the limit");
    let mut clip = Vec::new();
    all.finish(&mut clip, &Cancel::new()).expect("fits");
    let clip = open(clip).expect("opens");
    assert_eq!(clip.groups().len() as u64, limits::MAX_ZOE_GROUPS);
}

#[test]
fn configurations_and_sound() {
    at_and_past(limits::MAX_CODEC_CONFIG_BYTES, |bytes| {
        let mut group = group(2, vec![Vec::new()]);
        group.layers[0].video.config = vec![0; bytes as usize];
        writer().add_group(&group, 1, 1)
    });
    let track = |bytes: usize| SoundTrack {
        packets: vec![SoundPacket {
            time: 0,
            duration: 1024,
            bytes: vec![0; bytes],
        }],
        ..entry::tiny_sound()
    };
    at_and_past(limits::MAX_SOUND_TRACKS as u64, |tracks| {
        let mut writer = writer();
        (0..tracks).try_for_each(|_| writer.add_sound(track(1)).map(|_| ()))
    });
    at_and_past(limits::MAX_SOUND_PACKET_BYTES, |bytes| {
        writer().add_sound(track(bytes as usize)).map(|_| ())
    });
}

#[test]
fn pictures() {
    let jpegs = |side: u64, count: u64, bytes: u64| Thumbnails {
        width: side as u32,
        height: 1,
        frames: (0..count as usize).collect(),
        jpegs: vec![vec![0; bytes as usize]; count as usize],
    };
    let set = |thumbnails: &Thumbnails| writer().set_pictures(None, Some(thumbnails));
    at_and_past(limits::MAX_THUMBNAIL_SIDE, |side| set(&jpegs(side, 1, 1)));
    at_and_past(limits::MAX_THUMBNAILS, |count| set(&jpegs(1, count, 1)));
    at_and_past(limits::MAX_THUMBNAIL_BYTES, |bytes| {
        set(&jpegs(1, 2, bytes))
    });
    at_and_past(limits::MAX_POSTER_BYTES, |bytes| {
        writer().set_pictures(Some(&vec![0; bytes as usize]), None)
    });
    let mut unsorted = jpegs(1, 3, 1);
    unsorted.frames.swap(0, 1);
    assert!(set(&unsorted).is_err());
}

#[test]
fn texts() {
    at_and_past(limits::MAX_SIDECAR_BYTES, |bytes| {
        let description = |path: String| {
            let mut description = ClipDescription::new(FrameRate::from_per_second(30.0), 0);
            description.camera_path = Some(path);
            description
        };
        let path = |bytes: usize| format!("{{\"keys\":\"{}\"}}", "x".repeat(bytes));
        let write = |path: String| {
            let spool = Cursor::new(Vec::new());
            let mut writer = ZoeWriter::new(description(path), spool).expect("makes sense");
            writer
                .add_group(&group(2, vec![Vec::new()]), 1, 1)
                .expect("fits");
            let mut clip = Vec::new();
            writer.finish(&mut clip, &Cancel::new()).map(|()| clip)
        };
        let clip = write(path(0)).expect("is short");
        let start = clip
            .windows(4)
            .position(|window| window == b"zoej")
            .expect("is there");
        let size: [u8; 4] = clip[start - 4..start].try_into().expect("four");
        let others = u64::from(u32::from_be_bytes(size)) - 8;
        write(path((bytes - others) as usize)).map(|_| ())
    });
}

fn open(bytes: impl Into<Arc<[u8]>>) -> Result<ZoeDemuxer> {
    ZoeDemuxer::open(Arc::new(MemorySource::new("a.zoe", bytes)), &Cancel::new())
}

#[test]
fn bytes_in_front_of_the_groups() {
    let clip = entry::tiny_zoe(20);
    let moov = clip
        .windows(4)
        .position(|window| window == b"moov")
        .expect("is there")
        - 4;
    let moof = clip
        .windows(4)
        .position(|window| window == b"moof")
        .expect("is there")
        - 4;
    // Behind all others, the head of the first group is read.
    let front = (moof + 16) as u64;
    let with = |bytes: u64| {
        let mut padded = clip[..moov].to_vec();
        let free = (bytes - front) as u32;
        padded.extend(free.to_be_bytes());
        padded.extend(b"free");
        padded.resize(moov + free as usize, 0);
        padded.extend(&clip[moov..]);
        open(padded).map(|clip| clip.info().frame_count)
    };
    assert_eq!(with(limits::MAX_FRONT_BYTES).expect("is allowed"), 8);
    let error = with(limits::MAX_FRONT_BYTES + 1).expect_err("is past the limit");
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

/// Nothing but a length.
struct Blank(u64);

impl Source for Blank {
    fn name(&self) -> &str {
        "blank"
    }

    fn len(&self) -> u64 {
        self.0
    }

    fn read(&self, range: Range<u64>, _: &Cancel) -> Result<Vec<u8>> {
        if range.start > 8 << 20 {
            return Err(Error::malformed("blank", "is too long"));
        }
        Ok(vec![0; (range.end - range.start) as usize])
    }
}

#[test]
fn bytes_of_a_sound_file() {
    let read = |length| read_sound(Arc::new(Blank(length)), &Cancel::new()).expect_err("is none");
    let error = read(limits::MAX_SOUND_BYTES);
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    let error = read(limits::MAX_SOUND_BYTES + 1);
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

/// What a clip may cost, whatever is in it, MiB.
#[cfg(target_os = "linux")]
const MAX_PEAK_MIB: u64 = 256;

#[cfg(target_os = "linux")]
#[test]
fn damaged_clips_cost_little_memory() {
    let clip = entry::tiny_zoe(20);
    for cut in 0..clip.len() {
        entry::zoe(&clip[..cut]);
    }
    let mut random = zoetrope_codecs::random::Random::new(7);
    for _ in 0..10_000 {
        let mut damaged = clip.clone();
        damaged[random.below(clip.len())] ^= 1 << random.below(8);
        entry::zoe(&damaged);
        entry::zoe_index(&damaged);
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.expect("Linux tells it").trim().trim_end_matches(" kB");
    let peak: u64 = peak.trim().parse().expect("is a number");
    assert!(peak / 1024 <= MAX_PEAK_MIB, "{} MiB", peak / 1024);
}
