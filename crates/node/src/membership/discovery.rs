//! Looking for others: introductions to all seeds at once, again and again, until somebody knows the elected node, or enough founders have met.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cluster::state::{Node, NodeId};
use grpc::call::CallError;
use grpc::channels::Ask;
use grpc::introduction::Introduction;
use grpc::payload::{from_json, to_json};
use grpc::route::{Class, Router};
use model::error::{Error, ErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::founding::{Answer, Ballot, Founding, Promises, majority, proposal};
use super::{Membership, Seeds};
use crate::metadata::{Metadata, answer};

const PREPARE: &str = "founding.prepare";
const ACCEPT: &str = "founding.accept";
const CHOSEN: &str = "founding.chosen";
/// Founders that have met wait this long for the others before they begin without them.
const GATHER: Duration = Duration::from_millis(400);
/// How long the founder whose turn it is may take before the next one tries.
const TURN: Duration = Duration::from_millis(1500);
/// How long one message of a founding may take.
const MESSAGE_TIMEOUT: Duration = Duration::from_millis(1000);
/// Between two lines of the log that say what is waited for.
const TELL: Duration = Duration::from_secs(5);

/// Whom this node looks for, and what it may begin with them.
pub(crate) struct Discovery {
    pub(crate) seeds: Seeds,
    /// Names of the founders; empty: whoever is a seed.
    initial: Vec<String>,
    /// How many founders there are; 0: as many as seeds or names.
    expected: usize,
    /// Whether a seed turned out to be the name of several nodes.
    is_plural: AtomicBool,
    desk: Arc<Desk>,
    /// It was in a cluster that is no more: it waits for another.
    detached: bool,
}

/// Where a founder decides what it promises, one ballot at a time.
struct Desk {
    metadata: Arc<Metadata>,
    /// Once they were read.
    promises: Mutex<Option<Promises>>,
}

/// What a node that looks around remembers from one look to the next.
#[derive(Default)]
pub(crate) struct Patience {
    enough_since: Option<Instant>,
    told: Option<Instant>,
    foreign: Option<String>,
    /// Why somebody does not hear this node.
    unheard: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Proposed {
    ballot: Ballot,
    founding: Founding,
}

impl Desk {
    /// Changes what is promised; the disk has it before anybody is told.
    async fn decide<T>(&self, change: impl FnOnce(&mut Promises) -> T) -> Result<T, Error> {
        let mut held = self.promises.lock().await;
        if self.metadata.is_member().await? {
            return Err(Error::new(ErrorKind::IllegalState, "this node is in a cluster already"));
        }
        let before = match held.take() {
            Some(promises) => promises,
            None => self.read()?,
        };
        let mut after = before.clone();
        let answer = change(&mut after);
        if after != before
            && let Err(error) = self.metadata.promise(&after).await
        {
            return Err(Error::new(ErrorKind::Io, format!("cannot keep what is promised: {error}")));
        }
        *held = Some(after);
        Ok(answer)
    }

    fn read(&self) -> Result<Promises, Error> {
        let kept = self.metadata.promises().map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        kept.map_or_else(|| Ok(Promises::default()), |bytes| from_json(&bytes))
    }
}

impl Discovery {
    /// `initial`: names of those that may begin a cluster. `expected`: how many they are; 0: as many as names or seeds.
    pub(crate) fn new(seeds: Seeds, initial: Vec<String>, expected: usize, metadata: &Arc<Metadata>) -> Self {
        let desk = Arc::new(Desk { metadata: metadata.clone(), promises: Mutex::default() });
        // What does not read now is told when the promises are read.
        let detached = metadata.is_detached().unwrap_or(true);
        Self { seeds, initial, expected, is_plural: AtomicBool::new(false), desk, detached }
    }

    /// Whether this node begins a cluster by itself: nobody else is to be looked for.
    pub(crate) fn is_alone(&self) -> bool {
        self.seeds.is_empty() && !self.detached
    }

    /// Whether a node may begin a cluster with others.
    pub(crate) fn may_found(&self, node: &Node) -> bool {
        !self.detached && node.is_cluster_manager() && self.is_initial(&node.name)
    }

    fn is_initial(&self, name: &str) -> bool {
        self.initial.is_empty() || self.initial.iter().any(|initial| initial == name)
    }

    /// How many founders there are in all; `None` where nobody has said so, and seeds do not tell: some of them would begin a cluster of their own.
    fn founders(&self) -> Option<usize> {
        match (self.expected, self.initial.len()) {
            (0, 0) => self.seeds.given_count().filter(|_| !self.is_plural.load(Ordering::Relaxed)),
            (0, named) => Some(named),
            (expected, _) => Some(expected),
        }
    }

    /// Answers founders.
    pub(super) fn routes(&self, router: &mut Router) {
        let desk = self.desk.clone();
        answer(router, (Class::Control, PREPARE), move |ballot: Ballot| {
            let desk = desk.clone();
            async move { desk.decide(|promises| promises.prepare(&ballot)).await }
        });
        let desk = self.desk.clone();
        answer(router, (Class::Control, ACCEPT), move |proposed: Proposed| {
            let desk = desk.clone();
            async move { desk.decide(|promises| promises.accept(&proposed.ballot, &proposed.founding)).await }
        });
        let desk = self.desk.clone();
        answer(router, (Class::Control, CHOSEN), move |founding: Founding| {
            let desk = desk.clone();
            async move { desk.metadata.found(&founding.members).await }
        });
    }
}

impl Membership {
    /// One look at all seeds. Out: where the elected node is, if somebody knows.
    pub(super) async fn look_around(self: &Arc<Self>, patience: &mut Patience) -> Result<Option<String>, Error> {
        let met = self.meet_all(patience).await;
        if let Some(leader) = self.leader_of(&met, patience) {
            return Ok(Some(leader));
        }
        let is_member = self.metadata.is_member().await?;
        let founders: BTreeMap<NodeId, String> =
            met.iter().filter(|other| self.is_founder(other)).map(identified).collect();
        let all = self.discovery.founders();
        self.tell(patience, met.len(), (founders.len(), all), is_member);
        let Some(all) = all else { return Ok(None) };
        let needed = majority(all);
        if is_member || !founders.contains_key(&self.own) || founders.len() < needed {
            patience.enough_since = None;
            return Ok(None);
        }
        let waited = patience.enough_since.get_or_insert_with(Instant::now).elapsed();
        let gather = if founders.len() < all { GATHER } else { Duration::ZERO };
        let turn = founders.keys().position(|id| *id == self.own).unwrap_or(0) as u32;
        if waited >= gather + TURN * turn {
            self.begin_with(founders, needed).await?;
        }
        Ok(None)
    }

    /// Introduces this node to everybody it may find. Out: who answered, this node among them.
    async fn meet_all(self: &Arc<Self>, patience: &mut Patience) -> Vec<Introduction> {
        let look = self.discovery.seeds.look().await;
        self.discovery.is_plural.fetch_or(look.is_plural, Ordering::Relaxed);
        let mut addresses = look.addresses;
        addresses.extend(self.metadata.standing().addresses.into_values());
        addresses.extend(self.metadata.state().nodes.values().map(|node| node.peer_address.clone()));
        let mut asked = JoinSet::new();
        for address in addresses {
            let membership = self.clone();
            asked.spawn(async move {
                let own = membership.introduction();
                membership.channels.hello(&address, &own).await
            });
        }
        let mut met: Vec<Introduction> = Vec::new();
        while let Some(answered) = asked.join_next().await {
            match answered {
                Ok(Ok(other)) => {
                    self.met(&other);
                    met.push(other);
                }
                // Nobody there is no news; somebody who is there and does not understand is.
                Ok(Err(error @ CallError::Refused { .. })) => tracing::debug!("{error}"),
                Ok(Err(error)) => patience.unheard = Some(error.to_string()),
                Err(_) => {}
            }
        }
        let found_itself = met.iter().any(|other| *other.node_id == *self.own.0);
        let counted = self.discovery.expected > 0 || !self.discovery.initial.is_empty();
        if counted && !found_itself {
            met.push(self.introduction());
        }
        met
    }

    fn is_founder(&self, other: &Introduction) -> bool {
        other.founder && other.cluster_uuid.is_none() && self.discovery.is_initial(&other.node_name)
    }

    /// Where the elected node of this cluster is.
    fn leader_of(&self, met: &[Introduction], patience: &mut Patience) -> Option<String> {
        let own_uuid = self.metadata.state().cluster_uuid.clone();
        for other in met.iter().filter(|other| *other.node_id != *self.own.0) {
            if let Some(uuid) = &other.cluster_uuid
                && !own_uuid.is_empty()
                && **uuid != *own_uuid
            {
                if patience.foreign.as_ref() != Some(uuid) {
                    tracing::error!(
                        "node {} at {} belongs to another cluster ({uuid}, this node's data to {own_uuid}): not joining it",
                        other.node_name,
                        other.address
                    );
                    patience.foreign = Some(uuid.clone());
                }
                continue;
            }
            if let Some((id, address)) = &other.leader
                && *id != self.own
            {
                return Some(address.clone());
            }
        }
        None
    }

    fn tell(&self, patience: &mut Patience, met: usize, (founders, all): (usize, Option<usize>), is_member: bool) {
        if patience.told.is_some_and(|told| told.elapsed() < TELL) {
            return;
        }
        patience.told = Some(Instant::now());
        if let Some(why) = patience.unheard.take() {
            tracing::warn!("{why}");
        }
        if is_member {
            tracing::info!("waiting for an elected node; {met} nodes answer");
        } else if self.discovery.may_found(&self.node) {
            self.tell_founder(met, founders, all);
        } else {
            tracing::info!("waiting for a cluster to join; {met} nodes answer");
        }
    }

    fn tell_founder(&self, met: usize, founders: usize, all: Option<usize>) {
        match all.map(majority) {
            Some(needed) if founders >= needed => tracing::info!("{founders} founders have met and begin a cluster"),
            Some(needed) => tracing::info!(
                "waiting for others to begin a cluster: {founders} of {needed} founders have met, {met} nodes answer"
            ),
            None => tracing::warn!(
                "waiting for a cluster to join; {met} nodes answer. To begin one, say on every node how many do so, or who (cluster.expected_cluster_manager_nodes or \
                 cluster.initial_cluster_manager_nodes): seeds from a file, and a name of several nodes, do not tell"
            ),
        }
    }

    /// Proposes to begin a cluster of these founders; what was proposed before goes on instead.
    async fn begin_with(self: &Arc<Self>, founders: BTreeMap<NodeId, String>, needed: usize) -> Result<(), Error> {
        let desk = &self.discovery.desk;
        let ballot = desk.decide(|promises| promises.next_ballot(&self.own)).await?;
        let answers: Vec<(NodeId, Answer)> = self.ask_founders(&founders, PREPARE, &ballot).await?;
        let (mut members, mut before) = (BTreeMap::new(), Vec::new());
        for (id, answer) in answers {
            if let Answer::Promised(accepted) = answer {
                members.insert(id.clone(), founders[&id].clone());
                before.push(accepted);
            }
        }
        if members.len() < needed {
            return Ok(());
        }
        let founding = proposal(before, Founding { members });
        let proposed = Proposed { ballot, founding };
        let accepted: Vec<(NodeId, bool)> = self.ask_founders(&founders, ACCEPT, &proposed).await?;
        if accepted.iter().filter(|(_, accepted)| *accepted).count() < needed {
            return Ok(());
        }
        let members = proposed.founding.members.clone();
        let names: Vec<&str> = members.values().map(String::as_str).collect();
        tracing::info!("a cluster begins with {}", names.join(", "));
        // Who does not hear this hears from the elected node.
        let _: Vec<(NodeId, ())> = self.ask_founders(&members, CHOSEN, &proposed.founding).await?;
        Ok(())
    }

    /// Asks several at once, this node among them. Out: the answers that came.
    async fn ask_founders<Q: Serialize, A: DeserializeOwned + Send + 'static>(
        self: &Arc<Self>,
        founders: &BTreeMap<NodeId, String>,
        kind: &'static str,
        question: &Q,
    ) -> Result<Vec<(NodeId, A)>, Error> {
        let payload = to_json(question)?;
        let mut asked = JoinSet::new();
        for (id, address) in founders.clone() {
            let (channels, payload) = (self.channels.clone(), payload.clone());
            asked.spawn(async move {
                let ask = Ask { class: Class::Control, kind, within: Some(MESSAGE_TIMEOUT), payload: payload.into() };
                let answered = channels.ask(&address, ask).await;
                (id, answered.map_err(Error::from).and_then(|bytes| from_json(&bytes)))
            });
        }
        let mut answers = Vec::new();
        while let Some(answered) = asked.join_next().await {
            if let Ok((id, Ok(answer))) = answered {
                answers.push((id, answer));
            }
        }
        Ok(answers)
    }
}

fn identified(other: &Introduction) -> (NodeId, String) {
    (NodeId(other.node_id.as_str().into()), other.address.clone())
}
