//! Documents held back with the number of their value, until it is known which values are told: no bucket is made of any other.

use hashbrown::HashMap;

use crate::aggregate::batch::Sorted;
use crate::aggregate::strings::{Read, Strings};
use crate::aggregate::{Batch, Budget};
use crate::score::Outcome;

/// By segment.
#[derive(Default)]
pub(super) struct Late {
    held: Vec<Held>,
}

/// Documents of a segment, with ordinals for owners.
struct Held {
    segment: u32,
    strings: Strings,
    docs: Sorted,
}

impl Late {
    pub(super) fn enter(&mut self, segment: u32, strings: &Strings) {
        self.held.push(Held { segment, strings: strings.clone(), docs: Sorted::default() });
    }

    /// Holds documents of the segment that was entered, with what was read of them.
    pub(super) fn hold(&mut self, batch: &Batch<'_>, read: &Read<'_>, budget: &Budget) -> Outcome<()> {
        let Some(held) = self.held.last_mut() else { return Ok(()) };
        let (Read::Dense(ords) | Read::Sparse(ords, _)) = read;
        let scored = if batch.scores.is_empty() { 0 } else { size_of::<f32>() };
        budget.take(ords.len() * (2 * size_of::<u32>() + scored))?;
        read.for_each(|at, ord| held.docs.push(batch, at, ord as u32));
        Ok(())
    }

    /// The documents of these values, by segment, each value by its place among them.
    pub(super) fn of(self, values: &[Box<[u8]>]) -> Outcome<Vec<(u32, Sorted)>> {
        let of = |held: Held| -> Outcome<(u32, Sorted)> {
            let mut buckets = HashMap::new();
            for (bucket, value) in (0..).zip(values) {
                if let Some(ord) = held.strings.ord_of(value)? {
                    buckets.insert(ord as u32, bucket);
                }
            }
            let mut docs = held.docs;
            docs.keep(|ord| buckets.get(&ord).copied());
            Ok((held.segment, docs))
        };
        self.held.into_iter().map(of).collect()
    }
}
