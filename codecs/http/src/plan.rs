//! Decides what to ask for next.
//!
//! Whoever waits goes first, in the order in which they came; then what is about to be waited for;
//! then what will be wanted, in the order of its list. Neighbours become one request, small gaps
//! between them are loaded along, and the request of somebody who waits goes on into what will be
//! wanted next. While somebody waits nothing else is started, what is under way for others stands
//! back, and what nobody wants any more ends.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::block_cache::{BLOCK_BYTES, blocks_of};
use crate::state::{InFlight, Read, Shared, State};

/// Requests under way for those who wait.
const AWAITED_MAX: usize = 6;
/// Requests under way ahead of time.
const AHEAD_MAX: usize = 4;
/// Those of them for one file: two, so that one loads while the next is asked for.
const AHEAD_OF_ONE_MAX: usize = 2;
/// Requests for the same block, when the others have fallen silent.
const HEDGES_MAX: usize = 4;
/// Bytes of the first request.
pub(crate) const OPENER_BYTES: u64 = 256 << 10;
/// Blocks of one request: 4 MiB keep 75 Mbit/s busy for half a second.
const REQUEST_BLOCKS_MAX: u64 = (4 << 20) / BLOCK_BYTES;
/// Blocks that nobody wants between two that somebody wants: loading one along is cheaper than
/// another request.
const GAP_BLOCKS_MAX: u64 = 1;
/// A request ahead of time that has less left than this may end in peace: a new connection would
/// cost more.
const REST_BLOCKS: u64 = 2;

/// A request to be sent.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) resource: u64,
    pub(crate) blocks: Range<u64>,
    pub(crate) kind: JobKind,
    /// Over a new connection, because the others are silent.
    pub(crate) fresh: bool,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobKind {
    /// The beginning, and what there is.
    Opener,
    /// A range of an open file.
    Part,
    /// All of a file whose server knows no parts.
    Stream,
}

/// What to do now.
pub(crate) struct Plan {
    pub(crate) jobs: Vec<Job>,
    /// When to look again even if nothing happens.
    pub(crate) look_again: Duration,
}

/// The planner, for one look.
struct Planner<'a> {
    state: &'a mut State,
    shared: &'a Shared,
    now: Instant,
    jobs: Vec<Job>,
    /// Whether somebody waits for what is not here.
    waiting: bool,
    /// Whether anything that is wanted is not here.
    pending: bool,
}

/// Decides what to ask for now.
pub(crate) fn plan(state: &mut State, shared: &Shared, now: Instant) -> Plan {
    let mut planner = Planner {
        state,
        shared,
        now,
        jobs: Vec::new(),
        waiting: false,
        pending: false,
    };
    planner.serve_those_who_wait();
    planner.end_what_nobody_wants();
    planner.let_others_stand_back();
    if !planner.waiting {
        planner.load_ahead();
    }
    let busy = planner.pending || !planner.state.transfers.is_empty();
    let look_again = if busy {
        shared.timing.tick
    } else {
        Duration::from_secs(3600)
    };
    Plan {
        jobs: planner.jobs,
        look_again,
    }
}

