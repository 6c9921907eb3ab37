//! The metadata of the cluster, as this node has it: one value, changed only by commands that Raft has agreed on.
//!
//! Every node has all of it: as a voter of Raft, or as a learner (`docs/adr/0007-metadata-by-raft.md`). A node that is alone is a Raft of one
//! voter, and nothing else is different. In: commands. Out: [`Published`], the newest state that was applied here.

mod disk;
mod log;
mod machine;
mod network;
mod propose;
mod published;
pub(crate) mod repair;
mod standing;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use cluster::command::Command;
use cluster::state::{NodeId, State};
use grpc::channels::Channels;
use grpc::route::Router;
use model::error::{Error, ErrorKind};
use openraft::{BasicNode, ChangeMembers, SnapshotPolicy};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use disk::{Disk, Kept, Write, to_json};
use log::Log;
use machine::Machine;
use network::Network;
pub(crate) use network::{Sightings, answer};
pub(crate) use propose::Reports;
use propose::{Answers, MAX_WAITING, Proposer, Waiting};
pub(crate) use published::Published;
pub(crate) use standing::{Figures, Standing};
use types::{Raft, RaftId};

/// How long a change may take to be agreed on, and then to arrive here.
pub(crate) const SUBMIT_TIMEOUT: Duration = Duration::from_secs(30);
/// A change that an elected node has begun may take so long, however impatient its client is.
const ATTEMPT: Duration = Duration::from_secs(1);
/// Nobody waits longer, whatever he says.
const MOST_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// How long one try of a question may take that may be asked again, and the pause before the next.
const TRY: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);
/// Entries of the log after which the state is written as a whole: what a start repeats at most.
const SNAPSHOT_ENTRIES: u64 = 500;
/// Entries that stay behind a snapshot, for nodes that are a little behind.
const KEPT_ENTRIES: u64 = 200;

/// The metadata and the way to change it.
pub struct Metadata {
    own: NodeId,
    published: Arc<Published>,
    raft: Raft,
    disk: Arc<Disk>,
    runtime: Handle,
    orders: mpsc::Sender<Waiting>,
    sightings: Sightings,
    reports: Reports,
}

impl Metadata {
    /// Opens `metadata.redb` below `directory`; its tasks live on `runtime`. Blocks for the disk.
    ///
    /// # Errors
    /// What does not read back, naming the file.
    pub fn open(directory: &Path, own: NodeId, runtime: &Handle, channels: Arc<Channels>) -> io::Result<Arc<Self>> {
        let disk = Arc::new(Disk::open(&directory.join("metadata.redb"))?);
        let published = Published::new();
        let sightings = Sightings::default();
        let network = Network { channels: channels.clone(), sightings: sightings.clone() };
        let log = Log::open(disk.clone())?;
        let machine = Machine::new(disk.clone(), published.clone());
        let config = Arc::new(settings().validate().map_err(io::Error::other)?);
        let id = RaftId(own.clone());
        let raft = runtime.block_on(Raft::new(id, config, network, log, machine)).map_err(io::Error::other)?;
        let (orders, waiting) = mpsc::channel(MAX_WAITING);
        let reports = Reports::default();
        let proposer = Proposer {
            raft: raft.clone(),
            published: published.clone(),
            channels,
            sightings: sightings.clone(),
            reports: reports.clone(),
            caught_up: AtomicU64::new(0),
        };
        runtime.spawn(proposer.run(waiting));
        let runtime = runtime.clone();
        Ok(Arc::new(Self { own, published, raft, disk, runtime, orders, sightings, reports }))
    }

    /// The state of now, as far as this node has it.
    pub fn state(&self) -> Arc<State> {
        self.published.state()
    }

    pub fn published(&self) -> &Arc<Published> {
        &self.published
    }

    pub(crate) fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Carries out commands in order, each refused or done alone, all or none agreed on. When it returns, this node has applied them. Blocks.
    ///
    /// # Errors
    /// `cluster_manager_not_discovered_exception` when nobody is elected in time; others when the outcome is unknown.
    pub fn submit_all(&self, commands: Vec<Command>) -> Result<Vec<Result<(), Error>>, Error> {
        self.submit_within(commands, SUBMIT_TIMEOUT)
    }

