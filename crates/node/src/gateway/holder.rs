//! Where a shard is to be found: on this node, on another, or nowhere at the moment.

use std::sync::Arc;

use cluster::state::{IndexMetadata, NodeId, State};
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;

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
    /// Of a shard of an index that is `open` here, as `state` has it.
    pub(super) fn of(core: &Core, state: &State, open: &OpenIndex, number: ShardNumber) -> Self {
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
            // What is open here knows best why it does not serve.
            _ => match open.shard(number) {
                Some(shard) => Self::Here(shard.clone()),
                None => Self::Nowhere(unavailable(metadata, number, &missing(metadata, number))),
            },
        }
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
