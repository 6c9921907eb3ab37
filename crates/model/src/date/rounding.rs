//! Rounding dates down to an interval: the beginnings of the buckets of date histograms.

use super::{Zone, civil};
use crate::aggregation::request::histogram::{CalendarUnit, DateInterval};

const DAY_MS: i64 = 86_400_000;

/// An interval in a time zone, its beginnings shifted by an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    interval: DateInterval,
    zone: Zone,
    offset_ms: i64,
}

impl Rounding {
    pub fn new(interval: DateInterval, zone: Zone, offset_ms: i64) -> Self {
        Self { interval, zone, offset_ms }
    }

    /// The beginning of the interval in which `ms` (since 1970) lies.
    pub fn round(&self, ms: i64) -> i64 {
        let shifted = ms.saturating_sub(self.offset_ms);
        let begin = match self.interval {
            DateInterval::FixedMs(width) => self.round_fixed(shifted, width.max(1)),
            DateInterval::Calendar(CalendarUnit::Second) => self.round_fixed(shifted, 1000),
            DateInterval::Calendar(CalendarUnit::Minute) => self.round_fixed(shifted, 60_000),
            DateInterval::Calendar(CalendarUnit::Hour) => self.round_fixed(shifted, 3_600_000),
            DateInterval::Calendar(unit) => self.midnight(first_day(unit, self.local(shifted).div_euclid(DAY_MS))),
        };
        begin.saturating_add(self.offset_ms)
    }

    /// The beginning of the interval behind the one that begins at `begin`.
    pub fn next(&self, begin: i64) -> i64 {
        let shifted = begin.saturating_sub(self.offset_ms);
        let next = match self.interval {
            DateInterval::FixedMs(width) => self.next_fixed(shifted, width.max(1)),
            DateInterval::Calendar(CalendarUnit::Second) => self.next_fixed(shifted, 1000),
            DateInterval::Calendar(CalendarUnit::Minute) => self.next_fixed(shifted, 60_000),
            DateInterval::Calendar(CalendarUnit::Hour) => self.next_fixed(shifted, 3_600_000),
            DateInterval::Calendar(unit) => {
                let first = first_day(unit, self.local(shifted).div_euclid(DAY_MS));
                self.midnight(next_first_day(unit, first))
            }
        };
        // Time goes on, whatever a zone does with its clocks.
        next.max(shifted.saturating_add(1)).saturating_add(self.offset_ms)
    }

    /// The width in milliseconds, where every interval has the same and zones do not matter; with a beginning of one.
    pub fn uniform(&self) -> Option<(i64, i64)> {
        let width = match self.interval {
            DateInterval::FixedMs(width) => width.max(1),
            DateInterval::Calendar(CalendarUnit::Second) => 1000,
            DateInterval::Calendar(CalendarUnit::Minute) => 60_000,
            DateInterval::Calendar(CalendarUnit::Hour) => 3_600_000,
            DateInterval::Calendar(CalendarUnit::Day) => DAY_MS,
            DateInterval::Calendar(CalendarUnit::Week) => 7 * DAY_MS,
            DateInterval::Calendar(_) => return None,
        };
        self.zone.is_fixed().then(|| (width, self.round(0)))
    }

    /// What clocks show at `ms`, as if it were UTC.
    fn local(&self, ms: i64) -> i64 {
        let second = ms.div_euclid(1000);
        ms.saturating_add((self.zone.local_of(second) - second).saturating_mul(1000))
    }

    /// The moment at which clocks show midnight of a day (since 1970), or the first moment of the day.
    fn midnight(&self, day: i64) -> i64 {
        self.zone.second_of(day.saturating_mul(86_400)).saturating_mul(1000)
    }

    fn round_fixed(&self, ms: i64, width: i64) -> i64 {
        let local = self.local(ms);
        let floor = local.div_euclid(width).saturating_mul(width);
        let begin = floor.saturating_sub(local - ms);
        if self.local(begin) == floor {
            return begin;
        }
        // Clocks were changed in between: where they showed it, before the change.
        let other = self.zone.second_of(floor.div_euclid(1000)).saturating_mul(1000) + floor.rem_euclid(1000);
        other.min(ms)
    }

    fn next_fixed(&self, begin: i64, width: i64) -> i64 {
        let mut next = self.round_fixed(begin.saturating_add(width), width);
        if next <= begin {
            // Clocks went back within the interval, which takes that much longer.
            let shown = |ms: i64| self.local(ms).saturating_sub(ms);
            let behind = begin.saturating_add(width);
            next = self.round_fixed(behind.saturating_add(shown(begin) - shown(behind)), width);
        }
        if next <= begin {
            // An hour came twice.
            next = self.round_fixed(begin.saturating_add(width.saturating_mul(2)), width);
        }
        next
    }
}

