//! From transfers to the disk.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::disk_cache::PAGE_BLOCKS;
use crate::state::{Facts, Shared};

/// Blocks on their way to one page of the disk cache. They get there even if the transfer is given up.
pub(crate) struct Page {
    shared: Arc<Shared>,
    resource: u64,
    key: Option<String>,
    len: u64,
    page: u64,
    blocks: Vec<(u64, Bytes)>,
}

impl Page {
    pub(crate) fn new(shared: &Arc<Shared>, resource: u64, facts: &Facts) -> Self {
        Self {
            shared: shared.clone(),
            resource,
            key: facts.disk_key.clone(),
            len: facts.len,
            page: 0,
            blocks: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, block: u64, bytes: Bytes) {
        if self.key.is_none() {
            return;
        }
        if block / PAGE_BLOCKS != self.page {
            self.store();
            self.page = block / PAGE_BLOCKS;
        }
        self.blocks.push((block, bytes));
    }

    /// Hands the blocks to a thread that may wait for the disk.
    fn store(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        let (Some(key), false) = (self.key.clone(), blocks.is_empty()) else {
            return;
        };
        // Without a runtime everything is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (shared, resource) = (self.shared.clone(), self.resource);
        let (page, len) = (self.page, self.len);
        shared.writes.fetch_add(1, Ordering::Relaxed);
        runtime.spawn_blocking(move || {
            store(&shared, resource, &key, page, len, &blocks);
            shared.writes.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.store();
    }
}

/// Adds blocks to a page on disk.
fn store(shared: &Shared, resource: u64, key: &str, page: u64, len: u64, blocks: &[(u64, Bytes)]) {
    let Some(disk) = &shared.disk else {
        return;
    };
    // One after the other: two that add to the same page would lose what the other added.
    let _alone = disk.writing();
    let pages = |facts: &Facts| facts.pages.get(&page).copied().unwrap_or_default();
    let there = {
        let state = shared.lock();
        let resource = state.resources.get(&resource);
        resource.and_then(|resource| resource.facts.as_ref().map(pages))
    };
    let there = there.unwrap_or_else(|| disk.pages(key).get(&page).copied().unwrap_or_default());
    let stored = disk.store(key, page, len, there, blocks);
    let mut state = shared.lock();
    if let Some(resource) = state.resources.get_mut(&resource)
        && let Some(facts) = &mut resource.facts
        && stored != 0
    {
        facts.pages.insert(page, stored);
    }
}
