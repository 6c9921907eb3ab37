//! `_search_shards`: which copies a search would ask.

use std::sync::Arc;

use model::admin::{NodeInfo, SearchedIndex, ShardInfo};
use model::error::Error;
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::render::admin::shard::{is_active, routing as routing_of};
use crate::render::query;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn search_shards(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    // Read and not used, as in OpenSearch.
    request.body_or_source()?;
    let mut target = request.target()?;
    // What is missing is asked nothing.
    target.options.ignore_unavailable.get_or_insert(true);
    let routing = request.params.list("routing").unwrap_or_default();
    let preference = request.params.take("preference");
    request.params.flag("local")?;
    request.finish()?;
    server.readable(&target)?;
    let found = server.gateway.search_shards(&target, &routing, preference.as_deref())?;
    let view = server.gateway.cluster();
    let (mut indices, mut shards, mut nodes) = (Map::new(), Vec::<(u32, Arc<str>, Value)>::new(), Map::new());
    for one in &found {
        indices.insert(one.name.to_string(), of_index(one));
        let Some(index) = view.indexes.iter().find(|index| index.name == one.name) else { continue };
        for (number, order) in &one.shards {
            let copy = |id: &Arc<str>| index.shards.iter().find(|copy| copy.allocation_id.as_ref() == Some(id));
            let copies: Vec<&ShardInfo> = order.iter().filter_map(copy).collect();
            shards.push((
                number.0,
                one.name.clone(),
                copies.iter().map(|copy| routing_of(&index.name, copy)).collect(),
            ));
            for copy in index.shards.iter().filter(|copy| copy.number == *number && is_active(copy)) {
                let node = view.nodes.iter().find(|node| Some(&node.id) == copy.node.as_ref());
                nodes.extend(node.map(shown));
            }
        }
    }
    shards.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let shards: Vec<Value> = shards.into_iter().map(|(_, _, copies)| copies).collect();
    Ok(Reply::value(&json!({"nodes": nodes, "indices": indices, "shards": shards})))
}

fn shown(node: &NodeInfo) -> (String, Value) {
    let shown = json!({
        "name": node.name.as_ref(), "ephemeral_id": node.ephemeral_id.as_ref(),
        "transport_address": node.transport_address, "attributes": node.attributes,
    });
    (node.id.to_string(), shown)
}

fn of_index(one: &SearchedIndex) -> Value {
    let mut shown = Map::new();
    if !one.aliases.is_empty() {
        let aliases: Vec<&str> = one.aliases.iter().map(AsRef::as_ref).collect();
        shown.insert("aliases".into(), json!(aliases));
    }
    match one.filters.as_slice() {
        [] => {}
        [filter] => {
            shown.insert("filter".into(), query::query(filter));
        }
        filters => {
            shown.insert("filter".into(), query::any_of(filters));
        }
    }
    shown.into()
}