/// The first day of the week, month, quarter or year of a day.
fn first_day(unit: CalendarUnit, day: i64) -> i64 {
    let (year, month, _) = civil::date(day);
    match unit {
        CalendarUnit::Week => day - (day + 3).rem_euclid(7),
        CalendarUnit::Month => civil::days(year, month, 1),
        CalendarUnit::Quarter => civil::days(year, (month - 1) / 3 * 3 + 1, 1),
        CalendarUnit::Year => civil::days(year, 1, 1),
        CalendarUnit::Second | CalendarUnit::Minute | CalendarUnit::Hour | CalendarUnit::Day => day,
    }
}

/// The first day of the next one.
fn next_first_day(unit: CalendarUnit, first: i64) -> i64 {
    let months = match unit {
        CalendarUnit::Week => return first + 7,
        CalendarUnit::Month => 1,
        CalendarUnit::Quarter => 3,
        CalendarUnit::Year => 12,
        CalendarUnit::Second | CalendarUnit::Minute | CalendarUnit::Hour | CalendarUnit::Day => return first + 1,
    };
    civil::add_months(first, months).unwrap_or(first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::DateFormat;

    fn check(interval: DateInterval, zone: &str, offset_ms: i64, text: &str, expected: [&str; 2]) {
        let format = DateFormat::parse_pattern("strict_date_optional_time").unwrap();
        let read = |text: &str| format.parse(text, None).unwrap().ms;
        let rounding = Rounding::new(interval, Zone::parse(zone).unwrap(), offset_ms);
        let begin = rounding.round(read(text));
        assert_eq!([begin, rounding.next(begin)], expected.map(read), "{interval:?} {zone} {text}");
    }

    #[test]
    fn intervals_begin_where_clocks_say() {
        use CalendarUnit::{Day, Hour, Month, Quarter, Week, Year};
        let calendar = DateInterval::Calendar;
        let hours = |count: i64| DateInterval::FixedMs(count * 3_600_000);
        check(calendar(Week), "UTC", 0, "2016-03-02T05:00Z", ["2016-02-29", "2016-03-07"]);
        check(calendar(Month), "UTC", 0, "1969-12-31T05:00Z", ["1969-12-01", "1970-01-01"]);
        check(calendar(Quarter), "UTC", 0, "2016-05-31T05:00Z", ["2016-04-01", "2016-07-01"]);
        check(calendar(Year), "UTC", 0, "2016-05-31T05:00Z", ["2016-01-01", "2017-01-01"]);
        check(calendar(Day), "UTC", 3_600_000, "2016-05-31T00:30Z", ["2016-05-30T01:00Z", "2016-05-31T01:00Z"]);
        let summer = ["2016-03-13T05:00Z", "2016-03-14T04:00Z"];
        check(calendar(Day), "America/New_York", 0, "2016-03-13T12:00Z", summer);
        check(hours(24), "America/New_York", 0, "2016-03-13T12:00Z", summer);
        let winter = ["2016-10-30T00:00Z", "2016-10-30T01:00Z"];
        check(calendar(Hour), "Europe/Paris", 0, "2016-10-30T00:20Z", winter);
        check(calendar(Hour), "Europe/Paris", 0, "2016-10-30T01:20Z", ["2016-10-30T01:00Z", "2016-10-30T02:00Z"]);
        let longer = ["2019-10-31T04:00Z", "2020-02-08T05:00Z"];
        check(hours(2400), "America/New_York", 0, "2020-01-01T12:00Z", longer);
        check(hours(12), "+05:30", 0, "2016-10-30T01:20Z", ["2016-10-29T18:30Z", "2016-10-30T06:30Z"]);
    }

    #[test]
    fn time_never_stands_still() {
        for zone in ["Europe/Paris", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"] {
            let days = |count: i64| DateInterval::FixedMs(count * DAY_MS);
            let some =
                [DateInterval::FixedMs(5_400_000), DateInterval::Calendar(CalendarUnit::Day), days(1), days(100)];
            for interval in some {
                let rounding = Rounding::new(interval, Zone::parse(zone).unwrap(), 0);
                let mut begin = rounding.round(1_300_000_000_000);
                for _ in 0..6000 {
                    let next = rounding.next(begin);
                    assert!(next > begin && rounding.round(next) == next, "{zone} {interval:?} {begin} {next}");
                    assert_eq!(rounding.round(next - 1), begin, "{zone} {interval:?} before {next}");
                    begin = next;
                }
            }
        }
    }
}
