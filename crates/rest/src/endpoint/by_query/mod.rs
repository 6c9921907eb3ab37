//! `_delete_by_query`, `_update_by_query`, `_reindex`, and the pace of what is under way.

mod reindex;
mod show;

use std::sync::Arc;

use axum::http::Method;
use model::by_query::{ByQuery, Change, Kind, Slices};
use model::error::{Error, ErrorKind};
use model::script::Script;
use model::search::{PipelineChoice, SearchRequest, TrackTotal};
use model::task::TaskId;
use serde_json::{Map, Value, json};

use super::options::{self, Refusals, refusal};
use super::search::search_type;
use super::stored::with_scripts;
use super::{Server, tasks};
use crate::dsl;
use crate::json;
use crate::params::{Params, number_format};
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Routes;
pub(super) use show::{answer, kept, progress};

/// Documents at a time where nobody says.
const BATCH: u64 = 1000;

pub(super) fn routes(routes: &mut Routes) {
    let post = [Method::POST];
    routes.add(&post, &["/{index}/_delete_by_query"], with_scripts(delete));
    routes.add(&post, &["/{index}/_update_by_query"], with_scripts(update));
    routes.add(&post, &["/_reindex"], with_scripts(reindex::reindex));
    routes.add(&post, &["/_delete_by_query/{task_id}/_rethrottle"], |s, r| rethrottle(s, r, Kind::Delete));
    routes.add(&post, &["/_update_by_query/{task_id}/_rethrottle"], |s, r| rethrottle(s, r, Kind::Update));
    routes.add(&post, &["/_reindex/{task_id}/_rethrottle"], |s, r| rethrottle(s, r, Kind::Copy));
}

async fn delete(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    by_query(server, request, Change::Delete).await
}

async fn update(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    by_query(server, request, Change::Update).await
}

async fn by_query(server: Arc<Server>, mut request: Request, change: Change) -> Result<Reply, Error> {
    let target = request.target()?;
    let mut body = json::object(&request.body())?.unwrap_or_default();
    let mut own = take_own(&mut body, &change)?;
    let deletes = change == Change::Delete;
    let mut search = dsl::search_body(&body, target)?;
    let params = &mut request.params;
    let pipeline = if deletes { None } else { params.take("pipeline").map(Arc::from) };
    own.conflicts_proceed |= params.take("conflicts").map(|text| conflicts(&text)).transpose()?.unwrap_or(false);
    let has_query = body.contains_key("query") || params.has("q");
    let size = params.int("size")?.map(i64::from);
    let refusals = search_params(&mut search, params, &body)?;
    let mut work = work(search, change, params)?;
    work.max_docs = one_number(&[own.max_docs, size, work.max_docs_param])?;
    work.request.conflicts_proceed |= own.conflicts_proceed;
    work.request.pipeline = pipeline;
    work.request.script = own.script;
    let request_of = work.finish()?;
    let wait = params.flag("wait_for_completion")?.unwrap_or(true);
    request.finish()?;
    if deletes && !has_query {
        return Err(refusal("query is missing"));
    }
    refusals.finish()?;
    carry_out(&server, request_of, wait).await
}

/// What a body has besides a search.
struct Own {
    conflicts_proceed: bool,
    max_docs: Option<i64>,
    script: Option<Script>,
}

fn take_own(body: &mut Map<String, Value>, change: &Change) -> Result<Own, Error> {
    let mut own = Own { conflicts_proceed: false, max_docs: None, script: None };
    if let Some(value) = body.remove("conflicts") {
        own.conflicts_proceed = conflicts(value.as_str().unwrap_or_default())?;
    }
    if let Some(value) = body.remove("max_docs") {
        own.max_docs = Some(whole("max_docs", &value)?);
    }
    if *change == Change::Update
        && let Some(script) = body.remove("script").filter(|script| !script.is_null())
    {
        own.script = Some(script_of(script)?);
    }
    Ok(own)
}

/// A script; of an object, what is no part of one is passed over, as OpenSearch does here alone.
fn script_of(mut script: Value) -> Result<Script, Error> {
    match &mut script {
        Value::String(_) => {}
        Value::Object(parts) => {
            parts.retain(|key, _| ["id", "lang", "options", "params", "source"].contains(&key.as_str()));
            if !parts.contains_key("source") && !parts.contains_key("id") {
                let reason = "Expected one of [source] or [id] fields, but found none";
                return Err(Error::new(ErrorKind::Parse, reason));
            }
        }
        _ => return Err(Error::illegal_argument("Script value should be a String or a Map")),
    }
    dsl::script_of(&script)
}

