//! Weights -> scorers of one segment.

use std::io;
use std::sync::Arc;

use search::aggregation::values::Scripted;
use search::bound::{BoundMinimum, BoundScript, FieldName, RandomOf, ScoreFunction, TermBytes};

use super::{
    BoolWeight, EnoughWeight, FunctionWeight, Kind, NestedWeight, PhraseWeight, Place, SynonymWeight, TermWeight,
    Weight,
};
use crate::aggregate::Budget;
use crate::fields::{FieldEntry, FieldTable, Layout, meta};
use crate::percolate::Percolation;
use crate::reader::Reader;
use crate::score::bm25::{FieldScale, TermScore};
use crate::score::compose::{AtLeast, Boosting, Conjunction, Constant, Excluding, Required, WithOptional};
use crate::score::cursor::TermCursor;
use crate::score::disjunction::{Combine, Disjunction};
use crate::score::enough::{Enough, Least, Scaled};
use crate::score::function::{DecayCurve, Function, FunctionScore, RandomBy, Weighted};
use crate::score::geo::distances;
use crate::score::nested::{InsideOf, ToParent};
use crate::score::occurrences::Occurrences;
use crate::score::percolate::Percolated;
use crate::score::phrase::{Part, PhraseScorer};
use crate::score::script::ScriptRun;
use crate::score::sets::Everything;
use crate::score::sloppy::Sloppy;
use crate::score::{Never, Outcome, Scorer, timed};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::fielddata::Fielddata;
use crate::segment::flags::Flags;
use crate::segment::made::{Made, MadeColumn};
use crate::segment::{Detail, Segment, TermEntry};

/// Objects inside and the documents around them, as words of 64.
pub(crate) type Sets<'a> = (&'a Arc<[u64]>, &'a Arc<[u64]>);

/// One segment, as the scorers are built for it.
pub(crate) struct Leaf<'a> {
    pub(crate) reader: &'a Reader,
    /// Its place in the reader.
    pub(crate) number: u32,
    pub(crate) segment: &'a dyn Segment,
    pub(crate) fields: &'a FieldTable,
    /// Documents, deleted ones too.
    pub(crate) max: u32,
    /// What scripts made of the documents of an aggregation.
    pub(crate) made: &'a [Made],
    /// What aggregations may hold; `None`: nobody counts.
    pub(crate) budget: Option<&'a Budget>,
    /// Stands in where nobody wants scores.
    pub(crate) unscored: Arc<FieldScale>,
}

impl<'a> Leaf<'a> {
    pub(crate) fn new(reader: &'a Reader, segment: usize) -> Self {
        let number = segment as u32;
        let segment = reader.segments[segment].segment.as_ref();
        let unscored = Arc::new(FieldScale::silent());
        let (fields, max) = (&*reader.fields, segment.doc_count());
        Self { reader, number, segment, fields, max, made: &[], budget: None, unscored }
    }

    /// The strings of a field by document; of a text, its terms.
    pub(crate) fn strings(&self, entry: &FieldEntry) -> Outcome<Option<Arc<dyn StringColumn>>> {
        if !matches!(entry.layout, Layout::Text { .. }) {
            return Ok(self.segment.strings(entry.slot)?);
        }
        let Some(terms) = Fielddata::new(self.segment, entry.slot)? else { return Ok(None) };
        if let Some(budget) = self.budget {
            budget.take(terms.bytes())?;
        }
        Ok(Some(Arc::new(terms)))
    }

    /// The numbers that a script made.
    pub(crate) fn made_numbers(&self, script: &Arc<Scripted>) -> Option<Arc<dyn NumberColumn>> {
        self.made.iter().find(|made| Arc::ptr_eq(&made.of, script)).and_then(|made| match &made.column {
            MadeColumn::Numbers(column) => Some(column.clone() as Arc<dyn NumberColumn>),
            MadeColumn::Strings(_) => None,
        })
    }

    /// The strings that a script made.
    pub(crate) fn made_strings(&self, script: &Arc<Scripted>) -> Option<Arc<dyn StringColumn>> {
        self.made.iter().find(|made| Arc::ptr_eq(&made.of, script)).and_then(|made| match &made.column {
            MadeColumn::Strings(column) => Some(column.clone() as Arc<dyn StringColumn>),
            MadeColumn::Numbers(_) => None,
        })
    }

