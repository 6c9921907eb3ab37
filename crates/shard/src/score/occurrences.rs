//! Where one word stands in the documents of a segment, and documents that several of such may have: what spans and intervals are made of.

use super::Outcome;
use super::cursor::TermCursor;
use crate::segment::{DocId, NO_MORE_DOCS};

/// Of one word; `None`: the segment does not have it.
pub(crate) struct Occurrences(pub(crate) Option<TermCursor>);

impl Occurrences {
    /// The first document at or behind `target` that has the word.
    pub(super) fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        self.0.as_mut().map_or(Ok(NO_MORE_DOCS), |cursor| cursor.advance(target))
    }

    /// Its positions in `doc`, to which `advance` has come, ascending.
    pub(super) fn positions(&mut self, doc: DocId) -> Outcome<Vec<u32>> {
        let mut positions = Vec::new();
        if let Some(cursor) = &mut self.0
            && !cursor.is_done()
            && cursor.is_loaded()
            && cursor.docs[cursor.at] == doc
        {
            let (block, at) = (cursor.block, cursor.at);
            cursor.positions(block, at, &mut positions)?;
        }
        Ok(positions)
    }

    /// Documents that have it.
    pub(super) fn cost(&self) -> u64 {
        self.0.as_ref().map_or(0, |cursor| u64::from(cursor.doc_freq))
    }
}

/// What steps from document to document.
pub(super) trait Advance {
    /// A document at or behind `target` before which there is nothing; targets do not descend.
    fn advance(&mut self, target: DocId) -> Outcome<DocId>;
}

/// The first document at or behind `target` that all may have.
pub(super) fn all<'s, A: Advance + 's>(parts: impl IntoIterator<Item = &'s mut A>, target: DocId) -> Outcome<DocId> {
    let mut next = target;
    for part in parts {
        next = next.max(part.advance(next)?);
        if next == NO_MORE_DOCS {
            break;
        }
    }
    Ok(next)
}

/// The first document at or behind `target` that any may have.
pub(super) fn any<A: Advance>(parts: &mut [A], target: DocId) -> Outcome<DocId> {
    let mut first = NO_MORE_DOCS;
    for part in parts {
        first = first.min(part.advance(target)?);
    }
    Ok(first)
}
