//! The invariants, each in a file of its own. A checker says nothing, or what is broken.

pub mod balance;
pub mod data;
pub mod idempotence;
pub mod in_sync;
pub mod movement;
pub mod primaries;
pub mod terms;

use cluster::state::{IndexMetadata, ShardTable, State};
use model::id::{ShardId, ShardNumber};

/// What is broken.
pub type Broken = String;

/// Every shard of a state.
pub(crate) fn shards(state: &State) -> impl Iterator<Item = (ShardId, &IndexMetadata, &ShardTable)> {
    state.indexes.values().flat_map(|index| {
        let tables = (0..).map(ShardNumber).zip(&index.shards);
        tables.map(|(number, table)| (ShardId { index: index.uuid.clone(), number }, index.as_ref(), table))
    })
}

/// The same shard in another state.
pub(crate) fn find<'a>(state: &'a State, shard: &ShardId) -> Option<&'a ShardTable> {
    state.index_by_uuid(&shard.index)?.shard(shard.number)
}
