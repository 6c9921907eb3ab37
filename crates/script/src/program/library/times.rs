//! Moments and what goes with them, as `java.time` has it: days, clocks, zones, durations, units, formats.

use std::sync::Arc;

use model::date::{DateFormat, Moment, Zone, civil};

/// The first and the last day that a calendar has, as in Java.
const DAYS: (i64, i64) = (-365_243_219_162, 365_241_780_471);
/// More months than lie between them.
const MONTHS_AT_MOST: i64 = 24_000_000_000;
pub(crate) const DAY_NANOS: i64 = 86_400_000_000_000;
const WEEKDAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
const MONTHS: [&str; 12] = [
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

#[derive(Clone, Debug, PartialEq)]
pub enum Time {
    Instant(Moment),
    /// With the zone's name.
    Zoned(Moment, Zone, Arc<str>),
    /// What a calendar and a clock show, wherever they hang.
    Local(Local),
    /// Days since 1970.
    Day(i64),
    /// Nanoseconds since midnight.
    Clock(i64),
    /// Nanoseconds.
    Span(i64),
    /// Years, months, days.
    Period(i64, i64, i64),
    Unit(Unit),
    /// 1 to 7, Monday first.
    Weekday(i64),
    /// 1 to 12.
    Month(i64),
    Zone(Zone, Arc<str>),
    Format(Style, Option<Zone>),
}

/// A day and the nanoseconds since its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    pub(crate) days: i64,
    pub(crate) nanos: i64,
}

/// How moments are written.
#[derive(Clone, Debug)]
pub enum Style {
    Pattern(Arc<DateFormat>),
    IsoDay,
    IsoLocal,
    IsoOffset,
    IsoZoned,
    IsoInstant,
}

impl PartialEq for Style {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pattern(a), Self::Pattern(b)) => a.pattern() == b.pattern(),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

/// The smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    Nanos,
    Micros,
    Millis,
    Seconds,
    Minutes,
    Hours,
    HalfDays,
    Days,
    Weeks,
    Months,
    Years,
    Decades,
}

const UNITS: [(Unit, &str); 12] = [
    (Unit::Nanos, "Nanos"),
    (Unit::Micros, "Micros"),
    (Unit::Millis, "Millis"),
    (Unit::Seconds, "Seconds"),
    (Unit::Minutes, "Minutes"),
    (Unit::Hours, "Hours"),
    (Unit::HalfDays, "HalfDays"),
    (Unit::Days, "Days"),
    (Unit::Weeks, "Weeks"),
    (Unit::Months, "Months"),
    (Unit::Years, "Years"),
    (Unit::Decades, "Decades"),
];

impl Unit {
    /// By a name as `DAYS`, or as in `plusDays`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let wanted = name.replace('_', "");
        UNITS.iter().find(|(_, known)| known.eq_ignore_ascii_case(&wanted)).map(|(unit, _)| *unit)
    }

    /// How long it is, if always as long: up to a week.
    pub(crate) fn nanos(self) -> Option<i64> {
        Some(match self {
            Self::Nanos => 1,
            Self::Micros => 1000,
            Self::Millis => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
            Self::HalfDays => DAY_NANOS / 2,
            Self::Days => DAY_NANOS,
            Self::Weeks => 7 * DAY_NANOS,
            _ => return None,
        })
    }

    pub(crate) fn months(self) -> Option<i64> {
        match self {
            Self::Months => Some(1),
            Self::Years => Some(12),
            Self::Decades => Some(120),
            _ => None,
        }
    }
}

impl Local {
    pub(crate) fn of(moment: Moment, zone: &Zone) -> Self {
        let second = zone.local_of(moment.ms.div_euclid(1000));
        let within = moment.ms.rem_euclid(1000) * 1_000_000 + i64::from(moment.nanos);
        Self { days: second.div_euclid(86_400), nanos: second.rem_euclid(86_400) * 1_000_000_000 + within }
    }

    pub(crate) fn moment(self, zone: &Zone) -> Moment {
        let second = self.days.saturating_mul(86_400).saturating_add(self.nanos / 1_000_000_000);
        let (second, within) = (zone.second_of(second), self.nanos % 1_000_000_000);
        let ms = second.saturating_mul(1000).saturating_add(within / 1_000_000);
        Moment { ms, nanos: (within % 1_000_000) as u32 }
    }

