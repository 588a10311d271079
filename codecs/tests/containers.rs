//! Opening real inputs: what they are found to be, and that their frames come out.

mod common;

use std::sync::Arc;

use common::{data, shared_data, small_cloud};
use zoetrope_codecs::container::v3::{V3Demuxer, parse_group_info, parse_viewer_min_max};
use zoetrope_codecs::source::{FileFolder, FileSource, MemoryFolder, MemorySource, Source};
use zoetrope_codecs::splat::{self, WriteFormat, ply, synthetic};
use zoetrope_codecs::{
    Cancel, ClipKind, Decoder, Demuxer, GroupPayload, Input, Result, SplatFileDecoder, open,
    open_sequence,
};

fn open_path(path: impl AsRef<std::path::Path>) -> Result<Box<dyn Demuxer>> {
    open(Input::from_path(path)?, &Cancel::new())
}

fn error_of(result: Result<Box<dyn Demuxer>>) -> String {
    result
        .map(|_| ())
        .expect_err("cannot be opened")
        .to_string()
}

/// Gaussians of every frame, through the decoder.
fn counts(demuxer: &mut dyn Demuxer) -> Vec<usize> {
    let mut decoder = SplatFileDecoder::new();
    let mut counts = Vec::new();
    for group in 0..demuxer.groups().len() {
        let packets = demuxer.read_group(group, &Cancel::new()).expect("reads");
        decoder.push(packets).expect("is a splat file");
        let frame = decoder.next_frame().expect("decodes").expect("has a frame");
        assert_eq!(frame.index, group);
        counts.push(frame.content.splats().expect("Gaussians").count());
        assert!(decoder.next_frame().expect("is over").is_none());
    }
    counts
}

fn small_ply(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ply::write(&small_cloud(count, 0), &mut bytes).expect("memory takes everything");
    bytes
}

#[test]
fn the_wave_is_one_frame_and_a_folder_of_waves_a_sequence() {
    let mut one = open_path(data("wave_0001.sog")).expect("opens");
    assert_eq!(one.info().kind, ClipKind::SplatFile);
    assert_eq!(
        (one.info().codec.as_str(), one.info().frame_count),
        ("SOG", 1)
    );
    assert_eq!(counts(&mut *one), [4225]);

    let folder = tempfile::tempdir().expect("a temporary folder");
    for frame in [2, 10, 1] {
        let path = folder.path().join(format!("wave_{frame}.sog"));
        std::fs::copy(data("wave_0001.sog"), path).expect("copies");
    }
    std::fs::write(folder.path().join("README.txt"), "a wave").expect("writes");
    std::fs::write(folder.path().join("cover.png"), b"\x89PNG\r\n\x1a\n").expect("writes");
    let mut clip = open_path(folder.path()).expect("opens");
    let info = clip.info();
    assert_eq!((info.kind, info.frame_count), (ClipKind::SplatSequence, 3));
    assert_eq!((info.frame_rate, info.frame_rate_known), (30.0, false));
    assert_eq!(info.gaussians.expect("SOG tells").min, 4225);
    assert!(
        info.bounds.is_some() && info.warnings.is_empty(),
        "{info:?}"
    );
    let packets = clip.read_group(1, &Cancel::new()).expect("reads");
    let GroupPayload::SplatFile { name, .. } = packets.payload else {
        panic!("is a splat file");
    };
    assert!(name.ends_with("wave_2.sog"), "{name}");
    assert_eq!(counts(&mut *clip), [4225; 3]);
}

