//! Reading numbers of a batch: codes of a column, or of `F` and `T`, with what stands for missing ones.

use std::sync::Arc;

use search::aggregation::values::{Column, Missing, Values};
use search::bound::NumberCode;

use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::column::{Bounds, NumberColumn, StringColumn};
use crate::segment::{DocId, DocRange};

/// The numbers of one field.
pub(super) struct Numbers {
    column: Column,
    pub(super) code: NumberCode,
    missing: Option<i64>,
    source: Source,
    codes: Vec<i64>,
    rows: Vec<u32>,
    pool: Vec<i64>,
    ords: Vec<u64>,
}

enum Source {
    Nothing,
    Codes(Arc<dyn NumberColumn>),
    /// Booleans: the number of each ordinal.
    Flags(Arc<dyn StringColumn>, Vec<i64>),
}

/// The values of a batch.
pub(super) enum Read<'a> {
    /// One a document.
    Dense(&'a [i64]),
    /// Values with the places of their documents in the batch, ascending.
    Sparse(&'a [i64], &'a [u32]),
}

impl Read<'_> {
    /// Calls `each` with the place of a document in the batch and one of its values.
    #[inline]
    pub(super) fn for_each(&self, mut each: impl FnMut(usize, i64)) {
        match self {
            Self::Dense(codes) => codes.iter().enumerate().for_each(|(at, &code)| each(at, code)),
            Self::Sparse(codes, rows) => codes.iter().zip(*rows).for_each(|(&code, &row)| each(row as usize, code)),
        }
    }

    /// As [`Read::for_each`], until `each` fails.
    #[inline]
    pub(super) fn try_for_each(&self, mut each: impl FnMut(usize, i64) -> Outcome<()>) -> Outcome<()> {
        match self {
            Self::Dense(codes) => codes.iter().enumerate().try_for_each(|(at, &code)| each(at, code)),
            Self::Sparse(codes, rows) => codes.iter().zip(*rows).try_for_each(|(&code, &row)| each(row as usize, code)),
        }
    }
}

impl Numbers {
    pub(super) fn new(values: &Values) -> Self {
        let missing = match &values.missing {
            Some(Missing::Code(code)) => Some(*code),
            _ => None,
        };
        Self {
            column: values.column.clone(),
            code: values.code(),
            missing,
            source: Source::Nothing,
            codes: Vec::new(),
            rows: Vec::new(),
            pool: Vec::new(),
            ords: Vec::new(),
        }
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.source = match &self.column {
            Column::Number(field, _) => match leaf.fields.by_path(field) {
                Some(entry) => leaf.segment.numbers(entry.slot)?.map_or(Source::Nothing, Source::Codes),
                None => Source::Nothing,
            },
            Column::Boolean(field) => match leaf.fields.by_path(field) {
                Some(entry) => leaf.segment.strings(entry.slot)?.map_or(Ok(Source::Nothing), flags)?,
                None => Source::Nothing,
            },
            Column::Script(script) => leaf.made_numbers(script).map_or(Source::Nothing, Source::Codes),
            Column::Nothing(_) | Column::Strings(_) | Column::Ranges(..) | Column::Constant(_) => Source::Nothing,
        };
        Ok(())
    }

    /// Least and greatest code of the segment, what stands for missing ones included; `None`: nobody knows.
    pub(super) fn range(&self) -> Option<(i64, i64)> {
        let Source::Codes(column) = &self.source else { return None };
        let (least, greatest) = column.min_max()?;
        Some(self.missing.map_or((least, greatest), |missing| (least.min(missing), greatest.max(missing))))
    }

    /// Bounds of the values of a stretch of documents, each of which has one value: `None` where they are not soon known.
    pub(super) fn bounds(&self, docs: DocRange) -> Option<Bounds<i64>> {
        match &self.source {
            Source::Codes(column) => column.bounds(docs),
            Source::Nothing | Source::Flags(..) => None,
        }
    }

    /// Whether each document of the segment has one value.
    pub(super) fn is_full(&self) -> bool {
        matches!(&self.source, Source::Codes(column) if column.is_full())
    }

