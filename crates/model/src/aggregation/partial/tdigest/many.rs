//! Many numbers at once: they are sorted no further than a digest tells them apart.
//!
//! Numbers fall into narrow bins in order, those of bins that hold many into narrower ones. Where a bin holds no more than a centroid may,
//! it is counted and summed as it is; only the numbers of the others, those near the ends above all, are sorted. What comes of it is a
//! digest of these numbers alone.

use super::{Centroid, mean_of, scale};

/// Fewer are not worth bins.
pub(super) const MANY: usize = 4096;
/// Bins at most, before they are divided.
const BINS: usize = 8192;
/// Bins of fewer numbers are not divided.
const CROWD: u32 = 64;

/// Numbers between two borders.
#[derive(Clone, Copy, Default)]
struct Bin {
    sum: f64,
    count: u32,
    kind: u32,
}

/// A bin that is no more than its count and sum.
const COUNTED: u32 = u32::MAX;
/// A bin whose numbers are sorted.
const SORTED: u32 = u32::MAX - 1;

/// The bins that one bin is divided into.
struct Part {
    /// The first of them.
    first: u32,
    shift: u32,
}

/// Bins by the numbers' codes above the least: one behind the other, in order.
struct Bins {
    least: u64,
    greatest: u64,
    shift: u32,
    coarse: Vec<Bin>,
    parts: Vec<Part>,
    fine: Vec<Bin>,
}

impl Bins {
    fn new(numbers: &[f64]) -> Self {
        let (mut least, mut greatest) = (u64::MAX, 0);
        for &number in numbers {
            let code = code(number);
            (least, greatest) = (code.min(least), code.max(greatest));
        }
        let bins = (numbers.len() / 4).next_power_of_two().min(BINS);
        let shift = (greatest - least).checked_ilog2().map_or(0, |bits| (bits + 1).saturating_sub(bins.ilog2()));
        let empty = Bin { kind: COUNTED, ..Bin::default() };
        let mut coarse = vec![empty; ((greatest - least) >> shift) as usize + 1];
        for &number in numbers {
            let bin = &mut coarse[((code(number) - least) >> shift) as usize];
            bin.count += 1;
            bin.sum += number;
        }
        Self { least, greatest, shift, coarse, parts: Vec::new(), fine: Vec::new() }
    }

    /// Divides the bins that hold more than a centroid may.
    fn divide(&mut self, numbers: &[f64], limit: impl Fn(f64) -> f64) {
        let mut before = 0;
        for bin in &mut self.coarse {
            if bin.count >= CROWD && self.shift > 0 && exceeds(bin, before, &limit) {
                let bits = (bin.count / 4).ilog2().min(self.shift);
                bin.kind = self.parts.len() as u32;
                self.parts.push(Part { first: self.fine.len() as u32, shift: self.shift - bits });
                self.fine.resize(self.fine.len() + (1 << bits), Bin { kind: COUNTED, ..Bin::default() });
            }
            before += bin.count;
        }
        if self.parts.is_empty() {
            return;
        }
        for &number in numbers {
            let above = code(number) - self.least;
            let coarse = &self.coarse[(above >> self.shift) as usize];
            if let Some(part) = self.parts.get(coarse.kind as usize) {
                let bin = &mut self.fine[part.place(above, self.shift)];
                bin.count += 1;
                bin.sum += number;
            }
        }
    }

    fn bin(&self, number: f64) -> &Bin {
        let above = code(number) - self.least;
        let coarse = &self.coarse[(above >> self.shift) as usize];
        match self.parts.get(coarse.kind as usize) {
            Some(part) => &self.fine[part.place(above, self.shift)],
            None => coarse,
        }
    }

    /// Marks the bins whose numbers must be sorted.
    fn mark(&mut self, limit: impl Fn(f64) -> f64) {
        let mut before = 0;
        let mut mark = |bin: &mut Bin| {
            if bin.count > 1 && exceeds(bin, before, &limit) {
                bin.kind = SORTED;
            }
            before += bin.count;
        };
        for bin in &mut self.coarse {
            match self.parts.get(bin.kind as usize) {
                Some(part) => self.fine[part.bins(self.shift)].iter_mut().for_each(&mut mark),
                None => mark(bin),
            }
        }
    }

