//! From what a person names to a clip that can be played.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, bail};
use zoetrope_codecs::container::{self, Input};
use zoetrope_codecs::gaussian_video::LayeredDecoder;
use zoetrope_codecs::neural::{ImportOptions, NeuralDecoder};
use zoetrope_codecs::source::{FileFolder, FileSource, Folder, MemorySource, Source};
use zoetrope_codecs::splat::SplatFileDecoder;
use zoetrope_codecs::{Cancel, ClipKind, Decoder, Demuxer, limits};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, PlaneVideoDecoder};
use zoetrope_http::{Network, open_link};
use zoetrope_render::neural::{Precision, self_test};
use zoetrope_render::{Gpu, Tier};

use crate::frame_name::FrameName;
use crate::network::network;

/// What is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClipTarget {
    /// A file, a folder, a pattern of frames ("walk/*.ply", "walk/{:04}.ply"), or a link to a web
    /// server.
    Path(PathBuf),
    /// A file in memory: a built-in clip.
    Memory {
        /// Name for people.
        name: String,
        /// The file's bytes.
        bytes: Arc<[u8]>,
    },
}

impl ClipTarget {
    /// Name for people: the last part of the path.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) if is_link(path) => {
                let link = path.to_string_lossy();
                let place = link.split(['?', '#']).next().unwrap_or_default();
                let place = place.trim_end_matches('/');
                place.rsplit('/').next().unwrap_or(place).to_owned()
            }
            Self::Path(path) => path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            Self::Memory { name, .. } => name.clone(),
        }
    }
}

impl<P: Into<PathBuf>> From<P> for ClipTarget {
    fn from(path: P) -> Self {
        Self::Path(path.into())
    }
}

/// A clip with the decoder that suits it.
pub struct OpenClip {
    /// Reads it.
    pub demuxer: Box<dyn Demuxer>,
    /// Decodes what is read.
    pub decoder: Box<dyn Decoder>,
}

/// How a clip is opened, as far as there is a choice.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What is known of a neural video that its file does not say.
    pub import: ImportOptions,
    /// Who decodes neural video.
    pub neural: NeuralEngine,
    /// The device that draws, where there is one at hand to decode on.
    pub device: Option<Arc<NeuralDevice>>,
}

/// Who decodes neural video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeuralEngine {
    /// The device if it is a real one that computes what it should, else the cores.
    #[default]
    Auto,
    /// All cores.
    Cpu,
    /// The renderer, on its device.
    Gpu,
}

impl OpenOptions {
    fn neural_decoder(&self) -> NeuralDecoder {
        let is_gpu = match self.neural {
            NeuralEngine::Auto => self
                .device
                .as_ref()
                .is_some_and(|device| device.is_trusted()),
            NeuralEngine::Cpu => false,
            NeuralEngine::Gpu => true,
        };
        if is_gpu {
            NeuralDecoder::on_gpu()
        } else {
            NeuralDecoder::on_cpu()
        }
    }
}

/// A device, and whether it is worth decoding on, which is found out once.
#[derive(Debug)]
pub struct NeuralDevice {
    gpu: Gpu,
    trusted: OnceLock<bool>,
}

impl NeuralDevice {
    /// A device of which nothing is known yet.
    pub fn new(gpu: Gpu) -> Self {
        Self {
            gpu,
            trusted: OnceLock::new(),
        }
    }

    fn is_trusted(&self) -> bool {
        *self.trusted.get_or_init(|| is_trusted(&self.gpu))
    }
}

/// Whether a device is worth decoding on: software Vulkan is slower than the cores it runs on, and
/// drivers that compute wrongly exist.
fn is_trusted(gpu: &Gpu) -> bool {
    if gpu.capabilities.tier == Tier::Cpu {
        return false;
    }
    let precision = Precision::of(gpu);
    match self_test(gpu, precision) {
        Ok(deviation) if deviation.is_acceptable(precision) => true,
        Ok(deviation) => {
            log::warn!(
                "neural video is decoded on the CPU: the GPU computes wrongly ({deviation:?})"
            );
            false
        }
        Err(error) => {
            log::warn!("neural video is decoded on the CPU: {error}");
            false
        }
    }
}

