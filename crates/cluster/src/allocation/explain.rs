//! Why a shard is where it is, or is nowhere: every decider's answer for every node.

use std::collections::BTreeMap;

use model::id::ShardNumber;

use super::{Answer, Facts, Subject, Verdict, View, balance, deciders, rebalance};
use crate::state::{IndexMetadata, NodeId, State};

/// What would come of one copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// In order of preference: the best node first.
    pub nodes: Vec<NodeDecision>,
    /// The data lie on nodes that are not here.
    pub waits_for: Vec<NodeId>,
    /// Places of all nodes by weight, from 1.
    pub ranks: BTreeMap<NodeId, u32>,
    /// Of a missing replica whose node has left, while that is waited for: how long it is, and for how long still; milliseconds.
    pub delay_ms: Option<(u64, u64)>,
    /// Of a copy that serves.
    pub movement: Option<Movement>,
}

/// What is said of a copy that serves: whether it may stay, and whether it may go elsewhere for the sake of balance.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    pub stays: Vec<(&'static str, Verdict)>,
    pub rebalances: Vec<(&'static str, Verdict)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeDecision {
    pub node: NodeId,
    /// From 1.
    pub rank: u32,
    /// The strictest of the deciders.
    pub answer: Answer,
    pub verdicts: Vec<(&'static str, Verdict)>,
    /// The node has the shard's data.
    pub in_sync: bool,
    /// Nodes would be more alike if a copy that serves were there.
    pub improves: bool,
}

/// Of shard `number`, its primary or a replica. `node`: the copy that is there.
pub fn explain(
    state: &State,
    facts: &Facts,
    (index, number): (&IndexMetadata, ShardNumber),
    primary: bool,
    node: Option<&NodeId>,
) -> Option<Explanation> {
    let table = index.shard(number)?;
    let serving = table.started().map(|(_, copy)| copy).find(|copy| Some(&copy.node) == node);
    let subject = match (serving, primary) {
        (Some(copy), _) => Subject::moving(index, number, table, copy),
        (None, true) => Subject::primary_of(index, number, table),
        (None, false) => Subject::replica_of(index, number, table),
    };
    let view = View::new(state, facts);
    let ranked = balance::ranked(&view, &subject);
    let ranks = ranked.iter().zip(1..).map(|(node, rank)| ((*node).clone(), rank)).collect();
    let homes = &subject.table.in_sync;
    let restores = primary && !subject.fresh() && subject.table.primary().is_none();
    let decide = |(node, rank): (&NodeId, u32)| {
        let verdicts: Vec<(&'static str, Verdict)> =
            deciders::ALL.iter().map(|decider| (decider.name, (decider.decide)(&view, &subject, node))).collect();
        let answer = verdicts.iter().map(|(_, verdict)| verdict.answer).max().unwrap_or(Answer::Yes);
        let in_sync = homes.values().any(|home| home == node);
        // Without its data a node is none for this shard, whatever the deciders say.
        let answer = if restores && !in_sync { Answer::No } else { answer };
        let improves = serving.is_some_and(|copy| rebalance::evens_out(&view, index, &copy.node, node));
        NodeDecision { node: node.clone(), rank, answer, verdicts, in_sync, improves }
    };
    // Where a copy serves it does not move to.
    let elsewhere = |(node, _): &(&NodeId, u32)| serving.is_none_or(|copy| copy.node != **node);
    let nodes = ranked.into_iter().zip(1..).filter(elsewhere).map(decide).collect();
    let movement = serving.map(|copy| Movement {
        stays: deciders::stays(&view, &subject, &copy.node),
        rebalances: rebalance::verdicts(&view, &subject),
    });
    let away = homes.values().filter(|home| !state.nodes.contains_key(*home));
    let waits_for = if restores { away.cloned().collect() } else { Vec::new() };
    let until = subject.why.filter(|_| !primary).and_then(|why| index.delayed_until(why));
    let left = until.map_or(0, |until| until.saturating_sub(facts.now_ms));
    let delay_ms = (left > 0).then(|| (index.settings.typed().node_left_delay_ms, left));
    Some(Explanation { nodes, waits_for, ranks, delay_ms, movement })
}
