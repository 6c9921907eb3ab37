//! Where the compiler gets its statistics: those of the whole index, or this reader's own, which are noted as they are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use search::bound::{FieldName, TermBytes};
use search::statistics::{FieldStatistics, Statistics, TermStatistics};

use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::bm25::FieldScale;
use crate::segment::TermEntry;

/// Statistics on demand.
pub(crate) struct Counts<'a> {
    reader: &'a Reader,
    given: Option<&'a Statistics>,
    /// What was asked of the reader.
    own: Statistics,
    /// Where the segments have the terms that were asked of the reader.
    found: BTreeMap<FieldName, BTreeMap<TermBytes, TermPlaces>>,
    scales: BTreeMap<FieldName, Arc<FieldScale>>,
}

/// A term's entry in each segment of a reader, so that no dictionary is asked twice in one search.
pub(crate) type TermPlaces = Arc<[Option<TermEntry>]>;

impl<'a> Counts<'a> {
    pub(crate) fn new(reader: &'a Reader, given: Option<&'a Statistics>) -> Self {
        Self { reader, given, own: Statistics::default(), found: BTreeMap::new(), scales: BTreeMap::new() }
    }

    pub(crate) fn reader(&self) -> &'a Reader {
        self.reader
    }

    /// The reader's own counts of all that was asked.
    pub(crate) fn into_statistics(self) -> Statistics {
        self.own
    }

    pub(crate) fn field(&mut self, field: &FieldName) -> Outcome<FieldStatistics> {
        if let Some(counts) = self.given.and_then(|given| given.fields.get(field)) {
            return Ok(*counts);
        }
        if let Some(counts) = self.own.fields.get(field) {
            return Ok(*counts);
        }
        let mut sum = FieldStatistics::default();
        if let Some(entry) = self.reader.fields.by_path(field) {
            for view in self.reader.segments.iter() {
                let counts = view.segment.field_statistics(entry.slot)?;
                sum.doc_count += counts.doc_count;
                sum.total_term_freq += counts.total_term_freq;
            }
        }
        self.own.fields.insert(field.clone(), sum);
        Ok(sum)
    }

    pub(crate) fn doc_freq(&mut self, field: &FieldName, term: &TermBytes) -> Outcome<u64> {
        Ok(self.term(field, term)?.doc_freq)
    }

    pub(crate) fn term(&mut self, field: &FieldName, term: &TermBytes) -> Outcome<TermStatistics> {
        let known = |statistics: &Statistics| statistics.terms.get(field).and_then(|terms| terms.get(term)).copied();
        if let Some(counts) = self.given.and_then(known).or_else(|| known(&self.own)) {
            return Ok(counts);
        }
        let mut places = vec![None; self.reader.segments.len()];
        if let Some(entry) = self.reader.fields.by_path(field) {
            for (view, place) in self.reader.segments.iter().zip(&mut places) {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                *place = terms.get(term)?;
            }
        }
        self.note(field, term, places)
    }

    /// Takes where the segments have a term, as their dictionaries have told. Out: how often that is.
    fn note(&mut self, field: &FieldName, term: &TermBytes, places: Vec<Option<TermEntry>>) -> Outcome<TermStatistics> {
        let sum = sum(&places);
        self.field(field)?;
        self.found.entry(field.clone()).or_default().insert(term.clone(), places.into());
        self.own.terms.entry(field.clone()).or_default().insert(term.clone(), sum);
        Ok(sum)
    }

    /// Takes where the segments have the terms that a walk over all of them has found, which ascend. Out: how many documents have each.
    pub(crate) fn note_all(
        &mut self,
        field: &FieldName,
        found: impl Iterator<Item = (TermBytes, TermPlaces)>,
    ) -> Outcome<Vec<(TermBytes, u64, TermPlaces)>> {
        self.field(field)?;
        let given = self.given.and_then(|given| given.terms.get(field));
        let (mut own, mut noted) = (BTreeMap::new(), Vec::new());
        for (term, places) in found {
            let sum = sum(&places);
            own.insert(term.clone(), sum);
            let all = given.and_then(|given| given.get(&term)).copied().unwrap_or(sum);
            noted.push((term, all.doc_freq, places));
        }
        self.own.terms.entry(field.clone()).or_default().append(&mut own);
        Ok(noted)
    }

    /// The documents that a search can find, as if they were counts of a field.
    pub(crate) fn documents(&mut self) -> Outcome<u64> {
        let name: FieldName = "_documents".into();
        if let Some(counts) = self.given.and_then(|given| given.fields.get(&name)) {
            return Ok(counts.doc_count);
        }
        let doc_count = self.reader.live_docs();
        self.own.fields.insert(name, FieldStatistics { doc_count, total_term_freq: doc_count });
        Ok(doc_count)
    }

    /// The sum of a column of whole numbers over those documents, as if it were its field's tokens.
    pub(crate) fn column_sum(&mut self, field: &FieldName) -> Outcome<f64> {
        if let Some(counts) = self.given.and_then(|given| given.fields.get(field)) {
            return Ok(counts.total_term_freq as f64);
        }
        let (mut sum, mut docs) = (0_u64, 0);
        if let Some(entry) = self.reader.fields.by_path(field) {
            for view in self.reader.segments.iter() {
                let Some(column) = view.segment.numbers(entry.slot)? else { continue };
                for doc in (0..view.segment.doc_count()).filter(|doc| view.is_alive(*doc)) {
                    sum += column.first(doc).unwrap_or(0).max(0) as u64;
                    docs += 1;
                }
            }
        }
        self.own.fields.insert(field.clone(), FieldStatistics { doc_count: docs, total_term_freq: sum });
        Ok(sum as f64)
    }

    /// Where the segments have a term, if [`Counts::doc_freq`] had to look.
    pub(crate) fn places(&self, field: &FieldName, term: &TermBytes) -> Option<TermPlaces> {
        self.found.get(field)?.get(term).cloned()
    }

    /// Terms of a field that the given statistics name: other shards may have them when this one has not.
    pub(crate) fn given_terms(&self, field: &FieldName) -> impl Iterator<Item = &'a TermBytes> + use<'a> {
        self.given.and_then(|given| given.terms.get(field)).into_iter().flat_map(|terms| terms.keys())
    }

    pub(crate) fn scale(&mut self, field: &FieldName) -> Outcome<Arc<FieldScale>> {
        if let Some(scale) = self.scales.get(field) {
            return Ok(scale.clone());
        }
        let counts = self.field(field)?;
        let scale = Arc::new(FieldScale::new(self.reader.similarities.of(field), counts));
        self.scales.insert(field.clone(), scale.clone());
        Ok(scale)
    }
}

/// Of all segments.
fn sum(places: &[Option<TermEntry>]) -> TermStatistics {
    places.iter().flatten().fold(TermStatistics::default(), |sum, found| TermStatistics {
        doc_freq: sum.doc_freq + found.statistics.doc_freq,
        total_term_freq: sum.total_term_freq + found.statistics.total_term_freq,
    })
}
