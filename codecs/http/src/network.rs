//! The network as a whole: one thread, one pool of connections, one cache.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use url::Url;
use zoetrope_codecs::{Error, Result};

use crate::client::Clients;
use crate::disk_cache::DiskCache;
use crate::plan::plan;
use crate::state::{Shared, TransferLog};
use crate::transfer;

/// How long the end waits for what is on its way to the disk.
const LAST_WRITES: Duration = Duration::from_millis(500);
/// Threads for what would hold the I/O thread up: looking up names, writing to the disk.
const BLOCKING_THREADS: usize = 4;

/// How the network is used.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Bytes of clips that are kept in memory at most.
    pub memory_bytes: u64,
    /// Folder in which clips are kept for the next time; none keeps nothing.
    pub disk_folder: Option<PathBuf>,
    /// Bytes that are kept there at most.
    pub disk_bytes: u64,
    /// Whether the proxy that the environment names is used.
    pub uses_proxy: bool,
    /// How many times faster than usual all waiting passes: 1, but for tests of long outages.
    pub speed: f64,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            memory_bytes: 128 << 20,
            disk_folder: None,
            disk_bytes: 512 << 20,
            uses_proxy: true,
            speed: 1.0,
        }
    }
}

/// The network. Clones share one I/O thread, its connections and its caches; the thread starts with
/// the first clip and ends with the last clone.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    options: NetworkOptions,
    shared: OnceLock<Arc<Shared>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Network {
    /// A network that does nothing yet.
    pub fn new(options: NetworkOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            shared: OnceLock::new(),
            thread: Mutex::new(None),
        }))
    }

    /// What the threads share; starts the I/O thread.
    pub(crate) fn shared(&self) -> Result<&Arc<Shared>> {
        let inner = &*self.0;
        let mut thread = inner.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = inner.shared.get() {
            return Ok(shared);
        }
        let options = &inner.options;
        let speed = if options.speed.is_finite() && options.speed > 0.0 {
            options.speed
        } else {
            1.0
        };
        let timing = crate::timing::Timing::at_speed(speed);
        let disk = options.disk_folder.clone();
        let shared = Arc::new(Shared::new(
            Clients::new(options.uses_proxy, timing.answer),
            disk.map(|folder| DiskCache::new(folder, options.disk_bytes)),
            options.memory_bytes,
            speed,
        ));
        let runs = shared.clone();
        let started = std::thread::Builder::new()
            .name("network".to_owned())
            .spawn(move || run(&runs));
        *thread = Some(started.map_err(|error| Error::io("the network", &error))?);
        Ok(inner.shared.get_or_init(|| shared))
    }

    /// How it is used.
    pub(crate) fn options(&self) -> &NetworkOptions {
        &self.0.options
    }

    /// A link that is to be read, with the transfers of its clip.
    pub(crate) fn resource(&self, url: Url, log: Arc<TransferLog>) -> Result<Arc<Handle>> {
        let id = self.shared()?.lock().add_resource(url, log);
        Ok(Arc::new(Handle {
            network: self.clone(),
            id,
        }))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.get() {
            shared.lock().closed = true;
            shared.wake.notify_one();
        }
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It can only have panicked, which it has told already.
            let _ = thread.join();
        }
    }
}

/// A link in use; forgotten with the last clone.
pub(crate) struct Handle {
    pub(crate) network: Network,
    pub(crate) id: u64,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Ok(shared) = self.network.shared() {
            shared.lock().remove_resource(self.id);
            shared.wake.notify_one();
        }
    }
}

/// The I/O thread: plans, sends, and plans again whenever something has happened.
fn run(shared: &Arc<Shared>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            log::error!("the network cannot be used: {error}");
            return;
        }
    };
    runtime.block_on(async {
        loop {
            let look_again = {
                let mut state = shared.lock();
                if state.closed {
                    break;
                }
                let plan = plan(&mut state, shared, Instant::now());
                for job in plan.jobs {
                    let id = job.id;
                    let task = tokio::spawn(transfer::run(shared.clone(), job));
                    let mut transfers = state.transfers.iter_mut();
                    if let Some(transfer) = transfers.find(|transfer| transfer.id == id) {
                        transfer.abort = Some(task.abort_handle());
                    }
                }
                plan.look_again
            };
            // Woken or not, there is something to look at.
            let _ = tokio::time::timeout(look_again, shared.wake.notified()).await;
        }
        // What is under way ends, and what has come of it goes to the disk.
        for transfer in shared.lock().transfers.drain(..) {
            if let Some(abort) = transfer.abort {
                abort.abort();
            }
        }
        let until = Instant::now() + LAST_WRITES;
        tokio::task::yield_now().await;
        while shared.writes.load(Ordering::Relaxed) > 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    runtime.shutdown_background();
}
