//! What the I/O thread and those who read know together.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use url::Url;
use zoetrope_codecs::Transfer;

use crate::block_cache::{BLOCK_BYTES, BlockCache, ContentId, blocks_of};
use crate::client::Clients;
use crate::disk_cache::{DiskCache, PAGE_BLOCKS, Pages};
use crate::fault::Fault;
use crate::response::Validator;
use crate::timing::Timing;

/// Transfers that are remembered for the choice of quality.
const TRANSFERS_KEPT: usize = 64;

/// Everything that the threads share.
pub(crate) struct Shared {
    pub(crate) clients: Clients,
    pub(crate) disk: Option<DiskCache>,
    pub(crate) timing: Timing,
    /// How many times faster than usual everything passes.
    pub(crate) speed: f64,
    pub(crate) began: Instant,
    /// Wakes the I/O thread.
    pub(crate) wake: Notify,
    /// Tells those who read that something came or failed.
    pub(crate) arrived: Condvar,
    /// Writes to the disk that are not done.
    pub(crate) writes: AtomicUsize,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(
        clients: Clients,
        disk: Option<DiskCache>,
        memory_bytes: u64,
        speed: f64,
    ) -> Self {
        Self {
            clients,
            disk,
            timing: Timing::at_speed(speed),
            speed,
            began: Instant::now(),
            wake: Notify::new(),
            arrived: Condvar::new(),
            writes: AtomicUsize::new(0),
            state: Mutex::new(State {
                closed: false,
                ids: 0,
                resources: HashMap::new(),
                contents: HashMap::new(),
                blocks: BlockCache::new(memory_bytes),
                told_of: HashSet::new(),
                reads: Vec::new(),
                wishes: Vec::new(),
                transfers: Vec::new(),
            }),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something came or failed, `at_most` so long.
    pub(crate) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        at_most: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.arrived.wait_timeout(state, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Seconds on the clock of transfers.
    pub(crate) fn seconds(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.began).as_secs_f64() * self.speed
    }
}

/// The latest transfers of a clip.
#[derive(Default)]
pub(crate) struct TransferLog(Mutex<VecDeque<Transfer>>);

impl TransferLog {
    pub(crate) fn push(&self, transfer: Transfer) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == TRANSFERS_KEPT {
            kept.pop_front();
        }
        kept.push_back(transfer);
    }

    pub(crate) fn latest(&self) -> Vec<Transfer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().copied().collect()
    }
}

/// What is known and wanted.
pub(crate) struct State {
    /// The last handle is gone.
    pub(crate) closed: bool,
    ids: u64,
    pub(crate) resources: HashMap<u64, Resource>,
    /// Versions of files by their name, so that one that is opened again finds its blocks.
    contents: HashMap<String, ContentId>,
    pub(crate) blocks: BlockCache,
    /// Hosts of which it was told that they send no parts.
    pub(crate) told_of: HashSet<String>,
    /// Those who wait, in the order in which they came.
    pub(crate) reads: Vec<Read>,
    /// What will be wanted, the latest list first.
    pub(crate) wishes: Vec<Wish>,
    pub(crate) transfers: Vec<InFlight>,
}

/// A link that is in use.
pub(crate) struct Resource {
    pub(crate) url: Url,
    /// Where redirects led to.
    pub(crate) resolved: Option<Url>,
    /// Once the server has answered.
    pub(crate) facts: Option<Facts>,
    /// Faults in a row.
    pub(crate) faults: u32,
    /// The last of them, and when.
    pub(crate) fault: Option<(Fault, Instant)>,
    /// When something came last.
    pub(crate) came: Option<Instant>,
    pub(crate) log: Arc<TransferLog>,
}

/// What the first answer said.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) len: u64,
    pub(crate) validator: Validator,
    pub(crate) content: ContentId,
    /// Whether parts can be had; otherwise all of it is read once and stays in memory.
    pub(crate) ranges: bool,
    /// Name of the version on disk, where it may be kept there.
    pub(crate) disk_key: Option<String>,
    pub(crate) pages: Pages,
}