    /// The values of matches.
    pub(super) fn read_found(&mut self, found: &Found<'_>) -> Read<'_> {
        if let Source::Codes(column) = &self.source
            && found.read_all(&mut self.codes, |first, out| column.run(first, out))
        {
            return Read::Dense(&self.codes);
        }
        self.read(found.docs())
    }

    /// The values of ascending documents.
    pub(super) fn read(&mut self, docs: &[DocId]) -> Read<'_> {
        if let Source::Codes(column) = &self.source
            && column.is_full()
        {
            self.codes.resize(docs.len(), 0);
            column.first_batch(docs, i64::MIN, &mut self.codes);
            return Read::Dense(&self.codes);
        }
        self.codes.clear();
        self.rows.clear();
        match &self.source {
            Source::Nothing => match self.missing {
                Some(missing) => {
                    self.codes.resize(docs.len(), missing);
                    Read::Dense(&self.codes)
                }
                None => Read::Sparse(&[], &[]),
            },
            Source::Codes(column) if column.is_single() => {
                self.codes.resize(docs.len(), i64::MIN);
                column.first_batch(docs, i64::MIN, &mut self.codes);
                let column = column.clone();
                self.without_absent(docs, |doc| column.has(doc))
            }
            Source::Codes(column) => {
                let column = column.clone();
                self.read_each(docs, |doc, out| column.values(doc, out))
            }
            Source::Flags(column, numbers) if column.is_single() => {
                self.ords.resize(docs.len(), u64::MAX);
                column.first_batch(docs, &mut self.ords);
                let numbers = numbers.as_slice();
                self.codes.extend(self.ords.iter().map(|&ord| numbers.get(ord as usize).copied().unwrap_or(i64::MIN)));
                self.without_absent(docs, |_| false)
            }
            Source::Flags(column, numbers) => {
                let (column, numbers, mut ords) = (column.clone(), numbers.clone(), std::mem::take(&mut self.ords));
                self.read_each(docs, |doc, out| {
                    ords.clear();
                    column.ords(doc, &mut ords);
                    out.extend(ords.iter().filter_map(|&ord| numbers.get(ord as usize)));
                })
            }
        }
    }

    /// `codes` holds one code a document, the least possible one where there may be none.
    fn without_absent(&mut self, docs: &[DocId], has: impl Fn(DocId) -> bool) -> Read<'_> {
        if !self.codes.contains(&i64::MIN) {
            return Read::Dense(&self.codes);
        }
        if let Some(missing) = self.missing {
            for (code, &doc) in self.codes.iter_mut().zip(docs) {
                if *code == i64::MIN && !has(doc) {
                    *code = missing;
                }
            }
            return Read::Dense(&self.codes);
        }
        let mut kept = 0;
        for (at, &doc) in docs.iter().enumerate() {
            let code = self.codes[at];
            if code != i64::MIN || has(doc) {
                self.codes[kept] = code;
                self.rows.push(at as u32);
                kept += 1;
            }
        }
        self.codes.truncate(kept);
        Read::Sparse(&self.codes, &self.rows)
    }

    fn read_each(&mut self, docs: &[DocId], mut read: impl FnMut(DocId, &mut Vec<i64>)) -> Read<'_> {
        for (at, &doc) in docs.iter().enumerate() {
            self.pool.clear();
            read(doc, &mut self.pool);
            if let (true, Some(missing)) = (self.pool.is_empty(), self.missing) {
                self.pool.push(missing);
            }
            self.codes.extend_from_slice(&self.pool);
            self.rows.resize(self.codes.len(), at as u32);
        }
        Read::Sparse(&self.codes, &self.rows)
    }
}

fn flags(column: Arc<dyn StringColumn>) -> Outcome<Source> {
    let mut value = Vec::new();
    let mut numbers = Vec::new();
    for ord in 0..column.ord_count() {
        column.value(ord, &mut value)?;
        numbers.push(i64::from(value == b"T"));
    }
    Ok(Source::Flags(column, numbers))
}
