//! Documents that lie in no index, as a block in memory: those that a search brings along, those that a script is tried on.

use std::sync::Arc;

use model::error::Error;
use model::mapping::Mapping;
use search::bind::BindContext;

use crate::fields::FieldTable;
use crate::layout;
use crate::prepare::{Prepared, Preparer, Settings};
use crate::prepared::{PreparedDocument, SequencedDocument};
use crate::reader::SegmentView;
use crate::segment::memory::MemoryBlock;
use crate::segment::{DocId, Segment};

/// Documents as they are indexed, with the fields that they bring along.
pub(crate) struct Loose {
    pub(crate) fields: FieldTable,
    pub(crate) documents: Vec<PreparedDocument>,
}

impl Loose {
    /// Reads documents (JSON) as an index reads them. `id`: what each of them is called.
    ///
    /// # Errors
    /// `mapper_parsing_exception` for what does not fit the mapping.
    pub(crate) fn read(context: &BindContext, documents: &[Arc<[u8]>], id: &str) -> Result<Self, Error> {
        let given = context.settings.documents;
        let settings =
            Settings { limits: given.limits, ignore_malformed: given.ignore_malformed, coerce: given.coerce };
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
        let id: Arc<str> = id.into();
        let mut prepared = Vec::with_capacity(documents.len());
        for source in documents {
            loop {
                match current.prepare(&id, None, source)? {
                    Prepared::Ready(document) => break prepared.push(document),
                    Prepared::NewFields(more) => {
                        let mapping = current.mapping().merge(&more)?;
                        current = preparer(Arc::new(mapping), &mut fields)?;
                    }
                }
            }
        }
        Ok(Self { fields, documents: prepared })
    }

    /// Where each document lies in the block; ascending.
    pub(crate) fn roots(&self) -> Vec<DocId> {
        let mut next = 0;
        let roots = self.documents.iter().map(|document| {
            next += document.doc_count();
            next - 1
        });
        roots.collect()
    }

    pub(crate) fn block(self) -> (FieldTable, MemoryBlock) {
        let sequenced = |document: PreparedDocument| SequencedDocument {
            document: Arc::new(document),
            seq_no: 0,
            primary_term: 1,
            version: 1,
        };
        let block = MemoryBlock::build(&self.fields, self.documents.into_iter().map(sequenced).collect());
        (self.fields, block)
    }
}

/// A block as the only segment of a reader.
pub(crate) fn view(block: MemoryBlock) -> SegmentView {
    let alive = block.nested().map(|nested| nested.roots().clone());
    SegmentView { segment: Arc::new(block), alive }
}
