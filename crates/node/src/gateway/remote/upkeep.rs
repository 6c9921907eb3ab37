//! Upkeep of another node's shards on a client's request, and their counts.

use std::sync::Arc;

use grpc::route::Class;
use model::admin::{SegmentInfo, ShardStats};
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use serde::{Deserialize, Serialize};

use super::{Message, caught_up, held};
use crate::core::Core;
use crate::gateway::maintenance::{Work, carry_out};
use crate::gateway::stats::stats_of;
use crate::indexes::OpenShard;

/// Refreshes, flushes or merges.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Maintain {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) work: Work,
    pub(in crate::gateway) shards: Vec<(IndexUuid, ShardNumber)>,
}

impl Message for Maintain {
    const CLASS: Class = Class::Bulk;
    const KIND: &'static str = "shards.maintain";
    type Answer = Vec<Result<(), Error>>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        caught_up(&core, self.version).await?;
        let work = self.work;
        let begin = |(index, number): &(IndexUuid, ShardNumber)| {
            shard(&core, index, *number).map(|shard| tokio::spawn(carry_out(core.clone(), shard, work)))
        };
        let running: Vec<_> = self.shards.iter().map(begin).collect();
        let mut results = Vec::with_capacity(running.len());
        for done in running {
            results.push(match done {
                Ok(done) => done.await.map_err(|e| super::ended(&e)).and_then(|result| result),
                Err(error) => Err(error),
            });
        }
        Ok(results)
    }
}

/// Counts of shards.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Stats {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) shards: Vec<(IndexUuid, ShardNumber)>,
}

impl Message for Stats {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "shards.stats";
    type Answer = Vec<Result<(ShardStats, Vec<SegmentInfo>), Error>>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        caught_up(&core, self.version).await?;
        let inside = core.clone();
        let one = move |(index, number): &(IndexUuid, ShardNumber)| {
            shard(&inside, index, *number).and_then(|shard| stats_of(&inside, &shard))
        };
        core.search.run(move || self.shards.iter().map(one).collect()).await
    }
}

fn shard(core: &Core, index: &IndexUuid, number: ShardNumber) -> Result<Arc<OpenShard>, Error> {
    let state = core.state();
    let metadata = state.index_by_uuid(index).ok_or_else(|| Error::index_not_found(&index.0))?;
    held(&*core.indexes.get(metadata)?, number)
}
