//! Which copies a search asks no more because they failed it, where others serve; and what is asked again because it has moved meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::state::{NodeId, State};
use model::error::ErrorKind;
use model::id::StateVersion;
use model::search::ShardFailure;

use crate::core::Core;
use crate::gateway::choice::Choice;

/// The nodes to be avoided from now on; empty: nothing would be gained.
pub(super) fn elsewhere(core: &Core, choice: &Choice, failed: &[ShardFailure]) -> BTreeSet<NodeId> {
    let state = core.state();
    let mut nodes = BTreeSet::new();
    for failure in failed.iter().filter(|failure| is_of_the_copy(failure.error.kind)) {
        let node = failure.node.as_ref().map(|node| NodeId(node.clone()));
        nodes.extend(node.filter(|node| has_another(&state, choice, failure, node)));
    }
    nodes
}

/// How long the metadata that tell where a copy has gone may be on their way.
const ON_ITS_WAY: Duration = Duration::from_millis(200);

/// Whether a node was asked that has no copy: one of the two knows old metadata, those of version `asked` or its own. Waits for newer ones.
pub(super) async fn has_moved(core: &Core, asked: StateVersion, failed: &[ShardFailure]) -> bool {
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
    let table = state.indexes.get(&failure.index).and_then(|index| index.shard(failure.shard));
    table.is_some_and(|table| {
        table
            .started()
            .any(|(_, copy)| copy.node != *node && !choice.avoids(&copy.node) && state.nodes.contains_key(&copy.node))
    })
}
