//! Balance: after a plan no node that got a new shard would, without it, still be heavier than another that could have had it; and what moves
//! for the sake of balance leaves a node that is heavier than the other by more than one copy.

use std::collections::BTreeMap;

use cluster::command::Command;
use cluster::state::{NodeId, State, UnassignedReason};
use model::id::IndexUuid;

use super::Broken;

/// `plan`: what was made of `before`; `after`: what came of it. For clusters whose nodes may all have every shard.
pub fn check(before: &State, plan: &[Command], after: &State) -> Result<(), Broken> {
    let mut held = Held::of(before);
    for command in plan {
        let (shard, node, from) = match command {
            Command::AppointPrimary { shard, node, from, .. } => (shard, node, from),
            Command::AssignReplica(wanted) => {
                let table = super::find(before, &wanted.shard);
                let source = table.and_then(|table| table.copies.get(wanted.replaces.as_ref()?));
                if let Some(source) = source {
                    let index = &wanted.shard.index;
                    let (from, to) = (held.weight(&source.node, index), held.weight(&wanted.node, index));
                    if from - to <= 1.0 {
                        let (at, to) = (&source.node.0, &wanted.node.0);
                        return Err(format!("{index}[{}] moves from {at} to {to} for nothing", wanted.shard.number));
                    }
                    held.remove(&source.node, index);
                }
                held.add(&wanted.node, &wanted.shard.index);
                continue;
            }
            Command::RemoveReplica { shard, allocation } => {
                let copy = super::find(before, shard).and_then(|table| table.copies.get(allocation));
                copy.into_iter().for_each(|copy| held.remove(&copy.node, &shard.index));
                continue;
            }
            _ => continue,
        };
        // Where it has failed it may not come back, though that node were the lightest.
        let why = super::find(before, shard).and_then(|table| table.unassigned.as_ref());
        let has_failed = why.is_some_and(|why| why.reason == UnassignedReason::AllocationFailed);
        if from.is_none() && !has_failed {
            let lightest = after.data_nodes().map(|(id, _)| held.weight(id, &shard.index)).fold(f64::MAX, f64::min);
            if held.weight(node, &shard.index) > lightest + 1e-9 {
                return Err(format!("{}[{}] goes to {}, which is not the lightest", shard.index, shard.number, node.0));
            }
        }
        held.add(node, &shard.index);
    }
    Ok(())
}

/// How many copies the nodes hold: of all indexes, of each.
#[derive(Default)]
struct Held<'a> {
    all: BTreeMap<&'a NodeId, u32>,
    own: BTreeMap<(&'a NodeId, &'a IndexUuid), u32>,
}

impl<'a> Held<'a> {
    fn of(state: &'a State) -> Self {
        let mut held = Self::default();
        for index in state.indexes.values() {
            for table in &index.shards {
                table.copies.values().for_each(|copy| held.add(&copy.node, &index.uuid));
                // What moves counts where it goes to.
                let left = table.copies.values().filter_map(|copy| table.copies.get(copy.replaces.as_ref()?));
                left.for_each(|copy| held.remove(&copy.node, &index.uuid));
            }
        }
        held
    }

    fn add(&mut self, node: &'a NodeId, index: &'a IndexUuid) {
        *self.all.entry(node).or_default() += 1;
        *self.own.entry((node, index)).or_default() += 1;
    }

    fn remove(&mut self, node: &'a NodeId, index: &'a IndexUuid) {
        self.all.entry(node).and_modify(|count| *count -= 1);
        self.own.entry((node, index)).and_modify(|count| *count -= 1);
    }

    /// As documented for `cluster.routing.allocation.balance.shard` and `.index`, with their defaults.
    fn weight(&self, node: &NodeId, index: &IndexUuid) -> f64 {
        let all = self.all.get(node).copied().unwrap_or(0);
        let own = self.own.get(&(node, index)).copied().unwrap_or(0);
        0.45 * f64::from(all) + 0.55 * f64::from(own)
    }
}
