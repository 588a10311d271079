//! Connections.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::{Client, redirect};
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;
use url::{Host, Url};

use crate::fault::Fault;

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;
/// A connection that nothing came over for so long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// Bytes that a server may send over one HTTP/2 stream before it is told to go on: enough for
/// 75 Mbit/s at 200 ms.
const STREAM_WINDOW_BYTES: u32 = 2 << 20;

/// Connections that are used again, and new ones for when those are dead.
pub(crate) struct Clients {
    uses_proxy: bool,
    connect: Duration,
    /// For other machines, and for this one, which no proxy can reach.
    current: Mutex<[Option<Client>; 2]>,
}

impl Clients {
    pub(crate) fn new(uses_proxy: bool, connect: Duration) -> Self {
        Self {
            uses_proxy,
            connect,
            current: Mutex::default(),
        }
    }

    /// A client for `url`. With `fresh` none of its connections were used before: those of the others may be
    /// dead without knowing it.
    pub(crate) fn get(&self, url: &Url, fresh: bool) -> Result<Client, Fault> {
        let is_here = is_this_machine(url);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = &mut current[usize::from(is_here)];
        if let Some(client) = current.as_ref().filter(|_| !fresh) {
            return Ok(client.clone());
        }
        let client = self.build(self.uses_proxy && !is_here)?;
        *current = Some(client.clone());
        Ok(client)
    }

    fn build(&self, uses_proxy: bool) -> Result<Client, Fault> {
        let mut builder = Client::builder()
            .user_agent(concat!("Zoetrope/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_initial_connection_window_size(2 * STREAM_WINDOW_BYTES)
            .tls_backend_preconfigured(tls_config()?)
            .redirect(redirect::Policy::custom(follow));
        if !uses_proxy {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map_err(|error| Fault::lasting(format!("the network cannot be used: {error}")))
    }
}

/// Whether the host is this machine.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Follows a few redirects, and none that leads back.
fn follow(attempt: redirect::Attempt) -> redirect::Action {
    if attempt.previous().contains(attempt.url()) {
        return attempt.error(
            "the server sends in a circle (its redirects lead back to where they began); check the \
             link, or tell its owner",
        );
    }
    if attempt.previous().len() > REDIRECTS_MAX {
        return attempt.error(format!(
            "the server redirects more than {REDIRECTS_MAX} times; open the link that it leads to in \
             the end"
        ));
    }
    attempt.follow()
}

/// TLS with the certificates that this computer trusts. They are read once.
fn tls_config() -> Result<ClientConfig, Fault> {
    static CONFIG: OnceLock<Result<ClientConfig, String>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        // Another part of the program may have chosen one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config =
            ClientConfig::with_platform_verifier().map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    });
    config.clone().map_err(|reason| {
        Fault::lasting(format!(
            "the certificates of this computer cannot be read ({reason}); install the system's \
             certificates"
        ))
    })
}
