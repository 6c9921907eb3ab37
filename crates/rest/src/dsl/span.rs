//! Queries about where words stand: `span_term`, `span_near`, `span_or`, `span_first`, `span_not`, `span_containing`, `span_within`,
//! `span_multi`, `field_masking_span`.

use model::error::Error;
use model::query::span::Span;
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::queries::within;

fn query(carried: Carried, span: Span) -> Query {
    carried.query(Kind::Span(Box::new(span)))
}

/// The span that a clause is; clauses are not boosted by themselves.
fn clause(field: Field<'_>, value: &Value, depth: usize) -> Result<Span, Error> {
    let (owner, key) = (field.owner, field.key);
    let wrong = || Error::parsing(format!("{owner} [{key}] must be of type span query"));
    if !value.is_object() {
        return Err(field.unsupported());
    }
    let inner = within(value, depth + 1)?;
    let Kind::Span(span) = inner.kind else { return Err(wrong()) };
    if inner.boost != 1.0 {
        let boost = inner.boost;
        return Err(Error::parsing(format!(
            "{owner} [{key}] as a nested span clause can't have non-default boost value [{boost:?}]"
        )));
    }
    Ok(*span)
}

fn clauses(field: Field<'_>, depth: usize) -> Result<Vec<Span>, Error> {
    let Value::Array(items) = field.value else { return Err(field.unsupported()) };
    items.iter().map(|item| clause(field, item, depth)).collect()
}

/// `span_term`.
pub(super) fn span_term(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found: Option<(&str, &Value)> = None;
    for field in fields("span_term", object) {
        match field.value {
            Value::Object(options) => {
                let mut value = None;
                for option in fields("span_term", options) {
                    match option.key {
                        "value" | "term" => value = Some(option.value),
                        _ if carried.take(option)? => {}
                        _ => return Err(option.unsupported()),
                    }
                }
                found = Some((field.key, value.ok_or_else(|| Error::illegal_argument("value cannot be null"))?));
            }
            _ if found.is_some() => {
                let (first, other) = (found.map_or("", |(name, _)| name), field.key);
                let reason =
                    format!("[span_term] query doesn't support multiple fields, found [{first}] and [{other}]");
                return Err(Error::parsing(reason));
            }
            value => found = Some((field.key, value)),
        }
    }
    let (name, value) = found.ok_or_else(|| Error::illegal_argument("field name is null or empty"))?;
    if value.is_null() {
        return Err(Error::illegal_argument("value cannot be null"));
    }
    Ok(query(carried, Span::Term { field: name.to_owned(), value: value.clone() }))
}

