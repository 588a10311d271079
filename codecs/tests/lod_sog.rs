//! Streamed SOG: a model in several levels of detail.

mod common;

use std::sync::Arc;

use common::{shared_data, small_cloud};
use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::container::lod_sog::LodDemuxer;
use zoetrope_codecs::source::{FileFolder, MemoryFolder};
use zoetrope_codecs::splat::sog;
use zoetrope_codecs::{Cancel, Demuxer, GroupPayload, Input, Result, SplatCloud, open};

fn read(demuxer: &mut dyn Demuxer, detail: Detail) -> Result<SplatCloud> {
    match demuxer.read_part(0, detail, &Cancel::new())?.payload {
        GroupPayload::SplatFile { cloud, .. } => Ok(*cloud),
        other => panic!("{other:?} is no splat file"),
    }
}

fn insert(folder: &mut MemoryFolder, chunk: &str, cloud: &SplatCloud) {
    for (name, bytes) in sog::files(cloud, &Cancel::new()).expect("can be written") {
        folder.insert(format!("{chunk}/{name}"), bytes);
    }
}

/// Two leaves side by side. The near one has levels 0 to 2, the far one 1 and 2; the two coarse levels
/// share a chunk each.
const META: &str = r#"{"lodLevels":3,"environment":"sky/meta.json",
    "filenames":["fine/meta.json","middle/meta.json","coarse/meta.json"],
    "tree":{"bound":{"min":[0,-2,-1],"max":[2,0,1]},"children":[
        {"bound":{"min":[0,-2,-1],"max":[1,0,0]},"lods":{
            "0":{"file":0,"offset":0,"count":90},
            "1":{"file":1,"offset":0,"count":30},"2":{"file":2,"offset":0,"count":5}}},
        {"bound":{"min":[1,-2,0],"max":[2,0,1]},"lods":{
            "1":{"file":1,"offset":30,"count":10},"2":{"file":2,"offset":5,"count":3}}}]}}"#;

fn model() -> MemoryFolder {
    let mut folder = MemoryFolder::new("model");
    folder.insert("lod-meta.json", META.as_bytes());
    insert(&mut folder, "fine", &small_cloud(90, 1));
    insert(&mut folder, "middle", &small_cloud(40, 1));
    insert(&mut folder, "coarse", &small_cloud(8, 0));
    insert(&mut folder, "sky", &small_cloud(4, 2));
    folder
}

#[test]
fn levels_are_layers_and_the_coarsest_is_first() {
    let mut model = LodDemuxer::open(Arc::new(model()), &Cancel::new()).expect("opens");
    let names: Vec<&str> = model
        .info()
        .layers
        .iter()
        .map(|l| l.name.as_str())
        .collect();
    assert_eq!(names, ["level 2", "level 1", "level 0"]);
    assert_eq!(model.info().frame_count, 1);
    assert!(model.info().warnings.is_empty());
    assert!(model.is_at_hand(0, Detail::Key) && model.is_at_hand(0, Detail::Layers(1)));
    assert!(!model.is_at_hand(0, Detail::FULL), "the coarsest first");
    for (detail, count) in [
        (Detail::Key, 8),
        (Detail::Layers(1), 8),
        (Detail::Layers(2), 40),
        (Detail::Layers(3), 90 + 10),
        (Detail::FULL, 100),
    ] {
        let cloud = read(&mut model, detail).expect("reads");
        // The surroundings are always there, and have the highest SH degree.
        assert_eq!((cloud.len(), cloud.sh_degree), (count + 4, 2), "{detail:?}");
        assert!(cloud.sh_rest.is_for(cloud.len(), 8));
    }
    let counts = model.info().gaussians.expect("are known");
    assert_eq!(counts.max, 104);
    let bytes: u64 = model.info().layers.iter().map(|layer| layer.bytes).sum();
    assert_eq!(model.part_bytes(0, Detail::FULL), Some(bytes));
}

#[test]
fn a_leaf_gets_its_own_rows() {
    let folder = model();
    let middle = {
        let mut alone = MemoryFolder::new("middle");
        for (name, bytes) in sog::files(&small_cloud(40, 1), &Cancel::new()).expect("writes") {
            alone.insert(name, bytes);
        }
        sog::read(&alone, &Cancel::new()).expect("reads")
    };
    let mut model = LodDemuxer::open(Arc::new(folder), &Cancel::new()).expect("opens");
    let cloud = read(&mut model, Detail::FULL).expect("reads");
    assert_eq!(cloud.positions[90..100], middle.positions[30..40]);
    assert_eq!(cloud.rest_of(95)[..3], *middle.rest_of(35));
    assert_eq!(cloud.rest_of(95)[3..], [[0.0; 3]; 5]);
}

