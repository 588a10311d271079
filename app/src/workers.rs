//! Threads for heavy loops, behind everything that a hand waits for.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::platform::Platform;

/// A pool of threads of low priority. Loops of `render` that run in it use all cores that nobody
/// else wants: the interface, which needs a core for milliseconds only, always gets it first.
#[derive(Clone)]
pub struct Workers {
    pool: Arc<ThreadPool>,
    platform: Arc<dyn Platform>,
}

impl Workers {
    /// A thread for each core, called `name` and a number.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(name: &'static str, platform: Arc<dyn Platform>) -> anyhow::Result<Self> {
        let lower = platform.clone();
        let pool = ThreadPoolBuilder::new()
            .thread_name(move |index| format!("{name} {index}"))
            .start_handler(move |_| lower.lower_thread_priority())
            .build()?;
        Ok(Self {
            pool: Arc::new(pool),
            platform,
        })
    }

    /// Makes the threads on which loops run that nobody put elsewhere (decoding) such threads too.
    /// Once for the whole program; later calls change nothing.
    pub fn lower_the_common(platform: Arc<dyn Platform>) {
        let built = ThreadPoolBuilder::new()
            .thread_name(|index| format!("worker {index}"))
            .start_handler(move |_| platform.lower_thread_priority())
            .build_global();
        if let Err(error) = built {
            log::debug!("the common threads keep their priority: {error}");
        }
    }

    /// Makes the calling thread one that the interface goes before.
    pub fn enlist(&self) {
        self.platform.lower_thread_priority();
    }

    /// Runs `work`, whose parallel loops use the pool, and waits for it.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }
}
