//! What the deciders look at: the metadata, the facts, and what each node holds, with what the plan in the making has added.

use std::collections::BTreeMap;

use model::id::{IndexUuid, ShardId, ShardNumber};

use super::{Disk, Facts, Rules};
use crate::state::{IndexMetadata, Node, NodeId, ShardTable, State};

/// The world of one plan.
pub struct View<'a> {
    pub state: &'a State,
    pub facts: &'a Facts,
    pub rules: Rules,
    loads: BTreeMap<&'a NodeId, Load<'a>>,
}

/// What one node holds.
#[derive(Clone, Debug, Default)]
pub struct Load<'a> {
    pub shards: u32,
    /// Primaries that are being opened.
    pub initializing: u32,
    by_index: BTreeMap<&'a IndexUuid, u32>,
    /// Bytes that are on their way to it.
    pub coming_bytes: u64,
}

/// A copy of which is asked where it may be.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub index: &'a IndexMetadata,
    pub number: ShardNumber,
    pub table: &'a ShardTable,
    pub primary: bool,
}

impl Subject<'_> {
    /// No copy ever had data.
    pub fn fresh(&self) -> bool {
        self.table.in_sync.is_empty()
    }

    pub fn id(&self) -> ShardId {
        ShardId { index: self.index.uuid.clone(), number: self.number }
    }
}

impl<'a> View<'a> {
    pub fn new(state: &'a State, facts: &'a Facts) -> Self {
        let mut loads: BTreeMap<&NodeId, Load<'_>> = state.data_nodes().map(|(id, _)| (id, Load::default())).collect();
        for index in state.indexes.values() {
            for copy in index.shards.iter().flat_map(|table| table.copies.values()) {
                if let Some(load) = loads.get_mut(&copy.node) {
                    load.add(&index.uuid, copy.primary && !copy.started);
                }
            }
        }
        Self { state, facts, rules: Rules::of(&state.settings), loads }
    }

    /// The nodes that may hold shards, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &'a NodeId> {
        self.loads.keys().copied()
    }

    pub fn node(&self, id: &NodeId) -> Option<&'a Node> {
        self.state.nodes.get(id)
    }

    pub fn load(&self, id: &NodeId) -> Option<&Load<'a>> {
        self.loads.get(id)
    }

    /// The node's disk, with what comes to it taken off.
    pub fn disk(&self, id: &NodeId) -> Option<Disk> {
        let disk = *self.facts.disks.get(id)?;
        let coming = self.load(id).map_or(0, |load| load.coming_bytes);
        Some(Disk { available_bytes: disk.available_bytes.saturating_sub(coming), ..disk })
    }

    pub fn shard_bytes(&self, shard: &ShardId) -> u64 {
        self.facts.shard_bytes.get(shard).copied().unwrap_or(0)
    }

    /// Counts a primary that the plan puts there.
    pub fn place(&mut self, subject: Subject<'a>, node: &NodeId) {
        let bytes = if subject.fresh() { self.shard_bytes(&subject.id()) } else { 0 };
        if let Some(load) = self.loads.get_mut(node) {
            load.add(&subject.index.uuid, true);
            load.coming_bytes = load.coming_bytes.saturating_add(bytes);
        }
    }
}

impl<'a> Load<'a> {
    fn add(&mut self, index: &'a IndexUuid, initializing: bool) {
        self.shards += 1;
        self.initializing += u32::from(initializing);
        *self.by_index.entry(index).or_default() += 1;
    }

    /// Copies of one index.
    pub fn of_index(&self, index: &IndexUuid) -> u32 {
        self.by_index.get(index).copied().unwrap_or(0)
    }
}
