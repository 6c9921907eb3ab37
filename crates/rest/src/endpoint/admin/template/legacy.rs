//! `_template`: templates of the older kind.

use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;
use model::template::{LegacyTemplate, TemplateChange};
use serde_json::{Map, Value, json};

use super::{Given, read, shown};
use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name: Arc<str> = request.required("name")?.into();
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::cluster_manager_timeout(params)?;
    let create = params.flag("create")?.unwrap_or(false);
    let order = params.int("order")?;
    params.take("cause");
    let mut template = read::legacy(body::required(&bytes)?)?;
    template.order = order.unwrap_or(template.order);
    request.finish()?;
    server.within(patience).change_templates(TemplateChange::PutLegacy { name, template, create }).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    let flat = request.params.flag("flat_settings")?.unwrap_or(false);
    request.finish()?;
    let templates: Given = server.gateway.cluster().templates;
    let wanted = templates.legacy.iter().filter(|(name, _)| asked(&request, name));
    let shown: Map<String, Value> = wanted.map(|(name, template)| (name.to_string(), one(template, flat))).collect();
    let missing = shown.is_empty() && request.part("name").is_some();
    Ok(Reply::value(&shown.into()).with_status(if missing { 404 } else { 200 }))
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    server.within(patience).change_templates(TemplateChange::DeleteLegacy { name }).await?;
    Ok(Reply::acknowledged())
}

/// Whether `name` is asked for, among several names and patterns.
fn asked(request: &Request, name: &str) -> bool {
    request.part("name").is_none_or(|given| given.split(',').any(|pattern| simple_match(pattern, name)))
}

/// A template as it is shown, in `_cluster/state` too.
pub(in crate::endpoint) fn one(template: &LegacyTemplate, flat: bool) -> Value {
    let mut body = Map::new();
    body.insert("order".into(), template.order.into());
    body.extend(template.version.map(|version| ("version".to_owned(), version.into())));
    body.insert("index_patterns".into(), json!(template.patterns));
    let mut given = shown(&template.template, flat);
    for key in ["settings", "mappings", "aliases"] {
        body.insert(key.into(), given.remove(key).unwrap_or_else(|| json!({})));
    }
    body.into()
}
