//! Replicas that are missing, and those that there are too many.
//!
//! A replica whose node has left is waited for: when the node comes back, what lies on its disk is nearly all that is needed.

use std::collections::BTreeSet;

use model::id::{AllocationId, ShardId, ShardNumber};

use super::planner::{allocation_id, allowed};
use super::{Facts, Subject, View, balance, deciders};
use crate::command::{AssignReplica, Command};
use crate::state::{Copy, IndexMetadata, NodeId, ShardTable, State, Unassigned, UnassignedReason};

/// After a failure nothing is tried for so long: that a node is gone may not be known yet.
const AFTER_FAILURE_MS: u64 = 1_000;

/// The assignments of replicas that a shard with a primary lacks.
pub(super) fn missing<'a>(view: &mut View<'a>, subject: &Subject<'a>) -> Vec<Command> {
    let table = subject.table;
    let Some((_, primary)) = table.primary() else { return Vec::new() };
    let wanted = subject.index.settings.typed().replicas as usize;
    let lacking = wanted.saturating_sub(table.replicas().count());
    if !primary.started || lacking == 0 {
        return Vec::new();
    }
    let mut commands = Vec::new();
    // A replica that nobody has missed so far is like any other: where one has no place, the next has none.
    for slot in 0..lacking.min(view.nodes().count()) {
        let subject = Subject { primary: false, why: table.missing.get(slot), ..*subject };
        let Some(node) = place(view, &subject) else { continue };
        let turn = table.assigned + 1 + commands.len() as u64;
        view.place(&subject, &node);
        commands.push(command(&subject, &node, turn));
    }
    commands
}

/// The command that gives a shard another replica.
pub(super) fn command(subject: &Subject<'_>, node: &NodeId, turn: u64) -> Command {
    let (shard, term, why) = (subject.id(), subject.table.term, subject.why.cloned());
    let allocation = allocation_id(&shard, node, term, Some(turn));
    Command::AssignReplica(AssignReplica { shard, node: node.clone(), allocation, term, turn, replaces: None, why })
}

fn place(view: &View<'_>, subject: &Subject<'_>) -> Option<NodeId> {
    let may = |node: &NodeId| allowed(view, subject, node, deciders::ALL);
    if let Some(why) = subject.why {
        if waits_after_failure(why, view.facts) {
            return None;
        }
        // A node that has come back with another copy does not bring this one.
        let brings = |node: &&NodeId| !subject.table.copies.values().any(|copy| copy.node == **node);
        let left = why.last_node.as_ref().filter(|_| why.reason == UnassignedReason::NodeLeft);
        match left.filter(brings) {
            Some(node) if view.load(node).is_some() && may(node) => return Some(node.clone()),
            Some(_) if subject.index.delayed_until(why).is_some_and(|until| until > view.facts.now_ms) => return None,
            _ => {}
        }
    }
    balance::ranked(view, subject).into_iter().find(|node| may(node)).cloned()
}

fn waits_after_failure(why: &Unassigned, facts: &Facts) -> bool {
    why.reason == UnassignedReason::AllocationFailed && why.at_ms.saturating_add(AFTER_FAILURE_MS) > facts.now_ms
}

/// Replicas beyond the number that is wanted: first those that have not started, then those that must not stay where they are.
pub(super) fn surplus(state: &State) -> Vec<Command> {
    let mut commands = Vec::new();
    let admitted = |index: &IndexMetadata, copy: &Copy| deciders::filter::admits(state, index, &copy.node);
    for index in state.indexes.values().filter(|index| index.open) {
        let wanted = index.settings.typed().replicas as usize;
        for (number, table) in (0..).map(ShardNumber).zip(&index.shards) {
            let surplus = table.replicas().count().saturating_sub(wanted);
            if surplus == 0 {
                continue;
            }
            let mut replicas: Vec<_> = table.replicas().collect();
            replicas.sort_by_key(|(id, copy)| (copy.started, admitted(index, copy), (*id).clone()));
            let shard = ShardId { index: index.uuid.clone(), number };
            let remove = |allocation| Command::RemoveReplica { shard: shard.clone(), allocation };
            // One that moves is removed with where it moves to.
            let gone: BTreeSet<_> = replicas.iter().take(surplus).map(|(id, _)| (*id).clone()).collect();
            let moving = moving_from(table, &gone);
            commands.extend(moving.into_iter().chain(gone).map(remove));
        }
    }
    commands
}

fn moving_from(table: &ShardTable, gone: &BTreeSet<AllocationId>) -> Vec<AllocationId> {
    let moves = table.copies.iter().filter(|(_, copy)| copy.replaces.as_ref().is_some_and(|from| gone.contains(from)));
    moves.map(|(id, _)| id.clone()).collect()
}
