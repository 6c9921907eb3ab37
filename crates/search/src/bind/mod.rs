//! Binding: a query as a client means it, turned into typed primitives for one index.
//!
//! In: [`model::query::Query`] and what the index knows ([`BindContext`]). Out: [`BoundQuery`], [`BoundSort`](crate::shard_query::BoundSort),
//! or the error that OpenSearch gives. Pure: no clock, no I/O, no index contents. Every wrong type, unknown format and exceeded limit of
//! a query is found here.

use std::cell::RefCell;
use std::sync::Arc;

use model::error::Error;
use model::id::IndexRef;
use model::mapping::limits::Limits;
use model::mapping::{Found, Mapping};
use model::query::{Kind, Query, ReadQuery};

use crate::bound::{BoundKind, BoundQuery};

mod after;
mod aggregation;
mod approximate;
mod bitmap;
mod by_frequency;
mod by_shape;
mod combined_fields;
mod compound;
mod cross_fields;
mod exists;
mod fault;
mod fields;
mod functions;
mod fuzziness;
mod geo;
mod graph;
mod interval;
mod ip;
mod join;
mod limits;
mod matching;
mod minimum;
mod more_like_this;
mod multi_match;
mod nearness;
pub(super) mod nested;
mod number;
mod objects;
mod pattern;
mod percolate;
mod query_string;
mod range;
mod ranges;
mod rank_feature;
mod ranked;
mod scripted;
mod sort;
mod span;
mod target;
mod term;
mod text;
mod vector;

#[cfg(test)]
mod tests;

/// The operators of regular expressions that names between `|` stand for; none: all.
///
/// # Errors
/// `illegal_argument_exception` for a name that is none.
pub fn regexp_flags(names: &str) -> Result<crate::bound::RegexpFlags, Error> {
    pattern::flags(Some(names)).map_err(|fault| fault.error().clone())
}

/// How many of so many clauses must match, as `2` or `75%` says.
///
/// # Errors
/// A text that says neither.
pub fn required(clauses: usize, spec: &str) -> Result<u32, Error> {
    minimum::required(clauses, spec).map_err(|fault| fault.error().clone())
}

/// How many edits a text may be away.
pub fn edits(fuzziness: model::query::full_text::Fuzziness, text: &str) -> u8 {
    fuzziness::edits(fuzziness, text)
}

pub use after::{bind_after, check_after, render_sort_value};
pub use aggregation::bind_aggregations;
pub use percolate::bind_stored;
pub use scripted::{bind_script_field, bind_tried_script};
pub use sort::{bind_sort, bind_sort_within};

use fault::{Fault, Outcome};
use target::Target;

/// Deeper queries (groups of query strings included) are refused, so that nothing below runs out of stack.
const MAX_DEPTH: u32 = 140;

/// What one index knows when a query meets it.
#[derive(Clone, Debug)]
pub struct BindContext {
    pub index: IndexRef,
    pub mapping: Arc<Mapping>,
    pub analysis: Arc<analysis::Registry>,
    /// What `now` means, in milliseconds since 1970: the same for every index and shard of one search.
    pub now_ms: i64,
    pub settings: BindSettings,
    /// Reads the queries that documents hold.
    pub read_query: ReadQuery,
}

/// Settings of the index and the cluster that bound or shape queries.
#[derive(Clone, Debug, PartialEq)]
pub struct BindSettings {
    /// `indices.query.bool.max_clause_count`
    pub max_clause_count: u32,
    /// `index.query.default_field`
    pub default_field: Vec<String>,
    /// `index.query_string.lenient`
    pub query_string_lenient: bool,
    /// `index.max_terms_count`
    pub max_terms_count: u32,
    /// `index.max_regex_length`, in characters.
    pub max_regex_length: u32,
    /// `search.max_buckets`
    pub max_buckets: u64,
    /// `index.max_inner_result_window`
    pub max_inner_result_window: u32,
    /// `index.max_adjacency_matrix_filters`
    pub max_adjacency_matrix_filters: u32,
    /// `search.allow_expensive_queries`
    pub allow_expensive_queries: bool,
    /// `index.highlight.max_analyzed_offset`, in UTF-16 units.
    pub max_analyzed_offset: u32,
    /// `index.max_docvalue_fields_search`
    pub max_docvalue_fields: usize,
    /// `index.max_script_fields`
    pub max_script_fields: usize,
    /// `index.knn.algo_param.ef_search`, where it is set.
    pub knn_ef_search: Option<u32>,
    /// `index.percolator.map_unmapped_fields_as_text`
    pub unmapped_as_text: bool,
    /// What is read are queries of documents that are percolated: these percolate nothing themselves, so that the depth of it all is bounded.
    pub percolated: bool,
    /// `index.mapping.*`, by which documents are read that a query brings along.
    pub documents: DocumentSettings,
}

