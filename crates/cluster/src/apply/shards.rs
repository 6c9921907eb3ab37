//! Shard copies: appointed, started, failed.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, ShardId};

use super::change;
use crate::state::{AllocationId, Copy, NodeId, ShardTable, State, Unassigned, UnassignedReason};

fn table<'a>(state: &'a mut State, shard: &ShardId) -> Result<&'a mut ShardTable, Error> {
    let index = change(state, &shard.index)?;
    let reason = format!("no such shard [{}][{}]", index.name, shard.number);
    index.shards.get_mut(shard.number.0 as usize).ok_or_else(|| Error::new(ErrorKind::IllegalState, reason))
}

fn refuse(shard: &ShardId, why: &str) -> Error {
    Error::new(ErrorKind::IllegalState, format!("shard [{}][{}]: {why}", shard.index, shard.number))
}

/// What is to be the primary. `term`: the one that it makes.
pub(super) struct Appointment<'a> {
    pub(super) node: &'a NodeId,
    pub(super) allocation: &'a AllocationId,
    pub(super) term: PrimaryTerm,
    pub(super) from: Option<&'a AllocationId>,
}

pub(super) fn appoint(state: &mut State, shard: &ShardId, wanted: &Appointment<'_>) -> Result<(), Error> {
    let Appointment { node, allocation, term, from } = *wanted;
    if !state.nodes.contains_key(node) {
        return Err(refuse(shard, &format!("node [{}] is not in the cluster", node.0)));
    }
    let table = table(state, shard)?;
    // An assignment is made once; a command that comes twice does nothing.
    if table.primary().is_some_and(|(id, copy)| id == allocation && copy.node == *node) {
        return Ok(());
    }
    if table.copies.contains_key(allocation) || table.in_sync.contains_key(allocation) {
        return Err(refuse(shard, "an allocation id is never used twice"));
    }
    if term != table.term.next() {
        return Err(refuse(shard, &format!("term {term} cannot follow term {}", table.term)));
    }
    match from.map(|from| table.in_sync.get(from)) {
        None if !table.in_sync.is_empty() => {
            return Err(refuse(shard, "a shard that has data starts from an in-sync copy"));
        }
        Some(None) => return Err(refuse(shard, "only an in-sync copy is promoted")),
        Some(Some(home)) if home != node => {
            return Err(refuse(shard, &format!("the data of that copy lie on node [{}]", home.0)));
        }
        _ => {}
    }
    // What was the primary is gone, and the copy that continues goes on under its new assignment.
    table.copies.retain(|id, copy| !copy.primary && Some(id) != from);
    table.term = term;
    table.copies.insert(allocation.clone(), Copy { node: node.clone(), primary: true, started: false });
    if let Some(from) = from {
        table.in_sync.remove(from);
        table.in_sync.insert(allocation.clone(), node.clone());
    }
    Ok(())
}

pub(super) fn started(
    state: &mut State,
    shard: &ShardId,
    allocation: &AllocationId,
    term: PrimaryTerm,
) -> Result<(), Error> {
    let table = table(state, shard)?;
    if table.term != term {
        return Err(refuse(shard, &format!("term {term} is over, now it is {}", table.term)));
    }
    let copy = table.copies.get_mut(allocation).ok_or_else(|| refuse(shard, "no such copy"))?;
    copy.started = true;
    table.in_sync.insert(allocation.clone(), copy.node.clone());
    if copy.primary {
        table.unassigned = None;
    }
    Ok(())
}

/// `failure`: why, and when.
pub(super) fn failed(
    state: &mut State,
    shard: &ShardId,
    allocation: &AllocationId,
    failure: (&str, u64),
) -> Result<(), Error> {
    let table = table(state, shard)?;
    let Some(copy) = table.copies.remove(allocation) else { return Ok(()) };
    if copy.primary {
        let before = table.unassigned.take().filter(|_| !copy.started);
        table.unassigned = Some(Unassigned {
            details: Some(failure.0.to_owned()),
            failed_attempts: before.map_or(0, |before| before.failed_attempts).saturating_add(1),
            served: copy.started,
            last_node: Some(copy.node),
            ..Unassigned::new(UnassignedReason::AllocationFailed, failure.1)
        });
    }
    // The last copy stays listed: what it has is all there is.
    if table.in_sync.len() > 1 {
        table.in_sync.remove(allocation);
    }
    Ok(())
}

/// Every shard without a primary may be tried again.
pub(super) fn retry_failed(state: &mut State) {
    let failed =
        |table: &ShardTable| table.unassigned.as_ref().is_some_and(|why| why.failed_attempts > 0 || why.served);
    for index in state.indexes.values_mut().filter(|index| index.shards.iter().any(failed)) {
        for why in Arc::make_mut(index).shards.iter_mut().filter_map(|table| table.unassigned.as_mut()) {
            why.failed_attempts = 0;
            why.served = false;
        }
    }
}

pub(super) fn cancel(state: &mut State, shard: &ShardId, allocation: &AllocationId, at_ms: u64) -> Result<(), Error> {
    let table = table(state, shard)?;
    let Some(copy) = table.copies.remove(allocation) else { return Ok(()) };
    if copy.primary {
        let last_node = Some(copy.node);
        table.unassigned = Some(Unassigned { last_node, ..Unassigned::new(UnassignedReason::RerouteCancelled, at_ms) });
    }
    Ok(())
}

/// The one way in which in-sync copies become none: an operator wants it.
pub(super) fn discard(state: &mut State, shard: &ShardId) -> Result<(), Error> {
    let table = table(state, shard)?;
    if table.primary().is_some() {
        return Err(refuse(shard, "it has a primary"));
    }
    table.in_sync.clear();
    table.copies.clear();
    Ok(())
}

/// Takes a node's copies out of the routing. In-sync copies stay in-sync until another acts on it.
pub(super) fn node_left(state: &mut State, node: &NodeId, why: &Unassigned) {
    for index in state.indexes.values_mut() {
        if !index.shards.iter().any(|table| table.copies.values().any(|copy| copy.node == *node)) {
            continue;
        }
        for table in &mut Arc::make_mut(index).shards {
            let lost = |copy: &Copy| copy.node == *node;
            if table.copies.values().any(|copy| copy.primary && lost(copy)) {
                table.unassigned = Some(Unassigned { last_node: Some(node.clone()), ..why.clone() });
            }
            table.copies.retain(|_, copy| !lost(copy));
        }
    }
}

/// The copies of closed indexes that lie on a node that is back: nobody has written meanwhile, so they are what they were.
pub(super) fn back_with(state: &mut State, node: &NodeId) {
    let waits = |table: &ShardTable| table.primary().is_none() && table.in_sync.values().any(|home| home == node);
    for index in state.indexes.values_mut().filter(|index| !index.open && index.shards.iter().any(waits)) {
        for table in Arc::make_mut(index).shards.iter_mut().filter(|table| waits(table)) {
            let here = table.in_sync.iter().find(|(_, home)| *home == node).map(|(id, _)| id.clone());
            table.unassigned = None;
            table.copies.extend(here.map(|id| (id, Copy { node: node.clone(), primary: true, started: true })));
        }
    }
}
