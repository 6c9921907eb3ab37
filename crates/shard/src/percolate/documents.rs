//! The documents of a search as a block in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::Mapping;
use search::bind::BindContext;
use search::percolate::{BoundPercolate, needles};

use crate::fields::{FieldTable, Layout, meta};
use crate::layout;
use crate::prepare::{Prepared, Preparer, Settings};
use crate::prepared::{PreparedDocument, SequencedDocument};
use crate::reader::{Reader, SegmentView};
use crate::score::Outcome;
use crate::segment::memory::MemoryBlock;
use crate::segment::{DocId, EveryTerm, Segment};

/// What documents are called that have no id.
const NAMELESS: &str = "_temp_id";

pub(super) struct Haystack {
    /// Of one block.
    pub(super) reader: Reader,
    /// Where each document lies in the block; ascending.
    pub(super) roots: Vec<DocId>,
    /// Everything by which a stored query may be found; sorted.
    pub(super) needles: Vec<Box<[u8]>>,
}

impl Haystack {
    pub(super) fn new(asked: &BoundPercolate, reader: &Reader) -> Outcome<Self> {
        let (fields, documents) = read(asked).map_err(|error| uncreated(error, &asked.context))?;
        let mut roots = Vec::with_capacity(documents.len());
        let mut next = 0;
        for document in &documents {
            next += document.doc_count();
            roots.push(next - 1);
        }
        let mut found = BTreeSet::new();
        documents.iter().for_each(|document| whole(document, &fields, &mut found));
        let block = MemoryBlock::build(&fields, documents.into_iter().map(sequenced).collect());
        words(&block, &fields, &mut found)?;
        let alive = block.nested().map(|nested| nested.roots().clone());
        let view = SegmentView { segment: Arc::new(block), alive };
        let reader = Reader { segments: [view].into(), fields: Arc::new(fields), ..reader.clone() };
        Ok(Self { reader, roots, needles: found.into_iter().collect() })
    }
}

fn sequenced(document: PreparedDocument) -> SequencedDocument {
    SequencedDocument { document: Arc::new(document), seq_no: 0, primary_term: 1, version: 1 }
}

/// Prepares all documents, with the fields that they bring along.
fn read(asked: &BoundPercolate) -> Result<(FieldTable, Vec<PreparedDocument>), Error> {
    let context = &asked.context;
    let given = context.settings.documents;
    let settings = Settings { limits: given.limits, ignore_malformed: given.ignore_malformed, coerce: given.coerce };
    let mut inner = BindContext::clone(context);
    inner.settings.percolated = true;
    let inner = Arc::new(inner);
    let mut fields = layout::base_table();
    let preparer = |mapping: Arc<Mapping>, fields: &mut FieldTable| {
        layout::append_fields(fields, &mapping, &context.analysis)?;
        let registry = (*context.analysis).clone();
        let preparer = Preparer::new(mapping, Arc::new(fields.clone()), registry, settings)?;
        Ok::<_, Error>(preparer.with_queries(inner.clone()))
    };
    let mut current = preparer(context.mapping.clone(), &mut fields)?;
    let id: Arc<str> = NAMELESS.into();
    let mut documents = Vec::with_capacity(asked.documents.len());
    for source in asked.documents.iter() {
        loop {
            match current.prepare(&id, None, source)? {
                Prepared::Ready(document) => break documents.push(document),
                Prepared::NewFields(more) => {
                    let mapping = current.mapping().merge(&more)?;
                    current = preparer(Arc::new(mapping), &mut fields)?;
                }
            }
        }
    }
    Ok((fields, documents))
}

/// As the shard that cannot make a query of it says.
fn uncreated(cause: Error, context: &BindContext) -> Error {
    if cause.kind == ErrorKind::NotImplemented {
        return cause;
    }
    let roots = match cause.root_causes.as_slice() {
        [] => vec![cause.clone()],
        roots => roots.to_vec(),
    };
    let reason = format!("failed to create query: {}", cause.reason);
    let outer = Error::new(ErrorKind::QueryShard, reason).with_index(context.index.clone()).with_cause(cause);
    Error { root_causes: roots, ..outer }
}

/// The whole values and numbers of a document and of those inside.
fn whole(document: &PreparedDocument, fields: &FieldTable, found: &mut BTreeSet<Box<[u8]>>) {
    for values in document.inner_values().chain([document.values()]) {
        for (slot, term) in values.exact.iter().filter(|(slot, _)| slot.0 >= meta::FIRST) {
            found.extend(fields.entry(*slot).map(|entry| needles::term(&entry.path, term)));
        }
        for (slot, code) in values.numbers {
            found.extend(fields.entry(*slot).map(|entry| needles::number(&entry.path, *code)));
        }
    }
}

/// The words of texts, as the block holds them.
fn words(block: &MemoryBlock, fields: &FieldTable, found: &mut BTreeSet<Box<[u8]>>) -> Outcome<()> {
    use std::ops::Bound::Unbounded;
    for entry in fields.entries().iter().filter(|entry| matches!(entry.layout, Layout::Text { .. })) {
        let Some(terms) = block.terms(entry.slot)? else { continue };
        terms.walk((Unbounded, Unbounded), &EveryTerm, &mut |term, _| {
            found.insert(needles::term(&entry.path, term));
            true
        })?;
    }
    Ok(())
}
