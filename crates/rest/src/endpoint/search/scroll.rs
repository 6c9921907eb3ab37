//! `_search/scroll`: the next page of a scroll; letting scrolls go.

use std::sync::Arc;

use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::point::Scroll;
use serde_json::{Map, Value};

use crate::endpoint::Server;
use crate::endpoint::options::refusal;
use crate::json;
use crate::params::{split, time_ms};
use crate::render::hits::{self, Shape};
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn next(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut id = request.part("scroll_id").map(str::to_owned).or_else(|| request.params.take("scroll_id"));
    let mut keep_alive_ms = request.params.time_ms("scroll")?.flatten();
    let total_as_int = request.params.flag("rest_total_hits_as_int")?.unwrap_or(false);
    let body = request.body_or_source()?;
    request.finish()?;
    for (key, value) in members(&body)? {
        match (key.as_str(), &value) {
            ("scroll_id", Value::String(text)) => id = Some(text.clone()),
            ("scroll", Value::String(text)) => keep_alive_ms = time_ms("scroll", text)?,
            _ => return Err(unknown(&key, &value)),
        }
    }
    let id = id.ok_or_else(|| refusal("scrollId is missing"))?;
    let answer = server.gateway.scroll(Scroll { id, keep_alive_ms }).await?;
    let mut json = Json::default();
    json.begin_object();
    hits::search(&mut json, &answer, &Shape { total_as_int, ..Shape::default() });
    json.end_object();
    Ok(Reply::ok(json))
}

pub(super) async fn clear(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut ids = request.part("scroll_id").map(split).or_else(|| request.params.list("scroll_id")).unwrap_or_default();
    let body = request.body();
    request.finish()?;
    ids = ids_of("scroll_id", &members(&body)?, ids)?;
    if ids.is_empty() {
        return Err(refusal("no scroll ids specified"));
    }
    let all = matches!(ids.as_slice(), [only] if only == "_all");
    let freed = server.gateway.clear_scrolls((!all).then_some(ids)).await?;
    let reply = Reply::value(&serde_json::json!({"succeeded": true, "num_freed": freed}));
    Ok(reply.with_status(if freed == 0 { 404 } else { 200 }))
}

/// What a body about ids has.
///
/// # Errors
/// `illegal_argument_exception` for what is no object, whose cause says what does not read.
pub(super) fn members(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match json::parse(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::illegal_argument("Malformed content, must start with an object")),
        Err(cause) => Err(Error::illegal_argument("Failed to parse request body").with_cause(cause)),
    }
}

/// The ids of a body: one, or a list; `otherwise` where there is none.
///
/// # Errors
/// `illegal_argument_exception` for another key, and for ids that are no text.
pub(super) fn ids_of(name: &str, body: &Map<String, Value>, mut otherwise: Vec<String>) -> Result<Vec<String>, Error> {
    for (key, value) in body {
        let no_text = || Error::illegal_argument(format!("{name} array element should only contain {name}"));
        match (value, text_of(value)) {
            (_, Some(text)) if key == name => otherwise = vec![text],
            (Value::Array(items), _) if key == name => {
                otherwise = items.iter().map(|item| text_of(item).ok_or_else(no_text)).collect::<Result<_, _>>()?;
            }
            _ => return Err(unknown(key, value)),
        }
    }
    Ok(otherwise)
}

fn unknown(key: &str, value: &Value) -> Error {
    let token = model::json::token(value);
    let reason = format!("Unknown parameter [{key}] in request body or parameter is of the wrong type[{token}] ");
    Error::new(ErrorKind::IllegalArgument, reason)
}
