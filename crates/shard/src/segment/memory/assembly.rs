//! Writing a block: rows in order of slots, terms in order of bytes, documents ascending.
//!
//! Building from documents and merging blocks both end here. Terms that turn out to have no document leave no trace.

use super::data::{Column, Data, Record, Row, Stretch};
use crate::fields::FieldSlot;
use crate::prepared::SequencedDocument;
use crate::segment::DocId;

/// A block being written.
pub(super) struct Assembly {
    data: Data,
    /// How often the row has each document: values of a column, tokens of a text.
    counts: Vec<u32>,
    /// Written in reverse while a column's ordinals are placed.
    cursors: Vec<u32>,
}

impl Assembly {
    /// `doc_count`: with the documents inside of `documents`.
    pub(super) fn new(documents: Vec<SequencedDocument>, doc_count: u32) -> Self {
        let counts = vec![0; doc_count as usize];
        let mut data = Data { doc_count, ..Data::default() };
        if documents.len() < doc_count as usize {
            data.roots = documents
                .iter()
                .scan(0, |next, document| {
                    *next += document.document.doc_count();
                    Some(*next - 1)
                })
                .collect();
        }
        data.documents = documents;
        Self { data, counts, cursors: Vec::new() }
    }

    pub(super) fn doc_count(&self) -> u32 {
        self.data.doc_count
    }

    /// Room for all that others hold of what is not shared by their documents.
    pub(super) fn reserve<'a>(&mut self, others: impl Iterator<Item = &'a Data>) {
        let (mut docs, mut freqs, mut positions, mut numbers, mut ords, mut norms) = (0, 0, 0, 0, 0, 0);
        for other in others {
            docs += other.docs.len();
            freqs += other.freqs.len();
            positions += other.positions.len();
            numbers += other.numbers.len();
            ords += other.ords.len();
            norms += other.norms.len();
        }
        let data = &mut self.data;
        data.docs.reserve_exact(docs);
        data.freqs.reserve_exact(freqs);
        data.position_ends.reserve_exact(freqs);
        data.positions.reserve_exact(positions);
        data.numbers.reserve_exact(numbers);
        data.ords.reserve_exact(ords);
        data.norms.reserve_exact(norms);
    }

    pub(super) fn finish(mut self) -> Data {
        let data = &mut self.data;
        // A block of one document lives for moments; a large one is read many times.
        if data.documents.len() >= 64 {
            data.docs.shrink_to_fit();
            data.freqs.shrink_to_fit();
            data.position_ends.shrink_to_fit();
            data.positions.shrink_to_fit();
            data.keys.shrink_to_fit();
        }
        self.data
    }

    /// Begins a row without terms.
    pub(super) fn row(&mut self, slot: FieldSlot, record: Option<Record>) -> RowAssembly<'_> {
        self.counts.fill(0);
        let terms = self.data.key_ends.len() as u32;
        let row = Row {
            slot,
            terms: Stretch { start: terms, end: terms },
            record,
            first_posting: self.data.docs.len() as u32,
            first_freq: self.data.freqs.len() as u32,
            norms: None,
            column: None,
            doc_count: 0,
            tokens: 0,
        };
        RowAssembly { assembly: self, row }
    }
}

/// One row being written. Drop it without [`RowAssembly::finish`] only when it is empty.
pub(super) struct RowAssembly<'a> {
    assembly: &'a mut Assembly,
    row: Row,
}

