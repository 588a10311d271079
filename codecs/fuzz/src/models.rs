//! Models in several levels of detail.

use std::sync::Arc;

use zoetrope_codecs::container::lod_sog::{LodDemuxer, choose};
use zoetrope_codecs::source::{Folder, MemoryFolder};
use zoetrope_codecs::{Cancel, Demuxer, Detail, GroupPayload};

use super::{check, tiny_sog};

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
