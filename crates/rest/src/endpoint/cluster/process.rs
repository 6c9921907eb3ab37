//! The process: its metrics, whether it lives, whether it is ready to be asked.

use std::sync::Arc;

use model::error::Error;
use serde_json::json;

use crate::endpoint::Server;
use crate::reply::Reply;
use crate::request::Request;

const PROMETHEUS: &str = "text/plain; version=0.0.4";

pub(super) async fn metrics(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::media(200, PROMETHEUS, server.gateway.metrics().into_bytes()))
}

/// Whoever reads this was answered.
pub(super) async fn live(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(Reply::value(&json!({"status": "live"})))
}

/// 503 with what is missing until all is there.
pub(super) async fn ready(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    Ok(match server.gateway.ready() {
        Ok(()) => Reply::value(&json!({"status": "ready"})),
        Err(missing) => Reply::value(&json!({"status": "not ready", "reason": missing.reason})).with_status(503),
    })
}
