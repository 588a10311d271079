//! Zoetrope's own clip: what is written is read, in whole and in parts, and cut clips play as far as
//! they go.

mod common;
#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;

use std::fs;
use std::io::Cursor;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use common::{data, memory};
use zoetrope_codecs::audio::read_sound;
use zoetrope_codecs::container::zoe::{
    ClipDescription, FrameRate, SoundCodec, SoundPacket, ZoeDemuxer, ZoeWriter, trim,
};
use zoetrope_codecs::source::{FileSource, Source};
use zoetrope_codecs::{
    Cancel, Demuxer, Detail, Error, GroupPayload, Input, LayeredGroup, Result, VideoPacket, limits,
};

fn open(bytes: impl Into<Arc<[u8]>>) -> Result<ZoeDemuxer> {
    ZoeDemuxer::open(memory("clips/tiny.zoe", bytes), &Cancel::new())
}

fn part(clip: &mut ZoeDemuxer, group: usize, detail: Detail) -> (Range<usize>, LayeredGroup) {
    let packets = clip
        .read_part(group, detail, &Cancel::new())
        .expect("reads");
    assert_eq!(packets.group, group);
    let GroupPayload::Layered(layered) = packets.payload else {
        panic!("is no layered group");
    };
    (packets.frames, layered)
}

#[test]
fn what_is_written_is_read() {
    let mut clip = open(entry::tiny_zoe(20)).expect("opens");
    assert_eq!(*clip.description(), entry::tiny_description());
    let info = clip.info().clone();
    assert_eq!((info.title.as_str(), info.frame_count), ("Tiny", 8));
    assert_eq!(info.frame_rate, 30000.0 / 1001.0);
    assert_eq!(
        info.gaussians.map(|counts| (counts.min, counts.max)),
        Some((7, 120))
    );
    assert_eq!((info.warnings.len(), info.omissions.len()), (0, 0));
    let names: Vec<&str> = info
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(names, ["base", "all Gaussians", "SH 1"]);
    let mut first = 0;
    for (number, (group, frames, gaussians)) in entry::tiny_groups().into_iter().enumerate() {
        let all = first..first + frames;
        assert_eq!(clip.groups()[number].frames, all);
        assert_eq!(clip.gaussians(number), Some(gaussians));
        assert_eq!(
            part(&mut clip, number, Detail::FULL),
            (all.clone(), group.clone())
        );
        for layers in 1..=3 {
            let mut expected = group.clone();
            expected.layers.truncate(layers);
            let detail = Detail::Layers(layers as u8);
            assert_eq!(part(&mut clip, number, detail), (all.clone(), expected));
        }
        let mut key = group;
        key.layers.truncate(1);
        key.layers[0].side.truncate(1);
        key.layers[0].video.packets.truncate(1);
        assert_eq!(
            part(&mut clip, number, Detail::Key),
            (first..first + 1, key)
        );
        first += frames;
    }
    let layer_bytes: u64 = info.layers.iter().map(|layer| layer.bytes).sum();
    assert!(
        info.size_bytes.is_some_and(|all| all > layer_bytes),
        "sound is no layer"
    );
    assert!(clip.read_group(3, &Cancel::new()).is_err());
}

/// A source that notes what is read of it.
struct Noting {
    inner: Arc<dyn Source>,
    reads: Arc<Mutex<Vec<Range<u64>>>>,
}

impl Source for Noting {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        self.reads.lock().expect("a list").push(range.clone());
        self.inner.read(range, cancel)
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.reads
            .lock()
            .expect("a list")
            .extend(ranges.iter().cloned());
    }
}

#[test]
fn each_part_is_one_read_and_a_prefix_of_the_group() {
    let reads = Arc::new(Mutex::new(Vec::new()));
    let source = Noting {
        inner: memory("a", entry::tiny_zoe(20)),
        reads: reads.clone(),
    };
    let taken = || std::mem::take(&mut *reads.lock().expect("a list"));
    let mut clip = ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("opens");
    assert_eq!(taken().len(), 1, "the front is one read");
    let details = [
        Detail::Key,
        Detail::Layers(1),
        Detail::Layers(2),
        Detail::FULL,
    ];
    let mut ends = Vec::new();
    for detail in details {
        part(&mut clip, 0, detail);
        let read = taken();
        assert_eq!(read.len(), 1, "{detail:?}");
        assert_eq!(
            clip.part_bytes(0, detail),
            Some(read[0].end - read[0].start)
        );
        clip.prefetch(&[(0, detail)]);
        assert_eq!(taken(), read);
        ends.push(read[0].clone());
    }
    assert!(
        ends.windows(2)
            .all(|two| two[0].start == two[1].start && two[0].end < two[1].end)
    );
    // Sound is read alone.
    let sound = clip.read_sound(0, &Cancel::new()).expect("reads");
    assert!(!sound[0].is_empty());
    let read = taken();
    assert_eq!((read.len(), read[0].start), (1, ends[1].end));
    assert!(read[0].end < ends[2].end);
}

