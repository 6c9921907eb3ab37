//! Reads a date by a layout: first the quantities, then the moment they name.

use super::layout::{Item, Layout, Minutes, Number, Offset, Sign, Text, Unit};
use super::print::{ERAS, HALF_DAYS, MONTHS, WEEKDAYS};
use super::{Missing, Moment, Unread, Zone, civil, iso, zone};

/// Least and greatest value of a unit, and Java's name of it.
type Limit = (Unit, &'static str, i64, i64);

const DATES: [Limit; 9] = [
    (Unit::Year, "Year", -999_999_999, 999_999_999),
    (Unit::YearOfEra, "YearOfEra", 1, 999_999_999),
    (Unit::WeekYear, "WeekBasedYear", -999_999_999, 999_999_999),
    (Unit::Quarter, "QuarterOfYear", 1, 4),
    (Unit::Month, "MonthOfYear", 1, 12),
    (Unit::Day, "DayOfMonth", 1, 31),
    (Unit::DayOfYear, "DayOfYear", 1, 366),
    (Unit::Week, "WeekOfWeekBasedYear", 1, 53),
    (Unit::Weekday, "DayOfWeek", 1, 7),
];

const TIMES: [Limit; 6] = [
    (Unit::Hour, "HourOfDay", 0, 23),
    (Unit::ClockHour, "ClockHourOfDay", 1, 24),
    (Unit::HalfDayHour, "HourOfAmPm", 0, 11),
    (Unit::HalfDayClockHour, "ClockHourOfAmPm", 1, 12),
    (Unit::Minute, "MinuteOfHour", 0, 59),
    (Unit::Second, "SecondOfMinute", 0, 59),
];

/// As messages name them.
const LONG_MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];

/// What a text said.
#[derive(Clone, Debug)]
struct Parsed {
    values: [Option<i64>; Unit::COUNT],
    zone: Option<Zone>,
}

/// Where reading stopped.
struct Stuck {
    at: usize,
}

impl Layout {
    /// # Errors
    /// Why not, as Java words it.
    pub(super) fn read(&self, text: &str, zone: Option<&Zone>, missing: Missing) -> Result<Moment, Unread> {
        if self.iso
            && let Some(moment) = iso::parse(text, zone, missing)
        {
            return Ok(moment);
        }
        let mut parsed = Parsed { values: [None; Unit::COUNT], zone: None };
        let end = read_items(&self.items, text, 0, &mut parsed)
            .map_err(|stuck| Unread::Shape(format!("Text '{text}' could not be parsed at index {}", stuck.at)))?;
        if end < text.len() {
            let why = format!("Text '{text}' could not be parsed, unparsed text found at index {end}");
            return Err(Unread::Shape(why));
        }
        if self.offset_required && parsed.get(Unit::Hour).is_some() && parsed.zone.is_none() {
            return Err(Unread::Shape("No timezone offset information".to_owned()));
        }
        parsed.moment(zone, missing)
    }
}

fn read_items(items: &[Item], text: &str, mut at: usize, parsed: &mut Parsed) -> Result<usize, Stuck> {
    for item in items {
        at = read_item(item, text, at, parsed)?;
    }
    Ok(at)
}

fn read_item(item: &Item, text: &str, at: usize, parsed: &mut Parsed) -> Result<usize, Stuck> {
    let rest = &text[at..];
    let stuck = || Stuck { at };
    match item {
        Item::Literal(c) => rest.starts_with(*c).then(|| at + c.len_utf8()).ok_or_else(stuck),
        Item::OneOf(chars) => match rest.chars().next() {
            Some(c) if chars.contains(c) => Ok(at + c.len_utf8()),
            _ => Err(stuck()),
        },
        Item::Number(number) => {
            let (value, length) = read_number(number, rest).ok_or_else(stuck)?;
            parsed.set(number.unit, value);
            Ok(at + length)
        }
        Item::Reduced(unit) => {
            let value = rest.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_digit())).ok_or_else(stuck)?;
            parsed.set(*unit, 2000 + value.parse::<i64>().map_err(|_| stuck())?);
            Ok(at + 2)
        }
        Item::Fraction { min, max, point } => {
            let (nanos, length) = read_fraction(rest, *min, *max, *point).ok_or_else(stuck)?;
            parsed.set(Unit::Nano, nanos);
            Ok(at + length)
        }
        Item::Text(kind) => {
            let (unit, value, length) = read_text(*kind, rest).ok_or_else(stuck)?;
            parsed.set(unit, value);
            Ok(at + length)
        }
        Item::Offset(offset) => {
            let (seconds, length) = read_offset(*offset, rest).ok_or_else(stuck)?;
            parsed.zone = Some(Zone::offset(seconds));
            Ok(at + length)
        }
        Item::Zone { regions } => {
            let (zone, length) = read_zone(rest, *regions).ok_or_else(stuck)?;
            parsed.zone = Some(zone);
            Ok(at + length)
        }
        Item::Optional(items) => {
            let before = parsed.clone();
            Ok(read_items(items, text, at, parsed).unwrap_or_else(|_| {
                *parsed = before;
                at
            }))
        }
    }
}

