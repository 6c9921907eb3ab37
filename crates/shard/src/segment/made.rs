//! Columns that scripts made of some documents of a segment, while a search runs: they read as those of fields do.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use search::aggregation::values::Scripted;

use super::column::{NumberColumn, StringColumn};
use super::{DocId, DocRange};

/// What one script made.
pub(crate) struct Made {
    pub(crate) of: Arc<Scripted>,
    pub(crate) column: MadeColumn,
}

pub(crate) enum MadeColumn {
    Numbers(Arc<MadeNumbers>),
    Strings(Arc<MadeStrings>),
}

/// The documents, ascending, and where the values of each begin.
struct Rows {
    docs: Vec<DocId>,
    starts: Vec<u32>,
}

/// Codes by document.
pub(crate) struct MadeNumbers {
    rows: Rows,
    codes: Vec<i64>,
}

/// Strings by document: ordinals among those that were made.
pub(crate) struct MadeStrings {
    rows: Rows,
    ords: Vec<u64>,
    values: Vec<Box<[u8]>>,
}

impl Rows {
    /// Where the values of a document lie.
    fn range(&self, doc: DocId) -> std::ops::Range<usize> {
        match self.docs.binary_search(&doc) {
            Ok(at) => self.starts[at] as usize..self.starts[at + 1] as usize,
            Err(_) => 0..0,
        }
    }

    /// Appends the documents of `docs` one of whose values `fits`.
    fn each(&self, docs: DocRange, fits: impl Fn(usize) -> bool, out: &mut Vec<DocId>) {
        let begin = self.docs.partition_point(|&doc| doc < docs.start);
        for (at, &doc) in self.docs.iter().enumerate().skip(begin).take_while(|(_, doc)| **doc < docs.end) {
            if (self.starts[at] as usize..self.starts[at + 1] as usize).any(&fits) {
                out.push(doc);
            }
        }
    }

    /// In order of the documents, each once; `found` are documents with the places of their values, which `take` moves over.
    fn arranged(mut found: Vec<(DocId, u32, u32)>, mut take: impl FnMut(std::ops::Range<usize>) -> usize) -> Self {
        found.sort_unstable_by_key(|(doc, start, _)| (*doc, *start));
        found.dedup_by_key(|(doc, ..)| *doc);
        let mut rows = Self { docs: Vec::with_capacity(found.len()), starts: vec![0] };
        let mut count = 0;
        for (doc, start, end) in found {
            rows.docs.push(doc);
            count += take(start as usize..end as usize);
            rows.starts.push(count as u32);
        }
        rows
    }
}

impl MadeNumbers {
    /// `found`: documents with the places of their values among `codes`.
    pub(crate) fn new(found: Vec<(DocId, u32, u32)>, codes: &[i64]) -> Self {
        let mut arranged = Vec::with_capacity(codes.len());
        let rows = Rows::arranged(found, |range| {
            let begin = arranged.len();
            arranged.extend_from_slice(&codes[range]);
            arranged[begin..].sort_unstable();
            arranged.len() - begin
        });
        Self { rows, codes: arranged }
    }
}

impl MadeStrings {
    /// As [`MadeNumbers::new`]; what a document has twice counts twice only if `repeats`.
    pub(crate) fn new(found: Vec<(DocId, u32, u32)>, texts: &[Box<[u8]>], repeats: bool) -> Self {
        let mut values = texts.to_vec();
        values.sort_unstable();
        values.dedup();
        let mut ords: Vec<u64> = Vec::with_capacity(texts.len());
        let rows = Rows::arranged(found, |range| {
            let mut own: Vec<u64> = texts[range].iter().map(|text| ord(&values, text)).collect();
            own.sort_unstable();
            if !repeats {
                own.dedup();
            }
            ords.extend_from_slice(&own);
            own.len()
        });
        Self { rows, ords, values }
    }
}

fn ord(values: &[Box<[u8]>], text: &[u8]) -> u64 {
    values.partition_point(|value| **value < *text) as u64
}

impl NumberColumn for MadeNumbers {
    fn min_max(&self) -> Option<(i64, i64)> {
        Some((*self.codes.iter().min()?, *self.codes.iter().max()?))
    }

    fn is_single(&self) -> bool {
        false
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.codes[self.rows.range(doc)].first().copied()
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        out.extend_from_slice(&self.codes[self.rows.range(doc)]);
    }

    fn docs_in_range(&self, range: RangeInclusive<i64>, docs: DocRange, out: &mut Vec<DocId>) {
        self.rows.each(docs, |at| range.contains(&self.codes[at]), out);
    }
}

impl StringColumn for MadeStrings {
    fn ord_count(&self) -> u64 {
        self.values.len() as u64
    }

    fn is_single(&self) -> bool {
        false
    }

    fn first(&self, doc: DocId) -> Option<u64> {
        self.ords[self.rows.range(doc)].first().copied()
    }

    fn ords(&self, doc: DocId, out: &mut Vec<u64>) {
        out.extend_from_slice(&self.ords[self.rows.range(doc)]);
    }

    fn first_batch(&self, docs: &[DocId], out: &mut [u64]) {
        docs.iter().zip(out).for_each(|(&doc, out)| *out = self.first(doc).unwrap_or(u64::MAX));
    }

    fn value(&self, ord: u64, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        out.extend_from_slice(self.values.get(ord as usize).map_or(&[], |value| value));
        Ok(())
    }

    fn find(&self, value: &[u8]) -> io::Result<Result<u64, u64>> {
        let at = ord(&self.values, value);
        Ok(if self.values.get(at as usize).is_some_and(|found| **found == *value) { Ok(at) } else { Err(at) })
    }

    fn docs_in_range(&self, ords: RangeInclusive<u64>, docs: DocRange, out: &mut Vec<DocId>) {
        self.rows.each(docs, |at| ords.contains(&self.ords[at]), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_in_order_and_once_whatever_the_order_they_were_made_in() {
        let made = MadeNumbers::new(vec![(7, 0, 2), (3, 2, 3), (7, 3, 5)], &[9, 4, 1, 9, 4]);
        let values = |doc: DocId| {
            let mut out = Vec::new();
            made.values(doc, &mut out);
            out
        };
        assert_eq!((values(3), values(5), values(7)), (vec![1], vec![], vec![4, 9]));
        assert_eq!(made.min_max(), Some((1, 9)));
        let mut found = Vec::new();
        made.docs_in_range(4..=5, 0..8, &mut found);
        assert_eq!(found, [7]);
    }

    #[test]
    fn strings_have_ordinals_in_the_order_of_their_bytes() {
        let texts: Vec<Box<[u8]>> = ["b", "a", "b"].iter().map(|text| text.as_bytes().into()).collect();
        let made = |repeats| MadeStrings::new(vec![(1, 0, 3), (2, 3, 3)], &texts, repeats);
        let ords = |made: &MadeStrings, doc: DocId| {
            let mut out = Vec::new();
            made.ords(doc, &mut out);
            out
        };
        assert_eq!(ords(&made(false), 1), [0, 1]);
        assert_eq!(ords(&made(true), 1), [0, 1, 1]);
        assert!(ords(&made(true), 2).is_empty());
        assert_eq!(made(false).find(b"b").unwrap(), Ok(1));
        assert_eq!(made(false).find(b"aa").unwrap(), Err(1));
    }
}
