//! A V3 clip of 100 000 moving Gaussians for the benchmarks that decode.

use std::path::{Path, PathBuf};

use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{Cancel, SplatCloud};
use zoetrope_encode::{CloudSequence, PackOptions, Packing, pack_v3};
use zoetrope_ffmpeg::H264PlaneEncoder;

/// Frames of a group, as V3's own packer has them.
pub const GROUP_FRAMES: usize = 20;

/// A swaying figure, frame by frame.
pub struct Swaying {
    /// The figure at rest.
    pub figure: SplatCloud,
    /// How many frames it sways.
    pub frames: usize,
}

impl CloudSequence for Swaying {
    fn len(&self) -> usize {
        self.frames
    }

    fn sh_degree(&self) -> u8 {
        self.figure.sh_degree
    }

    fn read(&mut self, frame: usize, _: &Cancel) -> zoetrope_codecs::Result<SplatCloud> {
        Ok(synthetic::animate(&self.figure, frame as f32 / 30.0))
    }
}

/// A packed clip in a folder that is removed with it.
pub struct V3Clip {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl V3Clip {
    /// Packs `groups` groups of 100 000 Gaussians at the packer's default quality.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn pack(groups: usize, cancel: &Cancel) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("clip");
        let mut sequence = Swaying {
            figure: synthetic::surface(100_000, 0, 1),
            frames: groups * GROUP_FRAMES,
        };
        eprintln!("packing {} frames to decode …", sequence.frames);
        let packing = Packing {
            options: &PackOptions {
                group_frames: GROUP_FRAMES,
                ..PackOptions::default()
            },
            encoder: &H264PlaneEncoder::new(cancel)?,
            decoder: None,
            progress: &|_| (),
            cancel,
        };
        pack_v3(&mut sequence, &path, packing)?;
        Ok(Self {
            _folder: folder,
            path,
        })
    }

    /// The V3 folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
