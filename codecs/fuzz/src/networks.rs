//! Networks that make pictures.

use std::io::{Cursor, Write};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::neural::{self, CpuDecoder, ImportOptions, NeuralFormat, TimeEmbedding};

use super::source;

/// Bytes of each storage of the archive that a pickle is put into: those of `networks` in the corpus.
pub const STORAGE_BYTES: [usize; 10] = [
    24 * 4,
    6 * 4,
    270,
    45 * 2,
    45 * 2,
    45 * 4,
    72,
    4,
    3 * 4,
    120,
];
/// Multiplications of a frame that is decoded.
const MAX_MACS: u64 = 1 << 20;
/// Pixels of it.
const MAX_PIXELS: usize = 1 << 16;

/// A file with a network: the first byte says whether the rest is the whole file, or only the pickle of an archive,
/// whose checksum would see every other damage.
pub fn neural_import(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let file = if kind % 2 == 0 {
        rest.to_vec()
    } else {
        archive(rest)
    };
    let format = NeuralFormat::of_head(&file[..file.len().min(300)], file.len() as u64);
    if *kind % 2 == 1 {
        assert_eq!(format, Some(NeuralFormat::TorchArchive));
    }
    let options = ImportOptions {
        embedding: Some(TimeEmbedding {
            base: 1.25,
            levels: 2,
        }),
        frames: Some(3),
        ..ImportOptions::default()
    };
    let cancel = Cancel::new();
    let Ok(import) = neural::import(Arc::new(source(&file)), &options, &cancel) else {
        return;
    };
    let video = import.video;
    // Biases that the file leaves out are zeros of the network.
    assert!(import.facts.parameters <= video.network.parameters());
    assert!(video.frame_count() > 0);
    let [width, height] = video.network.picture_size();
    if video.network.macs() > MAX_MACS || width * height > MAX_PIXELS {
        return;
    }
    let decoder = CpuDecoder::new(&video.network);
    let embedding = video
        .embedding(video.frame_count() - 1)
        .expect("is one of them");
    let picture = decoder.decode(embedding, &cancel).expect("decodes");
    assert_eq!(picture.rgb.len(), width * height);
}

/// An archive of a pickle, with storages of zeros and ones.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |path: &str, bytes: &[u8]| {
        writer.start_file(path, options).expect("memory takes it");
        writer.write_all(bytes).expect("memory takes it");
    };
    add("a/data.pkl", pickle);
    for (key, length) in STORAGE_BYTES.into_iter().enumerate() {
        let bytes: Vec<u8> = (0..length).map(|k| (k % 3 == 0).into()).collect();
        add(&format!("a/data/{key}"), &bytes);
    }
    writer.finish().expect("memory takes it").into_inner()
}
