//! Reading strings of a batch as ordinals of the segment; what stands for missing ones has an ordinal, too.

use std::sync::Arc;

use search::aggregation::values::{Column, Missing, Values};
use search::bound::TermBytes;

use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::column::StringColumn;
use crate::segment::{DocId, Terms};

/// Counts of terms are asked for where there are so many documents for each: fewer are soon counted themselves.
const DOCS_PER_TERM: u64 = 8;

type Dictionary = (Arc<dyn StringColumn>, Arc<dyn Terms>);

/// The strings of one field.
#[derive(Clone)]
pub(super) struct Strings {
    column: Column,
    missing: Option<TermBytes>,
    source: Option<Arc<dyn StringColumn>>,
    /// Of the value that stands for missing ones; `u64::MAX`: there is none.
    missing_ord: u64,
}

/// Where a batch is read to.
#[derive(Default)]
pub(super) struct Ords {
    ords: Vec<u64>,
    rows: Vec<u32>,
    pool: Vec<u64>,
}

/// The ordinals of a batch.
pub(super) enum Read<'a> {
    /// One a document.
    Dense(&'a [u64]),
    /// Ordinals with the places of their documents in the batch, ascending.
    Sparse(&'a [u64], &'a [u32]),
}

impl Read<'_> {
    /// Calls `each` with the place of a document in the batch and one of its ordinals.
    #[inline]
    pub(super) fn for_each(&self, mut each: impl FnMut(usize, u64)) {
        match self {
            Self::Dense(ords) => ords.iter().enumerate().for_each(|(at, &ord)| each(at, ord)),
            Self::Sparse(ords, rows) => ords.iter().zip(*rows).for_each(|(&ord, &row)| each(row as usize, ord)),
        }
    }

    /// As [`Read::for_each`], until `each` fails.
    #[inline]
    pub(super) fn try_for_each(&self, mut each: impl FnMut(usize, u64) -> Outcome<()>) -> Outcome<()> {
        match self {
            Self::Dense(ords) => ords.iter().enumerate().try_for_each(|(at, &ord)| each(at, ord)),
            Self::Sparse(ords, rows) => ords.iter().zip(*rows).try_for_each(|(&ord, &row)| each(row as usize, ord)),
        }
    }
}

impl Strings {
    pub(super) fn new(values: &Values) -> Self {
        let missing = match (&values.column, &values.missing) {
            // Every document has it: as if it were missing everywhere.
            (Column::Constant(value), _) => Some(value.clone()),
            (_, Some(Missing::Bytes(value))) => Some(value.clone()),
            _ => None,
        };
        Self { column: values.column.clone(), missing, source: None, missing_ord: u64::MAX }
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.source = match &self.column {
            Column::Strings(field) | Column::Boolean(field) => match leaf.fields.by_path(field) {
                Some(entry) => leaf.strings(entry)?,
                None => None,
            },
            Column::Script(script) => leaf.made_strings(script),
            Column::Nothing(_) | Column::Number(..) | Column::Ranges(..) | Column::Constant(_) => None,
        };
        self.missing_ord = match (&self.missing, &self.source) {
            (None, _) => u64::MAX,
            (Some(_), None) => 0,
            (Some(value), Some(column)) => column.find(value)?.unwrap_or(column.ord_count()),
        };
        Ok(())
    }

    /// One more than the greatest ordinal.
    pub(super) fn ord_bound(&self) -> u64 {
        let own = self.source.as_ref().map_or(0, |column| column.ord_count());
        if self.missing_ord == u64::MAX { own } else { own.max(self.missing_ord + 1) }
    }

    /// The ordinal of the first value of the column that is not less.
    pub(super) fn first_at(&self, value: &[u8]) -> Outcome<u64> {
        match &self.source {
            Some(column) => Ok(column.find(value)?.unwrap_or_else(|next| next)),
            None => Ok(0),
        }
    }

    /// The ordinal of a value; `None`: it is nobody's here.
    pub(super) fn ord_of(&self, value: &[u8]) -> Outcome<Option<u64>> {
        let own = self.source.as_ref().map(|column| column.find(value)).transpose()?;
        let missing = || (self.missing.as_deref() == Some(value)).then_some(self.missing_ord);
        Ok(own.and_then(Result::ok).or_else(missing))
    }

    /// The value of an ordinal that is not the column's: what stands for missing values, and is nobody's value here.
    #[inline]
    pub(super) fn outside(&self, ord: u64) -> Option<&TermBytes> {
        let known = self.source.as_ref().map_or(0, |column| column.ord_count());
        self.missing.as_ref().filter(|_| ord >= known)
    }

    /// Calls `each` with every ordinal of the segment and how many of its documents, deleted ones too, have it, if that is sooner known from
    /// the dictionary than from the documents; false: it is not.
    pub(super) fn each_count(&self, leaf: &Leaf<'_>, mut each: impl FnMut(u64, u32) -> Outcome<()>) -> Outcome<bool> {
        let Some((column, terms)) = self.dictionary(leaf)? else { return Ok(false) };
        let few = column.ord_count().saturating_mul(DOCS_PER_TERM) <= u64::from(leaf.max);
        if !few || terms.len() != column.ord_count() || (self.missing.is_some() && !column.is_full()) {
            return Ok(false);
        }
        let Some(counts) = column.doc_freqs()? else { return Ok(false) };
        (0..).zip(&*counts).try_for_each(|(ord, &count)| each(ord, count))?;
        Ok(true)
    }

