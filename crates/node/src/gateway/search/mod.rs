//! Searching: resolve, bind, ask every shard, merge, fetch the winners, say what is missing.

mod aggregations;
mod ask;
mod brief;
mod collapse;
mod fetching;
mod floor;
mod hybrid;
pub(crate) mod known;
mod nearby;
mod pinned;
mod place;
mod profile;
mod rescore;
pub(super) mod retry;
mod rounds;
mod shown;
pub(super) mod statistics;
pub(super) mod suggest;
mod target;
mod together;
mod winners;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::NodeId;
use model::error::{Error, ErrorKind};
use model::search::{Phases, SearchRequest, SearchResponse, ShardFailure, Shards};
use model::task::TaskId;
use search::merge::hits::{Page, merge};
use search::scatter::Outcome;
use search::shard_query::ShardQuery;
use shard::aggregate::Budget;
use shard::fetch::FetchPlan;

use super::choice::Choice;
use super::holder::Holder;
use super::patience::Guard;
use super::preference::Preference;
use super::remote::search::{Query, Searched};
use super::slow_log::Account;
use crate::core::Core;
use crate::tasks::Begun;
use crate::telemetry::{Action, Ending};
pub(super) use ask::{Asked, Asking, Pin, Question, is_kept, scatter, shard_query};
pub(crate) use brief::Tries;
pub(super) use brief::is_counted_at_once;
pub(super) use fetching::{FetchedAhead, HERE, Pinned, Shown};
pub(super) use floor::Floor;
pub(crate) use pinned::Released;
pub(super) use place::Place;
use place::{Elsewhere, places};
pub(super) use profile::clock;
pub(super) use target::{
    BoundIndex, Reached, bind_filtered, bind_index, context, counting, failure, resolve_open, routed,
};
use target::{BoundTarget, bind_target};
use winners::Winners;

pub(super) async fn search(core: &Arc<Core>, request: SearchRequest) -> Result<SearchResponse, Error> {
    if request.scroll_ms.is_some() && request.point.is_none() {
        if request.profile {
            return Err(Error::not_implemented("[profile] of a scroll"));
        }
        if request.phase_took {
            return Err(Error::not_implemented("[phase_took] of a scroll"));
        }
        return super::point::scroll::begin(core, request).await;
    }
    let begun = Instant::now();
    let task = core.tasks.begin(task(&request));
    // Large, and handed from one to the next.
    let cancel_after_ms = request.cancel_after_ms;
    let work = Box::pin(piped(core, request, begun, task.id()));
    let result = task.run(in_time(cancel_after_ms, work)).await;
    core.metrics.request(Action::Search, begun.elapsed());
    core.metrics.ended(match &result {
        Err(error) if was_cancelled(error) => Ending::Cancelled,
        Err(_) => Ending::Failed,
        Ok(answer) if answer.timed_out => Ending::TimedOut,
        Ok(answer) if !answer.shards.failures.is_empty() => Ending::Partial,
        Ok(_) => Ending::Complete,
    });
    result
}

fn was_cancelled(error: &Error) -> bool {
    [Some(error), error.cause.as_deref()].into_iter().flatten().any(|error| error.kind == ErrorKind::TaskCancelled)
}

/// What `search` finds, unless it takes longer than it may.
async fn in_time(
    cancel_after_ms: Option<u64>,
    search: impl Future<Output = Result<SearchResponse, Error>>,
) -> Result<SearchResponse, Error> {
    let Some(interval) = cancel_after_ms else { return search.await };
    tokio::time::timeout(Duration::from_millis(interval), search).await.unwrap_or_else(|_| {
        let reason = format!("cancelled task with reason: Cancellation timeout of [{interval}ms] is expired");
        let cancelled = Error::new(ErrorKind::TaskCancelled, reason);
        let mut error = Error::search_phase("all shards failed", Vec::new()).with_cause(cancelled.clone());
        error.root_causes.push(cancelled);
        Err(error)
    })
}

fn task(request: &SearchRequest) -> Begun {
    let (names, kind) = (request.target.names.join(","), request.query.kind_name());
    let description = format!("indices[{names}], search_type[QUERY_THEN_FETCH], query[{kind}]");
    Begun { action: "indices:data/read/search", description, parent: None, cancellable: true }
}

