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
mod data_streams;
mod flood_stage;
mod indexes;
mod nodes;
mod replicas;
mod restore;
mod shards;
pub(crate) mod templates;

pub use data_streams::check_new_stream;
pub use indexes::check_new_name;

#[cfg(test)]
mod tests;

/// The state after `command`. A command that changes nothing gives an equal state, with the same version.
///
/// # Errors
/// In OpenSearch's words; the state stays as it was.
pub fn apply(state: &State, command: &Command) -> Result<State, Error> {
    let mut next = state.clone();
    match command {
        Command::FormCluster { uuid } if next.cluster_uuid.is_empty() => next.cluster_uuid = uuid.clone(),
        Command::FormCluster { .. } => {}
        Command::CreateIndex(request) => indexes::create(&mut next, request)?,
        Command::RestoreIndexes(wanted) => restore::restore(&mut next, wanted)?,
        Command::DeleteIndexes { names } => indexes::delete(&mut next, names)?,
        Command::PutMapping { indexes, mapping } => indexes::put_mapping(&mut next, indexes, mapping)?,
        Command::LearnCentroids { index, centroids } => indexes::learn(&mut next, index, centroids)?,
        Command::PutSettings { indexes, settings, preserve_existing } => {
            indexes::put_settings(&mut next, indexes, settings, *preserve_existing)?;
            flood_stage::taken_over(&mut next, indexes, settings);
        }
        Command::UpdateAliases { actions } => aliases::update(&mut next, actions)?,
        Command::ChangeTemplates(change) => templates::change(&mut next, change)?,
        Command::OpenIndexes { indexes, at_ms } => indexes::open(&mut next, indexes, *at_ms)?,
        Command::CloseIndexes { indexes } => indexes::close(&mut next, indexes)?,
        Command::PutClusterSettings { persistent, transient } => {
            next.settings = next.settings.update(persistent, transient)?;
            indexes::expand_replicas(&mut next);
        }
        Command::PutDefinition { kind, name, definition } => {
            next.definitions.entry(*kind).or_default().insert(name.clone(), definition.clone());
        }
        Command::DeleteDefinitions { kind, names } => {
            next.definitions.entry(*kind).or_default().retain(|name, _| !names.contains(name));
        }
        Command::NodeJoined { id, node } => nodes::joined(&mut next, id, node),
        Command::NodeLeft { id, at_ms } => nodes::left(&mut next, id, *at_ms),
        Command::AppointPrimary { shard, node, allocation, term, from } => {
            let appointment = shards::Appointment { node, allocation, term: *term, from: from.as_ref() };
            shards::appoint(&mut next, shard, &appointment)?;
        }
        Command::CopyStarted { shard, allocation, term } => shards::started(&mut next, shard, allocation, *term)?,
        Command::PromoteReplica { shard, allocation, term } => {
            replicas::promote(&mut next, shard, allocation, *term)?;
        }
        Command::AssignReplica(wanted) => replicas::assign(&mut next, wanted)?,
        Command::HandOver { shard, to, term } => replicas::hand_over(&mut next, shard, to, *term)?,
        Command::RemoveReplica { shard, allocation } => replicas::remove(&mut next, shard, allocation)?,
        Command::CopyFailed { shard, allocation, term, reason, at_ms } => {
            shards::failed(&mut next, shard, allocation, &shards::Failure { term: *term, reason, at_ms: *at_ms })?;
        }
        Command::RetryFailed => shards::retry_failed(&mut next),
        Command::CancelCopy { shard, allocation, at_ms } => shards::cancel(&mut next, shard, allocation, *at_ms)?,
        Command::DiscardShard { shard } => shards::discard(&mut next, shard)?,
        Command::FloodStage { block, lift } => flood_stage::change(&mut next, block, lift)?,
        Command::AddVotingExclusions { exclusions } => next.voting_exclusions.extend(exclusions.iter().cloned()),
        Command::ClearVotingExclusions => next.voting_exclusions.clear(),
        Command::CreateDataStream(new) => data_streams::create(&mut next, new)?,
        Command::RollOver { from, to } => data_streams::roll_over(&mut next, from, to)?,
        Command::DeleteDataStreams { names } => data_streams::delete(&mut next, names)?,
        Command::AppointStale { shard, node, allocation, term } => {
            let appointment = shards::Appointment { node, allocation, term: *term, from: None };
            shards::appoint_stale(&mut next, shard, &appointment)?;
        }
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
