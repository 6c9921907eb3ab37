//! How moments and their kin come to be: `Class.of(..)`, `Class.parse(..)`, constants.

use std::sync::Arc;

use model::date::{DateFormat, Moment, Zone, civil};
use model::error::ErrorKind;

use super::calendar::{between, object, time_of};
use super::times::{DAY_NANOS, Local, Style, Time, Unit, apart, named_day, named_month};
use crate::expression::fault::Fault;
use crate::program::object::Object;

/// The classes of this room.
pub(crate) const CLASSES: [&str; 14] = [
    "ChronoUnit",
    "DateTimeFormatter",
    "DayOfWeek",
    "Duration",
    "Instant",
    "LocalDate",
    "LocalDateTime",
    "LocalTime",
    "Month",
    "OffsetDateTime",
    "Period",
    "ZoneId",
    "ZoneOffset",
    "ZonedDateTime",
];

/// `Class.NAME`; `None`: there is no such one.
pub(crate) fn constant(class: &str, name: &str) -> Option<Object> {
    Some(object(match (class, name) {
        ("ChronoUnit", _) => Time::Unit(Unit::named(name)?),
        ("DayOfWeek", _) => named_day(name)?,
        ("Month", _) => named_month(name)?,
        ("ZoneOffset", "UTC") => Time::Zone(Zone::utc(), "Z".into()),
        ("Instant", "EPOCH") => Time::Instant(Moment::from_ms(0)),
        ("Duration", "ZERO") => Time::Span(0),
        ("LocalTime", "MIDNIGHT" | "MIN") => Time::Clock(0),
        ("LocalTime", "NOON") => Time::Clock(DAY_NANOS / 2),
        ("DateTimeFormatter", _) => {
            let style = match name {
                "ISO_LOCAL_DATE" | "ISO_DATE" => Style::IsoDay,
                "ISO_LOCAL_DATE_TIME" => Style::IsoLocal,
                "ISO_OFFSET_DATE_TIME" => Style::IsoOffset,
                "ISO_DATE_TIME" | "ISO_ZONED_DATE_TIME" => Style::IsoZoned,
                "ISO_INSTANT" => Style::IsoInstant,
                "BASIC_ISO_DATE" => Style::Pattern(Arc::new(DateFormat::parse_pattern("yyyyMMdd").ok()?)),
                _ => return None,
            };
            Time::Format(style, None)
        }
        _ => return None,
    }))
}

