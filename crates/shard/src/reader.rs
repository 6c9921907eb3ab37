//! An immutable view of a shard at one moment: what every search runs on.

use std::sync::Arc;

use crate::fields::FieldTable;
use crate::segment::{AliveDocs, Segment};

/// Segments with the documents that were alive when the view was made. Cheap to clone; keeps its files.
#[derive(Clone)]
pub struct Reader {
    pub segments: Arc<[SegmentView]>,
    pub fields: Arc<FieldTable>,
    /// Grows with every change of content; keys caches of statistics and answers.
    pub generation: u64,
    pub similarity: Similarity,
}

/// BM25's parameters, an index setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// How fast repetitions of a term lose weight.
    pub k1: f32,
    /// How much long fields lose, from 0 to 1.
    pub b: f32,
}

impl Default for Similarity {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75 }
    }
}

#[derive(Clone)]
pub struct SegmentView {
    pub segment: Arc<dyn Segment>,
    /// `None`: all alive.
    pub alive: Option<Arc<AliveDocs>>,
}

impl SegmentView {
    /// Whether the document has not been deleted or replaced.
    pub fn is_alive(&self, doc: u32) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.contains(doc))
    }
}

impl Reader {
    /// Documents that a search can find.
    pub fn live_docs(&self) -> u64 {
        self.segments
            .iter()
            .map(|view| u64::from(view.alive.as_ref().map_or(view.segment.doc_count(), |a| a.len())))
            .sum()
    }
}
