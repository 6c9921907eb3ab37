//! Constant-scoring leaves in one segment: terms, numbers, ranges, patterns, existence, ids; by the cheaper of postings and columns.

use std::ops::Bound;
use std::sync::Arc;

use model::geo::area::Area;
use model::geo::shape::relate::Question;
use model::number::term_from_ordered;
use search::bound::TermBytes;

use super::asked::question;
use super::scorer::Leaf;
use super::weight::Set;
use super::{Place, pattern::Accepted};
use crate::fields::{FieldSlot, Layout, meta};
use crate::query_cache::Told;
use crate::score::compose::Constant;
use crate::score::cursor::TermCursor;
use crate::score::disjunction::{Combine, Disjunction};
use crate::score::geo::Within;
use crate::score::recording::Recording;
use crate::score::sets::{BitSet, ColumnRange, DocList, Everything, HasNorm, Ranged};
use crate::score::shape::{ByShape, ShapeColumns};
use crate::score::slice::Part;
use crate::score::{Never, Outcome, Scorer, bits};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::postings::BLOCK;
use crate::segment::{Detail, DocId, EveryTerm, TermAutomaton, TermEntry, TermRange, Terms};

/// Ranges of at most so many numbers are looked up as terms.
const FEW_NUMBERS: i64 = 16;

