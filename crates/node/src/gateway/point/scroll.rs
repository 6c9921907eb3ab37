//! Scrolls: a search gone through page by page, over a point in time of its own.
//!
//! The node that began a scroll knows how far it has come; another that is asked for a page asks that one. Each page is a search behind the
//! last hit of the page before, so that pages cost the same however deep they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Class;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::point::{PointInTime, Scroll};
use model::search::{Hit, SearchRequest, SearchResponse, ShardFailure, Shards, SortKey, Total, TrackTotal};
use serde::{Deserialize, Serialize};

use super::id::{PointId, ScrollId};
use super::kept::ScrollState;
use super::{Wanted, checked, close, each, limit, make, missing};
use crate::core::Core;
use crate::gateway::preference::Preference;
use crate::gateway::remote::{self, Message};
use crate::gateway::search::{failure, plain_order, resolve_open, search};

/// The first page.
pub(in crate::gateway) async fn begin(core: &Arc<Core>, mut request: SearchRequest) -> Result<SearchResponse, Error> {
    let keep_ms = request.scroll_ms.unwrap_or_default();
    let found = resolve_open(core, &request.target)?;
    let refused = |error: Error| match found.first() {
        Some(first) => {
            let node = Some(&core.identity.node);
            Error::search_phase("all shards failed", vec![failure(&first.index, ShardNumber(0), node, error)])
        }
        None => error,
    };
    let keep = checked(core, keep_ms, "search.max_keep_alive").map_err(refused)?;
    if request.search_after.is_some() {
        let reason = "`search_after` cannot be used in a scroll context.";
        return Err(refused(Error::new(ErrorKind::Search, reason)));
    }
    if request.collapse.is_some() {
        return Err(refused(Error::new(ErrorKind::Search, "cannot use `collapse` in a scroll context")));
    }
    if matches!(request.query.kind, model::query::Kind::Hybrid(_)) {
        return Err(refused(Error::illegal_argument("Scroll operation is not supported in hybrid query")));
    }
    let partial = request.allow_partial_search_results != Some(false);
    let wanted = Wanted { keep, scroll: true, partial, slice: request.slice.clone() };
    let preference = Preference::of(core, request.preference.as_deref())?;
    let (point, _) = make(core, &found, (&request.routing, preference), wanted).await?;
    request.point = Some(PointInTime { id: point.write(), keep_alive_ms: Some(keep_ms) });
    let shown = ordered(&mut request);
    match first(core, request, shown, keep).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            close(core, &point).await;
            Err(error)
        }
    }
}

async fn first(
    core: &Arc<Core>,
    request: SearchRequest,
    shown: usize,
    keep: Duration,
) -> Result<SearchResponse, Error> {
    let point = request.point.as_ref().map(|point| point.id.clone()).unwrap_or_default();
    let mut next = SearchRequest { aggregations: Vec::new(), track_total_hits: TrackTotal::No, ..request.clone() };
    next.terminate_after = None;
    let mut answer = Box::pin(search(core, request)).await?;
    let state = ScrollState {
        request: Arc::new(next),
        last: answer.last.take(),
        total: answer.total,
        max_score: answer.max_score,
        shown,
        point,
    };
    let number = core.points.begin(state, keep, limit(core, true))?;
    shorten(&mut answer.hits, shown);
    answer.point_id = None;
    answer.scroll_id = Some(ScrollId { node: core.identity.node.clone(), number }.write());
    Ok(answer)
}

/// Has a request go through what it finds as it lies, shard by shard, where it asks for no order: nothing is scored.
pub(in crate::gateway) fn as_it_lies(request: &mut SearchRequest) {
    match request.sort.is_empty() {
        true => request.sort.push(SortKey::ascending("_shard_doc")),
        false => drop(ordered(request)),
    }
}

/// Gives a request an order without ties; how many of the sort keys its client has asked for.
fn ordered(request: &mut SearchRequest) -> usize {
    plain_order(request);
    let shown = request.sort.len();
    if shown == 0 {
        request.sort.push(SortKey::descending("_score"));
    }
    request.sort.push(SortKey::ascending("_shard_doc"));
    shown
}

fn shorten(hits: &mut [Hit], shown: usize) {
    hits.iter_mut().for_each(|hit| hit.sort.truncate(shown));
}