/// `span_or`.
pub(super) fn span_or(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut found) = (Carried::new(), Vec::new());
    for field in fields("span_or", object) {
        match field.key {
            "clauses" => found = clauses(field, depth)?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    if found.is_empty() {
        return Err(Error::parsing("span_or must include [clauses]"));
    }
    Ok(query(carried, Span::Or(found)))
}

/// `span_near`.
pub(super) fn span_near(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut found, mut slop, mut in_order) = (Carried::new(), Vec::new(), 0, true);
    for field in fields("span_near", object) {
        match (field.key, field.value) {
            ("clauses", Value::Array(items)) => {
                for item in items {
                    found.push(match gap(item)? {
                        Some(gap) => gap,
                        None => clause(field, item, depth)?,
                    });
                }
            }
            ("clauses", _) => return Err(field.unsupported()),
            ("slop", _) => slop = field.int()?,
            ("in_order", _) => in_order = field.flag()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let gaps = found.iter().any(|span| matches!(span, Span::Gap { .. }));
    match found.first() {
        None => return Err(Error::parsing("span_near must include [clauses]")),
        Some(Span::Gap { .. }) => {
            return Err(Error::illegal_argument("[span_near] [clauses] must not begin with a gap"));
        }
        Some(_) if gaps && !in_order => {
            return Err(Error::illegal_argument("Gaps can only be added to ordered near queries"));
        }
        Some(_) => {}
    }
    Ok(query(carried, Span::Near { clauses: found, slop, in_order }))
}

/// `{"span_gap": {"field": width}}`
fn gap(item: &Value) -> Result<Option<Span>, Error> {
    let Some(inner) = item.get("span_gap") else { return Ok(None) };
    let wrong = || Error::parsing("[span_gap] query malformed, a field with a width is expected");
    let (name, width) = inner.as_object().and_then(|object| object.iter().next()).ok_or_else(wrong)?;
    let width = width.as_u64().and_then(|width| u32::try_from(width).ok()).ok_or_else(wrong)?;
    Ok(Some(Span::Gap { field: name.clone(), width }))
}

/// `span_first`.
pub(super) fn span_first(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut inner, mut end) = (Carried::new(), None, None);
    for field in fields("span_first", object) {
        match field.key {
            "match" => inner = Some(Box::new(clause(field, field.value, depth)?)),
            "end" => end = Some(field.int()?),
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let inner = inner.ok_or_else(|| Error::parsing("span_first must have [match] span query clause"))?;
    let end = end.ok_or_else(|| Error::parsing("span_first must have [end] set for it"))?;
    Ok(query(carried, Span::First { inner, end }))
}

/// `span_not`.
pub(super) fn span_not(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut include, mut exclude) = (Carried::new(), None, None);
    let (mut both, mut before, mut after) = (None, None, None);
    for field in fields("span_not", object) {
        match field.key {
            "include" => include = Some(Box::new(clause(field, field.value, depth)?)),
            "exclude" => exclude = Some(Box::new(clause(field, field.value, depth)?)),
            "dist" => both = Some(field.int()?),
            "pre" => before = Some(field.int()?),
            "post" => after = Some(field.int()?),
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let include = include.ok_or_else(|| Error::parsing("span_not must have [include] span query clause"))?;
    let exclude = exclude.ok_or_else(|| Error::parsing("span_not must have [exclude] span query clause"))?;
    if both.is_some() && (before.is_some() || after.is_some()) {
        return Err(Error::parsing("span_not can either use [dist] or [pre] & [post] (or none)"));
    }
    let (before, after) = match both {
        Some(both) => (both, both),
        None => (before.unwrap_or(0), after.unwrap_or(0)),
    };
    // Less than nothing is nothing.
    Ok(query(carried, Span::Not { include, exclude, before: before.max(0), after: after.max(0) }))
}

/// `span_containing` and `span_within`, by `name`.
fn two(name: &str, object: &Map<String, Value>, depth: usize) -> Result<(Carried, Box<Span>, Box<Span>), Error> {
    let (mut carried, mut big, mut little) = (Carried::new(), None, None);
    for field in fields(name, object) {
        match field.key {
            "big" => big = Some(Box::new(clause(field, field.value, depth)?)),
            "little" => little = Some(Box::new(clause(field, field.value, depth)?)),
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let missing = |what: &str| Error::illegal_argument(format!("inner clause [{what}] cannot be null."));
    Ok((carried, big.ok_or_else(|| missing("big"))?, little.ok_or_else(|| missing("little"))?))
}

pub(super) fn span_containing(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (carried, big, little) = two("span_containing", object, depth)?;
    Ok(query(carried, Span::Containing { big, little }))
}

pub(super) fn span_within(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (carried, big, little) = two("span_within", object, depth)?;
    Ok(query(carried, Span::Within { big, little }))
}

/// `span_multi`.
pub(super) fn span_multi(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut found) = (Carried::new(), None);
    for field in fields("span_multi", object) {
        match (field.key, field.value) {
            ("match", Value::Object(_)) => {
                let inner = within(field.value, depth + 1)?;
                let many = matches!(
                    inner.kind,
                    Kind::Prefix(_) | Kind::Wildcard(_) | Kind::Regexp(_) | Kind::Fuzzy(_) | Kind::Range(_)
                );
                if !many {
                    return Err(Error::parsing("[span_multi] [match] must be of type multi term query"));
                }
                found = Some(inner);
            }
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let missing = || Error::parsing("[span_multi] must have [match] multi term query clause");
    Ok(query(carried, Span::Multi(Box::new(found.ok_or_else(missing)?))))
}

/// `field_masking_span`, `span_field_masking`.
pub(super) fn masked(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let (mut carried, mut inner, mut name) = (Carried::new(), None, None);
    for field in fields("span_field_masking", object) {
        match field.key {
            "query" => inner = Some(Box::new(clause(field, field.value, depth)?)),
            "field" => name = field.text_or_null()?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let inner = inner.ok_or_else(|| Error::parsing("span_field_masking must have [query] span query clause"))?;
    let field = name.ok_or_else(|| Error::parsing("span_field_masking must have [field] set for it"))?;
    Ok(query(carried, Span::Masked { inner, field }))
}
