//! `_reindex`: copies what a query finds into another index.

use std::sync::Arc;

use model::by_query::{Change, CopyRouting, Destination};
use model::error::{Error, ErrorKind};
use model::script::Script;
use model::search::SearchRequest;
use model::target::{Target, TargetOptions};
use model::write::VersionType;
use serde_json::{Map, Value};

use super::super::options::version_type;
use super::{BATCH, carry_out, conflicts, one_number, whole, work};
use crate::dsl;
use crate::endpoint::Server;
use crate::endpoint::options::{Refusals, refusal};
use crate::json;
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn reindex(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body();
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    }
    let body = read(json::named_object(&bytes, "reindex")?.unwrap_or_default())?;
    let params = &mut request.params;
    params.time_ms("scroll")?;
    let mut refusals = Refusals::default();
    let search = body.search.unwrap_or_else(|| SearchRequest { size: BATCH, ..SearchRequest::new(Target::default()) });
    if search.target.names.is_empty() {
        refusals.add("use _all if you really want to copy from all existing indexes");
    }
    let to = body.to.unwrap_or_else(|| Destination {
        index: "".into(),
        only_create: false,
        version_type: None,
        routing: CopyRouting::Keep,
        pipeline: None,
    });
    if to.index.is_empty() {
        refusals.add("index must be specified");
    }
    if to.only_create && to.version_type.is_some_and(|kind| kind != VersionType::Internal) {
        refusals.add("create operations only support internal versioning. use index instead");
    }
    if params.has("pipeline") {
        let reason =
            "_reindex doesn't support [pipeline] as a query parameter. Specify it in the [dest] object instead.";
        return Err(Error::illegal_argument(reason));
    }
    let mut work = work(search, Change::Copy(Box::new(to)), params)?;
    work.max_docs = one_number(&[body.max_docs, body.size, work.max_docs_param])?;
    work.request.conflicts_proceed |= body.conflicts_proceed;
    work.request.script = body.script;
    let asked = work.finish().map_err(|why| match body.max_docs {
        Some(_) if why.kind == ErrorKind::IllegalArgument => failed("max_docs", why),
        _ => why,
    })?;
    let wait = params.flag("wait_for_completion")?.unwrap_or(true);
    let require_alias = params.flag("require_alias")?.unwrap_or(false);
    request.finish()?;
    refusals.finish()?;
    if let Change::Copy(to) = &asked.change
        && require_alias
        && !server.gateway.is_alias(&to.index)
    {
        let name = &to.index;
        let mut error = Error::index_not_found(name);
        error.reason =
            format!("no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias");
        ["resource.id", "resource.type"].into_iter().for_each(|key| drop(error.details.remove(key)));
        return Err(error);
    }
    carry_out(&server, asked, wait).await
}

#[derive(Default)]
struct Body {
    search: Option<SearchRequest>,
    to: Option<Destination>,
    conflicts_proceed: bool,
    max_docs: Option<i64>,
    /// As `max_docs`, by its older name.
    size: Option<i64>,
    script: Option<Script>,
}

fn read(object: Map<String, Value>) -> Result<Body, Error> {
    let mut body = Body::default();
    for (key, value) in object {
        match (key.as_str(), value) {
            ("source", Value::Object(source)) => {
                body.search = Some(source_of(source).map_err(|why| failed(&key, why))?)
            }
            ("dest", Value::Object(dest)) => body.to = Some(dest_of(&dest).map_err(|why| failed(&key, why))?),
            ("conflicts", Value::String(text)) => {
                body.conflicts_proceed = conflicts(&text).map_err(|why| failed(&key, why))?
            }
            ("max_docs", value) => body.max_docs = Some(whole("max_docs", &value)?),
            ("size", value) => body.size = Some(whole("size", &value)?),
            ("script", Value::Null) => {}
            ("script", script) => body.script = Some(dsl::script_of(&script).map_err(|why| failed(&key, why))?),
            _ => {
                let reason = format!("[reindex] unknown field [{key}]");
                return Err(Error::new(ErrorKind::XContentParse, reason));
            }
        }
    }
    Ok(body)
}

fn failed(key: &str, cause: Error) -> Error {
    match cause.kind {
        ErrorKind::NotImplemented | ErrorKind::ActionRequestValidation => cause,
        _ => Error::new(ErrorKind::XContentParse, format!("[reindex] failed to parse field [{key}]")).with_cause(cause),
    }
}

fn source_of(mut source: Map<String, Value>) -> Result<SearchRequest, Error> {
    if source.contains_key("remote") {
        return Err(Error::not_implemented("reindex from [remote] clusters"));
    }
    let names = match source.remove("index") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => split(&text),
        Some(Value::Array(items)) => items.iter().filter_map(|item| item.as_str()).flat_map(split).collect(),
        Some(_) => return Err(Error::illegal_argument("Expected [index] to be a list or a string")),
    };
    if source.remove("type").is_some() {
        let reason = "[reindex] failed to parse field [source]: unknown field [type]";
        return Err(Error::new(ErrorKind::XContentParse, reason));
    }
    let size = source.contains_key("size");
    let mut search = dsl::search_body(&source, Target { names, options: TargetOptions::default() })?;
    if !size {
        search.size = BATCH;
    }
    if search.size == 0 {
        return Err(Error::illegal_argument("[size] of the source must be greater than 0"));
    }
    Ok(search)
}

fn wrong(key: &str, cause: Error) -> Error {
    Error::new(ErrorKind::XContentParse, format!("[dest] failed to parse field [{key}]")).with_cause(cause)
}

fn dest_of(dest: &Map<String, Value>) -> Result<Destination, Error> {
    let mut to = Destination {
        index: "".into(),
        only_create: false,
        version_type: None,
        routing: CopyRouting::Keep,
        pipeline: None,
    };
    for (key, value) in dest {
        let text = value.as_str().unwrap_or_default();
        match key.as_str() {
            "index" => to.index = text.into(),
            "op_type" => {
                to.only_create = match text {
                    "create" => true,
                    "index" => false,
                    other => {
                        let reason = format!("opType must be 'create' or 'index', found: [{other}]");
                        return Err(wrong(key, Error::illegal_argument(reason)));
                    }
                }
            }
            "version_type" => to.version_type = Some(version_type(text).map_err(|why| wrong(key, why))?),
            "routing" => {
                to.routing = match text {
                    "keep" => CopyRouting::Keep,
                    "discard" => CopyRouting::Discard,
                    set => match set.strip_prefix('=') {
                        Some(routing) => CopyRouting::Set(routing.into()),
                        None => {
                            let why = "routing must be unset, [keep], [discard] or [=<some new value>]";
                            return Err(refusal(&format!("{why}, but was [{set}]")));
                        }
                    },
                }
            }
            "pipeline" => to.pipeline = Some(text.into()),
            _ => {
                let reason = format!("[dest] unknown field [{key}]");
                return Err(Error::new(ErrorKind::XContentParse, reason));
            }
        }
    }
    Ok(to)
}
