//! Refreshing: the batch becomes a segment, and searches see it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::held::{Body, Held, rank};
use super::writer::Taken;
use super::{ShardCopy, caught};
use crate::error::ShardError;
use crate::seal;
use crate::segment::memory::MemoryBlock;

/// Larger batches are sealed at once instead of passing through memory.
pub(super) const MEMORY_DOCS: usize = 1024;

/// Those who wait until an operation is visible.
#[derive(Default)]
pub(super) struct Waiters(Vec<(u64, Box<dyn FnOnce() + Send>)>);

impl ShardCopy {
    /// Forgets versions of documents that were deleted long enough ago. `now_ms`: the time of now.
    pub fn forget_deleted(&self, now_ms: u64) {
        let mut writer = self.writer.lock();
        let published = writer.published_seq;
        writer.versions.forget_tombstones(now_ms, published);
    }

    /// Makes everything written so far visible to searches.
    ///
    /// # Errors
    /// [`ShardError::Failed`] when the copy failed, now or before.
    pub fn refresh(self: &Arc<Self>) -> Result<(), ShardError> {
        let started = Instant::now();
        self.build_batch()?;
        self.show();
        self.counters.refresh.record(started);
        Ok(())
    }

    /// Whether a refresh would show anything new.
    pub fn is_dirty(&self) -> bool {
        self.writer.lock().is_dirty() || self.counters.hidden.load(Ordering::Acquire)
    }

    /// Whether a refresh would take but a moment: there is little to show, and nobody is at it.
    pub fn is_soon_refreshed(&self) -> bool {
        self.building.try_lock().is_some() && self.writer.try_lock().is_some_and(|writer| writer.batch.is_small())
    }

    /// Whether somebody waits for a refresh.
    pub fn has_waiters(&self) -> bool {
        !self.waiters.lock().0.is_empty()
    }

    /// Calls `then` once a refresh has shown everything below `next_seq`; at once when that is so.
    pub fn on_visible(&self, seq_no: u64, then: impl FnOnce() + Send + 'static) {
        let mut waiters = self.waiters.lock();
        if seq_no < self.counters.visible_seq.load(Ordering::Acquire) {
            drop(waiters);
            return then();
        }
        waiters.0.push((seq_no, Box::new(then)));
    }

    /// Turns the batch into a segment that lookups see, but searches do not yet.
    pub(super) fn build_batch(self: &Arc<Self>) -> Result<(), ShardError> {
        self.check()?;
        let _building = self.building.lock();
        if let Some(taken) = self.take_batch() {
            let body = self.build(&taken)?;
            self.publish(taken, body);
        }
        self.tidy_memory()?;
        self.merge_in_background();
        self.graphs_in_background();
        Ok(())
    }

    /// The batch as it is; later writes begin a new one. `None`: there is nothing to publish.
    pub(super) fn take_batch(&self) -> Option<Taken> {
        let mut writer = self.writer.lock();
        writer.is_dirty().then(|| writer.take())
    }

    /// The segment of a batch; `None` when nothing in it is alive. A failure fails the copy: what was taken is in the log alone.
    pub(super) fn build(&self, taken: &Taken) -> Result<Option<Body>, ShardError> {
        let name = segment_name();
        let body = caught("building a segment", || self.build_as(taken, &name));
        self.fail(body)
    }

    fn build_as(&self, taken: &Taken, name: &str) -> Result<Option<Body>, ShardError> {
        if taken.documents.is_empty() {
            return Ok(None);
        }
        if taken.doc_count() <= MEMORY_DOCS {
            return Ok(Some(Body::Memory(Arc::new(MemoryBlock::build(&taken.fields, taken.documents.clone())))));
        }
        self.segments.lock().building.insert(name.to_owned());
        let directory = self.segment_path(name);
        let sealed = seal::seal(&directory, &taken.fields, &mut taken.documents.iter().cloned())?;
        Ok(Some(Body::Sealed(Arc::new(sealed))))
    }

    pub(super) fn publish(&self, taken: Taken, body: Option<Body>) {
        let mut writer = self.writer.lock();
        let mut segments = self.segments.lock();
        if let Some(body) = body {
            // Documents that were replaced while the segment was being built are seen until a reader shows what replaced them.
            if let Some(late) = writer.deletes.get_mut(&taken.key) {
                late.iter_mut().for_each(|doc| *doc = rank(taken.alive.as_ref(), *doc));
            }
            segments.building.remove(&body.name());
            segments.held.push(Held::new(taken.key, body));
        }
        segments.delete(&std::mem::take(&mut writer.taken_deletes));
        *self.newest.write() = segments.held.as_slice().into();
        writer.versions.published(taken.key, taken.documents.iter().map(|document| &*document.document.id));
        writer.published_seq = taken.next_seq;
        writer.published_bytes = taken.logged_bytes;
        self.counters.hidden.store(true, Ordering::Release);
    }

    /// Lets searches see the newest segments and tells those who wait for it.
    pub(super) fn show(&self) {
        // Taken and stored under one lock: of two refreshes at once, the older view must not replace the newer one.
        let published = {
            let writer = self.writer.lock();
            let mut segments = self.segments.lock();
            let has_new_fields = self.searched.read().fields.entries().len() < writer.fields.entries().len();
            if self.counters.hidden.swap(false, Ordering::AcqRel) || has_new_fields {
                *self.searched.write() = segments.reader(writer.fields.clone(), self.similarities.lock().clone());
            }
            writer.published_seq
        };
        let ready: Vec<_> = {
            let mut waiters = self.waiters.lock();
            self.counters.visible_seq.fetch_max(published, Ordering::AcqRel);
            waiters.0.extract_if(.., |(seq_no, _)| *seq_no < published).collect()
        };
        ready.into_iter().for_each(|(_, then)| then());
    }

    pub(super) fn segment_path(&self, name: &str) -> std::path::PathBuf {
        self.directory.join(super::commit::SEGMENTS).join(name)
    }
}

/// A name that no other segment has.
pub(super) fn segment_name() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