impl Leaf<'_> {
    /// What is kept of it, or what finds it; then it is kept, if it was asked before.
    pub(super) fn set(&self, set: &Set, score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some((queries, question)) = self.segment.queries().zip(question(set)) else {
            return self.found(set, score);
        };
        match queries.ask(question) {
            Told::Known(bits) => Ok(Box::new(BitSet::of(bits, score))),
            Told::New => self.found(set, score),
            Told::Wanted(keep) => {
                let scorer = self.found(set, score)?;
                Ok(match scorer.matches_all() || scorer.cost() == 0 {
                    true => scorer,
                    false => Box::new(Recording::new(scorer, self.max, keep)),
                })
            }
        }
    }

    fn found(&self, set: &Set, score: f32) -> Outcome<Box<dyn Scorer>> {
        match set {
            Set::Term { place, term, found } => self.one_term((place, term, found.as_deref()), score),
            Set::Terms(place, terms) => self.any_term(place, terms.iter().map(|term| term.as_ref()), score),
            Set::Numbers(place, codes) => self.any_number(place, codes, score),
            Set::NumberRange(place, from, to) => self.number_range(place, (*from, *to), score),
            Set::TermRange(place, from, to) => self.term_range(place, (from, to), score),
            Set::Within(place, area) => self.within(place, area, score),
            Set::Shape(place, sides, question) => self.by_shape(place, sides, question, score),
            Set::Accepted(place, accepted) => self.accepted(place, accepted, score),
            Set::Exists(fields) => self.exists(fields, score),
            Set::Slice(place, part, of) => self.slice(place.as_ref(), (*part, *of), score),
            Set::Ids(ids) => {
                let place = Place { field: "_id".into(), slot: Some(meta::ID) };
                self.any_term(&place, ids.iter().map(|id| id.as_bytes()), score)
            }
        }
    }

    /// One part of all documents.
    fn slice(&self, place: Option<&Place>, (part, of): (u32, u32), score: f32) -> Outcome<Box<dyn Scorer>> {
        let part = Part { part, of };
        let words = match place {
            None => match self.segment.strings(meta::ID)? {
                Some(ids) => part.of_ids(&*ids, self.max)?,
                None => return Ok(Box::new(Never)),
            },
            Some(place) => {
                let column = place.slot.map(|slot| self.segment.numbers(slot)).transpose()?.flatten();
                part.of_numbers(column.as_deref(), self.max)
            }
        };
        Ok(Box::new(BitSet::new(words, score)))
    }

    /// A cursor over documents alone.
    fn docs_cursor(&self, terms: &dyn Terms, entry: &TermEntry) -> Outcome<TermCursor> {
        Ok(TermCursor::new(terms.postings(entry, Detail::Docs)?, None, self.silent()))
    }

    /// The documents of one term, looked up unless it is known where the segments have it.
    fn one_term(
        &self,
        (place, term, found): (&Place, &TermBytes, Option<&[Option<TermEntry>]>),
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let terms = place.slot.map_or(Ok(None), |slot| self.segment.terms(slot))?;
        match (terms, found.map(|found| found[self.number as usize])) {
            (Some(terms), Some(Some(entry))) => {
                Ok(Box::new(Constant { matches: Box::new(self.docs_cursor(&*terms, &entry)?), score }))
            }
            (Some(_), Some(None)) => Ok(Box::new(Never)),
            // Not looked up, or without postings.
            _ => self.any_term(place, std::iter::once(term.as_ref()), score),
        }
    }

    fn any_term<'t>(
        &self,
        place: &Place,
        wanted: impl Iterator<Item = &'t [u8]>,
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        let Some(terms) = self.segment.terms(slot)? else {
            let wanted: Vec<&[u8]> = wanted.collect();
            return self.strings_without_postings(slot, &wanted, score);
        };
        let mut union = Union::new(self, &*terms);
        for term in wanted {
            if let Some(entry) = terms.get(term)? {
                union.add(entry)?;
            }
        }
        union.finish(score)
    }

    /// Values of a field that has only a column.
    fn strings_without_postings(&self, slot: FieldSlot, wanted: &[&[u8]], score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some(column) = self.segment.strings(slot)? else { return Ok(Box::new(Never)) };
        let mut parts: Vec<Box<dyn Scorer>> = Vec::new();
        for value in wanted {
            if let Ok(ord) = column.find(value)? {
                parts.push(Box::new(ColumnRange::new(Ranged::Strings(column.clone(), ord..=ord), self.max, score)));
            }
        }
        Ok(Box::new(Constant { matches: Box::new(Disjunction::new(parts, Combine::Sum, 1)), score }))
    }

    fn any_number(&self, place: &Place, codes: &[i64], score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        if self.segment.terms(slot)?.is_some() {
            let terms: Vec<[u8; 8]> = codes.iter().map(|&code| term_from_ordered(code)).collect();
            return self.any_term(place, terms.iter().map(|term| term.as_slice()), score);
        }
        let Some(column) = self.segment.numbers(slot)? else { return Ok(Box::new(Never)) };
        let range = |&code: &i64| ColumnRange::new(Ranged::Numbers(column.clone(), code..=code), self.max, score);
        let parts = codes.iter().map(|code| Box::new(range(code)) as Box<dyn Scorer>).collect();
        Ok(Box::new(Constant { matches: Box::new(Disjunction::new(parts, Combine::Sum, 1)), score }))
    }

    fn number_range(&self, place: &Place, (from, to): (i64, i64), score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot.filter(|_| from <= to) else { return Ok(Box::new(Never)) };
        let few = to.checked_sub(from).is_some_and(|width| width < FEW_NUMBERS);
        let column = self.segment.numbers(slot)?;
        let terms = self.segment.terms(slot)?;
        if let (Some(_), true) = (&terms, few || column.is_none()) {
            if few {
                let codes: Vec<i64> = (from..=to).collect();
                return self.any_number(place, &codes, score);
            }
            let (from, to) = (term_from_ordered(from), term_from_ordered(to));
            return self.walked(slot, (Bound::Included(&from), Bound::Included(&to)), &EveryTerm, score);
        }
        let Some(column) = column else { return Ok(Box::new(Never)) };
        match column.min_max() {
            Some((least, greatest)) if column.is_full() && least >= from && greatest <= to => {
                Ok(Box::new(Everything { max: self.max, score }))
            }
            Some((least, greatest)) if least <= to && greatest >= from => {
                Ok(Box::new(ColumnRange::new(Ranged::Numbers(column, from..=to), self.max, score)))
            }
            _ => Ok(Box::new(Never)),
        }
    }

    fn term_range(
        &self,
        place: &Place,
        (from, to): (&Bound<TermBytes>, &Bound<TermBytes>),
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        if let Some(column) = self.segment.strings(slot)? {
            let low = match from {
                Bound::Unbounded => 0,
                Bound::Included(value) => column.find(value)?.unwrap_or_else(|next| next),
                Bound::Excluded(value) => column.find(value)?.map_or_else(|next| next, |found| found + 1),
            };
            // One behind the last.
            let behind = match to {
                Bound::Unbounded => column.ord_count(),
                Bound::Included(value) => column.find(value)?.map_or_else(|next| next, |found| found + 1),
                Bound::Excluded(value) => column.find(value)?.unwrap_or_else(|next| next),
            };
            if low >= behind {
                return Ok(Box::new(Never));
            }
            if column.is_full() && low == 0 && behind == column.ord_count() {
                return Ok(Box::new(Everything { max: self.max, score }));
            }
            return Ok(Box::new(ColumnRange::new(Ranged::Strings(column, low..=behind - 1), self.max, score)));
        }
        let range = (from.as_ref().map(|bytes| bytes.as_ref()), to.as_ref().map(|bytes| bytes.as_ref()));
        self.walked(slot, range, &EveryTerm, score)
    }

    fn within(&self, place: &Place, area: &Arc<Area>, score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        let Some(column) = self.segment.numbers(slot)? else { return Ok(Box::new(Never)) };
        let within = Within::new(column, area.clone());
        if !within.may_match() {
            return Ok(Box::new(Never));
        }
        Ok(Box::new(ColumnRange::new(Ranged::Within(Arc::new(within)), self.max, score)))
    }

    fn by_shape(
        &self,
        place: &Place,
        sides: &[Place; 4],
        question: &Arc<Question>,
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        let Some(shapes) = self.segment.strings(slot)? else { return Ok(Box::new(Never)) };
        let mut columns = Vec::new();
        for side in sides {
            let Some(slot) = side.slot else { return Ok(Box::new(Never)) };
            columns.extend(self.segment.numbers(slot)?);
        }
        let Ok(sides) = <[Arc<dyn NumberColumn>; 4]>::try_from(columns) else { return Ok(Box::new(Never)) };
        Ok(Box::new(ByShape::new(ShapeColumns { shapes, sides }, question.clone(), self.max, score)))
    }

    fn accepted(&self, place: &Place, accepted: &Accepted, score: f32) -> Outcome<Box<dyn Scorer>> {
        let Some(slot) = place.slot else { return Ok(Box::new(Never)) };
        if self.segment.terms(slot)?.is_none()
            && let Some(column) = self.segment.strings(slot)?
        {
            return self.values_that_are(&|value| accepted.accepts(value), &*column, score);
        }
        self.walked(slot, accepted.range(), accepted.automaton(), score)
    }

    /// Documents with a value like that, of a field that has only a column.
    fn values_that_are(
        &self,
        accepted: &dyn Fn(&[u8]) -> bool,
        column: &dyn StringColumn,
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let mut words = bits::none(self.max);
        let (mut value, mut from) = (Vec::new(), None);
        for ord in 0..=column.ord_count() {
            let matches = ord < column.ord_count() && {
                column.value(ord, &mut value)?;
                accepted(&value)
            };
            match (matches, from) {
                (true, None) => from = Some(ord),
                (false, Some(first)) => {
                    column.fill_range(first..=ord - 1, 0..self.max, &mut words);
                    from = None;
                }
                _ => {}
            }
        }
        Ok(Box::new(BitSet::new(words, score)))
    }

    fn walked(
        &self,
        slot: FieldSlot,
        range: TermRange<'_>,
        automaton: &dyn TermAutomaton,
        score: f32,
    ) -> Outcome<Box<dyn Scorer>> {
        let Some(terms) = self.segment.terms(slot)? else { return Ok(Box::new(Never)) };
        let mut union = Union::new(self, &*terms);
        let mut outcome = Ok(());
        terms.walk(range, automaton, &mut |_, entry| {
            outcome = union.add(entry);
            outcome.is_ok()
        })?;
        outcome?;
        union.finish(score)
    }

    fn exists(&self, fields: &[Arc<str>], score: f32) -> Outcome<Box<dyn Scorer>> {
        let mut parts: Vec<Box<dyn Scorer>> = Vec::new();
        for field in fields {
            let names = Place { field: "_field_names".into(), slot: Some(meta::FIELD_NAMES) };
            parts.push(self.any_term(&names, std::iter::once(field.as_bytes()), score)?);
            // What is kept in the source alone has no entry.
            let Some(entry) = self.fields.by_path(field) else { continue };
            if let Layout::Text { norms: true, .. } | Layout::Exact { norms: true, .. } = entry.layout
                && let Some(norms) = self.segment.norms(entry.slot)?
            {
                parts.push(Box::new(HasNorm { norms, score }));
            }
            if let Some(column) = self.segment.numbers(entry.slot)? {
                parts.push(Box::new(ColumnRange::new(Ranged::HasNumber(column), self.max, score)));
            }
            if let Some(column) = self.segment.strings(entry.slot)? {
                parts.push(Box::new(ColumnRange::new(Ranged::HasString(column), self.max, score)));
            }
        }
        match parts.len() {
            0 => Ok(Box::new(Never)),
            1 => Ok(parts.remove(0)),
            _ => Ok(Box::new(Constant { matches: Box::new(Disjunction::new(parts, Combine::Sum, 1)), score })),
        }
    }
}