fn all_sound(clip: &mut ZoeDemuxer) -> Vec<SoundPacket> {
    (0..clip.groups().len())
        .flat_map(|group| {
            clip.read_sound(group, &Cancel::new())
                .expect("reads")
                .remove(0)
        })
        .collect()
}

#[test]
fn sound_comes_with_its_groups_and_ends_with_the_clip() {
    let mut clip = open(entry::tiny_zoe(20)).expect("opens");
    let track = entry::tiny_sound();
    assert_eq!(clip.sounds(), std::slice::from_ref(&track.format));
    // 8 frames are 12812.8 ticks, and the delay is one packet.
    let within = |packet: &&SoundPacket| packet.time < 1024 + 12813;
    let expected: Vec<SoundPacket> = track.packets.iter().filter(within).cloned().collect();
    assert_eq!(all_sound(&mut clip), expected);
    let group_end = 1024 + 4 * 1001 * 48000 / 30000;
    let first = &clip.read_sound(0, &Cancel::new()).expect("reads")[0];
    assert!(first.iter().all(|packet| packet.time < group_end));
    assert!(expected[first.len()].time >= group_end);
}

/// Packets, ticks a second, delay and ticks in all of a quarter of a second of every kind of file.
#[test]
fn sound_files_are_put_into_clips_without_decoding() {
    let cancel = Cancel::new();
    for (name, codec, packets, timescale, delay, ticks) in [
        ("tone.m4a", SoundCodec::Aac, 5, 16000, 1024, 5024),
        ("tone.aac", SoundCodec::Aac, 5, 16000, 0, 5120),
        ("tone.mp3", SoundCodec::Mp3, 9, 16000, 1105, 5184),
        ("tone.opus", SoundCodec::Opus, 13, 48000, 312, 12480),
        ("tone.flac", SoundCodec::Flac, 4, 16000, 0, 4000),
        ("tone.wav", SoundCodec::Pcm, 4, 16000, 0, 4000),
    ] {
        let path = data(&format!("sound/{name}"));
        let source = Arc::new(FileSource::open(&path).expect("is there"));
        let track = read_sound(source, &cancel).expect("reads");
        let format = &track.format;
        assert_eq!(format.codec, codec, "{name}");
        assert_eq!(
            (format.sample_rate, format.channels),
            (timescale, 1),
            "{name}"
        );
        assert_eq!(
            (format.timescale, format.delay),
            (timescale, delay),
            "{name}"
        );
        let all: u64 = track
            .packets
            .iter()
            .map(|packet| u64::from(packet.duration))
            .sum();
        assert_eq!((track.packets.len(), all), (packets, ticks), "{name}");
        let spool = Cursor::new(Vec::new());
        let mut writer = ZoeWriter::new(entry::tiny_description(), spool).expect("makes sense");
        writer.add_sound(track.clone()).expect("fits");
        for (group, frames, gaussians) in entry::tiny_groups() {
            writer.add_group(&group, frames, gaussians).expect("fits");
        }
        let mut bytes = Vec::new();
        writer
            .finish(&mut bytes, &cancel)
            .expect("memory takes everything");
        let mut clip = open(bytes).expect("opens");
        assert_eq!(clip.sounds(), std::slice::from_ref(&track.format), "{name}");
        assert_eq!(all_sound(&mut clip), track.packets, "{name}");
    }
    for (path, reason) in [
        ("sound/tone.ogg", "Vorbis"),
        (
            "wave_0001.sog",
            "AAC (M4A), MP3, Opus, FLAC and WAV files work",
        ),
    ] {
        let source = Arc::new(FileSource::open(data(path)).expect("is there"));
        let error = read_sound(source, &cancel)
            .expect_err("is refused")
            .to_string();
        assert!(error.contains(reason), "{error}");
    }
    cancel.cancel();
    let source = Arc::new(FileSource::open(data("sound/tone.mp3")).expect("is there"));
    assert!(matches!(read_sound(source, &cancel), Err(Error::Cancelled)));
}

