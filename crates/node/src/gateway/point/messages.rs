//! What nodes ask each other about what they keep.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grpc::route::{Class, Router};
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use serde::{Deserialize, Serialize};

use super::kept::KeptShard;
use super::scroll::{End, NextPage};
use crate::clock::now_ms;
use crate::core::Core;
use crate::gateway::remote::{self, Message};
use crate::gateway::upkeep;

/// How this node answers others.
pub(in crate::gateway) fn routes(core: &Arc<Core>, router: &mut Router) {
    remote::on::<Open>(core, router);
    remote::on::<Name>(core, router);
    remote::on::<Close>(core, router);
    remote::on::<List>(core, router);
    remote::on::<NextPage>(core, router);
    remote::on::<End>(core, router);
}

/// Keep readers of these shards.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Open {
    /// Of the metadata that the asker had.
    pub(super) version: StateVersion,
    pub(super) shards: Vec<(IndexUuid, ShardNumber)>,
    pub(super) keep_ms: u64,
    pub(super) scroll: bool,
    /// Shards that the node may keep in all.
    pub(super) most: u64,
}

impl Message for Open {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "point.open";
    /// Under which number, and what came of each shard.
    type Answer = (u64, Vec<Result<(), Error>>);

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        remote::caught_up(&core, self.version).await?;
        let for_job = core.clone();
        core.search.run(move || self.open(&for_job)).await?
    }
}

impl Open {
    fn open(&self, core: &Core) -> Result<(u64, Vec<Result<(), Error>>), Error> {
        let (mut kept, mut opened) = (Vec::new(), Vec::new());
        for (index, number) in &self.shards {
            let shard = read(core, index, *number);
            opened.push(shard.map(|shard| kept.push(shard)));
        }
        let keep = Duration::from_millis(self.keep_ms);
        let number = core.points.keep(kept, keep, (self.scroll, self.most as usize), Instant::now())?;
        Ok((number, opened))
    }
}

/// A shard as a search that begins now would see it.
fn read(core: &Core, index: &IndexUuid, number: ShardNumber) -> Result<KeptShard, Error> {
    let state = core.state();
    let metadata = state.index_by_uuid(index).ok_or_else(|| Error::index_not_found(&index.0))?;
    let open = core.indexes.get(metadata)?;
    let shard = remote::held(&open, number)?;
    let copy = shard.copy()?;
    upkeep::wake(&open.view(), &shard, &copy, now_ms())?;
    let reader = copy.reader();
    Ok(KeptShard { index: index.clone(), number, reader, shard: shard.clone() })
}

/// Clients know what is kept by this id.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Name {
    pub(super) context: u64,
    pub(super) id: String,
}

impl Message for Name {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "point.name";
    type Answer = ();

    async fn answer(self, core: Arc<Core>) -> Result<(), Error> {
        core.points.name(self.context, self.id);
        Ok(())
    }
}

/// Let go.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Close {
    pub(super) context: u64,
}

impl Message for Close {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "point.close";
    /// How many shards were kept.
    type Answer = u64;

    async fn answer(self, core: Arc<Core>) -> Result<u64, Error> {
        Ok(core.points.close(self.context) as u64)
    }
}

/// Which points in time there are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct List;

impl Message for List {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "point.list";
    /// Id, when it was made, how long it is kept.
    type Answer = Vec<(String, u64, u64)>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        let shown = |point: model::point::PointKept| (point.id, point.created_ms, point.keep_alive_ms);
        Ok(core.points.list().into_iter().map(shown).collect())
    }
}
