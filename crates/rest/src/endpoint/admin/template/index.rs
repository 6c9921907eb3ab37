//! `_index_template`: composable templates.

use std::sync::Arc;

use model::error::Error;
use model::template::{IndexTemplate, TemplateChange};
use serde_json::{Map, Value, json};

use super::{Given, asked, found, read, shown};
use crate::endpoint::admin::alias::check_filter;
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
    params.take("cause");
    let template = read::index(body::required(&bytes)?)?;
    request.finish()?;
    check_aliases(&name, &template)?;
    server.within(patience).change_templates(TemplateChange::PutIndex { name, template, create }).await?;
    Ok(Reply::acknowledged())
}

pub(super) async fn show(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    // Only nested settings are shown, as in OpenSearch.
    request.params.flag("flat_settings")?;
    request.finish()?;
    let templates: Given = server.gateway.cluster().templates;
    let wanted = templates.index.iter().filter(|(name, _)| asked(&request, name));
    let shown: Vec<Value> =
        wanted.map(|(name, template)| json!({"name": name.as_ref(), "index_template": one(template)})).collect();
    let none = shown.is_empty();
    found(&request, &json!({"index_templates": shown}), "index template", none)
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    let patience = options::cluster_manager_timeout(&mut request.params)?;
    request.finish()?;
    server.within(patience).change_templates(TemplateChange::DeleteIndex { name }).await?;
    Ok(Reply::acknowledged())
}

/// That the filters of its aliases are queries.
///
/// # Errors
/// `illegal_argument_exception`, in the name of the template.
pub(super) fn check_aliases(name: &str, template: &IndexTemplate) -> Result<(), Error> {
    let aliases = template.template.iter().filter_map(|own| own.aliases.as_ref()).flatten();
    for (alias, options) in aliases {
        let Some(filter) = options.get("filter").filter(|filter| filter.is_object()) else { continue };
        check_filter(alias, filter).map_err(|cause| {
            let with = match template.composed_of.as_slice() {
                [] => String::new(),
                names => format!("with component templates [{}] ", names.join(", ")),
            };
            let reason = format!("composable template [{name}] template after composition {with}is invalid");
            Error::illegal_argument(reason).with_cause(cause)
        })?;
    }
    Ok(())
}

/// A template as it is shown, in `_cluster/state` too.
pub(in crate::endpoint) fn one(template: &IndexTemplate) -> Value {
    let mut body = Map::new();
    body.insert("index_patterns".into(), json!(template.patterns));
    if let Some(own) = &template.template {
        body.insert("template".into(), shown(own, false).into());
    }
    if template.template.is_some() || !template.composed_of.is_empty() {
        body.insert("composed_of".into(), json!(template.composed_of));
    }
    for (key, value) in [
        ("priority", template.priority.map(Value::from)),
        ("version", template.version.map(Value::from)),
        ("_meta", template.meta.clone()),
        (
            "data_stream",
            template.data_stream.as_ref().map(|it| json!({"timestamp_field": {"name": it.timestamp_field}})),
        ),
    ] {
        body.extend(value.map(|value| (key.to_owned(), value)));
    }
    body.into()
}
