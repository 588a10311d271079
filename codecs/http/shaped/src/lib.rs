//! A web server on this machine that is as slow and as faulty as asked, for tests and benchmarks.
//!
//! It models one link that all connections share: so many bytes a second, a round trip for each
//! connection and each request, a window that opens as TCP's does, packets that are lost and sent
//! again after a while, and outages, after which old connections notice late that the network is back.
//! Everything may pass faster than real time. It listens on the loopback device only.

mod answer;
mod link;
mod request;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use answer::Answer;
use link::Link;
pub use request::Request;

/// Connections that are served before the server ends: no test needs more.
const CONNECTIONS_MAX: usize = 20_000;
/// How often the server looks whether it is to end.
const LOOK: Duration = Duration::from_millis(20);

/// What the link between server and client is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bits a second; 0 for as many as the machine can.
    pub bits_per_second: f64,
    /// From asking to the first byte of the answer, in seconds.
    pub round_trip_s: f64,
    /// Part of the packets that are lost, 0 to 1.
    pub loss: f64,
    /// How many times faster than real time everything passes.
    pub speed: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            bits_per_second: 0.0,
            round_trip_s: 0.0,
            loss: 0.0,
            speed: 1.0,
        }
    }
}

/// What the server does wrong with a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// It sends the whole file, whatever was asked for.
    NoRanges,
    /// The same, without saying how long it is.
    NoRangesNoLength,
    /// It answers with this status, and with `Retry-After` where there are seconds.
    Status(u16, Option<u64>),
    /// It closes the connection after so many bytes of a body.
    Short(u64),
    /// It falls silent after so many bytes of a body.
    Stalls(u64),
    /// It accepts and never answers.
    Silent,
    /// It closes the connection instead of answering.
    Closes,
    /// It sends another range than the one that was asked for.
    WrongRange,
    /// Its `Content-Range` makes no sense.
    NonsenseRange,
    /// Its `Content-Range` says another length of the whole.
    WrongTotal,
    /// It says that the body is compressed.
    Compressed,
    /// It sends a page with this content instead of the file.
    WebPage,
    /// It says that there is no such range.
    Unsatisfiable,
    /// It redirects to this path, or link.
    Redirect(String),
    /// The file is another one than before: the same length, another mark and other bytes.
    Changed,
    /// The file is shorter than before, and nothing marks that.
    Shrunk,
    /// It sends so few bytes a second.
    Drips(f64),
}

/// What a file is served with.
#[derive(Clone, Debug)]
pub struct Headers {
    /// Whether there is an `ETag`.
    pub etag: bool,
    /// Whether there is a `Last-Modified`.
    pub modified: bool,
    /// `Content-Type`.
    pub content_type: String,
    /// `Cache-Control`, where there is any.
    pub cache_control: Option<String>,
    /// Whether pages of other sites may read it.
    pub cors: bool,
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            etag: true,
            modified: true,
            content_type: "application/octet-stream".to_owned(),
            cache_control: Some("public, max-age=3600".to_owned()),
            cors: true,
        }
    }
}

/// A fault that happens to some requests for a path.
struct Trouble {
    fault: Fault,
    /// Requests that are answered well before it.
    after: u32,
    /// Requests that it happens to.
    times: u32,
}

/// What the connections share.
struct Shared {
    files: Mutex<HashMap<String, Arc<[u8]>>>,
    troubles: Mutex<HashMap<String, Trouble>>,
    headers: Mutex<Headers>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicU64,
    link: Link,
    ends: AtomicBool,
}

/// The server; it ends with its handle.
pub struct ShapedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl ShapedServer {
    /// Serves `files` by their paths ("a/b.zoe").
    ///
    /// # Errors
    /// When the loopback device cannot be listened on.
    pub fn start(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        shape: Shape,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let files = files.into_iter().map(|(path, bytes)| (path, bytes.into()));
        let shared = Arc::new(Shared {
            files: Mutex::new(files.collect()),
            troubles: Mutex::default(),
            headers: Mutex::default(),
            requests: Mutex::default(),
            connections: AtomicU64::new(0),
            link: Link::new(shape),
            ends: AtomicBool::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let serves = shared.clone();
        let thread = std::thread::Builder::new()
            .name("shaped server".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    if let Ok(listener) = TcpListener::from_std(listener) {
                        accept(&listener, &serves).await;
                    }
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// The link to a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// From now on the fault happens to `times` requests for the path, after the first `after`.
    pub fn break_path(&self, path: &str, fault: Fault, after: u32, times: u32) {
        let trouble = Trouble {
            fault,
            after,
            times,
        };
        lock(&self.shared.troubles).insert(path.to_owned(), trouble);
    }

    /// From now on files are served with these.
    pub fn set_headers(&self, headers: Headers) {
        *lock(&self.shared.headers) = headers;
    }

    /// Takes a file away.
    pub fn remove(&self, path: &str) {
        lock(&self.shared.files).remove(path);
    }

    /// The network is away from now on, for so many seconds.
    pub fn outage(&self, seconds: f64) {
        self.shared.link.outage(seconds);
    }

    /// The network goes away for so many seconds once the server has sent so many bytes more.
    pub fn outage_after(&self, bytes: u64, seconds: f64) {
        self.shared.link.outage_after(bytes, seconds);
    }

    /// Seconds since the last outage ended, once it has.
    pub fn since_outage(&self) -> Option<f64> {
        self.shared.link.since_outage()
    }

    /// What was asked for, in order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Connections that were made.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that were sent.
    pub fn sent_bytes(&self) -> u64 {
        self.shared.link.sent_bytes()
    }
}

impl Drop for ShapedServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of it was told by the thread itself.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for _ in 0..CONNECTIONS_MAX {
        let stream = loop {
            if shared.ends.load(Ordering::Relaxed) {
                return;
            }
            match tokio::time::timeout(LOOK, listener.accept()).await {
                Ok(Ok((stream, _))) => break stream,
                Ok(Err(_)) => tokio::time::sleep(LOOK).await,
                Err(_) => (),
            }
        };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        tokio::spawn(async move {
            let mut stream = stream;
            let served = serve(&mut stream, &shared).await;
            // A client that goes away is no fault of the server; one that speaks TLS is told.
            if served.is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
    }
}

/// Answers the requests of one connection.
async fn serve(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pipe = shared.link.connect().await;
    while let Some(request) = Request::read(stream).await? {
        pipe.round_trip().await;
        let answer = answer(shared, &request);
        lock(&shared.requests).push(request);
        let Some(answer) = answer else {
            return Ok(());
        };
        if answer.silent {
            // As long as the client likes.
            while !shared.ends.load(Ordering::Relaxed) {
                tokio::time::sleep(LOOK).await;
            }
            return Ok(());
        }
        stream.write_all(answer.head.as_bytes()).await?;
        let whole = pipe.send(stream, &answer).await?;
        if !whole {
            return Ok(());
        }
    }
    Ok(())
}

/// The answer to a request; none closes the connection.
fn answer(shared: &Shared, request: &Request) -> Option<Answer> {
    let fault = {
        let mut troubles = lock(&shared.troubles);
        troubles.get_mut(&request.path).and_then(|trouble| {
            if trouble.after > 0 {
                trouble.after -= 1;
                return None;
            }
            trouble.times = trouble.times.checked_sub(1)?;
            Some(trouble.fault.clone())
        })
    };
    let file = lock(&shared.files).get(&request.path).cloned();
    Answer::new(request, file, fault, &lock(&shared.headers))
}
