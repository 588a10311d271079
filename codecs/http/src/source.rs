//! A file on a web server as a source.

use std::ops::Range;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use url::Url;
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error, Result, Transfer};

use crate::block_cache::{BLOCK_BYTES, blocks_of};
use crate::disk_cache::PAGE_BLOCKS;
use crate::fault::Fault;
use crate::network::{Handle, Network};
use crate::state::{Facts, Read, Shared, State, TransferLog, on_disk};

/// How often one who waits looks whether it is still to wait.
const LOOK: Duration = Duration::from_millis(20);
/// Memory that a read takes before anything has come.
const RESERVED_BYTES: u64 = 16 << 20;
/// Faults in a row after which a server that was never heard of is given up.
const OPEN_FAULTS_MAX: u32 = 4;

/// A file on a web server. Reading blocks the calling thread until the bytes are there, through
/// outages too: it is for the threads that decode, never for the window's.
pub struct HttpSource {
    name: String,
    facts: Facts,
    handle: Arc<Handle>,
    log: Arc<TransferLog>,
    /// Whose list of wishes this source writes.
    owner: u64,
    /// Other wishes that end with this source.
    _together: Option<Arc<Together>>,
}

/// A list of files that are read together.
pub(crate) struct Together {
    pub(crate) network: Network,
    pub(crate) owner: u64,
}

impl Drop for Together {
    fn drop(&mut self) {
        take_back(&self.network, self.owner);
    }
}

/// Takes the wishes of `owner` back.
pub(crate) fn take_back(network: &Network, owner: u64) {
    if let Ok(shared) = network.shared() {
        shared.lock().wish(owner, false, Vec::new());
        shared.wake.notify_one();
    }
}

impl HttpSource {
    /// Opens the file at `url` as soon as its server has answered; the first 256 KiB come along.
    ///
    /// # Errors
    /// [`Error::Network`] and [`Error::Io`] with a sentence that says what the server or the network
    /// did; [`Error::Cancelled`] within 100 ms of `cancel`.
    pub fn open(network: &Network, url: &Url, cancel: &Cancel) -> Result<Self> {
        let log = Arc::<TransferLog>::default();
        let handle = network.resource(url.clone(), log.clone())?;
        Self::of(handle, name_of(url), log, false, None, cancel)
    }

    /// The source of a link, once its server has answered. One that was `heard` of before is waited
    /// for longer.
    pub(crate) fn of(
        handle: Arc<Handle>,
        name: String,
        log: Arc<TransferLog>,
        heard: bool,
        together: Option<Arc<Together>>,
        cancel: &Cancel,
    ) -> Result<Self> {
        let shared = handle.network.shared()?;
        let mut waiting = Waiting::new(shared, handle.id, &name, heard, 0..0);
        let (facts, owner) = loop {
            let mut state = shared.lock();
            if let Some(facts) = state
                .resources
                .get(&handle.id)
                .and_then(|r| r.facts.clone())
            {
                break (facts, state.new_id());
            }
            waiting.wait(state, cancel)?;
        };
        drop(waiting);
        Ok(Self {
            name,
            facts,
            handle,
            log,
            owner,
            _together: together,
        })
    }

    /// Whether the server sends parts of the file. Where it does not, seeking waits until all before
    /// it is loaded.
    pub fn has_ranges(&self) -> bool {
        self.facts.ranges
    }

    fn shared(&self) -> Result<&Arc<Shared>> {
        self.handle.network.shared()
    }

    /// Appends what is here of `bytes` from the block `next` on; the block that is not.
    fn take(&self, shared: &Shared, bytes: &Range<u64>, mut next: u64, taken: &mut Vec<u8>) -> u64 {
        let end = blocks_of(bytes).end;
        while next < end {
            let block = shared.lock().blocks.get(self.facts.content, next);
            let block = match block {
                Some(block) => block,
                None if self.load_page(shared, next) => continue,
                None => break,
            };
            let start = next * BLOCK_BYTES;
            let from = bytes.start.saturating_sub(start) as usize;
            let to = (bytes.end - start).min(block.len() as u64) as usize;
            taken.extend_from_slice(block.get(from..to).unwrap_or_default());
            next += 1;
        }
        next
    }

    /// Looks for a block on the disk.
    fn load_page(&self, shared: &Shared, block: u64) -> bool {
        let (Some(disk), Some(key)) = (&shared.disk, &self.facts.disk_key) else {
            return false;
        };
        let page = block / PAGE_BLOCKS;
        let there = {
            let state = shared.lock();
            let facts = state
                .resources
                .get(&self.handle.id)
                .and_then(|r| r.facts.as_ref());
            facts
                .filter(|facts| on_disk(facts, block))
                .and_then(|f| f.pages.get(&page).copied())
        };
        let Some(there) = there else {
            return false;
        };
        let blocks = disk.load(key, page, self.facts.len, there);
        let found = blocks.iter().any(|(number, _)| *number == block);
        shared.lock().take_page(self.handle.id, page, blocks);
        found
    }
}

