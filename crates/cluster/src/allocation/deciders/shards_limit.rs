//! Most shards on a node: of one index, of all.

use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

pub(super) fn shards_limit(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let (of_index, of_all) =
        (subject.index.settings.typed().allocation.total_shards_per_node, view.rules.total_shards_per_node);
    let Some(load) = view.load(node).filter(|_| of_index.is_some() || of_all.is_some()) else {
        return Verdict::yes(
            "total shard limits are disabled: [index: -1, index primary: -1, cluster: -1, cluster primary: -1] <= 0",
        );
    };
    let own = load.of_index(&subject.index.uuid);
    if let Some(most) = of_all.filter(|&most| load.shards >= most) {
        return Verdict::no(format!(
            "too many shards [{}] allocated to this node, cluster setting [cluster.routing.allocation.total_shards_per_node={most}]",
            load.shards
        ));
    }
    if let Some(most) = of_index.filter(|&most| own >= most) {
        return Verdict::no(format!(
            "too many shards [{own}] allocated to this node for index [{}], index setting [index.routing.allocation.total_shards_per_node={most}]",
            subject.index.name
        ));
    }
    Verdict::yes("the shard count is under the limits of this node")
}

/// Of a copy that is there.
pub(super) fn remains(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let most = subject.index.settings.typed().allocation.total_shards_per_node;
    let Some(load) = view.load(node) else { return Verdict::yes("the node holds nothing") };
    let own = load.of_index(&subject.index.uuid);
    if most.is_some_and(|most| own > most) || view.rules.total_shards_per_node.is_some_and(|most| load.shards > most) {
        return Verdict::no(format!(
            "too many shards [{own}] allocated to this node for index [{}]",
            subject.index.name
        ));
    }
    Verdict::yes("the shard count is under the limits of this node")
}
