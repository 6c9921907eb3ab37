//! A node as the world sees it: a process that runs or not, a disk that stays, and the newest metadata that has reached it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::command::Command;
use cluster::state::{Copy, Node, NodeId, ShardTable, State};
use model::id::{AllocationId, PrimaryTerm, ShardId, ShardNumber};

use crate::random::Random;

/// One node.
#[derive(Clone, Debug)]
pub struct Machine {
    pub id: NodeId,
    /// How often it was started.
    pub process: u32,
    pub up: bool,
    zone: &'static str,
    /// What has reached it.
    pub seen: Arc<State>,
    /// Operations on its disk, by shard.
    pub disk: BTreeMap<ShardId, BTreeSet<u64>>,
    /// Copies that are open, and under which assignment.
    pub open: BTreeMap<ShardId, (AllocationId, PrimaryTerm)>,
    /// Of primaries here: replicas that have everything, whether the metadata says so yet or not (replication rule R5).
    pub counted: BTreeMap<ShardId, BTreeSet<AllocationId>>,
}

impl Machine {
    pub fn new(number: usize, state: Arc<State>) -> Self {
        Self {
            id: NodeId(format!("n{number}").into()),
            process: 1,
            up: true,
            zone: if number.is_multiple_of(2) { "x" } else { "y" },
            seen: state,
            disk: BTreeMap::new(),
            open: BTreeMap::new(),
            counted: BTreeMap::new(),
        }
    }

    /// As it presents itself to the cluster.
    pub fn node(&self, now_ms: u64) -> Node {
        Node {
            name: self.id.0.clone(),
            ephemeral_id: format!("{}/{}", self.id.0, self.process).into(),
            roles: ["data".to_owned()].into(),
            attributes: [("zone".to_owned(), self.zone.to_owned())].into(),
            joined_at_ms: now_ms,
            ..Node::default()
        }
    }

    /// Whether `state` knows this very process.
    pub fn is_member(&self, state: &State) -> bool {
        let node = state.nodes.get(&self.id);
        node.is_some_and(|node| node.ephemeral_id == self.node(0).ephemeral_id)
    }

    /// The process ends; the disk stays.
    pub fn kill(&mut self) {
        self.up = false;
        self.open.clear();
        self.counted.clear();
    }

    pub fn start(&mut self) {
        self.up = true;
        self.process += 1;
    }

    /// Follows what it has seen: opens what is assigned to it, closes and deletes what is not. Returns what it reports, again and again
    /// until the metadata says it. `fails`: how often opening fails, one in so many times; 0: never.
    pub fn reconcile(&mut self, random: &mut Random, fails: usize, now_ms: u64) -> Vec<Command> {
        let state = self.seen.clone();
        self.disk.retain(|shard, _| state.index_by_uuid(&shard.index).is_some());
        self.open.retain(|shard, (allocation, _)| assigned(&state, shard, &self.id) == Some(allocation));
        let mut reports = Vec::new();
        for index in state.indexes.values().filter(|index| index.open) {
            for (number, table) in (0..).map(ShardNumber).zip(&index.shards) {
                let Some((allocation, copy)) = table.copies.iter().find(|(_, copy)| copy.node == self.id) else {
                    continue;
                };
                let shard = ShardId { index: index.uuid.clone(), number };
                let (allocation, term) = (allocation.clone(), table.term);
                if let Some(open) = self.open.get_mut(&shard) {
                    if open.1 != term {
                        self.counted.remove(&shard);
                    }
                    open.1 = term;
                }
                if copy.started {
                    continue;
                }
                if !self.open.contains_key(&shard) && fails > 0 && random.one_in(fails) {
                    let reason = "it does not open".to_owned();
                    reports.push(Command::CopyFailed { shard, allocation, term: None, reason, at_ms: now_ms });
                    continue;
                }
                self.open.insert(shard.clone(), (allocation.clone(), term));
                self.disk.entry(shard.clone()).or_default();
                if copy.primary {
                    reports.push(Command::CopyStarted { shard, allocation, term });
                }
            }
        }
        let open = &self.open;
        self.counted.retain(|shard, _| open.contains_key(shard));
        reports
    }

    /// The shard's table as this node knows it, and the term, if it is open here as the primary that serves.
    pub fn serves(&self, shard: &ShardId) -> Option<(&ShardTable, PrimaryTerm)> {
        let (open, term) = self.open.get(shard).filter(|_| self.up)?;
        let table = self.seen.index_by_uuid(&shard.index)?.shard(shard.number)?;
        let (id, copy) = table.primary()?;
        (copy.started && copy.node == self.id && id == open).then_some((table, *term))
    }

    /// Whether that copy is to take the place of the primary here.
    pub fn hands_over_to(&self, shard: &ShardId, copy: &AllocationId) -> bool {
        let Some((table, _)) = self.serves(shard) else { return false };
        let replaced = table.copies.get(copy).and_then(|copy| copy.replaces.as_ref());
        replaced.is_some() && replaced == table.primary().map(|(id, _)| id)
    }

    /// The replicas without which the primary here acknowledges nothing, and their nodes.
    pub fn in_sync(&self, shard: &ShardId) -> Vec<(AllocationId, NodeId)> {
        let Some((table, _)) = self.serves(shard) else { return Vec::new() };
        let counted = self.counted.get(shard);
        let counts = |(id, copy): &(&AllocationId, &Copy)| {
            !copy.primary && (copy.started || counted.is_some_and(|counted| counted.contains(*id)))
        };
        table.copies.iter().filter(counts).map(|(id, copy)| (id.clone(), copy.node.clone())).collect()
    }
}

fn assigned<'a>(state: &'a State, shard: &ShardId, node: &NodeId) -> Option<&'a AllocationId> {
    let index = state.index_by_uuid(&shard.index).filter(|index| index.open)?;
    let mut copies = index.shard(shard.number)?.copies.iter();
    copies.find(|(_, copy)| copy.node == *node).map(|(id, _)| id)
}
