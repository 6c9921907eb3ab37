//! Searching: resolve, bind, ask every shard, merge, fetch the winners, say what is missing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::resolve::{Options, Resolved, resolve};
use cluster::routing::Spread;
use cluster::state::IndexMetadata;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::query::Query;
use model::search::{Hit, SearchRequest, SearchResponse, ShardFailure, Shards, TrackTotal};
use model::target::Target;
use search::bind::{BindContext, BindSettings, bind, bind_after, bind_sort, render_sort_value};
use search::bound::{BoundBool, BoundKind, BoundQuery};
use search::merge::hits::{Merged, Page, merge};
use search::scatter::{Effect, Event, Outcome, Scatter};
use search::shard_query::{BoundSort, ShardHit, ShardHits, ShardQuery};
use search::statistics::Statistics;
use shard::execute;
use shard::fetch::{FetchPlan, Fetched};
use shard::reader::Reader;
use tokio::sync::mpsc;

use super::patience::{Guard, SearchPatience};
use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{IndexView, OpenShard, Used};
use crate::telemetry::{Action, Ending};

/// One index of a search: its view at the time, and its queries bound to it.
pub(super) struct BoundIndex {
    pub metadata: Arc<IndexMetadata>,
    pub view: Arc<IndexView>,
    pub query: Arc<BoundQuery>,
    pub post_filter: Option<Arc<BoundQuery>>,
    pub sort: Arc<[BoundSort]>,
    pub shards: Vec<Arc<OpenShard>>,
    pub context: BindContext,
}

/// One shard of the plan.
#[derive(Clone)]
struct Place {
    index: usize,
    view: Arc<IndexView>,
    shard: Arc<OpenShard>,
}

/// A shard that was asked: the reader that answered fetches, too.
struct Asked {
    place: Place,
    reader: Option<Reader>,
}

pub(super) async fn search(core: &Arc<Core>, request: SearchRequest) -> Result<SearchResponse, Error> {
    let begun = Instant::now();
    let result = search_counted(core, request, begun).await;
    core.metrics.request(Action::Search, begun.elapsed());
    core.metrics.ended(match &result {
        Err(error) if error.kind == ErrorKind::TaskCancelled => Ending::Cancelled,
        Err(_) => Ending::Failed,
        Ok(answer) if answer.timed_out => Ending::TimedOut,
        Ok(answer) if !answer.shards.failures.is_empty() => Ending::Partial,
        Ok(_) => Ending::Complete,
    });
    result
}

async fn search_counted(core: &Arc<Core>, request: SearchRequest, begun: Instant) -> Result<SearchResponse, Error> {
    let indexes = bind_target(core, &request)?;
    let deadline =
        request.timeout_ms.or(core.config.search_timeout_ms).map(|timeout| begun + Duration::from_millis(timeout));
    let guard = Guard::new(deadline);
    let places = places(&indexes);
    core.metrics.shards_searched.inc_by(places.len() as u64);
    let queries = shard_queries(core, &indexes, &request, &guard.patience()).await?;
    let (outcome, asked) = scatter(core, &places, &queries, &guard).await;
    let merging = Instant::now();
    let page = Page {
        sort: indexes.first().map_or(&[], |index| &index.sort),
        from: request.from as usize,
        size: request.size as usize,
        track_total: request.track_total_hits,
    };
    let Outcome { answers, failures, abandoned, timed_out } = outcome;
    let merged = merge(page, answers);
    core.metrics.merge_seconds.observe(merging.elapsed().as_secs_f64());
    let mut shards = shards_report(&indexes, &places, failures, &abandoned);
    if let Some(error) = refusal(&shards, &request, timed_out) {
        return Err(error);
    }
    let hits = fetch(core, &indexes, &asked, &merged, &request, &guard, &mut shards).await?;
    core.metrics.hits_returned.inc_by(hits.len() as u64);
    Ok(SearchResponse {
        took_ms: begun.elapsed().as_millis() as u64,
        timed_out: timed_out || merged.timed_out,
        terminated_early: request.terminate_after.filter(|count| *count > 0).map(|_| merged.terminated_early),
        shards,
        total: merged.total,
        max_score: merged.max_score.filter(|score| !score.is_nan()),
        hits,
    })
}

