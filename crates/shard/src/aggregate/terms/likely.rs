//! The values of most documents over several segments, without a walk over all of their dictionaries: most values are too rare everywhere to be
//! among the best, whatever they sum up to.
//!
//! In: how many documents each ordinal of each segment has. Out: the few values that may be among the best, with their documents. The bound
//! is that of threshold algorithms (Fagin, Lotem, Naor: Optimal aggregation algorithms for middleware, 2003), with a threshold a segment.

use hashbrown::HashMap;

use super::merged::{Counted, Valued, Wanted};
use crate::score::Outcome;

/// Of all values fewer than one of so many must be left for this to be the shorter way: each is looked up in every segment.
const FEW: usize = 4;

/// Values with their documents, in no order: all that may be among the best, and others. `None`: they are too many.
pub(super) fn likely(segments: &[Counted], wanted: Wanted) -> Outcome<Option<Valued>> {
    if !wanted.by_count || wanted.size == 0 {
        return Ok(None);
    }
    let least = segments.iter().map(|segment| nth(&segment.counts, wanted.size)).max().unwrap_or(0).max(wanted.least);
    let docs: Vec<u64> = segments.iter().map(Counted::docs).collect();
    let enough = thresholds(least, &docs);
    let ords: Vec<Vec<u64>> =
        segments.iter().zip(&enough).map(|(segment, &enough)| at_least(segment, enough)).collect();
    let all: usize = segments.iter().map(|segment| segment.counts.len()).sum();
    if ords.iter().map(Vec::len).sum::<usize>() > all / FEW {
        return Ok(None);
    }
    let mut found: HashMap<Vec<u8>, (u64, Vec<bool>)> = HashMap::new();
    for (at, (segment, ords)) in segments.iter().zip(&ords).enumerate() {
        segment.strings.each_value(ords, |place, value| {
            let (count, seen) = found.entry_ref(value).or_insert_with(|| (0, vec![false; segments.len()]));
            *count += segment.of(ords[place]);
            seen[at] = true;
            Ok(())
        })?;
    }
    let mut values = Vec::with_capacity(found.len());
    for (value, (mut count, seen)) in found {
        for (segment, _) in segments.iter().zip(seen).filter(|(_, seen)| !seen) {
            count += segment.strings.ord_of(&value)?.map_or(0, |ord| segment.of(ord));
        }
        values.push((value, count));
    }
    Ok(Some(values))
}

/// The n-th greatest count; 0: fewer are there.
fn nth(counts: &[u32], n: usize) -> u64 {
    if counts.len() < n {
        return 0;
    }
    let mut counts = counts.to_vec();
    let (_, nth, _) = counts.select_nth_unstable_by(n - 1, |one, other| other.cmp(one));
    u64::from(*nth)
}

/// How many documents of each segment a value of `least` documents has in one of them at least: together it has fewer in the others.
fn thresholds(least: u64, docs: &[u64]) -> Vec<u64> {
    let all = docs.iter().sum::<u64>().max(1);
    let below = u128::from(least.saturating_sub(1));
    // A value that stays below all of them has `least - 1` documents at most.
    docs.iter().map(|&docs| (below * u128::from(docs) / u128::from(all)) as u64 + 1).collect()
}

fn at_least(segment: &Counted, enough: u64) -> Vec<u64> {
    segment.iter().filter(|(_, count)| *count >= enough).map(|(ord, _)| ord).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_below_every_threshold_has_too_few_documents() {
        for (least, docs) in [(1, vec![5, 5]), (10, vec![100, 1, 0]), (7, vec![3, 3, 3]), (1000, vec![9, 1])] {
            let below: u64 = thresholds(least, &docs).iter().map(|enough| enough - 1).sum();
            assert!(below < least, "{least} {docs:?}");
        }
        assert_eq!((nth(&[3, 9, 4], 2), nth(&[3, 9, 4], 3), nth(&[3], 2)), (4, 3, 0));
    }
}
