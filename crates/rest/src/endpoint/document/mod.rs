//! Documents: written and read one by one, by the list, and in bulk.

mod bulk;
mod delete;
mod get;
mod index;
mod mget;
mod term_vectors;
mod update;

use std::sync::Arc;

use axum::http::Method;
use axum::http::header::LOCATION;
use model::error::Error;
use model::write::{Write, WriteRequest, Written};

use super::Server;
use super::options;
use super::stored::with_scripts;
use crate::params::Params;
use crate::render::document;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    use Method as M;
    routes.add(&[M::PUT], &["/{index}/_doc/{id}"], index::index);
    routes.add(&[M::PUT, M::POST], &["/{index}/_create/{id}"], index::create);
    routes.add(&[M::POST], &["/{index}/_doc", "/{index}/_doc/{id}"], index::index);
    routes.add(&[M::GET, M::HEAD], &["/{index}/_doc/{id}"], get::get);
    routes.add(&[M::GET, M::HEAD], &["/{index}/_source/{id}"], get::source);
    routes.add(&[M::DELETE], &["/{index}/_doc/{id}"], delete::delete);
    routes.add(&[M::POST], &["/{index}/_update/{id}"], with_scripts(update::update));
    routes.add(&[M::GET, M::POST], &["/_mget", "/{index}/_mget"], mget::mget);
    let vectors = ["/{index}/_termvectors", "/{index}/_termvectors/{id}"];
    routes.add(&[M::GET, M::POST], &vectors, term_vectors::one);
    routes.add(&[M::GET, M::POST], &["/_mtermvectors", "/{index}/_mtermvectors"], term_vectors::many);
    routes.add_streaming(&[M::PUT, M::POST], &["/_bulk", "/{index}/_bulk"], bulk::bulk);
}

/// What holds for all writes of a request, before there are any.
fn write_request(params: &mut Params) -> Result<WriteRequest, Error> {
    Ok(WriteRequest {
        writes: Vec::new(),
        refresh: options::refresh(params)?,
        timeout_ms: options::timeout_ms(params)?,
        active_shards: options::active_shards(params)?,
    })
}

/// Carries out one write.
async fn write_one(server: &Server, mut request: WriteRequest, write: Write) -> Result<Reply, Error> {
    let routing = write.routing.clone();
    request.writes = vec![write];
    let mut answers = server.gateway.write(request).await?;
    let written = answers.pop().expect("one answer a write").map_err(|failure| failure.error)?;
    let mut json = Json::with_capacity(256);
    document::written(&mut json, &written);
    let status = document::status(written.outcome);
    let reply = Reply::json(status, json);
    Ok(if status == 201 { reply.with_header(LOCATION, &location(&written, routing)) } else { reply })
}

fn location(written: &Written, routing: Option<Arc<str>>) -> String {
    let mut location = String::from("/");
    encode(&mut location, &written.index);
    location += "/_doc/";
    encode(&mut location, &written.id);
    if let Some(routing) = routing {
        location += "?routing=";
        encode(&mut location, &routing);
    }
    location
}

/// As forms are encoded, a space being a plus.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => *out += &format!("%{byte:02X}"),
        }
    }
}
