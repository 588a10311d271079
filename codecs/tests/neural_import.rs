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
use zoetrope_codecs::{Cancel, Result, limits};

fn import(bytes: Vec<u8>, options: &ImportOptions) -> Result<Import> {
    neural::import(memory("a file", bytes), options, &Cancel::new())
}

fn read(bytes: Vec<u8>) -> Import {
    import(bytes, &ImportOptions::default()).expect("reads")
}

fn says(bytes: Vec<u8>, options: &ImportOptions, what: &str) {
    let error = import(bytes, options).expect_err(what).to_string();
    assert!(error.contains(what), "{error}");
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
    assert!(
        (8.0..12.0).contains(&got.facts.bits_per_parameter) || got.facts.bits_per_parameter < 45.0
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

/// A NeRV: a perceptron from 8 numbers to 5 channels of 2 x 3 pixels, then twice 2 times.
fn nerv() -> Vec<FileTensor> {
    let layers = [
        ("stem.0", 7, 8, 0),
        ("stem.2", 30, 7, 0),
        ("layers.0.conv.conv", 24, 5, 3),
        ("layers.1.conv.conv", 16, 6, 3),
        ("head_layers.0", 3, 6, 1),
        ("head_layers.1", 3, 4, 1),
    ];
    random_layers(&layers, 3)
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
fn what_is_open_is_asked_for() {
    let with = |tensors: &[FileTensor]| state_dict(tensors).archive();
    let none = ImportOptions::default();
    says(with(&small_hnerv()), &none, "--embed 1.25_2");
    says(with(&nerv()), &none, "--embed 1.25_4");
    let time = ImportOptions {
        embedding: TimeEmbedding::parse("1.25_4"),
        ..none.clone()
    };
    says(with(&nerv()), &time, "--frames 132");
    let time = ImportOptions {
        frames: Some(4),
        ..time
    };
    says(with(&nerv()), &time, "--strides 9x16,2,2");
    let wrong = ImportOptions {
        embedding: TimeEmbedding::parse("1.25_5"),
        ..time.clone()
    };
    says(with(&nerv()), &wrong, "takes 8 numbers");
    let many = ImportOptions {
        strides: ImportOptions::parse_strides("2,2,2,2,2"),
        ..time.clone()
    };
    says(with(&nerv()), &many, "5 strides were given");
    let unfit = ImportOptions {
        strides: ImportOptions::parse_strides("3x3,2,2"),
        ..time
    };
    says(with(&nerv()), &unfit, "6 times larger");
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    let rate = ImportOptions {
        frame_rate: Some(1e6),
        ..none
    };
    says(with(&tensors), &rate, "1000000 frames a second");
}

#[test]
fn other_networks_are_refused_by_name() {
    let none = ImportOptions::default();
    let with = |tensors: &[FileTensor]| safetensors(tensors, &[]);
    says(
        with(&random_layers(&[("conv1", 3, 3, 3)], 1)),
        &none,
        "names of HNeRV",
    );
    let mut tensors = small_hnerv();
    tensors.push(FileTensor::f32("decoder.1.norm.weight", &[1], vec![1.0]));
    says(with(&tensors), &none, "\"decoder.1.norm.weight\"");
    let mut tensors = small_hnerv();
    tensors.retain(|tensor| !tensor.name.starts_with("decoder.1"));
    tensors.push(small_embeddings());
    says(with(&tensors), &none, "cannot take");
    let mut tensors = small_hnerv();
    tensors.push(FileTensor::f32("embed", &[7], vec![0.0; 7]));
    says(with(&tensors), &none, "none of frames");
    let mut tensors = small_hnerv();
    tensors[0] = FileTensor::f32(
        "decoder.0.conv.downconv.weight",
        &[6, 4, 1, 3],
        vec![0.0; 72],
    );
    says(with(&tensors), &none, "square kernel");
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    tensors[0].numbers = Numbers::F32(vec![f32::INFINITY; 24]);
    says(with(&tensors), &none, "no finite numbers");
}

#[test]
fn nothing_foreign_is_run() {
    let none = ImportOptions::default();
    let mut pickler = Pickler::new();
    pickler.global("os", "system").text("rm").op(0x85).op(b'R');
    says(pickler.archive(), &none, "\"os.system\"");
    let mut pickler = Pickler::new();
    pickler.bytes.push(b'i');
    says(pickler.archive(), &none, "opcode 0x69");
    // A whole model, not its weights.
    let mut pickler = Pickler::new();
    pickler.global("model_all", "HNeRV").op(b')').op(0x81);
    says(pickler.archive(), &none, "\"model_all.HNeRV\"");
    let mut pickler = Pickler::new();
    pickler.int(1);
    says(pickler.archive(), &none, "state_dict()");
    says(b"PK\x05\x06".to_vec(), &none, "no PyTorch or safetensors");
}

#[test]
fn storages_that_lie_are_refused() {
    let none = ImportOptions::default();
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    let mut pickler = state_dict(&tensors);
    pickler.storages[3].pop();
    says(pickler.archive(), &none, "missing or of another length");
    let mut pickler = state_dict(&tensors);
    pickler.storages.pop();
    assert!(import(pickler.archive(), &none).is_err_and(|error| error.is_not_found()));
    let quantised = |scale: f32| {
        let weights: Vec<Quantised> = small_hnerv()
            .iter()
            .map(|tensor| quantise(tensor, &vec![false; tensor.shape.len()]))
            .collect();
        let mut embeddings = quantise(&small_embeddings(), &[false, true, true, true]);
        embeddings.parts[2].numbers = Numbers::F16(vec![scale; 24]);
        quant_vid(&embeddings, &weights).archive()
    };
    assert!(import(quantised(0.5), &none).is_ok());
    says(quantised(f32::INFINITY), &none, "not finite");
    let mut codes = quantise(&small_embeddings(), &[false, true, true, true]);
    codes.parts[1].shape = vec![1, 4, 3, 2];
    let weights: Vec<Quantised> = small_hnerv()
        .iter()
        .map(|tensor| quantise(tensor, &vec![false; tensor.shape.len()]))
        .collect();
    says(quant_vid(&codes, &weights).archive(), &none, "does not fit");
}

#[test]
fn every_cut_and_many_flips_are_survived() {
    let mut tensors = small_hnerv();
    tensors.push(small_embeddings());
    let files = [
        state_dict(&tensors).archive(),
        state_dict(&tensors).old_file(),
        safetensors(
            &tensors,
            &[("strides", "3,2"), ("act", "gelu"), ("out", "tanh_half")],
        ),
    ];
    let none = ImportOptions::default();
    for file in files {
        for cut in 0..file.len() {
            assert!(import(file[..cut].to_vec(), &none).is_err(), "cut at {cut}");
        }
        let mut random = zoetrope_codecs::random::Random::new(5);
        for _ in 0..2000 {
            let mut bytes = file.clone();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            let _ = import(bytes, &none);
        }
    }
}

#[test]
fn caps_hold_at_the_limit_and_one_past_it() {
    use std::ops::Range;
    use zoetrope_codecs::Error;
    use zoetrope_codecs::source::Source;

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
    let error = |length| {
        let claim = std::sync::Arc::new(Claim(length));
        let got = neural::import(claim, &ImportOptions::default(), &Cancel::new());
        got.expect_err("has no bytes").to_string()
    };
    assert!(error(limits::MAX_NEURAL_FILE_BYTES).contains("no bytes"));
    assert!(error(limits::MAX_NEURAL_FILE_BYTES + 1).contains("at most"));
    // A header of spaces behind its bracket.
    let header = |length: u64| {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.push(b'{');
        bytes.resize(8 + length as usize, b' ');
        bytes
    };
    let most = limits::MAX_SAFETENSORS_HEADER_BYTES;
    let none = ImportOptions::default();
    says(header(most), &none, "table of tensors");
    says(header(most + 1), &none, "no PyTorch or safetensors");
    // Frames of the time: the number itself, and the numbers that they take.
    let frames = |frames: u64| {
        let options = ImportOptions {
            embedding: TimeEmbedding::parse("1.25_4"),
            frames: Some(frames as usize),
            strides: ImportOptions::parse_strides("2x3,2,2"),
            ..ImportOptions::default()
        };
        import(state_dict(&nerv()).archive(), &options)
    };
    assert!(frames(limits::MAX_FRAMES).is_ok());
    assert!(
        frames(limits::MAX_FRAMES + 1).is_err_and(|error| error.to_string().contains("frames"))
    );
    let wide = |count: u64| {
        let levels = (limits::MAX_EMBEDDING / 2) as usize;
        let layers = [
            ("decoder.0.conv.downconv", 1, 2 * levels, 1),
            ("head_layer", 3, 1, 1),
        ];
        let options = ImportOptions {
            embedding: Some(TimeEmbedding { base: 1.0, levels }),
            frames: Some(count as usize),
            ..ImportOptions::default()
        };
        import(state_dict(&random_layers(&layers, 1)).archive(), &options)
    };
    let most = limits::MAX_NEURAL_NUMBERS / limits::MAX_EMBEDDING;
    assert!(wide(most / 64).is_ok());
    assert!(
        wide(most + 1).is_err_and(|error| error.to_string().contains("numbers of a neural video"))
    );
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
