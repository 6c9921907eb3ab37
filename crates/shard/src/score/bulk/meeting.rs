//! Where ascending candidates meet the documents of one block.

use crate::score::cursor::{lower_bound, lower_bound_within};
use crate::segment::DocId;
use crate::segment::postings::BLOCK;

/// Candidates may lie so many documents apart at most.
const SPAN: usize = 16_384;
/// So many candidates are asked for at a time at most.
const MOST: usize = u8::MAX as usize;
/// So many candidates are looked up one by one; more are laid out for the whole block.
const FEW: usize = 24;

/// Entry of a block, and number of the candidate that it is.
pub(super) type Hit = (u8, u8);

/// Buffers for it.
pub(crate) struct Meeting {
    /// Candidates by document, counted from 1; 0: none. Made when first wanted.
    slots: Option<Box<[u8; SPAN]>>,
    hits: [Hit; BLOCK],
}

impl Default for Meeting {
    fn default() -> Self {
        Self { slots: None, hits: [(0, 0); BLOCK] }
    }
}

/// How many of the ascending candidates, of which there is one, can be asked for at a time in a block that ends with `last`.
pub(super) fn stretch<C>(candidates: &[C], last: DocId, doc: impl Fn(&C) -> DocId) -> usize {
    let candidates = &candidates[..candidates.len().min(MOST)];
    let last = last.min(doc(&candidates[0]).saturating_add(SPAN as u32 - 1));
    match candidates.last() {
        Some(candidate) if doc(candidate) <= last => candidates.len(),
        _ => candidates.iter().position(|candidate| doc(candidate) > last).unwrap_or(candidates.len()),
    }
}

impl Meeting {
    /// The ascending candidates that a block has: a [`stretch`] of them.
    pub(super) fn hits<C>(&mut self, block: &[DocId; BLOCK], candidates: &[C], doc: impl Fn(&C) -> DocId) -> &[Hit] {
        let found = match candidates {
            [first, .., last] if candidates.len() > FEW => {
                let (base, high) = (doc(first), doc(last));
                self.look_up_entries(block, candidates.iter().map(&doc), (base, high))
            }
            _ => self.look_up_each(block, candidates.iter().map(&doc)),
        };
        &self.hits[..found]
    }

    /// Searches the block for each. Nothing here depends on what was found before, so that several searches are under way at a time.
    fn look_up_each(&mut self, block: &[DocId; BLOCK], candidates: impl Iterator<Item = DocId>) -> usize {
        let mut found = 0;
        for (number, doc) in (0..).zip(candidates) {
            let place = lower_bound_within(block, doc);
            self.hits[found & (BLOCK - 1)] = (place as u8, number);
            found += usize::from(block[place] == doc);
        }
        found
    }

    /// Lays the candidates' numbers out by document, and looks the block's documents up there.
    fn look_up_entries(
        &mut self,
        block: &[DocId; BLOCK],
        candidates: impl Iterator<Item = DocId> + Clone,
        (base, high): (DocId, DocId),
    ) -> usize {
        let slots = self.slots.get_or_insert_with(|| Box::new([0; SPAN]));
        let slot = |doc: DocId| (doc - base) as usize & (SPAN - 1);
        for (number, doc) in (1..).zip(candidates.clone()) {
            slots[slot(doc)] = number;
        }
        let start = lower_bound(block, base);
        let end = lower_bound(block, high + 1);
        let mut found = 0;
        for (place, &entry) in (start as u8..).zip(&block[start.min(end)..end]) {
            let number = slots[slot(entry)];
            self.hits[found & (BLOCK - 1)] = (place, number.wrapping_sub(1));
            found += usize::from(number != 0);
        }
        for doc in candidates {
            slots[slot(doc)] = 0;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;
    use crate::segment::NO_MORE_DOCS;

    proptest! {
        #[test]
        fn few_and_many_candidates_meet_the_same_documents(
            docs in btree_set(0u32..5_000, 1..=BLOCK),
            candidates in btree_set(0u32..5_000, 1..3 * FEW),
        ) {
            let mut block = [NO_MORE_DOCS; BLOCK];
            docs.iter().zip(&mut block).for_each(|(&doc, place)| *place = doc);
            let candidates: Vec<DocId> = candidates.into_iter().filter(|doc| doc <= docs.last().unwrap()).collect();
            let met: Vec<DocId> = candidates.iter().copied().filter(|doc| docs.contains(doc)).collect();
            let mut meeting = Meeting::default();
            for some in [&candidates[..], &candidates[..candidates.len().min(FEW)]] {
                let hits = meeting.hits(&block, some, |&doc| doc);
                prop_assert!(hits.iter().all(|&(place, number)| block[usize::from(place)] == some[usize::from(number)]));
                let wanted = met.iter().filter(|doc| some.contains(doc)).count();
                prop_assert_eq!(hits.len(), wanted);
            }
            // It leaves nothing behind.
            prop_assert!(meeting.slots.iter().all(|slots| slots.iter().all(|&slot| slot == 0)));
        }
    }
}
