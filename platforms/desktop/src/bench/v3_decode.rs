//! `v3-decode`: bytes in, planes ready for the GPU out; beside FFmpeg's own program on the files.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use zoetrope_codecs::Cancel;

use super::v3_clip::{GROUP_FRAMES, V3Clip};
use super::{Metrics, median};
use crate::cpu_time;
use crate::open::open;

/// How often each of the two has its turn.
const ROUNDS: usize = 7;

/// Decodes one group in turns with `ffmpeg -f null`.
///
/// # Errors
/// When the program ffmpeg is not there.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let clip = V3Clip::pack(1, cancel)?;
    let (mut ours, mut all_planes, mut same_planes) = (Vec::new(), Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        cancel.check()?;
        let mine = decode(clip.path(), cancel)?;
        // FFmpeg once on everything that the clip holds, once on what a player needs.
        let all = ffmpeg(clip.path(), &(0..20).collect::<Vec<_>>())?;
        let same = ffmpeg(
            clip.path(),
            &(0..20)
                .filter(|video| !(6..9).contains(video))
                .collect::<Vec<_>>(),
        )?;
        ratios.push(mine / all);
        ours.push(mine);
        all_planes.push(all);
        same_planes.push(same);
    }
    let ours = median(&mut ours);
    let (all, same) = (median(&mut all_planes), median(&mut same_planes));
    let mut metrics = Metrics::default();
    metrics.set("frames", GROUP_FRAMES);
    metrics.set("cpu_seconds_per_frame", ours / GROUP_FRAMES as f64);
    metrics.set("ffmpeg_cpu_seconds_per_frame", all / GROUP_FRAMES as f64);
    metrics.set(
        "ffmpeg_without_normals_cpu_seconds_per_frame",
        same / GROUP_FRAMES as f64,
    );
    metrics.set("ratio_ours_over_ffmpeg", median(&mut ratios));
    metrics.set("ratio_ours_over_ffmpeg_without_normals", ours / same);
    Ok(metrics)
}

/// CPU seconds of opening the clip and decoding its only group.
fn decode(clip: &Path, cancel: &Cancel) -> anyhow::Result<f64> {
    let before = cpu_time::of_this_process();
    let mut reader = open(clip, cancel)?;
    for frame in 0..GROUP_FRAMES {
        reader.frame(frame, cancel)?;
    }
    Ok(cpu_time::of_this_process() - before)
}

/// CPU seconds of one FFmpeg process that decodes `videos` of the first group and drops them.
fn ffmpeg(clip: &Path, videos: &[usize]) -> anyhow::Result<f64> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error"]);
    for video in videos {
        // One thread a video, as ours: with more, threads wait for each other on such small pictures.
        command.args(["-threads", "1", "-i"]);
        command.arg(clip.join(format!("group0/{video}.mp4")));
    }
    for input in 0..videos.len() {
        command.args(["-map", &input.to_string()]);
    }
    command.args(["-f", "null", "-"]).stdout(Stdio::null());
    let before = cpu_time::of_children();
    let status = command
        .status()
        .context("the program ffmpeg is needed to compare with")?;
    ensure!(status.success(), "ffmpeg does not decode the clip");
    Ok(cpu_time::of_children() - before)
}
