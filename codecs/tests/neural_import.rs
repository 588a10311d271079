//! Networks out of the files that other programs write.

mod common;
#[path = "common/networks.rs"]
mod networks;

use std::fs;

use common::{data, memory, shared_neural};
use networks::*;
use zoetrope_codecs::neural::{
    self, Activation, Import, ImportOptions, NEURAL_HEAD_BYTES, NeuralFormat, Output, TimeEmbedding,
};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, Result};

fn import(bytes: Vec<u8>, options: &ImportOptions) -> Result<Import> {
    neural::import(memory("a file", bytes), options, &Cancel::new())
}

fn read(bytes: Vec<u8>) -> Import {
    import(bytes, &ImportOptions::default()).expect("reads")
}

fn format_of(bytes: &[u8]) -> Option<NeuralFormat> {
    let head = &bytes[..bytes.len().min(NEURAL_HEAD_BYTES as usize)];
    NeuralFormat::of_head(head, bytes.len() as u64)
}

/// [`small_hnerv`] with [`small_embeddings`], whatever they came in.
fn assert_small(got: &Import, format: NeuralFormat) {
    let network = &got.video.network;
    assert_eq!(network.embedding(), [4, 2, 3]);
    assert_eq!(network.picture_size(), [18, 12]);
    assert_eq!(network.output(), Output::Tanh);
    let shuffles: Vec<[usize; 2]> = network.layers().iter().map(|layer| layer.shuffle).collect();
    assert_eq!(shuffles, [[1, 1], [3, 3], [2, 2], [1, 1]]);
    let activations: Vec<Activation> = network
        .layers()
        .iter()
        .map(|layer| layer.activation)
        .collect();
    let gelu = Activation::Gelu;
    assert_eq!(activations, [gelu, gelu, gelu, Activation::None]);
    for (layer, tensors) in network.layers().iter().zip(small_hnerv().chunks(2)) {
        let Numbers::F32(weights) = &tensors[0].numbers else {
            panic!("are plain");
        };
        let Numbers::F32(bias) = &tensors[1].numbers else {
            panic!("are plain");
        };
        assert_eq!((&layer.weights, &layer.bias), (weights, bias));
    }
    let Numbers::F32(embeddings) = small_embeddings().numbers else {
        panic!("are plain");
    };
    assert_eq!(got.video.frame_count(), 5);
    assert_eq!(got.video.embedding(2), Some(&embeddings[48..72]));
    assert_eq!(got.facts.format, format);
    assert_eq!(got.facts.parameters, network.parameters());
    assert!(!got.facts.is_quantised);
    assert_eq!(got.facts.bits_per_parameter, 32.0);
}

#[test]
fn plain_weights_of_every_container() {
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    let archive = state_dict(&tensors).archive();
    assert_eq!(format_of(&archive), Some(NeuralFormat::TorchArchive));
    assert_small(&read(archive), NeuralFormat::TorchArchive);
    let old = state_dict(&tensors).old_file();
    assert_eq!(format_of(&old), Some(NeuralFormat::OldTorch));
    assert_small(&read(old), NeuralFormat::OldTorch);
    let plain = safetensors(&tensors, &[]);
    assert_eq!(format_of(&plain), Some(NeuralFormat::Safetensors));
    assert_small(&read(plain), NeuralFormat::Safetensors);
}

#[test]
fn checkpoints_with_more_in_them() {
    let mut pickler = Pickler::new();
    pickler.dict(|pickler| {
        pickler.text("epoch").int(300);
        pickler.text("state_dict").dict(|pickler| {
            let encoder = FileTensor::f32("encoder.0.weight", &[2], vec![1.0, 2.0]);
            for tensor in small_hnerv().iter().chain([&encoder]) {
                pickler
                    .text(&format!("module.{}", tensor.name))
                    .tensor(tensor);
            }
            let odd = FileTensor::f32("other.weight", &[1], vec![1.0]);
            pickler.text(&odd.name).tensor(&odd);
        });
        pickler.text("embed").tensor(&small_embeddings());
    });
    let got = read(pickler.archive());
    assert_small(&got, NeuralFormat::TorchArchive);
    let warning = got.facts.warnings.last().expect("warns");
    assert!(
        warning.contains("1 tensors are not used: other.weight"),
        "{warning}"
    );
}

