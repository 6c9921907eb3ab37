//! `_ingest/pipeline`: pipelines put, shown, deleted, tried out.

mod simulate;

use std::sync::Arc;

use axum::http::Method;
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::{Server, options};
use crate::json;
use crate::params::split;
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let try_out = ["/_ingest/pipeline/_simulate", "/_ingest/pipeline/{id}/_simulate"];
    routes.add(&[Method::GET], &["/_ingest/pipeline", "/_ingest/pipeline/{id}"], show);
    routes.add(&[Method::GET], &["/_ingest/processor/grok"], grok);
    routes.add(&[Method::PUT], &["/_ingest/pipeline/{id}"], put);
    routes.add(&[Method::DELETE], &["/_ingest/pipeline/{id}"], delete);
    routes.add(&[Method::GET, Method::POST], &try_out, simulate::simulate);
}

async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("id")?.to_owned();
    let body = request.body();
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    let Some(definition) = json::object(&body)? else {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    };
    server.within(patience).put_definition(Definition::IngestPipeline, name, Value::Object(definition)).await?;
    Ok(Reply::acknowledged())
}

async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patterns = split(request.part("id").unwrap_or_default());
    options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    let found = server.gateway.definitions(Definition::IngestPipeline, &patterns);
    let missing = found.is_empty();
    let found: Map<String, Value> = found.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    Ok(Reply::value(&Value::Object(found)).with_status(if missing { 404 } else { 200 }))
}

/// The patterns that the processor `grok` knows by name.
async fn grok(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let sorted = request.params.flag("s")?.unwrap_or(false);
    request.finish()?;
    let mut known = server.gateway.grok_patterns().to_vec();
    if sorted {
        known.sort_unstable();
    }
    let patterns: Map<String, Value> = known.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    Ok(Reply::value(&serde_json::json!({"patterns": patterns})))
}

async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("id")?.to_owned();
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    server.within(patience).delete_definitions(Definition::IngestPipeline, name).await?;
    Ok(Reply::acknowledged())
}
