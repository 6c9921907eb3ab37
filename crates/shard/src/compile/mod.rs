//! Bound query + statistics -> a tree of weights, the same for every segment; `scorer` turns it into scorers of one segment.
//!
//! Not here: what the text of a query means (`search::bind`), which documents are kept (`execute`).

use std::sync::Arc;

use model::error::Error;
use model::geo::shape::code;
use model::query::nested::NestedScore;
use search::bound::{BoundBool, BoundKind, BoundNested, BoundQuery, FieldName, TermBytes};
use search::statistics::TermStatistics;

use crate::execute::{Endless, Patience};
use crate::fields::FieldSlot;
use crate::gauge::{Clock, Gauge};
use crate::percolate::Percolation;
use crate::reader::Similarity;
use crate::score::Outcome;
use crate::score::bm25::TermScore;
use crate::score::function::Modes;
use crate::score::timed;

mod approximate;
mod asked;
pub(crate) mod automaton;
mod by_frequency;
mod combined;
mod counts;
mod expand;
mod feature;
mod function;
mod interval;
mod join;
mod knn;
mod likeness;
pub(crate) mod pattern;
mod phrase;
mod ranges;
pub(crate) mod ranked;
mod regexp;
pub(crate) mod scorer;
mod sets;
pub(crate) mod shape;
mod span;
pub(crate) mod weight;

pub(crate) use combined::CombinedWeight;
pub(crate) use counts::Counts;
pub(crate) use interval::IntervalWeight;
pub(crate) use knn::NearestWeight;
pub(crate) use span::SpanWeight;
pub(crate) use weight::{
    BoolWeight, EnoughWeight, FunctionWeight, Kind, NestedWeight, PhraseWeight, Set, SynonymWeight, TermWeight, Weight,
};

/// Deeper queries are refused: `bind` allows fewer.
const MAX_DEPTH: u32 = 200;

/// Compiles one query.
pub(crate) struct Compiler<'c, 'a> {
    counts: &'c mut Counts<'a>,
    depth: u32,
    /// How long what is found while compiling may take.
    patience: &'c dyn Patience,
    /// Of a profiled search.
    clock: Option<&'c Clock>,
    /// What scores less is not wanted, if a query is all there is.
    floor: f32,
}

/// A leaf's place in the query: the boost it inherits, and whether anybody wants its score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    boost: f32,
    scoring: bool,
}

impl Context {
    fn filter(self) -> Self {
        Self { scoring: false, boost: 1.0 }
    }
}

impl<'c, 'a> Compiler<'c, 'a> {
    pub(crate) fn new(counts: &'c mut Counts<'a>) -> Self {
        Self { counts, depth: 0, patience: &Endless, clock: None, floor: f32::NEG_INFINITY }
    }

    pub(crate) fn within(self, patience: &'c dyn Patience) -> Self {
        Self { patience, ..self }
    }

