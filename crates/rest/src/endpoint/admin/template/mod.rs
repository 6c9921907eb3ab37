//! Templates: composable ones, their components, legacy ones; and what they would make of an index.

mod component;
mod index;
mod legacy;
mod read;
mod simulate;

use std::sync::Arc;

use axum::http::Method;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::template::Template;
use serde_json::{Map, Value, json};

use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let put = [Method::PUT, Method::POST];
    let (show, head) = ([Method::GET], [Method::HEAD]);
    routes.add(&show, &["/_index_template", "/_index_template/{name}"], index::show);
    routes.add(&head, &["/_index_template/{name}"], index::show);
    routes.add(&put, &["/_index_template/{name}"], index::put);
    routes.add(&[Method::DELETE], &["/_index_template/{name}"], index::delete);
    let simulated = ["/_index_template/_simulate", "/_index_template/_simulate/{name}"];
    routes.add(&[Method::POST], &simulated, simulate::template);
    routes.add(&[Method::POST], &["/_index_template/_simulate_index/{name}"], simulate::index);

    routes.add(&show, &["/_component_template", "/_component_template/{name}"], component::show);
    routes.add(&head, &["/_component_template/{name}"], component::show);
    routes.add(&put, &["/_component_template/{name}"], component::put);
    routes.add(&[Method::DELETE], &["/_component_template/{name}"], component::delete);

    routes.add(&show, &["/_template", "/_template/{name}"], legacy::show);
    routes.add(&head, &["/_template/{name}"], legacy::show);
    routes.add(&put, &["/_template/{name}"], legacy::put);
    routes.add(&[Method::DELETE], &["/_template/{name}"], legacy::delete);
}

/// All templates as `_cluster/state` shows them: legacy ones, components, composable ones.
pub(in crate::endpoint) fn metadata(templates: &model::template::Templates) -> [(&'static str, Value); 3] {
    let legacy = templates.legacy.iter().map(|(name, template)| (name.to_string(), legacy::one(template, false)));
    let components = templates.component.iter().map(|(name, template)| (name.to_string(), component::one(template)));
    let index = templates.index.iter().map(|(name, template)| (name.to_string(), index::one(template)));
    [
        ("templates", Value::Object(legacy.collect())),
        ("component_template", json!({"component_template": components.collect::<Map<_, _>>()})),
        ("index_template", json!({"index_template": index.collect::<Map<_, _>>()})),
    ]
}

/// Whether `name` is asked for: all are where no name is given. What is asked for is one name, or one pattern.
fn asked(request: &Request, name: &str) -> bool {
    request.part("name").is_none_or(|given| simple_match(given, name))
}

/// Refuses the answer to a name that is none of a template; what a pattern does not find is an empty list, and 404.
fn found(request: &Request, body: &Value, what: &str, none: bool) -> Result<Reply, Error> {
    let Some(name) = request.part("name").filter(|_| none) else { return Ok(Reply::value(body)) };
    if name.contains('*') || request.method == Method::HEAD {
        return Ok(Reply::value(body).with_status(404));
    }
    Err(Error::new(ErrorKind::ResourceNotFound, format!("{what} matching [{name}] not found")))
}

/// What a template gives, as it is shown.
fn shown(template: &Template, flat: bool) -> Map<String, Value> {
    let mut shown = Map::new();
    if let Some(given) = &template.settings {
        shown.insert("settings".into(), settings(given, flat));
    }
    if let Some(mappings) = &template.mappings {
        shown.insert("mappings".into(), mappings.clone());
    }
    if let Some(aliases) = &template.aliases {
        let aliases = aliases.iter().map(|(name, alias)| (name.clone(), alias_of(alias)));
        shown.insert("aliases".into(), Value::Object(aliases.collect()));
    }
    shown
}

/// An alias with `routing` is one with both kinds of it.
fn alias_of(given: &Value) -> Value {
    let mut alias = given.as_object().cloned().unwrap_or_default();
    if let Some(routing) = alias.remove("routing") {
        for kind in ["index_routing", "search_routing"] {
            alias.entry(kind).or_insert_with(|| routing.clone());
        }
    }
    alias.into()
}

type Given = Arc<model::template::Templates>;
