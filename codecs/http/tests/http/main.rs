//! Clips over a network that is slow and faulty, on this machine.

mod caches;
mod faults;
mod folders;
mod inspection;
mod links;
mod order;

use std::time::{Duration, Instant};

use url::Url;
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error};
use zoetrope_http::{HttpSource, Network, NetworkOptions};
use zoetrope_shaped::{Shape, ShapedServer};

/// The path of the file that most tests read.
const PATH: &str = "clip.zoe";

/// Bytes of which every stretch is different.
fn content(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

/// A server of one file.
fn serve(bytes: &[u8], shape: Shape) -> ShapedServer {
    ShapedServer::start([(PATH.to_owned(), bytes.to_vec())], shape).expect("listens")
}

/// A network on which time passes as fast as on a server of this `speed`.
fn network(speed: f64) -> Network {
    Network::new(NetworkOptions {
        uses_proxy: false,
        speed,
        ..NetworkOptions::default()
    })
}

fn open(network: &Network, server: &ShapedServer, path: &str) -> Result<HttpSource, Error> {
    let url = Url::parse(&server.url(path)).expect("a link");
    HttpSource::open(network, &url, &Cancel::new())
}

/// Waits for something that is sure to come; a test that waits in vain fails.
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{what} never came"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Reads a range and compares it.
fn check(source: &HttpSource, bytes: &[u8], range: std::ops::Range<usize>) {
    let read = source.read(range.start as u64..range.end as u64, &Cancel::new());
    let read = read.unwrap_or_else(|error| panic!("{range:?}: {error}"));
    assert!(read == bytes[range.clone()], "{range:?} is wrong");
}

/// Says that one range will be read soon.
fn wish(source: &HttpSource, range: std::ops::Range<u64>) {
    source.prefetch(std::slice::from_ref(&range));
}
