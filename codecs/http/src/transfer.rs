//! One request, from asking to the last byte.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;
use url::Url;
use zoetrope_codecs::limits;

use crate::block_cache::BLOCK_BYTES;
use crate::fault::{Fault, FaultKind, host_of};
use crate::page::Page;
use crate::plan::{Job, JobKind, OPENER_BYTES};
use crate::response::{self, ContentRange, Validator};
use crate::state::{Facts, Shared};

/// How often a transfer that stands back looks whether it may go on.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends a request and brings what comes to the caches.
pub(crate) async fn run(shared: Arc<Shared>, job: Job) {
    let outcome = attempt(&shared, &job).await;
    shared.lock().finish(&shared, job.id, outcome);
    shared.arrived.notify_all();
    shared.wake.notify_one();
}

/// What a request needs to know of its resource.
struct Asked {
    url: Url,
    facts: Option<Facts>,
}

async fn attempt(shared: &Arc<Shared>, job: &Job) -> Result<(), Fault> {
    let asked = {
        let state = shared.lock();
        let Some(resource) = state.resources.get(&job.resource) else {
            return Ok(());
        };
        Asked {
            url: resource.resolved.as_ref().unwrap_or(&resource.url).clone(),
            facts: resource.facts.clone(),
        }
    };
    let response = ask(shared, job, &asked).await?;
    let url = response.url().clone();
    let host = host_of(&url);
    let body = match interpret(&host, &response, &asked, job)? {
        Answer::Nothing => {
            open(shared, job, &url, &response, 0, true);
            return Ok(());
        }
        Answer::Part { start, end, total } => {
            if asked.facts.is_none() {
                open(shared, job, &url, &response, total, true);
            }
            Body {
                position: start,
                end,
            }
        }
        Answer::Whole { len: Some(len) } => {
            open(shared, job, &url, &response, len, false);
            Body {
                position: 0,
                end: len,
            }
        }
        Answer::Whole { len: None } => return collect(shared, job, &url, response).await,
    };
    body.receive(shared, job, &host, response).await
}

async fn ask(shared: &Shared, job: &Job, asked: &Asked) -> Result<Response, Fault> {
    let mut request = shared
        .clients
        .get(&asked.url, job.fresh)?
        .get(asked.url.clone())
        .header(ACCEPT_ENCODING, "identity");
    if job.kind != JobKind::Stream {
        let len = asked.facts.as_ref().map_or(u64::MAX, |facts| facts.len);
        let end = (job.blocks.end * BLOCK_BYTES).min(len);
        let start = job.blocks.start * BLOCK_BYTES;
        request = request.header(RANGE, format!("bytes={start}-{}", end.saturating_sub(1)));
        let validator = asked.facts.as_ref().map(|facts| &facts.validator);
        if let Some(mark) = validator.and_then(Validator::if_range) {
            request = request.header(IF_RANGE, mark);
        }
    }
    match timeout(shared.timing.answer, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(Fault::request(&asked.url, &error)),
        Err(_) => Err(Fault::silence(
            &host_of(&asked.url),
            seconds(shared, shared.timing.answer),
        )),
    }
}

/// How long a scaled time is for people.
fn seconds(shared: &Shared, time: Duration) -> Duration {
    time.mul_f64(shared.speed)
}

/// What a response brings.
#[derive(Debug, PartialEq)]
enum Answer {
    /// The file is empty.
    Nothing,
    /// A range of it.
    Part { start: u64, end: u64, total: u64 },
    /// All of it, although a part was asked for.
    Whole { len: Option<u64> },
}

/// Understands the head of a response.
fn interpret(host: &str, response: &Response, asked: &Asked, job: &Job) -> Result<Answer, Fault> {
    let (status, headers) = (response.status(), response.headers());
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => check_head(host, headers, asked)?,
        StatusCode::RANGE_NOT_SATISFIABLE => return unsatisfiable(host, headers, asked),
        StatusCode::PRECONDITION_FAILED => return Err(Fault::changed()),
        _ => {
            let retry_after = response::retry_after(headers);
            return Err(Fault::status(host, status, retry_after));
        }
    }
    if status == StatusCode::OK {
        let len = response::content_length(headers);
        return match &asked.facts {
            // With `If-Range` this is how a server says that the file is another one by now.
            Some(facts) if len.is_some_and(|len| len != facts.len) => Err(Fault::changed()),
            Some(facts)
                if facts.validator.if_range().is_some() && !Validator::of(headers).is_known() =>
            {
                Err(Fault::changed())
            }
            Some(facts) => Ok(Answer::Whole {
                len: Some(facts.len),
            }),
            None => Ok(Answer::Whole { len }),
        };
    }
    let nonsense = |what: &str| {
        Fault::lasting(format!(
            "{host} answers a question for a part of the file with {what}; tell its owner that its \
             range requests are broken"
        ))
    };
    let Ok(Some(ContentRange {
        bytes: Some((start, end)),
        total,
    })) = response::content_range(headers)
    else {
        return Err(nonsense("a part that it does not describe"));
    };
    let len = asked.facts.as_ref().map(|facts| facts.len);
    let Some(total) = total.or(len) else {
        return Err(nonsense("a part of a file of unknown length"));
    };
    if len.is_some_and(|len| len != total) {
        return Err(Fault::changed());
    }
    let wanted_end = (job.blocks.end * BLOCK_BYTES).min(total);
    if start != job.blocks.start * BLOCK_BYTES || end > wanted_end {
        return Err(nonsense("another part"));
    }
    let claimed = response::content_length(headers);
    if claimed.is_some_and(|claimed| claimed != end - start) {
        return Err(nonsense("more or less than the part that it describes"));
    }
    Ok(Answer::Part { start, end, total })
}

