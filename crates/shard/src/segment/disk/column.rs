//! Columns of a sealed segment: tantivy's codecs of values, and its index of the documents that have one.

use std::io;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tantivy::columnar::column_index::{Set, open_column_index};
use tantivy::columnar::column_values::{MonotonicallyMappableToU64, load_u64_based_column_values};
use tantivy::columnar::{CURRENT_VERSION, ColumnIndex, ColumnValues};
use tantivy::directory::OwnedBytes;
use tantivy::termdict::TermStreamer;

use super::key;
use super::manifest::{ColumnEntry, Extent, TermsEntry};
use super::terms::Inverted;
use super::values::{BLOCK, Values, each_block};
use crate::fields::{FieldSlot, meta};
use crate::score::bits;
use crate::segment::column::{Bounds, NumberColumn, StringColumn, Visit};
use crate::segment::{DocId, DocRange, FlatTerms, Gathered};

/// Bytes of an extent of `columns`.
pub(crate) fn extent(columns: &OwnedBytes, extent: Extent) -> io::Result<OwnedBytes> {
    let end = extent.at.checked_add(extent.bytes).filter(|&end| end <= columns.len() as u64);
    let end = end.ok_or_else(|| corrupt("a column lies beyond the file"))?;
    Ok(columns.slice(extent.at as usize..end as usize))
}

