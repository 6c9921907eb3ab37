//! Replicas: assigned, promoted, lost, moved. Who is in-sync, and why a replica is missing, is kept true here.

use model::error::Error;
use model::id::{AllocationId, PrimaryTerm, ShardId};

use super::change;
use super::shards::{refuse, table};
use crate::command::AssignReplica;
use crate::state::{Copy, NodeId, ShardTable, State, Unassigned, UnassignedReason};

/// Missing replicas of a shard that are remembered.
pub(super) const MISSING: usize = 32;

pub(super) fn assign(state: &mut State, wanted: &AssignReplica) -> Result<(), Error> {
    let AssignReplica { shard, node, allocation, term, turn, replaces, why } = wanted;
    if !state.nodes.contains_key(node) {
        return Err(refuse(shard, &format!("node [{}] is not in the cluster", node.0)));
    }
    let index = change(state, &shard.index)?;
    if !index.open {
        return Err(refuse(shard, "its index is closed"));
    }
    let most = index.settings.typed().replicas as usize;
    let table = table(state, shard)?;
    // An assignment is made once; a command that comes twice does nothing.
    if table.copies.get(allocation).is_some_and(|copy| copy.node == *node && table.assigned == *turn) {
        return Ok(());
    }
    if table.term != *term || *turn != table.assigned + 1 {
        return Err(refuse(shard, "it has changed since this replica was planned"));
    }
    if !table.primary().is_some_and(|(_, copy)| copy.started) {
        return Err(refuse(shard, "a replica needs a primary that serves"));
    }
    if table.copies.contains_key(allocation) || table.in_sync.contains_key(allocation) {
        return Err(refuse(shard, "an allocation id is never used twice"));
    }
    if table.copies.values().any(|copy| copy.node == *node) {
        return Err(refuse(shard, &format!("a copy of it is on node [{}]", node.0)));
    }
    match replaces {
        None if table.replicas().count() >= most => return Err(refuse(shard, "it has all its replicas")),
        Some(source) if !may_move(table, source) => return Err(refuse(shard, "the copy to be moved does not serve")),
        _ => {}
    }
    if let Some(at) = why.as_ref().and_then(|why| table.missing.iter().position(|known| known == why)) {
        table.missing.remove(at);
    }
    table.assigned = *turn;
    let copy = Copy { replaces: replaces.clone(), why: why.clone(), ..Copy::new(node.clone(), false) };
    table.copies.insert(allocation.clone(), copy);
    Ok(())
}

/// Whether a copy serves and is not on its way already.
fn may_move(table: &ShardTable, source: &AllocationId) -> bool {
    let moves = table.copies.values().any(|copy| copy.replaces.as_ref() == Some(source));
    table.copies.get(source).is_some_and(|copy| copy.started) && !moves
}

pub(super) fn promote(
    state: &mut State,
    shard: &ShardId,
    allocation: &AllocationId,
    term: PrimaryTerm,
) -> Result<(), Error> {
    let table = table(state, shard)?;
    if let Some((id, _)) = table.primary() {
        let done = id == allocation && table.term == term;
        return if done { Ok(()) } else { Err(refuse(shard, "it has a primary")) };
    }
    if term != table.term.next() {
        return Err(refuse(shard, &format!("term {term} cannot follow term {}", table.term)));
    }
    let in_sync = table.in_sync.contains_key(allocation);
    let copy = table.copies.get_mut(allocation).filter(|copy| copy.started && in_sync);
    let copy = copy.ok_or_else(|| refuse(shard, "only an in-sync copy is promoted"))?;
    copy.primary = true;
    table.term = term;
    // What was the primary is missing from now on, as a replica.
    if let Some(why) = table.unassigned.take() {
        miss(table, Unassigned { served: false, ..why });
    }
    keep_started(table);
    Ok(())
}