impl RowAssembly<'_> {
    /// Begins a term; it must be greater than the one before.
    pub(super) fn begin_term(&mut self, term: &[u8]) {
        self.assembly.data.keys.extend_from_slice(term);
    }

    /// Adds a document to the term, greater than the one before. `positions`: empty unless the row keeps them.
    pub(super) fn posting(&mut self, doc: DocId, freq: u32, positions: &[u32]) {
        let data = &mut self.assembly.data;
        data.docs.push(doc);
        self.assembly.counts[doc as usize] += freq;
        if matches!(self.row.record, Some(Record::Freqs | Record::Positions)) {
            data.freqs.push(freq);
            data.positions.extend_from_slice(positions);
            data.position_ends.push(data.positions.len() as u32);
        }
    }

    /// Ends the term; forgets it when it got no document.
    pub(super) fn end_term(&mut self) {
        let data = &mut self.assembly.data;
        let postings = data.docs.len() as u32;
        if data.posting_ends.last().copied().unwrap_or(0) == postings {
            data.keys.truncate(data.key_ends.last().map_or(0, |&end| end as usize));
            return;
        }
        data.posting_ends.push(postings);
        data.key_ends.push(data.keys.len() as u32);
        self.row.terms.end += 1;
    }

    /// Length codes, one a document.
    pub(super) fn norms(&mut self, codes: impl Iterator<Item = u8>) {
        let norms = &mut self.assembly.data.norms;
        let start = norms.len() as u32;
        norms.extend(codes);
        self.row.norms = Some(Stretch { start, end: norms.len() as u32 });
    }

    /// Makes a column of the terms: each document's ordinals within the row.
    pub(super) fn ords(&mut self) {
        let Assembly { data, counts, cursors } = &mut *self.assembly;
        let (docs, starts, total) = layout(data, counts);
        cursors.clear();
        let mut at = data.ords.len() as u32;
        let values = Stretch { start: at, end: at + total };
        for &count in counts.iter() {
            cursors.push(at);
            at += count;
        }
        data.ords.resize(at as usize, 0);
        for term in self.row.terms.start..self.row.terms.end {
            for posting in data.postings(term).range() {
                let cursor = &mut cursors[data.docs[posting] as usize];
                data.ords[*cursor as usize] = term - self.row.terms.start;
                *cursor += 1;
            }
        }
        self.row.column = Some(Column { of_ords: true, docs, starts, values });
    }

    /// Makes a column of numbers, documents and their values ascending. The row's counts are then those of the values.
    pub(super) fn numbers(&mut self, values: impl Iterator<Item = (DocId, i64)>) {
        let Assembly { data, counts, .. } = &mut *self.assembly;
        counts.fill(0);
        let start = data.numbers.len() as u32;
        for (doc, value) in values {
            counts[doc as usize] += 1;
            data.numbers.push(value);
        }
        let values = Stretch { start, end: data.numbers.len() as u32 };
        let (docs, starts, _) = layout(data, counts);
        self.row.column = Some(Column { of_ords: false, docs, starts, values });
    }

    /// Adds the row to the block unless it has nothing.
    pub(super) fn finish(mut self) {
        let counts = &self.assembly.counts;
        self.row.doc_count = counts.iter().filter(|&&count| count > 0).count() as u32;
        self.row.tokens = counts.iter().map(|&count| u64::from(count)).sum();
        if self.row.doc_count > 0 {
            return self.assembly.data.rows.push(self.row);
        }
        // All its documents were dead: codes and lists of documents are all that it has left behind.
        let data = &mut self.assembly.data;
        let start = |stretch: Option<Stretch>, all: usize| stretch.map_or(all, |stretch| stretch.start as usize);
        data.norms.truncate(start(self.row.norms, data.norms.len()));
        let column = self.row.column;
        data.column_docs.truncate(start(column.and_then(|column| column.docs), data.column_docs.len()));
        data.column_starts.truncate(start(column.and_then(|column| column.starts), data.column_starts.len()));
    }
}

/// Which documents have values and where they begin, by how many each has; and how many there are.
fn layout(data: &mut Data, counts: &[u32]) -> (Option<Stretch>, Option<Stretch>, u32) {
    let (mut with, mut total, mut single) = (0, 0, true);
    for &count in counts {
        with += u32::from(count > 0);
        total += count;
        single &= count <= 1;
    }
    let docs = ((with as usize) < counts.len()).then(|| {
        let start = data.column_docs.len() as u32;
        data.column_docs.extend((0..).zip(counts).filter(|(_, count)| **count > 0).map(|(doc, _)| doc));
        Stretch { start, end: start + with }
    });
    let starts = (!single).then(|| {
        let start = data.column_starts.len() as u32;
        let mut at = 0;
        data.column_starts.push(0);
        for &count in counts.iter().filter(|&&count| count > 0) {
            at += count;
            data.column_starts.push(at);
        }
        Stretch { start, end: start + with + 1 }
    });
    (docs, starts, total)
}