#[test]
fn quantised_weights_of_every_axis() {
    let axes: [&[bool]; 4] = [
        &[true, false, false, false],
        &[false, true, false, false],
        &[false; 4],
        &[true; 4],
    ];
    let weights: Vec<Quantised> = small_hnerv()
        .iter()
        .enumerate()
        .map(|(k, tensor)| match tensor.shape.len() {
            1 => quantise(tensor, &[false]),
            _ => quantise(tensor, axes[k / 2]),
        })
        .collect();
    let embeddings = quantise(&small_embeddings(), &[false, true, true, true]);
    let got = read(quant_vid(&embeddings, &weights).archive());
    for (layer, parts) in got.video.network.layers().iter().zip(weights.chunks(2)) {
        assert_eq!(layer.weights, dequantised(&parts[0]));
        assert_eq!(layer.bias, dequantised(&parts[1]));
    }
    assert_eq!(
        got.video.embedding(1),
        Some(&dequantised(&embeddings)[24..48])
    );
    assert!(got.facts.is_quantised);
    let numbers = |part: usize| -> usize { weights.iter().map(|w| w.parts[part].count()).sum() };
    let bits = 8 * numbers(0) + 16 * (numbers(1) + numbers(2));
    assert_eq!(
        got.facts.bits_per_parameter,
        bits as f64 / got.facts.parameters as f64
    );
    assert_eq!(got.facts.embedding_bits, 120 * 8 + 2 * 24 * 16);
}

#[test]
fn the_small_model_of_our_own() {
    let bytes = fs::read(data("neural/tiny.safetensors")).expect("is there");
    let got = read(bytes);
    let network = &got.video.network;
    assert_eq!(
        (network.parameters(), got.video.frame_count()),
        (209_422, 16)
    );
    assert_eq!(
        (network.picture_size(), network.macs()),
        ([320, 160], 186_606_040)
    );
    assert!(got.facts.is_quantised);
    assert!((8.3..8.5).contains(&got.facts.bits_per_parameter));
    // Only the frame rate is not in the file.
    assert_eq!(got.facts.warnings.len(), 1, "{:?}", got.facts.warnings);
}

#[test]
fn the_published_model() {
    let Some(path) = shared_neural("hnerv/quant_vid.pth") else {
        return;
    };
    let source = std::sync::Arc::new(FileSource::open(path).expect("opens"));
    let got = neural::import(source, &ImportOptions::default(), &Cancel::new()).expect("reads");
    let network = &got.video.network;
    assert_eq!(
        (network.parameters(), got.video.frame_count()),
        (1_488_276, 132)
    );
    assert_eq!(
        (network.picture_size(), network.macs()),
        ([1280, 640], 28_838_415_904)
    );
    let shuffles: Vec<usize> = network
        .layers()
        .iter()
        .map(|layer| layer.shuffle[0])
        .collect();
    assert_eq!(shuffles, [1, 5, 4, 4, 2, 2, 1]);
    assert_eq!(got.facts.warnings.len(), 3, "{:?}", got.facts.warnings);
}

