//! Counting by number, where nothing but the number of documents is wanted.

use super::Budget;
use crate::score::Outcome;

/// Numbers below it are counted in a plain table.
pub(super) const NARROW: u64 = 1 << 16;
/// Tables of so many numbers are kept several times: counting one number again and again would wait for itself.
const SHORT: usize = 1 << 12;
const LANES: usize = 4;

/// Documents of one segment by number.
#[derive(Default)]
pub(super) struct Tally {
    width: usize,
    /// One table behind the other. A segment has fewer than 2^32 documents.
    counts: Vec<u32>,
}

impl Tally {
    /// Numbers that follow lie below `width`.
    pub(super) fn reset(&mut self, width: u64) {
        self.counts.clear();
        self.width = width as usize;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    fn begin(&mut self, budget: &Budget) -> Outcome<()> {
        if self.counts.is_empty() {
            let lanes = if self.width <= SHORT { LANES } else { 1 };
            let len = self.width * lanes;
            budget.take(len.saturating_sub(self.counts.capacity()) * size_of::<u32>())?;
            self.counts.resize(len, 0);
        }
        Ok(())
    }

    /// Counts each of `codes`, one a document, at the number that `place` gives it.
    #[inline]
    pub(super) fn add<T: Copy>(&mut self, codes: &[T], place: impl Fn(T) -> i64, budget: &Budget) -> Outcome<()> {
        self.begin(budget)?;
        let add = |count: Option<&mut u32>| {
            debug_assert!(count.is_some(), "a code lies outside the segment's range");
            if let Some(count) = count {
                *count += 1;
            }
        };
        if self.width > SHORT {
            codes.iter().for_each(|&code| add(self.counts.get_mut(place(code) as usize)));
            return Ok(());
        }
        let (a, rest) = self.counts.split_at_mut(self.width);
        let (b, rest) = rest.split_at_mut(self.width);
        let (c, d) = rest.split_at_mut(self.width);
        let (chunks, rest) = codes.as_chunks::<LANES>();
        for chunk in chunks {
            add(a.get_mut(place(chunk[0]) as usize));
            add(b.get_mut(place(chunk[1]) as usize));
            add(c.get_mut(place(chunk[2]) as usize));
            add(d.get_mut(place(chunk[3]) as usize));
        }
        rest.iter().for_each(|&code| add(a.get_mut(place(code) as usize)));
        Ok(())
    }

    /// Counts so many documents of one number.
    pub(super) fn add_many(&mut self, number: u64, count: u32, budget: &Budget) -> Outcome<()> {
        self.begin(budget)?;
        if let Some(counted) = self.counts.get_mut(number as usize) {
            *counted += count;
        }
        Ok(())
    }

    /// Counts each of `numbers`, which [`Tally::add_many`] has counted, once less.
    pub(super) fn take_back(&mut self, numbers: &[u64]) {
        for &number in numbers {
            if let Some(count) = self.counts.get_mut(number as usize) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// Every number that was counted, ascending, with how many.
    pub(super) fn counted(&self) -> impl Iterator<Item = (u64, u64)> {
        let len = self.width.min(self.counts.len());
        let count =
            |at: usize| self.counts[at..].iter().step_by(self.width.max(1)).map(|&count| u64::from(count)).sum();
        (0..len).map(move |at| (at as u64, count(at))).filter(|(_, count)| *count > 0)
    }

    /// Documents by number; none is counted afterwards.
    pub(super) fn take(&mut self) -> Vec<u32> {
        let mut counts = std::mem::take(&mut self.counts);
        if self.width < counts.len() {
            let (first, others) = counts.split_at_mut(self.width);
            for lane in others.chunks(self.width.max(1)) {
                first.iter_mut().zip(lane).for_each(|(count, more)| *count += more);
            }
            counts.truncate(self.width);
        }
        counts
    }

    /// Calls `each` with every number that was counted; none is afterwards.
    pub(super) fn drain(&mut self, mut each: impl FnMut(i64, u64) -> Outcome<()>) -> Outcome<()> {
        self.counted().try_for_each(|(number, count)| each(number as i64, count))?;
        self.counts.clear();
        Ok(())
    }
}
