//! One video, a picture at a time: of a plane, or of an atlas.
#![allow(unsafe_code)]

use ffmpeg_next::codec::{self, Id};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Packet, decoder, ffi, frame, media};
use zoetrope_codecs::{
    Error, PlaneLayout, PlaneVideo, Result, VideoCodec, VideoPacket, VideoStream, limits,
};

use crate::input::open_video;
use crate::library::{self, bad_header, remark};

/// The codecs that are decoded, with FFmpeg's decoder for each and its name for people.
const CODECS: [(Id, &str, &str); 5] = [
    (Id::H264, "h264", "H.264"),
    (Id::HEVC, "hevc", "HEVC"),
    (Id::AV1, "libdav1d", "AV1"),
    (Id::VP9, "vp9", "VP9"),
    (Id::FFV1, "ffv1", "FFV1"),
];

/// Damage that was met while pictures from before it were still to come.
struct Damage {
    /// For the message.
    reason: String,
    /// Time of the packet that is damaged, where it is known.
    pts: Option<i64>,
}

/// Where packets come from.
enum Packets {
    /// The stream with this number of a file.
    File(Box<Input>, usize),
    /// Memory, in decoding order.
    Memory(std::vec::IntoIter<VideoPacket>),
}

impl Packets {
    /// The next packet into `packet`.
    fn read(&mut self, packet: &mut Packet) -> Result<(), ffmpeg_next::Error> {
        match self {
            Self::File(input, stream) => loop {
                packet.read(input)?;
                if packet.stream() == *stream {
                    return Ok(());
                }
            },
            Self::Memory(packets) => {
                let next = packets.next().ok_or(ffmpeg_next::Error::Eof)?;
                *packet = Packet::copy(&next.bytes);
                packet.set_pts(Some(next.picture.into()));
                packet.set_duration(1);
                Ok(())
            }
        }
    }
}

/// Decodes one video. Owns its packets, codec context and picture.
pub(crate) struct PlaneReader {
    name: String,
    packets: Packets,
    decoder: decoder::Video,
    packet: Packet,
    picture: frame::Video,
    /// Pictures of the group.
    expected: usize,
    /// Packets handed to the decoder.
    sent: usize,
    /// Pictures taken from it.
    delivered: usize,
    /// Time between pictures, in the stream's units; 0 where unknown.
    step: i64,
    /// Time of the first packet, which is the key picture's.
    first_pts: Option<i64>,
    /// Time of the last packet sent.
    sent_pts: Option<i64>,
    /// Time of the last picture delivered.
    last_pts: Option<i64>,
    /// Whether the decoder was told that no more comes.
    draining: bool,
    damage: Option<Damage>,
    codec_name: &'static str,
}

impl PlaneReader {
    /// Opens a plane's video of a group with `expected` pictures.
    ///
    /// # Errors
    /// About the video's name, when it has no video of a known codec or its header is damaged.
    pub(crate) fn open(video: PlaneVideo, layout: &PlaneLayout, expected: usize) -> Result<Self> {
        let PlaneVideo { name, bytes } = video;
        limits::check(
            &name,
            "bytes",
            bytes.len() as u64,
            limits::MAX_PLANE_VIDEO_BYTES,
        )?;
        let input = open_video(&name, bytes)?;
        let stream = input
            .streams()
            .find(|stream| stream.parameters().medium() == media::Type::Video)
            .ok_or_else(|| {
                Error::malformed(&name, "there is no video in it; copy the clip again")
            })?;
        let index = stream.index();
        let (decoder, codec_name) = open_decoder(&name, stream.parameters(), max_pixels(layout))?;
        let packets = Packets::File(Box::new(input), index);
        Ok(Self::new(name, packets, decoder, codec_name, expected))
    }

