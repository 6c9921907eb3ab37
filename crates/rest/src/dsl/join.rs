//! `has_child`, `has_parent` and `parent_id`.

use model::error::Error;
use model::query::join::{HasChild, HasParent, ParentId};
use model::query::nested::NestedScore;
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, fields};
use super::nested::{read_inner_hits, score_mode};
use super::queries::within;

/// `has_child`.
pub(super) fn has_child(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    const OWNER: &str = "has_child";
    let mut carried = Carried::new();
    let (mut kind, mut query, mut mode, mut ignore_unmapped) = (None, None, NestedScore::None, false);
    let (mut min_children, mut max_children) = (1_i32, i32::MAX);
    for field in fields(OWNER, object) {
        match (field.key, field.value) {
            ("query", Value::Object(_)) => query = Some(within(field.value, depth + 1)?),
            ("inner_hits", Value::Object(options)) => {
                read_inner_hits(options)?;
                return Err(field.not_implemented());
            }
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("type", _) => kind = Some(field.text()?),
            ("score_mode", _) => mode = score_mode(&field.text()?)?,
            ("min_children", _) => min_children = field.int()?,
            ("max_children", _) => max_children = field.int()?,
            ("ignore_unmapped", _) => ignore_unmapped = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let kind = kind.ok_or_else(|| missing(OWNER, "type"))?;
    let query = query.ok_or_else(|| missing(OWNER, "query"))?;
    let bounds = |what: &str| Error::illegal_argument(format!("[{OWNER}] {what}"));
    let not_negative = |given: i32, name: &str| {
        u32::try_from(given).map_err(|_| bounds(&format!("requires non-negative '{name}' field")))
    };
    let min_children = not_negative(min_children, "min_children")?;
    let max_children = not_negative(max_children, "max_children")?;
    if max_children < min_children {
        return Err(bounds("'max_children' is less than 'min_children'"));
    }
    let found = HasChild { kind, query, score_mode: mode, min_children, max_children, ignore_unmapped };
    Ok(carried.query(Kind::HasChild(Box::new(found))))
}

/// `has_parent`.
pub(super) fn has_parent(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    const OWNER: &str = "has_parent";
    let mut carried = Carried::new();
    let (mut kind, mut query, mut score, mut ignore_unmapped) = (None, None, false, false);
    for field in fields(OWNER, object) {
        match (field.key, field.value) {
            ("query", Value::Object(_)) => query = Some(within(field.value, depth + 1)?),
            ("inner_hits", Value::Object(options)) => {
                read_inner_hits(options)?;
                return Err(field.not_implemented());
            }
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("parent_type", _) => kind = Some(field.text()?),
            ("score", _) => score = field.flag()?,
            ("ignore_unmapped", _) => ignore_unmapped = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let kind = kind.ok_or_else(|| missing(OWNER, "parent_type"))?;
    let query = query.ok_or_else(|| missing(OWNER, "query"))?;
    Ok(carried.query(Kind::HasParent(Box::new(HasParent { kind, query, score, ignore_unmapped }))))
}

/// `parent_id`.
pub(super) fn parent_id(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found = ParentId { kind: None, id: None, ignore_unmapped: false };
    for field in fields("parent_id", object) {
        match (field.key, field.value) {
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("type", _) => found.kind = Some(field.text()?),
            ("id", _) => found.id = Some(field.text()?),
            ("ignore_unmapped", _) => found.ignore_unmapped = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    Ok(carried.query(Kind::ParentId(found)))
}

fn missing(owner: &str, what: &str) -> Error {
    Error::illegal_argument(format!("[{owner}] requires '{what}' field"))
}
