//! The inputs of a merge, the new numbers of their documents, and the pace that the caller sets.

use std::io;

use super::MergeInput;
use crate::error::ShardError;
use crate::seal::MAX_DOCS;
use crate::segment::disk::SealedSegment;
use crate::segment::{AliveDocs, DocId, Segment};

/// Bytes between two calls of `proceed`.
const STRIDE_BYTES: u64 = 256 << 10;

/// An input with the new numbers of its documents.
pub(in crate::seal) struct Input<'a> {
    pub(in crate::seal) segment: &'a SealedSegment,
    pub(super) alive: Option<&'a AliveDocs>,
    /// Documents kept in the inputs before.
    pub(super) base: DocId,
    pub(super) kept: u32,
    /// Kept documents before each word of `alive`.
    pub(super) ranks: Vec<u32>,
}

impl Input<'_> {
    /// The new number of a document; `None`: it is not kept.
    pub(in crate::seal) fn renumber(&self, doc: DocId) -> Option<DocId> {
        let Some(alive) = self.alive else { return Some(self.base + doc) };
        let (at, bit) = (doc as usize / 64, doc % 64);
        let word = *alive.words().get(at)?;
        (word >> bit & 1 == 1).then(|| self.base + self.ranks[at] + (word & ((1 << bit) - 1)).count_ones())
    }

    /// Kept documents, with their new numbers.
    pub(super) fn kept(&self) -> impl Iterator<Item = (DocId, DocId)> + '_ {
        (0..self.segment.doc_count()).filter_map(|doc| self.renumber(doc).map(|new| (doc, new)))
    }
}

pub(super) fn numbered<'a>(inputs: &'a [MergeInput<'a>]) -> Result<(Vec<Input<'a>>, u32), ShardError> {
    let mut total = 0u64;
    let mut numbered = Vec::with_capacity(inputs.len());
    for (segment, alive) in inputs {
        let kept = alive.map_or(segment.doc_count(), |alive| alive.len());
        let mut before = 0;
        let ranks = alive.iter().flat_map(|alive| alive.words()).map(|word| {
            before += word.count_ones();
            before - word.count_ones()
        });
        numbered.push(Input { segment, alive: *alive, base: total as u32, kept, ranks: ranks.collect() });
        total += u64::from(kept);
        if total >= MAX_DOCS {
            return Err(ShardError::TooLarge { what: "documents", found: total, limit: MAX_DOCS });
        }
    }
    Ok((numbered, total as u32))
}

/// Tells the caller how much was written.
pub(super) struct Pace<'a> {
    pub(super) proceed: &'a mut dyn FnMut(u64) -> bool,
    pub(super) told: u64,
}

impl Pace<'_> {
    /// An interrupted error when the caller wants to stop.
    pub(super) fn step(&mut self, written: u64) -> io::Result<()> {
        if written < self.told + STRIDE_BYTES {
            return Ok(());
        }
        let more = written - self.told;
        self.told = written;
        if (self.proceed)(more) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }
}
