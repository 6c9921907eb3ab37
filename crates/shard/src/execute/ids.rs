//! `_id` as the last word between equal hits: by ordinal within a segment, by bytes across segments.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fields::meta;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;
use crate::segment::column::StringColumn;

/// Ids that are remembered at a time: those that many hits are compared with.
const REMEMBERED: usize = 256;

/// The `_id` columns of a reader's segments, opened when first asked.
pub(super) struct Ids<'a> {
    reader: &'a Reader,
    columns: Vec<Option<Arc<dyn StringColumn>>>,
    /// What has been read: looking up an id takes as long as scoring several documents.
    read: BTreeMap<IdPlace, Box<[u8]>>,
}

/// A document's place in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IdPlace {
    pub(super) segment: u32,
    pub(super) ord: u64,
}

impl<'a> Ids<'a> {
    pub(super) fn new(reader: &'a Reader) -> Self {
        Self { reader, columns: vec![None; reader.segments.len()], read: BTreeMap::new() }
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
        self.remember([a, b])?;
        Ok(self.read.get(&a).cmp(&self.read.get(&b)))
    }

    /// Ordinals of `segment` below this belong to ids below that of `place`.
    pub(super) fn bound(&mut self, segment: u32, place: IdPlace) -> Outcome<u64> {
        if place.segment == segment {
            return Ok(place.ord);
        }
        self.remember([place])?;
        self.column(segment)?;
        match (&self.columns[segment as usize], self.read.get(&place)) {
            (Some(column), Some(id)) => Ok(column.find(id)?.unwrap_or_else(|next| next)),
            _ => Ok(0),
        }
    }

    /// The id itself, which is not asked for again.
    pub(super) fn text(&mut self, place: IdPlace) -> Outcome<Arc<str>> {
        let id = match self.read.remove(&place) {
            Some(id) => id,
            None => self.look_up(place)?,
        };
        Ok(String::from_utf8_lossy(&id).into())
    }

    fn remember<const N: usize>(&mut self, places: [IdPlace; N]) -> Outcome<()> {
        if self.read.len() + N > REMEMBERED {
            self.read.clear();
        }
        for place in places {
            if !self.read.contains_key(&place) {
                let id = self.look_up(place)?;
                self.read.insert(place, id);
            }
        }
        Ok(())
    }

    /// Empty where there is none.
    fn look_up(&mut self, place: IdPlace) -> Outcome<Box<[u8]>> {
        let mut id = Vec::new();
        if let Some(column) = self.column(place.segment)?
            && place.ord < column.ord_count()
        {
            column.value(place.ord, &mut id)?;
        }
        Ok(id.into())
    }
}
