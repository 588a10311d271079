//! One group: from rows that are the same Gaussian in every frame to layers.

use rayon::prelude::*;
use zoetrope_codecs::gaussian_video::layered::{GAUSSIAN_TILES, LayerHeader};
use zoetrope_codecs::gaussian_video::{Atlas, Positions, Trajectory, rest_coefficients};
use zoetrope_codecs::{
    AtlasDecoder, AtlasEncoder, AtlasSettings, Cancel, LayerKind, LayerPackets, LayeredGroup,
    PlaneLayout, SplatCloud, VideoStream, limits,
};

use super::axes::{align_rotations, sort_axes};
use super::importance::{importance, visible};
use super::positions::{Steps, Units, quantise, shifts, typical_width};
use super::settings::{LayerPlan, ZoeSettings};
use super::tiles;
use crate::Result;
use crate::canonical::pick;
use crate::order::picture_order;

/// Scales are kept as they are while the largest is at most this many times a typical one: the
/// error of a picture grows with the absolute error of a scale. Beyond, small ones would vanish.
const LINEAR_SCALES: f32 = 40.0;
/// What messages about limits call it.
const GROUP: &str = "a group of the clip";
/// How much larger the Gaussians of a layer may be shown where those above are missing.
const ALONE_SCALE_MAX: f32 = 1.5;

/// What a group is packed with.
pub struct GroupPacking<'a> {
    /// Quantisers and layers.
    pub settings: &'a ZoeSettings,
    /// Encodes atlases.
    pub encoder: &'a dyn AtlasEncoder,
    /// Makes decoders of atlases: what the video loses is measured and made up for.
    pub make_decoder: &'a (dyn Fn() -> Box<dyn AtlasDecoder> + Sync),
    /// Stops the work.
    pub cancel: &'a Cancel,
}

/// Packs the frames of a group, whose rows are the same Gaussian throughout; returns how many of them
/// are seen at all, too.
///
/// # Errors
/// When the encoder refuses, and when it is cancelled.
pub fn pack_group(
    clouds: &[SplatCloud],
    packing: &GroupPacking<'_>,
) -> Result<(LayeredGroup, u32)> {
    let rows = visible(clouds);
    let sh_degree = clouds.first().map_or(0, |cloud| cloud.sh_degree);
    PlaneLayout::for_count(rows.len() as u32, sh_degree).check(GROUP)?;
    let mut clouds = pick_all(clouds, &rows);
    sort_axes(&mut clouds);
    let mut stack = Stack::new(&clouds, packing);
    let mut ranked = Ranked::new(&clouds);
    let mut layers = Vec::new();
    for (index, plan) in packing.settings.layers.iter().enumerate() {
        packing.cancel.check()?;
        layers.push(match plan {
            LayerPlan::Gaussians(share) => {
                let above = &packing.settings.layers[index + 1..];
                let more = above
                    .iter()
                    .any(|plan| matches!(plan, LayerPlan::Gaussians(_)));
                let (rows, alone_scale) = ranked.take(*share, more);
                stack.gaussians(pick_all(&clouds, &rows), alone_scale)?
            }
            LayerPlan::Harmonics(degree) => stack.harmonics(*degree)?,
            LayerPlan::Precision => stack.precision()?,
        });
    }
    Ok((LayeredGroup { layers }, rows.len() as u32))
}

fn pick_all(clouds: &[SplatCloud], rows: &[u32]) -> Vec<SplatCloud> {
    clouds
        .par_iter()
        .map(|cloud| pick(cloud, rows, cloud.sh_degree))
        .collect()
}

/// Rows from the most important on, and how many of them are taken.
struct Ranked {
    rows: Vec<u32>,
    importance: Vec<f32>,
    taken: usize,
}

impl Ranked {
    fn new(clouds: &[SplatCloud]) -> Self {
        let importance = importance(clouds);
        let mut rows: Vec<u32> = (0..importance.len() as u32).collect();
        rows.sort_by(|a, b| {
            importance[*b as usize]
                .total_cmp(&importance[*a as usize])
                .then(a.cmp(b))
        });
        Self {
            rows,
            importance,
            taken: 0,
        }
    }