fn leading_digits(text: &str, most: usize) -> usize {
    text.bytes().take(most).take_while(u8::is_ascii_digit).count()
}

fn read_number(number: &Number, text: &str) -> Option<(i64, usize)> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' if number.sign != Sign::Never => (Some('-'), &text[1..]),
        b'+' if number.sign == Sign::ExceedsPad => (Some('+'), &text[1..]),
        _ => (None, text),
    };
    let mut count = leading_digits(digits, number.max + number.reserve);
    if number.reserve > 0 {
        count = number.min.max(count.saturating_sub(number.reserve)).min(count);
    }
    let count = count.min(number.max);
    if count < number.min {
        return None;
    }
    match sign {
        Some('+') if count <= number.min => return None,
        None if number.sign == Sign::ExceedsPad && count > number.min => return None,
        _ => {}
    }
    let value: i64 = digits[..count].parse().ok()?;
    let length = count + usize::from(sign.is_some());
    Some((if sign == Some('-') { -value } else { value }, length))
}

fn read_fraction(text: &str, min: usize, max: usize, point: bool) -> Option<(i64, usize)> {
    let digits = if point { text.strip_prefix('.')? } else { text };
    let count = leading_digits(digits, max);
    if count < min {
        return None;
    }
    let value: i64 = digits[..count].parse().ok()?;
    Some((value * 10_i64.pow(9 - count.min(9) as u32), count + usize::from(point)))
}

fn read_text(kind: Text, text: &str) -> Option<(Unit, i64, usize)> {
    let (unit, names, first): (Unit, &[&str], i64) = match kind {
        Text::Month => (Unit::Month, &MONTHS, 1),
        Text::Weekday => (Unit::Weekday, &WEEKDAYS, 1),
        Text::HalfDay => (Unit::HalfDay, &HALF_DAYS, 0),
        Text::Era => (Unit::Era, &ERAS, 0),
    };
    // The longest: one may begin another.
    let (at, name) =
        names.iter().enumerate().filter(|(_, name)| text.starts_with(**name)).max_by_key(|(_, name)| name.len())?;
    Some((unit, first + at as i64, name.len()))
}

fn read_offset(offset: Offset, text: &str) -> Option<(i32, usize)> {
    let rest = text.strip_prefix(offset.prefix)?;
    if offset.prefix.is_empty() && offset.zero == "Z" && rest.starts_with('Z') {
        return Some((0, 1));
    }
    let shape: &[usize] = match (offset.prefix.is_empty(), offset.minutes, offset.seconds, offset.colon) {
        (false, ..) => &[6, 3, 2],
        (_, Minutes::Unless0, _, _) => &[5, 3],
        (_, _, true, true) => &[9, 6],
        (_, _, true, false) => &[7, 5],
        (_, _, false, true) => &[6],
        (_, _, false, false) => &[5],
    };
    let found = shape.iter().find_map(|length| {
        let candidate = rest.get(..*length)?;
        (candidate.contains(':') == (offset.colon && *length > 3)).then_some(())?;
        Some((zone::parse_offset(candidate)?, offset.prefix.len() + length))
    });
    found.or_else(|| (!offset.prefix.is_empty()).then_some((0, offset.prefix.len())))
}

fn read_zone(text: &str, regions: bool) -> Option<(Zone, usize)> {
    match text.as_bytes().first()? {
        b'Z' => return Some((Zone::utc(), 1)),
        b'z' if !regions => return Some((Zone::utc(), 1)),
        b'+' | b'-' => {
            let lengths: &[usize] = if regions { &[9, 7, 6, 5, 3] } else { &[9, 6] };
            return lengths.iter().find_map(|length| {
                let candidate = text.get(..*length)?;
                Some((Zone::offset(zone::parse_offset(candidate)?), *length))
            });
        }
        _ if !regions => return None,
        _ => {}
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "/_-+".contains(c))).unwrap_or(text.len());
    let name = &text[..end];
    if ["UTC", "GMT", "UT"].contains(&name) {
        return Some((Zone::utc(), end));
    }
    Zone::region(name).map(|zone| (zone, end))
}

impl Parsed {
    fn get(&self, unit: Unit) -> Option<i64> {
        self.values[unit as usize]
    }

    fn set(&mut self, unit: Unit, value: i64) {
        self.values[unit as usize] = Some(value);
    }

