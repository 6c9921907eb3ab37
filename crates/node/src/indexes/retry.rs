//! Copies that failed: reported to the metadata when they do, and opened again when somebody asks for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cluster::command::Command;
use cluster::state::NodeId;
use model::id::ShardId;
use parking_lot::RwLock;

use super::open::{Wanted, appointment};
use super::{Indexes, OpenIndex, OpenShard, Reconciling};
use crate::clock::now_ms;
use crate::metadata::Metadata;

impl OpenShard {
    /// The failure of a copy that served, once: what the metadata is to be told. `id`: of this shard.
    pub fn fresh_failure(&self, id: ShardId) -> Option<Command> {
        let reason = self.copy.as_ref().ok()?.failure()?.to_string();
        let allocation = self.allocation.clone()?;
        let at_ms = now_ms();
        let failed = Command::CopyFailed { shard: id, allocation, reason, at_ms };
        (!self.reported.swap(true, Ordering::AcqRel)).then_some(failed)
    }

    /// The metadata could not be told: it is to be told again.
    pub fn unreported(&self) {
        self.reported.store(false, Ordering::Release);
    }
}

impl Indexes {
    /// How many shards do not serve.
    pub fn failed_count(&self) -> usize {
        self.all().iter().flat_map(|index| &index.shards).filter(|shard| shard.failure().is_some()).count()
    }

    /// Opens every shard again that failed, from its last commit and its log. Returns how many there were.
    ///
    /// # Errors
    /// When the metadata cannot be written; nothing has changed then.
    pub fn retry(&self, _: &Reconciling<'_>, metadata: &Metadata, node: &NodeId) -> Result<usize, model::error::Error> {
        let wanted: Vec<Wanted> = self.all().iter().flat_map(failed_shards).collect();
        // From the metadata of now, for a view may be older than the last assignment.
        let state = metadata.state();
        let appoint = |shard: &Wanted| {
            let index = state.index_by_uuid(&shard.view.metadata.uuid)?;
            Some(appointment(index, shard.number, node))
        };
        let appointments: Vec<Command> = wanted.iter().filter_map(appoint).collect();
        metadata.submit_all(&appointments)?;
        for shard in &wanted {
            tracing::info!("shard {}[{}] is opened again", shard.view.metadata.name, shard.number);
            self.replace(shard, OpenShard::failed(shard.number, "it is being opened again".into()));
        }
        for (shard, opened) in wanted.iter().zip(self.open_all(&wanted, metadata)) {
            self.replace(shard, opened);
        }
        Ok(wanted.len())
    }

    /// Puts a shard in the place of the one that is there; lets that one go.
    fn replace(&self, wanted: &Wanted, shard: OpenShard) {
        let uuid = &wanted.view.metadata.uuid;
        let Some(index) = self.open.read().get(uuid).cloned() else { return };
        let at = wanted.number.0 as usize;
        let mut shards = index.shards.clone();
        self.retire(uuid, &shards[at]);
        shards[at] = Arc::new(shard);
        let index = Arc::new(OpenIndex { view: RwLock::new(index.view()), shards });
        self.open.write().insert(uuid.clone(), index);
    }
}

fn failed_shards(index: &Arc<OpenIndex>) -> Vec<Wanted> {
    let failed = index.shards.iter().filter(|shard| shard.failure().is_some());
    failed.map(|shard| Wanted { view: index.view(), number: shard.number }).collect()
}
