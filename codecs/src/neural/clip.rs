//! A neural video as a clip: every frame is a group of its own.

use std::sync::Arc;

use super::{CpuDecoder, Import, ImportOptions, Network, NeuralFrame, NeuralVideo};
use crate::source::Source;
use crate::{
    Cancel, ClipInfo, ClipKind, Decoder, Demuxer, Engine, Error, Frame, FrameContent, GroupInfo,
    GroupPackets, GroupPayload, PictureFrame, PictureInfo, Result, UpAxis,
};

/// Reads a neural video. All of it is in memory: a network is small.
pub struct NeuralDemuxer {
    video: Arc<NeuralVideo>,
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
        let Import { video, facts } = super::import(source, options, cancel)?;
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
            video: Arc::new(video),
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
        let frame = NeuralFrame::new(self.video.clone(), group).ok_or(Error::NoSuchFrame {
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
    frame: Option<(usize, NeuralFrame)>,
}

impl NeuralDecoder {
    /// Decodes on the CPU, with all its cores.
    pub fn on_cpu() -> Self {
        Self {
            on_gpu: false,
            cpu: None,
            frame: None,
        }
    }

    /// Leaves decoding to the renderer.
    pub fn on_gpu() -> Self {
        Self {
            on_gpu: true,
            ..Self::on_cpu()
        }
    }
}

impl Decoder for NeuralDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.frame = None;
        let GroupPayload::Neural(frame) = packets.payload else {
            return Err(Error::unsupported(
                format!("group {}", packets.group),
                "it is no neural video",
            ));
        };
        self.frame = Some((packets.frames.start, frame));
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some((index, frame)) = self.frame.take() else {
            return Ok(None);
        };
        if self.on_gpu {
            let content = FrameContent::Neural(frame);
            return Ok(Some(Frame { index, content }));
        }
        let network = frame.network();
        let (_, cpu) = match self.cpu.take() {
            Some(known) if Arc::ptr_eq(&known.0, network) => self.cpu.insert(known),
            _ => self.cpu.insert((network.clone(), CpuDecoder::new(network))),
        };
        let rgba = cpu.decode_rgba8(frame.embedding(), &Cancel::new())?;
        let [width, height] = frame.picture_size();
        let picture = PictureFrame {
            width,
            height,
            rgba,
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