    /// As [`Metadata::submit_all`], where an elected node is waited for no longer than `patience`. What has one is tried once, and for
    /// [`ATTEMPT`] at least: a patience of nothing is no refusal.
    ///
    /// # Errors
    /// As [`Metadata::submit_all`]; `process_cluster_event_timeout_exception` when a node is elected, but does not get to it in time.
    pub fn submit_within(&self, commands: Vec<Command>, patience: Duration) -> Result<Vec<Result<(), Error>>, Error> {
        let now = Instant::now();
        let patience = patience.min(MOST_PATIENCE);
        let until = now + patience.max(ATTEMPT);
        let (waiting, told) = Waiting::order(commands, until);
        let waiting = Waiting { elected_by: now + patience, ..waiting };
        if patience >= SUBMIT_TIMEOUT {
            self.orders.blocking_send(waiting).map_err(|_| closed())?;
            return self.arrived(told.blocking_recv().unwrap_or_else(|_| Err(closed()))?);
        }
        let answered = self.runtime.block_on(async {
            let sent = async {
                self.orders.send(waiting).await.map_err(|_| closed())?;
                told.await.unwrap_or_else(|_| Err(closed()))
            };
            tokio::time::timeout_at(until.into(), sent).await
        });
        match answered {
            Ok(answers) => self.arrived(answers?),
            // Others before it wait for an elected node, or the one there is does not answer.
            Err(_) if self.standing().elected.is_none() => Err(propose::not_elected()),
            Err(_) => Err(propose::too_late()),
        }
    }

    /// Waits until this node has applied what was agreed on.
    fn arrived(&self, answers: Answers) -> Result<Vec<Result<(), Error>>, Error> {
        if self.published.wait(SUBMIT_TIMEOUT, |progress| progress.applied >= answers.index) {
            return Ok(answers.outcomes);
        }
        Err(Error::new(
            ErrorKind::ProcessClusterEventTimeout,
            "the change is agreed on, but has not arrived on this node in time",
        ))
    }

    /// As [`Metadata::submit_all`], for tasks. Does not wait until this node has applied them.
    ///
    /// # Errors
    /// As [`Metadata::submit_all`].
    pub async fn propose(&self, commands: Vec<Command>) -> Result<Vec<Result<(), Error>>, Error> {
        let (waiting, told) = Waiting::order(commands, Instant::now() + SUBMIT_TIMEOUT);
        self.orders.send(waiting).await.map_err(|_| closed())?;
        Ok(told.await.unwrap_or_else(|_| Err(closed()))?.outcomes)
    }

    /// As [`Metadata::propose`], of what this node has decided on as the elected one of a term: worth nothing in another.
    ///
    /// # Errors
    /// As [`Metadata::submit_all`], also when this node is elected no more.
    pub async fn decide(&self, term: u64, commands: Vec<Command>) -> Result<Vec<Result<(), Error>>, Error> {
        let (waiting, told) = Waiting::order(commands, Instant::now() + SUBMIT_TIMEOUT);
        self.orders.send(Waiting { term: Some(term), ..waiting }).await.map_err(|_| closed())?;
        Ok(told.await.unwrap_or_else(|_| Err(closed()))?.outcomes)
    }

    /// Whether this node has ever been in a cluster.
    ///
    /// # Errors
    /// When Raft has ended.
    pub async fn is_member(&self) -> Result<bool, Error> {
        self.raft.is_initialized().await.map_err(|error| ended(&error))
    }

    /// Begins a cluster of these nodes, by their addresses. All of them may do so with the same ones.
    ///
    /// # Errors
    /// When Raft has ended. A node that is a member already stays so.
    pub async fn found(&self, members: &BTreeMap<NodeId, String>) -> Result<(), Error> {
        if self.is_member().await? {
            return Ok(());
        }
        let members: BTreeMap<RaftId, BasicNode> =
            members.iter().map(|(id, address)| (RaftId(id.clone()), BasicNode::new(address))).collect();
        match self.raft.initialize(members).await {
            Ok(()) => Ok(()),
            // The leader that the others have elected was faster.
            Err(openraft::errors::RaftError::APIError(_)) => Ok(()),
            Err(error) => Err(ended(&error)),
        }
    }

