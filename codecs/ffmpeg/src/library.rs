//! Process-wide settings of FFmpeg: its log and the size of its allocations.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Once;

use ffmpeg_next::{codec, ffi};
use zoetrope_codecs::{Engine, Error};

/// Largest single allocation of FFmpeg. The largest plane is 64 Mi samples with two planes of
/// chroma; the largest packet is [`zoetrope_codecs::limits::MAX_PLANE_VIDEO_BYTES`].
const MAX_ALLOCATION_BYTES: usize = 512 << 20;

/// Longest line of FFmpeg's log that is kept.
const LOG_LINE_BYTES: usize = 1024;

/// Prepares FFmpeg for this process; costs nothing after the first call.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Loads the words of errors, which are empty before; there is nothing in it that can fail.
        let _ = ffmpeg_next::init();
        // SAFETY: both only set a global of libavutil. The callback may be called from any thread
        // at any time from now on, and touches nothing but its arguments and the `log` crate.
        unsafe {
            ffi::av_log_set_callback(Some(log_line));
            ffi::av_max_alloc(MAX_ALLOCATION_BYTES);
        }
    });
}

/// Who decodes, once it is known which codec it is.
pub(crate) fn engine(codec_name: Option<&str>) -> Engine {
    Engine {
        name: codec_name.map_or_else(|| "FFmpeg".to_owned(), |codec| format!("FFmpeg {codec}")),
        hardware: false,
    }
}

/// Gives `parameters` a copy of a codec's header; false without memory.
pub(crate) fn set_extradata(parameters: &mut codec::Parameters, header: &[u8]) -> bool {
    if header.is_empty() {
        return true;
    }
    // SAFETY: the parameters are whole and are borrowed here alone. The copy lies in memory of FFmpeg's
    // own, with the zeroed padding behind it that FFmpeg asks for, and is freed with them.
    unsafe {
        let padded = header.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        let extradata = ffi::av_mallocz(padded).cast::<u8>();
        if extradata.is_null() {
            return false;
        }
        extradata.copy_from_nonoverlapping(header.as_ptr(), header.len());
        let fields = &mut *parameters.as_mut_ptr();
        fields.extradata = extradata;
        fields.extradata_size = header.len() as c_int;
    }
    true
}

/// What FFmpeg says of an error, in brackets to stand behind what failed; nothing where that is no
/// more than that the bytes make no sense.
pub(crate) fn remark(error: ffmpeg_next::Error) -> String {
    match error {
        ffmpeg_next::Error::InvalidData | ffmpeg_next::Error::Eof => String::new(),
        error => format!(" ({error})"),
    }
}

/// The error of a video `name` whose header FFmpeg refuses.
pub(crate) fn bad_header(name: &str, header: &str, error: ffmpeg_next::Error) -> Error {
    Error::malformed(
        name,
        format!(
            "its {header} cannot be read{}; it was cut short or changed on the way, so copy the \
             clip again",
            remark(error)
        ),
    )
}

/// `av_log_format_line2` with the platform's `va_list` as a type parameter.
type FormatLine<V> = unsafe extern "C" fn(
    *mut c_void,
    c_int,
    *const c_char,
    V,
    *mut c_char,
    c_int,
    *mut c_int,
) -> c_int;

/// FFmpeg's log callback. `V` is the platform's `va_list` as the bindings have it, which differs
/// between processors and so is left to inference.
unsafe extern "C" fn log_line<V>(
    source: *mut c_void,
    level: c_int,
    format: *const c_char,
    arguments: V,
) {
    if level > ffi::AV_LOG_INFO || !log::log_enabled!(target: "ffmpeg", log::Level::Debug) {
        return;
    }
    let mut line: [c_char; LOG_LINE_BYTES] = [0; LOG_LINE_BYTES];
    let mut print_prefix: c_int = 1;
    // SAFETY: the function's own type, with `V` for its `va_list`; `V` was inferred from the
    // signature of the callback, which takes the same `va_list`.
    let format_line: FormatLine<V> =
        unsafe { std::mem::transmute(ffi::av_log_format_line2 as *const ()) };
    // SAFETY: the arguments are those FFmpeg calls its own callback with, and the line is as long
    // as it is told; FFmpeg ends it with a zero byte.
    let text = unsafe {
        format_line(
            source,
            level,
            format,
            arguments,
            line.as_mut_ptr(),
            LOG_LINE_BYTES as c_int,
            &mut print_prefix,
        );
        CStr::from_ptr(line.as_ptr())
    };
    log::debug!(target: "ffmpeg", "{}", text.to_string_lossy().trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_ffmpeg_has_words() {
        prepare();
        let tag = |letters: &[u8; 4]| -(u32::from_le_bytes(*letters) as c_int);
        for code in [
            ffi::AVERROR(ffi::ENOMEM),
            ffi::AVERROR(ffi::EINVAL),
            ffi::AVERROR_BUG,
            ffi::AVERROR_PATCHWELCOME,
            ffi::AVERROR_STREAM_NOT_FOUND,
            ffi::AVERROR_UNKNOWN,
            tag(b"ABCD"),
        ] {
            let remark = remark(ffmpeg_next::Error::from(code));
            assert!(remark.len() > 6, "{code}: {remark:?}");
            assert!(
                remark.starts_with(" (") && remark.ends_with(')'),
                "{remark}"
            );
        }
        assert_eq!(
            bad_header("group1/9.mp4", "header", ffmpeg_next::Error::InvalidData).to_string(),
            "group1/9.mp4 is damaged: its header cannot be read; it was cut short or changed on the \
             way, so copy the clip again"
        );
    }
}
