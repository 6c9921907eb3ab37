//! Changes of the metadata on their way: gathered, carried to the elected node, answered.
//!
//! On the elected node all commands that wait become one entry of the log, together with what the planner makes of them: who creates an index
//! waits for one write. On any other node they go to the elected one. Not here: what commands do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cluster::allocation::{Facts, planner};
use cluster::command::Command;
use cluster::state::{NodeId, State};
use grpc::call::CallError;
use grpc::channels::{Ask, Channels};
use grpc::payload::{from_json, to_json};
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use openraft::ReadPolicy;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::ClientWriteError;
use openraft::impls::ProgressResponder;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use super::machine::carry_out;
use super::network::{Sightings, answer};
use super::published::Published;
use super::standing;
use super::types::{Batch, LeaderId, Raft};
use crate::clock::now_ms;

const SUBMIT: &str = "metadata.submit";
/// Callers that wait; more wait to be let in.
pub(super) const MAX_WAITING: usize = 1024;
/// How long a forwarded question may take, where its caller has more time.
const FORWARD_TIMEOUT: Duration = Duration::from_secs(10);
/// An elected node that no majority has confirmed for so long proposes nothing.
const UNHEARD: Duration = Duration::from_secs(1);
/// Between two looks for an elected node.
const PAUSE: Duration = Duration::from_millis(20);

/// Commands, and where their answers go.
pub(super) struct Waiting {
    pub(super) commands: Vec<Command>,
    /// Of Raft: what this node has decided on as the elected one is worth nothing in another term, nor from another node.
    pub(super) term: Option<u64>,
    pub(super) until: Instant,
    /// How long it is tried again while nobody is elected; at least once.
    pub(super) elected_by: Instant,
    pub(super) answer: oneshot::Sender<Result<Answers, Error>>,
}

/// What came of commands, and the entry of the log that says so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Answers {
    pub(super) outcomes: Vec<Result<(), Error>>,
    pub(super) index: u64,
}

/// What is known of the world for the planner: the newest report of each node.
#[derive(Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<BTreeMap<NodeId, cluster::allocation::Disk>>>);

impl Reports {
    /// A node has said how its disk is.
    pub(crate) fn disk(&self, node: &NodeId, disk: cluster::allocation::Disk) {
        self.0.lock().insert(node.clone(), disk);
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts { now_ms: now_ms(), disks: self.0.lock().clone(), ..Facts::default() }
    }
}

/// Takes commands one batch at a time.
pub(super) struct Proposer {
    pub(super) raft: Raft,
    pub(super) published: Arc<Published>,
    pub(super) channels: Arc<Channels>,
    pub(super) sightings: Sightings,
    pub(super) reports: Reports,
    /// The term of Raft in which this node, elected, has applied all that was agreed on before.
    pub(super) caught_up: AtomicU64,
}

/// Why a batch has no answer.
enum Failure {
    /// Nothing has happened: it can be tried again.
    NotElected,
    /// Whether it happened is unknown; what is left is an error for those who wait.
    Unknown(Error),
}

impl Proposer {
    /// Until nobody can send any more.
    pub(super) async fn run(self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.recv().await {
            let mut all = vec![first];
            while let Ok(next) = waiting.try_recv() {
                all.push(next);
            }
            self.settle(all).await;
        }
    }

