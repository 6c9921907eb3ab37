//! Who is in the cluster: how a node finds the others, begins a cluster with them or joins it, and how one that is gone is noticed.
//!
//! In: seeds, introductions, heartbeats. Out: commands (`NodeJoined`, `NodeLeft`), members and voters of Raft, a lease. The decisions are pure:
//! [`founding`], [`watch`], [`voters`].

mod beats;
mod discovery;
mod farewell;
mod founding;
mod lead;
mod seeds;
mod voters;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cluster::command::Command;
use cluster::state::{Node, NodeId};
use grpc::channels::{Ask, Channels};
use grpc::introduction::Introduction;
use grpc::payload::to_json;
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::metadata::{Metadata, answer};
pub(crate) use beats::start as start_beats;
pub(crate) use discovery::Discovery;
use farewell::Farewell;
pub(crate) use seeds::Seeds;
use watch::Watch;

const JOIN: &str = "membership.join";
/// Between two looks at whether this node still belongs to the cluster.
const PAUSE: Duration = Duration::from_millis(100);
/// How long joining may take before it is tried again.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the state may take to arrive that says that this node has joined.
const ARRIVAL: Duration = Duration::from_secs(1);
/// How long a node that leaves waits for another to take the lead.
const HAND_OVER: Duration = Duration::from_millis(500);

/// This node among the others.
pub struct Membership {
    pub(crate) own: NodeId,
    /// As it joins.
    node: Node,
    cluster_name: String,
    metadata: Arc<Metadata>,
    channels: Arc<Channels>,
    discovery: Discovery,
    begun: Instant,
    /// Milliseconds since `begun` up to which this node is certain to be in the cluster.
    lease_until: AtomicU64,
    /// How often a lease had ended before the next one came.
    leases_lost: AtomicU64,
    joined: AtomicBool,
    watch: Mutex<Option<Watch>>,
    farewells: Mutex<BTreeSet<Farewell>>,
}

/// How a node asks to be let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Join {
    id: NodeId,
    node: Node,
    /// Empty: it has none yet.
    cluster_uuid: String,
}

impl Membership {
    pub(crate) fn new(
        own: NodeId,
        node: Node,
        cluster_name: String,
        discovery: Discovery,
        (metadata, channels): (Arc<Metadata>, Arc<Channels>),
    ) -> Arc<Self> {
        let (lease_until, leases_lost, joined, watch, farewells) = Default::default();
        let begun = Instant::now();
        Arc::new(Self {
            own,
            node,
            cluster_name,
            metadata,
            channels,
            discovery,
            begun,
            lease_until,
            leases_lost,
            joined,
            watch,
            farewells,
        })
    }

    /// How this node introduces itself.
    pub(crate) fn introduction(&self) -> Introduction {
        let state = self.metadata.state();
        let standing = self.metadata.standing();
        let leader = standing.elected.and_then(|id| {
            let address = state.nodes.get(&id).map(|node| node.peer_address.clone());
            Some((id.clone(), address.or_else(|| standing.addresses.get(&id).cloned())?))
        });
        Introduction {
            version: self.node.version.clone(),
            cluster_name: self.cluster_name.clone(),
            cluster_uuid: Some(state.cluster_uuid.to_string()).filter(|uuid| !uuid.is_empty()),
            node_id: self.own.0.to_string(),
            node_name: self.node.name.to_string(),
            address: self.node.peer_address.clone(),
            roles: self.node.roles.iter().cloned().collect(),
            founder: self.discovery.may_found(&self.node) && standing.voters.is_empty(),
            leader,
            ..Introduction::default()
        }
    }

    /// How this node introduces itself to one that has.
    pub(crate) fn greet(&self, other: &Introduction) -> Introduction {
        self.met(other);
        self.introduction()
    }

    /// Answers what other nodes ask of this room.
    pub(crate) fn routes(self: &Arc<Self>, router: &mut Router) {
        let membership = self.clone();
        answer(router, (Class::Control, JOIN), move |join: Join| {
            let membership = membership.clone();
            async move { membership.let_in(join).await }
        });
        self.discovery.routes(router);
        self.routes_of_beats(router);
        self.routes_of_watch(router);
        self.routes_of_farewell(router);
    }

    /// Whether this node has been in the cluster since its start.
    pub fn has_joined(&self) -> bool {
        self.joined.load(Ordering::Acquire)
    }

    /// Whether this node is certain that nobody has taken it out of the cluster.
    pub fn has_lease(&self) -> bool {
        self.now_ms() < self.lease_until.load(Ordering::Acquire)
    }

    /// How long this node's lease still lasts, and how many ended before the next one came.
    pub(crate) fn lease(&self) -> (Duration, u64) {
        let left = self.lease_until.load(Ordering::Acquire).saturating_sub(self.now_ms());
        (Duration::from_millis(left), self.leases_lost.load(Ordering::Relaxed))
    }

    /// Milliseconds of this process.
    fn now_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Remembers where a node is, if it is one of this cluster.
    fn met(&self, other: &Introduction) {
        let own_uuid = self.metadata.state().cluster_uuid.clone();
        let foreign = other.cluster_uuid.as_ref().is_some_and(|uuid| !own_uuid.is_empty() && **uuid != *own_uuid);
        if foreign || other.node_id.is_empty() || *other.node_id == *self.own.0 {
            return;
        }
        self.metadata.sightings().met(&NodeId(other.node_id.as_str().into()), &other.address);
    }

