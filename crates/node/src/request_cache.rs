//! Answers of shards that have not changed since: what searches without hits (`size: 0`) found, within so many bytes of the node.
//!
//! In: what a shard was asked, bound to its fields, so that one question has one form however it was written; the generation of the view
//! that answered, which every change of content raises. Out: the answer, if it is still true. The least recently used goes first. Not here:
//! which searches may be kept (`gateway::search`).

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use lru::LruCache;
use model::aggregation::partial::Partial;
use parking_lot::Mutex;
use search::shard_query::{ShardHits, ShardQuery};

/// Bytes of an entry besides its question and its answer.
const ENTRY_BYTES: u64 = 256;

/// What one shard has in the cache, and how often it was asked.
#[derive(Debug, Default)]
pub struct Share {
    /// Its number in the cache, given when it is first asked.
    number: OnceLock<u64>,
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    pub evictions: AtomicU64,
    pub bytes: AtomicU64,
}

/// The cache of a node.
pub struct RequestCache {
    limit: u64,
    next_share: AtomicU64,
    kept: Mutex<Kept>,
}

struct Kept {
    /// By shard and hash of the question.
    entries: LruCache<(u64, u64), Entry>,
    bytes: u64,
}

struct Entry {
    share: Arc<Share>,
    generation: u64,
    query: Arc<ShardQuery>,
    answer: Answer,
    bytes: u64,
}

/// An answer without hits, the aggregations as they cross the wire: as small as they get, and their size is known.
struct Answer {
    counts: ShardHits,
    aggregations: Vec<Vec<u8>>,
}

impl Answer {
    fn of(hits: &ShardHits) -> Self {
        let aggregations = hits.aggregations.iter().map(Partial::to_bytes).collect();
        let counts = ShardHits {
            hits: Vec::new(),
            total: hits.total,
            at_least: hits.at_least,
            max_score: hits.max_score,
            terminated_early: hits.terminated_early,
            timed_out: false,
            skipped: false,
            profile: None,
            aggregations: Vec::new(),
        };
        Self { counts, aggregations }
    }

    fn bytes(&self) -> u64 {
        self.aggregations.iter().map(|bytes| bytes.len() as u64).sum()
    }

    /// `None`: it cannot be read, which would be a mistake here; the shard is asked then.
    fn read(&self) -> Option<ShardHits> {
        let aggregations = self.aggregations.iter().map(|bytes| Partial::from_bytes(bytes).ok());
        Some(ShardHits { aggregations: aggregations.collect::<Option<_>>()?, ..self.counts.clone() })
    }
}

impl Kept {
    fn remove(&mut self, key: (u64, u64)) -> Option<Entry> {
        let entry = self.entries.pop(&key)?;
        self.bytes -= entry.bytes;
        entry.share.bytes.fetch_sub(entry.bytes, Ordering::Relaxed);
        Some(entry)
    }

    /// Removes what `of` says of one shard's entries.
    fn drop_some(&mut self, share: u64, of: impl Fn(&Entry) -> bool) {
        let some = self.entries.iter().filter(|(key, entry)| key.0 == share && of(entry));
        let keys: Vec<(u64, u64)> = some.map(|(key, _)| *key).collect();
        keys.into_iter().for_each(|key| drop(self.remove(key)));
    }
}

