//! Executes queries over an immutable [`Reader`]: the best hits, counts, statistics, explanations, names of matched queries.
//!
//! In: queries bound by `search`. Out: [`search::shard_query`] answers. Reads no clock: whoever asks passes [`Patience`].

use std::sync::Arc;

use model::error::Error;
use model::search::{Explanation, TrackTotal};
use search::bound::BoundQuery;
use search::shard_query::{BoundSort, DocAddress, ShardHits, ShardQuery, SortBy};
use search::statistics::Statistics;

use crate::aggregate::timed::Timing;
use crate::aggregate::{Budget, DocCounts, Workshop};
use crate::compile::{Compiler, Counts, Weight};
use crate::gauge::Clock;
use crate::reader::Reader;
use crate::score::Outcome;

mod aggregations;
mod best;
mod by_rank;
mod by_score;
mod can_match;
mod cast;
mod constant;
mod early;
mod explain;
mod explain_function;
mod ids;
mod inner;
mod keys;
mod matched;
mod matches;
mod notation;
mod patience;
mod profile;
mod sorted;
mod total;
mod trial;
mod vocabulary;

#[cfg(test)]
mod tests;

pub(crate) use inner::InnerSearch;
pub use matched::Matched;
pub(crate) use patience::Watch;
pub use patience::{Endless, Patience, Verdict};
pub(crate) use sorted::{Ranked, rank};
pub use trial::Trial;
pub use vocabulary::{Vocabulary, vocabulary};

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

/// What all parts of one search share.
struct Search<'a> {
    reader: &'a Reader,
    weight: &'a Weight,
    post_filter: Option<&'a Weight>,
    /// Matches below do not count.
    min_score: Option<f32>,
    terminate_after: Option<u64>,
    /// Hits by score that are below are not wanted.
    floor: f32,
}

/// What the query phase of a shard is held to.
#[derive(Clone)]
pub struct Limits {
    /// Of what aggregations hold.
    pub budget: Arc<Budget>,
    /// So many hits as are wanted score at least this, as is known from other shards: lower ones may be left out, though they count as matches.
    /// `f32::NEG_INFINITY`: nothing is known.
    pub floor: f32,
}

impl Limits {
    pub fn none() -> Self {
        Self::of(&Arc::new(Budget::unlimited()))
    }

    /// Of aggregations alone.
    pub fn of(budget: &Arc<Budget>) -> Self {
        Self { budget: budget.clone(), floor: f32::NEG_INFINITY }
    }
}

/// The query phase of a search on one shard.
///
/// # Errors
/// What the query asks that this engine refuses (automata too large, too many expanded terms, a missing field value in
/// `function_score`), `task_cancelled_exception`, and failures to read the segments.
pub fn query(reader: &Reader, request: &ShardQuery, patience: &dyn Patience) -> Result<ShardHits, Error> {
    query_within(reader, request, patience, &Limits::none())
}

/// As [`query`], within limits.
///
/// # Errors
/// As [`query`], `circuit_breaking_exception` and `too_many_buckets_exception` beyond the budget.
pub fn query_within(
    reader: &Reader,
    request: &ShardQuery,
    patience: &dyn Patience,
    limits: &Limits,
) -> Result<ShardHits, Error> {
    Ok(answer(reader, request, &mut Watch::new(patience), limits, None)?)
}

/// As [`query_within`], and tells what it spends its time on. It takes the paths on which parts can be told apart, not the fastest.
///
/// # Errors
/// As [`query_within`].
pub fn profiled(
    reader: &Reader,
    request: &ShardQuery,
    patience: &dyn Patience,
    limits: &Limits,
    clock: &Clock,
) -> Result<ShardHits, Error> {
    Ok(answer(reader, request, &mut Watch::new(patience), limits, Some(clock))?)
}

fn answer(
    reader: &Reader,
    request: &ShardQuery,
    watch: &mut Watch<'_>,
    limits: &Limits,
    clock: Option<&Clock>,
) -> Outcome<ShardHits> {
    let Limits { budget, floor } = limits;
    let mut counts = Counts::new(reader, request.statistics.as_deref());
    let compile = |counts: &mut Counts<'_>, query: &BoundQuery, scoring: bool| {
        let floor = if shows_alone(request) { *floor } else { f32::NEG_INFINITY };
        Compiler::new(counts).within(watch.patience()).timed(clock).above(floor).compile(query, scoring)
    };
    let weight = compile(&mut counts, &request.query, needs_scores(request))?;
    let post_filter = match &request.post_filter {
        Some(filter) => Some(compile(&mut counts, filter, false)?),
        None => None,
    };
    let search = Search {
        reader,
        weight: &weight,
        post_filter: post_filter.as_ref(),
        min_score: request.min_score,
        terminate_after: request.terminate_after,
        floor: *floor,
    };
    let aggregated = match &request.aggregations {
        Some(level) => {
            let timing = clock.map(Timing::new);
            let (counts, doc_counts) = (&mut counts, DocCounts::of(reader)?);
            let workshop = Workshop { counts, budget, request, shown: true, one_owner: true, doc_counts, timing };
            Some(aggregations::collect(&search, level, workshop, watch)?)
        }
        None => None,
    };
    let counted = aggregated.as_ref().filter(|_| search.post_filter.is_none()).map(|collected| collected.walked);
    let weights = [Some(search.weight), search.post_filter];
    let (mut hits, nanos) = profile::beside(clock, &weights, || hits(&search, request, counted, watch))?;
    hits.timed_out = watch.timed_out || weights.into_iter().flatten().any(Weight::is_cut);
    let (partials, collecting) = aggregated.map(|all| (all.partials, all.collecting)).unzip();
    hits.aggregations = partials.unwrap_or_default();
    if clock.is_some() {
        hits.profile = Some(Box::new(profile::spent(&search, request, nanos, collecting)?));
    }
    Ok(hits)
}