    fn dictionary(&self, leaf: &Leaf<'_>) -> Outcome<Option<Dictionary>> {
        let (Column::Strings(field), Some(column)) = (&self.column, &self.source) else { return Ok(None) };
        let Some(entry) = leaf.fields.by_path(field) else { return Ok(None) };
        Ok(leaf.segment.terms(entry.slot)?.map(|terms| (column.clone(), terms)))
    }

    /// The terms of the segment, where they are the values of the documents, each of which has one at most.
    pub(super) fn terms(&self, leaf: &Leaf<'_>) -> Outcome<Option<Arc<dyn Terms>>> {
        let found = self.dictionary(leaf)?;
        let found = found.filter(|(column, terms)| column.is_single() && terms.len() == column.ord_count());
        Ok(found.map(|(_, terms)| terms))
    }

    /// Whether each ordinal is some document's: what stands for missing ones is not, or cannot be.
    pub(super) fn has_all(&self) -> bool {
        match &self.source {
            Some(column) => self.missing.is_none() && column.ord_count() < u64::from(u32::MAX),
            None => false,
        }
    }

    /// Whether each document of the segment has one string.
    pub(super) fn is_full(&self) -> bool {
        self.source.as_ref().is_some_and(|column| column.is_full())
    }

    /// Writes the value of an ordinal into `out`.
    pub(super) fn value(&self, ord: u64, out: &mut Vec<u8>) -> Outcome<()> {
        match (&self.source, &self.missing) {
            (Some(column), _) if ord < column.ord_count() => column.value(ord, out)?,
            (_, Some(missing)) => {
                out.clear();
                out.extend_from_slice(missing);
            }
            _ => out.clear(),
        }
        Ok(())
    }

    /// Calls `visit` with the place in `ords`, which ascend, and the value of each.
    pub(super) fn each_value(&self, ords: &[u64], mut visit: impl FnMut(usize, &[u8]) -> Outcome<()>) -> Outcome<()> {
        let own = self.source.as_ref().map_or(0, |column| ords.partition_point(|&ord| ord < column.ord_count()));
        if let Some(column) = &self.source {
            let mut refused = Ok(());
            column.each_value(&ords[..own], &mut |at, value| {
                if refused.is_ok() {
                    refused = visit(at, value);
                }
                Ok(())
            })?;
            refused?;
        }
        let missing = self.missing.as_deref().unwrap_or_default();
        (own..ords.len()).try_for_each(|at| visit(at, missing))
    }

    /// Whether a value stands for missing ones.
    pub(super) fn has_stand_in(&self) -> bool {
        self.missing.is_some()
    }

    /// Whether the order of ordinals is that of their values.
    pub(super) fn is_ordered(&self) -> bool {
        let own = self.source.as_ref().map_or(0, |column| column.ord_count());
        self.missing_ord == u64::MAX || self.missing_ord < own || own == 0
    }

    /// The ordinals of matches.
    pub(super) fn read_found<'o>(&self, found: &Found<'_>, out: &'o mut Ords) -> Read<'o> {
        if let Some(column) = &self.source
            && found.read_all(&mut out.ords, |first, ords| column.run(first, ords))
        {
            return Read::Dense(&out.ords);
        }
        self.read(found.docs(), out)
    }

    /// The ordinals of ascending documents.
    pub(super) fn read<'o>(&self, docs: &[DocId], out: &'o mut Ords) -> Read<'o> {
        out.ords.clear();
        out.rows.clear();
        match &self.source {
            None if self.missing_ord == u64::MAX => Read::Sparse(&[], &[]),
            None => {
                out.ords.resize(docs.len(), self.missing_ord);
                Read::Dense(&out.ords)
            }
            Some(column) if column.is_single() => {
                out.ords.resize(docs.len(), u64::MAX);
                column.first_batch(docs, &mut out.ords);
                out.without_absent(self.missing_ord)
            }
            Some(column) => {
                for (at, &doc) in docs.iter().enumerate() {
                    out.pool.clear();
                    column.ords(doc, &mut out.pool);
                    if out.pool.is_empty() && self.missing_ord != u64::MAX {
                        out.pool.push(self.missing_ord);
                    }
                    out.ords.extend_from_slice(&out.pool);
                    out.rows.resize(out.ords.len(), at as u32);
                }
                Read::Sparse(&out.ords, &out.rows)
            }
        }
    }
}

impl Ords {
    /// `ords` holds one a document, `u64::MAX` where there is none.
    fn without_absent(&mut self, missing: u64) -> Read<'_> {
        if !self.ords.contains(&u64::MAX) {
            return Read::Dense(&self.ords);
        }
        if missing != u64::MAX {
            self.ords.iter_mut().filter(|ord| **ord == u64::MAX).for_each(|ord| *ord = missing);
            return Read::Dense(&self.ords);
        }
        let mut kept = 0;
        for at in 0..self.ords.len() {
            let ord = self.ords[at];
            if ord != u64::MAX {
                self.ords[kept] = ord;
                self.rows.push(at as u32);
                kept += 1;
            }
        }
        self.ords.truncate(kept);
        Read::Sparse(&self.ords, &self.rows)
    }
}
