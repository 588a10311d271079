//! What the tests encode and decode.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use ffmpeg_next::codec::{self, Flags};
use ffmpeg_next::format::{self, Pixel, context::StreamIo};
use ffmpeg_next::{Dictionary, Error as AvError, Packet, Rational, color, encoder, ffi, frame};
use zoetrope_codecs::{
    AttributeRanges, Cancel, Decoder, Error, GroupPackets, GroupPayload, PlaneFrame, PlaneLayout,
    PlaneVideo, PlaneVideoEncoder, PlaneVideoSettings, SplatFrame,
};
use zoetrope_ffmpeg::{H264PlaneEncoder, PlaneVideoDecoder};

/// A picture with an edge, a slope and noise that all move from frame to frame.
pub fn picture(side: usize, seed: usize, frame: usize) -> Vec<u8> {
    (0..side * side)
        .map(|pixel| {
            let (x, y) = (pixel % side, pixel / side);
            let slope = 2 * x + y + 3 * frame + 17 * seed;
            let edge = if (x + frame) % 24 < 5 { 90 } else { 0 };
            let noise = (pixel * 2_654_435_761 + frame * 40_503 + seed * 97) >> 7 & 7;
            ((slope + edge + noise) & 255) as u8
        })
        .collect()
}

/// `frames` pictures of one plane.
pub fn pictures(side: usize, seed: usize, frames: usize) -> Vec<Vec<u8>> {
    (0..frames)
        .map(|frame| picture(side, seed, frame))
        .collect()
}

/// The MP4 that the product's own encoder makes.
pub fn mp4(pictures: &[Vec<u8>], side: usize, qp: u8) -> Vec<u8> {
    let pictures: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    H264PlaneEncoder::new(&Cancel::new())
        .expect("libx264")
        .encode(
            &pictures,
            &PlaneVideoSettings {
                side: side as u32,
                qp,
                frame_rate: 30.0,
            },
        )
        .expect("encode")
}

/// SH degree 0: 17 layers.
pub fn layout(side: usize) -> PlaneLayout {
    PlaneLayout::for_count((side * side) as u32, 0)
}

/// A group of `frames` frames starting at frame 100.
pub fn group(layout: PlaneLayout, frames: usize, videos: Vec<Vec<u8>>) -> GroupPackets {
    let ranges =
        AttributeRanges::new("test", vec![[0.0, 1.0]; layout.attributes()]).expect("ranges");
    let ranges = Arc::new(ranges);
    let videos = videos
        .into_iter()
        .enumerate()
        .map(|(layer, bytes)| PlaneVideo {
            name: format!("group5/{layer}.mp4"),
            bytes,
        })
        .collect();
    GroupPackets {
        group: 5,
        frames: 100..100 + frames,
        payload: GroupPayload::PlaneVideos {
            layout,
            ranges: vec![ranges; frames],
            videos,
        },
    }
}

/// The frames of a group up to its end or its first error.
pub fn decode(packets: GroupPackets) -> (Vec<PlaneFrame>, Option<Error>) {
    let mut decoder = PlaneVideoDecoder::new();
    let mut frames = Vec::new();
    if let Err(error) = decoder.push(packets) {
        return (frames, Some(error));
    }
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.index, 100 + frames.len());
                let SplatFrame::Planes(planes) = &**frame.content.splats().expect("Gaussians")
                else {
                    panic!("a plane video decodes to planes");
                };
                assert_eq!(planes.samples.len(), planes.layout.samples());
                frames.push(planes.clone());
            }
            Ok(None) => return (frames, None),
            Err(error) => {
                assert!(
                    matches!(decoder.next_frame(), Ok(None)),
                    "the group is over after an error"
                );
                return (frames, Some(error));
            }
        }
    }
}

/// How to make a video that the product's encoder does not make.
pub struct Recipe {
    pub encoder: &'static str,
    pub pixel: Pixel,
    pub muxer: &'static str,
    pub encoder_options: &'static [(&'static str, &'static str)],
    pub muxer_options: &'static [(&'static str, &'static str)],
}

