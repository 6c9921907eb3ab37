//! How nodes are weighed: by all their shards, and by those of the index in question.

use std::cmp::Ordering;

use model::id::IndexUuid;

use super::{Subject, View};
use crate::state::{NodeId, UnassignedReason};

/// The nodes from the one that a copy would burden least; among equals the one with more room on its disk, then the lesser id;
/// of a replica the next one after the primary's in a circle, so that equal shards spread evenly. The node where the copy has just failed
/// comes last, unless it was the first time: that may be chance, and what lies there is worth a second try.
pub(super) fn ranked<'a>(view: &View<'a>, subject: &Subject<'_>) -> Vec<&'a NodeId> {
    let mut nodes: Vec<&NodeId> = view.nodes().collect();
    let room = |node: &NodeId| view.disk(node).map_or(0, |disk| disk.available_bytes);
    let primary = subject.table.primary().filter(|_| !subject.primary).map(|(_, copy)| &copy.node);
    let after = |node: &NodeId| primary.is_some_and(|primary| node < primary);
    let avoided =
        subject.why.filter(|why| why.reason == UnassignedReason::AllocationFailed && why.failed_attempts != 1);
    let avoided = avoided.and_then(|why| why.last_node.as_ref());
    nodes.sort_by(|a, b| {
        let avoids = |node| avoided == Some(node);
        let weight = |node| weight(view, &subject.index.uuid, node);
        let lighter = weight(a).total_cmp(&weight(b));
        // Whole gigabytes: what comes and goes in between moves no shard.
        let roomier = || (room(b) >> 30).cmp(&(room(a) >> 30));
        match avoids(*a).cmp(&avoids(*b)).then(lighter) {
            Ordering::Equal => roomier().then_with(|| (after(a), a).cmp(&(after(b), b))),
            decided => decided,
        }
    });
    nodes
}

/// What OpenSearch's users set as `balance.shard` and `balance.index`: how much either count matters. Averages over all nodes, which its formula
/// takes off, are the same for every node and so change no order.
pub(super) fn weight(view: &View<'_>, index: &IndexUuid, node: &NodeId) -> f64 {
    let Some(load) = view.load(node) else { return f64::MAX };
    let (all, own) = (f64::from(load.shards), f64::from(load.of_index(index)));
    view.rules.shard_balance * all + view.rules.index_balance * own
}
