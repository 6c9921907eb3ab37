//! Folders of copies that this node has no longer: removed when their shards are whole without it, or when their indexes were deleted.
//!
//! Until then they are kept: a node that is given a copy again needs little more than what lies there, and a shard that loses all its other
//! copies may have nothing else. So are those of an index that the metadata know nothing of, not even among the deleted: they may be another
//! cluster's.

use std::collections::BTreeSet;
use std::fs;

use cluster::state::{IndexMetadata, NodeId, ShardTable, State};
use model::id::{IndexUuid, ShardId, ShardNumber};

use super::Indexes;

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
        found.retain(|shard| match fate(state, own, shard) {
            Fate::Kept => true,
            Fate::Used => false,
            Fate::Removed => !self.remove_leftover(state, shard),
        });
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

fn fate(state: &State, own: &NodeId, shard: &ShardId) -> Fate {
    let Some(index) = state.index_by_uuid(&shard.index) else {
        return if state.graveyard.contains(&shard.index) { Fate::Removed } else { Fate::Kept };
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
        let before = state("reef", &["films", "songs"]);
        let now = apply(&before, &Command::DeleteIndexes { names: vec!["films".into()] }).unwrap();
        let is_removed = |state: &State, index: &str| {
            let shard = ShardId { index: IndexUuid(index.into()), number: ShardNumber(0) };
            matches!(fate(state, &NodeId("a".into()), &shard), Fate::Removed)
        };
        assert!(!is_removed(&before, "films"));
        assert!(is_removed(&now, "films"));
        assert!(!is_removed(&now, "songs"));
        assert!(!is_removed(&now, "found"), "of a cluster that is no more");
        assert!(!is_removed(&state("atoll", &[]), "films"), "another cluster has deleted nothing");
    }
}
