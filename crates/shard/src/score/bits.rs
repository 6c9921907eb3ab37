//! Sets of documents as words of 64 bits, lowest bit first.

use crate::segment::DocId;

/// A set that does not change, and how many are in it.
#[derive(Debug)]
pub(crate) struct Bits {
    words: Box<[u64]>,
    count: u64,
}

impl Bits {
    pub(crate) fn new(words: Vec<u64>) -> Self {
        Self { count: count(&words), words: words.into() }
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        size_of_val(&*self.words) as u64
    }

    /// Sets the bits of `from..to` that are set here; bit 0 of `words` stands for `from`, which begins a word.
    pub(crate) fn fill(&self, from: DocId, to: DocId, words: &mut [u64]) {
        debug_assert_eq!(from % 64, 0, "windows begin at whole words");
        let start = (from as usize / 64).min(self.words.len());
        let end = (to as usize).div_ceil(64).min(self.words.len());
        words.iter_mut().zip(&self.words[start..end]).for_each(|(word, mine)| *word |= mine);
        clear_from(words, to - from);
    }
}

/// Words for `count` documents, none set.
pub(crate) fn none(count: u32) -> Vec<u64> {
    vec![0; (count as usize).div_ceil(64)]
}

/// Words for `count` documents, all set.
pub(crate) fn all(count: u32) -> Vec<u64> {
    let mut words = vec![u64::MAX; (count as usize).div_ceil(64)];
    clear_from(&mut words, count);
    words
}

#[inline]
pub(crate) fn set(words: &mut [u64], bit: u32) {
    if let Some(word) = words.get_mut(bit as usize / 64) {
        *word |= 1 << (bit % 64);
    }
}

