//! The documents of a frequent term as bits, and where each of them stands in the term's postings.
//!
//! How many bits are set before a document is its number among the postings: a count before every stretch of words, one within the
//! stretch before every word, and the bits of the word itself (Jacobson 1989, "Space-efficient static trees and graphs").

use super::DocId;
use super::postings::BLOCK;
use crate::score::bits;

/// Words between two far counts: so few that the documents before the last of them can be counted in 16 bits.
const STRETCH: usize = 1024;

/// A set that does not change.
pub struct DenseSet {
    words: Box<[u64]>,
    /// Documents before each word, of those in its stretch.
    near: Box<[u16]>,
    /// Documents before each stretch.
    far: Box<[u32]>,
}

impl DenseSet {
    /// Of ascending documents, all less than `count`.
    pub(crate) fn new(docs: &[DocId], count: u32) -> Self {
        let mut words = vec![0u64; (count as usize).div_ceil(64)];
        for &doc in docs {
            if let Some(word) = words.get_mut(doc as usize / 64) {
                *word |= 1 << (doc % 64);
            }
        }
        let (mut near, mut far) = (Vec::with_capacity(words.len()), Vec::new());
        let mut before = 0;
        for stretch in words.chunks(STRETCH) {
            far.push(before);
            let mut within = 0;
            for word in stretch {
                near.push(within as u16);
                within += word.count_ones();
            }
            before += within;
        }
        Self { words: words.into(), near: near.into(), far: far.into() }
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Which documents of a block it has: a bit each.
    pub(crate) fn among(&self, docs: &[DocId; BLOCK]) -> u128 {
        let mut flags = [0; BLOCK];
        for (flag, &doc) in flags.iter_mut().zip(docs) {
            *flag = self.words.get(doc as usize / 64).map_or(0, |word| (word >> (doc % 64)) as u8 & 1);
        }
        bits::of_flags(&flags)
    }

    /// How many of its documents lie before `doc`, which the segment has.
    #[inline]
    pub(crate) fn rank(&self, doc: DocId) -> usize {
        let word = doc as usize / 64;
        let within = (self.words[word] & ((1 << (doc % 64)) - 1)).count_ones();
        (self.far[word / STRETCH] + u32::from(self.near[word]) + within) as usize
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        (size_of_val(&*self.words) + size_of_val(&*self.near) + size_of_val(&*self.far)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_has_the_number_that_it_has_in_the_list() {
        for (count, every) in [(1, 1), (64, 1), (65, 3), (200_000, 1), (200_000, 7), (200_000, 1000)] {
            let docs: Vec<DocId> = (0..count).filter(|doc| doc % every == 0).collect();
            let set = DenseSet::new(&docs, count);
            assert!(docs.iter().enumerate().all(|(number, &doc)| set.rank(doc) == number), "{count} {every}");
            for first in (0..count + 70).step_by(97) {
                let block = std::array::from_fn(|at| first + at as u32);
                let expected = |at: usize| block[at] < count && block[at] % every == 0;
                assert!(
                    (0..BLOCK).all(|at| set.among(&block) >> at & 1 == u128::from(expected(at))),
                    "{count} {every}"
                );
            }
        }
    }
}
