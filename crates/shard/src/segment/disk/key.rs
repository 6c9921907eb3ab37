//! Keys of a segment's one dictionary: the slot, then the term.
//!
//! One dictionary for all fields, because each dictionary costs a third of a millisecond to begin. Slots below 240 take one byte, others
//! three; keys sort by slot, then by the bytes of the term.

use std::ops::Deref;

use crate::fields::FieldSlot;

const SHORT: u32 = 0xF0;
/// Slots that can be written.
pub(crate) const SLOT_LIMIT: u32 = SHORT + (15 << 16);

/// The prefix of a slot below [`SLOT_LIMIT`], or of that itself to bound the last slot.
pub(crate) fn prefix(slot: FieldSlot) -> Prefix {
    if slot.0 < SHORT {
        return Prefix { bytes: [slot.0 as u8, 0, 0], length: 1 };
    }
    let rest = slot.0 - SHORT;
    Prefix { bytes: [(SHORT + (rest >> 16)) as u8, (rest >> 8) as u8, rest as u8], length: 3 }
}

/// The bytes before a field's terms.
#[derive(Clone, Copy)]
pub(crate) struct Prefix {
    bytes: [u8; 3],
    length: u8,
}

impl Deref for Prefix {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_sort_as_slots_and_none_begins_another() {
        let slots = [0, 1, 239, 240, 241, 495, 496, 65_000, 70_000, SLOT_LIMIT - 1];
        let keys: Vec<_> = slots.iter().map(|&slot| [&prefix(FieldSlot(slot))[..], b"term"].concat()).collect();
        assert!(keys.is_sorted());
        for (at, slot) in slots.iter().enumerate() {
            let own = prefix(FieldSlot(*slot));
            assert_eq!(keys.iter().filter(|key| key.starts_with(&own)).collect::<Vec<_>>(), [&keys[at]]);
        }
        assert!(prefix(FieldSlot(SLOT_LIMIT))[..] > keys[keys.len() - 1][..]);
    }
}
