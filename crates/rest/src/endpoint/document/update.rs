//! `POST /{index}/_update/{id}`: changes a part of a document.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::json::token;
use model::script::Script;
use model::search::SourceFilter;
use model::write::{Action, Update, Write};
use serde_json::Value;

use super::{write_one, write_request};
use crate::dsl;
use crate::dsl::suggest;
use crate::endpoint::Server;
use crate::endpoint::options::{NO_INTERNAL_VERSIONS, Refusals, Versions, Written, refusal};
use crate::json;
use crate::params::boolean;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn update(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let writes = write_request(&mut request.params)?;
    let mut versions = Versions::take(&mut request.params)?;
    let routing = request.params.text("routing").map(Arc::from);
    let require_alias = request.params.flag("require_alias")?.unwrap_or(false);
    let as_upsert = request.params.flag("doc_as_upsert")?;
    let retries = request.params.int("retry_on_conflict")?.unwrap_or(0);
    let source = request.source_filter();
    let mut body = body(&request.body())?;
    request.finish()?;
    if versions.version_type.is_some() {
        return Err(refusal(NO_INTERNAL_VERSIONS));
    }
    if let Some(flag) = as_upsert {
        body.doc_as_upsert = flag;
    }
    versions.if_seq_no = body.if_seq_no.or(versions.if_seq_no);
    versions.if_primary_term = body.if_primary_term.or(versions.if_primary_term);
    versions.check()?;
    let mut refusals = Refusals::default();
    let condition = versions.condition(Written::Update { retries: retries > 0 }, &mut refusals);
    let change = body.change(source, (retries, condition.if_seq_no.is_some()), &mut refusals);
    refusals.finish()?;
    let write = Write {
        index: Arc::from(request.required("index")?),
        id: Some(Arc::from(request.required("id")?)),
        routing,
        action: Action::Update(Box::new(change?)),
        condition,
        require_alias,
        pipeline: None,
    };
    write_one(&server, writes, write).await
}

/// The body of an update, as the client gave it.
#[derive(Debug, Default)]
pub(super) struct Body {
    doc: Option<Value>,
    upsert: Option<Value>,
    script: Option<Result<Script, Error>>,
    scripted_upsert: bool,
    doc_as_upsert: bool,
    detect_noop: Option<bool>,
    source: Option<SourceFilter>,
    pub(super) if_seq_no: Option<i64>,
    pub(super) if_primary_term: Option<i64>,
}

const KEYS: [&str; 9] = [
    "doc",
    "upsert",
    "script",
    "doc_as_upsert",
    "scripted_upsert",
    "detect_noop",
    "_source",
    "if_seq_no",
    "if_primary_term",
];

/// Reads the body of an update, of `_bulk` too; an empty one is one without keys.
///
/// # Errors
/// `x_content_parse_exception` for keys and values that it cannot have.
pub(super) fn body(bytes: &[u8]) -> Result<Body, Error> {
    let mut body = Body::default();
    if bytes.is_empty() {
        return Ok(body);
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("Expected START_OBJECT but was: null"));
    }
    let object = match json::parse(bytes)? {
        Value::Object(object) => object,
        other => return Err(malformed(&format!("Expected START_OBJECT but was: {}", token(&other)))),
    };
    for (key, value) in object {
        match key.as_str() {
            "doc" => body.doc = Some(object_of(&key, value)?),
            "upsert" => body.upsert = Some(object_of(&key, value)?),
            "script" if value.is_null() => {}
            "script" => {
                body.script = match dsl::script_of(&value) {
                    // The change that asks for it fails, not all of its request.
                    Err(error) if error.kind == ErrorKind::NotImplemented => Some(Err(error)),
                    read => Some(Ok(read.map_err(|why| within_script(&key, why))?)),
                }
            }
            "scripted_upsert" => body.scripted_upsert = flag(&key, &value)?,
            "doc_as_upsert" => body.doc_as_upsert = flag(&key, &value)?,
            "detect_noop" => body.detect_noop = Some(flag(&key, &value)?),
            "_source" => body.source = Some(dsl::source_filter(&value)?),
            "if_seq_no" => body.if_seq_no = Some(long(&key, &value)?),
            "if_primary_term" => body.if_primary_term = Some(long(&key, &value)?),
            _ => {
                let meant = suggest::did_you_mean(&suggest::alike(&key, KEYS.into_iter()));
                return Err(malformed(&format!("unknown field [{key}]{meant}")));
            }
        }
    }
    Ok(body)
}

impl Body {
    /// The change that is asked for. `source` is what the parameters say, which the body's own overrides; `conditional`: it names a
    /// sequence number.
    ///
    /// # Errors
    /// 501 for stored scripts and other languages.
    pub(super) fn change(
        self,
        source: Option<SourceFilter>,
        (retries, conditional): (i32, bool),
        refusals: &mut Refusals,
    ) -> Result<Update, Error> {
        if conditional && self.doc_as_upsert {
            refusals.add("compare and write operations can not be used with upsert");
        }
        if conditional && self.upsert.is_some() {
            refusals.add("upsert requests don't support `if_seq_no` and `if_primary_term`");
        }
        if self.script.is_some() && self.doc.is_some() {
            refusals.add("can't provide both script and doc");
        } else if self.doc.is_none() && self.script.is_none() {
            refusals.add("script or doc is missing");
        }
        if self.doc_as_upsert && self.doc.is_none() {
            refusals.add("doc must be specified if doc_as_upsert is enabled");
        }
        Ok(Update {
            script: self.script.transpose()?,
            scripted_upsert: self.scripted_upsert,
            doc: self.doc,
            upsert: self.upsert,
            doc_as_upsert: self.doc_as_upsert,
            detect_noop: self.detect_noop.unwrap_or(true),
            retry_on_conflict: u32::try_from(retries).unwrap_or(0),
            source: self.source.or(source),
        })
    }
}

fn within_script(key: &str, cause: Error) -> Error {
    malformed(&format!("failed to parse field [{key}]")).with_cause(cause)
}

fn object_of(key: &str, value: Value) -> Result<Value, Error> {
    if value.is_object() {
        return Ok(value);
    }
    Err(malformed(&format!("{key} doesn't support values of type: {}", token(&value))))
}

fn flag(key: &str, value: &Value) -> Result<bool, Error> {
    let read = match value {
        Value::Bool(flag) => return Ok(*flag),
        Value::String(text) => boolean(text),
        other => return Err(malformed(&format!("{key} doesn't support values of type: {}", token(other)))),
    };
    read.map_err(|cause| malformed(&format!("failed to parse field [{key}]")).with_cause(cause))
}

fn long(key: &str, value: &Value) -> Result<i64, Error> {
    let read = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| malformed(&format!("failed to parse field [{key}]")))
}

fn malformed(reason: &str) -> Error {
    Error::new(ErrorKind::XContentParse, format!("[UpdateRequest] {reason}"))
}
