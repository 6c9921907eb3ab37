//! A term's postings in one segment, block by block: documents, frequencies, scores, bounds.

use std::ops::Range;
use std::sync::Arc;

use super::bm25::{NO_NORMS, TermScore};
use super::{Outcome, Scorer, bits};
use crate::segment::dense::DenseSet;
use crate::segment::postings::{BLOCK, BlockSource, BlockTable, Entry, Postings};
use crate::segment::{DocId, NO_MORE_DOCS, Norms};

/// No block.
const NONE: usize = usize::MAX;

/// Walks forwards; decodes a block when it is first looked at.
pub(crate) struct TermCursor {
    pub(crate) doc_freq: u32,
    pub(crate) score: TermScore,
    /// All its documents, where they are known as a set.
    pub(crate) dense: Option<Arc<DenseSet>>,
    table: Arc<BlockTable>,
    source: Box<dyn BlockSource>,
    norms: Option<Norms>,
    /// `None`: the table's bounds say nothing here.
    correction: Option<f32>,
    /// The block that holds the first document not yet passed.
    pub(crate) block: usize,
    pub(crate) docs: Box<[DocId; BLOCK]>,
    of_block: Box<OfBlock>,
    /// Entries of the loaded block.
    pub(crate) len: usize,
    /// Where the last seek ended in the loaded block.
    pub(crate) at: usize,
    loaded: usize,
    with_freqs: usize,
    scored: usize,
    summed: Summed,
}

/// What is known of the entries of a block besides their documents.
struct OfBlock {
    freqs: [u32; BLOCK],
    scores: [f32; BLOCK],
}

/// Occurrences in a block before those of one of its entries.
struct Summed {
    block: usize,
    index: usize,
    before: u32,
}

/// The index of the first document of a block at or behind `target`, `BLOCK` when there is none.
#[inline]
pub(crate) fn lower_bound(docs: &[DocId; BLOCK], target: DocId) -> usize {
    let at = lower_bound_within(docs, target);
    at + usize::from(docs[at] < target)
}

/// The index of the first document of a block at or behind `target`, the last one's when there is none.
#[inline]
pub(crate) fn lower_bound_within(docs: &[DocId; BLOCK], target: DocId) -> usize {
    let mut at = 0;
    let mut half = BLOCK / 2;
    while half > 0 {
        at += usize::from(docs[(at + half - 1) & (BLOCK - 1)] < target) * half;
        half /= 2;
    }
    at & (BLOCK - 1)
}

impl TermCursor {
    pub(crate) fn new(postings: Postings, norms: Option<Norms>, score: TermScore) -> Self {
        // Without lengths the table's bounds may have been made under lengths that are not ours.
        let correction = norms.as_ref().and_then(|_| score.scale.correction(postings.table.average));
        Self {
            doc_freq: postings.doc_freq,
            score,
            dense: None,
            table: postings.table,
            source: postings.source,
            norms,
            correction,
            block: 0,
            docs: Box::new([NO_MORE_DOCS; BLOCK]),
            of_block: Box::new(OfBlock { freqs: [1; BLOCK], scores: [0.0; BLOCK] }),
            len: 0,
            at: 0,
            loaded: NONE,
            with_freqs: NONE,
            scored: NONE,
            summed: Summed { block: NONE, index: 0, before: 0 },
        }
    }

    #[inline]
    pub(crate) fn blocks(&self) -> usize {
        self.table.last.len()
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.block >= self.blocks()
    }

    /// Last document of a block.
    #[inline]
    pub(crate) fn last(&self, block: usize) -> DocId {
        self.table.last[block]
    }

    /// First document that a block can hold.
    #[inline]
    pub(crate) fn first_possible(&self, block: usize) -> DocId {
        if block == 0 { 0 } else { self.table.last[block - 1] + 1 }
    }

    /// No document of the block scores more.
    #[inline]
    pub(crate) fn block_bound(&self, block: usize) -> f32 {
        match self.correction {
            Some(factor) => self.score.bound(self.table.max_impact[block] * factor),
            None => self.score.bound(1.0),
        }
    }