#[test]
fn networks_of_the_time() {
    let options = ImportOptions {
        strides: ImportOptions::parse_strides("2x3,2,2"),
        activation: Activation::named("swish"),
        output: Output::named("sigmoid"),
        frame_rate: Some(30.0),
        frames: Some(10),
        embedding: TimeEmbedding::parse("1.25_4"),
    };
    let got = import(state_dict(&nerv()).archive(), &options).expect("reads");
    let network = &got.video.network;
    let shuffles: Vec<[usize; 2]> = network.layers().iter().map(|layer| layer.shuffle).collect();
    assert_eq!(shuffles, [[1, 1], [2, 3], [2, 2], [2, 2], [1, 1]]);
    assert_eq!(
        (network.picture_size(), network.output()),
        ([12, 8], Output::Sigmoid)
    );
    assert_eq!(network.layers()[0].activation, Activation::Silu);
    assert_eq!((got.video.frame_count(), got.facts.frame_rate), (10, 30.0));
    // At t = 0.3: sine and cosine in turns.
    let embedding = got.video.embedding(3).expect("is there");
    for (level, pair) in embedding.chunks(2).enumerate() {
        let angle = 0.3 * 1.25_f64.powi(level as i32) * std::f64::consts::PI;
        assert!((f64::from(pair[0]) - angle.sin()).abs() < 1e-6);
        assert!((f64::from(pair[1]) - angle.cos()).abs() < 1e-6);
    }
    // HNeRV's own: all sines first.
    let layers = [
        ("decoder.0.conv.downconv", 30, 8, 1),
        ("decoder.1.conv.upconv.0", 16, 5, 3),
        ("head_layer", 3, 4, 3),
    ];
    let options = ImportOptions {
        strides: ImportOptions::parse_strides("2x3,2"),
        embedding: TimeEmbedding::parse("pe_1.25_4"),
        frames: Some(10),
        ..ImportOptions::default()
    };
    let got = import(state_dict(&random_layers(&layers, 4)).archive(), &options).expect("reads");
    assert_eq!(got.video.network.picture_size(), [6, 4]);
    let embedding = got.video.embedding(3).expect("is there");
    for level in 0..4 {
        let angle = 0.3 * 1.25_f64.powi(level as i32) * std::f64::consts::PI;
        assert!((f64::from(embedding[level]) - angle.sin()).abs() < 1e-6);
        assert!((f64::from(embedding[level + 4]) - angle.cos()).abs() < 1e-6);
    }
}

#[test]
fn options_are_read_as_they_are_typed() {
    assert_eq!(
        ImportOptions::parse_strides("5, 4x2"),
        Some(vec![[5, 5], [4, 2]])
    );
    for wrong in ["", "5,", "0", "a", "5x", "99999"] {
        assert_eq!(ImportOptions::parse_strides(wrong), None, "{wrong}");
    }
    let embedding = TimeEmbedding {
        base: 1.25,
        levels: 80,
    };
    assert_eq!(TimeEmbedding::parse("pe_1.25_80"), Some(embedding));
    for wrong in ["", "1.25", "nan_8", "1.25_0", "-1_8", "1.25_99999999"] {
        assert_eq!(TimeEmbedding::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Output::named("0.5"), Some(Output::Offset(0.5)));
    assert_eq!((Output::named("inf"), Output::named("none")), (None, None));
    for activation in [
        "none",
        "gelu",
        "relu",
        "leaky",
        "leaky01",
        "relu6",
        "swish",
        "softplus",
        "hardswish",
    ] {
        assert_eq!(
            Activation::named(activation).map(Activation::name),
            Some(activation)
        );
    }
    assert_eq!(Activation::named("sin"), None);
}

#[test]
fn raw_networks_hold_every_number() {
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    let video = read(safetensors(&tensors, &[])).video;
    let mut raw = Vec::new();
    let embedding = video.embedding(4).expect("is there");
    video
        .network
        .write_raw(embedding, &mut raw)
        .expect("memory takes everything");
    let length = u32::from_le_bytes(*raw.first_chunk().expect("is there")) as usize;
    let head: serde_json::Value = serde_json::from_slice(&raw[4..4 + length]).expect("is JSON");
    assert_eq!(head["layers"].as_array().map(Vec::len), Some(4));
    assert_eq!(head["layers"][1]["shuffle"][0], 3);
    assert_eq!(
        raw.len(),
        4 + length + 4 * (24 + video.network.parameters())
    );
    assert_eq!(raw[4 + length..][..4], embedding[0].to_le_bytes());
}
