//! Refresh, flush and forced merges, on request: every shard of the target, wherever it is, each failing alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::resolve::{Options, resolve};
use cluster::state::{IndexMetadata, NodeId};
use model::admin::{Caches, Flush, ForceMerge};
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
    /// Forgets what is kept of its answers, or of filters.
    Forget(Caches),
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

pub(super) async fn clear_caches(core: &Arc<Core>, target: Target, caches: Caches) -> Result<Shards, Error> {
    each(core, &target, Work::Forget(caches)).await
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
    /// Adds an index' shards: their primaries, or all copies that serve. Those that nobody holds have no part in it.
    pub(super) fn add(&mut self, core: &Core, index: &IndexMetadata, replicas: bool) -> Result<(), Error> {
        let (open, state) = (core.indexes.get(index)?, core.state());
        for (number, table) in (0..).map(ShardNumber).zip(&index.shards) {
            let named = (index.name.clone(), number);
            match Holder::primary(core, &state, &open, number) {
                Holder::Here(shard) => self.here.push((named.clone(), shard)),
                Holder::There(node) => self.there.entry(node).or_default().push((named.clone(), index.uuid.clone())),
                Holder::Nowhere(_) | Holder::Silent(..) => {}
            }
            let copies = table.started().filter(|(_, copy)| replicas && !copy.primary);
            for node in copies.map(|(_, copy)| &copy.node).filter(|node| state.nodes.contains_key(*node)) {
                if *node != core.identity.node {
                    self.there.entry(node.clone()).or_default().push((named.clone(), index.uuid.clone()));
                } else if let Some(shard) = open.shard(number) {
                    self.here.push((named.clone(), shard.clone()));
                }
            }
        }
        Ok(())
    }
}

async fn each(core: &Arc<Core>, target: &Target, work: Work) -> Result<Shards, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let (mut shards, mut spread) = (Shards::default(), Spread::default());
    // A primary has its replicas refreshed when it has told them what there is to show.
    let for_all = work == Work::Refresh;
    let mut copies = BTreeMap::<Named, u32>::new();
    for found in &found {
        shards.total += found.index.shards.len() as u32 * (1 + found.index.settings.typed().replicas);
        spread.add(core, &found.index, !for_all)?;
        for (number, table) in (0..).map(ShardNumber).zip(&found.index.shards).filter(|_| for_all) {
            copies.insert((found.index.name.clone(), number), cluster::health::active(table).max(1));
        }
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
    let begin = |(named, shard): (Named, Arc<OpenShard>)| (named, tokio::spawn(carry_out(core.clone(), shard, work)));
    let here: Vec<_> = spread.here.into_iter().map(begin).collect();
    let mut settle = |named: Named, node: Option<&NodeId>, result: Result<(), Error>| match result {
        Ok(()) => shards.successful += copies.get(&named).copied().unwrap_or(1),
        Err(error) => {
            let (index, shard) = named;
            shards.failures.push(ShardFailure { index, shard, node: node.map(|node| node.0.clone()), error });
        }
    };
    let ended = |error: tokio::task::JoinError| Error::new(ErrorKind::IllegalState, error.to_string());
    for (named, done) in here {
        settle(named, None, done.await.map_err(ended).and_then(|result| result));
    }
    while let Some(answered) = nodes.join_next().await {
        let (node, named, answer) = answered.map_err(ended)?;
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

/// Does it to a shard of this node, and has replicas elsewhere show what this primary shows.
///
/// # Errors
/// As [`maintain`].
pub(super) async fn carry_out(core: Arc<Core>, shard: Arc<OpenShard>, work: Work) -> Result<(), Error> {
    let (inside, here) = (core.clone(), shard.clone());
    core.write.run(move || maintain(&inside, &here, work)).await??;
    if work == Work::Refresh {
        shard.room()?.show_everywhere(false).await;
    }
    Ok(())
}

/// Does it to a shard of this node. Blocks for the disk.
///
/// # Errors
/// When the shard does not serve, or fails by it.
fn maintain(core: &Core, shard: &OpenShard, work: Work) -> Result<(), Error> {
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
        Work::Forget(Caches { request, query }) => {
            if request {
                core.request_cache.clear(&shard.used.cached);
            }
            if query {
                copy.clear_queries();
            }
            Ok(())
        }
    };
    done.map_err(Error::from)
}
