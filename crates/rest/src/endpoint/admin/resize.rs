//! `_clone`, `_shrink`, `_split`: an index made of another.

use std::sync::Arc;

use model::admin::CreateIndex;
use model::error::{Error, ErrorKind};
use model::json::token;
use model::resize::{Resize, ResizeKind};
use model::task::Job;
use serde_json::{Value, json};

use super::rollover::size;
use crate::endpoint::options::Refusals;
use crate::endpoint::{Server, options, tasks};
use crate::json;
use crate::render::admin::settings::flat;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn clone(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    resize(server, request, ResizeKind::Clone).await
}

pub(super) async fn shrink(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    resize(server, request, ResizeKind::Shrink).await
}

pub(super) async fn split(server: Arc<Server>, request: Request) -> Result<Reply, Error> {
    resize(server, request, ResizeKind::Split).await
}

async fn resize(server: Arc<Server>, mut request: Request, kind: ResizeKind) -> Result<Reply, Error> {
    let (source, name) = (request.required("index")?.to_owned(), request.required("target")?.to_owned());
    let bytes = request.body();
    let params = &mut request.params;
    let copies = params.take("copy_settings");
    let patience = options::cluster_manager_timeout(params)?;
    let mut asked =
        Resize { kind, source, index: CreateIndex { name, ..CreateIndex::default() }, max_shard_bytes: None };
    if !bytes.is_empty() {
        read(&bytes, &mut asked)?;
    }
    match copies.as_deref() {
        None | Some("" | "true") => {}
        Some("false") => {
            let reason = "parameter [copy_settings] can not be explicitly set to [false]";
            return Err(Error::illegal_argument(reason));
        }
        Some(other) => drop(crate::params::boolean(other)?),
    }
    asked.index.timeout_ms = options::timeout_ms(params)?;
    asked.index.active_shards = options::active_shards(params)?;
    let waits = params.flag("wait_for_completion")?.unwrap_or(true);
    if !waits {
        params.time_ms("task_execution_timeout")?;
    }
    request.finish()?;
    check(&asked)?;
    let gateway = server.within(patience);
    if !waits {
        return Ok(tasks::begun(&gateway.start(Job::Resize(Box::new(asked)))?));
    }
    let made = gateway.resize(asked).await?;
    Ok(Reply::value(&json!({
        "acknowledged": true,
        "shards_acknowledged": made.shards_acknowledged,
        "index": made.name.as_ref(),
    })))
}

fn read(bytes: &[u8], asked: &mut Resize) -> Result<(), Error> {
    let wrong = |reason: String| Error::new(ErrorKind::XContentParse, format!("[resize_request] {reason}"));
    let body = match json::parse(bytes)? {
        Value::Object(body) => body,
        other => return Err(wrong(format!("Expected START_OBJECT but was: {}", token(&other)))),
    };
    for (key, value) in body {
        match (key.as_str(), value) {
            ("settings", Value::Object(settings)) => asked.index.settings = settings,
            ("aliases", Value::Object(aliases)) => asked.index.aliases = aliases,
            ("max_shard_size", Value::String(text)) => {
                let bytes = size(&text).ok_or_else(|| {
                    let reason = format!(
                        "failed to parse setting [max_shard_size] with value [{text}] as a size in bytes: unit is missing or unrecognized"
                    );
                    let cause = Error::new(ErrorKind::Parse, reason);
                    wrong("failed to parse field [max_shard_size]".to_owned()).with_cause(cause)
                })?;
                asked.max_shard_bytes = Some(bytes);
            }
            ("settings" | "aliases" | "max_shard_size", other) => {
                return Err(wrong(format!("{key} doesn't support values of type: {}", token(&other))));
            }
            _ => return Err(wrong(format!("unknown field [{key}]"))),
        }
    }
    Ok(())
}

/// What is refused before anybody looks at the index.
fn check(asked: &Resize) -> Result<(), Error> {
    let mut refusals = Refusals::default();
    // Here nothing is put before the names.
    let given: Vec<String> = flat(&asked.index.settings).into_keys().collect();
    let has_shards = given.iter().any(|name| name == "index.number_of_shards");
    if given.iter().any(|name| name.starts_with("index.sort.")) {
        refusals.add("can't override index sort when resizing an index");
    }
    if given.iter().any(|name| name == "index.routing_partition_size") {
        refusals.add("cannot provide a routing partition size value when resizing an index");
    }
    if asked.kind == ResizeKind::Split && !has_shards {
        refusals.add("index.number_of_shards is required for split operations");
    }
    if asked.max_shard_bytes.is_some() {
        match asked.kind {
            ResizeKind::Shrink if has_shards => {
                refusals.add("Cannot set max_shard_size and index.number_of_shards at the same time!");
            }
            ResizeKind::Shrink => {}
            _ => refusals.add("Unsupported parameter [max_shard_size]"),
        }
    }
    refusals.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_at_once() {
        let said = |kind, body: &str| {
            let mut asked = Resize { kind, source: "a".into(), index: CreateIndex::default(), max_shard_bytes: None };
            read(body.as_bytes(), &mut asked).and_then(|()| check(&asked)).map_err(|error| error.reason).err()
        };
        for (kind, body, expected) in [
            (ResizeKind::Split, "{}", "1: index.number_of_shards is required for split operations;"),
            (ResizeKind::Split, r#"{"settings": {"number_of_shards": 4}}"#, "number_of_shards is required"),
            (ResizeKind::Clone, r#"{"settings": {"index": {"sort.field": "n"}}}"#, "can't override index sort"),
            (ResizeKind::Clone, r#"{"max_shard_size": "1gb"}"#, "Unsupported parameter [max_shard_size]"),
            (ResizeKind::Shrink, r#"{"max_shard_size": "x"}"#, "failed to parse field [max_shard_size]"),
            (ResizeKind::Clone, r#"{"mappings": {}}"#, "unknown field [mappings]"),
            (ResizeKind::Clone, "[]", "Expected START_OBJECT"),
        ] {
            assert!(said(kind, body).expect(body).contains(expected), "{body}");
        }
        assert_eq!(said(ResizeKind::Split, r#"{"settings": {"index": {"number_of_shards": 4}}}"#), None);
        assert_eq!(said(ResizeKind::Shrink, r#"{"max_shard_size": "1gb"}"#), None);
    }
}
