//! The pipeline on a thread of its own.
//!
//! The two sides meet in one mailbox: a slot for the latest request, and a queue of results that is
//! bounded in bytes. The thread sleeps while nothing is wanted or the queue is full.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use zoetrope_codecs::Cancel;

use crate::{Delivery, Error, FrameSupplier, Pipeline, Request, Step};

/// Called on the decoding thread after each result, to make the user interface look.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

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
    /// The group that the latest request needs at once.
    urgent_group: Option<usize>,
    results: VecDeque<Delivery>,
    result_bytes: usize,
    /// The group being read and the flag that stops it.
    reading: Option<(usize, Cancel)>,
    stop: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements, so that a panic elsewhere does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Stops the reading of a group that is no longer the most urgent one.
    fn drop_stale_reading(&self) {
        if let Some((group, cancel)) = &self.reading {
            let other = self.urgent_group.is_some_and(|urgent| urgent != *group);
            if other || self.stop {
                cancel.cancel();
            }
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
        {
            let mut state = mailbox.lock();
            while !state.stop
                && (state.request.is_none() && idle || state.result_bytes >= limit_bytes.max(1))
            {
                state = mailbox
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.stop {
                return;
            }
            if let Some(request) = state.request.take() {
                pipeline.request(request);
            }
        }
        let step = pipeline.step(&mut |group, cancel| {
            let mut state = mailbox.lock();
            state.reading = Some((group, cancel.clone()));
            state.drop_stale_reading();
        });
        idle = matches!(step, Step::Idle);
        let mut state = mailbox.lock();
        state.reading = None;
        if let Step::Delivered(delivery) = step {
            state.result_bytes += delivery.size_bytes();
            state.results.push_back(delivery);
            drop(state);
            waker();
        }
    }
}

impl FrameSupplier for DecodeThread {
    fn request(&mut self, request: Request) {
        let mut state = self.mailbox.lock();
        state.urgent_group = request.urgent_group;
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
