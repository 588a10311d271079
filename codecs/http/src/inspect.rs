//! Whether a server is good at serving clips.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, ORIGIN, RANGE,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;
use zoetrope_codecs::{Cancel, Error, Result};

use crate::Network;
use crate::client::Clients;
use crate::fault::{Fault, host_of};
use crate::locate::main_file;
use crate::response::{self, Validator, text};
use crate::source::name_of;

/// The site that asks: none that the server can know.
const SITE: &str = "https://player.example";
/// The bytes that are asked for.
const ASKED: &str = "bytes=0-15";
/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether to go on.
const LOOK: Duration = Duration::from_millis(50);

/// One property of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at ("ranges").
    pub name: &'static str,
    /// Whether it is as it should be.
    pub fine: bool,
    /// What was found, and if it is not fine what to change.
    pub found: String,
}

impl Check {
    fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            fine: true,
            found: found.into(),
        }
    }

    fn change(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            fine: false,
            ..Self::fine(name, found)
        }
    }
}

/// Looks at how the clip behind `link` is served.
///
/// # Errors
/// As [`crate::open_link`].
pub fn inspect(network: &Network, link: &str, cancel: &Cancel) -> Result<Vec<Check>> {
    let url = main_file(network, link, cancel)?;
    let clients = Clients::new(network.options().uses_proxy, PATIENCE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("the network", &error))?;
    let fault = |fault: Fault| fault.error(&name_of(&url));
    let answer = runtime.block_on(cancellable(ask(&clients, &url), cancel))?;
    let answer = answer.map_err(fault)?;
    let preflight = runtime.block_on(cancellable(ask_first(&clients, &url), cancel))?;
    let preflight = preflight.ok().map(|response| response.headers().clone());
    Ok(judge(&url, &answer, preflight.as_ref()))
}

/// Waits for `work` unless it is cancelled.
async fn cancellable<T>(work: impl Future<Output = T>, cancel: &Cancel) -> Result<T> {
    let mut work = pin!(work);
    loop {
        cancel.check()?;
        if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
            return Ok(done);
        }
    }
}

/// Asks for a part of the file as a web page of another site would.
async fn ask(clients: &Clients, url: &Url) -> Result<Response, Fault> {
    let request = clients
        .get(url, false)?
        .get(url.clone())
        .timeout(PATIENCE)
        .header(ACCEPT_ENCODING, "identity")
        .header(ORIGIN, SITE)
        .header(RANGE, ASKED);
    request
        .send()
        .await
        .map_err(|error| Fault::request(url, &error))
}

