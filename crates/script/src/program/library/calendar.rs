//! What moments, days, clocks, durations, zones and formats can do.

use std::sync::Arc;

use model::date::{Moment, Zone, civil};
use model::error::ErrorKind;

use super::times::{DAY_NANOS, Local, Style, Time, Unit, apart, capitalized, later};
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::object::Object;

fn int(number: i64) -> Object {
    Object::Plain(Value::Int(i32::try_from(number).unwrap_or(i32::MAX)))
}

fn long(number: i64) -> Object {
    Object::Plain(Value::Long(number))
}

pub(crate) fn object(time: Time) -> Object {
    match time {
        // The commonest ones are small.
        Time::Zoned(Moment { ms, nanos: 0 }, _, name) if &*name == "Z" => Object::Date(ms),
        time => Object::Time(Arc::new(time)),
    }
}

/// The moment, day .. that an object is; `None`: it is none.
pub(crate) fn time_of(object: &Object) -> Option<Time> {
    match object {
        Object::Date(ms) => Some(Time::utc(Moment::from_ms(*ms))),
        Object::Time(time) => Some(Time::clone(time)),
        _ => None,
    }
}

/// `date.year` and its kin: methods without arguments.
pub(crate) fn member(time: &Time, name: &str) -> Option<Object> {
    let (first, rest) = name.split_at_checked(1)?;
    let found = got(time, &format!("get{}{rest}", first.to_uppercase()));
    found.or_else(|| (name == "leapYear").then(|| call(time, "isLeapYear", &[], 0).ok().flatten()).flatten())
}

/// A method; `None`: there is no such one.
pub(crate) fn call(time: &Time, name: &str, arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    if arguments.is_empty()
        && let Some(found) = got(time, name)
    {
        return Ok(Some(found));
    }
    let found = match time {
        Time::Span(nanos) => of_span(*nanos, name, arguments),
        Time::Period(years, months, days) => match name {
            "toTotalMonths" => Some(long(years * 12 + months)),
            "getYears" => Some(int(*years)),
            "getMonths" => Some(int(*months)),
            "getDays" => Some(int(*days)),
            _ => None,
        },
        Time::Unit(unit) => match (name, arguments) {
            ("between", [from, to]) => between(*unit, from, to).map(long),
            _ => None,
        },
        Time::Weekday(day) | Time::Month(day) => of_name(time, *day, name, arguments),
        Time::Zone(_, id) => (name == "getId").then(|| Object::text(id)),
        Time::Format(style, zone) => return of_format(style, zone.as_ref(), (name, at), arguments),
        _ => match changed(time, name, arguments) {
            Some(found) => Some(object(found)),
            None => compared(time, name, arguments),
        },
    };
    Ok(found)
}

