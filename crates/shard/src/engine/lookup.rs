//! Finding one document by id in a reader.

use std::sync::Arc;

use super::held::SegmentKey;
use crate::error::ShardError;
use crate::fields::meta;
use crate::segment::postings::BLOCK;
use crate::segment::{Detail, DocId, NO_MORE_DOCS, Segment};

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
    let mut postings = terms.postings(&entry, Detail::Docs).map_err(broken)?;
    let mut docs = [NO_MORE_DOCS; BLOCK];
    for block in 0..postings.table.last.len() {
        let count = postings.source.docs(block, &mut docs).map_err(broken)?;
        for &doc in &docs[..count] {
            if is_alive(doc) {
                let number =
                    |slot| segment.numbers(slot).map(|column| column.and_then(|c| c.first(doc)).unwrap_or(0) as u64);
                let (seq_no, primary_term, version) =
                    (number(meta::SEQ_NO), number(meta::PRIMARY_TERM), number(meta::VERSION));
                let (seq_no, primary_term, version) =
                    (seq_no.map_err(broken)?, primary_term.map_err(broken)?, version.map_err(broken)?);
                return Ok(Some(Located { segment: key, doc, seq_no, primary_term, version }));
            }
        }
    }
    Ok(None)
}
