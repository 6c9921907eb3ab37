//! One of several parts of a segment's documents: each document falls to the part that the hash of its id, or of its number, names, in
//! whatever segment or reader it lies.

use super::{Outcome, bits};
use crate::segment::DocId;
use crate::segment::column::{NumberColumn, StringColumn};

/// Documents hashed at a time.
const BATCH: u32 = 1024;

/// Which part, of how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) part: u32,
    pub(crate) of: u32,
}

impl Part {
    /// The documents below `max` whose ids fall to the part, a bit each.
    pub(crate) fn of_ids(self, ids: &dyn StringColumn, max: DocId) -> Outcome<Vec<u64>> {
        let mut words = bits::none(max);
        let (mut from, mut text) = (0, Vec::new());
        while from < max {
            let to = (from + BATCH).min(max);
            for doc in from..to {
                let Some(ord) = ids.first(doc) else { continue };
                ids.value(ord, &mut text)?;
                if self.has(fnv(&text)) {
                    bits::set(&mut words, doc);
                }
            }
            from = to;
        }
        Ok(words)
    }

    /// As [`Part::of_ids`], by the least number of each document; those without fall to the first part.
    pub(crate) fn of_numbers(self, column: Option<&dyn NumberColumn>, max: DocId) -> Vec<u64> {
        let mut words = bits::none(max);
        for doc in 0..max {
            let number = column.and_then(|column| column.first(doc));
            if number.map_or(self.part == 0, |number| self.has(fnv(&number.to_le_bytes()))) {
                bits::set(&mut words, doc);
            }
        }
        words
    }

    fn has(self, hash: u64) -> bool {
        // The upper bits are the better mixed ones.
        (hash >> 32) % u64::from(self.of.max(1)) == u64::from(self.part)
    }
}

/// Fowler, Noll and Vo's hash (1a, 64 bits), with its upper half stirred once more.
fn fnv(bytes: &[u8]) -> u64 {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash ^ hash >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even() {
        let parts = |of: u32| {
            let mut counts = vec![0; of as usize];
            for n in 0..10_000u32 {
                let hash = fnv(n.to_string().as_bytes());
                let mine: Vec<u32> = (0..of).filter(|part| Part { part: *part, of }.has(hash)).collect();
                assert_eq!(mine.len(), 1);
                counts[mine[0] as usize] += 1;
            }
            counts
        };
        for of in [2, 3, 7] {
            let even = 10_000 / of;
            assert!(parts(of).into_iter().all(|count: u32| count.abs_diff(even) < even / 5), "{of}");
        }
    }
}
