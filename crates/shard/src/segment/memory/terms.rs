//! The terms of one field of a block: a sorted stretch, searched by halving.

use std::io;
use std::ops::Bound;
use std::sync::Arc;

use search::statistics::TermStatistics;

use super::data::{Data, Row, Stretch};
use crate::segment::norms::LENGTHS;
use crate::segment::postings::{BLOCK, BlockSource, BlockTable, Postings};
use crate::segment::{Detail, DocId, NO_MORE_DOCS, TermAutomaton, TermEntry, TermRange, Terms};

/// BM25's parameters under which impacts are given.
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// How much greater a bound is made, against rounding.
const SLACK: f32 = 1.000_002;

pub(super) struct BlockTerms {
    pub(super) data: Arc<Data>,
    pub(super) row: Row,
}

impl BlockTerms {
    fn entry(&self, term: u32) -> TermEntry {
        let postings = self.data.postings(term);
        let total = (postings.start..postings.end).map(|posting| u64::from(self.data.freq(&self.row, posting))).sum();
        let statistics = TermStatistics { doc_freq: postings.len() as u64, total_term_freq: total };
        TermEntry { statistics, place: [u64::from(term), 0, 0] }
    }

    /// The table of a term's blocks.
    fn table(&self, postings: Stretch, detail: Detail) -> BlockTable {
        let average = match self.row.doc_count {
            0 => 1.0,
            docs => (self.row.tokens as f64 / f64::from(docs)) as f32,
        };
        let docs = &self.data.docs[postings.range()];
        let last = docs.chunks(BLOCK).filter_map(|block| block.last().copied()).collect();
        let blocks = docs.len().div_ceil(BLOCK);
        let max_impact = if detail == Detail::Docs {
            vec![1.0; blocks]
        } else {
            let impacts = docs.iter().zip(postings.start..).map(|(&doc, posting)| self.impact(doc, posting, average));
            let mut bounds = vec![0f32; blocks];
            impacts.enumerate().for_each(|(at, impact)| bounds[at / BLOCK] = bounds[at / BLOCK].max(impact));
            bounds
        };
        BlockTable { last, max_impact, average }
    }

    fn impact(&self, doc: DocId, posting: u32, average: f32) -> f32 {
        let code = self.row.norms.map_or(1, |norms| self.data.norms[norms.range()][doc as usize]);
        let freq = self.data.freq(&self.row, posting) as f32;
        let length = LENGTHS[usize::from(code)] as f32;
        (freq / (freq + K1 * (1.0 - B + B * length / average)) * SLACK).min(1.0)
    }

    fn bounds(&self, range: TermRange<'_>) -> (u32, u32) {
        let all = self.row.terms;
        let start = match range.0 {
            Bound::Unbounded => all.start,
            Bound::Included(term) => self.data.first_term(all, |key| key < term),
            Bound::Excluded(term) => self.data.first_term(all, |key| key <= term),
        };
        let end = match range.1 {
            Bound::Unbounded => all.end,
            Bound::Included(term) => self.data.first_term(all, |key| key <= term),
            Bound::Excluded(term) => self.data.first_term(all, |key| key < term),
        };
        (start, end)
    }
}

impl Terms for BlockTerms {
    fn len(&self) -> u64 {
        self.row.terms.len() as u64
    }

    fn get(&self, term: &[u8]) -> io::Result<Option<TermEntry>> {
        let at = self.data.first_term(self.row.terms, |key| key < term);
        let found = at < self.row.terms.end && self.data.key(at) == term;
        Ok(found.then(|| self.entry(at)))
    }

    fn walk(
        &self,
        range: TermRange<'_>,
        automaton: &dyn TermAutomaton,
        visit: &mut dyn FnMut(&[u8], TermEntry) -> bool,
    ) -> io::Result<()> {
        let (mut at, end) = self.bounds(range);
        // The states after each byte of `before`, the start first.
        let mut states = vec![0u32];
        let mut before: &[u8] = &[];
        if !automaton.can_match(0) {
            return Ok(());
        }
        while at < end {
            let term = self.data.key(at);
            let shared = term.iter().zip(before).take_while(|(a, b)| a == b).count();
            states.truncate(shared.min(states.len() - 1) + 1);
            let mut dead = false;
            while !dead && states.len() <= term.len() {
                let depth = states.len() - 1;
                let state = automaton.step(states[depth], term[depth]);
                states.push(state);
                dead = !automaton.can_match(state);
            }
            before = term;
            if dead {
                // Nothing that begins with these bytes can match.
                let prefix = &term[..states.len() - 1];
                states.pop();
                at = self.data.first_term(Stretch { start: at, end }, |key| key.starts_with(prefix));
                continue;
            }
            if automaton.is_match(states[term.len()]) && !visit(term, self.entry(at)) {
                break;
            }
            at += 1;
        }
        Ok(())
    }

    fn postings(&self, entry: &TermEntry, detail: Detail) -> io::Result<Postings> {
        let term =
            u32::try_from(entry.place[0]).ok().filter(|term| (self.row.terms.start..self.row.terms.end).contains(term));
        let term = term.ok_or(io::ErrorKind::InvalidInput)?;
        let postings = self.data.postings(term);
        let table = Arc::new(self.table(postings, detail));
        let source = Box::new(BlockPostings { data: self.data.clone(), row: self.row, postings });
        Ok(Postings { doc_freq: postings.len() as u32, table, source })
    }
}

/// Postings of one term, copied out block by block.
struct BlockPostings {
    data: Arc<Data>,
    row: Row,
    postings: Stretch,
}

impl BlockPostings {
    fn block(&self, block: usize) -> Stretch {
        let start = self.postings.start.saturating_add((block * BLOCK) as u32).min(self.postings.end);
        Stretch { start, end: start.saturating_add(BLOCK as u32).min(self.postings.end) }
    }
}

impl BlockSource for BlockPostings {
    fn docs(&mut self, block: usize, docs: &mut [DocId; BLOCK]) -> io::Result<usize> {
        let block = self.block(block);
        docs[..block.len()].copy_from_slice(&self.data.docs[block.range()]);
        docs[block.len()..].fill(NO_MORE_DOCS);
        Ok(block.len())
    }

    fn freqs(&mut self, block: usize, freqs: &mut [u32; BLOCK]) -> io::Result<()> {
        let block = self.block(block);
        for (freq, posting) in freqs.iter_mut().zip(block.start..block.end) {
            *freq = self.data.freq(&self.row, posting);
        }
        Ok(())
    }

    fn positions(&mut self, block: usize, index: usize, out: &mut Vec<u32>) -> io::Result<()> {
        let block = self.block(block);
        if index < block.len() {
            out.extend_from_slice(self.data.positions(&self.row, block.start + index as u32));
        }
        Ok(())
    }
}
