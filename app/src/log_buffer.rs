//! The last records of the log, for people to look at in the window.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use log::{Level, LevelFilter, Log, Metadata, Record};

/// Records kept.
pub const KEPT: usize = 1000;
/// Longer messages are cut, in bytes.
const MESSAGE_MAX_BYTES: usize = 2000;
/// What Zoetrope itself has to say is kept from this level on.
const OWN_LEVEL: LevelFilter = LevelFilter::Debug;
/// What others have to say is kept from this level on: the graphics stack is talkative.
const OTHERS_LEVEL: LevelFilter = LevelFilter::Warn;
/// A watcher is told of new records at this pace, however many there are.
const PACE: Duration = Duration::from_millis(250);

/// A record that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// Counts all records from 0, also those that are no longer kept.
    pub number: u64,
    /// How bad it is.
    pub level: Level,
    /// Seconds since the log was started.
    pub time_s: f64,
    /// Who said it.
    pub target: String,
    /// What was said.
    pub message: String,
}

impl LogRecord {
    /// As a line of text.
    pub fn line(&self) -> String {
        let Self {
            level,
            time_s,
            target,
            message,
            ..
        } = self;
        format!("{time_s:9.3} {level:<5} {target}: {message}")
    }
}

struct Ring {
    records: VecDeque<LogRecord>,
    /// Records so far.
    count: u64,
    /// Watchers that are no longer wanted wake up when this changes.
    watch: u64,
}

/// Keeps the last records; other threads may log at any time.
pub struct LogBuffer {
    started: Instant,
    ring: Mutex<Ring>,
    changed: Condvar,
}

impl LogBuffer {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            ring: Mutex::new(Ring {
                records: VecDeque::new(),
                count: 0,
                watch: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// The one of this program. It stays empty until [`install`] was called.
    pub fn global() -> &'static Arc<Self> {
        static BUFFER: OnceLock<Arc<LogBuffer>> = OnceLock::new();
        BUFFER.get_or_init(|| Arc::new(Self::new()))
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records from `number` on that are still kept, oldest first.
    pub fn since(&self, number: u64) -> Vec<LogRecord> {
        let ring = self.ring();
        let records = ring.records.iter();
        records
            .filter(|record| record.number >= number)
            .cloned()
            .collect()
    }

    fn push(&self, record: &Record<'_>) {
        let mut message = record.args().to_string();
        if message.len() > MESSAGE_MAX_BYTES {
            let end = message.floor_char_boundary(MESSAGE_MAX_BYTES);
            message.truncate(end);
            message.push('…');
        }
        let time_s = self.started.elapsed().as_secs_f64();
        let mut ring = self.ring();
        if ring.records.len() == KEPT {
            ring.records.pop_front();
        }
        let number = ring.count;
        ring.records.push_back(LogRecord {
            number,
            level: record.level(),
            time_s,
            target: record.target().to_owned(),
            message,
        });
        ring.count += 1;
        drop(ring);
        self.changed.notify_all();
    }

    /// Calls `tell` on a thread of its own when there are new records, at a calm pace, until the
    /// watch is dropped. The logger itself calls nobody: it may run while anything is locked.
    pub fn watch(self: &Arc<Self>, tell: impl Fn() + Send + 'static) -> LogWatch {
        let mut ring = self.ring();
        ring.watch += 1;
        let (watch, mut seen) = (ring.watch, ring.count);
        drop(ring);
        let buffer = self.clone();
        let thread = std::thread::Builder::new()
            .name("log watch".to_owned())
            .spawn(move || {
                loop {
                    let ring = buffer.ring();
                    let waits = |ring: &mut Ring| ring.watch == watch && ring.count == seen;
                    let ring = buffer.changed.wait_while(ring, waits);
                    let ring = ring.unwrap_or_else(PoisonError::into_inner);
                    if ring.watch != watch {
                        return;
                    }
                    // All that comes while it sleeps is told at once.
                    drop(ring);
                    std::thread::sleep(PACE);
                    seen = buffer.ring().count;
                    tell();
                }
            });
        if let Err(error) = thread {
            // What is logged is seen when anything else is painted.
            log::warn!("the log cannot be watched: {error}");
        }
        LogWatch {
            buffer: self.clone(),
        }
    }
}

/// Somebody looks at the log; of several the newest counts.
pub struct LogWatch {
    buffer: Arc<LogBuffer>,
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        self.buffer.ring().watch += 1;
        self.buffer.changed.notify_all();
    }
}

/// Keeps records and passes them on.
struct KeepingLogger<L> {
    buffer: Arc<LogBuffer>,
    terminal: L,
}

fn is_kept(metadata: &Metadata<'_>) -> bool {
    let own = metadata.target().starts_with("zoetrope");
    metadata.level() <= if own { OWN_LEVEL } else { OTHERS_LEVEL }
}

impl<L: Log> Log for KeepingLogger<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_kept(metadata) || self.terminal.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if is_kept(record.metadata()) {
            self.buffer.push(record);
        }
        // It has its own rules.
        if self.terminal.enabled(record.metadata()) {
            self.terminal.log(record);
        }
    }

    fn flush(&self) {
        self.terminal.flush();
    }
}

