//! A memory block: a small immutable segment of fresh documents, so that a refresh of few documents costs microseconds.
//!
//! In: prepared documents ([`MemoryBlock::build`]) or other blocks ([`MemoryBlock::merge`]). Out: what [`Segment`] asks for. The log makes
//! blocks durable; nothing here touches a disk. When blocks are merged and sealed is the engine's business.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use search::statistics::FieldStatistics;

use super::column::{NumberColumn, StringColumn};
use super::vectors::VectorColumn;
use super::{AliveDocs, DocId, Nested, Norms, Segment, SegmentSize, Terms};
use crate::fields::{FieldSlot, FieldTable, meta};
use crate::prepared::SequencedDocument;

mod assembly;
mod build;
mod column;
mod data;
mod merge;
mod rows;
mod terms;
#[cfg(test)]
mod tests;
mod vectors;

use column::{BlockNumbers, BlockStrings};
use data::{Data, Stretch};
pub(crate) use rows::{BlockColumn, BlockRow};
use terms::BlockTerms;

/// A block to merge, and which of its documents to keep (`None`: all).
pub type Input<'a> = (Arc<MemoryBlock>, Option<&'a AliveDocs>);

/// An immutable segment in memory.
#[derive(Debug)]
pub struct MemoryBlock {
    data: Arc<Data>,
    nested: Option<Nested>,
    bytes: u64,
    vectors: OnceLock<BTreeMap<FieldSlot, VectorColumn>>,
}

impl MemoryBlock {
    /// A block of `documents`, numbered from 0 in their order, those inside of one before it. Values in slots that `fields` does not have, or has with another layout,
    /// are left out of everything but the source.
    pub fn build(fields: &FieldTable, documents: Vec<SequencedDocument>) -> Self {
        Self::new(build::build(fields, documents))
    }

    /// One block of several. The documents that are kept follow each other in the order of the inputs: the new number of a document is
    /// the count kept in the inputs before its own, plus how many are kept before it in its own.
    pub fn merge(inputs: &[Input<'_>]) -> Self {
        Self::new(merge::merge(inputs))
    }

    /// In the order of their numbers, without those inside of others. Of their values only vectors are left: the others lie in the block.
    pub fn documents(&self) -> &[SequencedDocument] {
        &self.data.documents
    }

    /// As [`MemoryBlock::documents`], with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (DocId, &SequencedDocument)> {
        self.data.numbered()
    }

    fn new(data: Data) -> Self {
        let (bytes, data) = (data.bytes(), Arc::new(data));
        let paths = data.row(meta::NESTED_PATH).map(|row| BlockTerms { data: data.clone(), row: *row });
        // Memory always reads.
        let nested = paths.and_then(|paths| Nested::of(&paths, data.doc_count()).ok().flatten());
        Self { data, nested, bytes, vectors: OnceLock::new() }
    }
}

impl Segment for MemoryBlock {
    fn doc_count(&self) -> u32 {
        self.data.doc_count()
    }

    fn nested(&self) -> Option<&Nested> {
        self.nested.as_ref()
    }

    fn terms(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn Terms>>> {
        let row = self.data.row(field).filter(|row| row.record.is_some());
        Ok(row.map(|row| Arc::new(BlockTerms { data: self.data.clone(), row: *row }) as Arc<dyn Terms>))
    }

    fn field_statistics(&self, field: FieldSlot) -> io::Result<FieldStatistics> {
        let counts = self
            .data
            .row(field)
            .map(|row| FieldStatistics { doc_count: u64::from(row.doc_count), total_term_freq: row.tokens });
        Ok(counts.unwrap_or_default())
    }

    fn norms(&self, field: FieldSlot) -> io::Result<Option<Norms>> {
        let norms = self.data.row(field).and_then(|row| row.norms);
        Ok(norms.map(|codes| Arc::new(Codes { data: self.data.clone(), codes }) as Norms))
    }

    fn numbers(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn NumberColumn>>> {
        let column = self.data.row(field).and_then(|row| row.column).filter(|column| !column.of_ords);
        Ok(column.map(|column| Arc::new(BlockNumbers { data: self.data.clone(), column }) as Arc<dyn NumberColumn>))
    }

    fn strings(&self, field: FieldSlot) -> io::Result<Option<Arc<dyn StringColumn>>> {
        let Some(row) = self.data.row(field) else { return Ok(None) };
        let strings = |column| BlockStrings { data: self.data.clone(), column, terms: row.terms };
        let column = row.column.filter(|column| column.of_ords);
        Ok(column.map(|column| Arc::new(strings(column)) as Arc<dyn StringColumn>))
    }

    fn vectors(&self, field: FieldSlot) -> io::Result<Option<VectorColumn>> {
        let columns = self.vectors.get_or_init(|| vectors::columns(&self.data));
        Ok(columns.get(&field).cloned())
    }

    fn source(&self, doc: DocId) -> io::Result<Arc<[u8]>> {
        if doc >= self.data.doc_count() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(self.data.document(doc).map(|document| document.document.source.clone()).unwrap_or_default())
    }

    fn size(&self) -> SegmentSize {
        let gathered: u64 = self.vectors.get().into_iter().flatten().map(|(_, column)| column.bytes()).sum();
        SegmentSize { memory_bytes: self.bytes + gathered, disk_bytes: 0 }
    }
}

/// Length codes of one field.
struct Codes {
    data: Arc<Data>,
    codes: Stretch,
}

impl AsRef<[u8]> for Codes {
    fn as_ref(&self) -> &[u8] {
        &self.data.norms[self.codes.range()]
    }
}
