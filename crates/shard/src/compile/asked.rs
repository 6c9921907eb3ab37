//! What a set asks of a segment, as bytes: by them its documents are kept ([`crate::query_cache`]).

use std::ops::Bound;

use search::bound::TermBytes;

use super::Place;
use super::weight::Set;

/// Questions longer than so many bytes are not kept.
const MAX_BYTES: usize = 4096;

/// One form for one question; `None`: it is found as soon as it is looked up, or is not asked twice.
pub(super) fn question(set: &Set) -> Option<Box<[u8]>> {
    let mut asked = Asked::default();
    match set {
        Set::NumberRange(place, from, to) => {
            asked.place(b'n', place)?;
            asked.number(*from)?;
            asked.number(*to)?;
        }
        Set::TermRange(place, from, to) => {
            asked.place(b't', place)?;
            asked.bound(from)?;
            asked.bound(to)?;
        }
        Set::Terms(place, terms) => {
            asked.place(b's', place)?;
            terms.iter().try_for_each(|term| asked.bytes(term))?;
        }
        Set::Numbers(place, codes) if codes.len() > 1 => {
            asked.place(b'c', place)?;
            codes.iter().try_for_each(|&code| asked.number(code))?;
        }
        Set::Exists(fields) => {
            asked.0.push(b'e');
            fields.iter().try_for_each(|field| asked.bytes(field.as_bytes()))?;
        }
        Set::Accepted(place, accepted) => {
            asked.place(b'a', place)?;
            asked.bytes(accepted.question.as_bytes())?;
        }
        Set::Term { .. } | Set::Numbers(..) | Set::Within(..) | Set::Shape(..) | Set::Ids(_) | Set::Slice(..) => {
            return None;
        }
    }
    (asked.0.len() <= MAX_BYTES).then(|| asked.0.into())
}

#[derive(Default)]
struct Asked(Vec<u8>);

impl Asked {
    fn place(&mut self, kind: u8, place: &Place) -> Option<()> {
        self.0.push(kind);
        self.0.extend(place.slot?.0.to_le_bytes());
        Some(())
    }

    fn number(&mut self, number: i64) -> Option<()> {
        self.0.extend(number.to_le_bytes());
        (self.0.len() <= MAX_BYTES).then_some(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.number(bytes.len() as i64)?;
        if bytes.len() > MAX_BYTES {
            return None;
        }
        self.0.extend(bytes);
        (self.0.len() <= MAX_BYTES).then_some(())
    }

    fn bound(&mut self, bound: &Bound<TermBytes>) -> Option<()> {
        let (kind, value) = match bound {
            Bound::Unbounded => (0, None),
            Bound::Included(value) => (1, Some(value)),
            Bound::Excluded(value) => (2, Some(value)),
        };
        self.0.push(kind);
        value.map_or(Some(()), |value| self.bytes(value))
    }
}
