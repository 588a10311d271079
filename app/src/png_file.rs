//! Reading PNG pictures: a background that a person has chosen, posters and demos.

use std::io::{BufRead, Seek};

use anyhow::Context as _;
use zoetrope_render::Picture;

/// Reads a PNG as 8-bit RGBA with straight alpha, whatever it holds.
///
/// # Errors
/// When it is none, is damaged, or takes more than `limit_bytes` as it is decoded.
pub fn decode(source: impl BufRead + Seek, limit_bytes: usize) -> anyhow::Result<Picture> {
    let limits = png::Limits { bytes: limit_bytes };
    let mut decoder = png::Decoder::new_with_limits(source, limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().context("it is no PNG picture")?;
    let size = reader.output_buffer_size().context("it is too large")?;
    anyhow::ensure!(size <= limit_bytes, "it is too large");
    let mut samples = vec![0; size];
    let info = reader.next_frame(&mut samples)?;
    samples.truncate(info.buffer_size());
    let pixels = samples.chunks_exact(info.color_type.samples());
    let rgba = pixels.flat_map(|pixel| match *pixel {
        [grey] => [grey, grey, grey, 255],
        [grey, alpha] => [grey, grey, grey, alpha],
        [red, green, blue] => [red, green, blue, 255],
        [red, green, blue, alpha, ..] => [red, green, blue, alpha],
        [] => [0, 0, 0, 255],
    });
    Ok(Picture {
        width: info.width,
        height: info.height,
        rgba: rgba.collect(),
    })
}