/// A search with its pipeline around it; one of several queries is carried out query by query. What most searches are not is boxed, so that they
/// do not make room for it.
async fn piped(
    core: &Arc<Core>,
    mut request: SearchRequest,
    begun: Instant,
    task: TaskId,
) -> Result<SearchResponse, Error> {
    let pipeline = super::pipelines::of(core, &request)?;
    if let Some(pipeline) = &pipeline {
        super::pipelines::filter(pipeline, &mut request)?;
    }
    let suggest = suggest::Suggesting::of(&mut request)?;
    let nearby = nearby::Nearby::of(core, &request);
    if request.phase_took && (nearby.is_some() || is_composed(&request)) {
        return Err(Error::not_implemented("[phase_took] of a search that is carried out as several"));
    }
    let mut answer = match &request.query.kind {
        model::query::Kind::Hybrid(_) if request.profile => {
            return Err(Error::not_implemented("[profile] of a [hybrid] query"));
        }
        model::query::Kind::Hybrid(hybrid) => {
            let fusion = pipeline.as_ref().and_then(|pipeline| pipeline.fusion.as_ref());
            Box::pin(hybrid::search(core, &request, hybrid, fusion, (begun, &task))).await?
        }
        _ if request.collapse.is_some() => Box::pin(collapse::search(core, request, begun, &task)).await?,
        _ if !request.rescores.is_empty() => Box::pin(rescore::search(core, request, begun, &task)).await?,
        _ if rounds::are_asked(&request) => Box::pin(rounds::search(core, request, begun, &task)).await?,
        _ => match nearby {
            Some(nearby) => Box::pin(nearby.search(core, request, begun, &task)).await?,
            None => search_counted(core, request, begun, task).await?,
        },
    };
    if let Some(suggest) = suggest {
        Box::pin(suggest.answer(core, &mut answer, begun)).await?;
    }
    if let Some(pipeline) = &pipeline {
        pipeline.answer(&mut answer);
    }
    Ok(answer)
}

/// Whether a search is carried out as several, one after the other.
fn is_composed(request: &SearchRequest) -> bool {
    let hybrid = matches!(request.query.kind, model::query::Kind::Hybrid(_));
    hybrid || request.collapse.is_some() || !request.rescores.is_empty() || rounds::are_asked(request)
}

async fn search_counted(
    core: &Arc<Core>,
    mut request: SearchRequest,
    begun: Instant,
    task: TaskId,
) -> Result<SearchResponse, Error> {
    plain_order(&mut request);
    if request.publish_pending {
        Box::pin(super::maintenance::publish(core, &request.target)).await?;
    }
    super::lookup::of_search(core, &mut request).await?;
    let request = Arc::new(request);
    let preference = Preference::of(core, request.preference.as_deref())?;
    let mut choice = match request.publish_pending {
        true => Choice::primary_first(preference),
        false => Choice::new(preference, core.turn()),
    };
    let deadline =
        request.timeout_ms.or(core.config.search_timeout_ms).map(|timeout| begun + Duration::from_millis(timeout));
    let mut tried = 0;
    loop {
        tried += 1;
        let guard = Guard::new(deadline);
        let (mut failed, version) = (Vec::new(), core.state().version);
        let answer = try_search(core, &request, (begun, &task), &guard, (&choice, &mut failed)).await;
        // Without time for another try the client has what there is; where nothing was searched, another try says what that is.
        let over = guard.remaining().is_some_and(|left| left.is_zero()) && retry::changed(&failed).is_none();
        if failed.is_empty() || over || tried == retry::TRIES {
            return answer;
        }
        if !Box::pin(retry::again(core, &mut choice, version, &failed)).await {
            return answer;
        }
    }
}

