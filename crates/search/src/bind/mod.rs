//! Binding: a query as a client means it, turned into typed primitives for one index.
//!
//! In: [`model::query::Query`] and what the index knows ([`BindContext`]). Out: [`BoundQuery`], [`BoundSort`], or the error that OpenSearch
//! gives. Pure: no clock, no I/O, no index contents. Every wrong type, unknown format and exceeded limit of a query is found here.

use std::sync::Arc;

use model::error::Error;
use model::id::IndexRef;
use model::mapping::Mapping;
use model::query::Query;

use crate::bound::BoundQuery;

mod sort;

pub use sort::{bind_after, bind_sort, render_sort_value};

/// What one index knows when a query meets it.
#[derive(Clone, Debug)]
pub struct BindContext {
    pub index: IndexRef,
    pub mapping: Arc<Mapping>,
    pub analysis: Arc<analysis::Registry>,
    /// What `now` means, in milliseconds since 1970: the same for every index and shard of one search.
    pub now_ms: i64,
    pub settings: BindSettings,
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
    /// `search.allow_expensive_queries`
    pub allow_expensive_queries: bool,
}

impl Default for BindSettings {
    fn default() -> Self {
        Self {
            max_clause_count: 1024,
            default_field: vec!["*".to_owned()],
            query_string_lenient: false,
            max_terms_count: 65_536,
            max_regex_length: 1000,
            allow_expensive_queries: true,
        }
    }
}

/// Binds a query to one index.
///
/// # Errors
/// As OpenSearch answers: mostly `query_shard_exception` ("failed to create query: ..") with its cause, `illegal_argument_exception` for limits.
pub fn bind(query: &Query, context: &BindContext) -> Result<BoundQuery, Error> {
    let _ = context;
    Err(Error::not_implemented(format!("query [{}]", query.kind_name())))
}
