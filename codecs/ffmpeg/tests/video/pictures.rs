//! Ordinary videos and picture files, picture by picture.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::FrameRate;
use zoetrope_codecs::pictures::PictureSource as _;
use zoetrope_codecs::source::{MemorySource, Source};
use zoetrope_codecs::{Cancel, Result};
use zoetrope_ffmpeg::{FfmpegPictures, MovieSettings, MovieWriter};

fn memory(name: &str, bytes: Vec<u8>) -> Arc<dyn Source> {
    Arc::new(MemorySource::new(name, bytes))
}

fn open(name: &str, bytes: Vec<u8>) -> Result<FfmpegPictures> {
    FfmpegPictures::open(memory(name, bytes), &Cancel::new())
}

fn rgba(pictures: &mut FfmpegPictures, index: usize) -> Vec<u8> {
    let picture = pictures.picture(index, &Cancel::new());
    picture.expect("a picture").rgba
}

/// YUV4MPEG2: a header, and planes behind the word FRAME.
fn y4m(size: [usize; 2], colour: &str, frames: &[Vec<u8>]) -> Vec<u8> {
    let [width, height] = size;
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C{colour}\n").into_bytes();
    for frame in frames {
        bytes.extend(b"FRAME\n");
        bytes.extend(frame);
    }
    bytes
}

/// A movie of `count` pictures of 64 x 48 pixels that tell their number by their grey.
fn movie(count: u64) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let settings = MovieSettings {
        width: 64,
        height: 48,
        frame_rate: FrameRate::from_per_second(24.0),
        crf: 4,
        pictures: count,
        sound_packets: 0,
    };
    let out = file.reopen().expect("the file");
    let mut movie = MovieWriter::new(out, settings, &[]).expect("a movie");
    for number in 0..count {
        movie
            .push_picture(&grey(number).repeat(64 * 48))
            .expect("a picture");
    }
    movie.finish().expect("the end");
    fs::read(file.path()).expect("the file")
}

fn grey(number: u64) -> [u8; 4] {
    let grey = 8 + 2 * number as u8;
    [grey, grey, grey, 255]
}

#[test]
fn every_picture_of_a_movie_is_found_in_any_order() {
    // Two groups of pictures: x264 has a key picture every 250 at the latest, and with B pictures between.
    const COUNT: u64 = 110;
    let mut pictures = open("movie.mp4", movie(COUNT)).expect("a movie");
    let info = pictures.info().clone();
    assert_eq!((info.size, info.count), ([64, 48], COUNT as usize));
    assert_eq!(info.frame_rate, Some(24.0));
    let order = (0..COUNT).chain([0, 109, 50, 51, 49, 108, 3]);
    for number in order {
        let found = rgba(&mut pictures, number as usize);
        let worst = found.as_chunks::<4>().0.iter().map(|pixel| {
            let apart = pixel.iter().zip(grey(number)).map(|(a, b)| a.abs_diff(b));
            apart.max().unwrap_or(0)
        });
        assert!(
            worst.max() <= Some(2),
            "picture {number}: {:?}",
            &found[..4]
        );
    }
    assert!(pictures.picture(COUNT as usize, &Cancel::new()).is_err());
}

#[test]
fn colours_are_those_of_the_matrix() {
    // BT.601 in limited range: black, white, and red by ITU-R BT.601-7, table 3 (81, 90, 240).
    let frames = [[16, 128, 128], [235, 128, 128], [81, 90, 240]];
    let planes = frames.map(|yuv: [u8; 3]| yuv.iter().flat_map(|value| [*value; 8]).collect());
    let mut pictures = open("a.y4m", y4m([4, 2], "444", &planes)).expect("a video");
    assert_eq!(pictures.info().count, 3);
    assert_eq!(rgba(&mut pictures, 0)[..4], [0, 0, 0, 255]);
    assert_eq!(rgba(&mut pictures, 1)[..4], [255, 255, 255, 255]);
    let red = rgba(&mut pictures, 2);
    assert!(red[0] >= 254 && red[1] <= 1 && red[2] <= 1, "{red:?}");
    // 10 bits: the same with digits behind.
    let planes = frames.map(|yuv: [u8; 3]| {
        let words = yuv.iter().flat_map(|value| [u16::from(*value) << 2; 8]);
        words.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    });
    let mut pictures = open("a.y4m", y4m([4, 2], "444p10", &planes)).expect("a video");
    assert_eq!(rgba(&mut pictures, 1)[..4], [255, 255, 255, 255]);
    let red = rgba(&mut pictures, 2);
    assert!(red[0] >= 254 && red[1] <= 1 && red[2] <= 1, "{red:?}");
}

