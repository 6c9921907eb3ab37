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
    /// The documents inside, those inside of them before them, otherwise in their order.
    pub inner: Vec<InnerDocument>,
    /// Of the document itself: sorted by slot, one a slot.
    pub vectors: Vec<PreparedVector>,
}

/// One nested object, a document of its own: values as of [`PreparedDocument`], its `_nested_path` and the root's `_id` among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InnerDocument {
    pub texts: Vec<(FieldSlot, Box<str>)>,
    pub exact: Vec<(FieldSlot, Box<[u8]>)>,
    pub numbers: Vec<(FieldSlot, i64)>,
    pub vectors: Vec<PreparedVector>,
}

/// The values of one document of a block.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Values<'a> {
    pub(crate) texts: &'a [(FieldSlot, Box<str>)],
    pub(crate) exact: &'a [(FieldSlot, Box<[u8]>)],
    pub(crate) numbers: &'a [(FieldSlot, i64)],
    pub(crate) vectors: &'a [PreparedVector],
}

impl PreparedDocument {
    /// How many documents a segment holds of it.
    pub(crate) fn doc_count(&self) -> u32 {
        self.inner.len() as u32 + 1
    }

    /// What is still asked of a document whose values lie in a segment: the same without them, but for vectors.
    pub(crate) fn indexed(&self) -> Self {
        let inner =
            |inner: &InnerDocument| InnerDocument { vectors: inner.vectors.clone(), ..InnerDocument::default() };
        Self {
            id: self.id.clone(),
            routing: self.routing.clone(),
            source: self.source.clone(),
            texts: Vec::new(),
            exact: Vec::new(),
            numbers: Vec::new(),
            inner: self.inner.iter().map(inner).collect(),
            vectors: self.vectors.clone(),
        }
    }

    /// The documents inside, in order.
    pub(crate) fn inner_values(&self) -> impl Iterator<Item = Values<'_>> {
        self.inner.iter().map(|inner| Values {
            texts: &inner.texts,
            exact: &inner.exact,
            numbers: &inner.numbers,
            vectors: &inner.vectors,
        })
    }

    /// The document itself.
    pub(crate) fn values(&self) -> Values<'_> {
        Values { texts: &self.texts, exact: &self.exact, numbers: &self.numbers, vectors: &self.vectors }
    }
}

/// A vector as segments hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedVector {
    pub slot: FieldSlot,
    pub shape: vector::Shape,
    /// [`vector::Shape::push_row`].
    pub row: Box<[u8]>,
}

/// A prepared document with the bookkeeping that the primary assigned.
#[derive(Clone, Debug, PartialEq)]
pub struct SequencedDocument {
    pub document: Arc<PreparedDocument>,
    pub seq_no: u64,
    pub primary_term: u64,
    pub version: u64,
}
