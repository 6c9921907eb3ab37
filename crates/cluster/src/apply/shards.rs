//! Shard copies: appointed, started, failed.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::{AllocationId, PrimaryTerm, ShardId};

use super::{change, replicas};
use crate::state::{Copy, IndexMetadata, NodeId, ShardTable, State, Unassigned, UnassignedReason};

pub(super) fn table<'a>(state: &'a mut State, shard: &ShardId) -> Result<&'a mut ShardTable, Error> {
    let index = change(state, &shard.index)?;
    let reason = format!("no such shard [{}][{}]", index.name, shard.number);
    index.shards.get_mut(shard.number.0 as usize).ok_or_else(|| Error::new(ErrorKind::IllegalState, reason))
}

pub(super) fn refuse(shard: &ShardId, why: &str) -> Error {
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
    table.copies.insert(allocation.clone(), Copy::new(node.clone(), true));
    if let Some(from) = from {
        table.in_sync.remove(from);
        table.in_sync.insert(allocation.clone(), node.clone());
    }
    Ok(())
}

pub(super) fn appoint_stale(state: &mut State, shard: &ShardId, wanted: &Appointment<'_>) -> Result<(), Error> {
    let Appointment { node, allocation, term, .. } = *wanted;
    if !state.nodes.contains_key(node) {
        return Err(refuse(shard, &format!("node [{}] is not in the cluster", node.0)));
    }
    let table = table(state, shard)?;
    if let Some((id, copy)) = table.primary() {
        let is_done = id == allocation && copy.node == *node;
        return if is_done { Ok(()) } else { Err(refuse(shard, "it has a primary")) };
    }
    if term != table.term.next() || table.in_sync.is_empty() {
        return Err(refuse(shard, &format!("term {term} cannot follow term {}", table.term)));
    }
    table.term = term;
    table.copies.clear();
    table.copies.insert(allocation.clone(), Copy { begins_history: true, ..Copy::new(node.clone(), true) });
    table.in_sync.clear();
    table.in_sync.insert(allocation.clone(), node.clone());
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
    let replaced = copy.replaces.clone();
    if replaced.as_ref().is_some_and(|id| table.primary().is_some_and(|(primary, _)| primary == id)) {
        return Err(refuse(shard, "a primary hands over"));
    }
    let Some(copy) = table.copies.get_mut(allocation) else { return Ok(()) };
    (copy.started, copy.replaces, copy.why, copy.begins_history) = (true, None, None, false);
    let (node, primary) = (copy.node.clone(), copy.primary);
    table.in_sync.insert(allocation.clone(), node.clone());
    if let Some(replaced) = replaced {
        replicas::drop_copy(table, &replaced);
    }
    if primary {
        table.restores = None;
        replicas::found(table, &node);
        // From now on it acknowledges, and does so without those that are not here.
        replicas::keep_started(table);
    }
    Ok(())
}

/// What became of a copy.
pub(super) struct Failure<'a> {
    /// Of the primary that says so.
    pub(super) term: Option<PrimaryTerm>,
    pub(super) reason: &'a str,
    pub(super) at_ms: u64,
}

pub(super) fn failed(
    state: &mut State,
    shard: &ShardId,
    allocation: &AllocationId,
    failure: &Failure<'_>,
) -> Result<(), Error> {
    let table = table(state, shard)?;
    if let Some(term) = failure.term.filter(|term| *term != table.term) {
        return Err(refuse(shard, &format!("term {term} is over, now it is {}", table.term)));
    }
    let Some(copy) = table.copies.remove(allocation) else { return Ok(()) };
    replicas::forget_moves(table, allocation);
    let why = Unassigned {
        details: Some(failure.reason.to_owned()),
        last_node: Some(copy.node.clone()),
        ..Unassigned::new(UnassignedReason::AllocationFailed, failure.at_ms)
    };
    if copy.primary {
        let before = table.unassigned.take().filter(|_| !copy.started);
        let failed_attempts = before.map_or(0, |before| before.failed_attempts).saturating_add(1);
        table.unassigned = Some(Unassigned { failed_attempts, served: copy.started, ..why });
    } else if let Some(source) = copy.replaces.as_ref().and_then(|source| table.copies.get_mut(source)) {
        // It stays where it is; the next try waits a while.
        let failed_attempts = source.why.take().map_or(0, |before| before.failed_attempts).saturating_add(1);
        source.why = Some(Unassigned { failed_attempts, ..why });
    } else if copy.replaces.is_none() {
        let failed_attempts = copy.why.map_or(0, |before| before.failed_attempts).saturating_add(1);
        replicas::miss(table, Unassigned { failed_attempts, ..why });
    }
    // The last copy stays listed: what it has is all there is.
    if table.in_sync.len() > 1 {
        table.in_sync.remove(allocation);
    }
    Ok(())
}

