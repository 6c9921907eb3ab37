//! Writes to shards of another node.

use std::sync::Arc;

use grpc::route::Class;
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use model::task::TaskId;
use model::write::Refresh;
use serde::{Deserialize, Serialize};

use super::{Message, caught_up};
use crate::core::Core;
use crate::gateway::dispatch::is_writable;
use crate::gateway::holder::Holder;
use crate::gateway::write::{Group, Placed, Results, write_group};
use crate::indexes::OpenIndex;
use crate::pressure::bytes_of;
use crate::tasks::Begun;

/// Writes of one request, those of one node.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct WriteShards {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) refresh: Refresh,
    /// The task that it is for.
    pub(in crate::gateway) task: TaskId,
    pub(in crate::gateway) shards: Vec<ShardWrites>,
}

/// Writes of one shard, in order.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct ShardWrites {
    pub(in crate::gateway) index: IndexUuid,
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) writes: Vec<Placed>,
}

/// What became of them.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct ShardsWritten {
    /// Of the metadata that has every field which the writes brought.
    pub(in crate::gateway) version: StateVersion,
    /// In the order asked.
    pub(in crate::gateway) shards: Vec<Shard>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) enum Shard {
    Written(Results),
    /// This node does not have the shard: nothing was written.
    NotHere,
}

impl ShardWrites {
    pub(in crate::gateway) fn of(group: Group) -> (Arc<OpenIndex>, Self) {
        let index = group.index.view().metadata.uuid.clone();
        (group.index, Self { index, number: group.number, writes: group.writes })
    }

    pub(in crate::gateway) fn into_group(self, index: Arc<OpenIndex>) -> Group {
        Group { index, number: self.number, writes: self.writes }
    }

    /// Begins to write, on a task of its own: what has begun is carried out, whoever still waits.
    fn begin(self, core: &Arc<Core>, refresh: Refresh) -> Option<tokio::task::JoinHandle<Results>> {
        let state = core.state();
        let index = core.indexes.get(state.index_by_uuid(&self.index)?).ok()?;
        match Holder::primary(core, &state, &index, self.number) {
            Holder::Here(shard) if !is_writable(&shard) => None,
            Holder::Here(shard) => {
                Some(tokio::spawn(write_group(core.clone(), self.into_group(index), shard, refresh)))
            }
            Holder::There(_) | Holder::Silent(..) | Holder::Nowhere(_) => None,
        }
    }
}

impl Message for WriteShards {
    const CLASS: Class = Class::Bulk;
    const KIND: &'static str = "write.shards";
    type Answer = ShardsWritten;

    async fn answer(self, core: Arc<Core>) -> Result<ShardsWritten, Error> {
        let description = format!("requests[{}]", self.shards.iter().map(|shard| shard.writes.len()).sum::<usize>());
        let (action, parent) = ("indices:data/write/bulk[s]", Some(self.task));
        let _task = core.tasks.begin(Begun { action, description, parent, cancellable: false });
        let writes = self.shards.iter().flat_map(|shard| &shard.writes);
        let _in_hand = core.pressure.received.take(bytes_of(writes.map(|placed| &placed.write)));
        caught_up(&core, self.version).await?;
        let begun: Vec<_> = self.shards.into_iter().map(|shard| shard.begin(&core, self.refresh)).collect();
        let mut shards = Vec::with_capacity(begun.len());
        for job in begun {
            shards.push(match job {
                None => Shard::NotHere,
                Some(job) => Shard::Written(job.await.map_err(|e| super::ended(&e))?),
            });
        }
        Ok(ShardsWritten { version: core.state().version, shards })
    }
}
