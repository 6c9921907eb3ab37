//! The one place where metadata changes.
//!
//! In: a state and a [`Command`]. Out: the next state, or why not. All or nothing; deterministic: no clock, no chance, no maps in hash
//! order. Who proposes commands, and when, is the node's business.

use std::sync::Arc;

use model::error::Error;
use model::id::IndexUuid;

use crate::command::Command;
use crate::state::{IndexMetadata, State};

mod aliases;
mod indexes;
mod shards;

#[cfg(test)]
mod tests;

/// The state after `command`. A command that changes nothing gives an equal state, with the same version.
///
/// # Errors
/// In OpenSearch's words; the state stays as it was.
pub fn apply(state: &State, command: &Command) -> Result<State, Error> {
    let mut next = state.clone();
    match command {
        Command::CreateIndex(request) => indexes::create(&mut next, request)?,
        Command::DeleteIndexes { names } => indexes::delete(&mut next, names)?,
        Command::PutMapping { indexes, mapping } => indexes::put_mapping(&mut next, indexes, mapping)?,
        Command::PutSettings { indexes, settings, preserve_existing } => {
            indexes::put_settings(&mut next, indexes, settings, *preserve_existing)?;
        }
        Command::UpdateAliases { actions } => aliases::update(&mut next, actions)?,
        Command::OpenIndexes { indexes } => indexes::set_open(&mut next, indexes, true)?,
        Command::CloseIndexes { indexes } => indexes::set_open(&mut next, indexes, false)?,
        Command::PutClusterSettings { persistent, transient } => {
            next.settings = next.settings.update(persistent, transient)?;
        }
        Command::NodeJoined { id, node } => {
            next.nodes.insert(id.clone(), node.clone());
            indexes::expand_replicas(&mut next);
        }
        Command::NodeLeft { id } => {
            next.nodes.remove(id);
            shards::node_left(&mut next, id);
            indexes::expand_replicas(&mut next);
        }
        Command::AppointPrimary { shard, node, allocation, from } => {
            shards::appoint(&mut next, shard, node, allocation, from.as_ref())?;
        }
        Command::CopyStarted { shard, allocation, term } => shards::started(&mut next, shard, allocation, *term)?,
        Command::CopyFailed { shard, allocation, reason } => shards::failed(&mut next, shard, allocation, reason)?,
    }
    if next != *state {
        next.version = state.version.next();
    }
    Ok(next)
}

/// The index of that uuid, to be changed.
fn change<'a>(state: &'a mut State, uuid: &IndexUuid) -> Result<&'a mut IndexMetadata, Error> {
    let found = state.indexes.values_mut().find(|index| index.uuid == *uuid);
    found.map(Arc::make_mut).ok_or_else(|| Error::index_not_found(&uuid.0))
}
