//! The indexes that a search is about, each with the request bound to its mapping.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::resolve::{Options, Resolved, resolve};
use cluster::routing::Spread;
use cluster::state::{IndexMetadata, NodeId};
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::query::Query;
use model::ranking::IndexBoost;
use model::search::{SearchRequest, ShardFailure, TrackTotal};
use model::target::Target;
use search::aggregation::Level;
use search::bind::{BindContext, bind, bind_aggregations, bind_sort};
use search::bound::{BoundBool, BoundKind, BoundQuery};
use search::shard_query::BoundSort;
use serde_json::Value;
use shard::fetch::FetchPlan;

use crate::clock::now_ms;
use crate::core::Core;
use crate::gateway::point::{Pinned, missing, sliced};
use crate::indexes::IndexView;

/// One index of a search: its view at the time, and its queries bound to it.
pub(in crate::gateway) struct BoundIndex {
    pub metadata: Arc<IndexMetadata>,
    pub view: Arc<IndexView>,
    pub query: Arc<BoundQuery>,
    pub post_filter: Option<Arc<BoundQuery>>,
    pub sort: Arc<[BoundSort]>,
    /// `None`: none were asked for.
    pub aggregations: Option<Arc<Level>>,
    /// What to show of a hit; handed on when the search begins.
    pub fetch: Option<FetchPlan>,
    /// Those that are searched, in order.
    pub shards: Vec<ShardNumber>,
    /// Of the aliases through which it was reached.
    pub filters: Vec<Value>,
    pub context: BindContext,
    /// `None`: what the index holds now.
    pub pinned: Option<Pinned>,
}

/// What a search is about.
pub(super) struct BoundTarget {
    pub(super) indexes: Vec<BoundIndex>,
    /// Shards of indexes that the request does not fit.
    pub(super) refused: Vec<ShardFailure>,
    /// Shards of a point in time in which a slice has no part.
    pub(super) spared: u32,
}

/// An index as a search reaches it.
pub(in crate::gateway) struct Reached {
    pub metadata: Arc<IndexMetadata>,
    /// Of aliases; one must match.
    pub filters: Vec<Value>,
    /// What `now` means, the same on every node.
    pub now_ms: u64,
}

/// The indexes of a target with the request bound to each, and the shards of those that it does not fit.
///
/// # Errors
/// Names that do not resolve; `search_phase_execution_exception` when the request fits none of the indexes.
pub(super) fn bind_target(core: &Arc<Core>, request: &SearchRequest) -> Result<BoundTarget, Error> {
    check(request)?;
    check_boosts(core, request)?;
    let (mut indexes, mut refused, mut spared) = (Vec::new(), Vec::new(), 0);
    for (reached, mut shards) in reached(core, request, &mut refused)? {
        let metadata = reached.metadata.clone();
        match bind_index(core, request, reached) {
            Ok(index) => {
                if let Some(slice) = &request.slice {
                    let before = shards.len();
                    let asked = sliced(slice, metadata.shards.len() as u32, &metadata.mapping)?.0;
                    shards.retain(|number| asked(*number));
                    spared += if request.scroll_ms.is_none() { (before - shards.len()) as u32 } else { 0 };
                }
                indexes.push(BoundIndex { shards, ..index });
            }
            Err(error) => refused.extend(
                (0..metadata.shards.len() as u32)
                    .map(|shard| failure(&metadata, ShardNumber(shard), Some(&core.identity.node), error.clone())),
            ),
        }
    }
    if indexes.is_empty() && !refused.is_empty() {
        // One index' refusal is told once, as OpenSearch does.
        refused.dedup_by(|a, b| a.index == b.index);
        return Err(Error::search_phase("all shards failed", refused));
    }
    Ok(BoundTarget { indexes, refused, spared })
}

