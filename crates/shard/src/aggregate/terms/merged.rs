//! The best values of one segment, by their numbers alone, or of several: of the few that may be among them, where most may not ([`likely`]), and
//! otherwise by walking over all of their dictionaries at once. No table of all values is made.
//!
//! In: how many documents each ordinal of each segment has. Out: the values that come first, and the documents of all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::likely::likely;
use crate::aggregate::strings::Strings;
use crate::score::Outcome;

/// Values of a segment that are read at a time.
const CHUNK: usize = 1024;

/// Which values come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Those of most documents before those whose key comes first.
    pub(super) by_count: bool,
    /// The greatest key comes first.
    pub(super) descending: bool,
    /// As many, at most.
    pub(super) size: usize,
    /// Of so many documents each, at least.
    pub(super) least: u64,
}

/// Values with their documents.
pub(super) type Valued = Vec<(Vec<u8>, u64)>;

/// What was counted in a segment.
pub(super) struct Counted {
    pub(super) strings: Strings,
    /// By ordinal.
    pub(super) counts: Vec<u32>,
}

impl Counted {
    /// Every ordinal that was counted, ascending, with how many.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        let numbered = (0..).zip(self.counts.iter().map(|&count| u64::from(count)));
        numbered.filter(|(_, count)| *count > 0)
    }

    /// Documents of an ordinal.
    pub(super) fn of(&self, ord: u64) -> u64 {
        self.counts.get(ord as usize).map_or(0, |&count| u64::from(count))
    }

    pub(super) fn docs(&self) -> u64 {
        self.counts.iter().map(|&count| u64::from(count)).sum()
    }
}

/// One segment's values, in order.
struct Cursor<'a> {
    counted: &'a Counted,
    /// Ordinals below it have been read.
    next: usize,
    ords: Vec<u64>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The place of the current value among those that have been read.
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(counted: &'a Counted) -> Self {
        let (ords, bytes, ends) = Default::default();
        Self { counted, next: 0, ords, bytes, ends, at: 0 }
    }

    /// Steps to the next value, or to the first; false: there is none.
    fn step(&mut self) -> Outcome<bool> {
        self.at += 1;
        if self.at < self.ords.len() {
            return Ok(true);
        }
        self.read()?;
        Ok(!self.ords.is_empty())
    }

    fn read(&mut self) -> Outcome<()> {
        self.ords.clear();
        self.bytes.clear();
        self.ends.clear();
        self.at = 0;
        let counts = &self.counted.counts;
        while self.next < counts.len() && self.ords.len() < CHUNK {
            if counts[self.next] > 0 {
                self.ords.push(self.next as u64);
            }
            self.next += 1;
        }
        let (bytes, ends) = (&mut self.bytes, &mut self.ends);
        self.counted.strings.each_value(&self.ords, |_, value| {
            bytes.extend_from_slice(value);
            ends.push(bytes.len());
            Ok(())
        })
    }

    fn value(&self) -> &[u8] {
        let begin = self.at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[self.at]]
    }

    fn count(&self) -> u64 {
        u64::from(self.counted.counts[self.ords[self.at] as usize])
    }
}

/// The values that come first with their documents, in no order. The ordinals of each segment are in the order of their values.
pub(super) fn best(segments: &[Counted], wanted: Wanted) -> Outcome<Valued> {
    if let [only] = segments {
        return best_of_one(only, wanted);
    }
    if let Some(values) = likely(segments, wanted)? {
        return Ok(best_of(values, wanted));
    }
    let mut cursors: Vec<Cursor<'_>> = segments.iter().map(Cursor::new).collect();
    // The greatest first: the next value is that of the last.
    let mut order = Vec::with_capacity(cursors.len());
    for at in 0..cursors.len() {
        if cursors[at].step()? {
            enter(&mut order, &cursors, at);
        }
    }
    let mut best = BinaryHeap::with_capacity(wanted.size.min(CHUNK));
    let (mut turn, mut value, mut same) = (0_u64, Vec::new(), Vec::new());
    while let Some(first) = order.pop() {
        value.clear();
        value.extend_from_slice(cursors[first].value());
        same.push(first);
        while let Some(next) = order.pop_if(|next| cursors[*next].value() == value) {
            same.push(next);
        }
        let count: u64 = same.iter().map(|&at| cursors[at].count()).sum();
        turn += 1;
        take(&mut best, wanted, (turn, count), &value);
        if !wanted.by_count && !wanted.descending && best.len() >= wanted.size {
            break;
        }
        for at in same.drain(..) {
            if cursors[at].step()? {
                enter(&mut order, &cursors, at);
            }
        }
    }
    Ok(best.into_iter().map(|Reverse((_, count, value))| (value, count)).collect())
}

