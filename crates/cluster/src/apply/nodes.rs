//! Nodes: joined, left. A node that joins under another ephemeral identity is a new process: what the former one held is unassigned.

use super::{indexes, shards};
use crate::state::{Node, NodeId, State, Unassigned, UnassignedReason};

pub(super) fn joined(state: &mut State, id: &NodeId, node: &Node) {
    let former = state.nodes.insert(id.clone(), node.clone());
    if former.is_none_or(|former| former.ephemeral_id != node.ephemeral_id) {
        // A cluster of one that comes back is a cluster that comes back.
        let reason = match state.nodes.len() {
            1 => UnassignedReason::ClusterRecovered,
            _ => UnassignedReason::NodeLeft,
        };
        shards::node_left(state, id, &Unassigned::new(reason, node.joined_at_ms));
        shards::back_with(state, id);
        shards::retry_with(state, id);
    }
    indexes::expand_replicas(state);
}

pub(super) fn left(state: &mut State, id: &NodeId, at_ms: u64) {
    let Some(node) = state.nodes.remove(id) else { return };
    let details = Some(format!("node_left [{}] ({})", id.0, node.name));
    shards::node_left(state, id, &Unassigned { details, ..Unassigned::new(UnassignedReason::NodeLeft, at_ms) });
    indexes::expand_replicas(state);
}
