//! Columns: the values of a field by document, for sorting, ranges, aggregations and `docvalue_fields`.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{DocId, DocRange};
use crate::score::bits;

/// Between which values some lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    pub least: T,
    pub greatest: T,
    /// Both are among the values.
    pub reached: bool,
}

/// Integer codes ([`model::number`]); a document's values ascend and may repeat.
pub trait NumberColumn: Send + Sync {
    /// Least and greatest of the segment.
    fn min_max(&self) -> Option<(i64, i64)>;

    /// At most one value a document.
    fn is_single(&self) -> bool;

    /// The least value.
    fn first(&self, doc: DocId) -> Option<i64>;

    /// Appends all values.
    fn values(&self, doc: DocId, out: &mut Vec<i64>);

    /// The least value of each document, `missing` where there is none. `out` is as long as `docs`; `docs` ascend.
    fn first_batch(&self, docs: &[DocId], missing: i64, out: &mut [i64]) {
        docs.iter().zip(out).for_each(|(&doc, out)| *out = self.first(doc).unwrap_or(missing));
    }

    /// The values of consecutive documents, where each document has one; false: they are not at hand so, and `out` is as it was.
    fn run(&self, first: DocId, out: &mut [i64]) -> bool {
        let _ = (first, out);
        false
    }

    /// Appends the documents of `docs` with a value in `range`, ascending, each once.
    fn docs_in_range(&self, range: RangeInclusive<i64>, docs: DocRange, out: &mut Vec<DocId>) {
        let mut values = Vec::new();
        out.extend(docs.filter(|doc| {
            values.clear();
            self.values(*doc, &mut values);
            values.iter().any(|value| range.contains(value))
        }));
    }

    fn has(&self, doc: DocId) -> bool {
        self.first(doc).is_some()
    }

    /// Every document has exactly one value; false also where nobody knows.
    fn is_full(&self) -> bool {
        false
    }

    /// Sets the bits of the documents of `docs` with a value in `range`; bit 0 of `words` stands for the first of them.
    fn fill_range(&self, range: RangeInclusive<i64>, docs: DocRange, words: &mut [u64]) {
        let (first, mut found) = (docs.start, Vec::new());
        self.docs_in_range(range, docs, &mut found);
        found.iter().for_each(|doc| bits::set(words, doc - first));
    }

    /// Bounds of the values of `docs`, where the column is full and they are known or soon found.
    fn bounds(&self, docs: DocRange) -> Option<Bounds<i64>> {
        let _ = docs;
        None
    }
}

/// Receives places and values.
pub type Visit<'v> = &'v mut dyn FnMut(usize, &[u8]) -> io::Result<()>;

/// Strings as ordinals in byte order from 0; a document's ordinals ascend, distinct.
pub trait StringColumn: Send + Sync {
    /// Distinct values.
    fn ord_count(&self) -> u64;

    fn is_single(&self) -> bool;

    fn first(&self, doc: DocId) -> Option<u64>;

    /// Appends all ordinals.
    fn ords(&self, doc: DocId, out: &mut Vec<u64>);

    /// The least ordinal of each document, `u64::MAX` where there is none.
    fn first_batch(&self, docs: &[DocId], out: &mut [u64]);

    /// The ordinals of consecutive documents, where each document has one; false: they are not at hand so, and `out` is as it was.
    fn run(&self, first: DocId, out: &mut [u64]) -> bool {
        let _ = (first, out);
        false
    }

    /// How many documents, deleted ones too, have each ordinal, where that is kept.
    fn doc_freqs(&self) -> io::Result<Option<Arc<[u32]>>> {
        Ok(None)
    }

    /// Writes the value of an ordinal into `out`, which is cleared first.
    fn value(&self, ord: u64, out: &mut Vec<u8>) -> io::Result<()>;

    /// Calls `visit` with the place in `ords`, which ascend, and the value of each.
    fn each_value(&self, ords: &[u64], visit: Visit<'_>) -> io::Result<()> {
        let mut value = Vec::new();
        for (at, &ord) in ords.iter().enumerate() {
            self.value(ord, &mut value)?;
            visit(at, &value)?;
        }
        Ok(())
    }

    /// The ordinal of a value, or that of the first greater one.
    fn find(&self, value: &[u8]) -> io::Result<Result<u64, u64>>;

    /// Appends the documents of `docs` with an ordinal in `ords`, ascending, each once.
    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>);

    fn has(&self, doc: DocId) -> bool {
        self.first(doc).is_some()
    }

    /// Every document has exactly one value; false also where nobody knows.
    fn is_full(&self) -> bool {
        false
    }

    /// Sets the bits of the documents of `docs` with an ordinal in `ords`; bit 0 of `words` stands for the first of them.
    fn fill_range(&self, ords: RangeInclusive<u64>, docs: DocRange, words: &mut [u64]) {
        let (first, mut found) = (docs.start, Vec::new());
        self.docs_in_range(ords, docs, &mut found);
        found.iter().for_each(|doc| bits::set(words, doc - first));
    }
}
