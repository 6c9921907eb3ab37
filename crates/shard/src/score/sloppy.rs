//! Sloppy phrases: how near to the phrase the words of a document stand, with the frequencies that Lucene gives.
//!
//! Every part walks its positions less its offset; in an exact match all stand at one place. The part furthest behind is
//! moved on as long as that brings the parts together; the spread then is the match's distance. Parts that share terms may
//! not stand on the same word: of two that do, the one behind moves.

/// One phrase' parts; reused from document to document.
pub(crate) struct Sloppy {
    slop: i64,
    walkers: Vec<Walker>,
    /// Walkers that share terms, each group by offset.
    groups: Vec<Vec<usize>>,
    /// Some part of a group has several terms.
    several_terms: bool,
    /// Walkers that wait for their turn.
    queue: Vec<usize>,
    end: i64,
}

struct Walker {
    offset: i64,
    positions: Vec<u32>,
    /// Next position to take.
    at: usize,
    /// Current position less offset.
    place: i64,
    group: Option<usize>,
}

impl Walker {
    fn next(&mut self) -> bool {
        match self.positions.get(self.at) {
            Some(&position) => {
                self.at += 1;
                self.place = i64::from(position) - self.offset;
                true
            }
            None => false,
        }
    }

    fn word(&self) -> i64 {
        self.place + self.offset
    }
}

impl Sloppy {
    /// `parts`: offset and numbers of the terms of each part, equal terms having equal numbers.
    pub(crate) fn new(slop: u32, parts: &[(u32, Vec<usize>)]) -> Self {
        let walker = |(offset, _): &(u32, Vec<usize>)| Walker {
            offset: i64::from(*offset),
            positions: Vec::new(),
            at: 0,
            place: 0,
            group: None,
        };
        let mut walkers: Vec<Walker> = parts.iter().map(walker).collect();
        let mut label: Vec<usize> = (0..parts.len()).collect();
        for later in 1..parts.len() {
            for earlier in 0..later {
                if parts[later].1.iter().any(|term| parts[earlier].1.contains(term)) {
                    let (from, to) = (label[later].max(label[earlier]), label[later].min(label[earlier]));
                    label.iter_mut().filter(|label| **label == from).for_each(|label| *label = to);
                }
            }
        }
        let mut groups = Vec::new();
        for name in 0..parts.len() {
            let mut members: Vec<usize> = (0..parts.len()).filter(|&part| label[part] == name).collect();
            if members.len() > 1 {
                members.sort_by_key(|&part| parts[part].0);
                members.iter().for_each(|&part| walkers[part].group = Some(groups.len()));
                groups.push(members);
            }
        }
        let several_terms = groups.iter().flatten().any(|&part| parts[part].1.len() > 1);
        Self { slop: i64::from(slop), walkers, groups, several_terms, queue: Vec::new(), end: 0 }
    }

    /// Sum over the matches of `1 / (1 + distance)`. `positions` by part, ascending.
    pub(crate) fn frequency(&mut self, positions: &[Vec<u32>]) -> f32 {
        for (walker, positions) in self.walkers.iter_mut().zip(positions) {
            walker.positions.clone_from(positions);
            walker.at = 0;
            if !walker.next() {
                return 0.0;
            }
        }
        self.end = i64::MIN;
        if !self.spread_groups() {
            return 0.0;
        }
        self.end = self.walkers.iter().map(|walker| walker.place).max().unwrap_or(0);
        self.queue.clear();
        self.queue.extend(0..self.walkers.len());
        let mut sum = 0.0;
        let mut more = true;
        while more {
            let distance;
            (distance, more) = self.next_match();
            if distance <= self.slop {
                sum += 1.0 / (1.0 + distance as f32);
            }
        }
        sum
    }

    /// The next local minimum of the distance, and whether the walk may go on behind it.
    fn next_match(&mut self) -> (i64, bool) {
        let mut walker = self.pop();
        let mut distance = self.end - self.walkers[walker].place;
        let mut next = self.nearest();
        while self.advance(walker) {
            if !self.part_repeats(walker) {
                break;
            }
            if self.walkers[walker].place > next {
                self.queue.push(walker);
                if distance <= self.slop {
                    return (distance, true);
                }
                walker = self.pop();
                next = self.nearest();
                distance = self.end - self.walkers[walker].place;
            } else {
                distance = distance.min(self.end - self.walkers[walker].place);
            }
        }
        (distance, false)
    }