#[test]
fn missing_levels_are_told_and_the_nearest_is_shown() {
    let mut folder = model();
    for name in sog::files(&small_cloud(1, 1), &Cancel::new()).expect("writes") {
        folder.remove(&format!("fine/{}", name.0));
    }
    let mut model = LodDemuxer::open(Arc::new(folder.clone()), &Cancel::new()).expect("opens");
    assert_eq!(
        model.info().omissions,
        [
            "level of detail 0 is not there (fine/meta.json is missing); the finest that can be shown \
          is level 1"
        ]
    );
    assert_eq!(read(&mut model, Detail::FULL).expect("reads").len(), 44);

    // A level that is only there in part is bridged by the next coarser one.
    folder.insert(
        "lod-meta.json",
        META.replace("\"file\":1,\"offset\":30", "\"file\":0,\"offset\":30")
            .into_bytes(),
    );
    let mut model = LodDemuxer::open(Arc::new(folder.clone()), &Cancel::new()).expect("opens");
    assert_eq!(
        read(&mut model, Detail::FULL).expect("reads").len(),
        30 + 3 + 4
    );

    folder.insert(
        "lod-meta.json",
        META.replace("middle", "gone")
            .replace("coarse", "gone")
            .into_bytes(),
    );
    let error = LodDemuxer::open(Arc::new(folder), &Cancel::new());
    let error = error.map(|_| ()).expect_err("has nothing").to_string();
    assert!(error.contains("copy the whole folder"), "{error}");
}

#[test]
fn damage_is_a_sentence() {
    let message = |meta: &str| {
        let mut folder = model();
        folder.insert("lod-meta.json", meta.as_bytes());
        let opened = open(Input::Folder(Box::new(folder)), &Cancel::new());
        match opened.and_then(|mut model| read(&mut *model, Detail::FULL)) {
            Ok(cloud) => format!("{} Gaussians", cloud.len()),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(message(META), "104 Gaussians");
    for (damaged, part) in [
        ("{}".to_owned(), "does not describe a streamed SOG model"),
        (
            META.replace("\"file\":2", "\"file\":7"),
            "it speaks of file 7 and lists 3 files",
        ),
        (
            META.replace("\"count\":90", "\"count\":91"),
            "speaks of rows 0..91 of fine/meta.json",
        ),
        (
            META.replace("\"count\":5", "\"count\":9000000001"),
            "Zoetrope reads at most",
        ),
        (
            META.replace("[2,0,1]", "[-2,0,1]"),
            "a box of its tree is none",
        ),
        (META.replace("lods", "lod"), "its tree has no Gaussians"),
    ] {
        let message = message(&damaged);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn playbot_is_shown_without_its_finest_levels() {
    let Some(path) = shared_data("playcanvas/playbot_streamed_sog") else {
        return;
    };
    let cancel = Cancel::new();
    // What a file dialog can pick stands for the folder.
    for path in [path.clone(), path.join("lod-meta.json")] {
        let mut model = open(Input::from_path(path).expect("is there"), &cancel).expect("opens");
        let info = model.info().clone();
        assert_eq!(info.codec, "streamed SOG");
        assert_eq!((info.layers.len(), info.sh_degree), (4, 2));
        assert_eq!(
            info.omissions,
            [
                "levels of detail 0, 1, 2 are not there (0_0/meta.json and 2 more files are missing); \
              the finest that can be shown is level 3"
            ]
        );
        let counts = [1, 2, 3, 4].map(|layer| {
            let cloud = read(&mut *model, Detail::Layers(layer)).expect("reads");
            assert_eq!(cloud.dropped, 0);
            cloud.len()
        });
        assert_eq!(counts, [1873, 3000, 8406, 31000]);
    }
    let fine = FileFolder::open(path.join("3_0")).expect("opens");
    let fine = sog::read(&fine, &cancel).expect("reads");
    let mut model = open(Input::from_path(path).expect("is there"), &cancel).expect("opens");
    assert_eq!(read(&mut *model, Detail::FULL).expect("reads"), fine);
}
