//! `_snapshot`: repositories, the snapshots in them, and how they come back.

mod body;
mod create;
mod name;
mod repository;
mod restore;
mod show;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use model::error::Error;
use model::snapshot::{Repository, SnapshotInfo, missing_repository};

use super::Server;
use crate::request::Request;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let (get, post, delete) = ([Method::GET], [Method::POST], [Method::DELETE]);
    let put_or_post = [Method::PUT, Method::POST];
    routes.add(&get, &["/_snapshot", "/_snapshot/{repository}"], repository::show);
    routes.add(&put_or_post, &["/_snapshot/{repository}"], repository::put);
    routes.add(&delete, &["/_snapshot/{repository}"], repository::delete);
    routes.add(&post, &["/_snapshot/{repository}/_verify"], repository::verify);
    routes.add(&post, &["/_snapshot/{repository}/_cleanup"], repository::clean);
    let status = [
        "/_snapshot/_status",
        "/_snapshot/{repository}/_status",
        "/_snapshot/{repository}/{snapshot}/_status",
        "/_snapshot/{repository}/{snapshot}/{index}/_status",
    ];
    routes.add(&get, &status, status::status);
    routes.add(&put_or_post, &["/_snapshot/{repository}/{snapshot}"], create::create);
    routes.add(&[Method::PUT], &["/_snapshot/{repository}/{snapshot}/_clone/{target}"], create::clone);
    routes.add(&get, &["/_snapshot/{repository}/{snapshot}"], show::show);
    routes.add(&delete, &["/_snapshot/{repository}/{snapshot}"], show::delete);
    routes.add(&post, &["/_snapshot/{repository}/{snapshot}/_restore"], restore::restore);
}

/// A part of the path.
fn part(request: &Request, name: &str) -> Result<String, Error> {
    request.required(name).map(str::to_owned)
}

/// All that are registered. Where there is no door to them, there are none.
pub(super) fn repositories(server: &Server) -> BTreeMap<Arc<str>, Repository> {
    server.gateway.snapshots().map(|door| door.repositories()).unwrap_or_default()
}

/// # Errors
/// `repository_missing_exception` for a name that is none of a repository.
fn registered(server: &Server, repository: &str) -> Result<(), Error> {
    match repositories(server).contains_key(repository) {
        true => Ok(()),
        false => Err(missing_repository(repository)),
    }
}

/// The snapshots of a repository, the oldest first.
///
/// # Errors
/// `repository_missing_exception`, and what reading the repository fails by.
pub(super) async fn listed(server: &Server, repository: &str) -> Result<Vec<SnapshotInfo>, Error> {
    registered(server, repository)?;
    server.gateway.snapshots()?.list(repository).await
}