    /// Opens an atlas of `expected` pictures.
    ///
    /// # Errors
    /// About `name`, when its codec is not there or its header is damaged.
    pub(crate) fn open_stream(name: &str, video: VideoStream, expected: usize) -> Result<Self> {
        let pixels = u64::from(video.width) * u64::from(video.height);
        limits::check(
            name,
            "samples in a frame",
            pixels,
            limits::MAX_FRAME_SAMPLES,
        )?;
        let parameters = parameters_of(&video).ok_or_else(|| {
            Error::unsupported(
                name,
                "there is not enough memory for it; close other programs",
            )
        })?;
        // FFmpeg pads both sides.
        let max_pixels = (u64::from(video.width) + 64) * (u64::from(video.height) + 64);
        let (decoder, codec_name) = open_decoder(name, parameters, max_pixels as i64)?;
        let packets = Packets::Memory(video.packets.into_iter());
        let name = name.to_owned();
        Ok(Self::new(name, packets, decoder, codec_name, expected))
    }

    fn new(
        name: String,
        packets: Packets,
        decoder: decoder::Video,
        codec_name: &'static str,
        expected: usize,
    ) -> Self {
        Self {
            name,
            packets,
            decoder,
            packet: Packet::empty(),
            picture: frame::Video::empty(),
            expected,
            sent: 0,
            delivered: 0,
            step: 0,
            first_pts: None,
            sent_pts: None,
            last_pts: None,
            draining: false,
            damage: None,
            codec_name,
        }
    }