    /// The scorer of a weight.
    pub(crate) fn scorer(&self, weight: &Weight) -> Outcome<Box<dyn Scorer>> {
        let Some(gauge) = &weight.gauge else { return self.untimed(weight) };
        let scorer = gauge.time(timed::BUILD_SCORER, || self.untimed(weight))?;
        Ok(Box::new(timed::Timed::new(scorer, gauge.clone())))
    }

    fn untimed(&self, weight: &Weight) -> Outcome<Box<dyn Scorer>> {
        Ok(match &weight.kind {
            Kind::Nothing(_) => Box::new(Never),
            Kind::All => Box::new(Everything { max: self.max, score: weight.boost }),
            Kind::Term(term) => match self.term(term)? {
                Some(cursor) => Box::new(cursor),
                None => Box::new(Never),
            },
            Kind::Synonyms(synonyms) => self.synonyms(synonyms)?,
            Kind::Combined(combined) => Box::new(self.combined(combined)?),
            Kind::Set(set) => self.set(set, weight.boost)?,
            Kind::Phrase(phrase) => match self.phrase(phrase)? {
                Some(scorer) => Box::new(scorer),
                None => Box::new(Never),
            },
            Kind::Bool(clauses) => self.boolean(clauses)?,
            Kind::Boosting { positive, negative, factor } => {
                Box::new(Boosting::new(self.scorer(positive)?, self.scorer(negative)?, *factor))
            }
            Kind::Constant(inner) => Box::new(Constant { matches: self.scorer(inner)?, score: weight.boost }),
            Kind::DisMax { parts, tie_breaker } => {
                let parts = parts.iter().map(|part| self.scorer(part)).collect::<Outcome<Vec<_>>>()?;
                Box::new(Disjunction::new(parts, Combine::Best(*tie_breaker), 1))
            }
            Kind::Ranked(ranked) => Box::new(self.ranked(ranked)?),
            Kind::Nested(nested) => match self.nested(nested)? {
                Some(scorer) => Box::new(scorer),
                None => Box::new(Never),
            },
            Kind::InsideOf { around, matches } => match self.around(around.as_deref()) {
                Some(parents) => Box::new(InsideOf::new(self.scorer(matches)?, parents.clone(), weight.boost)),
                None => Box::new(Never),
            },
            Kind::Nearest(nearest) => nearest.scorer(self.number),
            Kind::Percolate { percolation, scoring } => self.percolated(percolation, *scoring)?,
            Kind::Function(function) => {
                let scorer = Box::new(self.function(function)?);
                let scorer: Box<dyn Scorer> = match function.bound.min_score {
                    Some(least) => Box::new(AtLeast { base: scorer, least, score: 0.0 }),
                    None => scorer,
                };
                match function.factor {
                    1.0 => scorer,
                    factor => Box::new(Scaled { base: scorer, factor }),
                }
            }
            Kind::Enough(enough) => self.enough(enough)?,
            Kind::Spans(spans) => Box::new(self.spans(spans)?),
            Kind::Intervals(intervals) => Box::new(self.intervals(intervals, weight.boost)?),
        })
    }

    fn percolated(&self, percolation: &Arc<Percolation>, scoring: bool) -> Outcome<Box<dyn Scorer>> {
        let Some(queries) = percolation.queries(self.segment, self.fields)? else { return Ok(Box::new(Never)) };
        let candidates = percolation.candidates(self.segment, self.fields)?;
        Ok(Box::new(Percolated::new(percolation.clone(), queries, candidates, scoring)))
    }

    /// `None`: the segment has no such objects.
    pub(crate) fn nested(&self, nested: &NestedWeight) -> Outcome<Option<ToParent>> {
        let Some((inside, parents)) = self.join(&nested.path, nested.parent.as_deref()) else { return Ok(None) };
        Ok(Some(ToParent::new(self.scorer(&nested.inner)?, inside.clone(), parents.clone(), nested.score)))
    }

