//! Queries as a client means them: fields by name, values as JSON, text not yet analysed.
//!
//! `search::bind` turns this tree into typed primitives for one index' mapping; every type error is found there.

pub mod approximate;
pub mod compound;
pub mod full_text;
pub mod geo;
pub mod hybrid;
pub mod interval;
pub mod join;
pub mod more_like_this;
pub mod nested;
pub mod percolate;
pub mod query_string;
pub mod ranked;
pub mod scripted;
pub mod span;
pub mod term_level;
pub mod vector;

use crate::script::Script;
use compound::{Boolean, Boosting, DisMax, FunctionScore};
use full_text::{ByFrequency, CombinedFields, Match, MatchPhrase, MultiMatch};
use geo::{AskedShape, ByShape, Geo};
use nested::Nested;
use query_string::{QueryString, SimpleQueryString};
use serde::{Deserialize, Serialize};
use term_level::{Fuzzy, Pattern, Range, Term, Terms};
use vector::Knn;

/// A query with what every query may carry: a factor on its score, and a name for `matched_queries`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    pub kind: Kind,
    pub boost: f32,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    MatchAll,
    MatchNone,
    Match(Match),
    MatchPhrase(MatchPhrase),
    MatchPhrasePrefix(MatchPhrase),
    MatchBoolPrefix(Match),
    MultiMatch(Box<MultiMatch>),
    CombinedFields(Box<CombinedFields>),
    ByFrequency(Box<ByFrequency>),
    QueryString(Box<QueryString>),
    SimpleQueryString(Box<SimpleQueryString>),
    Term(Term),
    Terms(Terms),
    Range(Box<Range>),
    Exists {
        field: String,
    },
    Prefix(Pattern),
    Wildcard(Pattern),
    Regexp(Pattern),
    Fuzzy(Fuzzy),
    Ids {
        values: Vec<String>,
    },
    Bool(Boolean),
    Boosting(Box<Boosting>),
    ConstantScore(Box<Query>),
    DisMax(DisMax),
    FunctionScore(Box<FunctionScore>),
    Geo(Box<Geo>),
    ByShape(Box<ByShape>),
    Ranked(Box<ranked::Ranked>),
    Nested(Box<Nested>),
    HasChild(Box<join::HasChild>),
    HasParent(Box<join::HasParent>),
    ParentId(join::ParentId),
    Knn(Box<Knn>),
    Approximate(approximate::Approximate),
    Hybrid(Box<hybrid::Hybrid>),
    /// Documents of which a script says true.
    Script(Script),
    ScriptScore(Box<scripted::ScriptScore>),
    DistanceFeature(scripted::DistanceFeature),
    RankFeature(scripted::RankFeature),
    TermsSet(Box<scripted::TermsSet>),
    MoreLikeThis(Box<more_like_this::MoreLikeThis>),
    Span(Box<span::Span>),
    Intervals(Box<interval::Intervals>),
    Percolate(Box<percolate::Percolate>),
}

/// Reads a query from the bytes in which a dialect writes it.
pub type ReadQuery = fn(&[u8]) -> Result<Query, crate::error::Error>;

impl Query {
    pub fn new(kind: Kind) -> Self {
        Self { kind, boost: 1.0, name: None }
    }

    /// Every document, score 1.
    pub fn match_all() -> Self {
        Self::new(Kind::MatchAll)
    }

    /// The queries of terms, anywhere in it, whose values are to be looked up.
    pub fn lookups(&mut self) -> Vec<&mut Terms> {
        let terms = self.simple_mut().into_iter().filter_map(|kind| match kind {
            Kind::Terms(terms) => Some(terms),
            _ => None,
        });
        terms.filter(|terms| terms.lookup.is_some()).collect()
    }

    /// The queries by shape, anywhere in it, whose shapes are to be looked up.
    pub fn shape_lookups(&mut self) -> Vec<&mut AskedShape> {
        let shapes = self.simple_mut().into_iter().filter_map(|kind| match kind {
            Kind::ByShape(query) => Some(&mut query.shape),
            _ => None,
        });
        shapes.filter(|shape| matches!(shape, AskedShape::Indexed(_))).collect()
    }

    /// The queries of likeness, anywhere in it.
    pub fn likenesses(&mut self) -> Vec<&mut more_like_this::MoreLikeThis> {
        let likenesses = self.simple_mut().into_iter().filter_map(|kind| match kind {
            Kind::MoreLikeThis(like) => Some(&mut **like),
            _ => None,
        });
        likenesses.collect()
    }

    /// The queries for stored queries, anywhere in it.
    pub fn percolations(&mut self) -> Vec<&mut percolate::Percolate> {
        let percolations = self.simple_mut().into_iter().filter_map(|kind| match kind {
            Kind::Percolate(percolate) => Some(&mut **percolate),
            _ => None,
        });
        percolations.collect()
    }

    /// The queries, anywhere in it, that are made of no others.
    fn simple_mut(&mut self) -> Vec<&mut Kind> {
        let (mut waiting, mut found) = (vec![self], Vec::new());
        while let Some(query) = waiting.pop() {
            if query.kind.parts_mut().is_empty() {
                found.push(&mut query.kind);
            } else {
                waiting.extend(query.kind.parts_mut());
            }
        }
        found
    }

