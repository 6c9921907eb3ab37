//! The documents of a segment's frequent terms as sets, for terms that are asked for again and again: the least recently used go first.
//!
//! What is common to several words is found in such sets without decoding their postings. Not here: the postings themselves, which keep
//! frequencies and positions.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;

use crate::segment::dense::DenseSet;
use crate::segment::postings::BLOCK;
use crate::segment::{DocId, TermEntry};

/// Sets of a segment at most: four bytes a document.
const SETS: usize = 25;
/// One document in so many has a frequent term, at least; of rarer ones the postings are smaller than a set by far.
const ONE_IN: u64 = 64;
/// Documents that a frequent term has at least.
const MIN_DOCS: u64 = 2 * BLOCK as u64;
/// Terms without a set that are remembered to have been asked for.
const HISTORY: usize = 256;

pub(super) struct FrequentTerms {
    doc_count: u32,
    kept: Mutex<Kept>,
}

/// By where the terms' postings begin.
struct Kept {
    sets: LruCache<u64, Arc<DenseSet>>,
    /// Oldest first.
    asked: VecDeque<u64>,
}

impl FrequentTerms {
    /// Of a segment of so many documents.
    pub(super) fn new(doc_count: u32) -> Self {
        Self { doc_count, kept: Mutex::new(Kept { sets: LruCache::unbounded(), asked: VecDeque::new() }) }
    }

    /// The set of a term; `None`: it is rare, or was not asked for before. `docs` appends its documents.
    pub(super) fn get(
        &self,
        entry: &TermEntry,
        docs: impl FnOnce(&mut Vec<DocId>) -> io::Result<()>,
    ) -> io::Result<Option<Arc<DenseSet>>> {
        let (doc_freq, [start, ..]) = (entry.statistics.doc_freq, entry.place);
        if doc_freq < MIN_DOCS || doc_freq * ONE_IN < u64::from(self.doc_count) {
            return Ok(None);
        }
        if let Some(set) = self.kept.lock().find(start) {
            return Ok(set);
        }
        let mut found = Vec::with_capacity(doc_freq as usize);
        docs(&mut found)?;
        let set = Arc::new(DenseSet::new(&found, self.doc_count));
        self.kept.lock().keep(start, set.clone());
        Ok(Some(set))
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.kept.lock().sets.iter().map(|(_, set)| set.memory_bytes()).sum()
    }
}

impl Kept {
    /// `None`: the set is worth making. `Some(None)`: not yet.
    fn find(&mut self, start: u64) -> Option<Option<Arc<DenseSet>>> {
        if let Some(set) = self.sets.get(&start) {
            return Some(Some(set.clone()));
        }
        if self.asked.contains(&start) {
            return None;
        }
        if self.asked.len() == HISTORY {
            self.asked.pop_front();
        }
        self.asked.push_back(start);
        Some(None)
    }

    fn keep(&mut self, start: u64, set: Arc<DenseSet>) {
        self.sets.put(start, set);
        while self.sets.len() > SETS {
            self.sets.pop_lru();
        }
    }
}

#[cfg(test)]
mod tests {
    use search::statistics::TermStatistics;

    use super::*;

    #[test]
    fn a_frequent_term_is_kept_when_asked_for_again_until_others_need_its_room() {
        let terms = FrequentTerms::new(64_000);
        let ask = |start: u64, doc_freq: u64| {
            let entry =
                TermEntry { statistics: TermStatistics { doc_freq, total_term_freq: doc_freq }, place: [start, 0, 0] };
            let mut read = false;
            let set = terms.get(&entry, |docs| {
                read = true;
                docs.extend(0..doc_freq as DocId);
                Ok(())
            });
            (set.unwrap().is_some(), read)
        };
        assert_eq!([ask(0, 1000), ask(0, 1000), ask(0, 1000)], [(false, false), (true, true), (true, false)]);
        assert_eq!([ask(1, 999), ask(1, 999)], [(false, false); 2], "rare");
        let one = terms.memory_bytes();
        assert!((8000..12_000).contains(&one));
        for start in 1..=SETS as u64 {
            assert_eq!([ask(start, 1000), ask(start, 1000)], [(false, false), (true, true)]);
        }
        assert_eq!(terms.memory_bytes(), one * SETS as u64);
        assert_eq!([ask(0, 1000), ask(SETS as u64, 1000)], [(true, true), (true, false)]);
    }
}
