//! The caps of `limits.rs` on models in levels of detail and on moving models, at the limit and one
//! past it.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::container::lod_sog::{LodDemuxer, LodTree};
use zoetrope_codecs::container::queen::QueenDemuxer;
use zoetrope_codecs::container::{four_dgs, splatv};
use zoetrope_codecs::pickle::{Allowed, Pickle};
use zoetrope_codecs::source::{Folder, MemorySource, Source};
use zoetrope_codecs::splat::ply;
use zoetrope_codecs::{Cancel, Demuxer, Error, Result, SplatCloud, limits};

/// A source that claims to be `len` bytes long and has none, and a folder full of it.
#[derive(Clone)]
struct Claim(u64);

impl Source for Claim {
    fn name(&self) -> &str {
        "claim"
    }

    fn len(&self) -> u64 {
        self.0
    }

    fn read(&self, _: Range<u64>, _: &Cancel) -> Result<Vec<u8>> {
        Err(Error::malformed("claim", "there are no bytes"))
    }
}

impl Folder for Claim {
    fn name(&self) -> &str {
        "claims"
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn open(&self, _: &str, _: &Cancel) -> Result<Box<dyn Source>> {
        Ok(Box::new(self.clone()))
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

#[test]
fn parts_of_a_streamed_model() {
    at_and_past(limits::MAX_LOD_LEAVES, |count| {
        let bound = r#""bound":{"min":[0,0,0],"max":[1,1,1]}"#;
        let leaf = format!(r#"{{{bound},"lods":{{"0":{{"file":0,"offset":0,"count":1}}}}}}"#);
        let leaves = vec![leaf; count as usize].join(",");
        let text = format!(r#"{{"filenames":["a"],"tree":{{{bound},"children":[{leaves}]}}}}"#);
        assert!(text.len() as u64 <= limits::MAX_LOD_META_BYTES);
        is_limit(LodTree::parse("lod-meta.json", text.as_bytes()))
    });
    at_and_past(limits::MAX_LOD_META_BYTES, |len| {
        is_limit(LodDemuxer::open(Arc::new(Claim(len)), &Cancel::new()))
    });
}

fn record(opcode: u8, length: u64) -> Vec<u8> {
    [&[opcode][..], &length.to_le_bytes()].concat()
}

#[test]
fn records_of_a_4dgs_file() {
    let opens = |records: Vec<u8>| {
        let bytes = [&b"\x894DGS1\r\n"[..], &records].concat();
        four_dgs::open(Arc::new(MemorySource::new("a", bytes)), &Cancel::new())
    };
    // The last one, which ends the file, counts too.
    at_and_past(limits::MAX_4DGS_RECORDS, |count| {
        let mut records = record(0x90, 0).repeat(count as usize - 1);
        records.extend(record(2, 0));
        is_limit(opens(records))
    });
    at_and_past(limits::MAX_4DGS_RECORD_BYTES, |length| {
        let mut records = record(4, length);
        records.resize(records.len() + length as usize, 0);
        records.extend(record(2, 0));
        is_limit(opens(records))
    });
}

#[test]
fn text_of_a_splatv_file() {
    at_and_past(limits::MAX_SPLATV_JSON_BYTES, |length| {
        let mut bytes = 0x674b_u32.to_le_bytes().to_vec();
        bytes.extend((length as u32).to_le_bytes());
        bytes.resize(8 + length as usize, b' ');
        let source: Arc<dyn Source> = Arc::new(MemorySource::new("a", bytes));
        is_limit(splatv::open(&source, &Cancel::new()))
    });
}

/// A folder of two of QUEEN's frames, the second of which claims a length.
struct TwoFrames(Claim);

const TWO_FRAMES: [&str; 2] = ["1/a.ply", "2/compressed/point_cloud.pkl"];

impl Folder for TwoFrames {
    fn name(&self) -> &str {
        "frames"
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        Ok(Some(TWO_FRAMES.map(str::to_owned).to_vec()))
    }

    fn open(&self, path: &str, _: &Cancel) -> Result<Box<dyn Source>> {
        if path != TWO_FRAMES[0] {
            return Ok(Box::new(self.0.clone()));
        }
        let mut file = Vec::new();
        ply::write(&SplatCloud::default(), &mut file).expect("memory takes everything");
        Ok(Box::new(MemorySource::new(path, file)))
    }
}

#[test]
fn pickles() {
    let cancel = Cancel::new();
    at_and_past(limits::MAX_PICKLE_BYTES, |length| {
        let folder = Arc::new(TwoFrames(Claim(length)));
        let clip = QueenDemuxer::open(folder, &TWO_FRAMES.map(str::to_owned), &cancel);
        is_limit(clip.expect("opens").read_group(1, &cancel))
    });
    at_and_past(limits::MAX_PICKLE_VALUES, |count| {
        let mut bytes = vec![b'N'; count as usize];
        bytes.push(b'.');
        let nothing = Allowed {
            globals: &[],
            names: &[],
        };
        is_limit(Pickle::parse("a", &bytes, nothing))
    });
}
