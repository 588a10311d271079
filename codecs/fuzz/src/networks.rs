//! Networks that make pictures.

use std::io::{Cursor, Write};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, NeuralWriter};
use zoetrope_codecs::neural::track::{CodedGroup, GroupReader, TrackConfig};
use zoetrope_codecs::neural::{
    self, Activation, Architecture, CodedEmbeddings, CodedNetwork, CpuDecoder, Crop, ImportOptions,
    LatentNetworks, LatentScale, Layer, LayerShape, Network, NeuralFormat, NeuralVideo, Output,
    PatchGrid, TimeEmbedding, TimeOrder, TimeRule,
};
use zoetrope_codecs::random::Random;

use super::{source, tiny_sound, tiny_thumbnails};

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

/// The configuration of a neural track and the samples of a group, as [`track_seed`] puts them together.
pub fn neural_track(data: &[u8]) {
    let mut rest = data;
    let mut part = || {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (part, behind) = behind.split_at(length.min(behind.len()));
        rest = behind;
        Some(part)
    };
    let (Some(config), Some(frames)) = (part(), part()) else {
        return;
    };
    let samples: Vec<&[u8]> = std::iter::from_fn(part).collect();
    let frames = frames
        .first()
        .map_or(1, |frames| usize::from(*frames).max(1));
    let Ok(config) = TrackConfig::read("input", config) else {
        return;
    };
    let again = TrackConfig::read("input", &config.write()).expect("was just written");
    assert_eq!(again, config);
    let (architecture, cancel) = (config.architecture(), Cancel::new());
    if architecture.parameters() > MAX_MACS {
        return;
    }
    let group = GroupReader::default().read("input", &config, &samples, frames, &cancel);
    let Ok(group) = group else {
        return;
    };
    assert!(group.frame_count() <= frames && group.frame_count() > 0);
    assert!(
        group
            .frame("input", group.frame_count())
            .is_ok_and(|frame| frame.is_none())
    );
    let [width, height] = architecture.picture_size();
    if architecture.macs() > MAX_MACS || width * height * architecture.frames() > MAX_PIXELS {
        return;
    }
    let Ok(Some(frame)) = group.frame("input", group.frame_count() - 1) else {
        return;
    };
    let decoder = CpuDecoder::new(frame.network());
    let pictures = decoder
        .decode_frames(frame.embedding(), &cancel)
        .expect("decodes");
    assert_eq!(pictures.len(), architecture.frames());
    assert_eq!(pictures[frame.part()].rgb.len(), width * height);
}

/// A coded group as [`neural_track`] reads it.
pub fn track_seed(group: &CodedGroup) -> Vec<u8> {
    let config = group.config.write();
    let frames = vec![group.frames as u8];
    let parts = [&config, &frames].into_iter().chain(&group.samples);
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u16).to_le_bytes());
        bytes.extend(part);
    }
    bytes
}

/// A small network, the same for the same seed: pictures of 12 x 8 pixels, so many `frames` at once.
pub fn tiny_network(embedding: [usize; 3], frames: usize, seed: u64) -> Network {
    let mut random = Random::new(seed);
    let mut layer =
        |inputs: usize, outputs: usize, kernel: usize, shuffle: [usize; 2], activation| {
            let convolved = outputs * shuffle[0] * shuffle[1];
            let mut numbers =
                |count: usize| -> Vec<f32> { (0..count).map(|_| 0.4 * random.normal()).collect() };
            Layer {
                inputs,
                outputs,
                kernel,
                shuffle,
                activation,
                weights: numbers(convolved * inputs * kernel * kernel),
                bias: numbers(convolved),
            }
        };
    let [channels, height, width] = embedding;
    let layers = vec![
        layer(channels, 3, 1, [4 / height, 6 / width], Activation::Sin),
        layer(3, 2, 3, [2, 2], Activation::Gelu),
        layer(2, 3 * frames, 3, [1, 1], Activation::None),
    ];
    Network::new("tiny", embedding, layers, Output::Tanh).expect("fits")
}

/// A video of 5 frames.
pub fn tiny_video(seed: u64) -> NeuralVideo {
    let mut random = Random::new(seed + 100);
    let embeddings = (0..5 * 8).map(|_| random.normal()).collect();
    NeuralVideo::new("tiny", tiny_network([4, 1, 2], 1, seed), embeddings).expect("fits")
}