    /// Its weights tell how long they and their scorers take.
    pub(crate) fn timed(self, clock: Option<&'c Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Where the whole query is one for neighbours, those that score less are not looked for; there must be no use for them but as hits.
    pub(crate) fn above(self, floor: f32) -> Self {
        Self { floor, ..self }
    }

    /// The weights of `query`; without `scoring` its matches are right, its scores are not.
    pub(crate) fn compile(&mut self, query: &BoundQuery, scoring: bool) -> Outcome<Weight> {
        if !matches!(query.kind, BoundKind::Knn(_)) {
            self.floor = f32::NEG_INFINITY;
        }
        self.weight(query, Context { boost: 1.0, scoring })
    }

    fn weight(&mut self, query: &BoundQuery, outer: Context) -> Outcome<Weight> {
        if self.depth >= MAX_DEPTH {
            let reason = format!("the query is nested deeper than {MAX_DEPTH} levels");
            return Err(model::error::Error::illegal_argument(reason).into());
        }
        self.depth += 1;
        let context = Context { boost: outer.boost * query.boost, ..outer };
        let weight = match self.clock.map(|clock| Gauge::new(clock, timed::STEPS)) {
            None => self.kind(&query.kind, context)?,
            Some(gauge) => {
                let weight = gauge.time(timed::CREATE_WEIGHT, || self.kind(&query.kind, context))?;
                Weight { gauge: Some(gauge), ..weight }
            }
        };
        self.depth -= 1;
        Ok(weight)
    }

    fn weights(&mut self, queries: &[BoundQuery], context: Context) -> Outcome<Vec<Weight>> {
        queries.iter().map(|query| self.weight(query, context)).collect()
    }

    fn kind(&mut self, kind: &BoundKind, context: Context) -> Outcome<Weight> {
        let boost = context.boost;
        let set = |set| Weight::new(Kind::Set(set), boost);
        Ok(match kind {
            BoundKind::MatchAll => Weight::new(Kind::All, boost),
            BoundKind::MatchNone(reason) => Weight::new(Kind::Nothing(reason.clone()), boost),
            BoundKind::Term(field, term) => self.term(field, term, context)?,
            BoundKind::Synonyms(field, terms) => self.synonyms(field, terms, context)?,
            BoundKind::Blended { terms, tie_breaker } => self.blended(terms, *tie_breaker, context)?,
            BoundKind::ByFrequency(common) => self.by_frequency(common, context)?,
            BoundKind::Combined(word) => self.combined(word, context)?,
            BoundKind::Terms(field, terms) => set(Set::of_terms(self.place(field), terms)),
            BoundKind::Numbers(field, codes) => set(Set::Numbers(self.place(field), codes.clone())),
            BoundKind::NumberRange(field, from, to) => set(Set::NumberRange(self.place(field), *from, *to)),
            BoundKind::Geo(field, area) => set(Set::Within(self.place(field), area.clone())),
            BoundKind::Shape(field, question) => {
                let sides = code::paths(field).map(|side| self.place(&side.into()));
                set(Set::Shape(self.place(field), sides, question.clone()))
            }
            BoundKind::TermRange(field, from, to) => set(Set::TermRange(self.place(field), from.clone(), to.clone())),
            BoundKind::Phrase(phrase) => self.phrase(phrase, context)?,
            BoundKind::Expand(expand) => self.expand(expand, context)?,
            BoundKind::Exists(fields) => set(Set::Exists(fields.clone())),
            BoundKind::Ids(ids) => set(Set::Ids(ids.clone())),
            BoundKind::Slice(slice) => {
                let place = slice.field.as_ref().map(|field| self.place(field));
                set(Set::Slice(place, slice.part, slice.of))
            }
            BoundKind::Bool(clauses) => self.boolean(clauses, context)?,
            BoundKind::Boosting { positive, negative, negative_boost } => {
                let positive = Box::new(self.weight(positive, context)?);
                let negative = Box::new(self.weight(negative, context.filter())?);
                Weight::new(Kind::Boosting { positive, negative, factor: *negative_boost }, boost)
            }
            BoundKind::ConstantScore(inner) => {
                Weight::new(Kind::Constant(Box::new(self.weight(inner, context.filter())?)), boost)
            }
            BoundKind::DisMax { queries, tie_breaker } => {
                let parts = self.weights(queries, context)?;
                Weight::new(Kind::DisMax { parts, tie_breaker: *tie_breaker }, boost)
            }
            BoundKind::FunctionScore(score) => self.function_score(score, context)?,
            BoundKind::Ranked(ranked) => self.ranked(ranked, context)?,
            BoundKind::Nested(nested) => self.nested(nested, context)?,
            BoundKind::Joined(joined) => self.joined(joined, context)?,
            BoundKind::InsideOf(inside) => {
                let matches = Box::new(self.weight(&inside.query, context.filter())?);
                Weight::new(Kind::InsideOf { around: inside.around.clone(), matches }, boost)
            }
            BoundKind::Knn(knn) => self.knn(knn, context)?,
            BoundKind::Intervals(intervals) => self.intervals(intervals, context)?,
            BoundKind::Percolate(asked) => {
                let percolation = Percolation::new(asked, self.counts.reader())?.within(self.patience.shared());
                Weight::new(Kind::Percolate { percolation: Arc::new(percolation), scoring: context.scoring }, boost)
            }
            BoundKind::Spans(spans) => self.spans(spans, context)?,
            BoundKind::MoreLikeThis(like) => self.likeness(like, context)?,
            BoundKind::TermsSet(set) => {
                let parts = self.weights(&set.terms, context)?;
                Weight::new(Kind::Enough(Box::new(EnoughWeight { parts, minimum: set.minimum.clone() })), boost)
            }
            BoundKind::Approximate(query) => self.approximate(query, context)?,
            BoundKind::Ranges(ranges) => {
                set(Set::Accepted(self.place(&ranges.field), pattern::Accepted::ranges(ranges)))
            }
            BoundKind::Feature(feature) => self.feature(feature, context)?,
        })
    }

    fn nested(&mut self, nested: &BoundNested, context: Context) -> Outcome<Weight> {
        let inner = match nested.score_mode {
            NestedScore::None => context.filter(),
            _ => context,
        };
        let score = if context.scoring { nested.score_mode } else { NestedScore::None };
        let weight = NestedWeight {
            path: nested.path.clone(),
            parent: nested.parent.clone(),
            inner: self.weight(&nested.query, inner)?,
            score,
        };
        Ok(Weight::new(Kind::Nested(Box::new(weight)), context.boost))
    }

    fn place(&self, field: &FieldName) -> Place {
        Place { field: field.clone(), slot: self.counts.reader().fields.by_path(field).map(|entry| entry.slot) }
    }

    fn boolean(&mut self, clauses: &BoundBool, context: Context) -> Outcome<Weight> {
        let mut result = BoolWeight {
            must: self.weights(&clauses.must, context)?,
            should: self.weights(&clauses.should, context)?,
            filter: self.weights(&clauses.filter, context.filter())?,
            must_not: self.weights(&clauses.must_not, context.filter())?,
            minimum: clauses.minimum_should_match,
        };
        if result.must.is_empty() && result.filter.is_empty() {
            if result.should.is_empty() && result.must_not.is_empty() {
                return Ok(Weight::new(Kind::All, context.boost));
            }
            if !result.should.is_empty() {
                result.minimum = result.minimum.max(1);
            }
        }
        Ok(Weight::new(Kind::Bool(result), context.boost))
    }

    fn term(&mut self, field: &FieldName, term: &TermBytes, context: Context) -> Outcome<Weight> {
        if !context.scoring {
            let (place, found) = (self.place(field), self.counts.places(field, term));
            return Ok(Weight::new(Kind::Set(Set::Term { place, term: term.clone(), found }), context.boost));
        }
        let word = self.counts.term(field, term)?;
        self.term_with(field, term, word, context.boost)
    }

    /// A term that counts as if it occurred as `word` says.
    fn term_with(&mut self, field: &FieldName, term: &TermBytes, word: TermStatistics, boost: f32) -> Outcome<Weight> {
        let (scale, doc_freq) = (self.counts.scale(field)?, word.doc_freq);
        let score = TermScore::of_word(scale, boost, word);
        let found = self.counts.places(field, term);
        let weight = TermWeight { place: self.place(field), term: term.clone(), doc_freq, found, score };
        Ok(Weight::new(Kind::Term(weight), boost))
    }

    fn synonyms(&mut self, field: &FieldName, terms: &[TermBytes], context: Context) -> Outcome<Weight> {
        if !context.scoring {
            return Ok(Weight::new(Kind::Set(Set::of_terms(self.place(field), terms)), context.boost));
        }
        let mut together = TermStatistics::default();
        for term in terms {
            let word = self.counts.term(field, term)?;
            together.doc_freq = together.doc_freq.max(word.doc_freq);
            together.total_term_freq += word.total_term_freq;
        }
        let (scale, doc_freq) = (self.counts.scale(field)?, together.doc_freq);
        let score = TermScore::of_word(scale, context.boost, together);
        let weight = SynonymWeight { place: self.place(field), terms: terms.to_vec(), doc_freq, score };
        Ok(Weight::new(Kind::Synonyms(weight), context.boost))
    }

    /// One word in several fields: each counts as if it were as frequent as in the field where it is most frequent, and a
    /// little more the rarer it is there, so that a field's own rarity does not decide.
    fn blended(
        &mut self,
        terms: &[(FieldName, TermBytes, f32)],
        tie_breaker: f32,
        context: Context,
    ) -> Outcome<Weight> {
        let mut parts = Vec::with_capacity(terms.len());
        if !context.scoring {
            for (field, term, _) in terms {
                parts.push(self.term(field, term, context)?);
            }
            return Ok(Weight::new(Kind::DisMax { parts, tie_breaker }, context.boost));
        }
        let mut own = Vec::with_capacity(terms.len());
        let (mut documents, mut fewest_tokens) = (0, u64::MAX);
        for (field, term, _) in terms {
            own.push(self.counts.doc_freq(field, term)?);
            let counts = self.counts.field(field)?;
            documents = counts.doc_count.max(documents);
            if counts.total_term_freq > 0 {
                fewest_tokens = counts.total_term_freq.min(fewest_tokens);
            }
        }
        let blended = if terms.len() > 1 { blend(&own, documents.min(fewest_tokens)) } else { own };
        for ((field, term, factor), doc_freq) in terms.iter().zip(blended) {
            if matches!(self.counts.scale(field)?.similarity, Similarity::Model(_)) {
                let reason = format!("[cross_fields] over [{field}], which scores neither by BM25 nor boolean");
                return Err(Error::not_implemented(reason).into());
            }
            let word = TermStatistics { doc_freq, total_term_freq: doc_freq };
            parts.push(self.term_with(field, term, word, context.boost * factor)?);
        }
        Ok(Weight::new(Kind::DisMax { parts, tie_breaker }, context.boost))
    }
}

/// Document frequencies shared among fields; absent terms stay absent.
fn blend(own: &[u64], limit: u64) -> Vec<u64> {
    let mut order: Vec<usize> = (0..own.len()).filter(|&at| own[at] > 0).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(own[at]));
    let mut result = own.to_vec();
    let Some(&first) = order.first() else { return result };
    let mut shared = own[first].min(limit);
    let mut before = own[first];
    for at in order {
        if before > own[at] {
            shared += 1;
        }
        before = own[at];
        result[at] = shared.min(limit);
    }
    result
}

/// A field by name, and where it lies; `None`: the shard has never seen it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) field: FieldName,
    pub(crate) slot: Option<FieldSlot>,
}

/// Score and boost modes of a bound `function_score`.
pub(crate) fn modes(score: &search::bound::BoundFunctionScore) -> Modes {
    Modes {
        score_mode: score.score_mode,
        boost_mode: score.boost_mode,
        max_boost: score.max_boost,
        alone: score.boosts_result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_orders_by_rarity() {
        assert_eq!(blend(&[3, 7, 0, 7, 2], 100), [8, 7, 0, 7, 9]);
        assert_eq!(blend(&[3, 7], 7), [7, 7]);
        assert_eq!(blend(&[0, 0], 5), [0, 0]);
    }
}
