//! Every live document, whatever the query: backgrounds, and values that no match has.

use super::{Batch, Collector, Owners};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::{Outcome, bits};

/// Documents of a batch at most.
const BATCH: u32 = 4096;

/// Shows a collector the live documents, those that `filter` matches, as one owner's; how many there are.
pub(super) fn show(reader: &Reader, filter: Option<&Weight>, collector: &mut dyn Collector) -> Outcome<u64> {
    let mut count = 0;
    let mut docs = Vec::with_capacity(BATCH as usize);
    for (number, view) in reader.segments.iter().enumerate() {
        let leaf = Leaf::new(reader, number);
        let mut scorer = filter.map(|filter| leaf.scorer(filter)).transpose()?;
        collector.enter(&leaf)?;
        for from in (0..leaf.max).step_by(BATCH as usize) {
            let to = (from + BATCH).min(leaf.max);
            let mut words = [0u64; BATCH as usize / 64];
            match &mut scorer {
                Some(scorer) => scorer.fill(from, to, &mut words)?,
                None => bits::set_range(&mut words, 0, to - from),
            }
            if let Some(alive) = &view.alive {
                let alive = alive.words();
                bits::and(&mut words, &alive[(from as usize / 64).min(alive.len())..]);
            }
            docs.clear();
            bits::docs(&words, from, &mut docs);
            count += docs.len() as u64;
            if !docs.is_empty() {
                collector.collect(Batch { docs: &docs, owners: Owners::One(0), scores: &[] })?;
            }
        }
        collector.leave()?;
    }
    Ok(count)
}
