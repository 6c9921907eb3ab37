//! What documents say of one field, gathered until all are there, then written.

use std::io;

use analysis::Analyzer;
use model::number::term_from_ordered;
use tantivy::directory::OwnedBytes;

use super::draft::Draft;
use super::term_table::TermTable;
use crate::fields::FieldSlot;
use crate::segment::disk::impact::code_of_length;
use crate::segment::disk::manifest::{Record, SlotEntry};
use crate::segment::{Detail, DocId};

/// A text field: its tokens, document by document.
pub(crate) struct Texts {
    analyzer: Analyzer,
    record: Record,
    norms: bool,
    gap: u32,
    table: TermTable,
    /// Term and position.
    tokens: Vec<(u32, u32)>,
    docs: Vec<TextDoc>,
    /// The last document, its length so far, and where its next value begins.
    open: (Option<DocId>, u32, u32),
}

struct TextDoc {
    doc: DocId,
    /// Where its tokens end.
    end: usize,
    /// Tokens, those that share the position of the one before not counted (Lucene's `discountOverlaps`); terms where no frequencies are
    /// kept.
    length: u32,
}

impl Texts {
    pub(crate) fn new(analyzer: Analyzer, detail: Detail, norms: bool, gap: u32) -> Self {
        let record = match detail {
            Detail::Docs => Record::Docs,
            Detail::Freqs => Record::Freqs,
            Detail::Positions => Record::Positions,
        };
        Self {
            analyzer,
            record,
            norms,
            gap,
            table: TermTable::new(),
            tokens: Vec::new(),
            docs: Vec::new(),
            open: (None, 0, 0),
        }
    }

    /// Analyses values of one document, which follow those pushed for it before. False: no length code will tell that the document has the
    /// field, for it has no tokens.
    pub(crate) fn push<'a>(&mut self, doc: DocId, values: impl Iterator<Item = &'a str>) -> bool {
        let Self { analyzer, table, tokens, .. } = self;
        let (mut length, mut base) = match self.open {
            (Some(open), length, base) if open == doc => (length, base),
            _ => (0u32, 0u32),
        };
        for value in values {
            let mut previous = None;
            let taken = analyzer.each(value, &mut |term, position| {
                let position = base.saturating_add(position);
                length += u32::from(previous != Some(position));
                previous = Some(position);
                tokens.push((table.number(term.as_bytes()), position));
            });
            base = base.saturating_add(taken).saturating_add(self.gap);
        }
        let open = self.docs.last().is_some_and(|last| last.doc == doc);
        let before = self.docs.len().checked_sub(1 + usize::from(open)).map_or(0, |last| self.docs[last].end);
        if self.record == Record::Docs {
            length = forget_repetitions(&mut self.tokens, before);
        }
        self.open = (Some(doc), length, base);
        let end = self.tokens.len();
        match self.docs.last_mut() {
            Some(last) if last.doc == doc => (last.end, last.length) = (end, length),
            _ if before < end => self.docs.push(TextDoc { doc, end, length }),
            _ => {}
        }
        before < end || !self.norms
    }

    pub(crate) fn write(self, slot: FieldSlot, doc_count: u32, draft: &mut Draft) -> io::Result<()> {
        if self.docs.is_empty() {
            return Ok(());
        }
        let codes = self.norms.then(|| {
            let mut codes = vec![0; doc_count as usize];
            self.docs.iter().for_each(|text| codes[text.doc as usize] = code_of_length(text.length));
            OwnedBytes::new(codes)
        });
        let norms = codes.as_ref().map(|codes| draft.norms(codes)).transpose()?;
        let average = (self.tokens.len() as f64 / self.docs.len() as f64) as f32;
        let (starts, postings) = self.by_term();
        let mut terms = draft.terms(slot, Some(self.record), codes.as_ref(), average)?;
        let mut deltas = Vec::new();
        for number in self.table.sorted() {
            terms.begin();
            let of_term = &postings[starts[number as usize]..starts[number as usize + 1]];
            for of_doc in of_term.chunk_by(|a, b| a.0 == b.0) {
                deltas.clear();
                let mut last = 0;
                deltas.extend(of_doc.iter().map(|&(_, position)| position - std::mem::replace(&mut last, position)));
                terms.doc(of_doc[0].0, of_doc.len() as u32, &deltas);
            }
            terms.end(self.table.term(number))?;
        }
        let terms = terms.finish();
        let (doc_count, tokens) = (self.docs.len() as u64, self.tokens.len() as u64);
        draft.slot(SlotEntry { slot: slot.0, doc_count, tokens, terms, norms, column: None, vectors: None });
        Ok(())
    }

    /// Documents and positions grouped by term; within a term in their order. A counting sort.
    fn by_term(&self) -> (Vec<usize>, Vec<(DocId, u32)>) {
        let mut starts = count_starts(self.table.len(), self.tokens.iter().map(|token| token.0));
        let mut postings = vec![(0, 0); self.tokens.len()];
        let mut begin = 0;
        for text in &self.docs {
            for &(term, position) in &self.tokens[begin..text.end] {
                let at = &mut starts[term as usize];
                postings[*at] = (text.doc, position);
                *at += 1;
            }
            begin = text.end;
        }
        (shifted(starts), postings)
    }
}

