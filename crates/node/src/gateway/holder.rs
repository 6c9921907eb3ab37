//! Where a shard is to be found: on this node, on another, or nowhere at the moment. Writes go to the primary; which copy is read is
//! [`Choice`]'s.

use std::sync::Arc;

use cluster::state::{Copy, IndexMetadata, NodeId, State};
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, ShardNumber};

use super::choice::Choice;
use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};

/// Who holds the copy of a shard that answers.
#[derive(Clone)]
pub(super) enum Holder {
    Here(Arc<OpenShard>),
    There(NodeId),
    /// Another node that has not answered, and why it is not asked again.
    Silent(NodeId, Error),
    /// Nobody, and why.
    Nowhere(Error),
}

impl Holder {
    /// Of the primary of a shard of an index that is `open` here, as `state` has it.
    pub(super) fn primary(core: &Core, state: &State, open: &OpenIndex, number: ShardNumber) -> Self {
        let view = open.view();
        let metadata = state.index_by_uuid(&view.metadata.uuid).unwrap_or(&view.metadata);
        let primary = metadata.shard(number).and_then(|table| table.primary());
        match primary {
            Some((_, copy)) if copy.node != core.identity.node => {
                if !state.nodes.contains_key(&copy.node) {
                    Self::Nowhere(unavailable(metadata, number, &format!("its node [{}] has left", copy.node.0)))
                } else if copy.started {
                    Self::There(copy.node.clone())
                } else {
                    Self::Nowhere(unavailable(metadata, number, "its primary is not started yet"))
                }
            }
            // What is open here knows best why it does not serve. A replica is not asked for what only a primary may do.
            _ => match open.shard(number).filter(|shard| primary.is_some() || shard.failure().is_some()) {
                Some(shard) => Self::Here(shard.clone()),
                None => Self::Nowhere(unavailable(metadata, number, &missing(metadata, number))),
            },
        }
    }

    /// Of the copy of a shard that is read: one that has everything which was acknowledged, as `choice` will.
    pub(super) fn reading(core: &Core, state: &State, open: &OpenIndex, number: ShardNumber, choice: &Choice) -> Self {
        let view = open.view();
        let metadata = state.index_by_uuid(&view.metadata.uuid).unwrap_or(&view.metadata);
        let Some(table) = metadata.shard(number).filter(|table| table.started().any(|(_, copy)| !copy.primary)) else {
            return Self::primary(core, state, open, number);
        };
        let own = &core.identity.node;
        let serves = |copy: &Copy| match copy.node == *own {
            true => open.shard(number).is_some_and(|shard| shard.copy().is_ok()),
            false => state.nodes.contains_key(&copy.node),
        };
        let ready: Vec<(&AllocationId, &Copy)> =
            table.started().filter(|(_, copy)| !choice.avoids(&copy.node) && serves(copy)).collect();
        match choice.of(&ready, own, number) {
            Some(copy) if copy.node != *own => Self::There(copy.node.clone()),
            Some(_) => match open.shard(number) {
                Some(shard) => Self::Here(shard.clone()),
                None => Self::Nowhere(unavailable(metadata, number, "it has just moved")),
            },
            None => Self::primary(core, state, open, number),
        }
    }

    /// Of this node's copy, for another node that has chosen it.
    pub(super) fn here(open: &OpenIndex, number: ShardNumber) -> Self {
        let moved = || unavailable(&open.view().metadata, number, "it has moved to another node");
        open.shard(number).map_or_else(|| Self::Nowhere(moved()), |shard| Self::Here(shard.clone()))
    }

    /// The node that is asked.
    pub(super) fn node<'a>(&'a self, core: &'a Core) -> Option<&'a NodeId> {
        match self {
            Self::Here(_) => Some(&core.identity.node),
            Self::There(node) | Self::Silent(node, _) => Some(node),
            Self::Nowhere(_) => None,
        }
    }
}

fn missing(metadata: &IndexMetadata, number: ShardNumber) -> String {
    let unassigned = metadata.shard(number).and_then(|table| table.unassigned.as_ref());
    let details = unassigned.and_then(|unassigned| unassigned.details.as_deref());
    details.map_or_else(|| "no node holds it".to_owned(), |why| format!("no node holds it: {why}"))
}

fn unavailable(metadata: &IndexMetadata, number: ShardNumber, why: &str) -> Error {
    let reason = format!("shard [{}][{number}] is not available: {why}", metadata.name);
    Error::new(ErrorKind::NoShardAvailable, reason)
}
