//! `_snapshot/{repository}/{snapshot}`: made of indexes. `_clone`: made of another.

use std::sync::Arc;

use model::error::Error;
use model::snapshot::{CloneSnapshot, CreateSnapshot};
use model::target::{Expand, Target, TargetOptions};
use serde_json::{Map, Value, json};

use super::name::check_snapshot;
use super::{body, part, registered};
use crate::endpoint::admin::body::{lenient, required};
use crate::endpoint::{Server, options};
use crate::render::admin::snapshot;
use crate::reply::Reply;
use crate::request::Request;

/// Most bytes that what a client keeps with a snapshot may have, as JSON.
const MAX_METADATA_BYTES: usize = 1024;

/// Patterns stand for closed and hidden indexes, too; what is missing is refused.
fn everything() -> Target {
    let options = TargetOptions {
        ignore_unavailable: Some(false),
        allow_no_indices: Some(true),
        expand_wildcards: Some(Expand { open: true, closed: true, hidden: true }),
        no_streams: false,
    };
    Target { names: Vec::new(), options }
}

pub(super) async fn create(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    let wait = request.params.flag("wait_for_completion")?.unwrap_or(false);
    let mut asked = default(part(&request, "repository")?, dated(&server, request.required("snapshot")?)?);
    asked.wait = wait;
    read(&body::optional(&request.body())?, &mut asked)?;
    request.finish()?;
    registered(&server, &asked.repository)?;
    check_snapshot(&asked.repository, &asked.snapshot)?;
    Ok(match server.within(patience).snapshots()?.create(asked).await? {
        None => Reply::value(&json!({"accepted": true})),
        Some(made) => Reply::value(&json!({"snapshot": snapshot::whole(&made, &server.settings.version.number)})),
    })
}

/// Of everything.
fn default(repository: String, snapshot: String) -> CreateSnapshot {
    CreateSnapshot {
        repository,
        snapshot,
        target: everything(),
        include_global_state: true,
        partial: false,
        metadata: None,
        wait: false,
    }
}

/// A name with a date in it (`<nightly-{now/d}>`) is that of the snapshot of today.
fn dated(server: &Server, name: &str) -> Result<String, Error> {
    if name.starts_with('<') { server.gateway.dated_names(name) } else { Ok(name.to_owned()) }
}

fn read(body: &Map<String, Value>, asked: &mut CreateSnapshot) -> Result<(), Error> {
    for (key, value) in body {
        match key.as_str() {
            "indices" => asked.target.names = body::names(key, value)?,
            "partial" => asked.partial = body::flag(key, value)?,
            "include_global_state" => asked.include_global_state = body::flag(key, value)?,
            "metadata" => asked.metadata = metadata(value)?,
            "settings" if !value.is_object() => {
                return Err(Error::illegal_argument("malformed settings section, should indices an inner object"));
            }
            // Whatever else is given means nothing, as in OpenSearch.
            _ => drop(body::option(&mut asked.target.options, key, value)?),
        }
    }
    Ok(())
}

fn metadata(value: &Value) -> Result<Option<Value>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Object(_) => match value.to_string().len() {
            bytes if bytes > MAX_METADATA_BYTES => Err(options::refusal(&format!(
                "metadata must be smaller than {MAX_METADATA_BYTES} bytes, but was [{bytes}]"
            ))),
            _ => Ok(Some(value.clone())),
        },
        _ => Err(Error::illegal_argument("malformed metadata, should be an object")),
    }
}

pub(super) async fn clone(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    let bytes = request.body();
    let body = lenient(required(&bytes)?)?;
    let mut target = everything();
    target.names = body.get("indices").map(body::texts).unwrap_or_default();
    for (key, value) in &body {
        body::option(&mut target.options, key, value)?;
    }
    request.finish()?;
    if target.names.is_empty() {
        return Err(options::refusal("indices patterns are empty"));
    }
    let asked = CloneSnapshot {
        repository: part(&request, "repository")?,
        source: part(&request, "snapshot")?,
        snapshot: part(&request, "target")?,
        target,
    };
    registered(&server, &asked.repository)?;
    check_snapshot(&asked.repository, &asked.snapshot)?;
    server.within(patience).snapshots()?.clone_snapshot(asked).await?;
    Ok(Reply::acknowledged())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(body: &str) -> Result<CreateSnapshot, Error> {
        let mut asked = default("r".into(), "s".into());
        read(&body::optional(body.as_bytes())?, &mut asked).map(|()| asked)
    }

    #[test]
    fn bodies() {
        let asked = read_of(
            r#"{"indices": "a,b*,-c", "partial": "true", "include_global_state": false, "ignore_unavailable": true,
                "expand_wildcards": ["open", "hidden"], "metadata": {"by": 1}, "settings": {}, "feature_states": []}"#,
        )
        .expect("read");
        assert_eq!(asked.target.names, ["a", "b*", "-c"]);
        assert!(asked.partial && !asked.include_global_state);
        assert_eq!(asked.target.options.ignore_unavailable, Some(true));
        assert_eq!(asked.target.options.expand_wildcards, Some(Expand { open: true, closed: false, hidden: true }));
        assert_eq!(asked.metadata, Some(json!({"by": 1})));
        for body in ["", "{}", "[1]", r#"{"indices": []}"#, r#"{"metadata": null}"#] {
            assert!(read_of(body).expect(body).target.is_all(), "{body}");
        }
    }

    #[test]
    fn what_is_refused() {
        let large = format!(r#"{{"metadata": {{"a": "{}"}}}}"#, "x".repeat(1100));
        for (body, reason) in [
            (r#"{"indices": 5}"#, "malformed indices section, should be an array of strings"),
            (r#"{"indices": [5]}"#, "malformed indices section"),
            (r#"{"partial": 5}"#, "Could not convert [partial] to boolean"),
            (r#"{"expand_wildcards": "shut"}"#, "No valid expand wildcard value [shut]"),
            (r#"{"metadata": [1]}"#, "malformed metadata, should be an object"),
            (r#"{"settings": 1}"#, "malformed settings section"),
            (&large, "metadata must be smaller than 1024 bytes, but was [1108]"),
        ] {
            let error = read_of(body).expect_err(body);
            assert!(error.status() == 400 && error.reason.contains(reason), "{body}: {}", error.reason);
        }
    }
}
