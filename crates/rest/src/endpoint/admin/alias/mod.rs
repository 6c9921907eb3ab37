//! Aliases: shown, put, deleted, and changed by a list of actions.

mod actions;
mod put;
mod show;

use axum::http::Method;
use model::error::{Error, ErrorKind};
use serde_json::Value;
pub(in crate::endpoint) use show::asked_for;

use crate::dsl;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let (get, head) = (Method::GET, Method::HEAD);
    let shown = ["/_alias", "/_aliases", "/_alias/{name}", "/{index}/_alias", "/{index}/_alias/{name}"];
    routes.add(&[get], &shown, show::show);
    routes.add(&[head], &shown[2..], show::show);
    let put = [
        "/_alias",
        "/_alias/{name}",
        "/_aliases/{name}",
        "/{index}/_alias",
        "/{index}/_aliases",
        "/{index}/_alias/{name}",
        "/{index}/_aliases/{name}",
    ];
    routes.add(&[Method::PUT], &put, put::put);
    let post = ["/_alias/{name}", "/_aliases/{name}", "/{index}/_alias/{name}", "/{index}/_aliases/{name}"];
    routes.add(&[Method::POST], &post, put::put);
    routes.add(&[Method::DELETE], &["/{index}/_alias/{name}", "/{index}/_aliases/{name}"], put::delete);
    routes.add(&[Method::POST], &["/_aliases"], actions::actions);
}

/// Whether `filter` is a query.
///
/// # Errors
/// `illegal_argument_exception` naming the alias, caused by what is wrong; 501 for queries that are not there yet.
pub(super) fn check_filter(alias: &str, filter: &Value) -> Result<(), Error> {
    match dsl::query(filter) {
        Ok(_) => Ok(()),
        Err(error) if error.kind == ErrorKind::NotImplemented => Err(error),
        Err(cause) => {
            Err(Error::illegal_argument(format!("failed to parse filter for alias [{alias}]")).with_cause(cause))
        }
    }
}