    fn moment(&self, zone: Option<&Zone>, missing: Missing) -> Result<Moment, Unread> {
        // A year without an era leaves the date open while Java reads; only then does it find that there is no such day.
        let open = self.get(Unit::YearOfEra).is_some() && self.get(Unit::Era).is_none();
        let unreal = |late| move |why| Unread::Unreal { why, late };
        self.check(&TIMES).map_err(unreal(false))?;
        self.check(&DATES).map_err(unreal(open))?;
        let days = self.days().map_err(unreal(open))?;
        let (second, nanos) = self.time(missing).map_err(unreal(false))?;
        let utc = Zone::utc();
        let zone = self.zone.as_ref().or(zone).unwrap_or(&utc);
        let local = days * 86_400 + second;
        let moment = Moment::from_seconds(zone.second_of(local), nanos);
        moment.ok_or_else(|| Unread::Unreal { why: "long overflow".to_owned(), late: false })
    }

    fn check(&self, limits: &[Limit]) -> Result<(), String> {
        for &(unit, name, low, high) in limits {
            if let Some(value) = self.get(unit)
                && !(low..=high).contains(&value)
            {
                let high = if unit == Unit::Day { "28/31".to_owned() } else { high.to_string() };
                return Err(format!("Invalid value for {name} (valid values {low} - {high}): {value}"));
            }
        }
        Ok(())
    }

    fn days(&self) -> Result<i64, String> {
        if let Some(year) = self.get(Unit::WeekYear) {
            let first = civil::first_week(year);
            let week = self.get(Unit::Week).unwrap_or(1);
            let day = first + (week - 1) * 7 + self.get(Unit::Weekday).unwrap_or(1) - 1;
            if self.get(Unit::Week).is_some() && civil::week(day) != (year, week) {
                return Err(format!("Invalid value for WeekOfWeekBasedYear: {week}"));
            }
            // With a month instead of a week, all but the year is lost.
            return Ok(if self.get(Unit::Month).is_none() { day } else { civil::days(year, 1, 1) });
        }
        let of_era = self.get(Unit::YearOfEra).map(|year| if self.get(Unit::Era) == Some(0) { 1 - year } else { year });
        let year = self.get(Unit::Year).or(of_era).unwrap_or(1970);
        if let Some(day) = self.get(Unit::DayOfYear) {
            if day == 366 && !civil::is_leap(year) {
                return Err(format!("Invalid date 'DayOfYear 366' as '{year}' is not a leap year"));
            }
            return Ok(civil::days(year, 1, 1) + day - 1);
        }
        let month = self.get(Unit::Month).unwrap_or(1);
        let day = self.get(Unit::Day).unwrap_or(1);
        if day > civil::days_in_month(year, month) {
            return Err(match (month, day) {
                (2, 29) => format!("Invalid date 'February 29' as '{year}' is not a leap year"),
                _ => format!("Invalid date '{} {day}'", LONG_MONTHS[(month - 1) as usize]),
            });
        }
        Ok(civil::days(year, month, day))
    }

    /// Second of the day, and nanoseconds above it.
    fn time(&self, missing: Missing) -> Result<(i64, u32), String> {
        if let Some(nano) =
            self.get(Unit::MilliOfDay).map(|ms| ms.saturating_mul(1_000_000)).or(self.get(Unit::NanoOfDay))
        {
            if !(0..86_400_000_000_000).contains(&nano) {
                return Err(format!("Invalid value for NanoOfDay (valid values 0 - 86399999999999): {nano}"));
            }
            return Ok((nano / 1_000_000_000, (nano % 1_000_000_000) as u32));
        }
        let fill = |last: i64| if missing == Missing::Last { last } else { 0 };
        let half_day = self.get(Unit::HalfDay).unwrap_or(0) * 12;
        let hour = (self.get(Unit::Hour))
            .or_else(|| self.get(Unit::ClockHour).map(|hour| hour % 24))
            .or_else(|| self.get(Unit::HalfDayHour).map(|hour| hour + half_day))
            .or_else(|| self.get(Unit::HalfDayClockHour).map(|hour| hour % 12 + half_day))
            .unwrap_or_else(|| fill(23));
        let minute = self.get(Unit::Minute).unwrap_or_else(|| fill(59));
        let second = self.get(Unit::Second).unwrap_or_else(|| fill(59));
        let nano = self.get(Unit::Nano).unwrap_or_else(|| fill(999_999_999));
        if !(0..1_000_000_000).contains(&nano) {
            return Err(format!("Invalid value for NanoOfSecond (valid values 0 - 999999999): {nano}"));
        }
        Ok((hour * 3600 + minute * 60 + second, nano as u32))
    }
}
