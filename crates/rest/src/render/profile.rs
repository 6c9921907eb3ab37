//! `profile`: what a search spent its time on.

use model::profile::{Profile, ShardProfile, Spent, Step};
use serde_json::{Map, Value, json};

use super::json::Json;

/// The key `profile` of a search's answer.
pub(super) fn profile(out: &mut Json, profile: &Profile) {
    out.key("profile");
    out.value(&json!({"shards": profile.shards.iter().map(shard).collect::<Vec<_>>()}));
}

fn shard(shard: &ShardProfile) -> Value {
    let search = |search: &model::profile::SearchSpent| {
        json!({
            "query": search.query.iter().map(part).collect::<Vec<_>>(),
            // What Lucene rewrites is put into its final form before shards are asked.
            "rewrite_time": 0,
            "collector": [collector(&search.collector)],
        })
    };
    json!({
        "id": format!("[{}][{}][{}]", shard.node, shard.index, shard.shard),
        "inbound_network_time_in_millis": 0,
        "outbound_network_time_in_millis": 0,
        "searches": shard.query.searches.iter().map(search).collect::<Vec<_>>(),
        "aggregations": shard.query.aggregations.iter().map(part).collect::<Vec<_>>(),
        "fetch": shard.fetch.iter().map(part).collect::<Vec<_>>(),
    })
}

/// Depths are those of queries and aggregations, which are limited where they are read.
fn part(spent: &Spent) -> Value {
    let mut breakdown = Map::new();
    for Step { name, nanos, count } in &spent.steps {
        breakdown.insert(name.clone(), (*nanos).into());
        breakdown.insert(format!("{name}_count"), (*count).into());
    }
    let mut shown = json!({
        "type": spent.kind, "description": spent.description, "time_in_nanos": spent.nanos, "breakdown": breakdown,
    });
    with_children(&mut shown, spent, part);
    shown
}

fn collector(spent: &Spent) -> Value {
    let mut shown = json!({"name": spent.kind, "reason": spent.description, "time_in_nanos": spent.nanos});
    with_children(&mut shown, spent, collector);
    shown
}

fn with_children(shown: &mut Value, spent: &Spent, render: fn(&Spent) -> Value) {
    if !spent.children.is_empty() {
        shown["children"] = spent.children.iter().map(render).collect();
    }
}