/// Resolves the target and binds the request to each index.
fn bind_target(core: &Arc<Core>, request: &SearchRequest) -> Result<Vec<BoundIndex>, Error> {
    check(core, request)?;
    let mut indexes = Vec::new();
    let mut refused = Vec::new();
    let resolved = resolve_open(core, &request.target)?;
    for found in resolved {
        match bind_index(core, request, &found) {
            Ok(index) => indexes.push(index),
            Err(error) => refused.push((found, error)),
        }
    }
    match refused.into_iter().next() {
        None => Ok(indexes),
        Some((found, error)) => Err(all_failed(vec![(found.index, ShardNumber(0), error)], core)),
    }
}

/// The open indexes of a target that can be searched.
pub(super) fn resolve_open(core: &Core, target: &Target) -> Result<Vec<Resolved>, Error> {
    let state = core.state();
    let resolved = resolve(&state, target, Options::open())?;
    resolved.iter().try_for_each(|found| super::blocks::check_read(&state, &found.index))?;
    Ok(resolved)
}

/// What binding needs to know of an index.
pub(super) fn context(core: &Core, view: &IndexView) -> BindContext {
    let settings = BindSettings {
        max_clause_count: super::cluster::max_clause_count(&core.state()),
        default_field: view.settings.default_field.clone(),
        query_string_lenient: view.settings.query_string_lenient,
        max_terms_count: view.settings.max_terms_count.min(u64::from(u32::MAX)) as u32,
        max_regex_length: view.settings.max_regex_length.min(u64::from(u32::MAX)) as u32,
        ..BindSettings::default()
    };
    BindContext {
        index: view.metadata.reference(),
        mapping: view.metadata.mapping.clone(),
        analysis: view.analysis.clone(),
        now_ms: now_ms() as i64,
        settings,
    }
}

/// A query bound to an index, with the filters of the aliases through which the index was reached.
pub(super) fn bind_filtered(query: &Query, filters: &[serde_json::Value], context: &BindContext) -> Result<BoundQuery, Error> {
    let query = bind(query, context)?;
    if filters.is_empty() {
        return Ok(query);
    }
    let filters =
        filters.iter().map(|filter| bind(&rest::dsl::query(filter)?, context)).collect::<Result<Vec<_>, _>>()?;
    let any = BoundQuery::new(BoundKind::Bool(BoundBool {
        should: filters,
        minimum_should_match: 1,
        ..BoundBool::default()
    }));
    Ok(BoundQuery::new(BoundKind::Bool(BoundBool { must: vec![query], filter: vec![any], ..BoundBool::default() })))
}

/// The shards of an index that a routing admits.
pub(super) fn routed(
    metadata: &IndexMetadata,
    routing: Option<BTreeSet<String>>,
    shards: &[Arc<OpenShard>],
) -> Vec<Arc<OpenShard>> {
    let Some(routing) = routing else { return shards.to_vec() };
    let spread = Spread::of(&metadata.settings);
    let wanted: BTreeSet<ShardNumber> = routing.iter().flat_map(|value| spread.shards_of(value)).collect();
    shards.iter().filter(|shard| wanted.contains(&shard.number)).cloned().collect()
}

fn bind_index(core: &Core, request: &SearchRequest, found: &Resolved) -> Result<BoundIndex, Error> {
    let open = core.indexes.get(&found.index)?;
    let view = open.view();
    check_window(request, &view)?;
    let context = context(core, &view);
    let query = Arc::new(bind_filtered(&request.query, &found.filters, &context)?);
    let post_filter = request.post_filter.as_ref().map(|filter| bind(filter, &context).map(Arc::new)).transpose()?;
    let sort: Arc<[BoundSort]> = bind_sort(&request.sort, &context)?.into();
    let shards = routed(&found.index, found.routing(&request.routing), &open.shards);
    Ok(BoundIndex { metadata: found.index.clone(), view, query, post_filter, sort, shards, context })
}

