//! Queries as a client means them: fields by name, values as JSON, text not yet analysed.
//!
//! `search::bind` turns this tree into typed primitives for one index' mapping; every type error is found there.

pub mod compound;
pub mod full_text;
pub mod geo;
pub mod query_string;
pub mod term_level;

use compound::{Boolean, Boosting, DisMax, FunctionScore};
use full_text::{Match, MatchPhrase, MultiMatch};
use geo::Geo;
use query_string::{QueryString, SimpleQueryString};
use term_level::{Fuzzy, Pattern, Range, Term, Terms};

/// A query with what every query may carry: a factor on its score, and a name for `matched_queries`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub kind: Kind,
    pub boost: f32,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    MatchAll,
    MatchNone,
    Match(Match),
    MatchPhrase(MatchPhrase),
    MatchPhrasePrefix(MatchPhrase),
    MatchBoolPrefix(Match),
    MultiMatch(Box<MultiMatch>),
    QueryString(Box<QueryString>),
    SimpleQueryString(Box<SimpleQueryString>),
    Term(Term),
    Terms(Terms),
    Range(Box<Range>),
    Exists { field: String },
    Prefix(Pattern),
    Wildcard(Pattern),
    Regexp(Pattern),
    Fuzzy(Fuzzy),
    Ids { values: Vec<String> },
    Bool(Boolean),
    Boosting(Box<Boosting>),
    ConstantScore(Box<Query>),
    DisMax(DisMax),
    FunctionScore(Box<FunctionScore>),
    Geo(Box<Geo>),
}

impl Query {
    pub fn new(kind: Kind) -> Self {
        Self { kind, boost: 1.0, name: None }
    }

    /// Every document, score 1.
    pub fn match_all() -> Self {
        Self::new(Kind::MatchAll)
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
        }
    }
}
