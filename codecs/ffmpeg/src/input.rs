//! Video files, opened by FFmpeg.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ptr;
use std::sync::Arc;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, ffi};
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error, Result};

use crate::library::bad_header;

/// Boxes that a file of the MP4 family can start with (ISO/IEC 14496-12, and QuickTime).
const MP4_FIRST_BOXES: [&[u8; 4]; 8] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide",
];
/// FFmpeg's names of the containers of ordinary videos and pictures that are read.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,ogg,ivf,yuv4mpegpipe,gif,\
    png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,ppm_pipe";
/// What every Matroska and WebM file starts with (RFC 8794, EBML header).
const MATROSKA_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Opens `bytes` as MP4 or Matroska, which is told by its content. Reads the header only.
///
/// # Errors
/// [`Error::Malformed`] about `name` when it is neither, or its header is damaged.
pub(crate) fn open_video(name: &str, bytes: Vec<u8>) -> Result<Input> {
    let demuxer = demuxer_for(name, &bytes)?;
    // SAFETY: the name is a C string; the function only searches a static table.
    let demuxer = unsafe { ffi::av_find_input_format(demuxer.as_ptr()) };
    if demuxer.is_null() {
        return Err(Error::unsupported(
            name,
            "this build of FFmpeg has no demuxer for it; install a full FFmpeg",
        ));
    }
    let mut options = Dictionary::new();
    // V3's videos are whole files: an edit list could only hide pictures of them.
    options.set("ignore_editlist", "1");
    let damaged = |error| bad_header(name, "header", error);
    // The buffer only serves reads of the header; packets are read past it.
    let stream = StreamIo::from_read_seek(Cursor::new(bytes)).map_err(damaged)?;
    open_stream(stream, demuxer, options).map_err(damaged)
}

/// Opens a file as any of [`CONTAINERS`], which is told by its content. Reads the header only.
///
/// # Errors
/// [`Error::Unsupported`] about the source when it is none of them, [`Error::Malformed`] when its header is damaged.
pub(crate) fn open_source(source: Arc<dyn Source>) -> Result<Input> {
    let name = source.name().to_owned();
    let damaged = |error| match error {
        ffmpeg_next::Error::InvalidData => Error::unsupported(
            &name,
            "it is no video and no picture that can be read; give MP4, Matroska, WebM, AVI, Y4M, PNG or JPEG",
        ),
        error => bad_header(&name, "header", error),
    };
    let mut options = Dictionary::new();
    options.set("format_whitelist", CONTAINERS);
    let stream = StreamIo::from_read_seek(SourceStream { source, at: 0 }).map_err(damaged)?;
    let mut input = open_stream(stream, ptr::null(), options).map_err(damaged)?;
    // SAFETY: the context is open. Some containers only tell their streams in their packets.
    let code = unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), ptr::null_mut()) };
    if code < 0 {
        return Err(damaged(ffmpeg_next::Error::from(code)));
    }
    Ok(input)
}

/// Opens what `stream` reads with a demuxer, or with the one that its content asks for.
fn open_stream(
    mut stream: StreamIo,
    demuxer: *const ffi::AVInputFormat,
    options: Dictionary,
) -> Result<Input, ffmpeg_next::Error> {
    // SAFETY: a fresh context is filled with valid values before it is opened. On failure
    // `avformat_open_input` frees the context itself and sets the pointer to null, while the
    // custom I/O stays with `stream`, which frees it; on success both move into `Input`, which
    // closes the context before it frees the I/O.
    unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(ffmpeg_next::Error::Other { errno: ffi::ENOMEM });
        }
        (*context).pb = stream.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).io_open = Some(refuse_to_open);
        let mut options = options.disown();
        let code = ffi::avformat_open_input(&mut context, ptr::null(), demuxer, &mut options);
        drop(Dictionary::own(options));
        if code < 0 {
            return Err(ffmpeg_next::Error::from(code));
        }
        Ok(Input::wrap_with_custom_io(context, stream))
    }
}

/// A source as a stream that can be read and sought in.
struct SourceStream {
    source: Arc<dyn Source>,
    at: u64,
}

impl Read for SourceStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self
            .source
            .len()
            .min(self.at.saturating_add(buffer.len() as u64));
        if end <= self.at {
            return Ok(0);
        }
        // Whoever cancels does so between packets.
        let bytes = self.source.read(self.at..end, &Cancel::new());
        let bytes = bytes.map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at = end;
        Ok(bytes.len())
    }
}

impl Seek for SourceStream {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Name of FFmpeg's demuxer for a file, by its first bytes.
fn demuxer_for(name: &str, bytes: &[u8]) -> Result<&'static CStr> {
    if bytes.is_empty() {
        return Err(Error::malformed(
            name,
            "it is empty; copy the clip again, or make it anew with `zoetrope pack`",
        ));
    }
    if bytes.starts_with(&MATROSKA_MAGIC) {
        return Ok(c"matroska");
    }
    let first_box = bytes.get(4..8).unwrap_or_default();
    if MP4_FIRST_BOXES.iter().any(|known| first_box == *known) {
        return Ok(c"mov");
    }
    Err(Error::malformed(
        name,
        "it is no MP4 or Matroska video; copy the clip again, or make it anew with `zoetrope pack`",
    ))
}

/// Stands where FFmpeg would open another file that the first one names.
unsafe extern "C" fn refuse_to_open(
    _context: *mut ffi::AVFormatContext,
    _io: *mut *mut ffi::AVIOContext,
    _url: *const c_char,
    _flags: c_int,
    _options: *mut *mut ffi::AVDictionary,
) -> c_int {
    ffi::AVERROR(ffi::EPERM)
}
