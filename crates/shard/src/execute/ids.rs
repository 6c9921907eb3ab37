//! `_id` as the last word between equal hits: by ordinal within a segment, by bytes across segments.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::fields::meta;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;
use crate::segment::column::StringColumn;

/// The `_id` columns of a reader's segments, opened when first asked.
pub(super) struct Ids<'a> {
    reader: &'a Reader,
    columns: Vec<Option<Arc<dyn StringColumn>>>,
    one: Vec<u8>,
    other: Vec<u8>,
}

/// A document's place in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IdPlace {
    pub(super) segment: u32,
    pub(super) ord: u64,
}

impl<'a> Ids<'a> {
    pub(super) fn new(reader: &'a Reader) -> Self {
        Self { reader, columns: vec![None; reader.segments.len()], one: Vec::new(), other: Vec::new() }
    }

    pub(super) fn column(&mut self, segment: u32) -> Outcome<Option<&dyn StringColumn>> {
        let slot = &mut self.columns[segment as usize];
        if slot.is_none() {
            *slot = self.reader.segments[segment as usize].segment.strings(meta::ID)?;
        }
        Ok(slot.as_deref())
    }

    pub(super) fn place(&mut self, segment: u32, doc: DocId) -> Outcome<IdPlace> {
        let column = self.column(segment)?;
        let ord = column.and_then(|column| column.first(doc)).unwrap_or(u64::MAX);
        Ok(IdPlace { segment, ord })
    }

    pub(super) fn compare(&mut self, a: IdPlace, b: IdPlace) -> Outcome<Ordering> {
        if a.segment == b.segment {
            return Ok(a.ord.cmp(&b.ord));
        }
        let (mut one, mut other) = (std::mem::take(&mut self.one), std::mem::take(&mut self.other));
        self.bytes(a, &mut one)?;
        self.bytes(b, &mut other)?;
        let order = one.cmp(&other);
        (self.one, self.other) = (one, other);
        Ok(order)
    }

    /// Ordinals of `segment` below this belong to ids below that of `place`.
    pub(super) fn bound(&mut self, segment: u32, place: IdPlace) -> Outcome<u64> {
        if place.segment == segment {
            return Ok(place.ord);
        }
        let mut bytes = Vec::new();
        self.bytes(place, &mut bytes)?;
        Ok(match self.column(segment)? {
            Some(column) => column.find(&bytes)?.unwrap_or_else(|next| next),
            None => 0,
        })
    }

    pub(super) fn text(&mut self, place: IdPlace) -> Outcome<Arc<str>> {
        let mut bytes = Vec::new();
        self.bytes(place, &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into())
    }

    fn bytes(&mut self, place: IdPlace, out: &mut Vec<u8>) -> Outcome<()> {
        out.clear();
        if let Some(column) = self.column(place.segment)?
            && place.ord < column.ord_count()
        {
            column.value(place.ord, out)?;
        }
        Ok(())
    }
}
