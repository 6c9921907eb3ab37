//! What the rarest of several words has in common with those whose documents are known as sets.

use std::sync::Arc;

use super::{Candidate, Probe};
use crate::score::Outcome;
use crate::score::bits;
use crate::score::cursor::TermCursor;
use crate::segment::DocId;
use crate::segment::dense::DenseSet;
use crate::segment::postings::BLOCK;

/// Candidates of a block on average up to which their frequencies are picked out one by one.
const FEW: usize = 3;

/// The sets of some words.
pub(super) struct Crossing {
    /// Of the rarest word, if it has one.
    own: Option<Arc<DenseSet>>,
    /// Of the others that have one.
    others: Vec<Arc<DenseSet>>,
    /// A buffer: what the sets have in common.
    common: Vec<u64>,
}

/// Documents of one block of the rarest word, ascending.
pub(super) struct Found {
    pub(super) docs: [DocId; BLOCK],
    /// Their entries in the block.
    pub(super) entries: [u8; BLOCK],
    pub(super) len: usize,
}

impl Crossing {
    pub(super) fn new<'c>(rarest: &TermCursor, others: impl Iterator<Item = &'c TermCursor>) -> Self {
        let others = others.filter_map(|cursor| cursor.dense.clone()).collect();
        Self { own: rarest.dense.clone(), others, common: Vec::new() }
    }

    /// Whether one of the others has a set.
    pub(super) fn has_sets(&self) -> bool {
        !self.others.is_empty()
    }

    /// Finds the documents of the rarest word's current block that all sets have.
    pub(super) fn find(&mut self, rarest: &mut TermCursor, found: &mut Found) -> Outcome<()> {
        match &self.own {
            Some(own) if !self.others.is_empty() => {
                let (first, last) = (rarest.first_possible(rarest.block), rarest.last(rarest.block));
                let (from, to) = (first as usize / 64, last as usize / 64);
                self.common.clear();
                self.common.extend_from_slice(&own.words()[from..=to]);
                self.common[0] &= u64::MAX << (first % 64);
                self.common[to - from] &= u64::MAX >> (63 - last % 64);
                self.others.iter().for_each(|set| bits::and(&mut self.common, &set.words()[from..=to]));
                found.unpack(&self.common, own, from);
            }
            _ => {
                rarest.load()?;
                let all = u128::MAX >> (BLOCK - rarest.len);
                found.pick(&rarest.docs, self.others.iter().fold(all, |common, set| common & set.among(&rarest.docs)));
            }
        }
        Ok(())
    }
}

impl Default for Found {
    fn default() -> Self {
        Self { docs: [0; BLOCK], entries: [0; BLOCK], len: 0 }
    }
}

impl Found {
    /// Keeps the documents that pass; `passes` is told the entry too.
    pub(super) fn keep(&mut self, passes: impl Fn(DocId, usize) -> bool) {
        let mut out = 0;
        for at in 0..self.len {
            (self.docs[out], self.entries[out]) = (self.docs[at], self.entries[at]);
            out += usize::from(passes(self.docs[out], usize::from(self.entries[out])));
        }
        self.len = out;
    }

    /// The documents whose bits are set, all of one block of the term that has the set; bit 0 begins word `from` of it.
    fn unpack(&mut self, words: &[u64], set: &DenseSet, from: usize) {
        self.len = 0;
        for (number, &word) in (from..).zip(words) {
            if word == 0 {
                continue;
            }
            let (mut rest, own, before) = (word, set.words()[number], set.rank(number as u32 * 64));
            while rest != 0 {
                let below = (rest & rest.wrapping_neg()) - 1;
                let at = self.len & (BLOCK - 1);
                self.docs[at] = number as u32 * 64 + rest.trailing_zeros();
                self.entries[at] = ((before + (own & below).count_ones() as usize) % BLOCK) as u8;
                self.len += 1;
                rest &= rest - 1;
            }
        }
    }

    /// The documents of a block whose bit is set.
    pub(super) fn pick(&mut self, docs: &[DocId; BLOCK], mut bits: u128) {
        self.len = bits.count_ones() as usize;
        for (doc, entry) in self.docs.iter_mut().zip(&mut self.entries).take(self.len) {
            *entry = bits.trailing_zeros() as u8;
            *doc = docs[usize::from(*entry) & (BLOCK - 1)];
            bits &= bits - 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (DocId, usize)> {
        self.docs[..self.len].iter().zip(&self.entries).map(|(&doc, &entry)| (doc, usize::from(entry)))
    }
}

/// Adds a term's scores to candidates all of which its set has; keeps those that can still reach the floor.
pub(super) fn probe_set(
    (cursor, set): (&mut TermCursor, &DenseSet),
    candidates: &mut Vec<Candidate>,
    probe: &Probe,
) -> Outcome<()> {
    let many = are_many(set, candidates, |candidate| candidate.0);
    let mut out = 0;
    for at in 0..candidates.len() {
        let (doc, score) = candidates[at];
        let index = cursor.go_to(set, doc);
        if many {
            cursor.load_freqs_alone()?;
        }
        if score + f64::from(cursor.block_bound(cursor.block)) + probe.rest < probe.floor {
            continue;
        }
        let score = score + f64::from(cursor.score_at(index, doc)?);
        candidates[out] = (doc, score);
        out += usize::from(score + probe.rest >= probe.floor);
    }
    candidates.truncate(out);
    Ok(())
}

/// Whether it is cheaper to decode the frequencies of whole blocks of a term than to pick those of the documents, all of which its set has.
pub(super) fn are_many<C>(set: &DenseSet, candidates: &[C], doc: impl Fn(&C) -> DocId) -> bool {
    let ([first, ..], [.., last]) = (candidates, candidates) else { return false };
    let blocks = set.rank(doc(last)) / BLOCK - set.rank(doc(first)) / BLOCK + 1;
    candidates.len() > FEW * blocks
}
