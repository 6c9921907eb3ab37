//! How copies came to have what they have, and where data of shards lie: asked of every node. A node that does not answer is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cluster::health::index_health;
use cluster::resolve::{Options, Resolved, resolve};
use cluster::state::{NodeId, ShardTable};
use grpc::route::Class;
use model::admin::{HealthStatus, ShardInfo};
use model::error::Error;
use model::id::{IndexUuid, ShardId, ShardNumber, StateVersion};
use model::recovery::{ShardRecovery, ShardStore, ShardStores, StoreUse, StoresRequest};
use model::target::Target;
use serde::{Deserialize, Serialize};

use super::remote::{self, Message, caught_up};
use crate::core::Core;

/// How long another node may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The recoveries of a node's copies of these indexes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Recoveries {
    /// Of the metadata that the asker had.
    version: StateVersion,
    indexes: BTreeSet<IndexUuid>,
}

impl Message for Recoveries {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "node.recoveries";
    type Answer = Vec<ShardRecovery>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        caught_up(&core, self.version).await?;
        let inside = core.clone();
        core.search.run(move || own_recoveries(&inside, &self.indexes)).await
    }
}

/// Which of these shards a node has data of, and why they do not serve where they do not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stores {
    version: StateVersion,
    shards: Vec<ShardId>,
}

/// `None`: nothing lies there.
type Found = Option<Result<(), Error>>;

impl Message for Stores {
    const CLASS: Class = Class::Control;
    const KIND: &'static str = "node.stores";
    type Answer = Vec<Found>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        caught_up(&core, self.version).await?;
        let inside = core.clone();
        core.search.run(move || self.shards.iter().map(|shard| own_store(&inside, shard)).collect()).await
    }
}

pub(super) async fn recoveries(core: &Arc<Core>, target: &Target) -> Result<Vec<ShardRecovery>, Error> {
    let found = resolve(&core.state(), target, Options::open_and_closed())?;
    let indexes = found.iter().map(|found| found.index.uuid.clone()).collect();
    let asked = Recoveries { version: core.state().version, indexes };
    let answers = everywhere(core, &asked).await;
    let mut all: Vec<ShardRecovery> = answers.into_values().flatten().collect();
    all.sort_by(|a, b| (&a.index, a.number, !a.primary, &a.target).cmp(&(&b.index, b.number, !b.primary, &b.target)));
    Ok(all)
}

fn own_recoveries(core: &Core, indexes: &BTreeSet<IndexUuid>) -> Vec<ShardRecovery> {
    let (state, own) = (core.state(), &core.identity.node);
    let shown = |(shard, recovery): (ShardId, Arc<crate::recovery::Recovery>)| {
        let index = state.index_by_uuid(&shard.index).filter(|_| indexes.contains(&shard.index))?;
        let table = index.shard(shard.number)?;
        let copy = table.copies.get(&recovery.allocation).filter(|copy| copy.node == *own)?;
        if copy.started && recovery.is_active() {
            // The copy has everything and may not have heard so.
            let room = core.indexes.room(&shard).filter(|room| room.me == recovery.allocation);
            room.iter().for_each(|room| room.catch_up());
        }
        let replaced = copy.replaces.as_ref().and_then(|replaced| table.copies.get(replaced));
        let primary = copy.primary || replaced.is_some_and(|replaced| replaced.primary);
        Some(recovery.shown(index.name.clone(), shard.number, primary, own))
    };
    core.indexes.recoveries().into_iter().filter_map(shown).collect()
}

fn own_store(core: &Core, shard: &ShardId) -> Found {
    let open = core.indexes.current(&shard.index);
    let open = open.as_ref().and_then(|index| index.shard(shard.number));
    if let Some(open) = open {
        return Some(open.copy().map(drop));
    }
    core.indexes.has_data(shard).then_some(Ok(()))
}

