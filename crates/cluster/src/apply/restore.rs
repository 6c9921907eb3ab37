//! Indexes that come back from a snapshot.

use std::sync::Arc;

use model::error::{Error, ErrorKind};

use super::{aliases, data_streams, indexes};
use crate::restore::RestoreIndexes;
use crate::state::State;

pub(super) fn restore(state: &mut State, wanted: &RestoreIndexes) -> Result<(), Error> {
    for index in &wanted.indexes {
        // A closed index gives way to the one that comes back.
        if state.indexes.get(&index.name).is_some_and(|existing| !existing.open) {
            indexes::delete(state, std::slice::from_ref(&index.name))?;
        }
        indexes::check_new_name(state, &index.name)?;
        indexes::check_shard_limit(state, &index.settings)?;
        if state.index_by_uuid(&index.uuid).is_some() || state.graveyard.contains(&index.uuid) {
            let reason = format!("an index with the uuid of [{}] is, or was, there", index.label());
            return Err(Error::new(ErrorKind::IllegalState, reason));
        }
        state.indexes.insert(index.name.clone(), index.clone());
        data_streams::check_name(state, &index.name, None)?;
    }
    for index in &wanted.indexes {
        index.aliases.keys().try_for_each(|alias| aliases::check(state, alias))?;
    }
    for (name, stream) in &wanted.streams {
        data_streams::bring_back(state, name, Arc::new(stream.clone()))?;
    }
    indexes::expand_replicas(state);
    Ok(())
}