#[test]
fn a_list_is_sorted_by_number_and_a_damaged_frame_costs_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sources: Vec<Box<dyn Source>> = [10, 9, 1]
        .into_iter()
        .map(|frame| {
            let path = folder.path().join(format!("{frame}.ply"));
            let mut bytes = small_ply(frame);
            if frame == 9 {
                bytes.truncate(100);
            }
            std::fs::write(&path, bytes).expect("writes");
            Box::new(FileSource::open(path).expect("opens")) as Box<dyn Source>
        })
        .collect();
    let mut clip = open_sequence(sources, None, &Cancel::new()).expect("opens");
    assert_eq!(
        (clip.info().frame_count, clip.info().warnings.len()),
        (3, 1)
    );
    // Reading the frame is an error that tells the same.
    assert!(clip.info().omissions.is_empty());
    assert!(clip.read_group(1, &Cancel::new()).is_err());
    let mut decoder = SplatFileDecoder::new();
    for (group, count) in [(0, 1), (2, 10)] {
        decoder
            .push(clip.read_group(group, &Cancel::new()).expect("reads"))
            .expect("decodes");
        let frame = decoder.next_frame().expect("decodes").expect("has one");
        assert_eq!(
            (
                frame.index,
                frame.content.splats().expect("Gaussians").count()
            ),
            (group, count)
        );
    }
}

#[test]
fn a_file_changed_while_open_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.ply");
    std::fs::write(&path, small_ply(5)).expect("writes");
    let mut clip = open_path(&path).expect("opens");
    std::fs::write(&path, small_ply(6)).expect("writes");
    let error = clip
        .read_group(0, &Cancel::new())
        .expect_err("changed")
        .to_string();
    assert!(error.contains("changed while it was open"), "{error}");
}

#[test]
fn a_folder_of_different_models_is_no_sequence() {
    let mut folder = MemoryFolder::new("models");
    folder.insert("cat.ply", small_ply(2));
    folder.insert("dog.ply", small_ply(3));
    let message = error_of(open(
        Input::Folder(Box::new(folder.clone())),
        &Cancel::new(),
    ));
    assert!(message.contains("no numbered sequence"), "{message}");
    // But a sequence beside a single model is found.
    folder.insert("run_1.ply", small_ply(4));
    folder.insert("run_2.ply", small_ply(5));
    folder.remove("dog.ply");
    let mut clip = open(Input::Folder(Box::new(folder)), &Cancel::new()).expect("opens");
    assert_eq!(clip.info().warnings.len(), 1);
    assert_eq!(clip.info().omissions, clip.info().warnings);
    assert_eq!(counts(&mut *clip), [4, 5]);
}

#[test]
fn numbered_folders_are_a_sequence_too() {
    let mut folder = MemoryFolder::new("frames");
    for frame in [1, 2, 11] {
        folder.insert(format!("{frame:04}/point_cloud.ply"), small_ply(frame));
    }
    let mut clip = open(Input::Folder(Box::new(folder)), &Cancel::new()).expect("opens");
    assert_eq!(counts(&mut *clip), [1, 2, 11]);
}

#[test]
fn everything_else_is_named() {
    let cases: [(&[u8], &str); 16] = [
        (b"", "it is empty"),
        (
            b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41",
            "ordinary video",
        ),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x23", "ordinary video"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (
            b"{\"asset\": {}, \"meshes\": []}",
            "glTF model without Gaussians",
        ),
        (b"glTF\x01\0\0\0\0\0\0\0", "GLB of another version"),
        (b"\x80\x02}q\0.", "could do anything"),
        (b"\x80\x04\x95\x10\0\0\0", "could do anything"),
        (b"PK\x05\x06\0\0\0\0", "zip archive with nothing"),
        (b"{\"0\": {\"frame_index\": [0, 9]}}", "open the folder"),
        (b"{\"0\": {\"num\": 5, \"info\": []}}", "open the folder"),
        (b"{\"lodLevels\": 3}", "streamed SOG"),
        (b"{\"hello\": 1}", "JSON"),
        (b"hello world", "nothing that can be read"),
    ];
    for (bytes, part) in cases {
        let source = MemorySource::new("thing", bytes);
        let message = error_of(open(Input::File(Box::new(source)), &Cancel::new()));
        assert!(message.starts_with("thing cannot be opened"), "{message}");
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn empty_missing_and_foreign_folders_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(error_of(open_path(folder.path())).contains("it is empty"));
    assert!(error_of(open_path(folder.path().join("x"))).contains("no such file"));
    std::fs::write(folder.path().join("0.mp4"), b"\0\0\0\x20ftypisom").expect("writes");
    assert!(error_of(open_path(folder.path())).contains("one group of a V3 clip"));
    std::fs::write(folder.path().join("cat.jpg"), b"\xff\xd8\xff").expect("writes");
    assert!(error_of(open_path(folder.path())).contains("holds no clip"));
    // An archive of something else is none of the person's concern until its folder is named.
    let mut letters = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    letters
        .start_file("letter.txt", zip::write::SimpleFileOptions::default())
        .expect("starts");
    let letters = letters.finish().expect("finishes").into_inner();
    std::fs::write(folder.path().join("letters.zip"), letters).expect("writes");
    let message = error_of(open_path(folder.path()));
    let name = folder.path().display().to_string();
    assert!(message.starts_with(&format!("{name} cannot be opened: it holds no clip")));
    assert!(message.contains("letters.zip"), "{message}");
}

