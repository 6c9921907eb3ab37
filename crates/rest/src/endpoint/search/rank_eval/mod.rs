//! `_rank_eval`: how well searches rank what people have rated.

mod metric;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::search::{Hit, SearchRequest};
use model::target::Target;
use serde_json::{Map, Number, Value, json};

use super::template::fill;
use crate::dsl;
use crate::endpoint::Server;
use crate::json;
use crate::render::error::error;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;
use metric::Metric;

/// Searches of one request, at most.
const MOST: usize = 1000;

pub(super) async fn rank_eval(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = request.target()?;
    request.params.take("search_type");
    let body = request.body_or_source()?;
    request.finish()?;
    let body = json::named_object(&body, "rank_eval")?
        .ok_or_else(|| Error::new(ErrorKind::Parse, "request body is required"))?;
    let asked = read(&body, &target)?;
    let (mut details, mut failures, mut scores) = (Map::new(), Map::new(), Vec::new());
    for one in asked.searches {
        match server.gateway.search(one.search).await {
            Ok(answer) => {
                let hits = answer.hits.into_iter().take(asked.metric.k as usize).collect();
                let (score, detail) = evaluated(&asked.metric, hits, &one.ratings);
                scores.push(score);
                details.insert(one.id, detail);
            }
            Err(failed) => {
                let mut written = Json::default();
                error(&mut written, &failed, true);
                let shown: Value = serde_json::from_slice(&written.finish()).unwrap_or_default();
                failures.insert(one.id, json!({"error": shown}));
            }
        }
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    // Of nothing there is no mean.
    let mean = Number::from_f64(mean).map_or_else(|| Value::from("NaN"), Value::Number);
    Ok(Reply::value(&json!({"metric_score": mean, "details": details, "failures": failures})))
}

struct Asked {
    searches: Vec<Rated>,
    metric: Metric,
}

/// A search, and what people said of documents.
struct Rated {
    id: String,
    search: SearchRequest,
    ratings: Vec<(String, String, u32)>,
}

fn evaluated(metric: &Metric, hits: Vec<Hit>, ratings: &[(String, String, u32)]) -> (f64, Value) {
    let rating = |hit: &Hit| {
        let mut all = ratings.iter();
        all.find(|(index, id, _)| **index == *hit.index && **id == *hit.id).map(|(_, _, rating)| *rating)
    };
    let found: Vec<Option<u32>> = hits.iter().map(rating).collect();
    let rated: Vec<u32> = ratings.iter().map(|(_, _, rating)| *rating).collect();
    let score = metric.score(&found, &rated);
    let place = |hit: &Hit| json!({"_index": &*hit.index, "_id": &*hit.id});
    let unrated: Vec<Value> =
        hits.iter().zip(&found).filter(|(_, rating)| rating.is_none()).map(|(hit, _)| place(hit)).collect();
    let shown = |(hit, rating): (&Hit, &Option<u32>)| {
        let mut shown = place(hit);
        shown["_score"] = hit.score.map_or(Value::Null, |score| f64::from(score).into());
        if let Some(routing) = &hit.routing {
            shown["_routing"] = (&**routing).into();
        }
        json!({"hit": shown, "rating": rating})
    };
    let shown: Vec<Value> = hits.iter().zip(&found).map(shown).collect();
    let detail = json!({
        "metric_score": score.value, "unrated_docs": unrated, "hits": shown, "metric_details": score.details,
    });
    (score.value, detail)
}

fn failed(owner: &str, key: &str, cause: Error) -> Error {
    if cause.kind == ErrorKind::NotImplemented {
        return cause;
    }
    Error::new(ErrorKind::XContentParse, format!("[{owner}] failed to parse field [{key}]")).with_cause(cause)
}

fn read(body: &Map<String, Value>, target: &Target) -> Result<Asked, Error> {
    let (mut requests, mut metric, mut templates) = (None, None, Map::new());
    for (key, value) in body {
        match (key.as_str(), value) {
            ("requests", Value::Array(items)) => requests = Some(items),
            ("metric", Value::Object(object)) => {
                let named = object.iter().next().filter(|_| object.len() == 1);
                let (name, options) = named.ok_or_else(|| Error::illegal_argument("[metric] has one name"))?;
                let options = options.as_object().cloned().unwrap_or_default();
                metric = Some(Metric::read(name, &options).map_err(|why| failed("rank_eval", key, why))?);
            }
            ("templates", Value::Array(items)) => {
                for item in items {
                    let id = item["id"].as_str().unwrap_or_default().to_owned();
                    let source = item["template"].get("source").or_else(|| item["template"].get("inline"));
                    templates.insert(id, source.cloned().unwrap_or_default());
                }
            }
            ("max_concurrent_searches", Value::Number(_)) => {}
            _ => return Err(Error::new(ErrorKind::XContentParse, format!("[rank_eval] unknown field [{key}]"))),
        }
    }
    let requests = requests.ok_or_else(|| Error::illegal_argument("Required [requests]"))?;
    let metric = metric.ok_or_else(|| Error::illegal_argument("Required [metric]"))?;
    if requests.is_empty() {
        let reason = "Cannot evaluate ranking if no search requests with rated results are provided. Seen: []";
        let outer = "Failed to build [rank_eval] after last required field arrived";
        return Err(Error::new(ErrorKind::XContentParse, outer).with_cause(Error::illegal_argument(reason)));
    }
    if requests.len() > MOST {
        return Err(Error::illegal_argument(format!("[requests] has at most [{MOST}] searches")));
    }
    let one =
        |item: &Value| rated(item, (target, &templates, metric.k)).map_err(|why| failed("rank_eval", "requests", why));
    let searches = requests.iter().map(one).collect::<Result<_, _>>()?;
    Ok(Asked { searches, metric })
}

fn rated(item: &Value, (target, templates, k): (&Target, &Map<String, Value>, u32)) -> Result<Rated, Error> {
    let Value::Object(object) = item else { return Err(Error::illegal_argument("a request is an object")) };
    let (mut id, mut body, mut ratings) = (None, None, Vec::new());
    let (mut template, mut params) = (None, json!({}));
    for (key, value) in object {
        match (key.as_str(), value) {
            ("id", Value::String(text)) => id = Some(text.clone()),
            ("request", Value::Object(object)) => body = Some(object.clone()),
            ("ratings", Value::Array(items)) => ratings = items.iter().map(rating).collect::<Result<_, _>>()?,
            ("template_id", Value::String(text)) => template = Some(text),
            ("params", Value::Object(_)) => params = value.clone(),
            ("summary_fields", Value::Array(_)) => {}
            _ => return Err(Error::new(ErrorKind::XContentParse, format!("[request] unknown field [{key}]"))),
        }
    }
    let id = id.ok_or_else(|| Error::illegal_argument("Required [id]"))?;
    let body = match (body, template) {
        (Some(body), _) => body,
        (None, Some(name)) => {
            let missing = || Error::illegal_argument(format!("template [{name}] is not there"));
            let source = templates.get(name).ok_or_else(missing)?;
            let text = source.as_str().map_or_else(|| source.to_string(), str::to_owned);
            json::object(fill(&text, &params)?.as_bytes())?.unwrap_or_default()
        }
        (None, None) => return Err(Error::illegal_argument("Required [request]")),
    };
    check_ratings(&ratings)?;
    let mut search = dsl::search_body(&body, target.clone()).map_err(|why| failed("request", "request", why))?;
    search.size = u64::from(k);
    search.from = 0;
    Ok(Rated { id, search, ratings })
}

/// A document is rated once.
fn check_ratings(ratings: &[(String, String, u32)]) -> Result<(), Error> {
    let mut known = BTreeSet::new();
    match ratings.iter().find(|(index, id, _)| !known.insert((index, id))) {
        None => Ok(()),
        Some((index, id, _)) => {
            let doc = format!("{{\"_index\":\"{index}\",\"_id\":\"{id}\"}}");
            let cause =
                Error::illegal_argument(format!("Found duplicate rated document key [{doc}] in evaluation request"));
            let outer = "Failed to build [request] after last required field arrived";
            Err(Error::new(ErrorKind::XContentParse, outer).with_cause(cause))
        }
    }
}

fn rating(item: &Value) -> Result<(String, String, u32), Error> {
    let text = |key: &str| item[key].as_str().map(str::to_owned);
    let rating = item["rating"].as_u64().and_then(|rating| u32::try_from(rating).ok());
    match (text("_index"), text("_id"), rating) {
        (Some(index), Some(id), Some(rating)) => Ok((index, id, rating)),
        _ => Err(Error::illegal_argument("a rating needs [_index], [_id] and a [rating] that is not negative")),
    }
}
