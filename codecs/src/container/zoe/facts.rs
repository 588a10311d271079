//! The facts of a clip, out of what its front says.

use super::index::Index;
use super::meta::{ClipDescription, LayerDescription, Meta};
use super::moov::Movie;
use super::neural::NeuralClip;
use crate::clip::{CameraHint, GaussianCounts};
use crate::container::Warnings;
use crate::{Bounds, ClipInfo, ClipKind, GroupInfo, LayerInfo};

/// The facts for whoever opens the clip; `file` is its name without a title of its own.
pub(super) fn clip_info(
    file: String,
    (movie, meta, index, neural): (&Movie<'_>, &Meta, &Index, Option<&NeuralClip>),
    groups: &[GroupInfo],
    warnings: Warnings,
) -> ClipInfo {
    let codec = movie
        .layers
        .iter()
        .flat_map(|layer| layer.entries.iter().flatten())
        .next()
        .map_or("unknown", |entry| entry.codec.name());
    let mut below = 0;
    let layers = movie.layers.iter().enumerate().map(|(number, layer)| {
        // Sound lies between the base layer and the next one, and is no part of either.
        let levels = if number == 0 {
            0..layer.levels
        } else {
            layer.levels - 1..layer.levels
        };
        below = layer.levels;
        LayerInfo {
            name: meta
                .layer_names
                .get(number)
                .cloned()
                .unwrap_or_else(|| format!("layer {number}")),
            bytes: (0..groups.len())
                .flat_map(|group| levels.clone().map(move |level| (group, level)))
                .map(|(group, level)| index.level_bytes(group, level))
                .sum(),
        }
    });
    let layers: Vec<LayerInfo> = layers.collect();
    let sidecar = &meta.common;
    ClipInfo {
        kind: match neural {
            Some(_) => ClipKind::NeuralVideo,
            None => ClipKind::Zoe,
        },
        title: sidecar.title.clone().unwrap_or(file),
        codec: match neural {
            Some(neural) => neural.codec_name().to_owned(),
            None => format!("{codec} atlas"),
        },
        frame_rate: movie.frame_rate.per_second(),
        frame_rate_known: true,
        frame_count: groups.last().map_or(0, |group| group.frames.end),
        sh_degree: sidecar.sh_degree.unwrap_or(0),
        gaussians: count_gaussians(&movie.gaussians, groups),
        bounds: sidecar.bounds.map(Bounds::from),
        picture: neural.map(NeuralClip::picture),
        up: sidecar.up.unwrap_or_default(),
        camera: sidecar.camera.map(CameraHint::from),
        size_bytes: Some(index.end() - index.start()),
        credit: sidecar.credit.clone(),
        licence: sidecar.licence.clone(),
        layers,
        warnings: warnings.all.into_list(),
        omissions: warnings.omissions.into_list(),
    }
}

fn count_gaussians(gaussians: &[u32], groups: &[GroupInfo]) -> Option<GaussianCounts> {
    let counts = gaussians.get(..groups.len())?;
    let frames: usize = groups.iter().map(|group| group.frames.len()).sum();
    let sum: f64 = counts
        .iter()
        .zip(groups)
        .map(|(count, group)| f64::from(*count) * group.frames.len() as f64)
        .sum();
    Some(GaussianCounts {
        min: *counts.iter().min()? as usize,
        mean: sum / frames as f64,
        max: *counts.iter().max()? as usize,
    })
}

/// The facts that a copy of the clip keeps.
pub(super) fn describe(movie: &Movie<'_>, meta: &Meta, info: &ClipInfo) -> ClipDescription {
    ClipDescription {
        frame_rate: movie.frame_rate,
        sh_degree: info.sh_degree,
        up: info.up,
        bounds: info.bounds,
        camera: info.camera,
        camera_path: meta.camera_path.clone(),
        title: meta.common.title.clone(),
        credit: info.credit.clone(),
        licence: info.licence.clone(),
        layers: movie
            .layers
            .iter()
            .zip(&info.layers)
            .map(|(tracks, layer)| LayerDescription {
                kind: tracks.kind,
                name: layer.name.clone(),
            })
            .collect(),
    }
}
