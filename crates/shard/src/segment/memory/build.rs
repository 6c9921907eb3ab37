//! Documents to a block: texts are analysed, terms sorted.
//!
//! Made for very few documents: everything goes through one sort of all tokens, whatever the number of fields.

use std::cmp::Ordering;
use std::sync::Arc;

use model::number::term_from_ordered;

use super::assembly::{Assembly, RowAssembly};
use super::data::{Data, Record, head};
use crate::fields::{FieldSlot, FieldTable, Layout, meta};
use crate::prepared::{SequencedDocument, Values};
use crate::segment::norms::encode_length;
use crate::segment::{Detail, DocId};

/// One occurrence of a term.
#[derive(Clone, Copy)]
struct Token {
    slot: FieldSlot,
    /// The first bytes of the term as a number, so that most comparisons need no more.
    head: u64,
    start: u32,
    length: u32,
    doc: DocId,
    position: u32,
}

/// How many tokens a document has in a text field, those that share the position of the one before not counted.
struct Length {
    slot: FieldSlot,
    doc: DocId,
    length: u32,
}

/// What the documents hold, to be sorted.
#[derive(Default)]
struct Gathered {
    terms: Vec<u8>,
    tokens: Vec<Token>,
    lengths: Vec<Length>,
    numbers: Vec<(FieldSlot, DocId, i64)>,
}

pub(super) fn build(fields: &FieldTable, documents: Vec<SequencedDocument>) -> Data {
    let mut gathered = Gathered::default();
    let mut doc_count = 0;
    for document in &documents {
        for inner in document.document.inner_values() {
            gathered.values(fields, doc_count, inner);
            doc_count += 1;
        }
        gathered.document(fields, doc_count, document);
        doc_count += 1;
    }
    gathered.sort();
    let indexed = |of: SequencedDocument| SequencedDocument { document: Arc::new(of.document.indexed()), ..of };
    let documents = documents.into_iter().map(indexed).collect();
    gathered.write(fields, Assembly::new(documents, doc_count))
}

impl Gathered {
    fn token(&mut self, slot: FieldSlot, term: &[u8], doc: DocId, position: u32) {
        let start = self.terms.len() as u32;
        self.terms.extend_from_slice(term);
        self.tokens.push(Token { slot, head: head(term), start, length: term.len() as u32, doc, position });
    }

    fn document(&mut self, fields: &FieldTable, doc: DocId, document: &SequencedDocument) {
        let bookkeeping = [
            (meta::SEQ_NO, document.seq_no),
            (meta::PRIMARY_TERM, document.primary_term),
            (meta::VERSION, document.version),
        ];
        self.numbers.extend(bookkeeping.map(|(slot, number)| (slot, doc, number as i64)));
        self.values(fields, doc, document.document.values());
    }

    fn values(&mut self, fields: &FieldTable, doc: DocId, prepared: Values<'_>) {
        for values in prepared.texts.chunk_by(|a, b| a.0 == b.0) {
            self.texts(fields, doc, values);
        }
        for (slot, value) in prepared.exact {
            if let Some(Layout::Exact { norms, .. }) = layout(fields, *slot) {
                self.token(*slot, value, doc, 0);
                if *norms {
                    self.count_value(*slot, doc);
                }
            }
        }
        let mut before = None;
        for &(slot, code) in prepared.numbers {
            let Some(Layout::Number { postings, .. }) = layout(fields, slot) else { continue };
            if *postings && before != Some((slot, code)) {
                self.token(slot, &term_from_ordered(code), doc, 0);
            }
            before = Some((slot, code));
            self.numbers.push((slot, doc, code));
        }
    }

    /// Analyses the values of one field of one document.
    fn texts(&mut self, fields: &FieldTable, doc: DocId, values: &[(FieldSlot, Box<str>)]) {
        let Some((slot, _)) = values.first() else { return };
        let Some(Layout::Text { analyzer, position_gap, detail, norms }) = layout(fields, *slot) else { return };
        let first = self.tokens.len();
        let (mut length, mut base) = (0u32, 0u32);
        for (_, text) in values {
            let mut before = None;
            let taken = analyzer.each(text, &mut |term, position| {
                let position = base.saturating_add(position);
                length += u32::from(before != Some(position));
                before = Some(position);
                self.token(*slot, term.as_bytes(), doc, position);
            });
            base = base.saturating_add(taken).saturating_add(*position_gap);
        }
        if *detail == Detail::Docs {
            length = self.forget_repetitions(first);
        }
        if length > 0 {
            self.lengths.push(Length { slot: *slot, doc, length });
        } else if *norms && let Some(entry) = fields.entry(*slot) {
            // Without tokens there is no length code that tells of the field.
            self.token(meta::FIELD_NAMES, entry.path.as_bytes(), doc, 0);
        }
    }

