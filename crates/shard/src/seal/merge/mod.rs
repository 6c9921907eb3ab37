//! One sealed segment out of several, without their deleted documents.
//!
//! Field by field: lengths are put together, terms merged in order with their postings renumbered, columns rebuilt. What documents a
//! deletion took from a field is counted anew, so that statistics are those of a segment sealed from the documents that are left.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::draft::{Draft, Sources};
use crate::error::ShardError;
use crate::fields::{FieldSlot, meta};
use crate::segment::disk::SealedSegment;
use crate::segment::{AliveDocs, Segment};

mod field;
mod input;

use field::MergedField;
pub(super) use input::Input;
use input::{Pace, numbered};

/// A segment to merge, and which of its documents to keep (`None`: all).
pub type MergeInput<'a> = (Arc<SealedSegment>, Option<&'a AliveDocs>);

/// Sources of more compressed bytes are copied as they are when no document was deleted; fewer are compressed anew, so that small
/// blocks do not pile up.
const STACK_BYTES: u64 = 64 << 10;

/// Merges segments into the new directory `directory`. The documents that are kept follow each other in the order of the inputs: the
/// new number of a document is the count kept in the inputs before its own, plus how many are kept before it in its own. The result
/// may hold no documents.
///
/// `proceed` is told how many bytes were written since it was told last, every few hundred kilobytes; it may sleep to throttle. When it
/// returns false the merge stops with [`ShardError::Cancelled`]. Nothing is synced; on an error the directory may be left behind.
///
/// Memory: 16 bytes a value of the largest column, 4 a term of the largest field with a string column, per input.
///
/// # Errors
/// [`ShardError::Io`], also for postings and columns that do not decode. tantivy panics on some corrupt bytes: catch it.
pub fn merge(
    inputs: &[MergeInput<'_>],
    directory: &Path,
    proceed: &mut dyn FnMut(u64) -> bool,
) -> Result<SealedSegment, ShardError> {
    fs::create_dir(directory).map_err(|e| ShardError::io("create", directory, e))?;
    let failed = |e: io::Error| match e.kind() {
        io::ErrorKind::Interrupted => ShardError::Cancelled,
        _ => ShardError::io("merge into", directory, e),
    };
    let (inputs, doc_count) = numbered(inputs)?;
    let mut pace = Pace { proceed, told: 0 };
    let sources = merge_sources(&inputs, directory, &mut pace)?;
    let mut draft = Draft::create(directory, doc_count, sources)?;
    let mut slots: Vec<u32> =
        inputs.iter().flat_map(|input| input.segment.manifest.slots.iter().map(|slot| slot.slot)).collect();
    slots.sort_unstable();
    slots.dedup();
    for slot in slots {
        let mut field = MergedField::new(&inputs, FieldSlot(slot), doc_count);
        if let Some(entry) = field.write(&mut draft, &mut pace).map_err(failed)? {
            draft.slot(entry);
        }
    }
    draft.finish(seq_no_range(&inputs).map_err(failed)?)
}

fn seq_no_range(inputs: &[Input<'_>]) -> io::Result<Option<(u64, u64)>> {
    let mut range: Option<(u64, u64)> = None;
    for input in inputs {
        let Some(column) = input.segment.disk_numbers(meta::SEQ_NO)? else { continue };
        for number in input.kept().filter_map(|(doc, _)| column.first_value(doc)) {
            let number = number as u64;
            range = Some(range.map_or((number, number), |(least, most)| (least.min(number), most.max(number))));
        }
    }
    Ok(range)
}

fn merge_sources(inputs: &[Input<'_>], directory: &Path, pace: &mut Pace<'_>) -> Result<Sources, ShardError> {
    let mut sources = Sources::create(directory)?;
    let write_error = |e: io::Error| ShardError::io("write", directory, e);
    for input in inputs {
        let from = input.segment.open_sources().map_err(|e| ShardError::io("read", input.segment.directory(), e))?;
        if input.kept == input.segment.doc_count() && input.segment.sources_bytes() > STACK_BYTES {
            sources.stack(from).map_err(write_error)?;
            pace.step(sources.written()).map_err(|_| ShardError::Cancelled)?;
            continue;
        }
        for (doc, _) in input.kept() {
            let read_error = |e| ShardError::io("read", input.segment.directory(), io::Error::other(e));
            let source = from.get_document_bytes(doc).map_err(read_error)?;
            sources.push(&source).map_err(write_error)?;
            pace.step(sources.written()).map_err(|_| ShardError::Cancelled)?;
        }
    }
    Ok(sources)
}
