//! I1: what was acknowledged is on the disk of whoever serves the shard.

use std::collections::{BTreeMap, BTreeSet};

use cluster::state::State;
use model::id::ShardId;

use super::{Broken, shards};
use crate::machine::Machine;

/// `acknowledged`: operations by shard.
pub fn check(
    state: &State,
    machines: &[Machine],
    acknowledged: &BTreeMap<ShardId, BTreeSet<u64>>,
) -> Result<(), Broken> {
    for (shard, index, table) in shards(state) {
        let (Some(written), Some((_, copy))) = (acknowledged.get(&shard), table.primary()) else { continue };
        let machine = machines.iter().find(|machine| machine.id == copy.node);
        let held = machine.and_then(|machine| machine.disk.get(&shard));
        let lost = written.iter().find(|operation| held.is_none_or(|held| !held.contains(operation)));
        if let Some(operation) = lost.filter(|_| copy.started) {
            let node = &copy.node.0;
            return Err(format!("operation {operation} of {}[{}] is not on {node}", index.name, shard.number));
        }
    }
    Ok(())
}
