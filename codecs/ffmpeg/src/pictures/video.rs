//! An ordinary video, any of whose pictures can be decoded.
#![allow(unsafe_code)]

use std::sync::Arc;

use ffmpeg_next::codec::{self, Id};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Packet, decoder, ffi, frame, media};
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error, PictureFrame, Result, limits};

use super::pixels;
use crate::input::open_source;
use crate::library::{self, bad_header, remark};

/// Decoders that are used.
const CODECS: [Id; 22] = [
    Id::H264,
    Id::HEVC,
    Id::AV1,
    Id::VP8,
    Id::VP9,
    Id::MPEG1VIDEO,
    Id::MPEG2VIDEO,
    Id::MPEG4,
    Id::MJPEG,
    Id::PRORES,
    Id::DNXHD,
    Id::FFV1,
    Id::HUFFYUV,
    Id::FFVHUFF,
    Id::UTVIDEO,
    Id::RAWVIDEO,
    Id::GIF,
    Id::PNG,
    Id::WEBP,
    Id::BMP,
    Id::TIFF,
    Id::PPM,
];
/// Threads of a decoder.
const MAX_THREADS: usize = 8;

/// A video: where its pictures lie in time, and the decoder at one of them.
pub(super) struct Video {
    name: String,
    source: Arc<dyn Source>,
    frame_rate: Option<f64>,
    /// Times of all pictures, rising, in units of the stream.
    times: Vec<i64>,
    /// Those of key pictures.
    keys: Vec<i64>,
    reader: Reader,
    /// The picture that comes next out of the decoder; `None` after an error.
    next: Option<usize>,
}

/// A decoder and what feeds it.
struct Reader {
    input: Input,
    stream: usize,
    decoder: decoder::Video,
    packet: Packet,
    picture: frame::Video,
}

impl Video {
    /// Opens a video and looks through its packets for the times of its pictures.
    pub(super) fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<Self> {
        library::prepare();
        let name = source.name().to_owned();
        let mut reader = Reader::open(&source)?;
        let (mut times, mut keys) = (Vec::new(), Vec::new());
        while reader.read_packet(&name)? {
            cancel.check()?;
            let packet = &reader.packet;
            // Without times, the place in the file is one.
            let place = times.len() as i64;
            let time = packet.pts().or(packet.dts()).unwrap_or(place);
            if packet.is_key() {
                keys.push(time);
            }
            times.push(time);
            limits::check(&name, "pictures", times.len() as u64, limits::MAX_FRAMES)?;
        }
        times.sort_unstable();
        times.dedup();
        keys.sort_unstable();
        if times.is_empty() {
            return Err(Error::malformed(&name, "there is no picture in it"));
        }
        let frame_rate = (times.len() > 1).then(|| reader.frame_rate()).flatten();
        let reader = Reader::open(&source)?;
        Ok(Self {
            name,
            source,
            frame_rate,
            times,
            keys,
            reader,
            next: Some(0),
        })
    }

    /// Number of pictures.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// Pictures a second, where the file tells.
    pub(super) fn frame_rate(&self) -> Option<f64> {
        self.frame_rate
    }

    /// Decodes the picture with this number.
    pub(super) fn picture(&mut self, index: usize, cancel: &Cancel) -> Result<PictureFrame> {
        let count = self.times.len();
        let wanted = *self.times.get(index).ok_or(Error::NoSuchFrame {
            frame: index,
            count,
        })?;
        let key = self.keys.partition_point(|key| *key <= wanted);
        let key = key.checked_sub(1).map(|key| self.keys[key]);
        // On the way there anyway, or from the key picture before it.
        let is_on_the_way = self.next.is_some_and(|next| {
            next <= index && key.is_none_or(|key| self.times[next] >= key || next == index)
        });
        if !is_on_the_way {
            self.next = None;
            match key {
                Some(key) if key > self.times[0] && self.reader.seek(key) => {}
                _ => self.reader = Reader::open(&self.source)?,
            }
        }
        let first = self.next.take().unwrap_or(0);
        let mut delivered = 0;
        loop {
            cancel.check()?;
            if !self.reader.decode(&self.name)? {
                return Err(self.damaged(index, "the video ends before it"));
            }
            // What has no time comes one by one.
            let time = self.reader.picture.timestamp();
            let time = time.unwrap_or_else(|| self.times[(first + delivered).min(count - 1)]);
            delivered += 1;
            if time >= wanted {
                break;
            }
        }
        let picture = &self.reader.picture;
        if picture.is_corrupt() || picture.has_decode_errors() {
            return Err(self.damaged(index, "parts of it are missing"));
        }
        let (width, height) = (picture.width(), picture.height());
        for side in [width, height] {
            limits::check(
                &self.name,
                "pixels of a picture's side",
                side.into(),
                limits::MAX_PICTURE_SIDE,
            )?;
        }
        let rgba =
            pixels::rgba(picture).map_err(|reason| Error::unsupported(&self.name, reason))?;
        self.next = Some(index + 1);
        Ok(PictureFrame {
            width,
            height,
            rgba,
        })
    }

