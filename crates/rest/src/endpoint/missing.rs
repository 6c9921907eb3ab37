//! What OpenSearch has and Shoal has not: 501, by name, rather than a path that nobody knows.

use std::sync::Arc;

use axum::http::Method;
use model::error::Error;

use super::Server;
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Routes;

/// Methods (first letters; `P` is PUT, `O` is POST), pattern.
const MISSING: &[(&str, &str)] = &[
    ("D", "/{index}/_block/{block}"),
    ("G", "/_nodes/usage"),
    ("GPD", "/_cluster/routing/awareness/{attribute}/weights"),
];

pub(super) fn routes(routes: &mut Routes) {
    for (letters, pattern) in MISSING {
        let methods: Vec<Method> = letters.bytes().filter_map(method).collect();
        let answer = move |_: Arc<Server>, request: Request| async move { not_yet(&request, pattern) };
        routes.add(&methods, &[pattern], answer);
    }
}

fn method(letter: u8) -> Option<Method> {
    match letter {
        b'G' => Some(Method::GET),
        b'P' => Some(Method::PUT),
        b'O' => Some(Method::POST),
        b'H' => Some(Method::HEAD),
        b'D' => Some(Method::DELETE),
        _ => None,
    }
}

fn not_yet(request: &Request, pattern: &str) -> Result<Reply, Error> {
    Err(Error::not_implemented(format!("[{} {pattern}]", request.method)))
}
