//! Layers of a group to frames.

use std::ops::Range;
use std::sync::Arc;

use super::{GAUSSIAN_TILES, LayerHeader, to_rgb};
use crate::gaussian_video::entropy::Reader;
use crate::gaussian_video::positions::FRACTION_BITS;
use crate::gaussian_video::{
    Atlas, AttributeRanges, PlaneEncoding, PlaneFrame, PlaneLayout, Positions, Trajectory,
};
use crate::{
    AtlasDecoder, Decoder, Engine, Error, Frame, FrameContent, GroupPackets, GroupPayload,
    LayerKind, LayerPackets, Result, SplatFrame, limits,
};

/// Makes decoders of atlases.
pub type AtlasDecoderFactory = Box<dyn Fn() -> Box<dyn AtlasDecoder> + Send>;

/// Decodes [`GroupPayload::Layered`]: as many layers as a group was read with.
pub struct LayeredDecoder {
    make_decoder: AtlasDecoderFactory,
    /// One for each layer, kept from group to group.
    decoders: Vec<Box<dyn AtlasDecoder>>,
    group: Option<OpenGroup>,
}

/// A layer that is being decoded.
struct OpenLayer {
    header: LayerHeader,
    atlas: Atlas,
    positions: Positions,
    /// The picture of the frame.
    picture: Vec<u8>,
}

/// A group that is being decoded.
struct OpenGroup {
    frames: Range<usize>,
    /// The next frame.
    next: usize,
    layers: Vec<OpenLayer>,
    transform: Trajectory,
    layout: PlaneLayout,
    /// Of each frame.
    ranges: Vec<Arc<AttributeRanges>>,
}

impl LayeredDecoder {
    /// A decoder without a group, whose atlases are decoded by what `make_decoder` makes.
    pub fn new(make_decoder: AtlasDecoderFactory) -> Self {
        Self {
            decoders: vec![make_decoder()],
            make_decoder,
            group: None,
        }
    }
}

impl Decoder for LayeredDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.group = None;
        let GroupPackets {
            group,
            frames,
            payload,
        } = packets;
        let name = format!("group {group}");
        let GroupPayload::Layered(layered) = payload else {
            return Err(Error::unsupported(
                name,
                "it holds no layers, which this decoder is for",
            ));
        };
        let mut layers = Vec::with_capacity(layered.layers.len());
        let mut below = 0;
        for (index, packets) in layered.layers.into_iter().enumerate() {
            if self.decoders.len() <= index {
                self.decoders.push((self.make_decoder)());
            }
            let name = format!("layer {index} of group {group}");
            let decoder = &mut *self.decoders[index];
            let layer = OpenLayer::open(name, packets, frames.len(), below, decoder)?;
            if layer.header.kind == LayerKind::Gaussians {
                below += layer.header.count;
            }
            layers.push(layer);
        }
        self.group = Some(OpenGroup::new(&name, frames, layers)?);
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some(group) = &mut self.group else {
            return Ok(None);
        };
        let frame = group.next_frame(&mut self.decoders);
        if !matches!(frame, Ok(Some(_))) {
            self.group = None;
        }
        frame
    }

    fn engine(&self) -> Engine {
        // There is one from the start.
        self.decoders[0].engine()
    }
}

impl OpenLayer {
    /// Opens a layer of which `frames` frames are wanted, with `below` Gaussians in the layers below
    /// it.
    fn open(
        name: String,
        packets: LayerPackets,
        frames: usize,
        below: u32,
        decoder: &mut dyn AtlasDecoder,
    ) -> Result<Self> {
        let Some(first) = packets.side.first() else {
            return Err(Error::malformed(
                name,
                "it has no header; copy the clip again",
            ));
        };
        let mut reader = Reader::new(&name, first);
        let header = LayerHeader::read(&mut reader, &name)?;
        if header.kind != packets.kind
            || (header.kind != LayerKind::Gaussians && header.count != below)
            || frames > header.frames as usize
        {
            return Err(Error::malformed(
                name,
                "its header does not fit the clip; it belongs to another group or clip",
            ));
        }
        let atlas = header.atlas();
        if (packets.video.width, packets.video.height) != (atlas.width(), atlas.height()) {
            return Err(Error::malformed(
                name,
                format!(
                    "its pictures are {} x {} pixels, but {} Gaussians take {} x {}",
                    packets.video.width,
                    packets.video.height,
                    header.count,
                    atlas.width(),
                    atlas.height()
                ),
            ));
        }
        let mut positions = Positions::default();
        if header.kind != LayerKind::Harmonics {
            let (count, width) = (header.count as usize, atlas.side as usize);
            positions = Positions::read_keys(&name, reader.rest(), count, width)?;
            if frames > 1 {
                let Some(motion) = packets.side.get(1) else {
                    return Err(Error::malformed(
                        name,
                        "it has no motion; copy the clip again",
                    ));
                };
                let length = header.frames as usize - 1;
                positions.read_motion(&name, motion, width, length)?;
            }
        }
        decoder.push(&name, packets.video, frames)?;
        Ok(Self {
            header,
            atlas,
            positions,
            picture: vec![0; atlas.samples()],
        })
    }
}

