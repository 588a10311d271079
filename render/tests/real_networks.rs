//! Pictures of a trained network against those of PyTorch.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zoetrope_codecs::Cancel;
use zoetrope_codecs::neural::{self, ImportOptions, NeuralVideo};
use zoetrope_codecs::source::FileSource;
use zoetrope_render::neural::{Kernel, NeuralRenderer, Options, Precision};
use zoetrope_render::{Gpu, Picture};

/// A path beside this crate.
fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The small model of the repository, which is that of the large test data, too.
fn tiny() -> NeuralVideo {
    let path = beside("codecs/tests/data/neural/tiny.safetensors");
    let source = Arc::new(FileSource::open(path).expect("opens"));
    neural::open(source, &ImportOptions::default(), &Cancel::new()).expect("reads")
}

/// PyTorch's picture of a frame. A few are in the repository, more in the large test data beside it.
fn reference(frame: usize) -> Option<Picture> {
    let folders = [
        "codecs/tests/data/neural",
        "../shared/data/neural/hnerv_tiny/ref",
    ];
    let paths = folders.map(|folder| beside(folder).join(format!("{frame:02}.png")));
    let file = File::open(paths.iter().find(|path| path.exists())?).expect("opens");
    let mut reader = png::Decoder::new(BufReader::new(file))
        .read_info()
        .expect("a PNG");
    let mut rgb = vec![0; reader.output_buffer_size().expect("small")];
    let info = reader.next_frame(&mut rgb).expect("a picture");
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let pixels = rgb.chunks_exact(3);
    Some(Picture {
        width: info.width,
        height: info.height,
        rgba: pixels
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect(),
    })
}

#[test]
fn a_trained_network_gives_the_pictures_of_pytorch() {
    let video = tiny();
    let references: Vec<(usize, Picture)> = (0..video.frame_count())
        .filter_map(|frame| Some((frame, reference(frame)?)))
        .collect();
    assert!(references.len() >= 3, "the repository has three of them");
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
        let mut renderer =
            NeuralRenderer::with_options(&gpu, &video.network, options).expect("it fits");
        for (frame, reference) in &references {
            let embedding = video.embedding(*frame).expect("is there");
            renderer.decode(&gpu, embedding).expect("an embedding");
            let picture = renderer.read_picture(&gpu).expect("a picture");
            let psnr = picture.psnr(reference).expect("one size");
            println!("{kernel:?}, {precision:?}, frame {frame}: {psnr:.1} dB");
            assert!(
                psnr >= least,
                "{kernel:?}, {precision:?}, frame {frame}: {psnr:.1} dB"
            );
        }
    }
}
