//! One sealed segment out of memory blocks: what they hold is written as it lies there, nothing is analysed or sorted again.
//!
//! The bytes are those of a segment sealed from the documents that are kept.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::OwnedBytes;

use super::draft::{Draft, Sources};
use super::vectors::Vectors;
use super::{Field, Gathered, NO_SOURCE};
use crate::error::ShardError;
use crate::fields::{FieldSlot, FieldTable, Layout};
use crate::prepared::Values;
use crate::segment::disk::SealedSegment;
use crate::segment::disk::manifest::{Record, SlotEntry};
use crate::segment::memory::{BlockColumn, BlockRow, Input, MemoryBlock};
use crate::segment::{Detail, DocId, Segment};

/// Bytes of blocks that can be put together, for their parts are numbered in 32 bits.
const MOST_BYTES: u64 = 1 << 32;

/// Writes the documents of `blocks` that are kept into the new directory `directory`, as [`super::seal`] does those it is given, numbered as
/// [`MemoryBlock::merge`] numbers them.
///
/// Memory: once more what the blocks hold besides their documents, unless it is one whose documents are all kept.
///
/// # Errors
/// [`ShardError::Io`]; [`ShardError::Field`] when a vector does not fit its field; [`ShardError::TooLarge`] for several blocks of more than 4 GB.
pub fn seal_blocks(directory: &Path, fields: &FieldTable, blocks: &[Input<'_>]) -> Result<SealedSegment, ShardError> {
    let bytes = blocks.iter().map(|(block, _)| block.size().memory_bytes).sum();
    if blocks.len() > 1 && bytes > MOST_BYTES {
        return Err(ShardError::TooLarge { what: "bytes of memory blocks", found: bytes, limit: MOST_BYTES });
    }
    fs::create_dir(directory).map_err(|e| ShardError::io("create", directory, e))?;
    let failed = |e: io::Error| ShardError::io("write", directory, e);
    let block = match blocks {
        [(block, None)] => block.clone(),
        blocks => Arc::new(MemoryBlock::merge(blocks)),
    };
    let mut sources = Sources::create(directory)?;
    let mut next = 0;
    for (doc, document) in block.numbered() {
        (next..doc).try_for_each(|_| sources.push(NO_SOURCE)).map_err(failed)?;
        sources.push(&document.document.source).map_err(failed)?;
        next = doc + 1;
    }
    let mut draft = Draft::create(directory, block.doc_count(), sources)?;
    let mut vectors = vectors(&block, fields)?.into_iter().peekable();
    for row in block.rows() {
        while let Some((slot, column)) = vectors.next_if(|(slot, _)| *slot < row.slot()) {
            column.write(slot, &mut draft).map_err(failed)?;
        }
        write(row, fields, &mut draft).map_err(failed)?;
    }
    vectors.try_for_each(|(slot, column)| column.write(slot, &mut draft)).map_err(failed)?;
    let numbers = || block.documents().iter().map(|document| document.seq_no);
    draft.finish(numbers().min().zip(numbers().max()))
}

/// The vectors of all fields, by slot: blocks only gather them to be searched.
fn vectors(block: &MemoryBlock, fields: &FieldTable) -> Result<Vec<(FieldSlot, Vectors)>, ShardError> {
    let mut gathered = Gathered { fields, slots: Vec::new() };
    let mut push =
        |doc: DocId, values: Values<'_>| gathered.push(doc, Values { vectors: values.vectors, ..Values::default() });
    for (root, document) in block.numbered() {
        let document = &document.document;
        let first = root + 1 - document.doc_count();
        (first..).zip(document.inner_values()).try_for_each(|(doc, values)| push(doc, values))?;
        push(root, document.values())?;
    }
    let slots = gathered.slots.into_iter().zip(0..).filter_map(|(field, slot)| match field {
        Some(Field::Vectors(vectors)) => Some((FieldSlot(slot), vectors)),
        _ => None,
    });
    Ok(slots.collect())
}

/// Writes one field.
fn write(row: BlockRow<'_>, fields: &FieldTable, draft: &mut Draft) -> io::Result<()> {
    let (slot, counts) = (row.slot(), row.counts());
    let codes = row.norms().map(|codes| OwnedBytes::new(codes.to_vec()));
    let norms = codes.as_ref().map(|codes| draft.norms(codes)).transpose()?;
    let average = match fields.entry(slot).map(|entry| &entry.layout) {
        Some(Layout::Number { .. }) => 1.0,
        _ => (counts.total_term_freq as f64 / counts.doc_count as f64) as f32,
    };
    let record = row.detail().map(|detail| match detail {
        Detail::Docs => Record::Docs,
        Detail::Freqs => Record::Freqs,
        Detail::Positions => Record::Positions,
    });
    let mut terms = None;
    if row.has_terms() {
        let mut writer = draft.terms(slot, record, codes.as_ref(), average)?;
        let mut deltas = Vec::new();
        for term in row.terms() {
            writer.begin();
            for posting in term.postings().take_while(|_| record.is_some()) {
                let mut last = 0;
                deltas.clear();
                deltas.extend(posting.positions.iter().map(|&at| at - std::mem::replace(&mut last, at)));
                writer.doc(posting.doc, posting.freq, &deltas);
            }
            writer.end(term.key())?;
        }
        terms = writer.finish();
    }
    let column = match row.column() {
        Some(BlockColumn::Numbers(pairs)) => draft.column(&pairs, false)?,
        Some(BlockColumn::Ords(pairs)) => draft.column(&pairs, true)?,
        None => None,
    };
    let (doc_count, tokens) = (counts.doc_count, counts.total_term_freq);
    draft.slot(SlotEntry { slot: slot.0, doc_count, tokens, terms, norms, column, vectors: None });
    Ok(())
}