fn corrupt(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Values by document, ascending within one.
pub(crate) struct Column<T> {
    doc_count: u32,
    /// Which documents have values; `None`: all.
    docs: Option<tantivy::columnar::column_index::OptionalIndex>,
    /// Of the n-th document with values, the row of the first; and the end.
    starts: Option<Arc<dyn ColumnValues<u32>>>,
    pub(crate) values: Values<T>,
}

impl<T: MonotonicallyMappableToU64> Column<T> {
    pub(crate) fn open(columns: &OwnedBytes, entry: ColumnEntry, doc_count: u32) -> io::Result<Self> {
        let docs = match entry.docs {
            None => None,
            Some(at) => match open_column_index(extent(columns, at)?, CURRENT_VERSION)? {
                ColumnIndex::Optional(index) => Some(index),
                _ => return Err(corrupt("a column has another index than written")),
            },
        };
        let starts = entry.starts.map(|at| load_u64_based_column_values(extent(columns, at)?)).transpose()?;
        let values = Values::open(extent(columns, entry.values)?)?;
        let column = Self { doc_count, docs, starts, values };
        let with_values = column.docs.as_ref().map_or(doc_count, |docs| docs.num_non_nulls());
        let rows = column.starts.as_ref().map_or(with_values, |starts| starts.num_vals().saturating_sub(1));
        let has_rows = column.starts.is_some() || column.values.count() == rows;
        if rows != with_values || !has_rows {
            return Err(corrupt("a column has another number of values than documents"));
        }
        Ok(column)
    }

    pub(crate) fn is_single(&self) -> bool {
        self.starts.is_none()
    }

    /// Rows of a document's values.
    pub(crate) fn rows(&self, doc: DocId) -> Range<u32> {
        if doc >= self.doc_count {
            return 0..0;
        }
        let rank = match &self.docs {
            None => doc,
            Some(docs) => match docs.rank_if_exists(doc) {
                Some(rank) => rank,
                None => return 0..0,
            },
        };
        match &self.starts {
            None => rank..rank + 1,
            Some(starts) => starts.get_val(rank)..starts.get_val(rank + 1),
        }
    }

    pub(crate) fn has_value(&self, doc: DocId) -> bool {
        doc < self.doc_count && self.docs.as_ref().is_none_or(|docs| docs.contains(doc))
    }

    pub(crate) fn first_value(&self, doc: DocId) -> Option<T> {
        self.rows(doc).next().map(|row| self.values.get(row))
    }

    pub(crate) fn append(&self, doc: DocId, out: &mut Vec<T>) {
        out.extend(self.rows(doc).map(|row| self.values.get(row)));
    }

    fn first_values(&self, docs: &[DocId], missing: T, out: &mut [T]) {
        match (&self.docs, &self.starts) {
            (None, None) => self.values.gather(docs, out),
            (Some(index), None) => each_block(docs, |begin, at| {
                let (docs, out) = (&docs[at.clone()], &mut out[at]);
                let end = begin.saturating_add(BLOCK).min(self.doc_count);
                let (first, behind) = (index.rank(begin), index.rank(end));
                if behind == first {
                    out.fill(missing);
                } else if behind - first == end - begin {
                    // Every document of the block has a value.
                    let rows: Vec<u32> = docs.iter().map(|doc| doc - begin + first).collect();
                    self.values.gather(&rows, out);
                } else {
                    self.each_first(docs, missing, out);
                }
            }),
            (_, Some(_)) => self.each_first(docs, missing, out),
        }
    }

    /// The values of consecutive documents, if each has one.
    fn run(&self, first: DocId, out: &mut [T]) -> bool {
        let full = self.is_full();
        if full {
            self.values.run(first, out);
        }
        full
    }

    fn each_first(&self, docs: &[DocId], missing: T, out: &mut [T]) {
        for (&doc, out) in docs.iter().zip(out) {
            *out = self.first_value(doc).unwrap_or(missing);
        }
    }

    fn is_full(&self) -> bool {
        self.docs.is_none() && self.starts.is_none()
    }

    /// Sets the bits of the documents with a value in `range`; bit 0 stands for the first.
    fn fill(&self, range: RangeInclusive<T>, docs: DocRange, words: &mut [u64]) {
        if self.is_full() {
            return self.values.fill(range, docs, words);
        }
        let (first, mut found) = (docs.start, Vec::new());
        self.append_in_range(range, docs, &mut found);
        found.iter().for_each(|doc| bits::set(words, doc - first));
    }

    fn append_in_range(&self, range: RangeInclusive<T>, docs: DocRange, out: &mut Vec<DocId>) {
        let docs = docs.start.min(self.doc_count)..docs.end.min(self.doc_count);
        if docs.is_empty() || range.is_empty() || *range.start() > self.values.max() || *range.end() < self.values.min()
        {
            return;
        }
        let ranks = self.docs.as_ref().map_or(docs.clone(), |index| index.rank(docs.start)..index.rank(docs.end));
        let mut found = Vec::new();
        match &self.starts {
            None => self.values.rows_in(range, ranks, &mut found),
            Some(starts) => {
                let holds = |rank: u32| {
                    let mut rows = starts.get_val(rank)..starts.get_val(rank + 1);
                    rows.any(|row| range.contains(&self.values.get(row)))
                };
                found.extend(ranks.filter(|&rank| holds(rank)));
            }
        }
        if let Some(index) = &self.docs {
            index.select_batch(&mut found);
        }
        out.append(&mut found);
    }
}

impl NumberColumn for Column<i64> {
    fn min_max(&self) -> Option<(i64, i64)> {
        (self.values.count() > 0).then(|| (self.values.min(), self.values.max()))
    }

    fn is_single(&self) -> bool {
        Column::is_single(self)
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.first_value(doc)
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        self.append(doc, out);
    }

    fn first_batch(&self, docs: &[DocId], missing: i64, out: &mut [i64]) {
        self.first_values(docs, missing, out);
    }

    fn run(&self, first: DocId, out: &mut [i64]) -> bool {
        Column::run(self, first, out)
    }

    fn docs_in_range(&self, range: RangeInclusive<i64>, docs: DocRange, out: &mut Vec<DocId>) {
        self.append_in_range(range, docs, out);
    }

    fn has(&self, doc: DocId) -> bool {
        self.has_value(doc)
    }

    fn is_full(&self) -> bool {
        Column::is_full(self)
    }

    fn fill_range(&self, range: RangeInclusive<i64>, docs: DocRange, words: &mut [u64]) {
        self.fill(range, docs, words);
    }

    fn bounds(&self, docs: DocRange) -> Option<Bounds<i64>> {
        if Column::is_full(self) { self.values.bounds(docs) } else { None }
    }
}

/// Looking up a value costs as much as walking over so many.
const LOOK_UP: u64 = 8;
/// Values of a column that are kept in memory, in bytes; counts as well.
const MAX_VALUES: usize = 4 << 20;

/// Strings: ordinals of the field's terms in the segment's dictionary.
pub(crate) struct DiskStrings {
    pub(crate) ords: Column<u64>,
    pub(crate) inverted: Arc<Inverted>,
    pub(crate) slot: FieldSlot,
    pub(crate) terms: TermsEntry,
    /// All values, once so many were asked for that it pays; `None`: they are too much to be kept.
    values: OnceLock<Option<FlatTerms>>,
    /// Documents by ordinal, once they were asked for; `None`: they are too much to be kept.
    doc_freqs: OnceLock<Option<Arc<[u32]>>>,
    /// How many were looked up one by one.
    looked_up: AtomicU64,
}

impl DiskStrings {
    pub(crate) fn new(ords: Column<u64>, inverted: Arc<Inverted>, slot: FieldSlot, terms: TermsEntry) -> Self {
        Self {
            ords,
            inverted,
            slot,
            terms,
            values: OnceLock::new(),
            doc_freqs: OnceLock::new(),
            looked_up: AtomicU64::new(0),
        }
    }

    /// What the values and counts take that are kept.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let counts = self.doc_freqs.get().and_then(Option::as_deref).map_or(0, |counts| size_of_val(counts) as u64);
        counts + self.values.get().and_then(Option::as_ref).map_or(0, FlatTerms::memory_bytes)
    }

    /// All terms, in order.
    fn stream(&self) -> io::Result<TermStreamer<'_>> {
        let prefix = key::prefix(self.slot);
        let behind = key::prefix(FieldSlot(self.slot.0 + 1));
        self.inverted.dictionary.range().ge(&prefix[..]).lt(&behind[..]).into_stream()
    }

    fn counted(&self) -> io::Result<Option<Arc<[u32]>>> {
        if self.terms.count > (MAX_VALUES / size_of::<u32>()) as u64 {
            return Ok(None);
        }
        let mut counts = Vec::with_capacity(self.terms.count as usize);
        let mut stream = self.stream()?;
        while stream.advance() {
            counts.push(stream.value().doc_freq);
        }
        if counts.len() as u64 != self.terms.count {
            return Err(corrupt("a column has other values than written"));
        }
        Ok(Some(counts.into()))
    }

    /// The values in memory, if they are kept now that `count` more are wanted.
    fn kept(&self, count: u64) -> io::Result<Option<&FlatTerms>> {
        if let Some(known) = self.values.get() {
            return Ok(known.as_ref());
        }
        // Ids are looked up for a few hits each time: they are many, and not kept.
        let before = self.looked_up.fetch_add(count, Ordering::Relaxed);
        if self.slot == meta::ID || before + count < self.terms.count.div_ceil(LOOK_UP) {
            return Ok(None);
        }
        let made = self.gathered()?;
        Ok(self.values.get_or_init(|| made).as_ref())
    }

    fn gathered(&self) -> io::Result<Option<FlatTerms>> {
        let prefix = key::prefix(self.slot);
        let mut stream = self.stream()?;
        let mut values = Gathered::new(MAX_VALUES);
        while stream.advance() && values.push(stream.key().strip_prefix(&prefix[..]).unwrap_or_default()) {}
        match values.finish() {
            Some(values) if values.len() as u64 != self.terms.count => {
                Err(corrupt("a column has other values than written"))
            }
            values => Ok(values),
        }
    }
}

