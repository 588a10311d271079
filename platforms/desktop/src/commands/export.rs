//! `zoetrope export`: a video of a stretch of a clip, seen along a camera path.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, bail};
use glam::Quat;
use zoetrope_app::camera::CameraPath;
use zoetrope_codecs::container::zoe::{FrameRate, SoundFormat, SoundPacket};
use zoetrope_codecs::{Cancel, ClipInfo, FrameReader, limits};
use zoetrope_ffmpeg::{MovieSettings, MovieWriter};
use zoetrope_render::Camera;

use crate::cli::{EngineArg, ExportArgs};
use crate::offscreen::{self, Offscreen, Scene};
use crate::open::open;
use crate::output::{self, Staged};

/// Constant quality of the video: it looks like what is in the window.
const CRF: u8 = 18;

/// Writes an MP4 video of a clip.
///
/// # Errors
/// When the clip or the camera path cannot be read, there is nothing in the range, or the video
/// cannot be drawn or written.
pub fn run(args: &ExportArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let extension = args.output.extension().and_then(|end| end.to_str());
    if !extension.is_some_and(|end| end.eq_ignore_ascii_case("mp4")) {
        bail!(
            "{} is no name for an MP4 video; let it end in .mp4",
            args.output.display()
        );
    }
    let mut reader = open(&args.clip, cancel)?;
    let range = range(args, reader.info())?;
    let size = args.picture.size;
    let scene = Scene::of(&mut reader, size.width as f32 / size.height as f32, cancel)?;
    let motion = Motion::of(args.path.as_deref(), &mut reader, &scene)?;
    let rate = args.fps.unwrap_or(reader.info().frame_rate);
    let pictures = ((range.end - range.start) * rate - 1e-6).ceil().max(1.0) as u64;
    let mut sound = Sound::read(&mut reader, &range, cancel)?;
    let staged = Staged::new(&args.output)?;
    let file = File::create(staged.path())
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    let settings = MovieSettings {
        width: size.width,
        height: size.height,
        frame_rate: FrameRate::from_per_second(rate),
        crf: CRF,
        pictures,
        sound_packets: sound.packets.len() as u64,
    };
    let mut movie = MovieWriter::new(BufWriter::new(file), settings, &sound.formats)?;
    let mut offscreen = Offscreen::new(EngineArg::Gpu)?;
    let bar = output::progress_bar(pictures);
    bar.set_message("drawing");
    for picture in 0..pictures {
        cancel.check()?;
        let since_start = picture as f64 / rate;
        let frame = reader.frame(frame_at(range.start + since_start, reader.info()), cancel)?;
        let camera = motion.camera(range.start + since_start, picture as f32 / pictures as f32);
        let antialiased = offscreen::antialiased(&frame);
        let view = offscreen::view(&args.picture, camera, antialiased, 1);
        movie.push_picture(&offscreen.draw(&frame, &view)?.rgba)?;
        sound.push_until(since_start, &mut movie)?;
        bar.inc(1);
    }
    sound.push_until(f64::INFINITY, &mut movie)?;
    movie.finish()?;
    cancel.check()?;
    bar.finish_and_clear();
    staged.commit()
}

/// The stretch of the clip that is wanted, in seconds.
fn range(args: &ExportArgs, info: &ClipInfo) -> anyhow::Result<Range<f64>> {
    let duration = info.duration();
    let start = args.from.unwrap_or(0.0);
    let end = args.to.unwrap_or(duration);
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

/// How the camera moves.
#[derive(Debug)]
enum Motion {
    /// It rests.
    Still(Camera),
    /// It goes once around what it looks at, starting here.
    Orbit(Camera),
    /// It follows keys over the clip's time; without keys it rests.
    Path(CameraPath, Camera),
}

impl Motion {
    /// What was asked for: "orbit", the name of a file, or by default the clip's own path, else its
    /// first view.
    fn of(path: Option<&Path>, reader: &mut FrameReader, scene: &Scene) -> anyhow::Result<Self> {
        let Some(path) = path else {
            let own = reader.demuxer().camera_path();
            return Ok(match own.map(CameraPath::from_json) {
                Some(Ok(path)) => Self::Path(path, scene.camera),
                Some(Err(error)) => {
                    log::warn!("the clip's own camera path is left out: {error}");
                    Self::Still(scene.camera)
                }
                None => Self::Still(scene.camera),
            });
        };
        if path == Path::new("orbit") {
            return Ok(Self::Orbit(scene.camera));
        }
        let name = path.display();
        let cannot = || format!("cannot read the camera path {name}");
        let bytes = fs::metadata(path).with_context(cannot)?.len();
        limits::check(&name.to_string(), "bytes", bytes, limits::MAX_SIDECAR_BYTES)?;
        let text = fs::read_to_string(path).with_context(cannot)?;
        let path = CameraPath::from_json(&text).with_context(cannot)?;
        Ok(Self::Path(path, scene.camera))
    }

    /// The camera at `time` seconds of the clip, where `part` of the way is done, 0 to 1.
    fn camera(&self, time: f64, part: f32) -> Camera {
        match self {
            Self::Still(camera) => *camera,
            Self::Orbit(camera) => {
                let turn = Quat::from_axis_angle(camera.up.normalize_or(glam::Vec3::Y), TAU * part);
                let away = camera.position - camera.target;
                Camera {
                    position: camera.target + turn * away,
                    ..*camera
                }
            }
            Self::Path(path, still) => path.sample(time).unwrap_or(*still),
        }
    }
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
