//! `_count`: how many documents match.

use std::sync::Arc;

use model::error::Error;
use model::query::Query;
use model::search::CountRequest;

use super::on_shards;
use crate::dsl;
use crate::endpoint::Server;
use crate::render::json::Json;
use crate::render::shards;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn count(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let body = request.object_or_source()?;
    let target = request.target()?;
    let params = &mut request.params;
    // Beside a body the parameters of a query are none that are known.
    let query = if body.is_empty() { dsl::query_param(params) } else { dsl::body_query(&body) };
    let query = query.map_err(|error| on_shards(&server, &target, error))?.unwrap_or_else(Query::match_all);
    let asked = CountRequest {
        target,
        query,
        min_score: params.float("min_score")?,
        terminate_after: params
            .int("terminate_after")?
            .map(|count| u64::try_from(count).map_err(|_| Error::illegal_argument("terminateAfter must be > 0")))
            .transpose()?
            .filter(|&count| count > 0),
        routing: params.list("routing").unwrap_or_default(),
        preference: params.take("preference"),
    };
    request.finish()?;
    let answer = server.gateway.count(asked).await?;
    let mut json = Json::with_capacity(128);
    json.begin_object();
    if let Some(early) = answer.terminated_early {
        json.field_bool("terminated_early", early);
    }
    json.field_u64("count", answer.count);
    shards::of_search(&mut json, &answer.shards);
    json.end_object();
    Ok(Reply::ok(json))
}
