//! `_search/point_in_time`: points in time made, shown, let go.

use std::sync::Arc;

use model::error::Error;
use model::point::OpenPoint;
use serde_json::{Value, json};

use super::scroll::{ids_of, members};
use crate::endpoint::Server;
use crate::endpoint::options::refusal;
use crate::render::json::Json;
use crate::render::shards;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn open(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    let params = &mut request.params;
    let keep = params.time_ms("keep_alive")?.flatten();
    let routing = params.list("routing").unwrap_or_default();
    let preference = params.take("preference");
    let partial = params.flag("allow_partial_pit_creation")?.unwrap_or(true);
    request.finish()?;
    let keep_alive_ms = keep.ok_or_else(|| refusal("keep alive not specified"))?;
    let opened = server.gateway.open_point(OpenPoint { target, keep_alive_ms, routing, preference, partial }).await?;
    let mut json = Json::default();
    json.begin_object();
    json.field_str("pit_id", &opened.id);
    shards::of_search(&mut json, &opened.shards);
    json.field_u64("creation_time", opened.created_ms);
    json.end_object();
    Ok(Reply::ok(json))
}

pub(super) async fn show(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let points =
        server.gateway.points().await?.into_iter().map(
            |point| json!({"pit_id": point.id, "creation_time": point.created_ms, "keep_alive": point.keep_alive_ms}),
        );
    Ok(Reply::value(&json!({"pits": points.collect::<Vec<_>>()})))
}

pub(super) async fn close(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    let body = request.body();
    request.finish()?;
    let ids = ids_of("pit_id", &members(&body)?, Vec::new())?;
    if ids.is_empty() {
        return Err(refusal("no pit ids specified"));
    }
    closed(&server, Some(ids)).await
}

pub(super) async fn close_all(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    closed(&server, None).await
}

async fn closed(server: &Server, ids: Option<Vec<String>>) -> Result<Reply, Error> {
    let closed = server.gateway.close_points(ids).await?.into_iter();
    let shown: Vec<Value> = closed.map(|(id, gone)| json!({"successful": gone, "pit_id": id})).collect();
    Ok(Reply::value(&json!({"pits": shown})))
}
