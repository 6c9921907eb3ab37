//! Characters by what a pattern can tell apart: each gets the number of its class.

use std::collections::BTreeMap;

/// Inclusive ranges of characters, sorted, without overlaps.
pub(super) type Ranges = Vec<(char, char)>;

/// The classes of all characters.
pub(super) struct Alphabet {
    /// Where a class begins, ascending from 0, and its number.
    begins: Vec<(u32, u16)>,
    ascii: [u16; 128],
    count: u16,
}

impl Alphabet {
    /// The classes that these sets tell apart, and of each set which classes are in it.
    ///
    /// `None`: there are more than a number of 16 bits counts.
    pub(super) fn of(sets: &[Ranges]) -> Option<(Self, Vec<Vec<bool>>)> {
        let mut edges: Vec<u32> = vec![0];
        for (from, to) in sets.iter().flatten() {
            edges.extend([u32::from(*from), u32::from(*to) + 1]);
        }
        edges.sort_unstable();
        edges.dedup();
        let mut classes: BTreeMap<Vec<bool>, u16> = BTreeMap::new();
        let mut begins: Vec<(u32, u16)> = Vec::new();
        for edge in edges {
            let signature: Vec<bool> = sets.iter().map(|set| holds(set, edge)).collect();
            let next = u16::try_from(classes.len()).ok()?;
            let class = *classes.entry(signature).or_insert(next);
            if begins.last().is_none_or(|(_, last)| *last != class) {
                begins.push((edge, class));
            }
        }
        let count = u16::try_from(classes.len()).ok()?;
        let mut members = vec![vec![false; classes.len()]; sets.len()];
        for (signature, class) in &classes {
            for (set, is_in) in signature.iter().enumerate() {
                members[set][usize::from(*class)] = *is_in;
            }
        }
        let mut alphabet = Self { begins, ascii: [0; 128], count };
        for code in 0..128_u8 {
            alphabet.ascii[usize::from(code)] = alphabet.searched(u32::from(code));
        }
        Some((alphabet, members))
    }

    pub(super) fn count(&self) -> usize {
        usize::from(self.count)
    }

    pub(super) fn class(&self, c: char) -> u16 {
        match self.ascii.get(c as usize) {
            Some(class) => *class,
            None => self.searched(u32::from(c)),
        }
    }

    /// `None`: the byte is part of another character.
    pub(super) fn class_of_ascii(&self, byte: u8) -> Option<u16> {
        self.ascii.get(usize::from(byte)).copied()
    }

    fn searched(&self, code: u32) -> u16 {
        let at = self.begins.partition_point(|(begin, _)| *begin <= code);
        self.begins.get(at.saturating_sub(1)).map_or(0, |(_, class)| *class)
    }
}

fn holds(set: &Ranges, code: u32) -> bool {
    let at = set.partition_point(|(_, to)| u32::from(*to) < code);
    set.get(at).is_some_and(|(from, _)| u32::from(*from) <= code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_no_set_tells_apart_are_one_class() {
        let (alphabet, members) = Alphabet::of(&[vec![('a', 'f')], vec![('d', 'z'), ('é', 'é')]]).unwrap();
        assert_eq!(alphabet.count(), 4);
        let is_in = |set: usize, c: char| members[set][usize::from(alphabet.class(c))];
        for (c, first, second) in [('a', true, false), ('d', true, true), ('z', false, true), ('é', false, true)] {
            assert_eq!((is_in(0, c), is_in(1, c)), (first, second), "{c}");
        }
        assert!(!is_in(0, '0') && !is_in(1, '漢'));
        assert_eq!(alphabet.class('é'), alphabet.class('z'));
    }
}
