//! `_data_stream`: made, shown, counted, deleted.

use std::sync::Arc;

use axum::http::Method;
use model::admin::{DataStreamInfo, HealthStatus};
use model::error::Error;
use model::search::Shards;
use model::target::{Expand, Target, TargetOptions};
use serde_json::{Value, json};

use crate::dsl;
use crate::endpoint::Server;
use crate::params::split;
use crate::render::admin::{broadcast, shard};
use crate::reply::Reply;
use crate::request::{Request, target};
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(&[Method::GET], &["/_data_stream", "/_data_stream/{name}"], show);
    routes.add(&[Method::PUT], &["/_data_stream/{name}"], create);
    routes.add(&[Method::DELETE], &["/_data_stream/{name}"], delete);
    routes.add(&[Method::GET], &["/_data_stream/_stats", "/_data_stream/{name}/_stats"], stats);
}

async fn create(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    request.finish()?;
    server.gateway.create_data_stream(&name).await?;
    Ok(Reply::acknowledged())
}

async fn delete(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    let names = split(request.required("name")?);
    request.finish()?;
    server.gateway.delete_data_streams(names).await?;
    Ok(Reply::acknowledged())
}

async fn show(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    for name in request.part("name").map(split).unwrap_or_default() {
        if server.gateway.is_alias(&name) {
            let reason = format!(
                "The provided expression [{name}] matches an alias, specify the corresponding concrete indices instead."
            );
            return Err(Error::illegal_argument(reason));
        }
    }
    let found = named(&server, &request)?;
    let shown: Vec<Value> = found.iter().map(|stream| one(&server, stream)).collect::<Result<_, _>>()?;
    Ok(Reply::value(&json!({"data_streams": shown})))
}

/// The streams that the path names.
fn named(server: &Server, request: &Request) -> Result<Vec<DataStreamInfo>, Error> {
    let names = request.part("name").map(split).unwrap_or_default();
    request.finish()?;
    server.gateway.data_streams(&names)
}

fn one(server: &Server, stream: &DataStreamInfo) -> Result<Value, Error> {
    let indexes = server.gateway.indexes(&indexes_of(std::slice::from_ref(stream)))?;
    let worst = indexes.iter().map(|index| shard::health(index).status()).max().unwrap_or(HealthStatus::Green);
    let mut shown = metadata(stream);
    shown["status"] = worst.name().to_ascii_uppercase().into();
    if let Some(template) = &stream.template {
        shown["template"] = template.as_ref().into();
    }
    Ok(shown)
}

/// A stream as `_cluster/state` shows it.
pub(in crate::endpoint) fn metadata(stream: &DataStreamInfo) -> Value {
    let indexes: Vec<Value> = stream
        .indexes
        .iter()
        .map(|index| json!({"index_name": index.name.as_ref(), "index_uuid": index.uuid.0.as_ref()}))
        .collect();
    json!({
        "name": stream.name.as_ref(),
        "timestamp_field": {"name": stream.timestamp_field},
        "indices": indexes,
        "generation": stream.generation,
    })
}

/// The indexes of streams; one that is closed or gone meanwhile is left out where that matters.
fn indexes_of(streams: &[DataStreamInfo]) -> Target {
    let names = streams.iter().flat_map(|stream| &stream.indexes).map(|index| index.name.to_string()).collect();
    let expand_wildcards = Some(Expand { open: true, closed: true, hidden: true });
    Target { names, options: TargetOptions { ignore_unavailable: Some(true), expand_wildcards, ..Default::default() } }
}

/// Sizes, and the latest times, of open indexes.
async fn stats(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    // Checked as in OpenSearch, where they make no difference either.
    target(Vec::new(), &mut request.params)?;
    request.params.flag("forbid_closed_indices")?;
    let streams = named(&server, &request)?;
    let target = indexes_of(&streams);
    let (shards, copies) = if target.names.is_empty() {
        (Shards::default(), Vec::new())
    } else {
        let answer = server.gateway.stats(target).await?;
        (answer.shards, answer.copies)
    };
    let (mut shown, mut indexes, mut bytes) = (Vec::new(), 0, 0);
    for stream in &streams {
        let own: Vec<_> =
            copies.iter().filter(|copy| stream.indexes.iter().any(|one| one.name == copy.index)).collect();
        let own_indexes = stream.indexes.iter().filter(|one| own.iter().any(|copy| copy.index == one.name)).count();
        let own_bytes: u64 = own.iter().map(|copy| copy.stats.store_bytes).sum();
        (indexes, bytes) = (indexes + own_indexes, bytes + own_bytes);
        shown.push(json!({
            "data_stream": stream.name.as_ref(),
            "backing_indices": own_indexes,
            "store_size_bytes": own_bytes,
            "maximum_timestamp": latest(&server, stream).await?,
        }));
    }
    Ok(Reply::value(&json!({
        "_shards": broadcast(&shards),
        "data_stream_count": streams.len(),
        "backing_indices": indexes,
        "total_store_size_bytes": bytes,
        "data_streams": shown,
    })))
}

/// The latest time of a stream's documents, as the field's number; 0: there is none.
async fn latest(server: &Server, stream: &DataStreamInfo) -> Result<i64, Error> {
    let newest = json!({
        "size": 1, "_source": false, "track_total_hits": false,
        "sort": [{ stream.timestamp_field.as_str(): "desc" }],
    });
    let Value::Object(newest) = newest else { return Ok(0) };
    let request = dsl::search_body(&newest, indexes_of(std::slice::from_ref(stream)))?;
    let found = server.gateway.search(request).await?;
    Ok(found.hits.first().and_then(|hit| hit.sort.first()).and_then(Value::as_i64).unwrap_or(0))
}