#[test]
fn pictures_lie_in_front_or_behind() {
    for bytes in [20, 20_000] {
        let file = entry::tiny_zoe(bytes);
        let mut clip = open(&*file).expect("opens");
        let cancel = Cancel::new();
        assert_eq!(
            clip.poster(&cancel).expect("reads").as_deref(),
            Some(&b"poster"[..])
        );
        let thumbnails = clip.thumbnails(&cancel).expect("reads");
        assert_eq!(thumbnails, Some(entry::tiny_thumbnails(bytes)));
        let place = file
            .windows(4)
            .position(|window| window == b"zoep")
            .expect("is there");
        let group = file
            .windows(4)
            .position(|window| window == b"moof")
            .expect("is there");
        assert_eq!(place > group, bytes > 10_000);
    }
}

#[test]
fn a_trim_is_the_groups_around_the_frames() {
    let mut clip = open(entry::tiny_zoe(20)).expect("opens");
    let cancel = Cancel::new();
    let cut = |clip: &mut ZoeDemuxer, frames| {
        let mut bytes = Vec::new();
        let spool = Cursor::new(Vec::new());
        trim(clip, frames, spool, &mut bytes, &cancel).map(|kept| (kept, bytes))
    };
    let (kept, same) = cut(&mut clip, 1..8).expect("is there");
    assert_eq!(kept, 0..8);
    assert!(same == entry::tiny_zoe(20), "nothing was left out");

    let (kept, bytes) = cut(&mut clip, 4..6).expect("is there");
    assert_eq!(kept, 4..8);
    let mut part_clip = open(bytes).expect("opens");
    assert_eq!(part_clip.info().frame_count, 4);
    assert_eq!(part_clip.info().title, "Tiny");
    for (number, (group, frames, gaussians)) in entry::tiny_groups().into_iter().skip(1).enumerate()
    {
        let (range, read) = part(&mut part_clip, number, Detail::FULL);
        assert_eq!((range.len(), read), (frames, group));
        assert_eq!(part_clip.gaussians(number), Some(gaussians));
    }
    let thumbnails = part_clip
        .thumbnails(&cancel)
        .expect("reads")
        .expect("has some");
    assert_eq!(thumbnails.frames, [0, 3]);
    assert_eq!(thumbnails.jpegs, entry::tiny_thumbnails(20).jpegs[1..]);
    // Group 1 begins at 6406.4 ticks; the first packet that begins in it does so at 7168.
    let sound = all_sound(&mut part_clip);
    assert_eq!(sound[0].time, 7168 - 6406);
    assert_eq!(sound[0].bytes, b"sound 8");
    assert_eq!(part_clip.sounds()[0].delay, 0);

    let error = cut(&mut clip, 8..20).expect_err("is beyond the end");
    assert!(matches!(error, Error::NoSuchFrame { frame: 8, count: 8 }));
    let empty = 5..5;
    assert!(cut(&mut clip, empty).is_err());
}

#[test]
fn a_clip_that_is_cut_plays_as_far_as_it_goes() {
    let file = entry::tiny_zoe(20_000);
    let whole = open(&*file).expect("opens");
    let end = |group| {
        let bytes: u64 = (0..=group)
            .map(|group| whole.part_bytes(group, Detail::FULL).expect("is known"))
            .sum();
        file.windows(4)
            .position(|window| window == b"moof")
            .expect("is there")
            - 4
            + bytes as usize
    };
    for (length, frames) in [
        (file.len() - 1, 8),
        (end(2), 8),
        (end(2) - 1, 5),
        (end(1), 5),
        (end(1) - 1, 4),
        (end(0), 4),
    ] {
        let mut clip = open(&file[..length]).expect("opens");
        assert_eq!(clip.info().frame_count, frames, "{length}");
        let told = usize::from(frames < 8);
        assert_eq!(
            (clip.info().omissions.len(), clip.info().warnings.len()),
            (told, told)
        );
        assert_eq!(clip.thumbnails(&Cancel::new()).expect("are left out"), None);
        for group in 0..clip.groups().len() {
            part(&mut clip, group, Detail::FULL);
        }
    }
    for length in (0..end(0)).step_by(7) {
        let error = open(&file[..length])
            .map(|_| ())
            .expect_err("is too short")
            .to_string();
        assert!(
            error.contains("copy the clip again") || length < 24,
            "{error}"
        );
    }
}

