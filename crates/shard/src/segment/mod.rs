//! What the query engine asks of a segment, whatever holds it: `disk` (a sealed tantivy segment) or `memory` (a small block).
//!
//! Batch methods, so that dispatch costs nothing measurable. Documents of a segment are numbered from 0 without holes; a
//! segment never changes, deletions are the reader's business ([`AliveDocs`]).

use std::io;
use std::ops::Range;
use std::sync::Arc;

use search::statistics::{FieldStatistics, TermStatistics};

use crate::fields::FieldSlot;
use crate::query_cache::SegmentQueries;

mod alive;
pub mod column;
pub mod dense;
pub mod disk;
pub mod fielddata;
pub(crate) mod flags;
mod flat;
pub(crate) mod made;
pub mod memory;
mod nested;
pub mod norms;
pub mod postings;
pub mod vectors;

pub use alive::AliveDocs;
use column::{NumberColumn, StringColumn};
use dense::DenseSet;
pub(crate) use flat::Gathered;
pub use flat::{FlatField, FlatTerms};
pub use nested::Nested;
use postings::Postings;
use vectors::VectorColumn;

/// Number of a document within its segment.
pub type DocId = u32;

/// Behind the last document.
pub const NO_MORE_DOCS: DocId = u32::MAX;

/// One immutable segment.
pub trait Segment: Send + Sync {
    /// Documents, deleted ones and those inside of others too.
    fn doc_count(&self) -> u32;

    /// Which documents lie inside of others; `None`: none does.
    fn nested(&self) -> Option<&Nested>;

    /// The terms of a field; `None`: the segment has none.
    fn terms(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn Terms>>>;

    /// Counts of a field, deleted documents included.
    fn field_statistics(&self, field: FieldSlot) -> io::Result<FieldStatistics>;

    /// Length codes (Lucene's `SmallFloat` byte4), one a document, 0: no value. `None`: the field has no norms here.
    fn norms(&self, field: FieldSlot) -> io::Result<Option<Norms>>;

    fn numbers(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn NumberColumn>>>;

    fn strings(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn StringColumn>>>;

    /// The vectors of a field; `None`: the segment has none.
    fn vectors(&self, field: FieldSlot) -> io::Result<Option<VectorColumn>>;

    /// The source of a document; empty when the index keeps none.
    fn source(&self, doc: DocId) -> io::Result<Arc<[u8]>>;

    /// Where documents of filters are kept; `None`: nowhere.
    fn queries(&self) -> Option<&SegmentQueries> {
        None
    }

    /// Memory and disk that it holds.
    fn size(&self) -> SegmentSize;
}

/// Bytes of one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentSize {
    pub memory_bytes: u64,
    pub disk_bytes: u64,
}

/// One byte a document.
pub type Norms = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The sorted terms of one field of one segment.
pub trait Terms: Send + Sync {
    /// Terms, for estimates.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, term: &[u8]) -> io::Result<Option<TermEntry>>;

    /// Calls `visit` with each term in `range` (byte order) that `automaton` may accept, in order, until it returns false.
    /// An automaton that can say "nothing below this prefix" lets the walk skip.
    fn walk(
        &self,
        range: TermRange<'_>,
        automaton: &dyn TermAutomaton,
        visit: &mut dyn FnMut(&[u8], TermEntry) -> bool,
    ) -> io::Result<()>;

    /// All terms in one piece, in order, where they may be kept so: for what looks at every one of them.
    fn flat(&self) -> io::Result<Option<Arc<FlatField>>> {
        Ok(None)
    }

    /// The postings of a term that `get` or `walk` gave.
    fn postings(&self, entry: &TermEntry, detail: Detail) -> io::Result<Postings>;

    /// All documents of such a term as a set, where it is frequent and they are kept so: for who looks for what several terms have in common.
    fn dense(&self, _: &TermEntry) -> io::Result<Option<Arc<DenseSet>>> {
        Ok(None)
    }

    /// Appends all documents of such a term, ascending, and how often each has it, where those are few and that is soon done; false: it is not.
    fn few(&self, entry: &TermEntry, out: &mut Vec<(DocId, u32)>) -> io::Result<bool> {
        let _ = (entry, out);
        Ok(false)
    }

    /// Appends all documents of such a term, ascending: for many terms with few documents each.
    fn docs(&self, entry: &TermEntry, out: &mut Vec<DocId>) -> io::Result<()> {
        let mut postings = self.postings(entry, Detail::Docs)?;
        let mut docs = [0; postings::BLOCK];
        for block in 0..postings.table.last.len() {
            let count = postings.source.docs(block, &mut docs)?;
            out.extend_from_slice(&docs[..count]);
        }
        Ok(())
    }
}

/// Bounds of a walk over terms.
pub type TermRange<'a> = (std::ops::Bound<&'a [u8]>, std::ops::Bound<&'a [u8]>);

/// A term found. `place` means something only to the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermEntry {
    pub statistics: TermStatistics,
    pub place: [u64; 3],
}

/// How much of a posting is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Docs,
    Freqs,
    Positions,
}

/// A deterministic automaton over bytes. States are small integers; state 0 is the start.
pub trait TermAutomaton: Send + Sync {
    fn step(&self, state: u32, byte: u8) -> u32;
    fn is_match(&self, state: u32) -> bool;
    /// False: no continuation can match.
    fn can_match(&self, state: u32) -> bool;
}

/// Accepts every term.
pub struct EveryTerm;

impl TermAutomaton for EveryTerm {
    fn step(&self, _: u32, _: u8) -> u32 {
        0
    }
    fn is_match(&self, _: u32) -> bool {
        true
    }
    fn can_match(&self, _: u32) -> bool {
        true
    }
}

/// A stretch of documents.
pub type DocRange = Range<DocId>;
