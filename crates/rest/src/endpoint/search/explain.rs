//! `/{index}/_explain/{id}`: why one document has its score, or does not match.

use std::sync::Arc;

use model::error::Error;
use model::search::{ExplainRequest, GetRequest};

use super::on_index;
use crate::dsl;
use crate::endpoint::Server;
use crate::endpoint::options::{no_fields, refusal};
use crate::render::json::Json;
use crate::render::{document, hits};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn explain(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let index = request.required("index")?.to_owned();
    let id = request.required("id")?.to_owned();
    let body = request.object_or_source()?;
    let params = &mut request.params;
    let query = dsl::query_param(params).and_then(|given| match given {
        Some(query) => Ok(Some(query)),
        None => dsl::body_query(&body),
    });
    let query = query.map_err(|error| on_index(&server, &index, error))?;
    let routing = params.take("routing");
    params.take("preference");
    if params.has("fields") {
        return Err(no_fields("The", "[stored_fields] to retrieve stored fields"));
    }
    let stored_fields = params.list("stored_fields").unwrap_or_default();
    let source = request.source_filter();
    request.finish()?;
    let query = query.ok_or_else(|| refusal("query is missing"))?;
    let shown = source.as_ref().is_some_and(|filter| filter.enabled) || !stored_fields.is_empty();
    let get = GetRequest {
        index: index.clone(),
        id: id.clone(),
        routing: routing.clone(),
        realtime: false,
        refresh: false,
        source,
        stored_fields,
        version: None,
    };
    let answer = server.gateway.explain(ExplainRequest { index, id, routing, query, source: None }).await?;
    let found = match &answer.explanation {
        Some(_) if shown => server.gateway.get(get).await?.found,
        _ => None,
    };
    let mut json = Json::default();
    json.begin_object();
    json.field_str("_index", &answer.index);
    json.field_str("_id", &answer.id);
    json.field_bool("matched", answer.explanation.as_ref().is_some_and(|told| told.matched));
    if let Some(told) = &answer.explanation {
        json.key("explanation");
        hits::explanation(&mut json, told);
    }
    if let Some(found) = &found {
        json.key("get");
        json.begin_object();
        document::inside(&mut json, found);
        json.end_object();
    }
    json.end_object();
    Ok(Reply::json(if answer.explanation.is_some() { 200 } else { 404 }, json))
}
