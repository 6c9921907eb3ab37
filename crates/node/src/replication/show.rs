//! Refreshes of a shard: of the primary, and then of every replica, once each has what the primary has shown.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use grpc::route::Router;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, ShardId};
use replication::assignment::Role;
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
    /// When the replica's own refresh comes, rather than at once.
    scheduled: bool,
}

impl Room {
    /// Has every replica show what the primary here has shown. `scheduled`: when their refreshes come. A replica that does not answer does
    /// not fail this: it is asked by those who count on it.
    pub(crate) async fn show_everywhere(self: &Arc<Self>, scheduled: bool) {
        let Some((below, replicas)) = self.announce() else { return };
        let within = if scheduled { LONG } else { PATIENCE };
        let mut asked = tokio::task::JoinSet::new();
        for (copy, node) in replicas {
            let (exchange, show) = (self.exchange.clone(), Show { shard: self.shard.clone(), copy, below, scheduled });
            asked.spawn(async move { exchange.ask::<_, ()>(&node, SHOW, &show, within).await });
        }
        while let Some(answered) = asked.join_next().await {
            if let Ok(Err(error)) = answered {
                tracing::debug!("a replica of {}[{}] was not refreshed: {error}", self.index, self.shard.number);
            }
        }
    }

    /// Tells the replicas up to where everything is agreed on. Out: that, and who they are.
    fn announce(self: &Arc<Self>) -> Option<(u64, Vec<(AllocationId, NodeId)>)> {
        let desk = self.desk.lock();
        let protocol = desk.protocol().filter(|protocol| protocol.is_primary())?;
        let (assignment, global) = (protocol.assignment(), protocol.applied());
        let replicas = assignment.copies.iter().filter(|(_, role)| **role == Role::Replica);
        let replicas: Vec<(AllocationId, NodeId)> =
            replicas.filter_map(|(id, _)| Some((id.clone(), desk.places.get(id)?.clone()))).collect();
        for (to, node) in &replicas {
            let (from, to) = (self.me.clone(), to.clone());
            let (term, version, body) = (assignment.term, assignment.version, Body::Checkpoint { global });
            self.exchange.send(node.clone(), self.shard.clone(), Message { from, to, term, version, body });
        }
        Some((global.0, replicas))
    }

    /// As a replica.
    async fn show(self: Arc<Self>, below: u64, scheduled: bool) -> Result<(), Error> {
        let waits = self.desk.lock().wait_applied(below);
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
        room.show(asked.below, asked.scheduled).await
    });
}