fn whole(name: &str, value: &Value) -> Result<i64, Error> {
    let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    text.parse().map_err(|_| Error::illegal_argument(format!("[{name}] must be a whole number, but was [{text}]")))
}

/// `proceed` or `abort`: whether conflicts are passed over.
fn conflicts(text: &str) -> Result<bool, Error> {
    match text {
        "proceed" => Ok(true),
        "abort" => Ok(false),
        other => {
            let reason = format!("conflicts may only be \"proceed\" or \"abort\" but was [{other}]");
            Err(Error::illegal_argument(reason))
        }
    }
}

/// What searches take, and nothing of a change by query depends on.
const IGNORED: [&str; 18] = [
    "stats",
    "_source",
    "_source_includes",
    "_source_excludes",
    "batched_reduce_size",
    "cancel_after_time_interval",
    "ccs_minimize_roundtrips",
    "docvalue_fields",
    "explain",
    "include_named_queries_score",
    "max_concurrent_shard_requests",
    "phase_took",
    "pre_filter_shard_size",
    "rest_total_hits_as_int",
    "seq_no_primary_term",
    "track_scores",
    "track_total_hits",
    "verbose_pipeline",
];

/// The search that the parameters and the body ask for, and what a search batch by batch cannot have.
fn search_params(
    search: &mut SearchRequest,
    params: &mut Params,
    body: &Map<String, Value>,
) -> Result<Refusals, Error> {
    let mut refusals = Refusals::default();
    if !body.contains_key("size") {
        search.size = BATCH;
    }
    params.take("search_type").map_or(Ok(()), |given| search_type(&given))?;
    let query = dsl::query_param(params)?;
    if let Some(query) = query {
        search.query = query;
    }
    if let Some(size) = params.int("scroll_size")? {
        let negative = |_| Error::illegal_argument(format!("[size] parameter cannot be negative, found [{size}]"));
        search.size = u64::try_from(size).map_err(negative)?;
    }
    let from = params.int("from")?.map(i64::from).or_else(|| body.contains_key("from").then_some(search.from as i64));
    if from.is_some_and(|from| from > 0) {
        refusals.add("using [from] is not allowed in a scroll context");
    }
    if search.size == 0 {
        refusals.add("[size] cannot be [0] in a scroll context");
    }
    if from.is_some() {
        refusals.add("from is not supported in this context");
    }
    search.from = 0;
    if let Some(routing) = params.list("routing") {
        search.routing = routing;
    }
    if let Some(sort) = params.take("sort") {
        let mut one = Params::new(vec![("sort".to_owned(), sort)]);
        dsl::apply_params(search, &mut one)?;
    }
    if let Some(count) = params.int("terminate_after")? {
        search.terminate_after = u64::try_from(count).ok().filter(|count| *count > 0);
    }
    // How long a search is kept between two batches is the server's own matter.
    params.time_ms("scroll")?;
    search.timeout_ms = params.time_ms("search_timeout")?.flatten().or(search.timeout_ms);
    search.preference = params.take("preference");
    if params.take("stored_fields").is_some() {
        refusals.add("stored_fields is not supported in this context");
    }
    for ignored in IGNORED {
        params.take(ignored);
    }
    for flag in ["version", "allow_partial_search_results"] {
        params.flag(flag)?;
    }
    if params.flag("request_cache")? == Some(true) {
        refusals.add("[request_cache] cannot be used in a scroll context");
    }
    if let Some(name) = params.take("search_pipeline") {
        search.pipeline = Some(PipelineChoice::Named(name));
    }
    search.track_total_hits = TrackTotal::All;
    search.request_cache = None;
    Ok(refusals)
}

/// A request as its parameters have it, before its numbers are checked against each other.
struct Asked {
    request: ByQuery,
    max_docs: Option<i64>,
    max_docs_param: Option<i64>,
}