    /// The queries that it is made of.
    pub fn parts(&self) -> Vec<&Query> {
        match &self.kind {
            Kind::Bool(bool) => {
                let Boolean { must, should, filter, must_not, .. } = bool;
                must.iter().chain(should).chain(filter).chain(must_not).collect()
            }
            Kind::Boosting(boosting) => vec![&boosting.positive, &boosting.negative],
            Kind::ConstantScore(inner) => vec![inner],
            Kind::DisMax(best) => best.queries.iter().collect(),
            Kind::FunctionScore(score) => {
                let filters = score.functions.iter().filter_map(|function| function.filter.as_ref());
                std::iter::once(&score.query).chain(filters).collect()
            }
            Kind::Nested(nested) => vec![&nested.query],
            Kind::HasChild(child) => vec![&child.query],
            Kind::HasParent(parent) => vec![&parent.query],
            Kind::ScriptScore(score) => vec![&score.query],
            Kind::Hybrid(hybrid) => hybrid.queries.iter().chain(&hybrid.filter).collect(),
            _ => Vec::new(),
        }
    }

    /// The name of its kind in the query language: `match`, `bool` ..
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::MatchAll => "match_all",
            Kind::MatchNone => "match_none",
            Kind::Match(_) => "match",
            Kind::MatchPhrase(_) => "match_phrase",
            Kind::MatchPhrasePrefix(_) => "match_phrase_prefix",
            Kind::MatchBoolPrefix(_) => "match_bool_prefix",
            Kind::MultiMatch(_) => "multi_match",
            Kind::CombinedFields(_) => "combined_fields",
            Kind::ByFrequency(_) => "common",
            Kind::QueryString(_) => "query_string",
            Kind::SimpleQueryString(_) => "simple_query_string",
            Kind::Term(_) => "term",
            Kind::Terms(_) => "terms",
            Kind::Range(_) => "range",
            Kind::Exists { .. } => "exists",
            Kind::Prefix(_) => "prefix",
            Kind::Wildcard(_) => "wildcard",
            Kind::Regexp(_) => "regexp",
            Kind::Fuzzy(_) => "fuzzy",
            Kind::Ids { .. } => "ids",
            Kind::Bool(_) => "bool",
            Kind::Boosting(_) => "boosting",
            Kind::ConstantScore(_) => "constant_score",
            Kind::DisMax(_) => "dis_max",
            Kind::FunctionScore(_) => "function_score",
            Kind::Geo(geo) => geo.shape.kind_name(),
            Kind::ByShape(_) => "geo_shape",
            Kind::Ranked(_) => "ranked",
            Kind::Nested(_) => "nested",
            Kind::HasChild(_) => "has_child",
            Kind::HasParent(_) => "has_parent",
            Kind::ParentId(_) => "parent_id",
            Kind::Knn(_) => "knn",
            Kind::Approximate(_) => "approximate_regexp",
            Kind::Hybrid(_) => "hybrid",
            Kind::Script(_) => "script",
            Kind::ScriptScore(_) => "script_score",
            Kind::DistanceFeature(_) => "distance_feature",
            Kind::RankFeature(_) => "rank_feature",
            Kind::TermsSet(_) => "terms_set",
            Kind::MoreLikeThis(_) => "more_like_this",
            Kind::Span(_) => "span",
            Kind::Intervals(_) => "intervals",
            Kind::Percolate(_) => "percolate",
        }
    }
}

impl Kind {
    /// The queries that it is made of, those that only choose among neighbours, and those of hits that are shown with its own, too.
    fn parts_mut(&mut self) -> Vec<&mut Query> {
        match self {
            Self::Bool(bool) => {
                let Boolean { must, should, filter, must_not, .. } = bool;
                must.iter_mut().chain(should).chain(filter).chain(must_not).collect()
            }
            Self::Boosting(boosting) => vec![&mut boosting.positive, &mut boosting.negative],
            Self::ConstantScore(inner) => vec![inner],
            Self::DisMax(best) => best.queries.iter_mut().collect(),
            Self::FunctionScore(score) => {
                let filters = score.functions.iter_mut().filter_map(|function| function.filter.as_mut());
                std::iter::once(&mut score.query).chain(filters).collect()
            }
            Self::Nested(nested) => with_shown(&mut nested.query, &mut nested.inner_hits),
            Self::HasChild(child) => with_shown(&mut child.query, &mut child.inner_hits),
            Self::HasParent(parent) => with_shown(&mut parent.query, &mut parent.inner_hits),
            Self::ScriptScore(score) => vec![&mut score.query],
            Self::Knn(knn) => knn.filter.iter_mut().collect(),
            Self::Hybrid(hybrid) => hybrid.queries.iter_mut().chain(&mut hybrid.filter).collect(),
            _ => Vec::new(),
        }
    }
}

fn with_shown<'q>(query: &'q mut Query, shown: &'q mut Option<Box<nested::InnerHits>>) -> Vec<&'q mut Query> {
    std::iter::once(query).chain(shown.iter_mut().flat_map(|hits| hits.queries_mut())).collect()
}