impl StringColumn for DiskStrings {
    fn ord_count(&self) -> u64 {
        self.terms.count
    }

    fn is_single(&self) -> bool {
        self.ords.is_single()
    }

    fn first(&self, doc: DocId) -> Option<u64> {
        self.ords.first_value(doc)
    }

    fn ords(&self, doc: DocId, out: &mut Vec<u64>) {
        self.ords.append(doc, out);
    }

    fn first_batch(&self, docs: &[DocId], out: &mut [u64]) {
        self.ords.first_values(docs, u64::MAX, out);
    }

    fn run(&self, first: DocId, out: &mut [u64]) -> bool {
        self.ords.run(first, out)
    }

    fn doc_freqs(&self) -> io::Result<Option<Arc<[u32]>>> {
        if let Some(known) = self.doc_freqs.get() {
            return Ok(known.clone());
        }
        let made = self.counted()?;
        Ok(self.doc_freqs.get_or_init(|| made).clone())
    }

    fn value(&self, ord: u64, out: &mut Vec<u8>) -> io::Result<()> {
        if let (Some(values), true) = (self.kept(1)?, ord < self.terms.count) {
            out.clear();
            out.extend_from_slice(values.get(ord as usize));
            return Ok(());
        }
        let prefix = key::prefix(self.slot);
        let found = ord < self.terms.count && self.inverted.dictionary.ord_to_term(self.terms.first + ord, out)?;
        if !found || !out.starts_with(&prefix) {
            return Err(corrupt("a column names a value that is not there"));
        }
        out.drain(..prefix.len());
        Ok(())
    }

