//! Stretches of words in documents: all of them are found of one document at a time, in the order of their starts, as Lucene's spans come.
//!
//! What a document costs grows with how often the words of the query stand in it. Not here: what words a query means (`compile::span`).

use super::bm25::{NO_NORMS, TermScore};
use super::occurrences::{Advance, Occurrences, all, any};
use super::{Outcome, Scorer};
use crate::segment::{DocId, NO_MORE_DOCS, Norms};

/// A stretch from `start` to `end` (behind it), and by how many words it is wider than it need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    start: u32,
    end: u32,
    width: u32,
}

/// Where the stretches of a segment come from.
pub(crate) enum Spans {
    Term(Occurrences),
    Or(Vec<Spans>),
    Near { clauses: Vec<Clause>, slop: i64, in_order: bool },
    First(Box<Spans>, u32),
    Not { include: Box<Spans>, exclude: Box<Spans>, before: u32, after: u32 },
    Containing(Box<Spans>, Box<Spans>),
    Within(Box<Spans>, Box<Spans>),
}

/// A part of a stretch whose parts are near each other.
pub(crate) enum Clause {
    Spans(Spans),
    /// Any words, so many.
    Gap(u32),
}

impl Clause {
    fn spans(&mut self) -> Option<&mut Spans> {
        match self {
            Self::Spans(spans) => Some(spans),
            Self::Gap(_) => None,
        }
    }
}

impl Advance for Spans {
    fn advance(&mut self, target: DocId) -> Outcome<DocId> {
        match self {
            Self::Term(word) => word.advance(target),
            Self::Or(parts) => any(parts, target),
            Self::Near { clauses, .. } => all(clauses.iter_mut().filter_map(Clause::spans), target),
            Self::First(inner, _) => inner.advance(target),
            Self::Not { include, .. } => include.advance(target),
            Self::Containing(big, little) | Self::Within(big, little) => all([&mut **big, &mut **little], target),
        }
    }
}

impl Spans {
    /// All stretches of `doc`, to which `advance` has come, by start and end.
    fn of(&mut self, doc: DocId) -> Outcome<Vec<Stretch>> {
        Ok(match self {
            Self::Term(word) => {
                word.positions(doc)?.into_iter().map(|start| Stretch { start, end: start + 1, width: 0 }).collect()
            }
            Self::Or(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    if part.advance(doc)? == doc {
                        found.extend(part.of(doc)?);
                    }
                }
                found.sort_by_key(|one| (one.start, one.end));
                found
            }
            Self::Near { clauses, slop, in_order } => {
                let (mut lists, mut gaps) = (Vec::with_capacity(clauses.len()), vec![0; clauses.len()]);
                for clause in clauses {
                    match clause {
                        Clause::Spans(spans) => lists.push(spans.of(doc)?),
                        // It stands behind a list, for gaps do not come first.
                        Clause::Gap(width) => gaps[lists.len().saturating_sub(1)] += *width,
                    }
                }
                if *in_order { ordered(&lists, &gaps, *slop) } else { unordered(&lists, *slop) }
            }
            Self::First(inner, end) => inner.of(doc)?.into_iter().filter(|one| one.end <= *end).collect(),
            Self::Not { include, exclude, before, after } => {
                let found = include.of(doc)?;
                let barred = if exclude.advance(doc)? == doc { exclude.of(doc)? } else { Vec::new() };
                apart(found, &barred, (*before, *after))
            }
            Self::Containing(big, little) => containing(big.of(doc)?, &little.of(doc)?),
            Self::Within(big, little) => within(&big.of(doc)?, little.of(doc)?),
        })
    }

    fn cost(&self) -> u64 {
        match self {
            Self::Term(word) => word.cost(),
            Self::Or(parts) => parts.iter().map(Self::cost).sum(),
            Self::Near { clauses, .. } => {
                let costs = clauses.iter().filter_map(|clause| match clause {
                    Clause::Spans(spans) => Some(spans.cost()),
                    Clause::Gap(_) => None,
                });
                costs.min().unwrap_or(0)
            }
            Self::First(inner, _) | Self::Not { include: inner, .. } => inner.cost(),
            Self::Containing(big, little) | Self::Within(big, little) => big.cost().min(little.cost()),
        }
    }
}

/// One of each list, behind one another; each list goes forward only. `gaps`: words that are passed over behind each.
fn ordered(lists: &[Vec<Stretch>], gaps: &[u32], slop: i64) -> Vec<Stretch> {
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
            found.push(Stretch { start: one.start, end, width: u32::try_from(width).unwrap_or(u32::MAX) });
        }
    }
    found
}

