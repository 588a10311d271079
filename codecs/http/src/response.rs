//! What the heads of responses say.

use std::time::Duration;

use reqwest::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, LAST_MODIFIED, RETRY_AFTER,
};

/// Longest time that a server may ask to wait for and be understood.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);
/// Longest mark of a version that is kept.
const VALIDATOR_BYTES_MAX: usize = 1024;

/// What a `Content-Range` says (RFC 9110, section 14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// First byte, and the byte after the last; `None` where the range cannot be had.
    pub(crate) bytes: Option<(u64, u64)>,
    /// Length of the whole, where it is known.
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// "bytes 0-99/1000", "bytes 0-99/*" or "bytes */1000".
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, total) = rest.trim().split_once('/')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let total = match total.trim() {
            "*" => None,
            digits => Some(number(digits)?),
        };
        let bytes = match range.trim() {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                let (first, last) = (number(first.trim())?, number(last.trim())?);
                let end = last.checked_add(1)?;
                if end <= first || total.is_some_and(|total| end > total) {
                    return None;
                }
                Some((first, end))
            }
        };
        Some(Self { bytes, total })
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The marks by which two versions of a file are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validator {
    /// `ETag`, quotes and all.
    pub(crate) etag: Option<String>,
    /// `Last-Modified`.
    pub(crate) modified: Option<String>,
}

impl Validator {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mark = |name| {
            let mark = text(headers, name)?;
            (mark.len() <= VALIDATOR_BYTES_MAX).then(|| mark.to_owned())
        };
        Self {
            etag: mark(ETAG),
            modified: mark(LAST_MODIFIED),
        }
    }

    /// What `If-Range` may ask: a strong `ETag`, or else a date.
    pub(crate) fn if_range(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        match (strong, &self.etag) {
            (Some(etag), _) => Some(etag),
            (None, Some(_)) => None,
            (None, None) => self.modified.as_deref(),
        }
    }

    /// Whether both can be of one version. A mark that one of them lacks says nothing.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        // Behind a balancer two servers may give the same file different dates, so the date decides
        // only where there is no better mark.
        match (&self.etag, &other.etag) {
            (Some(a), Some(b)) => a.trim_start_matches("W/") == b.trim_start_matches("W/"),
            _ => match (&self.modified, &other.modified) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            },
        }
    }

    /// Whether there is any mark at all.
    pub(crate) fn is_known(&self) -> bool {
        self.etag.is_some() || self.modified.is_some()
    }
}

/// A header as text, if it is there and is text.
pub(crate) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `Content-Length`.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    number(text(headers, CONTENT_LENGTH)?)
}

/// `Content-Range`; `Err` when it makes no sense.
pub(crate) fn content_range(headers: &HeaderMap) -> Result<Option<ContentRange>, ()> {
    match headers.get(CONTENT_RANGE) {
        None => Ok(None),
        Some(value) => {
            let parsed = value.to_str().ok().and_then(ContentRange::parse);
            parsed.map(Some).ok_or(())
        }
    }
}

/// How the body is packed, if it is not as the file is.
pub(crate) fn content_encoding(headers: &HeaderMap) -> Option<&str> {
    let encoding = text(headers, CONTENT_ENCODING)?;
    let plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    (!plain).then_some(encoding)
}

/// Whether the body says that it is a web page.
pub(crate) fn says_web_page(headers: &HeaderMap) -> bool {
    let kind = text(headers, CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}

/// Whether a body begins like a web page.
pub(crate) fn looks_like_web_page(head: &[u8]) -> bool {
    let head = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<head"]
        .iter()
        .any(|tag| {
            let begin = head.get(..tag.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
        })
}

/// Whether the content may be kept on disk.
pub(crate) fn may_be_stored(headers: &HeaderMap) -> bool {
    let control = text(headers, CACHE_CONTROL).unwrap_or_default();
    !control
        .split(',')
        .any(|part| part.trim().eq_ignore_ascii_case("no-store"))
}

/// `Retry-After` in seconds; a date says too little without a clock that both agree on.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = number(text(headers, RETRY_AFTER)?)?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        let parse = |text| ContentRange::parse(text).map(|range| (range.bytes, range.total));
        assert_eq!(parse("bytes 0-99/1000"), Some((Some((0, 100)), Some(1000))));
        assert_eq!(parse(" BYTES  5-5/* "), Some((Some((5, 6)), None)));
        assert_eq!(parse("bytes */77"), Some((None, Some(77))));
        for bad in [
            "",
            "bytes",
            "bytes 0-99",
            "bytes 9-5/10",
            "bytes 0-10/10",
            "bytes 1-/10",
            "bytes -5-6/10",
            "bytes +1-2/10",
            "items 0-1/2",
            "bytes 0-18446744073709551615/*",
            "bytes 0-99999999999999999999/*",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    fn marks(etag: &str, modified: &str) -> Validator {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Validator {
            etag: some(etag),
            modified: some(modified),
        }
    }

    #[test]
    fn versions_are_told_apart_by_the_best_mark() {
        for (a, b, agrees) in [
            (marks("\"1\"", "Mon"), marks("\"1\"", "Tue"), true),
            (marks("\"1\"", "Mon"), marks("\"2\"", "Mon"), false),
            (marks("W/\"1\"", ""), marks("\"1\"", ""), true),
            (marks("", "Mon"), marks("\"2\"", "Mon"), true),
            (marks("", "Mon"), marks("", "Tue"), false),
            (marks("", ""), marks("\"2\"", "Mon"), true),
        ] {
            assert_eq!(a.agrees(&b), agrees, "{a:?} {b:?}");
            assert_eq!(b.agrees(&a), agrees, "{b:?} {a:?}");
        }
        assert_eq!(marks("\"1\"", "Mon").if_range(), Some("\"1\""));
        assert_eq!(marks("W/\"1\"", "Mon").if_range(), None);
        assert_eq!(marks("", "Mon").if_range(), Some("Mon"));
        assert!(!marks("", "").is_known());
    }

    #[test]
    fn web_pages_are_recognised() {
        for (head, page) in [
            (&b"<!DOCTYPE html><html>"[..], true),
            (b"\xef\xbb\xbf\n <HTML lang=en>", true),
            (b"<", false),
            (b"ply\n", false),
            (b"<?xml version", false),
            (b"", false),
        ] {
            assert_eq!(looks_like_web_page(head), page);
        }
    }
}
