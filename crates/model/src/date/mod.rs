//! Dates as OpenSearch reads and writes them: named formats, Java patterns, epochs, date math, time zones.
//!
//! In: text, numbers, a zone, the time of "now". Out: [`Moment`]s. Nothing here reads a clock. The rest of Shoal does its calendar
//! arithmetic through `civil` and [`Zone`], so that the time zone library has this one home.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};

mod builtin;
pub mod civil;
mod epoch;
mod iso;
mod layout;
mod math;
mod print;
mod read;
pub mod rounding;
mod zone;

#[cfg(test)]
mod tests;

pub use zone::Zone;

use epoch::Epoch;
use layout::Layout;

/// The format of date fields that name none.
pub const DEFAULT_FORMAT: &str = "strict_date_optional_time||epoch_millis";

/// A point in time: milliseconds since 1970, and the nanoseconds above them (0 to 999,999).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    pub ms: i64,
    pub nanos: u32,
}

impl Moment {
    pub fn from_ms(ms: i64) -> Self {
        Self { ms, nanos: 0 }
    }

    pub fn from_nanos(nanos: i64) -> Self {
        Self { ms: nanos.div_euclid(1_000_000), nanos: nanos.rem_euclid(1_000_000) as u32 }
    }

    /// Nanoseconds since 1970, as a `date_nanos` field stores them.
    ///
    /// # Errors
    /// `illegal_argument_exception` before 1970 and after 2262.
    pub fn nanos_since_epoch(self) -> Result<i64, Error> {
        let date = || builtin::strict_date_time().print(self, &Zone::utc());
        if self.ms < 0 {
            let reason =
                format!("date[{}] is before the epoch in 1970 and cannot be stored in nanosecond resolution", date());
            return Err(Error::illegal_argument(reason));
        }
        let nanos = self.ms.checked_mul(1_000_000).and_then(|nanos| nanos.checked_add(i64::from(self.nanos)));
        nanos.ok_or_else(|| {
            Error::illegal_argument(format!(
                "date[{}] is after 2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond resolution",
                date()
            ))
        })
    }

    /// The value a field of `resolution` stores.
    ///
    /// # Errors
    /// As [`Moment::nanos_since_epoch`].
    pub fn stored(self, resolution: DateResolution) -> Result<i64, Error> {
        match resolution {
            DateResolution::Millis => Ok(self.ms),
            DateResolution::Nanos => self.nanos_since_epoch(),
        }
    }

    fn from_seconds(seconds: i64, nanos: u32) -> Option<Self> {
        let ms = seconds.checked_mul(1000)?.checked_add(i64::from(nanos / 1_000_000))?;
        Some(Self { ms, nanos: nanos % 1_000_000 })
    }

    /// Whole seconds (rounded down) and the nanoseconds above them.
    fn seconds(self) -> (i64, u32) {
        (self.ms.div_euclid(1000), self.ms.rem_euclid(1000) as u32 * 1_000_000 + self.nanos)
    }
}

/// What the numbers of a date field count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateResolution {
    /// `date`
    Millis,
    /// `date_nanos`
    Nanos,
}

/// One or several formats, separated by `||`: the first one that reads a text wins, the first one writes.
#[derive(Clone, Debug)]
pub struct DateFormat {
    pattern: Arc<str>,
    parts: Vec<Part>,
}

impl PartialEq for DateFormat {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

#[derive(Clone, Debug)]
enum Part {
    Epoch(Epoch),
    Layout(Arc<Layout>),
}

/// Whether what a text leaves out is its beginning or its end: `2024-05-06` is midnight, or the day's last nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    First,
    Last,
}

/// Why a text is no date, as Java words it.
#[derive(Clone, Debug, PartialEq)]
enum Unread {
    /// It does not have the format.
    Shape(String),
    /// It has the format and names no moment. `late`: found only when no other format is tried any more.
    Unreal { why: String, late: bool },
}

impl DateFormat {
    /// Reads `strict_date_optional_time||epoch_millis||yyyy-MM-dd HH:mm:ss` and the like.
    ///
    /// # Errors
    /// `illegal_argument_exception` for a pattern that is none; 501 for letters that are not here yet.
    pub fn parse_pattern(pattern: &str) -> Result<Self, Error> {
        let whole = if pattern.is_empty() { DEFAULT_FORMAT } else { pattern };
        let parts: Result<Vec<Part>, Error> = whole.split("||").map(|part| Self::part(whole, part)).collect();
        Ok(Self { pattern: whole.into(), parts: parts? })
    }

