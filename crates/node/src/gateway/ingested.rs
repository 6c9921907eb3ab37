//! What ingest pipelines have done on this node since it started.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::state::State;
use model::admin::{IngestStats, OperationStats};
use model::definition::Definition;
use parking_lot::Mutex;

/// Documents that went through pipelines.
#[derive(Default)]
pub(crate) struct IngestCounts(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    all: Count,
    pipelines: BTreeMap<String, Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    documents: u64,
    failed: u64,
    took: Duration,
}

impl Count {
    fn add(&mut self, failed: bool, took: Duration) {
        self.documents += 1;
        self.failed += u64::from(failed);
        self.took += took;
    }

    fn shown(self) -> OperationStats {
        let time_ms = self.took.as_millis() as u64;
        OperationStats { total: self.documents, time_ms, current: 0, failed: self.failed }
    }
}

impl IngestCounts {
    /// A document went through a pipeline that its request or its index names, or was tried in it.
    pub(super) fn through(&self, pipeline: &str, failed: bool, took: Duration) {
        let pipelines = &mut self.0.lock().pipelines;
        match pipelines.get_mut(pipeline) {
            Some(count) => count.add(failed, took),
            None => pipelines.entry(pipeline.to_owned()).or_default().add(failed, took),
        }
    }

    /// A document went through all of its pipelines.
    pub(super) fn document(&self, failed: bool, took: Duration) {
        self.0.lock().all.add(failed, took);
    }

    /// The pipelines of `state`, those that did nothing too; others are forgotten.
    pub(super) fn stats(&self, state: &State) -> IngestStats {
        let counts = &mut *self.0.lock();
        counts.pipelines.retain(|id, _| state.definition(Definition::IngestPipeline, id).is_some());
        let known = state.definitions.get(&Definition::IngestPipeline).into_iter().flat_map(BTreeMap::keys);
        let count = |id: &str| counts.pipelines.get(id).copied().unwrap_or_default().shown();
        IngestStats { total: counts.all.shown(), pipelines: known.map(|id| (id.to_string(), count(id))).collect() }
    }
}
