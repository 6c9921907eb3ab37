//! A node that is stopped says so to the others, so that they do not tell of a failure. It is out of the cluster when it does not answer any
//! more, as any other.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cluster::state::{NodeId, State};
use grpc::channels::Ask;
use grpc::payload::to_json;
use grpc::route::{Class, Router};
use serde::{Deserialize, Serialize};

use super::Membership;
use crate::metadata::answer;

const FAREWELL: &str = "membership.farewell";
/// How long a node that leaves waits for the others to hear it.
const WITHIN: Duration = Duration::from_secs(2);

/// Which process of which node is about to end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Farewell {
    id: NodeId,
    ephemeral_id: Arc<str>,
}

impl Membership {
    /// Tells all others that this process is about to end. Blocks until they have heard it, or the time is over.
    pub(crate) fn say_farewell(&self) {
        let state = self.metadata.state();
        let others = state.nodes.iter().filter(|(id, _)| **id != self.own);
        let addresses: Vec<String> = others.map(|(_, node)| node.peer_address.clone()).collect();
        let farewell = Farewell { id: self.own.clone(), ephemeral_id: self.node.ephemeral_id.clone() };
        let Ok(payload) = to_json(&farewell).map(Bytes::from) else { return };
        let told = addresses.into_iter().map(|address| {
            let ask = Ask { class: Class::Control, kind: FAREWELL, within: Some(WITHIN), payload: payload.clone() };
            let channels = self.channels.clone();
            // Who does not hear it tells of a node that does not answer.
            async move { drop(channels.ask(&address, ask).await) }
        });
        self.metadata.finish_within(WITHIN, told);
    }

    /// Whether the process that `state` knows as this node's has said that it ends.
    pub(super) fn has_said_farewell(&self, state: &State, id: &NodeId) -> bool {
        state.nodes.get(id).is_some_and(|node| {
            let ephemeral_id = node.ephemeral_id.clone();
            self.farewells.lock().contains(&Farewell { id: id.clone(), ephemeral_id })
        })
    }

    pub(super) fn routes_of_farewell(self: &Arc<Self>, router: &mut Router) {
        let membership = self.clone();
        answer(router, (Class::Control, FAREWELL), move |farewell: Farewell| {
            let membership = membership.clone();
            async move {
                let state = membership.metadata.state();
                let farewells = &mut *membership.farewells.lock();
                // What processes said that have ended is forgotten.
                farewells.retain(|of| state.nodes.get(&of.id).is_some_and(|node| node.ephemeral_id == of.ephemeral_id));
                farewells.insert(farewell);
                Ok(())
            }
        });
    }
}