impl Facts {
    pub(crate) fn block_count(&self) -> u64 {
        self.len.div_ceil(BLOCK_BYTES)
    }

    /// Length of a block: the last is shorter.
    pub(crate) fn block_len(&self, block: u64) -> u64 {
        (self.len - (block * BLOCK_BYTES).min(self.len)).min(BLOCK_BYTES)
    }
}

/// Somebody who waits: for the first answer, and then for blocks.
pub(crate) struct Read {
    pub(crate) id: u64,
    pub(crate) resource: u64,
    /// Blocks still to be taken.
    pub(crate) blocks: Range<u64>,
}

/// A list of what will be wanted, the most wanted first.
pub(crate) struct Wish {
    pub(crate) owner: u64,
    /// Whether somebody is about to wait for it.
    pub(crate) urgent: bool,
    /// Resources and bytes.
    pub(crate) ranges: Vec<(u64, Range<u64>)>,
}

/// A request under way.
pub(crate) struct InFlight {
    pub(crate) id: u64,
    pub(crate) resource: u64,
    /// Blocks still to come.
    pub(crate) blocks: Range<u64>,
    /// Whether it is the first, which asks what there is.
    pub(crate) opener: bool,
    /// Whether it reads everything because the server knows no parts.
    pub(crate) stream: bool,
    pub(crate) asked: Instant,
    pub(crate) first_byte: Option<Instant>,
    /// When something came last, or it was asked.
    pub(crate) heard: Instant,
    pub(crate) bytes: u64,
    /// Whether it stands back for somebody who waits.
    pub(crate) paused: bool,
    pub(crate) was_paused: bool,
    pub(crate) unwanted_since: Option<Instant>,
    pub(crate) abort: Option<AbortHandle>,
}

impl State {
    /// A number that nothing else has.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// A link that will be read.
    pub(crate) fn add_resource(&mut self, url: Url, log: Arc<TransferLog>) -> u64 {
        let id = self.new_id();
        self.resources.insert(
            id,
            Resource {
                url,
                resolved: None,
                facts: None,
                faults: 0,
                fault: None,
                came: None,
                log,
            },
        );
        id
    }

    /// Nobody reads the link any more.
    pub(crate) fn remove_resource(&mut self, id: u64) {
        let removed = self.resources.remove(&id);
        self.reads.retain(|read| read.resource != id);
        for wish in &mut self.wishes {
            wish.ranges.retain(|(resource, _)| *resource != id);
        }
        self.transfers.retain(|transfer| {
            let gone = transfer.resource == id;
            if gone && let Some(abort) = &transfer.abort {
                abort.abort();
            }
            !gone
        });
        let Some(facts) = removed.and_then(|resource| resource.facts) else {
            return;
        };
        let content = facts.content;
        let others = || self.resources.values().filter_map(|r| r.facts.as_ref());
        if !facts.ranges && !others().any(|facts| facts.content == content) {
            self.blocks.forget(content);
        }
    }

    /// The identity of a version of a file; a new one where the server gives no mark of it.
    pub(crate) fn content(&mut self, key: Option<&str>) -> ContentId {
        if let Some(known) = key.and_then(|key| self.contents.get(key)) {
            return *known;
        }
        let id = ContentId(self.new_id());
        if let Some(key) = key {
            self.contents.insert(key.to_owned(), id);
        }
        id
    }

    /// Replaces what `owner` will want; an empty list takes it back.
    pub(crate) fn wish(&mut self, owner: u64, urgent: bool, ranges: Vec<(u64, Range<u64>)>) {
        self.wishes.retain(|wish| wish.owner != owner);
        if !ranges.is_empty() {
            let wish = Wish {
                owner,
                urgent,
                ranges,
            };
            self.wishes.insert(0, wish);
        }
    }

    /// Whether a block is here, in memory or on disk.
    pub(crate) fn has(&self, facts: &Facts, block: u64) -> bool {
        self.blocks.contains(facts.content, block) || on_disk(facts, block)
    }

