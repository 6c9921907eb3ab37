//! `auto_date_histogram` bound to one index: the roundings it may choose from.

use model::aggregation::request::histogram::{CalendarUnit, DateInterval};
use model::date::Zone;
use model::date::rounding::Rounding;

use super::values::Values;

#[derive(Clone, Debug, PartialEq)]
pub struct AutoDateHistogram {
    pub values: Values,
    /// How many buckets at most.
    pub buckets: u32,
    /// From fine to coarse.
    pub roundings: Vec<Candidate>,
}

/// One rounding, and how many of its intervals may be joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub rounding: Rounding,
    pub joined: &'static [u32],
    /// As in `interval`: `s`, `m` ..
    pub suffix: &'static str,
    /// About how long an interval is, in milliseconds.
    pub rough_ms: i64,
}

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400 * SECOND_MS;

type Row = (CalendarUnit, &'static [u32], &'static str, i64);

const CANDIDATES: [Row; 6] = [
    (CalendarUnit::Second, &[1, 5, 10, 30], "s", SECOND_MS),
    (CalendarUnit::Minute, &[1, 5, 10, 30], "m", 60 * SECOND_MS),
    (CalendarUnit::Hour, &[1, 3, 12], "h", 3600 * SECOND_MS),
    (CalendarUnit::Day, &[1, 7], "d", DAY_MS),
    (CalendarUnit::Month, &[1, 3], "M", 30 * DAY_MS),
    (CalendarUnit::Year, &[1, 5, 10, 20, 50, 100], "y", 365 * DAY_MS),
];

impl Candidate {
    /// All of them from `least` on.
    pub fn from(least: Option<CalendarUnit>, zone: &Zone) -> Vec<Self> {
        let wanted = CANDIDATES.iter().filter(|row| least.is_none_or(|least| row.0 >= least));
        let make = |&(unit, joined, suffix, rough_ms): &Row| Self {
            rounding: Rounding::new(DateInterval::Calendar(unit), zone.clone(), 0),
            joined,
            suffix,
            rough_ms,
        };
        wanted.map(make).collect()
    }

    /// The most intervals that may be joined.
    pub fn most_joined(&self) -> u32 {
        self.joined.last().copied().unwrap_or(1)
    }
}

impl AutoDateHistogram {
    /// How many intervals of a rounding are still acceptable: joined they are few enough.
    pub fn acceptable(&self, rounding: usize) -> usize {
        let joined = self.roundings.get(rounding).map_or(1, Candidate::most_joined);
        self.buckets as usize * joined as usize
    }

    /// Whether buckets at a rounding, whose beginnings lie within so many milliseconds, are few enough with the gaps between them.
    pub fn fits(&self, rounding: usize, count: usize, within_ms: i64) -> bool {
        let most = self.acceptable(rounding);
        let rough_ms = self.roundings.get(rounding).map_or(0, |candidate| candidate.rough_ms);
        count <= most && within_ms <= rough_ms.saturating_mul(most as i64)
    }

    pub fn is_last(&self, rounding: usize) -> bool {
        rounding + 1 >= self.roundings.len()
    }
}