    /// The objects at `path`, and the documents around them: those at `parent`, or the outermost. `None`: there are none here.
    pub(crate) fn join(&self, path: &str, parent: Option<&str>) -> Option<Sets<'_>> {
        let nested = self.segment.nested()?;
        Some((nested.inside(path)?, self.around(parent)?))
    }

    /// The documents at `path`, or the outermost. `None`: there are no such, or nothing lies inside of any here.
    pub(crate) fn around(&self, path: Option<&str>) -> Option<&Arc<[u64]>> {
        let nested = self.segment.nested()?;
        match path {
            Some(path) => nested.inside(path),
            None => Some(nested.outermost()),
        }
    }

    /// A term's cursor; `None`: it is not in this segment.
    pub(crate) fn cursor(
        &self,
        place: &Place,
        term: &TermBytes,
        (detail, score): (Detail, &TermScore),
    ) -> Outcome<Option<TermCursor>> {
        let Some(slot) = place.slot else { return Ok(None) };
        let Some(terms) = self.segment.terms(slot)? else { return Ok(None) };
        let entry = terms.get(term)?;
        self.cursor_at(place, entry, (detail, score))
    }

    /// As [`Leaf::cursor`], of a term whose entry is known; `None`: the segment does not have it.
    pub(super) fn cursor_at(
        &self,
        place: &Place,
        entry: Option<TermEntry>,
        (detail, score): (Detail, &TermScore),
    ) -> Outcome<Option<TermCursor>> {
        let (Some(slot), Some(entry)) = (place.slot, entry) else { return Ok(None) };
        let Some(terms) = self.segment.terms(slot)? else { return Ok(None) };
        let postings = terms.postings(&entry, detail)?;
        Ok(Some(TermCursor::new(postings, self.segment.norms(slot)?, score.clone())))
    }

    /// As [`Leaf::cursor_at`], of one of several terms that documents must have: it knows the documents of a frequent one as a set.
    fn crossing(
        &self,
        place: &Place,
        entry: Option<TermEntry>,
        how: (Detail, &TermScore),
    ) -> Outcome<Option<TermCursor>> {
        let mut cursor = self.cursor_at(place, entry, how)?;
        if let (Some(cursor), Some(entry), Some(slot)) = (&mut cursor, entry, place.slot) {
            cursor.dense = self.segment.terms(slot)?.map_or(Ok(None), |terms| terms.dense(&entry))?;
        }
        Ok(cursor)
    }

    /// One of several terms that documents must have.
    pub(crate) fn crossing_term(&self, term: &TermWeight) -> Outcome<Option<TermCursor>> {
        self.crossing(&term.place, self.entry(term)?, (Detail::Freqs, &term.score))
    }

    /// One word of a phrase of several.
    pub(crate) fn crossing_word(&self, phrase: &PhraseWeight, term: &TermBytes) -> Outcome<Option<TermCursor>> {
        let Some(slot) = phrase.place.slot else { return Ok(None) };
        let Some(terms) = self.segment.terms(slot)? else { return Ok(None) };
        self.crossing(&phrase.place, terms.get(term)?, (Detail::Positions, &phrase.score))
    }

    /// Where a word of a field stands; it scores nothing by itself.
    pub(super) fn occurrences(&self, field: &FieldName, term: &TermBytes) -> Outcome<Occurrences> {
        let slot = self.fields.by_path(field).map(|entry| entry.slot);
        let place = Place { field: field.clone(), slot };
        self.cursor(&place, term, (Detail::Positions, &self.silent())).map(Occurrences)
    }

    /// The score of what scores nothing.
    pub(super) fn silent(&self) -> TermScore {
        TermScore::silent(self.unscored.clone())
    }

    /// The entry of a term.
    pub(crate) fn entry(&self, term: &TermWeight) -> Outcome<Option<TermEntry>> {
        if let Some(found) = &term.found {
            return Ok(found[self.number as usize]);
        }
        let Some(slot) = term.place.slot else { return Ok(None) };
        let Some(terms) = self.segment.terms(slot)? else { return Ok(None) };
        Ok(terms.get(&term.term)?)
    }

    /// The documents of a term, with their scores.
    pub(crate) fn term(&self, term: &TermWeight) -> Outcome<Option<TermCursor>> {
        self.cursor_at(&term.place, self.entry(term)?, (Detail::Freqs, &term.score))
    }

    pub(crate) fn synonyms(&self, synonyms: &SynonymWeight) -> Outcome<Box<dyn Scorer>> {
        let mut cursors = Vec::with_capacity(synonyms.terms.len());
        for term in &synonyms.terms {
            cursors.extend(self.cursor(&synonyms.place, term, (Detail::Freqs, &synonyms.score))?);
        }
        Ok(match cursors.len() {
            0 => Box::new(Never),
            1 => Box::new(cursors.remove(0)),
            _ => Box::new(SynonymScorer { cursors, score: synonyms.score.clone(), doc: 0 }),
        })
    }

    /// `None`: a position has no term here.
    pub(crate) fn phrase(&self, phrase: &PhraseWeight) -> Outcome<Option<PhraseScorer>> {
        let mut parts = Vec::with_capacity(phrase.positions.len());
        for (offset, terms) in &phrase.positions {
            let mut cursors = Vec::with_capacity(terms.len());
            for term in terms {
                cursors.extend(self.cursor(&phrase.place, term, (Detail::Positions, &phrase.score))?);
            }
            if cursors.is_empty() {
                return Ok(None);
            }
            parts.push(Part { cursors, offset: *offset });
        }
        let sloppy = (phrase.slop > 0).then(|| Sloppy::new(phrase.slop, &numbered(&phrase.positions)));
        Ok(Some(PhraseScorer::new(parts, sloppy, phrase.score.clone())))
    }

    fn boolean(&self, clauses: &BoolWeight) -> Outcome<Box<dyn Scorer>> {
        let minimum = clauses.minimum as usize;
        if minimum > clauses.should.len() {
            return Ok(Box::new(Never));
        }
        let mut required = Vec::new();
        for (weights, scoring) in [(&clauses.must, true), (&clauses.filter, false)] {
            for weight in weights {
                required.push(Required { scorer: self.scorer(weight)?, scoring });
            }
        }
        let mut optional = None;
        if !clauses.should.is_empty() {
            let should = clauses.should.iter().map(|part| self.scorer(part)).collect::<Outcome<Vec<_>>>()?;
            if minimum > 0 {
                required.push(Required { scorer: any_of(should, minimum), scoring: true });
            } else {
                optional = Some(any_of(should, 1));
            }
        }
        let mut scorer: Box<dyn Scorer> = match required.len() {
            0 => Box::new(Everything { max: self.max, score: 0.0 }),
            1 if required[0].scoring => required.remove(0).scorer,
            _ => Box::new(Conjunction::new(required, self.max)),
        };
        if !clauses.must_not.is_empty() {
            let excluded = clauses.must_not.iter().map(|part| self.scorer(part)).collect::<Outcome<Vec<_>>>()?;
            scorer = Box::new(Excluding { base: scorer, excluded: any_of(excluded, 1) });
        }
        Ok(match optional {
            Some(optional) => Box::new(WithOptional::new(scorer, optional)),
            None => scorer,
        })
    }

    pub(crate) fn function(&self, weight: &FunctionWeight) -> Outcome<FunctionScore> {
        let mut functions = Vec::with_capacity(weight.filters.len());
        for (bound, filter) in weight.bound.functions.iter().zip(&weight.filters) {
            let filter = filter.as_ref().map(|filter| self.scorer(filter)).transpose()?;
            let function = match &bound.function {
                Some(function) => self.score_function(function)?,
                None => Function::One,
            };
            functions.push(Weighted { filter, weight: bound.weight, function });
        }
        Ok(FunctionScore::new(self.scorer(&weight.query)?, functions, weight.modes))
    }

    fn enough(&self, weight: &EnoughWeight) -> Outcome<Box<dyn Scorer>> {
        let all = || weight.parts.iter().map(|part| self.scorer(part)).collect::<Outcome<Vec<_>>>();
        let least = match &weight.minimum {
            BoundMinimum::Field(field, code) => {
                let column = match self.fields.by_path(field) {
                    Some(entry) => self.segment.numbers(entry.slot)?,
                    None => None,
                };
                Least::Column(column, *code)
            }
            BoundMinimum::Script(script) => Least::Script(self.script(script)),
        };
        Ok(Box::new(Enough { base: any_of(all()?, 1), parts: all()?, least }))
    }

    pub(crate) fn script(&self, script: &Arc<BoundScript>) -> ScriptRun {
        let segment = self.reader.segments[self.number as usize].segment.clone();
        ScriptRun::new(script.clone(), segment, self.reader.fields.clone())
    }

    fn score_function(&self, function: &ScoreFunction) -> Outcome<Function> {
        let entry = |field: &str| self.fields.by_path(field);
        let numbers = |field: &str| entry(field).map_or(Ok(None), |entry| numbers_of(self.segment, entry));
        Ok(match function {
            ScoreFunction::Random { seed, salt, of } => {
                let values = match of {
                    RandomOf::Number(field, code) => RandomBy::Number(numbers(field)?, *code),
                    RandomOf::Id => RandomBy::Term(self.segment.strings(meta::ID)?),
                    RandomOf::Term(field) => {
                        RandomBy::Term(entry(field).map_or(Ok(None), |entry| self.strings(entry))?)
                    }
                };
                Function::Random { seed: *seed as i32 ^ salt, values }
            }
            ScoreFunction::FieldValue { field, code, factor, modifier, missing } => Function::FieldValue {
                path: field.clone(),
                column: numbers(field)?,
                code: *code,
                factor: *factor,
                modifier: *modifier,
                missing: *missing,
            },
            ScoreFunction::Decay { shape, field, code, place, origin, scale, offset, decay, mode } => Function::Decay {
                column: numbers(field)?.map(|column| distances(column, *place)),
                code: *code,
                decay: DecayCurve::new(*shape, *origin, *offset, (*scale, *decay)),
                mode: *mode,
            },
            ScoreFunction::Script(script) => Function::Script(self.script(script)),
            ScoreFunction::Distance { field, code, place, origin, pivot } => Function::Distance {
                column: numbers(field)?.map(|column| distances(column, *place)),
                code: *code,
                origin: *origin,
                pivot: *pivot,
            },
        })
    }
}

