//! What the elected node does beside answering: it watches the others, keeps the right number of voters, and has the planner look again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::command::Command;
use cluster::state::{NodeId, State};
use grpc::call::CallError;
use grpc::channels::Ask;
use grpc::payload::{from_json, to_json};
use grpc::route::{Class, Router};
use model::error::Error;
use serde::{Deserialize, Serialize};

use super::watch::{LEASE_MS, Watch};
use super::{Membership, voters};
use crate::clock::now_ms;
use crate::metadata::answer;

const LIVES: &str = "membership.lives";
/// How long a suspect may take to answer.
const PROBE: Duration = Duration::from_millis(400);
/// How many others ask a suspect, beside the elected node.
const WITNESSES: usize = 2;

const TICK: Duration = Duration::from_millis(50);
/// Between two looks of the planner at a state that has not changed: disks fill, and waits for nodes that left end.
const PLAN: Duration = Duration::from_millis(1000);
/// Between two tries at changing the voters.
const VOTERS: Duration = Duration::from_millis(500);
/// Who has been away for this long is sent nothing any more; it may still come back.
const FORGET: Duration = Duration::from_secs(600);

/// A node of which nothing is heard.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Suspect {
    id: NodeId,
    address: String,
}

/// How long after a majority has confirmed the elected node its word counts: it gives leases that end before the next one could end them.
const CERTAIN: Duration = Duration::from_millis(LEASE_MS / 2);
/// An elected node that hears no majority for so long says so.
const CUT_OFF: Duration = Duration::from_secs(5);

/// What the elected node remembers from one tick to the next.
struct Office {
    term: u64,
    /// When its word last counted, and whether it was said that it does no more.
    certain: Instant,
    cut_off: bool,
    planned: Instant,
    /// It has planned by a state that has everything which was agreed on before it was elected.
    caught_up: bool,
    voters_tried: Instant,
    /// Learners that are not in the cluster, and since when.
    away: std::collections::BTreeMap<NodeId, Instant>,
}

impl Membership {
    /// Leads whenever this node is elected. Never returns.
    pub(crate) async fn lead(self: Arc<Self>) {
        let mut office: Option<Office> = None;
        loop {
            tokio::time::sleep(TICK).await;
            let standing = self.metadata.standing();
            if standing.elected.as_ref() != Some(&self.own) {
                if office.take().is_some() {
                    *self.watch.lock() = None;
                    tracing::info!("node {} is not the elected cluster manager any more", self.node.name);
                }
                continue;
            }
            let before = office.take().filter(|office| office.term == standing.term);
            let current = office.insert(before.unwrap_or_else(|| self.enter(standing.term)));
            if self.may_decide(current) {
                self.remove_the_gone(current.term).await;
                self.plan(current).await;
                self.keep_voters(current).await;
            }
        }
    }

    fn enter(&self, term: u64) -> Office {
        *self.watch.lock() = Some(Watch::new(self.now_ms()));
        tracing::info!("node {} is the elected cluster manager (term {term})", self.node.name);
        let now = Instant::now();
        let (caught_up, cut_off, away) = Default::default();
        Office { term, certain: now, cut_off, planned: now - PLAN, caught_up, voters_tried: now - VOTERS, away }
    }

    /// Whether a majority has confirmed this node so lately that none of them has elected another.
    pub(super) fn is_certain(&self) -> bool {
        self.metadata.confirmed().is_some_and(|ago| ago <= CERTAIN)
    }

    /// Who hears no majority decides nothing: it is rather this node that is cut off than all the others.
    fn may_decide(&self, office: &mut Office) -> bool {
        if self.is_certain() {
            office.certain = Instant::now();
            if std::mem::take(&mut office.cut_off) {
                tracing::info!("node {} is heard by a majority again", self.node.name);
            }
            return true;
        }
        if let Some(watch) = self.watch.lock().as_mut() {
            watch.excuse(self.now_ms());
        }
        if !office.cut_off && office.certain.elapsed() > CUT_OFF {
            office.cut_off = true;
            tracing::warn!("node {} was elected and is heard by no majority: nothing can change", self.node.name);
        }
        false
    }

    async fn remove_the_gone(self: &Arc<Self>, term: u64) {
        let state = self.metadata.state();
        let others: Vec<NodeId> = state.nodes.keys().filter(|id| **id != self.own).cloned().collect();
        for id in &others {
            let refuses = self.metadata.sightings().last_refused(id).is_some();
            let is_dead = refuses && self.is_dead(id, &state.nodes[id].peer_address).await;
            if let Some(watch) = self.watch.lock().as_mut().filter(|_| is_dead) {
                watch.refused(id);
            }
        }
        self.ask_suspects(&state, &others);
        let now = self.now_ms();
        let gone = self.watch.lock().as_ref().map(|watch| watch.gone(now, &others)).unwrap_or_default();
        if gone.is_empty() {
            return;
        }
        for id in &gone {
            let name = &state.nodes[id].name;
            match self.has_said_farewell(&state, id) {
                true => tracing::info!("node {name} has left: it was stopped"),
                false => tracing::warn!("node {name} is gone: it does not answer any more"),
            }
        }
        let at_ms = now_ms();
        let left = gone.into_iter().map(|id| Command::NodeLeft { id, at_ms }).collect();
        if let Err(error) = self.metadata.decide(term, left).await {
            tracing::warn!("nodes that are gone cannot be taken out: {error}");
        }
    }

