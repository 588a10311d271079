//! Reading JPEG pictures: the thumbnails that clips carry.

use std::io::Cursor;

use anyhow::Context as _;
use zoetrope_codecs::limits;
use zoetrope_render::Picture;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Reads a JPEG as 8-bit RGBA.
///
/// # Errors
/// When it is none, is damaged, or is larger than a thumbnail may be
/// ([`limits::MAX_THUMBNAIL_SIDE`]).
pub fn decode(bytes: &[u8]) -> anyhow::Result<Picture> {
    let side = usize::try_from(limits::MAX_THUMBNAIL_SIDE).unwrap_or(usize::MAX);
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_out_colorspace(ColorSpace::RGBA);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let rgba = decoder.decode().context("it is no JPEG picture")?;
    let (width, height) = decoder.dimensions().context("it has no size")?;
    anyhow::ensure!(rgba.len() == width * height * 4, "it is damaged");
    Ok(Picture {
        width: u32::try_from(width)?,
        height: u32::try_from(height)?,
        rgba,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 40, 90]));
        let mut bytes = Cursor::new(Vec::new());
        let format = image::ImageFormat::Jpeg;
        picture.write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_read_as_it_was_written() {
        let picture = decode(&jpeg(20, 10)).expect("a picture");
        assert_eq!((picture.width, picture.height), (20, 10));
        let near = |a: u8, b: u8| a.abs_diff(b) < 6;
        for pixel in picture.rgba.chunks_exact(4) {
            assert!(near(pixel[0], 200) && near(pixel[1], 40) && near(pixel[2], 90));
            assert_eq!(pixel[3], 255);
        }
    }

    #[test]
    fn the_largest_is_read_and_one_line_more_is_not() {
        let side = limits::MAX_THUMBNAIL_SIDE as u32;
        assert!(decode(&jpeg(side, 2)).is_ok());
        assert!(decode(&jpeg(side + 1, 2)).is_err());
        assert!(decode(&jpeg(2, side + 1)).is_err());
    }

    #[test]
    fn damage_is_an_error_or_a_picture_of_the_same_size() {
        let whole = jpeg(16, 16);
        for length in 0..whole.len() {
            if let Ok(picture) = decode(&whole[..length]) {
                assert_eq!((picture.width, picture.height), (16, 16), "{length}");
            }
        }
        let mut random = zoetrope_codecs::random::Random::new(7);
        for _ in 0..2000 {
            let mut bent = whole.clone();
            let at = random.bits() as usize % (8 * bent.len());
            bent[at / 8] ^= 1 << (at % 8);
            if let Ok(picture) = decode(&bent) {
                let side = limits::MAX_THUMBNAIL_SIDE as u32;
                assert!(picture.width <= side && picture.height <= side);
            }
        }
    }
}
