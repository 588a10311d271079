//! Videos that other packers may make: other pixel formats, codecs and containers.

use ffmpeg_next::format::Pixel;
use zoetrope_codecs::Error;

use crate::clips::{Recipe, decode, group, layout, pictures};

const X264: Recipe = Recipe {
    encoder: "libx264",
    pixel: Pixel::YUV420P,
    muxer: "mp4",
    encoder_options: &[("qp", "0")],
    muxer_options: &[],
};

/// Decodes a lossless video of `recipe` and compares it with what went in.
fn assert_exact(recipe: &Recipe, required: bool) {
    // libx265 is lossless from about this side on, not at 64.
    let (side, length) = (256, 6);
    let plane = pictures(side, 4, length);
    let Some(video) = recipe.video(&plane, side) else {
        assert!(!required, "this FFmpeg has no {}", recipe.encoder);
        return;
    };
    let (frames, error) = decode(group(layout(side), length, vec![video; 17]));
    assert!(
        error.is_none(),
        "{} {:?}: {error:?}",
        recipe.encoder,
        recipe.pixel
    );
    for (frame, original) in frames.iter().zip(&plane) {
        for layer in 0..17 {
            assert!(
                frame.layer(layer) == original,
                "{} {:?}",
                recipe.encoder,
                recipe.pixel
            );
        }
    }
    assert_eq!(frames.len(), length);
}

#[test]
fn luma_is_taken_untouched_from_every_8_bit_format() {
    for pixel in [
        Pixel::YUV420P,
        Pixel::YUVJ420P,
        Pixel::YUV422P,
        Pixel::YUV444P,
        Pixel::NV12,
        Pixel::GRAY8,
    ] {
        assert_exact(&Recipe { pixel, ..X264 }, true);
    }
}

#[test]
fn matroska_and_other_codecs_decode() {
    let ffv1 = Recipe {
        encoder: "ffv1",
        pixel: Pixel::GRAY8,
        muxer: "matroska",
        encoder_options: &[],
        muxer_options: &[],
    };
    assert_exact(&ffv1, true);
    assert_exact(
        &Recipe {
            muxer: "matroska",
            ..X264
        },
        true,
    );
    let hevc = Recipe {
        encoder: "libx265",
        encoder_options: &[("x265-params", "lossless=1:log-level=none")],
        ..X264
    };
    assert_exact(&hevc, false);
    let vp9 = Recipe {
        encoder: "libvpx-vp9",
        encoder_options: &[("lossless", "1"), ("cpu-used", "8")],
        ..X264
    };
    assert_exact(&vp9, false);
    let av1 = Recipe {
        encoder: "libaom-av1",
        encoder_options: &[("aom-params", "lossless=1"), ("cpu-used", "8")],
        ..X264
    };
    assert_exact(&av1, false);
}

#[test]
fn more_than_8_bits_rgb_and_other_codecs_are_refused_by_name() {
    let (side, length) = (64, 2);
    let plane = pictures(side, 4, length);
    let deep = Recipe {
        pixel: Pixel::YUV420P10LE,
        ..X264
    };
    let rgb = Recipe {
        encoder: "ffv1",
        pixel: Pixel::GBRP10LE,
        muxer: "matroska",
        encoder_options: &[],
        muxer_options: &[],
    };
    let mpeg4 = Recipe {
        encoder: "mpeg4",
        encoder_options: &[],
        ..X264
    };
    for (recipe, words) in [
        (deep, "more than 8 bits"),
        (rgb, "more than 8 bits"),
        (mpeg4, "its codec MPEG4 cannot be read"),
    ] {
        let video = recipe.video(&plane, side).expect(recipe.encoder);
        let (frames, error) = decode(group(layout(side), length, vec![video; 17]));
        assert!(frames.is_empty());
        match error {
            Some(Error::Unsupported { name, reason }) => {
                assert!(
                    name == "group5/0.mp4" && reason.contains(words),
                    "{name}: {reason}"
                );
            }
            other => panic!("{}: {other:?}", recipe.encoder),
        }
    }
    let rgb8 = Recipe {
        encoder: "libx264rgb",
        pixel: Pixel::BGR24,
        ..X264
    };
    // Its first plane has three bytes a pixel, so the pictures are filled a third wide.
    let video = rgb8.video(&plane, side).expect("libx264rgb");
    let (_, error) = decode(group(layout(side), length, vec![video; 17]));
    assert!(
        matches!(&error, Some(Error::Unsupported { reason, .. }) if reason.contains("luma")),
        "{error:?}"
    );
}
