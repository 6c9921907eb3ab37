//! A hash's fields and values out of the list of texts that its document keeps: taken one after the other, no further than they are asked for.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::keyspace::id::append_bytes_of;

/// A name or a value of a hash, as it is written where nothing of it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Which fields are taken.
pub(super) trait Wanted {
    fn is(&self, field: &[u8]) -> bool;

    /// How many there are at most.
    fn count(&self) -> usize;
}

struct Pairs<'w, W> {
    wanted: &'w W,
    buffer: Vec<u8>,
    places: Vec<(Range<usize>, Range<usize>)>,
}

/// The fields that are wanted, and their values, all in one buffer; `None`: it is no list of texts. What stands behind the last one that
/// may be wanted is not read.
pub(super) fn pairs(json: &[u8], wanted: &impl Wanted) -> Option<Vec<(Bytes, Bytes)>> {
    let room = if wanted.count() == usize::MAX { json.len() } else { 0 };
    let mut pairs = Pairs { wanted, buffer: Vec::with_capacity(room), places: Vec::new() };
    let read = serde_json::Deserializer::from_slice(json).deserialize_seq(&mut pairs);
    if read.is_err() && !pairs.is_complete() {
        return None;
    }
    let all = Bytes::from(pairs.buffer);
    Some(pairs.places.into_iter().map(|(name, value)| (all.slice(name), all.slice(value))).collect())
}

impl<W: Wanted> Pairs<'_, W> {
    fn is_complete(&self) -> bool {
        self.places.len() >= self.wanted.count()
    }
}

impl<'de, W: Wanted> Visitor<'de> for &mut Pairs<'_, W> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("names and values of a hash in turns")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while !self.is_complete() {
            let Some(name) = list.next_element::<Text<'de>>()? else { break };
            let from = self.buffer.len();
            append_bytes_of(&name.0, &mut self.buffer);
            if !self.wanted.is(&self.buffer[from..]) {
                self.buffer.truncate(from);
                list.next_element::<IgnoredAny>()?;
                continue;
            }
            let middle = self.buffer.len();
            let Some(value) = list.next_element::<Text<'de>>()? else { break };
            append_bytes_of(&value.0, &mut self.buffer);
            self.places.push((from..middle, middle..self.buffer.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(&'static [&'static str]);

    impl Wanted for Names {
        fn is(&self, field: &[u8]) -> bool {
            self.0.iter().any(|name| name.as_bytes() == field)
        }

        fn count(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn nothing_is_read_behind_what_is_wanted() {
        let check = |json: &str, names: &'static [&'static str], expected: Option<&[(&str, &str)]>| {
            let found = pairs(json.as_bytes(), &Names(names));
            let expected = expected.map(|pairs| {
                let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
                pairs.iter().map(|(name, value)| (bytes(name), bytes(value))).collect::<Vec<_>>()
            });
            assert_eq!(found, expected, "{json} {names:?}");
        };
        let hash = r#"["a","1","\u0000YiI=","2\n","c","3"] and more"#;
        check(hash, &["a"], Some(&[("a", "1")]));
        check(hash, &["c", "b\""], Some(&[("b\"", "2\n"), ("c", "3")]));
        check(hash, &["d"], Some(&[]));
        check(r#"["a","1",}"#, &["a"], Some(&[("a", "1")]));
        check(r#"["a","1",}"#, &["a", "c"], None);
        check(r#"{"a":"1"}"#, &["a"], None);
        check("[]", &["a"], Some(&[]));
    }
}