#[test]
fn damage_in_a_group_is_its_own() {
    let mut file = entry::tiny_zoe(20);
    let places: Vec<usize> = (0..file.len() - 4)
        .filter(|at| &file[*at..at + 4] == b"tfdt")
        .collect();
    file[places[0]] = b'x';
    let mut clip = open(file).expect("opens");
    let cancel = Cancel::new();
    let error = clip
        .read_group(0, &cancel)
        .expect_err("is damaged")
        .to_string();
    assert!(
        error.contains("group 0 of Tiny") && error.contains("tfdt"),
        "{error}"
    );
    clip.read_group(1, &cancel).expect("is whole");
}

#[test]
fn other_mp4_files_are_told_apart() {
    let error = |bytes: &[u8]| {
        let source = Box::new(zoetrope_codecs::source::MemorySource::new("a.zoe", bytes));
        let opened = zoetrope_codecs::open(Input::File(source), &Cancel::new());
        opened.map(|_| ()).expect_err("is no clip").to_string()
    };
    let ordinary = error(b"\0\0\0\x18ftypisom\0\0\0\0isomiso6\0\0\0\x08moov");
    assert!(ordinary.contains("ordinary video"), "{ordinary}");
    let newer = error(b"\0\0\0\x18ftypzoe2\0\0\0\0zoe2iso6\0\0\0\x08moov");
    assert!(newer.contains("update Zoetrope"), "{newer}");
    let mut clip = zoetrope_codecs::open(
        Input::File(Box::new(zoetrope_codecs::source::MemorySource::new(
            "a.bin",
            entry::tiny_zoe(9),
        ))),
        &Cancel::new(),
    )
    .expect("shows in its content");
    assert_eq!(clip.info().kind, zoetrope_codecs::ClipKind::Zoe);
    clip.read_group(0, &Cancel::new()).expect("reads");
}

#[test]
fn what_does_not_fit_is_refused() {
    let spool = || Cursor::new(Vec::new());
    let groups = entry::tiny_groups();
    let (group, frames, _) = &groups[0];
    let add = |change: &dyn Fn(&mut LayeredGroup)| {
        let mut writer = ZoeWriter::new(entry::tiny_description(), spool()).expect("makes sense");
        let mut group = group.clone();
        change(&mut group);
        writer
            .add_group(&group, *frames, 1)
            .map_err(|error| error.to_string())
    };
    assert_eq!(add(&|_| {}), Ok(()));
    let changes: [&dyn Fn(&mut LayeredGroup); 9] = [
        &|group| group.layers.clear(),
        &|group| group.layers.swap(1, 2),
        &|group| group.layers.push(group.layers[0].clone()),
        &|group| group.layers[0].side.clear(),
        &|group| group.layers[1].video.packets[1].picture = 0,
        &|group| group.layers[1].video.packets.swap(0, 1),
        &|group| group.layers[2].video.width = 65_536,
        &|group| {
            let bytes = Vec::new();
            group.layers[0]
                .video
                .packets
                .push(VideoPacket { picture: 4, bytes });
        },
        &|group| {
            group.layers[0].video.config = vec![0; limits::MAX_CODEC_CONFIG_BYTES as usize + 1];
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let error = add(change).expect_err("is refused");
        assert!(
            error.starts_with("the clip cannot be written: "),
            "{number}: {error}"
        );
    }
    let writer = |description| ZoeWriter::new(description, spool()).map(|_| ());
    for (numerator, denominator) in [(0, 1), (30, 0), (3_000_000, 1_000_001), (1001, 1)] {
        let rate = FrameRate {
            numerator,
            denominator,
        };
        assert!(
            writer(ClipDescription::new(rate, 0)).is_err(),
            "{numerator}/{denominator}"
        );
    }
    let mut description = entry::tiny_description();
    let layer = description.layers[1].clone();
    description.layers.resize(limits::MAX_LAYERS, layer.clone());
    assert!(writer(description.clone()).is_ok());
    description.layers.push(layer);
    assert!(writer(description.clone()).is_err());
    description.layers.clear();
    assert!(writer(description).is_err());
    let mut nothing = ZoeWriter::new(entry::tiny_description(), spool()).expect("makes sense");
    assert!(nothing.push_sound(0, Vec::new()).is_err());
    assert!(nothing.finish(&mut Vec::new(), &Cancel::new()).is_err());
}

/// The clip in the regression folder is the test vector of FORMAT.md: the writer makes it to the
/// byte, and `expected.txt` beside it says what is in it.
#[test]
fn the_test_vector_is_what_is_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/regressions/zoe-plain");
    let path = folder.join("input/tiny.zoe");
    let written = entry::tiny_zoe(20);
    if std::env::var_os("ZOETROPE_BLESS").is_some() {
        fs::write(&path, &written).expect("writes");
    }
    assert!(fs::read(path).expect("is there") == written);
}
