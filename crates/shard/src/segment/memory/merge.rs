//! Several blocks to one, in the order of the inputs, without their dead documents.
//!
//! A stream over rows and terms: nothing is analysed or sorted again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::Input;
use super::assembly::{Assembly, RowAssembly};
use super::data::{Data, Record, Row, head};
use crate::fields::FieldSlot;
use crate::segment::DocId;

/// No number: the document is dead.
const DEAD: DocId = DocId::MAX;

/// An input, and the new number of each of its documents.
struct Source<'a> {
    data: &'a Data,
    numbers: Vec<DocId>,
    /// Rows before it are done.
    row: usize,
}

/// One row of one source; terms before `term` are done.
struct Part<'a> {
    data: &'a Data,
    numbers: &'a [DocId],
    row: &'a Row,
    term: u32,
}

pub(super) fn merge(inputs: &[Input<'_>]) -> Data {
    let (mut documents, mut count) = (Vec::new(), 0);
    let mut sources = Vec::with_capacity(inputs.len());
    for (block, alive) in inputs {
        let is_alive = |doc: DocId| alive.is_none_or(|alive| alive.contains(doc));
        let mut numbers = vec![DEAD; block.data.doc_count() as usize];
        for (doc, number) in (0..).zip(&mut numbers) {
            if is_alive(doc) {
                *number = count;
                count += 1;
            }
        }
        let kept = block.numbered().filter(|(doc, _)| is_alive(*doc));
        documents.extend(kept.map(|(_, document)| document.clone()));
        sources.push(Source { data: &block.data, numbers, row: 0 });
    }
    let mut assembly = Assembly::new(documents, count);
    assembly.reserve(sources.iter().map(|source| source.data));
    while let Some(slot) =
        sources.iter().filter_map(|source| source.data.rows.get(source.row)).map(|row| row.slot).min()
    {
        let mut parts: Vec<Part<'_>> = sources.iter_mut().filter_map(|source| source.part(slot)).collect();
        merge_row(&mut assembly, slot, &mut parts);
    }
    assembly.finish()
}

impl<'a> Source<'a> {
    /// Its row of `slot`, which is its next one or later.
    fn part<'s>(&'s mut self, slot: FieldSlot) -> Option<Part<'s>>
    where
        'a: 's,
    {
        let row = self.data.rows.get(self.row).filter(|row| row.slot == slot)?;
        self.row += 1;
        Some(Part { data: self.data, numbers: &self.numbers, row, term: row.terms.start })
    }
}

/// The next term of a part: its first bytes as a number, so that most comparisons need no more, all of it, and where the part stands.
type Next<'a> = Reverse<(u64, &'a [u8], usize)>;

impl<'a> Part<'a> {
    /// `None`: it has no more.
    fn next(&self, at: usize) -> Option<Next<'a>> {
        let key = (self.term < self.row.terms.end).then(|| self.data.key(self.term))?;
        Some(Reverse((head(key), key, at)))
    }

    /// Copies the postings of its next term that are kept.
    fn copy(&self, row: &mut RowAssembly<'_>, record: Option<Record>) {
        let postings = self.data.postings(self.term);
        for posting in postings.start..postings.end {
            let doc = self.numbers[self.data.docs[posting as usize] as usize];
            if doc != DEAD {
                let keeps = record == Some(Record::Positions);
                let positions = if keeps { self.data.positions(self.row, posting) } else { &[] };
                row.posting(doc, self.data.freq(self.row, posting), positions);
            }
        }
    }
}

fn merge_row(assembly: &mut Assembly, slot: FieldSlot, parts: &mut [Part<'_>]) {
    let doc_count = assembly.doc_count() as usize;
    let record = parts.iter().filter_map(|part| part.row.record).max();
    let mut row = assembly.row(slot, record);
    merge_terms(&mut row, record, parts);
    let columns = || parts.iter().filter_map(|part| part.row.column);
    if columns().any(|column| column.of_ords) {
        row.ords();
    } else if columns().next().is_some() {
        row.numbers(parts.iter().flat_map(numbers));
    }
    if parts.iter().any(|part| part.row.norms.is_some()) {
        let mut codes = vec![0; doc_count];
        for part in parts.iter() {
            let Some(norms) = part.row.norms else { continue };
            for (&doc, &code) in part.numbers.iter().zip(&part.data.norms[norms.range()]) {
                if doc != DEAD {
                    codes[doc as usize] = code;
                }
            }
        }
        row.norms(codes.into_iter());
    }
    row.finish();
}

fn merge_terms(row: &mut RowAssembly<'_>, record: Option<Record>, parts: &mut [Part<'_>]) {
    let mut next: BinaryHeap<Next<'_>> = parts.iter().enumerate().filter_map(|(at, part)| part.next(at)).collect();
    while let Some(&Reverse((head, key, _))) = next.peek() {
        row.begin_term(key);
        // Parts with the same term come in their order, and so do their documents.
        while let Some(mut least) = next.peek_mut().filter(|least| least.0.0 == head && least.0.1 == key) {
            let at = least.0.2;
            parts[at].copy(row, record);
            parts[at].term += 1;
            match parts[at].next(at) {
                Some(next) => *least = next,
                None => drop(PeekMut::pop(least)),
            }
        }
        row.end_term();
    }
}

/// New document numbers and values.
fn numbers<'a>(part: &'a Part<'_>) -> impl Iterator<Item = (DocId, i64)> + 'a {
    let column = part.row.column.filter(|column| !column.of_ords);
    let alive = (0..).zip(part.numbers).filter(|(_, new)| **new != DEAD);
    alive.flat_map(move |(old, &new)| {
        let values = column.map_or(0..0, |column| part.data.values(&column, old));
        part.data.numbers[values].iter().map(move |&value| (new, value))
    })
}
