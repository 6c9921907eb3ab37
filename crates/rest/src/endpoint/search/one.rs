//! `_search`: one search.

use std::sync::Arc;

use axum::body::Bytes;
use model::error::Error;
use model::search::{SearchRequest, TrackTotal};

use super::{execution, on_shards};
use crate::dsl;
use crate::endpoint::Server;
use crate::endpoint::options::Refusals;
use crate::render::hits::{self, Shape};
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn search(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.object_or_source()?;
    searched(server, request, body, false).await
}

/// As [`search`], with a body that came from elsewhere. `with_status`: the answer names its status.
pub(super) async fn searched(
    server: Arc<Server>,
    mut request: Request,
    body: Bytes,
    with_status: bool,
) -> Result<Reply, Error> {
    let target = request.target()?;
    let read = dsl::search_request(&body, target.clone());
    let scroll = request.params.time_ms("scroll")?.flatten();
    let phase_took = request.params.flag("phase_took")?.unwrap_or(false);
    let execution = execution(&mut request.params)?;
    let total_as_int = request.params.flag("rest_total_hits_as_int")?.unwrap_or(false);
    let applied = read.and_then(|mut asked| {
        dsl::apply_params(&mut asked, &mut request.params)?;
        Ok(asked)
    });
    let mut asked = applied.map_err(|error| on_shards(&server, &target, error))?;
    execution.apply(&mut asked);
    if total_as_int {
        plain_total(&mut asked)?;
    }
    (asked.scroll_ms, asked.phase_took) = (scroll, phase_took);
    asked.source = sent(&body);
    check_kept(&asked)?;
    request.finish()?;
    let shape = shape(&asked, total_as_int);
    let answer = server.gateway.search(asked).await?;
    let sources = answer.hits.iter().filter_map(|hit| hit.source.as_ref()).map(|source| source.len() + 128);
    let mut json = Json::with_capacity(256 + sources.sum::<usize>());
    json.begin_object();
    hits::search(&mut json, &answer, &shape);
    if with_status {
        json.field_u64("status", 200);
    }
    json.end_object();
    Ok(Reply::ok(json))
}

/// The body of a search, for slow logs.
pub(super) fn sent(body: &[u8]) -> Option<Arc<str>> {
    str::from_utf8(body).ok().filter(|body| !body.is_empty()).map(Arc::from)
}

/// What a scroll, or a search over a point in time, may not ask.
///
/// # Errors
/// `action_request_validation_exception` with all of it.
pub(super) fn check_kept(asked: &SearchRequest) -> Result<(), Error> {
    let mut refusals = Refusals::default();
    let mut refuse = |wrong: bool, why: &str| {
        if wrong {
            refusals.add(why);
        }
    };
    if asked.scroll_ms.is_some() {
        let untracked = asked.track_total_hits == TrackTotal::No;
        refuse(untracked, "disabling [track_total_hits] is not allowed in a scroll context");
        refuse(asked.from > 0, "using [from] is not allowed in a scroll context");
        refuse(asked.request_cache == Some(true), "[request_cache] cannot be used in a scroll context");
        refuse(asked.size == 0, "[size] cannot be [0] in a scroll context");
        refuse(!asked.rescores.is_empty(), "using [rescore] is not allowed in a scroll context");
        refuse(asked.point.is_some(), "using [point in time] is not allowed in a scroll context");
    } else if asked.point.is_some() {
        refuse(!asked.target.names.is_empty(), "[indices] cannot be used with point in time");
        refuse(!asked.routing.is_empty(), "[routing] cannot be used with point in time");
        refuse(asked.preference.is_some(), "[preference] cannot be used with point in time");
    }
    let by_shard = asked.sort.iter().any(|key| key.field == "_shard_doc");
    let why = "_shard_doc is only supported with point-in-time (PIT). Add a PIT or remove _shard_doc.";
    refuse(by_shard && asked.point.is_none(), why);
    refusals.finish()
}

/// A plain number as total must be exact.
pub(super) fn plain_total(asked: &mut SearchRequest) -> Result<(), Error> {
    match asked.track_total_hits {
        TrackTotal::All | TrackTotal::No => {}
        // The default, and so not asked for.
        TrackTotal::UpTo(10_000) => asked.track_total_hits = TrackTotal::All,
        TrackTotal::UpTo(count) => {
            let reason = "[rest_total_hits_as_int] cannot be used if the tracking of total hits is not accurate";
            return Err(Error::illegal_argument(format!("{reason}, got {count}")));
        }
    }
    Ok(())
}

pub(super) fn shape(asked: &SearchRequest, total_as_int: bool) -> Shape {
    let none = |fields: &Vec<String>| fields.iter().any(|field| field == "_none_");
    let without_ids = asked.fetch.stored_fields.as_ref().is_some_and(none);
    Shape { total_as_int, typed_keys: asked.typed_keys, without_ids }
}
