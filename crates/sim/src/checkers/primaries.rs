//! I3: one primary for each shard and term, and each allocation id is used once.

use std::collections::BTreeMap;

use cluster::state::{NodeId, State};
use model::id::{AllocationId, PrimaryTerm, ShardId};

use super::{Broken, shards};

/// Every primary that there ever was.
#[derive(Debug, Default)]
pub struct Primaries {
    of_term: BTreeMap<(ShardId, PrimaryTerm), (AllocationId, NodeId)>,
    term_of: BTreeMap<(ShardId, AllocationId), PrimaryTerm>,
}

impl Primaries {
    pub fn check(&mut self, after: &State) -> Result<(), Broken> {
        for (shard, index, table) in shards(after) {
            let primaries = table.copies.values().filter(|copy| copy.primary).count();
            let Some((id, copy)) = table.primary() else { continue };
            let name = format!("{}[{}]", index.name, shard.number);
            if primaries > 1 {
                return Err(format!("{name} has {primaries} primaries at once"));
            }
            let own = (id.clone(), copy.node.clone());
            let known = self.of_term.entry((shard.clone(), table.term)).or_insert_with(|| own.clone());
            if *known != own {
                return Err(format!("{name} has two primaries in term {}: {known:?} and {own:?}", table.term));
            }
            // Of a closed index nobody opens a copy: it is what it was, under any term.
            if !index.open {
                continue;
            }
            let term = *self.term_of.entry((shard, id.clone())).or_insert(table.term);
            if term != table.term {
                return Err(format!("{name} uses the assignment {} in terms {term} and {}", id.0, table.term));
            }
        }
        Ok(())
    }
}