/// A search of the copies that are chosen. `failed`: takes in the shards that gave nothing.
async fn try_search(
    core: &Arc<Core>,
    request: &Arc<SearchRequest>,
    (begun, task): (Instant, &TaskId),
    guard: &Guard,
    (choice, failed): (&Choice, &mut Vec<ShardFailure>),
) -> Result<SearchResponse, Error> {
    let BoundTarget { mut indexes, refused, spared } = bind_target(core, request)?;
    let Gathered { places, plans, outcome, asked, account, held } =
        gather(core, (request, choice), &mut indexes, guard, task).await?;
    let merging = Instant::now();
    let page = Page {
        sort: indexes.first().map_or(&[], |index| &index.sort),
        from: request.from as usize,
        size: request.size as usize,
        track_total: request.track_total_hits,
        strategy: request.merge,
    };
    let Outcome { mut answers, failures, abandoned, timed_out } = outcome;
    let skipped = answers.iter().filter(|(_, hits)| hits.skipped).count() as u32;
    let aggregations = aggregations::finish(core, &indexes, &mut answers)?;
    drop(held);
    let queries = profile::queries(&mut answers);
    let merged = merge(page, answers);
    core.metrics.merge_seconds.observe(merging.elapsed().as_secs_f64());
    let timed_out = timed_out || failures.iter().any(|(_, error)| is_late(error));
    let mut shards = shards_report(core, &indexes, &places, failures.into_iter().chain(silent(&abandoned)));
    // One that was looked into stands for an answer that has nothing.
    shards.skipped = skipped.min(shards.successful.saturating_sub(1));
    failed.clone_from(&shards.failures);
    if let Some(changed) = retry::changed(failed) {
        return Err(changed.clone());
    }
    shards.total += refused.len() as u32 + spared;
    shards.successful += spared;
    shards.failures.extend(refused);
    if let Some(error) = refusal(&shards, request, timed_out) {
        return Err(error);
    }
    let fetching = Instant::now();
    let winners = Winners { indexes: &indexes, plans: &plans, merged: &merged, request, account: &account };
    let (hits, fetched) = winners.fetch(core, asked, guard, &mut shards).await?;
    failed.clone_from(&shards.failures);
    if let Some(error) = refusal(&shards, request, false) {
        return Err(error);
    }
    core.metrics.hits_returned.inc_by(hits.len() as u64);
    let phases = Phases {
        query_ms: fetching.duration_since(begun).as_millis() as u64,
        fetch_ms: fetching.elapsed().as_millis() as u64,
    };
    Ok(SearchResponse {
        took_ms: begun.elapsed().as_millis() as u64,
        timed_out: timed_out || merged.timed_out,
        terminated_early: (merged.terminated_early || request.terminate_after.is_some_and(|count| count > 0))
            .then_some(merged.terminated_early),
        shards,
        total: merged.total,
        max_score: merged.max_score.filter(|score| request.size > 0 && !score.is_nan()),
        hits,
        aggregations,
        suggest: Vec::new(),
        scroll_id: None,
        point_id: request.point.as_ref().map(|point| point.id.clone()),
        last: merged.hits.last().map(|(_, hit)| hit.sort.clone()),
        profile: request.profile.then(|| profile::told(core, &indexes, &places, queries, fetched)),
        phases: request.phase_took.then_some(phases),
    })
}

/// Whether shards that cannot match are passed over: when there are many, or when they would have to be sorted for nothing. Not with
/// aggregations, whose empty answers are answers.
fn pre_filters(request: &SearchRequest, shards: usize) -> bool {
    let by_field = request.sort.first().is_some_and(|key| !key.field.starts_with('_'));
    let least = request.pre_filter_shard_size.unwrap_or(if by_field { 1 } else { 128 });
    request.aggregations.is_empty() && shards > least as usize
}

/// What the shards of a search have given.
struct Gathered {
    places: Vec<Place>,
    /// What to show, by index.
    plans: Vec<Arc<FetchPlan>>,
    outcome: Outcome<Error>,
    asked: Vec<Asked>,
    account: Arc<Account>,
    /// What the findings take until they are merged.
    held: Budget,
}

/// Counts terms, then asks every shard.
async fn gather(
    core: &Arc<Core>,
    (request, choice): (&Arc<SearchRequest>, &Choice),
    indexes: &mut [BoundIndex],
    guard: &Guard,
    task: &TaskId,
) -> Result<Gathered, Error> {
    let counted = statistics::count(core, indexes, (request, choice), guard, Some(task)).await?;
    let places = places(core, indexes, choice, &counted.silent)?;
    let queries = indexes.iter().zip(&counted.sums).map(|(index, sum)| shard_query(index, request, sum.clone()));
    let queries: Vec<Arc<ShardQuery>> = queries.collect::<Result<_, _>>()?;
    let clock = profile::clock(request);
    let plan = |(index, query): (&mut BoundIndex, &Arc<ShardQuery>)| {
        let plan = index.fetch.take()?.with_statistics(query.statistics.clone());
        Some(Arc::new(plan.timed(clock.clone())))
    };
    let plans: Vec<Arc<FetchPlan>> = indexes.iter_mut().zip(&queries).filter_map(plan).collect();
    let only = places.len() == 1;
    let account = Account::of(request, request.source.as_ref(), places.len());
    let pre_filter = pre_filters(request, places.len());
    let floor = Floor::of(request);
    let question = |place: Place| Question {
        query: queries[place.index].of_shard(place.place),
        plan: plans[place.index].clone(),
        account: account.clone(),
        only: only.then_some(request.from as usize),
        pre_filter,
        kept: is_kept(request, &indexes[place.index], &queries[place.index]),
        clock: clock.clone(),
        floor: floor.clone(),
        place,
    };
    let questions: Vec<Question> = places.iter().cloned().map(question).collect();
    let here = places.iter().filter(|place| matches!(place.holder, Holder::Here(_))).count();
    core.metrics.shards_searched.inc_by(here as u64);
    let elsewhere = if here == places.len() {
        Vec::new()
    } else {
        let (state, statistics, remaining) = (&core.state(), &counted.sums, guard.remaining());
        let task = Some(task);
        let trusted = &counted.trusted;
        let parts = Elsewhere { state, request, indexes, statistics, trusted, remaining, task }.parts(&places);
        let query = |(node, slots, searched): (NodeId, Vec<usize>, Searched)| {
            let ahead = likely_winners(request, (slots.len(), places.len()));
            let (released, most) = (core.released.take(&node), request.max_concurrent_shard_requests);
            let query = Query { searched, only, ahead, pre_filter, most, released };
            (node, slots, query)
        };
        parts.into_iter().map(query).collect()
    };
    let most = request.max_concurrent_shard_requests as usize;
    let held = core.aggregation_budget();
    let asking = Asking { questions: &questions, elsewhere, most, held: &held };
    let (outcome, asked) = scatter(core, asking, guard).await;
    Ok(Gathered { places, plans, outcome, asked, account, held })
}

