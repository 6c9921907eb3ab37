//! `_index_template/_simulate` and `_simulate_index`: what templates would make of an index.

use std::sync::Arc;

use model::error::Error;
use model::template::{Simulate, Simulated};
use serde_json::{Map, Value, json};

use super::{alias_of, read};
use crate::endpoint::{Server, options};
use crate::render::admin::settings::settings;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn index(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.required("name")?.to_owned();
    let with = taken(&mut request)?;
    answered(&server, Simulate::Index { name, with })
}

pub(super) async fn template(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let name = request.part("name").map(str::to_owned);
    let with = taken(&mut request)?;
    if name.is_none() && with.is_none() {
        return Err(options::refusal("either index name or index template body must be specified for simulation"));
    }
    answered(&server, Simulate::Template { name, with })
}

fn taken(request: &mut Request) -> Result<Option<model::template::IndexTemplate>, Error> {
    let bytes = request.body();
    options::cluster_manager_timeout(&mut request.params)?;
    let with = if bytes.is_empty() { None } else { Some(read::index(&bytes)?) };
    request.finish()?;
    Ok(with)
}

fn answered(server: &Server, wanted: Simulate) -> Result<Reply, Error> {
    let answer = server.gateway.simulate_template(&wanted)?;
    Ok(Reply::value(&answer.map_or_else(|| json!({}), |simulated| body(&simulated))))
}

fn body(simulated: &Simulated) -> Value {
    let mut template = Map::new();
    template.insert("settings".into(), settings(&simulated.settings, false));
    template.extend(simulated.mappings.clone().map(|mappings| ("mappings".to_owned(), mappings)));
    let aliases = simulated.aliases.iter().map(|(name, alias)| (name.clone(), alias_of(alias)));
    template.insert("aliases".into(), Value::Object(aliases.collect()));
    let overlapping =
        simulated.overlapping.iter().map(|(name, patterns)| json!({"name": name.as_ref(), "index_patterns": patterns}));
    json!({"template": template, "overlapping": overlapping.collect::<Vec<_>>()})
}
