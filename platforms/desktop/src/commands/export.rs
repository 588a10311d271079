//! `zoetrope export`: a video of a stretch of a clip, seen along a camera path.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, bail};
use zoetrope_app::camera::CameraPath;
use zoetrope_app::film::{Film, FilmCamera};
use zoetrope_app::{ClipTarget, Progress, open_clip};
use zoetrope_codecs::container::zoe::{FrameRate, SoundFormat, SoundPacket};
use zoetrope_codecs::{Cancel, ClipInfo, FrameReader, limits};
use zoetrope_ffmpeg::{MovieSettings, MovieWriter};
use zoetrope_render::{Background, Filter, View};

use crate::cli::{EngineArg, ExportArgs};
use crate::offscreen::{Offscreen, Scene};
use crate::open::open_with;
use crate::output::{self, Staged};

/// Constant quality of the video: it looks like what is in the window.
const CRF: u8 = 18;

/// Writes an MP4 video of a clip.
///
/// # Errors
/// When the clip or the camera path cannot be read, there is nothing in the range, or the video
/// cannot be drawn or written.
pub fn run(args: &ExportArgs, cancel: &Cancel) -> anyhow::Result<()> {
    check_name(&args.output)?;
    let options = args.neural.options(None);
    let mut reader = open_with(&args.clip, &options, cancel)?;
    let size = args.picture.size;
    let scene = Scene::of(&mut reader, size.width as f32 / size.height as f32, cancel)?;
    let info = reader.info();
    let film = Film {
        seconds: args.from.unwrap_or(0.0)..args.to.unwrap_or(info.duration()),
        frame_rate: args.fps.unwrap_or(info.frame_rate),
        size: [size.width, size.height],
        camera: camera(args.path.as_deref(), &mut reader, &scene)?,
        background: args.picture.background.0,
        filter: args.picture.mip.then_some(Filter::Mip),
        sh_degree: args.picture.sh_degree,
    };
    let bar = output::progress_bar(0);
    bar.set_message("drawing");
    write(&mut reader, &film, &args.output, cancel, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// Writes an MP4 video of a clip, as the window asks for it.
///
/// # Errors
/// As [`run`].
pub fn make_film(
    clip: &ClipTarget,
    film: &Film,
    path: &Path,
    progress: &Progress,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    check_name(path)?;
    let opened = open_clip(clip, cancel)?;
    let mut reader = FrameReader::new(opened.demuxer, opened.decoder);
    write(&mut reader, film, path, cancel, |done, all| {
        progress.expect(all);
        progress.set(done);
    })
}

fn check_name(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().and_then(|end| end.to_str());
    if !extension.is_some_and(|end| end.eq_ignore_ascii_case("mp4")) {
        bail!(
            "{} is no name for an MP4 video; let it end in .mp4",
            path.display()
        );
    }
    Ok(())
}

/// Draws a film and writes it to `path`; `tell` hears how many pictures of how many are done.
fn write(
    reader: &mut FrameReader,
    film: &Film,
    path: &Path,
    cancel: &Cancel,
    tell: impl Fn(u64, u64),
) -> anyhow::Result<()> {
    let range = range(&film.seconds, reader.info())?;
    let [width, height] = film.size;
    let rate = film.frame_rate;
    let pictures = ((range.end - range.start) * rate - 1e-6).ceil().max(1.0) as u64;
    let mut sound = Sound::read(reader, &range, cancel)?;
    let staged = Staged::new(path)?;
    let file =
        File::create(staged.path()).with_context(|| format!("cannot write {}", path.display()))?;
    let settings = MovieSettings {
        width,
        height,
        frame_rate: FrameRate::from_per_second(rate),
        crf: CRF,
        pictures,
        sound_packets: sound.packets.len() as u64,
    };
    let mut movie = MovieWriter::new(BufWriter::new(file), settings, &sound.formats)?;
    let mut offscreen = Offscreen::new(EngineArg::Gpu)?;
    for picture in 0..pictures {
        cancel.check()?;
        tell(picture, pictures);
        let since_start = picture as f64 / rate;
        let time = range.start + since_start;
        let frame = reader.frame(frame_at(time, reader.info()), cancel)?;
        let view = View {
            camera: film.camera.at(time, picture as f32 / pictures as f32),
            width,
            height,
            background: Background::Opaque(film.background),
            filter: film.filter.unwrap_or_else(|| Filter::of(&frame)),
            sh_degree: film.sh_degree,
        };
        movie.push_picture(&offscreen.draw(&frame, &view)?.rgba)?;
        sound.push_until(since_start, &mut movie)?;
    }
    sound.push_until(f64::INFINITY, &mut movie)?;
    movie.finish()?;
    cancel.check()?;
    staged.commit()
}

/// The stretch of the clip that is wanted, in seconds, if it is one.
fn range(wanted: &Range<f64>, info: &ClipInfo) -> anyhow::Result<Range<f64>> {
    let duration = info.duration();
    let Range { start, end } = *wanted;
    // People type what they read, which is rounded.
    let within = start >= 0.0 && start < end && end <= duration + 0.001;
    if !within || start >= duration {
        bail!("there is nothing from {start} s to {end} s; the clip lasts {duration:.3} s");
    }
    Ok(start..end.min(duration))
}

/// The frame shown at `time` seconds.
fn frame_at(time: f64, info: &ClipInfo) -> usize {
    ((time * info.frame_rate + 1e-6) as usize).min(info.frame_count.saturating_sub(1))
}

/// How the camera is to move: "orbit", the name of a file, or by default the clip's own path, else
/// its first view.
fn camera(
    path: Option<&Path>,
    reader: &mut FrameReader,
    scene: &Scene,
) -> anyhow::Result<FilmCamera> {
    let Some(path) = path else {
        let own = reader.demuxer().camera_path();
        return Ok(match own.map(CameraPath::from_json) {
            Some(Ok(path)) => FilmCamera::Path(path, scene.camera),
            Some(Err(error)) => {
                log::warn!("the clip's own camera path is left out: {error}");
                FilmCamera::Still(scene.camera)
            }
            None => FilmCamera::Still(scene.camera),
        });
    };
    if path == Path::new("orbit") {
        return Ok(FilmCamera::Orbit(scene.camera));
    }
    let name = path.display();
    let cannot = || format!("cannot read the camera path {name}");
    let bytes = fs::metadata(path).with_context(cannot)?.len();
    limits::check(&name.to_string(), "bytes", bytes, limits::MAX_SIDECAR_BYTES)?;
    let text = fs::read_to_string(path).with_context(cannot)?;
    let path = CameraPath::from_json(&text).with_context(cannot)?;
    Ok(FilmCamera::Path(path, scene.camera))
}

/// The clip's sound in the stretch that is exported.
struct Sound {
    formats: Vec<SoundFormat>,
    /// By time.
    packets: VecDeque<TimedPacket>,
}

struct TimedPacket {
    /// Place of its track among the formats.
    track: usize,
    /// When it begins, in ticks of its track from the video's start.
    ticks: i64,
    /// The same in seconds.
    seconds: f64,
    packet: SoundPacket,
}

impl Sound {
    fn read(reader: &mut FrameReader, range: &Range<f64>, cancel: &Cancel) -> anyhow::Result<Self> {
        let first = frame_at(range.start, reader.info());
        let frame_rate = reader.info().frame_rate;
        let all = reader.demuxer().sounds().to_vec();
        let mut sound = Self {
            formats: Vec::new(),
            packets: VecDeque::new(),
        };
        // Where each track of the clip goes.
        let mut tracks = Vec::new();
        for format in all {
            let place = MovieWriter::takes(&format).then_some(sound.formats.len());
            if place.is_some() {
                sound.formats.push(format);
            } else {
                let codec = format.codec.name();
                log::warn!("the {codec} sound is left out, since MP4 cannot hold it; use AAC");
            }
            tracks.push(place);
        }
        let groups: Vec<Range<usize>> = reader
            .groups()
            .iter()
            .map(|group| group.frames.clone())
            .collect();
        // A packet that is still heard may begin in the group before.
        let start = groups
            .partition_point(|group| group.end <= first)
            .saturating_sub(1);
        let mut packets = Vec::new();
        for (group, frames) in groups.iter().enumerate().skip(start) {
            if frames.start as f64 >= range.end * frame_rate || sound.formats.is_empty() {
                break;
            }
            let read = reader.demuxer().read_sound(group, cancel)?;
            for (track, read) in tracks.iter().zip(read) {
                let Some(track) = *track else { continue };
                let format = &sound.formats[track];
                packets.extend(
                    read.into_iter()
                        .map(|packet| timed(track, format, range, packet)),
                );
            }
        }
        packets.retain(|packet| {
            let length = f64::from(packet.packet.duration);
            let scale = f64::from(sound.formats[packet.track].timescale);
            packet.seconds + length / scale > 0.0 && packet.seconds < range.end - range.start
        });
        packets.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        sound.packets = packets.into();
        Ok(sound)
    }

    /// Hands on what begins up to `seconds` after the video's start.
    fn push_until(&mut self, seconds: f64, movie: &mut MovieWriter) -> anyhow::Result<()> {
        while let Some(next) = self.packets.pop_front_if(|next| next.seconds <= seconds) {
            movie.push_sound(next.track, next.ticks, &next.packet)?;
        }
        Ok(())
    }
}

fn timed(
    track: usize,
    format: &SoundFormat,
    range: &Range<f64>,
    packet: SoundPacket,
) -> TimedPacket {
    let start = (range.start * f64::from(format.timescale)).round() as i64;
    let ticks = i64::try_from(packet.time).unwrap_or(i64::MAX);
    let ticks = ticks
        .saturating_sub(i64::from(format.delay))
        .saturating_sub(start);
    TimedPacket {
        track,
        ticks,
        seconds: ticks as f64 / f64::from(format.timescale),
        packet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::window::demos;

    /// The built-in wave, its first quarter of a second.
    fn wave() -> (ClipTarget, Film) {
        let demo = demos().pop().expect("a demo");
        let target = ClipTarget::Memory {
            name: demo.name,
            bytes: demo.bytes.into(),
        };
        let still = zoetrope_render::Camera {
            position: glam::Vec3::new(0.0, 0.0, -9.0),
            target: glam::Vec3::ZERO,
            up: glam::Vec3::NEG_Y,
            fov_y: 0.8,
        };
        let film = Film {
            seconds: 0.0..0.25,
            frame_rate: 24.0,
            size: [64, 36],
            camera: FilmCamera::Orbit(still),
            background: [0.1, 0.2, 0.3],
            filter: None,
            sh_degree: 3,
        };
        (target, film)
    }

    #[test]
    fn a_built_in_clip_becomes_a_video_and_tells_how_far_it_is() {
        let (target, film) = wave();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wave.mp4");
        let progress = Progress::default();
        make_film(&target, &film, &path, &progress, &Cancel::new()).expect("a video");
        // The sixth of six pictures was the last to be begun.
        assert_eq!(progress.percent(), 83);
        let bytes = fs::read(&path).expect("it is there");
        assert_eq!(&bytes[4..8], b"ftyp");
    }

    #[test]
    fn a_video_that_is_given_up_or_cannot_be_leaves_nothing() {
        let (target, film) = wave();
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, film: &Film, cancel: &Cancel| {
            let path = folder.path().join(name);
            make_film(&target, film, &path, &Progress::default(), cancel)
                .expect_err("it is refused")
                .to_string()
        };
        let cancelled = Cancel::new();
        cancelled.cancel();
        assert_eq!(make("wave.mp4", &film, &cancelled), "cancelled");
        let named = make("wave.avi", &film, &Cancel::new());
        assert!(named.contains("let it end in .mp4"), "{named}");
        let late = Film {
            seconds: 90.0..91.0,
            ..film
        };
        let late = make("wave.mp4", &late, &Cancel::new());
        assert!(late.contains("the clip lasts"), "{late}");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }
}
