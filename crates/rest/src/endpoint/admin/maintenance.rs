//! `_refresh`, `_flush`, `_forcemerge`, `_cache/clear`, the warming of vectors: sent to every copy.

use std::sync::Arc;

use model::admin::{Caches, Flush, ForceMerge};
use model::error::Error;
use model::search::Shards;
use model::task::Job;

use crate::endpoint::{Server, options, tasks};
use crate::render::json::Json;
use crate::render::shards;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn refresh(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.finish()?;
    Ok(told(&server.gateway.refresh(target).await?))
}

/// Of a k-NN index: afterwards searches walk through graphs that are open.
pub(super) async fn warm_vectors(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.finish()?;
    Ok(told(&server.gateway.warm_vectors(target).await?))
}

pub(super) async fn flush(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let force = request.params.flag("force")?.unwrap_or(false);
    let wait_if_ongoing = request.params.flag("wait_if_ongoing")?.unwrap_or(true);
    request.finish()?;
    if force && !wait_if_ongoing {
        return Err(options::refusal("wait_if_ongoing must be true for a force flush"));
    }
    Ok(told(&server.gateway.flush(Flush { target, force, wait_if_ongoing }).await?))
}

/// A synced flush is any flush.
pub(super) async fn flush_synced(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.finish()?;
    Ok(told(&server.gateway.flush(Flush { target, force: false, wait_if_ongoing: true }).await?))
}

pub(super) async fn force_merge(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let params = &mut request.params;
    let most = params.int("max_num_segments")?.unwrap_or(-1);
    let only_expunge_deletes = params.flag("only_expunge_deletes")?.unwrap_or(false);
    let flush = params.flag("flush")?.unwrap_or(true);
    // Replicas merge by themselves: every copy that is asked is a primary.
    params.flag("primary_only")?;
    let waits = params.flag("wait_for_completion")?.unwrap_or(true);
    request.finish()?;
    let max_num_segments = u32::try_from(most).ok().filter(|&most| most > 0);
    let asked = ForceMerge { target, max_num_segments, only_expunge_deletes, flush };
    server.readable(&asked.target)?;
    if !waits {
        return Ok(tasks::begun(&server.gateway.start(Job::ForceMerge(asked))?));
    }
    Ok(told(&server.gateway.force_merge(asked).await?))
}

/// No flag at all means every cache; of those that are not there nothing is kept.
pub(super) async fn clear_cache(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let mut flags = Vec::new();
    for flag in ["request", "query", "fielddata", "file"] {
        flags.push(request.params.flag(flag)?.unwrap_or(false));
    }
    request.params.take("fields");
    request.params.take("index");
    request.finish()?;
    let all = !flags.contains(&true);
    let caches = Caches { request: all || flags[0], query: all || flags[1] };
    server.readable(&target)?;
    Ok(told(&server.gateway.clear_caches(target, caches).await?))
}

fn told(answered: &Shards) -> Reply {
    let mut json = Json::default();
    json.begin_object();
    shards::of_broadcast(&mut json, answered);
    json.end_object();
    Reply::ok(json)
}