/// `Class.name(arguments)`; `None`: there is no such one.
pub(crate) fn call((class, name): (&str, &str), arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    let part = |index: usize| arguments.get(index).and_then(Object::as_f64).map(|number| number as i64);
    let text = arguments.first().and_then(Object::as_text);
    if let ("parse", Some(text)) = (name, text) {
        return parsed(class, text, (arguments.get(1), at)).map(Some);
    }
    let found = match (class, name) {
        ("ZoneId" | "ZoneOffset", "of") => return zone(text, at).map(Some),
        ("DateTimeFormatter", "ofPattern") => return pattern(text, at).map(Some),
        ("Instant", "ofEpochMilli") => part(0).map(|ms| Time::Instant(Moment::from_ms(ms))),
        ("Instant", "ofEpochSecond") => {
            part(0).map(|second| Time::Instant(Moment::from_ms(second.saturating_mul(1000))))
        }
        ("Instant", "from") => arguments.first().and_then(time_of).and_then(|time| time.moment()).map(Time::Instant),
        ("LocalDate", "of") => dated(&part, 0).map(|local| Time::Day(local.days)),
        ("LocalDate", "ofEpochDay") => part(0).map(Time::Day),
        ("LocalDate", "ofYearDay") => match (part(0), part(1)) {
            (Some(year), Some(day)) if (-999_999..=999_999).contains(&year) => {
                Some(Time::Day(civil::days(year, 1, 1) + day.clamp(1, 366) - 1))
            }
            _ => None,
        },
        ("LocalTime", "of") => clocked(&part, 0).map(Time::Clock),
        ("LocalTime", "ofSecondOfDay") => part(0).map(|second| Time::Clock(second.clamp(0, 86_399) * 1_000_000_000)),
        ("LocalDateTime", "of") => match (arguments.first().and_then(time_of), arguments.get(1).and_then(time_of)) {
            (Some(Time::Day(days)), Some(Time::Clock(nanos))) => Some(Time::Local(Local { days, nanos })),
            _ => moment_of(&part).map(Time::Local),
        },
        ("ZonedDateTime" | "OffsetDateTime" | "LocalDateTime", "ofInstant") => within(arguments, class),
        ("ZonedDateTime" | "OffsetDateTime", "of") => match arguments.last().and_then(time_of) {
            Some(Time::Zone(zone, name)) => moment_of(&part).map(|local| Time::Zoned(local.moment(&zone), zone, name)),
            _ => None,
        },
        ("DayOfWeek", "of") => part(0).filter(|day| (1..=7).contains(day)).map(Time::Weekday),
        ("Month", "of") => part(0).filter(|month| (1..=12).contains(month)).map(Time::Month),
        ("DayOfWeek" | "Month", "valueOf") => text.and_then(|text| named_day(text).or_else(|| named_month(text))),
        ("ChronoUnit", "valueOf") => text.and_then(Unit::named).map(Time::Unit),
        ("Duration", "between") => match (arguments.first().and_then(time_of), arguments.get(1).and_then(time_of)) {
            (Some(a), Some(b)) => match (a.moment(), b.moment()) {
                (Some(a), Some(b)) => Some(Time::Span(apart(a, b))),
                _ => between(Unit::Nanos, &object(a), &object(b)).map(Time::Span),
            },
            _ => None,
        },
        ("Duration", "of") => match arguments.get(1).and_then(time_of) {
            Some(Time::Unit(unit)) => span(part(0), unit),
            _ => None,
        },
        ("Duration", name) => name.strip_prefix("of").and_then(Unit::named).and_then(|unit| span(part(0), unit)),
        ("Period", "between") => period(arguments),
        ("Period", "of") => match (part(0), part(1), part(2)) {
            (Some(years), Some(months), Some(days)) => Some(Time::Period(years, months, days)),
            _ => None,
        },
        ("Period", "ofDays") => part(0).map(|days| Time::Period(0, 0, days)),
        ("Period", "ofWeeks") => part(0).map(|weeks| Time::Period(0, 0, weeks.saturating_mul(7))),
        ("Period", "ofMonths") => part(0).map(|months| Time::Period(0, months, 0)),
        ("Period", "ofYears") => part(0).map(|years| Time::Period(years, 0, 0)),
        _ => None,
    };
    Ok(found.map(object))
}

fn span(count: Option<i64>, unit: Unit) -> Option<Time> {
    Some(Time::Span(count?.saturating_mul(unit.nanos()?)))
}

/// An instant as a zone shows it.
fn within(arguments: &[Object], class: &str) -> Option<Time> {
    let (Some(moment), Some(Time::Zone(zone, name))) =
        (arguments.first().and_then(time_of).and_then(|time| time.moment()), arguments.get(1).and_then(time_of))
    else {
        return None;
    };
    Some(match class {
        "LocalDateTime" => Time::Local(Local::of(moment, &zone)),
        _ => Time::Zoned(moment, zone, name),
    })
}

type Part<'a> = &'a dyn Fn(usize) -> Option<i64>;

fn dated(part: Part<'_>, from: usize) -> Option<Local> {
    let (year, month, day) = (part(from)?, part(from + 1)?, part(from + 2)?);
    let fits = (1..=12).contains(&month) && (-999_999..=999_999).contains(&year) && day >= 1;
    (fits && day <= civil::days_in_month(year, month)).then(|| Local { days: civil::days(year, month, day), nanos: 0 })
}