impl Recipe {
    /// Lossless H.264 in MP4 with its index in front, so that a cut file can still be read.
    pub const INDEX_FIRST: Self = Self {
        encoder: "libx264",
        pixel: Pixel::YUVJ444P,
        muxer: "mp4",
        encoder_options: &[("qp", "0"), ("x264-params", "keyint=infinite:scenecut=0")],
        muxer_options: &[("moov_size", "4096")],
    };
    /// The same with B pictures, so that the order of decoding is not that of time.
    pub const REORDERED: Self = Self {
        encoder_options: &[
            ("qp", "12"),
            (
                "x264-params",
                "keyint=infinite:scenecut=0:bframes=3:b-adapt=0",
            ),
        ],
        ..Self::INDEX_FIRST
    };

    /// The video, with `pictures` as its first plane. `None` when this FFmpeg lacks the encoder.
    pub fn video(&self, pictures: &[Vec<u8>], side: usize) -> Option<Vec<u8>> {
        let codec = encoder::find_by_name(self.encoder)?;
        Some(self.encode(codec, pictures, side).expect(self.encoder))
    }

    fn encode(
        &self,
        codec: ffmpeg_next::Codec,
        pictures: &[Vec<u8>],
        side: usize,
    ) -> Result<Vec<u8>, AvError> {
        let mut context = codec::Context::new_with_codec(codec).encoder().video()?;
        context.set_width(side as u32);
        context.set_height(side as u32);
        context.set_format(self.pixel);
        context.set_color_range(color::Range::JPEG);
        context.set_time_base(Rational::new(1, 25));
        context.set_frame_rate(Some(Rational::new(25, 1)));
        context.set_flags(Flags::GLOBAL_HEADER);
        let mut encoder = context.open_as_with(codec, dictionary(self.encoder_options))?;
        let file = SharedFile::default();
        let io = StreamIo::from_write_seek(file.clone())?;
        let mut output = format::output_to_stream(io, None, Some(self.muxer))?;
        output.add_stream_with(&encoder)?;
        output.write_header_with(dictionary(self.muxer_options))?;
        let unit = output.stream(0).expect("a stream").time_base();
        let mut packet = Packet::empty();
        for index in 0..=pictures.len() {
            match pictures.get(index) {
                Some(samples) => {
                    let mut picture = self.picture(samples, side);
                    picture.set_pts(Some(index as i64));
                    encoder.send_frame(&picture)?;
                }
                None => encoder.send_eof()?,
            }
            loop {
                match encoder.receive_packet(&mut packet) {
                    Ok(()) => {
                        packet.set_stream(0);
                        packet.set_duration(1);
                        packet.rescale_ts(Rational::new(1, 25), unit);
                        packet.write_interleaved(&mut output)?;
                    }
                    Err(AvError::Eof | AvError::Other { errno: ffi::EAGAIN }) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        output.write_trailer()?;
        drop(output);
        let bytes = file.0.lock().expect("file").get_ref().clone();
        Ok(bytes)
    }

    /// First plane as given, in 16-bit formats as high byte; every other one noise, to show that it
    /// is not looked at.
    fn picture(&self, samples: &[u8], side: usize) -> frame::Video {
        let mut picture = frame::Video::new(self.pixel, side as u32, side as u32);
        for plane in 1..picture.planes() {
            for (index, sample) in picture.data_mut(plane).iter_mut().enumerate() {
                *sample = (index % 3) as u8;
            }
        }
        let stride = picture.stride(0);
        let wide = stride >= 2 * side && self.pixel != Pixel::GRAY8 && self.is_wide();
        for (row, source) in picture
            .data_mut(0)
            .chunks_mut(stride)
            .zip(samples.chunks_exact(side))
        {
            for (x, sample) in source.iter().enumerate() {
                if wide {
                    row[2 * x] = *sample;
                    row[2 * x + 1] = 0;
                } else {
                    row[x] = *sample;
                }
            }
        }
        picture
    }

    fn is_wide(&self) -> bool {
        matches!(self.pixel, Pixel::GRAY10LE | Pixel::YUV420P10LE)
    }
}

fn dictionary(options: &[(&str, &str)]) -> Dictionary<'static> {
    let mut dictionary = Dictionary::new();
    for (key, value) in options {
        dictionary.set(key, value);
    }
    dictionary
}

#[derive(Clone, Default)]
struct SharedFile(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("file").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.0.lock().expect("file").seek(position)
    }
}