/// What is shown of the pictures of [`tiny_neural`].
pub const TINY_CROP: Crop = Crop {
    start: [1, 0],
    size: [10, 7],
};

/// Groups of each kind: embeddings of 8 and of 3 bits, times, and patches, with their names.
pub fn tiny_tracks() -> Vec<(&'static str, CodedGroup)> {
    let coded = |bits: u8| {
        let video = tiny_video(u64::from(bits));
        let network = CodedNetwork::quantise(&video.network, bits).expect("fits");
        let embeddings = CodedEmbeddings::quantise(&video, bits).expect("fits");
        CodedGroup::of_network(&network, &embeddings, 5, Some(TINY_CROP)).expect("fits")
    };
    let times = CodedEmbeddings::Time(TimeRule {
        embedding: TimeEmbedding {
            base: 1.25,
            levels: 2,
        },
        order: TimeOrder::InTurns,
    });
    let network = CodedNetwork::quantise(&tiny_network([4, 1, 1], 1, 3), 8).expect("fits");
    let of_times = CodedGroup::of_network(&network, &times, 4, None).expect("fits");
    let (grid, networks) = tiny_latents();
    let of_patches = CodedGroup::of_latents(grid, &networks, 5, Some(TINY_CROP)).expect("fits");
    vec![
        ("8bits", coded(8)),
        ("3bits", coded(3)),
        ("times", of_times),
        ("patches", of_patches),
    ]
}

/// Networks of three stretches of two frames, of which the third is that of the second.
pub fn tiny_latents() -> (PatchGrid, LatentNetworks) {
    let grid = PatchGrid {
        rows: 2,
        columns: 3,
        levels: 1,
    };
    let network = tiny_network(grid.shape(), 2, 4);
    let layers = network.layers();
    let scales: Vec<[LatentScale; 2]> = layers
        .iter()
        .map(|layer| {
            [
                LatentScale::of(&layer.weights, 500),
                LatentScale::of(&layer.bias, 100),
            ]
        })
        .collect();
    let key: Vec<i32> = layers
        .iter()
        .zip(&scales)
        .flat_map(|(layer, [weights, bias])| {
            let mut integers = weights.quantise(&layer.weights);
            integers.extend(bias.quantise(&layer.bias));
            integers
        })
        .collect();
    let next: Vec<i32> = key
        .iter()
        .enumerate()
        .map(|(k, q)| q + (k % 3) as i32 - 1)
        .collect();
    let integers = vec![key, next.clone(), next];
    let networks = LatentNetworks::new("tiny", network.architecture(), scales, integers);
    (grid, networks.expect("fits"))
}

/// A whole small clip of neural video: two groups of 5 frames with the first kind of network or with patches, sound, and pictures.
pub fn tiny_neural(patches: bool) -> Vec<u8> {
    let description = ClipDescription {
        title: Some("Tiny".to_owned()),
        credit: Some("nobody".to_owned()),
        ..ClipDescription::new(FrameRate::from_per_second(29.97), 0)
    };
    let mut writer = NeuralWriter::new(description, Cursor::new(Vec::new())).expect("makes sense");
    writer.add_sound(tiny_sound()).expect("fits");
    let kind = if patches { 3 } else { 0 };
    let (_, group) = tiny_tracks().swap_remove(kind);
    for _ in 0..2 {
        writer.add_coded(&group).expect("fits");
    }
    let thumbnails = tiny_thumbnails(9);
    writer
        .set_pictures(Some(b"poster"), Some(&thumbnails))
        .expect("fit");
    let mut clip = Vec::new();
    writer
        .finish(&mut clip, &Cancel::new())
        .expect("memory takes everything");
    clip
}

/// An architecture of one layer whose picture is `size` wide and high.
pub fn one_layer(outputs: usize, size: [usize; 2]) -> Architecture {
    Architecture {
        embedding: [1, size[1], size[0]],
        layers: vec![LayerShape {
            inputs: 1,
            outputs,
            kernel: 1,
            shuffle: [1, 1],
            activation: Activation::None,
        }],
        output: Output::Tanh,
    }
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
