//! The documents of a term, in blocks of at most 128, with the last document and an upper bound of the impact of each block.

use std::io;
use std::sync::Arc;

use super::DocId;

/// Documents in a full block.
pub const BLOCK: usize = 128;

/// A term's postings: the table of its blocks, and a source that decodes one block at a time.
pub struct Postings {
    pub doc_freq: u32,
    pub table: Arc<BlockTable>,
    pub source: Box<dyn BlockSource>,
}

/// What is known of each block without decoding it. May be shared between searches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockTable {
    /// Last document of each block.
    pub last: Vec<DocId>,
    /// Upper bound over the block of `freq / (freq + k1 * (1 - b + b * length / average))` with k1 = 1.2, b = .75; 1 is always valid. For
    /// another average `a` (Lucene's length table, any k1' >= 1.2 handled by 1): multiplying by `max(1, a / average)` keeps it a bound.
    pub max_impact: Vec<f32>,
    /// The average length under which the bounds were computed.
    pub average: f32,
}

/// One document of a term's postings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub block: u32,
    /// Within the block.
    pub index: u8,
    /// Occurrences in the block before this entry's.
    pub before: u32,
    pub freq: u32,
}

impl Entry {
    /// Of a block whose frequencies are known.
    pub(crate) fn of(freqs: &[u32; BLOCK], block: usize, index: usize) -> Self {
        let before = freqs[..index].iter().fold(0u32, |sum, freq| sum.wrapping_add(*freq));
        Self { block: block as u32, index: index as u8, before, freq: freqs[index] }
    }
}

/// Decodes blocks. Random access is allowed; ascending access is fast.
pub trait BlockSource: Send {
    /// Decodes block `block`: documents into `docs`, the rest of which is filled with `NO_MORE_DOCS`. Returns how many.
    fn docs(&mut self, block: usize, docs: &mut [DocId; BLOCK]) -> io::Result<usize>;

    /// Frequencies of block `block` (1 where the field keeps none), parallel to `docs`.
    fn freqs(&mut self, block: usize, freqs: &mut [u32; BLOCK]) -> io::Result<()>;

    /// The frequency of entry `index` of block `block` alone.
    fn freq(&mut self, block: usize, index: usize) -> io::Result<u32> {
        Ok(self.entry(block, index)?.freq)
    }

    /// Entry `index` of block `block`.
    fn entry(&mut self, block: usize, index: usize) -> io::Result<Entry> {
        let mut freqs = [0; BLOCK];
        self.freqs(block, &mut freqs)?;
        Ok(Entry::of(&freqs, block, index))
    }

    /// Appends the positions of entry `index` of block `block`, ascending. Nothing where the field keeps none.
    fn positions(&mut self, block: usize, index: usize, out: &mut Vec<u32>) -> io::Result<()>;

    /// Appends the positions of several entries, one entry's behind another's, for a caller who has decoded their frequencies. Entries in
    /// ascending order are fast.
    fn positions_of(&mut self, entries: &[Entry], out: &mut Vec<u32>) -> io::Result<()> {
        entries.iter().try_for_each(|entry| self.positions(entry.block as usize, usize::from(entry.index), out))
    }
}
