//! Blocks of indexes whose disks are all but full: whose they are, the cluster's or an operator's.

use model::error::Error;
use model::id::IndexUuid;
use serde_json::{Map, Value};

use super::indexes;
use crate::settings::flat;
use crate::state::State;

const BLOCK: &str = "index.blocks.read_only_allow_delete";

/// Sets blocks, and lifts those that the cluster has set. Indexes that are no more are passed over.
pub(super) fn change(state: &mut State, block: &[IndexUuid], lift: &[IndexUuid]) -> Result<(), Error> {
    let block = there(state, block);
    put(state, &block, Value::String("true".to_owned()))?;
    state.flooded.extend(block);
    let lift: Vec<IndexUuid> = there(state, lift).into_iter().filter(|uuid| state.flooded.contains(uuid)).collect();
    put(state, &lift, Value::Null)?;
    state.flooded.retain(|uuid| !lift.contains(uuid));
    Ok(())
}

/// An operator has said how this block shall be: it is his from now on.
pub(super) fn taken_over(state: &mut State, indexes: &[IndexUuid], settings: &Map<String, Value>) {
    if !state.flooded.is_empty() && flat::index_settings(settings).contains_key(BLOCK) {
        state.flooded.retain(|uuid| !indexes.contains(uuid));
    }
}

fn there(state: &State, indexes: &[IndexUuid]) -> Vec<IndexUuid> {
    indexes.iter().filter(|uuid| state.index_by_uuid(uuid).is_some()).cloned().collect()
}

fn put(state: &mut State, indexes: &[IndexUuid], value: Value) -> Result<(), Error> {
    if indexes.is_empty() {
        return Ok(());
    }
    let settings = [(BLOCK.to_owned(), value)].into_iter().collect();
    indexes::put_settings(state, indexes, &settings, false)
}
