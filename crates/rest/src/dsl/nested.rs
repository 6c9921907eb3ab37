//! `nested`, `inner_hits`, and the objects inside that are sorted by.

use model::error::{Error, ErrorKind};
use model::query::Kind;
use model::query::Query;
use model::query::nested::{InnerHits, Nested, NestedScore};
use model::search::NestedSort;
use serde_json::{Map, Value};

use super::body::not_negative;
use super::field::{Carried, Field, fields, text_of};
use super::highlight::highlight;
use super::queries::within;
use super::ranking::collapse;
use super::sort::sort;
use super::source::{field_specs, script_fields, source_filter, stored_fields};

/// `nested`.
pub(super) fn nested(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut path, mut query, mut inner_hits) = (None, None, None);
    let (mut score_mode, mut ignore_unmapped) = (NestedScore::Avg, false);
    for field in fields("nested", object) {
        match (field.key, field.value) {
            ("query", Value::Object(_)) => query = Some(within(field.value, depth + 1)?),
            ("inner_hits", Value::Object(options)) => inner_hits = Some(Box::new(read_inner_hits(options)?)),
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("path", _) => path = Some(field.text()?),
            ("ignore_unmapped", _) => ignore_unmapped = field.flag()?,
            ("score_mode", _) => score_mode = self::score_mode(&field.text()?)?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let missing = |what: &str| Error::illegal_argument(format!("[nested] requires '{what}' field"));
    let path = path.ok_or_else(|| missing("path"))?;
    let query = query.ok_or_else(|| missing("query"))?;
    Ok(carried.query(Kind::Nested(Box::new(Nested { path, query, score_mode, ignore_unmapped, inner_hits }))))
}

pub(super) fn score_mode(name: &str) -> Result<NestedScore, Error> {
    Ok(match name {
        "none" => NestedScore::None,
        "min" => NestedScore::Min,
        "max" => NestedScore::Max,
        "avg" => NestedScore::Avg,
        "sum" => NestedScore::Sum,
        _ => return Err(Error::illegal_argument(format!("No score mode for child query [{name}] found"))),
    })
}

/// `inner_hits`.
pub(super) fn read_inner_hits(object: &Map<String, Value>) -> Result<InnerHits, Error> {
    let mut found = InnerHits::default();
    for field in fields("inner_hits", object) {
        read_option(field, &mut found)?;
    }
    Ok(found)
}

fn read_option(field: Field<'_>, found: &mut InnerHits) -> Result<(), Error> {
    let window = |field: Field<'_>| {
        let number = field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?.int()?;
        not_negative(field.key, number)
    };
    match field.key {
        "name" => found.name = Some(field.typed(&["VALUE_STRING"])?.text()?),
        // OpenSearch takes it and does nothing with it.
        "ignore_unmapped" => drop(field.flag()?),
        "from" => found.from = window(field)?,
        "size" => found.size = window(field)?,
        "explain" => found.explain = field.flag()?,
        "version" => found.fetch.version = field.flag()?,
        "seq_no_primary_term" => found.fetch.seq_no_primary_term = field.flag()?,
        "track_scores" => found.track_scores = field.flag()?,
        "sort" => {
            found.sort = sort(field.value)?;
            if matches!(found.sort.as_slice(), [only] if only.is_best_score()) {
                found.sort.clear();
            }
        }
        "_source" => found.fetch.source = Some(source_filter(field.value)?),
        "highlight" => match field.value {
            Value::Object(object) => found.fetch.highlight = Some(Box::new(highlight(object)?)),
            _ => return Err(field.mistyped()),
        },
        "docvalue_fields" | "fields" | "stored_fields" => lists(field, found)?,
        "script_fields" => match field.value {
            Value::Object(object) => {
                found.fetch.script_fields = script_fields(object).map_err(|error| field.failed(error))?;
            }
            _ => return Err(field.mistyped()),
        },
        "collapse" => found.collapse = Some(inner_collapse(field)?),
        _ => return Err(field.undeclared()),
    }
    Ok(())
}

/// The field by which the hits of a group are collapsed once more.
fn inner_collapse(field: Field<'_>) -> Result<String, Error> {
    let Value::Object(object) = field.value else { return Err(field.mistyped()) };
    let found = collapse(object).map_err(|error| field.failed(error))?;
    if object.contains_key("inner_hits") {
        return Err(field.failed(Error::parsing("Invalid token in the inner collapse")));
    }
    Ok(found.field)
}

fn lists(field: Field<'_>, found: &mut InnerHits) -> Result<(), Error> {
    let items = match field.value {
        Value::Array(items) => items.clone(),
        Value::String(_) if field.key == "stored_fields" => vec![field.value.clone()],
        _ => return Err(field.mistyped()),
    };
    match field.key {
        "docvalue_fields" => found.fetch.docvalue_fields = field_specs(&items)?,
        "fields" => found.fetch.fields = field_specs(&items)?,
        _ => {
            let names = items.iter().map(|item| text_of(item).ok_or_else(|| field.mistyped()));
            found.fetch.stored_fields = Some(stored_fields(names.collect::<Result<_, _>>()?)?);
        }
    }
    Ok(())
}

/// `nested` of a sort key.
pub(super) fn nested_sort(value: &Value, depth: usize) -> Result<NestedSort, Error> {
    let malformed = || Error::illegal_argument("malformed nested sort format, must start with an object");
    let Value::Object(object) = value else { return Err(malformed()) };
    if depth > super::queries::MAX_QUERY_DEPTH {
        return Err(Error::new(ErrorKind::TooManyClauses, "sort keys nest too deep"));
    }
    let (mut path, mut filter, mut max_children, mut inner) = (None, None, None, None);
    for field in fields("nested", object) {
        match field.key {
            "path" => path = Some(field.text()?),
            "filter" => filter = Some(within(field.value, 1)?),
            // Less than nothing: all of them.
            "max_children" => max_children = u32::try_from(field.int()?).ok(),
            "nested" => inner = Some(Box::new(nested_sort(field.value, depth + 1)?)),
            key => {
                return Err(Error::illegal_argument(format!(
                    "malformed nested sort format, unknown field name [{key}]"
                )));
            }
        }
    }
    Ok(NestedSort { path: path.unwrap_or_default(), filter, max_children, inner })
}
