//! The body of a search, and of the requests that have only a query.

use model::error::{Error, ErrorKind};
use model::json::token;
use model::query::Query;
use model::search::{PipelineChoice, SearchRequest, TrackTotal};
use model::target::Target;
use serde_json::{Map, Value};

use super::aggregation::aggregations;
use super::field::{Field, fields, text_of};
use super::highlight::highlight;
use super::hybrid::{Ranks, retriever};
use super::knn;
use super::point::{point, slice};
use super::queries::query;
use super::ranking::{collapse, indices_boost, rescore};
use super::sort::sort;
use super::source::{field_specs, script_fields, source_filter, stored_fields, unknown_key};
use super::suggestion::suggestions;
use crate::json;
use crate::params::time_ms;

/// A search of `target` as `body` asks for it; an empty body asks for everything.
///
/// # Errors
/// As OpenSearch, 400 for what is wrong; 501 names what is not implemented.
pub fn search_request(body: &[u8], target: Target) -> Result<SearchRequest, Error> {
    match json::object(body)? {
        Some(object) => search_body(&object, target),
        None => Ok(SearchRequest::new(target)),
    }
}

/// As [`search_request`], from a body that has been read.
///
/// # Errors
/// As [`search_request`].
pub fn search_body(body: &Map<String, Value>, target: Target) -> Result<SearchRequest, Error> {
    let mut request = SearchRequest::new(target);
    let (mut beside, mut ranks) = (Vec::new(), None);
    for field in fields("search", body) {
        match field.value {
            Value::Object(_) | Value::Array(_) if field.key == "knn" => beside = knn::beside(field.value)?,
            Value::Object(object) if field.key == "rank" => ranks = Some(Ranks::beside(object)?),
            Value::Object(object) => read_object(field, object, &mut request)?,
            Value::Array(items) => read_array(field, items, &mut request)?,
            Value::Null => return Err(unknown_key(field.key, field.value)),
            _ => read_scalar(field, &mut request)?,
        }
    }
    if body.get("suggest").is_some_and(Value::is_object)
        && !["query", "aggs", "aggregations", "knn", "retriever"].iter().any(|key| body.contains_key(*key))
    {
        // Suggestions alone: nothing is searched.
        request.query = Query::new(model::query::Kind::MatchNone);
        request.size = 0;
    }
    if let Some(collapse) = &mut request.collapse {
        collapse.unscored = !body.contains_key("query");
    }
    let other = ["query", "knn", "rank"].into_iter().find(|key| body.contains_key(*key));
    if let (Some(other), true) = (other, body.contains_key("retriever")) {
        return Err(Error::illegal_argument(format!("[retriever] cannot stand beside [{other}]: give one of them")));
    }
    if ranks.is_some() || !beside.is_empty() {
        // Without a query nothing is found but by vectors.
        let query = body.contains_key("query").then_some(request.query);
        request.query = match ranks {
            Some(ranks) => ranks.together(query, beside)?,
            None => knn::together(query, beside),
        };
    }
    Ok(request)
}

/// The query of a body that holds nothing else (`_count`, `_explain`, `_validate/query`); `None` where there is none.
///
/// # Errors
/// As [`search_request`], and `parsing_exception` for other keys and around errors of other kinds.
pub fn body_query(body: &[u8]) -> Result<Option<Query>, Error> {
    only_query(body).map_err(|error| match error.kind {
        ErrorKind::Parsing | ErrorKind::QueryShard | ErrorKind::NotImplemented | ErrorKind::TooManyClauses => error,
        _ => Error::parsing("Failed to parse").with_cause(error),
    })
}

fn only_query(body: &[u8]) -> Result<Option<Query>, Error> {
    let Some(object) = json::object(body)? else { return Ok(None) };
    let mut found = None;
    for (key, value) in &object {
        match key.as_str() {
            "query" => found = Some(query(value)?),
            _ => return Err(Error::parsing(format!("request does not support [{key}]"))),
        }
    }
    Ok(found)
}