/// The head of a response that brings content.
fn check_head(host: &str, headers: &HeaderMap, asked: &Asked) -> Result<(), Fault> {
    if let Some(facts) = &asked.facts
        && !facts.validator.agrees(&Validator::of(headers))
    {
        return Err(Fault::changed());
    }
    if let Some(encoding) = response::content_encoding(headers) {
        return Err(Fault::lasting(format!(
            "{host} sends it compressed (Content-Encoding: {encoding}) although it was asked not to, \
             so no part of it can be found; switch compression off for this file on the server"
        )));
    }
    if response::says_web_page(headers) {
        return Err(web_page(host));
    }
    Ok(())
}

fn web_page(host: &str) -> Fault {
    Fault::new(
        FaultKind::WebPage,
        format!(
            "{host} sends a web page instead of a clip; open the link to the file itself (a page that \
             asks to sign in looks like this too)"
        ),
    )
}

/// 416: there is no such range.
fn unsatisfiable(host: &str, headers: &HeaderMap, asked: &Asked) -> Result<Answer, Fault> {
    let total = response::content_range(headers).ok().flatten();
    let total = total.and_then(|range| range.total);
    match (&asked.facts, total) {
        (None, Some(0)) => Ok(Answer::Nothing),
        (Some(facts), Some(total)) if facts.len != total => Err(Fault::changed()),
        _ => Err(Fault::lasting(format!(
            "{host} says that the file has no such part (416) although it has; tell its owner that its \
             range requests are broken"
        ))),
    }
}

/// Notes what the first answer said.
fn open(shared: &Shared, job: &Job, url: &Url, response: &Response, len: u64, ranges: bool) {
    let headers = response.headers();
    let validator = Validator::of(headers);
    let mut state = shared.lock();
    let Some(resource) = state.resources.get(&job.resource) else {
        return;
    };
    let known = resource.facts.clone();
    let (original, host) = (resource.url.clone(), host_of(&resource.url));
    if known.as_ref().is_none_or(|facts| facts.ranges && !ranges) {
        let key = validator.is_known().then(|| {
            let mark = |mark: &Option<String>| mark.clone().unwrap_or_default();
            let (etag, modified) = (mark(&validator.etag), mark(&validator.modified));
            format!("{original}\n{etag}\n{modified}\n{len}")
        });
        let disk_key = key
            .clone()
            .filter(|_| ranges && shared.disk.is_some() && response::may_be_stored(headers));
        let pages = match (&shared.disk, &disk_key) {
            (Some(disk), Some(key)) => disk.pages(key),
            _ => Default::default(),
        };
        if !ranges && len > OPENER_BYTES && state.told_of.insert(host.clone()) {
            log::warn!(
                "{host} does not send parts of a file: the whole clip is loaded from its beginning, and \
                 seeking waits for that"
            );
        }
        let content = match &known {
            // Who reads knows it by this.
            Some(facts) => facts.content,
            // What must stay in memory as a whole is kept apart from what may go.
            None => state.content(key.as_deref().filter(|_| ranges)),
        };
        if let Some(resource) = state.resources.get_mut(&job.resource) {
            resource.facts = Some(Facts {
                len,
                validator,
                content,
                ranges,
                disk_key,
                pages,
            });
            resource.resolved = (*url != original).then(|| url.clone());
            resource.faults = 0;
            resource.fault = None;
        }
    }
    let blocks = len.div_ceil(BLOCK_BYTES);
    if let Some(transfer) = state.transfers.iter_mut().find(|other| other.id == job.id) {
        transfer.stream = !ranges;
        transfer.blocks.end = if ranges {
            transfer.blocks.end.min(blocks)
        } else {
            blocks
        };
    }
    drop(state);
    shared.arrived.notify_all();
    shared.wake.notify_one();
}

