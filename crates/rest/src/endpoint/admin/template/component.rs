//! `_component_template`: parts of composable templates.

use std::sync::Arc;

use model::error::Error;
use model::template::{ComponentTemplate, TemplateChange};
use serde_json::{Map, Value, json};

use super::{Given, asked, found, read, shown};
use crate::endpoint::admin::body;
use crate::endpoint::{Server, options};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name: Arc<str> = request.required("name")?.into();
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::patience(params)?;
    let create = params.flag("create")?.unwrap_or(false);
    let template = read::component(body::required(&bytes)?)?;
    request.finish()?;
    server.within(patience).change_templates(TemplateChange::PutComponent { name, template, create }).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.params.flag("flat_settings")?;
    request.finish()?;
    let templates: Given = server.gateway.cluster().templates;
    let wanted = templates.component.iter().filter(|(name, _)| asked(&request, name));
    let shown: Vec<Value> =
        wanted.map(|(name, template)| json!({"name": name.as_ref(), "component_template": one(template)})).collect();
    let none = shown.is_empty();
    found(&request, &json!({"component_templates": shown}), "component template", none)
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    server.within(patience).change_templates(TemplateChange::DeleteComponent { name }).await?;
    Ok(Reply::acknowledged())
}

/// A component as it is shown, in `_cluster/state` too.
pub(in crate::endpoint) fn one(template: &ComponentTemplate) -> Value {
    let mut body = Map::new();
    body.insert("template".into(), shown(&template.template, false).into());
    for (key, value) in [("version", template.version.map(Value::from)), ("_meta", template.meta.clone())] {
        body.extend(value.map(|value| (key.to_owned(), value)));
    }
    body.into()
}
