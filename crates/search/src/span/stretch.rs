//! Stretches of words in one text and what they have to do with each other, as Lucene's spans find it.
//!
//! Lists of stretches come and go by start and end. Not here: where the words of a text come from ([`super::Spans`]'s leaves).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A stretch from the position `start` to `end` (behind it), and by how many words it is wider than it need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<P = ()> {
    pub start: u32,
    pub end: u32,
    pub width: u32,
    /// What it is made of.
    pub parts: P,
}

/// What is kept of the words of a stretch.
pub trait Parts: Clone + Default {
    fn add(&mut self, other: &Self);
}

/// Who only counts stretches keeps nothing.
impl Parts for () {
    fn add(&mut self, (): &Self) {}
}

impl<T: Clone> Parts for Vec<T> {
    fn add(&mut self, other: &Self) {
        self.extend_from_slice(other);
    }
}

impl<P: Parts> Stretch<P> {
    fn of<'s>(start: u32, end: u32, width: u32, all: impl Iterator<Item = &'s Self>) -> Self
    where
        P: 's,
    {
        let mut parts = P::default();
        all.for_each(|one| parts.add(&one.parts));
        Self { start, end, width, parts }
    }
}

/// One of each list, behind one another; each list goes forward only. `gaps`: words that are passed over behind each.
pub(super) fn ordered<P: Parts>(lists: &[Vec<Stretch<P>>], gaps: &[u32], slop: i64) -> Vec<Stretch<P>> {
    let Some((first, rest)) = lists.split_first() else { return Vec::new() };
    let (mut places, mut found) = (vec![0; rest.len()], Vec::new());
    for one in first {
        let (mut end, mut width) = (one.end + gaps[0], 0i64);
        for (at, list) in rest.iter().enumerate() {
            let place = &mut places[at];
            while list.get(*place).is_some_and(|next| next.start < end) {
                *place += 1;
            }
            let Some(next) = list.get(*place) else { return found };
            width += i64::from(next.start) - i64::from(end);
            end = next.end + gaps[at + 1];
        }
        if width <= slop {
            let others = rest.iter().zip(&places).filter_map(|(list, place)| list.get(*place));
            let width = u32::try_from(width).unwrap_or(u32::MAX);
            found.push(Stretch::of(one.start, end, width, std::iter::once(one).chain(others)));
        }
    }
    found
}

/// One of each list in any order: the one that begins first goes on, until its list ends.
pub(super) fn unordered<P: Parts>(lists: &[Vec<Stretch<P>>], slop: i64) -> Vec<Stretch<P>> {
    let mut found = Vec::new();
    if lists.iter().any(Vec::is_empty) {
        return found;
    }
    let mut places = vec![0; lists.len()];
    let rank = |at: usize, one: &Stretch<P>| Reverse((one.start, one.end, at));
    let mut ahead: BinaryHeap<_> = lists.iter().enumerate().map(|(at, list)| rank(at, &list[0])).collect();
    let words = |one: &Stretch<P>| i64::from(one.end) - i64::from(one.start);
    let mut last = 0;
    for (at, list) in lists.iter().enumerate() {
        if list[0].end > lists[last][0].end {
            last = at;
        }
    }
    let mut inside: i64 = lists.iter().map(|list| words(&list[0])).sum();
    while let Some(Reverse((start, _, least))) = ahead.pop() {
        let end = lists[last][places[last]].end;
        if i64::from(end) - i64::from(start) - inside <= slop {
            let all = lists.iter().zip(&places).map(|(list, &place)| &list[place]);
            found.push(Stretch::of(start, end, end.saturating_sub(start), all));
        }
        let passed = &lists[least][places[least]];
        places[least] += 1;
        let Some(next) = lists[least].get(places[least]) else { break };
        inside += words(next) - words(passed);
        if next.end > lists[last][places[last]].end {
            last = least;
        }
        ahead.push(rank(least, next));
    }
    found
}

/// Those with none of `barred` inside or that near.
pub(super) fn apart<P>(found: Vec<Stretch<P>>, barred: &[Stretch<P>], (before, after): (u32, u32)) -> Vec<Stretch<P>> {
    let mut at = 0;
    let mut kept = found;
    kept.retain(|one| {
        while barred.get(at).is_some_and(|bar| bar.end <= one.start.saturating_sub(before)) {
            at += 1;
        }
        barred.get(at).is_none_or(|bar| bar.start.saturating_sub(after) >= one.end)
    });
    kept
}

/// Those of `big` with one of `little` inside, which becomes part of them.
pub(super) fn containing<P: Parts>(big: Vec<Stretch<P>>, little: &[Stretch<P>]) -> Vec<Stretch<P>> {
    let (mut at, mut found) = (0, big);
    found.retain_mut(|one| {
        while little.get(at).is_some_and(|inner| inner.start < one.start) {
            at += 1;
        }
        let inner = little.get(at).filter(|inner| one.end >= inner.end);
        inner.inspect(|inner| one.parts.add(&inner.parts)).is_some()
    });
    found
}

/// Those of `little` inside of one of `big`, which becomes part of them.
pub(super) fn within<P: Parts>(big: &[Stretch<P>], little: Vec<Stretch<P>>) -> Vec<Stretch<P>> {
    let (mut at, mut found) = (0, little);
    found.retain_mut(|one| {
        while big.get(at).is_some_and(|outer| outer.end < one.end) {
            at += 1;
        }
        let outer = big.get(at).filter(|outer| outer.start <= one.start);
        outer.inspect(|outer| one.parts.add(&outer.parts)).is_some()
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(starts: &[u32]) -> Vec<Stretch<Vec<u32>>> {
        starts.iter().map(|&start| Stretch { start, end: start + 1, width: 0, parts: vec![start] }).collect()
    }

    fn shown(found: Vec<Stretch<Vec<u32>>>) -> Vec<(u32, u32, u32, Vec<u32>)> {
        found.into_iter().map(|one| (one.start, one.end, one.width, one.parts)).collect()
    }

    #[test]
    fn near_each_other() {
        let lists = [words(&[0, 3]), words(&[1, 6])];
        assert_eq!(shown(ordered(&lists, &[0, 0], 1)), [(0, 2, 0, vec![0, 1])]);
        assert_eq!(shown(ordered(&lists, &[0, 0], 2)), [(0, 2, 0, vec![0, 1]), (3, 7, 2, vec![3, 6])]);
        assert_eq!(shown(ordered(&[words(&[0]), words(&[2])], &[1, 0], 0)), [(0, 3, 0, vec![0, 2])]);
        let lists = [words(&[1, 3]), words(&[0, 4])];
        assert_eq!(shown(unordered(&lists, 0)), [(0, 2, 2, vec![1, 0]), (3, 5, 2, vec![3, 4])]);
        assert_eq!(shown(unordered(&lists, 2)).len(), 3);
        assert!(unordered(&[words(&[1]), Vec::new()], 9).is_empty());
    }

    #[test]
    fn apart_from_others_and_inside() {
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[0, 3]), (1, 0))), []);
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[0, 9]), (1, 0))), [(4, 5, 0, vec![4])]);
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[5]), (0, 1))), [(1, 2, 0, vec![1])]);
        let stretch = |start, end| Stretch { start, end, width: 0, parts: vec![start] };
        let big = vec![stretch(0, 3), stretch(5, 7)];
        assert_eq!(shown(containing(big.clone(), &words(&[1, 9]))), [(0, 3, 0, vec![0, 1])]);
        assert_eq!(shown(within(&big, words(&[1, 3, 6]))), [(1, 2, 0, vec![1, 0]), (6, 7, 0, vec![6, 5])]);
    }
}
