//! Files with networks that are damaged, foreign or leave something open.

mod common;
#[path = "common/networks.rs"]
mod networks;

use std::ops::Range;
use std::sync::Arc;

use common::memory;
use networks::*;
use zoetrope_codecs::neural::{self, Import, ImportOptions, ImportQuestion, TimeEmbedding};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error, Result, limits};

fn import(bytes: Vec<u8>, options: &ImportOptions) -> Result<Import> {
    neural::import(memory("a file", bytes), options, &Cancel::new())
}

fn says(bytes: Vec<u8>, options: &ImportOptions, what: &str) {
    let error = import(bytes, options).expect_err(what).to_string();
    assert!(error.contains(what), "{error}");
}

/// What a file leaves open, as a question.
fn question(bytes: Vec<u8>, options: &ImportOptions) -> ImportQuestion {
    match import(bytes, options) {
        Err(Error::Unanswered { question, .. }) => question,
        other => panic!("nothing is asked: {other:?}"),
    }
}

#[test]
fn every_answer_that_is_offered_opens_the_file() {
    let bytes = state_dict(&nerv()).archive();
    let mut options = ImportOptions::default();
    let asked = question(bytes.clone(), &options);
    assert_eq!(asked, ImportQuestion::Embedding { inputs: 8 });
    options.embedding = TimeEmbedding::parse("1.25_4");
    let asked = question(bytes.clone(), &options);
    assert_eq!(asked, ImportQuestion::Frames);
    options.frames = Some(4);
    let ImportQuestion::Strides { choices } = question(bytes.clone(), &options) else {
        panic!("strides are asked for");
    };
    // Six times larger, and twice in height and width, twice.
    let sizes: Vec<[usize; 2]> = choices.iter().map(|choice| choice.size).collect();
    assert_eq!(sizes, [[12, 8], [8, 12], [24, 4], [4, 24]]);
    for choice in choices {
        let text = ImportOptions::strides_text(&choice.strides);
        let strides = ImportOptions::parse_strides(&text);
        assert_eq!(strides.as_ref(), Some(&choice.strides));
        let answered = ImportOptions {
            strides,
            ..ImportOptions::default()
        };
        let opened = import(bytes.clone(), &answered.or(&options)).expect("opens");
        assert_eq!(opened.video.network.picture_size(), choice.size);
    }
}

#[test]
fn what_is_open_is_asked_for() {
    let with = |tensors: &[FileTensor]| state_dict(tensors).archive();
    let none = ImportOptions::default();
    says(with(&small_hnerv()), &none, "--time-embedding 1.25_2");
    says(with(&nerv()), &none, "--time-embedding 1.25_4");
    let time = ImportOptions {
        embedding: TimeEmbedding::parse("1.25_4"),
        ..none.clone()
    };
    says(with(&nerv()), &time, "--frame-count 132");
    let time = ImportOptions {
        frames: Some(4),
        ..time
    };
    says(with(&nerv()), &time, "--strides 2x3,2,2");
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
        let mut random = Random::new(5);
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
        let claim = Arc::new(Claim(length));
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
