//! `_validate/query`: whether a query would be carried out, and as what.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::query::Query;
use model::search::{Shards, ValidateRequest, ValidateResponse, Validation};

use crate::dsl;
use crate::endpoint::{Server, options};
use crate::render::json::Json;
use crate::render::shards;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn validate(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body_or_source()?;
    let target = options::of_some(request.target()?);
    let params = &mut request.params;
    let query = dsl::query_param(params).and_then(|given| match given {
        Some(query) => Ok(Some(query)),
        None => dsl::body_query(&body),
    });
    let explain = params.flag("explain")?.unwrap_or(false);
    let rewrite = params.flag("rewrite")?.unwrap_or(false);
    let all_shards = params.flag("all_shards")?.unwrap_or(false);
    request.finish()?;
    let answer = match query {
        Ok(query) => {
            let query = query.unwrap_or_else(Query::match_all);
            server.gateway.validate(ValidateRequest { target, query, explain, rewrite, all_shards }).await?
        }
        // Found on a shard in OpenSearch, which answers for it.
        Err(error) if error.kind == ErrorKind::QueryShard => {
            let indexes = server.gateway.indexes(&target)?;
            let refused = |index: &Arc<str>| Validation { index: index.clone(), result: Err(error.clone()) };
            ValidateResponse {
                shards: Shards { total: 1, successful: 1, ..Shards::default() },
                valid: false,
                explanations: indexes.iter().map(|index| refused(&index.name)).collect(),
            }
        }
        Err(error) if error.kind == ErrorKind::NotImplemented => return Err(error),
        Err(error) => return Ok(unreadable(&error, explain)),
    };
    Ok(Reply::ok(written(&answer, explain || rewrite)))
}

/// A query that is none is asked of no index.
fn unreadable(error: &Error, explain: bool) -> Reply {
    let mut json = Json::default();
    json.begin_object();
    json.field_bool("valid", false);
    if explain {
        json.field_str("error", &error.to_string());
    }
    json.end_object();
    Reply::ok(json)
}

fn written(answer: &ValidateResponse, explain: bool) -> Json {
    let mut json = Json::default();
    json.begin_object();
    shards::of_broadcast(&mut json, &answer.shards);
    json.field_bool("valid", answer.valid);
    if explain && !answer.explanations.is_empty() {
        json.key("explanations");
        json.begin_array();
        for one in &answer.explanations {
            json.begin_object();
            json.field_str("index", &one.index);
            json.field_bool("valid", one.result.is_ok());
            match &one.result {
                Ok(query) => json.field_str("explanation", query),
                Err(error) => json.field_str("error", &error.to_string()),
            }
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    json
}