/// Settings of an index that bear on documents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DocumentSettings {
    pub limits: Limits,
    pub ignore_malformed: bool,
    pub coerce: bool,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self { limits: Limits::default(), ignore_malformed: false, coerce: true }
    }
}

impl Default for BindSettings {
    fn default() -> Self {
        Self {
            max_clause_count: 1024,
            default_field: vec!["*".to_owned()],
            query_string_lenient: false,
            max_terms_count: 65_536,
            max_regex_length: 1000,
            max_buckets: 65_535,
            max_inner_result_window: 100,
            max_adjacency_matrix_filters: 100,
            allow_expensive_queries: true,
            max_analyzed_offset: 1_000_000,
            max_docvalue_fields: 100,
            max_script_fields: 32,
            knn_ef_search: None,
            unmapped_as_text: false,
            percolated: false,
            documents: DocumentSettings::default(),
        }
    }
}

/// Binds a query to one index.
///
/// # Errors
/// As OpenSearch answers: mostly `query_shard_exception` ("failed to create query: ..") with its cause, `too_many_nested_clauses` for
/// queries with too many leaves.
pub fn bind(query: &Query, context: &BindContext) -> Result<BoundQuery, Error> {
    bind_within(query, context, None)
}

/// As [`bind`], a query on the nested objects at the path `scope` (`None`: on the outermost documents).
///
/// # Errors
/// As [`bind`].
pub fn bind_within(query: &Query, context: &BindContext, scope: Option<&str>) -> Result<BoundQuery, Error> {
    bind_at(query, Binder { context, depth: 0, scope, joined: None, noted: None })
        .map_err(|fault| fault.into_error(context))
}

/// As [`bind_within`], a query beside the search's own (a bucket's, a highlighter's): what refuses it is told as it is.
///
/// # Errors
/// As [`bind`], without the `query_shard_exception` around them.
pub fn bind_filter(query: &Query, context: &BindContext, scope: Option<&str>) -> Result<BoundQuery, Error> {
    bind_at(query, Binder { context, depth: 0, scope, joined: None, noted: None }).map_err(|fault| match fault {
        Fault::Create(cause) | Fault::AsIs(cause) => cause,
    })
}

/// As [`bind_within`], a query that a `nested` query on `path` holds, itself on the objects at `parent`.
///
/// # Errors
/// As [`bind`].
pub fn bind_inner(query: &Query, context: &BindContext, path: &str, parent: Option<&str>) -> Result<BoundQuery, Error> {
    let binder = Binder { context, depth: 0, scope: Some(path), joined: Some(Around(parent)), noted: None };
    bind_at(query, binder).map_err(|fault| fault.into_error(context))
}

fn bind_at(query: &Query, binder: Binder<'_>) -> Outcome<BoundQuery> {
    let bound = binder.query(query)?;
    limits::check(&bound, binder.context.settings.max_clause_count).map_err(Fault::AsIs)?;
    Ok(bound)
}

/// The path of the objects around others; `None`: the outermost documents.
#[derive(Clone, Copy)]
struct Around<'a>(Option<&'a str>);

/// A place in the query that is being bound.
#[derive(Clone, Copy)]
struct Binder<'a> {
    context: &'a BindContext,
    depth: u32,
    /// The path of the nested objects that are asked for; `None`: the outermost documents.
    scope: Option<&'a str>,
    /// What a `nested` query makes of those objects.
    joined: Option<Around<'a>>,
    /// Where names are noted that the mapping does not have.
    noted: Option<&'a RefCell<Vec<String>>>,
}

