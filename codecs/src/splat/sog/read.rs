//! Reading.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::{Axes, SplatCloud, SplatFacts, SplatFormat};
use super::columns::{fill_colours, fill_labels, fill_positions, fill_rotations, fill_scales};
use super::meta::{Meta, Table};
use super::picture::{Picture, Undecoded};
use super::rest::{Palette, degree_of_width};
use crate::source::Folder;
use crate::{Bounds, Cancel, Error, Result};

/// Reads the SOG model whose `meta.json` lies at the root of `folder`.
///
/// # Errors
/// As [`Folder::open`] and [`crate::source::Source::read`]; [`Error::Malformed`] for a damaged file,
/// [`Error::Limit`] above [`MAX_GAUSSIANS`](crate::limits::MAX_GAUSSIANS) and the other caps.
pub fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatCloud> {
    let meta = Meta::read(folder, cancel)?;
    let mut cloud = SplatCloud {
        antialiased: meta.antialiased,
        ..SplatCloud::default()
    };
    let mut palette = Palette::default();
    let mut labels = Vec::new();
    let fills = fills(
        folder.name(),
        &meta,
        &mut cloud,
        &mut palette,
        &mut labels,
        cancel,
    );
    let mut is_sound = fill_all(folder, fills, cancel)?;
    if meta.rest.is_some() {
        cloud.sh_degree = palette.degree;
        let (rest, rest_is_sound) = palette.with_labels(labels);
        cloud.sh_rest = rest;
        is_sound &= rest_is_sound;
    }
    if !is_sound {
        cloud.sanitise();
    }
    Ok(cloud)
}

/// Reads what the `meta.json` at the root of `folder` says, without the pictures.
///
/// # Errors
/// As [`read`].
pub fn facts(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatFacts> {
    let meta = Meta::read(folder, cancel)?;
    // Version 1 tells the number of SH bands only by the width of a picture.
    let sh_degree = match &meta.rest {
        None => 0,
        Some(rest) => match rest.bands {
            Some(bands) => bands.min(3) as u8,
            None => {
                let source = folder.open(rest.file(0).unwrap_or_default(), cancel)?;
                let width = Undecoded::read(&*source, 0, cancel)?.width();
                degree_of_width(width).unwrap_or(0)
            }
        },
    };
    Ok(SplatFacts {
        format: SplatFormat::Sog,
        version: Some(meta.version.to_string()),
        count: meta.count,
        sh_degree,
        bounds: Some(Bounds {
            min: std::array::from_fn(|axis| meta.position(axis, 0)),
            max: std::array::from_fn(|axis| meta.position(axis, u16::MAX)),
        }),
        axes: Axes::RightDownFront,
        notes: Vec::new(),
    })
}

/// A picture of the model, and what becomes of it.
struct Fill<'a> {
    /// What it holds, for messages.
    what: &'static str,
    /// Its file's name.
    name: Option<&'a str>,
    /// Pixels that it must have at least.
    pixels: usize,
    /// Fills a part of the cloud; says whether all of that can be drawn as it is.
    fill: Box<dyn FnOnce(Picture) -> Result<bool> + Send + 'a>,
}

/// Positions, whose codes lie in two pictures.
struct Positions<'a> {
    column: &'a mut Vec<[f32; 3]>,
    low_and_high: [Option<Picture>; 2],
}