/// Every copy that is missing may be tried again.
pub(super) fn retry_failed(state: &mut State) {
    retry(state, |_| true);
}

/// A new process on a node: whatever has failed too often is tried again, for the node may be what was missing, and what failed while it served is
/// opened again where it lies, for somebody has begun that process.
pub(super) fn retry_with(state: &mut State, node: &NodeId) {
    retry(state, |table| table.in_sync.values().any(|home| home == node));
}

/// Forgets failures. `served`: whether also that a shard has failed while it served.
fn retry(state: &mut State, served: impl Fn(&ShardTable) -> bool) {
    let failed = |table: &ShardTable| {
        let mut missing = table.unassigned.iter().chain(&table.missing);
        missing.any(|why| why.failed_attempts > 0 || why.served && served(table))
    };
    let moves = |table: &ShardTable| table.started().any(|(_, copy)| copy.why.is_some());
    let concerned = |index: &Arc<IndexMetadata>| index.shards.iter().any(|table| failed(table) || moves(table));
    for index in state.indexes.values_mut().filter(|index| concerned(index)) {
        for table in &mut Arc::make_mut(index).shards {
            let served = served(table);
            for why in table.unassigned.iter_mut().chain(&mut table.missing) {
                why.failed_attempts = 0;
                why.served &= !served;
            }
            table.copies.values_mut().filter(|copy| copy.started).for_each(|copy| copy.why = None);
        }
    }
}

pub(super) fn cancel(state: &mut State, shard: &ShardId, allocation: &AllocationId, at_ms: u64) -> Result<(), Error> {
    let table = table(state, shard)?;
    let Some(copy) = table.copies.remove(allocation) else { return Ok(()) };
    replicas::forget_moves(table, allocation);
    let last_node = Some(copy.node);
    let why = Unassigned { last_node, ..Unassigned::new(UnassignedReason::RerouteCancelled, at_ms) };
    if copy.primary {
        table.unassigned = Some(why);
        return Ok(());
    }
    replicas::leave_in_sync(table, allocation);
    if copy.replaces.is_none() {
        replicas::miss(table, why);
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
    table.missing.clear();
    table.restores = None;
    Ok(())
}

/// Takes a node's copies out of the routing. In-sync copies stay in-sync until another acts on it.
pub(super) fn node_left(state: &mut State, node: &NodeId, why: &Unassigned) {
    for index in state.indexes.values_mut() {
        let concerned = |table: &ShardTable| {
            table.copies.values().any(|copy| copy.node == *node)
                || table.missing.iter().any(|why| why.last_node.as_ref() == Some(node))
        };
        if !index.shards.iter().any(concerned) {
            continue;
        }
        for table in &mut Arc::make_mut(index).shards {
            replicas::node_left(table, node, why);
        }
    }
}

/// The copies of closed indexes that lie on a node that is back: nobody has written meanwhile, so they are what they were.
pub(super) fn back_with(state: &mut State, node: &NodeId) {
    let waits = |table: &ShardTable| table.primary().is_none() && table.in_sync.values().any(|home| home == node);
    for index in state.indexes.values_mut().filter(|index| !index.open && index.shards.iter().any(waits)) {
        for table in Arc::make_mut(index).shards.iter_mut().filter(|table| waits(table)) {
            let here = table.in_sync.iter().find(|(_, home)| *home == node).map(|(id, _)| id.clone());
            let was_primary = table.unassigned.take().is_some_and(|why| why.last_node.as_ref() == Some(node));
            if !was_primary {
                table.term = table.term.next();
            }
            let copy = Copy { started: true, ..Copy::new(node.clone(), true) };
            table.copies.extend(here.map(|id| (id, copy.clone())));
        }
    }
}
