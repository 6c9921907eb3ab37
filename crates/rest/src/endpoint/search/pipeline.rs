//! `_search/pipeline`: search pipelines put, shown, deleted.

use std::sync::Arc;

use model::definition::Definition;
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::endpoint::{Server, options};
use crate::json;
use crate::params::{Params, split};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("id")?.to_owned();
    let body = request.body();
    let patience = patience(&mut request.params)?;
    request.finish()?;
    let Some(definition) = json::object(&body)? else {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    };
    server.within(patience).put_definition(Definition::SearchPipeline, name, Value::Object(definition)).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let patterns = split(request.part("id").unwrap_or_default());
    // What is known here is shown, and nobody waited for.
    request.params.time_ms("cluster_manager_timeout")?;
    request.finish()?;
    let found = server.gateway.definitions(Definition::SearchPipeline, &patterns);
    if found.is_empty() {
        return Ok(Reply::value(&Value::Object(Map::new())).with_status(404));
    }
    let found = found.into_iter().map(|(name, definition)| (name.to_string(), definition)).collect();
    Ok(Reply::value(&Value::Object(found)))
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("id")?.to_owned();
    let patience = patience(&mut request.params)?;
    request.finish()?;
    server.within(patience).delete_definitions(Definition::SearchPipeline, name).await?;
    Ok(Reply::acknowledged())
}

/// How long to wait for an elected node, which has no older name here; and `timeout`, for which nothing waits.
fn patience(params: &mut Params) -> Result<Option<u64>, Error> {
    let patience = params.time_ms("cluster_manager_timeout")?.map(|given| given.unwrap_or(u64::MAX));
    options::timeout_ms(params)?;
    Ok(patience)
}
