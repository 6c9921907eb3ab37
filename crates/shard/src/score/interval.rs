//! Intervals: the shortest stretches of words that fit a rule, as Clarke, Cormack and Burkowski (1995) define them, all of one document at a time.
//!
//! What a document costs grows with how often the words of the query stand in it.

use search::interval::Relation;

use super::occurrences::{Advance, Occurrences, all, any};
use super::{Outcome, Scorer};
use crate::segment::{DocId, NO_MORE_DOCS};

/// From `start` to `end`, both inside; `words`: how many of its words are those of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    start: u32,
    end: u32,
    words: u32,
}

/// Where the intervals of a segment come from.
pub(crate) enum Intervals {
    Term(Occurrences),
    Any(Vec<Intervals>),
    Together { clauses: Vec<Intervals>, ordered: bool, apart: bool, max_gaps: Option<u32> },
    Repeated(Box<Intervals>, u32),
    Behind(Box<Intervals>, u32),
    Related(Box<Intervals>, Relation, Box<Intervals>),
}

impl Advance for Intervals {
    fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        match self {
            Self::Term(word) => word.advance(target),
            Self::Any(parts) => any(parts, target),
            Self::Together { clauses, .. } => all(clauses, target),
            Self::Repeated(inner, _) | Self::Behind(inner, _) => inner.advance(target),
            Self::Related(of, relation, _) if relation.is_negative() => of.advance(target),
            Self::Related(of, _, others) => all([&mut **of, &mut **others], target),
        }
    }
}

impl Intervals {
    /// All intervals of `doc`, to which `advance` has come; starts and ends ascend.
    fn of(&mut self, doc: DocId) -> Outcome<Vec<Interval>> {
        Ok(match self {
            Self::Term(word) => {
                word.positions(doc)?.into_iter().map(|at| Interval { start: at, end: at, words: 1 }).collect()
            }
            Self::Any(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    if part.advance(doc)? == doc {
                        found.extend(part.of(doc)?);
                    }
                }
                shortest(found)
            }
            Self::Together { clauses, ordered, apart, max_gaps } => {
                let lists = clauses.iter_mut().map(|clause| clause.of(doc)).collect::<Outcome<Vec<_>>>()?;
                let found = match (*ordered, *max_gaps) {
                    (true, Some(0)) => block(&lists),
                    (true, _) => in_order(&lists),
                    (false, _) => in_any_order(&lists, *apart),
                };
                let narrow =
                    |one: &Interval| max_gaps.is_none_or(|most| one.end - one.start < one.words.saturating_add(most));
                found.into_iter().filter(narrow).collect()
            }
            Self::Repeated(inner, times) => {
                let found = inner.of(doc)?;
                let window = |some: &[Interval]| {
                    let words = some.iter().map(|one| one.words).sum();
                    Interval { start: some[0].start, end: some[some.len() - 1].end, words }
                };
                found.windows((*times).max(1) as usize).map(window).collect()
            }
            Self::Behind(inner, words) => {
                let longer = |one: Interval| {
                    let start = one.start.saturating_sub(*words);
                    Interval { start, words: one.words + one.start - start, ..one }
                };
                inner.of(doc)?.into_iter().map(longer).collect()
            }
            Self::Related(of, relation, others) => {
                let found = of.of(doc)?;
                let others = if others.advance(doc)? == doc { others.of(doc)? } else { Vec::new() };
                related(found, *relation, &others)
            }
        })
    }

    fn cost(&self) -> u64 {
        match self {
            Self::Term(word) => word.cost(),
            Self::Any(parts) => parts.iter().map(Self::cost).sum(),
            Self::Together { clauses, .. } => clauses.iter().map(Self::cost).min().unwrap_or(0),
            Self::Repeated(inner, _) | Self::Behind(inner, _) | Self::Related(inner, ..) => inner.cost(),
        }
    }
}

/// Those that have no other inside, by their starts.
fn shortest(mut found: Vec<Interval>) -> Vec<Interval> {
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
    let mut end = u32::MAX;
    let mut kept: Vec<Interval> = Vec::with_capacity(found.len());
    for one in found.into_iter().rev() {
        if kept.is_empty() || one.end < end {
            end = one.end;
            kept.push(one);
        }
    }
    kept.reverse();
    kept
}

/// One of each list right behind the other.
fn block(lists: &[Vec<Interval>]) -> Vec<Interval> {
    let Some((first, rest)) = lists.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    for one in first {
        let (mut end, mut words) = (one.end, one.words);
        let follows = rest.iter().all(|list| {
            let at = list.partition_point(|next| next.start <= end);
            let next = list.get(at).filter(|next| next.start == end + 1);
            next.is_some_and(|next| {
                end = next.end;
                words += next.words;
                true
            })
        });
        if follows {
            found.push(Interval { start: one.start, end, words });
        }
    }
    found
}

/// One of each list behind the other, with words between them.
fn in_order(lists: &[Vec<Interval>]) -> Vec<Interval> {
    let Some((first, rest)) = lists.split_first() else { return Vec::new() };
    let (mut places, mut found) = (vec![0; rest.len()], Vec::new());
    'starts: for one in first {
        let (mut end, mut words) = (one.end, one.words);
        for (place, list) in places.iter_mut().zip(rest) {
            while list.get(*place).is_some_and(|next| next.start <= end) {
                *place += 1;
            }
            let Some(next) = list.get(*place) else { break 'starts };
            end = next.end;
            words += next.words;
        }
        found.push(Interval { start: one.start, end, words });
    }
    shortest(found)
}