    fn each_value(&self, ords: &[u64], visit: Visit<'_>) -> io::Result<()> {
        let (Some(&first), Some(&last)) = (ords.first(), ords.last()) else { return Ok(()) };
        if let (Some(values), true) = (self.kept(ords.len() as u64)?, last < self.terms.count) {
            return ords.iter().enumerate().try_for_each(|(at, &ord)| visit(at, values.get(ord as usize)));
        }
        let mut value = Vec::new();
        if (last - first) / LOOK_UP > ords.len() as u64 {
            for (at, &ord) in ords.iter().enumerate() {
                self.value(ord, &mut value)?;
                visit(at, &value)?;
            }
            return Ok(());
        }
        self.value(first, &mut value)?;
        let prefix = key::prefix(self.slot);
        let begin = [&prefix[..], &value].concat();
        let mut stream = self.inverted.dictionary.range().ge(&begin).into_stream()?;
        for (at, &ord) in ords.iter().enumerate() {
            while at == 0 || stream.term_ord() < self.terms.first + ord {
                if !stream.advance() {
                    return Err(corrupt("a column names a value that is not there"));
                }
                if stream.term_ord() >= self.terms.first + ord {
                    break;
                }
            }
            visit(at, stream.key().strip_prefix(&prefix[..]).unwrap_or_default())?;
        }
        Ok(())
    }

    fn find(&self, value: &[u8]) -> io::Result<Result<u64, u64>> {
        if let Some(values) = self.values.get().and_then(Option::as_ref) {
            return Ok(values.find(value).map(|at| at as u64).map_err(|at| at as u64));
        }
        let key = [&key::prefix(self.slot)[..], value].concat();
        if let Some(ord) = self.inverted.dictionary.term_ord(&key)? {
            return Ok(Ok(ord.saturating_sub(self.terms.first)));
        }
        let mut greater = self.inverted.dictionary.range().gt(&key).into_stream()?;
        let next = if greater.advance() { greater.term_ord() } else { u64::MAX };
        Ok(Err(next.saturating_sub(self.terms.first).min(self.terms.count)))
    }

    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>) {
        self.ords.append_in_range(ords, docs, out);
    }

    fn is_full(&self) -> bool {
        self.ords.is_full()
    }

    fn fill_range(&self, ords: RangeInclusive<u64>, docs: DocRange, words: &mut [u64]) {
        self.ords.fill(ords, docs, words);
    }

    fn has(&self, doc: DocId) -> bool {
        self.ords.has_value(doc)
    }
}