#[test]
fn chroma_lies_where_the_video_says() {
    // Luma 128 everywhere; blue chroma 128 on the left and 160 on the right.
    let mut planes = vec![128_u8; 8 * 2];
    planes.extend([128, 128, 160, 160]);
    planes.extend([128; 4]);
    let blues = |colour: &str| {
        let mut pictures = open("a.y4m", y4m([8, 2], colour, &[planes.clone()])).expect("a video");
        let found = rgba(&mut pictures, 0);
        let row: Vec<u8> = found.as_chunks::<4>().0[..8]
            .iter()
            .map(|pixel| pixel[2])
            .collect();
        row
    };
    // On the left of luma: sample 1 lies on pixel 2 and sample 2 on pixel 4, half-way is pixel 3.
    let left = blues("420mpeg2");
    assert!(left[2] < left[3] && left[3] < left[4], "{left:?}");
    assert_eq!((left[0], left[4]), (left[2], left[7]), "{left:?}");
    let half = (left[3] - left[2]).abs_diff(left[4] - left[3]);
    assert!(half <= 1, "{left:?}");
    // In the middle: between pixels 2 and 3, and 4 and 5.
    let middle = blues("420jpeg");
    assert!(middle[2] < middle[3] && middle[4] < middle[5], "{middle:?}");
    let quarter = (middle[3] - middle[2]).abs_diff(middle[5] - middle[4]);
    assert!(quarter <= 1, "{middle:?}");
}

/// A PNG of `kind` whose samples are `bytes`.
fn png(size: [u32; 2], kind: png::ColorType, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size[0], size[1]);
    encoder.set_color(kind);
    encoder.set_depth(png::BitDepth::Eight);
    if kind == png::ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 10, 20, 30, 200, 100, 50]);
    }
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(bytes).expect("samples");
    drop(writer);
    out
}

#[test]
fn picture_files_come_out_as_they_are() {
    let rgb = png([2, 1], png::ColorType::Rgb, &[1, 2, 3, 250, 128, 0]);
    let rgba_file = png([1, 1], png::ColorType::Rgba, &[9, 8, 7, 100]);
    let grey = png([1, 1], png::ColorType::Grayscale, &[77]);
    let indexed = png([2, 1], png::ColorType::Indexed, &[1, 2]);
    for (file, expected) in [
        (rgb, &[1, 2, 3, 255, 250, 128, 0, 255][..]),
        (rgba_file, &[9, 8, 7, 100]),
        (grey, &[77, 77, 77, 255]),
        (indexed, &[10, 20, 30, 255, 200, 100, 50, 255]),
    ] {
        let mut pictures = open("a.png", file).expect("a picture");
        assert_eq!(pictures.info().count, 1);
        assert_eq!(rgba(&mut pictures, 0), expected);
    }
}

#[test]
fn a_row_of_files_is_a_row_of_pictures_of_one_size() {
    let file = |grey: u8, width: u32| {
        let bytes = png(
            [width, 1],
            png::ColorType::Grayscale,
            &vec![grey; width as usize],
        );
        memory(&format!("{grey}.png"), bytes)
    };
    let cancel = Cancel::new();
    let files = vec![file(1, 2), file(2, 2), file(3, 3)];
    let mut pictures = FfmpegPictures::of_files("row", files, &cancel).expect("pictures");
    assert_eq!(
        (pictures.info().count, pictures.info().frame_rate),
        (3, None)
    );
    assert_eq!(rgba(&mut pictures, 1)[..3], [2, 2, 2]);
    let error = pictures
        .picture(2, &cancel)
        .expect_err("is wider")
        .to_string();
    assert!(
        error.contains("3 x 1") && error.contains("2 x 1"),
        "{error}"
    );
    assert!(FfmpegPictures::of_files("row", vec![], &cancel).is_err());
}

#[test]
fn damage_is_a_sentence() {
    let whole = movie(6);
    for length in (0..whole.len()).step_by(397) {
        if let Ok(mut pictures) = open("cut.mp4", whole[..length].to_vec()) {
            for index in 0..pictures.info().count {
                let _ = pictures.picture(index, &Cancel::new());
            }
        }
    }
    for place in (0..whole.len()).step_by(331) {
        let mut bent = whole.clone();
        bent[place] ^= 0x55;
        if let Ok(mut pictures) = open("bent.mp4", bent) {
            for index in (0..pictures.info().count.min(6)).rev() {
                let _ = pictures.picture(index, &Cancel::new());
            }
        }
    }
    let mut text = Vec::new();
    writeln!(
        text,
        "no video at all, and long enough to be looked at: {:?}",
        Path::new("x")
    )
    .expect("memory");
    let error = open("notes.txt", text)
        .err()
        .expect("is no video")
        .to_string();
    assert!(error.contains("it is no video"), "{error}");
    // A list that names other files is not followed.
    let list = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n";
    assert!(open("list.m3u8", list.to_vec()).is_err());
}

#[test]
fn cancelled_is_cancelled() {
    let cancel = Cancel::new();
    cancel.cancel();
    let error = FfmpegPictures::open(memory("movie.mp4", movie(3)), &cancel).err();
    assert!(matches!(error, Some(zoetrope_codecs::Error::Cancelled)));
}
