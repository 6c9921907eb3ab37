//! What moments can do, in UTC.

use model::date::{DateFormat, civil};

use super::object::{Object, date_text};
use crate::expression::value::Value;

const DAY_MS: i64 = 86_400_000;

fn int(number: i64) -> Object {
    Object::Plain(Value::Int(i32::try_from(number).unwrap_or(i32::MAX)))
}

fn long(number: i64) -> Object {
    Object::Plain(Value::Long(number))
}

/// `date.year` and its kin.
pub(crate) fn member(ms: i64, name: &str) -> Option<Object> {
    let method = match name {
        "millis" => "toEpochMilli",
        "year" => "getYear",
        "monthValue" => "getMonthValue",
        "dayOfMonth" => "getDayOfMonth",
        "dayOfYear" => "getDayOfYear",
        "hour" => "getHour",
        "minute" => "getMinute",
        "second" => "getSecond",
        "nano" => "getNano",
        "dayOfWeek" => "getDayOfWeek",
        "dayOfWeekEnum" => "getDayOfWeekEnum",
        _ => return None,
    };
    call(ms, method, &[])
}

/// A method of a moment; `None`: there is no such one.
pub(crate) fn call(ms: i64, name: &str, arguments: &[Object]) -> Option<Object> {
    let (days, within) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil::date(days);
    let plus = |unit: i64| {
        let count = arguments.first().and_then(Object::as_f64)? as i64;
        Some(Object::Date(ms.saturating_add(count.saturating_mul(unit))))
    };
    Some(match (name, arguments.len()) {
        ("toInstant" | "toLocalDateTime" | "withZoneSameInstant" | "atZone", _) => Object::Date(ms),
        ("toEpochMilli" | "getMillis", 0) => long(ms),
        ("toEpochSecond" | "getEpochSecond", 0) => long(ms.div_euclid(1000)),
        ("getYear", 0) => int(year),
        ("getMonthValue" | "getMonthOfYear", 0) => int(month),
        ("getDayOfMonth", 0) => int(day),
        ("getDayOfYear", 0) => int(civil::day_of_year(days)),
        // The enum of days gives its number here, too: Monday is 1.
        ("getDayOfWeek" | "getDayOfWeekEnum", 0) => int(civil::weekday(days)),
        ("getHour", 0) => int(within / 3_600_000),
        ("getMinute", 0) => int(within / 60_000 % 60),
        ("getSecond", 0) => int(within / 1000 % 60),
        ("getNano", 0) => int(within % 1000 * 1_000_000),
        ("plusDays", 1) => plus(DAY_MS)?,
        ("minusDays", 1) => plus(-DAY_MS)?,
        ("plusHours", 1) => plus(3_600_000)?,
        ("minusHours", 1) => plus(-3_600_000)?,
        ("plusMinutes", 1) => plus(60_000)?,
        ("minusMinutes", 1) => plus(-60_000)?,
        ("plusSeconds", 1) => plus(1000)?,
        ("minusSeconds", 1) => plus(-1000)?,
        ("isBefore", 1) => Object::bool(ms < other(arguments)?),
        ("isAfter", 1) => Object::bool(ms > other(arguments)?),
        ("toString", 0) => Object::text(&date_text(ms)),
        _ => return None,
    })
}

fn other(arguments: &[Object]) -> Option<i64> {
    match arguments.first()? {
        Object::Date(ms) => Some(*ms),
        _ => None,
    }
}

/// A moment from a text as ISO 8601 has it.
pub(crate) fn parse(text: &str) -> Result<Object, String> {
    let format = DateFormat::parse_pattern("strict_date_optional_time").map_err(|error| error.reason)?;
    let moment = format.parse(text, None).map_err(|error| error.reason)?;
    let ms = moment.stored(model::date::DateResolution::Millis).map_err(|error| error.reason)?;
    Ok(Object::Date(ms))
}