impl OpenGroup {
    fn new(name: &str, frames: Range<usize>, layers: Vec<OpenLayer>) -> Result<Self> {
        let gaussians = || {
            let kind = LayerKind::Gaussians;
            layers.iter().filter(move |layer| layer.header.kind == kind)
        };
        let Some(base) = layers
            .first()
            .filter(|l| l.header.kind == LayerKind::Gaussians)
        else {
            return Err(Error::malformed(
                name,
                "its lowest layer holds no Gaussians",
            ));
        };
        // What refines all Gaussians must find all of them below it.
        let kinds = || layers.iter().map(|layer| layer.header.kind);
        let in_order = kinds().is_sorted_by_key(|kind| kind != LayerKind::Gaussians)
            && kinds().filter(|kind| *kind == LayerKind::Harmonics).count() <= 1;
        let alike = layers.iter().all(|l| l.header.frames == base.header.frames)
            && gaussians().all(|layer| {
                layer.header.ranges == base.header.ranges
                    && layer.header.log_scale == base.header.log_scale
                    && layer.header.position_ranges == base.header.position_ranges
            });
        if !alike || !in_order {
            return Err(Error::malformed(
                name,
                "its layers do not belong to each other; copy the clip again",
            ));
        }
        let count = gaussians().try_fold(0u32, |sum, l| sum.checked_add(l.header.count));
        let harmonics = layers
            .iter()
            .rfind(|l| l.header.kind == LayerKind::Harmonics);
        let mut layout = PlaneLayout::for_count(
            count
                .unwrap_or(u32::MAX)
                .min(limits::MAX_VIDEO_GAUSSIANS as u32 + 1),
            harmonics.map_or(0, |layer| layer.header.sh_degree),
        );
        if base.header.log_scale {
            layout.encoding = PlaneEncoding::LogScale;
        }
        layout.check(name)?;
        let alone = gaussians()
            .next_back()
            .map_or(1.0, |l| l.header.alone_scale);
        let offsets = layers
            .iter()
            .rfind(|l| l.header.kind != LayerKind::Harmonics);
        let stack = Stack {
            base: &base.header,
            harmonics: harmonics.map(|layer| &layer.header),
            offsets: offsets.map_or(&base.header, |layer| &layer.header),
            alone,
        };
        let ranges = (0..frames.len())
            .map(|t| stack.ranges(name, t).map(Arc::new))
            .collect::<Result<_>>()?;
        Ok(Self {
            transform: Trajectory::new(base.header.frames as usize),
            next: frames.start,
            frames,
            layers,
            layout,
            ranges,
        })
    }

    fn next_frame(&mut self, decoders: &mut [Box<dyn AtlasDecoder>]) -> Result<Option<Frame>> {
        if self.next >= self.frames.end {
            return Ok(None);
        }
        for (layer, decoder) in self.layers.iter_mut().zip(decoders) {
            decoder.next_picture(&mut layer.picture)?;
        }
        let index = self.next;
        self.next += 1;
        let t = index - self.frames.start;
        let samples = self.samples(t);
        Ok(Some(Frame {
            index,
            content: FrameContent::from(SplatFrame::Planes(PlaneFrame {
                layout: self.layout,
                ranges: self.ranges[t].clone(),
                samples,
            })),
        }))
    }