/// Opens a clip; what it holds is found out from its content.
///
/// # Errors
/// One sentence that says what is wrong with it and what would work.
pub fn open_clip(target: &ClipTarget, cancel: &Cancel) -> anyhow::Result<OpenClip> {
    open_clip_with(target, &OpenOptions::default(), cancel)
}

/// As [`open_clip`], in a way that somebody chose.
///
/// # Errors
/// As [`open_clip`].
pub fn open_clip_with(
    target: &ClipTarget,
    options: &OpenOptions,
    cancel: &Cancel,
) -> anyhow::Result<OpenClip> {
    open_clip_over(network(), target, options, cancel)
}

/// As [`open_clip_with`], over another network than the one that all share.
///
/// # Errors
/// As [`open_clip`].
pub fn open_clip_over(
    network: &Network,
    target: &ClipTarget,
    options: &OpenOptions,
    cancel: &Cancel,
) -> anyhow::Result<OpenClip> {
    let open = |input| container::open_with(input, &options.import, cancel);
    let demuxer = match target {
        ClipTarget::Path(path) if is_web_link(path) => {
            let link = path.to_string_lossy();
            open(open_link(network, &link, cancel)?)?
        }
        ClipTarget::Path(path) if is_link(path) => bail!(
            "{} names no clip; a link to one holds its address after \"src=\"",
            path.display()
        ),
        ClipTarget::Path(path) => match FilePattern::of(path) {
            Some(pattern) => open_pattern(&pattern, cancel)?,
            None => open(Input::from_path(path)?)?,
        },
        ClipTarget::Memory { name, bytes } => {
            let source = MemorySource::new(name.as_str(), bytes.clone());
            open(Input::File(Box::new(source)))?
        }
    };
    let decoder: Box<dyn Decoder> = match demuxer.info().kind {
        ClipKind::V3 => Box::new(PlaneVideoDecoder::new()),
        ClipKind::Zoe => Box::new(LayeredDecoder::new(Box::new(FfmpegAtlasDecoder::boxed))),
        ClipKind::NeuralVideo => Box::new(options.neural_decoder()),
        _ => Box::new(SplatFileDecoder::new()),
    };
    Ok(OpenClip { demuxer, decoder })
}

/// Whether the path is a link to a web server instead.
pub fn is_web_link(path: &Path) -> bool {
    let scheme = path.to_str().and_then(|text| text.split_once("://"));
    scheme.is_some_and(|(scheme, _)| {
        ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
    })
}

/// The path, made absolute unless it is a link.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    if is_link(path) {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether the path is a link to the network instead.
pub fn is_link(path: &Path) -> bool {
    let scheme = path.to_str().and_then(|text| text.split_once("://"));
    scheme.is_some_and(|(scheme, _)| {
        ["http", "https", "zoetrope"].contains(&scheme.to_ascii_lowercase().as_str())
    })
}

/// A pattern of files, a frame each.
pub(crate) enum FilePattern<'a> {
    /// As shells have it: "walk/*.ply".
    Glob(&'a str),
    /// With the number in braces: "walk/{:04}.ply".
    Numbered(&'a str, FrameName),
}

impl<'a> FilePattern<'a> {
    /// The path as a pattern, if it is one and not the name of something that is there.
    pub(crate) fn of(path: &'a Path) -> Option<Self> {
        let text = path.to_str().filter(|_| !path.exists())?;
        let numbered: Option<FrameName> = text.parse().ok();
        match numbered.filter(FrameName::is_pattern) {
            Some(name) => Some(Self::Numbered(text, name)),
            None => text.contains(['*', '?', '[']).then_some(Self::Glob(text)),
        }
    }

    /// The files that match, sorted by name.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let (pattern, glob) = match self {
            Self::Glob(text) => (text, (*text).to_owned()),
            Self::Numbered(text, name) => (text, name.glob()),
        };
        let paths = glob::glob(&glob).with_context(|| format!("{pattern} is not a pattern"))?;
        let mut files = Vec::new();
        for path in paths {
            let path = path.with_context(|| format!("cannot look for {pattern}"))?;
            let is_one = match self {
                Self::Glob(_) => true,
                Self::Numbered(_, name) => path.to_str().is_some_and(|path| name.is_of_frame(path)),
            };
            if is_one && path.is_file() {
                let count = files.len() as u64 + 1;
                limits::check(pattern, "matching files", count, limits::MAX_FRAMES)?;
                files.push(path);
            }
        }
        if files.is_empty() {
            bail!("no file matches {pattern}; check the folder and the pattern");
        }
        Ok(files)
    }
}