/// Several terms' documents as one set: a list while they are few, then a bitset.
struct Union<'a> {
    leaf: &'a Leaf<'a>,
    terms: &'a dyn Terms,
    single: Option<TermEntry>,
    list: Vec<DocId>,
    words: Option<Vec<u64>>,
}

impl<'a> Union<'a> {
    fn new(leaf: &'a Leaf<'a>, terms: &'a dyn Terms) -> Self {
        Self { leaf, terms, single: None, list: Vec::new(), words: None }
    }

    fn add(&mut self, entry: TermEntry) -> Outcome<()> {
        if self.single.is_none() && self.list.is_empty() && self.words.is_none() {
            self.single = Some(entry);
            return Ok(());
        }
        if let Some(first) = self.single.take() {
            self.pour(first)?;
        }
        self.pour(entry)
    }

    fn pour(&mut self, entry: TermEntry) -> Outcome<()> {
        let max = self.leaf.max;
        let many = self.list.len() as u64 + entry.statistics.doc_freq > u64::from(max) / 32;
        if self.words.is_none() && many {
            let mut words = bits::none(max);
            self.list.drain(..).for_each(|doc| bits::set(&mut words, doc));
            self.words = Some(words);
        }
        match &mut self.words {
            Some(words) if entry.statistics.doc_freq >= BLOCK as u64 => {
                self.leaf.docs_cursor(self.terms, &entry)?.fill(0, max, words)?;
            }
            Some(words) => {
                self.terms.docs(&entry, &mut self.list)?;
                self.list.drain(..).for_each(|doc| bits::set(words, doc));
            }
            None => self.terms.docs(&entry, &mut self.list)?,
        }
        Ok(())
    }

    fn finish(self, score: f32) -> Outcome<Box<dyn Scorer>> {
        if let Some(entry) = self.single {
            let cursor = self.leaf.docs_cursor(self.terms, &entry)?;
            return Ok(Box::new(Constant { matches: Box::new(cursor), score }));
        }
        if let Some(words) = self.words {
            return Ok(Box::new(BitSet::new(words, score)));
        }
        let mut docs = self.list;
        docs.sort_unstable();
        docs.dedup();
        Ok(if docs.is_empty() { Box::new(Never) } else { Box::new(DocList::new(docs, score)) })
    }
}
