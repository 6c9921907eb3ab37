//! `_msearch`: several searches in one request, each with an answer of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::SearchRequest;
use model::target::Target;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Execution, execution_of_each, is_late, on_shards, one, search_type, template};
use crate::dsl;
use crate::endpoint::Server;
use crate::endpoint::options::refusal;
use crate::json;
use crate::params::{boolean, split, time_ms};
use crate::render::error::error;
use crate::render::hits;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::{Request, check_names, expand, target};

/// How many searches of one request run at once, where `max_concurrent_searches` does not say less.
const CONCURRENT: usize = 8;

/// Most searches of one request.
const MAX_SEARCHES: usize = 10_000;

pub(super) async fn msearch(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    several(server, request, false).await
}

/// As [`msearch`], of templates.
pub(super) async fn templates(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    several(server, request, true).await
}

async fn several(server: Arc<Server>, mut request: Request, templates: bool) -> Result<Reply, Error> {
    let started = Instant::now();
    let body = request.body_or_source()?;
    let names = request.part("index").map(split).unwrap_or_default();
    let params = &mut request.params;
    let (target, execution) = match templates {
        true => {
            check_names(&names)?;
            params.take("search_type").map_or(Ok(()), |given| search_type(&given))?;
            params.flag("ccs_minimize_roundtrips")?;
            (Target { names, ..Target::default() }, Execution::default())
        }
        false => (target(names, params)?, execution_of_each(params)?),
    };
    let routing = request.params.list("routing");
    let total_as_int = request.params.flag("rest_total_hits_as_int")?.unwrap_or(false);
    let typed_keys = request.params.flag("typed_keys")?.unwrap_or(false);
    let concurrent = match request.params.int("max_concurrent_searches")? {
        None => CONCURRENT,
        Some(number) => match usize::try_from(number) {
            Ok(number) if number > 0 => number.min(CONCURRENT),
            _ => return Err(Error::illegal_argument("maxConcurrentSearchRequests must be positive")),
        },
    };
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body or source parameter is required"));
    }
    let (mut searches, added) = read(&server, &body, &target, (total_as_int, templates))?;
    for asked in searches.iter_mut().flatten() {
        asked.typed_keys = typed_keys;
        if let Some(routing) = routing.as_ref().filter(|_| asked.routing.is_empty()) {
            asked.routing.clone_from(routing);
        }
        execution.apply(asked);
    }
    request.finish()?;
    if !added {
        return Err(refusal("no requests added"));
    }
    let answers = run(&server, searches, concurrent, total_as_int).await;
    let mut json = Json::default();
    json.begin_object();
    json.field_u64("took", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    json.key("responses");
    json.begin_array();
    answers.iter().for_each(|answer| json.raw(answer));
    json.end_array();
    json.end_object();
    Ok(Reply::ok(json))
}

type Search = Result<SearchRequest, Error>;

/// Carries out `searches`, some at a time; their answers in order, written.
async fn run(server: &Arc<Server>, searches: Vec<Search>, concurrent: usize, total_as_int: bool) -> Vec<Vec<u8>> {
    let broken =
        br#"{"error":{"root_cause":[],"type":"illegal_state_exception","reason":"the search broke"},"status":500}"#;
    let mut answers = vec![broken.to_vec(); searches.len()];
    let mut waiting: VecDeque<(usize, Search)> = searches.into_iter().enumerate().collect();
    // Dropped, and its searches cancelled, when the client goes away.
    let mut running = JoinSet::new();
    loop {
        while running.len() < concurrent
            && let Some((at, search)) = waiting.pop_front()
        {
            let server = server.clone();
            running.spawn(async move { (at, answer(&server, search, total_as_int).await) });
        }
        match running.join_next().await {
            None => return answers,
            Some(Ok((at, written))) => answers[at] = written,
            // A search that broke keeps its place; the others have theirs.
            Some(Err(broken)) => tracing::error!("a search of _msearch broke: {broken}"),
        }
    }
}

async fn answer(server: &Server, search: Search, total_as_int: bool) -> Vec<u8> {
    let answer = match search {
        Err(error) => Err(error),
        Ok(asked) => {
            let shape = one::shape(&asked, total_as_int);
            server.gateway.search(asked).await.map(|answer| (answer, shape))
        }
    };
    let mut json = Json::default();
    json.begin_object();
    let status = match answer {
        Ok((answer, shape)) => {
            hits::search(&mut json, &answer, &shape);
            200
        }
        Err(failure) => {
            json.key("error");
            error(&mut json, &failure, true);
            failure.status()
        }
    };
    json.field_u64("status", u64::from(status));
    json.end_object();
    json.finish()
}