fn clocked(part: Part<'_>, from: usize) -> Option<i64> {
    let (hour, minute) = (part(from)?, part(from + 1)?);
    let (second, nanos) = (part(from + 2).unwrap_or(0), part(from + 3).unwrap_or(0));
    let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    fits.then(|| (hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanos.clamp(0, 999_999_999))
}

fn moment_of(part: Part<'_>) -> Option<Local> {
    Some(Local { nanos: clocked(part, 3)?, ..dated(part, 0)? })
}

/// Years, months and days from one day to another.
fn period(arguments: &[Object]) -> Option<Time> {
    let [from, to] = arguments else { return None };
    let months = between(Unit::Months, from, to)?;
    let (from, to) = (time_of(from)?.local()?, time_of(to)?.local()?);
    let days = to.days - from.plus_months(months)?.days;
    Some(Time::Period(months / 12, months % 12, days))
}

fn zone(text: Option<&str>, at: usize) -> Result<Object, Fault> {
    let text = text.ok_or_else(|| Fault::missing(at, "a zone that is no text"))?;
    let zone = Zone::parse(text).map_err(|error| {
        let (kind, reason) = error.cause.map_or((error.kind, error.reason), |cause| (cause.kind, cause.reason));
        Fault::new(at, kind, reason)
    })?;
    Ok(object(Time::Zone(zone, text.into())))
}

pub(crate) fn pattern(text: Option<&str>, at: usize) -> Result<Object, Fault> {
    let text = text.ok_or_else(|| Fault::missing(at, "a format that is no text"))?;
    let format = DateFormat::parse_pattern(text).map_err(|error| Fault::syntax(at, error.reason))?;
    Ok(object(Time::Format(Style::Pattern(Arc::new(format)), None)))
}

/// A text as one of a class, as ISO 8601 has it or as a format says.
fn parsed(class: &str, text: &str, (format, at): (Option<&Object>, usize)) -> Result<Object, Fault> {
    let wrong = || Fault::new(at, ErrorKind::DateTimeParse, format!("Text '{text}' could not be parsed at index 0"));
    if class == "Duration" {
        return duration(text).map(|nanos| object(Time::Span(nanos))).ok_or_else(wrong);
    }
    let (body, region) = match text.split_once('[') {
        Some((body, region)) => (body, region.strip_suffix(']')),
        None => (text, None),
    };
    let iso = |pattern: &str| DateFormat::parse_pattern(pattern).map(Arc::new).map_err(|_| wrong());
    let format = match format.and_then(time_of) {
        Some(Time::Format(Style::Pattern(format), _)) => format,
        _ if class == "LocalTime" => iso("HH:mm:ss||HH:mm||HH:mm:ss.SSS")?,
        _ if class == "LocalDate" => iso("strict_date")?,
        _ if !body.contains('T') => return Err(wrong()),
        _ => iso("strict_date_optional_time_nanos||strict_date_optional_time")?,
    };
    let moment = format.parse(body, None).map_err(|_| wrong())?;
    let local = Local::of(moment, &Zone::utc());
    Ok(object(match class {
        "Instant" => Time::Instant(moment),
        "LocalDate" => Time::Day(local.days),
        "LocalTime" => Time::Clock(local.nanos),
        "LocalDateTime" => Time::Local(local),
        "ZonedDateTime" | "OffsetDateTime" => {
            let offset = body.find('T').and_then(|at| body[at..].find(['+', '-', 'Z']).map(|from| &body[at + from..]));
            let name = region.or(offset).unwrap_or("Z");
            Time::Zoned(moment, Zone::parse(name).map_err(|_| wrong())?, name.into())
        }
        _ => return Err(wrong()),
    }))
}

/// `PT1H30M`, `P2DT3.5S`, in nanoseconds.
fn duration(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1.0, text), |text| (-1.0, text));
    let (days, clock) = text.strip_prefix('P')?.split_once('T').unwrap_or((text.strip_prefix('P')?, ""));
    let (mut nanos, mut parts) = (0.0, 0);
    for (part, units) in [(days, &[('D', Unit::Days)][..]), (clock, &CLOCK)] {
        let mut rest = part;
        for (letter, unit) in units {
            if let Some((number, behind)) = rest.split_once(*letter) {
                nanos += number.parse::<f64>().ok()? * unit.nanos()? as f64;
                parts += 1;
                rest = behind;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (parts > 0).then_some((sign * nanos) as i64)
}

const CLOCK: [(char, Unit); 3] = [('H', Unit::Hours), ('M', Unit::Minutes), ('S', Unit::Seconds)];
