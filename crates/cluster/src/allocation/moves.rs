//! Copies that must not stay where they are go elsewhere: their node is excluded, its disk is nearly full, it has too many.
//!
//! A move is a new copy that takes the place of the one there is once it has everything (replication rule R11); until then that one serves.

use model::id::AllocationId;

use super::planner::{allocation_id, allowed};
use super::{Facts, Subject, View, balance, deciders};
use crate::command::{AssignReplica, Command};
use crate::state::{Copy, NodeId, ShardTable};

/// After a move that failed nothing is tried for so long.
const AFTER_FAILURE_MS: u64 = 5_000;

/// The moves that are due, and whether every copy may stay where it is.
pub(super) fn commands<'a>(view: &mut View<'a>, subjects: &[Subject<'a>]) -> (Vec<Command>, bool) {
    let (mut commands, mut all_may_stay) = (Vec::new(), true);
    for of_shard in subjects {
        for (id, copy) in of_shard.table.started() {
            let subject = Subject::moving(of_shard.index, of_shard.number, of_shard.table, copy);
            if is_moving(subject.table, id) {
                // It leaves for whatever reason: only one that must is a reason to wait with the balance.
                all_may_stay &= deciders::forbids_to_stay(view, &subject, &copy.node).is_none();
                continue;
            }
            if deciders::forbids_to_stay(view, &subject, &copy.node).is_none() {
                continue;
            }
            all_may_stay = false;
            if !may_move(view, &subject, copy) {
                continue;
            }
            let nodes = balance::ranked(view, &Subject { primary: false, why: copy.why.as_ref(), ..subject });
            let Some(node) = nodes.into_iter().find(|node| allowed(view, &subject, node, deciders::ALL)) else {
                continue;
            };
            commands.push(command(&subject, id, node));
            view.place(&subject, node);
        }
    }
    (commands, all_may_stay)
}

/// Whether a copy is on its way to another node.
pub(super) fn is_moving(table: &ShardTable, id: &AllocationId) -> bool {
    table.copies.values().any(|copy| copy.replaces.as_ref() == Some(id))
}

/// Whether a copy may be given another place at the moment: the shard has a primary that serves, the plan has nothing else for it, and it has
/// not just failed to move.
pub(super) fn may_move(view: &View<'_>, subject: &Subject<'_>, copy: &Copy) -> bool {
    let serves = subject.table.primary().is_some_and(|(_, primary)| primary.started);
    serves && view.planned(&subject.id()).is_empty() && !has_failed(subject, copy, view.facts)
}

fn has_failed(subject: &Subject<'_>, copy: &Copy, facts: &Facts) -> bool {
    let most = subject.index.settings.typed().max_retries;
    copy.why
        .as_ref()
        .is_some_and(|why| why.failed_attempts >= most || why.at_ms.saturating_add(AFTER_FAILURE_MS) > facts.now_ms)
}

/// The command that gives the copy `id` another place. Its allocation id follows from what it is, so that whoever plans it plans the same.
pub(super) fn command(subject: &Subject<'_>, id: &AllocationId, node: &NodeId) -> Command {
    let (shard, term, turn) = (subject.id(), subject.table.term, subject.table.assigned + 1);
    let allocation = allocation_id(&shard, node, term, Some(turn));
    let replaces = Some(id.clone());
    Command::AssignReplica(AssignReplica { shard, node: node.clone(), allocation, term, turn, replaces, why: None })
}
