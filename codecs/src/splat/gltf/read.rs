//! Reading.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::{Axes, SH_C0, SplatCloud, SplatFacts, SplatFormat, check_size};
use super::accessor::Accessors;
use super::asset::{Asset, Primitive, Splatting};
use super::scene::{Content, Placed, content};
use super::{EXTENSION, packed};
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Bounds, Cancel, Error, Result, limits};

const LINEAR_COLOURS: &str = "lin_rec709_display";
/// What each property may say without a note.
const KNOWN: [(&str, &[&str]); 4] = [
    ("kernel", &["ellipse"]),
    ("colour space", &["srgb_rec709_display", LINEAR_COLOURS]),
    ("projection", &["perspective"]),
    ("sorting method", &["cameraDistance"]),
];
/// Extensions whose being required needs no note.
const READ_EXTENSIONS: [&str; 9] = [
    EXTENSION,
    "KHR_gaussian_splatting_compression_spz_2",
    "KHR_gaussian_splatting_compression_spz",
    "KHR_spz_gaussian_splats_compression",
    "KHR_spz_compression",
    "KHR_meshopt_compression",
    "EXT_meshopt_compression",
    "KHR_mesh_quantization",
    // Of the points that others are shown.
    "KHR_materials_unlit",
];
/// Component types that have a sign and are no floats.
const SIGNED_INTEGERS: [u32; 2] = [5120, 5122];

