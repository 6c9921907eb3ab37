//! Indexes: creating, deleting, mappings, settings, aliases. Each is one command of the metadata.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::apply::check_new_name;
use cluster::command::{Command, CreateIndex as NewIndex};
use cluster::info::index_info;
use cluster::resize::ResizedFrom;
use cluster::resolve::{Options, Resolved, WriteTarget, resolve, write_target};
use cluster::settings::{IndexSettings, flat};
use cluster::state::{IndexMetadata, ShardTable, State};
use cluster::template::with_templates;
use model::admin::{AliasAction, CreateIndex, IndexCreated, IndexInfo, PutMapping, PutSettings};
use model::error::{Error, ErrorKind};
use model::id::IndexUuid;
use model::mapping::Mapping;
use model::target::Target;
use model::write::ActiveShards;
use serde_json::{Map, Value};

use super::blocks::{check_change, check_delete, lifts_a_block};
use super::cluster::POLL;
use super::{NodeGateway, data_streams, everywhere};
use crate::clock::now_ms;
use crate::core::Core;
use crate::identity;
use crate::indexes::registry;
use crate::similarity;

pub(super) async fn create(door: &NodeGateway, request: CreateIndex) -> Result<IndexCreated, Error> {
    create_from(door, request, None).await
}

/// As [`create`], of an index that gets its documents from another.
pub(super) async fn create_from(
    door: &NodeGateway,
    request: CreateIndex,
    resized_from: Option<ResizedFrom>,
) -> Result<IndexCreated, Error> {
    let core = &door.core;
    let until = Instant::now() + Duration::from_millis(request.timeout_ms);
    let name: Arc<str> = request.name.as_str().into();
    let command = Command::CreateIndex(NewIndex {
        name: name.clone(),
        uuid: IndexUuid(identity::random().into()),
        creation_date_ms: now_ms(),
        settings: request.settings,
        mappings: request.mappings,
        aliases: request.aliases,
        resized_from,
    });
    let check = {
        let command = command.clone();
        move |state: &State| check_new(state, &command)
    };
    submit_checked(door, command, check).await?;
    let shards_acknowledged = wait_for_active(core, &name, request.active_shards, until).await?;
    Ok(IndexCreated { name, shards_acknowledged })
}

/// Submits what makes an index when this node has found nothing wrong with it; then every node knows of it.
pub(super) async fn submit_checked(
    door: &NodeGateway,
    command: Command,
    check: impl FnOnce(&State) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let (core, patience) = (door.core.clone(), door.patience);
    let job = move || {
        check(&core.state())?;
        core.submit_within(&command, patience)
    };
    door.core.write.run(job).await??;
    everywhere::followed(&door.core).await;
    Ok(())
}

