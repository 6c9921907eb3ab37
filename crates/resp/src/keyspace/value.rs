//! What a key holds.

use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// The fields of a hash in the order in which they were first set; some of them expire. Reads as a map of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    values: IndexMap<Bytes, Bytes>,
    /// Of those that expire, when, in milliseconds since 1970.
    expiries: BTreeMap<Bytes, u64>,
}

impl Fields {
    pub(super) fn new(values: IndexMap<Bytes, Bytes>, expiries: BTreeMap<Bytes, u64>) -> Self {
        Self { values, expiries }
    }

    /// Sets a field, which does not expire from now on.
    pub fn set(&mut self, name: Bytes, value: Bytes) {
        self.expiries.remove(&name);
        self.values.insert(name, value);
    }

    /// Sets a field's value; when it expires stays as it is.
    pub fn set_value(&mut self, name: Bytes, value: Bytes) {
        self.values.insert(name, value);
    }

    /// About how many bytes all of it takes as JSON.
    pub fn json_bytes(&self) -> usize {
        self.values.iter().map(|(name, value)| name.len() + value.len() + 6).sum()
    }

    /// Whether the field was there.
    pub fn remove(&mut self, name: &Bytes) -> bool {
        self.expiries.remove(name);
        self.values.shift_remove(name).is_some()
    }

    /// How many of the fields were there. One walk over all, however many go.
    pub fn remove_each(&mut self, names: &[Bytes]) -> usize {
        if let [name] = names {
            return usize::from(self.remove(name));
        }
        let (names, before) = (names.iter().collect::<HashSet<_>>(), self.values.len());
        self.values.retain(|name, _| !names.contains(name));
        self.expiries.retain(|name, _| !names.contains(name));
        before - self.values.len()
    }

    /// When a field expires.
    pub fn expiry_of(&self, name: &Bytes) -> Option<u64> {
        self.expiries.get(name).copied()
    }

    /// Lets a field that is there expire at `at_ms`; `None`: never.
    pub fn expire(&mut self, name: &Bytes, at_ms: Option<u64>) {
        match at_ms {
            Some(at) if self.values.contains_key(name) => drop(self.expiries.insert(name.clone(), at)),
            _ => drop(self.expiries.remove(name)),
        }
    }

    /// When each field that expires does, by name.
    pub(super) fn expiries(&self) -> &BTreeMap<Bytes, u64> {
        &self.expiries
    }

    /// When the first of them expires.
    pub fn next_expiry_ms(&self) -> Option<u64> {
        self.expiries.values().min().copied()
    }

    /// When none is left; `None`: some stay.
    pub(super) fn end_ms(&self) -> Option<u64> {
        let all = self.expiries.len() == self.values.len();
        if all { self.expiries.values().max().copied() } else { None }
    }

    /// Takes those away whose time has come by `now_ms`.
    pub(super) fn drop_expired(&mut self, now_ms: u64) {
        if self.next_expiry_ms().is_some_and(|at| at <= now_ms) {
            let Self { values, expiries } = self;
            values.retain(|name, _| expiries.get(name).is_none_or(|at| *at > now_ms));
            expiries.retain(|_, at| *at > now_ms);
        }
    }
}

impl Deref for Fields {
    type Target = IndexMap<Bytes, Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

impl IntoIterator for Fields {
    type Item = (Bytes, Bytes);
    type IntoIter = indexmap::map::IntoIter<Bytes, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl FromIterator<(Bytes, Bytes)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Bytes, Bytes)>>(pairs: I) -> Self {
        Self { values: pairs.into_iter().collect(), expiries: BTreeMap::new() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Bytes),
    Hash(Fields),
    Json(Json),
}

impl Value {
    /// A hash without fields: no key holds one.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Hash(fields) if fields.is_empty())
    }

    /// As `TYPE` answers.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::Json(_) => "ReJSON-RL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn fields_go_when_their_time_has_come_and_stay_when_they_are_set_again() {
        let mut fields: Fields = [(name("a"), name("1")), (name("b"), name("2"))].into_iter().collect();
        assert_eq!((fields.next_expiry_ms(), fields.end_ms()), (None, None));
        fields.expire(&name("a"), Some(10));
        fields.expire(&name("none"), Some(5));
        assert_eq!((fields.next_expiry_ms(), fields.end_ms()), (Some(10), None));
        fields.expire(&name("b"), Some(20));
        assert_eq!((fields.next_expiry_ms(), fields.end_ms()), (Some(10), Some(20)));
        fields.set_value(name("a"), name("3"));
        fields.set(name("b"), name("4"));
        fields.drop_expired(10);
        fields.set(name("c"), name("5"));
        fields.set(name("d"), name("6"));
        assert_eq!(fields.remove_each(&[name("d"), name("none"), name("c"), name("d")]), 2);
        assert_eq!(fields.iter().collect::<Vec<_>>(), [(&name("b"), &name("4"))]);
        assert_eq!(fields.next_expiry_ms(), None);
    }
}
