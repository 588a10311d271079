//! Models in several levels of detail, and models that move.

use std::sync::Arc;

use zoetrope_codecs::container::lod_sog::{LodDemuxer, choose};
use zoetrope_codecs::container::queen::next_cloud;
use zoetrope_codecs::container::{
    MovingDemuxer, four_dgs as container_4dgs, splatv as container_splatv,
};
use zoetrope_codecs::pickle::{ARRAYS, Allowed, Pickle, Value};
use zoetrope_codecs::source::{Folder, MemoryFolder, Source};
use zoetrope_codecs::splat::ply;
use zoetrope_codecs::{Cancel, Demuxer, Detail, GroupPayload, SplatCloud};

use super::{check, source, tiny_sog};

/// Gaussians of a frame that is worked out.
const MAX_GAUSSIANS: usize = 100_000;
/// Chunks that lie beside `lod-meta.json`, 6 Gaussians each.
const CHUNKS: [&str; 3] = ["0_0", "1_0", "2_0"];

/// `lod-meta.json`, with a few chunks beside it.
pub fn lod_meta(data: &[u8]) {
    let cancel = Cancel::new();
    let chunk = tiny_sog(2);
    let mut folder = MemoryFolder::new("model");
    folder.insert("lod-meta.json", data);
    for name in CHUNKS {
        for path in chunk.list().ok().flatten().unwrap_or_default() {
            let bytes = chunk.get(&path).expect("is listed");
            folder.insert(format!("{name}/{path}"), bytes);
        }
    }
    let Ok(mut model) = LodDemuxer::open(Arc::new(folder), &cancel) else {
        return;
    };
    let layers = model.info().layers.len() as u8;
    assert!(layers > 0);
    for layer in [1, layers] {
        let Ok(packets) = model.read_part(0, Detail::Layers(layer), &cancel) else {
            continue;
        };
        let GroupPayload::SplatFile { cloud, .. } = packets.payload else {
            unreachable!("it is made of splat files");
        };
        check(&cloud);
    }
    for budget in [0, 12, u64::MAX] {
        for eye in [[0.0; 3], [1e30, -7.0, f32::INFINITY]] {
            let Some(choice) = choose(model.tree(), eye, budget, 0) else {
                continue;
            };
            let leaves = model.tree().leaves.iter().zip(choice);
            let rows = leaves.filter_map(|(leaf, level)| leaf.levels.get(&level?));
            assert!(rows.map(|rows| rows.count).fold(0, u64::saturating_add) <= budget);
        }
    }
}

/// A `.4dgs` file.
pub fn four_dgs(data: &[u8]) {
    if let Ok(clip) = container_4dgs::open(Arc::new(source(data)), &Cancel::new()) {
        read_frames(clip);
    }
}

/// A `.splatv` file.
pub fn splatv(data: &[u8]) {
    let source: Arc<dyn Source> = Arc::new(source(data));
    if let Ok(clip) = container_splatv::open(&source, &Cancel::new()) {
        read_frames(clip);
    }
}

/// A pickle that may name what arrays need.
pub fn pickle(data: &[u8]) {
    let allowed = Allowed {
        globals: ARRAYS,
        names: &["CompressedLatents"],
    };
    let Ok(pickle) = Pickle::parse("input", data, allowed) else {
        return;
    };
    assert!(pickle.length() <= data.len());
    for id in pickle.ids() {
        if let Value::Global(module, name) = pickle.value(id) {
            let is_known = ARRAYS.contains(&(module, name)) || *name == "CompressedLatents";
            assert!(is_known, "{module}.{name} was let through");
        }
        let _ = pickle.number(id);
        if let Some(array) = pickle.array(id) {
            let count: usize = array.shape().iter().product();
            assert_eq!(array.floats().len(), count);
        }
    }
}

/// A compressed frame of QUEEN after one of forty Gaussians.
pub fn queen(data: &[u8]) {
    let mut first = SplatCloud::with_capacity(40, 1);
    for k in 0..40 {
        let at = [k as f32, 0.5, -1.0];
        let turn = [1.0, 0.1, 0.2, 0.3];
        first.push(at, turn, [0.1; 3], 0.5, [0.25; 3], &[[0.125; 3]; 3]);
    }
    let mut file = Vec::new();
    ply::write(&first, &mut file).expect("memory takes everything");
    if let Ok(cloud) = next_cloud(&source(&file), "input", data, &Cancel::new()) {
        check(&cloud);
    }
}

/// Frames all over a clip. A few bytes can say that all of very many Gaussians are the same; drawing
/// those is worth no memory here.
fn read_frames(mut clip: MovingDemuxer) {
    let most = clip.info().gaussians.expect("is known").max;
    if most > MAX_GAUSSIANS {
        return;
    }
    let count = clip.info().frame_count;
    for frame in [0, count / 3, count - 1, 0] {
        let Ok(packets) = clip.read_group(frame, &Cancel::new()) else {
            continue;
        };
        let GroupPayload::SplatFile { cloud, .. } = packets.payload else {
            unreachable!("it is made of clouds");
        };
        check(&cloud);
    }
}
