//! The documents of a search as a block in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::{Error, ErrorKind};
use search::bind::BindContext;
use search::percolate::{BoundPercolate, needles};

use crate::fields::{FieldTable, Layout, meta};
use crate::loose::{self, Loose};
use crate::prepared::PreparedDocument;
use crate::reader::Reader;
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
        let read = Loose::read(&asked.context, &asked.documents, NAMELESS);
        let loose = read.map_err(|error| uncreated(error, &asked.context))?;
        let (roots, mut found) = (loose.roots(), BTreeSet::new());
        loose.documents.iter().for_each(|document| whole(document, &loose.fields, &mut found));
        let (fields, block) = loose.block();
        words(&block, &fields, &mut found)?;
        let reader = Reader { segments: [loose::view(block)].into(), fields: Arc::new(fields), ..reader.clone() };
        Ok(Self { reader, roots, needles: found.into_iter().collect() })
    }
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
