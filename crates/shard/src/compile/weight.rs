//! The weights: a query with everything resolved that does not depend on the segment.

use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

use model::geo::area::Area;
use model::geo::shape::relate::Question;
use model::query::nested::NestedScore;
use search::bound::{BoundFunctionScore, BoundMinimum, FieldName, TermBytes};

use super::counts::TermPlaces;
use super::pattern::Accepted;
use super::ranked::RankedWeight;
use super::{CombinedWeight, IntervalWeight, NearestWeight, Place, SpanWeight};
use crate::gauge::Gauge;
use crate::percolate::Percolation;
use crate::score::bm25::TermScore;
use crate::score::function::Modes;

/// A query part. Boosts are multiplied down into the leaves' scores.
pub(crate) struct Weight {
    pub(crate) kind: Kind,
    /// Its own times those above it.
    pub(crate) boost: f32,
    /// Of a profiled search.
    pub(crate) gauge: Option<Rc<Gauge>>,
}

impl Weight {
    /// Every document, score 1.
    pub(crate) fn everything() -> Self {
        Self::new(Kind::All, 1.0)
    }
}

pub(crate) enum Kind {
    Nothing(String),
    All,
    Term(TermWeight),
    Synonyms(SynonymWeight),
    Combined(Box<CombinedWeight>),
    /// Documents that all score the boost.
    Set(Set),
    Phrase(PhraseWeight),
    Bool(BoolWeight),
    Boosting {
        positive: Box<Weight>,
        negative: Box<Weight>,
        factor: f32,
    },
    Constant(Box<Weight>),
    DisMax {
        parts: Vec<Weight>,
        tie_breaker: f32,
    },
    Function(Box<FunctionWeight>),
    Ranked(Box<RankedWeight>),
    Nested(Box<NestedWeight>),
    /// What lies inside of documents that match: those at `around`, or the outermost.
    InsideOf {
        around: Option<FieldName>,
        matches: Box<Weight>,
    },
    Nearest(NearestWeight),
    Enough(Box<EnoughWeight>),
    Spans(Box<SpanWeight>),
    Intervals(Box<IntervalWeight>),
    Percolate {
        percolation: Arc<Percolation>,
        scoring: bool,
    },
}

/// As many of the parts as each document asks for.
pub(crate) struct EnoughWeight {
    pub(crate) parts: Vec<Weight>,
    pub(crate) minimum: BoundMinimum,
}

/// Documents by the objects inside.
pub(crate) struct NestedWeight {
    pub(crate) path: FieldName,
    /// Whose documents match; `None`: the outermost.
    pub(crate) parent: Option<FieldName>,
    pub(crate) inner: Weight,
    pub(crate) score: NestedScore,
}

pub(crate) struct TermWeight {
    pub(crate) place: Place,
    pub(crate) term: TermBytes,
    /// The documents it counts as having.
    pub(crate) doc_freq: u64,
    /// Where each segment has it; `None`: not looked up yet.
    pub(crate) found: Option<TermPlaces>,
    pub(crate) score: TermScore,
}

pub(crate) struct SynonymWeight {
    pub(crate) place: Place,
    pub(crate) terms: Vec<TermBytes>,
    pub(crate) doc_freq: u64,
    pub(crate) score: TermScore,
}

pub(crate) struct PhraseWeight {
    pub(crate) place: Place,
    /// Offset from the phrase's start, and the terms; at least two positions.
    pub(crate) positions: Vec<(u32, Vec<TermBytes>)>,
    pub(crate) slop: u32,
    /// Documents of each term that is anywhere, in order; empty without scoring.
    pub(crate) doc_freqs: Vec<u64>,
    pub(crate) score: TermScore,
}

#[derive(Default)]
pub(crate) struct BoolWeight {
    pub(crate) must: Vec<Weight>,
    pub(crate) should: Vec<Weight>,
    pub(crate) filter: Vec<Weight>,
    pub(crate) must_not: Vec<Weight>,
    /// How many of `should` must match; at least 1 when nothing else is required.
    pub(crate) minimum: u32,
}