impl Planner<'_> {
    fn serve_those_who_wait(&mut self) {
        let reads: Vec<(u64, Range<u64>)> = self
            .state
            .reads
            .iter()
            .map(|read| (read.resource, read.blocks.clone()))
            .collect();
        for (resource, blocks) in reads {
            let blocks = blocks.start..blocks.end.min(blocks.start + self.window());
            self.hedge(resource, &blocks);
            self.waiting |= self.serve(resource, &blocks, true);
        }
        for (resource, bytes) in self.wished(true) {
            let blocks = self.blocks_in(resource, &bytes);
            let blocks = blocks.start..blocks.end.min(blocks.start + self.window());
            self.serve(resource, &blocks, true);
        }
    }

    /// Blocks that one who waits may have under way or unread: what is loaded must not push out
    /// what was not taken yet.
    fn window(&self) -> u64 {
        (self.state.blocks.limit_bytes() / 2 / BLOCK_BYTES).clamp(2, 2048)
    }

    /// What is wished for, in order.
    fn wished(&self, urgent: bool) -> Vec<(u64, Range<u64>)> {
        let wishes = self.state.wishes.iter().filter(|w| w.urgent == urgent);
        wishes
            .flat_map(|wish| wish.ranges.iter().cloned())
            .collect()
    }

    /// The blocks of a range of bytes; all that the first answer may bring where the length is not
    /// known.
    fn blocks_in(&self, resource: u64, bytes: &Range<u64>) -> Range<u64> {
        let facts = self
            .state
            .resources
            .get(&resource)
            .and_then(|r| r.facts.as_ref());
        match facts {
            Some(facts) => {
                let end = bytes.end.min(facts.len);
                blocks_of(&(bytes.start.min(end)..end))
            }
            None => 0..0,
        }
    }

    /// Starts what is missing of `blocks`, as far as more requests may be under way. Whether
    /// anything is missing.
    fn serve(&mut self, resource: u64, blocks: &Range<u64>, awaited: bool) -> bool {
        let missing = self.start_missing(resource, blocks, awaited);
        self.pending |= missing;
        missing
    }

    fn start_missing(&mut self, resource: u64, blocks: &Range<u64>, awaited: bool) -> bool {
        let Some(known) = self.state.resources.get(&resource) else {
            return false;
        };
        let Some(facts) = &known.facts else {
            let asked = self.under_way(resource).next().is_some();
            if !asked && self.may_start(resource, awaited) {
                let end = OPENER_BYTES / BLOCK_BYTES;
                self.start(resource, 0..end, JobKind::Opener, false);
            }
            return true;
        };
        if !facts.ranges {
            let missing = blocks.clone().any(|block| !self.state.has(facts, block));
            let all = 0..facts.block_count();
            let streams = self.under_way(resource).any(|transfer| transfer.stream);
            if missing && !streams && self.may_start(resource, awaited) {
                self.start(resource, all, JobKind::Stream, false);
            }
            return missing;
        }
        let mut any = false;
        let mut from = blocks.start;
        while let Some(first) = self.next_missing(resource, from..blocks.end) {
            any = true;
            if self.is_under_way(resource, first) {
                from = first + 1;
                continue;
            }
            if !self.may_start(resource, awaited) {
                break;
            }
            let run = self.run(resource, first, blocks);
            from = run.end;
            self.start(resource, run, JobKind::Part, false);
        }
        any
    }

    fn next_missing(&self, resource: u64, mut blocks: Range<u64>) -> Option<u64> {
        let facts = self.state.resources.get(&resource)?.facts.as_ref()?;
        blocks.find(|block| !self.state.has(facts, *block))
    }

    /// Reads of what the transfer brings a part of.
    fn reads_of(&self, transfer: &InFlight) -> impl Iterator<Item = &Read> {
        let resource = transfer.resource;
        self.state
            .reads
            .iter()
            .filter(move |read| read.resource == resource)
    }

    fn under_way(&self, resource: u64) -> impl Iterator<Item = &InFlight> {
        let transfers = self.state.transfers.iter();
        transfers.filter(move |transfer| transfer.resource == resource)
    }

    fn is_under_way(&self, resource: u64, block: u64) -> bool {
        self.under_way(resource)
            .any(|transfer| transfer.blocks.contains(&block))
    }

    /// From `first` on, all that one request should load: what is missing of `wanted` and of what
    /// is wished for behind it, small gaps included.
    fn run(&self, resource: u64, first: u64, wanted: &Range<u64>) -> Range<u64> {
        let Some(facts) = self
            .state
            .resources
            .get(&resource)
            .and_then(|r| r.facts.as_ref())
        else {
            return first..first + 1;
        };
        let wishes: Vec<Range<u64>> = self
            .state
            .wishes
            .iter()
            .flat_map(|wish| &wish.ranges)
            .filter(|(other, _)| *other == resource)
            .map(|(_, bytes)| self.blocks_in(resource, bytes))
            .collect();
        let is_wanted = |block: u64| {
            let is_wished = wishes.iter().any(|wish| wish.contains(&block));
            (wanted.contains(&block) || is_wished)
                && !self.state.has(facts, block)
                && !self.is_under_way(resource, block)
        };
        let last = facts.block_count().min(first + REQUEST_BLOCKS_MAX);
        let mut end = first + 1;
        for block in first + 1..last {
            if is_wanted(block) {
                end = block + 1;
            } else if block - end >= GAP_BLOCKS_MAX {
                break;
            }
        }
        first..end
    }

    /// Whether another request to the resource may be sent now.
    fn may_start(&self, resource: u64, awaited: bool) -> bool {
        let Some(known) = self.state.resources.get(&resource) else {
            return false;
        };
        let under_way = self.state.transfers.len();
        let allowed = if awaited {
            under_way < AWAITED_MAX
        } else {
            under_way < AHEAD_MAX && self.under_way(resource).count() < AHEAD_OF_ONE_MAX
        };
        if !allowed {
            return false;
        }
        let Some((fault, when)) = &known.fault else {
            return true;
        };
        if !fault.is_transient() {
            return false;
        }
        // Spread by what is at hand: no two clients have the same numbers at the same time.
        let nanos = when
            .saturating_duration_since(self.shared.began)
            .subsec_nanos();
        let dice = f64::from(nanos % 1000) / 999.0;
        let timing = &self.shared.timing;
        let delay = timing.retry_delay(known.faults, awaited, dice);
        let asked = fault
            .retry_after
            .map(|asked| asked.div_f64(self.shared.speed));
        let asked = asked.map(|asked| asked.min(timing.retry_cap));
        self.now.saturating_duration_since(*when) >= delay.max(asked.unwrap_or_default())
    }

    /// Starts a second request where somebody waits for a silent one: after an outage a new
    /// connection is there long before the old one has noticed that the network is back.
    fn hedge(&mut self, resource: u64, blocks: &Range<u64>) {
        let Some(known) = self.state.resources.get(&resource) else {
            return;
        };
        let (first, kind) = match &known.facts {
            None => (0, JobKind::Opener),
            Some(facts) if !facts.ranges => return,
            Some(_) => match self.next_missing(resource, blocks.clone()) {
                Some(first) => (first, JobKind::Part),
                None => return,
            },
        };
        let mut covering: Vec<(Instant, Instant, u64, u64)> = self
            .under_way(resource)
            .filter(|transfer| transfer.blocks.contains(&first) || transfer.opener)
            .map(|transfer| {
                (
                    transfer.asked,
                    transfer.heard,
                    transfer.id,
                    transfer.blocks.end,
                )
            })
            .collect();
        covering.sort();
        let (Some(oldest), Some(newest)) = (covering.first(), covering.last()) else {
            return;
        };
        let silent = |moment: Instant| {
            self.now.saturating_duration_since(moment) >= self.shared.timing.hedge
        };
        if !silent(newest.0) || !covering.iter().all(|transfer| silent(transfer.1)) {
            return;
        }
        let end = match kind {
            JobKind::Opener => OPENER_BYTES / BLOCK_BYTES,
            _ => newest.3.max(first + 1),
        };
        if covering.len() >= HEDGES_MAX {
            self.end(oldest.2);
        }
        self.start(resource, first..end, kind, true);
    }

    fn end_what_nobody_wants(&mut self) {
        let ids: Vec<u64> = self
            .state
            .transfers
            .iter()
            .map(|transfer| transfer.id)
            .collect();
        for id in ids {
            let Some(transfer) = self.state.transfers.iter().find(|other| other.id == id) else {
                continue;
            };
            let wanted = self.is_wanted(transfer);
            let grace = self.shared.timing.grace;
            let (now, waiting) = (self.now, self.waiting);
            let Some(transfer) = self.state.transfers.iter_mut().find(|other| other.id == id)
            else {
                continue;
            };
            if wanted {
                transfer.unwanted_since = None;
                continue;
            }
            let since = *transfer.unwanted_since.get_or_insert(now);
            if waiting || now.saturating_duration_since(since) >= grace {
                self.end(id);
            }
        }
    }

    /// Whether anybody wants something that the transfer still brings.
    fn is_wanted(&self, transfer: &InFlight) -> bool {
        let rest = transfer.blocks.end.saturating_sub(transfer.blocks.start);
        let Some(known) = self.state.resources.get(&transfer.resource) else {
            return false;
        };
        let Some(facts) = &known.facts else {
            return true;
        };
        if transfer.stream {
            return true;
        }
        let brings = |wanted: &Range<u64>| {
            let from = wanted.start.max(transfer.blocks.start);
            let mut both = from..wanted.end.min(transfer.blocks.end);
            both.any(|block| !self.state.has(facts, block))
        };
        // The first answer is small, and what reads it goes on in steps.
        if transfer.opener || rest <= REST_BLOCKS {
            return brings(&transfer.blocks);
        }
        let mut reads = self.reads_of(transfer);
        let wishes = self.state.wishes.iter().flat_map(|wish| &wish.ranges);
        let mut wishes = wishes.filter(|(resource, _)| *resource == transfer.resource);
        reads.any(|read| brings(&read.blocks))
            || wishes.any(|(resource, bytes)| brings(&self.blocks_in(*resource, bytes)))
    }

    /// Stops what nobody waits for while somebody waits.
    fn let_others_stand_back(&mut self) {
        let urgent = self.wished(true);
        let needed: Vec<bool> = self
            .state
            .transfers
            .iter()
            .map(|transfer| {
                let mut reads = self.reads_of(transfer);
                let mut urgent = urgent
                    .iter()
                    .filter(|(other, _)| *other == transfer.resource);
                let meets = |blocks: &Range<u64>| {
                    blocks.start < transfer.blocks.end && transfer.blocks.start < blocks.end
                };
                transfer.opener
                    || transfer.stream
                    || reads.any(|read| meets(&read.blocks))
                    || urgent.any(|(other, bytes)| meets(&self.blocks_in(*other, bytes)))
            })
            .collect();
        for (transfer, needed) in self.state.transfers.iter_mut().zip(needed) {
            transfer.paused = self.waiting && !needed;
            transfer.was_paused |= transfer.paused;
        }
    }

    /// Loads what will be wanted, as far ahead as memory allows.
    fn load_ahead(&mut self) {
        let mut budget = self.state.blocks.limit_bytes() / 2 / BLOCK_BYTES;
        for (resource, bytes) in self.wished(false) {
            if self.state.transfers.len() >= AHEAD_MAX || budget == 0 {
                return;
            }
            let blocks = self.blocks_in(resource, &bytes);
            let blocks = blocks.start..blocks.end.min(blocks.start + budget);
            budget -= (blocks.end - blocks.start).max(1).min(budget);
            self.serve(resource, &blocks, false);
        }
    }

    fn start(&mut self, resource: u64, blocks: Range<u64>, kind: JobKind, fresh: bool) {
        let id = self.state.new_id();
        self.state.transfers.push(InFlight {
            id,
            resource,
            blocks: blocks.clone(),
            opener: kind == JobKind::Opener,
            stream: kind == JobKind::Stream,
            asked: self.now,
            first_byte: None,
            heard: self.now,
            bytes: 0,
            paused: false,
            was_paused: false,
            unwanted_since: None,
            abort: None,
        });
        self.jobs.push(Job {
            id,
            resource,
            blocks,
            kind,
            fresh,
        });
    }

    fn end(&mut self, id: u64) {
        let ended = self.state.take_transfer(self.shared, id, self.now);
        if let Some(abort) = ended.and_then(|transfer| transfer.abort) {
            abort.abort();
        }
        self.jobs.retain(|job| job.id != id);
    }
}
