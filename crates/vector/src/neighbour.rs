//! A row that was found, and which rows may be.

/// A row and its distance from the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    pub row: u32,
    pub distance: f32,
}

impl Neighbour {
    /// Nearer first; of two as near the lower row.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.distance.total_cmp(&other.distance).then(self.row.cmp(&other.row))
    }
}

/// The rows that may be found: a bit a row, lowest first in each word, none beyond the last row.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'a> {
    words: &'a [u64],
    count: u32,
}

impl<'a> Admitted<'a> {
    /// `words` has 64 rows a word; bits of rows that a block does not have must be 0.
    pub fn new(words: &'a [u64]) -> Self {
        let count = words.iter().map(|word| word.count_ones()).sum();
        Self { words, count }
    }

    /// How many rows are admitted.
    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The rows that are admitted, ascending.
    pub fn rows(&self) -> impl Iterator<Item = u32> + 'a {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let base = at as u32 * 64;
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                (left != 0).then(|| {
                    left &= left - 1;
                    base + bit
                })
            })
        })
    }
}

/// The nearest rows so far, best first, at most so many. Ties go to the lower row.
pub(crate) struct Nearest {
    limit: usize,
    kept: Vec<Neighbour>,
}

/// Up to this many are kept sorted by insertion; of more the worst are cut off now and then.
const INSERTED: usize = 256;

impl Nearest {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        Self { limit, kept: Vec::with_capacity(if limit <= INSERTED { limit + 1 } else { 2 * limit.min(1 << 20) }) }
    }

    /// What is farther than this cannot be among them.
    pub(crate) fn bound(&self) -> f32 {
        if self.limit <= INSERTED && self.kept.len() == self.limit {
            return self.kept[self.limit - 1].distance;
        }
        f32::INFINITY
    }

    pub(crate) fn push(&mut self, row: u32, distance: f32) {
        let new = Neighbour { row, distance };
        if self.limit > INSERTED {
            self.kept.push(new);
            if self.kept.len() >= 2 * self.limit {
                self.kept.select_nth_unstable_by(self.limit - 1, Neighbour::order);
                self.kept.truncate(self.limit);
            }
            return;
        }
        if self.kept.len() == self.limit {
            if self.kept.last().is_some_and(|last| last.order(&new).is_lt()) {
                return;
            }
            self.kept.pop();
        }
        let at = self.kept.partition_point(|kept| kept.order(&new).is_lt());
        self.kept.insert(at, new);
    }

    pub(crate) fn finish(mut self) -> Vec<Neighbour> {
        self.kept.sort_unstable_by(Neighbour::order);
        self.kept.truncate(self.limit);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_kept_whatever_the_limit() {
        for limit in [1, 7, 256, 257, 600] {
            let mut nearest = Nearest::new(limit);
            let all: Vec<Neighbour> =
                (0..2000u32).map(|row| Neighbour { row, distance: (row * 7919 % 500) as f32 }).collect();
            all.iter().for_each(|n| nearest.push(n.row, n.distance));
            let mut wanted = all.clone();
            wanted.sort_by(Neighbour::order);
            wanted.truncate(limit);
            assert_eq!(nearest.finish(), wanted);
        }
    }

    #[test]
    fn admitted_rows_are_counted_and_walked() {
        let words = [1 | 1 << 63, 0, 0b101];
        let admitted = Admitted::new(&words);
        assert_eq!(admitted.count(), 4);
        assert_eq!(admitted.rows().collect::<Vec<_>>(), [0, 63, 128, 130]);
        assert!(admitted.contains(130) && !admitted.contains(129) && !admitted.contains(100_000));
    }
}