fn read_scalar(field: Field<'_>, request: &mut SearchRequest) -> Result<(), Error> {
    match field.key {
        "from" => request.from = window(field)?,
        "size" => request.size = window(field)?,
        "sort" => request.sort = sort(field.value)?,
        "timeout" => request.timeout_ms = time_ms("timeout", &field.text()?)?,
        "terminate_after" => {
            // Zero and less: no limit.
            request.terminate_after = u64::try_from(field.int()?).ok().filter(|&count| count > 0);
        }
        "min_score" => request.min_score = Some(field.float()?),
        "track_total_hits" => request.track_total_hits = track_total_hits(field)?,
        "track_scores" => request.track_scores = field.flag()?,
        "explain" => request.explain = field.flag()?,
        "version" => request.fetch.version = field.flag()?,
        "seq_no_primary_term" => request.fetch.seq_no_primary_term = field.flag()?,
        "_source" => request.fetch.source = Some(source_filter(field.value)?),
        "stored_fields" => match field.value {
            Value::String(name) => request.fetch.stored_fields = Some(vec![name.clone()]),
            _ => {
                let reason = format!(
                    "Expected [VALUE_STRING] or [START_ARRAY] in [stored_fields] but found [{}]",
                    field.token()
                );
                return Err(Error::parsing(reason));
            }
        },
        "profile" => request.profile = field.flag()?,
        // Only as a parameter it makes scores to be shown.
        "include_named_queries_score" => drop(field.flag()?),
        "verbose_pipeline" => {
            if field.flag()? {
                return Err(Error::not_implemented(format!("[{}]", field.key)));
            }
        }
        "search_pipeline" => request.pipeline = Some(PipelineChoice::Named(field.text()?)),
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}

fn window(field: Field<'_>) -> Result<u64, Error> {
    let number = field.int()?;
    not_negative(field.key, number)
}

/// `from` and `size`.
pub(super) fn not_negative(name: &str, number: i32) -> Result<u64, Error> {
    u64::try_from(number)
        .map_err(|_| Error::illegal_argument(format!("[{name}] parameter cannot be negative, found [{number}]")))
}

fn track_total_hits(field: Field<'_>) -> Result<TrackTotal, Error> {
    match field.value {
        Value::Bool(true) => return Ok(TrackTotal::All),
        Value::Bool(false) => return Ok(TrackTotal::No),
        Value::String(text) if text == "true" => return Ok(TrackTotal::All),
        Value::String(text) if text == "false" => return Ok(TrackTotal::No),
        _ => {}
    }
    let count = field.int()?;
    track_up_to(count).map_err(|_| found_late(count))
}

/// A number: how far to count; -1: not at all.
pub(super) fn track_up_to(count: i32) -> Result<TrackTotal, Error> {
    match u64::try_from(count) {
        Ok(count) => Ok(TrackTotal::UpTo(count)),
        Err(_) if count == -1 => Ok(TrackTotal::No),
        Err(_) => {
            let reason = format!("[track_total_hits] parameter must be positive or equals to -1, got {count}");
            Err(Error::illegal_argument(reason))
        }
    }
}

/// OpenSearch takes a body's number unseen and fails over it when it puts the answer together.
fn found_late(count: i32) -> Error {
    let cause = Error::illegal_argument(format!("value must be >= 0, got {count}"));
    Error::reduce_phase(cause)
}

fn read_object(field: Field<'_>, object: &Map<String, Value>, request: &mut SearchRequest) -> Result<(), Error> {
    match field.key {
        "query" => request.query = query(field.value)?,
        "post_filter" => request.post_filter = Some(query(field.value)?),
        "_source" => request.fetch.source = Some(source_filter(field.value)?),
        "sort" => request.sort = sort(field.value)?,
        "highlight" => request.fetch.highlight = Some(Box::new(highlight(object)?)),
        "aggs" | "aggregations" => request.aggregations = aggregations(object)?,
        "retriever" => retriever(object, request)?,
        "collapse" => request.collapse = Some(Box::new(collapse(object)?)),
        "rescore" => request.rescores = rescore(field.value)?,
        "indices_boost" => request.indices_boost = indices_boost(field.value)?,
        "pit" => request.point = Some(point(object)?),
        "slice" => request.slice = Some(slice(object)?),
        "search_pipeline" => request.pipeline = Some(PipelineChoice::Inline(field.value.clone())),
        "suggest" => request.suggest = suggestions(object)?,
        "script_fields" => request.fetch.script_fields = script_fields(object)?,
        "ext" | "derived" if object.is_empty() => {}
        "derived" | "ext" => {
            return Err(Error::not_implemented(format!("[{}] of a search", field.key)));
        }
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}

fn read_array(field: Field<'_>, items: &[Value], request: &mut SearchRequest) -> Result<(), Error> {
    match field.key {
        "fields" => request.fetch.fields = field_specs(items)?,
        "docvalue_fields" => request.fetch.docvalue_fields = field_specs(items)?,
        "stored_fields" => {
            let read = |item| text_of(item).ok_or_else(|| unknown_key(field.key, item));
            let names = items.iter().map(read).collect::<Result<_, _>>()?;
            request.fetch.stored_fields = Some(stored_fields(names)?);
        }
        "_source" => request.fetch.source = Some(source_filter(field.value)?),
        "sort" => request.sort = sort(field.value)?,
        "search_after" => request.search_after = Some(search_after(items)?),
        "stats" => {
            let read = |item: &Value| match item {
                Value::String(group) => Ok(group.clone()),
                _ => {
                    let reason = format!("Expected [VALUE_STRING] in [stats] but found [{}]", token(item));
                    Err(Error::parsing(reason))
                }
            };
            request.stats = items.iter().map(read).collect::<Result<_, _>>()?;
        }
        "rescore" => request.rescores = rescore(field.value)?,
        "indices_boost" => request.indices_boost = indices_boost(field.value)?,
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}

fn search_after(items: &[Value]) -> Result<Vec<Value>, Error> {
    if items.is_empty() {
        return Err(Error::illegal_argument("Values must contains at least one value."));
    }
    if let Some(wrong) = items.iter().find(|item| item.is_array() || item.is_object()) {
        let expected = "Expected [VALUE_STRING] or [VALUE_NUMBER] or [VALUE_BOOLEAN] or [VALUE_NULL]";
        return Err(Error::parsing(format!("{expected} but found [{}] inside search_after.", token(wrong))));
    }
    Ok(items.to_vec())
}