fn work(search: SearchRequest, change: Change, params: &mut Params) -> Result<Asked, Error> {
    let refresh = params.flag("refresh")?.unwrap_or(false);
    let max_docs = params.int("max_docs")?.map(i64::from);
    let request = ByQuery {
        change,
        search,
        max_docs: None,
        conflicts_proceed: false,
        refresh,
        timeout_ms: options::timeout_ms(params)?,
        active_shards: options::active_shards(params)?,
        requests_per_second: pace(params)?.flatten(),
        slices: params.take("slices").map(|text| slices(&text)).transpose()?.unwrap_or(Slices::Count(1)),
        pipeline: None,
        script: None,
    };
    Ok(Asked { request, max_docs: None, max_docs_param: max_docs })
}

impl Asked {
    fn finish(mut self) -> Result<ByQuery, Error> {
        if let Some(most) = self.max_docs {
            let slices = match self.request.slices {
                Slices::Count(count) => i64::from(count),
                Slices::Auto => 1,
            };
            if most < 0 {
                let reason = format!("[max_docs] parameter cannot be negative, found [{most}]");
                return Err(Error::illegal_argument(reason));
            }
            if most < slices {
                return Err(Error::illegal_argument("[max_docs] should be >= [slices]"));
            }
            self.request.max_docs = u64::try_from(most).ok();
        }
        if self.request.search.slice.is_some() && self.request.slices != Slices::Count(1) {
            return Err(refusal("can't specify both manual and automatic slicing at the same time"));
        }
        Ok(self.request)
    }
}

/// The number that is given, once or several times the same.
fn one_number(given: &[Option<i64>]) -> Result<Option<i64>, Error> {
    let mut all = given.iter().flatten();
    let Some(first) = all.next() else { return Ok(None) };
    match all.find(|other| *other != first) {
        None => Ok(Some(*first)),
        Some(other) => {
            let reason = format!("[max_docs] set to two different values [{first}] and [{other}]");
            Err(Error::illegal_argument(reason))
        }
    }
}

/// `requests_per_second`; `None` inside: without limit.
fn pace(params: &mut Params) -> Result<Option<Option<f32>>, Error> {
    let Some(text) = params.take("requests_per_second") else { return Ok(None) };
    let wrong = || {
        let reason = "[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.";
        Error::illegal_argument(reason)
    };
    let number: f32 = text.parse().map_err(|_| wrong().with_cause(number_format(&text)))?;
    match number {
        -1.0 => Ok(Some(None)),
        number if number > 0.0 => Ok(Some(Some(number).filter(|number| number.is_finite()))),
        _ => Err(wrong()),
    }
}

fn slices(text: &str) -> Result<Slices, Error> {
    let wrong = || {
        let reason = format!("[slices] must be a positive integer or the string \"auto\", but was [{text}]");
        Error::illegal_argument(reason)
    };
    match text {
        "auto" => Ok(Slices::Auto),
        number => match number.parse::<i32>() {
            Ok(count) if (1..=1024).contains(&count) => Ok(Slices::Count(count.unsigned_abs())),
            Ok(_) => Err(wrong()),
            Err(_) => Err(wrong().with_cause(number_format(number))),
        },
    }
}

async fn carry_out(server: &Server, request: ByQuery, wait: bool) -> Result<Reply, Error> {
    let (kind, slice) = (request.change.kind(), request.search.slice.as_ref().map(|slice| slice.id));
    if !wait {
        let task = server.gateway.start_by_query(request)?;
        return Ok(Reply::value(&json!({"task": task.to_string()})));
    }
    let done = server.gateway.by_query(request).await?;
    let status = done.failures.iter().map(|failure| failure.error.status()).max().unwrap_or(200);
    let mut told = answer(kind, &done);
    if let Some(slice) = slice {
        told["slice_id"] = slice.into();
    }
    Ok(Reply::value(&told).with_status(status))
}

async fn rethrottle(server: Arc<Server>, mut request: Request, kind: Kind) -> Result<Reply, Error> {
    let text = request.required("task_id")?;
    let id = TaskId::parse(text).ok_or_else(|| Error::illegal_argument(format!("malformed task id {text}")))?;
    let pace = pace(&mut request.params)?
        .ok_or_else(|| Error::illegal_argument("requests_per_second is a required parameter"))?;
    let group_by = tasks::group_by(&mut request)?;
    request.finish()?;
    let list = server.gateway.rethrottle(id, kind, pace).await?;
    Ok(Reply::value(&tasks::grouped(&server.gateway.cluster(), &list, group_by, true)))
}