    fn part(whole: &str, part: &str) -> Result<Part, Error> {
        if part.is_empty() {
            return Err(Error::illegal_argument(format!(
                "Cannot have empty element in multi date format pattern: {whole}"
            )));
        }
        // Patterns of the days when another library read them may be marked as new ones by an 8.
        let name = part.strip_prefix('8').unwrap_or(part);
        if let Some(epoch) = Epoch::named(name) {
            return Ok(Part::Epoch(epoch));
        }
        if let Some(layout) = builtin::named(name) {
            return Ok(Part::Layout(Arc::new(layout)));
        }
        Layout::java(name).map(|layout| Part::Layout(Arc::new(layout))).map_err(|cause| match cause.kind {
            ErrorKind::NotImplemented => cause,
            _ => Error::illegal_argument(format!("Invalid format: [{name}]: {}", cause.reason)).with_cause(cause),
        })
    }

    /// As given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Whether it reads or writes names of months or days, which depend on the language.
    pub fn has_names(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Layout(layout) if layout.has_names()))
    }

    /// The moment that `text` names. `zone`: of a text that names none (default UTC).
    ///
    /// # Errors
    /// `illegal_argument_exception` that names the text and the format.
    pub fn parse(&self, text: &str, zone: Option<&Zone>) -> Result<Moment, Error> {
        self.read(text, zone, Missing::First)
    }

    /// As [`DateFormat::parse`], with the last moment of what the text leaves open: the upper bound of a range.
    ///
    /// # Errors
    /// As [`DateFormat::parse`].
    pub fn parse_rounded(&self, text: &str, zone: Option<&Zone>) -> Result<Moment, Error> {
        self.read(text, zone, Missing::Last)
    }

    fn read(&self, text: &str, zone: Option<&Zone>, missing: Missing) -> Result<Moment, Error> {
        if text.is_empty() {
            return Err(Error::illegal_argument("cannot parse empty date"));
        }
        let mut first = None;
        for part in &self.parts {
            let outcome = match part {
                Part::Epoch(epoch) => epoch.parse(text, missing).map(|moment| on_clocks(moment, zone)),
                Part::Layout(layout) => layout.read(text, zone, missing),
            };
            match outcome {
                Ok(moment) => return Ok(moment),
                Err(Unread::Unreal { why, late: true }) => return Err(Error::new(ErrorKind::DateTime, why)),
                Err(why) => first = first.or(Some(why)),
            }
        }
        let cause = match (&self.parts[..], first) {
            ([Part::Layout(_)], Some(Unread::Shape(why))) => Error::new(ErrorKind::DateTimeParse, why),
            ([Part::Layout(_)], Some(Unread::Unreal { why, .. })) => {
                Error::new(ErrorKind::DateTimeParse, format!("Text '{text}' could not be parsed: {why}"))
                    .with_cause(Error::new(ErrorKind::DateTime, why))
            }
            _ => Error::new(ErrorKind::DateTimeParse, "Failed to parse with all enclosed parsers"),
        };
        let reason = format!("failed to parse date field [{text}] with format [{}]", self.pattern);
        Err(Error::illegal_argument(reason).with_cause(cause))
    }

    /// Date math: `now-1d/d`, `2024-01-01||+1M/d`, or a date. `now_ms`: the time that `now` stands for; `round_up`: the end of what
    /// is left open or rounded (bounds `lte` and `gt`).
    ///
    /// # Errors
    /// `parse_exception`, or `number_format_exception` for a count that does not fit.
    pub fn parse_math(&self, text: &str, now_ms: i64, round_up: bool, zone: Option<&Zone>) -> Result<Moment, Error> {
        math::parse(self, text, now_ms, round_up, zone)
    }

    /// `moment` as text, in `zone` (default UTC), by the first format.
    pub fn format(&self, moment: Moment, zone: Option<&Zone>) -> String {
        let utc = Zone::utc();
        match self.parts.first() {
            Some(Part::Epoch(epoch)) => epoch.print(moment),
            Some(Part::Layout(layout)) => layout.print(moment, zone.unwrap_or(&utc)),
            None => moment.ms.to_string(),
        }
    }
}

/// A number since 1970 is what clocks show in the zone that a request names, as in OpenSearch.
fn on_clocks(moment: Moment, zone: Option<&Zone>) -> Moment {
    let Some(zone) = zone else { return moment };
    let (second, rest) = (moment.ms.div_euclid(1000), moment.ms.rem_euclid(1000));
    Moment { ms: zone.second_of(second) * 1000 + rest, ..moment }
}
