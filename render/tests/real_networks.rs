//! Pictures of a trained network against those of PyTorch. The files lie beside the repository; without them
//! there is nothing to test.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use half::f16;
use serde_json::Value;
use zoetrope_codecs::neural::{Activation, Layer, Network, Output};
use zoetrope_render::neural::{Kernel, NeuralRenderer, Options, Precision};
use zoetrope_render::{Gpu, Picture};

/// Tensors of a safetensors file: a JSON header behind its length, then raw numbers.
struct Tensors {
    header: Value,
    numbers: Vec<u8>,
}

impl Tensors {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).expect("readable");
        let (length, rest) = bytes.split_first_chunk().expect("a length");
        let (header, numbers) = rest.split_at(u64::from_le_bytes(*length) as usize);
        Self {
            header: serde_json::from_slice(header).expect("a header"),
            numbers: numbers.to_vec(),
        }
    }

    fn numbers_of(&self, description: &Value, key: &str) -> Vec<usize> {
        let numbers = description[key].as_array().expect("numbers");
        let number = |number: &Value| number.as_u64().expect("a number") as usize;
        numbers.iter().map(number).collect()
    }

    fn shape(&self, name: &str) -> Vec<usize> {
        self.numbers_of(&self.header[name], "shape")
    }

    fn values(&self, name: &str) -> Vec<f32> {
        let description = &self.header[name];
        let range = self.numbers_of(description, "data_offsets");
        let bytes = &self.numbers[range[0]..range[1]];
        match description["dtype"].as_str().expect("a type") {
            "U8" => bytes.iter().map(|byte| f32::from(*byte)).collect(),
            "F16" => {
                let (pairs, _) = bytes.as_chunks();
                pairs
                    .iter()
                    .map(|pair| f16::from_le_bytes(*pair).to_f32())
                    .collect()
            }
            "F32" => {
                let (fours, _) = bytes.as_chunks();
                fours.iter().map(|four| f32::from_le_bytes(*four)).collect()
            }
            other => panic!("{name} is {other}"),
        }
    }

    /// min + scale * q; `min` and `scale` have a number for each `each` of q's, over and over.
    fn dequantised(&self, name: &str, each: usize) -> Vec<f32> {
        let [q, min, scale] =
            ["q", "min", "scale"].map(|part| self.values(&format!("{name}.{part}")));
        let value = |(index, q): (usize, &f32)| {
            let index = index / each % min.len();
            min[index] + scale[index] * q
        };
        q.iter().enumerate().map(value).collect()
    }
}

/// The network, and the embeddings of its frames one after the other.
fn tiny(folder: &Path) -> (Network, Vec<f32>) {
    let tensors = Tensors::read(&folder.join("tiny.safetensors"));
    let blocks = [
        ("stem", 1),
        ("block1", 5),
        ("block2", 4),
        ("block3", 2),
        ("block4", 2),
        ("head", 1),
    ];
    let layer = |(name, stride): (&str, usize)| {
        let shape = tensors.shape(&format!("{name}.weight.q"));
        Layer {
            inputs: shape[1],
            outputs: shape[0] / (stride * stride),
            kernel: shape[2],
            shuffle: [stride, stride],
            activation: match name {
                "head" => Activation::None,
                _ => Activation::Gelu,
            },
            weights: tensors.dequantised(&format!("{name}.weight"), shape[1] * shape[2] * shape[3]),
            bias: tensors.values(&format!("{name}.bias")),
        }
    };
    let layers = blocks.map(layer).to_vec();
    let network = Network::new("tiny", [16, 2, 4], layers, Output::Tanh).expect("it fits");
    (network, tensors.dequantised("embed", 1))
}

fn reference(path: &Path) -> Picture {
    let file = BufReader::new(File::open(path).expect("readable"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut rgb).expect("a picture");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let pixels = rgb.chunks_exact(3);
    Picture {
        width: info.width,
        height: info.height,
        rgba: pixels
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect(),
    }
}

#[test]
fn a_trained_network_gives_the_pictures_of_pytorch() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/neural/hnerv_tiny");
    if !folder.exists() {
        return;
    }
    let (network, embeddings) = tiny(&folder);
    let gpu = pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device");
    for (kernel, precision, least) in [
        (Kernel::of(&gpu), Precision::F32, 50.0),
        (Kernel::of(&gpu), Precision::F16, 48.0),
        (Kernel::Tile, Precision::F32, 50.0),
    ] {
        let options = Options {
            kernel,
            ..Options::of(&gpu, precision)
        };
        let mut renderer = NeuralRenderer::with_options(&gpu, &network, options).expect("it fits");
        for frame in [0, 9, 15] {
            let embedding = &embeddings[frame * 128..][..128];
            renderer.decode(&gpu, embedding).expect("an embedding");
            let picture = renderer.read_picture(&gpu).expect("a picture");
            let path = folder.join(format!("ref/{frame:02}.png"));
            let psnr = picture.psnr(&reference(&path)).expect("one size");
            println!("{kernel:?}, {precision:?}, frame {frame}: {psnr:.1} dB");
            assert!(
                psnr >= least,
                "{kernel:?}, {precision:?}, frame {frame}: {psnr:.1} dB"
            );
        }
    }
}
