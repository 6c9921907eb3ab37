//! The packed values of a column, by row: decoded and compared in stretches.
//!
//! In: the bytes that tantivy's codecs wrote. Out: values, and bits of rows whose values lie in a range. What a comparison or a question
//! finds of the extremes of a zone of rows is kept for as long as the segment is open, so that the next one may spare decoding it.

use std::io;
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, OnceLock};

use tantivy::columnar::ColumnValues;
use tantivy::columnar::column_values::{MonotonicallyMappableToU64, load_u64_based_column_values};
use tantivy::directory::OwnedBytes;

use crate::score::bits;
use crate::segment::column::Bounds;

/// Rows whose extremes are kept together.
const ZONE: u32 = 4096;
/// Rows decoded together: tantivy's unpacking is at its best with as many.
const CHUNK: usize = 64;
/// Rows decoded together where some of them are wanted.
pub(crate) const BLOCK: u32 = 512;
/// Of a block so many rows must be wanted for all to be decoded.
const MANY: usize = 320;
/// Where fewer than one of so many rows is wanted, no block has as many.
const FEW: usize = 2;

/// Values of type `T`, as integers of the same order.
pub(crate) struct Values<T> {
    packed: Arc<dyn ColumnValues<u64>>,
    /// Least and greatest of each zone, once known.
    zones: Box<[OnceLock<(u64, u64)>]>,
    kind: PhantomData<T>,
}

impl<T: MonotonicallyMappableToU64> Values<T> {
    pub(crate) fn open(bytes: OwnedBytes) -> io::Result<Self> {
        let packed: Arc<dyn ColumnValues<u64>> = load_u64_based_column_values(bytes)?;
        let zones = (0..packed.num_vals().div_ceil(ZONE)).map(|_| OnceLock::new()).collect();
        Ok(Self { packed, zones, kind: PhantomData })
    }

    /// How many.
    pub(crate) fn count(&self) -> u32 {
        self.packed.num_vals()
    }

    pub(crate) fn min(&self) -> T {
        T::from_u64(self.packed.min_value())
    }

    pub(crate) fn max(&self) -> T {
        T::from_u64(self.packed.max_value())
    }

    pub(crate) fn get(&self, row: u32) -> T {
        T::from_u64(self.packed.get_val(row))
    }

    /// The values of consecutive rows.
    pub(crate) fn run(&self, first: u32, out: &mut [T]) {
        let mut buffer = [0; CHUNK];
        let mut row = u64::from(first);
        for out in out.chunks_mut(CHUNK) {
            let buffer = &mut buffer[..out.len()];
            self.packed.get_range(row, buffer);
            out.iter_mut().zip(buffer).for_each(|(out, value)| *out = T::from_u64(*value));
            row += CHUNK as u64;
        }
    }

    /// The values of ascending rows, which may repeat.
    pub(crate) fn gather(&self, rows: &[u32], out: &mut [T]) {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else { return };
        let span = (last - first) as usize + 1;
        if span == rows.len() && rows.iter().zip(first..).all(|(&row, expected)| row == expected) {
            return self.run(first, out);
        }
        if span / FEW > rows.len() {
            return self.look_up(rows, out);
        }
        let mut block = [0; BLOCK as usize];
        each_block(rows, |begin, at| {
            let (rows, out) = (&rows[at.clone()], &mut out[at]);
            if rows.len() < MANY {
                return self.look_up(rows, out);
            }
            let count = BLOCK.min(self.count() - begin) as usize;
            self.packed.get_range(u64::from(begin), &mut block[..count]);
            let wanted = out.iter_mut().zip(rows);
            wanted.for_each(|(out, row)| *out = T::from_u64(block[(row % BLOCK) as usize]));
        });
    }

