//! From the codes of a column to the numbers of a histogram's buckets, prepared for one segment.

use model::date::DateResolution;
use model::date::rounding::Rounding;
use model::number::f64_from_ordered;
use search::aggregation::format::Format;
use search::aggregation::histogram::{Histogram, Step};
use search::aggregation::values::number;
use search::bound::NumberCode;

/// Beginnings of intervals that are made in advance for a segment.
const MOST_PREPARED: usize = 1 << 16;
/// Cells of a table of dates.
const MOST_CELLS: i64 = 1 << 18;
/// Below it doubles count whole numbers exactly.
const EXACT: i64 = 1 << 52;
const NANOS: i64 = 1_000_000;

/// How codes are rounded.
pub(super) enum Steps {
    Width(Width),
    /// Dates in intervals of one width.
    Uniform(Uniform),
    Dates(Box<Dates>),
}

impl Default for Steps {
    fn default() -> Self {
        Self::Width(Width { interval: 1.0, offset: 0.0, code: NumberCode::Long })
    }
}

/// Numbers: a bucket's number times the width, and the offset, is its key.
#[derive(Clone, Copy)]
pub(super) struct Width {
    interval: f64,
    offset: f64,
    code: NumberCode,
}

impl Width {
    pub(super) fn new(interval: f64, code: NumberCode) -> Self {
        Self { interval, offset: 0.0, code }
    }

    #[inline]
    pub(super) fn index(self, code: i64) -> i64 {
        let value = match self.code {
            NumberCode::Double => f64_from_ordered(code),
            other => number(code, other),
        };
        let exact = (value - self.offset) / self.interval;
        // Cut off towards zero, then down: `floor` is a call.
        let cut = exact as i64;
        cut.saturating_sub(i64::from(cut as f64 > exact))
    }
}

/// Dates: a bucket's number is counted from some beginning.
#[derive(Clone, Copy)]
pub(super) struct Uniform {
    width: i64,
    /// Some beginning.
    origin: i64,
    /// Codes of one millisecond.
    divisor: i64,
    /// One part of a width, where dividing by multiplying is safe.
    part: Option<f64>,
}

impl Uniform {
    /// Widths between the origin and the interval of a code.
    #[inline]
    pub(super) fn index(self, code: i64) -> i64 {
        let ms = if self.divisor == 1 { code } else { code.div_euclid(self.divisor) };
        match self.part {
            Some(part) => {
                let beyond = ms - self.origin;
                // Wrong by one at most.
                let guess = (beyond as f64 * part) as i64;
                let rest = beyond - guess * self.width;
                guess - i64::from(rest < 0) + i64::from(rest >= self.width)
            }
            None => ms.saturating_sub(self.origin).div_euclid(self.width),
        }
    }

    /// The millisecond at which an interval begins.
    #[inline]
    pub(super) fn begin(self, index: i64) -> i64 {
        self.origin.saturating_add(index.saturating_mul(self.width))
    }
}

/// Dates in intervals of different widths.
pub(super) struct Dates {
    rounding: Rounding,
    divisor: i64,
    /// Beginnings in the segment, ascending, and the end of the last; empty: too many.
    begins: Vec<i64>,
    /// Cells from the first beginning on, none wider than the narrowest interval: in which interval each begins. Empty: too many.
    cells: Vec<u32>,
    /// Logarithm of a cell's width in milliseconds.
    shift: u32,
}

impl Dates {
    pub(super) fn new(rounding: Rounding, format: &Format) -> Self {
        Self { rounding, divisor: divisor(format), begins: Vec::new(), cells: Vec::new(), shift: 0 }
    }

    /// Whether each code of the segment has a place in a plain table.
    pub(super) fn is_prepared(&self) -> bool {
        !self.cells.is_empty()
    }

    /// The place of a code of the segment, which is prepared.
    #[inline]
    pub(super) fn place(&self, code: i64) -> i64 {
        let ms = if self.divisor == 1 { code } else { code.div_euclid(self.divisor) };
        let cell = (ms.wrapping_sub(self.begins[0]) as u64 >> self.shift) as usize;
        let at = self.cells.get(cell).map_or(0, |&at| at as usize);
        // A cell reaches into the next interval at most.
        (at + usize::from(self.begins.get(at + 1).is_some_and(|&next| ms >= next))) as i64
    }

