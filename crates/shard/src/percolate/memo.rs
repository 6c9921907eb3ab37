//! Stored queries that have been read and bound, kept for the next search within so many bytes of a node.
//!
//! In: the text of a query, and what it is bound by. Out: the bound query, shared, until others need its room: the least recently used go first.
//! Kept is only what means the same at any time.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use lru::LruCache;
use model::error::Error;
use parking_lot::Mutex;
use search::bind::BindContext;
use search::bound::BoundQuery;
use search::percolate::stored::Stored;

/// Bytes of all that is kept, by estimate.
const LIMIT: u64 = 32 << 20;
/// Bytes of an entry besides its query, by estimate.
const ENTRY_BYTES: u64 = 400;
/// A bound query is so many times as large as its text, by estimate.
const GROWTH: u64 = 6;

/// The stored queries of a node that were bound lately.
#[derive(Default)]
pub struct StoredQueries {
    kept: Mutex<Option<Kept>>,
    hasher: RandomState,
}

struct Kept {
    queries: LruCache<u64, Entry>,
    bytes: u64,
}

struct Entry {
    context: Arc<BindContext>,
    text: Box<[u8]>,
    bound: Arc<BoundQuery>,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.text.len() as u64 * GROWTH + ENTRY_BYTES
    }

    /// Whether it is this text, bound by what binds as this does.
    fn is(&self, text: &[u8], context: &BindContext) -> bool {
        let same = Arc::ptr_eq(&self.context.mapping, &context.mapping)
            && Arc::ptr_eq(&self.context.analysis, &context.analysis)
            && self.context.settings == context.settings;
        same && *self.text == *text
    }
}

impl StoredQueries {
    /// The query of a text, bound.
    ///
    /// # Errors
    /// As [`Stored::read`].
    pub(super) fn bound(&self, text: &[u8], context: &Arc<BindContext>) -> Result<Arc<BoundQuery>, Error> {
        let key = self.hasher.hash_one((text, Arc::as_ptr(&context.mapping) as usize));
        if let Some(found) = self.find(key, text, context) {
            return Ok(found);
        }
        let bound = Arc::new(Stored::read(text, context)?.bound);
        if is_timeless(text) {
            self.keep(key, Entry { context: context.clone(), text: text.into(), bound: bound.clone() });
        }
        Ok(bound)
    }

    fn find(&self, key: u64, text: &[u8], context: &BindContext) -> Option<Arc<BoundQuery>> {
        let mut kept = self.kept.lock();
        let entry = kept.as_mut()?.queries.get(&key)?;
        entry.is(text, context).then(|| entry.bound.clone())
    }

    fn keep(&self, key: u64, entry: Entry) {
        let mut kept = self.kept.lock();
        let kept = kept.get_or_insert_with(|| Kept { queries: LruCache::unbounded(), bytes: 0 });
        kept.bytes += entry.bytes();
        if let Some(before) = kept.queries.put(key, entry) {
            kept.bytes -= before.bytes();
        }
        while kept.bytes > LIMIT {
            let Some((_, oldest)) = kept.queries.pop_lru() else { break };
            kept.bytes -= oldest.bytes();
        }
    }
}

/// Whether a query means the same at any time: `now` stands for a moment, and what is written otherwise than it reads might say it.
fn is_timeless(text: &[u8]) -> bool {
    let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    !(has(b"now") || has(b"\\") || has(b"wrapper"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_of_now_is_not_kept() {
        let check = |text: &str, expected: bool| assert_eq!(is_timeless(text.as_bytes()), expected, "{text}");
        check(r#"{"term": {"k": "a"}}"#, true);
        check(r#"{"range": {"d": {"gte": "now-1d"}}}"#, false);
        check(r#"{"range": {"d": {"gte": "\u006eow"}}}"#, false);
        check(r#"{"wrapper": {"query": ""}}"#, false);
    }
}