/// The best hits, or how many there are. `counted`: what aggregations have seen of them.
fn hits(
    search: &Search<'_>,
    request: &ShardQuery,
    counted: Option<matches::Walked>,
    watch: &mut Watch<'_>,
) -> Outcome<ShardHits> {
    if request.top == 0
        && let Some(walked) = counted
    {
        let (total, at_least) = total::capped(walked.count, request.track_total);
        let terminated_early = walked.terminated_early || early::is_said(search.reader, request, walked.count)?;
        Ok(ShardHits { total, at_least, terminated_early, ..ShardHits::default() })
    } else if request.top == 0 {
        total::only(search, request.track_total, watch)
    } else if is_by_score(&request.sort) {
        by_score::best(search, request, watch)
    } else {
        sorted::best(search, request, watch)
    }
}

fn needs_scores(request: &ShardQuery) -> bool {
    let aggregated = request.aggregations.as_ref().is_some_and(|level| level.needs_scores());
    let sorts = request.sort.is_empty() || request.sort.iter().any(|key| key.by == SortBy::Score);
    aggregated || request.min_score.is_some() || (request.top > 0 && (sorts || request.track_scores))
}

/// Whether there is no use for a match but as a hit by its score.
fn shows_alone(request: &ShardQuery) -> bool {
    let only_counted = request.aggregations.is_some() || request.post_filter.is_some();
    let looked_at = request.min_score.is_some() || request.terminate_after.is_some();
    request.top > 0 && is_by_score(&request.sort) && !only_counted && !looked_at
}

/// Best score first and nothing else.
fn is_by_score(sort: &[BoundSort]) -> bool {
    matches!(sort, [] | [BoundSort { by: SortBy::Score, descending: true }])
}

/// Whether any document of the shard can match, by the least and greatest values of the fields that `ranged` names; true where that does
/// not tell.
///
/// # Errors
/// Failures to read the segments.
pub fn can_match(reader: &Reader, query: &BoundQuery, ranged: &dyn Fn(&str) -> bool) -> Result<bool, Error> {
    Ok(can_match::can_match(reader, query, ranged)?)
}

/// How many documents match.
///
/// # Errors
/// As [`query`].
pub fn count(reader: &Reader, request: &CountQuery, patience: &dyn Patience) -> Result<ShardCount, Error> {
    let mut watch = Watch::new(patience);
    let mut counts = Counts::new(reader, request.statistics.as_deref());
    let mut compiler = Compiler::new(&mut counts).within(patience);
    let weight = compiler.compile(&request.query, request.min_score.is_some())?;
    let (min_score, terminate_after) = (request.min_score, request.terminate_after);
    let search =
        Search { reader, weight: &weight, post_filter: None, min_score, terminate_after, floor: f32::NEG_INFINITY };
    let hits = total::only(&search, TrackTotal::All, &mut watch)?;
    Ok(ShardCount {
        count: hits.total,
        terminated_early: hits.terminated_early,
        timed_out: watch.timed_out || weight.is_cut(),
    })
}

/// This shard's counts of every field and term that BM25 needs for `query`, expanded terms included.
///
/// # Errors
/// As [`query`].
pub fn statistics(reader: &Reader, query: &BoundQuery) -> Result<Statistics, Error> {
    let mut counts = Counts::new(reader, None);
    Compiler::new(&mut counts).compile(query, true)?;
    Ok(counts.into_statistics())
}

/// How the score of one document came about. `statistics` `None`: the shard's own.
///
/// # Errors
/// As [`query`], and `illegal_argument_exception` for an address that the reader does not have.
pub fn explain(
    reader: &Reader,
    query: &BoundQuery,
    statistics: Option<&Statistics>,
    address: DocAddress,
) -> Result<Explanation, Error> {
    check(reader, address)?;
    let mut counts = Counts::new(reader, statistics);
    let weight = Compiler::new(&mut counts).compile(query, true)?;
    Ok(explain::explain(reader, &weight, address)?)
}

/// The names (`_name`) of the queries inside `query` that match each document, in order of the query; where `scored`, with the score that each of
/// them gives by itself.
///
/// # Errors
/// As [`explain`].
pub fn matched(
    (reader, statistics): (&Reader, Option<&Statistics>),
    (query, scored): (&BoundQuery, bool),
    addresses: &[DocAddress],
) -> Result<Vec<Matched>, Error> {
    addresses.iter().try_for_each(|&address| check(reader, address))?;
    let named = query.names();
    let mut counts = Counts::new(reader, statistics);
    let mut compiler = Compiler::new(&mut counts);
    let compiled = named.into_iter().map(|(name, query)| Ok((name.clone(), compiler.compile(query, scored)?)));
    let weights: Vec<(Arc<str>, Weight)> = compiled.collect::<Outcome<_>>()?;
    Ok(matched::names(reader, (&weights, scored), addresses)?)
}

fn check(reader: &Reader, address: DocAddress) -> Result<(), Error> {
    let known =
        reader.segments.get(address.segment as usize).is_some_and(|view| address.doc < view.segment.doc_count());
    if known { Ok(()) } else { Err(Error::illegal_argument(format!("the reader has no document {address:?}"))) }
}
