//! Replaying: what the log holds behind the last commit becomes segments again, on several threads.
//!
//! In: the log's operations, whose outcomes were decided when they were logged. Out: segments that searches see. Of each id only the
//! newest operation counts, so a part of the log needs no order once it is known which those are: its documents are looked up, mapped and
//! sealed in slices side by side. What the commit contains already, for a commit may contain more than it promises, is passed over.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::held::{Body, Deletes, Held};
use super::lookup::Located;
use super::operation::{Change, Operation};
use super::refresh::{MEMORY_DOCS, segment_name};
use super::versions::{Entry, EntryState};
use super::write::locate;
use super::{ShardCopy, caught};
use crate::error::ShardError;
use crate::fields::FieldTable;
use crate::prepared::{PreparedDocument, SequencedDocument};
use crate::seal;
use crate::segment::memory::MemoryBlock;

/// Maps a document as it was mapped when it was accepted.
pub type Prepare<'a> = &'a (dyn Fn(&Operation) -> Result<Arc<PreparedDocument>, model::error::Error> + Sync);

/// So much of the log is held in memory at a time.
const PART_BYTES: usize = 64 << 20;
const PART_OPERATIONS: usize = 500_000;
/// Fewer operations are not worth a thread of their own, and a segment.
const SLICE_OPERATIONS: usize = 4096;
/// After so many a commit is made at once, lest the next start repeat them.
const COMMIT_AFTER: u64 = 10_000;

/// What came of one slice.
#[derive(Default)]
struct Replayed {
    body: Option<Body>,
    deletes: Deletes,
    tombstones: Vec<Operation>,
}

impl ShardCopy {
    /// Carries out the log's operations behind the last commit on up to `threads` threads, and shows them. Returns how many there were.
    ///
    /// # Errors
    /// [`ShardError::Log`] when the log does not read back, [`ShardError::Replay`] for an operation that cannot be carried out.
    pub fn replay(self: &Arc<Self>, now_ms: u64, threads: usize, prepare: Prepare<'_>) -> Result<u64, ShardError> {
        let from = self.committing.lock().next_seq;
        let mut entries = self.log.read_from(from).map_err(ShardError::Log)?;
        let mut count = 0;
        loop {
            let part = read_part(&mut entries)?;
            let Some(last) = part.last() else { break };
            let next_seq = last.seq_no + 1;
            count += part.len() as u64;
            let bytes: usize = part.iter().map(size).sum();
            let slices = self.replay_part(part, threads, prepare)?;
            self.take_over(slices, next_seq, bytes as u64, now_ms);
            self.merge_in_background();
        }
        self.show();
        if count > COMMIT_AFTER {
            self.flush_in_background();
        }
        Ok(count)
    }