/// All pictures of the model called `name`.
fn fills<'a>(
    name: &'a str,
    meta: &'a Meta,
    cloud: &'a mut SplatCloud,
    palette: &'a mut Palette,
    labels: &'a mut Vec<u16>,
    cancel: &'a Cancel,
) -> Vec<Fill<'a>> {
    let pixels = meta.count as usize;
    let SplatCloud {
        positions,
        rotations,
        scales,
        opacities,
        sh_dc,
        ..
    } = cloud;
    let positions = Arc::new(Mutex::new(Positions {
        column: positions,
        low_and_high: [None, None],
    }));
    // The picture that is decoded last fills them.
    let means = |which: usize| {
        let positions = positions.clone();
        move |picture| {
            let mut positions = positions.lock().unwrap_or_else(PoisonError::into_inner);
            let positions = &mut *positions;
            positions.low_and_high[which] = Some(picture);
            match &positions.low_and_high {
                [Some(low), Some(high)] => {
                    fill_positions(positions.column, [low, high], meta, cancel)
                }
                _ => Ok(true),
            }
        }
    };
    let fill = |what, table: &'a Table, which, fill| Fill {
        what,
        name: table.file(which),
        pixels,
        fill,
    };
    let mut fills = vec![
        fill("the low bytes of means", &meta.means, 0, Box::new(means(0))),
        fill(
            "the high bytes of means",
            &meta.means,
            1,
            Box::new(means(1)),
        ),
        fill(
            "quats",
            &meta.quats,
            0,
            Box::new(move |picture| fill_rotations(rotations, &picture, pixels, cancel)),
        ),
        fill(
            "scales",
            &meta.scales,
            0,
            Box::new(|picture| fill_scales(scales, &picture, meta, cancel)),
        ),
        fill(
            "sh0",
            &meta.sh0,
            0,
            Box::new(|picture| fill_colours(sh_dc, opacities, &picture, meta, cancel)),
        ),
    ];
    if let Some(table) = &meta.rest {
        let fill_palette = |picture| {
            *palette = Palette::new(name, table, &picture, cancel)?;
            Ok(true)
        };
        let fill_labels = move |picture| {
            fill_labels(labels, &picture, pixels, cancel)?;
            Ok(true)
        };
        fills.push(Fill {
            pixels: 0,
            ..fill("the palette of shN", table, 0, Box::new(fill_palette))
        });
        fills.push(fill("the labels of shN", table, 1, Box::new(fill_labels)));
    }
    fills
}

/// Reads and decodes all pictures and does with each what is to be done with it.
fn fill_all(folder: &dyn Folder, fills: Vec<Fill>, cancel: &Cancel) -> Result<bool> {
    let name = |fill: &Fill| {
        fill.name.map(str::to_owned).ok_or_else(|| {
            Error::malformed(
                folder.name(),
                format!("its meta.json names no picture for {}", fill.what),
            )
        })
    };
    let names: Result<Vec<String>> = fills.iter().map(name).collect();
    let sources = folder.open_together(&names?, cancel)?;
    let mut outcomes: Vec<Option<Result<bool>>> = fills.iter().map(|_| None).collect();
    let count = fills.len();
    let jobs = sources.into_iter().zip(fills).zip(&mut outcomes);
    let mut jobs: Vec<_> = jobs
        .map(|((source, fill), outcome)| (source, fill, outcome))
        .collect();
    // Large ones first: a long one that is begun last would keep one core busy and leave the others idle.
    jobs.sort_by_key(|(source, ..)| Reverse(source.len()));
    let (waiting, filled) = (AtomicUsize::new(count), AtomicUsize::new(0));
    let decoded = Mutex::new(Vec::new());
    let lock = || decoded.lock().unwrap_or_else(PoisonError::into_inner);
    // They are read here, where waiting for the network keeps no core from work, while others are decoded.
    rayon::in_place_scope_fifo(|scope| {
        for (source, fill, outcome) in jobs {
            let file = match Undecoded::read(&*source, fill.pixels, cancel) {
                Ok(file) => file,
                Err(error) => {
                    *outcome = Some(Err(error));
                    break;
                }
            };
            scope.spawn_fifo(|_| {
                waiting.fetch_sub(1, Ordering::Relaxed);
                let (file, fill) = (file, fill.fill);
                match file.decode() {
                    Ok(picture) => lock().push((picture, fill, outcome)),
                    Err(error) => *outcome = Some(Err(error)),
                }
                // A decoder has one core for itself and cannot be cut; filling can, so it comes last and makes up for
                // cores that have no picture left.
                while waiting.load(Ordering::Relaxed) == 0 {
                    let next = lock().pop();
                    let Some((picture, fill, outcome)) = next else {
                        break;
                    };
                    *outcome = Some(fill(picture));
                    cancel.note_progress(1 + filled.fetch_add(1, Ordering::Relaxed), count);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_iter().flatten();
    outcomes.try_fold(true, |all, one| Ok(all & one?))
}
