//! The indexes that a search is about, each with the request bound to its mapping.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::resolve::{Options, Resolved, resolve};
use cluster::routing::Spread;
use cluster::state::{IndexMetadata, NodeId};
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::query::Query;
use model::search::{SearchRequest, ShardFailure, TrackTotal};
use model::target::Target;
use search::aggregation::Level;
use search::bind::{BindContext, BindSettings, bind, bind_aggregations, bind_sort};
use search::bound::{BoundBool, BoundKind, BoundQuery};
use search::shard_query::BoundSort;
use serde_json::Value;
use shard::fetch::FetchPlan;

use crate::clock::now_ms;
use crate::core::Core;
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
pub(super) fn bind_target(
    core: &Arc<Core>,
    request: &SearchRequest,
) -> Result<(Vec<BoundIndex>, Vec<ShardFailure>), Error> {
    check(request)?;
    let (mut indexes, mut refused, now_ms) = (Vec::new(), Vec::new(), now_ms());
    for found in resolve_open(core, &request.target)? {
        let shards = routed(&found.index, found.routing(&request.routing));
        let reached = Reached { metadata: found.index.clone(), filters: found.filters, now_ms };
        match bind_index(core, request, reached) {
            Ok(index) => indexes.push(BoundIndex { shards, ..index }),
            Err(error) => refused.extend(
                (0..found.index.shards.len() as u32)
                    .map(|shard| failure(&found.index, ShardNumber(shard), Some(&core.identity.node), error.clone())),
            ),
        }
    }
    if indexes.is_empty() && !refused.is_empty() {
        // One index' refusal is told once, as OpenSearch does.
        refused.dedup_by(|a, b| a.index == b.index);
        return Err(Error::search_phase("all shards failed", refused));
    }
    Ok((indexes, refused))
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
    let settings = BindSettings {
        max_clause_count: crate::gateway::cluster::max_clause_count(&core.state()),
        max_buckets: crate::gateway::max_buckets(&core.state()),
        default_field: view.settings.default_field.clone(),
        query_string_lenient: view.settings.query_string_lenient,
        max_adjacency_matrix_filters: view.settings.max_adjacency_matrix_filters.min(u64::from(u32::MAX)) as u32,
        max_terms_count: view.settings.max_terms_count.min(u64::from(u32::MAX)) as u32,
        max_inner_result_window: view.settings.max_inner_result_window.min(u64::from(u32::MAX)) as u32,
        max_regex_length: view.settings.max_regex_length.min(u64::from(u32::MAX)) as u32,
        max_analyzed_offset: view.settings.max_analyzed_offset.min(u64::from(u32::MAX)) as u32,
        knn_ef_search: view.settings.knn_ef_search,
        max_docvalue_fields: usize::try_from(view.settings.max_docvalue_fields_search).unwrap_or(usize::MAX),
        ..BindSettings::default()
    };
    BindContext {
        index: view.metadata.reference(),
        mapping: view.metadata.mapping.clone(),
        analysis: view.analysis.clone(),
        now_ms: now_ms as i64,
        settings,
    }
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
fn routed(metadata: &IndexMetadata, routing: Option<BTreeSet<String>>) -> Vec<ShardNumber> {
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
    let query = Arc::new(bind_filtered(&request.query, &filters, &context)?);
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
    Ok(BoundIndex { metadata, view, query, post_filter, sort, aggregations, fetch, shards, filters, context })
}

fn check(request: &SearchRequest) -> Result<(), Error> {
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

/// A search that only counts, for those who ask no more of it.
pub(in crate::gateway) fn counting(target: Target, query: Query) -> SearchRequest {
    SearchRequest { size: 0, query, track_total_hits: TrackTotal::All, ..SearchRequest::new(target) }
}

/// Why a shard of `index` has no part in the answer; `node`: who was asked.
pub(super) fn failure(index: &IndexMetadata, shard: ShardNumber, node: Option<&NodeId>, error: Error) -> ShardFailure {
    let plain = error.index.is_none() && error.kind == ErrorKind::QueryShard;
    let error = if plain { error.with_index(index.reference()) } else { error };
    ShardFailure { index: index.name.clone(), shard, node: node.map(|node| node.0.clone()), error }
}