    /// Tries until all have their answers or no time is left.
    async fn settle(&self, mut all: Vec<Waiting>) {
        loop {
            let now = Instant::now();
            let lead = self.raft.as_leader().ok().map(|lead| lead.to_committed_leader_id());
            let holds = |term: u64| lead.as_ref().is_some_and(|lead| lead.term == term);
            let (in_time, late): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|waiting| waiting.until > now && waiting.term.is_none_or(holds));
            late.into_iter().for_each(|waiting| waiting.settle(Err(not_elected())));
            let Some(until) = in_time.iter().map(|waiting| waiting.until).max() else { return };
            let commands: Vec<Command> = in_time.iter().flat_map(|waiting| waiting.commands.iter().cloned()).collect();
            let attempt = tokio::time::timeout_at(until.into(), self.attempt(lead, commands, until));
            match attempt.await.unwrap_or_else(|_| Err(Failure::Unknown(too_late()))) {
                Ok(answers) => {
                    let mut outcomes = answers.outcomes.into_iter();
                    for waiting in in_time {
                        let own = outcomes.by_ref().take(waiting.commands.len()).collect();
                        waiting.settle(Ok(Answers { outcomes: own, index: answers.index }));
                    }
                    return;
                }
                Err(Failure::Unknown(error)) => {
                    in_time.into_iter().for_each(|waiting| waiting.settle(Err(error.clone())));
                    return;
                }
                Err(Failure::NotElected) => {
                    let (patient, others) =
                        in_time.into_iter().partition(|waiting| waiting.elected_by > Instant::now());
                    all = patient;
                    Vec::into_iter(others).for_each(|waiting| waiting.settle(Err(not_elected())));
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// `lead`: this node's, if it is the elected one.
    async fn attempt(
        &self,
        lead: Option<LeaderId>,
        commands: Vec<Command>,
        until: Instant,
    ) -> Result<Answers, Failure> {
        if let Some(lead) = lead {
            // Who is cut off from the majority would wait until it is elected no more.
            if standing::confirmed(&self.raft).is_some_and(|ago| ago > UNHEARD) {
                return Err(Failure::NotElected);
            }
            self.catch_up(lead.term).await?;
            return self.propose(lead, commands).await;
        }
        let elected = self.raft.metrics().borrow_watched().current_leader.clone();
        let elected = elected.filter(|elected| Some(elected) != Some(self.raft.node_id()));
        match elected {
            None => Err(Failure::NotElected),
            Some(elected) => self.forward(&elected.0, &commands, until).await,
        }
    }

    /// Once a term: what former leaders had agreed on is applied before anything is planned by it. What is planned by less may be refused.
    async fn catch_up(&self, term: u64) -> Result<(), Failure> {
        if self.caught_up.load(Ordering::Acquire) != term {
            self.raft.ensure_linearizable(ReadPolicy::ReadIndex).await.map_err(|_| Failure::NotElected)?;
            self.caught_up.store(term, Ordering::Release);
        }
        Ok(())
    }

    /// Makes an entry of the commands and of what they entail, unless they change nothing.
    async fn propose(&self, lead: LeaderId, mut commands: Vec<Command>) -> Result<Answers, Failure> {
        let asked = commands.len();
        let before = self.published.state();
        let (mut after, outcomes) = carry_out(&before, &commands);
        let planned = plan(&after, &self.reports.facts());
        after = carry_out(&after, &planned).0;
        if after.version == before.version {
            // Refused, or so already: nothing is written, but it must be the elected node that says so.
            let read = self.raft.ensure_linearizable(ReadPolicy::ReadIndex).await.map_err(|_| Failure::NotElected)?;
            return Ok(Answers { outcomes, index: read.log_id().index });
        }
        commands.extend(planned);
        let (responder, told) = ProgressResponder::complete_only();
        let entry = self.raft.write(Batch(Arc::new(commands)));
        let entry = entry.with_leader(lead).responder(responder);
        entry.await.map_err(|error| unchangeable(&error))?;
        match told.await {
            Ok(Ok(written)) => {
                let mut outcomes = written.data.0;
                outcomes.truncate(asked);
                Ok(Answers { outcomes, index: written.log_id.index })
            }
            Ok(Err(ClientWriteError::ForwardToLeader(_))) => Err(Failure::NotElected),
            Ok(Err(error)) => Err(unchangeable(&error)),
            Err(error) => Err(unchangeable(&error)),
        }
    }

    async fn forward(&self, elected: &NodeId, commands: &[Command], until: Instant) -> Result<Answers, Failure> {
        let address = self.sightings.address(elected).or_else(|| {
            let state = self.published.state();
            state.nodes.get(elected).map(|node| node.peer_address.clone())
        });
        let Some(address) = address else { return Err(Failure::NotElected) };
        let payload = to_json(&commands).map_err(Failure::Unknown)?;
        let within = until.saturating_duration_since(Instant::now()).min(FORWARD_TIMEOUT);
        let ask = Ask { class: Class::Control, kind: SUBMIT, within: Some(within), payload: payload.into() };
        match self.channels.ask(&address, ask).await {
            Ok(answered) => from_json(&answered).map_err(Failure::Unknown),
            Err(CallError::Answered(error)) if error.kind == ErrorKind::ClusterManagerNotDiscovered => {
                Err(Failure::NotElected)
            }
            Err(error) if error.nothing_happened() => Err(Failure::NotElected),
            Err(error) => Err(Failure::Unknown(error.into())),
        }
    }
}

impl Waiting {
    /// Commands that anybody may carry out until then, and where the answer arrives.
    pub(super) fn order(commands: Vec<Command>, until: Instant) -> (Self, oneshot::Receiver<Result<Answers, Error>>) {
        let (answer, told) = oneshot::channel();
        (Self { commands, term: None, until, elected_by: until, answer }, told)
    }

    fn settle(self, answer: Result<Answers, Error>) {
        // Who does not wait any more need not be told.
        let _ = self.answer.send(answer);
    }
}

fn unchangeable(why: &dyn std::fmt::Display) -> Failure {
    Failure::Unknown(Error::new(ErrorKind::Io, format!("the metadata cannot change: {why}")))
}

pub(super) fn too_late() -> Error {
    Error::new(
        ErrorKind::ProcessClusterEventTimeout,
        "the change was not agreed on in time; whether it will be is unknown",
    )
}

/// What is due in this state, beside what was asked for.
fn plan(state: &State, facts: &Facts) -> Vec<Command> {
    planner(state, facts)
}

/// Answers the commands of other nodes, if this one is elected.
pub(super) fn routes(raft: &Raft, orders: &mpsc::Sender<Waiting>, router: &mut Router) {
    let (raft, orders) = (raft.clone(), orders.clone());
    answer(router, (Class::Control, SUBMIT), move |commands: Vec<Command>| {
        let (raft, orders) = (raft.clone(), orders.clone());
        async move {
            if !standing::is_elected(&raft) {
                return Err(not_elected());
            }
            let (waiting, told) = Waiting::order(commands, Instant::now() + FORWARD_TIMEOUT);
            orders.send(waiting).await.map_err(|_| not_elected())?;
            told.await.unwrap_or_else(|_| Err(not_elected()))
        }
    });
}

/// In OpenSearch's words.
pub(super) fn not_elected() -> Error {
    Error::new(ErrorKind::ClusterManagerNotDiscovered, "no elected cluster manager was found in time")
}
