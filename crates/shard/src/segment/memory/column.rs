//! Columns of a block.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::data::{Column, Data, Stretch};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::{DocId, DocRange};

/// Calls `found` with each document of `docs` that has one of the values `holds` accepts, ascending.
fn docs_with(data: &Data, column: &Column, docs: DocRange, holds: impl Fn(usize) -> bool, out: &mut Vec<DocId>) {
    let docs = docs.start..docs.end.min(data.doc_count());
    match column.docs {
        Some(with) => {
            let with = &data.column_docs[with.range()];
            let from = with.partition_point(|&doc| doc < docs.start);
            let within = with[from..].iter().copied().take_while(|&doc| doc < docs.end);
            out.extend(within.filter(|&doc| data.values(column, doc).any(&holds)));
        }
        None => out.extend(docs.filter(|&doc| data.values(column, doc).any(&holds))),
    }
}

pub(super) struct BlockNumbers {
    pub(super) data: Arc<Data>,
    pub(super) column: Column,
}

impl NumberColumn for BlockNumbers {
    fn min_max(&self) -> Option<(i64, i64)> {
        let values = &self.data.numbers[self.column.values.range()];
        Some((*values.iter().min()?, *values.iter().max()?))
    }

    fn is_single(&self) -> bool {
        self.column.starts.is_none()
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.data.values(&self.column, doc).next().map(|at| self.data.numbers[at])
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        out.extend_from_slice(&self.data.numbers[self.data.values(&self.column, doc)]);
    }

    fn docs_in_range(&self, range: RangeInclusive<i64>, docs: DocRange, out: &mut Vec<DocId>) {
        docs_with(&self.data, &self.column, docs, |at| range.contains(&self.data.numbers[at]), out);
    }
}

/// Ordinals of the field's terms.
pub(super) struct BlockStrings {
    pub(super) data: Arc<Data>,
    pub(super) column: Column,
    pub(super) terms: Stretch,
}

impl StringColumn for BlockStrings {
    fn ord_count(&self) -> u64 {
        self.terms.len() as u64
    }

    fn is_single(&self) -> bool {
        self.column.starts.is_none()
    }

    fn first(&self, doc: DocId) -> Option<u64> {
        self.data.values(&self.column, doc).next().map(|at| u64::from(self.data.ords[at]))
    }

    fn ords(&self, doc: DocId, out: &mut Vec<u64>) {
        out.extend(self.data.ords[self.data.values(&self.column, doc)].iter().map(|&ord| u64::from(ord)));
    }

    fn first_batch(&self, docs: &[DocId], out: &mut [u64]) {
        for (&doc, out) in docs.iter().zip(out) {
            *out = self.first(doc).unwrap_or(u64::MAX);
        }
    }

    fn value(&self, ord: u64, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        if ord >= self.ord_count() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        out.extend_from_slice(self.data.key(self.terms.start + ord as u32));
        Ok(())
    }

    fn find(&self, value: &[u8]) -> io::Result<Result<u64, u64>> {
        let at = self.data.first_term(self.terms, |key| key < value);
        let ord = u64::from(at - self.terms.start);
        let found = at < self.terms.end && self.data.key(at) == value;
        Ok(if found { Ok(ord) } else { Err(ord) })
    }

    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>) {
        docs_with(&self.data, &self.column, docs, |at| ords.contains(&u64::from(self.data.ords[at])), out);
    }
}
