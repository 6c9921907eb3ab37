//! `_snapshot/{repository}`: registered, shown, proved, cleaned, forgotten.

use std::sync::Arc;

use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::snapshot::{Repository, missing_repository};
use serde_json::{Map, Value, json};

use super::name::check_repository;
use super::{part, repositories};
use crate::endpoint::admin::{body, size};
use crate::endpoint::{Server, options};
use crate::params::{boolean, split};
use crate::render::admin::settings::{flat, settings};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = part(&request, "repository")?;
    let bytes = request.body();
    let repository = read(body::lenient(body::required(&bytes)?)?)?;
    let verify = request.params.flag("verify")?.unwrap_or(true);
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    if repository.kind.is_empty() {
        return Err(options::refusal("type is missing"));
    }
    check_repository(&name)?;
    check_settings(&name, &repository)?;
    server.within(patience).snapshots()?.put_repository(name, repository, verify).await?;
    Ok(Reply::acknowledged())
}

/// Without a type where none is given; other keys mean nothing, as in OpenSearch.
fn read(mut body: Map<String, Value>) -> Result<Repository, Error> {
    for key in ["crypto_settings", "encrypted"] {
        if body.contains_key(key) {
            return Err(Error::not_implemented(format!("[{key}] of a repository")));
        }
    }
    let kind = body.remove("type").as_ref().and_then(text_of).unwrap_or_default();
    let settings = match body.remove("settings") {
        None => Map::new(),
        Some(Value::Object(given)) => flat(&given).into_iter().collect(),
        Some(_) => {
            return Err(Error::illegal_argument("Malformed settings section, should include an inner object"));
        }
    };
    Ok(Repository { kind, settings })
}

/// That settings are what they are to be, though they change nothing here.
fn check_settings(name: &str, repository: &Repository) -> Result<(), Error> {
    let wrong = |cause: Error| {
        Error::new(ErrorKind::Repository, format!("[{name}] failed to create repository")).with_cause(cause)
    };
    for (key, value) in repository.settings.iter().filter_map(|(key, value)| Some((key.as_str(), text_of(value)?))) {
        match key {
            "compress" | "readonly" => drop(boolean(&value).map_err(wrong)?),
            "chunk_size" | "max_snapshot_bytes_per_sec" | "max_restore_bytes_per_sec" => {
                let least = if key == "chunk_size" { 5 } else { i64::MIN };
                check_size(key, &value, least).map_err(wrong)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A size in bytes with its unit, or one without: `0` and `-1`.
fn check_size(key: &str, given: &str, least: i64) -> Result<(), Error> {
    let bytes = match given {
        "0" => Some(0),
        "-1" => Some(-1),
        other => size(other).map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
    };
    match bytes {
        Some(bytes) if bytes >= least => Ok(()),
        Some(_) => {
            let reason = format!("failed to parse value [{given}] for setting [{key}], must be >= [{least}b]");
            Err(Error::illegal_argument(reason))
        }
        None => {
            let why = "as a size in bytes: unit is missing or unrecognized";
            let reason = format!("failed to parse setting [{key}] with value [{given}] {why}");
            Err(Error::illegal_argument(reason.as_str()).with_cause(Error::new(ErrorKind::Parse, reason)))
        }
    }
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    let flat = request.params.flag("flat_settings")?.unwrap_or(false);
    request.finish()?;
    let asked = request.part("repository").map(split).unwrap_or_default();
    let all = repositories(&server);
    let every = asked.is_empty() || asked == ["_all"];
    let unknown = asked.iter().find(|name| !every && !name.contains('*') && !all.contains_key(name.as_str()));
    if let Some(name) = unknown {
        return Err(missing_repository(name));
    }
    let wanted = |name: &str| every || asked.iter().any(|pattern| simple_match(pattern, name));
    let mut shown = Map::new();
    for (name, repository) in all.into_iter().filter(|(name, _)| wanted(name)) {
        let given = repository.settings.into_iter().collect();
        shown.insert(name.to_string(), json!({"type": repository.kind, "settings": settings(&given, flat)}));
    }
    Ok(Reply::value(&shown.into()))
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    let pattern = part(&request, "repository")?;
    server.within(patience).snapshots()?.delete_repositories(vec![pattern]).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn verify(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    let nodes = server.within(patience).snapshots()?.verify_repository(request.required("repository")?).await?;
    let shown: Map<String, Value> =
        nodes.iter().map(|(id, name)| (id.to_string(), json!({"name": name.as_ref()}))).collect();
    Ok(Reply::value(&json!({"nodes": shown})))
}

pub(super) async fn clean(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    let cleaned = server.within(patience).snapshots()?.clean_repository(request.required("repository")?).await?;
    Ok(Reply::value(&json!({"results": {"deleted_bytes": cleaned.bytes, "deleted_blobs": cleaned.files}})))
}
