//! Small networks with random weights, and the files that other programs would write of them.
#![allow(dead_code)]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use half::f16;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;
use zoetrope_codecs::random::Random;

/// Numbers of a tensor in a file.
#[derive(Clone)]
pub enum Numbers {
    F32(Vec<f32>),
    F16(Vec<f32>),
    U8(Vec<u8>),
}

/// A tensor in a file.
#[derive(Clone)]
pub struct FileTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

/// A tensor as codes with minima and scales.
#[derive(Clone)]
pub struct Quantised {
    pub name: String,
    pub parts: [FileTensor; 3],
}

impl FileTensor {
    pub fn f32(name: &str, shape: &[usize], numbers: Vec<f32>) -> Self {
        Self::new(name, shape, Numbers::F32(numbers))
    }

    pub fn new(name: &str, shape: &[usize], numbers: Numbers) -> Self {
        let (name, shape) = (name.to_owned(), shape.to_vec());
        Self {
            name,
            shape,
            numbers,
        }
    }

    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    fn bytes(&self) -> Vec<u8> {
        match &self.numbers {
            Numbers::F32(numbers) => numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
            Numbers::F16(numbers) => numbers
                .iter()
                .flat_map(|n| f16::from_f32(*n).to_le_bytes())
                .collect(),
            Numbers::U8(numbers) => numbers.clone(),
        }
    }

    fn torch_class(&self) -> &'static str {
        match self.numbers {
            Numbers::F32(_) => "FloatStorage",
            Numbers::F16(_) => "HalfStorage",
            Numbers::U8(_) => "ByteStorage",
        }
    }
}

/// Weights and biases of layers: name, convolved channels, inputs, kernel (0: a matrix).
pub fn random_layers(layers: &[(&str, usize, usize, usize)], seed: u64) -> Vec<FileTensor> {
    let mut random = Random::new(seed);
    let mut tensors = Vec::new();
    for &(name, convolved, inputs, kernel) in layers {
        let shape: &[usize] = match kernel {
            0 => &[convolved, inputs],
            _ => &[convolved, inputs, kernel, kernel],
        };
        let count: usize = shape.iter().product();
        let weights = (0..count).map(|_| random.normal() * 0.3).collect();
        tensors.push(FileTensor::f32(&format!("{name}.weight"), shape, weights));
        let bias = (0..convolved).map(|_| random.normal() * 0.1).collect();
        tensors.push(FileTensor::f32(&format!("{name}.bias"), &[convolved], bias));
    }
    tensors
}

/// An HNeRV of 2 x 3 embeddings of 4 channels that makes 12 x 18 pixels: 3 times, then 2 times.
pub fn small_hnerv() -> Vec<FileTensor> {
    let layers = [
        ("decoder.0.conv.downconv", 6, 4, 1),
        ("decoder.1.conv.upconv.0", 45, 6, 1),
        ("decoder.2.conv.upconv.0", 16, 5, 3),
        ("head_layer", 3, 4, 3),
    ];
    random_layers(&layers, 1)
}