/// The next page.
pub(in crate::gateway) async fn next(core: &Arc<Core>, scroll: Scroll) -> Result<SearchResponse, Error> {
    let id = ScrollId::read(&scroll.id)?;
    if let Some(keep_ms) = scroll.keep_alive_ms {
        checked(core, keep_ms, "search.max_keep_alive")?;
    }
    let asked = NextPage { number: id.number, keep_ms: scroll.keep_alive_ms };
    let answer = if id.node == core.identity.node {
        asked.page(core).await
    } else if core.state().nodes.contains_key(&id.node) {
        remote::ask(core, &id.node, &asked, None).await.map_err(Error::from).map(SearchResponse::from)
    } else {
        Err(gone(id.number))
    };
    let mut answer = answer?;
    answer.scroll_id = scroll.keep_alive_ms.map(|_| scroll.id);
    Ok(answer)
}

/// A scroll that nobody knows.
fn gone(number: u64) -> Error {
    let error = missing(number);
    let lost = ShardFailure { index: "".into(), shard: ShardNumber(0), node: None, error: error.clone() };
    Error::search_phase("all shards failed", vec![lost]).with_cause(error)
}

/// Of a scroll whose readers are gone, why.
fn told(error: Error) -> Error {
    match error.failed_shards.first().map(|failure| failure.error.clone()) {
        Some(first) if first.kind == ErrorKind::SearchContextMissing => error.with_cause(first),
        _ => error,
    }
}

/// Lets scrolls go: how many shards had kept something for them.
pub(in crate::gateway) async fn clear(core: &Arc<Core>, ids: Option<Vec<String>>) -> Result<u64, Error> {
    let mut by_node: BTreeMap<NodeId, Option<Vec<u64>>> = BTreeMap::new();
    let state = core.state();
    match ids {
        None => by_node.extend(state.nodes.keys().map(|node| (node.clone(), None))),
        Some(ids) => {
            for id in &ids {
                let id = ScrollId::read(id)?;
                by_node.entry(id.node).or_insert_with(|| Some(Vec::new())).get_or_insert_default().push(id.number);
            }
        }
    }
    let here = by_node.iter().filter(|(node, _)| state.nodes.contains_key(*node));
    let messages: Vec<_> = here.map(|(node, numbers)| (node, End(numbers.clone()))).collect();
    Ok(each(core, messages.into_iter()).await.into_iter().filter_map(|(_, answer)| answer.ok()).sum())
}

/// The next page of a scroll that the asked node has begun.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NextPage {
    number: u64,
    keep_ms: Option<u64>,
}

/// What a page has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    took_ms: u64,
    timed_out: bool,
    shards: Shards,
    total: Option<Total>,
    max_score: Option<f32>,
    hits: Vec<Hit>,
}

impl Message for NextPage {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "scroll.next";
    type Answer = Page;

    async fn answer(self, core: Arc<Core>) -> Result<Page, Error> {
        let SearchResponse { took_ms, timed_out, shards, total, max_score, hits, .. } = self.page(&core).await?;
        Ok(Page { took_ms, timed_out, shards, total, max_score, hits })
    }
}

impl NextPage {
    async fn page(&self, core: &Arc<Core>) -> Result<SearchResponse, Error> {
        let keep = self.keep_ms.map(Duration::from_millis);
        let state = core.points.scroll(self.number, keep).ok_or_else(|| gone(self.number))?;
        let mut request = (*state.request).clone();
        request.continues = state.last;
        if let Some(point) = &mut request.point {
            point.keep_alive_ms = self.keep_ms.or(point.keep_alive_ms);
        }
        let mut answer = Box::pin(search(core, request)).await.map_err(told)?;
        if self.keep_ms.is_none() {
            // Who does not say how long it is to be kept does not come back.
            End(Some(vec![self.number])).answer(core.clone()).await?;
        }
        if let Some(last) = answer.last.take() {
            core.points.advance(self.number, last);
        }
        (answer.total, answer.max_score, answer.point_id) = (state.total, state.max_score, None);
        shorten(&mut answer.hits, state.shown);
        Ok(answer)
    }
}

impl From<Page> for SearchResponse {
    fn from(page: Page) -> Self {
        let Page { took_ms, timed_out, shards, total, max_score, hits } = page;
        Self {
            took_ms,
            timed_out,
            shards,
            total,
            max_score,
            hits,
            terminated_early: None,
            profile: None,
            phases: None,
            aggregations: None,
            suggest: Vec::new(),
            scroll_id: None,
            point_id: None,
            last: None,
        }
    }
}

/// Forget these scrolls (`None`: all).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End(Option<Vec<u64>>);

impl Message for End {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "scroll.end";
    /// How many shards had kept something for them.
    type Answer = u64;

    async fn answer(self, core: Arc<Core>) -> Result<u64, Error> {
        let mut freed = 0;
        for point in core.points.end(self.0.as_deref()) {
            freed += close(&core, &PointId::read(&point)?).await;
        }
        Ok(freed)
    }
}