#[test]
fn a_sog_folder_and_its_meta_json_are_the_same_clip() {
    let Some(folder) = shared_data("playcanvas/playbot_streamed_sog/4_0") else {
        return;
    };
    for path in [folder.join("meta.json"), folder] {
        let mut clip = open_path(path).expect("opens");
        assert_eq!(
            (clip.info().kind, clip.info().sh_degree),
            (ClipKind::SplatFile, 2)
        );
        assert_eq!(counts(&mut *clip), [8406]);
    }
}

#[test]
fn the_real_sequences_open() {
    for (name, frames, count) in [("seq_monkey_sog", 50, 31_658), ("seq_wave_sog", 60, 4225)] {
        let Some(path) = shared_data(name) else {
            return;
        };
        let clip = open_path(path).expect("opens");
        let info = clip.info();
        assert_eq!(
            (info.kind, info.frame_count),
            (ClipKind::SplatSequence, frames)
        );
        let gaussians = info.gaussians.expect("SOG tells");
        assert_eq!((gaussians.min, gaussians.max), (count, count));
        assert!(info.size_bytes.is_some_and(|bytes| bytes > 1_000_000));
    }
}

/// V3's real metadata, without its videos: 630 frames in 63 groups of 10, keyed by index.
#[test]
fn real_v3_metadata_is_understood() {
    let Some(path) = shared_data("v3_meta") else {
        return;
    };
    let groups = std::fs::read(path.join("group_info.json")).expect("is there");
    let groups = parse_group_info("group_info.json", &groups).expect("reads");
    assert_eq!(groups.len(), 63);
    let last = groups[&62].as_ref().expect("makes sense");
    assert_eq!(last.frame_index, [620, 629]);
    assert_eq!(last.name_index, Some([1000, 1009]));
    let frames = std::fs::read(path.join("viewer_min_max.json")).expect("is there");
    let frames = parse_viewer_min_max("viewer_min_max.json", &frames).expect("reads");
    assert_eq!(frames.len(), 630);

    // Without videos nothing can be played, and it says so; with dummies all of it opens.
    assert!(error_of(open_path(&path)).contains("all its videos are missing"));
    let mut asset = MemoryFolder::new("demo");
    for name in ["group_info.json", "viewer_min_max.json"] {
        asset.insert(name, std::fs::read(path.join(name)).expect("is there"));
    }
    for group in 0..63 {
        for video in 0..20 {
            asset.insert(format!("group{group}/{video}.mp4"), *b"....avc1");
        }
    }
    let mut clip = V3Demuxer::open(Arc::new(asset), &Cancel::new()).expect("opens");
    let info = clip.info();
    assert_eq!((info.frame_count, info.sh_degree), (630, 0));
    assert_eq!(info.codec, "H.264 planes");
    assert_eq!(info.size_bytes, Some(63 * 17 * 8));
    let gaussians = info.gaussians.expect("V3 tells");
    assert_eq!((gaussians.min, gaussians.max), (144_352, 167_755));
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
    let packets = clip.read_group(0, &Cancel::new()).expect("reads");
    let GroupPayload::PlaneVideos {
        layout,
        ranges,
        videos,
    } = packets.payload
    else {
        panic!("is Gaussian video");
    };
    assert_eq!((layout.count, layout.side), (147_677, 392));
    assert_eq!((ranges.len(), videos.len()), (10, 17));
    assert_eq!(videos[6].name, "group0/9.mp4");
    assert_eq!(ranges[0].values()[0], [0.053_469_162, 0.748_955_9]);
}

