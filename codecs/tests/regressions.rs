//! Runs every case in `regressions/`: a folder each, with
//!
//! * `input/`: the clip, or the one file that is opened;
//! * `test.json`: `about`, what the case shows; optionally `videos`, a list of `{"group", "count",
//!   "without"}` for which placeholder MP4 files 0 to `count - 1` are made; `file`, the file of
//!   `input/` that is opened instead of the folder; `zip`, a path inside an archive into which all of
//!   it is packed first;
//! * `expected.txt`: what is told about the clip and each of its groups.
//!
//! `ZOETROPE_BLESS=1` writes the expectations anew; read the difference before you commit it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;
use zoetrope_codecs::source::{FileFolder, Folder, MemoryFolder, MemorySource};
use zoetrope_codecs::{Cancel, Demuxer, GroupPayload, Input, Result, open};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code)]
    about: String,
    #[serde(default)]
    videos: Vec<Videos>,
    file: Option<String>,
    zip: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Videos {
    group: u32,
    count: u32,
    #[serde(default)]
    without: Vec<u32>,
}

#[test]
fn every_case_is_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let bless = std::env::var_os("ZOETROPE_BLESS").is_some();
    let mut folders: Vec<_> = fs::read_dir(&root)
        .expect("is there")
        .map(|entry| entry.expect("can be listed").path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 30, "only {} cases are left", folders.len());
    let mut failures = Vec::new();
    for folder in folders {
        let found = describe(&folder);
        let expected_path = folder.join("expected.txt");
        if bless {
            fs::write(&expected_path, &found).expect("writes");
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected {
            failures.push(format!(
                "{}\n--- expected\n{expected}--- found\n{found}",
                folder.display()
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Opens the case in `folder` and tells all about it.
fn describe(folder: &Path) -> String {
    let name = folder
        .file_name()
        .expect("has one")
        .to_string_lossy()
        .into_owned();
    let case = fs::read(folder.join("test.json")).expect("has a test.json");
    let case: Case =
        serde_json::from_slice(&case).unwrap_or_else(|error| panic!("{name}/test.json: {error}"));
    let mut input = MemoryFolder::new(&name);
    // A case that is made of videos only has no files of its own.
    let files = folder.join("input");
    if files.is_dir() {
        let on_disk = FileFolder::open(&files).expect("opens");
        for path in on_disk.list().expect("lists").expect("knows") {
            let bytes = fs::read(files.join(&path)).expect("reads");
            input.insert(path, bytes);
        }
    }
    for videos in &case.videos {
        for video in (0..videos.count).filter(|video| !videos.without.contains(video)) {
            input.insert(format!("group{}/{video}.mp4", videos.group), *b"ftyp avc1");
        }
    }
    let input = match (&case.file, &case.zip) {
        (Some(file), _) => {
            let bytes = input.get(file).expect("names a file of the input").to_vec();
            Input::File(Box::new(MemorySource::new(file, bytes)))
        }
        (None, Some(inside)) => Input::File(Box::new(MemorySource::new(
            format!("{name}.zip"),
            pack(&input, inside),
        ))),
        (None, None) => Input::Folder(Box::new(input)),
    };
    match open(input, &Cancel::new()) {
        Ok(demuxer) => tell(demuxer),
        Err(error) => format!("error: {error}\n"),
    }
}

fn pack(folder: &MemoryFolder, inside: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for path in folder.list().expect("lists").expect("knows") {
        writer
            .start_file(format!("{inside}{path}"), SimpleFileOptions::default())
            .expect("starts");
        writer
            .write_all(folder.get(&path).expect("is there"))
            .expect("writes");
    }
    writer.finish().expect("finishes").into_inner()
}

fn tell(mut demuxer: Box<dyn Demuxer>) -> String {
    let mut text = String::new();
    let info = demuxer.info().clone();
    let mut line = |key: &str, value: String| {
        writeln!(text, "{key}: {value}").expect("memory takes everything");
    };
    line("kind", info.kind.name().to_owned());
    line("title", info.title);
    line("codec", info.codec);
    let known = if info.frame_rate_known {
        ""
    } else {
        " (assumed)"
    };
    line(
        "frames",
        format!("{} at {}{known}", info.frame_count, info.frame_rate),
    );
    line("sh degree", info.sh_degree.to_string());
    if let Some(counts) = info.gaussians {
        line(
            "gaussians",
            format!("{} to {}, mean {:.2}", counts.min, counts.max, counts.mean),
        );
    }
    if let Some(bounds) = info.bounds {
        line("bounds", format!("{:?} to {:?}", bounds.min, bounds.max));
    }
    line("up", info.up.name().to_owned());
    if let Some(camera) = info.camera {
        line("camera", format!("{camera:?}"));
    }
    if let Some(size) = info.size_bytes {
        line("bytes", size.to_string());
    }
    for warning in info.warnings {
        line("warning", warning);
    }
    for group in 0..demuxer.groups().len() {
        let frames = demuxer.groups()[group].frames.clone();
        let told = match read(&mut *demuxer, group) {
            Ok(told) => told,
            Err(error) => format!("error: {error}"),
        };
        line(&format!("group {group}, frames {frames:?}"), told);
    }
    text
}

fn read(demuxer: &mut dyn Demuxer, group: usize) -> Result<String> {
    let packets = demuxer.read_group(group, &Cancel::new())?;
    assert_eq!(
        (packets.group, &packets.frames),
        (group, &demuxer.groups()[group].frames)
    );
    Ok(match packets.payload {
        GroupPayload::PlaneVideos {
            layout,
            ranges,
            videos,
        } => {
            assert_eq!(ranges.len(), packets.frames.len());
            assert_eq!(videos.len(), layout.layers());
            assert!(
                ranges
                    .iter()
                    .all(|range| range.values().len() == layout.attributes())
            );
            let shared = ranges
                .windows(2)
                .all(|pair| Arc::ptr_eq(&pair[0], &pair[1]));
            let names: Vec<&str> = videos.iter().map(|video| video.name.as_str()).collect();
            format!(
                "{} Gaussians, {} x {}, SH {}, {:?}, {} ranges, x {:?}, opacity {:?}, videos {} {} {} .. {}",
                layout.count,
                layout.side,
                layout.side,
                layout.sh_degree,
                layout.encoding,
                if shared { "shared" } else { "own" },
                ranges[0].values()[0],
                ranges[0].values()[layout.opacity_layer() - 3],
                names[0],
                names[5],
                names[6],
                names[names.len() - 1],
            )
        }
        GroupPayload::Neural(frame) => format!(
            "a frame of {:?} pixels out of {} numbers",
            frame.picture_size(),
            frame.embedding().len()
        ),
        GroupPayload::Layered(layered) => layered
            .layers
            .iter()
            .map(|layer| {
                format!(
                    "{:?}: {} {} x {}, {} packets, side samples of {:?} bytes",
                    layer.kind,
                    layer.video.codec.name(),
                    layer.video.width,
                    layer.video.height,
                    layer.video.packets.len(),
                    layer.side.iter().map(Vec::len).collect::<Vec<_>>()
                )
            })
            .collect::<Vec<_>>()
            .join("; "),
        GroupPayload::SplatFile { name, cloud, .. } => format!(
            "{name}: {} Gaussians, SH {}, {} dropped, antialiased {}, bounds {:?}",
            cloud.len(),
            cloud.sh_degree,
            cloud.dropped,
            cloud.antialiased,
            cloud.bounds()
        ),
    })
}
