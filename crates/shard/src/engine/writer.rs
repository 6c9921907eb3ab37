//! Deciding writes: versions, conditions, sequence numbers, and the batch that the next refresh turns into a segment.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, Version};
use model::write::{Condition, Outcome, VersionType};

use super::held::{Deletes, SegmentKey};
use super::lookup::Located;
use super::operation::{Change, Operation};
use super::staged::Staged;
use super::versions::{Entry, EntryState, VersionMap};
use crate::fields::FieldTable;
use crate::prepared::{PreparedDocument, SequencedDocument};
use crate::segment::AliveDocs;

/// A change whose document was validated and mapped.
#[derive(Clone, Debug)]
pub struct ShardWrite {
    pub id: Arc<str>,
    pub change: ShardChange,
    pub condition: Condition,
    /// The id was made for this write, so no document can have it.
    pub generated_id: bool,
}

#[derive(Clone, Debug)]
pub enum ShardChange {
    Index { document: Arc<PreparedDocument>, create: bool },
    Delete,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    pub outcome: Outcome,
    pub version: Version,
    pub seq_no: SeqNo,
    pub primary_term: PrimaryTerm,
}

/// Everything that one writer at a time may touch.
pub(super) struct Writer {
    pub(super) versions: VersionMap,
    pub(super) batch: Batch,
    /// Deletes in segments, and in batches on their way to be one, that no reader shows yet.
    pub(super) deletes: Deletes,
    /// Those of them that the batch being built takes along. They stay here so that a merge which ends meanwhile finds them.
    pub(super) taken_deletes: Deletes,
    /// Operations that wait until every in-sync copy has them.
    pub(super) staged: Staged,
    pub(super) next_seq: u64,
    /// One above the newest operation that is in the batch, or was.
    pub(super) applied_seq: u64,
    pub(super) primary_term: u64,
    pub(super) fields: Arc<FieldTable>,
    /// Every operation below it is in the newest reader.
    pub(super) published_seq: u64,
    /// Bytes of operations since the copy was opened, and how many of them were of those below `published_seq`.
    pub(super) logged_bytes: u64,
    pub(super) published_bytes: u64,
    next_key: SegmentKey,
}

/// Of a batch of which a segment is made in a moment.
const SMALL_DOCS: usize = 64;
const SMALL_BYTES: usize = 64 << 10;

/// Documents since the last refresh, in order; replaced ones are marked.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) key: SegmentKey,
    pub(super) documents: Vec<SequencedDocument>,
    /// Their numbers are those that they would have in a segment of the whole batch: those inside of one come before it.
    next_doc: u32,
    pub(super) dead: Vec<u32>,
    pub(super) bytes: usize,
}

impl Batch {
    /// Whether a segment is made of it in a moment.
    pub(super) fn is_small(&self) -> bool {
        self.documents.len() <= SMALL_DOCS && self.bytes <= SMALL_BYTES
    }

    /// Takes a document in; its number.
    fn push(&mut self, document: SequencedDocument) -> u32 {
        self.next_doc += document.document.doc_count();
        self.documents.push(document);
        self.next_doc - 1
    }

    /// Which numbers are alive; `None`: all.
    fn alive(&self) -> Option<AliveDocs> {
        if self.dead.is_empty() {
            return None;
        }
        let mut alive = AliveDocs::all(self.next_doc);
        for &doc in &self.dead {
            alive.remove(doc);
        }
        if self.next_doc as usize > self.documents.len() {
            for (document, doc) in self.documents.iter().zip(numbers(&self.documents)) {
                if !alive.contains(doc) {
                    for inner in doc + 1 - document.document.doc_count()..doc {
                        alive.remove(inner);
                    }
                }
            }
        }
        Some(alive)
    }
}

/// The numbers of documents of a batch, in order.
fn numbers(documents: &[SequencedDocument]) -> Vec<u32> {
    let mut next = 0;
    let ends = documents.iter().map(|document| {
        next += document.document.doc_count();
        next - 1
    });
    ends.collect()
}

