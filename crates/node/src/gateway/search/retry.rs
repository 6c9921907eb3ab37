//! Who is asked when shards have failed a search: other copies; where there are none, those again whose connections broke; whoever has a shard
//! that has moved meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::state::{NodeId, State};
use model::error::{Error, ErrorKind};
use model::id::StateVersion;
use model::search::ShardFailure;

use crate::core::Core;
use crate::gateway::choice::Choice;

/// How often a search is tried in all: every copy of a shard twice, where there are not very many.
pub(in crate::gateway) const TRIES: usize = 6;

/// Whether what these shards have failed is worth another try. Changes the choice to those that are asked then. `asked`: of the metadata by which
/// they were chosen.
pub(in crate::gateway) async fn again(
    core: &Core,
    choice: &mut Choice,
    asked: StateVersion,
    failed: &[ShardFailure],
) -> bool {
    if changed(failed).is_some() {
        choice.distrust();
        return true;
    }
    let elsewhere = elsewhere(&core.state(), choice, failed);
    choice.avoid(elsewhere)
        || (are_out_of_reach(&core.state(), failed) && choice.forgive())
        || has_moved(core, asked, failed).await
}

/// That terms were counted of what shards are no more: nothing has been searched.
pub(super) fn changed(failed: &[ShardFailure]) -> Option<&Error> {
    failed.iter().map(|failure| &failure.error).find(|error| error.kind == ErrorKind::StatisticsChanged)
}

/// The nodes to be avoided from now on; empty: nothing would be gained.
fn elsewhere(state: &State, choice: &Choice, failed: &[ShardFailure]) -> BTreeSet<NodeId> {
    let mut nodes = BTreeSet::new();
    for failure in failed.iter().filter(|failure| is_of_the_copy(failure.error.kind)) {
        let node = failure.node.as_ref().map(|node| NodeId(node.clone()));
        nodes.extend(node.filter(|node| has_another(state, choice, failure, node)));
    }
    nodes
}

/// Whether some shards are missing because connections broke, though they have copies: the node of one may have failed as an earlier process, and
/// answer now.
fn are_out_of_reach(state: &State, failed: &[ShardFailure]) -> bool {
    let broke = |kind| matches!(kind, ErrorKind::NodeNotConnected | ErrorKind::NodeDisconnected);
    failed.iter().filter(|failure| broke(failure.error.kind)).any(|failure| serving(state, failure).next().is_some())
}

/// How long the metadata that tell where a copy has gone may be on their way.
const ON_ITS_WAY: Duration = Duration::from_millis(200);

/// Whether a node was asked that has no copy: one of the two knows old metadata, those of version `asked` or its own. Waits for newer ones.
async fn has_moved(core: &Core, asked: StateVersion, failed: &[ShardFailure]) -> bool {
    let moved = |failure: &ShardFailure| failure.error.kind == ErrorKind::NoShardAvailable && failure.node.is_some();
    if !failed.iter().any(moved) {
        return false;
    }
    let mut versions = core.metadata.published().versions();
    // Nobody ends the metadata before the node.
    let _ = tokio::time::timeout(ON_ITS_WAY, versions.wait_for(|version| *version > asked)).await;
    true
}

/// Whether another copy may do better: it was the copy or its node that failed, not the question.
fn is_of_the_copy(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NodeNotConnected
            | ErrorKind::NodeDisconnected
            | ErrorKind::NoShardAvailable
            | ErrorKind::ShardFailed
            | ErrorKind::SearchContextMissing
            | ErrorKind::RejectedExecution
            | ErrorKind::IllegalState
            | ErrorKind::Io
    )
}

fn has_another(state: &State, choice: &Choice, failure: &ShardFailure, node: &NodeId) -> bool {
    serving(state, failure).any(|other| other != node && !choice.avoids(other))
}