    /// Leaves one token of each term among those from `first` on, which are of one text; returns how many.
    fn forget_repetitions(&mut self, first: usize) -> u32 {
        let mut tokens = self.tokens.split_off(first);
        tokens.sort_unstable_by(|a, b| a.head.cmp(&b.head).then_with(|| compare_terms(&self.terms, a, b)));
        tokens.dedup_by(|a, b| a.head == b.head && compare_terms(&self.terms, a, b) == Ordering::Equal);
        self.tokens.append(&mut tokens);
        (self.tokens.len() - first) as u32
    }

    fn count_value(&mut self, slot: FieldSlot, doc: DocId) {
        match self.lengths.last_mut() {
            Some(last) if last.slot == slot && last.doc == doc => last.length += 1,
            _ => self.lengths.push(Length { slot, doc, length: 1 }),
        }
    }

    fn sort(&mut self) {
        let terms = &self.terms;
        self.tokens.sort_unstable_by(|a, b| {
            (a.slot, a.head)
                .cmp(&(b.slot, b.head))
                .then_with(|| compare_terms(terms, a, b))
                .then_with(|| (a.doc, a.position).cmp(&(b.doc, b.position)))
        });
        // Stable: a document's numbers stay ascending.
        self.numbers.sort_by_key(|&(slot, doc, _)| (slot, doc));
        self.lengths.sort_by_key(|length| (length.slot, length.doc));
    }

    fn write(&self, fields: &FieldTable, mut assembly: Assembly) -> Data {
        let doc_count = assembly.doc_count();
        let (mut tokens, mut numbers, mut lengths) = (&self.tokens[..], &self.numbers[..], &self.lengths[..]);
        let mut positions = Vec::new();
        while let Some(slot) =
            tokens.first().map(|token| token.slot).into_iter().chain(numbers.first().map(|n| n.0)).min()
        {
            let tokens = split(&mut tokens, |token| token.slot == slot);
            let numbers = split(&mut numbers, |number| number.0 == slot);
            let lengths = split(&mut lengths, |length| length.slot == slot);
            let Some((record, column, norms)) = layout(fields, slot).map(plan) else { continue };
            if record.is_none() && !column {
                continue;
            }
            let mut row = assembly.row(slot, record);
            self.terms(&mut row, tokens, record == Some(Record::Positions), &mut positions);
            match (column, numbers.is_empty()) {
                (true, false) => row.numbers(numbers.iter().map(|&(_, doc, code)| (doc, code))),
                (true, true) => row.ords(),
                (false, _) => {}
            }
            if norms {
                let mut lengths = lengths.iter().peekable();
                row.norms((0..doc_count).map(|doc| {
                    lengths.next_if(|length| length.doc == doc).map_or(0, |length| encode_length(length.length))
                }));
            }
            row.finish();
        }
        assembly.finish()
    }

    fn terms(&self, row: &mut RowAssembly<'_>, tokens: &[Token], keeps_positions: bool, positions: &mut Vec<u32>) {
        let same = |a: &Token, b: &Token| a.head == b.head && compare_terms(&self.terms, a, b) == Ordering::Equal;
        for of_term in tokens.chunk_by(same) {
            row.begin_term(term(&self.terms, &of_term[0]));
            for of_doc in of_term.chunk_by(|a, b| a.doc == b.doc) {
                positions.clear();
                if keeps_positions {
                    positions.extend(of_doc.iter().map(|token| token.position));
                }
                row.posting(of_doc[0].doc, of_doc.len() as u32, positions);
            }
            row.end_term();
        }
    }
}

fn layout(fields: &FieldTable, slot: FieldSlot) -> Option<&Layout> {
    fields.entry(slot).map(|entry| &entry.layout)
}

/// What a row of this layout has: postings, column, norms.
fn plan(layout: &Layout) -> (Option<Record>, bool, bool) {
    match *layout {
        Layout::Text { detail, norms, .. } => (Some(detail.into()), false, norms),
        Layout::Exact { postings, column, norms } => (postings.then_some(Record::Docs), column, norms && postings),
        Layout::Number { postings, column } => (postings.then_some(Record::Docs), column, false),
        Layout::Vector { .. } => (None, false, false),
    }
}

fn term<'a>(terms: &'a [u8], token: &Token) -> &'a [u8] {
    &terms[token.start as usize..][..token.length as usize]
}

/// Compares terms whose heads are equal.
fn compare_terms(terms: &[u8], a: &Token, b: &Token) -> Ordering {
    if a.length <= 8 && b.length <= 8 {
        // Equal heads: they differ at most in zeros at the end.
        return a.length.cmp(&b.length);
    }
    term(terms, a).cmp(term(terms, b))
}

/// Takes the first part, in which `belongs` holds, off the front of `rest`.
fn split<'a, T>(rest: &mut &'a [T], belongs: impl Fn(&T) -> bool) -> &'a [T] {
    let (first, others) = rest.split_at(rest.iter().take_while(|item| belongs(item)).count());
    *rest = others;
    first
}