/// What is read of it.
fn got(time: &Time, name: &str) -> Option<Object> {
    let local = time.local();
    let (has_day, has_clock) = (!matches!(time, Time::Clock(_)), !matches!(time, Time::Day(_)));
    let Some(local) = local else {
        return match (time, name) {
            (Time::Weekday(number) | Time::Month(number), "getValue") => Some(int(*number)),
            (Time::Weekday(number) | Time::Month(number), "ordinal") => Some(int(number - 1)),
            _ => None,
        };
    };
    let (year, month, day) = civil::date(local.days);
    let moment = time.moment();
    let second = local.nanos / 1_000_000_000;
    Some(match name {
        "getYear" if has_day => int(year),
        "getMonthValue" if has_day => int(month),
        "getMonth" if has_day => object(Time::Month(month)),
        "getDayOfMonth" if has_day => int(day),
        "getDayOfYear" if has_day => int(civil::day_of_year(local.days)),
        "getDayOfWeek" | "getDayOfWeekEnum" if has_day => object(Time::Weekday(civil::weekday(local.days))),
        "isLeapYear" if has_day => Object::bool(civil::is_leap(year)),
        "lengthOfMonth" if has_day => int(civil::days_in_month(year, month)),
        "lengthOfYear" if has_day => int(if civil::is_leap(year) { 366 } else { 365 }),
        "toEpochDay" if has_day => long(local.days),
        "toLocalDate" if has_day => object(Time::Day(local.days)),
        "atStartOfDay" if !has_clock => object(Time::Local(local)),
        "getHour" if has_clock => int(second / 3600),
        "getMinute" if has_clock => int(second / 60 % 60),
        "getSecond" if has_clock => int(second % 60),
        "getNano" if has_clock => int(local.nanos % 1_000_000_000),
        "toSecondOfDay" if !has_day => int(second),
        "toNanoOfDay" if !has_day => long(local.nanos),
        "toLocalTime" if has_clock && has_day => object(Time::Clock(local.nanos)),
        "toLocalDateTime" if has_clock && has_day => object(Time::Local(local)),
        "toEpochMilli" | "getTime" | "getMillis" => long(moment?.ms),
        "toEpochSecond" | "getEpochSecond" => long(moment?.ms.div_euclid(1000)),
        "toInstant" => object(Time::Instant(moment?)),
        "toOffsetDateTime" | "toZonedDateTime" => object(time.clone()),
        "getZone" | "getOffset" => match time {
            Time::Zoned(_, zone, name) => object(Time::Zone(zone.clone(), name.clone())),
            _ => return None,
        },
        _ => return None,
    })
}

fn number(arguments: &[Object]) -> Option<i64> {
    arguments.first().and_then(Object::as_f64).map(|number| number as i64)
}

fn unit(object: Option<&Object>) -> Option<Unit> {
    match time_of(object?)? {
        Time::Unit(unit) => Some(unit),
        _ => None,
    }
}

fn zone(object: Option<&Object>) -> Option<(Zone, Arc<str>)> {
    match time_of(object?)? {
        Time::Zone(zone, name) => Some((zone, name)),
        _ => None,
    }
}

/// Another of its kind, or seen from another zone.
fn changed(time: &Time, name: &str, arguments: &[Object]) -> Option<Time> {
    let sign = if name.starts_with("minus") { -1 } else { 1 };
    if let Some(rest) = name.strip_prefix("plus").or_else(|| name.strip_prefix("minus")) {
        if !rest.is_empty() {
            return plus(time, number(arguments)?.saturating_mul(sign), Unit::named(rest)?);
        }
        return match (time_of(arguments.first()?), arguments) {
            (Some(Time::Span(nanos)), [_]) => plus(time, nanos.saturating_mul(sign), Unit::Nanos),
            (Some(Time::Period(years, months, days)), [_]) => {
                let moved = plus(time, (years * 12 + months).saturating_mul(sign), Unit::Months)?;
                plus(&moved, days.saturating_mul(sign), Unit::Days)
            }
            (None, [_, of]) => plus(time, number(arguments)?.saturating_mul(sign), unit(Some(of))?),
            _ => None,
        };
    }
    Some(match name {
        "truncatedTo" => {
            let local = time.local()?;
            let length = unit(arguments.first())?.nanos().filter(|length| *length <= DAY_NANOS)?;
            time.showing(Local { nanos: local.nanos - local.nanos % length, ..local })
        }
        "atZone" | "atOffset" => {
            let (zone, id) = zone(arguments.first())?;
            let moment = time.moment().or_else(|| time.local().map(|local| local.moment(&zone)))?;
            Time::Zoned(moment, zone, id)
        }
        "withZoneSameInstant" | "withOffsetSameInstant" => {
            let (zone, id) = zone(arguments.first())?;
            Time::Zoned(time.moment()?, zone, id)
        }
        "withZoneSameLocal" => {
            let (zone, id) = zone(arguments.first())?;
            Time::Zoned(time.local()?.moment(&zone), zone, id)
        }
        "atStartOfDay" => {
            let (zone, id) = zone(arguments.first())?;
            Time::Zoned(time.local()?.moment(&zone), zone, id)
        }
        "toInstant" => Time::Instant(time.local()?.moment(&zone(arguments.first())?.0)),
        "atTime" => {
            let part = |index: usize| arguments.get(index).and_then(Object::as_f64).map_or(0, |part| part as i64);
            let seconds = part(0) * 3600 + part(1) * 60 + part(2);
            Time::Local(Local { days: time.local()?.days, nanos: seconds.clamp(0, 86_399) * 1_000_000_000 })
        }
        _ => with(time, name, number(arguments)?)?,
    })
}

