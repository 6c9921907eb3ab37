//! Copies that failed are reported to the metadata; copies take the place of others, and leave.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cluster::command::Command;
use model::id::{IndexUuid, ShardId, ShardNumber};
use parking_lot::RwLock;

use super::view::IndexView;
use super::{Indexes, OpenIndex, OpenShard};
use crate::clock::now_ms;

impl OpenShard {
    /// The failure of a copy that served, once: what the metadata is to be told. `id`: of this shard.
    pub fn fresh_failure(&self, id: ShardId) -> Option<Command> {
        let reason = self.opened()?.failure()?.to_string();
        let allocation = self.allocation.clone()?;
        let at_ms = now_ms();
        let failed = Command::CopyFailed { shard: id, allocation, term: None, reason, at_ms };
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

    /// Puts shards in their places, beside the others of their index, which is open from now on.
    pub(super) fn put(&self, view: Arc<IndexView>, fresh: Vec<Arc<OpenShard>>) {
        let uuid = view.metadata.uuid.clone();
        let is_open = self.open.read().contains_key(&uuid);
        if !is_open {
            let index = OpenIndex { view: RwLock::new(view), shards: sorted(fresh) };
            self.open.write().insert(uuid, Arc::new(index));
        } else if !fresh.is_empty() {
            self.change(&uuid, |shards| {
                shards.retain(|shard| !fresh.iter().any(|other| other.number == shard.number));
                shards.extend(fresh);
                *shards = sorted(std::mem::take(shards));
            });
        }
    }

    /// Lets shards of an index go.
    pub(super) fn let_go(&self, uuid: &IndexUuid, numbers: &[ShardNumber]) {
        let mut gone = Vec::new();
        self.change(uuid, |shards| {
            let (stale, kept) = std::mem::take(shards).into_iter().partition(|shard| numbers.contains(&shard.number));
            (gone, *shards) = (stale, kept);
        });
        for shard in &gone {
            self.retire(uuid, shard);
            self.left_behind(ShardId { index: uuid.clone(), number: shard.number });
        }
    }

    fn change(&self, uuid: &IndexUuid, change: impl FnOnce(&mut Vec<Arc<OpenShard>>)) {
        let Some(index) = self.open.read().get(uuid).cloned() else { return };
        let mut shards = index.shards.clone();
        change(&mut shards);
        let index = Arc::new(OpenIndex { view: RwLock::new(index.view()), shards });
        self.open.write().insert(uuid.clone(), index);
    }
}

fn sorted(mut shards: Vec<Arc<OpenShard>>) -> Vec<Arc<OpenShard>> {
    shards.sort_by_key(|shard| shard.number);
    shards
}
