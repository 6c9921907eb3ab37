//! Numbers of a bit-packed block one by one, in the layout of `bitpacking`'s `BitPacker4x`.

use std::io;

use super::blocks::broken;
use crate::segment::postings::BLOCK;

/// A full block of numbers of `width` bits: four lanes of words of 32 bits, number after number going round.
pub(super) struct Packed<'a> {
    pub(super) bytes: &'a [u8],
    width: usize,
}

impl<'a> Packed<'a> {
    /// Those that begin at `at` in `data`.
    pub(super) fn new(data: &'a [u8], at: usize, width: u8) -> io::Result<Self> {
        let width = usize::from(width);
        let bytes = at.checked_add(width * (BLOCK / 8)).and_then(|end| data.get(at..end));
        match bytes {
            Some(bytes) if width <= 32 => Ok(Self { bytes, width }),
            _ => Err(broken("a block is cut off")),
        }
    }

    /// Number `at`, without unpacking the others.
    #[inline]
    pub(super) fn number(&self, at: usize) -> u32 {
        let bit = at / 4 * self.width;
        let word = |word: usize| {
            let start = (4 * word + at % 4) * 4;
            let bytes = self.bytes.get(start..).and_then(|bytes| bytes.first_chunk());
            u64::from(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
        };
        let both = word(bit / 32) | word(bit / 32 + 1) << 32;
        (both >> (bit % 32) & ((1 << self.width) - 1)) as u32
    }

    /// The sum of the first `count` numbers, without unpacking them; `None`: their width does not divide words into small fields.
    pub(super) fn sum_of_first(&self, count: usize) -> Option<u32> {
        if !matches!(self.width, 0 | 1 | 2 | 4) {
            return None;
        }
        let mask = |row: usize, lane: usize| {
            let bits = ((count + 3 - lane) / 4 * self.width).saturating_sub(32 * row).min(32);
            (1u64 << bits) - 1
        };
        let mut sum = 0;
        for (row, words) in self.bytes.as_chunks::<16>().0.iter().enumerate().take((count * self.width).div_ceil(BLOCK))
        {
            let words = u128::from_le_bytes(*words);
            let (low, high) = (words as u64, (words >> 64) as u64);
            sum += sum_of_fields(low & (mask(row, 0) | mask(row, 1) << 32), self.width);
            sum += sum_of_fields(high & (mask(row, 2) | mask(row, 3) << 32), self.width);
        }
        Some(sum)
    }
}

/// The sum of the fields of a word, of 1, 2 or 4 bits each: what counts bits, begun where fields have that width (Warren, "Hacker's Delight").
fn sum_of_fields(mut word: u64, width: usize) -> u32 {
    let halves = |word: u64, mask: u64, width: u32| (word & mask) + (word >> width & mask);
    if width == 1 {
        word = halves(word, 0x5555_5555_5555_5555, 1);
    }
    if width <= 2 {
        word = halves(word, 0x3333_3333_3333_3333, 2);
    }
    (halves(word, 0x0f0f_0f0f_0f0f_0f0f, 4).wrapping_mul(0x0101_0101_0101_0101) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use bitpacking::{BitPacker, BitPacker4x};

    use super::*;

    #[test]
    fn numbers_and_their_sums_are_those_of_the_unpacked_block() {
        for width in 0..=32 {
            let limit = u32::MAX.checked_shr(32 - width).unwrap_or(0);
            let numbers: [u32; BLOCK] = std::array::from_fn(|at| (at as u32 + 7).wrapping_mul(2_654_435_761) & limit);
            let mut bytes = vec![0; BLOCK * 4];
            let used = BitPacker4x::new().compress(&numbers, &mut bytes, width as u8);
            let packed = Packed::new(&bytes[..used], 0, width as u8).unwrap();
            for count in 0..BLOCK {
                assert_eq!(packed.number(count), numbers[count], "{width} bits");
                let sum = packed.sum_of_first(count);
                assert_eq!(sum.is_some(), matches!(width, 0 | 1 | 2 | 4));
                assert!(sum.is_none_or(|sum| sum == numbers[..count].iter().sum::<u32>()), "{count} of {width} bits");
            }
        }
    }
}