impl Source for HttpSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.facts.len
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        cancel.check()?;
        if range.start > range.end || range.end > self.facts.len {
            return Err(Error::malformed(&self.name, "it ends too early"));
        }
        let shared = self.shared()?;
        let blocks = blocks_of(&range);
        let reserved = (range.end - range.start).min(RESERVED_BYTES);
        let mut taken = Vec::with_capacity(reserved as usize);
        let mut next = self.take(shared, &range, blocks.start, &mut taken);
        if next == blocks.end {
            return Ok(taken);
        }
        let mut waiting = Waiting::new(shared, self.handle.id, &self.name, true, next..blocks.end);
        loop {
            cancel.check()?;
            next = self.take(shared, &range, next, &mut taken);
            if next == blocks.end {
                return Ok(taken);
            }
            let state = shared.lock();
            // It may have come just now.
            if state.blocks.contains(self.facts.content, next) {
                continue;
            }
            waiting.advance(state, next, cancel)?;
        }
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        if let Ok(shared) = self.shared() {
            let ranges = ranges.iter().map(|range| (self.handle.id, range.clone()));
            shared.lock().wish(self.owner, false, ranges.collect());
            shared.wake.notify_one();
        }
    }

    fn is_at_hand(&self, range: Range<u64>) -> bool {
        let shared = self.shared();
        shared.is_ok_and(|shared| shared.lock().has_all(self.handle.id, &range))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        Some(self.log.latest())
    }
}

impl Drop for HttpSource {
    fn drop(&mut self) {
        take_back(&self.handle.network, self.owner);
    }
}

/// A link for people: without password and query.
pub(crate) fn name_of(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Refused only where there is no host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Somebody who waits, as the I/O thread sees it.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    read: u64,
    resource: u64,
    name: &'a str,
    /// Whether the server was heard of before.
    heard: bool,
    since: Instant,
}

impl<'a> Waiting<'a> {
    fn new(
        shared: &'a Arc<Shared>,
        resource: u64,
        name: &'a str,
        heard: bool,
        blocks: Range<u64>,
    ) -> Self {
        let mut state = shared.lock();
        let read = state.new_id();
        state.reads.push(Read {
            id: read,
            resource,
            blocks,
        });
        // Who asks again after an error wants it tried again.
        if let Some(known) = state.resources.get_mut(&resource)
            && known
                .fault
                .as_ref()
                .is_some_and(|(fault, _)| *fault != Fault::changed())
        {
            known.fault = None;
            known.faults = 0;
        }
        drop(state);
        shared.wake.notify_one();
        Self {
            shared,
            read,
            resource,
            name,
            heard,
            since: Instant::now(),
        }
    }

    /// Waits for blocks from `next` on.
    fn advance(
        &mut self,
        mut state: MutexGuard<'_, State>,
        next: u64,
        cancel: &Cancel,
    ) -> Result<()> {
        if let Some(read) = state.reads.iter_mut().find(|read| read.id == self.read)
            && read.blocks.start != next
        {
            read.blocks.start = next;
            self.since = Instant::now();
        }
        self.wait(state, cancel)
    }

    /// Waits a little, if there is still hope.
    fn wait(&mut self, state: MutexGuard<'_, State>, cancel: &Cancel) -> Result<()> {
        cancel.check()?;
        let timing = &self.shared.timing;
        if let Some(known) = state.resources.get(&self.resource) {
            let last = known.came.map_or(self.since, |came| came.max(self.since));
            let waited = last.elapsed();
            let patience = if self.heard {
                timing.read_patience
            } else {
                timing.open_patience
            };
            let hopeless = waited > patience || (!self.heard && known.faults >= OPEN_FAULTS_MAX);
            match &known.fault {
                Some((fault, _)) if hopeless || !fault.is_transient() => {
                    return Err(fault.error(self.name));
                }
                None if hopeless => {
                    let host = crate::fault::host_of(&known.url);
                    let waited = waited.mul_f64(self.shared.speed);
                    return Err(Fault::silence(&host, waited).error(self.name));
                }
                _ => (),
            }
        }
        // What was here when the I/O thread looked may have gone since: damaged on disk, or pushed out
        // of memory by others.
        self.shared.wake.notify_one();
        drop(self.shared.wait(state, LOOK));
        Ok(())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.lock().reads.retain(|read| read.id != self.read);
        self.shared.wake.notify_one();
    }
}