/// Waits until as many copies of each shard serve as are wanted. Out: whether they do.
pub(super) async fn wait_for_active(
    core: &Core,
    name: &str,
    wanted: Option<ActiveShards>,
    until: Instant,
) -> Result<bool, Error> {
    loop {
        let state = core.state();
        let index = state.index(name)?;
        let enough = index.shards.iter().all(|table| has_enough(index, table, wanted));
        if enough || Instant::now() >= until {
            return Ok(enough);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether as many copies of a shard serve as are wanted; by default the primary.
fn has_enough(index: &IndexMetadata, table: &ShardTable, wanted: Option<ActiveShards>) -> bool {
    let active = table.copies.values().filter(|copy| copy.started).count() as u32;
    match wanted.unwrap_or(ActiveShards::Count(1)) {
        ActiveShards::All => active > index.settings.typed().replicas,
        ActiveShards::Count(count) => active >= count,
    }
}

/// The index that a write makes by naming it.
pub(super) fn automatic(name: &str) -> CreateIndex {
    CreateIndex { name: name.to_owned(), ..CreateIndex::default() }
}

/// Whether a write may create an index of this name (`action.auto_create_index`).
///
/// # Errors
/// `index_not_found_exception` with the setting's reason.
pub(super) fn may_create(state: &State, name: &str) -> Result<(), Error> {
    if super::cluster::auto_create(state, name) {
        return Ok(());
    }
    let mut error = Error::index_not_found(name);
    error.reason = format!("no such index [{name}] and [action.auto_create_index] does not permit it");
    Err(error)
}

/// Why an index, or a data stream, could not be created by a write: asked again, so that the client reads the reason.
pub(super) fn refused(core: &Core, name: &str) -> Error {
    if data_streams::is_for_streams(&core.state(), name) {
        return data_streams::refused(&core.state(), name).unwrap_or_else(|| Error::index_not_found(name));
    }
    let command = Command::CreateIndex(NewIndex {
        name: name.into(),
        uuid: IndexUuid("_na_".into()),
        creation_date_ms: 0,
        settings: Map::new(),
        mappings: None,
        aliases: Map::new(),
        resized_from: None,
    });
    cluster::apply::apply(&core.state(), &command).err().unwrap_or_else(|| Error::single_index_not_found(name))
}

pub(super) async fn delete(door: &NodeGateway, target: Target) -> Result<(), Error> {
    let core = &door.core;
    let options = Options { allow_aliases: false, ..Options::open_and_closed().no_streams() };
    let found = resolve(&core.state(), &target, options)?;
    found.iter().try_for_each(|found| check_delete(&found.index))?;
    let names: Vec<Arc<str>> = names(found);
    if names.is_empty() {
        return Ok(());
    }
    submit(door, Command::DeleteIndexes { names }).await
}

pub(super) async fn put_mapping(door: &NodeGateway, request: PutMapping) -> Result<(), Error> {
    let core = &door.core;
    let state = core.state();
    let mut found = resolve(&state, &request.target, Options::open_and_closed())?;
    if request.write_index_only {
        let writes = writers(&state, &request.target)?;
        found.retain(|found| writes.contains(&found.index.name));
    }
    let mapping = Mapping::parse(&request.mapping)?;
    for found in &found {
        check_change(&found.index)?;
        check_names(&mapping, &found.index.settings)?;
    }
    submit(door, Command::PutMapping { indexes: uuids(&found), mapping: request.mapping }).await
}

/// The indexes that writes to the names of a target go to; those that a pattern finds by their own names.
fn writers(state: &State, target: &Target) -> Result<BTreeSet<Arc<str>>, Error> {
    let mut names = BTreeSet::new();
    for expression in &target.names {
        if expression.contains('*') || expression == "_all" {
            let written = |name: &&Arc<str>| state.stream_of(name).is_none_or(|(_, own)| own.write_index() == *name);
            names.extend(state.indexes.keys().filter(written).cloned());
        } else if let WriteTarget::Index { index, .. } = write_target(state, expression, false)? {
            names.insert(index.name.clone());
        }
    }
    Ok(names)
}

pub(super) async fn put_settings(door: &NodeGateway, request: PutSettings) -> Result<(), Error> {
    let core = &door.core;
    let found = resolve(&core.state(), &request.target, Options::open_and_closed())?;
    let PutSettings { settings, preserve_existing, .. } = request;
    if !lifts_a_block(&settings) {
        found.iter().try_for_each(|found| check_change(&found.index))?;
    }
    let changes = flat::index_settings(&settings);
    for index in found.iter().map(|found| &found.index).filter(|index| !index.open) {
        check_names(&index.mapping, &index.settings.update(&changes, index, preserve_existing)?)?;
    }
    submit(door, Command::PutSettings { indexes: uuids(&found), settings, preserve_existing }).await
}

pub(super) async fn open(door: &NodeGateway, target: Target) -> Result<(), Error> {
    let core = &door.core;
    let found = resolve(&core.state(), &target, Options::open_and_closed())?;
    found.iter().try_for_each(|found| check_change(&found.index))?;
    submit(door, Command::OpenIndexes { indexes: uuids(&found), at_ms: now_ms() }).await
}

pub(super) async fn close(door: &NodeGateway, target: Target) -> Result<Vec<Arc<str>>, Error> {
    let core = &door.core;
    let found = resolve(&core.state(), &target, Options::open_and_closed().no_streams())?;
    for found in &found {
        check_change(&found.index)?;
        if let Ok(index) = core.indexes.get(&found.index) {
            core.write
                .run(move || {
                    index.shards.iter().filter_map(|shard| shard.copy().ok()).try_for_each(|copy| copy.flush(false))
                })
                .await??;
        }
    }
    submit(door, Command::CloseIndexes { indexes: uuids(&found) }).await?;
    Ok(names(found))
}

pub(super) async fn update_aliases(door: &NodeGateway, actions: Vec<AliasAction>) -> Result<(), Error> {
    for action in &actions {
        if let AliasAction::Add { alias, aliases, .. } = action
            && let Some(filter) = &alias.filter
        {
            check_filter(aliases.first().map_or("", String::as_str), filter)?;
        }
    }
    let state = door.core.state();
    for action in &actions {
        let (AliasAction::Add { indexes, .. }
        | AliasAction::Remove { indexes, .. }
        | AliasAction::RemoveIndex { indexes, .. }) = action;
        let target = Target { names: indexes.clone(), ..Target::default() };
        // What names nothing is refused where the change is made.
        let found = resolve(&state, &target, Options::open_and_closed().no_streams()).unwrap_or_default();
        found.iter().try_for_each(|found| check_change(&found.index))?;
    }
    submit(door, Command::UpdateAliases { actions }).await
}

pub(super) fn info(core: &Core, target: &Target) -> Result<Vec<IndexInfo>, Error> {
    let state = core.state();
    let found = resolve(&state, target, Options::open_and_closed())?;
    Ok(found.iter().map(|found| index_info(&state, &found.index, now_ms())).collect())
}

async fn submit(door: &NodeGateway, command: Command) -> Result<(), Error> {
    door.submit(command).await?;
    everywhere::followed(&door.core).await;
    Ok(())
}

/// What only this node can check of a new index: that its analyzers and similarities can be made and its mapping names none that is missing.
fn check_new(state: &State, command: &Command) -> Result<(), Error> {
    let Command::CreateIndex(index) = command else { return Ok(()) };
    // Settings are refused before the name, and the name before the mapping.
    let named = check_new_name(state, &index.name);
    let whole = with_templates(&state.templates, index).or_else(|error| named.clone().and(Err(error)))?;
    let settings = IndexSettings::create(&whole.settings)?;
    named?;
    check_contents(&whole, &settings)
}

/// As [`check_new`], of an index that has everything that templates give it.
pub(super) fn check_whole(index: &NewIndex) -> Result<(), Error> {
    check_contents(index, &IndexSettings::create(&index.settings)?)
}

fn check_contents(index: &NewIndex, settings: &IndexSettings) -> Result<(), Error> {
    check_names(&Mapping::default(), settings)?;
    if let Some(mappings) = &index.mappings {
        let creation = model::mapping::creation_failure;
        let mapping = Mapping::parse(mappings).map_err(creation)?;
        check_names(&mapping, settings).map_err(creation)?;
    }
    for (name, alias) in &index.aliases {
        if let Some(filter) = alias.get("filter").filter(|filter: &&Value| !filter.is_null()) {
            check_filter(name, filter)?;
        }
    }
    Ok(())
}

/// The filter of an alias is bound whenever the alias is used: it cannot wait for documents.
fn check_filter(alias: &str, filter: &Value) -> Result<(), Error> {
    if rest::dsl::query(filter)?.lookups().is_empty() {
        return Ok(());
    }
    let cause = Error::new(ErrorKind::IllegalState, "async actions are left after rewrite");
    Err(Error::illegal_argument(format!("failed to parse filter for alias [{alias}]")).with_cause(cause))
}

/// Whether the settings' analyzers and similarities can be made, and the mapping names none that is missing.
pub(super) fn check_names(mapping: &Mapping, settings: &IndexSettings) -> Result<(), Error> {
    let registry = registry(settings)?;
    similarity::of_index(settings, mapping)?;
    let names = mapping.analysis_names();
    let missing = |kind: &str, name: &str, field: &str| {
        Err(match kind {
            "analyzer" => Error::illegal_argument(format!("analyzer [{name}] has not been configured in mappings")),
            _ => Error::new(ErrorKind::MapperParsing, format!("normalizer [{name}] not found for field [{field}]")),
        })
    };
    for (name, field) in &names.analyzers {
        if registry.analyzer(name).is_none() {
            return missing("analyzer", name, field);
        }
    }
    for (name, field) in &names.normalizers {
        if registry.normalizer(name).is_none() {
            return missing("normalizer", name, field);
        }
    }
    Ok(())
}

fn uuids(found: &[Resolved]) -> Vec<IndexUuid> {
    found.iter().map(|found| found.index.uuid.clone()).collect()
}

fn names(found: Vec<Resolved>) -> Vec<Arc<str>> {
    found.into_iter().map(|found| found.index.name.clone()).collect()
}
