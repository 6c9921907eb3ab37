//! What bodies of requests about snapshots share: names of indexes, flags, how names are resolved.

use model::document::text_of;
use model::error::Error;
use model::target::TargetOptions;
use serde_json::{Map, Value};

use crate::endpoint::admin::body::lenient;
use crate::params::{boolean, split};
use crate::request::{expand, not_a_flag};

/// The object of a body that may be missing.
///
/// # Errors
/// As [`lenient`].
pub(super) fn optional(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    if bytes.is_empty() { Ok(Map::new()) } else { lenient(bytes) }
}

/// A list of texts, or a text with commas.
///
/// # Errors
/// `illegal_argument_exception` for anything else.
pub(super) fn names(section: &str, value: &Value) -> Result<Vec<String>, Error> {
    let names = match value {
        Value::String(text) => Some(split(text)),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    names.ok_or_else(|| Error::illegal_argument(format!("malformed {section} section, should be an array of strings")))
}

/// # Errors
/// `illegal_argument_exception` for what is neither `true` nor `false`, as a boolean or as text.
pub(super) fn flag(name: &str, value: &Value) -> Result<bool, Error> {
    let text = text_of(value).unwrap_or_else(|| value.to_string());
    boolean(&text).map_err(|cause| not_a_flag(name, cause))
}

/// Takes what says how names are resolved. Out: whether the key is of that kind.
///
/// # Errors
/// `illegal_argument_exception` for what is no flag, or no state of an index.
pub(super) fn option(options: &mut TargetOptions, key: &str, value: &Value) -> Result<bool, Error> {
    match key {
        "ignore_unavailable" | "ignoreUnavailable" => options.ignore_unavailable = Some(flag(key, value)?),
        "allow_no_indices" | "allowNoIndices" => options.allow_no_indices = Some(flag(key, value)?),
        // Deprecated in OpenSearch, where frozen indexes are what it is about; there are none.
        "ignore_throttled" | "ignoreThrottled" => drop(flag(key, value)?),
        "expand_wildcards" | "expandWildcards" => options.expand_wildcards = Some(expand(&texts(value).join(","))?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// The texts between commas, or in a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| text_of(value).unwrap_or_else(|| value.to_string());
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        other => split(&one(other)),
    }
}
