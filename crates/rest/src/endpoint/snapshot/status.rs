//! `_snapshot/_status`: of what is on its way. `_snapshot/{repository}/{snapshot}/_status`: what snapshots are made of.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::snapshot::{SnapshotInfo, SnapshotState, SnapshotStatus, missing};
use serde_json::{Value, json};

use super::{listed, repositories};
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::snapshot;
use crate::reply::Reply;
use crate::request::Request;

const ALL: &str = "_all";

pub(super) async fn status(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    let ignore_unavailable = request.params.flag("ignore_unavailable")?.unwrap_or(false);
    request.finish()?;
    let repository = request.part("repository").filter(|name| *name != ALL);
    let names = request.part("snapshot").map(split).unwrap_or_default();
    let indexes = request.part("index").map(split).unwrap_or_default();
    if !indexes.is_empty() && names.len() != 1 {
        return Err(options::refusal(&format!(
            "index list filter is supported only when a single 'snapshot' is passed, but found 'snapshot' param = [[{}]]",
            names.join(", ")
        )));
    }
    let every = names.is_empty() || (names.len() == 1 && names[0].eq_ignore_ascii_case(ALL));
    let shown = match repository {
        Some(repository) if !every => {
            let wanted = named(repository, &names, ignore_unavailable, listed(&server, repository).await?)?;
            of(&server, repository, &wanted, &indexes, ignore_unavailable).await?
        }
        None if !every => {
            return Err(
                Error::new(ErrorKind::RepositoryMissing, format!("[{ALL}] missing")).with_detail("repository", ALL)
            );
        }
        _ => running(&server, repository).await?,
    };
    Ok(Reply::value(&json!({"snapshots": shown})))
}

/// Of the snapshots that are being made, in a repository or anywhere.
async fn running(server: &Server, only: Option<&str>) -> Result<Vec<Value>, Error> {
    let mut shown = Vec::new();
    for (repository, _) in repositories(server) {
        if only.is_some_and(|only| only != repository.as_ref()) {
            continue;
        }
        let all = listed(server, &repository).await?.into_iter();
        let running = all.filter(|one| one.state == SnapshotState::InProgress);
        let names: Vec<String> = running.map(|one| one.name.to_string()).collect();
        shown.extend(of(server, &repository, &names, &[], true).await?);
    }
    Ok(shown)
}

/// The names that there are, each once. Patterns stand for nothing here.
fn named(
    repository: &str,
    asked: &[String],
    ignore_unavailable: bool,
    all: Vec<SnapshotInfo>,
) -> Result<Vec<String>, Error> {
    let lost = asked.iter().find(|name| !all.iter().any(|one| one.name.as_ref() == *name));
    if let Some(name) = lost.filter(|_| !ignore_unavailable) {
        return Err(missing(repository, name));
    }
    let names = all.into_iter().map(|one| one.name.to_string());
    Ok(names.filter(|name| asked.contains(name)).collect())
}

async fn of(
    server: &Server,
    repository: &str,
    names: &[String],
    indexes: &[String],
    ignore_unavailable: bool,
) -> Result<Vec<Value>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = server.gateway.snapshots()?.status(repository, names).await?;
    if !indexes.is_empty() {
        for one in &mut found {
            keep(repository, one, indexes, ignore_unavailable)?;
        }
    }
    Ok(found.iter().map(|one| snapshot::status(repository, one)).collect())
}

/// Leaves of a snapshot what is about these indexes.
fn keep(repository: &str, one: &mut SnapshotStatus, names: &[String], ignore_unavailable: bool) -> Result<(), Error> {
    let lost = names.iter().find(|name| !one.indexes.contains_key(name.as_str()));
    if let Some(name) = lost.filter(|_| !ignore_unavailable) {
        let cause = format!("indices [{name}] missing in snapshot [{}] of repository [{repository}]", one.info.name);
        let error = Error::new(ErrorKind::IndexNotFound, format!("no such index [{name}]"));
        let error = error.with_detail("index", name.as_str()).with_detail("index_uuid", "_na_");
        return Err(error.with_cause(Error::illegal_argument(cause)));
    }
    one.indexes.retain(|index, _| names.iter().any(|name| name == index.as_ref()));
    Ok(())
}
