//! `_snapshot/{repository}/{snapshot}/_restore`: indexes come back.

use std::sync::Arc;

use model::error::Error;
use model::snapshot::RestoreSnapshot;
use model::target::{Expand, Target, TargetOptions};
use serde_json::{Map, Value, json};

use super::{body, part};
use crate::endpoint::{Server, options};
use crate::render::admin::settings::flat;
use crate::render::admin::snapshot;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn restore(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    let wait = request.params.flag("wait_for_completion")?.unwrap_or(false);
    let mut asked = default(part(&request, "repository")?, part(&request, "snapshot")?);
    asked.wait = wait;
    read(&body::optional(&request.body())?, &mut asked)?;
    request.finish()?;
    Ok(match server.within(patience).snapshots()?.restore(asked).await? {
        None => Reply::value(&json!({"accepted": true})),
        Some(restored) => Reply::value(&snapshot::restored(&restored)),
    })
}

/// Everything that is in the snapshot.
fn default(repository: String, snapshot: String) -> RestoreSnapshot {
    let options = TargetOptions {
        ignore_unavailable: Some(false),
        allow_no_indices: Some(true),
        expand_wildcards: Some(Expand { open: true, closed: false, hidden: false }),
        no_streams: false,
    };
    RestoreSnapshot {
        repository,
        snapshot,
        target: Target { names: Vec::new(), options },
        rename: None,
        rename_alias: None,
        include_aliases: true,
        include_global_state: false,
        partial: false,
        settings: Map::new(),
        ignore_settings: Vec::new(),
        wait: false,
    }
}

/// What is sought in names and what takes its place, as far as they are given.
#[derive(Default)]
struct Rename {
    pattern: Option<String>,
    replacement: Option<String>,
}

impl Rename {
    /// One without the other means nothing, as in OpenSearch.
    fn both(self) -> Option<(String, String)> {
        self.pattern.zip(self.replacement)
    }
}

fn read(body: &Map<String, Value>, asked: &mut RestoreSnapshot) -> Result<(), Error> {
    let (mut indexes, mut aliases) = (Rename::default(), Rename::default());
    for (key, value) in body {
        match key.as_str() {
            "indices" => asked.target.names = body::names(key, value)?,
            "partial" => asked.partial = body::flag(key, value)?,
            "include_global_state" => asked.include_global_state = body::flag(key, value)?,
            "include_aliases" => asked.include_aliases = body::flag(key, value)?,
            "rename_pattern" => indexes.pattern = Some(text(key, value)?),
            "rename_replacement" => indexes.replacement = Some(text(key, value)?),
            "rename_alias_pattern" => aliases.pattern = Some(text(key, value)?),
            "rename_alias_replacement" => aliases.replacement = Some(text(key, value)?),
            "index_settings" => asked.settings = settings(key, value)?,
            "ignore_index_settings" => asked.ignore_settings = body::names(key, value)?,
            // It means nothing, as in OpenSearch.
            "settings" => drop(settings(key, value)?),
            "storage_type" | "source_remote_store_repository" | "alias_write_index_policy" => {
                absent(key, &text(key, value)?)?;
            }
            _ if body::option(&mut asked.target.options, key, value)? => {}
            _ => return Err(Error::illegal_argument(format!("Unknown parameter {key}"))),
        }
    }
    (asked.rename, asked.rename_alias) = (indexes.both(), aliases.both());
    Ok(())
}

fn text(key: &str, value: &Value) -> Result<String, Error> {
    let text = value.as_str().ok_or_else(|| Error::illegal_argument(format!("malformed {key}")))?;
    Ok(text.to_owned())
}

/// By name, as all settings of indexes are called.
fn settings(key: &str, value: &Value) -> Result<Map<String, Value>, Error> {
    let Value::Object(given) = value else {
        return Err(Error::illegal_argument(format!("malformed {key} section")));
    };
    let named = flat(given).into_iter();
    Ok(named
        .map(|(name, value)| if name.starts_with("index.") { (name, value) } else { (format!("index.{name}"), value) })
        .collect())
}

/// What OpenSearch may do and Shoal may not: indexes that stay in the repository, or come from a store elsewhere.
fn absent(key: &str, value: &str) -> Result<(), Error> {
    let known = match key {
        "storage_type" => match value {
            "local" => return Ok(()),
            other => other == "remote_snapshot",
        },
        "alias_write_index_policy" => match value.to_ascii_uppercase().as_str() {
            "PRESERVE" => return Ok(()),
            "STRIP_WRITE_INDEX" => true,
            _ => {
                return Err(Error::illegal_argument(format!(
                    "Unknown alias_write_index_policy [{value}]. Valid values are: [PRESERVE, STRIP_WRITE_INDEX]"
                )));
            }
        },
        _ => true,
    };
    match known {
        true => Err(Error::not_implemented(format!("[{key}: {value}] of _restore"))),
        false => Err(Error::illegal_argument(format!("Invalid {key}: {value}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(body: &str) -> Result<RestoreSnapshot, Error> {
        let mut asked = default("r".into(), "s".into());
        read(&body::optional(body.as_bytes())?, &mut asked).map(|()| asked)
    }

    #[test]
    fn bodies() {
        assert_eq!(read_of("[1]"), Ok(default("r".into(), "s".into())));
        let asked = read_of(
            r#"{"indices": ["a", "b*"], "ignore_unavailable": true, "rename_pattern": "(.+)", "rename_replacement": "old_$1",
                "rename_alias_pattern": "x", "include_aliases": false, "include_global_state": "true", "partial": true,
                "index_settings": {"number_of_replicas": 0, "index": {"refresh_interval": "1s"}, "index.a": null},
                "ignore_index_settings": "index.a,index.b", "storage_type": "local", "alias_write_index_policy": "preserve"}"#,
        )
        .expect("read");
        assert_eq!(asked.target.names, ["a", "b*"]);
        assert_eq!(asked.target.options.ignore_unavailable, Some(true));
        assert_eq!(asked.rename, Some(("(.+)".into(), "old_$1".into())));
        assert_eq!(asked.rename_alias, None);
        assert_eq!((asked.include_aliases, asked.include_global_state, asked.partial), (false, true, true));
        assert_eq!(
            Value::from(asked.settings),
            json!({"index.a": null, "index.number_of_replicas": "0", "index.refresh_interval": "1s"})
        );
        assert_eq!(asked.ignore_settings, ["index.a", "index.b"]);
    }

    #[test]
    fn what_is_refused() {
        for (body, status, reason) in [
            (r#"{"what": 1}"#, 400, "Unknown parameter what"),
            (r#"{"indices": {}}"#, 400, "malformed indices section, should be an array of strings"),
            (r#"{"rename_pattern": 5}"#, 400, "malformed rename_pattern"),
            (r#"{"index_settings": 5}"#, 400, "malformed index_settings section"),
            (r#"{"ignore_index_settings": 5}"#, 400, "malformed ignore_index_settings section"),
            (r#"{"include_aliases": "x"}"#, 400, "Could not convert [include_aliases] to boolean"),
            (r#"{"storage_type": "tape"}"#, 400, "Invalid storage_type: tape"),
            (r#"{"alias_write_index_policy": "x"}"#, 400, "Unknown alias_write_index_policy [x]"),
            (r#"{"storage_type": "remote_snapshot"}"#, 501, "[storage_type: remote_snapshot] of _restore"),
            (r#"{"source_remote_store_repository": "x"}"#, 501, "[source_remote_store_repository: x]"),
        ] {
            let error = read_of(body).expect_err(body);
            assert!(error.status() == status && error.reason.contains(reason), "{body}: {}", error.reason);
        }
    }
}
