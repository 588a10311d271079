//! What a request is answered.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode};
use tokio::fs::File;
use tokio::io::AsyncSeekExt as _;
use zoetrope_player::share_link::{ShareLink, percent_decode};

use crate::body::FileBody;
use crate::connection::Peer;
use crate::files::{Content, Version, content_type};
use crate::page::Page;
use crate::range::{self, Wanted};
use crate::server::Counters;

/// Longest path with its query.
const PATH_BYTES_MAX: usize = 4096;
/// How long a cache may keep what it was given without asking.
const FRESH: &str = "public, max-age=3600";

/// What is served.
pub struct Served {
    /// The name that nobody can guess.
    pub name: String,
    /// The files by their paths.
    pub files: HashMap<String, Content>,
    /// Title of the clip.
    pub title: String,
    /// The address of the clip.
    pub clip_url: String,
    /// A picture of it.
    pub poster: Option<Arc<[u8]>>,
    /// Who was there.
    pub counters: Counters,
}

/// Answers a request.
pub async fn answer(
    State(served): State<Arc<Served>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    // Nobody needs a body for asking.
    let (request, _) = request.into_parts();
    let method = &request.method;
    let mut response = match *method {
        Method::GET | Method::HEAD => {
            let uri = &request.uri;
            let length = uri.path_and_query().map_or(0, |path| path.as_str().len());
            if length > PATH_BYTES_MAX {
                sentence(StatusCode::URI_TOO_LONG, "This address is too long.")
            } else if let Some(path) = served.inside(uri.path()) {
                served.counters.came(peer);
                served.file(&path, &request).await
            } else {
                missing()
            }
        }
        Method::OPTIONS => preflight(),
        _ => {
            let mut refused = sentence(
                StatusCode::METHOD_NOT_ALLOWED,
                "This server only lets you read.",
            );
            set(&mut refused, header::ALLOW, "GET, HEAD, OPTIONS");
            refused
        }
    };
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        set(&mut response, name, value);
    }
    // The length stays: it is what the body would have.
    if *method == Method::HEAD {
        let length = response.headers().get(header::CONTENT_LENGTH).cloned();
        *response.body_mut() = Body::empty();
        if let Some(length) = length {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
        }
    }
    response
}

impl Served {
    /// The path below the name that nobody can guess, if the request knows it.
    fn inside(&self, path: &str) -> Option<String> {
        let path = percent_decode(path)?;
        let (name, rest) = path.strip_prefix('/')?.split_once('/')?;
        // Every letter is looked at, so that the time taken tells nothing.
        let differences = name.bytes().zip(self.name.bytes()).filter(|(a, b)| a != b);
        let is_known = differences.count() == 0 && name.len() == self.name.len();
        is_known.then(|| rest.to_owned())
    }

    async fn file(&self, path: &str, request: &Parts) -> Response<Body> {
        match (path, &self.poster, self.files.get(path)) {
            ("", ..) => self.page(request.uri.query()),
            (_, _, Some(Content::Memory(bytes))) => self.memory(path, bytes, request),
            (_, _, Some(Content::File(real))) => self.disk(path, real, &request.headers).await,
            ("poster.png", Some(poster), None) => self.memory(path, poster, request),
            _ => missing(),
        }
    }

    /// The page for people, with a link to the moment and view that its own address has.
    fn page(&self, query: Option<&str>) -> Response<Body> {
        let url = match query {
            Some(query) => format!("{}?{query}", self.clip_url),
            None => self.clip_url.clone(),
        };
        let link = ShareLink::new(&url).or_else(|_| ShareLink::new(&self.clip_url));
        let app_link = link.map_or_else(|_| self.clip_url.clone(), |link| link.app_link());
        let page = Page {
            title: &self.title,
            app_link: &app_link,
            clip_url: &self.clip_url,
            has_poster: self.poster.is_some(),
        };
        let mut response = whole(Bytes::from(page.html()));
        set(
            &mut response,
            header::CONTENT_TYPE,
            "text/html; charset=utf-8",
        );
        set(&mut response, header::CACHE_CONTROL, "no-cache");
        let policy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'";
        set(&mut response, header::CONTENT_SECURITY_POLICY, policy);
        response
    }

    fn memory(&self, path: &str, bytes: &Arc<[u8]>, request: &Parts) -> Response<Body> {
        let version = Version::of_memory(bytes);
        let range = match decide(&version, &request.headers) {
            Decision::Send(range) => range.unwrap_or(0..version.len),
            Decision::Answer(status) => return without_file(path, &version, status),
        };
        let (start, end) = (range.start as usize, range.end as usize);
        let part = Bytes::copy_from_slice(bytes.get(start..end).unwrap_or_default());
        if request.method != Method::HEAD {
            let sent = part.len() as u64;
            self.counters.sent.fetch_add(sent, Ordering::Relaxed);
        }
        with_file(path, &version, range, Body::from(part))
    }

