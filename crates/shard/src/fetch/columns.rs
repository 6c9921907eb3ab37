//! What the columns of a document hold: `docvalue_fields` and the document's bookkeeping.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::Arc;

use search::fetch::doc_value::{Column, DocValue, binary, flat};
use serde_json::Value;

use crate::fields::{FieldSlot, FieldTable, Layout, meta};
use crate::segment::column::StringColumn;
use crate::segment::fielddata::Fielddata;
use crate::segment::{DocId, Segment};

/// The terms of texts by document, made once for all hits that lie in a segment: by the segment's number and the field.
pub(super) type Uninverted = RefCell<BTreeMap<(u32, FieldSlot), Option<Fielddata>>>;

/// A document of one segment.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) segment: &'a Arc<dyn Segment>,
    pub(super) fields: &'a Arc<FieldTable>,
    pub(super) doc: DocId,
    /// The segment's number.
    pub(super) number: u32,
    pub(super) uninverted: &'a Uninverted,
    /// Whether it lies inside of another document.
    pub(super) inside: bool,
}

impl Document<'_> {
    /// The values of a column as shown. `source`: of the document, where it was read.
    pub(super) fn shown(&self, wanted: &DocValue, source: &Value) -> io::Result<Vec<Value>> {
        let slot = |path: &str| self.fields.by_path(path).map(|entry| entry.slot);
        Ok(match &wanted.column {
            Column::Numbers(path, shown) => match slot(path) {
                Some(slot) => shown.all(&mut self.numbers(slot)?),
                None => Vec::new(),
            },
            Column::Strings(path, shown) => match self.fields.by_path(path) {
                Some(entry) if matches!(entry.layout, Layout::Text { .. }) => {
                    self.words(entry.slot)?.iter().map(|term| shown.show(term)).collect()
                }
                Some(entry) => self.strings(entry.slot)?.iter().map(|term| shown.show(term)).collect(),
                None => Vec::new(),
            },
            Column::Id => self.texts(meta::ID)?.into_iter().map(Value::from).collect(),
            Column::SeqNo => self.numbers(meta::SEQ_NO)?.into_iter().map(Value::from).collect(),
            Column::Index(name) => vec![(**name).into()],
            Column::Flat(path) => flat(source, path),
            Column::Binary(path) => binary(source, path),
        })
    }

    fn numbers(&self, slot: FieldSlot) -> io::Result<Vec<i64>> {
        let mut codes = Vec::new();
        if let Some(column) = self.segment.numbers(slot)? {
            column.values(self.doc, &mut codes);
        }
        Ok(codes)
    }

    /// One number of the bookkeeping.
    pub(super) fn number(&self, slot: FieldSlot) -> io::Result<u64> {
        let column = self.segment.numbers(slot)?;
        Ok(column.and_then(|column| column.first(self.doc)).unwrap_or(0) as u64)
    }

    fn strings(&self, slot: FieldSlot) -> io::Result<Vec<Vec<u8>>> {
        self.segment.strings(slot)?.map_or(Ok(Vec::new()), |column| self.terms(&*column))
    }

    /// The terms of a text.
    fn words(&self, slot: FieldSlot) -> io::Result<Vec<Vec<u8>>> {
        let mut known = self.uninverted.borrow_mut();
        let column = match known.entry((self.number, slot)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Fielddata::new(&**self.segment, slot)?),
        };
        column.as_ref().map_or(Ok(Vec::new()), |column| self.terms(column))
    }

    fn terms(&self, column: &dyn StringColumn) -> io::Result<Vec<Vec<u8>>> {
        let (mut terms, mut ords) = (Vec::new(), Vec::new());
        column.ords(self.doc, &mut ords);
        for ord in ords {
            let mut term = Vec::new();
            column.value(ord, &mut term)?;
            terms.push(term);
        }
        Ok(terms)
    }

    /// Terms of the bookkeeping.
    pub(super) fn texts(&self, slot: FieldSlot) -> io::Result<Vec<String>> {
        Ok(self.strings(slot)?.into_iter().filter_map(|term| String::from_utf8(term).ok()).collect())
    }

    pub(super) fn routing(&self) -> io::Result<Option<Arc<str>>> {
        Ok(self.texts(meta::ROUTING)?.pop().map(Arc::from))
    }
}
