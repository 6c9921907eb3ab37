//! Searches and what is like them.

mod count;
mod explain;
mod field_caps;
mod languages;
mod msearch;
mod one;
mod pipeline;
mod point;
mod rank_eval;
mod scroll;
mod search_shards;
mod template;
mod validate;

use axum::http::Method;
use model::admin::IndexInfo;
use model::error::{Error, ErrorKind};
use model::id::{IndexRef, ShardNumber};
use model::search::{MergeStrategy, SearchRequest, ShardFailure};
use model::target::Target;

use super::Server;
use super::stored::with_scripts;
use crate::params::Params;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let methods = [Method::GET, Method::POST];
    routes.add(&methods, &["/_search", "/{index}/_search"], with_scripts(one::search));
    routes.add(&[Method::PUT], &["/_search/pipeline/{id}"], pipeline::put);
    routes.add(&[Method::DELETE], &["/_search/pipeline/{id}"], pipeline::delete);
    routes.add(&[Method::GET], &["/_search/pipeline", "/_search/pipeline/{id}"], pipeline::show);
    let paths = ["/_search/scroll", "/_search/scroll/{scroll_id}"];
    routes.add(&methods, &paths, scroll::next);
    routes.add(&[Method::DELETE], &paths, scroll::clear);
    routes.add(&[Method::POST], &["/{index}/_search/point_in_time"], point::open);
    routes.add(&[Method::DELETE], &["/_search/point_in_time"], point::close);
    routes.add(&[Method::DELETE], &["/_search/point_in_time/_all"], point::close_all);
    routes.add(&[Method::GET], &["/_search/point_in_time/_all"], point::show);
    routes.add(&methods, &["/_msearch", "/{index}/_msearch"], msearch::msearch);
    routes.add(&methods, &["/_search/template", "/{index}/_search/template"], template::search);
    routes.add(&methods, &["/_msearch/template", "/{index}/_msearch/template"], msearch::templates);
    routes.add(&methods, &["/_render/template", "/_render/template/{id}"], template::render);
    routes.add(&[Method::PUT, Method::POST], &["/_scripts/{id}", "/_scripts/{id}/{context}"], template::put);
    routes.add(&[Method::GET], &["/_scripts/{id}"], template::show);
    routes.add(&methods, &["/_scripts/painless/_execute"], languages::execute);
    routes.add(&[Method::GET], &["/_script_language"], languages::languages);
    routes.add(&[Method::GET], &["/_script_context"], languages::contexts);
    routes.add(&[Method::DELETE], &["/_scripts/{id}"], template::delete);
    routes.add(&methods, &["/_rank_eval", "/{index}/_rank_eval"], rank_eval::rank_eval);
    routes.add(&methods, &["/_count", "/{index}/_count"], with_scripts(count::count));
    routes.add(&methods, &["/_validate/query", "/{index}/_validate/query"], with_scripts(validate::validate));
    routes.add(&methods, &["/{index}/_explain/{id}"], with_scripts(explain::explain));
    routes.add(&methods, &["/_field_caps", "/{index}/_field_caps"], field_caps::field_caps);
    routes.add(&methods, &["/_search_shards", "/{index}/_search_shards"], search_shards::search_shards);
}

/// Takes the parameters that say how a search is carried out. Shoal finds the same whatever they say; values that OpenSearch refuses are
/// refused, and what Shoal cannot do is said.
///
/// Out: how shards are gone through, where that is said.
///
/// # Errors
/// `illegal_argument_exception` for values that do not fit, 501 for `scroll` and the like.
fn execution(params: &mut Params) -> Result<Execution, Error> {
    let of_each = execution_of_each(params)?;
    at_least(params.int("batched_reduce_size")?, 2, "batchedReduceSize")?;
    if params.flag("verbose_pipeline")? == Some(true) {
        return Err(Error::not_implemented("[verbose_pipeline] of a search"));
    }
    let named_scores = params.flag("include_named_queries_score")?.unwrap_or(false);
    for name in ["scroll", "suggest_field"] {
        if params.take(name).is_some() {
            return Err(Error::not_implemented(format!("[{name}] of a search")));
        }
    }
    Ok(Execution { named_scores, ..of_each })
}

