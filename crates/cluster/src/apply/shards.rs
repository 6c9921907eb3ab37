//! Shard copies: appointed, started, failed.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, ShardId};

use super::change;
use crate::state::{AllocationId, Copy, NodeId, ShardTable, State};

fn table<'a>(state: &'a mut State, shard: &ShardId) -> Result<&'a mut ShardTable, Error> {
    let index = change(state, &shard.index)?;
    let reason = format!("no such shard [{}][{}]", index.name, shard.number);
    index.shards.get_mut(shard.number.0 as usize).ok_or_else(|| Error::new(ErrorKind::IllegalState, reason))
}

fn refuse(shard: &ShardId, why: &str) -> Error {
    Error::new(ErrorKind::IllegalState, format!("shard [{}][{}]: {why}", shard.index, shard.number))
}

pub(super) fn appoint(
    state: &mut State,
    shard: &ShardId,
    node: &NodeId,
    allocation: &AllocationId,
    from: Option<&AllocationId>,
) -> Result<(), Error> {
    if !state.nodes.contains_key(node) {
        return Err(refuse(shard, &format!("node [{}] is not in the cluster", node.0)));
    }
    let table = table(state, shard)?;
    // An assignment is made once; a command that comes twice does nothing.
    if table.primary().is_some_and(|(id, copy)| id == allocation && copy.node == *node) {
        return Ok(());
    }
    if table.copies.contains_key(allocation) || table.in_sync.contains(allocation) {
        return Err(refuse(shard, "an allocation id is never used twice"));
    }
    match from {
        None if !table.in_sync.is_empty() => {
            return Err(refuse(shard, "a shard that has data starts from an in-sync copy"));
        }
        Some(from) if !table.in_sync.contains(from) => return Err(refuse(shard, "only an in-sync copy is promoted")),
        _ => {}
    }
    // What was the primary is gone, and the copy that continues goes on under its new assignment.
    table.copies.retain(|id, copy| !copy.primary && Some(id) != from);
    table.term = table.term.next();
    table.failure = None;
    table.copies.insert(allocation.clone(), Copy { node: node.clone(), primary: true, started: false });
    if let Some(from) = from {
        table.in_sync.remove(from);
        table.in_sync.insert(allocation.clone());
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
    table.in_sync.insert(allocation.clone());
    Ok(())
}

pub(super) fn failed(state: &mut State, shard: &ShardId, allocation: &AllocationId, reason: &str) -> Result<(), Error> {
    let table = table(state, shard)?;
    let Some(copy) = table.copies.remove(allocation) else { return Ok(()) };
    if copy.primary {
        table.failure = Some(reason.to_owned());
    }
    // The last copy stays listed: what it has is all there is.
    if table.in_sync.len() > 1 {
        table.in_sync.remove(allocation);
    }
    Ok(())
}

/// Takes a node's copies out of the routing. In-sync copies stay in-sync until another acts on it.
pub(super) fn node_left(state: &mut State, node: &NodeId) {
    for index in state.indexes.values_mut() {
        if !index.shards.iter().any(|table| table.copies.values().any(|copy| copy.node == *node)) {
            continue;
        }
        for table in &mut Arc::make_mut(index).shards {
            let lost = |copy: &Copy| copy.node == *node;
            if table.copies.values().any(|copy| copy.primary && lost(copy)) {
                table.failure = Some("NODE_LEFT".to_owned());
            }
            table.copies.retain(|_, copy| !lost(copy));
        }
    }
}
