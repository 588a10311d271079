//! A video file in memory, opened by FFmpeg.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::io::Cursor;
use std::ptr;

use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, ffi};
use zoetrope_codecs::{Error, Result};

use crate::library::bad_header;

/// Boxes that a file of the MP4 family can start with (ISO/IEC 14496-12, and QuickTime).
const MP4_FIRST_BOXES: [&[u8; 4]; 8] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide",
];
/// What every Matroska and WebM file starts with (RFC 8794, EBML header).
const MATROSKA_MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Opens `bytes` as MP4 or Matroska, which is told by its content. Reads the header only.
///
/// # Errors
/// [`Error::Malformed`] about `name` when it is neither, or its header is damaged.
pub(crate) fn open_video(name: &str, bytes: Vec<u8>) -> Result<Input> {
    let demuxer = demuxer_for(name, &bytes)?;
    let damaged = |error| bad_header(name, "header", error);
    // The buffer only serves reads of the header; packets are read past it.
    let mut stream = StreamIo::from_read_seek(Cursor::new(bytes)).map_err(damaged)?;
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
    // SAFETY: a fresh context is filled with valid values before it is opened. On failure
    // `avformat_open_input` frees the context itself and sets the pointer to null, while the
    // custom I/O stays with `stream`, which frees it; on success both move into `Input`, which
    // closes the context before it frees the I/O.
    unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(damaged(ffmpeg_next::Error::Other { errno: ffi::ENOMEM }));
        }
        (*context).pb = stream.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).io_open = Some(refuse_to_open);
        let mut options = options.disown();
        let code = ffi::avformat_open_input(&mut context, ptr::null(), demuxer, &mut options);
        drop(Dictionary::own(options));
        if code < 0 {
            return Err(damaged(ffmpeg_next::Error::from(code)));
        }
        Ok(Input::wrap_with_custom_io(context, stream))
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