    /// Whether all of `bytes` is here.
    pub(crate) fn has_all(&self, resource: u64, bytes: &Range<u64>) -> bool {
        let facts = self.resources.get(&resource);
        let Some(facts) = facts.and_then(|resource| resource.facts.as_ref()) else {
            return false;
        };
        let end = bytes.end.min(facts.len);
        let mut blocks = blocks_of(&(bytes.start.min(end)..end));
        blocks.all(|block| self.has(facts, block))
    }

    /// Takes what the disk had.
    pub(crate) fn take_page(&mut self, resource: u64, page: u64, blocks: Vec<(u64, Bytes)>) {
        let Some(resource) = self.resources.get_mut(&resource) else {
            return;
        };
        let Some(facts) = &mut resource.facts else {
            return;
        };
        if blocks.is_empty() {
            facts.pages.remove(&page);
        }
        for (block, bytes) in blocks {
            self.blocks.insert(facts.content, block, bytes, false);
        }
    }

    /// Takes a block that came for the transfer `id`. False when nobody wants the transfer any more.
    pub(crate) fn deliver(&mut self, id: u64, block: u64, bytes: Bytes) -> bool {
        let Some(transfer) = self.transfers.iter_mut().find(|other| other.id == id) else {
            return false;
        };
        transfer.blocks.start = transfer.blocks.start.max(block + 1);
        let Some(resource) = self.resources.get_mut(&transfer.resource) else {
            return false;
        };
        resource.faults = 0;
        resource.fault = None;
        if let Some(facts) = &resource.facts
            && !self.blocks.contains(facts.content, block)
        {
            self.blocks
                .insert(facts.content, block, bytes, !facts.ranges);
        }
        true
    }

    /// Notes that bytes came for the transfer `id`; false when it is to stop.
    pub(crate) fn hear(&mut self, id: u64, bytes: u64, now: Instant) -> bool {
        let Some(transfer) = self.transfers.iter_mut().find(|other| other.id == id) else {
            return false;
        };
        transfer.first_byte.get_or_insert(now);
        transfer.heard = now;
        transfer.bytes += bytes;
        if let Some(resource) = self.resources.get_mut(&transfer.resource) {
            resource.came = Some(now);
        }
        true
    }

    /// The transfer `id` has ended.
    pub(crate) fn finish(&mut self, shared: &Shared, id: u64, outcome: Result<(), Fault>) {
        let now = Instant::now();
        let Some(transfer) = self.take_transfer(shared, id, now) else {
            return;
        };
        let Some(resource) = self.resources.get_mut(&transfer.resource) else {
            return;
        };
        let Err(fault) = outcome else {
            return;
        };
        log::debug!("{}: {}", resource.url, fault.reason);
        // Where redirects led to may be a door that is open for a while only.
        if !fault.is_transient() && resource.resolved.take().is_some() {
            return;
        }
        resource.faults = resource.faults.saturating_add(1);
        resource.fault = Some((fault, now));
    }

    /// Takes a transfer out of the list and remembers how fast it was.
    pub(crate) fn take_transfer(
        &mut self,
        shared: &Shared,
        id: u64,
        now: Instant,
    ) -> Option<InFlight> {
        let place = self.transfers.iter().position(|other| other.id == id)?;
        let transfer = self.transfers.swap_remove(place);
        // One that stood back says nothing about the speed of the network.
        if let Some(first_byte) = transfer.first_byte
            && !transfer.was_paused
            && let Some(resource) = self.resources.get(&transfer.resource)
        {
            resource.log.push(Transfer {
                started_s: shared.seconds(transfer.asked),
                first_byte_s: shared.seconds(first_byte),
                ended_s: shared.seconds(now),
                bytes: transfer.bytes,
            });
        }
        Some(transfer)
    }
}

/// Whether a block is on disk.
pub(crate) fn on_disk(facts: &Facts, block: u64) -> bool {
    let bits = facts.pages.get(&(block / PAGE_BLOCKS));
    bits.is_some_and(|bits| bits & 1 << (block % PAGE_BLOCKS) != 0)
}
