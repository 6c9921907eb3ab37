//! The fetch phase on one shard: what a client sees of the hits that won.
//!
//! In: a plan, bound once for an index ([`FetchPlan`]), a reader and the addresses of the winners. Out: one [`Fetched`] an address, in order.
//! What is decided from a source and a mapping alone is `search::fetch`; here sources, columns and matches are read.

use std::sync::Arc;

use model::document::Source;
use model::error::Error;
use model::id::{PrimaryTerm, SeqNo, Version};
use model::mapping::Mapping;
use model::search::{Explanation, SearchRequest};
use search::bind::BindContext;
use search::bound::BoundQuery;
use search::shard_query::DocAddress;
use search::statistics::Statistics;
use serde_json::Value;

use crate::execute::Patience;
use crate::reader::Reader;

/// What a request wants to see of each hit, bound to one index.
pub struct FetchPlan {
    query: Arc<BoundQuery>,
    statistics: Option<Arc<Statistics>>,
}

/// What a client sees of one hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fetched {
    pub routing: Option<Arc<str>>,
    pub source: Option<Source>,
    pub version: Option<Version>,
    pub seq_no: Option<(SeqNo, PrimaryTerm)>,
    /// `fields`, `docvalue_fields` and `stored_fields`: name, values.
    pub fields: Vec<(String, Vec<Value>)>,
    /// Fields whose value was left out of the index.
    pub ignored: Vec<String>,
    pub highlight: Vec<(String, Vec<String>)>,
    pub matched_queries: Vec<String>,
    pub explanation: Option<Box<Explanation>>,
}

impl FetchPlan {
    /// Binds what a request wants to see of each hit to one index: patterns of fields resolved, highlight queries bound.
    ///
    /// # Errors
    /// As OpenSearch answers: formats that are none, limits exceeded, highlight queries that do not bind.
    pub fn new(context: &BindContext, query: Arc<BoundQuery>, request: &SearchRequest) -> Result<Self, Error> {
        let _ = (context, request);
        Ok(Self { query, statistics: None })
    }

    /// Explains with the statistics of the whole index (`None`: the shard's own).
    #[must_use]
    pub fn with_statistics(mut self, statistics: Option<Arc<Statistics>>) -> Self {
        self.statistics = statistics;
        self
    }

    /// Fetches each of `addresses`, in their order.
    ///
    /// # Errors
    /// `task_cancelled_exception`, failures to read a segment, and what only a value can show to be wrong (a text too long to highlight).
    pub fn fetch(&self, reader: &Reader, addresses: &[DocAddress], patience: &dyn Patience) -> Result<Vec<Fetched>, Error> {
        let _ = (reader, addresses, patience, &self.query, &self.statistics);
        Err(Error::not_implemented("the fetch phase"))
    }
}

/// `stored_fields` of a get: the values of fields with `store: true`, taken from the source.
///
/// # Errors
/// When the source does not read.
pub fn stored_fields(source: &Source, names: &[String], mapping: &Mapping) -> Result<Vec<(String, Vec<Value>)>, Error> {
    let _ = (source, mapping);
    if names.is_empty() { Ok(Vec::new()) } else { Err(Error::not_implemented("stored_fields")) }
}
