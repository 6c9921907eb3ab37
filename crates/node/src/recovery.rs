//! How a copy of this node came to have what it has: kept from its opening on, for those who ask.
//!
//! In: what opening and replication do. Out: [`ShardRecovery`], except for what the metadata knows. Not here: recovering (`indexes`,
//! `replication`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cluster::state::NodeId;
use model::id::{AllocationId, ShardNumber};
use model::recovery::{RecoveredFile, RecoveryKind, RecoveryStage, RestoredFrom, ShardRecovery};
use parking_lot::Mutex;

use crate::clock::now_ms;

/// The recovery of one copy, under one assignment.
#[derive(Debug)]
pub(crate) struct Recovery {
    pub(crate) allocation: AllocationId,
    kind: RecoveryKind,
    restored_from: Option<Arc<RestoredFrom>>,
    begun: Instant,
    start_ms: u64,
    is_done: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    stage: RecoveryStage,
    source: Option<NodeId>,
    files: BTreeMap<String, RecoveredFile>,
    throttled_ms: u64,
    /// When each stage began, after the beginning.
    index: Option<Duration>,
    translog: Option<Duration>,
    done: Option<Duration>,
    /// The first operation that is not in the files.
    from: u64,
    operations: u64,
    total_operations: u64,
}

impl Recovery {
    /// `restored_from`: of the kind [`RecoveryKind::Snapshot`].
    pub(crate) fn new(
        allocation: AllocationId,
        kind: RecoveryKind,
        restored_from: Option<Arc<RestoredFrom>>,
    ) -> Arc<Self> {
        let seen = Seen {
            stage: RecoveryStage::Init,
            source: None,
            files: BTreeMap::new(),
            throttled_ms: 0,
            index: None,
            translog: None,
            done: None,
            from: 0,
            operations: 0,
            total_operations: 0,
        };
        let (begun, start_ms) = (Instant::now(), now_ms());
        let (is_done, seen) = (AtomicBool::new(false), Mutex::new(seen));
        Arc::new(Self { allocation, kind, restored_from, begun, start_ms, is_done, seen })
    }

    /// Whether it goes on.
    pub(crate) fn is_active(&self) -> bool {
        !self.is_done.load(Ordering::Acquire)
    }

    /// The node that gives.
    pub(crate) fn comes_from(&self, node: &NodeId) {
        self.seen.lock().source = Some(node.clone());
    }

    /// The copy begins with files of its own: names and lengths.
    pub(crate) fn finds(&self, files: Vec<(String, u64)>) {
        let reused = |(name, length): (String, u64)| RecoveredFile { name, length, reused: true, recovered: 0 };
        self.files(files.into_iter().map(reused).collect());
    }

    /// The files that the copy will be made of. Begins their stage.
    pub(crate) fn files(&self, files: Vec<RecoveredFile>) {
        let mut seen = self.seen.lock();
        seen.stage = RecoveryStage::Index;
        seen.index = Some(self.begun.elapsed());
        seen.files = files.into_iter().map(|file| (file.name.clone(), file)).collect();
    }

    /// So many bytes of a file are here; the sender has held back all of them for so long.
    pub(crate) fn received(&self, name: &str, bytes: u64, throttled_ms: u64) {
        let mut seen = self.seen.lock();
        seen.throttled_ms = throttled_ms;
        if let Some(file) = seen.files.get_mut(name) {
            file.recovered = bytes.min(file.length);
        }
    }

    /// From now on operations come, beginning with `from`.
    pub(crate) fn replays(&self, from: u64) {
        let mut seen = self.seen.lock();
        (seen.stage, seen.from) = (RecoveryStage::Translog, from);
        seen.translog = Some(self.begun.elapsed());
    }

    /// As [`Recovery::replays`], where that is not known yet.
    pub(crate) fn hears(&self, from: u64) {
        if self.seen.lock().stage == RecoveryStage::Init {
            self.replays(from);
        }
    }

    /// Everything below `here` has come, of what lies below `all`.
    pub(crate) fn has(&self, here: u64, all: u64) {
        let mut seen = self.seen.lock();
        if seen.stage == RecoveryStage::Translog {
            seen.operations = here.saturating_sub(seen.from);
            seen.total_operations = all.max(here).saturating_sub(seen.from);
        }
    }

    /// One more operation was replayed.
    pub(crate) fn replayed_one(&self) {
        let mut seen = self.seen.lock();
        seen.operations += 1;
        seen.total_operations = seen.total_operations.max(seen.operations);
    }

    /// So many were replayed.
    pub(crate) fn replayed(&self, operations: u64) {
        let mut seen = self.seen.lock();
        (seen.operations, seen.total_operations) = (operations, operations);
    }

    pub(crate) fn finish(&self) {
        let mut seen = self.seen.lock();
        if !self.is_done.swap(true, Ordering::AcqRel) {
            (seen.stage, seen.done) = (RecoveryStage::Done, Some(self.begun.elapsed()));
            seen.operations = seen.operations.max(seen.total_operations);
        }
    }

    /// `primary`: as the metadata says.
    pub(crate) fn shown(&self, index: Arc<str>, number: ShardNumber, primary: bool, target: &NodeId) -> ShardRecovery {
        let seen = self.seen.lock();
        let total = seen.done.unwrap_or_else(|| self.begun.elapsed());
        let between = |from: Option<Duration>, to: Duration| from.map_or(0, |from| millis(to.saturating_sub(from)));
        ShardRecovery {
            index,
            number,
            primary,
            kind: self.kind,
            restored_from: self.restored_from.clone(),
            stage: seen.stage,
            source: seen.source.as_ref().map(|node| node.0.clone()),
            target: target.0.clone(),
            start_ms: self.start_ms,
            stop_ms: seen.done.map(|took| self.start_ms + millis(took)),
            total_ms: millis(total),
            files: seen.files.values().cloned().collect(),
            files_ms: between(seen.index, seen.translog.unwrap_or(total)),
            throttled_ms: seen.throttled_ms,
            operations: seen.operations,
            total_operations: seen.total_operations,
            operations_ms: between(seen.translog, total),
        }
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovery() -> Arc<Recovery> {
        Recovery::new(AllocationId("a".into()), RecoveryKind::Peer, None)
    }

    fn shown(recovery: &Recovery) -> ShardRecovery {
        recovery.shown("films".into(), ShardNumber(0), false, &NodeId("n".into()))
    }

    #[test]
    fn files_come_and_then_operations() {
        let recovery = recovery();
        let file = |name: &str, reused| RecoveredFile { name: name.into(), length: 10, reused, recovered: 0 };
        recovery.files(vec![file("a", true), file("b", false)]);
        recovery.received("b", 25, 7);
        recovery.hears(3);
        assert_eq!(shown(&recovery).stage, RecoveryStage::Index);
        recovery.replays(100);
        recovery.has(104, 110);
        let seen = shown(&recovery);
        assert_eq!((seen.stage, seen.operations, seen.total_operations), (RecoveryStage::Translog, 4, 10));
        assert_eq!((seen.files[1].recovered, seen.throttled_ms, seen.stop_ms), (10, 7, None));
        recovery.has(112, 111);
        recovery.finish();
        recovery.has(200, 200);
        let seen = shown(&recovery);
        assert_eq!((seen.stage, seen.operations, seen.total_operations), (RecoveryStage::Done, 12, 12));
        assert!(!recovery.is_active() && seen.stop_ms.is_some());
    }
}