/// The numbers of a field by document; of booleans 0 and 1.
pub(crate) fn numbers_of(segment: &dyn Segment, entry: &FieldEntry) -> io::Result<Option<Arc<dyn NumberColumn>>> {
    if !matches!(entry.layout, Layout::Exact { .. }) {
        return segment.numbers(entry.slot);
    }
    let flags = segment.strings(entry.slot)?.map(Flags::new).transpose()?;
    Ok(flags.map(|flags| Arc::new(flags) as Arc<dyn NumberColumn>))
}

fn any_of(mut scorers: Vec<Box<dyn Scorer>>, minimum: usize) -> Box<dyn Scorer> {
    match scorers.len() {
        1 => scorers.remove(0),
        _ => Box::new(Disjunction::new(scorers, Combine::Sum, minimum)),
    }
}

/// Offsets with the terms of each position as numbers, equal terms having equal numbers.
fn numbered(positions: &[(u32, Vec<TermBytes>)]) -> Vec<(u32, Vec<usize>)> {
    let mut known: Vec<&TermBytes> = Vec::new();
    let mut number = |term| {
        known.iter().position(|other| *other == term).unwrap_or_else(|| {
            known.push(term);
            known.len() - 1
        })
    };
    positions.iter().map(|(offset, terms)| (*offset, terms.iter().map(&mut number).collect())).collect()
}

