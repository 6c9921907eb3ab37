//! The rules under test, and ways to break them: a checker that catches no broken rule checks nothing.

use cluster::allocation::{Facts, planner};
use cluster::apply::apply;
use cluster::command::Command;
use cluster::state::State;
use model::error::Error;
use model::id::PrimaryTerm;

/// Which rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    AsTheyAre,
    /// The last copy that fails is struck off.
    EmptiesInSync,
    /// A late appointment counts as the next one.
    TakesLateAppointments,
    /// A restart keeps the term.
    KeepsTerms,
    /// A shard of a node that left starts empty somewhere else.
    ForgetsWhoHasData,
    /// The first node gets everything.
    LoadsOneNode,
    /// What is assigned is assigned again when another node is lighter.
    MovesForNothing,
    /// A primary tells its clients that a write is safe when it alone has it.
    AcknowledgesAlone,
    /// A replica counts before it has what the primary has.
    StartsWithHalf,
    /// A primary goes on while another copy takes its place.
    WritesWhileHandingOver,
    /// A copy moves as soon as a node is lighter by anything.
    MovesTooSoon,
}

impl Rules {
    /// All that are broken.
    pub const BROKEN: [Self; 10] = [
        Self::EmptiesInSync,
        Self::TakesLateAppointments,
        Self::KeepsTerms,
        Self::ForgetsWhoHasData,
        Self::LoadsOneNode,
        Self::MovesForNothing,
        Self::AcknowledgesAlone,
        Self::StartsWithHalf,
        Self::WritesWhileHandingOver,
        Self::MovesTooSoon,
    ];

    pub(crate) fn apply(self, state: &State, command: &Command) -> Result<State, Error> {
        match (self, command) {
            (Self::TakesLateAppointments, Command::AppointPrimary { shard, .. }) => {
                let mut late = command.clone();
                let table = state.index_by_uuid(&shard.index).and_then(|index| index.shard(shard.number));
                if let (Command::AppointPrimary { term, .. }, Some(table)) = (&mut late, table) {
                    *term = table.term.next();
                }
                apply(state, &late)
            }
            (Self::KeepsTerms, Command::AppointPrimary { .. }) => {
                let mut next = apply(state, command)?;
                tables(&mut next, |table| table.term = PrimaryTerm(table.term.0.min(1)));
                Ok(next)
            }
            (Self::EmptiesInSync, Command::CopyFailed { .. }) => {
                let mut next = apply(state, command)?;
                tables(&mut next, |table| table.in_sync.retain(|id, _| table.copies.contains_key(id)));
                Ok(next)
            }
            (Self::ForgetsWhoHasData, Command::NodeLeft { id, .. }) => {
                let mut next = apply(state, command)?;
                tables(&mut next, |table| table.in_sync.retain(|_, home| home != id));
                Ok(next)
            }
            _ => apply(state, command),
        }
    }

    pub(crate) fn plan(self, state: &State, facts: &Facts) -> Vec<Command> {
        let mut plan = planner(state, facts);
        match self {
            Self::LoadsOneNode => {
                let first = state.nodes.keys().next().cloned();
                for command in &mut plan {
                    if let (Command::AppointPrimary { node, from: None, .. }, Some(first)) = (command, &first) {
                        *node = first.clone();
                    }
                }
            }
            Self::MovesForNothing => plan.extend(moves(state)),
            Self::MovesTooSoon if plan.is_empty() => plan.extend(swaps(state)),
            _ => {}
        }
        plan
    }
}

fn tables(state: &mut State, mut change: impl FnMut(&mut cluster::state::ShardTable)) {
    for index in state.indexes.values_mut() {
        std::sync::Arc::make_mut(index).shards.iter_mut().for_each(&mut change);
    }
}

/// Appoints what is appointed.
fn moves(state: &State) -> Option<Command> {
    use model::id::{ShardId, ShardNumber};
    let index = state.indexes.values().find(|index| index.open)?;
    let table = index.shards.first()?;
    let (from, copy) = table.primary().filter(|(id, copy)| copy.started && table.in_sync.contains_key(id))?;
    Some(Command::AppointPrimary {
        shard: ShardId { index: index.uuid.clone(), number: ShardNumber(0) },
        node: copy.node.clone(),
        allocation: model::id::AllocationId(format!("moved-{}", table.term).into()),
        term: table.term.next(),
        from: Some(from.clone()),
    })
}

/// Moves a copy to a node that is no lighter.
fn swaps(state: &State) -> Option<Command> {
    use model::id::{AllocationId, ShardId, ShardNumber};
    let index = state.indexes.values().find(|index| index.open)?;
    let table = index.shards.first()?;
    let quiet = table.copies.values().all(|copy| copy.started);
    let (from, _) = table.primary().filter(|(_, copy)| copy.started && quiet)?;
    let held = |node: &cluster::state::NodeId| {
        let tables = state.indexes.values().flat_map(|index| &index.shards);
        tables.flat_map(|table| table.copies.values()).filter(|copy| copy.node == *node).count()
    };
    let free = state.nodes.keys().filter(|node| !table.copies.values().any(|copy| copy.node == **node));
    let node = free.max_by_key(|node| held(node))?.clone();
    let turn = table.assigned + 1;
    Some(Command::AssignReplica(cluster::command::AssignReplica {
        shard: ShardId { index: index.uuid.clone(), number: ShardNumber(0) },
        node,
        allocation: AllocationId(format!("swapped-{}-{turn}", table.term).into()),
        term: table.term,
        turn,
        replaces: Some(from.clone()),
        why: None,
    }))
}
