//! What a block holds, in flat arrays: rows (a field each), terms, postings, lengths, columns.
//!
//! Everything of one row stands together, rows ascend by slot. Indexes are `u32`: a block holds some thousands of documents.

use std::ops::Range;

use crate::fields::FieldSlot;
use crate::prepared::{SequencedDocument, Values};
use crate::segment::{Detail, DocId};

/// A stretch of one of the arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Stretch {
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// What postings of a row hold besides documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Record {
    Docs,
    Freqs,
    Positions,
}

impl From<Detail> for Record {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Docs => Self::Docs,
            Detail::Freqs => Self::Freqs,
            Detail::Positions => Self::Positions,
        }
    }
}

/// One field of the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) slot: FieldSlot,
    pub(super) terms: Stretch,
    /// `None`: the terms only serve the column.
    pub(super) record: Option<Record>,
    /// Its first posting; those with frequencies count theirs from `first_freq`.
    pub(super) first_posting: u32,
    pub(super) first_freq: u32,
    /// Codes of all documents.
    pub(super) norms: Option<Stretch>,
    pub(super) column: Option<Column>,
    /// Documents with a term (or value).
    pub(super) doc_count: u32,
    /// Tokens, or values.
    pub(super) tokens: u64,
}

/// Values by document. `values` are in `ords` or in `numbers`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) of_ords: bool,
    /// Documents that have values. `None`: all.
    pub(super) docs: Option<Stretch>,
    /// For each of them where its values begin (from the column's first), and the end. `None`: each has one.
    pub(super) starts: Option<Stretch>,
    pub(super) values: Stretch,
}

/// All of a block.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Data {
    /// With those inside of others.
    pub(super) doc_count: u32,
    pub(super) documents: Vec<SequencedDocument>,
    /// The number of each of `documents`; empty: they are numbered in their order, for nothing lies inside of them.
    pub(super) roots: Vec<DocId>,
    pub(super) rows: Vec<Row>,
    pub(super) keys: Vec<u8>,
    /// By term.
    pub(super) key_ends: Vec<u32>,
    /// By term.
    pub(super) posting_ends: Vec<u32>,
    /// By posting.
    pub(super) docs: Vec<DocId>,
    /// By posting of rows with frequencies.
    pub(super) freqs: Vec<u32>,
    /// By posting of rows with frequencies; equal to the one before where the row has no positions.
    pub(super) position_ends: Vec<u32>,
    pub(super) positions: Vec<u32>,
    pub(super) norms: Vec<u8>,
    pub(super) column_docs: Vec<DocId>,
    pub(super) column_starts: Vec<u32>,
    pub(super) numbers: Vec<i64>,
    pub(super) ords: Vec<u32>,
}

impl Data {
    pub(super) fn doc_count(&self) -> u32 {
        self.doc_count
    }

    /// The document of a number; `None`: it lies inside of another.
    pub(super) fn document(&self, doc: DocId) -> Option<&SequencedDocument> {
        let at = if self.roots.is_empty() { doc as usize } else { self.roots.binary_search(&doc).ok()? };
        self.documents.get(at)
    }

    /// Documents with their numbers, ascending.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (DocId, &SequencedDocument)> {
        let number = |at: usize| self.roots.get(at).copied().unwrap_or(at as DocId);
        self.documents.iter().enumerate().map(move |(at, document)| (number(at), document))
    }

    pub(super) fn row(&self, slot: FieldSlot) -> Option<&Row> {
        self.rows.binary_search_by_key(&slot, |row| row.slot).ok().map(|at| &self.rows[at])
    }

    pub(super) fn key(&self, term: u32) -> &[u8] {
        let start = term.checked_sub(1).map_or(0, |before| self.key_ends[before as usize]);
        &self.keys[start as usize..self.key_ends[term as usize] as usize]
    }

    pub(super) fn postings(&self, term: u32) -> Stretch {
        let start = term.checked_sub(1).map_or(0, |before| self.posting_ends[before as usize]);
        Stretch { start, end: self.posting_ends[term as usize] }
    }

    /// Frequency of a posting; 1 where the row keeps none.
    pub(super) fn freq(&self, row: &Row, posting: u32) -> u32 {
        match row.record {
            Some(Record::Freqs | Record::Positions) => {
                self.freqs[(posting - row.first_posting + row.first_freq) as usize]
            }
            _ => 1,
        }
    }

    /// Positions of a posting; none where the row keeps none.
    pub(super) fn positions(&self, row: &Row, posting: u32) -> &[u32] {
        if row.record != Some(Record::Positions) {
            return &[];
        }
        let at = (posting - row.first_posting + row.first_freq) as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.position_ends[before]);
        &self.positions[start as usize..self.position_ends[at] as usize]
    }

    /// The first term of `row` at which `before` is false; `before` holds for a first part of the terms.
    pub(super) fn first_term(&self, terms: Stretch, before: impl Fn(&[u8]) -> bool) -> u32 {
        let (mut low, mut high) = (terms.start, terms.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.key(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Where the values of a document lie in `ords` or `numbers`.
    pub(super) fn values(&self, column: &Column, doc: DocId) -> Range<usize> {
        let rank = match column.docs {
            None if doc < self.doc_count() => doc as usize,
            None => return 0..0,
            Some(docs) => match self.column_docs[docs.range()].binary_search(&doc) {
                Ok(rank) => rank,
                Err(_) => return 0..0,
            },
        };
        self.values_at(column, rank)
    }

    /// Where the values of the document lie that is so many documents with values after the first.
    pub(super) fn values_at(&self, column: &Column, rank: usize) -> Range<usize> {
        let first = column.values.start as usize;
        match column.starts {
            None => first + rank..first + rank + 1,
            Some(starts) => {
                let starts = &self.column_starts[starts.range()];
                first + starts[rank] as usize..first + starts[rank + 1] as usize
            }
        }
    }

    /// Bytes held, the documents' sources included.
    pub(super) fn bytes(&self) -> u64 {
        let of_documents: usize = self.documents.iter().map(document_bytes).sum();
        let words = self.key_ends.capacity()
            + self.posting_ends.capacity()
            + self.docs.capacity()
            + self.freqs.capacity()
            + self.position_ends.capacity()
            + self.positions.capacity()
            + self.column_docs.capacity()
            + self.column_starts.capacity()
            + self.ords.capacity();
        let rows = self.rows.capacity() * size_of::<Row>();
        let bytes = self.keys.capacity() + self.norms.capacity();
        (of_documents + 4 * words + 8 * self.numbers.capacity() + rows + bytes) as u64
    }
}

/// An estimate: contents and what their allocations cost.
fn document_bytes(document: &SequencedDocument) -> usize {
    let prepared = &document.document;
    let inner: usize = prepared.inner_values().map(values_bytes).sum();
    prepared.id.len() + prepared.source.len() + values_bytes(prepared.values()) + inner + 250
}

fn values_bytes(values: Values<'_>) -> usize {
    let texts: usize = values.texts.iter().map(|(_, text)| text.len() + 40).sum();
    let exact: usize = values.exact.iter().map(|(_, value)| value.len() + 40).sum();
    let vectors: usize = values.vectors.iter().map(|vector| vector.row.len() + 56).sum();
    texts + exact + vectors + values.numbers.len() * 16
}

/// The first eight bytes of a term as a number that sorts as they do.
pub(super) fn head(term: &[u8]) -> u64 {
    let mut head = [0; 8];
    let known = term.len().min(8);
    head[..known].copy_from_slice(&term[..known]);
    u64::from_be_bytes(head)
}
