//! Vectors of one field on their way into a segment: gathered from documents, or copied from the segments of a merge.

use std::io::{self, Write};

use vector::Shape;

use super::draft::Draft;
use super::merge::Input;
use crate::fields::FieldSlot;
use crate::prepared::PreparedVector;
use crate::segment::DocId;
use crate::segment::disk::manifest::{Extent, SlotEntry, VectorsEntry};
use crate::segment::vectors::one_each;

/// Rows begin at whole lines of the processor's cache.
const ALIGNED: u64 = 64;

/// The vectors of one field.
pub(crate) struct Vectors {
    shape: Shape,
    docs: Vec<DocId>,
    rows: Vec<u8>,
}

impl Vectors {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, docs: Vec::new(), rows: Vec::new() }
    }

    /// Whether the vector fits the field.
    pub(crate) fn push(&mut self, doc: DocId, vector: &PreparedVector) -> bool {
        let fits = vector.shape == self.shape && vector.row.len() == self.shape.row_bytes();
        if fits {
            self.docs.push(doc);
            self.rows.extend_from_slice(&vector.row);
        }
        fits
    }

    pub(crate) fn write(self, slot: FieldSlot, draft: &mut Draft) -> io::Result<()> {
        let rows = draft.vectors(ALIGNED, |file| file.write_all(&self.rows))?;
        if let Some(entry) = finish(slot, self.shape, (&self.docs, rows), draft)? {
            draft.slot(entry);
        }
        Ok(())
    }
}

/// Copies the vectors of kept documents, in the order of the inputs. `None`: there are none.
pub(super) fn merge(inputs: &[Input<'_>], slot: FieldSlot, draft: &mut Draft) -> io::Result<Option<SlotEntry>> {
    let mut docs = Vec::new();
    let mut shape = None;
    let mut columns = Vec::new();
    for input in inputs {
        if let Some(column) = input.segment.disk_vectors(slot)? {
            shape.get_or_insert(column.rows().shape());
            columns.push((input, column));
        }
    }
    let Some(shape) = shape else { return Ok(None) };
    let rows = draft.vectors(ALIGNED, |file| {
        for (input, column) in columns.iter().filter(|(_, column)| column.rows().shape() == shape) {
            for (row, doc) in (0..).zip(column.docs()) {
                let Some(new) = input.renumber(doc) else { continue };
                docs.push(new);
                file.write_all(column.rows().bytes_of(row))?;
            }
        }
        Ok(())
    })?;
    finish(slot, shape, (&docs, rows), draft)
}

fn finish(
    slot: FieldSlot,
    shape: Shape,
    (docs, rows): (&[DocId], Extent),
    draft: &mut Draft,
) -> io::Result<Option<SlotEntry>> {
    if docs.is_empty() {
        return Ok(None);
    }
    let listed = if one_each(docs, draft.doc_count() as usize) {
        None
    } else {
        Some(draft.vectors(4, |file| docs.iter().try_for_each(|doc| file.write_all(&doc.to_le_bytes())))?)
    };
    let vectors = VectorsEntry { docs: listed, rows, ..VectorsEntry::new(shape) };
    let doc_count = docs.chunk_by(|a, b| a == b).count() as u64;
    Ok(Some(SlotEntry {
        slot: slot.0,
        doc_count,
        tokens: docs.len() as u64,
        vectors: Some(vectors),
        ..SlotEntry::default()
    }))
}
