//! Pictures of networks against those of PyTorch.

mod common;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{data, shared_neural};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::neural::{self, CpuDecoder, ImportOptions, NeuralVideo, Picture};
use zoetrope_codecs::source::FileSource;

/// PSNR against the reference pictures, which are rounded to 8 bits: 58.9 dB is what that leaves.
const LEAST_PSNR: f64 = 58.0;

fn open(path: impl Into<PathBuf>) -> NeuralVideo {
    let source = Arc::new(FileSource::open(path).expect("opens"));
    neural::open(source, &ImportOptions::default(), &Cancel::new()).expect("reads")
}

/// Red, green and blue of a PNG.
fn png(path: impl AsRef<Path>) -> Vec<u8> {
    let file = BufReader::new(File::open(path).expect("is there"));
    let mut reader = png::Decoder::new(file).read_info().expect("is a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("fits")];
    let info = reader.next_frame(&mut bytes).expect("reads");
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::Rgb, png::BitDepth::Eight)
    );
    bytes
}

fn psnr(numbers: impl Iterator<Item = f64>, bytes: &[u8]) -> f64 {
    let differences = numbers
        .zip(bytes)
        .map(|(number, byte)| number - f64::from(*byte) / 255.0);
    let sum: f64 = differences.map(|difference| difference * difference).sum();
    -10.0 * (sum / bytes.len() as f64).log10()
}

fn of_picture(picture: &Picture, bytes: &[u8]) -> f64 {
    let numbers = picture.rgb.as_flattened();
    assert_eq!(numbers.len(), bytes.len());
    psnr(numbers.iter().map(|number| f64::from(*number)), bytes)
}

fn decode(decoder: &CpuDecoder, video: &NeuralVideo, frame: usize) -> Picture {
    let embedding = video.embedding(frame).expect("is there");
    decoder.decode(embedding, &Cancel::new()).expect("decodes")
}

#[test]
fn pictures_of_the_small_model() {
    let video = open(data("neural/tiny.safetensors"));
    let decoder = CpuDecoder::new(&video.network);
    // Any order of frames, and each twice.
    let mut first = Vec::new();
    for frame in [15, 0, 8] {
        let picture = decode(&decoder, &video, frame);
        let reference = png(data(&format!("neural/{frame:02}.png")));
        let psnr = of_picture(&picture, &reference);
        assert!(psnr > LEAST_PSNR, "frame {frame}: {psnr} dB");
        first.push((frame, picture));
    }
    for (frame, picture) in first.iter().rev() {
        assert!(
            decode(&decoder, &video, *frame) == *picture,
            "frame {frame} changed"
        );
    }
}

/// All frames of a model that there are pictures of: against the reference decoder's, and against the film's as
/// far as that decoder was from it.
fn check_all(video: &NeuralVideo, folder: &str, digits: usize, only: Option<&[usize]>) {
    let decoder = CpuDecoder::new(&video.network);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for frame in 0..video.frame_count() {
        if only.is_some_and(|only| !only.contains(&frame)) {
            continue;
        }
        let path = |kind: &str| shared_neural(&format!("{folder}/{kind}/{frame:0digits$}.png"));
        let (Some(reference), Some(film)) = (path("ref"), path("gt")) else {
            continue;
        };
        let (reference, film) = (png(reference), png(film));
        let picture = decode(&decoder, video, frame);
        let near = of_picture(&picture, &reference);
        assert!(near > LEAST_PSNR, "frame {frame}: {near} dB");
        let far = of_picture(&picture, &film);
        let reference = reference.iter().map(|byte| f64::from(*byte) / 255.0);
        let reference = psnr(reference, &film);
        println!("frame {frame}: {near:.2} dB, {far:.3} and {reference:.3} dB");
        (ours, theirs) = (ours + far, theirs + reference);
        assert!(
            (far - reference).abs() < 0.05,
            "frame {frame}: {far} and {reference} dB"
        );
    }
    assert!(ours > 0.0 && theirs > 0.0, "there are no pictures");
}

#[test]
fn two_pictures_of_the_published_model() {
    if let Some(path) = shared_neural("hnerv/quant_vid.pth") {
        check_all(&open(path), "hnerv", 4, Some(&[131, 22]));
    }
}

#[test]
#[ignore = "takes all frames that there are"]
fn every_picture_of_both_models() {
    if let Some(path) = shared_neural("hnerv/quant_vid.pth") {
        check_all(&open(path), "hnerv", 4, None);
    }
    if let Some(path) = shared_neural("hnerv_tiny/tiny.safetensors") {
        check_all(&open(path), "hnerv_tiny", 2, None);
    }
}
