//! Indexes: created, deleted, opened, closed; their mappings and settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::admin::IndexVersions;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, StateVersion};
use model::mapping::vector::{VectorElement, VectorSpace};
use model::mapping::{Mapping, creation_failure};
use serde_json::{Map, Value};

use super::{aliases, change, data_streams};
use crate::allocation::deciders::filter::admits;
use crate::centroids::{Learned, NUMBERS};
use crate::command::CreateIndex;
use crate::name;
use crate::settings::{IndexSettings, flat};
use crate::state::{IndexMetadata, NodeId, ShardTable, State, Unassigned, UnassignedReason};
use crate::template::with_templates;

/// Deleted indexes that are remembered.
const GRAVES: usize = 500;

/// Whether an index of that name can be made.
///
/// # Errors
/// `invalid_index_name_exception`, `resource_already_exists_exception`.
pub fn check_new_name(state: &State, name: &str) -> Result<(), Error> {
    name::check_index(name)?;
    if let Some(existing) = state.indexes.get(name) {
        let reason = format!("index [{}] already exists", existing.label());
        return Err(Error::new(ErrorKind::ResourceAlreadyExists, reason).with_index(existing.reference()));
    }
    if !state.alias(name).is_empty() {
        return Err(name::invalid_index(name, "already exists as alias"));
    }
    Ok(())
}

pub(super) fn create(state: &mut State, request: &CreateIndex) -> Result<(), Error> {
    check_new(state, request)?;
    put(state, &with_templates(&state.templates, request)?)
}

/// Makes an index of just what the request says.
pub(super) fn make(state: &mut State, request: &CreateIndex) -> Result<(), Error> {
    check_new(state, request)?;
    put(state, request)
}