    pub(crate) fn plus_nanos(self, nanos: i64) -> Self {
        let sum = i128::from(self.nanos) + i128::from(nanos);
        let day = i128::from(DAY_NANOS);
        let days = i64::try_from(sum.div_euclid(day)).unwrap_or_default();
        Self { days: self.days.saturating_add(days), nanos: sum.rem_euclid(day) as i64 }
    }

    /// `None`: beyond what a calendar has.
    pub(crate) fn plus_months(self, months: i64) -> Option<Self> {
        let days = civil::add_months(self.days, months.clamp(-MONTHS_AT_MOST, MONTHS_AT_MOST))?;
        Some(Self { days: days.clamp(DAYS.0, DAYS.1), ..self })
    }
}

/// A moment with so many nanoseconds more.
pub(crate) fn later(moment: Moment, nanos: i64) -> Moment {
    let sum = i128::from(moment.ms) * 1_000_000 + i128::from(moment.nanos) + i128::from(nanos);
    let ms = i64::try_from(sum.div_euclid(1_000_000)).unwrap_or(i64::MAX);
    Moment { ms, nanos: sum.rem_euclid(1_000_000) as u32 }
}

/// How many nanoseconds one moment is behind another.
pub(crate) fn apart(from: Moment, to: Moment) -> i64 {
    let nanos = |moment: Moment| i128::from(moment.ms) * 1_000_000 + i128::from(moment.nanos);
    i64::try_from(nanos(to) - nanos(from)).unwrap_or(if to > from { i64::MAX } else { i64::MIN })
}

impl Time {
    pub(crate) fn utc(moment: Moment) -> Self {
        Self::Zoned(moment, Zone::utc(), "Z".into())
    }

    /// The name of its class in Java.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Instant(_) => "java.time.Instant",
            Self::Zoned(..) => "java.time.ZonedDateTime",
            Self::Local(_) => "java.time.LocalDateTime",
            Self::Day(_) => "java.time.LocalDate",
            Self::Clock(_) => "java.time.LocalTime",
            Self::Span(_) => "java.time.Duration",
            Self::Period(..) => "java.time.Period",
            Self::Unit(_) => "java.time.temporal.ChronoUnit",
            Self::Weekday(_) => "java.time.DayOfWeek",
            Self::Month(_) => "java.time.Month",
            Self::Zone(..) => "java.time.ZoneId",
            Self::Format(..) => "java.time.format.DateTimeFormatter",
        }
    }

    /// The point in time that it is, where it is one.
    pub(crate) fn moment(&self) -> Option<Moment> {
        match self {
            Self::Instant(moment) | Self::Zoned(moment, ..) => Some(*moment),
            _ => None,
        }
    }

    /// What a calendar and a clock show.
    pub(crate) fn local(&self) -> Option<Local> {
        let local = match self {
            Self::Instant(moment) => Local::of(*moment, &Zone::utc()),
            Self::Zoned(moment, zone, _) => Local::of(*moment, zone),
            Self::Local(local) => *local,
            Self::Day(days) => Local { days: *days, nanos: 0 },
            Self::Clock(nanos) => Local { days: 0, nanos: *nanos },
            _ => return None,
        };
        Some(Local { days: local.days.clamp(DAYS.0, DAYS.1), ..local })
    }

    /// One of its kind that shows something else.
    pub(crate) fn showing(&self, local: Local) -> Self {
        match self {
            Self::Instant(_) => Self::Instant(local.moment(&Zone::utc())),
            Self::Zoned(_, zone, name) => Self::Zoned(local.moment(zone), zone.clone(), name.clone()),
            Self::Day(_) => Self::Day(local.days),
            Self::Clock(_) => Self::Clock(local.nanos),
            _ => Self::Local(local),
        }
    }

    /// As Java shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Instant(moment) => {
                let local = Local::of(*moment, &Zone::utc());
                format!("{}T{}Z", day(local.days), clock(local.nanos, true))
            }
            Self::Zoned(moment, zone, name) => {
                let (local, offset) = (Local::of(*moment, zone), offset(*moment, zone));
                let name = if name.starts_with(['Z', '+', '-']) { String::new() } else { format!("[{name}]") };
                format!("{}T{}{offset}{name}", day(local.days), clock(local.nanos, false))
            }
            Self::Local(local) => format!("{}T{}", day(local.days), clock(local.nanos, false)),
            Self::Day(days) => day(*days),
            Self::Clock(nanos) => clock(*nanos, false),
            Self::Span(nanos) => span(*nanos),
            Self::Period(0, 0, 0) => "P0D".to_owned(),
            Self::Period(years, months, days) => {
                let part =
                    |(count, letter): (i64, char)| if count == 0 { String::new() } else { format!("{count}{letter}") };
                format!("P{}", [(*years, 'Y'), (*months, 'M'), (*days, 'D')].map(part).concat())
            }
            Self::Unit(unit) => UNITS.iter().find(|(known, _)| known == unit).map_or("", |(_, name)| name).to_owned(),
            Self::Weekday(day) => WEEKDAYS[(day - 1).rem_euclid(7) as usize].to_owned(),
            Self::Month(month) => MONTHS[(month - 1).rem_euclid(12) as usize].to_owned(),
            Self::Zone(_, name) => name.to_string(),
            Self::Format(Style::Pattern(format), _) => format.pattern().to_owned(),
            Self::Format(..) => self.class().to_owned(),
        }
    }

    /// As a document holds it; `None`: none can.
    pub(crate) fn written(&self) -> Option<String> {
        let millis = |moment: Moment, zone: &Zone| {
            let local = Local::of(moment, zone);
            let within = local.nanos % 1_000_000_000;
            let fraction =
                if within % 1_000_000 == 0 { format!("{:03}", within / 1_000_000) } else { format!("{within:09}") };
            let second = clock(local.nanos - within, true);
            format!("{}T{second}.{fraction}{}", day(local.days), offset(moment, zone))
        };
        Some(match self {
            Self::Instant(moment) => millis(*moment, &Zone::utc()),
            Self::Zoned(moment, zone, _) => millis(*moment, zone),
            Self::Local(local) => millis(local.moment(&Zone::utc()), &Zone::utc()),
            Self::Zone(..) | Self::Format(..) | Self::Unit(_) => return None,
            other => other.shown(),
        })
    }
}

