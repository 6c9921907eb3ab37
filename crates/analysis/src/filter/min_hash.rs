//! `min_hash`: instead of a text's tokens the least of their hashes, so that texts that share many tokens share many of these.
//!
//! Each token is hashed in several ways; of each way the range of hashes is divided into buckets, and each bucket keeps its least hashes. As
//! Lucene's filter of this name, whose hashes are the specification: Murmur3 with 128 bits of the token in UTF-16, mixed with that of
//! the way's number.

use std::collections::BTreeSet;

use crate::stream::{Piece, Stream, StreamFilter, Term};
use crate::token::TokenKind;

/// The high half first, in which order hashes are compared.
type Hash = (u64, u64);

pub(crate) struct MinHash {
    /// In how many ways tokens are hashed.
    pub(crate) ways: usize,
    pub(crate) buckets: usize,
    /// So many hashes a bucket.
    pub(crate) kept: usize,
    /// Empty buckets take the least hash of the next one that has any.
    pub(crate) rotated: bool,
}

impl StreamFilter for MinHash {
    fn apply(&self, stream: Stream) -> Stream {
        let ways: Vec<Hash> = (0..self.ways as u32).map(|way| murmur(&way.to_be_bytes())).collect();
        let mut sets = vec![BTreeSet::new(); self.ways * self.buckets];
        let width = (1u64 << 32).div_ceil(self.buckets as u64);
        for piece in &stream.pieces {
            let bytes: Vec<u8> = piece.term.text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let token = murmur(&bytes);
            for (way, sets) in ways.iter().zip(sets.chunks_mut(self.buckets)) {
                let mixed = (mix(token.0, way.0), mix(token.1, way.1));
                let Some(set) = sets.get_mut(((mixed.0 >> 32) / width) as usize) else { continue };
                // A lesser hash takes the place of the greatest even where it is there already, as in the original.
                if set.len() >= self.kept {
                    if set.last().is_none_or(|last| mixed >= *last) {
                        continue;
                    }
                    set.pop_last();
                }
                set.insert(mixed);
            }
        }
        if self.rotated {
            sets.chunks_mut(self.buckets).for_each(rotate);
        }
        let end_offset = stream.end_offset;
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, set) in sets.iter().enumerate() {
            let way = (self.ways > 1).then_some((at / self.buckets) as u32);
            pieces.extend(set.iter().map(|hash| Piece {
                term: Term { text: written(way, *hash), kind: TokenKind::MinHash, keyword: false },
                start: 0,
                end: end_offset,
                increment: 0,
                length: 1,
            }));
        }
        if let Some(first) = pieces.first_mut() {
            first.increment = 1;
        }
        Stream { pieces, end_increment: 0, end_offset }
    }
}

/// Empty buckets take the least of the next that is not.
fn rotate(sets: &mut [BTreeSet<Hash>]) {
    let count = sets.len();
    for at in 0..count {
        if sets.get(at).is_some_and(BTreeSet::is_empty) {
            let next = (1..count).find_map(|step| sets.get((at + step) % count)?.first().copied());
            if let Some(set) = sets.get_mut(at) {
                set.extend(next);
            }
        }
    }
}

fn mix(token: u64, way: u64) -> u64 {
    token.wrapping_mul(37).wrapping_add(way)
}

/// A hash as text: its bits, sixteen a character. With a number of a way before them, the last two are left out.
fn written(way: Option<u32>, (high, low): Hash) -> String {
    let units = |bits: u64| [bits >> 48, bits >> 32, bits >> 16, bits].map(|unit| unit as u16);
    let mut all: Vec<u16> = way.into_iter().flat_map(|way| [(way >> 16) as u16, way as u16]).collect();
    all.extend(units(high));
    all.extend(&units(low)[..if way.is_some() { 2 } else { 4 }]);
    String::from_utf16_lossy(&all)
}

/// Murmur3 of 128 bits for machines of 64, with the seed 0.
fn murmur(bytes: &[u8]) -> Hash {
    // Reading from memory cannot fail.
    let bits = murmur3::murmur3_x64_128(&mut &*bytes, 0).unwrap_or(0);
    ((bits >> 64) as u64, bits as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_hashes_stand_for_a_text() {
        let filter = |ways, buckets, kept, rotated| MinHash { ways, buckets, kept, rotated };
        let hashes = |filter: MinHash, words: &str| {
            let pieces = words.split_whitespace().map(|word| Piece {
                term: Term { text: word.to_owned(), ..Term::default() },
                increment: 1,
                length: 1,
                ..Piece::default()
            });
            let stream = Stream { pieces: pieces.collect(), end_increment: 0, end_offset: words.len() };
            filter.apply(stream).pieces.into_iter().map(|piece| piece.term.text).collect::<Vec<_>>()
        };
        let c = "\u{16ee}\u{b97b}\u{f7e8}\u{19c5}\u{9999}\u{7d10}\u{f47e}\u{9242}";
        assert_eq!(hashes(filter(1, 1, 1, false), "a b c"), [c]);
        assert_eq!(hashes(filter(1, 4, 1, true), "c"), [c; 4]);
        assert_eq!(hashes(filter(2, 1, 2, false), "the c c").len(), 2);
        let (one, other) = (hashes(filter(1, 16, 1, true), "b a c a"), hashes(filter(1, 16, 1, true), "c b a"));
        assert_eq!(one, other);
    }
}
