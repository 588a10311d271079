//! The pipeline on a thread of its own.
//!
//! The two sides meet in one mailbox: a slot for the latest request, and a queue of results that is
//! bounded in bytes. The thread sleeps while nothing is wanted or the queue is full.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zoetrope_codecs::Cancel;

use crate::supplier::Urgency;
use crate::{Delivery, Error, FrameSupplier, Pipeline, Reading, Request, Step, Supply};

/// Called on the decoding thread after each result, to make the user interface look.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// While nothing is to be done but the network brings something, what is at hand is looked up this
/// often.
const LOOK: Duration = Duration::from_millis(200);

/// Decodes on a thread; dropping it stops the thread and waits for it.
pub struct DecodeThread {
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    request: Option<Request>,
    /// What the latest request needs at once.
    urgency: Urgency,
    results: VecDeque<Delivery>,
    result_bytes: usize,
    /// What is being read and the flag that stops it.
    reading: Option<(Reading, Cancel)>,
    supply: Supply,
    stop: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements, so that a panic elsewhere does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Stops reading what is no longer the most urgent.
    fn drop_stale_reading(&self) {
        if let Some((reading, cancel)) = &self.reading
            && (self.stop || reading.is_stale(&self.urgency))
        {
            cancel.cancel();
        }
    }
}

impl DecodeThread {
    /// Starts a thread that first calls `started` and holds at most `limit_bytes` of results ready
    /// (but always one frame).
    ///
    /// # Errors
    /// [`Error::Thread`] when the system gives no thread.
    pub fn spawn(
        pipeline: Pipeline,
        limit_bytes: usize,
        waker: Waker,
        started: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        let mailbox = Arc::new(Mailbox::default());
        mailbox.lock().supply = pipeline.supply().clone();
        let shared = mailbox.clone();
        let thread = thread::Builder::new()
            .name("decode".to_owned())
            .spawn(move || {
                started();
                run(pipeline, &shared, limit_bytes, &waker);
            })
            .map_err(|error| Error::Thread(error.to_string()))?;
        Ok(Self {
            mailbox,
            thread: Some(thread),
        })
    }
}

fn run(mut pipeline: Pipeline, mailbox: &Mailbox, limit_bytes: usize, waker: &Waker) {
    let mut idle = true;
    loop {
        if !wait(&mut pipeline, mailbox, limit_bytes, idle) {
            return;
        }
        let step = pipeline.step(&mut |reading, cancel| {
            let mut state = mailbox.lock();
            state.reading = Some((reading, cancel.clone()));
            state.drop_stale_reading();
        });
        idle = matches!(step, Step::Idle);
        let is_news = pipeline.poll();
        let mut state = mailbox.lock();
        let had_thumbnails = state.supply.thumbnails.is_some();
        state.reading = None;
        state.supply = pipeline.supply().clone();
        let is_news = is_news || state.supply.thumbnails.is_some() != had_thumbnails;
        let is_result = match step {
            Step::Delivered(delivery) => {
                state.result_bytes += delivery.size_bytes();
                state.results.push_back(delivery);
                true
            }
            Step::Idle | Step::Worked => false,
        };
        drop(state);
        if is_result || is_news {
            waker();
        }
    }
}

/// Waits until there is something to do, and hands the latest request on. False at the end.
fn wait(pipeline: &mut Pipeline, mailbox: &Mailbox, limit_bytes: usize, idle: bool) -> bool {
    let looks = pipeline.waits_for_network();
    let mut state = mailbox.lock();
    while !state.stop
        && (state.request.is_none() && idle || state.result_bytes >= limit_bytes.max(1))
    {
        if looks {
            let waited = mailbox.changed.wait_timeout(state, LOOK);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.result_bytes < limit_bytes.max(1) {
                break;
            }
        } else {
            let waited = mailbox.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
    if state.stop {
        return false;
    }
    let request = state.request.take();
    drop(state);
    if let Some(request) = request {
        pipeline.request(request);
    }
    true
}

impl FrameSupplier for DecodeThread {
    fn request(&mut self, request: Request) {
        let mut state = self.mailbox.lock();
        state.urgency = Urgency::of(&request);
        state.request = Some(request);
        state.drop_stale_reading();
        self.mailbox.changed.notify_one();
    }

    fn receive(&mut self) -> Option<Delivery> {
        let mut state = self.mailbox.lock();
        let delivery = state.results.pop_front()?;
        state.result_bytes -= delivery.size_bytes();
        self.mailbox.changed.notify_one();
        Some(delivery)
    }

    fn supply(&self) -> Supply {
        let state = self.mailbox.lock();
        Supply {
            reading: state.reading.as_ref().map(|(reading, _)| *reading),
            progress: state
                .reading
                .as_ref()
                .and_then(|(_, cancel)| cancel.progress()),
            ..state.supply.clone()
        }
    }

    fn waiting_bytes(&self) -> usize {
        self.mailbox.lock().result_bytes
    }

    fn must_be_polled(&self) -> bool {
        false
    }
}

impl Drop for DecodeThread {
    fn drop(&mut self) {
        {
            let mut state = self.mailbox.lock();
            state.stop = true;
            state.drop_stale_reading();
        }
        self.mailbox.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the decoding thread ended by a panic");
        }
    }
}
