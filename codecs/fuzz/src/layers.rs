//! The side track of a group: headers, keys and motion of layers, with atlases that show nothing.

use zoetrope_codecs::gaussian_video::LayeredDecoder;
use zoetrope_codecs::gaussian_video::entropy::Reader;
use zoetrope_codecs::gaussian_video::layered::LayerHeader;
use zoetrope_codecs::{
    AtlasDecoder, Decoder, Engine, GroupPackets, GroupPayload, LayerKind, LayerPackets,
    LayeredGroup, Result, VideoCodec, VideoStream,
};

/// Frames that are decoded of a group.
const MAX_FRAMES: usize = 4;

/// Layers one behind the other: kind, number of samples, and of each sample its length (four bytes,
/// the lowest first) and its bytes. What is missing at the end is left out.
pub fn layers(data: &[u8]) {
    let layers = parse(data);
    let Some(frames) = layers.first().and_then(header).map(|h| h.frames) else {
        return;
    };
    for frames in [frames as usize, 1] {
        let mut decoder = LayeredDecoder::new(Box::new(|| Box::new(Grey)));
        let packets = GroupPackets {
            group: 0,
            frames: 7..7 + frames,
            payload: GroupPayload::Layered(LayeredGroup {
                layers: layers.clone(),
            }),
        };
        if decoder.push(packets).is_err() {
            continue;
        }
        for _ in 0..frames.min(MAX_FRAMES) {
            let frame = decoder.next_frame().expect("nothing can fail any more");
            let frame = frame.expect("there are as many as it says");
            let splats = frame.content.splats().expect("Gaussians");
            let cloud = splats.to_cloud();
            assert_eq!(cloud.len(), splats.count());
            assert!(
                cloud
                    .positions
                    .as_flattened()
                    .iter()
                    .all(|value| value.is_finite())
            );
        }
    }
}

fn parse(mut data: &[u8]) -> Vec<LayerPackets> {
    let mut layers = Vec::new();
    while let [kind, count, rest @ ..] = data {
        let kind = match kind % 3 {
            0 => LayerKind::Gaussians,
            1 => LayerKind::Harmonics,
            _ => LayerKind::Precision,
        };
        data = rest;
        let mut side = Vec::new();
        for _ in 0..*count {
            let Some((length, rest)) = data.split_first_chunk::<4>() else {
                break;
            };
            let length = (u32::from_le_bytes(*length) as usize).min(rest.len());
            side.push(rest[..length].to_vec());
            data = &rest[length..];
        }
        let mut layer = LayerPackets {
            kind,
            video: VideoStream {
                codec: VideoCodec::H264,
                config: Vec::new(),
                width: 0,
                height: 0,
                packets: Vec::new(),
            },
            side,
        };
        if let Some(header) = header(&layer) {
            let atlas = header.atlas();
            (layer.video.width, layer.video.height) = (atlas.width(), atlas.height());
        }
        layers.push(layer);
    }
    layers
}

fn header(layer: &LayerPackets) -> Option<LayerHeader> {
    let mut reader = Reader::new("layer", layer.side.first()?);
    LayerHeader::read(&mut reader, "layer").ok()
}

/// Decodes anything to grey.
struct Grey;

impl AtlasDecoder for Grey {
    fn push(&mut self, _: &str, _: VideoStream, _: usize) -> Result<()> {
        Ok(())
    }

    fn next_picture(&mut self, luma: &mut [u8]) -> Result<()> {
        luma.fill(100);
        Ok(())
    }

    fn engine(&self) -> Engine {
        Engine {
            name: "grey".to_owned(),
            hardware: false,
        }
    }
}
