//! The movie box: the tracks of a clip, their sample entries, and our own boxes in `udta`.

mod read;
mod write;

pub(crate) use read::delay_of_sound;
pub(super) use read::{LayerTracks, Movie, NeuralTrack};
pub(super) use write::{MovieParts, MovieTracks};

use super::boxes::FourCc;
use crate::VideoCodec;
use crate::neural::Crop;
use crate::neural::track::TrackConfig;

/// The box of the JSON text.
const JSON: &FourCc = b"zoej";
/// The box of Gaussians in each group.
const GAUSSIANS: &FourCc = b"zoeg";
/// The sample entry of side tracks.
const SIDE_ENTRY: &FourCc = b"zoes";
/// The sample entry of neural tracks, and the box of their configuration.
const NEURAL_ENTRY: &FourCc = b"znrv";
const NEURAL_CONFIG: &FourCc = b"znrC";
/// `leva`: the level of a sample is told by its track.
const LEVEL_BY_TRACK: u8 = 2;

/// Frames by which every picture is presented later than its place in the order of time, and which the
/// edit list takes off again: so no picture is presented before it is decoded, up to the depth of
/// reordering that encoders have. FFmpeg (5.1) takes the times of fragments with negative offsets for
/// others.
pub(super) const REORDER_FRAMES: u32 = 4;

/// How the atlas of some groups is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VideoEntry {
    pub(super) codec: VideoCodec,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) config: Vec<u8>,
}

/// The networks of some groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NeuralEntry {
    /// Width and height of the decoded pictures.
    coded: [u32; 2],
    crop: Crop,
    /// Width and height of what is shown.
    pub(super) size: [u32; 2],
    /// Frames of a sample.
    pub(super) frames: usize,
    pub(super) config: Vec<u8>,
}

impl NeuralEntry {
    /// The entry for a configuration.
    pub(super) fn of(config: &TrackConfig) -> Self {
        let architecture = config.architecture();
        Self {
            coded: architecture.picture_size().map(|side| side as u32),
            crop: config.crop,
            size: config.crop.size,
            frames: architecture.frames(),
            config: config.write(),
        }
    }
}

/// Track of a layer's video.
pub(super) fn video_track(layer: usize) -> u32 {
    2 * layer as u32 + 1
}

/// Track of a layer's side samples.
pub(super) fn side_track(layer: usize) -> u32 {
    2 * layer as u32 + 2
}

/// Track of a sound in a clip of that many layers.
pub(super) fn sound_track(layers: usize, sound: usize) -> u32 {
    (2 * layers + sound) as u32 + 1
}

/// Levels of a group: the base layer takes two, all sound one, each other layer one.
pub(super) fn level_count(layers: usize, sounds: usize) -> usize {
    1 + layers + usize::from(sounds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::zoe::boxes::need;
    use crate::container::zoe::meta::FrameRate;
    use crate::container::zoe::sound::{SoundCodec, SoundFormat};
    use crate::{LayerKind, limits};

    fn entry(width: u32, config_bytes: usize) -> VideoEntry {
        VideoEntry {
            codec: VideoCodec::Hevc,
            width,
            height: 64,
            config: vec![7; config_bytes],
        }
    }

    /// Reads what is written of so many layers, each with `entries`, and sound tracks.
    fn read(layers: usize, entries: &[VideoEntry], sounds: usize) -> Result<(), String> {
        let format = SoundFormat {
            codec: SoundCodec::Mp3,
            sample_rate: 44_100,
            channels: 1,
            config: Vec::new(),
            timescale: 44_100,
            delay: 576,
        };
        let frame_rate = FrameRate::from_per_second(23.976);
        let parts = MovieParts {
            frame_rate,
            frames: 1 << 20,
            tracks: MovieTracks::Layers(vec![(LayerKind::Precision, entries); layers]),
            sounds: vec![&format; sounds],
            json: "{}",
            gaussians: vec![1, 1 << 20],
        };
        let bytes = parts.write();
        let movie = Movie::read(need(&bytes, b"moov")?)?;
        assert_eq!(movie.frame_rate, frame_rate);
        assert_eq!(movie.gaussians, parts.gaussians);
        assert_eq!(movie.json, b"{}");
        assert_eq!((movie.layers.len(), movie.sounds.len()), (layers, sounds));
        assert_eq!(movie.level_count, level_count(layers, sounds));
        for (number, layer) in movie.layers.iter().enumerate() {
            assert_eq!(layer.kind, LayerKind::Precision);
            assert_eq!(
                (layer.video, layer.side),
                (video_track(number), side_track(number))
            );
            let expected: Vec<_> = entries.iter().cloned().map(Some).collect();
            assert_eq!(layer.entries, expected);
            let above_sound = if number > 0 && sounds > 0 { 1 } else { 0 };
            assert_eq!(layer.levels, number + 2 + above_sound);
        }
        assert!(movie.sounds.iter().all(|(_, read)| *read == format));
        Ok(())
    }

    #[test]
    fn what_is_written_is_read_up_to_every_cap() {
        let one = [entry(64, 9)];
        assert_eq!(read(1, &one, 0), Ok(()));
        assert_eq!(read(3, &[entry(64, 9), entry(128, 0)], 2), Ok(()));
        assert_eq!(read(limits::MAX_LAYERS, &one, 0), Ok(()));
        assert!(read(limits::MAX_LAYERS + 1, &one, 0).is_err());
        assert!(read(0, &one, 1).is_err());
        assert_eq!(read(1, &one, limits::MAX_TRACKS - 2), Ok(()));
        assert!(read(1, &one, limits::MAX_TRACKS - 1).is_err());
        let entries = |count: u64| {
            (0..count)
                .map(|width| entry(width as u32, 9))
                .collect::<Vec<_>>()
        };
        assert_eq!(read(1, &entries(limits::MAX_SAMPLE_ENTRIES), 0), Ok(()));
        assert!(read(1, &entries(limits::MAX_SAMPLE_ENTRIES + 1), 0).is_err());
        let config = limits::MAX_CODEC_CONFIG_BYTES as usize;
        assert_eq!(read(1, &[entry(64, config)], 0), Ok(()));
        assert!(read(1, &[entry(64, config + 1)], 0).is_err());
    }
}
