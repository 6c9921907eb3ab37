//! Not too many copies at a time are opened on one node, or brought up to date there or from there.

use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

const BOTH: &str = "cluster.routing.allocation.node_concurrent_recoveries";

pub(super) fn throttling(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    if !subject.primary || subject.moves_from.is_some() {
        return of_replica(view, subject, node);
    }
    let most = view.rules.initial_primaries;
    let now = view.load(node).map_or(0, |load| load.initializing);
    if now >= most {
        return Verdict::throttle(format!(
            "reached the limit of ongoing initial primary recoveries [{most}], cluster setting [cluster.routing.allocation.node_initial_primaries_recoveries={most}]"
        ));
    }
    Verdict::yes(format!("below primary recovery limit of [{most}]"))
}

fn of_replica(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let (most_in, most_out) = (view.rules.incoming, view.rules.outgoing);
    let incoming = view.load(node).map_or(0, |load| load.incoming);
    if incoming >= most_in {
        return Verdict::throttle(format!(
            "reached the limit of incoming shard recoveries [{incoming}], cluster setting [cluster.routing.allocation.node_concurrent_incoming_recoveries={most_in}] (can also be set via [{BOTH}])"
        ));
    }
    let Some((_, primary)) = subject.table.primary().filter(|(_, copy)| copy.started) else {
        return Verdict::no("primary shard for this replica is not yet active");
    };
    let outgoing = view.load(&primary.node).map_or(0, |load| load.outgoing);
    if outgoing >= most_out {
        return Verdict::throttle(format!(
            "reached the limit of outgoing shard recoveries [{outgoing}] on the node [{}] which holds the primary, cluster setting [cluster.routing.allocation.node_concurrent_outgoing_recoveries={most_out}] (can also be set via [{BOTH}])",
            primary.node.0
        ));
    }
    Verdict::yes(format!(
        "below shard recovery limit of outgoing: [{outgoing} < {most_out}] incoming: [{incoming} < {most_in}]"
    ))
}