/// The indexes of a request with the shards of each that are asked. Those of a point in time that are gone are `refused`.
fn reached(
    core: &Arc<Core>,
    request: &SearchRequest,
    refused: &mut Vec<ShardFailure>,
) -> Result<Vec<(Reached, Vec<ShardNumber>)>, Error> {
    let now_ms = now_ms();
    let Some(point) = &request.point else {
        let found = resolve_open(core, &request.target)?.into_iter().map(|found| {
            let shards = routed(&found.index, found.routing(&request.routing));
            (Reached { metadata: found.index, filters: found.filters, now_ms }, shards)
        });
        return Ok(found.collect());
    };
    let (state, mut indexes) = (core.state(), Vec::new());
    for pinned in Pinned::all(point)? {
        match state.index_by_uuid(pinned.uuid()).filter(|index| index.open) {
            Some(metadata) => {
                let (metadata, filters) = (metadata.clone(), pinned.filters().to_vec());
                indexes.push((Reached { metadata, filters, now_ms }, pinned.shards()));
            }
            None => refused.extend(pinned.shards().into_iter().map(|shard| ShardFailure {
                index: pinned.uuid().0.clone(),
                shard,
                node: None,
                error: missing(0),
            })),
        }
    }
    Ok(indexes)
}

/// The open indexes of a target that can be searched.
pub(in crate::gateway) fn resolve_open(core: &Core, target: &Target) -> Result<Vec<Resolved>, Error> {
    let state = core.state();
    let resolved = resolve(&state, target, Options::open())?;
    resolved.iter().try_for_each(|found| crate::gateway::blocks::check_read(&state, &found.index))?;
    Ok(resolved)
}

/// What binding needs to know of an index.
pub(in crate::gateway) fn context(core: &Core, view: &IndexView, now_ms: u64) -> BindContext {
    let mut context = view.bind_context(now_ms);
    context.settings.max_clause_count = crate::gateway::cluster::max_clause_count(&core.state());
    context.settings.max_buckets = crate::gateway::max_buckets(&core.state());
    context
}