    /// Keeps this node in the cluster: begins one, joins one, joins again when it was taken out. Never returns.
    pub(crate) async fn stay(self: Arc<Self>) {
        let mut waiting = discovery::Patience::default();
        loop {
            if let Err(error) = self.metadata.elect_if_alone().await {
                tracing::error!("{error}");
                return;
            }
            match self.take_a_step(&mut waiting).await {
                Ok(()) => {}
                Err(error) => tracing::debug!("not in the cluster yet: {error}"),
            }
            tokio::time::sleep(if self.is_in() { PAUSE } else { PAUSE / 4 }).await;
        }
    }

    async fn take_a_step(self: &Arc<Self>, waiting: &mut discovery::Patience) -> Result<(), Error> {
        if self.is_in() {
            return Ok(());
        }
        if !self.metadata.is_member().await? && self.discovery.is_alone() {
            let alone = [(self.own.clone(), self.node.peer_address.clone())].into();
            return self.metadata.found(&alone).await;
        }
        let standing = self.metadata.standing();
        if standing.elected.as_ref() == Some(&self.own) {
            self.metadata.admit(&self.own, &self.node.peer_address).await?;
            self.metadata.decide(standing.term, self.joining(self.own.clone(), self.node.clone())).await?;
            return Ok(());
        }
        let known = standing.elected.as_ref().and_then(|id| {
            let sighted = self.metadata.sightings().address(id);
            sighted.or_else(|| standing.addresses.get(id).cloned())
        });
        if let Some(address) = known {
            return self.ask_to_join(&address).await;
        }
        // Who is alone is elected by itself, and has nobody to look for.
        if standing.voters == [self.own.clone()] {
            return Ok(());
        }
        if let Some(address) = self.look_around(waiting).await? {
            self.ask_to_join(&address).await?;
        }
        Ok(())
    }

    async fn ask_to_join(&self, address: &str) -> Result<(), Error> {
        let cluster_uuid = self.metadata.state().cluster_uuid.to_string();
        let join = Join { id: self.own.clone(), node: self.node.clone(), cluster_uuid };
        let ask =
            Ask { class: Class::Control, kind: JOIN, within: Some(JOIN_TIMEOUT), payload: to_json(&join)?.into() };
        self.channels.ask(address, ask).await.map_err(Error::from)?;
        // The elected node sends its log from now on; asking again sooner would not make it faster.
        let asked = Instant::now();
        while !self.is_in() && asked.elapsed() < ARRIVAL {
            tokio::time::sleep(PAUSE / 10).await;
        }
        Ok(())
    }

    /// Whether the state that this node has says that its process is in the cluster.
    pub(crate) fn is_in(&self) -> bool {
        let state = self.metadata.state();
        let is_in = state.nodes.get(&self.own).is_some_and(|node| node.ephemeral_id == self.node.ephemeral_id);
        if is_in && !self.joined.swap(true, Ordering::AcqRel) {
            tracing::info!(
                "node {} is in the cluster {} ({}) of {} nodes",
                self.node.name,
                self.cluster_name,
                state.cluster_uuid,
                state.nodes.len()
            );
        }
        is_in
    }

    /// What makes a node one of the cluster's. The first of all names the cluster, too.
    fn joining(&self, id: NodeId, node: Node) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.metadata.state().cluster_uuid.is_empty() {
            commands.push(Command::FormCluster { uuid: crate::identity::random().into() });
        }
        commands.push(Command::NodeJoined { id, node });
        commands
    }

    /// Whether none of the nodes that an operator has excluded votes or leads, as far as this node knows.
    pub(crate) fn excluded_have_gone(&self) -> bool {
        let (state, standing) = (self.metadata.state(), self.metadata.standing());
        // While nobody is elected it may still be one of them that will be.
        standing.elected.is_some()
            && !standing.voters.iter().chain(&standing.elected).any(|id| voters::is_excluded(&state, id))
    }

    /// Hands the lead to another voter that is in the cluster, if this node has it.
    pub(crate) fn hand_over(&self) {
        let (state, standing) = (self.metadata.state(), self.metadata.standing());
        let other = standing.voters.iter().find(|id| **id != self.own && state.nodes.contains_key(*id));
        if self.metadata.is_elected()
            && let Some(other) = other
        {
            self.metadata.hand_over(other, HAND_OVER);
        }
    }

    /// As the elected node: lets another in.
    async fn let_in(&self, join: Join) -> Result<(), Error> {
        let uuid = self.metadata.state().cluster_uuid.clone();
        if !join.cluster_uuid.is_empty() && !uuid.is_empty() && *join.cluster_uuid != *uuid {
            return Err(Error::new(
                ErrorKind::IllegalState,
                format!(
                    "node [{}] belongs to the cluster with uuid [{}], this is [{uuid}]: it needs an empty path.data, or other seeds",
                    join.node.name, join.cluster_uuid
                ),
            ));
        }
        let standing = self.metadata.standing();
        if standing.elected.as_ref() != Some(&self.own) {
            return Err(Error::new(ErrorKind::ClusterManagerNotDiscovered, "this node is not the elected one"));
        }
        self.metadata.sightings().met(&join.id, &join.node.peer_address);
        let now = self.now_ms();
        if let Some(watch) = self.watch.lock().as_mut() {
            watch.joined(now, &join.id);
        }
        self.metadata.admit(&join.id, &join.node.peer_address).await?;
        self.metadata.resume(&join.id).await?;
        let (name, process) = (join.node.name.clone(), join.node.ephemeral_id.clone());
        let is_in = self.metadata.state().nodes.get(&join.id).is_some_and(|node| node.ephemeral_id == process);
        let answers = self.metadata.decide(standing.term, self.joining(join.id, join.node)).await?;
        answers.into_iter().collect::<Result<(), Error>>()?;
        if !is_in {
            tracing::info!("node {name} has joined");
        }
        Ok(())
    }
}
