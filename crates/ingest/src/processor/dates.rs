//! `date`: a text read as a date, and written as one.

use model::date::{DateFormat, Moment, Zone};
use model::error::{Error, ErrorKind};

use crate::document::{Document, text};
use crate::options::Options;
use crate::text::Text;

/// How the date is written where nobody says.
const OUTPUT: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";

#[derive(Clone, Debug)]
pub(crate) struct Dates {
    field: String,
    target: String,
    formats: Vec<(String, Format)>,
    zone: Option<Text>,
    output: DateFormat,
}

#[derive(Clone, Debug)]
pub(super) enum Format {
    Iso(DateFormat),
    Seconds,
    Millis,
    /// TAI64N labels: seconds since 1970 from 2^62 on, and nanoseconds, in hexadecimal.
    Tai,
    Pattern(DateFormat),
}

impl Dates {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        let field = options.required_text("field")?;
        let target = options.text("target_field")?.unwrap_or_else(|| "@timestamp".to_owned());
        let missing = |options: &Options| options.refused("formats", "required property is missing");
        let given = options.texts("formats")?.ok_or_else(|| missing(options))?;
        let formats = formats(options, "formats", given)?;
        let zone = match options.text("timezone")? {
            None => None,
            Some(zone) => Some(Text::read(&zone).map_err(|why| options.refused("timezone", &why))?),
        };
        // Month and day names are English.
        options.text("locale")?;
        let output = options.text("output_format")?.unwrap_or_else(|| OUTPUT.to_owned());
        let output = DateFormat::parse_pattern(&output).map_err(|why| options.refused("output_format", &why.reason))?;
        Ok(Self { field, target, formats, zone, output })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let value = document.get(&self.field)?;
        // What is no text is none in any format.
        let given = text(value).unwrap_or_else(|| value.to_string());
        let zone = match &self.zone {
            None => Zone::utc(),
            Some(zone) => Zone::parse(&zone.of(document)?)?,
        };
        let mut first = None;
        for (name, format) in &self.formats {
            match format.read(&given, &zone) {
                Ok(moment) => return document.set(&self.target, self.output.format(moment, Some(&zone)).into()),
                Err(why) if first.is_none() => first = Some((name, why)),
                Err(_) => {}
            }
        }
        Err(unread(&given, first))
    }
}

/// The formats of an option, with their names.
pub(super) fn formats(options: &Options, option: &str, given: Vec<String>) -> Result<Vec<(String, Format)>, Error> {
    let mut formats = Vec::with_capacity(given.len());
    for name in given {
        let format = match name.as_str() {
            "ISO8601" => Format::Iso(DateFormat::parse_pattern("strict_date_optional_time")?),
            "UNIX" => Format::Seconds,
            "UNIX_MS" => Format::Millis,
            "TAI64N" => Format::Tai,
            pattern => {
                let read = DateFormat::parse_pattern(pattern);
                Format::Pattern(read.map_err(|why| options.refused(option, &why.reason))?)
            }
        };
        formats.push((name, format));
    }
    Ok(formats)
}

/// No format reads a text; `first`: the one that was tried first, and what it said.
pub(super) fn unread(given: &str, first: Option<(&String, Error)>) -> Error {
    let error = Error::illegal_argument(format!("unable to parse date [{given}]"));
    match first {
        Some((_, why)) if why.kind == ErrorKind::IllegalArgument && (given.is_empty() || given == "null") => {
            error.with_cause(Error::illegal_argument("cannot parse empty date"))
        }
        Some((name, why)) if why.kind == ErrorKind::IllegalArgument => {
            let cause = format!("failed to parse date field [{given}] with format [{name}]");
            let inner = Error::new(ErrorKind::DateTimeParse, format!("Text '{given}' could not be parsed"));
            error.with_cause(Error::illegal_argument(cause).with_cause(inner))
        }
        Some((_, why)) => error.with_cause(why),
        None => error,
    }
}

impl Format {
    pub(super) fn read(&self, text: &str, zone: &Zone) -> Result<Moment, Error> {
        let wrong = || Error::illegal_argument(format!("[{text}] is no such date"));
        let no_number = || Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
        match self {
            Self::Iso(format) | Self::Pattern(format) => {
                format.parse(text, Some(zone)).map_err(|why| Error { kind: ErrorKind::IllegalArgument, ..why })
            }
            Self::Seconds => {
                let seconds: f64 = text.parse().map_err(|_| no_number())?;
                let ms = seconds * 1000.0;
                if ms.abs() < 9e15 { Ok(Moment::from_ms(ms as i64)) } else { Err(wrong()) }
            }
            Self::Millis => Ok(Moment::from_ms(text.parse().map_err(|_| no_number())?)),
            Self::Tai => {
                let text = text.strip_prefix('@').unwrap_or(text);
                let part = |range: std::ops::Range<usize>| {
                    text.get(range).and_then(|digits| i64::from_str_radix(digits, 16).ok()).ok_or_else(wrong)
                };
                let (seconds, nanos) = (part(1..16)?, part(16..24)?);
                Ok(Moment::from_ms((seconds - 10).saturating_mul(1000) + nanos / 1_000_000))
            }
        }
    }
}