impl<'a> Binder<'a> {
    fn target(&self, name: &str) -> Target<'a> {
        let target = self.target_if_any(name);
        if matches!(target, Target::Nothing) && !name.contains('*') {
            self.note(name);
        }
        target
    }

    /// As [`Binder::target`], of a name that need not be there.
    fn target_if_any(&self, name: &str) -> Target<'a> {
        Target::of(name, &self.context.mapping)
    }

    /// The query needs a field that is not there.
    fn note(&self, name: &str) {
        if let Some(noted) = self.noted
            && !matches!(self.context.mapping.find(name), Found::Object(_))
        {
            noted.borrow_mut().push(name.to_owned());
        }
    }

    fn deeper(self) -> Outcome<Self> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::illegal_argument(format!("the query is nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn query(&self, query: &Query) -> Outcome<BoundQuery> {
        let mut bound = self.deeper()?.kind(&query.kind)?;
        if query.name.is_some() && bound.name.is_some() {
            bound =
                BoundQuery::new(BoundKind::Bool(crate::bound::BoundBool { must: vec![bound], ..Default::default() }));
        }
        bound.boost *= query.boost;
        if let Some(name) = &query.name {
            bound.name = Some(name.as_str().into());
        }
        Ok(bound)
    }

    fn kind(&self, kind: &Kind) -> Outcome<BoundQuery> {
        match kind {
            Kind::MatchAll => Ok(BoundQuery::new(BoundKind::MatchAll)),
            Kind::MatchNone => Ok(none_requested()),
            Kind::Match(query) => self.match_query(query),
            Kind::MatchPhrase(query) => self.match_phrase(query),
            Kind::MatchPhrasePrefix(query) => self.match_phrase_prefix(query),
            Kind::MatchBoolPrefix(query) => self.match_bool_prefix(query),
            Kind::MultiMatch(query) => self.multi_match(query),
            Kind::CombinedFields(query) => self.combined_fields(query),
            Kind::ByFrequency(query) => self.by_frequency(query),
            Kind::QueryString(query) => self.query_string(query),
            Kind::SimpleQueryString(query) => self.simple_query_string(query),
            Kind::Term(query) => self.term_query(query),
            Kind::Terms(query) => self.terms_query(query),
            Kind::Range(query) => self.range_query(query),
            Kind::Exists { field } => self.exists(field),
            Kind::Prefix(query) => self.prefix_query(query),
            Kind::Wildcard(query) => self.wildcard_query(query),
            Kind::Regexp(query) => self.regexp_query(query),
            Kind::Fuzzy(query) => self.fuzzy_query(query),
            Kind::Ids { values } => Ok(term::ids(values.iter().map(|id| id.as_str().into()).collect())),
            Kind::Bool(query) => self.boolean(query),
            Kind::Boosting(query) => self.boosting(query),
            Kind::ConstantScore(query) => Ok(BoundQuery::new(BoundKind::ConstantScore(Box::new(self.query(query)?)))),
            Kind::DisMax(query) => self.dis_max(query),
            Kind::FunctionScore(query) => self.function_score(query),
            Kind::Geo(query) => self.geo(query),
            Kind::ByShape(query) => self.by_shape(query),
            Kind::Ranked(query) => self.ranked(query),
            Kind::Nested(query) => self.nested(query),
            Kind::HasChild(query) => self.has_child(query),
            Kind::HasParent(query) => self.has_parent(query),
            Kind::ParentId(query) => self.parent_id(query),
            Kind::Knn(query) => self.knn(query),
            Kind::Approximate(query) => self.approximate(query),
            Kind::Hybrid(query) => self.hybrid(query),
            Kind::Script(script) => self.script_query(script),
            Kind::ScriptScore(query) => self.script_score(query),
            Kind::DistanceFeature(query) => self.distance_feature(query),
            Kind::RankFeature(query) => self.rank_feature(query),
            Kind::TermsSet(query) => self.terms_set(query),
            Kind::MoreLikeThis(query) => self.more_like_this(query),
            Kind::Span(span) => self.spans(span),
            Kind::Intervals(query) => self.intervals(query),
            Kind::Percolate(query) => self.percolate(query),
        }
    }

    /// Runs `bind`; with `lenient` a refusal matches nothing.
    fn forgiving(&self, lenient: bool, name: &str, bind: impl FnOnce() -> Outcome<BoundQuery>) -> Outcome<BoundQuery> {
        match bind() {
            Err(fault) if lenient && fault.forgivable() => {
                let error = fault.error();
                let (kind, reason) = (error.kind.row().name, &error.reason);
                Ok(BoundQuery::match_none(format!("failed [{name}] query, caused by {kind}:[{reason}]")))
            }
            outcome => outcome,
        }
    }
}

/// What a query on whole values of an unmapped field matches.
fn none_requested() -> BoundQuery {
    BoundQuery::match_none("User requested \"match_none\" query.")
}

/// What an analysed query on unmapped fields matches.
fn unmapped(names: &str) -> BoundQuery {
    BoundQuery::match_none(format!("unmapped fields [{names}]"))
}

/// The best of several queries; one stands for itself.
fn best_of(mut queries: Vec<BoundQuery>, tie_breaker: f32) -> Option<BoundQuery> {
    match queries.len() {
        0 | 1 => queries.pop(),
        _ => Some(BoundQuery::new(BoundKind::DisMax { queries, tie_breaker })),
    }
}
