//! Refreshes of a shard: of the primary, and then of every copy that counts, once each has what the primary has shown. One that has recovered
//! is refreshed before it is searched.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Router;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, PrimaryTerm, SeqNo, ShardId};
use replication::assignment::Role;
use replication::event::Event;
use replication::message::{Body, Message};
use serde::{Deserialize, Serialize};
use shard::engine::ShardCopy;
use tokio::sync::oneshot;

use super::exchange::on;
use super::room::Room;
use crate::core::Core;

const SHOW: &str = "replication.show";
/// How long a replica may take; one that takes longer is on its way out.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long somebody waits for a refresh that comes by itself.
const LONG: Duration = Duration::from_secs(600);

/// Let searches see everything below `below`.
#[derive(Serialize, Deserialize)]
struct Show {
    shard: ShardId,
    copy: AllocationId,
    below: u64,
    /// Of the primary that asks.
    term: PrimaryTerm,
    /// When the replica's own refresh comes, rather than at once.
    scheduled: bool,
}

/// Who is to show what.
struct Shown {
    below: SeqNo,
    term: PrimaryTerm,
    /// Where each is, and whether it is searched already: only then it may wait for a refresh of its own.
    copies: Vec<(AllocationId, NodeId, bool)>,
}

impl Room {
    /// Has every copy that counts show what the primary here has shown. `scheduled`: when their refreshes come. One that does not answer does
    /// not fail this: it is asked by those who count on it.
    pub(crate) async fn show_everywhere(self: &Arc<Self>, scheduled: bool) {
        let Some(Shown { below, term, copies }) = self.announce() else { return };
        let mut asked = tokio::task::JoinSet::new();
        for (copy, node, is_searched) in copies {
            let scheduled = scheduled && is_searched;
            let within = if scheduled { LONG } else { PATIENCE };
            let (exchange, shard) = (self.exchange.clone(), self.shard.clone());
            let show = Show { shard, copy, below: below.0, term, scheduled };
            asked.spawn(async move { exchange.ask::<_, ()>(&node, SHOW, &show, within).await });
        }
        while let Some(answered) = asked.join_next().await {
            if let Ok(Err(error)) = answered {
                tracing::debug!("a copy of {}[{}] was not refreshed: {error}", self.index, self.shard.number);
            }
        }
    }

    /// Tells the copies up to where everything is agreed on. One that has come to count after this is refreshed before it is searched. Where the
    /// primary has moved meanwhile, those that are searched are asked, the new primary among them.
    fn announce(self: &Arc<Self>) -> Option<Shown> {
        let desk = self.desk.lock();
        let protocol = desk.protocol()?;
        let (assignment, below) = (protocol.assignment(), protocol.applied());
        let is_searched = |id: &AllocationId| assignment.copies.get(id).is_some_and(|role| is_started(*role));
        let counted = match protocol.is_primary() {
            true => protocol.counted(),
            false => assignment.copies.keys().filter(|id| is_searched(id) && **id != self.me).cloned().collect(),
        };
        let place = |id: AllocationId| {
            let (node, is_searched) = (desk.places.get(&id)?.clone(), is_searched(&id));
            Some((id, node, is_searched))
        };
        let copies: Vec<_> = counted.into_iter().filter_map(place).collect();
        let (term, version) = (assignment.term, assignment.version);
        for (to, node, _) in copies.iter().filter(|_| protocol.is_primary()) {
            let (from, to, body) = (self.me.clone(), to.clone(), Body::Checkpoint { global: below });
            self.exchange.send(node.clone(), self.shard.clone(), Message { from, to, term, version, body });
        }
        Some(Shown { below, term, copies })
    }

    /// As a copy that counts. A primary that there is no longer is refused: its successor does not know what it shows.
    async fn show(self: Arc<Self>, asked: Show) -> Result<(), Error> {
        let Show { below, term, scheduled, .. } = asked;
        let waits = {
            let mut desk = self.desk.lock();
            if desk.protocol().is_some_and(|protocol| protocol.assignment().term > term) {
                return Err(self.not_serving());
            }
            desk.wait_applied(below)
        };
        if let Some(applied) = waits {
            tokio::time::timeout(PATIENCE, applied)
                .await
                .map_err(|_| self.not_serving())?
                .map_err(|_| self.not_serving())?;
        }
        let engine = self.desk.lock().engine().ok_or_else(|| self.not_serving())?;
        if scheduled {
            return visible(&engine, below).await.map_err(|_| self.not_serving());
        }
        Ok(self.exchange.run(move || engine.refresh()).await??)
    }

    fn not_serving(&self) -> Error {
        let reason = format!("shard [{}][{}] is not ready to be refreshed", self.index, self.shard.number);
        Error::new(ErrorKind::NoShardAvailable, reason)
    }
}

fn is_started(role: Role) -> bool {
    matches!(role, Role::Primary | Role::Replica)
}

/// Has a copy that is to be searched soon show everything below a number, and tells the protocol of the primary here whether it does.
pub(super) fn bring_in(room: &Arc<Room>, node: NodeId, (copy, below, term): (AllocationId, SeqNo, PrimaryTerm)) {
    let (room, exchange) = (room.clone(), room.exchange.clone());
    exchange.clone().spawn(async move {
        let (shard, to) = (room.shard.clone(), copy.clone());
        let show = Show { shard, copy: to, below: below.0, term, scheduled: false };
        let answered: Result<(), _> = exchange.ask(&node, SHOW, &show, PATIENCE).await;
        if let Err(error) = &answered {
            tracing::debug!("a new copy of {}[{}] is not refreshed yet: {error}", room.index, room.shard.number);
        }
        room.post(Event::Shown { copy, term, done: answered.is_ok() });
    });
}

async fn visible(engine: &Arc<ShardCopy>, below: u64) -> Result<(), oneshot::error::RecvError> {
    let Some(last) = below.checked_sub(1) else { return Ok(()) };
    let (tell, told) = oneshot::channel();
    // Who does not wait any more need not be told.
    engine.on_visible(last, move || {
        let _ = tell.send(());
    });
    told.await
}

pub(super) fn routes(core: &Arc<Core>, router: &mut Router) {
    on(core, router, SHOW, |exchange, asked: Show| async move {
        let missing = || Error::new(ErrorKind::NoShardAvailable, "the copy is not on this node");
        let room = exchange.room(&asked.shard, &asked.copy).ok_or_else(missing)?;
        room.show(asked).await
    });
}
