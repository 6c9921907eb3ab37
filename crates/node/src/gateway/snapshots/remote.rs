//! What nodes ask each other about snapshots.

use std::sync::Arc;

use grpc::route::Class;
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use serde::{Deserialize, Serialize};

use super::super::lease;
use super::super::remote::{Message, caught_up, held};
use super::blocking;
use crate::core::Core;
use crate::repository::{Repository, SavedShard};

/// Whether a node reads what another has written in a repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Prove {
    pub(super) repository: String,
    /// As it was registered.
    pub(super) location: String,
    pub(super) token: String,
}

impl Message for Prove {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "repository.prove";
    type Answer = ();

    async fn answer(self, core: Arc<Core>) -> Result<(), Error> {
        let repository = Repository::at(&self.repository, &self.location, &core.config.repositories)?;
        blocking(move || repository.prove(&self.token, &core.identity.node.0)).await
    }
}

/// Has a node put primaries that it holds into a repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Save {
    /// Of the metadata that the asker had.
    pub(super) version: StateVersion,
    pub(super) repository: String,
    pub(super) location: String,
    /// The uuid of the snapshot.
    pub(super) snapshot: String,
    pub(super) shards: Vec<(IndexUuid, ShardNumber)>,
}

impl Message for Save {
    const CLASS: Class = Class::Bulk;
    const KIND: &'static str = "shards.save";
    /// One by one, in their order.
    type Answer = Vec<Result<SavedShard, Error>>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        caught_up(&core, self.version).await?;
        let repository = Repository::at(&self.repository, &self.location, &core.config.repositories)?;
        let mut saved = Vec::with_capacity(self.shards.len());
        for (index, number) in &self.shards {
            saved.push(save(&core, &repository, (index, *number), &self.snapshot).await);
        }
        Ok(saved)
    }
}

/// Puts a shard's files into the repository, unless another node has become its primary meanwhile.
async fn save(
    core: &Arc<Core>,
    repository: &Repository,
    (index, number): (&IndexUuid, ShardNumber),
    snapshot: &str,
) -> Result<SavedShard, Error> {
    let state = core.state();
    let metadata = state.index_by_uuid(index).ok_or_else(|| Error::index_not_found(&index.0))?;
    let open = core.indexes.get(metadata)?;
    let shard = held(&open, number)?;
    let once = || {
        let (shard, repository) = (shard.clone(), repository.clone());
        let (uuid, snapshot) = (index.0.clone(), snapshot.to_owned());
        blocking(move || {
            let held = shard.copy()?.snapshot(&snapshot)?;
            repository.save(&held, (&uuid, number), &snapshot)
        })
    };
    if lease::is_alone(core, &open, &shard) { once().await } else { lease::certain(core, &open, &shard, once).await }
}