/// Of one segment the numbers decide alone: no other value is read than those that come first.
fn best_of_one(segment: &Counted, wanted: Wanted) -> Outcome<Valued> {
    let ords = first_ords(&segment.counts, wanted);
    let mut best = Vec::with_capacity(ords.len());
    segment.strings.each_value(&ords, |at, value| {
        best.push((value.to_vec(), u64::from(segment.counts[ords[at] as usize])));
        Ok(())
    })?;
    Ok(best)
}

/// The best of some values, in no order.
fn best_of(mut values: Valued, wanted: Wanted) -> Valued {
    values.retain(|(_, count)| *count >= wanted.least.max(1));
    let by_key = |one: &[u8], other: &[u8]| if wanted.descending { other.cmp(one) } else { one.cmp(other) };
    values.sort_unstable_by(|(one, few), (other, many)| many.cmp(few).then_with(|| by_key(one, other)));
    values.truncate(wanted.size);
    values
}

/// The ordinals of the values that come first, ascending.
fn first_ords(counts: &[u32], wanted: Wanted) -> Vec<u64> {
    let ord = |turn: usize| if wanted.descending { counts.len() - 1 - turn } else { turn };
    let least = wanted.least.max(1);
    let turns = (0..counts.len()).map(|turn| (u64::from(counts[ord(turn)]), turn));
    let mut turns = turns.filter(|(count, _)| *count >= least);
    // Of as many documents what came first is better: the worst is on top.
    let mut best: BinaryHeap<Reverse<(u64, Reverse<usize>)>> = BinaryHeap::with_capacity(wanted.size.min(CHUNK));
    best.extend(turns.by_ref().take(wanted.size).map(|(count, turn)| Reverse((count, Reverse(turn)))));
    if wanted.by_count && !best.is_empty() {
        for (count, turn) in turns {
            if let Some(mut worst) = best.peek_mut()
                && worst.0.0 < count
            {
                *worst = Reverse((count, Reverse(turn)));
            }
        }
    }
    let mut ords: Vec<u64> = best.into_iter().map(|Reverse((_, Reverse(turn)))| ord(turn) as u64).collect();
    ords.sort_unstable();
    ords
}

fn enter(order: &mut Vec<usize>, cursors: &[Cursor<'_>], at: usize) {
    let value = cursors[at].value();
    let place = order.partition_point(|&other| cursors[other].value() > value);
    order.insert(place, at);
}

/// The worst of the best on top: how good it is, its documents, its value.
type Best = BinaryHeap<Reverse<((u64, u64), u64, Vec<u8>)>>;

/// `turn`: values come in their order.
fn take(best: &mut Best, wanted: Wanted, (turn, count): (u64, u64), value: &[u8]) {
    if count < wanted.least || wanted.size == 0 {
        return;
    }
    let tie = if wanted.descending { turn } else { u64::MAX - turn };
    let good = (if wanted.by_count { count } else { 0 }, tie);
    if best.len() < wanted.size {
        best.push(Reverse((good, count, value.to_vec())));
    } else if let Some(mut worst) = best.peek_mut()
        && worst.0.0 < good
    {
        let Reverse((was_good, had, kept)) = &mut *worst;
        (*was_good, *had) = (good, count);
        kept.clear();
        kept.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_most_documents_come_first_and_of_as_many_the_first_keys() {
        let counts = [3, 0, 5, 3, 1, 5, 3];
        let wanted = Wanted { by_count: true, descending: false, size: 3, least: 1 };
        for (wanted, expected) in [
            (wanted, vec![0, 2, 5]),
            (Wanted { descending: true, ..wanted }, vec![2, 5, 6]),
            (Wanted { by_count: false, ..wanted }, vec![0, 2, 3]),
            (Wanted { by_count: false, descending: true, ..wanted }, vec![4, 5, 6]),
            (Wanted { by_count: false, descending: true, least: 4, ..wanted }, vec![2, 5]),
            (Wanted { size: 0, ..wanted }, vec![]),
            (Wanted { size: 10, ..wanted }, vec![0, 2, 3, 4, 5, 6]),
        ] {
            assert_eq!(first_ords(&counts, wanted), expected, "{wanted:?}");
        }
    }
}