pub(super) async fn stores(core: &Arc<Core>, request: &StoresRequest) -> Result<Vec<ShardStores>, Error> {
    let state = core.state();
    let found = resolve(&state, &request.target, Options::open_and_closed())?;
    let wanted: Vec<(&Resolved, ShardNumber)> =
        found.iter().flat_map(|found| wanted(found, &request.statuses).map(move |number| (found, number))).collect();
    let id = |(found, number): &(&Resolved, ShardNumber)| ShardId { index: found.index.uuid.clone(), number: *number };
    let asked = Stores { version: state.version, shards: wanted.iter().map(id).collect() };
    let answers = everywhere(core, &asked).await;
    let of_shard = |(at, (found, number)): (usize, &(&Resolved, ShardNumber))| {
        let none = ShardTable::default();
        let table = found.index.shard(*number).unwrap_or(&none);
        let store = |(node, answer): (&NodeId, &Vec<Found>)| {
            let found = answer.get(at)?.clone()?;
            Some(store(table, node, found.err()))
        };
        let mut stores: Vec<ShardStore> = answers.iter().filter_map(store).collect();
        stores.sort_by(|a, b| (a.used_by, &a.node).cmp(&(b.used_by, &b.node)));
        ShardStores { index: found.index.name.clone(), number: *number, stores }
    };
    Ok(wanted.iter().enumerate().map(of_shard).collect())
}

/// The shards of an index whose health is one of those that are asked for.
fn wanted<'a>(found: &'a Resolved, statuses: &'a [HealthStatus]) -> impl Iterator<Item = ShardNumber> + 'a {
    let mut of_shard = BTreeMap::<ShardNumber, Vec<ShardInfo>>::new();
    let health = index_health(&found.index, 0);
    health.copies.into_iter().for_each(|copy| of_shard.entry(copy.number).or_default().push(copy));
    let status = |copies: &[ShardInfo]| match found.index.open {
        true => HealthStatus::of(1, copies),
        false => HealthStatus::Green,
    };
    let numbers = of_shard.into_iter().filter(move |(_, copies)| statuses.contains(&status(copies)));
    numbers.map(|(number, _)| number)
}

fn store(table: &ShardTable, node: &NodeId, failure: Option<Error>) -> ShardStore {
    let assigned = table.copies.iter().find(|(_, copy)| copy.node == *node);
    let used_by = match assigned {
        Some((_, copy)) if copy.primary => StoreUse::Primary,
        Some(_) => StoreUse::Replica,
        None => StoreUse::Unused,
    };
    let left = table.in_sync.iter().find(|(_, home)| *home == node).map(|(id, _)| id);
    let allocation_id = assigned.map(|(id, _)| id).or(left).map(|id| id.0.clone());
    ShardStore { node: node.0.clone(), allocation_id, used_by, failure }
}

/// The nodes that have data of these shards.
pub(super) async fn holders(core: &Arc<Core>, shards: Vec<ShardId>) -> BTreeMap<ShardId, BTreeSet<NodeId>> {
    let answers = everywhere(core, &Stores { version: core.state().version, shards: shards.clone() }).await;
    let of_shard = |(at, shard): (usize, ShardId)| {
        let has = |(_, answer): &(&NodeId, &Vec<Found>)| matches!(answer.get(at), Some(Some(_)));
        (shard, answers.iter().filter(has).map(|(node, _)| node.clone()).collect())
    };
    shards.into_iter().enumerate().map(of_shard).collect()
}

/// Asks this node and all others; those that do not answer are left out.
async fn everywhere<M: Message + Clone>(core: &Arc<Core>, message: &M) -> BTreeMap<NodeId, M::Answer>
where
    M::Answer: 'static,
{
    let nodes: Vec<NodeId> = core.state().nodes.keys().cloned().collect();
    let answers = remote::ask_each(core, nodes, message, PATIENCE).await;
    answers.into_iter().filter_map(|(node, answer)| Some((node, answer.ok()?))).collect()
}