    /// Asks who has fallen silent whether it lives, and has others ask it. The answers are waited for beside everything else.
    fn ask_suspects(self: &Arc<Self>, state: &State, others: &[NodeId]) {
        let now = self.now_ms();
        let suspects = self.watch.lock().as_mut().map(|watch| watch.suspects(now, others)).unwrap_or_default();
        for suspect in &suspects {
            tracing::debug!("node {} is silent", state.nodes[suspect].name);
            let question = Suspect { id: suspect.clone(), address: state.nodes[suspect].peer_address.clone() };
            let witnesses = others.iter().filter(|other| !suspects.contains(other)).take(WITNESSES);
            let mut asked = vec![None];
            asked.extend(witnesses.map(|witness| Some(state.nodes[witness].peer_address.clone())));
            for witness in asked {
                let (membership, question) = (self.clone(), question.clone());
                tokio::spawn(async move {
                    if membership.lives(&question, witness.as_deref()).await {
                        let now = membership.now_ms();
                        if let Some(watch) = membership.watch.lock().as_mut() {
                            watch.vouched(now, &question.id);
                        }
                    }
                });
            }
        }
    }

    /// Whether a suspect answers, `witness` (an address), or without one this node.
    async fn lives(&self, suspect: &Suspect, witness: Option<&str>) -> bool {
        let Some(witness) = witness else { return self.has_answered(suspect).await };
        let Ok(payload) = to_json(suspect) else { return false };
        let ask = Ask { class: Class::Control, kind: LIVES, within: Some(2 * PROBE), payload: payload.into() };
        let answered = self.channels.ask(witness, ask).await.map_err(Error::from);
        answered.and_then(|bytes| from_json(&bytes)).unwrap_or(false)
    }

    async fn has_answered(&self, suspect: &Suspect) -> bool {
        let own = self.introduction();
        let hello = self.channels.hello(&suspect.address, &own);
        matches!(tokio::time::timeout(PROBE, hello).await, Ok(Ok(other)) if *other.node_id == *suspect.id.0)
    }

    /// As a witness: asks a suspect.
    pub(super) fn routes_of_watch(self: &Arc<Self>, router: &mut Router) {
        let membership = self.clone();
        answer(router, (Class::Control, LIVES), move |suspect: Suspect| {
            let membership = membership.clone();
            async move { Ok(membership.has_answered(&suspect).await) }
        });
    }

    /// Asks once more before it is believed: a process that has just started again listens.
    async fn is_dead(&self, id: &NodeId, address: &str) -> bool {
        match self.channels.hello(address, &self.introduction()).await {
            Err(CallError::Refused { .. }) => true,
            Ok(other) => {
                self.met(&other);
                // Somebody else in its place.
                *other.node_id != *id.0
            }
            Err(_) => false,
        }
    }

    async fn plan(&self, office: &mut Office) {
        if office.planned.elapsed() < PLAN {
            return;
        }
        office.planned = Instant::now();
        let nothing_due =
            || cluster::allocation::planner(&self.metadata.state(), &self.metadata.reports().facts()).is_empty();
        if office.caught_up && nothing_due() {
            return;
        }
        match self.metadata.decide(office.term, Vec::new()).await {
            // What this node is told now, it has applied: a proposal waits for that.
            Ok(_) => office.caught_up = true,
            Err(error) => tracing::debug!("the planner's commands were not carried out: {error}"),
        }
    }

    async fn keep_voters(&self, office: &mut Office) {
        if office.voters_tried.elapsed() < VOTERS {
            return;
        }
        office.voters_tried = Instant::now();
        let (state, standing) = (self.metadata.state(), self.metadata.standing());
        let wanted = voters::wanted(&state, &standing.voters, &self.own);
        if voters::is_excluded(&state, &self.own) {
            self.resign(&state, &standing.voters);
        }
        // Who is not admitted yet votes later.
        let admitted = wanted.iter().all(|id| standing.addresses.contains_key(id));
        let mut now = standing.voters.clone();
        now.sort();
        if admitted && !wanted.is_empty() && wanted != now && state.nodes.contains_key(&self.own) {
            match self.metadata.set_voters(&wanted).await {
                Ok(()) => tracing::info!("{} nodes vote now, {} before", wanted.len(), now.len()),
                Err(error) => tracing::debug!("{error}"),
            }
        }
        self.forget_learners(office, &standing.learners).await;
    }

    /// An excluded node leads no longer than it takes another voter to.
    fn resign(&self, state: &State, voters: &[NodeId]) {
        let fit = |id: &&NodeId| state.nodes.contains_key(*id) && !voters::is_excluded(state, id);
        if let Some(other) = voters.iter().find(fit) {
            tracing::info!("node {} is excluded from voting: {} is to lead", self.node.name, state.nodes[other].name);
            self.metadata.transfer(other);
        }
    }

    async fn forget_learners(&self, office: &mut Office, learners: &[NodeId]) {
        let state = self.metadata.state();
        office.away.retain(|id, _| learners.contains(id) && !state.nodes.contains_key(id));
        for id in learners.iter().filter(|id| !state.nodes.contains_key(*id)) {
            let since = *office.away.entry(id.clone()).or_insert_with(Instant::now);
            if since.elapsed() > FORGET
                && let Err(error) = self.metadata.dismiss(id).await
            {
                tracing::debug!("{error}");
            }
        }
    }
}