/// The nodes that have copies of a shard and are in the cluster.
fn serving<'s>(state: &'s State, failure: &ShardFailure) -> impl Iterator<Item = &'s NodeId> {
    let table = state.indexes.get(&failure.index).and_then(|index| index.shard(failure.shard));
    let nodes = table.into_iter().flat_map(|table| table.started().map(|(_, copy)| &copy.node));
    nodes.filter(|node| state.nodes.contains_key(*node))
}

#[cfg(test)]
mod tests {
    use cluster::apply::apply;
    use cluster::command::Command;
    use cluster::state::{Copy, Node};
    use model::id::{AllocationId, ShardNumber};

    use super::*;
    use crate::gateway::preference::Preference;

    fn id(name: char) -> NodeId {
        NodeId(name.to_string().into())
    }

    /// One shard with copies on the nodes of `copies`, in a cluster of the nodes of `there`.
    fn state(copies: &str, there: &str) -> State {
        let create =
            serde_json::json!({"name": "films", "uuid": "u", "creation_date_ms": 0, "settings": {}, "aliases": {}});
        let create = serde_json::from_value(create).expect("a command");
        let mut state = apply(&State::default(), &Command::CreateIndex(create)).expect("an index");
        let mut index = (*state.indexes["films"]).clone();
        let table = &mut index.shards[0];
        for (at, name) in copies.chars().enumerate() {
            let copy = Copy { started: true, ..Copy::new(id(name), at == 0) };
            table.copies.insert(AllocationId(name.to_string().into()), copy);
        }
        state.indexes.insert("films".into(), index.into());
        state.nodes.extend(there.chars().map(|name| (id(name), Node::default())));
        state
    }

    /// Whom a search asks, copy after copy, when each fails as `kind`; how often it asks the last anew.
    fn asked(state: &State, kind: ErrorKind) -> String {
        let (mut choice, mut asked) = (Choice::new(Preference::default(), 0), String::new());
        for _ in 0..TRIES {
            let table = state.indexes["films"].shard(ShardNumber(0)).expect("a shard").started();
            let ready: Vec<_> =
                table.filter(|(_, copy)| !choice.avoids(&copy.node) && state.nodes.contains_key(&copy.node)).collect();
            let Some(copy) = choice.of(&ready, &id('x'), ShardNumber(0)) else { break };
            asked.push_str(&copy.node.0);
            let (index, node) = ("films".into(), Some(copy.node.0.clone()));
            let failed = [ShardFailure { index, shard: ShardNumber(0), node, error: Error::new(kind, "it fails") }];
            let elsewhere = elsewhere(state, &choice, &failed);
            let goes_on = choice.avoid(elsewhere) || (are_out_of_reach(state, &failed) && choice.forgive());
            if !goes_on {
                break;
            }
        }
        asked
    }

    #[test]
    fn terms_are_counted_anew_when_shards_have_changed() {
        let failure = |kind| {
            let error = Error::new(kind, "it fails");
            ShardFailure { index: "films".into(), shard: ShardNumber(0), node: Some("a".into()), error }
        };
        let failed = [failure(ErrorKind::NodeDisconnected), failure(ErrorKind::StatisticsChanged)];
        assert!(changed(&failed).is_some());
        assert!(changed(&failed[..1]).is_none());
    }

    #[test]
    fn every_copy_is_asked_and_once_more_when_connections_broke() {
        for (copies, there, kind, expected) in [
            ("ab", "ab", ErrorKind::NodeDisconnected, "abab"),
            ("ab", "ab", ErrorKind::NodeNotConnected, "abab"),
            ("abc", "abc", ErrorKind::NodeDisconnected, "abcabc"),
            ("a", "a", ErrorKind::NodeDisconnected, "aa"),
            ("ab", "b", ErrorKind::NodeDisconnected, "bb"),
            ("ab", "ab", ErrorKind::ShardFailed, "ab"),
            ("a", "a", ErrorKind::ShardFailed, "a"),
            ("ab", "ab", ErrorKind::IllegalArgument, "a"),
        ] {
            assert_eq!(asked(&state(copies, there), kind), expected, "{copies} {there} {kind:?}");
        }
    }
}
