//! A fitted video as a clip.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::zoe::{ClipDescription, NeuralWriter};

use super::trainer::Fitted;
use crate::{PackError, Result};

/// Writes a clip to `path`; returns its bytes.
///
/// # Errors
/// [`PackError::Write`] when the system refuses, and as [`NeuralWriter`].
pub fn write_clip(
    fitted: &Fitted,
    description: ClipDescription,
    path: &Path,
    cancel: &Cancel,
) -> Result<u64> {
    let refused = |error: std::io::Error| PackError::write(path, &error);
    let spool = tempfile::tempfile().map_err(refused)?;
    let mut writer = NeuralWriter::new(description, spool)?;
    for group in &fitted.groups {
        writer.add_coded(group)?;
    }
    let file = File::create(path).map_err(refused)?;
    let mut file = BufWriter::new(file);
    writer.finish(&mut file, cancel)?;
    file.flush().map_err(refused)?;
    let metadata = file.get_ref().metadata().map_err(refused)?;
    Ok(metadata.len())
}
