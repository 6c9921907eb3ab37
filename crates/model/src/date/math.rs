//! Date math: `now-1d/d`, `2024-01-01||+1M/d`.

use super::{DateFormat, Moment, Zone, civil};
use crate::error::{Error, ErrorKind};

pub(super) fn parse(
    format: &DateFormat,
    text: &str,
    now_ms: i64,
    round_up: bool,
    zone: Option<&Zone>,
) -> Result<Moment, Error> {
    let (start, steps) = if let Some(steps) = text.strip_prefix("now") {
        (Moment::from_ms(now_ms), steps)
    } else if let Some((date, steps)) = text.split_once("||") {
        (read(format, date, false, zone)?, steps)
    } else {
        return read(format, text, round_up, zone);
    };
    let utc = Zone::utc();
    Steps { text: steps, at: 0, round_up, zone: zone.unwrap_or(&utc) }.walk(start)
}

fn read(format: &DateFormat, text: &str, round_up: bool, zone: Option<&Zone>) -> Result<Moment, Error> {
    if text.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "cannot parse empty date"));
    }
    let parsed = if round_up { format.parse_rounded(text, zone) } else { format.parse(text, zone) };
    parsed.map_err(|cause| match cause.kind {
        ErrorKind::DateTime => cause,
        _ => Error::new(ErrorKind::Parse, format!("{}: [{}]", cause.reason, cause.reason)).with_cause(cause),
    })
}

/// The steps after the date, read from left to right.
struct Steps<'a> {
    text: &'a str,
    at: usize,
    round_up: bool,
    zone: &'a Zone,
}

impl Steps<'_> {
    fn walk(&mut self, mut moment: Moment) -> Result<Moment, Error> {
        while let Some(operator) = self.next() {
            let round = operator == b'/';
            if !round && operator != b'+' && operator != b'-' {
                return Err(self.refuse("operator not supported for date math"));
            }
            let count = self.count()?;
            if round && count != 1 {
                return Err(self.refuse("rounding `/` can only be used on single unit types"));
            }
            let unit = self.text[self.at..].chars().next().ok_or_else(|| self.refuse("truncated date math"))?;
            self.at += unit.len_utf8();
            if !matches!(unit, 'y' | 'M' | 'w' | 'd' | 'h' | 'H' | 'm' | 's') {
                return Err(self.refuse(&format!("unit [{unit}] not supported for date math")));
            }
            let next = if round {
                self.round(moment, unit)
            } else {
                self.add(moment, if operator == b'-' { -count } else { count }, unit)
            };
            moment = next.ok_or_else(|| self.refuse("date math leaves the calendar"))?;
        }
        Ok(moment)
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn refuse(&self, why: &str) -> Error {
        Error::new(ErrorKind::Parse, format!("{why} [{}]", self.text))
    }

    fn count(&mut self) -> Result<i64, Error> {
        let rest = &self.text[self.at..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == rest.len() {
            return Err(self.refuse("truncated date math"));
        }
        self.at += digits;
        match &rest[..digits] {
            "" => Ok(1),
            number => number
                .parse::<i32>()
                .map(i64::from)
                .map_err(|_| Error::new(ErrorKind::NumberFormat, format!("For input string: \"{number}\""))),
        }
    }

    fn add(&self, moment: Moment, count: i64, unit: char) -> Option<Moment> {
        let seconds = match unit {
            'h' | 'H' => 3600,
            'm' => 60,
            's' => 1,
            _ => return self.add_days(moment, count, unit),
        };
        Some(Moment { ms: moment.ms.checked_add(count.checked_mul(seconds * 1000)?)?, ..moment })
    }

    fn add_days(&self, moment: Moment, count: i64, unit: char) -> Option<Moment> {
        let (second, nanos) = moment.seconds();
        let local = self.zone.local_of(second);
        let (day, time) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let day = match unit {
            'y' => civil::add_months(day, count * 12)?,
            'M' => civil::add_months(day, count)?,
            'w' => day + count * 7,
            _ => day + count,
        };
        Moment::from_seconds(self.zone.second_of(day * 86_400 + time), nanos)
    }

    /// The beginning of the unit; its last millisecond when rounding up.
    fn round(&self, moment: Moment, unit: char) -> Option<Moment> {
        let (second, _) = moment.seconds();
        let local = self.zone.local_of(second);
        let day = local.div_euclid(86_400);
        let (start, end) = match unit {
            'y' => {
                let year = civil::date(day).0;
                (civil::days(year, 1, 1), civil::days(year + 1, 1, 1))
            }
            'M' => {
                let (year, month, _) = civil::date(day);
                let first = civil::days(year, month, 1);
                (first, first + civil::days_in_month(year, month))
            }
            'w' => (day - civil::weekday(day) + 1, day - civil::weekday(day) + 8),
            'd' => (day, day + 1),
            _ => return self.round_time(second, unit),
        };
        let bound = if self.round_up { end } else { start };
        self.settle(self.zone.second_of(bound.checked_mul(86_400)?))
    }

    fn round_time(&self, second: i64, unit: char) -> Option<Moment> {
        let length = match unit {
            'm' => 60,
            's' => 1,
            _ => 3600,
        };
        let start = second - self.zone.local_of(second).rem_euclid(length);
        self.settle(if self.round_up { start + length } else { start })
    }

    fn settle(&self, second: i64) -> Option<Moment> {
        let moment = Moment::from_seconds(second, 0)?;
        Some(Moment { ms: if self.round_up { moment.ms.checked_sub(1)? } else { moment.ms }, nanos: 0 })
    }
}
