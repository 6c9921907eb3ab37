//! Candidates of a walk: a short sorted list, which beats a heap because it is walked from the front.

use crate::Neighbour;

/// A place (or a row) and its distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) distance: f32,
    /// The highest bit: its links have been followed.
    marked: u32,
}

const FOLLOWED: u32 = 1 << 31;

impl Candidate {
    pub(crate) fn new(place: u32, distance: f32) -> Self {
        Self { distance, marked: place }
    }

    pub(crate) fn place(self) -> u32 {
        self.marked & !FOLLOWED
    }
}

/// The best candidates, nearest first.
#[derive(Default)]
pub(crate) struct Pool {
    best: Vec<Candidate>,
    limit: usize,
    /// All before it have been followed.
    next: usize,
}

impl Pool {
    pub(crate) fn reset(&mut self, limit: usize) {
        self.best.clear();
        self.limit = limit.max(1);
        self.next = 0;
    }

    /// What is not nearer has no room.
    #[inline]
    pub(crate) fn bound(&self) -> f32 {
        if self.best.len() < self.limit { f32::INFINITY } else { self.best[self.limit - 1].distance }
    }

    pub(crate) fn candidates(&self) -> &[Candidate] {
        &self.best
    }

    /// Adds a place if it is near enough. Gives whether its links would be followed next.
    #[inline]
    pub(crate) fn push(&mut self, place: u32, distance: f32) -> bool {
        // What is no number (two infinities subtracted) has no room either.
        if distance >= self.bound() || distance.is_nan() {
            return false;
        }
        let at = self.best.partition_point(|known| known.distance <= distance);
        if self.best.len() == self.limit {
            self.best.pop();
        }
        self.best.insert(at, Candidate::new(place, distance));
        let comes_next = at <= self.next;
        self.next = self.next.min(at);
        comes_next
    }

    /// The nearest whose links have not been followed.
    #[inline]
    pub(crate) fn follow(&mut self) -> Option<Candidate> {
        while let Some(candidate) = self.best.get_mut(self.next) {
            self.next += 1;
            if candidate.marked & FOLLOWED == 0 {
                let found = *candidate;
                candidate.marked |= FOLLOWED;
                return Some(found);
            }
        }
        None
    }

    /// Whose links will probably be followed next.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u32> {
        self.best.get(self.next).map(|candidate| candidate.place())
    }

    /// In the lowest layer, where places are rows.
    pub(crate) fn neighbours(&self) -> Vec<Neighbour> {
        self.best.iter().map(|found| Neighbour { row: found.place(), distance: found.distance }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_not_yet_followed_comes_next() {
        let mut pool = Pool::default();
        pool.reset(3);
        for (place, distance, next) in
            [(1, 5.0, true), (2, 3.0, true), (3, 9.0, false), (4, 1.0, true), (5, f32::NAN, false)]
        {
            assert_eq!(pool.push(place, distance), next, "{place}");
        }
        assert_eq!(pool.follow().map(Candidate::place), Some(4));
        assert_eq!(pool.follow().map(Candidate::place), Some(2));
        pool.push(6, 0.5);
        assert_eq!(pool.peek(), Some(6));
        assert_eq!(pool.follow().map(Candidate::place), Some(6));
        assert_eq!(pool.follow().map(Candidate::place), None);
        assert_eq!(pool.neighbours().iter().map(|n| n.row).collect::<Vec<_>>(), [6, 4, 2]);
    }
}