    /// Calls `visit` with each bin that holds something, in order, and with its borders.
    fn each(&self, mut visit: impl FnMut(&Bin, (f64, f64))) {
        let border = |above: u64| number_of(self.least + above.min(self.greatest - self.least));
        for (at, bin) in self.coarse.iter().enumerate() {
            let first = (at as u64) << self.shift;
            let (bins, shift) = match self.parts.get(bin.kind as usize) {
                Some(part) => (&self.fine[part.bins(self.shift)], part.shift),
                None => (std::slice::from_ref(bin), self.shift),
            };
            for (at, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
                let first = first | ((at as u64) << shift);
                visit(bin, (border(first), border(first | ((1 << shift) - 1))));
            }
        }
    }
}

impl Part {
    fn place(&self, above: u64, shift: u32) -> usize {
        self.first as usize + ((above & ((1 << shift) - 1)) >> self.shift) as usize
    }

    fn bins(&self, shift: u32) -> std::ops::Range<usize> {
        self.first as usize..self.first as usize + (1 << (shift - self.shift))
    }
}

/// Whether a bin holds more than a centroid may where so many numbers lie before it. A sum beyond all numbers says nothing.
fn exceeds(bin: &Bin, before: u32, limit: impl Fn(f64) -> f64) -> bool {
    let (from, to) = (f64::from(before), f64::from(before + bin.count));
    f64::from(bin.count) > limit(from).min(limit(to)) || !bin.sum.is_finite()
}

/// Centroids of finite numbers, in order; at least one number.
pub(super) fn centroids(numbers: &[f64], compression: f64) -> Vec<Centroid> {
    let limit = scale(numbers.len() as f64, compression);
    let mut bins = Bins::new(numbers);
    bins.divide(numbers, &limit);
    bins.mark(&limit);
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|&number| bins.bin(number).kind == SORTED).collect();
    sorted.sort_unstable_by_key(|&number| code(number));
    let mut sorted = sorted.as_slice();
    let mut gathered = Gathered { limit, done: Vec::new(), open: None, before: 0.0 };
    bins.each(|bin, (least, greatest)| {
        if bin.kind == SORTED {
            let (own, rest) = sorted.split_at((bin.count as usize).min(sorted.len()));
            own.iter().for_each(|&one| gathered.add(Group { least: one, greatest: one, sum: one, count: 1 }));
            sorted = rest;
        } else {
            gathered.add(Group { least, greatest, sum: bin.sum, count: u64::from(bin.count) });
        }
    });
    gathered.finish()
}

/// Numbers of neighbouring bins.
struct Group {
    least: f64,
    greatest: f64,
    sum: f64,
    count: u64,
}

/// Groups in order, joined as far as the limit admits.
struct Gathered<L> {
    limit: L,
    done: Vec<Centroid>,
    open: Option<Group>,
    /// Numbers before the open group.
    before: f64,
}

impl<L: Fn(f64) -> f64> Gathered<L> {
    fn add(&mut self, next: Group) {
        if let Some(open) = &mut self.open {
            let together = (open.count + next.count) as f64;
            let admitted = (self.limit)(self.before).min((self.limit)(self.before + together));
            let sum = open.sum + next.sum;
            if together <= admitted && sum.is_finite() {
                (open.greatest, open.sum, open.count) = (next.greatest, sum, open.count + next.count);
                return;
            }
            self.close();
        }
        self.open = Some(next);
    }

    fn close(&mut self) {
        if let Some(Group { least, greatest, sum, count }) = self.open.take() {
            let mean = mean_of(least, greatest, sum / count as f64 - least);
            self.done.push(Centroid { mean, weight: count });
            self.before += count as f64;
        }
    }

    fn finish(mut self) -> Vec<Centroid> {
        self.close();
        self.done
    }
}

/// Whole numbers in the order of the numbers.
#[inline]
fn code(number: f64) -> u64 {
    let bits = number.to_bits();
    bits ^ ((((bits as i64) >> 63) as u64) | 1 << 63)
}

fn number_of(code: u64) -> f64 {
    f64::from_bits(if code >> 63 == 1 { code ^ (1 << 63) } else { !code })
}
