//! `hybrid`, and Elasticsearch's `retriever` for the same: several queries ranked together.

use model::error::Error;
use model::query::compound::Boolean;
use model::query::hybrid::{Fusion, Hybrid, MAX_QUERIES};
use model::query::{Kind, Query};
use model::search::SearchRequest;
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::queries::within;

/// `hybrid`.
pub(super) fn hybrid(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    if depth > 1 {
        return Err(wrapped());
    }
    let mut carried = Carried::new();
    let mut found = Hybrid { queries: Vec::new(), filter: None, depth: None, fusion: None };
    for field in fields("hybrid", object) {
        match (field.key, field.value) {
            ("queries", Value::Array(items)) => {
                found.queries = items.iter().map(|item| within(item, depth + 1)).collect::<Result<_, _>>()?;
            }
            ("queries", Value::Object(_)) => found.queries = vec![within(field.value, depth + 1)?],
            ("filter", Value::Object(_)) => found.filter = Some(within(field.value, depth + 1)?),
            ("pagination_depth", _) => found.depth = Some(window(field)?),
            _ if field.is_scalar() && carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    if found.queries.is_empty() {
        return Err(Error::parsing("[hybrid] requires 'queries' field with at least one clause"));
    }
    if found.queries.len() > MAX_QUERIES {
        return Err(Error::parsing(format!(
            "Number of sub-queries exceeds maximum supported by [hybrid] query, max {MAX_QUERIES}"
        )));
    }
    Ok(carried.query(Kind::Hybrid(Box::new(found))))
}

fn wrapped() -> Error {
    Error::illegal_argument("hybrid query must be a top level query and cannot be wrapped into other queries")
}

fn window(field: Field<'_>) -> Result<u64, Error> {
    let number = field.int()?;
    u64::try_from(number).ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(|| {
        Error::illegal_argument(format!("{} should be between 1 and 10000, found [{number}]", field.key))
    })
}

/// `retriever`: `standard`, or `rrf` over several of them.
pub(super) fn retriever(object: &Map<String, Value>, request: &mut SearchRequest) -> Result<(), Error> {
    match only(object)? {
        ("rrf", options) => request.query = rrf(options)?,
        ("standard", options) => request.query = standard(options)?,
        (kind, _) => return Err(Error::not_implemented(format!("the retriever [{kind}]"))),
    }
    Ok(())
}

fn only(object: &Map<String, Value>) -> Result<(&str, &Map<String, Value>), Error> {
    match object.iter().next() {
        Some((kind, Value::Object(options))) if object.len() == 1 => Ok((kind, options)),
        _ => Err(Error::parsing("[retriever] expects one retriever")),
    }
}

fn standard(options: &Map<String, Value>) -> Result<Query, Error> {
    let (mut query, mut filter) = (Query::match_all(), Vec::new());
    for field in fields("standard", options) {
        match (field.key, field.value) {
            ("query", _) => query = within(field.value, 2)?,
            ("filter", Value::Array(items)) => {
                filter = items.iter().map(|item| within(item, 2)).collect::<Result<_, _>>()?;
            }
            ("filter", _) => filter = vec![within(field.value, 2)?],
            _ => return Err(field.not_implemented()),
        }
    }
    Ok(if filter.is_empty() {
        query
    } else {
        Query::new(Kind::Bool(Boolean { must: vec![query], filter, ..Boolean::default() }))
    })
}

fn rrf(options: &Map<String, Value>) -> Result<Query, Error> {
    let mut found = Hybrid { queries: Vec::new(), filter: None, depth: None, fusion: None };
    let mut constant = 60;
    for field in fields("rrf", options) {
        match (field.key, field.value) {
            ("retrievers", Value::Array(items)) => {
                for item in items {
                    let Value::Object(item) = item else { return Err(field.unsupported()) };
                    match only(item)? {
                        ("standard", options) => found.queries.push(standard(options)?),
                        (kind, _) => return Err(Error::not_implemented(format!("the retriever [{kind}] in [rrf]"))),
                    }
                }
            }
            ("filter", Value::Object(_)) => found.filter = Some(within(field.value, 2)?),
            ("rank_constant", _) => constant = window(field)? as u32,
            ("rank_window_size", _) => found.depth = Some(window(field)?),
            _ => return Err(field.unsupported()),
        }
    }
    if found.queries.len() < 2 {
        return Err(Error::illegal_argument("[rrf] requires at least two retrievers"));
    }
    found.fusion = Some(Fusion::ReciprocalRank { constant, weights: Vec::new() });
    Ok(Query::new(Kind::Hybrid(Box::new(found))))
}