/// With one part of what it shows another.
fn with(time: &Time, name: &str, number: i64) -> Option<Time> {
    let local = time.local()?;
    let (year, month, day) = civil::date(local.days);
    let dated = |year: i64, month: i64, day: i64| {
        let fits = (1..=12).contains(&month) && (-999_999..=999_999).contains(&year);
        let day = day.min(if fits { civil::days_in_month(year, month) } else { return None });
        (day >= 1).then(|| Local { days: civil::days(year, month, day), ..local })
    };
    let (second, within) = (local.nanos / 1_000_000_000, local.nanos % 1_000_000_000);
    let clocked = |hour: i64, minute: i64, second: i64, within: i64| {
        let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        fits.then(|| Local { nanos: (hour * 3600 + minute * 60 + second) * 1_000_000_000 + within, ..local })
    };
    let (hour, minute) = (second / 3600, second / 60 % 60);
    Some(time.showing(match name {
        "withYear" => dated(number, month, day)?,
        "withMonth" => dated(year, number, day)?,
        "withDayOfMonth" => dated(year, month, number).filter(|_| number <= civil::days_in_month(year, month))?,
        "withDayOfYear" => Local { days: civil::days(year, 1, 1) + number.clamp(1, 366) - 1, ..local },
        "withHour" => clocked(number, minute, second % 60, within)?,
        "withMinute" => clocked(hour, number, second % 60, within)?,
        "withSecond" => clocked(hour, minute, number, within)?,
        "withNano" => clocked(hour, minute, second % 60, number.clamp(0, 999_999_999))?,
        _ => return None,
    }))
}

/// So many units later. Hours and less pass by the clock that never changes, days and more by the calendar.
fn plus(time: &Time, count: i64, unit: Unit) -> Option<Time> {
    if let Some(months) = unit.months() {
        return Some(time.showing(time.local()?.plus_months(count.saturating_mul(months))?));
    }
    let length = unit.nanos()?;
    match time {
        Time::Zoned(moment, zone, name) if unit <= Unit::HalfDays => {
            Some(Time::Zoned(later(*moment, count.saturating_mul(length)), zone.clone(), name.clone()))
        }
        Time::Instant(moment) => Some(Time::Instant(later(*moment, count.saturating_mul(length)))),
        Time::Day(_) if unit < Unit::Days => None,
        time if unit >= Unit::Days => {
            let local = time.local()?;
            let days = local.days.checked_add(count.checked_mul(length / DAY_NANOS)?)?;
            Some(time.showing(Local { days, ..local }))
        }
        time => Some(time.showing(time.local()?.plus_nanos(count.saturating_mul(length)))),
    }
}

fn compared(time: &Time, name: &str, arguments: &[Object]) -> Option<Object> {
    if let ("format" | "toString", [format]) = (name, arguments) {
        let Some(Time::Format(style, zone)) = time_of(format) else { return None };
        return Some(Object::text(&formatted(&style, zone.as_ref(), time)?));
    }
    if let ("until", [to, of]) = (name, arguments) {
        return between(unit(Some(of))?, &object(time.clone()), to).map(long);
    }
    let other = time_of(arguments.first()?)?;
    let order = match (time.moment(), other.moment()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => time.local()?.cmp(&other.local()?),
    };
    Some(match name {
        "isBefore" => Object::bool(order.is_lt()),
        "isAfter" => Object::bool(order.is_gt()),
        "isEqual" => Object::bool(order.is_eq()),
        "compareTo" => int(order as i64),
        _ => return None,
    })
}