    async fn disk(&self, path: &str, real: &Path, headers: &HeaderMap) -> Response<Body> {
        let opened = async {
            // What has become a link to somewhere else since it was listed is not followed.
            if tokio::fs::canonicalize(real).await? != real {
                return Err(std::io::ErrorKind::NotFound.into());
            }
            let file = File::open(real).await?;
            let metadata = file.metadata().await?;
            if !metadata.is_file() {
                return Err(std::io::ErrorKind::NotFound.into());
            }
            Ok::<_, std::io::Error>((file, Version::of_file(&metadata)))
        };
        let (mut file, version) = match opened.await {
            Ok(opened) => opened,
            Err(error) => {
                log::warn!("{} cannot be served: {error}", real.display());
                return missing();
            }
        };
        let range = match decide(&version, headers) {
            Decision::Send(range) => range.unwrap_or(0..version.len),
            Decision::Answer(status) => return without_file(path, &version, status),
        };
        if let Err(error) = file.seek(SeekFrom::Start(range.start)).await {
            log::warn!("{} cannot be served: {error}", real.display());
            return missing();
        }
        let length = range.end - range.start;
        let body = FileBody::new(file, length, self.counters.sent.clone());
        with_file(path, &version, range, Body::new(body))
    }
}

/// What a request comes down to.
enum Decision {
    /// This part of the file, or all of it.
    Send(Option<std::ops::Range<u64>>),
    /// Something else than the file.
    Answer(StatusCode),
}

/// Looks at the conditions in their order (RFC 9110, section 13.2.2), and at the range.
fn decide(version: &Version, headers: &HeaderMap) -> Decision {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let date = |name| text(name).and_then(|text| httpdate::parse_http_date(text).ok());
    let names = |list: &str, weak: bool| {
        list.split(',').map(str::trim).any(|tag| {
            let tag = if weak {
                tag.trim_start_matches("W/")
            } else {
                tag
            };
            tag == "*" || tag == version.etag
        })
    };
    if let Some(list) = text(header::IF_MATCH) {
        if !names(list, false) {
            return Decision::Answer(StatusCode::PRECONDITION_FAILED);
        }
    } else if let Some(date) = date(header::IF_UNMODIFIED_SINCE)
        && is_newer(version, date)
    {
        return Decision::Answer(StatusCode::PRECONDITION_FAILED);
    }
    if let Some(list) = text(header::IF_NONE_MATCH) {
        if names(list, true) {
            return Decision::Answer(StatusCode::NOT_MODIFIED);
        }
    } else if let Some(date) = date(header::IF_MODIFIED_SINCE)
        && version.modified.is_some()
        && !is_newer(version, date)
    {
        return Decision::Answer(StatusCode::NOT_MODIFIED);
    }
    let Some(range) = text(header::RANGE) else {
        return Decision::Send(None);
    };
    // A part of an older version is of no use.
    if let Some(same) = text(header::IF_RANGE) {
        let is_same = match httpdate::parse_http_date(same) {
            Ok(date) => version.modified.is_some() && !is_newer(version, date),
            Err(_) => same.trim() == version.etag,
        };
        if !is_same {
            return Decision::Send(None);
        }
    }
    match range::wanted(range, version.len) {
        Wanted::Whole => Decision::Send(None),
        Wanted::Part(range) => Decision::Send(Some(range)),
        Wanted::Outside | Wanted::Several => Decision::Answer(StatusCode::RANGE_NOT_SATISFIABLE),
    }
}

/// Whether the file was changed after a date, which has whole seconds only.
fn is_newer(version: &Version, date: SystemTime) -> bool {
    let since = version
        .modified
        .map(|modified| modified.duration_since(date));
    since.is_none_or(|since| since.is_ok_and(|since| since.as_secs() > 0))
}

/// An answer with a file or a part of it.
fn with_file(
    path: &str,
    version: &Version,
    range: std::ops::Range<u64>,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    set(&mut response, header::CONTENT_TYPE, content_type(path));
    let length = range.end - range.start;
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    if length < version.len {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let (first, last, len) = (range.start, range.end - 1, version.len);
        let range = format!("bytes {first}-{last}/{len}");
        set(&mut response, header::CONTENT_RANGE, &range);
    }
    describe(&mut response, version);
    response
}

/// An answer about a file without its bytes.
fn without_file(path: &str, version: &Version, status: StatusCode) -> Response<Body> {
    let mut response = match status {
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let mut response = sentence(
                status,
                "There is no such range of bytes; ask for one range inside the file.",
            );
            let range = format!("bytes */{}", version.len);
            set(&mut response, header::CONTENT_RANGE, &range);
            response
        }
        StatusCode::PRECONDITION_FAILED => sentence(status, "The file has changed."),
        _ => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            set(&mut response, header::CONTENT_TYPE, content_type(path));
            response
        }
    };
    describe(&mut response, version);
    response
}

/// What caches and players want to know of a file.
fn describe(response: &mut Response<Body>, version: &Version) {
    set(response, header::ACCEPT_RANGES, "bytes");
    set(response, header::CACHE_CONTROL, FRESH);
    set(response, header::ETAG, &version.etag);
    if let Some(modified) = version.modified {
        let date = httpdate::fmt_http_date(modified);
        set(response, header::LAST_MODIFIED, &date);
    }
}

/// What a browser asks before it lets a page of another site ask for a part.
fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::ALLOW, "GET, HEAD, OPTIONS"),
    ] {
        set(&mut response, name, value);
    }
    response
}

fn missing() -> Response<Body> {
    sentence(StatusCode::NOT_FOUND, "There is nothing here.")
}

/// A sentence for whoever looks.
fn sentence(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = whole(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

fn whole(bytes: Bytes) -> Response<Body> {
    let length = bytes.len().to_string();
    let mut response = Response::new(Body::from(bytes));
    set(&mut response, header::CONTENT_LENGTH, &length);
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            response.headers_mut().insert(name, value);
        }
        Err(error) => log::error!("{name} cannot be {value:?}: {error}"),
    }
}
