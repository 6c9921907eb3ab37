//! Where values come from: `field` and what belongs to it.

use model::aggregation::request::Source;
use model::date::Zone;
use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::super::field::{Field, fields};
use super::declared::{At, object_of};
use super::{Asked, script};

/// Which of the keys there are beside `field`, `missing` and `value_type`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) script: bool,
    pub(super) format: bool,
    pub(super) time_zone: bool,
}

impl Keys {
    /// `script` and `format`.
    pub(super) const USUAL: Self = Self { script: true, format: true, time_zone: false };
    /// `script`, `format` and `time_zone`.
    pub(super) const DATES: Self = Self { script: true, format: true, time_zone: true };
    /// `script`.
    pub(super) const PLAIN: Self = Self { script: true, format: false, time_zone: false };
    /// None of them.
    pub(super) const FIELD: Self = Self { script: false, format: false, time_zone: false };
}

/// Names of kinds of values.
const VALUE_TYPES: [&str; 13] = [
    "string",
    "byte",
    "short",
    "integer",
    "long",
    "float",
    "double",
    "number",
    "numeric",
    "date",
    "ip",
    "boolean",
    "unsigned_long",
];

/// Whether a kind of values has this name.
pub(super) fn is_value_type(name: &str) -> bool {
    VALUE_TYPES.contains(&name)
}

/// A source that is being read.
#[derive(Debug)]
pub(super) struct SourceReader<'a> {
    asked: Asked<'a>,
    keys: Keys,
    field: Option<&'a str>,
    source: Source,
}

impl<'a> SourceReader<'a> {
    pub(super) fn new(asked: Asked<'a>, keys: Keys) -> Self {
        Self { asked, keys, field: None, source: Source::default() }
    }

    /// Whether `field` was one of the source's keys.
    ///
    /// # Errors
    /// What is wrong with a value; 501 for scripts that are stored, or in other languages.
    pub(super) fn take(&mut self, field: Field<'a>) -> Result<bool, Error> {
        match field.key {
            "field" => self.field = Some(field.string()?),
            "missing" => self.source.missing = Some(missing(field, self.asked.name)?),
            "value_type" | "valueType" => {
                let named = field.string()?;
                if !is_value_type(named) {
                    return Err(Error::illegal_argument(format!("Unknown value type [{named}]"))).at(field);
                }
                self.source.value_type = Some(named.to_owned());
            }
            "format" if self.keys.format => self.source.format = Some(field.string()?.to_owned()),
            "time_zone" if self.keys.time_zone => self.source.time_zone = Some(time_zone(field)?),
            "script" if self.keys.script => self.source.script = Some(script::declared(field)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// As [`SourceReader::take`], where what nobody knows is an error; `own` are the keys of the aggregation itself.
    pub(super) fn take_last(&mut self, field: Field<'a>, own: &[&str]) -> Result<(), Error> {
        if self.take(field)? {
            return Ok(());
        }
        let mut known = vec!["field", "missing", "value_type"];
        let more = [("format", self.keys.format), ("time_zone", self.keys.time_zone), ("script", self.keys.script)];
        known.extend(more.iter().filter(|(_, has)| *has).map(|(key, _)| key));
        known.extend(own);
        Err(field.unknown(&known))
    }

    /// The source, which must have a field or a script.
    pub(super) fn finish(mut self) -> Result<Source, Error> {
        if self.field.is_none() && self.source.script.is_none() {
            let script = if self.keys.script { ", script" } else { "" };
            let reason = format!("Required one of fields [field{script}], but none were specified. ");
            return Err(Error::illegal_argument(reason));
        }
        self.source.field = self.field.unwrap_or_default().to_owned();
        Ok(self.source)
    }
}

/// A source and nothing else.
pub(super) fn only(asked: Asked<'_>, keys: Keys) -> Result<Source, Error> {
    let mut source = SourceReader::new(asked, keys);
    for field in asked.fields() {
        source.take_last(field, &[])?;
    }
    source.finish()
}

fn missing(field: Field<'_>, name: &str) -> Result<Value, Error> {
    let value = field.typed(&["VALUE_STRING", "VALUE_NUMBER", "VALUE_BOOLEAN", "VALUE_NULL"])?.value;
    if value.is_null() {
        return Err(Error::illegal_argument(format!("[missing] must not be null: [{name}]"))).at(field);
    }
    Ok(value.clone())
}

/// A zone by name or offset; a number counts hours.
pub(super) fn time_zone(field: Field<'_>) -> Result<String, Error> {
    let text = match field.typed(&["VALUE_STRING", "VALUE_NUMBER"])?.value {
        Value::String(text) => text.clone(),
        _ => {
            let hours = field.int().at(field)?;
            let sign = if hours < 0 { '-' } else { '+' };
            format!("{sign}{:02}:00", hours.unsigned_abs())
        }
    };
    match Zone::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let offset = text.len() < 2 || text.starts_with(['+', '-']);
            let kind = if offset { ErrorKind::DateTime } else { ErrorKind::ZoneRules };
            let reason = error.reason.split_once(": ").map_or(error.reason.as_str(), |(_, reason)| reason);
            Err(Error::new(kind, reason)).at(field)
        }
    }
}

/// The keys of one source among several.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConfigKeys {
    pub(super) format: bool,
    pub(super) time_zone: bool,
    pub(super) value_type: bool,
    /// `script` beside `field`.
    pub(super) both: bool,
}

/// One source of an aggregation that has several.
pub(super) fn config(value: &Value, keys: ConfigKeys) -> Result<Source, Error> {
    const OWNER: &str = "field_config";
    let mut found = None;
    let mut source = Source::default();
    for field in fields(OWNER, object_of(OWNER, value)?) {
        match field.key {
            "field" => found = Some(field.string()?),
            "missing" => {
                let value = field.typed(&["VALUE_STRING", "VALUE_NUMBER", "VALUE_BOOLEAN", "VALUE_NULL"])?.value;
                source.missing = Some(value.clone()).filter(|value| !value.is_null());
            }
            "format" if keys.format => source.format = Some(field.string()?.to_owned()),
            "time_zone" if keys.time_zone => source.time_zone = Some(time_zone(field)?),
            // A name that nobody knows counts for nothing.
            "value_type" if keys.value_type => {
                let named = field.string()?;
                source.value_type = is_value_type(named).then(|| named.to_owned());
            }
            "script" => source.script = Some(script::declared(field)?),
            _ => return Err(field.undeclared()),
        }
    }
    let alone = |how: &str| format!("[field] and [script] cannot both be {how}.  Please specify one or the other.");
    match (found, &source.script) {
        (None, None) => return Err(Error::illegal_argument(alone("null"))),
        (Some(_), Some(_)) if !keys.both => return Err(Error::illegal_argument(alone("configured"))),
        (field, _) => source.field = field.unwrap_or_default().to_owned(),
    }
    Ok(source)
}