    /// The planes of frame `t` of the group.
    fn samples(&self, t: usize) -> Vec<u8> {
        let mut samples = vec![0; self.layout.samples()];
        let plane = self.layout.plane_samples();
        let mut codes = vec![[0i32; 3]; self.layout.count as usize];
        let mut first = 0;
        for layer in &self.layers {
            let count = layer.header.count as usize;
            match layer.header.kind {
                LayerKind::Gaussians => {
                    for tile in 0..GAUSSIAN_TILES {
                        let start = self.plane_of(tile) * plane + first;
                        let target = &mut samples[start..start + count];
                        layer.atlas.read_tile(&layer.picture, tile, target);
                    }
                    if layer.header.ycocg {
                        self.colour_rows(first..first + count, &mut samples);
                    }
                    for (row, code) in codes[first..first + count].iter_mut().enumerate() {
                        *code = layer.positions.at(row, t, &self.transform);
                    }
                    first += count;
                }
                LayerKind::Harmonics => {
                    for tile in 0..layer.atlas.tiles {
                        let start = (PlaneLayout::REST_LAYER + tile as usize) * plane;
                        let target = &mut samples[start..start + count];
                        layer.atlas.read_tile(&layer.picture, tile, target);
                    }
                }
                LayerKind::Precision => self.refine(layer, t, &mut samples, &mut codes),
            }
        }
        for (row, code) in codes.iter().enumerate() {
            for (axis, units) in code.iter().enumerate() {
                let half = 1 << (FRACTION_BITS - 1);
                let code = (units.saturating_add(half) >> FRACTION_BITS).clamp(0, 0xffff);
                let [low_byte, high_byte] = (code as u16).to_le_bytes();
                samples[2 * axis * plane + row] = low_byte;
                samples[(2 * axis + 1) * plane + row] = high_byte;
            }
        }
        samples
    }

    /// Makes red, green and blue of Y, Co and Cg.
    fn colour_rows(&self, rows: Range<usize>, samples: &mut [u8]) {
        let plane = self.layout.plane_samples();
        let dc = PlaneLayout::DC_LAYER * plane;
        for row in rows {
            let at = [0, 1, 2].map(|channel| dc + channel * plane + row);
            let rgb = to_rgb(at.map(|at| samples[at]));
            for (at, code) in at.into_iter().zip(rgb) {
                samples[at] = code;
            }
        }
    }

    /// The plane that a tile of a layer of Gaussians becomes.
    fn plane_of(&self, tile: u32) -> usize {
        match tile as usize {
            tile @ 0..3 => PlaneLayout::DC_LAYER + tile,
            tile => self.layout.opacity_layer() + tile - 3,
        }
    }

    /// Adds what a layer of precision knows better.
    fn refine(&self, layer: &OpenLayer, t: usize, samples: &mut [u8], codes: &mut [[i32; 3]]) {
        let plane = self.layout.plane_samples();
        let count = layer.header.count as usize;
        let mut residuals = vec![0; count];
        for tile in 0..GAUSSIAN_TILES {
            layer.atlas.read_tile(&layer.picture, tile, &mut residuals);
            let start = self.plane_of(tile) * plane;
            for (sample, residual) in samples[start..start + count].iter_mut().zip(&residuals) {
                let code = i32::from(*sample) + i32::from(*residual) - 128;
                *sample = code.clamp(0, 255) as u8;
            }
        }
        for (row, code) in codes.iter_mut().enumerate() {
            let more = layer.positions.at(row, t, &self.transform);
            *code = std::array::from_fn(|axis| code[axis].saturating_add(more[axis]));
        }
    }
}

/// What the ranges of a frame are made of.
struct Stack<'a> {
    base: &'a LayerHeader,
    harmonics: Option<&'a LayerHeader>,
    /// The layer that knows the offsets of the tiles of Gaussians.
    offsets: &'a LayerHeader,
    /// Factor of scales.
    alone: f32,
}

impl Stack<'_> {
    /// The ranges of frame `t` of the group.
    fn ranges(&self, name: &str, t: usize) -> Result<AttributeRanges> {
        let tile = |index: usize| moved(self.base.ranges[index], self.offsets.offset(index, t));
        let mut values = self.base.position_ranges.to_vec();
        values.extend((0..3).map(tile));
        if let Some(harmonics) = self.harmonics {
            let ranges = harmonics.ranges.iter().enumerate();
            values.extend(ranges.map(|(index, range)| moved(*range, harmonics.offset(index, t))));
        }
        values.push(tile(3));
        values.extend((4..7).map(|index| {
            tile(index).map(|end| match self.base.log_scale {
                true => end + self.alone.ln(),
                false => end * self.alone,
            })
        }));
        values.extend((7..11).map(tile));
        AttributeRanges::new(name, values)
    }
}

/// A range moved by `offset` codes.
fn moved([low, high]: [f32; 2], offset: f32) -> [f32; 2] {
    let step = offset * (high - low) / 255.0;
    [low + step, high + step]
}
