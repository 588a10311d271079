//! Every cap of `limits.rs` that a reader applies, at the limit and one past it. Inputs only claim
//! their size: a source that is asked for too much fails in another way than by its cap.

#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::container::v3::{V3Demuxer, parse_group_info, parse_viewer_min_max};
use zoetrope_codecs::source::{FileFolder, Folder, MemoryFolder, MemorySource, Source};
use zoetrope_codecs::splat::{self, compressed_ply, gltf, ksplat, ply, sog, spz};
use zoetrope_codecs::{Cancel, Demuxer, Error, Input, Result, limits, open};

/// A source that claims to be `len` bytes long and starts with `head`.
struct Claim {
    name: String,
    head: Vec<u8>,
    len: u64,
}

impl Source for Claim {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, range: Range<u64>, _: &Cancel) -> Result<Vec<u8>> {
        if range.end - range.start > 1 << 20 {
            return Err(Error::malformed(&self.name, "asked for all of it"));
        }
        let mut bytes = vec![b' '; (range.end - range.start) as usize];
        for (at, byte) in (range.start..range.end).zip(&mut bytes) {
            if let Some(known) = self.head.get(at as usize) {
                *byte = *known;
            }
        }
        Ok(bytes)
    }
}

/// A folder in memory in which some files claim to be larger than they are.
struct Claims {
    folder: MemoryFolder,
    larger: Vec<(String, u64)>,
}

impl Folder for Claims {
    fn name(&self) -> &str {
        self.folder.name()
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        self.folder.list()
    }

    fn open(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        let claimed = self.larger.iter().find(|(name, _)| name == path);
        match claimed {
            Some((name, len)) => Ok(Box::new(Claim {
                name: name.clone(),
                head: self.folder.get(path).unwrap_or_default().to_vec(),
                len: *len,
            })),
            None => self.folder.open(path, cancel),
        }
    }
}

fn is_limit<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Limit { .. }))
}

/// `check` fails by its cap for `limit + 1` and not for `limit`.
fn at_and_past(limit: u64, check: impl Fn(u64) -> bool) {
    assert!(!check(limit), "{limit} is allowed");
    assert!(check(limit + 1), "{limit} is the limit");
}

fn ply_text(count: u64, filler: usize) -> Vec<u8> {
    let mut text = format!("ply\nformat ascii 1.0\ncomment {}\n", "x".repeat(filler));
    text.push_str(&format!("element vertex {count}\n"));
    for name in [
        "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1",
    ] {
        text.push_str(&format!("property float {name}\n"));
    }
    for part in 0..4 {
        text.push_str(&format!("property float rot_{part}\n"));
    }
    text.push_str("end_header\n");
    text.into_bytes()
}

#[test]
fn gaussians_of_every_splat_format() {
    let cancel = Cancel::new();
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        is_limit(ply::read(
            &MemorySource::new("a", ply_text(count, 0)),
            &cancel,
        ))
    });
    let compressed = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/tiny.compressed.ply"
    ))
    .expect("is there");
    let header = String::from_utf8_lossy(&compressed);
    let header = &header[..header.find("end_header\n").expect("has one") + 11];
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        let header = header
            .replace("vertex 260", &format!("vertex {count}"))
            .replace("sh 260", &format!("sh {count}"))
            .replace("chunk 2", "chunk 100000");
        is_limit(compressed_ply::read(
            &MemorySource::new("a", header.into_bytes()),
            &cancel,
        ))
    });
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        is_limit(gltf::facts(&gltf_text(count, 1, ""), &cancel))
    });
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        is_limit(ksplat::facts(&ksplat_claim(1, count as u32), &cancel))
    });
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        let mut bytes = b"NGSP\x03\0\0\0".to_vec();
        bytes.extend((count as u32).to_le_bytes());
        bytes.extend([0, 12, 0, 0]);
        is_limit(spz::read(&MemorySource::new("a", bytes), &cancel))
    });
    at_and_past(limits::MAX_GAUSSIANS, |count| {
        let mut folder = entry::tiny_sog(2);
        let meta = String::from_utf8_lossy(folder.get("meta.json").expect("is there")).into_owned();
        let meta = meta.replace("\"count\":6", &format!("\"count\":{count}"));
        folder.insert("meta.json", meta.into_bytes());
        is_limit(sog::read(&folder, &cancel))
    });
}

