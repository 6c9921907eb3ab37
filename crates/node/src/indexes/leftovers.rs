//! Folders of copies that this node has no longer: removed when their shards are whole without it, or when their indexes were deleted.
//!
//! Until then they are kept: a node that is given a copy again needs little more than what lies there, and a shard that loses all its other
//! copies may have nothing else. An index that the metadata do not have was deleted if they had it once; the metadata of another cluster say
//! nothing about it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use cluster::state::{IndexMetadata, NodeId, ShardTable, State};
use model::id::{IndexUuid, ShardId, ShardNumber};

use super::Indexes;

/// The indexes that the metadata had, as far as this node knows: what it had when it began, and since.
#[derive(Default)]
pub(super) struct HeardOf {
    cluster: Arc<str>,
    indexes: BTreeSet<IndexUuid>,
}

impl HeardOf {
    pub(super) fn hear(&mut self, state: &State) {
        if self.cluster != state.cluster_uuid {
            *self = Self { cluster: state.cluster_uuid.clone(), indexes: BTreeSet::new() };
        }
        self.indexes.extend(state.indexes.values().map(|index| index.uuid.clone()));
    }

    /// Forgets what is not there and of which nothing is left, as `left` says.
    fn forget(&mut self, state: &State, left: &BTreeSet<ShardId>) {
        let has_left = |uuid: &IndexUuid| left.iter().any(|shard| shard.index == *uuid);
        self.indexes.retain(|uuid| state.index_by_uuid(uuid).is_some() || has_left(uuid));
    }
}

impl Indexes {
    /// A copy was let go; its files may have to go, too.
    pub(super) fn left_behind(&self, shard: ShardId) {
        self.leftovers.lock().get_or_insert_with(|| self.on_disk()).insert(shard);
    }

    /// Removes what nobody needs any more. Cheap when nothing was left behind.
    pub(crate) fn clear_leftovers(&self, state: &State, own: &NodeId) {
        let Some(_changing) = self.changing.try_lock() else { return };
        let mut leftovers = self.leftovers.lock();
        let found = leftovers.get_or_insert_with(|| self.on_disk());
        let mut heard_of = self.heard_of.lock();
        heard_of.hear(state);
        found.retain(|shard| match fate(state, &heard_of, own, shard) {
            Fate::Kept => true,
            Fate::Used => false,
            Fate::Removed => !self.remove_leftover(state, shard),
        });
        heard_of.forget(state, found);
    }

    /// Whether something of the shard lies here, used or not.
    pub(crate) fn has_data(&self, shard: &ShardId) -> bool {
        shard::engine::snapshot::is_copy(&self.shard_directory(&shard.index, shard.number))
    }

    /// The shards of which there is a folder.
    fn on_disk(&self) -> BTreeSet<ShardId> {
        let names = |directory: &std::path::Path| {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>()
        };
        let mut found = BTreeSet::new();
        for uuid in names(&self.directory) {
            let numbers = names(&self.directory.join(&uuid)).into_iter().filter_map(|name| name.parse().ok());
            let index = IndexUuid(uuid.as_str().into());
            found.extend(numbers.map(|number| ShardId { index: index.clone(), number: ShardNumber(number) }));
        }
        found
    }

    /// Whether it is gone.
    fn remove_leftover(&self, state: &State, shard: &ShardId) -> bool {
        let in_use = self.leaving.lock().get(shard).is_some_and(|copy| copy.strong_count() > 0);
        if in_use {
            return false;
        }
        let directory = self.shard_directory(&shard.index, shard.number);
        self.exchange.forget_arrival(shard);
        if let Err(error) = shard::engine::snapshot::clear_incoming(&directory) {
            tracing::warn!("what came of a copy beside {} cannot be removed: {error}", directory.display());
        }
        let name = state.index_by_uuid(&shard.index).map(|index| index.name.clone()).unwrap_or_default();
        match fs::remove_dir_all(&directory) {
            Ok(()) if name.is_empty() => {
                tracing::info!("shard {} of the index {} is removed: the index was deleted", shard.number, shard.index);
            }
            Ok(()) => tracing::info!(
                "the copy of shard {name}[{}] that was here is removed: it is elsewhere now",
                shard.number
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("{} cannot be removed: {error}", directory.display()),
        }
        if let Some(index) = directory.parent() {
            // Where other shards lie it stays.
            let _ = fs::remove_dir(index);
        }
        true
    }
}

enum Fate {
    Kept,
    /// It is this node's.
    Used,
    Removed,
}

fn fate(state: &State, heard_of: &HeardOf, own: &NodeId, shard: &ShardId) -> Fate {
    let Some(index) = state.index_by_uuid(&shard.index) else {
        return if heard_of.indexes.contains(&shard.index) { Fate::Removed } else { Fate::Kept };
    };
    match index.shard(shard.number) {
        Some(table) if table.copies.values().any(|copy| copy.node == *own) => Fate::Used,
        Some(table) if index.open && is_whole(index, table) && !table.in_sync.values().any(|home| home == own) => {
            Fate::Removed
        }
        _ => Fate::Kept,
    }
}

/// Whether all copies serve that there are to be.
fn is_whole(index: &IndexMetadata, table: &ShardTable) -> bool {
    let serves = table.primary().is_some_and(|(_, copy)| copy.started);
    serves
        && table.copies.values().all(|copy| copy.started)
        && table.replicas().count() >= index.settings.typed().replicas as usize
}

#[cfg(test)]
mod tests {
    use cluster::apply::apply;
    use cluster::command::{Command, CreateIndex};
    use serde_json::Map;

    use super::*;

    fn state(cluster: &str, indexes: &[&str]) -> State {
        let empty = State { cluster_uuid: cluster.into(), ..State::default() };
        indexes.iter().fold(empty, |state, name| {
            let create = CreateIndex {
                name: (*name).into(),
                uuid: IndexUuid((*name).into()),
                creation_date_ms: 1,
                settings: Map::new(),
                mappings: None,
                aliases: Map::new(),
                resized_from: None,
            };
            apply(&state, &Command::CreateIndex(create)).unwrap()
        })
    }

    #[test]
    fn what_was_deleted_is_removed_and_what_is_unknown_is_kept() {
        let mut heard_of = HeardOf::default();
        heard_of.hear(&state("reef", &["films", "songs"]));
        let now = state("reef", &["songs"]);
        heard_of.hear(&now);
        let shard = |index: &str| ShardId { index: IndexUuid(index.into()), number: ShardNumber(0) };
        let is_removed = |heard_of: &HeardOf, state: &State, index: &str| {
            matches!(fate(state, heard_of, &NodeId("a".into()), &shard(index)), Fate::Removed)
        };
        assert!(is_removed(&heard_of, &now, "films"));
        assert!(!is_removed(&heard_of, &now, "songs"));
        assert!(!is_removed(&heard_of, &now, "found"), "of a cluster that is no more");
        heard_of.forget(&now, &[shard("films")].into());
        assert!(is_removed(&heard_of, &now, "films"), "it lies there still");
        let other = state("atoll", &[]);
        heard_of.hear(&other);
        assert!(!is_removed(&heard_of, &other, "films"), "another cluster has deleted nothing");
    }
}