    fn key(&self, walker: usize) -> (i64, i64, usize) {
        (self.walkers[walker].place, self.walkers[walker].offset, walker)
    }

    fn pop(&mut self) -> usize {
        let first = (0..self.queue.len()).min_by_key(|&at| self.key(self.queue[at])).unwrap_or(0);
        self.queue.swap_remove(first)
    }

    /// Place of the next in the queue.
    fn nearest(&self) -> i64 {
        self.queue.iter().map(|&walker| self.walkers[walker].place).min().unwrap_or(i64::MAX)
    }

    fn advance(&mut self, walker: usize) -> bool {
        let moved = self.walkers[walker].next();
        if moved {
            self.end = self.end.max(self.walkers[walker].place);
        }
        moved
    }

    /// Another part of the same group on the same word.
    fn collision(&self, walker: usize) -> Option<usize> {
        let group = &self.groups[self.walkers[walker].group?];
        let word = self.walkers[walker].word();
        group.iter().copied().find(|&other| other != walker && self.walkers[other].word() == word)
    }

    /// Of two, the one further behind.
    fn behind(&self, one: usize, other: usize) -> usize {
        let (a, b) = (&self.walkers[one], &self.walkers[other]);
        if (a.place, a.offset) < (b.place, b.offset) { one } else { other }
    }

    /// Moves parts of `walker`'s group apart; false: one has no more positions. The queue needs no repair: it is searched, not sorted.
    fn part_repeats(&mut self, mut walker: usize) -> bool {
        while let Some(other) = self.collision(walker) {
            walker = self.behind(walker, other);
            if !self.advance(walker) {
                return false;
            }
        }
        true
    }

    /// Brings the parts of each group onto different words before the first match.
    fn spread_groups(&mut self) -> bool {
        for group in 0..self.groups.len() {
            let spread = if self.several_terms { self.spread_by_collision(group) } else { self.spread_by_rank(group) };
            if !spread {
                return false;
            }
        }
        true
    }

    /// All have the same positions: the n-th moves n words.
    fn spread_by_rank(&mut self, group: usize) -> bool {
        for rank in 1..self.groups[group].len() {
            let walker = self.groups[group][rank];
            if !(0..rank).all(|_| self.walkers[walker].next()) {
                return false;
            }
        }
        true
    }

    fn spread_by_collision(&mut self, group: usize) -> bool {
        let mut rank = 0;
        while rank < self.groups[group].len() {
            let walker = self.groups[group][rank];
            let mut again = false;
            while let Some(other) = self.collision(walker) {
                let moved = self.behind(walker, other);
                if !self.advance(moved) {
                    return false;
                }
                if self.groups[group][..rank].contains(&moved) {
                    again = true;
                    break;
                }
            }
            rank += usize::from(!again);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(slop: u32, parts: &[(u32, &[usize], &[u32])], expected: f32) {
        let shape: Vec<_> = parts.iter().map(|(offset, terms, _)| (*offset, terms.to_vec())).collect();
        let positions: Vec<_> = parts.iter().map(|(_, _, positions)| positions.to_vec()).collect();
        let found = Sloppy::new(slop, &shape).frequency(&positions);
        assert!((found - expected).abs() < 1e-6, "{parts:?}: {found} instead of {expected}");
    }

    #[test]
    fn distance_is_the_moves_that_bring_the_words_into_order() {
        check(0, &[(0, &[0], &[3]), (1, &[1], &[4])], 1.0);
        check(3, &[(0, &[0], &[4]), (1, &[1], &[3])], 1.0 / 3.0);
        check(1, &[(0, &[0], &[4]), (1, &[1], &[3])], 0.0);
        check(2, &[(0, &[0], &[0, 10]), (1, &[1], &[2, 11])], 1.0 / 2.0 + 1.0);
    }

    #[test]
    fn a_repeated_word_needs_two_places() {
        check(5, &[(0, &[0], &[3]), (1, &[0], &[3])], 0.0);
        check(0, &[(0, &[0], &[3, 4]), (1, &[0], &[3, 4])], 1.0);
    }
}