    fn look_up(&self, rows: &[u32], out: &mut [T]) {
        let mut buffer = [0; CHUNK];
        for (rows, out) in rows.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            let buffer = &mut buffer[..rows.len()];
            self.packed.get_vals(rows, buffer);
            out.iter_mut().zip(buffer).for_each(|(out, value)| *out = T::from_u64(*value));
        }
    }

    /// Bounds of the values of some rows, and of those beside them: `None` where they lie too far apart to be known.
    pub(crate) fn bounds(&self, rows: Range<u32>) -> Option<Bounds<T>> {
        let zone = rows.start / ZONE;
        if rows.is_empty() || (rows.end - 1) / ZONE != zone {
            return None;
        }
        let known = self.zones.get(zone as usize)?;
        let whole = zone * ZONE..((zone + 1) * ZONE).min(self.count());
        let &(least, greatest) = known.get_or_init(|| {
            let mut extremes = Extremes::default();
            self.each_chunk(whole.clone(), |_, values| extremes.add(values));
            (extremes.least, extremes.greatest)
        });
        Some(Bounds { least: T::from_u64(least), greatest: T::from_u64(greatest), reached: rows == whole })
    }

    /// Sets the bits of the rows whose value lies in `range`; bit 0 of `words` stands for the first row.
    pub(crate) fn fill(&self, range: RangeInclusive<T>, rows: Range<u32>, words: &mut [u64]) {
        let rows = rows.start..rows.end.min(self.count());
        let (low, high) = (range.start().to_u64(), range.end().to_u64());
        let mut from = rows.start;
        while from < rows.end && low <= high {
            let zone = from / ZONE;
            let to = (zone + 1).saturating_mul(ZONE).min(rows.end);
            let known = self.zones.get(zone as usize).and_then(OnceLock::get);
            match known {
                Some((least, greatest)) if *least >= low && *greatest <= high => {
                    bits::set_range(words, from - rows.start, to - rows.start);
                }
                Some((least, greatest)) if *greatest < low || *least > high => {}
                Some(_) => self.compare((low, high), (from..to, rows.start), words),
                None => self.compare_first((low, high), (from..to, rows.start), words),
            }
            from = to;
        }
    }

    /// Compares value by value; `base` is the row of bit 0.
    fn compare(&self, (low, high): (u64, u64), (rows, base): (Range<u32>, u32), words: &mut [u64]) {
        self.each_chunk(rows, |row, values| put(row - base, values, (low, high), words));
    }

    /// As [`Values::compare`] in a zone of which nothing is known; it is afterwards, if all of it was seen.
    fn compare_first(&self, range: (u64, u64), (rows, base): (Range<u32>, u32), words: &mut [u64]) {
        let mut extremes = Extremes::default();
        self.each_chunk(rows.clone(), |row, values| {
            extremes.add(values);
            put(row - base, values, range, words);
        });
        let whole = rows.start.is_multiple_of(ZONE) && (rows.len() == ZONE as usize || rows.end == self.count());
        if let (true, Some(zone)) = (whole, self.zones.get((rows.start / ZONE) as usize)) {
            // Whoever else came first found the same.
            let _ = zone.set((extremes.least, extremes.greatest));
        }
    }

    fn each_chunk(&self, rows: Range<u32>, mut visit: impl FnMut(u32, &[u64])) {
        let mut buffer = [0; CHUNK];
        for first in rows.clone().step_by(CHUNK) {
            let buffer = &mut buffer[..CHUNK.min((rows.end - first) as usize)];
            self.packed.get_range(u64::from(first), buffer);
            visit(first, buffer);
        }
    }

    /// Appends those of `rows` whose value lies in `range`.
    pub(crate) fn rows_in(&self, range: RangeInclusive<T>, rows: Range<u32>, out: &mut Vec<u32>) {
        let range = range.start().to_u64()..=range.end().to_u64();
        self.packed.get_row_ids_for_value_range(range, rows, out);
    }
}

struct Extremes {
    least: u64,
    greatest: u64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { least: u64::MAX, greatest: 0 }
    }
}

