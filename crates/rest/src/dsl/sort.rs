//! `sort`, in all its forms.

use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::{Missing, ScriptSort, SortKey, SortMode};
use serde_json::{Map, Value};

use super::aggregation::script_of;
use super::field::{Field, fields, required, text_of};
use super::geo::distance_sort;
use super::nested::nested_sort;
use super::queries::within;

const OWNER: &str = "field_sort";

/// A key by `field` as it is without options: `_score` best first, anything else smallest first.
pub(super) fn plain(field: &str) -> SortKey {
    SortKey { descending: field == "_score", ..SortKey::ascending(field) }
}

/// A name, an object of names, or an array of both.
pub(super) fn sort(value: &Value) -> Result<Vec<SortKey>, Error> {
    match value {
        Value::Array(items) => {
            let mut keys = Vec::new();
            for item in items {
                match item {
                    Value::String(name) => keys.push(plain(name)),
                    Value::Object(object) => read_object(object, &mut keys)?,
                    _ => {
                        let allowed = "an object, or an actual string are allowed";
                        return Err(Error::illegal_argument(format!(
                            "malformed sort format, within the sort array, {allowed}"
                        )));
                    }
                }
            }
            Ok(keys)
        }
        Value::Object(object) => {
            let mut keys = Vec::new();
            read_object(object, &mut keys)?;
            Ok(keys)
        }
        // Null is refused by who knows the key.
        other => Ok(text_of(other).iter().map(|name| plain(name)).collect()),
    }
}

/// `_script`.
fn script_sort(options: &Map<String, Value>) -> Result<SortKey, Error> {
    let mut key = plain("_script");
    let (mut script, mut texts) = (None, None);
    let mut read = |option: Field<'_>| {
        match option.key {
            "script" => script = Some(script_of(option.value).map_err(|error| option.failed(error))?),
            "type" => {
                let kind = option.typed(&["VALUE_STRING"])?.text()?;
                texts = Some(match kind.to_lowercase().as_str() {
                    "string" => true,
                    "number" => false,
                    _ => {
                        let reason = format!("Unknown ScriptSortType [{kind}]");
                        return Err(option.failed(Error::illegal_argument(reason)));
                    }
                });
            }
            "order" => key.descending = order(option)?,
            "mode" => {
                let text = option.typed(&["VALUE_STRING"])?.text()?;
                key.mode = Some(mode(&text).map_err(|error| option.failed(error))?);
            }
            "nested" => return Err(option.not_implemented()),
            _ => return Err(option.undeclared()),
        }
        Ok(())
    };
    for option in fields("_script", options) {
        read(option)?;
    }
    let (script, texts) = match (script, texts) {
        (Some(script), Some(texts)) => (script, texts),
        (None, None) => return Err(required("script, type")),
        (None, _) => return Err(required("script")),
        (_, None) => return Err(required("type")),
    };
    if let Some(mode @ (SortMode::Sum | SortMode::Avg | SortMode::Median)) = key.mode.filter(|_| texts) {
        let mode = format!("{mode:?}").to_lowercase();
        let cause = Error::illegal_argument(format!("script sort of type [string] doesn't support mode [{mode}]"));
        return Err(Error::new(ErrorKind::XContentParse, "[_script] failed to parse field [mode]").with_cause(cause));
    }
    key.script = Some(Box::new(ScriptSort { script, texts }));
    Ok(key)
}

fn read_object(object: &Map<String, Value>, keys: &mut Vec<SortKey>) -> Result<(), Error> {
    for (field, value) in object {
        if let ("_geo_distance", Value::Object(options)) = (field.as_str(), value) {
            keys.push(distance_sort(options)?);
            continue;
        }
        if let ("_script", Value::Object(options)) = (field.as_str(), value) {
            keys.push(script_sort(options)?);
            continue;
        }
        let mut key = plain(field);
        match value {
            Value::String(order) => key.descending = descending(order)?,
            Value::Object(options) if field == "_score" => score_options(options, &mut key)?,
            Value::Object(options) => {
                for option in fields(OWNER, options) {
                    read_option(option, &mut key)?;
                }
            }
            other => {
                let reason = format!("[{OWNER}] Expected START_OBJECT but was: {}", token(other));
                return Err(Error::new(ErrorKind::XContentParse, reason));
            }
        }
        keys.push(key);
    }
    Ok(())
}

fn score_options(options: &Map<String, Value>, key: &mut SortKey) -> Result<(), Error> {
    for option in fields("_score", options) {
        match option.key {
            "order" => key.descending = order(option)?,
            _ => return Err(option.undeclared()),
        }
    }
    Ok(())
}

fn read_option(option: Field<'_>, key: &mut SortKey) -> Result<(), Error> {
    let string = || option.typed(&["VALUE_STRING"])?.text();
    match option.key {
        "order" => key.descending = order(option)?,
        "missing" => {
            let scalar = option.typed(&["VALUE_STRING", "VALUE_NUMBER", "VALUE_BOOLEAN", "VALUE_NULL"])?;
            key.missing = match scalar.value {
                Value::Null => Missing::Last,
                Value::String(text) if text == "_first" => Missing::First,
                Value::String(text) if text == "_last" => Missing::Last,
                value => Missing::Value(value.clone()),
            };
        }
        "mode" => key.mode = Some(mode(&string()?).map_err(|error| option.failed(error))?),
        "unmapped_type" => key.unmapped_type = Some(string()?),
        "format" => key.format = Some(string()?),
        "numeric_type" => {
            let kind = string()?;
            if !["long", "double", "date", "date_nanos"].contains(&kind.to_lowercase().as_str()) {
                let reason = "invalid value for [numeric_type], must be [long, double, date, date_nanos]";
                return Err(option.failed(Error::illegal_argument(format!("{reason}, got {kind}"))));
            }
            key.numeric_type = Some(kind.to_lowercase());
        }
        _ if read_nested(option, key)? => {}
        _ => return Err(option.undeclared()),
    }
    Ok(())
}

/// Whether the option says which objects inside are sorted by. Nothing is sorted inside of no path.
pub(super) fn read_nested(option: Field<'_>, key: &mut SortKey) -> Result<bool, Error> {
    match option.key {
        "nested" => {
            key.nested = Some(nested_sort(option.value, 1)?).filter(|nested| !nested.path.is_empty()).map(Box::new)
        }
        "nested_path" => {
            let path = option.text()?;
            key.nested.get_or_insert_with(Box::default).path = path;
        }
        "nested_filter" => key.nested.get_or_insert_with(Box::default).filter = Some(within(option.value, 1)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn order(option: Field<'_>) -> Result<bool, Error> {
    let text = option.typed(&["VALUE_STRING"])?.text()?;
    descending(&text).map_err(|error| option.failed(error))
}

pub(super) fn descending(order: &str) -> Result<bool, Error> {
    match order.to_ascii_lowercase().as_str() {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => {
            let constant = order.to_uppercase();
            Err(Error::illegal_argument(format!("No enum constant org.opensearch.search.sort.SortOrder.{constant}")))
        }
    }
}

pub(super) fn mode(text: &str) -> Result<SortMode, Error> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "min" => SortMode::Min,
        "max" => SortMode::Max,
        "sum" => SortMode::Sum,
        "avg" => SortMode::Avg,
        "median" => SortMode::Median,
        _ => return Err(Error::illegal_argument(format!("Unknown SortMode [{text}]"))),
    })
}
