//! A block as it is written elsewhere: field by field, each with its terms in order, its lengths and its values by document.

use search::statistics::FieldStatistics;

use super::MemoryBlock;
use super::data::{Column, Data, Record, Row};
use crate::fields::FieldSlot;
use crate::segment::{Detail, DocId};

/// One field of a block.
#[derive(Clone, Copy)]
pub(crate) struct BlockRow<'a> {
    data: &'a Data,
    row: &'a Row,
}

/// One term of a field.
#[derive(Clone, Copy)]
pub(crate) struct BlockTerm<'a> {
    of: BlockRow<'a>,
    term: u32,
}

/// One document of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockPosting<'a> {
    pub(crate) doc: DocId,
    /// 1 where the field keeps no frequencies.
    pub(crate) freq: u32,
    /// Empty where the field keeps none.
    pub(crate) positions: &'a [u32],
}

/// The values of a field, in the order of documents and of values within one.
pub(crate) enum BlockColumn {
    /// Codes of numbers.
    Numbers(Vec<(DocId, i64)>),
    /// Ordinals of the field's terms.
    Ords(Vec<(DocId, u64)>),
}

impl MemoryBlock {
    /// The fields that have terms or a column, by slot.
    pub(crate) fn rows(&self) -> impl Iterator<Item = BlockRow<'_>> {
        self.data.rows.iter().map(|row| BlockRow { data: &self.data, row })
    }
}

impl<'a> BlockRow<'a> {
    pub(crate) fn slot(&self) -> FieldSlot {
        self.row.slot
    }

    /// What its postings hold; `None`: its terms, if it has some, only serve the column.
    pub(crate) fn detail(&self) -> Option<Detail> {
        self.row.record.map(|record| match record {
            Record::Docs => Detail::Docs,
            Record::Freqs => Detail::Freqs,
            Record::Positions => Detail::Positions,
        })
    }

    /// Documents with a token or value, and how many tokens or values they have.
    pub(crate) fn counts(&self) -> FieldStatistics {
        FieldStatistics { doc_count: u64::from(self.row.doc_count), total_term_freq: self.row.tokens }
    }

    /// Length codes of all documents.
    pub(crate) fn norms(&self) -> Option<&'a [u8]> {
        self.row.norms.map(|norms| &self.data.norms[norms.range()])
    }

    pub(crate) fn has_terms(&self) -> bool {
        self.row.terms.len() > 0
    }

    /// Ascending.
    pub(crate) fn terms(self) -> impl Iterator<Item = BlockTerm<'a>> {
        let terms = self.row.terms;
        (terms.start..terms.end).map(move |term| BlockTerm { of: self, term })
    }

    pub(crate) fn column(&self) -> Option<BlockColumn> {
        let column = self.row.column?;
        let Data { ords, numbers, .. } = self.data;
        Some(if column.of_ords {
            BlockColumn::Ords(self.pairs(&column, |at| u64::from(ords[at])))
        } else {
            BlockColumn::Numbers(self.pairs(&column, |at| numbers[at]))
        })
    }

    fn pairs<T>(&self, column: &Column, value: impl Fn(usize) -> T) -> Vec<(DocId, T)> {
        let mut pairs = Vec::with_capacity(column.values.len());
        let mut add = |rank: usize, doc: DocId| {
            let values = self.data.values_at(column, rank);
            pairs.extend(values.map(|at| (doc, value(at))));
        };
        match column.docs {
            None => (0..self.data.doc_count()).for_each(|doc| add(doc as usize, doc)),
            Some(docs) => {
                let docs = &self.data.column_docs[docs.range()];
                docs.iter().enumerate().for_each(|(rank, &doc)| add(rank, doc));
            }
        }
        pairs
    }
}

impl<'a> BlockTerm<'a> {
    pub(crate) fn key(&self) -> &'a [u8] {
        self.of.data.key(self.term)
    }

    /// By document.
    pub(crate) fn postings(&self) -> impl Iterator<Item = BlockPosting<'a>> + use<'a> {
        let BlockRow { data, row } = self.of;
        let postings = data.postings(self.term);
        (postings.start..postings.end).map(move |posting| BlockPosting {
            doc: data.docs[posting as usize],
            freq: data.freq(row, posting),
            positions: data.positions(row, posting),
        })
    }
}
