//! The rules of where a copy may be, each in a file of its own and each with a reason.

mod awareness;
mod disk_threshold;
mod enable;
pub(crate) mod filter;
mod max_retry;
mod same_shard;
mod shards_limit;
mod throttling;

use super::{Answer, Subject, Verdict, View};
use crate::state::NodeId;

/// One rule.
pub struct Decider {
    /// As OpenSearch calls it.
    pub name: &'static str,
    pub decide: fn(&View<'_>, &Subject<'_>, &NodeId) -> Verdict,
}

const fn decider(name: &'static str, decide: fn(&View<'_>, &Subject<'_>, &NodeId) -> Verdict) -> Decider {
    Decider { name, decide }
}

/// The one that operators' commands pass over.
pub const ENABLE: &str = "enable";

/// All of them, in the order in which they are shown.
pub const ALL: &[Decider] = &[
    decider("max_retry", max_retry::max_retry),
    decider(ENABLE, enable::enable),
    decider("filter", filter::filter),
    decider("same_shard", same_shard::same_shard),
    decider("disk_threshold", disk_threshold::disk_threshold),
    decider("throttling", throttling::throttling),
    decider("shards_limit", shards_limit::shards_limit),
    decider("awareness", awareness::awareness),
];

/// Those that keep a primary from the node where its data lie. The others would rather have it elsewhere, but there is nothing elsewhere.
pub const OF_DATA: &[Decider] = &[
    decider("max_retry", max_retry::max_retry),
    decider(ENABLE, enable::enable),
    decider("same_shard", same_shard::same_shard),
    decider("throttling", throttling::throttling),
];

/// What is said of a copy that is on this node: whether it may stay.
pub fn stays(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Vec<(&'static str, Verdict)> {
    vec![
        ("filter", filter::filter(view, subject, node)),
        ("disk_threshold", disk_threshold::remains(view, node)),
        ("shards_limit", shards_limit::remains(view, subject, node)),
    ]
}

/// Why a copy that is on this node may not stay there; `None`: it may.
pub fn forbids_to_stay(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Option<Verdict> {
    let filtered = match filter::admits(view.state, subject.index, node) {
        true => None,
        false => Some(filter::filter(view, subject, node)),
    };
    let verdicts =
        filtered.into_iter().chain([shards_limit::remains(view, subject, node), disk_threshold::remains(view, node)]);
    verdicts.into_iter().find(|verdict| verdict.answer == Answer::No)
}