    /// Has itself elected at once, if it is the only voter: nobody else could be.
    ///
    /// # Errors
    /// When Raft has ended.
    pub async fn elect_if_alone(&self) -> Result<(), Error> {
        let standing = self.standing();
        if standing.voters == [self.own.clone()] && standing.elected.is_none() {
            self.raft.trigger().elect(false).await.map_err(|error| ended(&error))?;
        }
        Ok(())
    }

    pub fn standing(&self) -> Standing {
        standing::standing(&self.raft)
    }

    /// How far this node is.
    pub(crate) fn figures(&self) -> Figures {
        standing::figures(&self.raft, self.state().version.0)
    }

    /// How long ago a majority last heard this node as the elected one; `None`: never, or another is elected. Who was elected may not know yet
    /// that it is so no more: what a majority has acknowledged is certain.
    pub fn confirmed(&self) -> Option<Duration> {
        standing::confirmed(&self.raft)
    }

    /// Whether this node is the elected one, as far as it knows.
    pub fn is_elected(&self) -> bool {
        standing::is_elected(&self.raft)
    }

    /// Lets Raft send its log to a node, at its newest address.
    ///
    /// # Errors
    /// When this node is not elected, or Raft has ended.
    pub async fn admit(&self, node: &NodeId, address: &str) -> Result<(), Error> {
        let standing = self.standing();
        if standing.addresses.get(node).is_some_and(|known| known == address) {
            return Ok(());
        }
        let nodes = BTreeMap::from([(RaftId(node.clone()), BasicNode::new(address))]);
        let change = if standing.addresses.contains_key(node) {
            ChangeMembers::SetNodes(nodes)
        } else {
            ChangeMembers::AddNodes(nodes)
        };
        self.change_members(change).await
    }

    /// Sends a node what it lacks at once: it was away, and is here again.
    ///
    /// # Errors
    /// When Raft has ended.
    pub async fn resume(&self, node: &NodeId) -> Result<(), Error> {
        self.raft.trigger().reset_backoff([RaftId(node.clone())]).await.map_err(|error| ended(&error))
    }

    /// Makes these the voters, of those that are admitted; all others go on as learners.
    ///
    /// # Errors
    /// As [`Metadata::admit`].
    pub async fn set_voters(&self, voters: &[NodeId]) -> Result<(), Error> {
        self.change_members(ChangeMembers::ReplaceAllVoters(voters.iter().cloned().map(RaftId).collect())).await
    }

    /// Sends a learner nothing any more.
    ///
    /// # Errors
    /// As [`Metadata::admit`].
    pub async fn dismiss(&self, node: &NodeId) -> Result<(), Error> {
        self.change_members(ChangeMembers::RemoveNodes([RaftId(node.clone())].into())).await
    }

    async fn change_members(&self, change: ChangeMembers<RaftId, BasicNode>) -> Result<(), Error> {
        let changed = self.raft.change_membership(change, true).await;
        changed.map(drop).map_err(|error| {
            Error::new(
                ErrorKind::ClusterManagerNotDiscovered,
                format!("the members of Raft cannot change now: {error}"),
            )
        })
    }

    /// Asks another voter to take the lead.
    pub fn transfer(&self, to: &NodeId) {
        let (raft, to) = (self.raft.clone(), RaftId(to.clone()));
        self.runtime.spawn(async move {
            if let Err(error) = raft.trigger().transfer_leader(to).await {
                tracing::debug!("the lead is not handed over: {error}");
            }
        });
    }

