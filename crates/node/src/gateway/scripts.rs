//! Scripts that change documents where they are written: what they are given of one, and what they wish for.
//!
//! Not here: what a script sees as `ctx` (`ingest::script`), the language (crate `script`).

use std::sync::Arc;

use ingest::script::{Script as Compiled, Seen};
use model::by_query::Change;
use model::error::{Error, ErrorKind};
use model::id::Version;
use model::script::Script;
use model::search::Hit;
use model::write::{Action, Condition, Write};
use serde_json::{Map, Value};

/// Where a document is.
pub(super) struct Place {
    pub(super) index: Arc<str>,
    pub(super) id: Arc<str>,
    pub(super) now_ms: u64,
}

/// What a script wants done with its document.
pub(super) enum Wish {
    Write(Map<String, Value>),
    Delete,
    Nothing,
}

/// Reads a script.
///
/// # Errors
/// `script_exception`, 501 for what is not in the language here.
pub(super) fn compiled(script: &Script) -> Result<Compiled, Error> {
    Compiled::compile(&script.source, Value::Object(script.params.iter().cloned().collect()))
}

fn failed(error: Error) -> Error {
    match error.kind {
        ErrorKind::NotImplemented => error,
        _ => Error::illegal_argument("failed to execute script").with_cause(error),
    }
}

fn seen(place: &Place, op: &str, source: Map<String, Value>) -> Seen {
    let mut meta = Map::new();
    meta.insert("op".to_owned(), op.into());
    meta.insert("_index".to_owned(), place.index.as_ref().into());
    meta.insert("_id".to_owned(), place.id.as_ref().into());
    meta.insert("_now".to_owned(), place.now_ms.into());
    Seen { source, meta }
}

/// What an update's script makes of a document that is there.
///
/// # Errors
/// `illegal_argument_exception` around what the script fails with.
pub(super) fn changed(
    place: &Place,
    script: &Script,
    (version, routing, source): (Version, Option<&str>, Map<String, Value>),
) -> Result<Wish, Error> {
    let mut given = seen(place, "index", source);
    given.meta.insert("_version".to_owned(), version.0.into());
    given.meta.insert("_routing".to_owned(), routing.map_or(Value::Null, Value::from));
    let after = compiled(script).and_then(|script| script.change(given)).map_err(failed)?;
    Ok(match after.meta.get("op").and_then(Value::as_str) {
        Some("index") => Wish::Write(after.source),
        Some("delete") => Wish::Delete,
        _ => Wish::Nothing,
    })
}

/// What an update's script makes of the document that is to be there; `None`: nothing.
///
/// # Errors
/// As [`changed`].
pub(super) fn made(
    place: &Place,
    script: &Script,
    upsert: Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Error> {
    let after = compiled(script).and_then(|script| script.change(seen(place, "create", upsert))).map_err(failed)?;
    let create = after.meta.get("op").and_then(Value::as_str) == Some("create");
    Ok(create.then_some(after.source))
}

/// A write of a change by query as its script has it; `None`: nothing is to be done.
///
/// # Errors
/// What the script fails with, and what it may not change.
pub(super) fn rewritten(
    script: &Compiled,
    hit: &Hit,
    change: &Change,
    mut write: Write,
) -> Result<Option<Write>, Error> {
    let (Action::Index(source) | Action::Create(source)) = &write.action else { return Ok(Some(write)) };
    let source: Map<String, Value> = serde_json::from_slice(source)
        .map_err(|error| Error::new(ErrorKind::Parse, format!("the source of [{}] does not read: {error}", hit.id)))?;
    let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
    let before = [
        ("_index", text(Some(&hit.index))),
        ("_id", text(Some(&hit.id))),
        ("_version", hit.version.map_or(Value::Null, |version| version.0.into())),
        ("_routing", text(hit.routing.as_deref())),
    ];
    let mut meta: Map<String, Value> = before.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    meta.insert("op".to_owned(), "index".into());
    let after = script.change(Seen { source, meta })?;
    let left = |name: &str| after.meta.get(name).cloned().unwrap_or_default();
    let copies = matches!(change, Change::Copy(_));
    for (name, value) in before {
        let new = left(name);
        if new == value {
            continue;
        }
        if !copies {
            return Err(Error::illegal_argument(format!("Modifying [{name}] not allowed")));
        }
        match (name, new) {
            ("_index", Value::String(index)) => write.index = index.into(),
            ("_id", Value::Null) => write.id = None,
            ("_id", id) => write.id = Some(plain(&id).into()),
            ("_routing", Value::Null) => write.routing = None,
            ("_routing", routing) => write.routing = Some(plain(&routing).into()),
            (name, _) => return Err(Error::not_implemented(format!("a script that changes [{name}]"))),
        }
    }
    let source: Arc<[u8]> = Value::Object(after.source).to_string().into_bytes().into();
    match after.meta.get("op").and_then(Value::as_str) {
        Some("index") => {
            only_known(&after.meta)?;
            write.action =
                if matches!(write.action, Action::Create(_)) { Action::Create(source) } else { Action::Index(source) };
        }
        Some("noop") => return Ok(None),
        Some("delete") => {
            let condition = if copies { Condition::default() } else { write.condition };
            write = Write { action: Action::Delete, pipeline: None, condition, ..write };
        }
        other => {
            let shown = other.unwrap_or("null");
            let reason = format!("Operation type [{shown}] not allowed, only [noop, index, delete] are allowed");
            return Err(Error::illegal_argument(reason));
        }
    }
    Ok(Some(write))
}

/// That a script put nothing beside the document's place.
fn only_known(meta: &Map<String, Value>) -> Result<(), Error> {
    let known = ["_id", "_index", "_routing", "_source", "_version", "op"];
    let added: Vec<&str> = meta.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
    match added.as_slice() {
        [] => Ok(()),
        names => Err(Error::illegal_argument(format!("Invalid fields added to context [{}]", names.join(",")))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
