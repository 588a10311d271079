//! Pictures and coded sound to an ordinary MP4 video that every player plays.
#![allow(unsafe_code)]

use std::io::{Seek, Write};

use ffmpeg_next::codec::{self, Flags, Id};
use ffmpeg_next::format::{self, Pixel, context::Output, context::StreamIo};
use ffmpeg_next::{
    Dictionary, Error as AvError, Packet, Rational, color, encoder, ffi, frame, media,
};
use zoetrope_codecs::audio::swap_opus_fields;
use zoetrope_codecs::container::zoe::{FrameRate, SoundCodec, SoundFormat, SoundPacket};
use zoetrope_codecs::{Error, Result};

use crate::{library, rgb_to_yuv};

/// Largest width and height that H.264 decoders are sure to take at level 6.2.
const MAX_SIDE: u32 = 8192;
/// Bytes kept free for the index in front of the pictures: so many at least,
const INDEX_BYTES: u64 = 64 << 10;
/// and so many for each picture and packet. FFmpeg needs about 28 for a picture that is out of order.
const INDEX_BYTES_EACH: u64 = 40;

/// What a movie is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovieSettings {
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: FrameRate,
    /// Constant quality of libx264, 0 (lossless) to 51; 18 looks like the original.
    pub crf: u8,
    /// Pictures that will come.
    pub pictures: u64,
    /// Packets of sound that will come.
    pub sound_packets: u64,
}

/// Writes H.264 in MP4, 4:2:0 with the colours of BT.709, and sound as it comes. The index lies in
/// front, so that the file plays while it is fetched.
pub struct MovieWriter {
    output: Output,
    encoder: encoder::video::Encoder,
    picture: frame::Video,
    settings: MovieSettings,
    /// Number of the next picture.
    next: i64,
    /// Time scales of the sound tracks.
    sounds: Vec<u32>,
}

impl MovieWriter {
    /// Whether MP4 can hold the sound.
    pub fn takes(format: &SoundFormat) -> bool {
        id_of(format.codec).is_some()
    }

    /// Starts a movie with sound of these formats, which [`Self::takes`].
    ///
    /// # Errors
    /// [`Error::Write`] when the settings make no sense, this FFmpeg was built without libx264, or
    /// `out` refuses.
    pub fn new(
        out: impl Write + Seek + Send + 'static,
        settings: MovieSettings,
        sounds: &[SoundFormat],
    ) -> Result<Self> {
        library::prepare();
        let MovieSettings { width, height, .. } = settings;
        let sides = 2..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || width % 2 + height % 2 > 0 {
            return Err(refusal(format!(
                "a video of {width} x {height} pixels cannot be made; choose even numbers up to \
                 {MAX_SIDE}"
            )));
        }
        Self::open(out, settings, sounds).map_err(|error| {
            refusal(match error {
                AvError::EncoderNotFound => {
                    "this FFmpeg was built without libx264; install one that has it (Debian and \
                     Ubuntu: the package libavcodec-extra)"
                        .to_owned()
                }
                error => format!("FFmpeg cannot start the video{}", library::remark(error)),
            })
        })
    }

    fn open(
        out: impl Write + Seek + Send + 'static,
        settings: MovieSettings,
        sounds: &[SoundFormat],
    ) -> Result<Self, AvError> {
        let encoder = open_encoder(&settings)?;
        let io = StreamIo::from_write_seek(out)?;
        let mut output = format::output_to_stream(io, None, Some("mp4"))?;
        output
            .add_stream_with(&encoder)?
            .set_time_base(unit(settings.frame_rate));
        for sound in sounds {
            add_sound(&mut output, sound)?;
        }
        let count = settings.pictures + settings.sound_packets;
        let index_bytes = INDEX_BYTES.saturating_add(INDEX_BYTES_EACH.saturating_mul(count));
        let mut options = Dictionary::new();
        options.set("moov_size", &index_bytes.min(i32::MAX as u64).to_string());
        // Older versions call FLAC and Opus in MP4 experimental.
        options.set("strict", "-2");
        output.write_header_with(options)?;
        Ok(Self {
            output,
            encoder,
            picture: frame::Video::new(Pixel::YUV420P, settings.width, settings.height),
            settings,
            next: 0,
            sounds: sounds.iter().map(|sound| sound.timescale).collect(),
        })
    }

    /// Adds the next picture: 8-bit RGBA, row-major, alpha left out.
    ///
    /// # Errors
    /// [`Error::Write`] when it has another size, or encoder or output refuse.
    pub fn push_picture(&mut self, rgba: &[u8]) -> Result<()> {
        let MovieSettings { width, height, .. } = self.settings;
        let samples = width as usize * height as usize;
        if rgba.len() != 4 * samples {
            return Err(refusal(format!(
                "a picture has {} bytes and not 4 for each of {width} x {height} pixels",
                rgba.len()
            )));
        }
        self.encode(rgba).map_err(|error| failure(&error))
    }

    fn encode(&mut self, rgba: &[u8]) -> Result<(), AvError> {
        // SAFETY: the frame owns a valid picture; on failure it is left as it was.
        let code = unsafe { ffi::av_frame_make_writable(self.picture.as_mut_ptr()) };
        if code < 0 {
            return Err(AvError::from(code));
        }
        let width = self.settings.width as usize;
        let stride = self.picture.stride(0);
        rgb_to_yuv::luma(rgba, width, self.picture.data_mut(0), stride);
        for plane in 1..3 {
            let stride = self.picture.stride(plane);
            rgb_to_yuv::chroma(rgba, width, plane, self.picture.data_mut(plane), stride);
        }
        self.picture.set_pts(Some(self.next));
        self.next += 1;
        self.encoder.send_frame(&self.picture)?;
        self.write_ready()
    }