/// A batch on its way to become a segment.
pub(super) struct Taken {
    pub(super) key: SegmentKey,
    /// Those alive when it was taken.
    pub(super) documents: Vec<SequencedDocument>,
    /// Which of the batch's numbers those are; `None`: all.
    pub(super) alive: Option<AliveDocs>,
    pub(super) next_seq: u64,
    /// [`Writer::logged_bytes`] when it was taken.
    pub(super) logged_bytes: u64,
    pub(super) fields: Arc<FieldTable>,
}

impl Taken {
    /// Documents, those inside of others too.
    pub(super) fn doc_count(&self) -> usize {
        self.documents.iter().map(|document| document.document.doc_count() as usize).sum()
    }
}

/// What is known of an id before a write.
pub(super) struct Current {
    pub(super) seq_no: u64,
    primary_term: u64,
    version: u64,
    is_live: bool,
    /// `None`: deleted, or in no batch yet.
    place: Option<(SegmentKey, u32)>,
}

impl Writer {
    pub(super) fn new(next_seq: u64, fields: Arc<FieldTable>, first_key: SegmentKey) -> Self {
        let batch = Batch { key: first_key, ..Default::default() };
        let (versions, deletes, taken_deletes) = Default::default();
        Self {
            versions,
            batch,
            deletes,
            taken_deletes,
            staged: Staged::default(),
            next_seq,
            applied_seq: next_seq,
            primary_term: 0,
            fields,
            published_seq: next_seq,
            logged_bytes: 0,
            published_bytes: 0,
            next_key: first_key + 1,
        }
    }

    /// A key that no segment has.
    pub(super) fn new_key(&mut self) -> SegmentKey {
        self.next_key += 1;
        self.next_key - 1
    }

    /// What is known of `id`: from what is staged, from the version map, or else from the newest reader through `locate`.
    pub(super) fn current(
        &self,
        id: &str,
        locate: impl FnOnce() -> Result<Option<Located>, Error>,
    ) -> Result<Option<Current>, Error> {
        if let Some(entry) = self.staged.get(id) {
            let is_live = entry.document.is_some();
            let (seq_no, primary_term, version) = (entry.seq_no, entry.primary_term, entry.version);
            return Ok(Some(Current { seq_no, primary_term, version, is_live, place: None }));
        }
        self.applied(id, locate)
    }

    /// As [`Writer::current`], without what is staged.
    pub(super) fn applied(
        &self,
        id: &str,
        locate: impl FnOnce() -> Result<Option<Located>, Error>,
    ) -> Result<Option<Current>, Error> {
        if let Some(entry) = self.versions.get(id) {
            let place = match entry.state {
                EntryState::Live { segment, doc, .. } => Some((segment, doc)),
                EntryState::Deleted { .. } => None,
            };
            return Ok(Some(Current {
                seq_no: entry.seq_no,
                primary_term: entry.primary_term,
                version: entry.version,
                is_live: place.is_some(),
                place,
            }));
        }
        let known = |found: Located| Current {
            seq_no: found.seq_no,
            primary_term: found.primary_term,
            version: found.version,
            is_live: true,
            place: Some((found.segment, found.doc)),
        };
        Ok(locate()?.map(known))
    }

    /// Decides a write; the operation returned is to be logged, then given to [`Writer::apply`].
    ///
    /// # Errors
    /// `version_conflict_engine_exception` when a condition does not hold. Nothing has changed then.
    pub(super) fn decide(&self, write: &ShardWrite, current: Option<&Current>) -> Result<(Operation, Outcome), Error> {
        let live = current.filter(|current| current.is_live);
        check(write, current, live)?;
        let version = match write.condition.version {
            Some((version, VersionType::External | VersionType::ExternalGte)) => version.0,
            _ => current.map_or(1, |current| current.version + 1),
        };
        let (change, outcome) = match &write.change {
            ShardChange::Index { document, .. } => {
                let change = Change::Index { routing: document.routing.clone(), source: document.source.clone() };
                (change, if live.is_some() { Outcome::Updated } else { Outcome::Created })
            }
            ShardChange::Delete => (Change::Delete, if live.is_some() { Outcome::Deleted } else { Outcome::NotFound }),
        };
        let operation =
            Operation { seq_no: self.next_seq, primary_term: self.primary_term, version, id: write.id.clone(), change };
        Ok((operation, outcome))
    }

