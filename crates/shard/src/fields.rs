//! The living table of a shard's fields: mapping path -> slot. Slots are only ever appended, so that what an old segment
//! wrote under a slot keeps its meaning.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::Analyzer;

use crate::segment::Detail;

/// Position of a field in the table; tantivy's field number, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldSlot(pub u32);

/// Slots that every shard has.
pub mod meta {
    use super::FieldSlot;

    /// `_id`: exact term and string column.
    pub const ID: FieldSlot = FieldSlot(0);
    /// The source, stored compressed.
    pub const SOURCE: FieldSlot = FieldSlot(1);
    /// `_seq_no`: number column.
    pub const SEQ_NO: FieldSlot = FieldSlot(2);
    /// `_primary_term`: number column.
    pub const PRIMARY_TERM: FieldSlot = FieldSlot(3);
    /// `_version`: number column.
    pub const VERSION: FieldSlot = FieldSlot(4);
    /// `_routing`: exact term and string column, only where a document has one.
    pub const ROUTING: FieldSlot = FieldSlot(5);
    /// `_ignored`: paths of fields whose value was left out (ignore_malformed, ignore_above).
    pub const IGNORED: FieldSlot = FieldSlot(6);
    /// `_field_names`: paths that a document has, for fields with neither norms nor column.
    pub const FIELD_NAMES: FieldSlot = FieldSlot(7);
    /// `_nested_path`: of a document inside of another, the path of the nested object that it is. No other document has it.
    pub const NESTED_PATH: FieldSlot = FieldSlot(8);
    /// The first slot of a mapped field.
    pub const FIRST: u32 = 9;
}

/// How a field lies on disk.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Analysed text. `detail`: what its postings keep; lengths when `norms` (where frequencies are not kept, of the terms without their
    /// repetitions).
    Text { analyzer: Analyzer, detail: Detail, norms: bool, position_gap: u32 },
    /// Whole values as terms: keywords, booleans, addresses (16 bytes), paths of flat objects. Postings hold documents only.
    Exact { postings: bool, column: bool, norms: bool },
    /// Numbers as codes ([`model::number`]).
    Number { postings: bool, column: bool },
    /// Vectors; `graph`: how a graph over them is made, where one is wanted.
    Vector { shape: vector::Shape, graph: Option<GraphLayout> },
}

/// How the graph over a segment's vectors is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphLayout {
    /// Links a node.
    pub m: u32,
    pub ef_construction: u32,
    /// Walked over eight bits a dimension.
    pub quantized: bool,
}

/// One field of the table.
#[derive(Clone, Debug)]
pub struct FieldEntry {
    pub slot: FieldSlot,
    /// Full mapping path (or `_id` and its like).
    pub path: Arc<str>,
    pub layout: Layout,
}

/// All fields, by slot and by path.
#[derive(Clone, Debug, Default)]
pub struct FieldTable {
    entries: Vec<FieldEntry>,
    by_path: BTreeMap<Arc<str>, FieldSlot>,
}

impl FieldTable {
    /// The entry at `path`, if a document or the mapping has ever named it.
    pub fn by_path(&self, path: &str) -> Option<&FieldEntry> {
        self.by_path.get(path).and_then(|slot| self.entries.get(slot.0 as usize))
    }

    /// The entry of a slot.
    pub fn entry(&self, slot: FieldSlot) -> Option<&FieldEntry> {
        self.entries.get(slot.0 as usize)
    }

    /// In order of slots.
    pub fn entries(&self) -> &[FieldEntry] {
        &self.entries
    }

    /// Appends a field unless its path is there already; returns its slot.
    pub fn append(&mut self, path: Arc<str>, layout: Layout) -> FieldSlot {
        if let Some(slot) = self.by_path.get(&path) {
            return *slot;
        }
        let slot = FieldSlot(self.entries.len() as u32);
        self.entries.push(FieldEntry { slot, path: path.clone(), layout });
        self.by_path.insert(path, slot);
        slot
    }
}