/// A .ksplat file with `count` Gaussians in its first section.
fn ksplat_claim(sections: u32, count: u32) -> Claim {
    let mut head = vec![0; 4096 + 1024];
    head[1] = 1;
    head[4..8].copy_from_slice(&sections.to_le_bytes());
    head[4096..4100].copy_from_slice(&count.to_le_bytes());
    Claim {
        name: "a".to_owned(),
        head,
        len: 1 << 30,
    }
}

/// glTF that claims `count` Gaussians in each of `nodes` nodes; `more` stands at its end.
fn gltf_text(count: u64, nodes: usize, more: &str) -> MemorySource {
    let numbers: Vec<String> = (0..nodes).map(|number| number.to_string()).collect();
    let text = format!(
        r#"{{"scenes":[{{"nodes":[{}]}}],"nodes":[{}],"meshes":[{{"primitives":[{{
        "attributes":{{"POSITION":0}},"extensions":{{"KHR_gaussian_splatting":{{}}}}}}]}}],
        "accessors":[{{"componentType":5126,"count":{count},"type":"VEC3"}}]{more}}}"#,
        numbers.join(","),
        vec![r#"{"mesh":0}"#; nodes].join(","),
    );
    MemorySource::new("a", text.into_bytes())
}

#[test]
fn sizes_of_a_gltf_model() {
    let cancel = Cancel::new();
    at_and_past(limits::MAX_GLTF_PRIMITIVES, |primitives| {
        is_limit(gltf::facts(&gltf_text(1, primitives as usize, ""), &cancel))
    });
    let text = |more: &str| {
        let source = gltf_text(1, 1, more);
        let all = source.read(0..source.len(), &cancel).expect("reads");
        String::from_utf8(all).expect("is text")
    };
    let count = |letter: char| text("").matches(letter).count();
    let (objects, values) = (count('{'), count(','));
    at_and_past(limits::MAX_GLTF_OBJECTS, |limit| {
        let more = "{}".repeat(limit as usize - objects);
        // No JSON: what is counted is the text.
        is_limit(gltf::facts(&gltf_text(1, 1, &more), &cancel))
    });
    at_and_past(limits::MAX_GLTF_VALUES, |limit| {
        let more = ",".repeat(limit as usize - values);
        is_limit(gltf::facts(&gltf_text(1, 1, &more), &cancel))
    });
    at_and_past(limits::MAX_GLTF_JSON_BYTES, |len| {
        let claim = Claim {
            name: "a".to_owned(),
            head: b"{\"meshes\":[]".to_vec(),
            len,
        };
        is_limit(gltf::facts(&claim, &cancel))
    });
}

#[test]
fn sections_of_a_ksplat_file() {
    at_and_past(limits::MAX_KSPLAT_SECTIONS, |sections| {
        is_limit(ksplat::facts(
            &ksplat_claim(sections as u32, 0),
            &Cancel::new(),
        ))
    });
}

#[test]
fn bytes_of_a_text_header() {
    let cancel = Cancel::new();
    let plain = ply_text(0, 0).len() as u64;
    at_and_past(limits::MAX_HEADER_BYTES, |length| {
        let bytes = ply_text(0, (length - plain) as usize);
        assert_eq!(bytes.len() as u64, length);
        let result = ply::read(&MemorySource::new("a", bytes), &cancel);
        assert_eq!(result.is_err(), length > limits::MAX_HEADER_BYTES);
        is_limit(result)
    });
}

#[test]
fn bytes_of_a_splat_file() {
    let cancel = Cancel::new();
    let claim = |len| Claim {
        name: "a".to_owned(),
        head: ply_text(1, 0),
        len,
    };
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        is_limit(ply::read(&claim(len), &cancel))
    });
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        is_limit(compressed_ply::read(&claim(len), &cancel))
    });
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        let claim = Claim {
            len,
            ..ksplat_claim(1, 0)
        };
        is_limit(ksplat::read(&claim, &cancel))
    });
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        let head = b"glTF\x02\0\0\0\0\0\0\0\0\0\0\0JSON".to_vec();
        is_limit(gltf::read(&Claim { head, ..claim(len) }, &cancel))
    });
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        let head = b"NGSP\x03\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        is_limit(spz::read(&Claim { head, ..claim(len) }, &cancel))
    });
    at_and_past(limits::MAX_SPLAT_FILE_BYTES, |len| {
        let source: Arc<dyn Source> = Arc::new(claim(len));
        is_limit(splat::read(&source, &cancel))
    });
}

