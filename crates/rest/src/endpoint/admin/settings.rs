//! `_settings`: shown, whole or by name, and changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::PutSettings;
use model::error::Error;
use model::mapping::simple_match;
use model::target::Expand;
use serde_json::{Map, Value};

use super::body;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut names = request.part("name").map(split).unwrap_or_default();
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: false, hidden: false });
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    params.flag("local")?;
    names.extend(params.list("name").unwrap_or_default());
    let flat = params.flag("flat_settings")?.unwrap_or(false);
    let with_defaults = params.flag("include_defaults")?.unwrap_or(false);
    request.finish()?;
    let mut answer = Map::new();
    for index in server.readable(&target)? {
        let given = named(&index.settings, &names);
        // An index of which nothing is asked for is not shown.
        if given.is_empty() && !with_defaults {
            continue;
        }
        let mut shown = Map::new();
        shown.insert("settings".into(), settings(&given, flat));
        if with_defaults {
            let mut defaults = named(&index.default_settings, &names);
            defaults.retain(|name, _| !index.settings.contains_key(name));
            shown.insert("defaults".into(), settings(&defaults, flat));
        }
        answer.insert(index.name.to_string(), shown.into());
    }
    Ok(Reply::value(&answer.into()))
}

/// Those that `names` (with `*`) ask for; none or `_all`: every one.
fn named(all: &BTreeMap<String, Value>, names: &[String]) -> BTreeMap<String, Value> {
    let everything = names.is_empty() || names.iter().any(|name| name == "_all" || name == "*");
    let wanted = |name: &str| everything || names.iter().any(|pattern| simple_match(pattern, name));
    all.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let target = options::of_some(request.target()?);
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::patience(params)?;
    params.flag("flat_settings")?;
    let preserve_existing = params.flag("preserve_existing")?.unwrap_or(false);
    let settings = body::lenient(body::required(&bytes)?)?;
    request.finish()?;
    let inner = settings.get("settings").filter(|_| settings.len() == 1);
    if settings.is_empty() || inner.and_then(Value::as_object).is_some_and(Map::is_empty) {
        return Err(options::refusal("no settings to update"));
    }
    server.within(patience).put_settings(PutSettings { target, settings, preserve_existing }).await?;
    Ok(Reply::acknowledged())
}
