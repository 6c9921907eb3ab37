//! Graphs over the vectors of sealed segments: built in the background, one after the other, on the threads that merge.
//!
//! A segment is searched by scan until its graph is there. What fails here costs speed alone, so the copy does not fail with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::held::Body;
use super::{ShardCopy, Work, caught};
use crate::error::ShardError;
use crate::fields::{FieldSlot, GraphLayout, Layout};
use crate::segment::disk::SealedSegment;

/// A graph that is wanted.
struct Missing {
    segment: Arc<SealedSegment>,
    slot: FieldSlot,
    layout: GraphLayout,
}

/// What a copy's vectors take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VectorStats {
    /// Bytes of vectors and graphs that are open, mapped or in memory.
    pub bytes: u64,
    /// Of them graphs.
    pub graph_bytes: u64,
    /// Graphs that are in use.
    pub graphs: u64,
    /// Graphs that are still to be built.
    pub missing: u64,
    /// Graphs built since the copy was opened, and what that took.
    pub built: u64,
    pub built_ms: u64,
}

impl ShardCopy {
    /// Has the graphs built that are missing. One job waits at most; when it runs it asks for the next.
    pub(super) fn graphs_in_background(self: &Arc<Self>) {
        if self.is_closing() || self.missing_graph().is_none() {
            return;
        }
        if !self.counters.graph_waits.swap(true, Ordering::AcqRel) {
            let copy = Arc::downgrade(self);
            (self.spawn)(
                Work::Merge,
                Box::new(move || {
                    let Some(copy) = copy.upgrade() else { return };
                    let built = copy.missing_graph().map(|missing| copy.build_graph(&missing));
                    copy.counters.graph_waits.store(false, Ordering::Release);
                    if built.is_some() {
                        copy.graphs_in_background();
                    }
                }),
            );
        }
    }

    /// Builds all graphs that are missing, and opens those that are there. Blocks until it is done.
    pub fn warm_vectors(&self) {
        while let Some(missing) = self.missing_graph() {
            if self.is_closing() {
                return;
            }
            self.build_graph(&missing);
        }
    }

    fn sealed_with_vectors(&self) -> Vec<Arc<SealedSegment>> {
        let segments = self.segments.lock();
        let sealed = segments.held.iter().filter_map(|held| match &held.body {
            Body::Sealed(segment) if segment.has_vectors() => Some(segment.clone()),
            _ => None,
        });
        sealed.collect()
    }

    fn missing_graph(&self) -> Option<Missing> {
        self.missing_graphs(1).pop()
    }

    fn missing_graphs(&self, most: usize) -> Vec<Missing> {
        let sealed = self.sealed_with_vectors();
        if sealed.is_empty() {
            return Vec::new();
        }
        let fields = self.fields();
        let wanted = |segment: &Arc<SealedSegment>| {
            let slots = segment.vector_slots();
            let missing = slots.into_iter().filter_map(|slot| match fields.entry(slot)?.layout {
                Layout::Vector { graph: Some(layout), .. } if segment.wants_graph(slot) => {
                    Some(Missing { segment: segment.clone(), slot, layout })
                }
                _ => None,
            });
            missing.collect::<Vec<_>>()
        };
        sealed.iter().flat_map(wanted).take(most).collect()
    }

    fn build_graph(&self, missing: &Missing) {
        let Missing { segment, slot, layout } = missing;
        let started = Instant::now();
        // Half of the processors: what answers users goes on beside it.
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().div_ceil(2));
        let proceed = || !self.is_closing() && self.holds(segment);
        let built = caught("building a graph", || segment.build_graph(*slot, layout, threads, &proceed));
        match built {
            Ok(()) => {
                self.counters.graphs_built.fetch_add(1, Ordering::Relaxed);
                let took = started.elapsed().as_millis() as u64;
                self.counters.graphs_built_ms.fetch_add(took, Ordering::Relaxed);
            }
            Err(ShardError::Cancelled) => {}
            // The segment has been merged away meanwhile, and its folder with it.
            Err(_) if !self.holds(segment) => {}
            Err(error) => {
                segment.refuse_graphs();
                let directory = segment.directory().display();
                tracing::warn!(
                    "the vectors of {directory} are scanned, because their graph could not be built: {error}"
                );
            }
        }
    }

    fn holds(&self, segment: &Arc<SealedSegment>) -> bool {
        let segments = self.segments.lock();
        segments.held.iter().any(|held| matches!(&held.body, Body::Sealed(other) if Arc::ptr_eq(other, segment)))
    }

    /// What vectors take.
    pub fn vector_stats(&self) -> VectorStats {
        let sealed = self.sealed_with_vectors();
        let mut stats = VectorStats {
            missing: self.missing_graphs(usize::MAX).len() as u64,
            built: self.counters.graphs_built.load(Ordering::Relaxed),
            built_ms: self.counters.graphs_built_ms.load(Ordering::Relaxed),
            ..VectorStats::default()
        };
        for segment in sealed {
            let (bytes, graph_bytes, graphs) = segment.vector_bytes();
            stats.bytes += bytes;
            stats.graph_bytes += graph_bytes;
            stats.graphs += graphs;
        }
        stats
    }
}
