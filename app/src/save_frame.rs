//! The frame that is shown, as a splat file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use zoetrope_codecs::splat::{self, WriteFormat};
use zoetrope_codecs::{Cancel, FrameReader, SplatFrame, UpAxis};

use crate::open::{ClipTarget, open_clip};
use crate::save_copy::{Progress, beside};

/// A frame that is to be saved.
pub struct FrameToSave {
    /// The frame as it is shown.
    pub shown: Arc<SplatFrame>,
    /// The clip and the frame's number, where the clip may have it in a better quality than is shown.
    pub better: Option<(ClipTarget, usize)>,
    /// Which axis points up.
    pub up: UpAxis,
}

/// Writes a frame to `path` in the format that the end of its name asks for.
///
/// # Errors
/// When the name asks for no format that can be written, or the frame cannot be read or written;
/// nothing is left behind.
pub fn save_frame(
    frame: &FrameToSave,
    path: &Path,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let Some(format) = WriteFormat::of_name(&path.to_string_lossy()) else {
        bail!(
            "its name tells no format; choose one that ends in {}",
            WriteFormat::endings()
        );
    };
    // Reading it and writing it.
    progress.expect(2);
    let content = match &frame.better {
        Some((target, index)) => {
            let clip = open_clip(target, cancel)?;
            FrameReader::new(clip.demuxer, clip.decoder).splats(*index, cancel)?
        }
        None => frame.shown.clone(),
    };
    let cloud = content.to_cloud_with_up(frame.up);
    progress.add(1);
    beside(path, |part| {
        let write_error = || format!("{} cannot be written", path.display());
        let file = File::create(part).with_context(write_error)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        splat::write(cloud, format, &mut out, cancel)?;
        out.flush().with_context(write_error)?;
        out.get_ref().sync_all().with_context(write_error)?;
        progress.add(1);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use zoetrope_codecs::splat::synthetic;
    use zoetrope_codecs::{Input, container};

    use super::*;

    #[test]
    fn a_frame_is_saved_in_every_format_in_its_best_quality_and_no_other_names_are_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let (progress, cancel) = (Progress::default(), Cancel::new());
        let mut frame = FrameToSave {
            shown: Arc::new(SplatFrame::Cloud(synthetic::surface(7, 0, 1))),
            better: None,
            up: UpAxis::PlusY,
        };
        let count = |path: &Path| {
            let input = Input::from_path(path).expect("a file");
            let clip = container::open(input, &cancel).expect("a splat file");
            clip.info().gaussians.expect("a count").max
        };
        for format in WriteFormat::ALL {
            let path = folder.path().join(format!("a.{}", format.extension()));
            save_frame(&frame, &path, &progress, &cancel).expect("a file");
            assert_eq!(count(&path), 7, "{format:?}");
        }
        assert!(progress.percent() >= 100);
        // The whole of what is shown a part of.
        let whole = folder.path().join("whole.ply");
        let mut bytes = Vec::new();
        let cloud = synthetic::surface(9, 0, 1);
        splat::write(cloud, WriteFormat::Ply, &mut bytes, &cancel).expect("memory takes it");
        std::fs::write(&whole, bytes).expect("a file");
        frame.better = Some((whole.into(), 0));
        let path = folder.path().join("a.ply");
        save_frame(&frame, &path, &progress, &cancel).expect("a file");
        assert_eq!(count(&path), 9);
        let written = std::fs::read_dir(folder.path()).expect("readable").count();
        for name in ["a", "a.png", "no/such/folder/a.ply"] {
            let path = folder.path().join(name);
            let error = save_frame(&frame, &path, &progress, &cancel).expect_err(name);
            let named = error.to_string();
            assert!(
                named.contains(".ply") || named.contains("cannot"),
                "{named}"
            );
        }
        cancel.cancel();
        assert!(save_frame(&frame, &folder.path().join("b.ply"), &progress, &cancel).is_err());
        let now = std::fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(now, written);
    }
}