    /// Makes a logged operation the newest of its id. `document` belongs to [`Change::Index`].
    pub(super) fn apply(
        &mut self,
        operation: Operation,
        document: Option<Arc<PreparedDocument>>,
        replaced: Option<Current>,
        now_ms: u64,
    ) {
        self.next_seq = self.next_seq.max(operation.seq_no + 1);
        self.applied_seq = self.applied_seq.max(operation.seq_no + 1);
        if let Some((segment, doc)) = replaced.and_then(|current| current.place) {
            if segment == self.batch.key {
                self.batch.dead.push(doc)
            } else {
                self.deletes.entry(segment).or_default().push(doc)
            }
        }
        let Operation { seq_no, primary_term, version, id, change } = operation;
        let state = match (change, document) {
            (Change::Index { routing, source }, Some(document)) => {
                self.batch.bytes += 2 * source.len() + 200 * document.doc_count() as usize;
                let doc = self.batch.push(SequencedDocument { document, seq_no, primary_term, version });
                EntryState::Live { segment: self.batch.key, doc, routing, source }
            }
            (Change::Delete, _) => EntryState::Deleted { at_ms: now_ms },
            (Change::NoOp | Change::Index { .. }, _) => return,
        };
        self.versions.put(id, Entry { seq_no, primary_term, version, state });
    }

    /// Takes the batch and the deletes for the next reader; later writes begin a new batch.
    pub(super) fn take(&mut self) -> Taken {
        let fresh = Batch { key: self.new_key(), ..Default::default() };
        let batch = std::mem::replace(&mut self.batch, fresh);
        let alive = batch.alive();
        let documents = match &alive {
            Some(alive) => {
                let numbered = numbers(&batch.documents).into_iter().zip(batch.documents);
                numbered.filter(|(doc, _)| alive.contains(*doc)).map(|(_, document)| document).collect()
            }
            None => batch.documents,
        };
        self.taken_deletes = std::mem::take(&mut self.deletes);
        let (next_seq, logged_bytes, fields) = (self.applied_seq, self.logged_bytes, self.fields.clone());
        Taken { key: batch.key, documents, alive, next_seq, logged_bytes, fields }
    }

    /// Whether a refresh would change anything.
    pub(super) fn is_dirty(&self) -> bool {
        !self.batch.documents.is_empty() || !self.deletes.is_empty() || self.published_seq < self.applied_seq
    }
}

fn check(write: &ShardWrite, current: Option<&Current>, live: Option<&Current>) -> Result<(), Error> {
    let conflict =
        |what: String| Err(Error::new(ErrorKind::VersionConflict, format!("[{}]: version conflict, {what}", write.id)));
    if let ShardChange::Index { create: true, .. } = write.change
        && let Some(live) = live
    {
        return conflict(format!("document already exists (current version [{}])", live.version));
    }
    if let Some((seq_no, term)) = write.condition.if_seq_no {
        let required = format!("required seqNo [{seq_no}], primary term [{term}]");
        match live {
            None => return conflict(format!("{required}. but no document was found")),
            Some(live) if (live.seq_no, live.primary_term) != (seq_no.0, term.0) => {
                let found =
                    format!("current document has seqNo [{}] and primary term [{}]", live.seq_no, live.primary_term);
                return conflict(format!("{required}. {found}"));
            }
            Some(_) => {}
        }
    }
    match (write.condition.version, current) {
        (Some((version, VersionType::External)), Some(current)) if current.version >= version.0 => conflict(format!(
            "current version [{}] is higher or equal to the one provided [{version}]",
            current.version
        )),
        (Some((version, VersionType::ExternalGte)), Some(current)) if current.version > version.0 => {
            conflict(format!("current version [{}] is higher than the one provided [{version}]", current.version))
        }
        (Some((version, VersionType::Internal)), current) if live.map(|live| live.version) != Some(version.0) => {
            let has = current.map_or_else(
                || "no document was found".into(),
                |c| format!("current version [{}] is different than the one provided [{version}]", c.version),
            );
            conflict(has)
        }
        _ => Ok(()),
    }
}
