//! The segments that a shard copy holds, in order, and how one takes the place of others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use crate::caches::Caches;
use crate::fields::FieldTable;
use crate::query_cache::Share;
use crate::reader::{Reader, SegmentView, Similarities};
use crate::segment::disk::SealedSegment;
use crate::segment::memory::MemoryBlock;
use crate::segment::{AliveDocs, DocId, Segment};

/// Identity of a segment, or of the batch that becomes one, within this process.
pub(super) type SegmentKey = u64;

/// Documents to delete, by segment.
pub(super) type Deletes = BTreeMap<SegmentKey, Vec<DocId>>;

#[derive(Clone)]
pub(super) enum Body {
    Memory(Arc<MemoryBlock>),
    Sealed(Arc<SealedSegment>),
}

impl Body {
    pub(super) fn segment(&self) -> Arc<dyn Segment> {
        match self {
            Self::Memory(block) => block.clone(),
            Self::Sealed(segment) => segment.clone(),
        }
    }

    pub(super) fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// The lowest sequence number of a memory block's documents.
    pub(super) fn first_seq(&self) -> u64 {
        match self {
            Self::Memory(block) => block.documents().iter().map(|document| document.seq_no).min().unwrap_or(u64::MAX),
            Self::Sealed(_) => 0,
        }
    }

    /// The folder's name; memory has none.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Memory(_) => String::new(),
            Self::Sealed(segment) => {
                segment.directory().file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
            }
        }
    }
}

#[derive(Clone)]
pub(super) struct Held {
    pub(super) key: SegmentKey,
    pub(super) body: Body,
    /// Never more than the roots. `None`: all, and none lies inside of another.
    pub(super) alive: Option<Arc<AliveDocs>>,
    /// Documents alive, those inside of them too.
    kept: u32,
    /// Input of a merge or a sealing that is under way.
    pub(super) busy: bool,
    /// Its files are known to be on the disk.
    pub(super) synced: bool,
}

impl Held {
    pub(super) fn new(key: SegmentKey, body: Body) -> Self {
        let segment = body.segment();
        let alive = segment.nested().map(|nested| nested.roots().clone());
        Self { key, kept: segment.doc_count(), alive, body, busy: false, synced: false }
    }

    /// As a commit left it.
    pub(super) fn restored(key: SegmentKey, body: Body, alive: Option<AliveDocs>) -> Self {
        let mut held = Self { synced: true, ..Self::new(key, body) };
        if let Some(alive) = alive {
            held.kept = match held.body.segment().nested() {
                Some(nested) => nested.kept(&alive).len(),
                None => alive.len(),
            };
            held.alive = Some(Arc::new(alive));
        }
        held
    }

    /// Documents alive, those inside of them too.
    pub(super) fn live_docs(&self) -> u32 {
        self.kept
    }

    /// What a merge keeps: whole blocks. `None`: everything.
    fn kept(&self) -> Option<Arc<AliveDocs>> {
        match (self.body.segment().nested(), &self.alive) {
            (Some(_), _) if self.kept == self.body.segment().doc_count() => None,
            (Some(nested), Some(alive)) => Some(Arc::new(nested.kept(alive))),
            (_, alive) => alive.clone(),
        }
    }

    /// Marks documents as dead; unknown and dead ones are passed over.
    pub(super) fn delete(&mut self, docs: &[DocId]) {
        if docs.is_empty() {
            return;
        }
        let segment = self.body.segment();
        let alive = self.alive.get_or_insert_with(|| Arc::new(AliveDocs::all(segment.doc_count())));
        let alive = Arc::make_mut(alive);
        for &doc in docs {
            if alive.remove(doc) {
                self.kept -= segment.nested().map_or(1, |nested| doc + 1 - nested.block_start(doc));
            }
        }
    }
}

/// All segments, oldest first.
#[derive(Default)]
pub(super) struct Segments {
    pub(super) held: Vec<Held>,
    /// Folders being written, which no sweep may touch.
    pub(super) building: BTreeSet<String>,
    /// Of the last view.
    generation: u64,
    caches: Caches,
    /// What this copy has in the cache.
    pub(super) share: Arc<Share>,
}

/// Where generations begin: no two openings of a copy have one in common, so that what was told of a view says nothing of another.
fn first_generation() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

/// What a merge was begun with: segments, and which of their documents it keeps.
pub(super) struct Inputs(pub Vec<(SegmentKey, Body, Option<Arc<AliveDocs>>)>);

impl Segments {
    pub(super) fn of(held: Vec<Held>, caches: Caches) -> Self {
        Self { held, caches, generation: first_generation(), ..Self::default() }
    }

