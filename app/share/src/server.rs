//! The server, on a thread of its own.

use std::collections::HashSet;
use std::future::IntoFuture as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use zoetrope_player::share_link::percent_encode_path;

use crate::address::local_address;
use crate::answer::{Served, answer};
use crate::connection::{CappedListener, Peer};
use crate::{Error, Share, random_name};

/// Devices that are told apart; a home has fewer.
const DEVICES_MAX: usize = 1000;

/// Where to serve.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The address to listen on; without one that of this machine on its network.
    pub bind: Option<IpAddr>,
    /// The port; 0 for any that is free.
    pub port: u16,
}

/// Who was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// Devices that have asked for the clip.
    pub devices: usize,
    /// Bytes of the clip that were sent.
    pub bytes: u64,
}

/// Counts who is there, from any thread.
#[derive(Default)]
pub struct Counters {
    devices: Mutex<HashSet<IpAddr>>,
    /// Bytes that were sent.
    pub sent: Arc<AtomicU64>,
}

impl Counters {
    /// Notes that a device has asked for something that is there.
    pub fn came(&self, device: IpAddr) {
        let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        if devices.len() < DEVICES_MAX {
            devices.insert(device);
        }
    }
}

/// Serves a clip until it is dropped.
pub struct Server {
    address: SocketAddr,
    served: Arc<Served>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Begins to serve.
    ///
    /// # Errors
    /// When this machine is on no network, or the address or the port is not to be had.
    pub fn start(share: Share, options: Options) -> Result<Self, Error> {
        let bind = match options.bind {
            Some(bind) => bind,
            None => local_address().ok_or(Error::NoNetwork)?,
        };
        let wanted = SocketAddr::from((bind, options.port));
        let bind_error = |error| Error::Bind {
            address: wanted,
            error,
        };
        let listener = std::net::TcpListener::bind(wanted).map_err(bind_error)?;
        listener.set_nonblocking(true).map_err(bind_error)?;
        let address = reachable(listener.local_addr().map_err(bind_error)?);
        let name = random_name()?;
        let clip_url = format!(
            "http://{address}/{name}/{}",
            percent_encode_path(&share.entry)
        );
        let served = Arc::new(Served {
            name,
            title: share.title.clone(),
            clip_url,
            poster: share.poster.clone(),
            files: share.into_map(),
            counters: Counters::default(),
        });
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_name("share: files")
            .build()
            .map_err(Error::Start)?;
        let (stop, stopped) = oneshot::channel();
        let state = served.clone();
        let thread = std::thread::Builder::new()
            .name("share".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, state, stopped));
                // Whoever is in the middle of something is cut off.
                runtime.shutdown_background();
            })
            .map_err(Error::Start)?;
        Ok(Self {
            address,
            served,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Title of the clip.
    pub fn title(&self) -> &str {
        &self.served.title
    }

    /// Where it is reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the clip, which players open.
    pub fn clip_url(&self) -> &str {
        &self.served.clip_url
    }

    /// The address of the page for people.
    pub fn page_url(&self) -> String {
        format!("http://{}/{}/", self.address, self.served.name)
    }

    /// Who was there so far.
    pub fn visitors(&self) -> Visitors {
        let counters = &self.served.counters;
        let devices = counters.devices.lock();
        Visitors {
            devices: devices.unwrap_or_else(PoisonError::into_inner).len(),
            bytes: counters.sent.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The thread may have ended by itself.
        if let Some(stop) = self.stop.take()
            && stop.send(()).is_err()
        {
            log::debug!("the server has ended already");
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the server ended by a panic");
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    served: Arc<Served>,
    stopped: oneshot::Receiver<()>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => CappedListener::new(listener),
        Err(error) => {
            log::error!("the clip cannot be served: {error}");
            return;
        }
    };
    let router = Router::new().fallback(answer).with_state(served);
    let service = router.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(axum::serve(listener, service).into_future());
    // Stopping and being dropped are the same.
    stopped.await.ok();
}

/// An address that others can use: one that stands for all of a machine's is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    let ip = local_address().unwrap_or(match address {
        SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    });
    (ip, address.port()).into()
}