/// A day of the week, or a month, by its name.
pub(crate) fn named_day(name: &str) -> Option<Time> {
    WEEKDAYS.iter().position(|known| *known == name).map(|at| Time::Weekday(at as i64 + 1))
}

pub(crate) fn named_month(name: &str) -> Option<Time> {
    MONTHS.iter().position(|known| *known == name).map(|at| Time::Month(at as i64 + 1))
}

/// `MONDAY` as `Monday`.
pub(crate) fn capitalized(name: &str) -> String {
    name[..1].to_owned() + &name[1..].to_lowercase()
}

fn day(days: i64) -> String {
    let (year, month, day) = civil::date(days.clamp(DAYS.0, DAYS.1));
    let sign = if year > 9999 { "+" } else { "" };
    format!("{sign}{year:04}-{month:02}-{day:02}")
}

/// With seconds where there are any, or where they are asked for; a fraction of three, six or nine digits.
fn clock(nanos: i64, seconds: bool) -> String {
    let (second, within) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let mut text = format!("{:02}:{:02}", second / 3600, second / 60 % 60);
    if seconds || second % 60 != 0 || within != 0 {
        text += &format!(":{:02}", second % 60);
    }
    match within {
        0 => {}
        within if within % 1_000_000 == 0 => text += &format!(".{:03}", within / 1_000_000),
        within if within % 1000 == 0 => text += &format!(".{:06}", within / 1000),
        within => text += &format!(".{within:09}"),
    }
    text
}

fn offset(moment: Moment, zone: &Zone) -> String {
    let seconds = zone.offset_at(moment.ms.div_euclid(1000));
    let (sign, all) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    match (seconds, all % 60) {
        (0, _) => "Z".to_owned(),
        (_, 0) => format!("{sign}{:02}:{:02}", all / 3600, all / 60 % 60),
        (_, rest) => format!("{sign}{:02}:{:02}:{rest:02}", all / 3600, all / 60 % 60),
    }
}

fn span(nanos: i64) -> String {
    if nanos == 0 {
        return "PT0S".to_owned();
    }
    let (seconds, within) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let mut text = String::from("PT");
    for (count, letter) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
        if count != 0 {
            text += &format!("{count}{letter}");
        }
    }
    let rest = seconds % 60;
    if within != 0 {
        let sign = if nanos < 0 { "-" } else { "" };
        let fraction = format!("{:09}", within.abs());
        text += &format!("{sign}{}.{}S", rest.abs(), fraction.trim_end_matches('0'));
    } else if rest != 0 {
        text += &format!("{rest}S");
    }
    text
}
