//! A document ready to be indexed: validated, its values typed and addressed by slot, its text not yet analysed.
//!
//! `prepare` makes it; memory blocks and sealed segments are both built from it.

use std::sync::Arc;

use crate::fields::FieldSlot;

/// Everything the engine needs of one document; what can be refused has been refused.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedDocument {
    pub id: Arc<str>,
    pub routing: Option<Arc<str>>,
    pub source: Arc<[u8]>,
    /// Values of text fields in order; those of one field stand together, an array's values one after another.
    pub texts: Vec<(FieldSlot, Box<str>)>,
    /// Whole values (keywords, booleans, addresses): sorted by slot, then bytes; distinct. Includes `_id`, `_routing`, `_ignored`, `_field_names`.
    pub exact: Vec<(FieldSlot, Box<[u8]>)>,
    /// Number codes: sorted by slot, then code; may repeat. Without the bookkeeping numbers.
    pub numbers: Vec<(FieldSlot, i64)>,
}

/// A prepared document with the bookkeeping that the primary assigned.
#[derive(Clone, Debug, PartialEq)]
pub struct SequencedDocument {
    pub document: Arc<PreparedDocument>,
    pub seq_no: u64,
    pub primary_term: u64,
    pub version: u64,
}
