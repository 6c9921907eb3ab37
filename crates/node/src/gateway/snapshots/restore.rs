//! Bringing indexes back: new ones, whose shards begin with what a snapshot has of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::command::Command;
use cluster::data_stream::DataStream;
use cluster::restore::{RestoreIndexes, Wanted, restored};
use cluster::state::{IndexMetadata, State};
use model::admin::AliasInfo;
use model::error::{Error, ErrorKind};
use model::id::IndexUuid;
use model::recovery::RestoredFrom;
use model::snapshot::{Renaming, RestoreSnapshot, Restored, ShardCounts, SnapshotState};

use super::super::cluster::POLL;
use super::super::{NodeGateway, everywhere};
use super::{blocking, global, names, registry};
use crate::clock::now_ms;
use crate::core::Core;
use crate::identity;
use crate::repository::{Manifest, SavedIndex};

pub(super) async fn restore(door: &NodeGateway, asked: RestoreSnapshot) -> Result<Option<Restored>, Error> {
    let repository = registry::find(&door.core, &asked.repository)?;
    let snapshot = asked.snapshot.clone();
    let manifest = blocking(move || repository.manifest(&snapshot)).await.map_err(|error| match error.kind {
        ErrorKind::SnapshotMissing => {
            let reason = format!("[{}:{}] snapshot does not exist", asked.repository, asked.snapshot);
            Error::new(ErrorKind::SnapshotRestore, reason)
        }
        _ => error,
    })?;
    check_complete(&asked.repository, &manifest)?;
    let plan = plan(&door.core.state(), &manifest, &asked)?;
    let uuids: Vec<IndexUuid> = plan.indexes.iter().map(|index| index.uuid.clone()).collect();
    let names: Vec<Arc<str>> = plan.indexes.iter().map(|index| index.name.clone()).collect();
    if let Some(global) = manifest.global.filter(|_| asked.include_global_state) {
        global::bring_back(door, global).await?;
    }
    if !uuids.is_empty() {
        door.submit(Command::RestoreIndexes(plan)).await?;
        everywhere::followed(&door.core).await;
        tracing::info!("snapshot [{}:{}] is being restored: {}", asked.repository, asked.snapshot, names.join(", "));
    }
    if !asked.wait {
        return Ok(None);
    }
    let shards = ended(&door.core, &uuids).await;
    Ok(Some(Restored { snapshot: asked.snapshot, indexes: names, shards }))
}

/// # Errors
/// `snapshot_restore_exception` for a snapshot that is not complete.
pub(super) fn check_complete(repository: &str, manifest: &Manifest) -> Result<(), Error> {
    if matches!(manifest.state, SnapshotState::Success | SnapshotState::Partial) {
        return Ok(());
    }
    let (name, uuid, state) = (&manifest.name, &manifest.uuid, manifest.state.name());
    let reason = format!("[{repository}:{name}/{uuid}] unsupported snapshot state [{state}]");
    Err(Error::new(ErrorKind::SnapshotRestore, reason))
}

fn plan(state: &State, manifest: &Manifest, asked: &RestoreSnapshot) -> Result<RestoreIndexes, Error> {
    let rename = asked.rename.as_ref().map(Renaming::of).transpose()?;
    let rename_alias = asked.rename_alias.as_ref().map(Renaming::of).transpose()?;
    let (chosen, streams) = names::chosen(manifest, &asked.target)?;
    if rename.is_some() && !streams.is_empty() {
        return Err(Error::not_implemented("[rename_pattern] where data streams are restored"));
    }
    let mut by_name = BTreeMap::<String, Arc<str>>::new();
    let mut indexes = Vec::new();
    for (name, saved) in manifest.indexes.iter().filter(|(name, _)| chosen.contains(*name)) {
        let new = rename.as_ref().map_or_else(|| name.to_string(), |rename| rename.apply(name));
        if let Some(other) = by_name.insert(new.clone(), name.clone()) {
            let reason = format!(
                "[{}:{}] indices [{other}] and [{name}] are renamed into the same index [{new}]",
                asked.repository, asked.snapshot
            );
            return Err(Error::new(ErrorKind::SnapshotRestore, reason));
        }
        check_name(state, manifest, asked, (name, saved), &new)?;
        let aliases = aliases(saved, asked, rename_alias.as_ref(), state.indexes.get(new.as_str()));
        indexes.push(Arc::new(one(manifest, asked, saved, (new, aliases))?));
    }
    Ok(RestoreIndexes { indexes, streams: of_names(manifest, &streams) })
}