/// The bytes of a response whose place is known.
struct Body {
    position: u64,
    end: u64,
}

impl Body {
    async fn receive(
        mut self,
        shared: &Arc<Shared>,
        job: &Job,
        host: &str,
        mut response: Response,
    ) -> Result<(), Fault> {
        let Some(facts) = facts_of(shared, job) else {
            return Ok(());
        };
        if !facts.ranges {
            check_stream(host, facts.len)?;
        }
        let mut page = Page::new(shared, job.resource, &facts);
        let mut pending = BytesMut::new();
        while self.position < self.end {
            let Some(chunk) = next_chunk(shared, job, host, &mut response).await? else {
                return Err(Fault::short(host));
            };
            if self.position == 0 && pending.is_empty() && response::looks_like_web_page(&chunk) {
                return Err(web_page(host));
            }
            let rest = (self.end - self.position) as usize - pending.len();
            pending.extend_from_slice(&chunk[..chunk.len().min(rest)]);
            let mut completed = false;
            loop {
                let block = self.position / BLOCK_BYTES;
                let len = facts.block_len(block) as usize;
                if pending.len() < len || len == 0 {
                    break;
                }
                let bytes = pending.split_to(len).freeze();
                // A block of its own, so that a chunk does not stay in memory for a part of it.
                let bytes = Bytes::copy_from_slice(&bytes);
                self.position += len as u64;
                completed = true;
                page.add(block, bytes.clone());
                if !shared.lock().deliver(job.id, block, bytes) {
                    return Ok(());
                }
            }
            if completed {
                shared.arrived.notify_all();
            }
            // What does not fill a block is of no use: the server sent less than was asked for.
            if pending.len() as u64 == self.end - self.position && !pending.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// The facts of the resource, unless nobody wants it any more.
fn facts_of(shared: &Shared, job: &Job) -> Option<Facts> {
    let state = shared.lock();
    state.resources.get(&job.resource)?.facts.clone()
}

/// The next bytes of a response; `None` at its end.
async fn next_chunk(
    shared: &Shared,
    job: &Job,
    host: &str,
    response: &mut Response,
) -> Result<Option<Bytes>, Fault> {
    while is_paused(shared, job) {
        tokio::time::sleep(PAUSE).await;
    }
    match timeout(shared.timing.stall, response.chunk()).await {
        Ok(Ok(Some(chunk))) => {
            shared
                .lock()
                .hear(job.id, chunk.len() as u64, Instant::now());
            Ok(Some(chunk))
        }
        Ok(Ok(None)) => Ok(None),
        Ok(Err(error)) => {
            log::debug!("{host}: {error:?}");
            Err(Fault::short(host))
        }
        Err(_) => Err(Fault::silence(host, seconds(shared, shared.timing.stall))),
    }
}

fn is_paused(shared: &Shared, job: &Job) -> bool {
    let state = shared.lock();
    let mut transfers = state.transfers.iter();
    transfers.any(|transfer| transfer.id == job.id && transfer.paused)
}

fn check_stream(host: &str, len: u64) -> Result<(), Fault> {
    if len <= limits::MAX_STREAMED_BYTES {
        return Ok(());
    }
    Err(Fault::lasting(format!(
        "{host} does not send parts of a file, and this one is larger than {} MiB; put it on a server \
         that answers range requests, or download it and open the file",
        limits::MAX_STREAMED_BYTES >> 20
    )))
}

/// Reads a body whose length shows at its end only.
async fn collect(
    shared: &Arc<Shared>,
    job: &Job,
    url: &Url,
    mut response: Response,
) -> Result<(), Fault> {
    let host = host_of(url);
    let mut all = BytesMut::new();
    while let Some(chunk) = next_chunk(shared, job, &host, &mut response).await? {
        if all.is_empty() && response::looks_like_web_page(&chunk) {
            return Err(web_page(&host));
        }
        check_stream(&host, (all.len() + chunk.len()) as u64)?;
        all.extend_from_slice(&chunk);
    }
    open(shared, job, url, &response, all.len() as u64, false);
    let mut state = shared.lock();
    for (block, bytes) in all.chunks(BLOCK_BYTES as usize).enumerate() {
        state.deliver(job.id, block as u64, Bytes::copy_from_slice(bytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_read_up_to_the_limit_and_no_further() {
        assert!(check_stream("example.org", limits::MAX_STREAMED_BYTES).is_ok());
        assert!(check_stream("example.org", limits::MAX_STREAMED_BYTES + 1).is_err());
    }
}
