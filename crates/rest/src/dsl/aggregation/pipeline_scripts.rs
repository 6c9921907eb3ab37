//! Pipelines with scripts: `bucket_script`, `bucket_selector`, `moving_fn`.

use std::sync::Arc;

use model::aggregation::request::Kind;
use model::aggregation::request::pipeline::{BucketsPath, GapPolicy, PipelineKind};
use model::error::{Error, ErrorKind};
use model::json::token;
use model::script::Script;
use serde_json::{Map, Value};

use super::super::field::{Field, build_failed, text_of};
use super::Asked;
use super::declared::At;
use super::pipeline::{gap_policy, paths, unknown_key, wrapped};
use super::script::{declared, script};

/// Paths by the names that a script knows their values by.
type Named = Vec<(String, BucketsPath)>;

/// A path alone is `_value`, those of an array are `_value0`, `_value1` ..
fn named_paths(
    value: &Value,
    refused: ErrorKind,
    of_object: fn(&Map<String, Value>) -> Result<Named, Error>,
) -> Result<Option<Named>, Error> {
    Ok(Some(match value {
        Value::String(text) => vec![("_value".to_owned(), Arc::from(text.as_str()))],
        Value::Array(items) => {
            let numbered = paths(items, refused)?.into_iter().enumerate();
            numbered.map(|(at, path)| (format!("_value{at}"), path)).collect()
        }
        Value::Object(object) => of_object(object)?,
        _ => return Ok(None),
    }))
}

fn texts(object: &Map<String, Value>) -> Result<Named, Error> {
    let path = |(name, value): (&String, &Value)| match text_of(value) {
        Some(text) => Ok((name.clone(), Arc::from(text))),
        None => Err(Error::new(ErrorKind::IllegalState, format!("Can't get text on a {}", token(value)))),
    };
    object.iter().map(path).collect()
}

/// Whatever stands there, as Java prints it: what is no path is none that is found.
fn anything(object: &Map<String, Value>) -> Result<Named, Error> {
    let path = |(name, value): (&String, &Value)| {
        (name.clone(), Arc::from(text_of(value).unwrap_or_else(|| value.to_string())))
    };
    Ok(object.iter().map(path).collect())
}

fn required(missing: &[&str]) -> Error {
    Error::illegal_argument(format!("Required [{}]", missing.join(", ")))
}

/// `bucket_script`.
pub(super) fn bucket_script(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut paths, mut source) = (None, None);
    let (mut format, mut gaps) = (None, GapPolicy::Skip);
    for field in asked.fields() {
        match field.key {
            "buckets_path" => {
                let named = named_paths(field.value, ErrorKind::IllegalState, texts).at(field)?;
                paths = Some(named.ok_or_else(|| field.mistyped())?);
            }
            "script" => source = Some(declared(field)?),
            "format" => format = Some(field.string()?.to_owned()),
            "gap_policy" => gaps = gap_policy(field.string()?).at(field)?,
            _ => return Err(field.unknown(&["buckets_path", "script", "format", "gap_policy"])),
        }
    }
    let paths = paths.ok_or_else(|| required(&["buckets_path"]))?;
    let script = source.ok_or_else(|| required(&["script"]))?;
    Ok(wrapped(PipelineKind::BucketScript { paths, script }, format, gaps))
}

/// `bucket_selector`.
pub(super) fn bucket_selector(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut paths, mut source, mut gaps) = (None, None, GapPolicy::Skip);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("buckets_path", Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                paths = named_paths(field.value, ErrorKind::Parsing, anything)?;
            }
            ("script", Value::String(_) | Value::Object(_)) => source = Some(script(field)?),
            ("gap_policy", Value::String(text)) => gaps = gap_policy(text)?,
            _ => return Err(unknown_key(asked, field, &["VALUE_STRING", "START_ARRAY", "START_OBJECT"])),
        }
    }
    let missing = |key: &str| {
        let reason = format!("Missing required field [{key}] for bucket_selector aggregation [{}]", asked.name);
        Error::parsing(reason)
    };
    let paths = paths.ok_or_else(|| missing("buckets_path"))?;
    let script = source.ok_or_else(|| missing("script"))?;
    Ok(wrapped(PipelineKind::BucketSelector { paths, script }, None, gaps))
}

/// `moving_fn`.
pub(super) fn moving_fn(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut found = Moving::default();
    let (mut format, mut gaps, mut shift) = (None, GapPolicy::Skip, 0);
    let mut last: Option<Field<'_>> = None;
    for field in asked.fields() {
        match field.key {
            "buckets_path" => found.path = Some(Arc::from(field.string()?)),
            "window" => found.window = Some(field.declared_int()?),
            "script" => found.script = Some(declared(field)?),
            "shift" => shift = field.declared_int()?,
            "format" => format = Some(filled(field)?),
            "gap_policy" => gaps = gap_policy(field.string()?).at(field)?,
            _ => return Err(field.unknown(&["buckets_path", "window", "script", "shift", "format", "gap_policy"])),
        }
        if matches!(field.key, "buckets_path" | "window" | "script") {
            last = Some(field);
        }
    }
    let (path, window, script) = found.complete()?;
    let window = u32::try_from(window).ok().filter(|window| *window > 0).ok_or_else(|| {
        let reason = "[window] must be a positive, non-zero integer.";
        let error = build_failed(asked.kind, Error::illegal_argument(reason));
        last.map_or(error.clone(), |field| field.failed(error))
    })?;
    Ok(wrapped(PipelineKind::MovingFn { path, window, shift, script }, format, gaps))
}

fn filled(field: Field<'_>) -> Result<String, Error> {
    match field.string()? {
        "" => Err(Error::illegal_argument("[format] must not be null or an empty string.")).at(field),
        format => Ok(format.to_owned()),
    }
}

/// What `moving_fn` must have.
#[derive(Default)]
struct Moving {
    path: Option<BucketsPath>,
    window: Option<i32>,
    script: Option<Script>,
}

impl Moving {
    fn complete(self) -> Result<(BucketsPath, i32, Script), Error> {
        let given = [
            ("buckets_path", self.path.is_some()),
            ("window", self.window.is_some()),
            ("script", self.script.is_some()),
        ];
        match (self.path, self.window, self.script) {
            (Some(path), Some(window), Some(script)) => Ok((path, window, script)),
            _ => {
                let missing: Vec<&str> = given.iter().filter(|(_, has)| !has).map(|(key, _)| *key).collect();
                Err(required(&missing))
            }
        }
    }
}
