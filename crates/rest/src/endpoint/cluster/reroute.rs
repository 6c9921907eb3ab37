//! `_cluster/reroute`: opens shards again that failed. Moving shards by hand needs a second node.

use std::sync::Arc;

use model::error::Error;
use serde_json::{Value, json};

use super::state::{Part, answer};
use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;

/// What is shown of the state when nobody says: all but the metadata.
const SHOWN: [&str; 7] =
    ["version", "master_node", "cluster_manager_node", "blocks", "nodes", "routing_table", "routing_nodes"];

pub(super) async fn reroute(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body();
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    options::timeout_ms(params)?;
    let dry_run = params.flag("dry_run")?.unwrap_or(false);
    let explain = params.flag("explain")?.unwrap_or(false);
    let retry_failed = params.flag("retry_failed")?.unwrap_or(false);
    let metrics = params.take("metric").map(|given| split(&given));
    request.finish()?;
    if has_commands(&bytes)? {
        return Err(Error::not_implemented("[commands] of _cluster/reroute"));
    }
    if retry_failed && !dry_run {
        server.gateway.retry_failed().await?;
    }
    let view = server.gateway.cluster();
    let metrics = metrics.unwrap_or_else(|| SHOWN.map(str::to_owned).to_vec());
    let mut state = answer(&view, Part { indexes: &view.indexes, whole: true }, &metrics, false);
    if let Value::Object(state) = &mut state {
        state.remove("cluster_name");
    }
    let mut reply = json!({"acknowledged": true, "state": state});
    if explain {
        reply["explanations"] = json!([]);
    }
    Ok(Reply::value(&reply))
}

fn has_commands(bytes: &[u8]) -> Result<bool, Error> {
    if bytes.is_empty() {
        return Ok(false);
    }
    let body = body::lenient(bytes)?;
    Ok(body.get("commands").and_then(Value::as_array).is_some_and(|commands| !commands.is_empty()))
}
