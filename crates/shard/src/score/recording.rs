//! A set whose documents are kept for later questions once all of them were found: the bits are put aside as they pass.

use super::bits::{self, Bits};
use super::sets::Ranged;
use super::{Outcome, Scorer};
use crate::query_cache::Keep;
use crate::segment::DocId;

/// A scorer in front of another, which it takes the bits of.
pub(crate) struct Recording {
    base: Box<dyn Scorer>,
    max: u32,
    /// `None`: they are kept, or a stretch was passed over.
    record: Option<Record>,
}

struct Record {
    keep: Keep,
    words: Vec<u64>,
    /// Documents before it were looked at.
    to: DocId,
}

impl Recording {
    /// `max`: documents of the segment.
    pub(crate) fn new(base: Box<dyn Scorer>, max: u32, keep: Keep) -> Self {
        Self { base, max, record: Some(Record { keep, words: Vec::new(), to: 0 }) }
    }
}

impl Scorer for Recording {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.base.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.base.seek(target)
    }

    fn score(&mut self) -> Outcome<f32> {
        self.base.score()
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to)
    }

    fn as_range(&self) -> Option<Ranged> {
        self.base.as_range()
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        let Some(mut record) = self.record.take_if(|record| record.to == from && from.is_multiple_of(64)) else {
            self.record = None;
            return self.base.fill(from, to, words);
        };
        let end = to.min(self.max);
        record.words.resize((from / 64) as usize + words.len(), 0);
        let mine = &mut record.words[(from / 64) as usize..];
        self.base.fill(from, to, mine)?;
        words.iter_mut().zip(&*mine).for_each(|(word, mine)| *word |= mine);
        record.to = end;
        if end < self.max {
            self.record = Some(record);
            return Ok(());
        }
        record.words.resize((self.max as usize).div_ceil(64), 0);
        bits::clear_from(&mut record.words, self.max);
        record.keep.keep(Bits::new(record.words));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::query_cache::{QueryCache, SegmentQueries, Told};
    use crate::score::sets::DocList;

    fn recording(segment: &SegmentQueries, docs: &[u32]) -> Recording {
        let keep = match segment.ask([7].into()) {
            Told::Wanted(keep) => keep,
            Told::Known(_) | Told::New => panic!("it was asked once and is not known"),
        };
        Recording::new(Box::new(DocList::new(docs.to_vec(), 1.0)), 200, keep)
    }

    #[test]
    fn what_was_seen_whole_is_kept_and_nothing_else() {
        let cache = Arc::new(QueryCache::of_small(1 << 20));
        let segment = SegmentQueries::new(&cache, &Arc::default(), 200).unwrap();
        assert!(matches!(segment.ask([7].into()), Told::New));
        let docs = [0, 63, 64, 127, 130, 199];
        let mut words = [0; 3];
        // The second stretch is passed over.
        let mut scorer = recording(&segment, &docs);
        scorer.fill(0, 64, &mut words[..1]).unwrap();
        scorer.fill(128, 200, &mut words[..2]).unwrap();
        let mut scorer = recording(&segment, &docs);
        let mut found = Vec::new();
        for (from, to) in [(0, 64), (64, 192), (192, 200)] {
            // Bits of others are neither lost nor kept.
            let mut words = [1 << 5, 0];
            let words = &mut words[..((to - from) as usize).div_ceil(64)];
            scorer.fill(from, to, words).unwrap();
            bits::docs(words, from, &mut found);
        }
        assert_eq!(found, [0, 5, 63, 64, 69, 127, 130, 197, 199]);
        match segment.ask([7].into()) {
            Told::Known(bits) => {
                found.clear();
                bits::docs(bits.words(), 0, &mut found);
                assert_eq!((&found[..], bits.count()), (&docs[..], 6));
            }
            Told::Wanted(_) | Told::New => panic!("all of it was seen"),
        }
    }
}