    fn replay_part(
        &self,
        part: Vec<Operation>,
        threads: usize,
        prepare: Prepare<'_>,
    ) -> Result<Vec<Replayed>, ShardError> {
        let newest = newest_of_each_id(part);
        self.writer.lock().versions.forget(newest.iter().map(|operation| &*operation.id));
        let (held, fields) = (self.newest.read().clone(), self.fields());
        let slice = newest.len().div_ceil(threads.max(1)).max(SLICE_OPERATIONS);
        let work =
            |operations: &[Operation]| caught("replaying", || self.replay_slice(operations, &held, &fields, prepare));
        let (first, rest) = newest.split_at(slice.min(newest.len()));
        std::thread::scope(|scope| {
            let work = &work;
            let others: Vec<_> = rest.chunks(slice).map(|operations| scope.spawn(move || work(operations))).collect();
            let mut done = vec![work(first)];
            let panicked = |_| Err(ShardError::Panicked { during: "replaying" });
            done.extend(others.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)));
            done.into_iter().collect()
        })
    }

    fn replay_slice(
        &self,
        operations: &[Operation],
        held: &[Held],
        fields: &FieldTable,
        prepare: Prepare<'_>,
    ) -> Result<Replayed, ShardError> {
        let mut replayed = Replayed::default();
        let mut failed = None;
        let redone = operations.iter().map_while(|operation| {
            redo(operation, held, &mut replayed, prepare).map_err(|error| failed = Some(error)).ok()
        });
        let mut documents = redone.flatten();
        let body = if operations.len() <= MEMORY_DOCS {
            let documents: Vec<_> = documents.collect();
            let any = !documents.is_empty();
            any.then(|| Body::Memory(Arc::new(MemoryBlock::build(fields, documents))))
        } else {
            let name = segment_name();
            self.segments.lock().building.insert(name.clone());
            let sealed = seal::seal(&self.segment_path(&name), fields, &mut documents)?;
            Some(Body::Sealed(Arc::new(sealed)))
        };
        replayed.body = body;
        failed.map_or(Ok(replayed), Err)
    }

    fn take_over(&self, slices: Vec<Replayed>, next_seq: u64, bytes: u64, now_ms: u64) {
        let mut writer = self.writer.lock();
        let mut segments = self.segments.lock();
        for Replayed { body, deletes, tombstones } in slices {
            // Of segments from before this part: no slice deletes in another's.
            segments.delete(&deletes);
            if let Some(body) = body {
                segments.building.remove(&body.name());
                let key = writer.new_key();
                segments.held.push(Held::new(key, body));
            }
            for Operation { seq_no, primary_term, version, id, .. } in tombstones {
                let state = EntryState::Deleted { at_ms: now_ms };
                writer.versions.put(id, Entry { seq_no, primary_term, version, state });
            }
        }
        segments.delete(&Deletes::new()); // a segment of deletions alone is empty
        (writer.next_seq, writer.applied_seq) = (next_seq, next_seq);
        writer.published_seq = next_seq;
        writer.logged_bytes += bytes;
        writer.published_bytes = writer.logged_bytes;
        *self.newest.write() = segments.held.as_slice().into();
        self.counters.hidden.store(true, Ordering::Release);
    }
}

/// The document that an operation leaves behind, if it does and nothing newer is there.
fn redo(
    operation: &Operation,
    held: &[Held],
    replayed: &mut Replayed,
    prepare: Prepare<'_>,
) -> Result<Option<SequencedDocument>, ShardError> {
    let wrong = |error: model::error::Error| ShardError::Replay { seq_no: operation.seq_no, reason: error.to_string() };
    match locate(held, &operation.id).map_err(wrong)? {
        Some(found) if found.seq_no >= operation.seq_no => return Ok(None),
        Some(Located { segment, doc, .. }) => replayed.deletes.entry(segment).or_default().push(doc),
        None => {}
    }
    if !matches!(operation.change, Change::Index { .. }) {
        replayed.tombstones.push(operation.clone());
        return Ok(None);
    }
    let Operation { seq_no, primary_term, version, .. } = *operation;
    Ok(Some(SequencedDocument { document: prepare(operation).map_err(wrong)?, seq_no, primary_term, version }))
}

fn read_part(entries: &mut wal::Entries) -> Result<Vec<Operation>, ShardError> {
    let (mut part, mut bytes) = (Vec::new(), 0);
    for entry in entries {
        let entry = entry.map_err(ShardError::Log)?;
        bytes += entry.payload.len();
        part.push(Operation::decode(entry.seq, &entry.payload)?);
        if bytes >= PART_BYTES || part.len() >= PART_OPERATIONS {
            break;
        }
    }
    Ok(part)
}

fn size(operation: &Operation) -> usize {
    let source = match &operation.change {
        Change::Index { source, .. } => source.len(),
        Change::Delete | Change::NoOp => 0,
    };
    25 + operation.id.len() + source
}

/// What fills a place changes nothing.
fn newest_of_each_id(mut part: Vec<Operation>) -> Vec<Operation> {
    part.retain(|operation| operation.change != Change::NoOp);
    let newest: HashMap<Arc<str>, u64> =
        part.iter().map(|operation| (operation.id.clone(), operation.seq_no)).collect();
    if newest.len() < part.len() {
        part.retain(|operation| newest.get(&operation.id) == Some(&operation.seq_no));
    }
    part
}
