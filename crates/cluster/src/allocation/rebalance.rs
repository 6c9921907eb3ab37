//! Copies move from heavy nodes to light ones, when nothing more urgent is to be done.
//!
//! A copy moves only between nodes whose weights differ by more than one copy: each move makes the squares of the weights smaller, so they come
//! to an end, and none is ever undone by another.

use model::id::{AllocationId, ShardNumber};

use super::moves::{command, is_moving, may_move};
use super::planner::allowed;
use super::rules::{AllowRebalance, Rebalance};
use super::{Subject, Verdict, View, balance, deciders};
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

/// Whether a copy may go elsewhere for the sake of balance, rule by rule.
pub(super) fn verdicts(view: &View<'_>, subject: &Subject<'_>) -> Vec<(&'static str, Verdict)> {
    let rebalance = subject.index.settings.typed().allocation.rebalance.unwrap_or(view.rules.rebalance);
    let enabled = match rebalance.admits(subject.primary) {
        true => Verdict::yes("rebalancing is allowed"),
        false => Verdict::no(
            "no rebalancing of this copy is allowed by [cluster.routing.rebalance.enable] or [index.routing.rebalance.enable]",
        ),
    };
    let waits = match view.rules.allow_rebalance {
        AllowRebalance::Always => "",
        AllowRebalance::PrimariesActive => "primaries that are not active, and [indices_primaries_active] is set",
        AllowRebalance::AllActive => "copies that are not active, and [indices_all_active] is set",
    };
    let active = match permitted(view) {
        true => Verdict::yes("all copies are active that [cluster.routing.allocation.allow_rebalance] asks for"),
        false => Verdict::no(format!("there are {waits} for [cluster.routing.allocation.allow_rebalance]")),
    };
    let moving = view.moving;
    let room = match view.rules.concurrent_rebalance {
        Some(most) if moving >= most => Verdict::throttle(format!(
            "reached the limit of concurrently rebalancing shards [{moving}], cluster setting [cluster.routing.allocation.cluster_concurrent_rebalance={most}]"
        )),
        _ => Verdict::yes(format!("[{moving}] copies move at the moment, more may")),
    };
    vec![("enable", enabled), ("cluster_rebalance", active), ("concurrent_rebalance", room)]
}

/// Whether nodes are more alike when a copy of an index goes from one to the other.
pub(super) fn evens_out(view: &View<'_>, index: &IndexMetadata, from: &NodeId, to: &NodeId) -> bool {
    let weight = |node| balance::weight(view, &index.uuid, node);
    weight(from) - weight(to) > least(view) + CLOSE
}

/// How much heavier a node must be than another.
fn least(view: &View<'_>) -> f64 {
    view.rules.threshold.max(view.rules.shard_balance + view.rules.index_balance)
}

/// The move that evens an index out most.
fn best<'a>(view: &View<'a>, index: &'a IndexMetadata) -> Option<Move<'a>> {
    let weights = || view.nodes().map(|node| (balance::weight(view, &index.uuid, node), node));
    let mut heavy: Vec<(f64, &NodeId)> = weights().collect();
    heavy.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let least = least(view);
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
