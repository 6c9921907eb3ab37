//! Numbers that look random and are the same every time: SplitMix64 (Steele, Lea and Flood 2014).

/// A sequence that its seed determines.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0; all as likely as a 64 bit remainder makes them.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number of `from..=to`.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True this many times of a hundred.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of a list, the first ones more often than the last: words of a language are not equally frequent either.
    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let end = list.len() as u64;
        let at = self.below(end).min(self.below(end));
        list[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let sequence = |seed| {
            let mut random = Random::new(seed);
            (0..5).map(|_| random.between(10, 99)).collect::<Vec<_>>()
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
        assert!(sequence(3).iter().all(|number| (10..=99).contains(number)));
    }

    #[test]
    fn the_first_are_picked_most_but_all_are() {
        let mut random = Random::new(7);
        let mut counts = [0; 5];
        (0..10_000).for_each(|_| counts[random.pick(&[0_usize, 1, 2, 3, 4])] += 1);
        assert!(counts.is_sorted_by(|a, b| a > b) && counts[4] > 100, "{counts:?}");
    }
}
