//! `GET /`: who is there. Clients decide by it what they may send.

use std::sync::Arc;

use model::error::Error;

use super::Server;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn root(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    request.finish()?;
    let cluster = server.gateway.cluster();
    let version = &server.settings.version;
    // This node is the one that answers; until nodes know which they are, the first is as good as any.
    let name = cluster.nodes.first().map_or("", |node| node.name.as_ref());
    let mut json = Json::default();
    json.begin_object();
    json.field_str("name", name);
    json.field_str("cluster_name", &cluster.name);
    json.field_str("cluster_uuid", &cluster.uuid);
    json.key("version");
    json.begin_object();
    json.field_str("distribution", &version.distribution);
    json.field_str("number", &version.number);
    json.field_str("build_type", &version.build_type);
    json.field_str("build_hash", &version.build_hash);
    json.field_str("build_date", &version.build_date);
    json.field_bool("build_snapshot", version.build_snapshot);
    json.field_str("lucene_version", &version.lucene_version);
    json.field_str("minimum_wire_compatibility_version", &version.minimum_wire_compatibility_version);
    json.field_str("minimum_index_compatibility_version", &version.minimum_index_compatibility_version);
    json.end_object();
    json.field_str("tagline", "The OpenSearch Project: https://opensearch.org/");
    json.end_object();
    Ok(Reply::ok(json))
}