/// A query bound to an index, with the filters of the aliases through which the index was reached.
pub(in crate::gateway) fn bind_filtered(
    query: &Query,
    filters: &[Value],
    context: &BindContext,
) -> Result<BoundQuery, Error> {
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
pub(in crate::gateway) fn routed(metadata: &IndexMetadata, routing: Option<BTreeSet<String>>) -> Vec<ShardNumber> {
    let Some(routing) = routing else { return (0..metadata.shards.len() as u32).map(ShardNumber).collect() };
    let spread = Spread::of(&metadata.settings);
    let wanted: BTreeSet<ShardNumber> = routing.iter().flat_map(|value| spread.shards_of(value)).collect();
    wanted.into_iter().collect()
}

/// Binds a request to one index; which shards are searched is yet to be said.
///
/// # Errors
/// Where the request does not fit the index' mapping or its limits.
pub(in crate::gateway) fn bind_index(
    core: &Core,
    request: &SearchRequest,
    reached: Reached,
) -> Result<BoundIndex, Error> {
    let Reached { metadata, filters, now_ms } = reached;
    let view = core.indexes.get(&metadata)?.view();
    check_window(request, &view)?;
    let context = context(core, &view, now_ms);
    let mut query = bind_filtered(&request.query, &filters, &context)?;
    if let Some(boost) = boost_of(core, request, &metadata)? {
        query.boost *= boost;
    }
    let query = Arc::new(query);
    let (query, pinned) = (in_slice(query, request, &view)?, Pinned::of(request.point.as_ref(), &metadata.uuid)?);
    let post_filter = request.post_filter.as_ref().map(|filter| bind(filter, &context).map(Arc::new)).transpose()?;
    let sort: Arc<[BoundSort]> = bind_sort(&request.sort, &context)?.into();
    // Words of an alias' filter are not what the client looks for: they are not marked.
    let sought = if filters.is_empty() { query.clone() } else { Arc::new(bind(&request.query, &context)?) };
    let fetch = Some(FetchPlan::new(&context, sought, request)?);
    let aggregations = match request.aggregations.as_slice() {
        [] => None,
        asked => {
            let mut level = bind_aggregations(asked, &context)?;
            if !filters.is_empty() {
                level.keep_within(&Arc::new(bind_filtered(&Query::match_all(), &filters, &context)?));
            }
            Some(Arc::new(level))
        }
    };
    let shards = Vec::new();
    Ok(BoundIndex { metadata, view, query, post_filter, sort, aggregations, fetch, shards, filters, context, pinned })
}

/// Refuses boosts of indexes that are not there.
fn check_boosts(core: &Core, request: &SearchRequest) -> Result<(), Error> {
    let state = core.state();
    let named = |one: &IndexBoost| {
        let target = Target { names: vec![one.name.clone()], options: request.target.options };
        resolve(&state, &target, Options::open()).map(drop)
    };
    request.indices_boost.iter().try_for_each(named)
}

/// How many times the scores of an index count; `None`: once.
fn boost_of(core: &Core, request: &SearchRequest, metadata: &IndexMetadata) -> Result<Option<f32>, Error> {
    let state = core.state();
    for one in &request.indices_boost {
        let mut target = Target::one(one.name.as_str());
        target.options = request.target.options;
        let named = resolve(&state, &target, Options::open())?;
        if named.iter().any(|named| named.index.uuid == metadata.uuid) {
            if one.boost < 0.0 {
                let reason = format!("boost must be a positive float, got {:?}", one.boost);
                return Err(Error::illegal_argument(reason));
            }
            return Ok(Some(one.boost));
        }
    }
    Ok(None)
}

/// A query within the part of the index that a slice asks of its shards.
fn in_slice(query: Arc<BoundQuery>, request: &SearchRequest, view: &IndexView) -> Result<Arc<BoundQuery>, Error> {
    let Some(slice) = &request.slice else { return Ok(query) };
    if request.point.is_none() {
        let reason = "`slice` cannot be used outside of a scroll context or PIT context";
        return Err(Error::new(ErrorKind::Search, reason));
    }
    let (setting, limit) = match request.scroll_ms {
        Some(_) => ("max_slices_per_scroll", view.settings.max_slices_per_scroll),
        None => ("max_slices_per_pit", view.settings.max_slices_per_pit),
    };
    if u64::from(slice.max) > limit {
        let kind = if request.scroll_ms.is_some() { ErrorKind::IllegalArgument } else { ErrorKind::RejectedExecution };
        return Err(Error::new(
            kind,
            format!(
                "The number of slices [{}] is too large. It must be less than [{limit}]. This limit can be set by changing the [index.{setting}] index level setting.",
                slice.max
            ),
        ));
    }
    let (_, part) = sliced(slice, view.metadata.shards.len() as u32, &view.metadata.mapping)?;
    let Some(part) = part else { return Ok(query) };
    let part = BoundQuery::new(BoundKind::Slice(part));
    let both = BoundBool { must: vec![(*query).clone()], filter: vec![part], ..BoundBool::default() };
    Ok(Arc::new(BoundQuery::new(BoundKind::Bool(both))))
}

fn check(request: &SearchRequest) -> Result<(), Error> {
    if request.search_after.is_some() && request.from > 0 {
        return Err(Error::illegal_argument("`from` parameter must be set to 0 when `search_after` is used"));
    }
    Ok(())
}

fn check_window(request: &SearchRequest, view: &IndexView) -> Result<(), Error> {
    let (window, limit) = (request.from.saturating_add(request.size), view.settings.max_result_window);
    if window > limit && request.scroll_ms.is_some() {
        return Err(Error::illegal_argument(format!(
            "Batch size is too large, size must be less than or equal to: [{limit}] but was [{window}]. Scroll batch sizes cost as much memory as result windows so they are controlled by the [index.max_result_window] index level setting."
        )));
    }
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

/// A search that only counts, for those who ask no more of it.
pub(in crate::gateway) fn counting(target: Target, query: Query) -> SearchRequest {
    SearchRequest { size: 0, query, track_total_hits: TrackTotal::All, ..SearchRequest::new(target) }
}

/// Why a shard of `index` has no part in the answer; `node`: who was asked.
pub(in crate::gateway) fn failure(
    index: &IndexMetadata,
    shard: ShardNumber,
    node: Option<&NodeId>,
    error: Error,
) -> ShardFailure {
    let plain = error.index.is_none() && error.kind == ErrorKind::QueryShard;
    let error = if plain { error.with_index(index.reference()) } else { error };
    ShardFailure { index: index.name.clone(), shard, node: node.map(|node| node.0.clone()), error }
}