/// Two lines a search: where and what, and whether any of them is one. What is wrong with a line spoils the request.
fn read(
    server: &Server,
    body: &[u8],
    target: &Target,
    (total_as_int, templates): (bool, bool),
) -> Result<(Vec<Search>, bool), Error> {
    if body.last() != Some(&b'\n') {
        return Err(Error::illegal_argument("The msearch request must be terminated by a newline [\\n]"));
    }
    let mut lines = body.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (mut searches, mut added) = (Vec::new(), false);
    // What follows the last newline is nothing, and a header without a body is left out.
    let count = body.iter().filter(|&&byte| byte == b'\n').count();
    for _ in 0..count / 2 {
        let (Some(head), Some(search)) = (lines.next(), lines.next()) else { break };
        if searches.len() >= MAX_SEARCHES {
            let reason = format!("an _msearch has at most [{MAX_SEARCHES}] searches");
            return Err(Error::illegal_argument(reason));
        }
        let head = header(head, target)?;
        let filled = match templates.then(|| template::filled(server, search)).transpose() {
            Ok(filled) => filled,
            Err(failure) => {
                searches.push(Err(failure));
                continue;
            }
        };
        let search = filled.as_deref().unwrap_or(search);
        let asked = match dsl::search_request(search, head.target.clone()) {
            Ok(mut asked) => {
                head.apply(&mut asked);
                asked.source = one::sent(search);
                one::check_kept(&asked)?;
                if total_as_int {
                    one::plain_total(&mut asked)?;
                }
                Ok(asked)
            }
            Err(failure) if is_late(&failure) => Err(on_shards(server, &head.target, failure)),
            // A template that was filled with what is no search fails alone.
            Err(failure) if templates => {
                searches.push(Err(failure));
                continue;
            }
            Err(failure) => return Err(failure),
        };
        added = true;
        searches.push(asked);
    }
    Ok((searches, added))
}

/// What the line before a search says.
struct Header {
    target: Target,
    routing: Option<Vec<String>>,
    preference: Option<String>,
    partial: Option<bool>,
    request_cache: Option<bool>,
    cancel_after_ms: Option<u64>,
}

impl Header {
    fn apply(self, asked: &mut SearchRequest) {
        if let Some(routing) = self.routing {
            asked.routing = routing;
        }
        if self.preference.is_some() {
            asked.preference = self.preference;
        }
        if self.partial.is_some() {
            asked.allow_partial_search_results = self.partial;
        }
        if self.request_cache.is_some() {
            asked.request_cache = self.request_cache;
        }
        asked.cancel_after_ms = self.cancel_after_ms;
    }
}

fn header(line: &[u8], target: &Target) -> Result<Header, Error> {
    let mut header = Header {
        target: target.clone(),
        routing: None,
        preference: None,
        partial: None,
        request_cache: None,
        cancel_after_ms: None,
    };
    for (key, value) in json::object(line)?.unwrap_or_default() {
        let flag = || text(&key, &value).and_then(|text| boolean(&text));
        match key.as_str() {
            "index" | "indices" => header.target.names = names(&key, &value)?,
            "search_type" => search_type(&text(&key, &value)?)?,
            "preference" => header.preference = Some(text(&key, &value)?),
            "routing" => header.routing = Some(split(&text(&key, &value)?)),
            "allow_partial_search_results" => header.partial = Some(flag()?),
            "ignore_unavailable" | "ignoreUnavailable" => header.target.options.ignore_unavailable = Some(flag()?),
            "allow_no_indices" | "allowNoIndices" => header.target.options.allow_no_indices = Some(flag()?),
            "expand_wildcards" | "expandWildcards" => {
                let states = names(&key, &value)?.join(",");
                header.target.options.expand_wildcards = Some(expand(&states)?);
            }
            "request_cache" | "requestCache" => header.request_cache = Some(flag()?),
            "ccs_minimize_roundtrips" | "ignore_throttled" | "ignoreThrottled" => {
                flag()?;
            }
            "cancel_after_time_interval" => header.cancel_after_ms = time_ms(&key, &text(&key, &value)?)?,
            _ => {
                let reason = format!("key [{key}] is not supported in the metadata section");
                return Err(Error::illegal_argument(reason));
            }
        }
    }
    Ok(header)
}

fn names(key: &str, value: &Value) -> Result<Vec<String>, Error> {
    match value {
        Value::Array(items) => items.iter().map(|item| text(key, item)).collect(),
        Value::Null => Ok(Vec::new()),
        other => Ok(split(&text(key, other)?)),
    }
}

fn text(key: &str, value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => {
            let found = token(other);
            Err(Error::illegal_argument(format!("key [{key}] of the metadata section cannot be [{found}]")))
        }
    }
}
