//! `_nodes/hot_threads`: which threads keep the processors busy, as text.

use std::sync::Arc;

use model::admin::NodeInfo;
use model::error::Error;
use model::task::{HotThreads, ThreadTime};

use super::nodes::select;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::instant;
use crate::reply::Reply;
use crate::request::Request;

/// Longest time over which threads are watched.
const MOST_MS: u64 = 60_000;

pub(super) async fn hot_threads(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let ids = request.part("nodeId").map(split).unwrap_or_default();
    let params = &mut request.params;
    options::timeout_ms(params)?;
    let interval_ms = params.time_ms("interval")?.flatten().unwrap_or(500).min(MOST_MS);
    let threads = params.int("threads")?.unwrap_or(3);
    let idle = params.flag("ignore_idle_threads")?.unwrap_or(true);
    // There are no stacks to be sampled.
    params.int("snapshots")?;
    let kind = match params.take("type").as_deref() {
        None | Some("cpu") => ThreadTime::Cpu,
        Some("wait") => ThreadTime::Wait,
        Some("block") => ThreadTime::Block,
        Some(_) => return Err(Error::illegal_argument("type not supported [_nodes/hot_threads]")),
    };
    request.finish()?;
    let threads = u32::try_from(threads).unwrap_or(0);
    let view = server.gateway.cluster();
    let asked = select(&view, &ids);
    let nodes = asked.iter().map(|node| node.id.clone()).collect();
    let told = server.gateway.hot_threads(nodes, HotThreads { interval_ms, threads, kind }).await?;
    let at = instant(server.gateway.node_stats().await?.first().map_or(0, |node| node.timestamp_ms));
    let head = format!(
        "   Hot threads at {at}, interval={interval_ms}ms, busiestThreads={threads}, ignoreIdleThreads={idle}:\n"
    );
    let mut text = String::new();
    for node in asked {
        let Some((_, lines)) = told.iter().find(|(id, _)| *id == node.id) else { continue };
        text += &format!("{}\n{head}{lines}\n", title(node));
    }
    Ok(Reply::text(200, text))
}

/// `::: {name}{id}{ephemeral id}{host}{address}{roles}`
fn title(node: &NodeInfo) -> String {
    let mut roles: Vec<char> =
        node.roles.iter().filter_map(|role| role.replace("cluster_", "").chars().next()).collect();
    roles.sort_unstable();
    let roles: String = roles.into_iter().collect();
    let attributes: Vec<String> = node.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let attributes = if attributes.is_empty() { String::new() } else { format!("{{{}}}", attributes.join(", ")) };
    format!(
        "::: {{{}}}{{{}}}{{{}}}{{{}}}{{{}}}{{{roles}}}{attributes}",
        node.name, node.id, node.ephemeral_id, node.host, node.transport_address
    )
}
