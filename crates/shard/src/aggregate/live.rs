//! Every live document, whatever the query: backgrounds, and values that no match has.

use super::{Batch, Collector, Owners};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::compose::{Conjunction, Required};
use crate::score::{Outcome, Scorer, bits};
use crate::segment::DocId;

/// Documents of a batch at most.
const BATCH: u32 = 4096;

/// Shows a collector the live documents, those that `filter` matches, as one owner's; how many there are.
pub(super) fn show(reader: &Reader, filter: Option<&Weight>, collector: &mut dyn Collector) -> Outcome<u64> {
    let mut count = 0;
    let mut docs = Vec::with_capacity(BATCH as usize);
    for segment in 0..reader.segments.len() {
        let leaf = Leaf::new(reader, segment);
        collector.enter(&leaf)?;
        let scorer = filter.map(|filter| leaf.scorer(filter)).transpose()?;
        each_batch(&leaf, scorer, |from, words| {
            docs.clear();
            bits::docs(words, from, &mut docs);
            count += docs.len() as u64;
            match docs.is_empty() {
                true => Ok(()),
                false => collector.collect(Batch { docs: &docs, owners: Owners::One(0), scores: &[] }),
            }
        })?;
        collector.leave()?;
    }
    Ok(count)
}

/// How many live documents all of these match.
pub(super) fn count(reader: &Reader, weights: &[&Weight]) -> Outcome<u64> {
    let mut count = 0;
    for segment in 0..reader.segments.len() {
        let leaf = Leaf::new(reader, segment);
        let part = |weight: &&Weight| Ok(Required { scorer: leaf.scorer(weight)?, scoring: false });
        let parts: Vec<Required> = weights.iter().map(part).collect::<Outcome<_>>()?;
        let all = (!parts.is_empty()).then(|| Box::new(Conjunction::new(parts, leaf.max)) as Box<dyn Scorer>);
        each_batch(&leaf, all, |_, words| {
            count += bits::count(words);
            Ok(())
        })?;
    }
    Ok(count)
}

/// Calls `visit` with the bits of the live documents of a segment that `scorer` matches, a batch at a time, and the first document of each.
fn each_batch(
    leaf: &Leaf<'_>,
    mut scorer: Option<Box<dyn Scorer>>,
    mut visit: impl FnMut(DocId, &[u64]) -> Outcome<()>,
) -> Outcome<()> {
    let alive = leaf.reader.segments[leaf.number as usize].alive.as_deref().map(|alive| alive.words());
    for from in (0..leaf.max).step_by(BATCH as usize) {
        let to = (from + BATCH).min(leaf.max);
        let mut words = [0u64; BATCH as usize / 64];
        match &mut scorer {
            Some(scorer) => scorer.fill(from, to, &mut words)?,
            None => bits::set_range(&mut words, 0, to - from),
        }
        if let Some(alive) = alive {
            bits::and(&mut words, alive.get(from as usize / 64..).unwrap_or_default());
        }
        visit(from, &words)?;
    }
    Ok(())
}
