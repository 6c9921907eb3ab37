//! `terms` that are proven: the commonest values of all shards, whatever each of them would have left out.
//!
//! In: a search with `"exact": true`. Out: its answer, whose error bounds are 0. The first round asks the shards for their commonest values;
//! the least count of the best among those is a floor. A value that reaches it over n shards has at least floor / n documents in one of
//! them: the second round asks for the counts of all such values. The last asks for those that can still be among the best, with what is inside
//! of them. All rounds go over one point in time.
//!
//! Source: P. Cao, Z. Wang, Efficient top-K query calculation in distributed networks, 2004 (there: the three-phase uniform threshold).
//!
//! Not here: lists in another order than by counts, lists inside of other buckets, and values that no match has. Of those shards leave nothing out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::aggregation::answer::{Answer, Body, Buckets};
use model::aggregation::key::Key;
use model::aggregation::request::terms::{Cut, Include, Terms};
use model::aggregation::request::{Aggregation, Kind, Order, OrderBy};
use model::error::{Error, ErrorKind};
use model::point::PointInTime;
use model::search::{SearchRequest, SearchResponse, TrackTotal};
use model::task::TaskId;

use super::shown::{Steps, bare};
use super::{resolve_open, routed};
use crate::core::Core;
use crate::gateway::point::Lease;

/// How long the readers are kept between two rounds.
const KEEP: Duration = Duration::from_secs(60);

const ERROR: &str = "doc_count_error_upper_bound";
const OTHER: &str = "sum_other_doc_count";

/// Whether a search has a list that rounds can prove.
pub(super) fn are_asked(request: &SearchRequest) -> bool {
    request.aggregations.iter().any(|asked| provable(asked).is_some())
}

fn provable(asked: &Aggregation) -> Option<&Terms> {
    let Kind::Terms(terms) = &asked.kind else { return None };
    let by_count = matches!(terms.order.first(), None | Some(Order { by: OrderBy::Count, descending: true }));
    (terms.exact && by_count && terms.cut.min_doc_count > 0).then_some(terms)
}

/// Carries out a search that [`are_asked`] is said of.
pub(super) async fn search(
    core: &Arc<Core>,
    mut request: SearchRequest,
    begun: Instant,
    task: &TaskId,
) -> Result<SearchResponse, Error> {
    let steps = |request| Steps { core, request, begun, task };
    if is_alone(core, &request)? {
        // One shard is never wrong about itself.
        lists(&mut request, |_, terms| terms.exact = false);
        return steps(&request).run(request.clone()).await;
    }
    if let Some(point) = request.point.clone() {
        return prove(&steps(&request), &point).await;
    }
    // Where shards are missing there is no point, and nothing is proven: the search tells what is missing.
    let Ok(lease) = Lease::open(core, &request, KEEP).await else { return steps(&request).run(request.clone()).await };
    let answer = prove(&steps(&request), &lease.point()).await;
    lease.close().await;
    Ok(SearchResponse { point_id: None, ..answer? })
}

fn is_alone(core: &Core, request: &SearchRequest) -> Result<bool, Error> {
    if request.point.is_some() {
        return Ok(false);
    }
    let found = resolve_open(core, &request.target)?;
    let shards = found.iter().map(|one| routed(&one.index, one.routing(&request.routing)).len());
    Ok(shards.sum::<usize>() <= 1)
}

/// Changes the lists that rounds prove, each with its place among them.
fn lists(request: &mut SearchRequest, mut change: impl FnMut(usize, &mut Terms)) {
    let provable = request.aggregations.iter_mut().filter(|asked| provable(asked).is_some());
    for (at, asked) in provable.enumerate() {
        if let Kind::Terms(terms) = &mut asked.kind {
            change(at, terms);
        }
    }
}

/// What the first round says of a list.
struct First {
    /// As the client asked.
    cut: Cut,
    /// Documents of the last of the best, at least.
    floor: u64,
    /// Whether no shard left anything out.
    whole: bool,
    /// Documents of all values.
    all: u64,
}

impl First {
    fn of(asked: &Terms, found: &Buckets) -> Self {
        let floor = match found.list.last() {
            Some(last) if found.list.len() >= asked.cut.size as usize => last.doc_count,
            _ => 1,
        };
        Self {
            cut: asked.cut,
            floor: floor.max(asked.cut.min_doc_count),
            whole: number(found, ERROR) == 0,
            all: counted(found) + number(found, OTHER),
        }
    }

    /// Documents that a value which may be among the best has in one of so many shards.
    fn least(&self, shards: u64) -> u64 {
        self.floor.div_ceil(shards.max(1))
    }

