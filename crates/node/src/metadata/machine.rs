//! The state that committed batches make, and its snapshots.
//!
//! The state is in memory. On the disk are a snapshot of it and the log after that; a start repeats the log.

use std::io;
use std::sync::Arc;

use cluster::apply::apply;
use cluster::command::Command;
use cluster::state::State;
use model::error::Error;
use openraft::entry::RaftEntry;
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};
use tokio_stream::{Stream, StreamExt};

use super::disk::{Disk, Kept, Write, from_json, to_json};
use super::published::Published;
use super::types::{LogId, Outcome, Snapshot, SnapshotMeta, StoredMembership, Types};

/// What Raft applies entries to.
pub(crate) struct Machine {
    disk: Arc<Disk>,
    published: Arc<Published>,
    applied: Option<LogId>,
    membership: StoredMembership,
}

/// The state at one moment, to be written.
pub(crate) struct Photograph {
    disk: Arc<Disk>,
    state: Arc<State>,
    meta: SnapshotMeta,
}

impl Machine {
    pub(super) fn new(disk: Arc<Disk>, published: Arc<Published>) -> Self {
        Self { disk, published, applied: None, membership: StoredMembership::default() }
    }

    fn photograph(&self) -> Photograph {
        let meta = SnapshotMeta { last_log_id: self.applied.clone(), last_membership: self.membership.clone() };
        Photograph { disk: self.disk.clone(), state: self.published.state(), meta }
    }
}

/// Carries out commands in order. Out: the state after them, and what came of each.
pub(super) fn carry_out(state: &Arc<State>, commands: &[Command]) -> (Arc<State>, Vec<Result<(), Error>>) {
    let mut after = state.clone();
    let mut one = |command: &Command| apply(&after, command).map(|next| after = Arc::new(next));
    let outcomes = commands.iter().map(&mut one).collect();
    (after, outcomes)
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = Vec<u8>;
    type SnapshotBuilder = Photograph;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.applied.clone(), self.membership.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<Types>>> + Unpin + OptionalSend,
    {
        while let Some(next) = entries.next().await {
            let (entry, responder) = next?;
            let id = entry.log_id();
            let mut outcome = Outcome::default();
            match entry.payload {
                EntryPayload::Blank => {}
                EntryPayload::Normal(batch) => {
                    let (state, outcomes) = carry_out(&self.published.state(), &batch.0);
                    self.published.set(state);
                    outcome = Outcome(outcomes);
                }
                EntryPayload::Membership(membership) => {
                    self.membership = StoredMembership::new(Some(id.clone()), membership);
                }
            }
            self.published.applied(id.index);
            self.applied = Some(id);
            if let Some(responder) = responder {
                responder.send(outcome);
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Photograph {
        self.photograph()
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: Vec<u8>) -> io::Result<()> {
        let state: State = from_json(&snapshot)?;
        self.disk.written(kept(meta, snapshot)?).await?;
        self.applied.clone_from(&meta.last_log_id);
        self.membership = meta.last_membership.clone();
        self.published.set(Arc::new(state));
        self.published.applied(meta.last_log_id.as_ref().map_or(0, |id| id.index));
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        let Some(meta) = self.disk.kept_json(Kept::SnapshotMeta)? else { return Ok(None) };
        let snapshot = self.disk.kept(Kept::SnapshotState)?;
        Ok(snapshot.map(|snapshot| Snapshot { meta, snapshot }))
    }
}

impl RaftSnapshotBuilder<Types> for Photograph {
    type SnapshotData = Vec<u8>;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        let snapshot = to_json(&*self.state)?;
        self.disk.written(kept(&self.meta, snapshot.clone())?).await?;
        Ok(Snapshot { meta: self.meta.clone(), snapshot })
    }
}

fn kept(meta: &SnapshotMeta, state: Vec<u8>) -> io::Result<Vec<Write>> {
    Ok(vec![Write::Keep(Kept::SnapshotMeta, to_json(meta)?), Write::Keep(Kept::SnapshotState, state)])
}