/// One of each list; `apart`: that share no words.
fn in_any_order(lists: &[Vec<Interval>], apart: bool) -> Vec<Interval> {
    let mut found = Vec::new();
    if lists.iter().any(Vec::is_empty) {
        return found;
    }
    let mut places = vec![0; lists.len()];
    loop {
        let current = |at: usize| lists[at][places[at]];
        let mut order: Vec<usize> = (0..lists.len()).collect();
        order.sort_by_key(|&at| (current(at).start, current(at).end));
        let shared = apart && order.windows(2).any(|pair| current(pair[0]).end >= current(pair[1]).start);
        if !shared {
            let end = order.iter().map(|&at| current(at).end).max().unwrap_or(0);
            let words = order.iter().map(|&at| current(at).words).sum();
            found.push(Interval { start: current(order[0]).start, end, words });
        }
        let first = order[0];
        places[first] += 1;
        if places[first] == lists[first].len() {
            return shortest(found);
        }
    }
}

fn related(found: Vec<Interval>, relation: Relation, others: &[Interval]) -> Vec<Interval> {
    // Starts and ends of the others ascend: one search each.
    let contains = |one: &Interval| {
        let at = others.partition_point(|other| other.start < one.start);
        others.get(at).is_some_and(|other| other.end <= one.end)
    };
    let is_inside = |one: &Interval| {
        let at = others.partition_point(|other| other.end < one.end);
        others.get(at).is_some_and(|other| other.start <= one.start)
    };
    let meets = |one: &Interval| {
        let at = others.partition_point(|other| other.end < one.start);
        others.get(at).is_some_and(|other| other.start <= one.end)
    };
    let fits = |one: &Interval| match relation {
        Relation::Containing => contains(one),
        Relation::NotContaining => !contains(one),
        Relation::ContainedBy => is_inside(one),
        Relation::NotContainedBy => !is_inside(one),
        Relation::Overlapping => meets(one),
        Relation::NotOverlapping => !meets(one),
        Relation::Before => others.last().is_some_and(|other| other.start > one.end),
        Relation::After => others.first().is_some_and(|other| other.end < one.start),
    };
    found.into_iter().filter(fits).collect()
}

/// Documents with any interval, the better the more and the shorter they are.
pub(crate) struct IntervalScorer {
    intervals: Intervals,
    /// Words of the shortest interval that there can be.
    extent: u32,
    boost: f32,
    /// In the document found last.
    pub(crate) freq: f32,
    doc: DocId,
}

impl IntervalScorer {
    pub(crate) fn new(intervals: Intervals, extent: u32, boost: f32) -> Self {
        Self { intervals, extent, boost, freq: 0.0, doc: 0 }
    }
}

impl Scorer for IntervalScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.intervals.advance(doc)?;
        if next != doc || doc == NO_MORE_DOCS {
            return Ok(next);
        }
        if self.doc != doc || self.freq == 0.0 {
            self.doc = doc;
            let narrow = |one: &Interval| 1.0 / (one.end - one.start + 2).saturating_sub(self.extent).max(1) as f32;
            self.freq = self.intervals.of(doc)?.iter().map(narrow).sum();
        }
        Ok(if self.freq > 0.0 { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.boost * (1.0 - 1.0 / (1.0 + self.freq)))
    }

    fn cost(&self) -> u64 {
        // Positions cost more than documents.
        self.intervals.cost().saturating_mul(4)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.boost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(starts: &[u32]) -> Vec<Interval> {
        starts.iter().map(|&at| Interval { start: at, end: at, words: 1 }).collect()
    }

    fn shown(found: Vec<Interval>) -> Vec<(u32, u32)> {
        found.into_iter().map(|one| (one.start, one.end)).collect()
    }

    #[test]
    fn the_shortest_are_found() {
        let lists = [words(&[0, 2, 9]), words(&[3, 6, 8])];
        assert_eq!(shown(in_order(&lists)), [(2, 3)]);
        assert_eq!(shown(in_any_order(&lists, false)), [(2, 3), (8, 9)]);
        assert_eq!(shown(block(&[words(&[0, 2]), words(&[3]), words(&[4, 5])])), [(2, 4)]);
        assert_eq!(shown(in_any_order(&[words(&[1, 5]), words(&[1, 5])], true)), [(1, 5)]);
        let nested = vec![Interval { start: 0, end: 5, words: 2 }, Interval { start: 1, end: 3, words: 2 }];
        assert_eq!(shown(shortest(nested)), [(1, 3)]);
    }

    #[test]
    fn beside_others() {
        let check = |relation, expected: &[(u32, u32)]| {
            let found = vec![Interval { start: 0, end: 3, words: 2 }, Interval { start: 5, end: 6, words: 2 }];
            assert_eq!(shown(related(found, relation, &words(&[2, 9]))), expected, "{relation:?}");
        };
        check(Relation::Containing, &[(0, 3)]);
        check(Relation::NotContaining, &[(5, 6)]);
        check(Relation::ContainedBy, &[]);
        check(Relation::Overlapping, &[(0, 3)]);
        check(Relation::NotOverlapping, &[(5, 6)]);
        check(Relation::Before, &[(0, 3), (5, 6)]);
        check(Relation::After, &[(5, 6)]);
    }
}