impl RequestCache {
    /// `limit`: bytes of all questions and answers; 0: nothing is kept.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            next_share: AtomicU64::new(0),
            kept: Mutex::new(Kept { entries: LruCache::unbounded(), bytes: 0 }),
        }
    }

    fn number(&self, share: &Share) -> u64 {
        *share.number.get_or_init(|| self.next_share.fetch_add(1, Ordering::Relaxed))
    }

    /// What the shard answered to this in this generation.
    pub fn find(&self, share: &Arc<Share>, generation: u64, query: &ShardQuery) -> Option<ShardHits> {
        let key = (self.number(share), fingerprint(query).0);
        let kept = &mut *self.kept.lock();
        let known = kept.entries.peek(&key).map(|entry| (entry.generation, *entry.query == *query));
        let found = match known {
            Some((known, true)) if known == generation => kept.entries.get(&key).and_then(|entry| entry.answer.read()),
            Some((known, _)) if known < generation => {
                // The shard has changed: nothing that it said before is true any more.
                kept.drop_some(key.0, |entry| entry.generation < generation);
                None
            }
            _ => None,
        };
        let counter = if found.is_some() { &share.hits } else { &share.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps what the shard answered, unless it was cut short or is larger than all that may be kept.
    pub fn keep(&self, share: &Arc<Share>, generation: u64, query: &Arc<ShardQuery>, hits: &ShardHits) {
        if hits.timed_out || !hits.hits.is_empty() {
            return;
        }
        let (hash, length) = fingerprint(query);
        let answer = Answer::of(hits);
        let bytes = ENTRY_BYTES + length + answer.bytes();
        if bytes > self.limit {
            return;
        }
        let key = (self.number(share), hash);
        let kept = &mut *self.kept.lock();
        if kept.entries.peek(&key).is_some_and(|entry| entry.generation > generation) {
            return;
        }
        kept.remove(key);
        while kept.bytes + bytes > self.limit {
            let Some(oldest) = kept.entries.peek_lru().map(|(key, _)| *key) else { break };
            if let Some(entry) = kept.remove(oldest) {
                entry.share.evictions.fetch_add(1, Ordering::Relaxed);
            }
        }
        kept.bytes += bytes;
        share.bytes.fetch_add(bytes, Ordering::Relaxed);
        let (share, query) = (share.clone(), query.clone());
        kept.entries.put(key, Entry { share, generation, query, answer, bytes });
    }

    /// Forgets what a shard said before this generation.
    pub fn forget_before(&self, share: &Share, generation: u64) {
        if share.bytes.load(Ordering::Relaxed) > 0 {
            self.kept.lock().drop_some(self.number(share), |entry| entry.generation < generation);
        }
    }

    /// Forgets all that a shard said.
    pub fn clear(&self, share: &Share) {
        self.forget_before(share, u64::MAX);
    }

    /// How many answers are kept.
    pub fn answers(&self) -> u64 {
        self.kept.lock().entries.len() as u64
    }

    /// Bytes of all that is kept.
    pub fn bytes(&self) -> u64 {
        self.kept.lock().bytes
    }
}

/// A hash of the question, and about how many bytes it is. Questions are compared in full before an answer is believed.
fn fingerprint(query: &ShardQuery) -> (u64, u64) {
    struct Hashing(DefaultHasher, u64);
    impl Write for Hashing {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.write(text.as_bytes());
            self.1 += text.len() as u64;
            Ok(())
        }
    }
    let mut hashing = Hashing(DefaultHasher::new(), 0);
    // Writing into a hash does not fail.
    let _ = write!(hashing, "{query:?}");
    (hashing.0.finish(), hashing.1)
}

#[cfg(test)]
mod tests {
    use model::search::TrackTotal;
    use search::bound::{BoundKind, BoundQuery};

    use super::*;

    fn query(field: &str) -> Arc<ShardQuery> {
        Arc::new(ShardQuery {
            query: Arc::new(BoundQuery::new(BoundKind::Exists(vec![field.into()]))),
            post_filter: None,
            statistics: None,
            top: 0,
            sort: Arc::new([]),
            after: None,
            track_scores: false,
            track_total: TrackTotal::All,
            min_score: None,
            terminate_after: None,
            aggregations: None,
        })
    }

    fn answer(total: u64) -> ShardHits {
        ShardHits { total, aggregations: vec![Partial::Count(total)], ..ShardHits::default() }
    }

    fn counts(share: &Share) -> [u64; 3] {
        [&share.hits, &share.misses, &share.evictions].map(|count| count.load(Ordering::Relaxed))
    }

    #[test]
    fn an_answer_is_given_again_until_the_shard_changes() {
        let cache = RequestCache::new(1 << 20);
        let (one, other) = (Arc::new(Share::default()), Arc::new(Share::default()));
        assert_eq!(cache.find(&one, 1, &query("a")), None);
        cache.keep(&one, 1, &query("a"), &answer(7));
        cache.keep(&other, 1, &query("a"), &answer(8));
        assert_eq!(cache.find(&one, 1, &query("a")), Some(answer(7)));
        assert_eq!(cache.find(&other, 1, &query("a")), Some(answer(8)));
        assert_eq!((cache.find(&one, 1, &query("b")), cache.find(&one, 2, &query("a"))), (None, None));
        assert_eq!((counts(&one), one.bytes.load(Ordering::Relaxed)), ([1, 3, 0], 0));
        assert_eq!(cache.find(&other, 1, &query("a")), Some(answer(8)));
        cache.clear(&other);
        assert_eq!((cache.bytes(), cache.find(&other, 1, &query("a"))), (0, None));
    }

    #[test]
    fn what_was_cut_short_or_is_too_much_is_not_kept() {
        let cache = RequestCache::new(1 << 20);
        let share = Arc::new(Share::default());
        cache.keep(&share, 1, &query("a"), &ShardHits { timed_out: true, ..answer(1) });
        RequestCache::new(100).keep(&share, 1, &query("a"), &answer(1));
        assert_eq!(share.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = RequestCache::new(2500);
        let share = Arc::new(Share::default());
        cache.keep(&share, 1, &query("field00"), &answer(0));
        let each = cache.bytes();
        let room = 2500 / each;
        for number in 1..room {
            cache.keep(&share, 1, &query(&format!("field{number:02}")), &answer(number));
        }
        assert!(room > 1 && cache.find(&share, 1, &query("field00")).is_some());
        cache.keep(&share, 1, &query("field99"), &answer(99));
        assert_eq!((cache.bytes(), share.bytes.load(Ordering::Relaxed)), (each * room, each * room));
        assert!(cache.find(&share, 1, &query("field00")).is_some());
        assert!(cache.find(&share, 1, &query("field01")).is_none());
        assert_eq!(counts(&share)[2], 1);
    }
}
