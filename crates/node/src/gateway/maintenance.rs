//! Refresh, flush and forced merges, on request: every shard of the target, wherever it is, each failing alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::resolve::{Options, resolve};
use cluster::state::{IndexMetadata, NodeId};
use model::admin::{Caches, Flush, ForceMerge};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::search::{ShardFailure, Shards};
use model::target::Target;
use serde::{Deserialize, Serialize};
use shard::engine::ShardCopy;
use tokio::task::JoinSet;

use super::cluster::POLL;
use super::holder::Holder;
use super::lease;
use super::reading::{is_elsewhere, is_served};
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

/// Publishes what the shards of the target hold back. A shard that fails says so when it is searched.
pub(super) async fn publish(core: &Core, target: &Target) -> Result<(), Error> {
    for found in resolve(&core.state(), target, Options::open())? {
        let Ok(index) = core.indexes.get(&found.index) else { continue };
        for copy in index.shards.iter().filter_map(|shard| shard.copy().ok()).filter(|copy| copy.is_dirty()) {
            if let Err(error) = refresh_copy(core, copy).await {
                tracing::debug!("a refresh before a search failed: {error}");
            }
        }
    }
    Ok(())
}

/// Refreshes a copy: on this thread where that takes microseconds.
///
/// # Errors
/// What breaks the copy; 429 when too much waits to be written.
pub(super) async fn refresh_copy(core: &Core, copy: Arc<ShardCopy>) -> Result<(), Error> {
    match copy.is_soon_refreshed() {
        true => super::caught_in("refresh", || Ok(copy.refresh()?))?,
        false => core.write.run(move || copy.refresh()).await??,
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
    fn retain(&mut self, wanted: impl Fn(&Named) -> bool) {
        self.here.retain(|(named, _)| wanted(named));
        self.there.values_mut().for_each(|shards| shards.retain(|(named, _)| wanted(named)));
        self.there.retain(|_, shards| !shards.is_empty());
    }

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

/// How long a refresh waits for a shard whose primary has moved, or does not answer, while a copy is left.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the work on one shard; the node where that was, if it is another.
type Done = (Named, Option<NodeId>, Result<(), Error>);

async fn each(core: &Arc<Core>, target: &Target, work: Work) -> Result<Shards, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let mut shards = Shards::default();
    // A primary has its replicas refreshed when it has told them what there is to show.
    let for_all = work == Work::Refresh;
    let (mut copies, mut served_by) = (BTreeMap::<Named, u32>::new(), BTreeMap::<Named, IndexUuid>::new());
    for found in &found {
        shards.total += found.index.shards.len() as u32 * (1 + found.index.settings.typed().replicas);
        for (number, table) in (0..).map(ShardNumber).zip(&found.index.shards).filter(|_| for_all) {
            let named = (found.index.name.clone(), number);
            copies.insert(named.clone(), cluster::health::active(table).max(1));
            served_by.insert(named, found.index.uuid.clone());
        }
    }
    let until = Instant::now() + PATIENCE;
    let mut again = BTreeMap::<Named, Error>::new();
    loop {
        let mut spread = Spread::default();
        found.iter().try_for_each(|found| spread.add(core, &found.index, !for_all))?;
        if !again.is_empty() {
            spread.retain(|named| again.contains_key(named));
        }
        for (named, node, result) in carry_out_all(core, spread, work).await? {
            again.remove(&named);
            match result {
                Ok(()) => shards.successful += copies.get(&named).copied().unwrap_or(1),
                Err(error) if for_all && has_moved(core, (&error, until), (&served_by[&named], named.1)) => {
                    again.insert(named, error);
                }
                Err(error) => {
                    let ((index, shard), node) = (named, node.map(|node| node.0));
                    shards.failures.push(ShardFailure { index, shard, node, error });
                }
            }
        }
        if again.is_empty() || Instant::now() >= until {
            let missing = |((index, shard), error)| ShardFailure { index, shard, node: None, error };
            shards.failures.extend(again.into_iter().map(missing));
            return Ok(shards);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether another node is, or soon will be, the one to ask.
fn has_moved(core: &Core, (error, until): (&Error, Instant), (index, number): (&IndexUuid, ShardNumber)) -> bool {
    is_elsewhere(error) && Instant::now() < until && is_served(&core.state(), index, number)
}

/// Does it to all of these shards, each failing alone.
async fn carry_out_all(core: &Arc<Core>, spread: Spread, work: Work) -> Result<Vec<Done>, Error> {
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
    let ended = |error: tokio::task::JoinError| Error::new(ErrorKind::IllegalState, error.to_string());
    let mut all: Vec<Done> = Vec::new();
    for (named, done) in here {
        all.push((named, None, done.await.map_err(ended).and_then(|result| result)));
    }
    while let Some(answered) = nodes.join_next().await {
        let (node, named, answer) = answered.map_err(ended)?;
        let lost = || Error::new(ErrorKind::IllegalState, "the node answered for fewer shards than it was asked for");
        let mut results = match answer {
            Ok(results) => results.into_iter(),
            Err(error) => vec![Err(Error::from(error)); named.len()].into_iter(),
        };
        let done = |(name, _)| (name, Some(node.clone()), results.next().unwrap_or_else(|| Err(lost())));
        all.extend(named.into_iter().map(done));
    }
    Ok(all)
}

/// Does it to a shard of this node. A refresh is one of the primary, which has replicas elsewhere show what it shows: who is the primary no
/// more does not know what there is to show.
///
/// # Errors
/// As [`maintain`]; `no_shard_available_action_exception` for a refresh where the primary is elsewhere, or may be.
pub(super) async fn carry_out(core: Arc<Core>, shard: Arc<OpenShard>, work: Work) -> Result<(), Error> {
    let once = || async {
        let (inside, here) = (core.clone(), shard.clone());
        core.write.run(move || maintain(&inside, &here, work)).await??;
        if work == Work::Refresh {
            shard.room()?.show_everywhere(false).await;
        }
        Ok(())
    };
    let open = shard.room().ok().and_then(|room| core.indexes.current(&room.shard.index));
    match open.filter(|open| work == Work::Refresh && !lease::is_alone(&core, open, &shard)) {
        Some(open) => lease::certain(&core, &open, &shard, once).await,
        None => once().await,
    }
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
