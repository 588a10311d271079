//! What the server says to a request, faults included.

use std::ops::Range;
use std::sync::Arc;

use crate::{Fault, Headers, Request};

/// The date of every file.
const MODIFIED: &str = "Tue, 24 Nov 2026 10:00:00 GMT";
/// What stands on pages that come instead of files.
const PAGE: &[u8] = b"<!DOCTYPE html>\n<html><body>Please sign in.</body></html>\n";

/// An answer.
pub(crate) struct Answer {
    /// Status line and headers.
    pub(crate) head: String,
    /// What the body is a part of.
    pub(crate) content: Arc<[u8]>,
    /// Which part.
    pub(crate) part: Range<usize>,
    /// After how many bytes of it the connection is closed.
    pub(crate) closes_after: Option<u64>,
    /// After how many bytes of it nothing more comes.
    pub(crate) stalls_after: Option<u64>,
    /// Bytes a second, where it drips.
    pub(crate) drips: Option<f64>,
    /// Whether nothing comes at all.
    pub(crate) silent: bool,
}

impl Answer {
    /// The answer to `request` for `file`; `None` closes the connection.
    pub(crate) fn new(
        request: &Request,
        file: Option<Arc<[u8]>>,
        fault: Option<Fault>,
        headers: &Headers,
    ) -> Option<Self> {
        if request.method == "OPTIONS" {
            return Some(Self::preflight(headers));
        }
        let mut answer = match &fault {
            Some(Fault::Closes) => return None,
            Some(Fault::Status(code, retry_after)) => Self::status(*code, *retry_after),
            Some(Fault::Redirect(target)) => Self::redirect(target),
            Some(Fault::WebPage) => Self::page(),
            Some(fault) => Self::file(request, file?, Some(fault), headers),
            None => match file {
                Some(file) => Self::file(request, file, None, headers),
                None => Self::status(404, None),
            },
        };
        if request.method == "HEAD" {
            answer.part = 0..0;
        }
        Some(answer)
    }

    fn plain(head: String, content: Arc<[u8]>) -> Self {
        Self {
            head,
            part: 0..content.len(),
            content,
            closes_after: None,
            stalls_after: None,
            drips: None,
            silent: false,
        }
    }

    fn status(code: u16, retry_after: Option<u64>) -> Self {
        let wait = retry_after.map_or_else(String::new, |s| format!("Retry-After: {s}\r\n"));
        let body: Arc<[u8]> = PAGE.into();
        let len = body.len();
        Self::plain(
            format!(
                "HTTP/1.1 {code} Status\r\n{wait}Content-Type: text/html\r\nContent-Length: {len}\r\n\r\n"
            ),
            body,
        )
    }

    fn redirect(target: &str) -> Self {
        let location = if target.contains("://") {
            target.to_owned()
        } else {
            format!("/{target}")
        };
        Self::plain(
            format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"),
            Arc::from([]),
        )
    }

    fn page() -> Self {
        Self::plain(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
                PAGE.len()
            ),
            PAGE.into(),
        )
    }

    fn preflight(headers: &Headers) -> Self {
        let allowed = if headers.cors {
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET\r\n\
             Access-Control-Allow-Headers: Range, If-Range\r\n"
        } else {
            ""
        };
        Self::plain(
            format!("HTTP/1.1 204 No Content\r\n{allowed}\r\n"),
            Arc::from([]),
        )
    }

    /// A file or a part of it.
    fn file(request: &Request, file: Arc<[u8]>, fault: Option<&Fault>, headers: &Headers) -> Self {
        let file = match fault {
            Some(Fault::Changed) => file.iter().map(|byte| byte ^ 0xff).collect(),
            Some(Fault::Shrunk) => file[..file.len() / 2].into(),
            _ => file,
        };
        let len = file.len() as u64;
        let etag = match fault {
            Some(Fault::Changed) => "\"2\"",
            _ => "\"1\"",
        };
        let is_same = |mark: &String| mark == etag || mark == MODIFIED;
        let range = request
            .range
            .filter(|_| !matches!(fault, Some(Fault::NoRanges | Fault::NoRangesNoLength)))
            .filter(|_| request.if_range.as_ref().is_none_or(is_same));
        let common = common_headers(headers, etag, fault);
        let mut answer = match range {
            Some((start, end)) => {
                if start >= len || matches!(fault, Some(Fault::Unsatisfiable)) {
                    return Self::plain(
                        format!(
                            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{len}\r\n\
                             Content-Length: 0\r\n\r\n"
                        ),
                        Arc::from([]),
                    );
                }
                let end = end.min(len);
                let (start, end) = match fault {
                    Some(Fault::WrongRange) => (start.saturating_sub(1), end - 1),
                    _ => (start, end),
                };
                let total = match fault {
                    Some(Fault::WrongTotal) => len + 1,
                    _ => len,
                };
                let described = match fault {
                    Some(Fault::NonsenseRange) => "bytes 7-3/x".to_owned(),
                    _ => format!("bytes {start}-{}/{total}", end - 1),
                };
                let head = format!(
                    "HTTP/1.1 206 Partial Content\r\n{common}Content-Range: {described}\r\n\
                     Content-Length: {}\r\n\r\n",
                    end - start
                );
                let mut answer = Self::plain(head, file);
                answer.part = start as usize..end as usize;
                answer
            }
            None => {
                let length = match fault {
                    Some(Fault::NoRangesNoLength) => "Connection: close\r\n".to_owned(),
                    _ => format!("Content-Length: {len}\r\n"),
                };
                Self::plain(format!("HTTP/1.1 200 OK\r\n{common}{length}\r\n"), file)
            }
        };
        match fault {
            Some(Fault::NoRangesNoLength) => answer.closes_after = Some(u64::MAX),
            Some(Fault::Short(bytes)) => answer.closes_after = Some(*bytes),
            Some(Fault::Stalls(bytes)) => answer.stalls_after = Some(*bytes),
            Some(Fault::Drips(rate)) => answer.drips = Some(*rate),
            Some(Fault::Silent) => answer.silent = true,
            _ => (),
        }
        answer
    }
}

fn common_headers(headers: &Headers, etag: &str, fault: Option<&Fault>) -> String {
    let mut lines = vec![format!("Content-Type: {}", headers.content_type)];
    if !matches!(fault, Some(Fault::NoRanges | Fault::NoRangesNoLength)) {
        lines.push("Accept-Ranges: bytes".to_owned());
    }
    if headers.etag {
        lines.push(format!("ETag: {etag}"));
    }
    if headers.modified {
        lines.push(format!("Last-Modified: {MODIFIED}"));
    }
    if let Some(control) = &headers.cache_control {
        lines.push(format!("Cache-Control: {control}"));
    }
    if headers.cors {
        lines.push("Access-Control-Allow-Origin: *".to_owned());
        lines.push("Access-Control-Expose-Headers: Content-Range, Content-Length, ETag".to_owned());
    }
    if matches!(fault, Some(Fault::Compressed)) {
        lines.push("Content-Encoding: gzip".to_owned());
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