#[test]
fn a_part_of_a_v3_clip_stands_for_the_whole() {
    let outer = tempfile::tempdir().expect("a temporary folder");
    let clip = outer.path().join("clip");
    std::fs::create_dir_all(clip.join("group0")).expect("creates");
    let info = r#"{"0": {"frame_index": [0, 0], "name_index": [0, 0]}}"#;
    std::fs::write(clip.join("group_info.json"), info).expect("writes");
    let numbers = ["0.0"; 34].join(",");
    let frames = format!(r#"{{"0": {{"num": 3, "info": [{numbers}]}}}}"#);
    std::fs::write(clip.join("viewer_min_max.json"), frames).expect("writes");
    for video in 0..20 {
        std::fs::write(clip.join(format!("group0/{video}.mp4")), b"video").expect("writes");
    }
    for path in [
        "",
        "clip",
        "clip/group_info.json",
        "clip/group0",
        "clip/group0/7.mp4",
    ] {
        let opened = open_path(outer.path().join(path)).expect("finds the clip");
        assert_eq!(opened.info().kind, ClipKind::V3, "{path}");
        assert_eq!(opened.info().title, "clip", "{path}");
    }
    // Packing it anew while it is open is noticed.
    let mut opened = open_path(&clip).expect("opens");
    opened.read_group(0, &Cancel::new()).expect("reads");
    std::fs::write(clip.join("viewer_min_max.json"), "{}").expect("writes");
    let error = opened.read_group(0, &Cancel::new()).expect_err("changed");
    assert!(
        matches!(error, zoetrope_codecs::Error::Changed { .. }),
        "{error}"
    );
    // Two clips side by side must be chosen from.
    let folder = FileFolder::open(outer.path()).expect("opens");
    std::fs::create_dir(outer.path().join("second")).expect("creates");
    std::fs::write(outer.path().join("second/group_info.json"), info).expect("writes");
    let message = error_of(open(Input::Folder(Box::new(folder)), &Cancel::new()));
    assert!(message.contains("2 V3 clips"), "{message}");
}

#[test]
fn cancelling_stops_opening_and_reading() {
    let cancel = Cancel::new();
    cancel.cancel();
    let opened = Input::from_path(data("wave_0001.sog")).and_then(|input| open(input, &cancel));
    assert!(matches!(opened, Err(zoetrope_codecs::Error::Cancelled)));
    let mut clip = open_path(data("wave_0001.sog")).expect("opens");
    let error = clip.read_group(0, &cancel).expect_err("is cancelled");
    assert!(
        matches!(error, zoetrope_codecs::Error::Cancelled),
        "{error}"
    );
}

/// A sequence of archives in an archive: each is unpacked for itself when it is read.
#[test]
fn a_zip_of_sogs_is_a_sequence() {
    let wave = std::fs::read(data("wave_0001.sog")).expect("is there");
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for frame in [2, 10] {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            writer
                .start_file(format!("wave_{frame}.sog"), options)
                .expect("starts");
            std::io::Write::write_all(&mut writer, &wave).expect("writes");
        }
        let bytes = writer.finish().expect("finishes").into_inner();
        let source = MemorySource::new("waves.zip", bytes);
        let mut clip = open(Input::File(Box::new(source)), &Cancel::new()).expect("opens");
        assert_eq!(clip.info().kind, ClipKind::SplatSequence);
        assert_eq!(counts(&mut *clip), [4225, 4225]);
    }
}

#[test]
fn a_pytorch_archive_without_a_whole_pickle_is_told() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file("archive/data.pkl", zip::write::SimpleFileOptions::default())
        .expect("starts");
    let bytes = writer.finish().expect("finishes").into_inner();
    let source = MemorySource::new("model.pth", bytes);
    let message = error_of(open(Input::File(Box::new(source)), &Cancel::new()));
    assert!(message.contains("no whole pickle"), "{message}");
}

