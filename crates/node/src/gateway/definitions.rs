//! Pipelines and scripts: kept in the metadata, checked before they get there.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::command::Command;
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use serde_json::Value;

use super::NodeGateway;
use crate::core::Core;

pub(super) async fn put(door: &NodeGateway, kind: Definition, name: String, definition: Value) -> Result<(), Error> {
    match kind {
        Definition::SearchPipeline => drop(search::pipeline::Pipeline::parse(&definition)?),
        Definition::IngestPipeline => drop(ingest::pipeline::Pipeline::parse(&name, &definition)?),
        // Read by the dialect, which knows its languages.
        Definition::Script => {}
        // They come through a door of their own.
        Definition::Repository => return Err(Error::illegal_argument("[repository] is no definition to be put")),
    }
    let command = Command::PutDefinition { kind, name: name.into(), definition };
    door.submit(command).await.map(drop)
}

/// Those whose names match.
pub(super) fn get(core: &Core, kind: Definition, patterns: &[String]) -> BTreeMap<Arc<str>, Value> {
    let wanted = |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| simple_match(pattern, name));
    let state = core.state();
    let all = state.definitions.get(&kind).into_iter().flatten().filter(|(name, _)| wanted(name));
    all.map(|(name, definition)| (name.clone(), definition.clone())).collect()
}

pub(super) async fn delete(door: &NodeGateway, kind: Definition, pattern: String) -> Result<(), Error> {
    let core = &door.core;
    let names: Vec<Arc<str>> = match kind {
        // Scripts have no patterns.
        Definition::Script => {
            core.state().definition(kind, &pattern).map(|_| pattern.as_str().into()).into_iter().collect()
        }
        _ => get(core, kind, std::slice::from_ref(&pattern)).into_keys().collect(),
    };
    if names.is_empty() {
        // Of everything nothing is missing; of a pattern that names nothing, search pipelines do not mind.
        if pattern == "*" || (kind == Definition::SearchPipeline && pattern.contains('*')) {
            return Ok(());
        }
        let reason = match kind {
            Definition::Repository => format!("repository [{pattern}] does not exist"),
            Definition::Script => format!("stored script [{pattern}] does not exist and cannot be deleted"),
            Definition::SearchPipeline | Definition::IngestPipeline => format!("pipeline [{pattern}] is missing"),
        };
        return Err(Error::new(ErrorKind::ResourceNotFound, reason));
    }
    door.submit(Command::DeleteDefinitions { kind, names }).await.map(drop)
}
