//! Queries made of queries: `bool`, `boosting`, `constant_score`, `dis_max`.

use model::error::{Error, ErrorKind};
use model::query::compound::{Boolean, Boosting, DisMax};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::queries::within;
use super::term_level::late;

/// `bool`.
pub(super) fn boolean(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found = Boolean::default();
    for field in fields("bool", object) {
        match field.key {
            "must" => found.must = clauses(field, depth)?,
            "should" => found.should = clauses(field, depth)?,
            "filter" => found.filter = clauses(field, depth)?,
            "must_not" | "mustNot" => found.must_not = clauses(field, depth)?,
            "minimum_should_match" => {
                let typed = field.typed(&["VALUE_STRING", "VALUE_NUMBER", "VALUE_BOOLEAN", "VALUE_NULL"])?;
                found.minimum_should_match = typed.text_or_null()?;
            }
            "adjust_pure_negative" => {
                let typed = field.typed(&["VALUE_BOOLEAN", "VALUE_STRING"])?;
                found.adjust_pure_negative = Some(typed.flag().map_err(|error| field.failed(error))?);
            }
            _ if carried.take_declared(field)? => {}
            _ => return Err(field.undeclared()),
        }
    }
    Ok(carried.query(Kind::Bool(found)))
}

/// One clause or several.
fn clauses(field: Field<'_>, depth: usize) -> Result<Vec<Query>, Error> {
    let read = |value: &Value| match value {
        Value::Array(_) => {
            Err(field.failed(Error::new(ErrorKind::IllegalState, "expected value but got [START_ARRAY]")))
        }
        value => within(value, depth + 1).map_err(|error| field.failed(error)),
    };
    match field.typed(&["START_OBJECT", "START_ARRAY", "VALUE_NULL"])?.value {
        Value::Array(items) => items.iter().map(read).collect(),
        Value::Null => Ok(Vec::new()),
        one => Ok(vec![read(one)?]),
    }
}

/// `boosting`.
pub(super) fn boosting(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut positive, mut negative, mut negative_boost) = (None, None, -1.0);
    for field in fields("boosting", object) {
        match (field.key, field.value) {
            ("positive", Value::Object(_)) => positive = Some(within(field.value, depth + 1)?),
            ("negative", Value::Object(_)) => negative = Some(within(field.value, depth + 1)?),
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("negative_boost", _) => negative_boost = field.float()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let missing = |what: &str| Error::parsing(format!("[boosting] query requires {what}"));
    let positive = positive.ok_or_else(|| missing("'positive' query to be set'"))?;
    let negative = negative.ok_or_else(|| missing("'negative' query to be set'"))?;
    if negative_boost < 0.0 {
        return Err(missing("'negative_boost' to be set to be a positive value'"));
    }
    Ok(carried.query(Kind::Boosting(Box::new(Boosting { positive, negative, negative_boost }))))
}

/// `constant_score`.
pub(super) fn constant_score(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut filter = None;
    for field in fields("constant_score", object) {
        match (field.key, field.value) {
            ("filter", Value::Object(_)) => filter = Some(within(field.value, depth + 1)?),
            (_, Value::Array(_)) => return Err(Error::parsing("unexpected token [START_ARRAY]")),
            (_, Value::Object(_) | Value::Null) => return Err(field.unsupported()),
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let filter = filter.ok_or_else(|| Error::parsing("[constant_score] requires a 'filter' element"))?;
    Ok(carried.query(Kind::ConstantScore(Box::new(filter))))
}

/// `dis_max`.
pub(super) fn dis_max(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut queries = None;
    let mut tie_breaker = 0.0;
    for field in fields("dis_max", object) {
        match (field.key, field.value) {
            ("queries", Value::Object(_)) => queries = Some(vec![within(field.value, depth + 1)?]),
            // OpenSearch reads what closes an empty array as a query.
            ("queries", Value::Array(items)) if items.is_empty() => {
                return Err(Error::parsing("[_na] query malformed, must start with start_object"));
            }
            ("queries", Value::Array(items)) => {
                queries = Some(items.iter().map(|item| within(item, depth + 1)).collect::<Result<_, _>>()?);
            }
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => return Err(field.unsupported()),
            ("tie_breaker", _) => tie_breaker = field.float()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let queries =
        queries.ok_or_else(|| Error::parsing("[dis_max] requires 'queries' field with at least one clause"))?;
    if !(0.0..=1.0).contains(&tie_breaker) {
        return Err(late("tieBreakerMultiplier must be in [0, 1]"));
    }
    Ok(carried.query(Kind::DisMax(DisMax { queries, tie_breaker })))
}