/// Three frames of 40, 50 and 60 Gaussians, as files of a format.
fn frames_of(format: WriteFormat) -> Vec<(String, Vec<u8>)> {
    let frame = |number: usize| {
        let mut bytes = Vec::new();
        let cloud = synthetic::surface(40 + 10 * number, 0, 2);
        splat::write(cloud, format, &mut bytes, &Cancel::new()).expect("memory takes it");
        // 8, 9, 10: in order by number, not by letter.
        (
            format!("frame_{}.{}", 8 + number, format.extension()),
            bytes,
        )
    };
    (0..3).map(frame).collect()
}

#[test]
fn every_format_makes_a_sequence_in_a_folder_an_archive_and_a_list() {
    let cancel = Cancel::new();
    for format in WriteFormat::ALL {
        let files = frames_of(format);
        let mut folder = MemoryFolder::new("frames");
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in &files {
            folder.insert(name.clone(), bytes.clone());
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(name.as_str(), options).expect("starts");
            std::io::Write::write_all(&mut archive, bytes).expect("memory takes it");
        }
        let archive = archive.finish().expect("finishes").into_inner();
        let list: Vec<Box<dyn Source>> = files
            .iter()
            .map(|(name, bytes)| Box::new(MemorySource::new(name, bytes.as_slice())) as _)
            .collect();
        for (what, clip) in [
            ("folder", open(Input::Folder(Box::new(folder)), &cancel)),
            (
                "archive",
                open(
                    Input::File(Box::new(MemorySource::new("a.zip", archive))),
                    &cancel,
                ),
            ),
            ("list", open_sequence(list, None, &cancel)),
        ] {
            let mut clip = clip.expect(what);
            assert_eq!(clip.info().kind, ClipKind::SplatSequence, "{what}");
            // A GLB file is one of glTF's two forms.
            let codec = format.name().replace("GLB", "glTF");
            assert_eq!(clip.info().codec, codec, "{what}");
            assert_eq!(clip.info().up, format.axes().up(), "{what}");
            assert_eq!(counts(&mut *clip), [40, 50, 60], "{what} of {format:?}");
        }
    }
}

#[test]
fn two_sequences_in_one_folder_are_told_apart_by_their_patterns() {
    let mut folder = MemoryFolder::new("frames");
    for number in 1..4 {
        folder.insert(format!("walk_{number}.ply"), small_ply(3));
        folder.insert(format!("run_{number}.ply"), small_ply(3));
    }
    let message = error_of(open(Input::Folder(Box::new(folder)), &Cancel::new()));
    assert!(message.contains("2 sequences"), "{message}");
    assert!(
        message.contains("\"run_*.ply\" or \"walk_*.ply\""),
        "{message}"
    );
}

#[test]
fn frames_in_other_conventions_are_turned_to_the_first() {
    let cancel = Cancel::new();
    let other = WriteFormat::ALL
        .into_iter()
        .find(|format| format.axes() != WriteFormat::Ply.axes());
    let Some(other) = other else {
        panic!("a format with y up");
    };
    let mut list: Vec<Box<dyn Source>> = Vec::new();
    for (number, format) in [WriteFormat::Ply, other].into_iter().enumerate() {
        let mut bytes = Vec::new();
        splat::write(synthetic::surface(300, 0, 2), format, &mut bytes, &cancel).expect("memory");
        list.push(Box::new(MemorySource::new(format!("{number}"), bytes)));
    }
    let mut clip = open_sequence(list, None, &cancel).expect("a sequence");
    assert_eq!(clip.info().warnings.len(), 1, "{:?}", clip.info().warnings);
    let bounds = [0, 1].map(|group| {
        let packets = clip.read_group(group, &cancel).expect("a frame");
        match packets.payload {
            GroupPayload::SplatFile { cloud, .. } => (cloud.axes, cloud.bounds()),
            _ => panic!("a splat file"),
        }
    });
    assert_eq!(bounds[0].0, bounds[1].0);
    for axis in 0..3 {
        assert!((bounds[0].1.min[axis] - bounds[1].1.min[axis]).abs() < 0.02);
    }
}
