//! Not too many primaries at a time are opened on one node.

use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

pub(super) fn throttling(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let most = view.rules.initial_primaries;
    let now = view.load(node).map_or(0, |load| load.initializing);
    if !subject.primary {
        return Verdict::yes("replicas are not assigned yet");
    }
    if now >= most {
        return Verdict::throttle(format!(
            "reached the limit of ongoing initial primary recoveries [{most}], cluster setting [cluster.routing.allocation.node_initial_primaries_recoveries={most}]"
        ));
    }
    Verdict::yes(format!("below primary recovery limit of [{most}]"))
}