fn of_names(manifest: &Manifest, names: &BTreeSet<Arc<str>>) -> BTreeMap<Arc<str>, DataStream> {
    let wanted = manifest.streams.iter().filter(|(name, _)| names.contains(*name));
    wanted.map(|(name, stream)| (name.clone(), stream.clone())).collect()
}

fn one(
    manifest: &Manifest,
    asked: &RestoreSnapshot,
    saved: &SavedIndex,
    (name, aliases): (String, BTreeMap<Arc<str>, AliasInfo>),
) -> Result<IndexMetadata, Error> {
    let has: Vec<bool> = saved.shards.iter().map(Option::is_some).collect();
    let from = RestoredFrom {
        repository: asked.repository.as_str().into(),
        snapshot: manifest.name.clone(),
        uuid: manifest.uuid.clone(),
        index: saved.metadata.name.clone(),
    };
    let wanted = Wanted {
        name: name.into(),
        uuid: IndexUuid(identity::random().into()),
        aliases,
        settings: &asked.settings,
        ignored: &asked.ignore_settings,
        from,
        has: &has,
        at_ms: now_ms(),
    };
    restored(&saved.metadata, wanted)
}

/// Whether the index may come back under that name. A closed one gives way.
fn check_name(
    state: &State,
    manifest: &Manifest,
    asked: &RestoreSnapshot,
    (name, saved): (&str, &SavedIndex),
    new: &str,
) -> Result<(), Error> {
    let refused = |why: String| {
        let label = format!("[{}:{}/{}]", asked.repository, manifest.name, manifest.uuid);
        Err(Error::new(ErrorKind::SnapshotRestore, format!("{label} {why}")))
    };
    if !asked.partial && saved.shards.iter().any(Option::is_none) {
        return refused(format!("index [{name}] wasn't fully snapshotted - cannot restore"));
    }
    let Some(existing) = state.indexes.get(new) else { return cluster::apply::check_new_name(state, new) };
    if existing.open {
        return refused(format!(
            "cannot restore index [{new}] because an open index with same name already exists in the cluster. Either close or delete the existing index or restore the index under a different name by providing a rename pattern and replacement name"
        ));
    }
    let (has, comes) = (existing.shards.len(), saved.shards.len());
    if has != comes {
        return refused(format!(
            "cannot restore index [{new}] with [{has}] shards from a snapshot of index [{name}] with [{comes}] shards"
        ));
    }
    Ok(())
}

/// Those of the snapshot; where they are not wanted, those that the index has whose place is taken.
fn aliases(
    saved: &SavedIndex,
    asked: &RestoreSnapshot,
    rename: Option<&Renaming>,
    existing: Option<&Arc<IndexMetadata>>,
) -> BTreeMap<Arc<str>, AliasInfo> {
    if !asked.include_aliases {
        return existing.map(|index| index.aliases.clone()).unwrap_or_default();
    }
    let renamed = |(name, info): (&Arc<str>, &AliasInfo)| {
        let name = rename.map_or_else(|| name.clone(), |rename| rename.apply(name).into());
        (name, info.clone())
    };
    saved.metadata.aliases.iter().map(renamed).collect()
}

/// Waits until every primary serves, or has been tried often enough.
async fn ended(core: &Core, uuids: &[IndexUuid]) -> ShardCounts {
    loop {
        let state = core.state();
        let (mut counts, mut waits) = (ShardCounts::default(), false);
        let indexes = uuids.iter().filter_map(|uuid| state.index_by_uuid(uuid));
        for (index, table) in indexes.flat_map(|index| index.shards.iter().map(move |table| (index, table))) {
            counts.total += 1;
            let most = index.settings.typed().max_retries;
            let given_up = table.unassigned.as_ref().is_some_and(|why| why.failed_attempts >= most);
            match table.primary() {
                Some((_, copy)) if copy.started => counts.successful += 1,
                None if given_up => counts.failed += 1,
                _ => waits = true,
            }
        }
        if !waits {
            return counts;
        }
        tokio::time::sleep(POLL).await;
    }
}
