//! `_validate/query`: whether a query would be carried out, and as what.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::IndexInfo;
use model::error::{Error, ErrorKind};
use model::query::Query;
use model::search::{Shards, ValidateRequest, ValidateResponse, Validation};
use model::target::Target;

use crate::dsl;
use crate::endpoint::{Server, options};
use crate::render::json::Json;
use crate::render::shards;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn validate(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.body_or_source();
    let target = options::of_some(request.target()?);
    let params = &mut request.params;
    // Beside a body, the parameters of a query are unknown.
    let query = match &body {
        Err(missing) => Err(missing.clone()),
        Ok(body) if body.is_empty() => dsl::query_param(params).map(|given| given.or_else(|| Some(Query::match_all()))),
        Ok(body) => dsl::body_query(body),
    };
    let explain = params.flag("explain")?.unwrap_or(false);
    let rewrite = params.flag("rewrite")?.unwrap_or(false);
    let all_shards = params.flag("all_shards")?.unwrap_or(false);
    request.finish()?;
    let answer = match query {
        Ok(query) => {
            let query = query.ok_or_else(|| options::refusal("query cannot be null"))?;
            let target = target.clone();
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
    let shards = match all_shards {
        true => Some(shard_counts(&server, &target)?),
        false => None,
    };
    Ok(Reply::ok(written(&answer, explain || rewrite, shards.as_ref())))
}

/// How many shards each index has.
fn shard_counts(server: &Server, target: &Target) -> Result<BTreeMap<Arc<str>, u64>, Error> {
    let indexes = server.gateway.indexes(target)?;
    let given = |index: &IndexInfo| index.settings.get("index.number_of_shards")?.as_str()?.parse().ok();
    Ok(indexes.iter().map(|index| (index.name.clone(), given(index).unwrap_or(1))).collect())
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

/// `shards`: where every shard of each index is told of.
fn written(answer: &ValidateResponse, explain: bool, shards: Option<&BTreeMap<Arc<str>, u64>>) -> Json {
    let mut json = Json::default();
    json.begin_object();
    shards::of_broadcast(&mut json, &answer.shards);
    json.field_bool("valid", answer.valid);
    if (explain || shards.is_some()) && !answer.explanations.is_empty() {
        json.key("explanations");
        json.begin_array();
        for one in &answer.explanations {
            match shards {
                None => explanation(&mut json, one, None),
                Some(shards) => {
                    let count = shards.get(&one.index).copied().unwrap_or(1);
                    (0..count).for_each(|shard| explanation(&mut json, one, Some(shard)));
                }
            }
        }
        json.end_array();
    }
    json.end_object();
    json
}

fn explanation(json: &mut Json, one: &Validation, shard: Option<u64>) {
    json.begin_object();
    json.field_str("index", &one.index);
    if let Some(shard) = shard {
        json.field_u64("shard", shard);
    }
    json.field_bool("valid", one.result.is_ok());
    match &one.result {
        Ok(query) => json.field_str("explanation", query),
        Err(error) => json.field_str("error", &error.to_string()),
    }
    json.end_object();
}