/// Several terms as if they were one.
struct SynonymScorer {
    cursors: Vec<TermCursor>,
    score: TermScore,
    doc: u32,
}

impl Scorer for SynonymScorer {
    fn probe(&mut self, doc: u32) -> Outcome<u32> {
        self.doc = u32::MAX;
        for cursor in &mut self.cursors {
            self.doc = self.doc.min(cursor.advance(doc)?);
        }
        Ok(self.doc)
    }

    fn score(&mut self) -> Outcome<f32> {
        let mut freq = 0.0;
        for cursor in &mut self.cursors {
            if !cursor.is_done() && cursor.is_loaded() && cursor.docs[cursor.at] == self.doc {
                cursor.load_freqs()?;
                freq += cursor.freq(cursor.at) as f32;
            }
        }
        let code = self.cursors.first().map_or(0, |cursor| cursor.code(self.doc));
        Ok(self.score.score(freq, code))
    }

    fn cost(&self) -> u64 {
        self.cursors.iter().map(|cursor| u64::from(cursor.doc_freq)).sum()
    }

    fn bound(&mut self, _: u32, _: u32) -> f32 {
        self.score.bound(1.0)
    }

    fn fill(&mut self, from: u32, to: u32, words: &mut [u64]) -> Outcome<()> {
        self.cursors.iter_mut().try_for_each(|cursor| cursor.fill(from, to, words))
    }
}