fn check(core: &Core, request: &SearchRequest) -> Result<(), Error> {
    let _ = core;
    if request.search_after.is_some() && request.from > 0 {
        return Err(Error::illegal_argument("`from` parameter must be set to 0 when `search_after` is used"));
    }
    Ok(())
}

fn check_window(request: &SearchRequest, view: &IndexView) -> Result<(), Error> {
    let (window, limit) = (request.from.saturating_add(request.size), view.settings.max_result_window);
    if window > limit {
        return Err(Error::illegal_argument(format!(
            "Result window is too large, from + size must be less than or equal to: [{limit}] but was [{window}]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index level setting."
        )));
    }
    let (fields, limit) = (request.fetch.docvalue_fields.len() as u64, view.settings.max_docvalue_fields_search);
    if fields > limit {
        return Err(Error::illegal_argument(format!(
            "Trying to retrieve too many docvalue_fields. Must be less than or equal to: [{limit}] but was [{fields}]. This limit can be set by changing the [index.max_docvalue_fields_search] index level setting."
        )));
    }
    Ok(())
}

fn places(indexes: &[BoundIndex]) -> Vec<Place> {
    let of = |(index, bound): (usize, &BoundIndex)| {
        bound
            .shards
            .iter()
            .map(move |shard| Place { index, view: bound.view.clone(), shard: shard.clone() })
            .collect::<Vec<_>>()
    };
    indexes.iter().enumerate().flat_map(of).collect()
}

/// What the shards of each index are asked; with several shards their statistics are added up first.
async fn shard_queries(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    request: &SearchRequest,
    patience: &SearchPatience,
) -> Result<Vec<Arc<ShardQuery>>, Error> {
    let mut queries = Vec::with_capacity(indexes.len());
    for index in indexes {
        let statistics = if index.metadata.shards.len() > 1 { statistics(core, index, patience).await? } else { None };
        let after = request
            .search_after
            .as_ref()
            .map(|values| bind_after(values, &request.sort, &index.sort, &index.context))
            .transpose();
        let after = after.map_err(|error| all_failed(vec![(index.metadata.clone(), ShardNumber(0), error)], core))?;
        queries.push(Arc::new(ShardQuery {
            query: index.query.clone(),
            post_filter: index.post_filter.clone(),
            statistics,
            top: request.from.saturating_add(request.size) as usize,
            sort: index.sort.clone(),
            after: after.map(Into::into),
            track_scores: request.track_scores,
            track_total: request.track_total_hits,
            min_score: request.min_score,
            terminate_after: request.terminate_after.filter(|count| *count > 0),
        }));
    }
    Ok(queries)
}

/// The sum over all shards of an index, asked or not: routing does not change a score.
async fn statistics(
    core: &Arc<Core>,
    index: &BoundIndex,
    patience: &SearchPatience,
) -> Result<Option<Arc<Statistics>>, Error> {
    if !index.query.needs_statistics() {
        return Ok(None);
    }
    let mut sum = Statistics::default();
    let all = core.indexes.get(&index.metadata)?;
    let tasks: Vec<_> = all
        .shards
        .iter()
        .filter_map(|shard| shard.copy().ok().cloned())
        .map(|copy| {
            let (core, query, patience) = (core.clone(), index.query.clone(), patience.clone());
            async move {
                core.search
                    .run(move || {
                        if patience.is_over() {
                            Ok(Statistics::default())
                        } else {
                            execute::statistics(&copy.reader(), &query)
                        }
                    })
                    .await?
            }
        })
        .map(tokio::spawn)
        .collect();
    for task in tasks {
        sum.merge(task.await.map_err(lost)??);
    }
    Ok(Some(Arc::new(sum)))
}

