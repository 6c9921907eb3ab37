//! Finding one document by id in a reader.

use std::sync::Arc;

use super::held::SegmentKey;
use crate::error::ShardError;
use crate::fields::meta;
use crate::segment::{DocId, Segment};

/// Where a document lies, and its bookkeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) segment: SegmentKey,
    pub(super) doc: DocId,
    pub(super) seq_no: u64,
    pub(super) primary_term: u64,
    pub(super) version: u64,
}

/// The alive document of `id` in one segment, with its numbers. `is_alive` judges by document.
pub(super) fn find(
    key: SegmentKey,
    segment: &Arc<dyn Segment>,
    is_alive: impl Fn(DocId) -> bool,
    id: &str,
) -> Result<Option<Located>, ShardError> {
    let broken = |e| ShardError::io("look up", std::path::Path::new("_id"), e);
    let Some(terms) = segment.terms(meta::ID).map_err(broken)? else { return Ok(None) };
    let Some(entry) = terms.get(id.as_bytes()).map_err(broken)? else { return Ok(None) };
    let mut docs = Vec::with_capacity(1);
    terms.docs(&entry, &mut docs).map_err(broken)?;
    let Some(doc) = docs.into_iter().find(|&doc| is_alive(doc)) else { return Ok(None) };
    let number = |slot| segment.numbers(slot).map(|column| column.and_then(|c| c.first(doc)).unwrap_or(0) as u64);
    let (seq_no, primary_term, version) = (number(meta::SEQ_NO), number(meta::PRIMARY_TERM), number(meta::VERSION));
    let (seq_no, primary_term, version) =
        (seq_no.map_err(broken)?, primary_term.map_err(broken)?, version.map_err(broken)?);
    Ok(Some(Located { segment: key, doc, seq_no, primary_term, version }))
}