    /// Adds a packet of sound, whose time from the movie's start is `ticks` of its track; below 0 it
    /// is decoded and not heard.
    ///
    /// # Errors
    /// [`Error::Write`] when there is no such track, or the output refuses.
    pub fn push_sound(&mut self, track: usize, ticks: i64, packet: &SoundPacket) -> Result<()> {
        let Some(timescale) = self.sounds.get(track) else {
            return Err(refusal(format!("there is no sound track {track}")));
        };
        let mut coded = Packet::copy(&packet.bytes);
        coded.set_pts(Some(ticks));
        coded.set_dts(Some(ticks));
        coded.set_duration(i64::from(packet.duration));
        coded.set_flags(codec::packet::Flags::KEY);
        let ticks = Rational::new(1, i32::try_from(*timescale).unwrap_or(i32::MAX));
        self.write(coded, track + 1, ticks)
            .map_err(|error| failure(&error))
    }

    /// Ends the movie.
    ///
    /// # Errors
    /// [`Error::Write`] when encoder or output refuse.
    pub fn finish(mut self) -> Result<()> {
        let mut end = || -> Result<(), AvError> {
            self.encoder.send_eof()?;
            self.write_ready()?;
            self.output.write_trailer()
        };
        end().map_err(|error| failure(&error))
    }

    /// Writes the packets that the encoder has ready.
    fn write_ready(&mut self) -> Result<(), AvError> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_duration(1);
                    self.write(packet, 0, unit(self.settings.frame_rate))?;
                }
                Err(AvError::Eof | AvError::Other { errno: ffi::EAGAIN }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn write(&mut self, mut packet: Packet, stream: usize, ticks: Rational) -> Result<(), AvError> {
        let muxer_unit = self
            .output
            .stream(stream)
            .ok_or(AvError::StreamNotFound)?
            .time_base();
        packet.set_stream(stream);
        packet.rescale_ts(ticks, muxer_unit);
        packet.write_interleaved(&mut self.output)
    }
}

/// The time of one picture.
fn unit(rate: FrameRate) -> Rational {
    let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Rational::new(whole(rate.denominator), whole(rate.numerator))
}

fn open_encoder(settings: &MovieSettings) -> Result<encoder::video::Encoder, AvError> {
    let codec = encoder::find_by_name("libx264").ok_or(AvError::EncoderNotFound)?;
    let mut context = codec::Context::new_with_codec(codec).encoder().video()?;
    context.set_width(settings.width);
    context.set_height(settings.height);
    context.set_format(Pixel::YUV420P);
    context.set_color_range(color::Range::MPEG);
    context.set_colorspace(color::Space::BT709);
    let time_base = unit(settings.frame_rate);
    context.set_time_base(time_base);
    context.set_frame_rate(Some(time_base.invert()));
    context.set_flags(Flags::GLOBAL_HEADER);
    // SAFETY: the context is owned here and not yet open; these are plain fields.
    unsafe {
        let context = &mut *context.as_mut_ptr();
        context.color_primaries = ffi::AVColorPrimaries::AVCOL_PRI_BT709;
        context.color_trc = ffi::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
    }
    let mut options = Dictionary::new();
    options.set("preset", "medium");
    options.set("crf", &settings.crf.to_string());
    context.open_as_with(codec, options)
}

fn id_of(codec: SoundCodec) -> Option<Id> {
    match codec {
        SoundCodec::Aac => Some(Id::AAC),
        SoundCodec::Mp3 => Some(Id::MP3),
        SoundCodec::Opus => Some(Id::OPUS),
        SoundCodec::Flac => Some(Id::FLAC),
        SoundCodec::Pcm | SoundCodec::PcmFloat => None,
    }
}

fn add_sound(output: &mut Output, sound: &SoundFormat) -> Result<(), AvError> {
    let id = id_of(sound.codec).ok_or(AvError::MuxerNotFound)?;
    let header = match sound.codec {
        SoundCodec::Opus => opus_head(&sound.config),
        _ => sound.config.clone(),
    };
    let mut parameters = codec::Parameters::new();
    parameters.set_medium(media::Type::Audio);
    parameters.set_id(id);
    // SAFETY: the parameters are owned here; the layout is initialised by FFmpeg.
    unsafe {
        let fields = &mut *parameters.as_mut_ptr();
        fields.sample_rate = i32::try_from(sound.sample_rate).unwrap_or(0);
        ffi::av_channel_layout_default(&mut fields.ch_layout, i32::from(sound.channels));
    }
    if !library::set_extradata(&mut parameters, &header) {
        return Err(AvError::Other { errno: ffi::ENOMEM });
    }
    let mut stream = output.add_stream(encoder::find(Id::None))?;
    stream.set_parameters(parameters);
    stream.set_time_base(Rational::new(
        1,
        i32::try_from(sound.timescale).unwrap_or(i32::MAX),
    ));
    Ok(())
}

/// Opus' header as FFmpeg wants it, little-endian (RFC 7845, 5.1), out of that of MP4.
fn opus_head(config: &[u8]) -> Vec<u8> {
    let swapped = config.get(1..).and_then(swap_opus_fields);
    swapped.map_or_else(Vec::new, |fields| [b"OpusHead\x01", &fields[..]].concat())
}

fn failure(error: &AvError) -> Error {
    refusal(format!(
        "FFmpeg cannot go on with the video{}; make room on the disk, or choose a smaller size",
        library::remark(*error)
    ))
}

fn refusal(reason: impl Into<String>) -> Error {
    Error::Write {
        reason: reason.into(),
    }
}