    /// Brings this node as far as the cluster is now: what was agreed on before this was asked is applied here when it returns.
    ///
    /// # Errors
    /// `cluster_manager_not_discovered_exception` when nobody is elected in time, or the news do not arrive in time.
    pub async fn catch_up(&self, within: Duration) -> Result<(), Error> {
        let until = Instant::now() + within;
        let index = loop {
            // A question that changes nothing may be asked again: an elected node that falls silent costs one try.
            let (waiting, told) = Waiting::order(Vec::new(), until.min(Instant::now() + TRY));
            self.orders.send(waiting).await.map_err(|_| closed())?;
            match told.await.unwrap_or_else(|_| Err(closed())) {
                Ok(answers) => break answers.index,
                Err(error) if Instant::now() >= until || self.published.progress().closed => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        };
        let mut applied = self.published.applied_indexes();
        let left = until.saturating_duration_since(Instant::now());
        let arrived = tokio::time::timeout(left, applied.wait_for(|applied| *applied >= index)).await;
        match arrived {
            Ok(Ok(_)) => Ok(()),
            _ => Err(propose::not_elected()),
        }
    }

    /// Hands the lead to another voter, before this node leaves. Blocks until it has it, or the time is over.
    pub fn hand_over(self: &Arc<Self>, to: &NodeId, within: Duration) {
        let (metadata, to) = (self.clone(), to.clone());
        let handed_over = async move {
            // A lead that cannot be handed over is taken when this node is gone.
            let _ = metadata.raft.trigger().transfer_leader(RaftId(to)).await;
            while metadata.is_elected() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        self.finish_within(within, std::iter::once(handed_over));
    }

    /// Carries all of these out side by side, beside Raft. Blocks until they are done, or the time is over.
    pub fn finish_within<F>(&self, within: Duration, tasks: impl Iterator<Item = F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (until, (done, told)) = (Instant::now() + within, std::sync::mpsc::channel());
        for task in tasks {
            let done = done.clone();
            self.runtime.spawn(async move {
                task.await;
                // Nobody waits any more when the time is over.
                let _ = done.send(());
            });
        }
        drop(done);
        // A runtime that has ended carries nothing out: then there is nothing to wait for.
        while told.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
    }

    /// Why this node can take no part in its cluster any more, once that is so: its disk has refused what must not be forgotten.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        self.disk.failure()
    }

    /// Whether that is so.
    pub fn has_failed(&self) -> bool {
        self.disk.has_failed()
    }

    /// Whether an operator has made this node forget its cluster: it begins none, but joins one.
    ///
    /// # Errors
    /// When the file does not read.
    pub fn is_detached(&self) -> io::Result<bool> {
        Ok(self.disk.kept(Kept::Detached)?.is_some())
    }

    /// What was promised while a cluster was founded, as JSON.
    ///
    /// # Errors
    /// When the file does not read.
    pub fn promises(&self) -> io::Result<Option<Vec<u8>>> {
        self.disk.kept(Kept::Founding)
    }

    /// Keeps what is promised.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn promise<T: serde::Serialize>(&self, promises: &T) -> io::Result<()> {
        self.disk.written(vec![Write::Keep(Kept::Founding, to_json(promises)?)]).await
    }

    /// Answers what other nodes ask of this room.
    pub fn routes(&self, router: &mut Router) {
        network::routes(&self.raft, router);
        propose::routes(&self.raft, &self.orders, router);
    }

    /// Ends Raft and closes the file. Blocks.
    pub fn close(&self) {
        self.published.close();
        let raft = self.raft.clone();
        // A core that has ended already is ended.
        let ended = async move { drop(raft.shutdown().await) };
        self.finish_within(Duration::from_secs(5), std::iter::once(ended));
        self.disk.close();
    }
}

fn settings() -> openraft::Config {
    openraft::Config {
        cluster_name: "shoal".to_owned(),
        heartbeat_interval: 100,
        // Followers wait for the lease (the longer one) and then for one of these.
        election_timeout_min: 300,
        election_timeout_max: 500,
        enable_pre_vote: Some(true),
        max_payload_entries: 64,
        // What was committed is noted, but not synced: a leader that comes back must be elected to be certain of it.
        enable_leader_restore: Some(false),
        snapshot_policy: SnapshotPolicy::LogsSinceLast(SNAPSHOT_ENTRIES),
        max_in_snapshot_log_to_keep: KEPT_ENTRIES,
        // A node that was away is asked again soon.
        backoff: "100ms 200ms ..400ms".to_owned(),
        ..openraft::Config::default()
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::IllegalState, "the node is shutting down")
}

fn ended(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::IllegalState, format!("Raft has ended on this node: {error}"))
}