#[test]
fn parts_of_a_sog_model() {
    let cancel = Cancel::new();
    let claims = |name: &str, len| Claims {
        folder: entry::tiny_sog(2),
        larger: vec![(name.to_owned(), len)],
    };
    at_and_past(limits::MAX_SOG_META_BYTES, |len| {
        let folder = claims("meta.json", len);
        let result = sog::read(&folder, &cancel);
        // The blanks behind the text do no harm.
        assert_eq!(result.is_ok(), len <= limits::MAX_SOG_META_BYTES);
        is_limit(result)
    });
    at_and_past(limits::MAX_SOG_PICTURE_BYTES, |len| {
        is_limit(sog::read(&claims("sh0.webp", len), &cancel))
    });
    // A lossless picture that only claims its size: 14 bits each of width - 1 and height - 1.
    let picture = |width: u64, height: u64| {
        let bits = (width - 1) as u32 | ((height - 1) as u32) << 14;
        let mut bytes = b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f".to_vec();
        bytes.extend(bits.to_le_bytes());
        bytes.push(0);
        let mut folder = entry::tiny_sog(2);
        folder.insert("sh0.webp", bytes);
        is_limit(sog::read(&folder, &cancel))
    };
    assert_eq!(4096 * 4096, limits::MAX_SOG_PIXELS);
    assert!(!picture(4096, 4096));
    assert!(picture(4096, 4097));
}

#[test]
fn groups_and_frames_of_a_clip() {
    let entries = |count: u64| {
        let entries: Vec<String> = (0..count).map(|key| format!("\"{key}\":0")).collect();
        format!("{{{}}}", entries.join(",")).into_bytes()
    };
    at_and_past(limits::MAX_GROUPS, |count| {
        parse_group_info("a", &entries(count)).is_err()
    });
    at_and_past(limits::MAX_FRAMES, |count| {
        parse_viewer_min_max("a", &entries(count)).is_err()
    });
    // Groups of as many frames as may be, then one of one frame.
    let clip = |frames: u64| {
        let full = limits::MAX_GROUP_FRAMES;
        let groups: Vec<String> = (0..frames.div_ceil(full))
            .map(|group| {
                let first = group * full;
                let last = (first + full).min(frames) - 1;
                format!("\"{group}\":{{\"frame_index\":[{first},{last}]}}")
            })
            .collect();
        let mut folder = MemoryFolder::new("clip");
        folder.insert(
            "group_info.json",
            format!("{{{}}}", groups.join(",")).into_bytes(),
        );
        folder.insert("viewer_min_max.json", *b"{}");
        V3Demuxer::open(Arc::new(folder), &Cancel::new()).map(|_| ())
    };
    at_and_past(limits::MAX_FRAMES, |frames| is_limit(clip(frames)));
}

fn numbers(count: usize) -> String {
    vec!["0"; count].join(",")
}

/// A clip of one group of `frames` frames with placeholder videos.
fn clip(frames: u64) -> MemoryFolder {
    let mut folder = MemoryFolder::new("clip");
    let groups = format!("{{\"0\":{{\"frame_index\":[0,{}]}}}}", frames - 1);
    folder.insert("group_info.json", groups.into_bytes());
    let entry = format!("{{\"num\":1,\"info\":[{}]}}", numbers(34));
    let entries: Vec<String> = (0..frames)
        .map(|frame| format!("\"{frame}\":{entry}"))
        .collect();
    folder.insert(
        "viewer_min_max.json",
        format!("{{{}}}", entries.join(",")).into_bytes(),
    );
    for video in 0..20 {
        folder.insert(format!("group0/{video}.mp4"), *b"avc1");
    }
    folder
}

#[test]
fn frames_of_a_group() {
    at_and_past(limits::MAX_GROUP_FRAMES, |frames| {
        V3Demuxer::open(Arc::new(clip(frames)), &Cancel::new()).is_err()
    });
}

