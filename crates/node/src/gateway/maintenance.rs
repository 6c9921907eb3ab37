//! Refresh, flush and forced merges, on request: every shard of the target, each failing alone.

use std::sync::Arc;

use cluster::resolve::{Options, resolve};
use model::admin::{Flush, ForceMerge};
use model::error::Error;
use model::search::{ShardFailure, Shards};
use model::target::Target;
use shard::engine::ShardCopy;
use shard::error::ShardError;

use crate::core::Core;

pub(super) async fn refresh(core: &Arc<Core>, target: Target) -> Result<Shards, Error> {
    each(core, &target, |copy| copy.refresh()).await
}

pub(super) async fn flush(core: &Arc<Core>, request: Flush) -> Result<Shards, Error> {
    if request.force && !request.wait_if_ongoing {
        return Err(Error::new(
            model::error::ErrorKind::ActionRequestValidation,
            "Validation Failed: 1: wait_if_ongoing must be true for a force flush;",
        ));
    }
    let force = request.force;
    each(core, &request.target, move |copy| copy.flush(force)).await
}

pub(super) async fn force_merge(core: &Arc<Core>, request: ForceMerge) -> Result<Shards, Error> {
    let ForceMerge { target, max_num_segments, only_expunge_deletes, .. } = request;
    each(core, &target, move |copy| copy.force_merge(max_num_segments, only_expunge_deletes)).await
}

async fn each(
    core: &Arc<Core>,
    target: &Target,
    work: impl Fn(&Arc<ShardCopy>) -> Result<(), ShardError> + Clone + Send + 'static,
) -> Result<Shards, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let mut shards = Shards::default();
    let mut running = Vec::new();
    for found in &found {
        let index = core.indexes.get(&found.index)?;
        for shard in &index.shards {
            shards.total += 1 + found.index.settings.typed().replicas;
            let (shard, work) = (shard.clone(), work.clone());
            let number = shard.number;
            let done = core.write.run(move || shard.copy().and_then(|copy| work(copy).map_err(Error::from)));
            running.push((found.index.name.clone(), number, done));
        }
    }
    for (index, shard, done) in running {
        match done.await.and_then(|result| result) {
            Ok(()) => shards.successful += 1,
            Err(error) => shards.failures.push(ShardFailure { index, shard, node: None, error }),
        }
    }
    Ok(shards)
}
