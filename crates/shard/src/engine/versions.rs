//! What was written since the last refresh, by id: the truth before the segments are.
//!
//! Real-time get, versions and compare-and-set look here first, then into the newest reader. Entries leave when a reader
//! holds their operation; tombstones stay a while, so that an old external version cannot resurrect a document.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How long a deleted document's version is remembered, as OpenSearch's `index.gc_deletes`.
pub(super) const TOMBSTONE_MS: u64 = 60_000;

/// The newest operation on an id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) seq_no: u64,
    pub(super) primary_term: u64,
    pub(super) version: u64,
    pub(super) state: EntryState,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum EntryState {
    /// Document `doc` of the batch that becomes segment `segment`.
    Live {
        segment: u64,
        doc: u32,
        routing: Option<Arc<str>>,
        source: Arc<[u8]>,
    },
    Deleted {
        at_ms: u64,
    },
}

/// Ids written since the last refresh.
#[derive(Debug, Default)]
pub(super) struct VersionMap {
    entries: HashMap<Arc<str>, Entry>,
    /// Deleted ids by the time of their deletion, oldest first.
    tombstones: VecDeque<(u64, Arc<str>)>,
}

impl VersionMap {
    pub(super) fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// Replaces what was known; returns it.
    pub(super) fn put(&mut self, id: Arc<str>, entry: Entry) -> Option<Entry> {
        if let EntryState::Deleted { at_ms } = entry.state {
            self.tombstones.push_back((at_ms, id.clone()));
        }
        self.entries.insert(id, entry)
    }

    /// Forgets the documents of a batch that a reader now holds, unless something newer was written. `ids` are the batch's.
    pub(super) fn published<'a>(&mut self, segment: u64, ids: impl Iterator<Item = &'a str>) {
        for id in ids {
            if let Some(Entry { state: EntryState::Live { segment: at, .. }, .. }) = self.entries.get(id)
                && *at == segment
            {
                self.entries.remove(id);
            }
        }
        if self.entries.is_empty() && self.entries.capacity() > 1024 {
            self.entries.shrink_to_fit();
        }
    }

    /// Forgets ids, whatever was known of them.
    pub(super) fn forget<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        if !self.entries.is_empty() {
            ids.for_each(|id| drop(self.entries.remove(id)));
        }
    }

    /// Forgets tombstones older than [`TOMBSTONE_MS`] whose operation every reader reflects (below `published_seq`).
    pub(super) fn forget_tombstones(&mut self, now_ms: u64, published_seq: u64) {
        while let Some((at_ms, id)) = self.tombstones.front() {
            if now_ms.saturating_sub(*at_ms) < TOMBSTONE_MS {
                return;
            }
            match self.entries.get(id) {
                Some(entry) if entry.state == (EntryState::Deleted { at_ms: *at_ms }) => {
                    if entry.seq_no >= published_seq {
                        return;
                    }
                    self.entries.remove(id);
                }
                _ => {}
            }
            self.tombstones.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(seq_no: u64, segment: u64) -> Entry {
        let state = EntryState::Live { segment, doc: 0, routing: None, source: Arc::from(&b"{}"[..]) };
        Entry { seq_no, primary_term: 1, version: 1, state }
    }

    #[test]
    fn publishing_keeps_what_was_written_meanwhile() {
        let mut map = VersionMap::default();
        map.put("a".into(), live(1, 7));
        map.put("b".into(), live(2, 7));
        map.put("b".into(), live(3, 8));
        map.published(7, ["a", "b"].into_iter());
        assert_eq!((map.get("a"), map.get("b").map(|e| e.seq_no)), (None, Some(3)));
    }

    #[test]
    fn tombstones_outlive_their_refresh() {
        let mut map = VersionMap::default();
        map.put("a".into(), Entry { state: EntryState::Deleted { at_ms: 1_000 }, ..live(5, 0) });
        map.forget_tombstones(1_000 + TOMBSTONE_MS - 1, 9);
        assert_eq!(map.entries.len(), 1);
        map.forget_tombstones(1_000 + TOMBSTONE_MS, 5);
        assert_eq!(map.entries.len(), 1, "no reader reflects it yet");
        map.forget_tombstones(1_000 + TOMBSTONE_MS, 6);
        assert_eq!(map.entries.len(), 0);
    }
}