/// Makes [`LogBuffer::global`] keep what is logged from now on. What `terminal` wants to hear, at
/// most of its `level`, is passed on to it.
pub fn install(terminal: impl Log + 'static, level: LevelFilter) {
    let logger = KeepingLogger {
        buffer: LogBuffer::global().clone(),
        terminal,
    };
    // Only the first logger of a program counts.
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(level.max(OWN_LEVEL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A terminal that wants errors only.
    #[derive(Default)]
    struct Errors(Mutex<Vec<String>>);

    impl Log for Errors {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.level() <= Level::Error
        }

        fn log(&self, record: &Record<'_>) {
            let mut heard = self.0.lock().expect("unpoisoned");
            heard.push(record.args().to_string());
        }

        fn flush(&self) {}
    }

    fn logger() -> KeepingLogger<Errors> {
        KeepingLogger {
            buffer: Arc::new(LogBuffer::new()),
            terminal: Errors::default(),
        }
    }

    fn say(logger: &impl Log, level: Level, target: &str, message: &str) {
        logger.log(
            &Record::builder()
                .level(level)
                .target(target)
                .args(format_args!("{message}"))
                .build(),
        );
    }

    #[test]
    fn each_side_hears_what_it_wants() {
        let logger = logger();
        for (level, target, message) in [
            (Level::Debug, "zoetrope_app", "one"),
            (Level::Trace, "zoetrope_app", "two"),
            (Level::Info, "wgpu_core", "three"),
            (Level::Warn, "wgpu_core", "four"),
            (Level::Error, "zoetrope_player", "five"),
        ] {
            say(&logger, level, target, message);
        }
        let kept = logger.buffer.since(0);
        let messages: Vec<_> = kept.iter().map(|record| record.message.as_str()).collect();
        assert_eq!(messages, ["one", "four", "five"]);
        assert!(kept[1].line().ends_with("WARN  wgpu_core: four"));
        assert_eq!(*logger.terminal.0.lock().expect("unpoisoned"), ["five"]);
    }

    #[test]
    fn only_the_last_are_kept_and_none_is_endless() {
        let logger = logger();
        say(&logger, Level::Info, "zoetrope", "first");
        for number in 0..KEPT {
            say(&logger, Level::Info, "zoetrope", &number.to_string());
        }
        let kept = logger.buffer.since(0);
        assert_eq!(kept.len(), KEPT);
        assert_eq!((kept[0].number, kept[0].message.as_str()), (1, "0"));
        assert_eq!(logger.buffer.since(KEPT as u64 - 1).len(), 2);
        // Cut within a letter of two bytes.
        let long = format!("x{}", "ä".repeat(MESSAGE_MAX_BYTES));
        say(&logger, Level::Info, "zoetrope", &long);
        let last = logger.buffer.since(KEPT as u64 + 1);
        assert_eq!(last[0].message.len(), MESSAGE_MAX_BYTES - 1 + "…".len());
        let fits = "x".repeat(MESSAGE_MAX_BYTES);
        say(&logger, Level::Info, "zoetrope", &fits);
        assert_eq!(logger.buffer.since(KEPT as u64 + 2)[0].message, fits);
    }

    #[test]
    fn many_records_wake_a_watcher_rarely_and_none_after_it_left() {
        let logger = logger();
        let (sender, told) = mpsc::channel();
        let watch = logger.buffer.watch(move || {
            // The test may be over.
            sender.send(()).unwrap_or_default();
        });
        for number in 0..500 {
            say(&logger, Level::Info, "zoetrope", &number.to_string());
        }
        let wait = Duration::from_secs(10);
        told.recv_timeout(wait).expect("word of it");
        assert!(told.recv_timeout(2 * PACE).is_err(), "nothing is new");
        drop(watch);
        // The thread ends, and its end of the channel with it.
        let ended = told.recv_timeout(wait);
        assert_eq!(ended, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
