//! What can go wrong on the way, in words for the person at the screen.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use url::Url;
use zoetrope_codecs::Error;

/// What went wrong with one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// What kind of thing.
    pub(crate) kind: FaultKind,
    /// What happened and what to do.
    pub(crate) reason: String,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// Kinds of faults, by what can be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It may pass: try again.
    Transient,
    /// There is nothing of that name.
    Missing,
    /// It may not be read.
    Forbidden,
    /// A web page came instead of a clip.
    WebPage,
    /// It is no longer what it was.
    Changed,
    /// Trying again would not help.
    Lasting,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            retry_after: None,
        }
    }

    pub(crate) fn transient(reason: impl Into<String>) -> Self {
        Self::new(FaultKind::Transient, reason)
    }

    pub(crate) fn lasting(reason: impl Into<String>) -> Self {
        Self::new(FaultKind::Lasting, reason)
    }

    pub(crate) fn changed() -> Self {
        Self::new(FaultKind::Changed, "")
    }

    /// Whether trying again may help.
    pub(crate) fn is_transient(&self) -> bool {
        self.kind == FaultKind::Transient
    }

    /// The error about what is called `name`.
    pub(crate) fn error(&self, name: &str) -> Error {
        let (name, reason) = (name.to_owned(), self.reason.clone());
        match self.kind {
            FaultKind::Missing => Error::Io {
                name,
                reason,
                kind: io::ErrorKind::NotFound,
            },
            FaultKind::Forbidden => Error::Io {
                name,
                reason,
                kind: io::ErrorKind::PermissionDenied,
            },
            FaultKind::Changed => Error::Changed { name },
            FaultKind::Transient | FaultKind::WebPage | FaultKind::Lasting => {
                Error::Network { name, reason }
            }
        }
    }

    /// A server of `host` that did not answer in time.
    pub(crate) fn silence(host: &str, waited: Duration) -> Self {
        Self::transient(format!(
            "{host} has sent nothing for {:.0} s; check the connection, or try again later",
            waited.as_secs_f64()
        ))
    }

    /// A response that ended before all of it had come.
    pub(crate) fn short(host: &str) -> Self {
        Self::transient(format!(
            "{host} ended the transfer half-way; check the connection, or try again later"
        ))
    }

    /// The answer of `host` was neither the content nor a part of it.
    pub(crate) fn status(host: &str, status: StatusCode, retry_after: Option<Duration>) -> Self {
        let said = match status.canonical_reason() {
            Some(words) => format!("{host} answers {} {words}", status.as_u16()),
            None => format!("{host} answers {}", status.as_u16()),
        };
        let (kind, advice) = match status.as_u16() {
            404 | 410 => (
                FaultKind::Missing,
                "there is nothing under this link; check it for typing errors",
            ),
            401 => (
                FaultKind::Forbidden,
                "it wants a name and a password; ask its owner for a public link",
            ),
            403 => (
                FaultKind::Forbidden,
                "it may not be read, or is not there; ask its owner for a public link",
            ),
            408 | 425 | 429 | 502..=504 => (
                FaultKind::Transient,
                "the server is busy or being repaired; try again later",
            ),
            500..=599 => (
                FaultKind::Transient,
                "something is broken on the server; tell its owner, or try again later",
            ),
            _ => (
                FaultKind::Lasting,
                "which is no answer to the question for a file; check the link",
            ),
        };
        Self {
            kind,
            reason: match retry_after {
                Some(wait) => format!("{said}: {advice} (it asks to wait {} s)", wait.as_secs()),
                None => format!("{said}: {advice}"),
            },
            retry_after,
        }
    }

    /// What `error` says about a request to `url`.
    pub(crate) fn request(url: &Url, error: &reqwest::Error) -> Self {
        let host = host_of(url);
        if error.is_redirect() {
            let reason = causes(error).last().map(ToString::to_string);
            return Self::lasting(reason.unwrap_or_default());
        }
        if let Some(reason) = causes(error).find_map(tls_reason) {
            return Self::lasting(format!("the connection to {host} is not safe: {reason}"));
        }
        if error.is_dns() {
            return Self::transient(format!(
                "{host} cannot be found; check the link for typing errors, and the connection to the \
                 internet"
            ));
        }
        let kinds = || causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
        if kinds().any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused) {
            return Self::transient(format!(
                "{host} refuses the connection; check the address, and whether its server is running"
            ));
        }
        let unreachable = [
            io::ErrorKind::NetworkUnreachable,
            io::ErrorKind::HostUnreachable,
            io::ErrorKind::NetworkDown,
        ];
        if kinds().any(|cause| unreachable.contains(&cause.kind())) {
            return Self::transient(format!(
                "{host} cannot be reached; check the connection to the internet"
            ));
        }
        if error.is_timeout() {
            return Self::transient(format!(
                "{host} does not answer; check the link and the connection, or try again later"
            ));
        }
        if error.is_builder() {
            return Self::lasting("this is no link that can be asked for; check it");
        }
        let words = causes(error).last().map(ToString::to_string);
        Self::transient(format!(
            "the connection to {host} broke ({}); check the connection, or try again later",
            words.unwrap_or_default()
        ))
    }
}

/// The host of a link, with the port where it is not the usual one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the server");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// `error` and what caused it, from the outside in.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |cause| {
        cause_of(*cause)
    })
}

fn cause_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    // What an io::Error wraps is not its `source`: that is the source of what it wraps.
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Why no secure connection came about, if that is what happened.
fn tls_reason(cause: &(dyn StdError + 'static)) -> Option<String> {
    use rustls::{CertificateError, Error as Tls};
    let error = cause.downcast_ref::<Tls>()?;
    Some(match error {
        Tls::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "its certificate has expired; tell its owner, and check the clock of this computer"
            .to_owned(),
        Tls::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => "its certificate is not valid yet; check the clock of this computer".to_owned(),
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate belongs to another host; check the link".to_owned(),
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "nobody this computer trusts vouches for its certificate; ask its owner for another link"
                .to_owned()
        }
        Tls::InvalidMessage(_) => {
            "it does not answer in TLS; the link may have to begin with http:// instead of https://"
                .to_owned()
        }
        other => format!("{other}; ask its owner for another link"),
    })
}