    /// Name of the file, for messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Name of the codec for people.
    pub(crate) fn codec_name(&self) -> &'static str {
        self.codec_name
    }

    /// Width and height of the current picture in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.picture.width(), self.picture.height())
    }

    /// Decodes the next picture in time order. Pictures before a damaged one are delivered exactly;
    /// the damaged one and all after it are an error.
    pub(crate) fn advance(&mut self) -> Result<()> {
        loop {
            match self.decoder.receive_frame(&mut self.picture) {
                Ok(()) => return self.accept(),
                Err(ffmpeg_next::Error::Other { errno: ffi::EAGAIN }) if !self.draining => {
                    self.feed();
                }
                Err(ffmpeg_next::Error::Eof) => return Err(self.over()),
                Err(error) if self.damage.is_none() => {
                    self.stop_at(Damage {
                        reason: format!("a picture cannot be decoded{}", remark(error)),
                        pts: self.sent_pts,
                    });
                }
                Err(_) => return Err(self.over()),
            }
        }
    }

    /// Copies the luma of the current picture, row by row without gaps, into `samples`.
    ///
    /// # Panics
    /// When `samples` has not as many bytes as the picture has pixels, or there is no picture.
    pub(crate) fn copy_luma(&self, samples: &mut [u8]) {
        let (width, height) = self.size();
        let (width, height) = (width as usize, height as usize);
        assert!(width > 0 && samples.len() == width * height);
        // SAFETY: the frame holds a picture of `height` rows whose line size `check_format` found
        // to be positive and no less than the `width` samples that each row has.
        unsafe {
            let picture = &*self.picture.as_ptr();
            let stride = picture.linesize[0] as usize;
            for (row, target) in samples.chunks_exact_mut(width).enumerate() {
                let source = picture.data[0].add(row * stride);
                target.copy_from_slice(std::slice::from_raw_parts(source, width));
            }
        }
    }

    /// Hands one packet to the decoder, or tells it that there are no more.
    fn feed(&mut self) {
        // A cut file and a short one both end here: what was not read can lie between the pictures
        // that were.
        if let Err(error) = self.packets.read(&mut self.packet) {
            if self.sent < self.expected {
                let reason = if error == ffmpeg_next::Error::Eof {
                    format!("it ends after {} pictures", self.sent)
                } else {
                    format!("its pictures cannot be read{}", remark(error))
                };
                self.stop_at(Damage { reason, pts: None });
            } else {
                self.drain();
            }
            return;
        }
        let pts = self.packet.pts();
        if self.packet.is_corrupt() {
            self.stop_at(Damage {
                reason: "it is cut short".to_owned(),
                pts,
            });
            return;
        }
        if self.sent == 0 {
            self.first_pts = pts;
            self.step = self.packet.duration();
        }
        self.sent += 1;
        self.sent_pts = pts;
        if let Err(error) = self.decoder.send_packet(&self.packet) {
            self.stop_at(Damage {
                reason: format!("a picture cannot be decoded{}", remark(error)),
                pts,
            });
        }
    }

    /// Notes damage and asks the decoder for what it still holds.
    fn stop_at(&mut self, damage: Damage) {
        log::debug!("{}: {}", self.name, damage.reason);
        self.damage.get_or_insert(damage);
        self.drain();
    }

    fn drain(&mut self) {
        if !self.draining {
            self.draining = true;
            // It refuses only when it was told before.
            let _ = self.decoder.send_eof();
        }
    }

    /// Takes the decoder's picture as the next one, if it is that and whole.
    fn accept(&mut self) -> Result<()> {
        let pts = self.picture.pts();
        if let Some(damage) = &self.damage {
            let next = match self.last_pts {
                Some(last) if self.step > 0 => last.checked_add(self.step),
                Some(_) => None,
                None => self.first_pts,
            };
            let before_damage = match (pts, damage.pts) {
                (Some(pts), Some(damaged)) => pts < damaged,
                (pts, None) => pts.is_some(),
                (None, Some(_)) => false,
            };
            if !before_damage || pts != next {
                return Err(self.over());
            }
        } else if let (Some(last), Some(pts)) = (self.last_pts, pts)
            && pts <= last
        {
            return Err(self.damaged("its pictures are out of order"));
        }
        if self.picture.is_corrupt() || self.picture.has_decode_errors() {
            return Err(self.damaged("parts of the picture are missing"));
        }
        self.check_format()?;
        self.last_pts = pts;
        self.delivered += 1;
        Ok(())
    }

    /// The luma must be 8-bit samples in a plane of their own.
    fn check_format(&self) -> Result<()> {
        let format = self.picture.format();
        let unsupported = |reason: &str| {
            Error::unsupported(
                &self.name,
                format!(
                    "its pixel format {format:?} {reason}; planes are 8-bit grey or YUV, as \
                     `zoetrope pack` and V3's packer write them"
                ),
            )
        };
        let Some(descriptor) = format.descriptor() else {
            return Err(unsupported("is unknown"));
        };
        // SAFETY: a descriptor points into libavutil's static table of pixel formats.
        let descriptor = unsafe { &*descriptor.as_ptr() };
        let luma = descriptor.comp[0];
        let other = ffi::AV_PIX_FMT_FLAG_RGB
            | ffi::AV_PIX_FMT_FLAG_PAL
            | ffi::AV_PIX_FMT_FLAG_BITSTREAM
            | ffi::AV_PIX_FMT_FLAG_HWACCEL
            | ffi::AV_PIX_FMT_FLAG_BAYER
            | ffi::AV_PIX_FMT_FLAG_FLOAT;
        if luma.depth > 8 {
            return Err(unsupported("has more than 8 bits"));
        }
        if descriptor.flags & other as u64 != 0
            || (luma.plane, luma.step, luma.offset, luma.depth) != (0, 1, 0, 8)
        {
            return Err(unsupported("has no plane of luma"));
        }
        // SAFETY: the frame holds a decoded picture; reading its first line size is plain access.
        let stride = unsafe { (*self.picture.as_ptr()).linesize[0] };
        if stride <= 0 || (stride as u32) < self.picture.width() {
            return Err(unsupported("is stored bottom-up"));
        }
        Ok(())
    }

    /// The error that ends the video: its damage, or that it is too short.
    fn over(&self) -> Error {
        match &self.damage {
            Some(damage) => self.damaged(&damage.reason),
            None => self.damaged("it has no more pictures"),
        }
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::malformed(
            &self.name,
            format!(
                "{reason}; {} of the group's {} pictures could be read, copy the clip again to get \
                 the rest",
                self.delivered, self.expected
            ),
        )
    }
}

