//! Sources that are read again and again, unpacked, within so many bytes of a node.
//!
//! In: an open segment's number, a document of it, and its source once somebody has unpacked it. Out: that source, shared, until others need
//! its room: the least recently used go first. A segment never changes and no number is given twice, so what is kept is true; what is left
//! of a closed segment goes as it grows old. Kept is what was read before, not long ago: whoever reads all documents once pushes nothing out.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use lru::LruCache;
use parking_lot::Mutex;

use crate::segment::DocId;

/// Parts with a lock of their own, so that threads seldom wait for each other.
const PARTS: usize = 16;
/// Reads that are remembered, less those whose place another one has taken.
const HISTORY: usize = 1 << 16;
/// Bytes of an entry besides its source, by estimate.
const ENTRY_BYTES: u64 = 112;

/// The number of a segment in the cache, and a document of it.
type Key = (u64, DocId);

/// The cache of a node.
pub struct SourceCache {
    /// Bytes of each part.
    limit: u64,
    parts: Box<[Mutex<Part>]>,
    /// Hashes of what was read, each in the place that it gives itself.
    history: Box<[AtomicU32]>,
    hasher: RandomState,
    next_segment: AtomicU64,
}

struct Part {
    sources: LruCache<Key, Arc<[u8]>>,
    bytes: u64,
}

impl Default for SourceCache {
    /// Keeps nothing.
    fn default() -> Self {
        Self::new(0)
    }
}

impl SourceCache {
    /// `limit`: bytes of all that is kept; 0: nothing is.
    pub fn new(limit: u64) -> Self {
        let part = |_| Mutex::new(Part { sources: LruCache::unbounded(), bytes: 0 });
        let history = if limit == 0 { 0 } else { HISTORY };
        Self {
            limit: limit / PARTS as u64,
            parts: (0..PARTS).map(part).collect(),
            history: (0..history).map(|_| AtomicU32::new(0)).collect(),
            hasher: RandomState::new(),
            next_segment: AtomicU64::new(0),
        }
    }

    /// Bytes that are kept now.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.lock().bytes).sum()
    }

    fn part(&self, hash: u64) -> &Mutex<Part> {
        &self.parts[hash as usize % PARTS]
    }

    /// Whether the same was read not long ago; it has been now.
    fn was_read(&self, hash: u64) -> bool {
        let mark = (hash >> 32) as u32;
        self.history[(hash as usize / PARTS) % HISTORY].swap(mark, Ordering::Relaxed) == mark
    }

    fn keep(&self, hash: u64, key: Key, source: &Arc<[u8]>) {
        let bytes = ENTRY_BYTES + source.len() as u64;
        let part = &mut *self.part(hash).lock();
        if bytes > self.limit || part.sources.contains(&key) {
            return;
        }
        while part.bytes + bytes > self.limit {
            let Some((_, oldest)) = part.sources.pop_lru() else { break };
            part.bytes -= ENTRY_BYTES + oldest.len() as u64;
        }
        part.bytes += bytes;
        part.sources.put(key, source.clone());
    }
}

/// One open segment, as the cache knows it.
pub(crate) struct SegmentSources {
    number: u64,
    cache: Arc<SourceCache>,
}

impl SegmentSources {
    /// `None`: the cache keeps nothing.
    pub(crate) fn new(cache: &Arc<SourceCache>) -> Option<Self> {
        let number = || cache.next_segment.fetch_add(1, Ordering::Relaxed);
        (cache.limit > 0).then(|| Self { number: number(), cache: cache.clone() })
    }

    /// The source of `doc`: what is kept, or what `read` gives.
    pub(crate) fn get<E>(&self, doc: DocId, read: impl FnOnce() -> Result<Arc<[u8]>, E>) -> Result<Arc<[u8]>, E> {
        let key = (self.number, doc);
        let hash = self.cache.hasher.hash_one(key);
        if let Some(source) = self.cache.part(hash).lock().sources.get(&key) {
            return Ok(source.clone());
        }
        let source = read()?;
        if self.cache.was_read(hash) {
            self.cache.keep(hash, key, &source);
        }
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Reads a document; whether its segment was asked for it.
    fn asks(segment: &SegmentSources, doc: DocId, bytes: usize) -> bool {
        let mut asked = false;
        let read = || {
            asked = true;
            Ok::<_, Infallible>(Arc::from(vec![doc as u8; bytes]))
        };
        let Ok(source) = segment.get(doc, read);
        assert_eq!(*source, vec![doc as u8; bytes]);
        asked
    }

    #[test]
    fn what_is_read_again_is_kept() {
        let cache = Arc::new(SourceCache::new(1 << 20));
        let segment = SegmentSources::new(&cache).expect("a cache that keeps something");
        assert!(asks(&segment, 7, 100));
        assert_eq!(cache.bytes(), 0, "it may never be read again");
        assert!(asks(&segment, 7, 100));
        assert!(!asks(&segment, 7, 100));
        assert_eq!(cache.bytes(), ENTRY_BYTES + 100);
        let other = SegmentSources::new(&cache).expect("a cache that keeps something");
        assert!(asks(&other, 7, 50), "another segment has other documents");
    }

    #[test]
    fn it_stays_within_its_bytes_and_the_oldest_go() {
        let limit = 64 << 10;
        let cache = Arc::new(SourceCache::new(limit));
        let segment = SegmentSources::new(&cache).expect("a cache that keeps something");
        for doc in 0..2_000 {
            asks(&segment, doc, 200);
            asks(&segment, doc, 200);
            assert!(cache.bytes() <= limit);
        }
        assert!(cache.bytes() > limit / 2);
        assert!(!asks(&segment, 1_999, 200));
        assert!(asks(&segment, 0, 200));
        asks(&segment, 5_000, limit as usize);
        asks(&segment, 5_000, limit as usize);
        assert!(asks(&segment, 5_000, limit as usize), "what is larger than all is not kept");
        assert!(!asks(&segment, 1_999, 200), "and pushes nothing out");
    }

    #[test]
    fn a_cache_of_no_bytes_keeps_nothing() {
        assert!(SegmentSources::new(&Arc::default()).is_none());
    }
}