/// Asks whether it may ask, as browsers do.
async fn ask_first(clients: &Clients, url: &Url) -> Result<Response, Fault> {
    let request = clients
        .get(url, false)?
        .request(Method::OPTIONS, url.clone())
        .timeout(PATIENCE)
        .header(ORIGIN, SITE)
        .header(ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(ACCESS_CONTROL_REQUEST_HEADERS, "range,if-range");
    request
        .send()
        .await
        .map_err(|error| Fault::request(url, &error))
}

fn judge(url: &Url, answer: &Response, preflight: Option<&HeaderMap>) -> Vec<Check> {
    let headers = answer.headers();
    let mut checks = vec![
        connection(url, answer),
        ranges(answer),
        versions(headers),
        caching(headers),
        encoding(headers),
        content_type(headers),
        origin(headers),
        exposed(headers),
        allowed(preflight),
    ];
    if answer.url() != url {
        checks.push(Check::fine(
            "redirects",
            format!("it leads on to {}", name_of(answer.url())),
        ));
    }
    checks
}

fn connection(url: &Url, answer: &Response) -> Check {
    let version = format!("{:?}", answer.version());
    if answer.url().scheme() == "https" {
        return Check::fine("connection", format!("encrypted, {version}"));
    }
    Check::change(
        "connection",
        format!(
            "{version} without encryption: pages over https cannot load it; serve {} over https",
            host_of(url)
        ),
    )
}

fn ranges(answer: &Response) -> Check {
    let described = response::content_range(answer.headers());
    match (answer.status(), described) {
        (StatusCode::PARTIAL_CONTENT, Ok(Some(_))) => {
            Check::fine("ranges", "parts of the file can be loaded")
        }
        (StatusCode::PARTIAL_CONTENT, _) => Check::change(
            "ranges",
            "a part is sent without a Content-Range that makes sense; mend the server's range requests",
        ),
        (status, _) => Check::change(
            "ranges",
            format!(
                "a question for a part is answered with {}: starting and seeking wait for everything \
                 before; switch range requests on, or use a server that knows them",
                status.as_u16()
            ),
        ),
    }
}

fn versions(headers: &HeaderMap) -> Check {
    let validator = Validator::of(headers);
    match (&validator.etag, &validator.modified) {
        (Some(etag), _) if validator.if_range().is_some() => {
            Check::fine("versions", format!("told apart by ETag {etag}"))
        }
        (_, Some(modified)) => Check::fine(
            "versions",
            format!("told apart by Last-Modified {modified}"),
        ),
        (Some(etag), None) => Check::change(
            "versions",
            format!("told apart only by the weak ETag {etag}; send a strong one or Last-Modified"),
        ),
        (None, None) => Check::change(
            "versions",
            "cannot be told apart, so nothing is kept for the next time; send ETag or Last-Modified",
        ),
    }
}

fn caching(headers: &HeaderMap) -> Check {
    match text(headers, CACHE_CONTROL) {
        Some(control) if !response::may_be_stored(headers) => Check::change(
            "caching",
            format!(
                "forbidden (Cache-Control: {control}), so everything is loaded each time; allow it for \
                 clips"
            ),
        ),
        Some(control) => Check::fine("caching", format!("Cache-Control: {control}")),
        None => Check::change(
            "caching",
            "left to chance; send Cache-Control: public, max-age=31536000, immutable for a clip that \
             never changes under its name, or no-cache for one that does",
        ),
    }
}

fn encoding(headers: &HeaderMap) -> Check {
    match response::content_encoding(headers) {
        None => Check::fine("encoding", "sent as it is"),
        Some(encoding) => Check::change(
            "encoding",
            format!(
                "compressed on its way (Content-Encoding: {encoding}), so parts cannot be found; switch \
                 that off for clips, which are compressed already"
            ),
        ),
    }
}

fn content_type(headers: &HeaderMap) -> Check {
    match text(headers, CONTENT_TYPE) {
        Some(kind) if kind.starts_with("text/") && !kind.contains("json") => Check::change(
            "type",
            format!("{kind}, which servers compress or rewrite; send application/octet-stream"),
        ),
        Some(kind) => Check::fine("type", kind),
        None => Check::change(
            "type",
            "not told; send Content-Type: application/octet-stream",
        ),
    }
}

fn origin(headers: &HeaderMap) -> Check {
    match text(headers, ACCESS_CONTROL_ALLOW_ORIGIN) {
        Some(allowed) if allowed == "*" || allowed == SITE => {
            Check::fine("CORS", format!("Access-Control-Allow-Origin: {allowed}"))
        }
        Some(allowed) => Check::change(
            "CORS",
            format!(
                "only pages of {allowed} can play it in a browser; if others are to, send \
                 Access-Control-Allow-Origin: *"
            ),
        ),
        None => Check::change(
            "CORS",
            "pages of other sites cannot play it in a browser; send Access-Control-Allow-Origin: *",
        ),
    }
}

fn exposed(headers: &HeaderMap) -> Check {
    let needed = ["Content-Range", "Content-Length", "ETag"];
    let missing = lacking(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &needed);
    if missing.is_empty() {
        return Check::fine("CORS, shown", "what pages must see they see");
    }
    Check::change(
        "CORS, shown",
        format!(
            "pages of other sites do not see {}; send Access-Control-Expose-Headers: {}",
            missing.join(" and "),
            needed.join(", ")
        ),
    )
}

fn allowed(preflight: Option<&HeaderMap>) -> Check {
    let needed = ["Range", "If-Range"];
    let missing = match preflight {
        Some(headers) => lacking(headers, ACCESS_CONTROL_ALLOW_HEADERS, &needed),
        None => needed.to_vec(),
    };
    if missing.is_empty() {
        return Check::fine("CORS, asked", "pages may ask for parts");
    }
    Check::change(
        "CORS, asked",
        format!(
            "pages of other sites may not send {}; answer OPTIONS with Access-Control-Allow-Headers: {}",
            missing.join(" and "),
            needed.join(", ")
        ),
    )
}

/// Which of the names `needed` a list in a header lacks.
fn lacking<'a>(headers: &HeaderMap, name: HeaderName, needed: &[&'a str]) -> Vec<&'a str> {
    let listed = text(headers, name).unwrap_or_default();
    let lists = |name: &str| {
        let mut listed = listed.split(',').map(str::trim);
        listed.any(|other| other == "*" || other.eq_ignore_ascii_case(name))
    };
    needed.iter().copied().filter(|name| !lists(name)).collect()
}