    /// The beginning of a prepared place.
    pub(super) fn begin(&self, place: i64) -> i64 {
        self.begins.get(place as usize).copied().unwrap_or(i64::MIN)
    }

    /// The place of the interval in the segment and its beginning.
    #[inline]
    pub(super) fn find(&self, code: i64) -> (u64, i64) {
        let ms = if self.divisor == 1 { code } else { code.div_euclid(self.divisor) };
        let begins = &self.begins;
        if begins.len() < 2 || ms < begins[0] || ms >= begins[begins.len() - 1] {
            let begin = self.rounding.round(ms);
            // Beyond the plain table, whose places are those of the prepared ones.
            return ((begin as u64) | (1 << 63), begin);
        }
        let place = if self.is_prepared() {
            self.place(code) as usize
        } else {
            begins.partition_point(|&begin| begin <= ms) - 1
        };
        (place as u64, begins[place])
    }

    /// A segment with codes in `range` begins.
    pub(super) fn prepare(&mut self, range: Option<(i64, i64)>) {
        self.begins.clear();
        self.cells.clear();
        let Some((least, greatest)) = range else { return };
        let (least, greatest) = (least.div_euclid(self.divisor), greatest.div_euclid(self.divisor));
        let mut begin = self.rounding.round(least);
        while begin <= greatest && self.begins.len() < MOST_PREPARED {
            self.begins.push(begin);
            begin = self.rounding.next(begin);
        }
        self.begins.push(begin);
        if begin <= greatest {
            self.begins.clear();
            return;
        }
        self.prepare_cells();
    }

    fn prepare_cells(&mut self) {
        let (first, last) = (self.begins[0], self.begins[self.begins.len() - 1]);
        let widths = self.begins.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let Some(narrowest) = widths.min().filter(|width| *width > 0) else { return };
        let Some(whole) = last.checked_sub(first) else { return };
        self.shift = narrowest.ilog2();
        if whole >> self.shift >= MOST_CELLS {
            return;
        }
        let mut at = 0;
        for begin in (first..last).step_by(1 << self.shift) {
            while self.begins[at + 1] <= begin {
                at += 1;
            }
            self.cells.push(at as u32);
        }
    }
}

impl Steps {
    pub(super) fn new(asked: &Histogram) -> Self {
        match &asked.step {
            Step::Width { interval, offset, .. } => {
                Self::Width(Width { interval: *interval, offset: *offset, code: asked.values.code() })
            }
            Step::Dates { rounding, .. } => match rounding.uniform() {
                Some((width, origin)) => {
                    Self::Uniform(Uniform { width, origin, divisor: divisor(&asked.values.format), part: None })
                }
                None => Self::Dates(Box::new(Dates::new(rounding.clone(), &asked.values.format))),
            },
        }
    }

    /// A segment with codes in `range` begins.
    pub(super) fn enter(&mut self, range: Option<(i64, i64)>, code: NumberCode) {
        match self {
            Self::Width(width) => width.code = code,
            Self::Uniform(uniform) => {
                let small = |code: i64| code.div_euclid(uniform.divisor).checked_sub(uniform.origin);
                let exact = |code: i64| small(code).is_some_and(|beyond| beyond.abs() < EXACT);
                let safe = range.is_some_and(|(least, greatest)| exact(least) && exact(greatest));
                uniform.part = safe.then(|| 1.0 / uniform.width as f64);
            }
            Self::Dates(dates) => dates.prepare(range),
        }
    }

    /// The least number of a bucket in the segment, and one more than the greatest place behind it.
    pub(super) fn span(&self, range: Option<(i64, i64)>) -> (i64, u64) {
        match (self, range) {
            (Self::Width(width), Some((least, greatest))) => between(width.index(least), width.index(greatest)),
            (Self::Uniform(uniform), Some((least, greatest))) => between(uniform.index(least), uniform.index(greatest)),
            (Self::Dates(dates), _) if !dates.begins.is_empty() => (0, dates.begins.len() as u64),
            _ => (i64::MIN, u64::MAX),
        }
    }
}

fn between(least: i64, greatest: i64) -> (i64, u64) {
    (least, (greatest.wrapping_sub(least) as u64).saturating_add(1))
}

/// Codes of one millisecond.
fn divisor(format: &Format) -> i64 {
    match format {
        Format::Date(shown) if shown.resolution == DateResolution::Nanos => NANOS,
        _ => 1,
    }
}
