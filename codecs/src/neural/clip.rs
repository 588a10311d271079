//! A neural video as a clip: every frame is a group of its own.

use std::ops::Range;
use std::sync::Arc;

use super::{Activation, CpuDecoder, Import, ImportOptions, Network, NeuralFrame, NeuralVideo};
use crate::source::Source;
use crate::{
    Cancel, ClipInfo, ClipKind, Decoder, Demuxer, Engine, Error, Frame, FrameContent, GroupInfo,
    GroupPackets, GroupPayload, PictureFrame, PictureInfo, Result, UpAxis,
};

/// Reads a neural video. All of it is in memory: a network is small.
pub struct NeuralDemuxer {
    video: NeuralVideo,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
}

impl NeuralDemuxer {
    /// Reads the network and the embeddings in `source`.
    ///
    /// # Errors
    /// As [`import`](super::import()).
    pub fn open(source: Arc<dyn Source>, options: &ImportOptions, cancel: &Cancel) -> Result<Self> {
        let (name, bytes) = (source.name().to_owned(), source.len());
        let Import { video, facts, .. } = super::import(source, options, cancel)?;
        let (network, frames) = (&video.network, video.frame_count());
        let info = ClipInfo {
            kind: ClipKind::NeuralVideo,
            title: crate::container::last_part(&name),
            codec: format!("HNeRV, {}", facts.format.name()),
            frame_rate: facts.frame_rate,
            frame_rate_known: options.frame_rate.is_some(),
            frame_count: frames,
            sh_degree: 0,
            gaussians: None,
            bounds: None,
            picture: Some(PictureInfo {
                size: network.picture_size().map(|side| side as u32),
                parameters: Some(network.parameters() as u64),
                macs: Some(network.macs()),
            }),
            up: UpAxis::default(),
            camera: None,
            size_bytes: Some(bytes),
            credit: None,
            licence: None,
            layers: Vec::new(),
            warnings: facts.warnings,
            omissions: Vec::new(),
        };
        let group = |frame| GroupInfo {
            frames: frame..frame + 1,
        };
        Ok(Self {
            groups: (0..frames).map(group).collect(),
            video,
            info,
        })
    }
}

impl Demuxer for NeuralDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        cancel.check()?;
        let frame = NeuralFrame::new(&self.video, group).ok_or(Error::NoSuchFrame {
            frame: group,
            count: self.groups.len(),
        })?;
        Ok(GroupPackets {
            group,
            frames: group..group + 1,
            payload: GroupPayload::Neural(frame),
        })
    }

    fn up_is_stated(&self) -> bool {
        // A picture has its up by itself.
        true
    }
}

/// Decodes neural video on the CPU, or hands it on to a renderer that does it on the GPU.
pub struct NeuralDecoder {
    on_gpu: bool,
    /// The network's weights in the order in which the CPU uses them.
    cpu: Option<(Arc<Network>, CpuDecoder)>,
    /// All that came out with the last frame, where that is more than one.
    decoded: Option<(NeuralFrame, Vec<Vec<u8>>)>,
    /// The next frame, and the frames that are left with it.
    next: Option<(Range<usize>, NeuralFrame)>,
}

impl NeuralDecoder {
    /// Decodes on the CPU, with all its cores.
    pub fn on_cpu() -> Self {
        Self {
            on_gpu: false,
            cpu: None,
            decoded: None,
            next: None,
        }
    }

    /// Leaves decoding to the renderer, but for what that does not know: networks of several frames or with sines, and
    /// pictures that are cropped.
    pub fn on_gpu() -> Self {
        Self {
            on_gpu: true,
            ..Self::on_cpu()
        }
    }

    fn is_for_gpu(&self, frame: &NeuralFrame) -> bool {
        let network = frame.network();
        let mut layers = network.layers().iter();
        let has_sines = layers.any(|layer| layer.activation == Activation::Sin);
        self.on_gpu && network.frames() == 1 && frame.is_whole() && !has_sines
    }

    /// The picture of a frame, without its crop.
    fn decode(&mut self, frame: &NeuralFrame) -> Result<Vec<u8>> {
        if let Some((with, pictures)) = &self.decoded
            && with.is_decoded_with(frame)
            && let Some(picture) = pictures.get(frame.part())
        {
            return Ok(picture.clone());
        }
        let network = frame.network();
        let (_, cpu) = match self.cpu.take() {
            Some(known) if Arc::ptr_eq(&known.0, network) => self.cpu.insert(known),
            _ => self.cpu.insert((network.clone(), CpuDecoder::new(network))),
        };
        let mut pictures = cpu.decode_frames_rgba8(frame.embedding(), &Cancel::new())?;
        if pictures.len() == 1 {
            return Ok(pictures.remove(0));
        }
        let picture = pictures.get(frame.part()).cloned().unwrap_or_default();
        self.decoded = Some((frame.clone(), pictures));
        Ok(picture)
    }
}

impl Decoder for NeuralDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.next = None;
        let GroupPayload::Neural(frame) = packets.payload else {
            return Err(Error::unsupported(
                format!("group {}", packets.group),
                "it is no neural video",
            ));
        };
        self.next = Some((packets.frames, frame));
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some((mut frames, frame)) = self.next.take() else {
            return Ok(None);
        };
        let Some(index) = frames.next() else {
            return Ok(None);
        };
        if !frames.is_empty() {
            let next = frame.with_part(frame.part() + 1);
            self.next = next.map(|next| (frames, next));
        }
        if self.is_for_gpu(&frame) {
            let content = FrameContent::Neural(frame);
            return Ok(Some(Frame { index, content }));
        }
        let rgba = self.decode(&frame)?;
        let [width, height] = frame.picture_size();
        let picture = PictureFrame {
            width,
            height,
            rgba: cropped(rgba, &frame),
        };
        Ok(Some(Frame {
            index,
            content: picture.into(),
        }))
    }

    fn engine(&self) -> Engine {
        let place = if self.on_gpu { "GPU" } else { "CPU" };
        Engine {
            name: format!("neural video on the {place}"),
            hardware: false,
        }
    }
}

/// What is shown of a picture, four bytes a pixel.
fn cropped(rgba: Vec<u8>, frame: &NeuralFrame) -> Vec<u8> {
    if frame.is_whole() {
        return rgba;
    }
    let crop = frame.crop();
    let [width, _] = frame.network().picture_size();
    let ([left, top], [wide, tall]) = (
        crop.start.map(|k| k as usize),
        crop.size.map(|k| k as usize),
    );
    let rows = rgba.chunks_exact(4 * width).skip(top).take(tall);
    rows.flat_map(|row| &row[4 * left..4 * (left + wide)])
        .copied()
        .collect()
}
