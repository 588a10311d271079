//! A small video, and who looks on while it is fitted.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::ZoeDemuxer;
use zoetrope_codecs::neural::NeuralDecoder;
use zoetrope_codecs::pictures::{PictureSource, PicturesInfo};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, FrameContent, FrameReader, PictureFrame};
use zoetrope_encode::fit::{FitProgress, FitWatch, Fitted};

/// Width and height of its pictures.
pub const SIZE: [usize; 2] = [60, 30];

/// A disc over a slope of colours, which it crosses to and fro.
pub struct Disc {
    info: PicturesInfo,
    /// Frames in which it moves; then it stays where it is.
    moving: usize,
}

fn disc(frame: usize) -> Vec<u8> {
    let [width, height] = SIZE;
    let place = (frame % 14).min(14 - frame % 14);
    let centre = 10.0 + 9.0 * place as f32;
    let pixels = (0..width * height).flat_map(|pixel| {
        let (x, y) = ((pixel % width) as f32, (pixel / width) as f32);
        let edge = (centre - x).hypot(14.0 - y) - 8.0;
        let inside = (0.5 - edge).clamp(0.0, 1.0);
        let mix = |disc: f32, ground: f32| (disc * inside + ground * (1.0 - inside)) as u8;
        [mix(230.0, 3.0 * x), mix(60.0, 5.0 * y), mix(40.0, 120.0)]
    });
    pixels.collect()
}

impl Disc {
    /// It moves in each of `count` frames.
    pub fn new(count: usize) -> Self {
        Self::moving(count, count)
    }

    /// It moves in the first of `count` frames.
    pub fn moving(moving: usize, count: usize) -> Self {
        Self {
            info: PicturesInfo {
                title: "disc".to_owned(),
                size: SIZE.map(|side| side as u32),
                count,
                frame_rate: Some(25.0),
            },
            moving,
        }
    }

    /// Red, green and blue of each pixel of a frame.
    pub fn rgb(&self, frame: usize) -> Vec<u8> {
        disc(frame.min(self.moving.saturating_sub(1)))
    }
}

impl PictureSource for Disc {
    fn info(&self) -> &PicturesInfo {
        &self.info
    }

    fn picture(&mut self, index: usize, _: &Cancel) -> zoetrope_codecs::Result<PictureFrame> {
        let rgb = self.rgb(index);
        let (pixels, _) = rgb.as_chunks::<3>();
        let rgba = pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]);
        Ok(PictureFrame {
            width: SIZE[0] as u32,
            height: SIZE[1] as u32,
            rgba: rgba.collect(),
        })
    }
}

/// Stops the fit behind a step, and asks for a picture behind another.
#[derive(Default)]
pub struct Watch {
    /// What it stops the fit with.
    pub cancel: Cancel,
    /// Behind this step.
    pub stop: Option<u64>,
    /// Behind this step it asks for a picture.
    pub ask: Option<u64>,
    /// What it was told last.
    pub last: Option<FitProgress>,
    /// What it was shown.
    pub picture: Option<(usize, [usize; 2], Vec<u8>)>,
}

impl FitWatch for Watch {
    fn progress(&mut self, progress: &FitProgress) {
        self.last = Some(progress.clone());
        if self.stop == Some(progress.step) {
            self.cancel.cancel();
        }
    }

    fn wants_picture(&mut self) -> bool {
        let step = self.last.as_ref().map(|last| last.step);
        self.ask.is_some() && self.ask == step
    }

    fn picture(&mut self, frame: usize, size: [usize; 2], rgb: Vec<u8>) {
        self.picture = Some((frame, size, rgb));
    }
}

/// The written clip is as good as its fit says, and good.
pub fn check_written(path: &Path, bytes: u64, fitted: &Fitted, video: &Disc) {
    let psnr = psnr_of(path, video);
    assert_eq!(bytes, fs::metadata(path).expect("is there").len());
    assert!(psnr > 27.0, "{psnr} dB");
    // Up to the rounding of pictures to 8 bits, which few numbers are near enough to.
    assert!(
        (psnr - fitted.mean_psnr()).abs() < 0.01,
        "{psnr} {}",
        fitted.mean_psnr()
    );
}

/// Mean of the frames' PSNR, as a player decodes the clip.
fn psnr_of(path: &Path, video: &Disc) -> f64 {
    let source = FileSource::open(path).expect("is there");
    let clip = ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("a clip");
    let mut reader = FrameReader::new(Box::new(clip), Box::new(NeuralDecoder::on_cpu()));
    let mut sum = 0.0;
    let frames = video.info.count;
    for frame in 0..frames {
        let content = reader.frame(frame, &Cancel::new()).expect("decodes");
        let FrameContent::Picture(picture) = content else {
            panic!("no picture")
        };
        assert_eq!([picture.width as usize, picture.height as usize], SIZE);
        let rgba = picture.rgba.as_chunks::<4>().0.iter();
        let pairs = rgba.flat_map(|pixel| &pixel[..3]).zip(video.rgb(frame));
        let errors = pairs.map(|(x, t)| f64::from(x.abs_diff(t)).powi(2));
        let error = errors.sum::<f64>() / (SIZE[0] * SIZE[1] * 3) as f64;
        sum += -10.0 * (error / (255.0 * 255.0)).log10();
    }
    sum / frames as f64
}