/// Asks every shard and waits for answers, failures or the deadline.
async fn scatter(
    core: &Arc<Core>,
    places: &[Place],
    queries: &[Arc<ShardQuery>],
    guard: &Guard,
) -> (Outcome<Error>, Vec<Asked>) {
    let mut asked: Vec<Asked> = places.iter().map(|place| Asked { place: place.clone(), reader: None }).collect();
    let (sender, mut events) = mpsc::channel(places.len().max(1));
    let mut effects = Vec::new();
    let mut scatter = Scatter::start(places.len(), &mut effects);
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask { shard } => {
                    let place = &places[shard];
                    let query = queries[place.index].clone();
                    ask(core, place, query, guard.patience(), (shard, sender.clone()));
                }
                Effect::Stop { .. } => guard.stop(),
                Effect::Finish => return (scatter.outcome(), asked),
            }
        }
        let event = tokio::select! {
            Some((shard, answer)) = events.recv() => match answer {
                Ok((hits, reader)) => {
                    asked[shard].reader = Some(reader);
                    Event::ShardAnswered { shard, hits }
                }
                Err(failure) => Event::ShardFailed { shard, failure },
            },
            () = guard.deadline() => Event::Deadline,
        };
        scatter.on(event, &mut effects);
    }
}

type ShardAnswer = (usize, Result<(ShardHits, Reader), Error>);

fn ask(
    core: &Arc<Core>,
    place: &Place,
    query: Arc<ShardQuery>,
    patience: SearchPatience,
    to: (usize, mpsc::Sender<ShardAnswer>),
) {
    let (core, place) = (core.clone(), place.clone());
    tokio::spawn(async move {
        let answer = query_shard(&core, place, query, patience).await;
        // Nobody listens when the search is over already.
        let _ = to.1.send((to.0, answer)).await;
    });
}

async fn query_shard(
    core: &Arc<Core>,
    Place { view, shard, .. }: Place,
    query: Arc<ShardQuery>,
    patience: SearchPatience,
) -> Result<(ShardHits, Reader), Error> {
    core.search
        .run(move || {
            let begun = Instant::now();
            let copy = shard.copy()?;
            super::upkeep::wake(&view, &shard, copy, now_ms())?;
            let reader = copy.reader();
            let hits = super::caught(|| execute::query(&reader, &query, &patience))?;
            Used::count(&shard.used.queries, &shard.used.query_micros, begun);
            Ok((hits, reader))
        })
        .await?
}

fn shards_report(
    indexes: &[BoundIndex],
    places: &[Place],
    failures: Vec<(usize, Error)>,
    abandoned: &[usize],
) -> Shards {
    let failure = |(at, error): (usize, Error)| {
        let place = &places[at];
        ShardFailure { index: indexes[place.index].metadata.name.clone(), shard: place.shard.number, node: None, error }
    };
    let failures: Vec<ShardFailure> = failures.into_iter().map(failure).collect();
    let total = places.len() as u32;
    let _ = abandoned;
    Shards { total, successful: total - failures.len() as u32, skipped: 0, failures }
}

/// The error of a search of which nothing is left, or of which the client wants all or nothing.
fn refusal(shards: &Shards, request: &SearchRequest, timed_out: bool) -> Option<Error> {
    let everything = shards.total > 0 && shards.failures.len() as u32 == shards.total;
    let must_be_whole =
        request.allow_partial_search_results == Some(false) && (timed_out || !shards.failures.is_empty());
    if let Some(cancelled) = shards.failures.iter().find(|failure| failure.error.kind == ErrorKind::TaskCancelled) {
        return Some(cancelled.error.clone());
    }
    if !everything && !must_be_whole {
        return None;
    }
    let reason = if everything { "all shards failed" } else { "Partial shards failure" };
    Some(Error::search_phase(reason, shards.failures.clone()))
}