pub(super) fn hand_over(state: &mut State, shard: &ShardId, to: &AllocationId, term: PrimaryTerm) -> Result<(), Error> {
    let table = table(state, shard)?;
    if table.term != term {
        return Err(refuse(shard, &format!("term {term} is over, now it is {}", table.term)));
    }
    let source = table.primary().map(|(id, _)| id.clone());
    let copy = table.copies.get_mut(to).filter(|copy| source.is_some() && copy.replaces == source);
    let copy = copy.ok_or_else(|| refuse(shard, "nobody takes over"))?;
    (copy.primary, copy.started, copy.replaces, copy.why) = (true, true, None, None);
    let node = copy.node.clone();
    table.in_sync.insert(to.clone(), node);
    table.term = term.next();
    if let Some(source) = source {
        drop_copy(table, &source);
    }
    keep_started(table);
    Ok(())
}

pub(super) fn remove(state: &mut State, shard: &ShardId, allocation: &AllocationId) -> Result<(), Error> {
    let table = table(state, shard)?;
    match table.copies.get(allocation) {
        Some(copy) if copy.primary => Err(refuse(shard, "a primary is not taken away")),
        Some(_) => {
            drop_copy(table, allocation);
            forget_moves(table, allocation);
            Ok(())
        }
        None => Ok(()),
    }
}

/// A copy is no more, and nobody misses it.
pub(super) fn drop_copy(table: &mut ShardTable, allocation: &AllocationId) {
    table.copies.remove(allocation);
    leave_in_sync(table, allocation);
}

/// What moved from a copy that is gone moves no longer: it is a replica like others.
pub(super) fn forget_moves(table: &mut ShardTable, source: &AllocationId) {
    let moving = table.copies.values_mut().filter(|copy| copy.replaces.as_ref() == Some(source));
    moving.for_each(|copy| copy.replaces = None);
}

/// A copy that is taken away is in-sync no longer, if a primary serves without it or another is.
pub(super) fn leave_in_sync(table: &mut ShardTable, allocation: &AllocationId) {
    if table.in_sync.len() > 1 {
        table.in_sync.remove(allocation);
    }
}

/// A primary serves: in-sync is who serves with it (replication rules R3, R5).
pub(super) fn keep_started(table: &mut ShardTable) {
    let ShardTable { in_sync, copies, .. } = table;
    in_sync.retain(|id, _| copies.get(id).is_some_and(|copy| copy.started));
}

/// Remembers why a replica is missing.
pub(super) fn miss(table: &mut ShardTable, why: Unassigned) {
    if table.missing.len() >= MISSING {
        table.missing.remove(0);
    }
    table.missing.push(why);
}

/// What was a replica on this node is the primary now: what was the primary before is missing in its place.
pub(super) fn found(table: &mut ShardTable, node: &NodeId) {
    let former = table.unassigned.take().filter(|former| former.last_node.as_ref() != Some(node));
    if let Some(at) = table.missing.iter().position(|why| why.last_node.as_ref() == Some(node)) {
        table.missing.remove(at);
        if let Some(former) = former {
            miss(table, Unassigned { served: false, ..former });
        }
    }
}

/// Takes a node's copies out. What is in-sync there stays so as long as no primary serves: nothing is acknowledged meanwhile.
pub(super) fn node_left(table: &mut ShardTable, node: &NodeId, why: &Unassigned) {
    let lost: Vec<AllocationId> =
        table.copies.iter().filter(|(_, copy)| copy.node == *node).map(|(id, _)| id.clone()).collect();
    let why = Unassigned { last_node: Some(node.clone()), ..why.clone() };
    for id in lost {
        let Some(copy) = table.copies.remove(&id) else { continue };
        forget_moves(table, &id);
        if copy.primary {
            table.unassigned = Some(why.clone());
            continue;
        }
        if table.primary().is_some_and(|(_, copy)| copy.started) {
            leave_in_sync(table, &id);
        }
        if copy.replaces.is_none() {
            miss(table, why.clone());
        }
    }
    // A primary that could not reach the node was faster than who watches nodes.
    let told = |missing: &&mut Unassigned| {
        missing.reason == UnassignedReason::AllocationFailed && missing.last_node.as_ref() == Some(node)
    };
    table.missing.iter_mut().filter(told).for_each(|missing| *missing = why.clone());
}
