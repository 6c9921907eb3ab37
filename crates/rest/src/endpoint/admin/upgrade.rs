//! `_upgrade`: segments in an older format than this version writes, and writing them anew. There is one format so far, so that none is older.

use std::sync::Arc;

use model::error::Error;
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::render::admin::broadcast;
use crate::reply::Reply;
use crate::request::Request;

/// How much there is, and how much of it is older.
pub(super) async fn status(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.finish()?;
    let mut sizes = Map::new();
    let answer = server.gateway.stats(target).await?;
    for copy in &answer.copies {
        let size = sizes.entry(copy.index.to_string()).or_insert_with(|| json!(0_u64));
        let own: u64 = copy.segments.iter().map(|segment| segment.size_bytes).sum();
        *size = json!(size.as_u64().unwrap_or(0) + own);
    }
    let shown = |size: u64| {
        let mut shown = Map::new();
        let all = [("size", size), ("size_to_upgrade", 0), ("size_to_upgrade_ancient", 0)];
        for (name, size) in all {
            shown.insert(format!("{name}_in_bytes"), size.into());
        }
        Value::Object(shown)
    };
    let mut body = shown(sizes.values().filter_map(Value::as_u64).sum());
    let of_each = sizes.into_iter().map(|(name, size)| (name, shown(size.as_u64().unwrap_or(0))));
    body["indices"] = of_each.collect::<Map<String, Value>>().into();
    Ok(Reply::value(&body))
}

/// Nothing is to be written anew: every copy is told so.
pub(super) async fn upgrade(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.params.flag("only_ancient_segments")?;
    request.finish()?;
    let version = &server.settings.version;
    let of = |name: &str| {
        let versions =
            json!({"upgrade_version": version.number, "oldest_lucene_segment_version": version.lucene_version});
        (name.to_owned(), versions)
    };
    let answer = server.gateway.stats(target.clone()).await?;
    let upgraded: Map<String, Value> =
        server.gateway.indexes(&target)?.iter().filter(|index| index.open).map(|index| of(&index.name)).collect();
    Ok(Reply::value(&json!({"_shards": broadcast(&answer.shards), "upgraded_indices": upgraded})))
}