fn all_failed(failures: Vec<(Arc<IndexMetadata>, ShardNumber, Error)>, core: &Core) -> Error {
    let node: Arc<str> = core.identity.node.0.clone();
    let failures = failures.into_iter().map(|(index, shard, error)| ShardFailure {
        index: index.name.clone(),
        shard,
        node: Some(node.clone()),
        error: if error.index.is_some() || error.kind != ErrorKind::QueryShard {
            error
        } else {
            error.with_index(index.reference())
        },
    });
    Error::search_phase("all shards failed", failures.collect())
}

fn lost(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::IllegalState, format!("a part of the search ended without an answer: {error}"))
}

/// Fetches the winners, shard by shard, in parallel; a shard that fails now is a failure of the search, not a silent gap.
async fn fetch(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    asked: &[Asked],
    merged: &Merged,
    request: &SearchRequest,
    guard: &Guard,
    shards: &mut Shards,
) -> Result<Vec<Hit>, Error> {
    let mut by_shard: Vec<Vec<usize>> = asked.iter().map(|_| Vec::new()).collect();
    merged.hits.iter().enumerate().for_each(|(rank, (shard, _))| by_shard[*shard].push(rank));
    let mut hits: Vec<Option<Hit>> = merged.hits.iter().map(|_| None).collect();
    let mut tasks = Vec::new();
    for (at, ranks) in by_shard.into_iter().enumerate().filter(|(_, ranks)| !ranks.is_empty()) {
        let (place, Some(reader)) = (&asked[at].place, asked[at].reader.clone()) else { continue };
        let plan = FetchPlan::new(&indexes[place.index].context, indexes[place.index].query.clone(), request)?;
        let addresses: Vec<_> = ranks.iter().map(|rank| merged.hits[*rank].1.address).collect();
        let (shard, patience) = (place.shard.clone(), guard.patience());
        let work = core.search.run(move || {
            let begun = Instant::now();
            let fetched = super::caught(|| plan.fetch(&reader, &addresses, &patience));
            Used::count(&shard.used.fetches, &shard.used.fetch_micros, begun);
            fetched
        });
        tasks.push((at, ranks, work));
    }
    for (at, ranks, work) in tasks {
        let place = &asked[at].place;
        match work.await? {
            Ok(fetched) => ranks.into_iter().zip(fetched).for_each(|(rank, fetched)| {
                hits[rank] = Some(assemble(&indexes[place.index], place, &merged.hits[rank].1, fetched, request));
            }),
            Err(error) => {
                shards.successful -= 1;
                shards.failures.push(ShardFailure {
                    index: indexes[place.index].metadata.name.clone(),
                    shard: place.shard.number,
                    node: None,
                    error,
                });
            }
        }
    }
    refusal(shards, request, false).map_or(Ok(hits.into_iter().flatten().collect()), Err)
}

fn assemble(index: &BoundIndex, place: &Place, hit: &ShardHit, fetched: Fetched, request: &SearchRequest) -> Hit {
    let sort = index.sort.iter().zip(&hit.sort).zip(&request.sort);
    Hit {
        index: index.metadata.name.clone(),
        id: hit.id.clone(),
        routing: fetched.routing,
        score: Some(hit.score).filter(|score| !score.is_nan()),
        source: fetched.source,
        version: fetched.version.filter(|_| request.fetch.version),
        seq_no: fetched.seq_no.filter(|_| request.fetch.seq_no_primary_term),
        sort: sort.map(|((bound, value), key)| render_sort_value(value, key, bound, &index.context.mapping)).collect(),
        fields: fetched.fields,
        ignored: fetched.ignored,
        highlight: fetched.highlight,
        matched_queries: fetched.matched_queries,
        explanation: fetched.explanation,
        shard: request.explain.then_some(place.shard.number),
    }
}

/// A search that only counts, for those who ask no more of it.
pub(super) fn counting(target: Target, query: Query) -> SearchRequest {
    SearchRequest { size: 0, query, track_total_hits: TrackTotal::All, ..SearchRequest::new(target) }
}