/// A NeRV: a perceptron from 8 numbers to 5 channels of 2 x 3 pixels, then twice 2 times.
pub fn nerv() -> Vec<FileTensor> {
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

/// Embeddings of five frames for [`small_hnerv`].
pub fn small_embeddings() -> FileTensor {
    let mut random = Random::new(2);
    let numbers = (0..5 * 24).map(|_| random.normal()).collect();
    FileTensor::f32("embed", &[5, 4, 2, 3], numbers)
}

/// A tensor as 8-bit codes, with minima and scales along the axes that `axes` keeps.
pub fn quantise(tensor: &FileTensor, keep: &[bool]) -> Quantised {
    let Numbers::F32(numbers) = &tensor.numbers else {
        panic!("has plain numbers");
    };
    let kept: Vec<usize> = tensor
        .shape
        .iter()
        .zip(keep)
        .map(|(size, keep)| if *keep { *size } else { 1 })
        .collect();
    let group = |mut index: usize| {
        let (mut at, mut step) = (0, 1);
        for (size, kept) in tensor.shape.iter().zip(&kept).rev() {
            at += (index % size).min(kept - 1) * step;
            index /= size;
            step *= kept;
        }
        at
    };
    let count = kept.iter().product();
    let (mut min, mut max) = (vec![f32::MAX; count], vec![f32::MIN; count]);
    for (index, number) in numbers.iter().enumerate() {
        let at = group(index);
        (min[at], max[at]) = (min[at].min(*number), max[at].max(*number));
    }
    let round = |number: f32| f16::from_f32(number).to_f32();
    let min: Vec<f32> = min.into_iter().map(round).collect();
    let scale: Vec<f32> = max
        .iter()
        .zip(&min)
        .map(|(max, min)| round(((max - min) / 255.0).max(1e-4)))
        .collect();
    let codes = numbers.iter().enumerate().map(|(index, number)| {
        let at = group(index);
        ((number - min[at]) / scale[at]).round().clamp(0.0, 255.0) as u8
    });
    let codes = Numbers::U8(codes.collect());
    let part = |name: &str, numbers| FileTensor::new(name, &kept, numbers);
    Quantised {
        name: tensor.name.clone(),
        parts: [
            FileTensor::new("quant", &tensor.shape, codes),
            part("min", Numbers::F16(min)),
            part("scale", Numbers::F16(scale)),
        ],
    }
}

/// The numbers that the codes stand for.
pub fn dequantised(tensor: &Quantised) -> Vec<f32> {
    let [codes, min, scale] = &tensor.parts;
    let (Numbers::U8(codes), Numbers::F16(mins), Numbers::F16(scales)) =
        (&codes.numbers, &min.numbers, &scale.numbers)
    else {
        panic!("are codes");
    };
    let shape = &tensor.parts[0].shape;
    let at = |mut index: usize| {
        let (mut at, mut step) = (0, 1);
        for (size, kept) in shape.iter().zip(&min.shape).rev() {
            at += (index % size).min(kept - 1) * step;
            index /= size;
            step *= kept;
        }
        at
    };
    let number =
        |(index, code): (usize, &u8)| mins[at(index)] + scales[at(index)] * f32::from(*code);
    codes.iter().enumerate().map(number).collect()
}

/// Safetensors.
pub fn safetensors(tensors: &[FileTensor], notes: &[(&str, &str)]) -> Vec<u8> {
    let (mut text, mut data) = (String::from("{"), Vec::new());
    if !notes.is_empty() {
        let notes: Vec<String> = notes.iter().map(|(k, v)| format!("{k:?}:{v:?}")).collect();
        let _ = write!(text, "\"__metadata__\":{{{}}},", notes.join(","));
    }
    for tensor in tensors {
        let first = data.len();
        data.extend(tensor.bytes());
        let kind = match tensor.numbers {
            Numbers::F32(_) => "F32",
            Numbers::F16(_) => "F16",
            Numbers::U8(_) => "U8",
        };
        let _ = write!(
            text,
            "{:?}:{{\"dtype\":\"{kind}\",\"shape\":{:?},\"data_offsets\":[{first},{}]}},",
            tensor.name,
            tensor.shape,
            data.len()
        );
    }
    let text = format!("{}}}", text.trim_end_matches(','));
    let mut file = (text.len() as u64).to_le_bytes().to_vec();
    file.extend(text.as_bytes());
    file.extend(data);
    file
}

/// A pickle of protocol 2, and the storages that it names.
#[derive(Default)]
pub struct Pickler {
    pub bytes: Vec<u8>,
    pub storages: Vec<Vec<u8>>,
}

impl Pickler {
    pub fn new() -> Self {
        let bytes = vec![0x80, 2];
        Self {
            bytes,
            storages: Vec::new(),
        }
    }

    pub fn op(&mut self, op: u8) -> &mut Self {
        self.bytes.push(op);
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.op(b'X')
            .bytes
            .extend((text.len() as u32).to_le_bytes());
        self.bytes.extend(text.as_bytes());
        self
    }

    pub fn int(&mut self, number: usize) -> &mut Self {
        self.op(b'J').bytes.extend((number as i32).to_le_bytes());
        self
    }

    pub fn global(&mut self, module: &str, name: &str) -> &mut Self {
        self.op(b'c')
            .bytes
            .extend(format!("{module}\n{name}\n").bytes());
        self
    }

    /// A tensor as PyTorch 2 writes it.
    pub fn tensor(&mut self, tensor: &FileTensor) -> &mut Self {
        let key = self.storages.len().to_string();
        self.storages.push(tensor.bytes());
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.op(b'(').op(b'(').text("storage");
        self.global("torch", tensor.torch_class());
        self.text(&key)
            .text("cpu")
            .int(tensor.count())
            .op(b't')
            .op(b'Q');
        self.int(0).op(b'(');
        for size in &tensor.shape {
            self.int(*size);
        }
        self.op(b't').op(b'(');
        for axis in 0..tensor.shape.len() {
            self.int(tensor.shape[axis + 1..].iter().product());
        }
        self.op(b't').op(0x89);
        self.global("collections", "OrderedDict").op(b')').op(b'R');
        self.op(b't').op(b'R')
    }

    /// Everything that `fill` adds, as a dictionary.
    pub fn dict(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.op(b'}').op(b'(');
        fill(self);
        self.op(b'u')
    }

    pub fn quantised(&mut self, tensor: &Quantised) -> &mut Self {
        self.dict(|pickler| {
            for part in &tensor.parts {
                pickler.text(&part.name).tensor(part);
            }
        })
    }

    /// An archive of `torch.save`.
    pub fn archive(mut self) -> Vec<u8> {
        self.op(b'.');
        let mut files = vec![("archive/data.pkl".to_owned(), self.bytes)];
        for (key, storage) in self.storages.into_iter().enumerate() {
            files.push((format!("archive/data/{key}"), storage));
        }
        files.push(("archive/version".to_owned(), b"3\n".to_vec()));
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, bytes) in files {
            let options =
                SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            writer.start_file(path, options).expect("starts");
            writer.write_all(&bytes).expect("writes");
        }
        writer.finish().expect("finishes").into_inner()
    }

    /// What `torch.save` wrote before its archives.
    pub fn old_file(mut self) -> Vec<u8> {
        self.op(b'.');
        let magic = [
            0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.',
        ];
        let mut file = magic.to_vec();
        file.extend([0x80, 2, b'M', 0xe9, 3, b'.']);
        file.extend([0x80, 2, b'}', b'.']);
        // The counts of the storages' numbers are those in the pickle: it names its tensors in their order.
        let counts: Vec<u64> = self.counts();
        file.extend(&self.bytes);
        let mut keys = Self::new();
        keys.op(b']').op(b'(');
        for key in 0..self.storages.len() {
            keys.text(&key.to_string());
        }
        keys.op(b'e').op(b'.');
        file.extend(&keys.bytes);
        for (storage, count) in self.storages.iter().zip(counts) {
            file.extend(count.to_le_bytes());
            file.extend(storage);
        }
        file
    }

    /// Numbers of each storage: behind "cpu", an int.
    fn counts(&self) -> Vec<u64> {
        let mark = b"X\x03\0\0\0cpuJ";
        let at = |at: usize| {
            let count = self.bytes[at + mark.len()..]
                .first_chunk()
                .expect("is there");
            u64::from(u32::from_le_bytes(*count))
        };
        let places = self.bytes.windows(mark.len()).enumerate();
        places
            .filter(|(_, window)| window == mark)
            .map(|(k, _)| at(k))
            .collect()
    }
}

/// Tensors by their names in one dictionary.
pub fn state_dict(tensors: &[FileTensor]) -> Pickler {
    let mut pickler = Pickler::new();
    pickler.dict(|pickler| {
        for tensor in tensors {
            pickler.text(&tensor.name).tensor(tensor);
        }
    });
    pickler
}

/// What HNeRV publishes: all tensors as codes.
pub fn quant_vid(embeddings: &Quantised, weights: &[Quantised]) -> Pickler {
    let mut pickler = Pickler::new();
    pickler.dict(|pickler| {
        pickler.text("embed").quantised(embeddings);
        pickler.text("model");
        pickler
            .global("collections", "OrderedDict")
            .op(b')')
            .op(b'R')
            .op(b'(');
        for tensor in weights {
            pickler.text(&tensor.name).quantised(tensor);
        }
        pickler.op(b'u');
    });
    pickler
}
