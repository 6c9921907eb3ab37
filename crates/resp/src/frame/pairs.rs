//! Names and values in one buffer: what a hash holds, without a piece of memory for each text.

use std::ops::Range;

use bytes::Bytes;

/// Names and their values in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    all: Bytes,
    places: Vec<Place>,
}

/// Where a name stands, and where its value.
pub type Place = (Range<usize>, Range<usize>);

impl Pairs {
    /// `places`: in `all`, within its bounds.
    pub fn new(all: impl Into<Bytes>, places: Vec<Place>) -> Self {
        Self { all: all.into(), places }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.places.iter().map(|(name, value)| (&self.all[name.clone()], &self.all[value.clone()]))
    }

    pub fn get(&self, name: &[u8]) -> Option<Bytes> {
        let (_, value) = self.places.iter().find(|(known, _)| self.all[known.clone()] == *name)?;
        Some(self.all.slice(value.clone()))
    }

    /// Leaves out the names that are not to stay.
    pub fn retain(&mut self, stays: impl Fn(&[u8]) -> bool) {
        self.places.retain(|(name, _)| stays(&self.all[name.clone()]));
    }

    /// Sorts by name, stably.
    pub fn sort_by_key<K: Ord>(&mut self, key: impl Fn(&[u8]) -> K) {
        self.places.sort_by_key(|(name, _)| key(&self.all[name.clone()]));
    }

    /// Each text for itself.
    pub fn into_texts(self) -> impl Iterator<Item = (Bytes, Bytes)> {
        self.places.into_iter().map(move |(name, value)| (self.all.slice(name), self.all.slice(value)))
    }
}