/// How many of the hits are hardly ever exceeded by those of so many shards (`of`: all that are searched), were each hit as likely in any of
/// them: one and a half standard deviations above the mean. None where a page is long or begins later.
fn likely_winners(request: &SearchRequest, (shards, of): (usize, usize)) -> u32 {
    const LONGEST: u64 = 100;
    if of == 1 || request.from > 0 || request.size > LONGEST || request.merge.is_some() {
        return 0;
    }
    let mean = request.size as f64 * shards as f64 / of as f64;
    (mean + 1.5 * mean.sqrt()).round().min(request.size as f64) as u32
}

/// A sort by nothing but the best score is no sort.
pub(super) fn plain_order(request: &mut SearchRequest) {
    if let [only] = request.sort.as_slice()
        && only.is_best_score()
        && request.search_after.is_none()
    {
        request.sort.clear();
    }
}

/// Whether it is the deadline of the search that a shard, or its node, has not met.
fn is_late(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Timeout | ErrorKind::ReceiveTimeout)
}

/// Shards of which nothing was heard count as missing.
fn silent(abandoned: &[usize]) -> impl Iterator<Item = (usize, Error)> {
    abandoned.iter().map(|at| (*at, Error::new(ErrorKind::Timeout, "the shard gave no answer before the deadline")))
}

fn shards_report(
    core: &Core,
    indexes: &[BoundIndex],
    places: &[Place],
    failures: impl Iterator<Item = (usize, Error)>,
) -> Shards {
    let told = |(at, error): (usize, Error)| {
        let place = &places[at];
        failure(&indexes[place.index].metadata, place.number, place.holder.node(core), error)
    };
    let failures: Vec<ShardFailure> = failures.map(told).collect();
    let total = places.len() as u32;
    Shards { total, successful: total - failures.len() as u32, skipped: 0, failures }
}

/// The error of a search of which nothing is left, or of which the client wants all or nothing.
fn refusal(shards: &Shards, request: &SearchRequest, timed_out: bool) -> Option<Error> {
    let everything = shards.total > 0 && shards.failures.len() as u32 == shards.total;
    let must_be_whole =
        request.allow_partial_search_results == Some(false) && (timed_out || !shards.failures.is_empty());
    let failed =
        |kind: ErrorKind| shards.failures.iter().map(|failure| &failure.error).find(|error| error.kind == kind);
    if let Some(cancelled) = failed(ErrorKind::TaskCancelled) {
        return Some(cancelled.clone());
    }
    // Where one shard has more buckets than an answer may hold, the others cannot make them fewer.
    if let Some(too_many) = failed(ErrorKind::TooManyBuckets) {
        return Some(Error::reduce_phase(too_many.clone()));
    }
    if !everything && !must_be_whole {
        return None;
    }
    let reason = if everything { "all shards failed" } else { "Partial shards failure" };
    let mut error = Error::search_phase(reason, shards.failures.clone());
    if !everything {
        error.cause = None;
    }
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_that_takes_too_long_is_cancelled() {
        let never = std::future::pending::<Result<SearchResponse, Error>>();
        let error = in_time(Some(1), never).await.expect_err("it is cancelled");
        assert_eq!(error.kind, ErrorKind::SearchPhaseExecution);
        assert!(was_cancelled(&error));
        let failed = std::future::ready(Err(Error::illegal_argument("wrong")));
        assert_eq!(in_time(Some(60_000), failed).await.expect_err("its own").reason, "wrong");
    }
}
