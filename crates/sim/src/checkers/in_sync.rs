//! R3: the in-sync copies of a shard are never none once there were some, and a primary that continues is one of them.

use cluster::state::State;

use super::{Broken, find, shards};

pub fn check(before: &State, after: &State) -> Result<(), Broken> {
    for (shard, index, table) in shards(after) {
        let Some(former) = find(before, &shard) else { continue };
        let name = format!("{}[{}]", index.name, shard.number);
        if table.in_sync.is_empty() && !former.in_sync.is_empty() {
            return Err(format!("nobody is in-sync with {name} any more"));
        }
        if let Some((id, copy)) = table.primary()
            && !table.in_sync.is_empty()
            && table.in_sync.get(id) != Some(&copy.node)
        {
            return Err(format!("the primary of {name} on {} is not in-sync there", copy.node.0));
        }
    }
    Ok(())
}
