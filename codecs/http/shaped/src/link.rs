//! The link that all connections share.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::{Shape, lock};

/// Bytes of a packet.
const PACKET_BYTES: usize = 1460;
/// Packets that TCP sends before it has heard anything (RFC 6928).
const FIRST_WINDOW_BYTES: u64 = 10 * PACKET_BYTES as u64;
/// Bytes between two looks at the clock.
const PIECE_BYTES: usize = 8 * PACKET_BYTES;
/// Seconds until a lost packet is sent again at least (Linux).
const RESEND_S: f64 = 0.2;
/// Seconds until the first packet of a connection is sent again.
const RECONNECT_S: f64 = 1.0;
/// Sleeping for less is left to the next piece: timers are no finer.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);
/// How often what stalls looks whether the connection is still there.
const LOOK: Duration = Duration::from_millis(10);
/// How often it looks at most: half a minute.
const LOOKS_MAX: usize = 3000;

/// The link.
pub(crate) struct Link {
    shape: Shape,
    sent_bytes: AtomicU64,
    dice: AtomicU64,
    timetable: Mutex<Timetable>,
}

struct Timetable {
    /// When the next byte can be sent.
    free: Instant,
    outage: Option<(Instant, Instant)>,
    /// An outage to come, once so many bytes were sent.
    planned: Option<(u64, Duration)>,
}

impl Link {
    pub(crate) fn new(shape: Shape) -> Self {
        Self {
            shape,
            sent_bytes: AtomicU64::new(0),
            dice: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
            timetable: Mutex::new(Timetable {
                free: Instant::now(),
                outage: None,
                planned: None,
            }),
        }
    }

    /// So many seconds of the model.
    fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.shape.speed).max(0.0))
    }

    pub(crate) fn outage(&self, seconds: f64) {
        let now = Instant::now();
        lock(&self.timetable).outage = Some((now, now + self.seconds(seconds)));
    }

    pub(crate) fn outage_after(&self, bytes: u64, seconds: f64) {
        let at = self.sent_bytes() + bytes;
        lock(&self.timetable).planned = Some((at, self.seconds(seconds)));
    }

    pub(crate) fn since_outage(&self) -> Option<f64> {
        let (_, end) = lock(&self.timetable).outage?;
        let since = Instant::now().checked_duration_since(end)?;
        Some(since.as_secs_f64() * self.shape.speed)
    }

    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }

    /// Waits until an outage is over, as somebody notices who tries again after `first` seconds,
    /// then after twice as long, and so on.
    async fn wait_out(&self, first: f64) {
        let Some((_, end)) = lock(&self.timetable).outage else {
            return;
        };
        let mut waits = first;
        // Twenty doublings are more than a day.
        for _ in 0..20 {
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep(self.seconds(waits)).await;
            waits *= 2.0;
        }
    }

    /// Takes the link for so many bytes; when they are through.
    fn take(&self, bytes: usize) -> Instant {
        let sent = self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let now = Instant::now();
        let mut timetable = lock(&self.timetable);
        if let Some((at, length)) = timetable.planned.filter(|(at, _)| sent >= *at) {
            debug_assert!(sent >= at);
            timetable.planned = None;
            timetable.outage = Some((now, now + length));
        }
        if self.shape.bits_per_second > 0.0 {
            let seconds = bytes as f64 * 8.0 / self.shape.bits_per_second;
            timetable.free = timetable.free.max(now) + self.seconds(seconds);
            timetable.free
        } else {
            now
        }
    }

    /// Whether one of so many packets is lost.
    fn loses(&self, packets: usize) -> bool {
        if self.shape.loss <= 0.0 {
            return false;
        }
        // Numbers that look like chance and are the same in every run (SplitMix64).
        let mut z = self
            .dice
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let chance = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        chance < 1.0 - (1.0 - self.shape.loss).powi(packets as i32)
    }

    /// A new connection, after its round trip.
    pub(crate) async fn connect(&self) -> Pipe<'_> {
        self.wait_out(RECONNECT_S).await;
        tokio::time::sleep(self.seconds(self.shape.round_trip_s)).await;
        Pipe {
            link: self,
            window_bytes: FIRST_WINDOW_BYTES,
            round_bytes: 0,
            round_began: Instant::now(),
        }
    }
}

/// The server's end of one connection.
pub(crate) struct Pipe<'a> {
    link: &'a Link,
    /// Bytes that may be on their way unconfirmed.
    window_bytes: u64,
    /// Bytes of them that were sent since.
    round_bytes: u64,
    round_began: Instant,
}

impl Pipe<'_> {
    /// From the question to the answer.
    pub(crate) async fn round_trip(&mut self) {
        self.link.wait_out(RESEND_S).await;
        tokio::time::sleep(self.link.seconds(self.link.shape.round_trip_s)).await;
        self.round_bytes = 0;
        self.round_began = Instant::now();
    }

    /// Sends a body; whether all of it.
    pub(crate) async fn send(
        &mut self,
        stream: &mut TcpStream,
        answer: &Answer,
    ) -> io::Result<bool> {
        let body = answer.content.get(answer.part.clone()).unwrap_or_default();
        let mut sent = 0;
        let piece_bytes = match answer.drips {
            Some(rate) => ((rate * 0.1) as usize).clamp(1, PIECE_BYTES),
            None => PIECE_BYTES,
        };
        for piece in body.chunks(piece_bytes) {
            let ends = [answer.closes_after, answer.stalls_after];
            let end = ends.into_iter().flatten().min().unwrap_or(u64::MAX);
            let piece = &piece[..piece.len().min((end - sent.min(end)) as usize)];
            if !piece.is_empty() {
                self.pace(piece.len(), answer.drips).await;
                stream.write_all(piece).await?;
                sent += piece.len() as u64;
            }
            if sent >= end {
                if answer.stalls_after.is_some() {
                    stall(stream).await?;
                }
                return Ok(false);
            }
        }
        Ok(answer.closes_after.is_none())
    }

    /// Waits until so many bytes are through.
    async fn pace(&mut self, bytes: usize, drips: Option<f64>) {
        let link = self.link;
        link.wait_out(RESEND_S).await;
        if let Some(rate) = drips {
            tokio::time::sleep(link.seconds(bytes as f64 / rate)).await;
        }
        let round_trip = link.seconds(link.shape.round_trip_s);
        if self.round_bytes >= self.window_bytes {
            let next = self.round_began + round_trip;
            sleep_until(next).await;
            self.window_bytes += self.round_bytes;
            self.round_bytes = 0;
            self.round_began = Instant::now();
        }
        self.round_bytes += bytes as u64;
        if link.loses(bytes.div_ceil(PACKET_BYTES)) {
            // Most losses are mended within a round trip, one in eight waits for a timer.
            let waits = if link.loses_timer() {
                RESEND_S.max(2.0 * link.shape.round_trip_s)
            } else {
                link.shape.round_trip_s
            };
            tokio::time::sleep(link.seconds(waits)).await;
            self.window_bytes = (self.window_bytes / 2).max(FIRST_WINDOW_BYTES);
        }
        sleep_until(link.take(bytes)).await;
    }
}

impl Link {
    /// One in eight.
    fn loses_timer(&self) -> bool {
        self.dice.load(Ordering::Relaxed) >> 61 == 0
    }
}

async fn sleep_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    if left >= SHORTEST_SLEEP {
        tokio::time::sleep(left).await;
    }
}

/// Sends nothing more until the client has had enough.
async fn stall(stream: &TcpStream) -> io::Result<()> {
    let mut byte = [0];
    for _ in 0..LOOKS_MAX {
        match stream.try_read(&mut byte) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(LOOK).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
