//! From an encoder to an MP4 file in memory, and to the packets in it.
#![allow(unsafe_code)]

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ffmpeg_next::format::{self, context::StreamIo};
use ffmpeg_next::{Packet, Rational, encoder, ffi, frame};

use crate::input::open_video;

/// One unit is one picture.
pub(crate) fn time_base(frame_rate: f64) -> Rational {
    let rate = Rational::from(frame_rate);
    Rational::new(rate.denominator(), rate.numerator())
}

/// Muxes what `encoder` makes of `count` pictures, each of which `send` hands to it, timed in
/// `unit`.
pub(crate) fn encode(
    encoder: &mut encoder::video::Encoder,
    unit: Rational,
    count: usize,
    mut send: impl FnMut(&mut encoder::video::Encoder, usize) -> Result<(), ffmpeg_next::Error>,
) -> Result<Vec<u8>, ffmpeg_next::Error> {
    let file = SharedFile::default();
    let io = StreamIo::from_write_seek(file.clone())?;
    let mut output = format::output_to_stream(io, None, Some("mp4"))?;
    let mut stream = output.add_stream_with(encoder)?;
    stream.set_time_base(unit);
    output.write_header()?;
    let muxer_unit = output
        .stream(0)
        .ok_or(ffmpeg_next::Error::StreamNotFound)?
        .time_base();
    let mut packet = Packet::empty();
    let mut write_ready =
        |encoder: &mut encoder::video::Encoder| -> Result<(), ffmpeg_next::Error> {
            loop {
                match encoder.receive_packet(&mut packet) {
                    Ok(()) => {
                        packet.set_stream(0);
                        packet.set_duration(1);
                        packet.rescale_ts(unit, muxer_unit);
                        packet.write_interleaved(&mut output)?;
                    }
                    Err(ffmpeg_next::Error::Eof)
                    | Err(ffmpeg_next::Error::Other { errno: ffi::EAGAIN }) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
    for index in 0..count {
        send(encoder, index)?;
        write_ready(encoder)?;
    }
    encoder.send_eof()?;
    write_ready(encoder)?;
    output.write_trailer()?;
    drop(output);
    Ok(file.into_bytes())
}

/// The only stream of an MP4 file.
pub(crate) struct Stream {
    /// Content of the codec's configuration box.
    pub config: Vec<u8>,
    /// Place in the order of presentation and bytes of each picture, in decoding order.
    pub packets: Vec<(u32, Vec<u8>)>,
}

/// Takes a file of [`encode`] apart.
pub(crate) fn take_apart(bytes: Vec<u8>) -> zoetrope_codecs::Result<Stream> {
    let mut input = open_video("the encoded video", bytes)?;
    let config = input.stream(0).map_or_else(Vec::new, |stream| {
        // SAFETY: the parameters live as long as the stream, and FFmpeg keeps the extradata and its
        // length in step.
        unsafe {
            let parameters = &*stream.parameters().as_ptr();
            match parameters.extradata.is_null() {
                true => Vec::new(),
                false => std::slice::from_raw_parts(
                    parameters.extradata,
                    parameters.extradata_size.max(0) as usize,
                )
                .to_vec(),
            }
        }
    });
    let mut timed = Vec::new();
    let mut packet = Packet::empty();
    while packet.read(&mut input).is_ok() {
        let bytes = packet.data().unwrap_or_default().to_vec();
        timed.push((packet.pts().unwrap_or_default(), bytes));
    }
    let mut times: Vec<i64> = timed.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let packets = timed
        .into_iter()
        .map(|(time, bytes)| (times.partition_point(|other| *other < time) as u32, bytes))
        .collect();
    Ok(Stream { config, packets })
}

/// Gives `picture` memory of its own, should the encoder still hold on to the last one.
pub(crate) fn make_writable(picture: &mut frame::Video) -> Result<(), ffmpeg_next::Error> {
    // SAFETY: the frame owns a valid picture; on failure it is left as it was.
    match unsafe { ffi::av_frame_make_writable(picture.as_mut_ptr()) } {
        code if code < 0 => Err(ffmpeg_next::Error::from(code)),
        _ => Ok(()),
    }
}

/// Copies rows of `width` samples into the luma of `picture`.
pub(crate) fn fill_luma(picture: &mut frame::Video, width: usize, samples: &[u8]) {
    let stride = picture.stride(0);
    let rows = picture.data_mut(0).chunks_mut(stride);
    for (row, source) in rows.zip(samples.chunks_exact(width)) {
        row[..width].copy_from_slice(source);
    }
}

/// The file that the muxer writes: shared, since the muxer owns its end until it is closed.
#[derive(Clone, Default)]
struct SharedFile(Arc<Mutex<Cursor<Vec<u8>>>>);

impl SharedFile {
    fn with<T>(&self, act: impl FnOnce(&mut Cursor<Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn into_bytes(self) -> Vec<u8> {
        self.with(|file| std::mem::take(file.get_mut()))
    }
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.with(|file| file.seek(position))
    }
}