    /// No document scores more.
    pub(crate) fn whole_bound(&self) -> f32 {
        match self.correction {
            Some(factor) => self.score.bound(self.table.max_impact.iter().fold(0.0f32, |a, b| a.max(*b)) * factor),
            None => self.score.bound(1.0),
        }
    }

    /// Whether block bounds tell blocks apart.
    pub(crate) fn has_bounds(&self) -> bool {
        self.correction.is_some()
    }

    /// Moves to the block that holds the first document at or behind `target`.
    #[inline]
    pub(crate) fn skip_to(&mut self, target: DocId) {
        let last = &self.table.last;
        if self.block >= last.len() || last[self.block] >= target {
            return;
        }
        let mut step = 1;
        let mut low = self.block + 1;
        while low + step < last.len() && last[low + step] < target {
            low += step + 1;
            step *= 2;
        }
        let high = (low + step).min(last.len());
        self.block = low + last[low.min(high)..high].partition_point(|&doc| doc < target);
    }

    #[inline]
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded == self.block
    }

    /// Decodes the current block's documents.
    #[inline]
    pub(crate) fn load(&mut self) -> Outcome<()> {
        if self.loaded != self.block {
            self.len = self.source.docs(self.block, &mut self.docs)?;
            self.loaded = self.block;
            self.at = 0;
        }
        Ok(())
    }

    /// Decodes the current block's documents and frequencies; returns how many.
    #[inline]
    pub(crate) fn load_freqs(&mut self) -> Outcome<usize> {
        self.load()?;
        self.load_freqs_alone()?;
        Ok(self.len)
    }

    /// Decodes the current block's frequencies.
    #[inline]
    pub(crate) fn load_freqs_alone(&mut self) -> Outcome<()> {
        if self.with_freqs != self.block {
            self.source.freqs(self.block, &mut self.of_block.freqs)?;
            self.with_freqs = self.block;
        }
        Ok(())
    }

    /// Goes to a document of the set, which is the cursor's own; returns its index in the block. Nothing is decoded.
    #[inline]
    pub(crate) fn go_to(&mut self, set: &DenseSet, doc: DocId) -> usize {
        let rank = set.rank(doc);
        self.block = rank / BLOCK;
        rank % BLOCK
    }

    /// Entry `index`'s frequency; the block's frequencies are loaded.
    #[inline]
    pub(crate) fn freq(&self, index: usize) -> u32 {
        self.of_block.freqs[index]
    }

    /// Scores the whole current block.
    pub(crate) fn load_scores(&mut self) -> Outcome<&[f32]> {
        self.load_freqs()?;
        if self.scored != self.block {
            self.scored = self.block;
            if self.score.is_modelled() {
                for at in 0..self.len {
                    self.of_block.scores[at] =
                        self.score.score(self.of_block.freqs[at] as f32, self.code(self.docs[at]));
                }
                return Ok(&self.of_block.scores[..self.len]);
            }
            let inverse = self.inverses();
            let weight = self.score.weight;
            let OfBlock { freqs, scores, .. } = &mut *self.of_block;
            for ((out, &freq), inverse) in scores.iter_mut().zip(freqs.iter()).zip(&inverse) {
                *out = weight - weight / (1.0 + freq as i32 as f32 * inverse);
            }
        }
        Ok(&self.of_block.scores[..self.len])
    }

    /// The length factors of the loaded block's documents.
    fn inverses(&self) -> [f32; BLOCK] {
        let scale = &*self.score.scale;
        let mut inverses = [scale.inverse(NO_NORMS); BLOCK];
        if let Some(norms) = &self.norms {
            let codes = (**norms).as_ref();
            for (inverse, &doc) in inverses.iter_mut().zip(self.docs.iter()) {
                *inverse = scale.inverse(codes.get(doc as usize).copied().unwrap_or(0));
            }
        }
        inverses
    }

    /// The entries of the current block that score at least `needed`, and some that score a little less: a bit each.
    pub(crate) fn reaching(&mut self, needed: f64) -> Outcome<u128> {
        let all = u128::MAX >> (BLOCK - self.load_freqs()?);
        let weight = f64::from(self.score.weight);
        // Scores are rounded.
        let needed = needed - weight * 1e-6;
        if needed <= 0.0 || self.score.is_modelled() {
            return Ok(all);
        }
        // The score grows with the product of frequency and length factor, which is cheaper than itself.
        let product = if needed < weight { (needed / (weight - needed)) as f32 * (1.0 - 1e-6) } else { f32::INFINITY };
        let mut flags = [0u8; BLOCK];
        for ((flag, &freq), inverse) in flags.iter_mut().zip(&self.of_block.freqs).zip(&self.inverses()) {
            *flag = u8::from(freq as i32 as f32 * inverse >= product);
        }
        Ok(bits::of_flags(&flags) & all)
    }

    /// Scores of the current block, which `load_scores` has made.
    pub(crate) fn scores(&self) -> &[f32; BLOCK] {
        &self.of_block.scores
    }

    /// Norm code of a document.
    #[inline]
    pub(crate) fn code(&self, doc: DocId) -> u8 {
        match &self.norms {
            Some(norms) => (**norms).as_ref().get(doc as usize).copied().unwrap_or(0),
            None => NO_NORMS,
        }
    }

    /// Scores some entries of the current block, whose frequencies are loaded, and appends those that score at least `needed`.
    pub(crate) fn score_those(
        &self,
        entries: impl Iterator<Item = (DocId, usize)>,
        needed: f64,
        out: &mut Vec<(DocId, f64)>,
    ) {
        let codes = self.norms.as_ref().map(|norms| (**norms).as_ref());
        for (doc, index) in entries {
            let code = codes.map_or(NO_NORMS, |codes| codes.get(doc as usize).copied().unwrap_or(0));
            let score = f64::from(self.score.score(self.of_block.freqs[index] as f32, code));
            if score >= needed {
                out.push((doc, score));
            }
        }
    }

    /// Scores one entry of the current block.
    #[inline]
    pub(crate) fn score_entry(&mut self, index: usize) -> Outcome<f32> {
        if self.scored == self.block && self.loaded == self.block {
            return Ok(self.of_block.scores[index]);
        }
        self.load_freqs()?;
        Ok(self.score.score(self.of_block.freqs[index] as f32, self.code(self.docs[index])))
    }

    /// Scores entry `index` of the current block, which is `doc`, whether anything of the block is decoded or not.
    #[inline]
    pub(crate) fn score_at(&mut self, index: usize, doc: DocId) -> Outcome<f32> {
        let freq = match self.with_freqs == self.block {
            true => self.of_block.freqs[index],
            false => self.source.freq(self.block, index)?,
        };
        Ok(self.score.score(freq as f32, self.code(doc)))
    }

    /// The index of the first document at or behind `target` in the loaded block, `BLOCK` when there is none.
    #[inline]
    pub(crate) fn lower_bound(&self, target: DocId) -> usize {
        lower_bound(&self.docs, target)
    }

    /// The first document at or behind `target`, at `self.at` of the loaded block.
    pub(crate) fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        self.skip_to(target);
        if self.is_done() {
            return Ok(NO_MORE_DOCS);
        }
        self.load()?;
        if self.docs[self.at] < target {
            self.at += 1;
            if self.at >= BLOCK || self.docs[self.at] < target {
                self.at = self.lower_bound(target).min(BLOCK - 1);
            }
        }
        Ok(self.docs[self.at])
    }

    /// Entry `index` of the current block, whose frequencies are loaded. Ascending indexes are fast.
    pub(crate) fn entry(&mut self, index: usize) -> Entry {
        let freqs = &self.of_block.freqs;
        let summed = &mut self.summed;
        if summed.block != self.block || summed.index > index {
            *summed = Summed { block: self.block, index: 0, before: 0 };
        }
        let between = freqs[summed.index..index].iter().fold(0u32, |sum, freq| sum.wrapping_add(*freq));
        *summed = Summed { block: self.block, index, before: summed.before.wrapping_add(between) };
        Entry { block: self.block as u32, index: index as u8, before: summed.before, freq: freqs[index] }
    }

    /// The same, whether anything of the block is decoded or not.
    pub(crate) fn place(&mut self, index: usize) -> Outcome<Entry> {
        if self.with_freqs == self.block {
            return Ok(self.entry(index));
        }
        Ok(self.source.entry(self.block, index)?)
    }

    /// Appends the positions of several entries.
    pub(crate) fn positions_of(&mut self, entries: &[Entry], out: &mut Vec<u32>) -> Outcome<()> {
        Ok(self.source.positions_of(entries, out)?)
    }

    /// Appends the positions of entry `index` of block `block`.
    pub(crate) fn positions(&mut self, block: usize, index: usize, out: &mut Vec<u32>) -> Outcome<()> {
        Ok(self.source.positions(block, index, out)?)
    }

    /// Greatest bound of the blocks that reach into `from..to`.
    pub(crate) fn range_bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.skip_to(from);
        if self.is_done() || self.first_possible(self.block) >= to {
            return 0.0;
        }
        let Some(factor) = self.correction else { return self.score.bound(1.0) };
        let mut block = self.block;
        let mut impact = self.table.max_impact[block];
        while self.table.last[block] + 1 < to && block + 1 < self.blocks() {
            block += 1;
            impact = impact.max(self.table.max_impact[block]);
        }
        self.score.bound(impact * factor)
    }
}

