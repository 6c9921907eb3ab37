//! Documents of filters that are asked again and again, as bits by segment, within so many bytes of a node.
//!
//! In: what a leaf of a query asks of one segment, as bytes; the bits of its documents once somebody has found them all. Out: those bits,
//! until the segment is closed or others need their room: the least recently used go first. A segment never changes, so what is kept is
//! true for as long as it is open; deletions are the reader's business. Kept is what was asked of a segment before, not long ago, as
//! Lucene's `UsageTrackingQueryCachingPolicy` does. Not here: which leaves may be kept (`compile::asked`).

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lru::LruCache;
use parking_lot::Mutex;

use crate::score::bits::Bits;

/// Questions to a segment that are remembered.
const HISTORY: usize = 256;
/// Filters of a node that are kept at most.
const MAX_ENTRIES: usize = 10_000;
/// Documents of a segment below which finding them again costs as little as keeping them.
const MIN_DOCS: u32 = 10_000;
/// Bytes of an entry besides its question and its bits.
const ENTRY_BYTES: u64 = 160;

/// The number of a segment in the cache, and what it was asked.
type Key = (u64, Box<[u8]>);

/// The cache of a node.
pub struct QueryCache {
    limit: u64,
    min_docs: u32,
    next_segment: AtomicU64,
    kept: Mutex<Kept>,
}

struct Kept {
    entries: LruCache<Key, Entry>,
    bytes: u64,
}

struct Entry {
    bits: Arc<Bits>,
    bytes: u64,
    share: Arc<Share>,
}

/// What one copy of a shard has in the cache, and how often it asked.
#[derive(Debug, Default)]
pub(crate) struct Share {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    bytes: AtomicU64,
    entries: AtomicU64,
    kept: AtomicU64,
}

/// The counts of a [`Share`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryCacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub bytes: u64,
    /// Filters kept now, a segment each, and since the copy was opened.
    pub entries: u64,
    pub kept: u64,
}

impl Share {
    pub(crate) fn read(&self) -> QueryCacheStats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        QueryCacheStats {
            hits: read(&self.hits),
            misses: read(&self.misses),
            evictions: read(&self.evictions),
            bytes: read(&self.bytes),
            entries: read(&self.entries),
            kept: read(&self.kept),
        }
    }
}

impl Default for QueryCache {
    /// Keeps nothing.
    fn default() -> Self {
        Self::new(0)
    }
}

impl QueryCache {
    /// `limit`: bytes of all questions and their bits; 0: nothing is kept.
    pub fn new(limit: u64) -> Self {
        let kept = Kept { entries: LruCache::unbounded(), bytes: 0 };
        Self { limit, min_docs: MIN_DOCS, next_segment: AtomicU64::new(0), kept: Mutex::new(kept) }
    }

    /// As [`QueryCache::new`], for segments of any size.
    #[cfg(test)]
    pub(crate) fn of_small(limit: u64) -> Self {
        Self { min_docs: 0, ..Self::new(limit) }
    }

    /// Forgets all that one copy keeps.
    pub(crate) fn clear(&self, share: &Arc<Share>) {
        self.drop_some(|_, entry| Arc::ptr_eq(&entry.share, share));
    }

    fn drop_some(&self, of: impl Fn(u64, &Entry) -> bool) {
        let kept = &mut *self.kept.lock();
        let some = kept.entries.iter().filter(|(key, entry)| of(key.0, entry)).map(|(key, _)| key.clone());
        for key in some.collect::<Vec<_>>() {
            kept.remove(&key);
        }
    }

    fn find(&self, key: &Key) -> Option<Arc<Bits>> {
        self.kept.lock().entries.get(key).map(|entry| entry.bits.clone())
    }

    fn keep(&self, key: Key, bits: Arc<Bits>, share: &Arc<Share>) {
        let bytes = ENTRY_BYTES + key.1.len() as u64 + bits.memory_bytes();
        let kept = &mut *self.kept.lock();
        if bytes > self.limit || kept.entries.contains(&key) {
            return;
        }
        while kept.bytes + bytes > self.limit || kept.entries.len() >= MAX_ENTRIES {
            let Some(oldest) = kept.entries.peek_lru().map(|(key, _)| key.clone()) else { break };
            if let Some(entry) = kept.remove(&oldest) {
                entry.share.evictions.fetch_add(1, Ordering::Relaxed);
            }
        }
        kept.bytes += bytes;
        share.bytes.fetch_add(bytes, Ordering::Relaxed);
        share.entries.fetch_add(1, Ordering::Relaxed);
        share.kept.fetch_add(1, Ordering::Relaxed);
        kept.entries.put(key, Entry { bits, bytes, share: share.clone() });
    }
}

impl Kept {
    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.pop(key)?;
        self.bytes -= entry.bytes;
        entry.share.bytes.fetch_sub(entry.bytes, Ordering::Relaxed);
        entry.share.entries.fetch_sub(1, Ordering::Relaxed);
        Some(entry)
    }
}

/// One open segment, as the cache knows it.
pub struct SegmentQueries {
    number: u64,
    cache: Arc<QueryCache>,
    share: Arc<Share>,
    /// Hashes of the last questions, oldest first.
    asked: Mutex<VecDeque<u64>>,
}

/// What the cache says to a question.
pub(crate) enum Told {
    Known(Arc<Bits>),
    /// It was asked before: whoever finds its documents should have them kept.
    Wanted(Keep),
    New,
}

/// Where the documents of a question are to be kept.
pub(crate) struct Keep {
    key: Key,
    cache: Arc<QueryCache>,
    share: Arc<Share>,
}

impl Keep {
    pub(crate) fn keep(self, bits: Bits) {
        self.cache.keep(self.key, Arc::new(bits), &self.share);
    }
}

impl SegmentQueries {
    /// `None`: nothing is kept of a segment with so few documents, or by this cache.
    pub(crate) fn new(cache: &Arc<QueryCache>, share: &Arc<Share>, doc_count: u32) -> Option<Self> {
        if cache.limit == 0 || doc_count < cache.min_docs {
            return None;
        }
        let number = cache.next_segment.fetch_add(1, Ordering::Relaxed);
        let asked = Mutex::new(VecDeque::new());
        Some(Self { number, cache: cache.clone(), share: share.clone(), asked })
    }

    pub(crate) fn ask(&self, question: Box<[u8]>) -> Told {
        let mut hasher = DefaultHasher::new();
        question.hash(&mut hasher);
        let key = (self.number, question);
        if let Some(bits) = self.cache.find(&key) {
            self.share.hits.fetch_add(1, Ordering::Relaxed);
            return Told::Known(bits);
        }
        self.share.misses.fetch_add(1, Ordering::Relaxed);
        match self.was_asked(hasher.finish()) {
            true => Told::Wanted(Keep { key, cache: self.cache.clone(), share: self.share.clone() }),
            false => Told::New,
        }
    }

    fn was_asked(&self, hash: u64) -> bool {
        let asked = &mut *self.asked.lock();
        if asked.contains(&hash) {
            return true;
        }
        if asked.len() == HISTORY {
            asked.pop_front();
        }
        asked.push_back(hash);
        false
    }
}

impl Drop for SegmentQueries {
    fn drop(&mut self) {
        if self.share.entries.load(Ordering::Relaxed) > 0 {
            self.cache.drop_some(|number, _| number == self.number);
        }
    }
}

#[cfg(test)]
mod tests;