/// Leaves one token of each term from `first` on; returns how many.
fn forget_repetitions(tokens: &mut Vec<(u32, u32)>, first: usize) -> u32 {
    let mut own = tokens.split_off(first);
    own.sort_unstable();
    own.dedup_by_key(|token| token.0);
    tokens.append(&mut own);
    (tokens.len() - first) as u32
}

/// Where each of `count` groups begins.
fn count_starts(count: usize, groups: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    groups.for_each(|group| starts[group as usize + 1] += 1);
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}

/// Each start has moved to its group's end, that is the next group's start: moves them back.
fn shifted(mut starts: Vec<usize>) -> Vec<usize> {
    starts.rotate_right(1);
    starts[0] = 0;
    starts
}

/// A field of whole values.
pub(crate) struct Exacts {
    postings: bool,
    column: bool,
    norms: bool,
    table: TermTable,
    /// Document and value; a document's values ascend.
    values: Vec<(DocId, u32)>,
}

impl Exacts {
    pub(crate) fn new(postings: bool, column: bool, norms: bool) -> Self {
        Self { postings, column, norms, table: TermTable::new(), values: Vec::new() }
    }

    /// `value` is new to the document, and greater than those pushed for it before.
    pub(crate) fn push(&mut self, doc: DocId, value: &[u8]) {
        let number = self.table.number(value);
        self.values.push((doc, number));
    }

    pub(crate) fn write(self, slot: FieldSlot, doc_count: u32, draft: &mut Draft) -> io::Result<()> {
        if self.values.is_empty() || !(self.postings || self.column) {
            return Ok(());
        }
        let with_values = self.values.chunk_by(|a, b| a.0 == b.0);
        let with_field = with_values.clone().count() as u64;
        let codes = (self.norms && self.postings).then(|| {
            let mut codes = vec![0; doc_count as usize];
            with_values.for_each(|values| codes[values[0].0 as usize] = code_of_length(values.len() as u32));
            codes
        });
        let norms = codes.map(|codes| draft.norms(&codes)).transpose()?;
        let sorted = self.table.sorted();
        let mut starts = count_starts(self.table.len(), self.values.iter().map(|value| value.1));
        let mut docs = vec![0; self.values.len()];
        for &(doc, number) in &self.values {
            let at = &mut starts[number as usize];
            docs[*at] = doc;
            *at += 1;
        }
        let starts = shifted(starts);
        let average = (self.values.len() as f64 / with_field as f64) as f32;
        let mut terms = draft.terms(slot, self.postings.then_some(Record::Docs), None, average)?;
        let mut ords = vec![0u64; sorted.len()];
        for (ord, &number) in sorted.iter().enumerate() {
            ords[number as usize] = ord as u64;
            terms.begin();
            if self.postings {
                docs[starts[number as usize]..starts[number as usize + 1]]
                    .iter()
                    .for_each(|&doc| terms.doc(doc, 1, &[]));
            }
            terms.end(self.table.term(number))?;
        }
        let terms = terms.finish();
        let pairs = self.values.iter().filter(|_| self.column).map(|&(doc, number)| (doc, ords[number as usize]));
        let column = draft.column(&pairs.collect::<Vec<_>>(), true)?;
        let tokens = self.values.len() as u64;
        draft.slot(SlotEntry { slot: slot.0, doc_count: with_field, tokens, terms, norms, column, vectors: None });
        Ok(())
    }
}

/// A field of numbers.
pub(crate) struct Numbers {
    postings: bool,
    column: bool,
    /// Document and code; a document's codes ascend and may repeat.
    values: Vec<(DocId, i64)>,
}

impl Numbers {
    pub(crate) fn new(postings: bool, column: bool) -> Self {
        Self { postings, column, values: Vec::new() }
    }

    pub(crate) fn push(&mut self, doc: DocId, code: i64) {
        self.values.push((doc, code));
    }

    pub(crate) fn write(mut self, slot: FieldSlot, draft: &mut Draft) -> io::Result<()> {
        if self.values.is_empty() || !(self.postings || self.column) {
            return Ok(());
        }
        let column = if self.column { draft.column(&self.values, false)? } else { None };
        let doc_count = self.values.chunk_by(|a, b| a.0 == b.0).count() as u64;
        let mut tokens = self.values.len() as u64;
        let mut terms = None;
        if self.postings {
            self.values.sort_unstable_by_key(|&(doc, code)| (code, doc));
            self.values.dedup();
            if !self.column {
                tokens = self.values.len() as u64;
            }
            let mut writer = draft.terms(slot, Some(Record::Docs), None, 1.0)?;
            for of_term in self.values.chunk_by(|a, b| a.1 == b.1) {
                writer.begin();
                of_term.iter().for_each(|&(doc, _)| writer.doc(doc, 1, &[]));
                writer.end(&term_from_ordered(of_term[0].1))?;
            }
            terms = writer.finish();
        }
        draft.slot(SlotEntry { slot: slot.0, doc_count, tokens, terms, norms: None, column, vectors: None });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_begin_where_the_ones_before_end() {
        let groups = [2, 0, 2, 2, 3];
        let mut starts = count_starts(5, groups.into_iter());
        assert_eq!(starts, [0, 1, 1, 4, 5, 5]);
        groups.iter().for_each(|&group| starts[group as usize] += 1);
        assert_eq!(shifted(starts), [0, 1, 1, 4, 5, 5]);
        assert_eq!(shifted(count_starts(0, [].into_iter())), [0]);
    }
}