/// Opens the files of a pattern, with what a file beside them says about them.
fn open_pattern(pattern: &FilePattern, cancel: &Cancel) -> anyhow::Result<Box<dyn Demuxer>> {
    let files = pattern.files()?;
    let folders = || files.iter().map(|path| path.parent());
    let first = folders().next().flatten();
    let is_one = folders().all(|folder| folder == first);
    let folder = first
        .filter(|_| is_one)
        .map(|folder| match folder.as_os_str() {
            here if here.is_empty() => Path::new("."),
            _ => folder,
        });
    let folder = folder.map(FileFolder::open).transpose()?;
    let sources = files
        .iter()
        .map(|path| -> zoetrope_codecs::Result<Box<dyn Source>> {
            Ok(Box::new(FileSource::open(path)?))
        });
    let sources = sources.collect::<Result<_, _>>()?;
    let beside = folder.as_ref().map(|folder| folder as &dyn Folder);
    Ok(container::open_sequence(sources, beside, cancel)?)
}

#[cfg(test)]
pub(crate) fn test_info() -> zoetrope_codecs::ClipInfo {
    zoetrope_codecs::ClipInfo {
        kind: ClipKind::SplatFile,
        title: "test".to_owned(),
        codec: "PLY".to_owned(),
        frame_rate: 30.0,
        frame_rate_known: false,
        frame_count: 1,
        sh_degree: 0,
        gaussians: None,
        bounds: None,
        picture: None,
        up: zoetrope_codecs::UpAxis::MinusY,
        camera: None,
        size_bytes: None,
        credit: None,
        licence: None,
        layers: Vec::new(),
        warnings: Vec::new(),
        omissions: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PLY of three Gaussians; `x` tells the files apart.
    fn ply(x: f32) -> Vec<u8> {
        let names = [
            "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1",
            "scale_2", "rot_0", "rot_1", "rot_2", "rot_3",
        ];
        let mut bytes = b"ply\nformat binary_little_endian 1.0\nelement vertex 3\n".to_vec();
        for name in names {
            bytes.extend(format!("property float {name}\n").bytes());
        }
        bytes.extend(b"end_header\n");
        for k in 0..3 {
            let mut row = [0.0f32; 14];
            row[0] = x + k as f32;
            row[10] = 1.0;
            bytes.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    /// The x of the first Gaussian of each frame.
    fn frames(target: &ClipTarget) -> anyhow::Result<Vec<f32>> {
        let cancel = Cancel::new();
        let mut clip = open_clip(target, &cancel)?;
        let mut found = Vec::new();
        for group in 0..clip.demuxer.groups().len() {
            clip.decoder
                .push(clip.demuxer.read_group(group, &cancel)?)?;
            while let Some(frame) = clip.decoder.next_frame()? {
                found.push(
                    frame
                        .content
                        .splats()
                        .expect("Gaussians")
                        .to_cloud()
                        .positions[0][0],
                );
            }
        }
        Ok(found)
    }

    #[test]
    fn opens_a_file_a_folder_a_glob_and_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in [1, 2, 10] {
            let path = folder.path().join(format!("frame{number}.ply"));
            std::fs::write(path, ply(number as f32)).expect("a file");
        }
        let one = frames(&folder.path().join("frame2.ply").into()).expect("a file");
        assert_eq!(one, [2.0]);
        let all = frames(&folder.path().into()).expect("a folder");
        assert_eq!(all, [1.0, 2.0, 10.0]);
        let some = frames(&folder.path().join("frame1*.ply").into()).expect("a glob");
        assert_eq!(some, [1.0, 10.0]);
        let numbered = folder.path().join("frame{:02}.ply").into();
        assert_eq!(frames(&numbered).expect("a pattern"), [10.0]);
        let numbered = folder.path().join("frame{}.ply").into();
        assert_eq!(frames(&numbered).expect("a pattern"), [1.0, 2.0, 10.0]);
        let memory = ClipTarget::Memory {
            name: "built-in".to_owned(),
            bytes: ply(7.0).into(),
        };
        assert_eq!(frames(&memory).expect("memory"), [7.0]);
    }

    #[test]
    fn a_file_beside_the_frames_tells_their_rate() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in [1, 2] {
            let path = folder.path().join(format!("{number}.ply"));
            std::fs::write(path, ply(0.0)).expect("a file");
        }
        let sidecar = "{\"version\": 1, \"frame_rate\": 12.5, \"up\": \"+z\", \"title\": \"walk\"}";
        let sidecar_path = folder.path().join("zoetrope.json");
        std::fs::write(&sidecar_path, sidecar).expect("a file");
        for target in [
            folder.path().to_owned(),
            folder.path().join("*.ply"),
            folder.path().join("{}.ply"),
            sidecar_path,
        ] {
            let clip = open_clip(&target.into(), &Cancel::new()).expect("a sequence");
            let info = clip.demuxer.info();
            assert_eq!((info.frame_rate, info.frame_rate_known), (12.5, true));
            assert_eq!((info.up.name(), &*info.title), ("+z", "walk"));
            assert!(clip.demuxer.up_is_stated());
            assert_eq!(info.frame_count, 2);
        }
    }

    #[test]
    fn opens_a_real_sequence_of_sog_files() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/splats/seq_wave_sog");
        if !folder.is_dir() {
            return;
        }
        let cancel = Cancel::new();
        let mut clip = open_clip(&folder.into(), &cancel).expect("a sequence");
        assert_eq!(clip.demuxer.info().frame_count, 60);
        let packets = clip
            .demuxer
            .read_group(59, &cancel)
            .expect("the last frame");
        clip.decoder.push(packets).expect("a splat file");
        let frame = clip
            .decoder
            .next_frame()
            .expect("a frame")
            .expect("a frame");
        assert_eq!(
            (
                frame.index,
                frame.content.splats().expect("Gaussians").count()
            ),
            (59, 4225)
        );
    }

    #[test]
    fn what_cannot_be_opened_is_told_in_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = |target: ClipTarget| match open_clip(&target, &Cancel::new()) {
            Ok(_) => panic!("{target:?} opens"),
            Err(error) => error.to_string(),
        };
        let missing = error(folder.path().join("missing.ply").into());
        assert!(
            missing.contains("there is no such file or folder"),
            "{missing}"
        );
        let none = error(folder.path().join("*.ply").into());
        assert!(none.starts_with("no file matches "), "{none}");
        let pattern = error(folder.path().join("***.ply").into());
        assert!(pattern.contains("is not a pattern"), "{pattern}");
        let link = error("ZOETROPE://open?source=x*".into());
        assert!(link.contains("names no clip"), "{link}");
        let link = error("https://".into());
        assert!(link.contains("it is no link"), "{link}");
        // Port 9 of this machine is nobody's.
        let link = error("http://127.0.0.1:9/a.zoe".into());
        assert!(
            link.contains("127.0.0.1:9 refuses the connection"),
            "{link}"
        );
        error(folder.path().into());
        error(ClipTarget::Memory {
            name: "empty".to_owned(),
            bytes: Arc::from([]),
        });
    }

    #[test]
    fn names_are_the_last_part() {
        assert_eq!(ClipTarget::from("a/b/walk.ply").name(), "walk.ply");
        assert_eq!(ClipTarget::from("/").name(), "/");
        let link = ClipTarget::from("https://example.org/clips/dance.zoe?t=1#x");
        assert_eq!(link.name(), "dance.zoe");
        assert_eq!(
            ClipTarget::from("http://example.org/").name(),
            "example.org"
        );
    }
}
