//! `order` of buckets, and the paths that orders and pipelines follow.

use model::aggregation::request::{Order, OrderBy};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::{Map, Value};

use super::super::field::Field;
use super::declared::At;

/// An object with one key, or an array of such.
pub(super) fn order(field: Field<'_>) -> Result<Vec<Order>, Error> {
    let read = match field.value {
        Value::Object(object) => one(object).map(|one| vec![one]),
        Value::Array(items) if items.is_empty() => {
            Err(Error::new(ErrorKind::IndexOutOfBounds, "Index 0 out of bounds for length 0"))
        }
        Value::Array(items) => items.iter().map(item).collect(),
        _ => return Err(field.mistyped()),
    };
    read.at(field)
}

fn item(value: &Value) -> Result<Order, Error> {
    match value {
        Value::Object(object) => one(object),
        Value::Array(_) => Err(Error::new(ErrorKind::IllegalState, "expected value but got [START_ARRAY]")),
        other => Err(unexpected(other)),
    }
}

fn unexpected(value: &Value) -> Error {
    Error::parsing(format!("Unexpected token [{}] for [order]", token(value)))
}

/// Of several keys the last counts.
fn one(object: &Map<String, Value>) -> Result<Order, Error> {
    let mut found = None;
    for (key, value) in object {
        let Value::String(direction) = value else { return Err(unexpected(value)) };
        let descending = match direction.to_ascii_lowercase().as_str() {
            "asc" => false,
            "desc" => true,
            _ => return Err(Error::parsing(format!("Unknown order direction [{direction}]"))),
        };
        found = Some((key, descending));
    }
    let (key, descending) = found.ok_or_else(|| Error::parsing("Must specify at least one field for [order]"))?;
    Ok(Order { by: by(key)?, descending })
}

/// What a key orders by.
pub(super) fn by(key: &str) -> Result<OrderBy, Error> {
    Ok(match key {
        "_count" => OrderBy::Count,
        "_key" | "_term" | "_time" => OrderBy::Key,
        path => {
            elements(path)?;
            OrderBy::Path(path.to_owned())
        }
    })
}

/// The names of aggregations along `path`: what stands between `>`, the last without `.metric`, all without `[key]`.
///
/// # Errors
/// `illegal_argument_exception` for a path without names, `aggregation_execution_exception` for an element that is none.
pub(super) fn elements(path: &str) -> Result<Vec<&str>, Error> {
    let parts: Vec<&str> = path.split('>').map(str::trim).filter(|part| !part.is_empty()).collect();
    let Some(last) = parts.len().checked_sub(1) else {
        return Err(Error::illegal_argument(format!("Invalid path [{path}]")));
    };
    let invalid = |part: &str| {
        Error::new(ErrorKind::AggregationExecution, format!("Invalid path element [{part}] in path [{path}]"))
    };
    let name = |(at, part): (usize, &&'_ str)| -> Result<usize, Error> {
        if let Some(bracket) = part.rfind('[') {
            let whole = bracket > 0 && part.ends_with(']') && bracket + 2 < part.len();
            return if whole { Ok(bracket) } else { Err(invalid(part)) };
        }
        match part.rfind('.') {
            Some(dot) if at == last => {
                if dot > 0 && dot + 1 < part.len() {
                    Ok(dot)
                } else {
                    Err(invalid(part))
                }
            }
            _ => Ok(part.len()),
        }
    };
    let ends: Vec<usize> = parts.iter().enumerate().map(name).collect::<Result<_, _>>()?;
    Ok(parts.into_iter().zip(ends).map(|(part, end)| &part[..end]).collect())
}
