//! Making sealed segments: from documents ([`seal()`]), from memory blocks ([`seal_blocks`]), or from other sealed segments ([`merge`]).
//!
//! In: prepared documents, whose texts are analysed here, or blocks or segments with their alive sets. Out: one new directory, complete but
//! not yet durable, opened as a [`SealedSegment`]. Nothing here knows of shards, logs or threads; every function may run anywhere.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::ShardError;
use crate::fields::{FieldSlot, FieldTable, Layout, meta};
use crate::prepared::{SequencedDocument, Values};
use crate::segment::DocId;
use crate::segment::disk::SealedSegment;
use crate::segment::disk::key::SLOT_LIMIT;

mod blocks;
mod draft;
mod gather;
mod merge;
mod output;
mod term_table;
mod vectors;

pub use blocks::seal_blocks;
use draft::{Draft, Sources};
use gather::{Exacts, Numbers, Texts};
pub use merge::{MergeInput, merge};
use vectors::Vectors;

/// Stands for an empty source, which tantivy's store cannot hold; no source is a space.
pub(crate) const NO_SOURCE: &[u8] = b" ";

/// Documents that one segment can number.
pub(crate) const MAX_DOCS: u64 = 1 << 31;

/// A name for the directory of a new segment, that no other has: 32 hexadecimal digits.
pub fn new_name() -> String {
    tantivy::index::SegmentId::generate_random().uuid_string()
}

/// Writes `documents`, numbered from 0 in their order and those inside of one before it, as a sealed segment into the new directory `directory`, whose parent exists.
/// Nothing is synced. On an error the directory may be left behind, incomplete.
///
/// Memory: 16 bytes a token, 8 a value, and the distinct terms, besides the documents; so the caller bounds it by how many it gives.
///
/// # Errors
/// [`ShardError::Io`]; [`ShardError::Field`] when a document has a value in a slot whose layout is another.
pub fn seal(
    directory: &Path,
    fields: &FieldTable,
    documents: &mut dyn Iterator<Item = SequencedDocument>,
) -> Result<SealedSegment, ShardError> {
    fs::create_dir(directory).map_err(|e| ShardError::io("create", directory, e))?;
    let write_error = |e: io::Error| ShardError::io("write", directory, e);
    let mut sources = Sources::create(directory)?;
    let mut gathered = Gathered { fields, slots: Vec::new() };
    let mut seq_no: Option<(u64, u64)> = None;
    let mut count = 0;
    for SequencedDocument { document, seq_no: number, primary_term, version } in documents {
        let after = count + u64::from(document.doc_count());
        if after >= MAX_DOCS {
            return Err(ShardError::TooLarge { what: "documents", found: after, limit: MAX_DOCS });
        }
        for inner in document.inner_values() {
            sources.push(NO_SOURCE).map_err(write_error)?;
            gathered.push(count as DocId, inner)?;
            count += 1;
        }
        let doc = count as DocId;
        sources.push(&document.source).map_err(write_error)?;
        gathered.push(doc, document.values())?;
        for (slot, value) in [(meta::SEQ_NO, number), (meta::PRIMARY_TERM, primary_term), (meta::VERSION, version)] {
            gathered.number(doc, slot, value as i64)?;
        }
        seq_no = Some(seq_no.map_or((number, number), |(least, most)| (least.min(number), most.max(number))));
        count += 1;
    }
    let mut draft = Draft::create(directory, count as u32, sources)?;
    for (slot, field) in gathered.slots.into_iter().enumerate() {
        let slot = FieldSlot(slot as u32);
        match field {
            Some(Field::Texts(texts)) => texts.write(slot, count as u32, &mut draft),
            Some(Field::Exacts(exacts)) => exacts.write(slot, count as u32, &mut draft),
            Some(Field::Numbers(numbers)) => numbers.write(slot, &mut draft),
            Some(Field::Vectors(vectors)) => vectors.write(slot, &mut draft),
            None => Ok(()),
        }
        .map_err(write_error)?;
    }
    draft.finish(seq_no)
}

/// All fields that documents have, by slot.
struct Gathered<'a> {
    fields: &'a FieldTable,
    slots: Vec<Option<Field>>,
}

enum Field {
    Texts(Box<Texts>),
    Exacts(Box<Exacts>),
    Numbers(Numbers),
    Vectors(Vectors),
}

impl Gathered<'_> {
    fn push(&mut self, doc: DocId, document: Values<'_>) -> Result<(), ShardError> {
        for values in document.texts.chunk_by(|a, b| a.0 == b.0) {
            let slot = values[0].0;
            let told = match self.field(slot)? {
                Field::Texts(texts) => texts.push(doc, values.iter().map(|(_, text)| &**text)),
                _ => return Err(ShardError::Field { slot: slot.0 }),
            };
            if !told {
                self.present(doc, slot)?;
            }
        }
        for (slot, value) in document.exact {
            match self.field(*slot)? {
                Field::Exacts(exacts) => exacts.push(doc, value),
                _ => return Err(ShardError::Field { slot: slot.0 }),
            }
        }
        for vector in document.vectors {
            let fits = match self.field(vector.slot)? {
                Field::Vectors(vectors) => vectors.push(doc, vector),
                _ => false,
            };
            if !fits {
                return Err(ShardError::Field { slot: vector.slot.0 });
            }
        }
        document.numbers.iter().try_for_each(|&(slot, code)| self.number(doc, slot, code))
    }

    /// Lists the field among those that the document has.
    fn present(&mut self, doc: DocId, slot: FieldSlot) -> Result<(), ShardError> {
        let fields = self.fields;
        if let (Some(entry), Field::Exacts(names)) = (fields.entry(slot), self.field(meta::FIELD_NAMES)?) {
            names.push(doc, entry.path.as_bytes());
        }
        Ok(())
    }

    fn number(&mut self, doc: DocId, slot: FieldSlot, code: i64) -> Result<(), ShardError> {
        match self.field(slot)? {
            Field::Numbers(numbers) => numbers.push(doc, code),
            _ => return Err(ShardError::Field { slot: slot.0 }),
        }
        Ok(())
    }

    fn field(&mut self, slot: FieldSlot) -> Result<&mut Field, ShardError> {
        let at = slot.0 as usize;
        if slot.0 >= SLOT_LIMIT {
            return Err(ShardError::TooLarge {
                what: "fields",
                found: u64::from(slot.0),
                limit: u64::from(SLOT_LIMIT),
            });
        }
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, || None);
        }
        let fields = self.fields;
        match &mut self.slots[at] {
            Some(field) => Ok(field),
            empty => Ok(empty.insert(new_field(fields, slot)?)),
        }
    }
}

fn new_field(fields: &FieldTable, slot: FieldSlot) -> Result<Field, ShardError> {
    if [meta::SEQ_NO, meta::PRIMARY_TERM, meta::VERSION].contains(&slot) {
        return Ok(Field::Numbers(Numbers::new(false, true)));
    }
    let layout = fields.entry(slot).map(|entry| &entry.layout).ok_or(ShardError::Field { slot: slot.0 })?;
    Ok(match layout {
        Layout::Text { analyzer, detail, norms, position_gap } => {
            Field::Texts(Box::new(Texts::new(analyzer.clone(), *detail, *norms, *position_gap)))
        }
        Layout::Exact { postings, column, norms } => Field::Exacts(Box::new(Exacts::new(*postings, *column, *norms))),
        Layout::Number { postings, column } => Field::Numbers(Numbers::new(*postings, *column)),
        Layout::Vector { shape, .. } => Field::Vectors(Vectors::new(*shape)),
    })
}