/// As [`execution`], of what may be said once for several searches.
///
/// # Errors
/// `illegal_argument_exception` for values that do not fit.
fn execution_of_each(params: &mut Params) -> Result<Execution, Error> {
    if let Some(given) = params.take("search_type") {
        search_type(&given)?;
    }
    let pre_filter = params.int("pre_filter_shard_size")?;
    at_least(pre_filter, 1, "preFilterShardSize")?;
    let concurrent = params.int("max_concurrent_shard_requests")?;
    at_least(concurrent, 1, "maxConcurrentShardRequests")?;
    params.flag("ccs_minimize_roundtrips")?;
    let cancel_after_ms = params.time_ms("cancel_after_time_interval")?.flatten();
    let merge = match params.take("merge_strategy") {
        None => None,
        Some(given) => Some(MergeStrategy::of(&given).ok_or_else(|| {
            let names = MergeStrategy::NAMES;
            Error::illegal_argument(format!("[merge_strategy] is one of {names}, not [{given}]"))
        })?),
    };
    let [concurrent, pre_filter] = [concurrent, pre_filter].map(|given| given.map(i32::unsigned_abs));
    Ok(Execution { concurrent, pre_filter, merge, cancel_after_ms, named_scores: false })
}

/// How the shards of a search are gone through; `None`: as it is usual.
#[derive(Clone, Copy, Default)]
struct Execution {
    concurrent: Option<u32>,
    pre_filter: Option<u32>,
    merge: Option<MergeStrategy>,
    cancel_after_ms: Option<u64>,
    named_scores: bool,
}

impl Execution {
    fn apply(self, asked: &mut SearchRequest) {
        asked.max_concurrent_shard_requests = self.concurrent.unwrap_or(asked.max_concurrent_shard_requests);
        asked.pre_filter_shard_size = self.pre_filter;
        asked.merge = self.merge;
        asked.fetch.named_scores = self.named_scores;
        asked.cancel_after_ms = asked.cancel_after_ms.or(self.cancel_after_ms);
        // Sorted by something else, hits have no scores of their own.
        asked.track_scores |= self.merge == Some(MergeStrategy::Score);
    }
}

/// Statistics are global with either type.
pub(super) fn search_type(given: &str) -> Result<(), Error> {
    match given {
        "query_then_fetch" | "dfs_query_then_fetch" => Ok(()),
        "query_and_fetch" | "dfs_query_and_fetch" => {
            Err(Error::illegal_argument(format!("Unsupported search type [{given}]")))
        }
        _ => Err(Error::illegal_argument(format!("No search type for [{given}]"))),
    }
}

fn at_least(given: Option<i32>, least: i32, name: &str) -> Result<(), Error> {
    match given {
        Some(number) if number < least => Err(Error::illegal_argument(format!("{name} must be >= {least}"))),
        _ => Ok(()),
    }
}

/// What a query that OpenSearch refuses on its shards answers with: every shard has failed. Other errors stay as they are.
fn on_shards(server: &Server, target: &Target, failure: Error) -> Error {
    if !is_late(&failure) {
        return failure;
    }
    let indexes = match server.gateway.indexes(target) {
        Ok(indexes) => indexes,
        Err(missing) => return missing,
    };
    if failure.is_reduce_phase() {
        return failure;
    }
    let node = server.gateway.cluster().nodes.first().map(|node| node.id.clone());
    if let (ErrorKind::SearchPhaseExecution, Some(cause)) = (failure.kind, failure.root_causes.first()) {
        let failed = |index: &IndexInfo| ShardFailure {
            index: index.name.clone(),
            shard: ShardNumber(0),
            node: node.clone(),
            error: cause.clone(),
        };
        let failures: Vec<ShardFailure> = indexes.iter().map(failed).collect();
        return if failures.is_empty() { failure } else { Error::search_phase(failure.reason, failures) };
    }
    let failed = |index: IndexInfo| {
        let error = failure.clone().with_index(IndexRef { name: index.name.clone(), uuid: index.uuid });
        ShardFailure { index: index.name, shard: ShardNumber(0), node: node.clone(), error }
    };
    let whole = Error::search_phase("all shards failed", indexes.into_iter().map(failed).collect());
    match whole.root_causes.is_empty() {
        true => Error { root_causes: vec![Error { cause: None, ..failure }], ..whole },
        false => whole,
    }
}

/// Whether OpenSearch finds this only on its shards.
fn is_late(failure: &Error) -> bool {
    matches!(failure.kind, ErrorKind::QueryShard | ErrorKind::SearchPhaseExecution)
}

/// The error of a query, with the one index that it is about.
fn on_index(server: &Server, name: &str, failure: Error) -> Error {
    if failure.kind != ErrorKind::QueryShard {
        return failure;
    }
    match server.gateway.indexes(&Target::one(name)).as_deref() {
        Ok([index, ..]) => failure.with_index(IndexRef { name: index.name.clone(), uuid: index.uuid.clone() }),
        _ => failure,
    }
}