fn check_new(state: &State, request: &CreateIndex) -> Result<(), Error> {
    check_new_name(state, &request.name)?;
    if state.graveyard.contains(&request.uuid) {
        let reason = format!("index [{}/{}] has been deleted", request.name, request.uuid);
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    Ok(())
}

fn put(state: &mut State, request: &CreateIndex) -> Result<(), Error> {
    let mut settings = IndexSettings::create(&request.settings)?;
    if let Some(from) = &request.resized_from {
        settings = settings.resized_from(&from.name, &from.uuid)?;
    }
    check_shard_limit(state, &settings)?;
    let mapping = match &request.mappings {
        Some(body) if body.get("_doc").is_some() => {
            return Err(Error::illegal_argument("The mapping definition cannot be nested under a type"));
        }
        Some(body) => {
            let mapping = Mapping::parse(body).map_err(creation_failure)?;
            mapping.validate()?;
            mapping.check_limits(&settings.typed().mapping_limits)?;
            mapping
        }
        None => Mapping::default(),
    };
    let first = StateVersion(1);
    let unassigned = Some(Unassigned::new(UnassignedReason::IndexCreated, request.creation_date_ms));
    let shards = vec![ShardTable { unassigned, ..ShardTable::default() }; settings.typed().shards as usize];
    let index = IndexMetadata {
        name: request.name.clone(),
        uuid: request.uuid.clone(),
        creation_date_ms: request.creation_date_ms,
        open: true,
        settings,
        mapping: Arc::new(mapping),
        aliases: aliases::of_new_index(&request.aliases)?,
        versions: IndexVersions { index: first, mapping: first, settings: first, aliases: first },
        shards,
        centroids: None,
    };
    check_centroids(&index)?;
    let own = index.aliases.keys().cloned().collect::<Vec<_>>();
    if own.contains(&request.name) {
        let reason = format!(
            "index, alias, and data stream names need to be unique, but the following duplicates were found [{} (alias of [{}]) conflicts with index]",
            request.name,
            index.label()
        );
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    state.indexes.insert(request.name.clone(), Arc::new(index));
    data_streams::check_name(state, &request.name, None)?;
    expand_replicas(state);
    own.iter().try_for_each(|alias| aliases::check(state, alias))
}

/// Whether documents can lie by the vectors of the field that the settings name.
fn check_centroids(index: &IndexMetadata) -> Result<(), Error> {
    let typed = index.settings.typed();
    let Some(name) = &typed.centroids_field else { return Ok(()) };
    let refused = |why: &str| Err(Error::illegal_argument(format!("[index.routing.centroids.field] [{name}]: {why}")));
    let Some(vectors) = index.mapping.field(name).and_then(|field| field.vector.as_ref()) else {
        return refused("no field of vectors has this name");
    };
    let spread = matches!(vectors.space, VectorSpace::L2 | VectorSpace::Cosine);
    if !spread || vectors.element == VectorElement::Binary || vectors.multiple {
        return refused("documents lie by single vectors under [l2] or [cosinesimil]");
    }
    if index.mapping.nested_path_of(name).is_some() {
        return refused("documents do not lie by vectors of nested objects");
    }
    if typed.routing_partition_size > 1 || index.mapping.routing_required == Some(true) {
        return refused("it goes neither with [index.routing_partition_size] nor with a [_routing] that is required");
    }
    if vectors.values() * typed.shards as usize > NUMBERS {
        return refused(&format!("dimensions times shards must not be more than [{NUMBERS}]"));
    }
    Ok(())
}

pub(super) fn learn(state: &mut State, uuid: &IndexUuid, learned: &Learned) -> Result<(), Error> {
    let index = change(state, uuid)?;
    if index.centroids.is_none() {
        index.centroids = Some(learned.clone());
        index.versions.index = index.versions.index.next();
    }
    Ok(())
}

pub(super) fn check_shard_limit(state: &State, settings: &IndexSettings) -> Result<(), Error> {
    let per_node: u64 = state.settings.text("cluster.max_shards_per_node").parse().unwrap_or(1000);
    let copies = |settings: &IndexSettings| {
        let typed = settings.typed();
        u64::from(typed.shards) * (1 + u64::from(typed.replicas))
    };
    let open: u64 = state.indexes.values().filter(|index| index.open).map(|index| copies(&index.settings)).sum();
    let (adding, limit) = (copies(settings), per_node.saturating_mul(state.data_nodes().count().max(1) as u64));
    if open + adding <= limit {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Validation,
        format!(
            "Validation Failed: 1: this action would add [{adding}] total shards, but this cluster currently has [{open}]/[{limit}] maximum shards open;"
        ),
    ))
}

pub(super) fn delete(state: &mut State, names: &[Arc<str>]) -> Result<(), Error> {
    for name in names {
        let uuid = state.index(name)?.uuid.clone();
        data_streams::release(state, name)?;
        state.indexes.remove(name);
        state.flooded.remove(&uuid);
        state.graveyard.push_back(uuid);
    }
    let surplus = state.graveyard.len().saturating_sub(GRAVES);
    state.graveyard.drain(..surplus);
    Ok(())
}

pub(super) fn put_mapping(state: &mut State, indexes: &[IndexUuid], body: &Value) -> Result<(), Error> {
    let update = Mapping::parse(body)?;
    for uuid in indexes {
        let index = change(state, uuid)?;
        let merged = index.mapping.merge(&update)?;
        merged.validate()?;
        if merged == *index.mapping {
            continue;
        }
        // Lowering a limit does not lock the fields that there are.
        if merged.field_count() > index.mapping.field_count() {
            merged.check_limits(&index.settings.typed().mapping_limits)?;
        }
        index.mapping = Arc::new(merged);
        index.versions.mapping = index.versions.mapping.next();
        index.versions.index = index.versions.index.next();
    }
    Ok(())
}

pub(super) fn put_settings(
    state: &mut State,
    indexes: &[IndexUuid],
    body: &Map<String, Value>,
    preserve_existing: bool,
) -> Result<(), Error> {
    let changes: BTreeMap<String, Value> = flat::index_settings(body);
    if changes.is_empty() {
        return Err(Error::new(ErrorKind::ActionRequestValidation, "Validation Failed: 1: no settings to update;"));
    }
    for uuid in indexes {
        let index = change(state, uuid)?;
        let settings = index.settings.update(&changes, index, preserve_existing)?;
        if settings != index.settings {
            index.settings = settings;
            index.versions.settings = index.versions.settings.next();
            index.versions.index = index.versions.index.next();
        }
    }
    expand_replicas(state);
    Ok(())
}

/// The copies of what opens are assigned anew.
pub(super) fn open(state: &mut State, indexes: &[IndexUuid], at_ms: u64) -> Result<(), Error> {
    for uuid in indexes {
        let index = change(state, uuid)?;
        if index.open {
            continue;
        }
        set_open(index, true);
        let replicas = (index.settings.typed().replicas as usize).min(super::replicas::MISSING);
        for table in &mut index.shards {
            table.copies.clear();
            let why = Unassigned::new(UnassignedReason::IndexReopened, at_ms);
            table.missing = vec![why.clone(); replicas];
            table.unassigned = Some(why);
        }
    }
    Ok(())
}

/// The copies keep their assignments: they lie where they are and take nothing.
pub(super) fn close(state: &mut State, indexes: &[IndexUuid]) -> Result<(), Error> {
    let names: Vec<Arc<str>> =
        indexes.iter().filter_map(|uuid| state.index_by_uuid(uuid)).map(|index| index.name.clone()).collect();
    data_streams::check_close(state, &names)?;
    for uuid in indexes {
        let index = change(state, uuid)?;
        if index.open {
            set_open(index, false);
            // Nothing recovers while it is closed; what moves stays where it is.
            index.shards.iter_mut().for_each(|table| table.copies.retain(|_, copy| copy.started || copy.primary));
        }
    }
    Ok(())
}

fn set_open(index: &mut IndexMetadata, open: bool) {
    index.open = open;
    index.versions.settings = index.versions.settings.next();
    index.versions.index = index.versions.index.next();
}

/// Sets the replicas of indexes that expand with the cluster.
pub(super) fn expand_replicas(state: &mut State) {
    let nodes: Vec<NodeId> = state.data_nodes().map(|(id, _)| id.clone()).collect();
    let expands = |index: &&Arc<IndexMetadata>| index.settings.typed().auto_expand_replicas.is_some();
    let expanding: Vec<Arc<IndexMetadata>> = state.indexes.values().filter(expands).cloned().collect();
    for index in expanding {
        let typed = index.settings.typed();
        let fit = nodes.iter().filter(|node| admits(state, &index, node)).count().max(1);
        let wanted = typed.replicas_on(fit as u32);
        let Some(index) = state.indexes.get_mut(&index.name).filter(|_| wanted != typed.replicas) else { continue };
        let mut given = index.settings.given().clone();
        given.insert("index.number_of_replicas".into(), wanted.to_string().into());
        if let Ok(settings) = IndexSettings::new(given) {
            let index = Arc::make_mut(index);
            index.settings = settings;
            index.versions.settings = index.versions.settings.next();
        }
    }
}
