//! Stored scripts: put where requests name them, before the requests are read.
//!
//! In: a body, the scripts that the cluster keeps. Out: the body with sources in place of ids. Not here: templates of searches
//! (`search::template`), bodies of several searches, bodies in the parameter `source`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::Server;
use crate::json;
use crate::reply::Reply;
use crate::request::Request;

/// Whose contents are the client's own.
const OPAQUE: [&str; 4] = ["doc", "upsert", "params", "like"];

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

/// `handler`, which sees no ids of scripts.
pub(super) fn with_scripts<F, Answer>(
    handler: F,
) -> impl Fn(Arc<Server>, Request) -> Answering + Clone + Send + Sync + 'static
where
    F: Fn(Arc<Server>, Request) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<Reply, Error>> + Send + 'static,
{
    move |server: Arc<Server>, mut request: Request| {
        let handler = handler.clone();
        Box::pin(async move {
            if let Some(body) = expanded(&server, &request.body())? {
                request.replace_body(body);
            }
            handler(server, request).await
        }) as Answering
    }
}

/// The body without ids; `None`: it has none, or does not read, which is for others to say.
fn expanded(server: &Server, body: &Bytes) -> Result<Option<Bytes>, Error> {
    let names = |what: &str| body.windows(what.len()).any(|window| window == what.as_bytes());
    if !names("script\"") || !names("\"id\"") {
        return Ok(None);
    }
    let Ok(Some(mut object)) = json::object(body) else { return Ok(None) };
    let mut changed = false;
    within(server, &mut object, &mut changed)?;
    Ok(changed.then(|| Value::Object(object).to_string().into()))
}

/// As deep as JSON may nest.
fn within(server: &Server, object: &mut Map<String, Value>, changed: &mut bool) -> Result<(), Error> {
    for (key, value) in object.iter_mut() {
        if OPAQUE.contains(&key.as_str()) {
            continue;
        }
        match value {
            Value::Object(inner) => match named(inner).filter(|_| key.ends_with("script")).map(str::to_owned) {
                Some(id) => {
                    put(server, &id, inner)?;
                    *changed = true;
                }
                None => within(server, inner, changed)?,
            },
            Value::Array(items) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    within(server, item, changed)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The id of a script that is nothing but named; what says more is refused where it is read.
fn named(script: &Map<String, Value>) -> Option<&str> {
    let more = ["source", "inline", "lang"].iter().any(|key| script.contains_key(*key));
    script.get("id").filter(|_| !more)?.as_str()
}

fn put(server: &Server, id: &str, script: &mut Map<String, Value>) -> Result<(), Error> {
    let missing = || Error::new(ErrorKind::ResourceNotFound, format!("unable to find script [{id}] in cluster state"));
    let stored = found(server, id).ok_or_else(missing)?;
    script.shift_remove("id");
    for key in ["lang", "source"] {
        script.insert(key.to_owned(), stored[key].clone());
    }
    Ok(())
}

/// A script by its exact name.
pub(super) fn found(server: &Server, id: &str) -> Option<Value> {
    if id.contains('*') {
        return None;
    }
    server.gateway.definitions(Definition::Script, &[id.to_owned()]).into_values().next()
}
