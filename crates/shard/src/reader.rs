//! An immutable view of a shard at one moment: what every search runs on.

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::compile::automaton::FuzzyTables;
use crate::fields::FieldTable;
use crate::percolate::StoredQueries;
pub use crate::score::bulk::Scratches;
use crate::segment::{AliveDocs, Segment};
use crate::similarity::Model;

/// Segments with the documents that were alive when the view was made. Cheap to clone; keeps its files.
#[derive(Clone)]
pub struct Reader {
    pub segments: Arc<[SegmentView]>,
    pub fields: Arc<FieldTable>,
    /// Grows with every change of content, and of how it scores, and is another whenever the copy is opened; keys caches of statistics and
    /// answers.
    pub generation: u64,
    pub similarities: Arc<Similarities>,
    /// Shared by all shards of a node.
    pub fuzzy: Arc<FuzzyTables>,
    /// Shared by all shards of a node.
    pub stored: Arc<StoredQueries>,
    /// Shared by all shards of a node.
    pub scratches: Arc<Scratches>,
}

impl Reader {
    /// Of segments that are no copy's, scored as an index scores that says nothing else.
    pub fn of(segments: Arc<[SegmentView]>, fields: Arc<FieldTable>) -> Self {
        let (similarities, fuzzy, stored, scratches) = Default::default();
        Self { segments, fields, generation: 1, similarities, fuzzy, stored, scratches }
    }
}

/// How the fields of an index score, by its settings and mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Similarities {
    /// Of every field that names none.
    pub default: Similarity,
    /// By full path: those that name one.
    pub by_field: BTreeMap<Arc<str>, Similarity>,
}

impl Similarities {
    /// How a field scores.
    pub fn of(&self, field: &str) -> Similarity {
        self.by_field.get(field).copied().unwrap_or(self.default)
    }
}

/// How a term scores in a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Similarity {
    Bm25(Bm25),
    /// Every match scores the query's boost.
    Boolean,
    Model(Model),
}

/// BM25's parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bm25 {
    /// How fast repetitions of a term lose weight.
    pub k1: f32,
    /// How much long fields lose, from 0 to 1.
    pub b: f32,
    /// Scores are `k1 + 1` times as great, as they were before Lucene 8.
    pub legacy: bool,
}

impl Default for Bm25 {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75, legacy: false }
    }
}

impl Default for Similarity {
    fn default() -> Self {
        Self::Bm25(Bm25::default())
    }
}

#[derive(Clone)]
pub struct SegmentView {
    pub segment: Arc<dyn Segment>,
    /// Of documents inside of others, the outermost alone. `None`: all alive.
    pub alive: Option<Arc<AliveDocs>>,
}

impl SegmentView {
    /// Whether the document has not been deleted or replaced.
    pub fn is_alive(&self, doc: u32) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.contains(doc))
    }
}

impl Reader {
    /// Documents that are alive, those inside of others too.
    pub fn live_docs(&self) -> u64 {
        let alive = |view: &SegmentView| match (&view.alive, view.segment.nested()) {
            (Some(alive), Some(nested)) => nested.kept(alive).len(),
            (Some(alive), None) => alive.len(),
            (None, _) => view.segment.doc_count(),
        };
        self.segments.iter().map(|view| u64::from(alive(view))).sum()
    }
}
