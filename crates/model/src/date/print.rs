//! Writes a moment by a layout.

use std::fmt::Write as _;

use super::layout::{Item, Layout, Minutes, Number, Offset, Sign, Text, Unit};
use super::{Moment, Zone, civil};

pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
pub(super) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
pub(super) const HALF_DAYS: [&str; 2] = ["AM", "PM"];
pub(super) const ERAS: [&str; 2] = ["BCE", "CE"];

/// A moment as the clocks of a zone show it.
struct Shown {
    days: i64,
    date: (i64, i64, i64),
    second: i64,
    nanos: u32,
    offset: i32,
}

impl Layout {
    pub(super) fn print(&self, moment: Moment, zone: &Zone) -> String {
        let (second, nanos) = moment.seconds();
        let offset = zone.offset_at(second);
        let local = second + i64::from(offset);
        let days = local.div_euclid(86_400);
        let shown = Shown { days, date: civil::date(days), second: local.rem_euclid(86_400), nanos, offset };
        let mut text = String::with_capacity(32);
        print_items(self.printed.as_ref().unwrap_or(&self.items), &shown, &mut text);
        text
    }
}

fn print_items(items: &[Item], shown: &Shown, text: &mut String) {
    for item in items {
        match item {
            Item::Literal(c) => text.push(*c),
            Item::OneOf(chars) => text.extend(chars.chars().take(1)),
            Item::Number(number) => print_number(number, shown.get(number.unit), text),
            Item::Reduced(unit) => {
                // Writing to a string cannot fail.
                let _ = write!(text, "{:02}", shown.get(*unit).rem_euclid(100));
            }
            Item::Fraction { min, max, point } => print_fraction(shown.nanos, *min, *max, *point, text),
            Item::Text(kind) => text.push_str(shown.name(*kind)),
            Item::Offset(offset) => print_offset(*offset, shown.offset, text),
            Item::Zone { .. } => print_offset(ZONE, shown.offset, text),
            Item::Optional(items) => print_items(items, shown, text),
        }
    }
}

/// How a zone is written where any notation is read.
const ZONE: Offset = Offset { colon: true, minutes: Minutes::Always, seconds: true, zero: "Z", prefix: "" };

fn print_number(number: &Number, value: i64, text: &mut String) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        text.push('-');
    } else if number.sign == Sign::ExceedsPad && digits.len() > number.min {
        text.push('+');
    }
    text.extend(std::iter::repeat_n('0', number.min.saturating_sub(digits.len())));
    text.push_str(&digits);
}

/// Our own fractions (with a point) show three digits and more where there are more.
fn print_fraction(nanos: u32, min: usize, max: usize, point: bool, text: &mut String) {
    let digits = format!("{nanos:09}");
    let digits = if point {
        text.push('.');
        let length = digits.trim_end_matches('0').len();
        &digits[..length.clamp(min.max(3), max.max(3))]
    } else {
        &digits[..max]
    };
    text.push_str(digits);
}

fn print_offset(offset: Offset, seconds: i32, text: &mut String) {
    if seconds == 0 {
        text.push_str(offset.zero);
        return;
    }
    text.push_str(offset.prefix);
    text.push(if seconds < 0 { '-' } else { '+' });
    let seconds = seconds.abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let colon = if offset.colon { ":" } else { "" };
    let short = !offset.prefix.is_empty() && offset.minutes == Minutes::Unless0;
    // Writing to a string cannot fail.
    let _ = if short { write!(text, "{hours}") } else { write!(text, "{hours:02}") };
    if offset.minutes == Minutes::Always || minutes != 0 {
        let _ = write!(text, "{colon}{minutes:02}");
    }
    if offset.seconds && seconds != 0 {
        let _ = write!(text, "{colon}{seconds:02}");
    }
}

impl Shown {
    fn get(&self, unit: Unit) -> i64 {
        let (year, month, day) = self.date;
        let hour = self.second / 3600;
        match unit {
            Unit::Year => year,
            Unit::YearOfEra if year < 1 => 1 - year,
            Unit::YearOfEra => year,
            Unit::Quarter => (month - 1) / 3 + 1,
            Unit::Month => month,
            Unit::Day => day,
            Unit::DayOfYear => civil::day_of_year(self.days),
            Unit::WeekYear => civil::week(self.days).0,
            Unit::Week => civil::week(self.days).1,
            Unit::Weekday => civil::weekday(self.days),
            Unit::Hour => hour,
            Unit::ClockHour => (hour + 23) % 24 + 1,
            Unit::HalfDayHour => hour % 12,
            Unit::HalfDayClockHour => (hour + 11) % 12 + 1,
            Unit::HalfDay => hour / 12,
            Unit::Minute => self.second / 60 % 60,
            Unit::Second => self.second % 60,
            Unit::Nano => i64::from(self.nanos),
            Unit::MilliOfDay => self.second * 1000 + i64::from(self.nanos / 1_000_000),
            Unit::NanoOfDay => self.second * 1_000_000_000 + i64::from(self.nanos),
            Unit::Era => i64::from(year > 0),
        }
    }

    fn name(&self, kind: Text) -> &'static str {
        match kind {
            Text::Month => MONTHS[(self.date.1 - 1) as usize],
            Text::Weekday => WEEKDAYS[(civil::weekday(self.days) - 1) as usize],
            Text::HalfDay => HALF_DAYS[usize::from(self.second >= 43_200)],
            Text::Era => ERAS[usize::from(self.date.0 > 0)],
        }
    }
}