impl Scorer for TermCursor {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.advance(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.advance(target)
    }

    fn score(&mut self) -> Outcome<f32> {
        self.score_entry(self.at)
    }

    fn cost(&self) -> u64 {
        u64::from(self.doc_freq)
    }

    fn exact_count(&self) -> Option<u64> {
        Some(u64::from(self.doc_freq))
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.range_bound(from, to)
    }

    fn fill(&mut self, from: DocId, to: DocId, words: &mut [u64]) -> Outcome<()> {
        self.each_part(from, to, |docs| docs.iter().for_each(|&doc| bits::set(words, doc - from)))
    }

    fn list(&mut self, from: DocId, to: DocId, out: &mut Vec<DocId>) -> Outcome<bool> {
        self.each_part(from, to, |docs| out.extend_from_slice(docs))?;
        Ok(true)
    }
}

impl TermCursor {
    /// Calls `visit` with each document of `from..to`, and how often it has the term.
    pub(crate) fn each_freq(&mut self, from: DocId, to: DocId, mut visit: impl FnMut(DocId, u32)) -> Outcome<()> {
        self.each_block(from, to, |cursor, entries| {
            cursor.load_freqs()?;
            entries.for_each(|at| visit(cursor.docs[at], cursor.freq(at)));
            Ok(())
        })
    }

    /// Calls `visit` with the documents of `from..to`, block by block.
    fn each_part(&mut self, from: DocId, to: DocId, mut visit: impl FnMut(&[DocId])) -> Outcome<()> {
        self.each_block(from, to, |cursor, entries| {
            visit(&cursor.docs[entries]);
            Ok(())
        })
    }

    /// Calls `visit` with the entries of each block, which is loaded, that lie in `from..to`.
    fn each_block(
        &mut self,
        from: DocId,
        to: DocId,
        mut visit: impl FnMut(&mut Self, Range<usize>) -> Outcome<()>,
    ) -> Outcome<()> {
        self.skip_to(from);
        while !self.is_done() && self.first_possible(self.block) < to {
            self.load()?;
            let start = if self.first_possible(self.block) >= from { 0 } else { self.lower_bound(from) };
            let end = if self.last(self.block) < to { self.len } else { self.lower_bound(to) };
            visit(self, start.min(end)..end)?;
            if self.last(self.block) >= to {
                break;
            }
            self.block += 1;
        }
        Ok(())
    }
}
