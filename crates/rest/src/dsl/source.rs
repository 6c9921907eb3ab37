//! What to show of each hit: `_source`, `fields`, `docvalue_fields`, `stored_fields`, `script_fields`.

use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::{FieldSpec, ScriptField, SourceFilter};
use serde_json::{Map, Value};

use super::aggregation::script_of;
use super::field::{Field, fields, text_of};

/// `_source`: a flag, a pattern, an array of patterns, or an object with `includes` and `excludes`.
///
/// # Errors
/// `parsing_exception` for anything else.
pub fn source_filter(value: &Value) -> Result<SourceFilter, Error> {
    let mut filter = SourceFilter::everything();
    match value {
        Value::Bool(enabled) => filter.enabled = *enabled,
        Value::String(pattern) => filter.includes = vec![pattern.clone()],
        Value::Array(items) => {
            let read = |item| text_of(item).ok_or_else(|| unknown_key("_source", item));
            filter.includes = items.iter().map(read).collect::<Result<_, _>>()?;
        }
        Value::Object(object) => {
            for field in fields("_source", object) {
                match field.key {
                    "includes" | "include" => filter.includes = patterns(field)?,
                    "excludes" | "exclude" => filter.excludes = patterns(field)?,
                    key => return Err(unknown_key(key, field.value)),
                }
            }
        }
        Value::Null => return Err(unknown_key("_source", value)),
        Value::Number(_) => {
            let found = token(value);
            return Err(Error::parsing(format!("Expected one of [VALUE_BOOLEAN, START_OBJECT] but found [{found}]")));
        }
    }
    Ok(filter)
}

fn patterns(field: Field<'_>) -> Result<Vec<String>, Error> {
    let one = std::slice::from_ref(field.value);
    let items = if let Value::Array(items) = field.value { items } else { one };
    let read = |item: &Value| match item {
        Value::String(pattern) => Ok(pattern.clone()),
        other => Err(unknown_key(field.key, other)),
    };
    items.iter().map(read).collect()
}

/// A key that does not exist, or not with such a value.
pub(super) fn unknown_key(key: &str, value: &Value) -> Error {
    Error::parsing(format!("Unknown key for a {} in [{key}].", token(value)))
}

/// `fields` and `docvalue_fields`: names, or objects with `field` and `format`.
pub(super) fn field_specs(items: &[Value]) -> Result<Vec<FieldSpec>, Error> {
    items.iter().map(field_spec).collect()
}

fn field_spec(item: &Value) -> Result<FieldSpec, Error> {
    let Value::Object(object) = item else {
        let field = text_of(item).ok_or_else(|| {
            let reason = format!("[docvalues_field] Expected START_OBJECT but was: {}", token(item));
            Error::new(ErrorKind::XContentParse, reason)
        })?;
        return Ok(FieldSpec { field, format: None, include_unmapped: false });
    };
    let (mut name, mut format) = (None, None);
    for option in fields("docvalues_field", object) {
        match option.key {
            "field" => name = option.typed(&["VALUE_STRING"])?.text_or_null()?,
            "format" => format = option.typed(&["VALUE_STRING", "VALUE_NULL"])?.text_or_null()?,
            _ => return Err(option.undeclared()),
        }
    }
    let field = name.ok_or_else(|| Error::illegal_argument("Required [field]"))?;
    // The format of every field, and so the same as none.
    let format = format.filter(|format| format != "use_field_mapping");
    Ok(FieldSpec { field, format, include_unmapped: false })
}

/// `stored_fields`: a name or an array of names; `_none_` stands alone.
pub(super) fn stored_fields(names: Vec<String>) -> Result<Vec<String>, Error> {
    if names.len() > 1 && names.iter().any(|name| name == "_none_") {
        return Err(Error::illegal_argument("cannot combine _none_ with other fields"));
    }
    Ok(names)
}

/// `script_fields`: name after name, each with a script.
pub(super) fn script_fields(object: &Map<String, Value>) -> Result<Vec<ScriptField>, Error> {
    let mut found = Vec::with_capacity(object.len());
    for (name, value) in object {
        let Value::Object(options) = value else {
            let token = token(value);
            let reason = format!("Expected [START_OBJECT] in [{name}] but found [{token}]");
            return Err(Error::parsing(reason));
        };
        let (mut script, mut ignore_failure) = (None, false);
        for option in fields("script_fields", options) {
            match option.key {
                "script" => script = Some(script_of(option.value)?),
                "ignore_failure" => ignore_failure = option.flag()?,
                _ => return Err(unknown_key(option.key, option.value)),
            }
        }
        let script =
            script.ok_or_else(|| Error::illegal_argument(format!("[script_fields] has no script for [{name}]")))?;
        found.push(ScriptField { name: name.clone(), script, ignore_failure });
    }
    Ok(found)
}
