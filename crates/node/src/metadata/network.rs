//! How Raft's messages reach other nodes: as questions on the connection for control, snapshots on that for bulk.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::NodeId;
use grpc::call::CallError;
use grpc::channels::{Ask, Channels};
use grpc::payload::{from_json, to_json};
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest, TransferLeaderResponse,
    VoteRequest, VoteResponse,
};
use openraft::{BasicNode, RaftNetworkFactory, RaftNetworkV2};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::types::{Raft, RaftId, Snapshot, SnapshotMeta, Types, Vote};

const APPEND: &str = "raft.append";
const VOTE: &str = "raft.vote";
const PRE_VOTE: &str = "raft.pre_vote";
const SNAPSHOT: &str = "raft.snapshot";
const TRANSFER: &str = "raft.transfer";
/// Entries are on the other's disk when it answers, and a busy disk takes its time; heartbeats have a connection's life to them.
const APPEND_TIMEOUT: Duration = Duration::from_secs(2);
/// A snapshot of the metadata on its way.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(60);

/// Where nodes were last met, and where nobody listened. Newer than what the log says of one that came back elsewhere.
#[derive(Clone, Default)]
pub(crate) struct Sightings(Arc<Mutex<BTreeMap<NodeId, Sighting>>>);

#[derive(Default)]
struct Sighting {
    address: Option<String>,
    refused: Option<Instant>,
}

impl Sightings {
    /// A node was met at `address`.
    pub(crate) fn met(&self, node: &NodeId, address: &str) {
        self.0.lock().insert(node.clone(), Sighting { address: Some(address.to_owned()), refused: None });
    }

    /// Nobody listens where the node was.
    pub(crate) fn refused(&self, node: &NodeId) {
        self.0.lock().entry(node.clone()).or_default().refused = Some(Instant::now());
    }

    pub(crate) fn address(&self, node: &NodeId) -> Option<String> {
        self.0.lock().get(node)?.address.clone()
    }

    /// When its connections were refused last, unless it was met since.
    pub(crate) fn last_refused(&self, node: &NodeId) -> Option<Instant> {
        self.0.lock().get(node)?.refused
    }
}

/// Makes a [`Line`] to each node.
pub(super) struct Network {
    pub(super) channels: Arc<Channels>,
    pub(super) sightings: Sightings,
}

/// To one node.
pub(super) struct Line {
    channels: Arc<Channels>,
    sightings: Sightings,
    target: NodeId,
    /// As the log says.
    address: String,
}

#[derive(Serialize, Deserialize)]
struct WholeSnapshot {
    vote: Vote,
    meta: SnapshotMeta,
    /// The state as JSON.
    state: String,
}

/// A message, and whom it is for: another node may have taken the address of one that is gone, with another disk. It must not answer in its
/// name, for it has not what that one has promised to keep.
#[derive(Serialize, Deserialize)]
struct Addressed<Q> {
    to: NodeId,
    message: Q,
}

impl RaftNetworkFactory<Types> for Network {
    type Network = Line;

    async fn new_client(&mut self, target: RaftId, node: &BasicNode) -> Line {
        Line {
            channels: self.channels.clone(),
            sightings: self.sightings.clone(),
            target: target.0,
            address: node.addr.clone(),
        }
    }
}

impl Line {
    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        (class, kind): (Class, &str),
        question: &Q,
        within: Duration,
    ) -> Result<A, RPCError<Types>> {
        let address = self.sightings.address(&self.target).unwrap_or_else(|| self.address.clone());
        let question = Addressed { to: self.target.clone(), message: question };
        let payload = to_json(&question).map_err(|error| RPCError::Network(NetworkError::new(&error)))?;
        let ask = Ask { class, kind, within: Some(within), payload: payload.into() };
        let answered = self.channels.ask(&address, ask).await.map_err(|error| {
            if matches!(error, CallError::Refused { .. }) {
                self.sightings.refused(&self.target);
            }
            match &error {
                CallError::Answered(_) | CallError::Timeout { .. } => RPCError::Network(NetworkError::new(&error)),
                _ => RPCError::Unreachable(Unreachable::new(&error)),
            }
        })?;
        from_json(&answered).map_err(|error| RPCError::Network(NetworkError::new(&error)))
    }
}

impl RaftNetworkV2<Types> for Line {
    type SnapshotData = Vec<u8>;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        let within = option.hard_ttl().max(APPEND_TIMEOUT);
        self.ask((Class::Control, APPEND), &request, within).await
    }

    async fn vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.ask((Class::Control, VOTE), &request, option.hard_ttl()).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        self.ask((Class::Control, PRE_VOTE), &request, option.hard_ttl()).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let state =
            String::from_utf8(snapshot.snapshot).map_err(|error| StreamingError::Network(NetworkError::new(&error)))?;
        let whole = WholeSnapshot { vote, meta: snapshot.meta, state };
        tokio::select! {
            answered = self.ask((Class::Bulk, SNAPSHOT), &whole, SNAPSHOT_TIMEOUT) => Ok(answered?),
            closed = cancel => Err(StreamingError::Closed(closed)),
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<Types>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        self.ask((Class::Control, TRANSFER), &request, option.hard_ttl()).await
    }
}

/// Answers Raft's messages of other nodes.
pub(super) fn routes(raft: &Raft, router: &mut Router) {
    own(raft, router, (Class::Control, APPEND), |raft, request| async move {
        raft.append_entries(request).await.map_err(|error| failed(&error))
    });
    own(raft, router, (Class::Control, VOTE), |raft, request| async move {
        raft.vote(request).await.map_err(|error| failed(&error))
    });
    own(raft, router, (Class::Control, PRE_VOTE), |raft, request| async move {
        raft.pre_vote(request).await.map_err(|error| failed(&error))
    });
    own(raft, router, (Class::Control, TRANSFER), |raft, request| async move {
        raft.handle_transfer_leader(request).await.map_err(|error| failed(&error))
    });
    own(raft, router, (Class::Bulk, SNAPSHOT), |raft, whole: WholeSnapshot| async move {
        let snapshot = Snapshot { meta: whole.meta, snapshot: whole.state.into_bytes() };
        raft.install_full_snapshot(whole.vote, snapshot).await.map_err(|error| failed(&error))
    });
}

/// Answers what is for this node, and nothing else.
fn own<Q, A, W>(
    raft: &Raft,
    router: &mut Router,
    route: (Class, &'static str),
    endpoint: impl Fn(Raft, Q) -> W + Send + Sync + 'static,
) where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize,
    W: Future<Output = Result<A, Error>> + Send + 'static,
{
    let raft = raft.clone();
    answer(router, route, move |question: Addressed<Q>| {
        let own = raft.metrics().borrow_watched().id.0.clone();
        let working = (question.to == own).then(|| endpoint(raft.clone(), question.message));
        async move {
            let elsewhere = || failed(&format!("this is node {}, not {}", own.0, question.to.0));
            working.ok_or_else(elsewhere)?.await
        }
    });
}

/// Answers questions in JSON with answers in JSON.
pub(crate) fn answer<Q, A, F, W>(router: &mut Router, (class, kind): (Class, &'static str), endpoint: F)
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize,
    F: Fn(Q) -> W + Send + Sync + 'static,
    W: Future<Output = Result<A, Error>> + Send + 'static,
{
    router.on(class, kind, move |question| {
        let working = from_json(&question.payload).map(&endpoint);
        async move { to_json(&working?.await?) }
    });
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::IllegalState, format!("Raft: {error}"))
}
