//! `_cluster/settings`: shown and changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::PutClusterSettings;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use serde_json::{Map, Value, json};

use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::render::admin::settings::{flat, settings};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    params.flag("local")?;
    let flat = params.flag("flat_settings")?.unwrap_or(false);
    let with_defaults = params.flag("include_defaults")?.unwrap_or(false);
    request.finish()?;
    let all = server.gateway.cluster().settings;
    let mut answer =
        json!({"persistent": settings(&all.persistent, flat), "transient": settings(&all.transient, flat)});
    if with_defaults {
        answer["defaults"] = settings(&all.defaults, flat);
    }
    Ok(Reply::value(&answer))
}

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::patience(params)?;
    let as_flat = params.flag("flat_settings")?.unwrap_or(false);
    let mut body = body::lenient(body::required(&bytes)?)?;
    request.finish()?;
    let persistent = scope(&mut body, "persistent")?;
    let transient = scope(&mut body, "transient")?;
    if persistent.is_empty() && transient.is_empty() {
        return Err(options::refusal("no settings to update"));
    }
    let names = |given| flat(given).into_keys().collect::<Vec<_>>();
    let changed = (names(&persistent), names(&transient));
    let all = server.within(patience).put_cluster_settings(PutClusterSettings { persistent, transient }).await?;
    Ok(Reply::value(&json!({
        "acknowledged": true,
        "persistent": settings(&only(all.persistent, &changed.0), as_flat),
        "transient": settings(&only(all.transient, &changed.1), as_flat),
    })))
}

/// Other keys of the body mean nothing, as in OpenSearch.
fn scope(body: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Error> {
    match body.remove(name) {
        None => Ok(Map::new()),
        Some(Value::Object(settings)) => Ok(settings),
        Some(_) => Err(Error::new(ErrorKind::Parse, format!("key [{name}] must be an object"))),
    }
}

/// The answer shows what this request has set, not what there was.
fn only(settings: BTreeMap<String, Value>, names: &[String]) -> BTreeMap<String, Value> {
    // A list of objects has names below its own.
    let set = |name: &str| {
        names.iter().any(|given| {
            simple_match(given, name) || name.strip_prefix(given.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    settings.into_iter().filter(|(name, _)| set(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_set_is_answered() {
        let body = json!({"search": {"max_buckets": 1, "x": {"y": null}}, "a.b": "c"});
        let names: Vec<String> = flat(body.as_object().unwrap()).into_keys().collect();
        assert_eq!(names, ["a.b", "search.max_buckets", "search.x.y"]);
        let all = [("a.b", "c"), ("other", "1")];
        let all = all.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        assert_eq!(only(all, &names).into_keys().collect::<Vec<_>>(), ["a.b"]);
    }
}
