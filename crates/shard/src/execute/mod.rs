//! Executes queries over an immutable [`Reader`]: the best hits, counts, statistics, explanations, names of matched queries.
//!
//! In: queries bound by `search`. Out: [`search::shard_query`] answers. Reads no clock: whoever asks passes [`Patience`].

use std::sync::Arc;

use model::error::Error;
use model::search::Explanation;
use search::bound::BoundQuery;
use search::shard_query::{DocAddress, ShardHits, ShardQuery};
use search::statistics::Statistics;

use crate::reader::Reader;

/// Whether a search may go on; asked at each segment and about every 4,096 documents.
pub trait Patience: Sync {
    fn verdict(&self) -> Verdict;
}

/// What [`Patience`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    /// The deadline has passed: answer with what there is, `timed_out`.
    TimedOut,
    /// Nobody waits any more: an error of kind `task_cancelled_exception`.
    Cancelled,
}

/// Never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Endless;

impl Patience for Endless {
    fn verdict(&self) -> Verdict {
        Verdict::GoOn
    }
}

/// How many documents of one shard match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardCount {
    pub count: u64,
    pub terminated_early: bool,
    pub timed_out: bool,
}

/// What to count.
#[derive(Clone, Debug)]
pub struct CountQuery {
    pub query: Arc<BoundQuery>,
    /// Needed only with `min_score`; `None`: the shard's own.
    pub statistics: Option<Arc<Statistics>>,
    pub min_score: Option<f32>,
    pub terminate_after: Option<u64>,
}

/// The query phase of a search on one shard.
///
/// # Errors
/// What the query asks that this engine refuses (automata too large, too many expanded terms, a missing field value in
/// `function_score`), `task_cancelled_exception`, and failures to read the segments.
pub fn query(reader: &Reader, request: &ShardQuery, patience: &dyn Patience) -> Result<ShardHits, Error> {
    let _ = (reader, request, patience);
    Err(Error::not_implemented("search"))
}

/// How many documents match.
///
/// # Errors
/// As [`query`].
pub fn count(reader: &Reader, request: &CountQuery, patience: &dyn Patience) -> Result<ShardCount, Error> {
    let _ = (reader, request, patience);
    Err(Error::not_implemented("count"))
}

/// This shard's counts of every field and term that BM25 needs for `query`, expanded terms included.
///
/// # Errors
/// As [`query`].
pub fn statistics(reader: &Reader, query: &BoundQuery) -> Result<Statistics, Error> {
    let _ = (reader, query);
    Err(Error::not_implemented("statistics"))
}

/// How the score of one document came about. `statistics` `None`: the shard's own.
///
/// # Errors
/// As [`query`].
pub fn explain(
    reader: &Reader,
    query: &BoundQuery,
    statistics: Option<&Statistics>,
    address: DocAddress,
) -> Result<Explanation, Error> {
    let _ = (reader, query, statistics, address);
    Err(Error::not_implemented("explain"))
}

/// The names (`_name`) of the queries inside `query` that match each document, in order of the query.
///
/// # Errors
/// As [`query`].
pub fn matched(reader: &Reader, query: &BoundQuery, addresses: &[DocAddress]) -> Result<Vec<Vec<Arc<str>>>, Error> {
    let _ = (reader, query, addresses);
    Err(Error::not_implemented("matched queries"))
}