    pub(super) fn get_mut(&mut self, key: SegmentKey) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.key == key)
    }

    /// Carries out deletes and forgets segments in which nothing is alive.
    pub(super) fn delete(&mut self, deletes: &Deletes) {
        for (key, docs) in deletes {
            if let Some(held) = self.get_mut(*key) {
                held.delete(docs);
            }
        }
        self.held.retain(|held| held.busy || held.live_docs() > 0);
    }

    /// A view of all that is here now.
    pub(super) fn reader(&mut self, fields: Arc<FieldTable>, similarities: Arc<Similarities>) -> Reader {
        let generation = self.next_generation();
        for held in &self.held {
            if let Body::Sealed(segment) = &held.body {
                segment.keep_in(&self.caches, &self.share);
            }
        }
        let views = self.held.iter().filter(|held| held.live_docs() > 0);
        let views = views.map(|held| SegmentView { segment: held.body.segment(), alive: held.alive.clone() });
        let Caches { fuzzy, stored, scratches, .. } = self.caches.clone();
        Reader { segments: views.collect(), fields, generation, similarities, fuzzy, stored, scratches }
    }

    /// Forgets the documents of filters.
    pub(super) fn clear_queries(&self) {
        self.caches.queries.clear(&self.share);
    }

    /// For a view that answers otherwise than those before.
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Folders that are in use or being written.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let held = self.held.iter().filter(|held| !held.body.is_memory()).map(|held| held.body.name());
        held.chain(self.building.iter().cloned()).collect()
    }

    /// Takes segments as inputs of a merge.
    pub(super) fn begin(&mut self, keys: &[SegmentKey]) -> Inputs {
        let chosen = self.held.iter_mut().filter(|held| keys.contains(&held.key));
        Inputs(
            chosen
                .map(|held| {
                    held.busy = true;
                    (held.key, held.body.clone(), held.kept())
                })
                .collect(),
        )
    }

    /// Gives inputs back unmerged.
    pub(super) fn abandon(&mut self, inputs: &Inputs) {
        for (key, ..) in &inputs.0 {
            if let Some(held) = self.get_mut(*key) {
                held.busy = false;
            }
        }
    }

    /// Puts the merged segment in the inputs' place: what was deleted in them since `begin` is deleted in it, and what each of
    /// `pending` still holds for them it holds for the output then. `None`: nothing of them was alive.
    pub(super) fn replace(&mut self, inputs: &Inputs, output: Option<Held>, pending: [&mut Deletes; 2]) {
        let Some(at) = self.held.iter().position(|held| inputs.0.iter().any(|(key, ..)| *key == held.key)) else {
            return;
        };
        if let Some(mut output) = output {
            output.delete(&self.deleted_since(inputs));
            for deletes in pending {
                let moved = inputs.moved(deletes);
                if !moved.is_empty() {
                    deletes.entry(output.key).or_default().extend(moved);
                }
            }
            self.held.insert(at, output);
        }
        let is_input = |held: &Held| inputs.0.iter().any(|(key, ..)| *key == held.key);
        self.held.retain(|held| !is_input(held));
    }

    /// The merged numbers of documents that died since the merge began.
    fn deleted_since(&self, inputs: &Inputs) -> Vec<DocId> {
        let mut died = Vec::new();
        let mut base = 0;
        for (key, body, before) in &inputs.0 {
            let now = self.held.iter().find(|held| held.key == *key).and_then(|held| held.alive.as_deref());
            let mut rank = base;
            let segment = body.segment();
            let is_root = |doc| segment.nested().is_none_or(|nested| nested.roots().contains(doc));
            for doc in 0..segment.doc_count() {
                if before.as_deref().is_none_or(|alive| alive.contains(doc)) {
                    if now.is_some_and(|alive| !alive.contains(doc)) && is_root(doc) {
                        died.push(rank);
                    }
                    rank += 1;
                }
            }
            base = rank;
        }
        died
    }
}

impl Inputs {
    /// Takes the pending deletes of the inputs out of `deletes`, as merged numbers.
    fn moved(&self, deletes: &mut Deletes) -> Vec<DocId> {
        let mut moved = Vec::new();
        let mut base = 0;
        for (key, body, before) in &self.0 {
            let alive = |doc: DocId| before.as_deref().is_none_or(|alive| alive.contains(doc));
            for doc in deletes.remove(key).unwrap_or_default() {
                if alive(doc) {
                    moved.push(base + rank(before.as_deref(), doc));
                }
            }
            base += before.as_ref().map_or_else(|| body.segment().doc_count(), |alive| alive.len());
        }
        moved
    }
}

/// How many alive documents come before `doc`.
pub(super) fn rank(alive: Option<&AliveDocs>, doc: DocId) -> DocId {
    let Some(alive) = alive else { return doc };
    let (word, bit) = (doc as usize / 64, doc % 64);
    let before: u32 = alive.words()[..word].iter().map(|word| word.count_ones()).sum();
    before + (alive.words()[word] & ((1 << bit) - 1)).count_ones()
}