/// How many whole units lie between two moments, or days.
pub(crate) fn between(unit: Unit, from: &Object, to: &Object) -> Option<i64> {
    let (from, to) = (time_of(from)?, time_of(to)?);
    if let (Some(a), Some(b)) = (from.moment(), to.moment())
        && unit <= Unit::HalfDays
    {
        return Some(apart(a, b) / unit.nanos()?);
    }
    // The clocks of the first zone show both.
    let to = match (&from, to.moment()) {
        (Time::Zoned(_, zone, _), Some(moment)) => Local::of(moment, zone),
        _ => to.local()?,
    };
    let from = from.local()?;
    if let Some(length) = unit.nanos() {
        let nanos = i128::from(to.days - from.days) * i128::from(DAY_NANOS) + i128::from(to.nanos - from.nanos);
        return i64::try_from(nanos / i128::from(length)).ok();
    }
    let months = |local: Local| {
        let (year, month, _) = civil::date(local.days);
        year * 12 + month - 1
    };
    let rest = |local: Local| (civil::date(local.days).2, local.nanos);
    let mut count = months(to) - months(from);
    if count > 0 && rest(to) < rest(from) {
        count -= 1;
    } else if count < 0 && rest(to) > rest(from) {
        count += 1;
    }
    Some(count / unit.months()?)
}

fn of_span(nanos: i64, name: &str, arguments: &[Object]) -> Option<Object> {
    let whole = |unit: Unit| unit.nanos().map(|length| long(nanos.div_euclid(length)));
    match (name, arguments) {
        ("toNanos", []) => Some(long(nanos)),
        ("toMillis", []) => whole(Unit::Millis),
        ("getSeconds" | "toSeconds", []) => whole(Unit::Seconds),
        ("toMinutes", []) => whole(Unit::Minutes),
        ("toHours", []) => whole(Unit::Hours),
        ("toDays", []) => whole(Unit::Days),
        ("getNano", []) => Some(int(nanos.rem_euclid(1_000_000_000))),
        ("isNegative", []) => Some(Object::bool(nanos < 0)),
        ("isZero", []) => Some(Object::bool(nanos == 0)),
        ("abs", []) => Some(object(Time::Span(nanos.saturating_abs()))),
        ("negated", []) => Some(object(Time::Span(nanos.saturating_neg()))),
        ("multipliedBy", [_]) => Some(object(Time::Span(nanos.saturating_mul(number(arguments)?)))),
        ("compareTo", [other]) => match time_of(other)? {
            Time::Span(other) => Some(int(nanos.cmp(&other) as i64)),
            _ => None,
        },
        ("plus" | "minus", [other]) => match time_of(other)? {
            Time::Span(other) if name == "plus" => Some(object(Time::Span(nanos.saturating_add(other)))),
            Time::Span(other) => Some(object(Time::Span(nanos.saturating_sub(other)))),
            _ => None,
        },
        (name, [_]) => {
            let length = Unit::named(name.strip_prefix("plus").or_else(|| name.strip_prefix("minus"))?)?.nanos()?;
            let more = number(arguments)?.saturating_mul(length);
            let more = if name.starts_with("minus") { more.saturating_neg() } else { more };
            Some(object(Time::Span(nanos.saturating_add(more))))
        }
        _ => None,
    }
}

