//! `_snapshot/{repository}`: registered, shown, proved, cleaned, forgotten.

use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;
use model::snapshot::{Repository, missing_repository};
use serde_json::{Map, Value, json};

use super::name::check_repository;
use super::{part, repositories};
use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::params::split;
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
    let kind = body.remove("type").as_ref().and_then(model::document::text_of).unwrap_or_default();
    let settings = match body.remove("settings") {
        None => Map::new(),
        Some(Value::Object(given)) => flat(&given).into_iter().collect(),
        Some(_) => {
            return Err(Error::illegal_argument("Malformed settings section, should include an inner object"));
        }
    };
    Ok(Repository { kind, settings })
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