    /// The next rows, `share` of all in sum, and how much larger they are to be shown alone when
    /// `more` come later.
    fn take(&mut self, share: f32, more: bool) -> (Vec<u32>, f32) {
        let end = match more {
            true => (share * self.rows.len() as f32).ceil() as usize,
            false => self.rows.len(),
        };
        let end = end.clamp(self.taken, self.rows.len());
        let mut taken = self.rows[self.taken..end].to_vec();
        // In the order of the input, which the picture's order starts from.
        taken.sort_unstable();
        self.taken = end;
        let sum = |rows: &[u32]| {
            rows.iter()
                .map(|k| self.importance[*k as usize])
                .sum::<f32>()
        };
        let (shown, all) = (sum(&self.rows[..end]), sum(&self.rows));
        let alone = if more && shown > 0.0 {
            (all / shown).sqrt()
        } else {
            1.0
        };
        (taken, alone.clamp(1.0, ALONE_SCALE_MAX))
    }
}

/// The layers so far: what is needed to put others on top.
struct Stack<'a> {
    packing: &'a GroupPacking<'a>,
    frames: usize,
    units: Units,
    step: u32,
    log_scale: bool,
    ranges: Vec<[f32; 2]>,
    /// Frames, rows in the order of the layers.
    clouds: Vec<SplatCloud>,
    shifts: Vec<u8>,
    positions: Vec<Positions>,
    /// Codes of each tile as they reach the frame, for each frame.
    codes: Vec<Vec<Vec<u8>>>,
}

impl<'a> Stack<'a> {
    fn new(clouds: &[SplatCloud], packing: &'a GroupPacking<'a>) -> Self {
        let units = Units::of(clouds);
        let typical = typical_width(clouds);
        let scales = clouds.iter().flat_map(|cloud| cloud.scales.as_flattened());
        let log_scale = scales.copied().fold(0.0, f32::max) > LINEAR_SCALES * typical;
        let sh_degree = clouds.first().map_or(0, |cloud| cloud.sh_degree);
        Self {
            packing,
            frames: clouds.len(),
            step: units.step(packing.settings.position_step * typical),
            units,
            log_scale,
            ranges: tiles::ranges(clouds, log_scale),
            clouds: vec![SplatCloud::with_capacity(0, sh_degree); clouds.len()],
            shifts: Vec::new(),
            positions: Vec::new(),
            codes: vec![vec![Vec::new(); GAUSSIAN_TILES as usize]; clouds.len()],
        }
    }

    fn header(&self, kind: LayerKind, count: usize) -> LayerHeader {
        LayerHeader::new(kind, count as u32, self.frames as u32)
    }

    fn gaussians(&mut self, clouds: Vec<SplatCloud>, alone_scale: f32) -> Result<LayerPackets> {
        let order = picture_order(&clouds, self.packing.cancel)?;
        let mut clouds = pick_all(&clouds, &order);
        let atlas = Atlas::new(order.len() as u32, GAUSSIAN_TILES);
        align_rotations(&mut clouds, atlas.side as usize);
        let shifts = shifts(&clouds);
        let units = &self.units;
        let way = |row: usize, t: usize| units.of_position(clouds[t].positions[row]);
        let positions = quantise(self.frames, Steps::new(self.step), shifts.clone(), &way);
        let mut header = LayerHeader {
            ycocg: self.packing.settings.ycocg,
            log_scale: self.log_scale,
            alone_scale,
            position_ranges: self.units.ranges,
            ranges: self.ranges.clone(),
            ..self.header(LayerKind::Gaussians, order.len())
        };
        let pictures = tiles::pictures(&clouds, &header);
        let (video, decoded) = self.encode(&pictures, &atlas, self.packing.settings.qp)?;
        let codes: Vec<Vec<Vec<u8>>> = decoded
            .par_iter()
            .map(|picture| tiles::codes(picture, &header))
            .collect();
        for (all, cloud) in self.clouds.iter_mut().zip(&clouds) {
            append(all, cloud);
        }
        for (all, new) in self.codes.iter_mut().zip(codes) {
            for (all, new) in all.iter_mut().zip(new) {
                all.extend(new);
            }
        }
        // Offsets hold for all Gaussians that are shown, so they are those of the whole stack.
        header.offsets = tiles::offsets(&self.clouds, &self.codes, &header);
        let side = side_samples(&header, &positions)?;
        self.shifts.extend(shifts);
        self.positions.push(positions);
        Ok(LayerPackets {
            kind: LayerKind::Gaussians,
            video,
            side,
        })
    }

