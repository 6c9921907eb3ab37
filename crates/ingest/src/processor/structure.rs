//! Fields added, removed, named otherwise, taken apart.

use std::collections::BTreeSet;

use model::error::{Error, ErrorKind};
use regex::Regex;
use serde_json::Value;

use super::Of;
use super::read::pattern;
use crate::document::{Document, not_castable, type_name};
use crate::options::Options;
use crate::text::Text;

pub(super) fn append(path: &str, value: Value, allow_duplicates: bool, document: &mut Document) -> Result<(), Error> {
    let mut list = match document.find(path) {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    };
    let added = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    for item in added {
        if allow_duplicates || !list.contains(&item) {
            list.push(item);
        }
    }
    document.set(path, Value::Array(list))
}

/// `flags`: a missing source is well, the target may be there, the source goes.
pub(super) fn copy(
    (source, target): (String, String),
    (ignore_missing, override_target, remove_source): (bool, bool, bool),
    document: &mut Document,
) -> Result<(), Error> {
    let value = match document.find(&source) {
        Some(value) => value.clone(),
        None if ignore_missing => return Ok(()),
        None => return Err(Error::illegal_argument(format!("source field [{source}] doesn't exist"))),
    };
    if document.find(&target).is_some_and(|value| !value.is_null()) && !override_target {
        return Err(Error::illegal_argument(format!("target field [{target}] already exists")));
    }
    document.set(&target, value)?;
    if remove_source {
        document.remove(&source)?;
    }
    Ok(())
}

pub(super) fn rename(
    (field, target): (String, String),
    (ignore_missing, override_target): (bool, bool),
    document: &mut Document,
) -> Result<(), Error> {
    if field.is_empty() || document.find(&field).is_none() {
        if ignore_missing {
            return Ok(());
        }
        return Err(Error::illegal_argument(format!("field [{field}] doesn't exist")));
    }
    if document.find(&target).is_some() && !override_target {
        return Err(Error::illegal_argument(format!("field [{target}] already exists")));
    }
    let value = document.remove(&field)?;
    document.set(&target, value)
}

pub(super) fn remove(
    fields: &[Text],
    kept: &[Text],
    ignore_missing: bool,
    document: &mut Document,
) -> Result<(), Error> {
    if !kept.is_empty() {
        let kept = kept.iter().map(|name| name.of(document)).collect::<Result<BTreeSet<_>, _>>()?;
        document.source.retain(|name, _| kept.contains(name));
        return Ok(());
    }
    for field in fields {
        let path = field.of(document)?;
        if document.find(&path).is_none() {
            if ignore_missing {
                continue;
            }
            return Err(Error::illegal_argument(format!("field [{path}] doesn't exist")));
        }
        if path == "_index" {
            let reason = format!("cannot remove metadata field [{path}]");
            return Err(Error::illegal_argument(reason));
        }
        document.remove(&path)?;
    }
    Ok(())
}

pub(super) fn json(of: &Of, to_root: bool, document: &mut Document) -> Result<(), Error> {
    let value = document.get(&of.field)?;
    let text = match value {
        Value::String(text) if text.trim().is_empty() => "null".to_owned(),
        Value::String(text) => text.clone(),
        // What has been read already is no text that could be read.
        Value::Array(_) | Value::Object(_) => {
            let cause =
                Error::new(ErrorKind::JsonParse, format!("field [{}] holds {}, no text", of.field, type_name(value)));
            return Err(Error::illegal_argument(cause.reason.as_str()).with_cause(cause));
        }
        other => other.to_string(),
    };
    let parsed: Value = serde_json::from_str(text.trim()).map_err(|error| {
        let kind = if error.is_eof() { ErrorKind::EndOfInput } else { ErrorKind::JsonParse };
        let cause = Error::new(kind, error.to_string());
        Error::new(ErrorKind::IllegalArgument, cause.reason.clone()).with_cause(cause)
    })?;
    match parsed {
        Value::Object(object) if to_root => {
            document.source.extend(object);
            Ok(())
        }
        _ if to_root => Err(Error::illegal_argument("cannot add non-map fields to root of document")),
        parsed => document.set(&of.target, parsed),
    }
}

pub(super) fn expand_dots(field: &str, path: Option<&str>, document: &mut Document) -> Result<(), Error> {
    let holder = match path {
        None => Some(&mut document.source),
        Some(path) => path.split('.').try_fold(&mut document.source, |map, step| map.get_mut(step)?.as_object_mut()),
    };
    let Some(value) = holder.and_then(|map| map.shift_remove(field)) else { return Ok(()) };
    let full = path.map_or_else(|| field.to_owned(), |path| format!("{path}.{field}"));
    match document.find(&full) {
        Some(_) => append(&full, value, true, document),
        None => document.set(&full, value),
    }
}

/// `kv`: pairs in a text.
#[derive(Clone, Debug)]
pub(crate) struct KeyValue {
    field: String,
    field_split: Regex,
    value_split: Regex,
    target: Option<String>,
    include: Option<Vec<String>>,
    exclude: Vec<String>,
    prefix: String,
    ignore_missing: bool,
    strip_brackets: bool,
    trim_key: String,
    trim_value: String,
}

impl KeyValue {
    pub(super) fn read(options: &mut Options) -> Result<Self, Error> {
        Ok(Self {
            field: options.required_text("field")?,
            field_split: pattern(options, "field_split")?,
            value_split: pattern(options, "value_split")?,
            target: options.text("target_field")?,
            include: options.texts("include_keys")?,
            exclude: options.texts("exclude_keys")?.unwrap_or_default(),
            prefix: options.text("prefix")?.unwrap_or_default(),
            ignore_missing: options.flag("ignore_missing", false)?,
            strip_brackets: options.flag("strip_brackets", false)?,
            trim_key: options.text("trim_key")?.unwrap_or_default(),
            trim_value: options.text("trim_value")?.unwrap_or_default(),
        })
    }

    pub(super) fn process(&self, document: &mut Document) -> Result<(), Error> {
        let text = match document.find(&self.field) {
            None | Some(Value::Null) if self.ignore_missing => return Ok(()),
            Some(Value::String(text)) => text.clone(),
            Some(other) => return Err(not_castable(&self.field, other, "java.lang.String")),
            None => {
                let reason = format!("field [{}] doesn't exist", self.field);
                return Err(Error::illegal_argument(reason));
            }
        };
        for part in self.field_split.split(&text).filter(|part| text.is_empty() || !part.is_empty()) {
            let mut halves = self.value_split.splitn(part, 2);
            let (Some(key), Some(value)) = (halves.next(), halves.next()) else {
                let reason = format!("field [{}] does not contain value_split [{}]", self.field, self.value_split);
                return Err(Error::illegal_argument(reason));
            };
            let key = key.trim_matches(|c| self.trim_key.contains(c));
            let kept = self.include.as_ref().is_none_or(|keys| keys.iter().any(|one| one == key));
            if !kept || self.exclude.iter().any(|one| one == key) {
                continue;
            }
            let mut value = value.trim_matches(|c| self.trim_value.contains(c));
            for (open, close) in [("(", ")"), ("[", "]"), ("<", ">"), ("\"", "\""), ("'", "'")] {
                let inside = value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
                value = inside.filter(|_| self.strip_brackets).unwrap_or(value);
            }
            let name = format!("{}{key}", self.prefix);
            let path = self.target.as_ref().map_or_else(|| name.clone(), |target| format!("{target}.{name}"));
            match document.find(&path) {
                Some(_) => append(&path, value.into(), true, document)?,
                None => document.set(&path, value.into())?,
            }
        }
        Ok(())
    }
}