    fn damaged(&self, index: usize, reason: &str) -> Error {
        Error::malformed(
            &self.name,
            format!("picture {index} cannot be decoded: {reason}; copy the file again"),
        )
    }
}

impl Reader {
    fn open(source: &Arc<dyn Source>) -> Result<Self> {
        let name = source.name();
        let input = open_source(source.clone())?;
        let stream = input.streams().best(media::Type::Video);
        let stream = stream.ok_or_else(|| Error::malformed(name, "there is no video in it"))?;
        let (index, parameters) = (stream.index(), stream.parameters());
        let id = parameters.id();
        let unknown = || {
            Error::unsupported(
                name,
                format!("its codec {id:?} cannot be read; convert it to H.264 or PNG"),
            )
        };
        if !CODECS.contains(&id) {
            return Err(unknown());
        }
        // FFmpeg's own AV1 decoder needs hardware.
        let codec = match id {
            Id::AV1 => decoder::find_by_name("libdav1d"),
            _ => decoder::find(id),
        };
        let codec = codec.ok_or_else(unknown)?;
        let refused = |error| bad_header(name, "header", error);
        let mut context = codec::Context::from_parameters(parameters).map_err(refused)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        // SAFETY: plain fields of a context that was not opened yet. Both sides may be padded by 64.
        unsafe {
            let context = &mut *context.as_mut_ptr();
            context.thread_count = threads.min(MAX_THREADS) as i32;
            context.max_pixels = (limits::MAX_PICTURE_SIDE as i64 + 64).pow(2);
        }
        let decoder = context
            .decoder()
            .open_as(codec)
            .and_then(decoder::Opened::video)
            .map_err(refused)?;
        Ok(Self {
            input,
            stream: index,
            decoder,
            packet: Packet::empty(),
            picture: frame::Video::empty(),
        })
    }

    /// Pictures a second.
    fn frame_rate(&self) -> Option<f64> {
        let stream = self.input.stream(self.stream)?;
        let rates = [stream.avg_frame_rate(), stream.rate()];
        let mut rates = rates.into_iter().map(f64::from);
        rates.find(|rate| limits::FRAME_RATES.contains(rate))
    }

    /// The next packet of the video; false at the end of the file.
    fn read_packet(&mut self, name: &str) -> Result<bool> {
        loop {
            match self.packet.read(&mut self.input) {
                Ok(()) if self.packet.stream() == self.stream => return Ok(true),
                Ok(()) => {}
                Err(ffmpeg_next::Error::Eof) => return Ok(false),
                Err(error) => {
                    return Err(Error::malformed(
                        name,
                        format!(
                            "it cannot be read to its end{}; copy it again",
                            remark(error)
                        ),
                    ));
                }
            }
        }
    }

    /// Goes to the key picture at a time; whether the container can.
    fn seek(&mut self, time: i64) -> bool {
        // SAFETY: the context is open, and the stream is one of its own.
        let code = unsafe {
            ffi::av_seek_frame(
                self.input.as_mut_ptr(),
                self.stream as i32,
                time,
                ffi::AVSEEK_FLAG_BACKWARD,
            )
        };
        self.decoder.flush();
        code >= 0
    }

    /// Decodes the next picture in the order of time; false behind the last one.
    fn decode(&mut self, name: &str) -> Result<bool> {
        loop {
            match self.decoder.receive_frame(&mut self.picture) {
                Ok(()) => return Ok(true),
                Err(ffmpeg_next::Error::Eof) => return Ok(false),
                Err(ffmpeg_next::Error::Other { errno: ffi::EAGAIN }) => {}
                Err(error) => return Err(undecodable(name, error)),
            }
            let sent = match self.read_packet(name)? {
                true => self.decoder.send_packet(&self.packet),
                false => self.decoder.send_eof(),
            };
            sent.map_err(|error| undecodable(name, error))?;
        }
    }
}

fn undecodable(name: &str, error: ffmpeg_next::Error) -> Error {
    Error::malformed(
        name,
        format!(
            "a picture cannot be decoded{}; copy the file again",
            remark(error)
        ),
    )
}