    fn harmonics(&mut self, sh_degree: u8) -> Result<LayerPackets> {
        let count = self.shifts.len();
        let tiles = 3 * rest_coefficients(sh_degree);
        let mut header = LayerHeader {
            sh_degree,
            ranges: tiles::rest_ranges(&self.clouds, tiles),
            ..self.header(LayerKind::Harmonics, count)
        };
        let atlas = header.atlas();
        let pictures = tiles::rest_pictures(&self.clouds, &header);
        let (video, decoded) = self.encode(&pictures, &atlas, self.packing.settings.qp)?;
        header.offsets = tiles::rest_offsets(&self.clouds, &decoded, &header);
        let mut first = Vec::new();
        header.write(&mut first);
        Ok(LayerPackets {
            kind: LayerKind::Harmonics,
            video,
            side: vec![first],
        })
    }

    fn precision(&mut self) -> Result<LayerPackets> {
        let transform = Trajectory::new(self.frames);
        let below = |row: usize, t: usize| {
            let mut first = 0;
            for positions in &self.positions {
                if row < first + positions.keys.len() {
                    return positions.at(row - first, t, &transform);
                }
                first += positions.keys.len();
            }
            [0; 3]
        };
        let way = |row: usize, t: usize| {
            let (wanted, have) = (
                self.units.of_position(self.clouds[t].positions[row]),
                below(row, t),
            );
            std::array::from_fn(|axis| wanted[axis] - f64::from(have[axis]))
        };
        let finer = (self.step as f32 / ZoeSettings::precision_factor()).round() as u32;
        let steps = Steps::new(finer.max(1));
        let positions = quantise(self.frames, steps, self.shifts.clone(), &way);
        let mut header = self.header(LayerKind::Precision, self.shifts.len());
        let atlas = header.atlas();
        let base = LayerHeader {
            log_scale: self.log_scale,
            ranges: self.ranges.clone(),
            ..self.header(LayerKind::Gaussians, self.shifts.len())
        };
        let pictures = tiles::residual_pictures(&self.clouds, &self.codes, &base);
        let (video, decoded) =
            self.encode(&pictures, &atlas, self.packing.settings.precision_qp())?;
        tiles::refine(&mut self.codes, &decoded, &atlas);
        header.offsets = tiles::offsets(&self.clouds, &self.codes, &base);
        Ok(LayerPackets {
            kind: LayerKind::Precision,
            video,
            side: side_samples(&header, &positions)?,
        })
    }

    /// The video of some pictures, and the pictures that a player will see.
    fn encode(
        &self,
        pictures: &[Vec<u8>],
        atlas: &Atlas,
        qp: u8,
    ) -> Result<(VideoStream, Vec<Vec<u8>>)> {
        let packing = self.packing;
        atlas.check(GROUP)?;
        let slices: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
        let settings = AtlasSettings {
            codec: packing.settings.codec,
            width: atlas.width(),
            height: atlas.height(),
            qp,
            frame_rate: packing.settings.frame_rate,
        };
        let video = packing.encoder.encode(&slices, &settings)?;
        let mut decoder = (packing.make_decoder)();
        decoder.push("the encoded atlas", video.clone(), pictures.len())?;
        let mut decoded = vec![vec![0; atlas.samples()]; pictures.len()];
        for picture in &mut decoded {
            packing.cancel.check()?;
            decoder.next_picture(picture)?;
        }
        Ok((video, decoded))
    }
}

/// Header and keys, and motion where there is any.
///
/// # Errors
/// When there is more motion than a player reads.
fn side_samples(header: &LayerHeader, positions: &Positions) -> Result<Vec<Vec<u8>>> {
    limits::check(
        GROUP,
        "coefficients of motion (pack fewer frames in a group, or in a lower quality)",
        positions.coefficients.len() as u64,
        limits::MAX_GROUP_COEFFICIENTS,
    )?;
    let width = header.atlas().side as usize;
    let mut first = Vec::new();
    header.write(&mut first);
    positions.write_keys(width, &mut first);
    let mut side = vec![first];
    if header.frames > 1 {
        let mut motion = Vec::new();
        positions.write_motion(width, &mut motion);
        side.push(motion);
    }
    Ok(side)
}

/// Puts the rows of `more` behind those of `cloud`.
fn append(cloud: &mut SplatCloud, more: &SplatCloud) {
    cloud.positions.extend(&more.positions);
    cloud.rotations.extend(&more.rotations);
    cloud.scales.extend(&more.scales);
    cloud.opacities.extend(&more.opacities);
    cloud.sh_dc.extend(&more.sh_dc);
    cloud.sh_rest.each_mut().extend(&*more.sh_rest.each());
}