    /// The values that may be among the best, of those that have [`First::least`] documents in some shard, each with what these shards count.
    fn candidates(&self, found: &Buckets, shards: u64) -> Vec<Key> {
        let mut counts: Vec<u64> = found.list.iter().map(|bucket| bucket.doc_count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let floor = counts.get((self.cut.size as usize).saturating_sub(1)).copied().unwrap_or(1).max(self.floor);
        // Other shards may have one document less each.
        let unseen = (self.least(shards) - 1) * shards.saturating_sub(1);
        let may = found.list.iter().filter(|bucket| bucket.doc_count.saturating_add(unseen) >= floor);
        may.map(|bucket| bucket.key.clone()).collect()
    }
}

async fn prove(steps: &Steps<'_>, point: &PointInTime) -> Result<SearchResponse, Error> {
    let mut last = SearchRequest { point: Some(point.clone()), ..steps.request.clone() };
    let asked = last.aggregations.iter().filter_map(provable);
    let round = counting(&last, |_, cut| Cut { min_doc_count: 1, shard_min_doc_count: 0, ..cut });
    let Some(mut found) = run(steps, round).await? else { return steps.run(last).await };
    let shards = u64::from(found.shards.total);
    let firsts: Vec<First> =
        asked.zip(buckets(steps.request, &mut found)).map(|(asked, found)| First::of(asked, found)).collect();
    if firsts.iter().any(|first| !first.whole) {
        let all = |at: usize, _| {
            let least = firsts.get(at).map_or(0, |first| first.least(shards));
            Cut { size: u32::MAX, shard_size: Some(u32::MAX), min_doc_count: 1, shard_min_doc_count: least }
        };
        let Some(mut found) = run(steps, counting(&last, all)).await? else { return steps.run(last).await };
        let found = buckets(steps.request, &mut found);
        lists(&mut last, |at, terms| {
            if let (Some(first), Some(list)) = (firsts.get(at).filter(|first| !first.whole), found.get(at)) {
                terms.include = Some(Include::Keys(first.candidates(list, shards)));
                terms.exclude = None;
            }
        });
    }
    let mut answer = steps.run(last).await?;
    for (first, list) in firsts.iter().zip(buckets(steps.request, &mut answer)).filter(|(first, _)| !first.whole) {
        // Of what was not asked for in the last round nothing was counted.
        let other = first.all.saturating_sub(counted(list));
        list.beside.iter_mut().filter(|(name, _)| *name == OTHER).for_each(|(_, value)| *value = other.into());
    }
    Ok(answer)
}

/// A search that only counts the values of the lists, each cut as `cut` says of its place.
fn counting(request: &SearchRequest, cut: impl Fn(usize, Cut) -> Cut) -> SearchRequest {
    let mut round = SearchRequest {
        size: 0,
        from: 0,
        sort: Vec::new(),
        search_after: None,
        continues: None,
        post_filter: None,
        track_total_hits: TrackTotal::No,
        fetch: bare(),
        explain: false,
        profile: false,
        ..request.clone()
    };
    round.aggregations.retain(|asked| provable(asked).is_some());
    round.aggregations.iter_mut().for_each(|asked| asked.children.clear());
    lists(&mut round, |at, terms| {
        (terms.cut, terms.exact, terms.show_error) = (cut(at, terms.cut), false, false);
        terms.order.clear();
    });
    round
}

/// `None`: some shard gave nothing, or there are too many values. Then shards are to leave nothing out.
async fn run(steps: &Steps<'_>, round: SearchRequest) -> Result<Option<SearchResponse>, Error> {
    let is_too_much = |error: &Error| error.kind == ErrorKind::TooManyBuckets;
    match steps.run(round).await {
        Ok(answer) => Ok((!answer.timed_out && answer.shards.failures.is_empty()).then_some(answer)),
        Err(error) if is_too_much(&error) || error.cause.as_deref().is_some_and(is_too_much) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lists of an answer that rounds prove, in the order of the request.
fn buckets<'a>(request: &SearchRequest, answer: &'a mut SearchResponse) -> Vec<&'a mut Buckets> {
    let names: Vec<&str> =
        request.aggregations.iter().filter(|asked| provable(asked).is_some()).map(|asked| &*asked.name).collect();
    let list = |answer: &'a mut Answer| match &mut answer.body {
        Body::Buckets(buckets) if names.contains(&&*answer.name) => Some(buckets),
        _ => None,
    };
    answer.aggregations.iter_mut().flatten().filter_map(list).collect()
}

fn counted(buckets: &Buckets) -> u64 {
    buckets.list.iter().map(|bucket| bucket.doc_count).sum()
}

fn number(buckets: &Buckets, name: &str) -> u64 {
    let found = buckets.beside.iter().find(|(known, _)| *known == name);
    found.and_then(|(_, value)| value.as_u64()).unwrap_or_default()
}
