//! Vectors of a block: gathered from its documents when they are first searched, so that a refresh does not pay for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use vector::{Rows, Shape};

use super::data::Data;
use crate::fields::FieldSlot;
use crate::prepared::PreparedVector;
use crate::segment::DocId;
use crate::segment::vectors::{VectorColumn, one_each};

struct Gathered {
    shape: Shape,
    docs: Vec<DocId>,
    rows: Vec<u8>,
}

/// The columns of all fields of vectors.
pub(super) fn columns(data: &Data) -> BTreeMap<FieldSlot, VectorColumn> {
    let mut fields: BTreeMap<FieldSlot, Gathered> = BTreeMap::new();
    let mut add = |doc: DocId, vector: &PreparedVector| {
        let empty = || Gathered { shape: vector.shape, docs: Vec::new(), rows: Vec::new() };
        let field = fields.entry(vector.slot).or_insert_with(empty);
        if field.shape == vector.shape {
            field.docs.push(doc);
            field.rows.extend_from_slice(&vector.row);
        }
    };
    for (root, document) in data.numbered() {
        let prepared = &document.document;
        let first = root - prepared.inner.len() as DocId;
        for (doc, values) in (first..).zip(prepared.inner_values()) {
            values.vectors.iter().for_each(|vector| add(doc, vector));
        }
        prepared.vectors.iter().for_each(|vector| add(root, vector));
    }
    let all = data.doc_count() as usize;
    let column = |field: Gathered| {
        let docs = (!one_each(&field.docs, all)).then(|| field.docs.into());
        Some(VectorColumn::new(Rows::new(field.shape, Arc::new(field.rows)).ok()?, docs))
    };
    fields.into_iter().filter_map(|(slot, field)| Some((slot, column(field)?))).collect()
}