impl Extremes {
    fn add(&mut self, values: &[u64]) {
        self.least = values.iter().fold(self.least, |least, &value| least.min(value));
        self.greatest = values.iter().fold(self.greatest, |greatest, &value| greatest.max(value));
    }
}

/// Sets the bits from `at` on of those values that lie in a range.
#[inline]
fn put(at: u32, values: &[u64], (low, high): (u64, u64), words: &mut [u64]) {
    let width = high - low;
    let mut found = 0u64;
    for (bit, value) in values.iter().enumerate() {
        found |= u64::from(value.wrapping_sub(low) <= width) << bit;
    }
    let (word, shift) = ((at / 64) as usize, at % 64);
    if let Some(word) = words.get_mut(word) {
        *word |= found << shift;
    }
    if let (true, Some(next)) = (shift > 0, words.get_mut(word + 1)) {
        *next |= found >> (64 - shift);
    }
}

/// Calls `visit` with the first document of each block that some of `docs`, which ascend, lie in, and with their places in `docs`.
pub(crate) fn each_block(docs: &[u32], mut visit: impl FnMut(u32, Range<usize>)) {
    let mut at = 0;
    while let Some(first) = docs.get(at) {
        let begin = first / BLOCK * BLOCK;
        let behind = at + docs[at..].partition_point(|&doc| doc - begin < BLOCK);
        visit(begin, at..behind);
        at = behind;
    }
}

#[cfg(test)]
mod tests {
    use tantivy::columnar::column_values::{CodecType, serialize_u64_based_column_values};

    use super::*;

    fn values(numbers: &[i64]) -> Values<i64> {
        let mut bytes = Vec::new();
        serialize_u64_based_column_values(&numbers, &[CodecType::Bitpacked], &mut bytes).unwrap();
        Values::open(OwnedBytes::new(bytes)).unwrap()
    }

    fn numbers() -> Vec<i64> {
        (0..10_001i64).map(|n| n * 7919 % 1009 - 500 + n / 4096 * 2000).collect()
    }

    #[test]
    fn a_range_finds_the_same_rows_however_often_it_is_asked() {
        let numbers = numbers();
        let values = values(&numbers);
        for (low, high) in [(-500, 100), (0, 0), (1400, 9999), (-9999, 9999), (5000, 6000), (3, 2), (600, 1400)] {
            for rows in [0..10_001, 64..4160, 4096..8192, 37..5000, 10_000..10_001] {
                let mut words = bits::none(rows.len() as u32);
                values.fill(low..=high, rows.clone(), &mut words);
                let mut found = Vec::new();
                bits::docs(&words, rows.start, &mut found);
                let expected: Vec<u32> =
                    rows.clone().filter(|&row| (low..=high).contains(&numbers[row as usize])).collect();
                assert_eq!(found, expected, "{low} to {high} in {rows:?}");
            }
        }
        let bounds = |reached| Some(Bounds { least: 1500, greatest: 2508, reached });
        assert_eq!((values.bounds(5000..6000), values.bounds(4096..8192)), (bounds(false), bounds(true)));
        assert_eq!((values.bounds(4000..5000), values.bounds(7..7)), (None, None));
    }

    #[test]
    fn rows_that_repeat_or_have_gaps_give_their_own_values() {
        let numbers = numbers();
        let values = values(&numbers);
        let nearly: Vec<u32> = (0..10_001).filter(|row| row % 7 != 3).collect();
        let sparse: Vec<u32> = (0..10_001).step_by(613).collect();
        // As many rows as there are from the first to the last.
        for rows in [vec![1, 1, 3], vec![5, 6, 7], vec![510, 511, 511, 513, 10_000], nearly, sparse, Vec::new()] {
            let mut found = vec![0; rows.len()];
            values.gather(&rows, &mut found);
            assert_eq!(found, rows.iter().map(|&row| numbers[row as usize]).collect::<Vec<_>>());
        }
    }
}
