//! Distinct terms of a field while its documents are gathered: bytes in, small numbers out, in the order of first sight.

use std::hash::{BuildHasher, RandomState};

/// Open addressing over one arena, so that a term costs no allocation of its own.
pub(crate) struct TermTable {
    bytes: Vec<u8>,
    /// End of each term in `bytes`.
    ends: Vec<usize>,
    hashes: Vec<u32>,
    /// Number of the term plus one; 0: free. A power of two long, at most half full.
    places: Vec<u32>,
    seeds: (u64, u64),
}

impl TermTable {
    /// Hashes with seeds drawn for this table, so that nobody can choose terms that collide.
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        let seeds = (random.hash_one(0), random.hash_one(1) | 1);
        Self { bytes: Vec::new(), ends: Vec::new(), hashes: Vec::new(), places: vec![0; 64], seeds }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn term(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[start..self.ends[number]]
    }

    /// The number of a term; a new one for a new term.
    pub(crate) fn number(&mut self, term: &[u8]) -> u32 {
        let hash = hash(term, self.seeds);
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.places[at] {
                0 => break,
                taken if self.hashes[taken as usize - 1] == hash && self.term(taken - 1) == term => return taken - 1,
                _ => at = (at + 1) & mask,
            }
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(term);
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        self.places[at] = number + 1;
        if self.ends.len() * 2 > self.places.len() {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mask = self.places.len() * 2 - 1;
        let mut places = vec![0; mask + 1];
        for (number, hash) in self.hashes.iter().enumerate() {
            let mut at = *hash as usize & mask;
            while places[at] != 0 {
                at = (at + 1) & mask;
            }
            places[at] = number as u32 + 1;
        }
        self.places = places;
    }

    /// All numbers in the order of their terms' bytes.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let mut keys: Vec<(u64, u32)> =
            (0..self.len() as u32).map(|number| (first_bytes(self.term(number)), number)).collect();
        keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.term(a.1).cmp(self.term(b.1))));
        keys.into_iter().map(|(_, number)| number).collect()
    }
}

/// The first eight bytes as a number that sorts as they do.
fn first_bytes(term: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let count = term.len().min(8);
    bytes[..count].copy_from_slice(&term[..count]);
    u64::from_be_bytes(bytes)
}

/// Multiply and fold, eight bytes at a time.
fn hash(term: &[u8], (seed, factor): (u64, u64)) -> u32 {
    let fold = |value: u64| {
        let product = u128::from(value) * u128::from(factor);
        product as u64 ^ (product >> 64) as u64
    };
    let mut hash = seed ^ term.len() as u64;
    for chunk in term.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        hash = fold(hash ^ u64::from_le_bytes(bytes)) ^ seed.rotate_left(17);
    }
    (fold(hash) >> 16) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_terms_and_sort_as_bytes() {
        let mut table = TermTable::new();
        let mut expected = BTreeMap::new();
        for n in 0..5000u32 {
            let term = format!("{}{}", "prefix-".repeat((n % 3) as usize), n % 1700).into_bytes();
            let number = table.number(&term);
            assert_eq!(*expected.entry(term.clone()).or_insert(number), number);
            assert_eq!(table.term(number), term);
        }
        assert_eq!(table.len(), expected.len());
        assert_eq!(table.sorted(), expected.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn empty_and_zero_terms_differ() {
        let mut table = TermTable::new();
        let numbers =
            [&b""[..], b"\0", b"\0\0", b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\0\0"].map(|term| table.number(term));
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert_eq!(table.sorted(), [0, 1, 2, 3, 4]);
    }
}
