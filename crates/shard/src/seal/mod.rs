//! Making sealed segments: from documents ([`seal`]), or from other sealed segments ([`merge`]).
//!
//! In: prepared documents, whose texts are analysed here, or segments with their alive sets. Out: one new directory, complete but
//! not yet durable, opened as a [`SealedSegment`]. Nothing here knows of shards, logs or threads; every function may run anywhere.

use std::path::Path;
use std::sync::Arc;

use crate::error::ShardError;
use crate::fields::FieldTable;
use crate::prepared::SequencedDocument;
use crate::segment::AliveDocs;
use crate::segment::disk::SealedSegment;

/// Writes `documents`, numbered from 0 in their order, as a sealed segment into the new directory `directory` (its parent must
/// exist). Nothing is synced. On an error the directory may be left behind, incomplete.
///
/// Memory: about 16 bytes a token and the distinct terms, besides the documents.
pub fn seal(_directory: &Path, _fields: &FieldTable, _documents: &mut dyn Iterator<Item = SequencedDocument>) -> Result<SealedSegment, ShardError> {
    Err(ShardError::Cancelled)
}

/// A segment to merge, and which of its documents to keep (`None`: all).
pub type MergeInput<'a> = (Arc<SealedSegment>, Option<&'a AliveDocs>);

/// Merges segments into the new directory `directory`. The documents that are kept follow each other in the order of the inputs: the
/// new number of a document is the count kept in the inputs before its own, plus how many are kept before it in its own. The result
/// may hold no documents.
///
/// `proceed` is told how many bytes were written since it was told last, every few hundred kilobytes; it may sleep to throttle. When it
/// returns false the merge stops with [`ShardError::Cancelled`].
pub fn merge(
    _inputs: &[MergeInput<'_>],
    _directory: &Path,
    _fields: &FieldTable,
    _proceed: &mut dyn FnMut(u64) -> bool,
) -> Result<SealedSegment, ShardError> {
    Err(ShardError::Cancelled)
}
