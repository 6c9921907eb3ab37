//! What nodes say of themselves when they meet.

use cluster::state::NodeId;

use crate::proto;
use crate::wire::PROTOCOL;

/// One node, as it introduces itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    pub protocol: u32,
    /// Of the program.
    pub version: String,
    pub cluster_name: String,
    /// `None`: it belongs to no cluster yet.
    pub cluster_uuid: Option<String>,
    pub node_id: String,
    pub node_name: String,
    /// Where its peers reach it, host and port.
    pub address: String,
    pub roles: Vec<String>,
    /// Whether it may begin a cluster, when it belongs to none.
    pub founder: bool,
    /// The elected node that it knows, and where that is reached.
    pub leader: Option<(NodeId, String)>,
    /// Identities of founders that it has met.
    pub met: Vec<String>,
}

impl Introduction {
    pub(crate) fn to_proto(&self) -> proto::Introduction {
        let (leader_id, leader_address) =
            self.leader.as_ref().map(|(id, address)| (id.0.to_string(), address.clone())).unwrap_or_default();
        proto::Introduction {
            protocol: PROTOCOL,
            version: self.version.clone(),
            cluster_name: self.cluster_name.clone(),
            cluster_uuid: self.cluster_uuid.clone().unwrap_or_default(),
            node_id: self.node_id.clone(),
            node_name: self.node_name.clone(),
            address: self.address.clone(),
            roles: self.roles.clone(),
            founder: self.founder,
            leader_id,
            leader_address,
            met: self.met.clone(),
        }
    }

    pub(crate) fn from_proto(given: proto::Introduction) -> Self {
        let leader = (!given.leader_id.is_empty()).then(|| (NodeId(given.leader_id.into()), given.leader_address));
        Self {
            protocol: given.protocol,
            version: given.version,
            cluster_name: given.cluster_name,
            cluster_uuid: Some(given.cluster_uuid).filter(|uuid| !uuid.is_empty()),
            node_id: given.node_id,
            node_name: given.node_name,
            address: given.address,
            roles: given.roles,
            founder: given.founder,
            leader,
            met: given.met,
        }
    }
}