#[inline]
pub(crate) fn contains(words: &[u64], bit: u32) -> bool {
    words.get(bit as usize / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

/// Sets the bits of `from..to`.
pub(crate) fn set_range(words: &mut [u64], from: u32, to: u32) {
    for (at, word) in words.iter_mut().enumerate().take((to as usize).div_ceil(64)).skip(from as usize / 64) {
        let low = at as u32 * 64;
        let mut mask = u64::MAX;
        if from > low {
            mask &= u64::MAX << (from - low);
        }
        if to < low + 64 {
            mask &= (1 << (to - low)) - 1;
        }
        *word |= mask;
    }
}

/// Drops every bit from `count` on.
pub(crate) fn clear_from(words: &mut [u64], count: u32) {
    for (at, word) in words.iter_mut().enumerate().skip(count as usize / 64) {
        let low = at as u32 * 64;
        *word &= if count > low { (1 << (count - low)) - 1 } else { 0 };
    }
}

pub(crate) fn and(words: &mut [u64], other: &[u64]) {
    words.iter_mut().zip(other).for_each(|(word, other)| *word &= other);
}

pub(crate) fn and_not(words: &mut [u64], other: &[u64]) {
    words.iter_mut().zip(other).for_each(|(word, other)| *word &= !other);
}

pub(crate) fn count(words: &[u64]) -> u64 {
    words.iter().map(|word| u64::from(word.count_ones())).sum()
}

/// The first set bit at or behind `from`.
pub(crate) fn next(words: &[u64], from: u32) -> Option<u32> {
    let mut at = from as usize / 64;
    let mut word = words.get(at)? & (u64::MAX << (from % 64));
    while word == 0 {
        at += 1;
        word = *words.get(at)?;
    }
    Some(at as u32 * 64 + word.trailing_zeros())
}

/// The last set bit before `to`.
pub(crate) fn last_before(words: &[u64], to: u32) -> Option<u32> {
    let mut at = to as usize / 64;
    let mut word = words.get(at).copied().unwrap_or(0) & ((1 << (to % 64)) - 1);
    at = at.min(words.len());
    while word == 0 {
        at = at.checked_sub(1)?;
        word = words[at];
    }
    Some(at as u32 * 64 + 63 - word.leading_zeros())
}

/// Appends the set bits as documents, bit 0 being `base`.
pub(crate) fn docs(words: &[u64], base: DocId, out: &mut Vec<DocId>) {
    for (at, word) in words.iter().enumerate() {
        let mut word = *word;
        if word == u64::MAX {
            let first = base + at as u32 * 64;
            out.extend(first..first + 64);
            continue;
        }
        while word != 0 {
            out.push(base + at as u32 * 64 + word.trailing_zeros());
            word &= word - 1;
        }
    }
}

/// Appends the bits of the first `count` that are not set as documents, bit 0 being `base`.
pub(crate) fn absent(words: &[u64], base: DocId, count: u32, out: &mut Vec<DocId>) {
    for (at, word) in (0..count.div_ceil(64)).zip(words.iter().chain(std::iter::repeat(&0))) {
        let here = (count - at * 64).min(64);
        let mut rest = !word & (u64::MAX >> (64 - here));
        while rest != 0 {
            out.push(base + at * 64 + rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
}

/// Keeps of values, one a bit, those whose bit is set.
pub(crate) fn compact<T: Copy>(words: &[u64], values: &mut Vec<T>) {
    let mut kept = 0;
    for (from, word) in (0..values.len()).step_by(64).zip(words.iter().chain(std::iter::repeat(&0))) {
        let behind = (from + 64).min(values.len());
        let mut gaps = !word & (u64::MAX >> (64 - (behind - from)));
        let mut start = from;
        while gaps != 0 {
            let gap = from + gaps.trailing_zeros() as usize;
            values.copy_within(start..gap, kept);
            kept += gap - start;
            start = gap + 1;
            gaps &= gaps - 1;
        }
        values.copy_within(start..behind, kept);
        kept += behind - start;
    }
    values.truncate(kept);
}

/// One bit for each of the flags, which are 0 or 1.
pub(crate) fn of_flags(flags: &[u8; 128]) -> u128 {
    let mut bits = 0;
    for (at, flags) in flags.as_chunks::<8>().0.iter().enumerate() {
        // Gathers the lowest bits of eight bytes in the highest byte.
        let byte = u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= u128::from(byte) << (8 * at);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_kept_and_what_is_not_is_named() {
        for count in [1, 63, 64, 65, 128, 200] {
            for every in [1, 2, 7, 64, 1000] {
                let mut words = none(count);
                (0..count).filter(|bit| bit % every == 0).for_each(|bit| set(&mut words, bit));
                // Words behind the last set one need not be there.
                for words in [&words[..], &words[..1]] {
                    let mut values: Vec<u32> = (0..count).collect();
                    compact(words, &mut values);
                    assert_eq!(values, (0..count).filter(|&bit| contains(words, bit)).collect::<Vec<_>>());
                    let mut others = Vec::new();
                    absent(words, 5, count, &mut others);
                    assert_eq!(
                        others,
                        (0..count).filter(|&bit| !contains(words, bit)).map(|bit| bit + 5).collect::<Vec<_>>()
                    );
                }
            }
        }
    }

    #[test]
    fn ranges_are_exact_at_word_borders() {
        for (from, to) in [(0, 0), (0, 64), (3, 70), (63, 65), (64, 128), (5, 6), (127, 128)] {
            let mut words = none(128);
            set_range(&mut words, from, to);
            let mut found = Vec::new();
            docs(&words, 0, &mut found);
            assert_eq!(found, (from..to).collect::<Vec<_>>());
            assert_eq!(next(&words, 0), (from < to).then_some(from));
            assert_eq!(last_before(&words, 128), (from < to).then(|| to - 1));
            assert_eq!(last_before(&words, from + 1), (from < to).then_some(from));
            clear_from(&mut words, 66);
            assert_eq!(count(&words), u64::from(to.min(66).saturating_sub(from)));
        }
    }
}
