//! What the deciders look at: the metadata, the facts, and what each node holds, with what the plan in the making has added.

use std::collections::BTreeMap;

use model::id::{IndexUuid, ShardId, ShardNumber};

use super::{Disk, Facts, Rules};
use crate::state::{Copy, IndexMetadata, Node, NodeId, ShardTable, State, Unassigned};

/// The world of one plan.
pub struct View<'a> {
    pub state: &'a State,
    pub facts: &'a Facts,
    pub rules: Rules,
    loads: BTreeMap<&'a NodeId, Load<'a>>,
    /// Replicas that the plan has put somewhere.
    planned: BTreeMap<ShardId, Vec<NodeId>>,
    /// Copies that are on their way to another node.
    pub(super) moving: u32,
}

/// What one node holds. What leaves it counts where it goes to.
#[derive(Clone, Debug, Default)]
pub struct Load<'a> {
    pub shards: u32,
    /// Copies that leave it.
    pub leaving: u32,
    /// Primaries that are being opened.
    pub initializing: u32,
    /// Replicas that recover on it, and those that recover from it.
    pub incoming: u32,
    pub outgoing: u32,
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
    /// Why it is missing, as far as that is known.
    pub why: Option<&'a Unassigned>,
    /// The node from which it moves.
    pub moves_from: Option<&'a NodeId>,
}

impl<'a> Subject<'a> {
    pub fn primary_of(index: &'a IndexMetadata, number: ShardNumber, table: &'a ShardTable) -> Self {
        Self { index, number, table, primary: true, why: table.unassigned.as_ref(), moves_from: None }
    }

    /// One of the replicas: of those that are missing the first.
    pub fn replica_of(index: &'a IndexMetadata, number: ShardNumber, table: &'a ShardTable) -> Self {
        Self { index, number, table, primary: false, why: table.missing.first(), moves_from: None }
    }

    /// No copy ever had data.
    pub fn fresh(&self) -> bool {
        self.table.in_sync.is_empty()
    }

    /// One of the copies, which is to go to another node.
    pub fn moving(index: &'a IndexMetadata, number: ShardNumber, table: &'a ShardTable, copy: &'a Copy) -> Self {
        Self { index, number, table, primary: copy.primary, why: None, moves_from: Some(&copy.node) }
    }

    pub fn id(&self) -> ShardId {
        ShardId { index: self.index.uuid.clone(), number: self.number }
    }
}

impl<'a> View<'a> {
    pub fn new(state: &'a State, facts: &'a Facts) -> Self {
        let mut loads: BTreeMap<&NodeId, Load<'_>> = state.data_nodes().map(|(id, _)| (id, Load::default())).collect();
        let mut moving = 0;
        for index in state.indexes.values() {
            for table in &index.shards {
                let source = table.primary().map(|(_, copy)| &copy.node);
                for copy in table.copies.values() {
                    count(&mut loads, &index.uuid, copy, source);
                }
                for left in table.copies.values().filter_map(|copy| table.copies.get(copy.replaces.as_ref()?)) {
                    moving += 1;
                    leave(&mut loads, &index.uuid, &left.node);
                }
            }
        }
        Self { state, facts, rules: Rules::of(&state.settings), loads, planned: BTreeMap::new(), moving }
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

    /// Whether the plan has put another copy of the shard there.
    pub fn is_planned(&self, shard: &ShardId, node: &NodeId) -> bool {
        self.planned.get(shard).is_some_and(|nodes| nodes.contains(node))
    }

    /// The nodes to which the plan has put copies of a shard.
    pub fn planned(&self, shard: &ShardId) -> &[NodeId] {
        self.planned.get(shard).map_or(&[], Vec::as_slice)
    }

    /// Counts a copy that the plan puts there.
    pub fn place(&mut self, subject: &Subject<'a>, node: &NodeId) {
        let is_new = subject.primary && subject.fresh();
        let bytes = if is_new || !subject.primary { self.shard_bytes(&subject.id()) } else { 0 };
        if let Some(load) = self.loads.get_mut(node) {
            load.coming_bytes = load.coming_bytes.saturating_add(bytes);
        }
        let source = subject.table.primary().map(|(_, copy)| &copy.node);
        // One that moves recovers from the primary, whatever it will be.
        let primary = subject.primary && subject.moves_from.is_none();
        count(&mut self.loads, &subject.index.uuid, &Copy::new(node.clone(), primary), source);
        if let Some(from) = subject.moves_from {
            self.moving += 1;
            leave(&mut self.loads, &subject.index.uuid, from);
        }
        self.planned.entry(subject.id()).or_default().push(node.clone());
    }
}

/// Counts a copy. `source`: where the shard's primary is.
fn count<'a>(loads: &mut BTreeMap<&'a NodeId, Load<'a>>, index: &'a IndexUuid, copy: &Copy, source: Option<&NodeId>) {
    let recovers = !copy.primary && !copy.started;
    if let Some(load) = loads.get_mut(&copy.node) {
        load.shards += 1;
        load.initializing += u32::from(copy.primary && !copy.started);
        load.incoming += u32::from(recovers);
        *load.by_index.entry(index).or_default() += 1;
    }
    if let Some(load) = source.and_then(|source| loads.get_mut(source)) {
        load.outgoing += u32::from(recovers);
    }
}

fn leave<'a>(loads: &mut BTreeMap<&'a NodeId, Load<'a>>, index: &'a IndexUuid, node: &NodeId) {
    if let Some(load) = loads.get_mut(node) {
        load.leaving += 1;
        load.shards = load.shards.saturating_sub(1);
        load.by_index.entry(index).and_modify(|own| *own = own.saturating_sub(1));
    }
}

impl Load<'_> {
    /// Copies of one index.
    pub fn of_index(&self, index: &IndexUuid) -> u32 {
        self.by_index.get(index).copied().unwrap_or(0)
    }
}
