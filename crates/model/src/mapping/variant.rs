//! Variants of kinds: what their parameters mean together, and the fields that come along with one.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::value::mapper_parsing;
use super::{Field, FieldKind, Variant};
use crate::error::{Error, ErrorKind};

/// Shingles of so many words at most.
const MAX_SHINGLES: i64 = 4;

/// Checks the parameters and fills in those that are always shown.
///
/// # Errors
/// What is missing or does not fit.
pub(super) fn complete(name: &str, field: &mut Field) -> Result<(), Error> {
    let given = &mut field.explicit;
    match field.variant {
        Variant::Completion => {
            shown(given, "analyzer", "simple".into());
            shown(given, "preserve_separators", true.into());
            shown(given, "preserve_position_increments", true.into());
            shown(given, "max_input_length", 50.into());
            if given.get("search_analyzer") == given.get("analyzer") {
                given.shift_remove("search_analyzer");
            }
            if given.get("max_input_length").and_then(Value::as_i64).is_some_and(|length| length <= 0) {
                let reason = format!("[max_input_length] must be > 0 but was [{}]", given["max_input_length"]);
                return Err(Error::illegal_argument(reason));
            }
        }
        Variant::MatchOnlyText if given.get("norms") == Some(&true.into()) => {
            return Err(mapper_parsing("Norms cannot be enabled on for match_only_text field"));
        }
        Variant::Constant => match given.get("value") {
            Some(Value::String(_)) => {}
            Some(_) => {
                return Err(Error::new(ErrorKind::Parse, format!("Field [{name}] is expected to be a string value")));
            }
            None => {
                let reason = format!("Field [{name}] is missing required parameter [value]");
                return Err(Error::new(ErrorKind::Parse, reason));
            }
        },
        Variant::Join => super::join::complete(&field.path, given)?,
        Variant::Wildcard => shown(given, "doc_values", true.into()),
        Variant::TokenCount if !given.contains_key("analyzer") => {
            return Err(mapper_parsing(format!("Analyzer must be set for field [{name}] but wasn't.")));
        }
        Variant::SearchAsYouType => {
            shown(given, "doc_values", false.into());
            shown(given, "max_shingle_size", 3.into());
            let size = given.get("max_shingle_size").and_then(Value::as_i64).unwrap_or(3);
            if !(2..=MAX_SHINGLES).contains(&size) {
                let reason =
                    format!("[max_shingle_size] must be at least [2] and at most [{MAX_SHINGLES}], got [{size}]");
                return Err(mapper_parsing(reason));
            }
            if given.get("doc_values") == Some(&true.into()) {
                return Err(mapper_parsing("Cannot set [doc_values] on field of type [search_as_you_type]"));
            }
        }
        _ => {}
    }
    Ok(())
}

fn shown(given: &mut Map<String, Value>, key: &str, value: Value) {
    given.entry(key).or_insert(value);
}

/// Adds the fields that a [`Variant::SearchAsYouType`] or a [`Variant::Join`] has below it.
pub(super) fn parts(field: &mut Field) {
    if field.variant == Variant::Join {
        return super::join::parts(field);
    }
    if field.variant != Variant::SearchAsYouType {
        return;
    }
    let size = field.explicit.get("max_shingle_size").and_then(Value::as_i64).unwrap_or(3) as u8;
    let part = |name: &str, variant: Variant, field: &Field| Field {
        path: format!("{}.{name}", field.path).into(),
        variant,
        fields: std::collections::BTreeMap::new(),
        copy_to: Vec::new(),
        ..field.clone()
    };
    for words in 2..=size {
        let name = format!("_{words}gram");
        let inner = part(&name, Variant::Shingles(words), field);
        field.fields.insert(name.into(), Arc::new(inner));
    }
    let mut beginnings = part("_index_prefix", Variant::Beginnings(size), field);
    beginnings.norms = false;
    field.fields.insert("_index_prefix".into(), Arc::new(beginnings));
}

impl Field {
    /// Whether it came along with the field above it.
    pub fn is_part(&self) -> bool {
        matches!(self.variant, Variant::Shingles(_) | Variant::Beginnings(_) | Variant::Parent)
    }

    /// Of a field that has one value in every document: that value.
    pub fn constant(&self) -> Option<&str> {
        self.explicit.get("value").filter(|_| self.variant == Variant::Constant)?.as_str()
    }

    /// Of a field of features: whether more is better.
    pub fn positive_impact(&self) -> bool {
        self.explicit.get("positive_score_impact").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Of a field of completions: whether words are kept apart, whether places without a word count, and how long inputs may be, in UTF-16
    /// units.
    pub fn completion(&self) -> (bool, bool, usize) {
        let flag = |name: &str| self.explicit.get(name).and_then(Value::as_bool).unwrap_or(true);
        let length = self.explicit.get("max_input_length").and_then(Value::as_u64).unwrap_or(50);
        (flag("preserve_separators"), flag("preserve_position_increments"), length as usize)
    }

    /// Whether its terms are words of a text.
    pub fn is_text(&self) -> bool {
        self.kind == FieldKind::Text
    }
}