/// Reads a glTF or GLB file. Buffers in other files are found by [`Source::beside`].
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Unsupported`] for one
/// without Gaussians or with ones that are packed in an unknown way, [`Error::Limit`] above the caps.
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    let asset = Model::asset(source, cancel)?;
    let mut accessors = Accessors::new(source, &asset, cancel);
    let model = Model::of(source, &asset, &mut accessors)?;
    let has_log_scales = model.has_log_scales(&mut accessors)?;
    let mut cloud = SplatCloud::with_capacity(model.content.count as usize, model.sh_degree);
    let mut is_antialiased = true;
    for placed in &model.content.placed {
        let first = cloud.len();
        if let Some((file, _)) = placed.spz {
            let part = packed::read(file, placed.splatting, &mut accessors)?;
            is_antialiased &= part.antialiased;
            cloud.append(part);
            cloud.transform_from(first, &placed.to_world);
            continue;
        }
        is_antialiased &= placed.splatting.extras.antialiased;
        let mut start = 0;
        while start < placed.count {
            cancel.check()?;
            let end = placed
                .count
                .min(start + accessors.rows_at_once(placed.primitive));
            let part = Part::read(source, &mut accessors, placed, start..end)?;
            part.push_to(&mut cloud, has_log_scales);
            start = end;
        }
        cloud.transform_from(first, &placed.to_world);
        accessors.forget();
    }
    cloud.axes = Axes::RightUpBack;
    cloud.antialiased = is_antialiased;
    // Nodes may move Gaussians farther than numbers go.
    cloud.sanitise();
    Ok(cloud)
}

/// Reads what a glTF or GLB file says about itself; of its Gaussians no more than their scales,
/// which alone tell how they are meant.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    let asset = Model::asset(source, cancel)?;
    let mut accessors = Accessors::new(source, &asset, cancel);
    let model = Model::of(source, &asset, &mut accessors)?;
    let has_log_scales = model.has_log_scales(&mut accessors)?;
    let container = if asset.is_glb { " (GLB)" } else { "" };
    Ok(SplatFacts {
        format: SplatFormat::Gltf,
        version: Some(format!("2.0{container}")),
        count: model.content.count,
        sh_degree: model.sh_degree,
        bounds: model.bounds(),
        axes: Axes::RightUpBack,
        notes: model.notes(has_log_scales),
    })
}

/// A model whose Gaussians are known, but for their numbers.
struct Model<'a> {
    asset: &'a Asset,
    content: Content<'a>,
    sh_degree: u8,
}

impl<'a> Model<'a> {
    fn asset(source: &dyn Source, cancel: &Cancel) -> Result<Asset> {
        check_size(source)?;
        Asset::read(source, cancel)
    }

    fn of(source: &dyn Source, asset: &'a Asset, accessors: &mut Accessors) -> Result<Self> {
        let content = content(source, asset, accessors)?;
        if content.placed.is_empty() {
            return Err(Error::unsupported(
                source.name(),
                "it is a glTF model without Gaussians (KHR_gaussian_splatting), and meshes are not \
                 shown",
            ));
        }
        for placed in &content.placed {
            let mut others = placed.splatting.extensions.others.keys();
            if let Some(packing) = others.find(|name| name.contains("compression"))
                && placed.spz.is_none()
            {
                return Err(Error::unsupported(
                    source.name(),
                    format!("its Gaussians are packed by {packing}; export it without compression"),
                ));
            }
        }
        let degrees = content.placed.iter().map(|placed| match placed.spz {
            Some((_, sh_degree)) => sh_degree,
            None => sh_degree(placed.primitive),
        });
        Ok(Self {
            asset,
            sh_degree: degrees.max().unwrap_or(0),
            content,
        })
    }

    /// Whether scales are logarithms, as drafts of the extension had them: a length is never
    /// negative, and a model whose lengths are all zero would be nothing.
    fn has_log_scales(&self, accessors: &mut Accessors) -> Result<bool> {
        let mut has_extent = false;
        for placed in &self.content.placed {
            if placed.spz.is_some() {
                has_extent = true;
                continue;
            }
            let Some(index) = attribute(placed.primitive, "SCALE") else {
                continue;
            };
            if SIGNED_INTEGERS.contains(&accessors.get(index)?.component_type) {
                return Ok(true);
            }
            let scales = accessors.read::<3>(index, placed.count, 0..placed.count)?;
            if scales.as_flattened().iter().any(|scale| *scale < 0.0) {
                return Ok(true);
            }
            has_extent |= scales.as_flattened().iter().any(|scale| *scale != 0.0);
        }
        Ok(!has_extent && self.content.count > 0)
    }

    /// Box around all positions, by the bounds that the accessors tell.
    fn bounds(&self) -> Option<Bounds> {
        let mut bounds = Bounds::EMPTY;
        for placed in &self.content.placed {
            let position = placed.primitive.attributes.get("POSITION")?;
            let accessor = self.asset.accessors.get(*position)?;
            let ends = [accessor.min.as_ref()?, accessor.max.as_ref()?];
            for corner in 0..8 {
                let mut point = [0.0; 3];
                for (axis, value) in point.iter_mut().enumerate() {
                    *value = *ends[corner >> axis & 1].get(axis)?;
                }
                bounds.add(placed.to_world.point(point).map(|value| value as f32));
            }
        }
        let all = bounds.min.iter().chain(&bounds.max);
        all.copied().all(f32::is_finite).then_some(bounds)
    }

    fn notes(&self, has_log_scales: bool) -> Vec<String> {
        let mut notes = Vec::new();
        let placed = &self.content.placed;
        for (property, (what, known)) in KNOWN.into_iter().enumerate() {
            let said: BTreeSet<&str> = placed
                .iter()
                .filter_map(|placed| said(placed.splatting)[property])
                .filter(|value| !known.contains(value))
                .take(limits::MAX_GLTF_PRIMITIVES as usize)
                .collect();
            for value in said.iter().take(4) {
                notes.push(format!(
                    "its {what} \"{}\" is not known here; it is drawn as if it were \"{}\"",
                    short(value),
                    known[0]
                ));
            }
        }
        let is_linear =
            |placed: &&Placed| placed.splatting.color_space.as_deref() == Some(LINEAR_COLOURS);
        if placed.iter().any(|placed| is_linear(&placed)) {
            notes.push(
                "its colours are linear; they are turned into sRGB Gaussian by Gaussian and mix a \
                 little differently"
                    .to_owned(),
            );
        }
        if has_log_scales {
            notes.push(
                "its scales are negative, or all zero, so they are taken for logarithms, as drafts of the \
                 extension had them"
                    .to_owned(),
            );
        }
        if placed.iter().any(|placed| !placed.to_world.is_similarity()) {
            notes.push(
                "one of its nodes stretches, mirrors or shears its Gaussians; their colours from \
                 different sides follow only its rotation"
                    .to_owned(),
            );
        }
        let in_accessors = || placed.iter().filter(|placed| placed.spz.is_none());
        if in_accessors().any(|placed| is_partial(placed.primitive)) {
            notes.push("an SH degree is there in part only and left out".to_owned());
        }
        let left_out = [
            (self.content.others, "primitives without Gaussians"),
            (
                self.content.instanced,
                "nodes with copies by EXT_mesh_gpu_instancing, but for one each",
            ),
            (self.asset.animations.len(), "animations"),
        ];
        for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
            notes.push(format!("left out: {count} {what}"));
        }
        let required = self.asset.extensions_required.iter();
        for name in required
            .filter(|name| !READ_EXTENSIONS.contains(&name.as_str()))
            .take(8)
        {
            notes.push(format!(
                "it says that the extension \"{}\" is needed to show it, which is not known here",
                short(name)
            ));
        }
        notes
    }
}

/// A name out of the file, of a length that fits a sentence.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

/// What an extension object says of the properties in [`KNOWN`].
fn said(splatting: &Splatting) -> [Option<&str>; 4] {
    [
        splatting.kernel.as_deref(),
        splatting.color_space.as_deref(),
        splatting.projection.as_deref(),
        splatting.sorting_method.as_deref(),
    ]
}

/// Number of the accessor of an attribute of the extension, by its name or by that of the drafts.
fn attribute(primitive: &Primitive, name: &str) -> Option<usize> {
    let all = &primitive.attributes;
    let number = all.get(&format!("{EXTENSION}:{name}"));
    number.or_else(|| all.get(&format!("_{name}"))).copied()
}

/// Accessors of the coefficients of one SH degree, if all are there.
fn sh_band(primitive: &Primitive, degree: u8) -> Option<Vec<usize>> {
    (0..=2 * degree)
        .map(|number| attribute(primitive, &format!("SH_DEGREE_{degree}_COEF_{number}")))
        .collect()
}

/// The highest SH degree up to which all are there.
fn sh_degree(primitive: &Primitive) -> u8 {
    (1..=limits::MAX_SH_DEGREE as u8)
        .take_while(|degree| sh_band(primitive, *degree).is_some())
        .last()
        .unwrap_or(0)
}

/// Whether there are coefficients of a degree that is not whole.
fn is_partial(primitive: &Primitive) -> bool {
    let first = sh_degree(primitive) + 1;
    (first..=limits::MAX_SH_DEGREE as u8).any(|degree| {
        (0..=2 * degree).any(|number| {
            attribute(primitive, &format!("SH_DEGREE_{degree}_COEF_{number}")).is_some()
        })
    })
}

/// The numbers of some Gaussians of one primitive, in its own space.
struct Part {
    positions: Vec<[f32; 3]>,
    /// x, y, z, w.
    rotations: Vec<[f32; 4]>,
    scales: Vec<[f32; 3]>,
    opacities: Vec<[f32; 1]>,
    colours: Vec<[f32; 3]>,
    rest: Vec<Vec<[f32; 3]>>,
    has_linear_colours: bool,
}

impl Part {
    fn read(
        source: &dyn Source,
        accessors: &mut Accessors,
        placed: &Placed,
        rows: Range<u64>,
    ) -> Result<Self> {
        let (primitive, count) = (placed.primitive, placed.count);
        let missing = |what: &str| {
            Error::malformed(
                source.name(),
                format!("some of its Gaussians have no {what}; export it again"),
            )
        };
        let position = *primitive
            .attributes
            .get("POSITION")
            .ok_or_else(|| missing("POSITION"))?;
        let scale = attribute(primitive, "SCALE").ok_or_else(|| missing("SCALE"))?;
        let fallback = Fallback::read(accessors, placed, rows.clone())?;
        let mut rest = Vec::new();
        for degree in 1..=sh_degree(primitive) {
            for index in sh_band(primitive, degree).unwrap_or_default() {
                rest.push(accessors.read::<3>(index, count, rows.clone())?);
            }
        }
        Ok(Self {
            positions: accessors.read(position, count, rows.clone())?,
            rotations: match attribute(primitive, "ROTATION") {
                Some(index) => accessors.read(index, count, rows.clone())?,
                None => vec![[0.0, 0.0, 0.0, 1.0]; (rows.end - rows.start) as usize],
            },
            scales: accessors.read(scale, count, rows.clone())?,
            opacities: match (attribute(primitive, "OPACITY"), &fallback) {
                (Some(index), _) => accessors.read(index, count, rows.clone())?,
                (None, Some(fallback)) => fallback.opacities.clone(),
                (None, None) => return Err(missing("OPACITY")),
            },
            colours: match (attribute(primitive, "SH_DEGREE_0_COEF_0"), fallback) {
                (Some(index), _) => accessors.read(index, count, rows.clone())?,
                (None, Some(fallback)) => fallback.colours,
                (None, None) => return Err(missing("colour (SH_DEGREE_0_COEF_0)")),
            },
            rest,
            has_linear_colours: placed.splatting.color_space.as_deref() == Some(LINEAR_COLOURS)
                && attribute(primitive, "SH_DEGREE_0_COEF_0").is_some(),
        })
    }

    fn push_to(self, cloud: &mut SplatCloud, has_log_scales: bool) {
        let mut rest = vec![[0.0; 3]; rest_coefficients(cloud.sh_degree)];
        for k in 0..self.positions.len() {
            let [x, y, z, w] = self.rotations[k];
            let scale = self.scales[k];
            let mut colour = self.colours[k];
            for (coefficient, column) in rest.iter_mut().zip(&self.rest) {
                *coefficient = column[k];
            }
            if self.has_linear_colours {
                to_srgb(&mut colour, &mut rest);
            }
            cloud.push(
                self.positions[k],
                [w, x, y, z],
                if has_log_scales {
                    scale.map(f32::exp)
                } else {
                    scale
                },
                self.opacities[k][0],
                colour,
                &rest,
            );
        }
    }
}

/// `COLOR_0`, for Gaussians whose own attributes are another extension's.
struct Fallback {
    /// SH of degree 0.
    colours: Vec<[f32; 3]>,
    opacities: Vec<[f32; 1]>,
}

impl Fallback {
    fn read(accessors: &mut Accessors, placed: &Placed, rows: Range<u64>) -> Result<Option<Self>> {
        let (primitive, count) = (placed.primitive, placed.count);
        let is_draft = placed.splatting.kernel.is_none() && placed.splatting.color_space.is_none();
        let has_all = ["OPACITY", "SH_DEGREE_0_COEF_0"]
            .iter()
            .all(|name| attribute(primitive, name).is_some());
        let Some(index) = primitive.attributes.get("COLOR_0").filter(|_| !has_all) else {
            return Ok(None);
        };
        let rows: Vec<[f32; 4]> = if accessors.get(*index)?.kind == "VEC3" {
            let rows = accessors.read::<3>(*index, count, rows)?;
            rows.into_iter().map(|[r, g, b]| [r, g, b, 1.0]).collect()
        } else {
            accessors.read(*index, count, rows)?
        };
        // glTF's own colours are linear; those of the drafts, which say nothing of a kernel, are not.
        let own = |value: f32| match is_draft {
            true => (value - 0.5) / SH_C0,
            false => (encode(value) - 0.5) / SH_C0,
        };
        Ok(Some(Self {
            colours: rows
                .iter()
                .map(|[r, g, b, _]| [*r, *g, *b].map(own))
                .collect(),
            opacities: rows.iter().map(|row| [row[3]]).collect(),
        }))
    }
}

/// sRGB's transfer function (IEC 61966-2-1).
fn encode(linear: f32) -> f32 {
    let linear = linear.clamp(0.0, 1.0);
    if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

/// Turns a linear colour into sRGB, and what it varies by with the slope there.
fn to_srgb(colour: &mut [f32; 3], rest: &mut [[f32; 3]]) {
    for channel in 0..3 {
        let linear = 0.5 + SH_C0 * colour[channel];
        colour[channel] = (encode(linear) - 0.5) / SH_C0;
        let slope = if linear <= 0.003_130_8 {
            12.92
        } else {
            1.055 / 2.4 * linear.min(1.0).powf(1.0 / 2.4 - 1.0)
        };
        for coefficient in rest.iter_mut() {
            coefficient[channel] *= slope;
        }
    }
}
