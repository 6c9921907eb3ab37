//! Time zones: fixed offsets, and the rules of the bundled IANA database.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::date::civil;
use crate::error::{Error, ErrorKind};

/// A zone, as in `time_zone`: an offset or a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Seconds east of UTC.
    Offset(i32),
    Region(TimeZone),
}

/// Names that the bundled database has and Java's does not.
const UNKNOWN: [&str; 3] = ["EST", "MST", "HST"];

impl Zone {
    pub fn utc() -> Self {
        Self(Kind::Offset(0))
    }

    /// `seconds` east of UTC, at most 18 hours.
    pub fn offset(seconds: i32) -> Self {
        Self(Kind::Offset(seconds))
    }

    /// `Z`, `UTC`, `+02:00`, `+2`, `-0530`, `GMT+1`, `Europe/Berlin`.
    ///
    /// # Errors
    /// `illegal_argument_exception` that names what is not known.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text == "Z" {
            return Ok(Self::utc());
        }
        if text.len() < 2 || text.starts_with(['+', '-']) {
            return match parse_offset(text) {
                Some(seconds) => Ok(Self::offset(seconds)),
                None => Err(invalid(ErrorKind::DateTime, format!("Invalid ID for ZoneOffset, invalid format: {text}"))),
            };
        }
        for prefix in ["UTC", "GMT", "UT"] {
            match text.strip_prefix(prefix) {
                Some("") => return Ok(Self::utc()),
                Some(rest) => {
                    if let Some(seconds) = parse_offset(rest) {
                        return Ok(Self::offset(seconds));
                    }
                }
                None => {}
            }
        }
        if text.contains(|c: char| !(c.is_ascii_alphanumeric() || "~/._+-".contains(c))) {
            let reason = format!("Invalid ID for region-based ZoneId, invalid format: {text}");
            return Err(invalid(ErrorKind::DateTime, reason));
        }
        Self::region(text).ok_or_else(|| invalid(ErrorKind::ZoneRules, format!("Unknown time-zone ID: {text}")))
    }

    /// A region by its exact name.
    pub(super) fn region(name: &str) -> Option<Self> {
        if UNKNOWN.contains(&name) {
            return None;
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        // The database ignores case, OpenSearch does not.
        (zone.iana_name() == Some(name)).then_some(Self(Kind::Region(zone)))
    }

    /// Whether its clocks are never changed.
    pub fn is_fixed(&self) -> bool {
        matches!(self.0, Kind::Offset(_))
    }

    /// Seconds east of UTC at a second since 1970.
    pub fn offset_at(&self, second: i64) -> i32 {
        match &self.0 {
            Kind::Offset(seconds) => *seconds,
            Kind::Region(zone) => {
                let inside = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                Timestamp::from_second(inside).map_or(0, |timestamp| zone.to_offset(timestamp).seconds())
            }
        }
    }

    /// The second since 1970 at which clocks show `local` (seconds since 1970 as if in UTC). A time that a change of clocks skips
    /// moves forward by the gap; of a time that comes twice, the first.
    pub fn second_of(&self, local: i64) -> i64 {
        match &self.0 {
            Kind::Offset(seconds) => local - i64::from(*seconds),
            Kind::Region(zone) => {
                region_second(zone, local).unwrap_or_else(|| local - i64::from(self.offset_at(local)))
            }
        }
    }

    /// The second since 1970 shown on clocks at `second`, as if it were UTC.
    pub fn local_of(&self, second: i64) -> i64 {
        second + i64::from(self.offset_at(second))
    }
}

/// `None` outside the years that the database knows.
fn region_second(zone: &TimeZone, local: i64) -> Option<i64> {
    let (year, month, day) = civil::date(local.div_euclid(86_400));
    let time = local.rem_euclid(86_400);
    let year = i16::try_from(year).ok()?;
    let (hour, minute, second) = ((time / 3600) as i8, (time / 60 % 60) as i8, (time % 60) as i8);
    let datetime = DateTime::new(year, month as i8, day as i8, hour, minute, second, 0).ok()?;
    zone.to_timestamp(datetime).ok().map(Timestamp::as_second)
}

fn invalid(kind: ErrorKind, reason: String) -> Error {
    let exception = match kind {
        ErrorKind::ZoneRules => "java.time.zone.ZoneRulesException",
        _ => "java.time.DateTimeException",
    };
    Error::illegal_argument(format!("{exception}: {reason}")).with_cause(Error::new(kind, reason))
}

/// `+h`, `+hh`, `+hh:mm`, `+hhmm`, `+hh:mm:ss`, `+hhmmss`: seconds, at most 18 hours.
pub(super) fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: Vec<i32> = rest.bytes().filter(u8::is_ascii_digit).map(|digit| i32::from(digit - b'0')).collect();
    let shape: String = rest.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
    let pair = |at: usize| digits[at] * 10 + digits[at + 1];
    let (hours, minutes, seconds) = match shape.as_str() {
        "d" => (digits[0], 0, 0),
        "dd" => (pair(0), 0, 0),
        "dddd" | "dd:dd" => (pair(0), pair(2), 0),
        "dddddd" | "dd:dd:dd" => (pair(0), pair(2), pair(4)),
        _ => return None,
    };
    let total = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= 18 * 3600).then_some(sign * total)
}
