//! A change of the metadata is acknowledged when every node of the cluster has followed it: whoever is asked next, through whichever node, finds it.
//!
//! In: the version of a state. Nodes that leave, do not answer, or take too long are not waited for: what they miss they catch up with before they
//! answer as members again.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Class;
use model::error::Error;
use model::id::StateVersion;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::remote::{self, Message};
use crate::core::Core;

/// How long the slowest node is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a node has followed a state.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Followed(StateVersion);

impl Message for Followed {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "metadata.followed";
    type Answer = bool;

    async fn answer(self, core: Arc<Core>) -> Result<bool, Error> {
        let published = core.metadata.published().clone();
        let mut followed = published.followed_versions();
        let arrived = tokio::time::timeout(PATIENCE, followed.wait_for(|version| *version >= self.0)).await;
        Ok(matches!(arrived, Ok(Ok(_))))
    }
}

/// Waits until all nodes have followed the state that this node has.
pub(super) async fn followed(core: &Arc<Core>) {
    let state = core.state();
    let mut asked = JoinSet::new();
    for node in state.nodes.keys().filter(|node| **node != core.identity.node) {
        let (core, node, version) = (core.clone(), node.clone(), state.version);
        asked.spawn(async move {
            let message = Followed(version);
            tokio::select! {
                // One that does not answer is about to be taken out; nobody has to wait for that.
                _ = remote::ask(&core, &node, &message, Some(PATIENCE)) => {}
                () = left(&core, &node) => {}
            }
        });
    }
    while asked.join_next().await.is_some() {}
}

/// Returns when a node is not in the cluster any more.
async fn left(core: &Core, node: &NodeId) {
    let mut versions = core.metadata.published().versions();
    // A node that shuts down has nobody to wait for either.
    let _ = versions.wait_for(|_| !core.state().nodes.contains_key(node)).await;
}
