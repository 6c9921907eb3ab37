//! Refresh, flush and forced merges, on request: every shard of the target, wherever it is, each failing alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::resolve::{Options, resolve};
use cluster::state::NodeId;
use model::admin::{Flush, ForceMerge};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::search::{ShardFailure, Shards};
use model::target::Target;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::holder::Holder;
use super::remote::{self, upkeep::Maintain};
use crate::core::Core;
use crate::indexes::OpenShard;

/// What is done to each shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Work {
    Refresh,
    Flush {
        force: bool,
    },
    Merge {
        max_num_segments: Option<u32>,
        only_expunge_deletes: bool,
    },
    /// Graphs over vectors are built and opened.
    Warm,
    /// Forgets what is kept of its answers.
    ClearCache,
}

pub(super) async fn warm_vectors(core: &Arc<Core>, target: Target) -> Result<Shards, Error> {
    each(core, &target, Work::Warm).await
}

pub(super) async fn refresh(core: &Arc<Core>, target: Target) -> Result<Shards, Error> {
    each(core, &target, Work::Refresh).await
}

/// Publishes what the shards of the target hold back, on this thread: it takes microseconds, and nothing where nothing is held back. A shard
/// that fails says so when it is searched.
pub(super) fn publish(core: &Core, target: &Target) -> Result<(), Error> {
    for found in resolve(&core.state(), target, Options::open())? {
        let Ok(index) = core.indexes.get(&found.index) else { continue };
        for copy in index.shards.iter().filter_map(|shard| shard.copy().ok()).filter(|copy| copy.is_dirty()) {
            if let Err(error) = copy.refresh() {
                tracing::debug!("a refresh before a search failed: {error}");
            }
        }
    }
    Ok(())
}

pub(super) async fn flush(core: &Arc<Core>, request: Flush) -> Result<Shards, Error> {
    if request.force && !request.wait_if_ongoing {
        return Err(Error::new(
            ErrorKind::ActionRequestValidation,
            "Validation Failed: 1: wait_if_ongoing must be true for a force flush;",
        ));
    }
    each(core, &request.target, Work::Flush { force: request.force }).await
}

pub(super) async fn force_merge(core: &Arc<Core>, request: ForceMerge) -> Result<Shards, Error> {
    let ForceMerge { target, max_num_segments, only_expunge_deletes, .. } = request;
    each(core, &target, Work::Merge { max_num_segments, only_expunge_deletes }).await
}

pub(super) async fn clear_request_cache(core: &Arc<Core>, target: Target) -> Result<Shards, Error> {
    each(core, &target, Work::ClearCache).await
}

/// A shard, and the name of its index.
pub(super) type Named = (Arc<str>, ShardNumber);

/// The shards of a target, by who holds them.
#[derive(Default)]
pub(super) struct Spread {
    pub(super) here: Vec<(Named, Arc<OpenShard>)>,
    pub(super) there: BTreeMap<NodeId, Vec<(Named, IndexUuid)>>,
}

impl Spread {
    /// Adds an index' shards. Those that nobody holds have no part in it.
    pub(super) fn add(&mut self, core: &Core, index: &cluster::state::IndexMetadata) -> Result<(), Error> {
        let (open, state) = (core.indexes.get(index)?, core.state());
        for number in (0..index.shards.len() as u32).map(ShardNumber) {
            let named = (index.name.clone(), number);
            match Holder::of(core, &state, &open, number) {
                Holder::Here(shard) => self.here.push((named, shard)),
                Holder::There(node) => self.there.entry(node).or_default().push((named, index.uuid.clone())),
                Holder::Nowhere(_) | Holder::Silent(..) => {}
            }
        }
        Ok(())
    }
}

async fn each(core: &Arc<Core>, target: &Target, work: Work) -> Result<Shards, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let (mut shards, mut spread) = (Shards::default(), Spread::default());
    for found in &found {
        shards.total += found.index.shards.len() as u32 * (1 + found.index.settings.typed().replicas);
        spread.add(core, &found.index)?;
    }
    let mut nodes = JoinSet::new();
    for (node, named) in spread.there {
        let core = core.clone();
        let asked = named.iter().map(|((_, number), uuid)| (uuid.clone(), *number)).collect();
        let message = Maintain { version: core.state().version, work, shards: asked };
        nodes.spawn(async move {
            let answer = remote::ask(&core, &node, &message, None).await;
            (node, named, answer)
        });
    }
    let begin = |(named, shard): (Named, Arc<OpenShard>)| {
        let inside = core.clone();
        (named, core.write.run(move || maintain(&inside, &shard, work)))
    };
    let here = spread.here.into_iter().map(begin);
    let here: Vec<_> = here.collect();
    let mut settle = |(index, shard): Named, node: Option<&NodeId>, result: Result<(), Error>| match result {
        Ok(()) => shards.successful += 1,
        Err(error) => {
            shards.failures.push(ShardFailure { index, shard, node: node.map(|node| node.0.clone()), error });
        }
    };
    for (named, done) in here {
        settle(named, None, done.await.and_then(|result| result));
    }
    while let Some(answered) = nodes.join_next().await {
        let (node, named, answer) = answered.map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))?;
        let lost = || Error::new(ErrorKind::IllegalState, "the node answered for fewer shards than it was asked for");
        let mut results = match answer {
            Ok(results) => results.into_iter(),
            Err(error) => vec![Err(Error::from(error)); named.len()].into_iter(),
        };
        named
            .into_iter()
            .for_each(|(name, _)| settle(name, Some(&node), results.next().unwrap_or_else(|| Err(lost()))));
    }
    Ok(shards)
}

/// Does it to a shard of this node. Blocks for the disk.
///
/// # Errors
/// When the shard does not serve, or fails by it.
pub(super) fn maintain(core: &Core, shard: &OpenShard, work: Work) -> Result<(), Error> {
    let copy = shard.copy()?;
    let done = match work {
        Work::Refresh => copy.refresh(),
        Work::Warm => {
            copy.warm_vectors();
            Ok(())
        }
        Work::Flush { force } => copy.flush(force),
        Work::Merge { max_num_segments, only_expunge_deletes } => {
            copy.force_merge(max_num_segments, only_expunge_deletes)
        }
        Work::ClearCache => {
            core.request_cache.clear(&shard.used.cached);
            Ok(())
        }
    };
    done.map_err(Error::from)
}
