//! `_index_template/_simulate` and `_simulate_index`: what templates would make of an index.

use std::sync::Arc;

use model::error::Error;
use model::template::{IndexTemplate, Simulate, Simulated};
use serde_json::{Map, Value, json};

use super::index::check_aliases;
use super::{alias_of, read};
use crate::endpoint::{Server, options};
use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn index(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    let with = taken(&mut request, "simulate_index_template")?;
    answered(&server, Simulate::Index { name, with })
}

pub(super) async fn template(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.part("name").map(str::to_owned);
    let with = taken(&mut request, name.as_deref().unwrap_or("simulate_template"))?;
    if name.is_none() && with.is_none() {
        return Err(options::refusal("either index name or index template body must be specified for simulation"));
    }
    answered(&server, Simulate::Template { name, with })
}

/// What is to be simulated beside the templates that are there, under `name`.
fn taken(request: &mut Request, name: &str) -> Result<Option<IndexTemplate>, Error> {
    let bytes = request.body();
    options::cluster_manager_timeout(&mut request.params)?;
    let with = if bytes.is_empty() { None } else { Some(read::index(&bytes)?) };
    request.finish()?;
    with.iter().try_for_each(|template| check_aliases(name, template))?;
    Ok(with)
}

fn answered(server: &Server, wanted: Simulate) -> Result<Reply, Error> {
    let answer = server.gateway.simulate_template(&wanted)?;
    let index = match &wanted {
        Simulate::Index { name, .. } => Some(name.as_str()),
        Simulate::Template { .. } => None,
    };
    Ok(Reply::value(&answer.map_or_else(|| json!({}), |simulated| body(&simulated, index))))
}

/// `index`: the name that stands for `{index}` in aliases.
fn body(simulated: &Simulated, index: Option<&str>) -> Value {
    let mut template = Map::new();
    template.insert("settings".into(), settings(&simulated.settings, false));
    template.extend(simulated.mappings.clone().map(|mappings| ("mappings".to_owned(), mappings)));
    let named = |alias: &str| index.map_or_else(|| alias.to_owned(), |index| alias.replace("{index}", index));
    let aliases = simulated.aliases.iter().map(|(name, alias)| (named(name), alias_of(alias)));
    template.insert("aliases".into(), Value::Object(aliases.collect()));
    let overlapping =
        simulated.overlapping.iter().map(|(name, patterns)| json!({"name": name.as_ref(), "index_patterns": patterns}));
    json!({"template": template, "overlapping": overlapping.collect::<Vec<_>>()})
}
