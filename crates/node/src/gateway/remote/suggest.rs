//! What the shards of one node tell for suggestions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grpc::route::Class;
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use search::suggest::{Ask, Told};
use serde::{Deserialize, Serialize};
use shard::execute::Verdict;

use super::{Message, caught_up, held};
use crate::core::Core;
use crate::gateway::patience::{Guard, SearchPatience};

/// Questions about the terms of some shards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Tell {
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) indexes: Vec<AskedIndex>,
    /// `None`: as long as it takes.
    pub(in crate::gateway) remaining_ms: Option<u64>,
}

/// The shards of one index, and what they are asked: of each index as many questions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct AskedIndex {
    pub(in crate::gateway) uuid: IndexUuid,
    pub(in crate::gateway) shards: Vec<ShardNumber>,
    pub(in crate::gateway) asks: Arc<Vec<Ask>>,
}

impl Message for Tell {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "search.suggest";
    /// One a question, of all shards together.
    type Answer = Vec<Told>;

    async fn answer(self, core: Arc<Core>) -> Result<Vec<Told>, Error> {
        caught_up(&core, self.version).await?;
        let guard = Guard::hasty(self.remaining_ms.map(|left| Instant::now() + Duration::from_millis(left)));
        let mut sum = Vec::new();
        for index in &self.indexes {
            for number in &index.shards {
                add(&mut sum, tell(&core, index, *number, &guard).await?);
            }
        }
        Ok(sum)
    }
}

/// Adds the answers of one shard to those of others.
pub(in crate::gateway) fn add(sum: &mut Vec<Told>, told: Vec<Told>) {
    if sum.is_empty() {
        *sum = told;
        return;
    }
    sum.iter_mut().zip(told).for_each(|(sum, told)| sum.merge(told));
}

/// What a shard of this node tells.
///
/// # Errors
/// It is not here, it does not serve, a pattern does not read.
pub(in crate::gateway) async fn tell(
    core: &Core,
    index: &AskedIndex,
    number: ShardNumber,
    guard: &Guard,
) -> Result<Vec<Told>, Error> {
    let metadata = core.state().index_by_uuid(&index.uuid).cloned();
    let metadata = metadata.ok_or_else(|| Error::index_not_found(&index.uuid.0))?;
    let open = core.indexes.get(&metadata)?;
    let reader = held(&open, number)?.copy()?.reader();
    let (asks, patience, name) = (index.asks.clone(), guard.patience(), metadata.name.clone());
    core.search.run(move || told(&reader, &asks, &name, &patience)).await?
}

fn told(
    reader: &shard::reader::Reader,
    asks: &[Ask],
    name: &str,
    patience: &SearchPatience,
) -> Result<Vec<Told>, Error> {
    use shard::execute::Patience;
    let one = |ask| crate::gateway::caught(|| shard::suggest::tell(reader, ask, name, patience));
    let told = asks.iter().map(one).collect();
    if patience.verdict() == Verdict::Cancelled {
        return Err(Error::new(model::error::ErrorKind::TaskCancelled, "the search was cancelled"));
    }
    told
}