/// One of each list in any order: the one that begins first goes on, until its list ends.
fn unordered(lists: &[Vec<Stretch>], slop: i64) -> Vec<Stretch> {
    let mut found = Vec::new();
    if lists.iter().any(Vec::is_empty) {
        return found;
    }
    let mut places = vec![0; lists.len()];
    let mut last = 0;
    for (at, list) in lists.iter().enumerate() {
        if list[0].end > lists[last][0].end {
            last = at;
        }
    }
    loop {
        let current = |at: usize| lists[at][places[at]];
        let least = (0..lists.len()).min_by_key(|&at| (current(at).start, current(at).end)).unwrap_or(0);
        let (start, end) = (current(least).start, current(last).end);
        let words: i64 = (0..lists.len()).map(|at| i64::from(current(at).end - current(at).start)).sum();
        if i64::from(end) - i64::from(start) - words <= slop {
            found.push(Stretch { start, end, width: end.saturating_sub(start) });
        }
        places[least] += 1;
        let Some(next) = lists[least].get(places[least]) else { return found };
        if next.end > lists[last][places[last]].end {
            last = least;
        }
    }
}

/// Those with none of `barred` inside or that near.
fn apart(found: Vec<Stretch>, barred: &[Stretch], (before, after): (u32, u32)) -> Vec<Stretch> {
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

fn containing(big: Vec<Stretch>, little: &[Stretch]) -> Vec<Stretch> {
    let (mut at, mut found) = (0, big);
    found.retain(|one| {
        while little.get(at).is_some_and(|inner| inner.start < one.start) {
            at += 1;
        }
        little.get(at).is_some_and(|inner| one.end >= inner.end)
    });
    found
}

fn within(big: &[Stretch], little: Vec<Stretch>) -> Vec<Stretch> {
    let (mut at, mut found) = (0, little);
    found.retain(|one| {
        while big.get(at).is_some_and(|outer| outer.end < one.end) {
            at += 1;
        }
        big.get(at).is_some_and(|outer| outer.start <= one.start)
    });
    found
}

/// Documents with any stretch; their frequency is the sum of how narrow those are.
pub(crate) struct SpanScorer {
    spans: Spans,
    norms: Option<Norms>,
    score: TermScore,
    /// In the document found last.
    pub(crate) freq: f32,
    doc: DocId,
}

impl SpanScorer {
    pub(crate) fn new(spans: Spans, norms: Option<Norms>, score: TermScore) -> Self {
        Self { spans, norms, score, freq: 0.0, doc: 0 }
    }

    /// Norm code of a document.
    pub(crate) fn code(&self, doc: DocId) -> u8 {
        self.norms.as_ref().map_or(NO_NORMS, |norms| (**norms).as_ref().get(doc as usize).copied().unwrap_or(0))
    }
}

impl Scorer for SpanScorer {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.spans.advance(doc)?;
        if next != doc || doc == NO_MORE_DOCS {
            return Ok(next);
        }
        if self.doc != doc || self.freq == 0.0 {
            self.doc = doc;
            self.freq = self.spans.of(doc)?.iter().map(|one| 1.0 / (1.0 + one.width as f32)).sum();
        }
        Ok(if self.freq > 0.0 { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score.score(self.freq, self.code(self.doc)))
    }

    fn cost(&self) -> u64 {
        // Positions cost more than documents.
        self.spans.cost().saturating_mul(4)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score.bound(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(starts: &[u32]) -> Vec<Stretch> {
        starts.iter().map(|&start| Stretch { start, end: start + 1, width: 0 }).collect()
    }

    fn shown(found: Vec<Stretch>) -> Vec<(u32, u32, u32)> {
        found.into_iter().map(|one| (one.start, one.end, one.width)).collect()
    }

    #[test]
    fn near_each_other() {
        let lists = [words(&[0, 3]), words(&[1, 6])];
        assert_eq!(shown(ordered(&lists, &[0, 0], 1)), [(0, 2, 0)]);
        assert_eq!(shown(ordered(&lists, &[0, 0], 2)), [(0, 2, 0), (3, 7, 2)]);
        assert_eq!(shown(ordered(&[words(&[0]), words(&[2])], &[1, 0], 0)), [(0, 3, 0)]);
        let lists = [words(&[1, 3]), words(&[0, 4])];
        assert_eq!(shown(unordered(&lists, 0)), [(0, 2, 2), (3, 5, 2)]);
        assert_eq!(shown(unordered(&lists, 2)), [(0, 2, 2), (1, 5, 4), (3, 5, 2)]);
        assert!(unordered(&[words(&[1]), Vec::new()], 9).is_empty());
    }

    #[test]
    fn apart_from_others_and_inside() {
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[0, 3]), (1, 0))), []);
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[0, 9]), (1, 0))), [(4, 5, 0)]);
        assert_eq!(shown(apart(words(&[1, 4]), &words(&[5]), (0, 1))), [(1, 2, 0)]);
        let big = vec![Stretch { start: 0, end: 3, width: 1 }, Stretch { start: 5, end: 7, width: 0 }];
        assert_eq!(shown(containing(big.clone(), &words(&[1, 9]))), [(0, 3, 1)]);
        assert_eq!(shown(within(&big, words(&[1, 3, 6]))), [(1, 2, 0), (6, 7, 0)]);
    }
}
