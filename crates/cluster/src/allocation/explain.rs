//! Why a shard is where it is, or is nowhere: every decider's answer for every node.

use std::collections::BTreeMap;

use model::id::ShardNumber;

use super::{Answer, Facts, Subject, Verdict, View, balance, deciders};
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
}

/// Of shard `number`, its primary or a replica.
pub fn explain(
    state: &State,
    facts: &Facts,
    index: &IndexMetadata,
    number: ShardNumber,
    primary: bool,
) -> Option<Explanation> {
    let table = index.shard(number)?;
    let subject = match primary {
        true => Subject::primary_of(index, number, table),
        false => Subject::replica_of(index, number, table),
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
        NodeDecision { node: node.clone(), rank, answer, verdicts, in_sync }
    };
    let nodes = ranked.into_iter().zip(1..).map(decide).collect();
    let away = homes.values().filter(|home| !state.nodes.contains_key(*home));
    let waits_for = if restores { away.cloned().collect() } else { Vec::new() };
    Some(Explanation { nodes, waits_for, ranks })
}