/// Of a day of the week, or a month.
fn of_name(time: &Time, number: i64, name: &str, arguments: &[Object]) -> Option<Object> {
    let size = if matches!(time, Time::Weekday(_)) { 7 } else { 12 };
    let made = |number: i64| object(if size == 7 { Time::Weekday(number) } else { Time::Month(number) });
    let more = arguments.first().and_then(Object::as_f64).map(|more| more as i64);
    match (name, arguments) {
        // The root locale has short names alone.
        ("getDisplayName", [style, locale]) => {
            let full = capitalized(&time.shown());
            let is_root = locale.as_text() == Some("ROOT");
            Some(Object::text(match style.as_text()? {
                "FULL" | "FULL_STANDALONE" if !is_root => &full,
                "NARROW" | "NARROW_STANDALONE" => full.get(..1)?,
                _ => full.get(..3)?,
            }))
        }
        ("plus" | "minus", [_]) => {
            let more = if name == "plus" { more? } else { more?.saturating_neg() };
            Some(made((number - 1).saturating_add(more).rem_euclid(size) + 1))
        }
        ("compareTo", [other]) => match time_of(other)? {
            Time::Weekday(other) | Time::Month(other) => Some(int(number - other)),
            _ => None,
        },
        ("name", []) => Some(Object::text(&time.shown())),
        ("maxLength" | "length", _) if size == 12 => {
            let is_leap = name == "maxLength" || matches!(arguments, [Object::Plain(Value::Bool(true))]);
            Some(int(civil::days_in_month(if is_leap { 2020 } else { 2021 }, number)))
        }
        _ => None,
    }
}

/// A moment as a format writes it; `None`: it is none.
fn formatted(style: &Style, zone: Option<&Zone>, time: &Time) -> Option<String> {
    let (moment, own) = match time {
        Time::Zoned(moment, own, _) => (*moment, own.clone()),
        Time::Instant(moment) => (*moment, zone.cloned().unwrap_or_else(Zone::utc)),
        time => (time.local()?.moment(&Zone::utc()), Zone::utc()),
    };
    let zone = zone.filter(|_| time.moment().is_some()).cloned().unwrap_or(own);
    let (local, name) = (Local::of(moment, &zone), if zone == Zone::utc() { "Z" } else { "+" });
    Some(match style {
        Style::Pattern(format) => format.format(moment, Some(&zone)),
        Style::IsoDay => Time::Day(local.days).shown(),
        Style::IsoLocal => with_seconds(Time::Local(local).shown(), local),
        Style::IsoOffset => with_seconds(Time::Zoned(moment, zone, name.into()).shown(), local),
        Style::IsoZoned => with_seconds(time.shown(), local),
        Style::IsoInstant => Time::Instant(moment).shown(),
    })
}

/// Formats have seconds always.
fn with_seconds(text: String, local: Local) -> String {
    if local.nanos % 60_000_000_000 != 0 {
        return text;
    }
    match text.find('T').map(|at| text.split_at((at + 6).min(text.len()))) {
        Some((before, behind)) => format!("{before}:00{behind}"),
        None => text,
    }
}

fn of_format(
    style: &Style,
    zone: Option<&Zone>,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    Ok(match (name, arguments) {
        ("format", [time]) => {
            let text = time_of(time).and_then(|time| formatted(style, zone, &time));
            text.map(|text| Object::text(&text))
        }
        ("withZone", [_]) => {
            self::zone(arguments.first()).map(|(zone, _)| object(Time::Format(style.clone(), Some(zone))))
        }
        ("withLocale" | "setTimeZone" | "setLenient", [_]) => Some(object(Time::Format(style.clone(), zone.cloned()))),
        // As `SimpleDateFormat` does; what `DateTimeFormatter` reads is given to the class that is to come of it.
        ("parse", [text]) => match (text.as_text(), style) {
            (Some(text), Style::Pattern(format)) => {
                let wrong = |error: model::error::Error| Fault::new(at, ErrorKind::DateTimeParse, error.reason);
                Some(object(Time::Instant(format.parse(text, zone).map_err(wrong)?)))
            }
            _ => None,
        },
        _ => None,
    })
}
