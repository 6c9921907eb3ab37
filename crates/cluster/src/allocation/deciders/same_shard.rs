//! No two copies of a shard on one node.

use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

pub(super) fn same_shard(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    if view.is_planned(&subject.id(), node) {
        return Verdict::no("a copy of this shard is about to be allocated to this node");
    }
    let Some((id, copy)) = subject.table.copies.iter().find(|(_, copy)| copy.node == *node) else {
        return Verdict::yes("this node does not hold a copy of this shard");
    };
    let role = if copy.primary { "P" } else { "R" };
    let state = if copy.started { "STARTED" } else { "INITIALIZING" };
    Verdict::no(format!(
        "a copy of this shard is already allocated to this node [[{}][{}], node[{}], [{role}], s[{state}], a[id={}]]",
        subject.index.name, subject.number, node.0, id.0
    ))
}