pub(crate) struct FunctionWeight {
    pub(crate) query: Weight,
    /// Filters of the functions, in order.
    pub(crate) filters: Vec<Option<Weight>>,
    pub(crate) bound: BoundFunctionScore,
    pub(crate) modes: Modes,
    /// On what comes out.
    pub(crate) factor: f32,
}

pub(crate) enum Set {
    Term {
        place: Place,
        term: TermBytes,
        /// Where each segment has it; `None`: not looked up yet.
        found: Option<TermPlaces>,
    },
    /// Several.
    Terms(Place, Vec<TermBytes>),
    Numbers(Place, Vec<i64>),
    NumberRange(Place, i64, i64),
    TermRange(Place, Bound<TermBytes>, Bound<TermBytes>),
    Within(Place, Arc<Area>),
    /// The shapes, and the ends of the boxes around them.
    Shape(Place, [Place; 4], Arc<Question>),
    Accepted(Place, Accepted),
    Exists(Vec<FieldName>),
    Ids(Vec<Arc<str>>),
    /// One part of several, by the numbers of a field or by ids.
    Slice(Option<Place>, u32, u32),
}

impl Set {
    /// The documents that have any of some terms.
    pub(crate) fn of_terms(place: Place, terms: &[TermBytes]) -> Self {
        match terms {
            [term] => Self::Term { place, term: term.clone(), found: None },
            terms => Self::Terms(place, terms.to_vec()),
        }
    }
}

impl Weight {
    pub(crate) fn new(kind: Kind, boost: f32) -> Self {
        Self { kind, boost, gauge: None }
    }

    /// Direct parts.
    pub(crate) fn children(&self) -> Box<dyn Iterator<Item = &Weight> + '_> {
        match &self.kind {
            Kind::Bool(b) => Box::new(b.must.iter().chain(&b.should).chain(&b.filter).chain(&b.must_not)),
            Kind::Boosting { positive, negative, .. } => Box::new([&**positive, &**negative].into_iter()),
            Kind::Constant(inner) => Box::new(std::iter::once(&**inner)),
            Kind::Ranked(ranked) => Box::new(std::iter::once(&ranked.candidates)),
            Kind::DisMax { parts, .. } => Box::new(parts.iter()),
            Kind::Enough(enough) => Box::new(enough.parts.iter()),
            Kind::Function(f) => Box::new(std::iter::once(&f.query).chain(f.filters.iter().flatten())),
            Kind::Nested(nested) => Box::new(std::iter::once(&nested.inner)),
            Kind::InsideOf { matches, .. } => Box::new(std::iter::once(&**matches)),
            Kind::Nothing(_)
            | Kind::All
            | Kind::Term(_)
            | Kind::Synonyms(_)
            | Kind::Combined(_)
            | Kind::Set(_)
            | Kind::Phrase(_)
            | Kind::Spans(_)
            | Kind::Intervals(_)
            | Kind::Percolate { .. }
            | Kind::Nearest(_) => Box::new(std::iter::empty()),
        }
    }

    /// Whether time ran out while it looked for documents.
    pub(crate) fn is_cut(&self) -> bool {
        match &self.kind {
            Kind::Percolate { percolation, .. } => percolation.is_cut(),
            _ => self.children().any(Self::is_cut),
        }
    }

    /// The score of every match, where all score the same.
    pub(crate) fn constant_score(&self) -> Option<f32> {
        match &self.kind {
            Kind::Nothing(_) => Some(0.0),
            Kind::All | Kind::Set(_) | Kind::Constant(_) | Kind::InsideOf { .. } => Some(self.boost),
            Kind::Nested(nested) if nested.score == NestedScore::None => Some(0.0),
            Kind::Bool(b) if b.should.is_empty() => {
                let scores: Option<Vec<f32>> = b.must.iter().map(Weight::constant_score).collect();
                // From zero: the sum of nothing is a negative zero.
                scores.map(|scores| scores.iter().fold(0.0, |sum, &score| sum + f64::from(score)) as f32)
            }
            _ => None,
        }
    }
}