#[test]
fn bytes_of_a_clips_files() {
    let cancel = Cancel::new();
    let open = |larger: Vec<(String, u64)>| {
        let folder = Claims {
            folder: clip(1),
            larger,
        };
        V3Demuxer::open(Arc::new(folder), &cancel)
    };
    for name in ["group_info.json", "viewer_min_max.json"] {
        at_and_past(limits::MAX_MANIFEST_BYTES, |len| {
            is_limit(open(vec![(name.to_owned(), len)]).map(|_| ()))
        });
    }
    at_and_past(limits::MAX_SIDECAR_BYTES, |len| {
        let clip = open(vec![("zoetrope.json".to_owned(), len)]).expect("plays without it");
        clip.info()
            .warnings
            .iter()
            .any(|warning| warning.contains("at most"))
    });
    let read = |larger: Vec<(String, u64)>| {
        let mut clip = open(larger).expect("opens");
        clip.read_group(0, &cancel).map(|_| ())
    };
    at_and_past(limits::MAX_PLANE_VIDEO_BYTES, |len| {
        is_limit(read(vec![("group0/0.mp4".to_owned(), len)]))
    });
}

/// All videos of a group together: each is within its own cap, and the last breaks the common one.
#[test]
fn bytes_of_a_group() {
    at_and_past(limits::MAX_GROUP_BYTES, |total| {
        let folder = Zeros {
            clip: clip(1),
            // Three quarters of the limit in three videos, thirteen of 4 bytes, the rest in one.
            sizes: [
                ("group0/0.mp4", limits::MAX_PLANE_VIDEO_BYTES),
                ("group0/1.mp4", limits::MAX_PLANE_VIDEO_BYTES),
                ("group0/2.mp4", limits::MAX_PLANE_VIDEO_BYTES),
                (
                    "group0/3.mp4",
                    total - 3 * limits::MAX_PLANE_VIDEO_BYTES - 13 * 4,
                ),
            ],
        };
        let mut clip = V3Demuxer::open(Arc::new(folder), &Cancel::new()).expect("opens");
        is_limit(clip.read_group(0, &Cancel::new()))
    });
}

/// A clip some of whose videos claim a size and give nothing when they are read.
struct Zeros {
    clip: MemoryFolder,
    sizes: [(&'static str, u64); 4],
}

struct Empty(u64);

impl Source for Empty {
    fn name(&self) -> &str {
        "video"
    }

    fn len(&self) -> u64 {
        self.0
    }

    fn read(&self, _: Range<u64>, _: &Cancel) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

impl Folder for Zeros {
    fn name(&self) -> &str {
        "clip"
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        self.clip.list()
    }

    fn open(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        match self.sizes.iter().find(|(name, _)| *name == path) {
            Some((_, len)) => Ok(Box::new(Empty(*len))),
            None => self.clip.open(path, cancel),
        }
    }
}

#[test]
fn depth_and_kinds_of_names_of_a_folder() {
    let outer = tempfile::tempdir().expect("a temporary folder");
    at_and_past(limits::MAX_FOLDER_DEPTH as u64, |depth| {
        let mut path = outer.path().join(format!("of{depth}"));
        for level in 0..depth {
            path.push(level.to_string());
        }
        std::fs::create_dir_all(&path).expect("creates");
        std::fs::write(path.join("a.ply"), b"x").expect("writes");
        let folder = FileFolder::open(outer.path().join(format!("of{depth}"))).expect("opens");
        folder.list().expect("lists").expect("knows").is_empty()
    });
    // The kinds are looked at in the order of their names; the splat file's is the last.
    at_and_past(limits::MAX_FOLDER_PATTERNS as u64, |kinds| {
        let mut folder = MemoryFolder::new("many");
        for kind in 1..kinds {
            let name: String = (0..4)
                .map(|digit| char::from(b'a' + (kind >> (4 * digit) & 15) as u8))
                .collect();
            folder.insert(format!("{name}.txt"), *b"text");
        }
        folder.insert("z.ply", ply_text(0, 0));
        open(Input::Folder(Box::new(folder)), &Cancel::new()).is_err()
    });
}