/// What a decoder must know of an atlas; `None` without memory.
fn parameters_of(video: &VideoStream) -> Option<codec::Parameters> {
    let mut parameters = codec::Parameters::new();
    parameters.set_medium(media::Type::Video);
    parameters.set_id(match video.codec {
        VideoCodec::H264 => Id::H264,
        VideoCodec::Hevc => Id::HEVC,
        VideoCodec::Av1 => Id::AV1,
    });
    // SAFETY: plain fields of parameters that are owned here.
    unsafe {
        let fields = &mut *parameters.as_mut_ptr();
        fields.width = video.width as i32;
        fields.height = video.height as i32;
    }
    library::set_extradata(&mut parameters, &video.config).then_some(parameters)
}

/// Opens the decoder for a stream of pictures of at most `max_pixels`, on one thread: videos run side
/// by side instead.
fn open_decoder(
    name: &str,
    parameters: codec::Parameters,
    max_pixels: i64,
) -> Result<(decoder::Video, &'static str)> {
    let id = parameters.id();
    let Some((_, decoder_name, codec_name)) = CODECS.iter().find(|(known, ..)| *known == id) else {
        if id == Id::None {
            return Err(bad_header(name, "codec", ffmpeg_next::Error::InvalidData));
        }
        return Err(Error::unsupported(
            name,
            format!(
                "its codec {id:?} cannot be read; encode the clip's videos as H.264, HEVC, AV1, VP9 \
                 or FFV1"
            ),
        ));
    };
    let codec = decoder::find_by_name(decoder_name).ok_or_else(|| {
        Error::unsupported(
            name,
            format!("this build of FFmpeg cannot decode {codec_name}; install a full FFmpeg"),
        )
    })?;
    let refused = |error| bad_header(name, &format!("{codec_name} header"), error);
    let mut context = codec::Context::from_parameters(parameters).map_err(refused)?;
    // SAFETY: plain fields of a context that was not opened yet, set as FFmpeg's documentation of
    // them asks.
    unsafe {
        let context = &mut *context.as_mut_ptr();
        context.thread_count = 1;
        context.max_pixels = max_pixels;
        // Any damage is an error instead of a guessed picture, and no picture is dropped silently,
        // since a plane that skips one runs ahead of the others.
        context.err_recognition |=
            ffi::AV_EF_CRCCHECK | ffi::AV_EF_BITSTREAM | ffi::AV_EF_BUFFER | ffi::AV_EF_EXPLODE;
        context.flags |= ffi::AV_CODEC_FLAG_OUTPUT_CORRUPT as i32;
    }
    let opened = context
        .decoder()
        .open_as(codec)
        .and_then(decoder::Opened::video)
        .map_err(refused)?;
    for pixels in [opened.width(), opened.height()] {
        limits::check(
            name,
            "pixels on a side",
            pixels.into(),
            limits::MAX_ATLAS_SIDE,
        )?;
    }
    Ok((opened, codec_name))
}

/// Most pixels of one plane's picture, so that all planes together stay within the cap of a frame.
/// FFmpeg pads rows to a multiple of 64.
fn max_pixels(layout: &PlaneLayout) -> i64 {
    let side = (limits::MAX_FRAME_SAMPLES / layout.layers() as u64)
        .isqrt()
        .min(limits::MAX_PLANE_SIDE)
        + 64;
    (side * side) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pixel_cap_holds_the_largest_frame() {
        for degree in 0..=3 {
            let mut layout = PlaneLayout::for_count(0, degree);
            layout.side = (max_pixels(&layout) as u64).isqrt() as u32 - 64;
            layout.check("clip").expect("at the limit");
            layout.side += 1;
            assert!(layout.check("clip").is_err(), "one past it");
        }
    }
}
