//! Copies move from heavy nodes to light ones, when nothing more urgent is to be done.
//!
//! A copy moves only between nodes whose weights differ by more than one copy: each move makes the squares of the weights smaller, so they come
//! to an end, and none is ever undone by another.

use model::id::{AllocationId, ShardNumber};

use super::moves::{command, is_moving, may_move};
use super::planner::allowed;
use super::rules::{AllowRebalance, Rebalance};
use super::{Subject, View, balance, deciders};
use crate::command::Command;
use crate::state::{Copy, IndexMetadata, NodeId};

/// What floats may be off.
const CLOSE: f64 = 1e-9;

/// The moves that are due.
pub(super) fn commands(view: &mut View<'_>) -> Vec<Command> {
    let mut commands = Vec::new();
    if view.rules.rebalance == Rebalance::None && !overrides(view) || !permitted(view) {
        return commands;
    }
    let state = view.state;
    for index in state.indexes.values().filter(|index| index.open) {
        while view.rules.concurrent_rebalance.is_none_or(|most| view.moving < most) {
            let Some(found) = best(view, index) else { break };
            commands.push(command(&found.subject, found.id, found.to));
            view.place(&found.subject, found.to);
        }
    }
    commands
}

struct Move<'a> {
    subject: Subject<'a>,
    id: &'a AllocationId,
    to: &'a NodeId,
}

/// Whether an index says otherwise than the cluster.
fn overrides(view: &View<'_>) -> bool {
    view.state.indexes.values().any(|index| index.settings.typed().allocation.rebalance.is_some())
}

fn permitted(view: &View<'_>) -> bool {
    let mut indexes = view.state.indexes.values().filter(|index| index.open);
    let primaries =
        |index: &IndexMetadata| index.shards.iter().all(|table| table.primary().is_some_and(|(_, copy)| copy.started));
    let all = |index: &IndexMetadata| {
        let wanted = index.settings.typed().replicas as usize;
        let whole = |table: &crate::state::ShardTable| {
            table.replicas().count() == wanted && table.replicas().all(|(_, copy)| copy.started)
        };
        primaries(index) && index.shards.iter().all(whole)
    };
    match view.rules.allow_rebalance {
        AllowRebalance::Always => true,
        AllowRebalance::PrimariesActive => indexes.all(|index| primaries(index)),
        AllowRebalance::AllActive => indexes.all(|index| all(index)),
    }
}

/// The move that evens an index out most.
fn best<'a>(view: &View<'a>, index: &'a IndexMetadata) -> Option<Move<'a>> {
    let weights = || view.nodes().map(|node| (balance::weight(view, &index.uuid, node), node));
    let mut heavy: Vec<(f64, &NodeId)> = weights().collect();
    heavy.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let unit = view.rules.shard_balance + view.rules.index_balance;
    let least = view.rules.threshold.max(unit);
    for (weight, from) in &heavy {
        for (other, to) in heavy.iter().rev() {
            if weight - other <= least + CLOSE {
                break;
            }
            let found = movable(view, index, from).find(|found| allowed(view, &found.0, to, deciders::ALL));
            if let Some((subject, id)) = found {
                return Some(Move { subject, id, to });
            }
        }
    }
    None
}

/// Copies of an index that a node could do without, replicas first.
fn movable<'a>(
    view: &View<'a>,
    index: &'a IndexMetadata,
    from: &NodeId,
) -> impl Iterator<Item = (Subject<'a>, &'a AllocationId)> {
    let rebalance = index.settings.typed().allocation.rebalance.unwrap_or(view.rules.rebalance);
    let tables = (0..).map(ShardNumber).zip(&index.shards);
    let copies = tables.flat_map(|(number, table)| table.started().map(move |(id, copy)| (number, table, id, copy)));
    let fits = |(_, table, id, copy): &(ShardNumber, &'a crate::state::ShardTable, &'a AllocationId, &'a Copy)| {
        copy.node == *from && rebalance.admits(copy.primary) && !is_moving(table, id)
    };
    let mut found: Vec<_> = copies.filter(fits).collect();
    found.sort_by_key(|(number, _, _, copy)| (copy.primary, *number));
    let subjects = found.into_iter().filter_map(|(number, table, id, copy)| {
        let subject = Subject::moving(index, number, table, copy);
        may_move(view, &subject, copy).then_some((subject, id))
    });
    subjects.collect::<Vec<_>>().into_iter()
}
