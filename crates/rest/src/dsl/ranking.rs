//! `collapse`, `rescore` and `indices_boost` of a search.

use model::error::{Error, ErrorKind};
use model::query::nested::InnerHits;
use model::ranking::{Collapse, IndexBoost, Rescore, RescoreMode};
use serde_json::{Map, Value};

use super::field::{Field, fields};
use super::nested::read_inner_hits;
use super::queries::query;

pub(super) fn collapse(object: &Map<String, Value>) -> Result<Collapse, Error> {
    let mut collapse = Collapse { field: String::new(), inner_hits: Vec::new(), unscored: false };
    for field in fields("collapse", object) {
        match field.key {
            "field" => {
                collapse.field = field.typed(&["VALUE_STRING"])?.text()?;
                if collapse.field.is_empty() {
                    return Err(field.failed(Error::illegal_argument("field name is null or empty")));
                }
            }
            "inner_hits" => match field.value {
                Value::Array(items) => {
                    for item in items {
                        collapse.inner_hits.push(named(item.as_object().ok_or_else(|| field.undeclared())?)?);
                    }
                }
                Value::Object(object) => collapse.inner_hits.push(named(object)?),
                _ => return Err(field.undeclared()),
            },
            // How many groups are asked for at a time is the server's own matter.
            "max_concurrent_group_searches" => {
                if field.int().map_err(|error| field.failed(error))? < 1 {
                    let reason = "maxConcurrentGroupRequests` must be positive";
                    return Err(field.failed(Error::illegal_argument(reason)));
                }
            }
            _ => return Err(field.undeclared()),
        }
    }
    // Of one name the last counts.
    let mut kept: Vec<InnerHits> = Vec::new();
    for inner in collapse.inner_hits {
        kept.retain(|other| other.name != inner.name);
        kept.push(inner);
    }
    collapse.inner_hits = kept;
    Ok(collapse)
}

fn named(object: &Map<String, Value>) -> Result<InnerHits, Error> {
    let inner = read_inner_hits(object)?;
    if inner.name.is_none() {
        return Err(Error::illegal_argument("Field name cannot be null"));
    }
    Ok(inner)
}

pub(super) fn rescore(value: &Value) -> Result<Vec<Rescore>, Error> {
    let one = |value: &Value| match value {
        Value::Object(object) => one_rescore(object),
        other => {
            let token = model::json::token(other);
            Err(Error::parsing(format!("unexpected token [{token}] in [rescore]")))
        }
    };
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

fn one_rescore(object: &Map<String, Value>) -> Result<Rescore, Error> {
    let (mut window, mut found) = (10, None);
    for field in fields("rescore", object) {
        match (field.key, field.value) {
            ("window_size", _) => {
                window = u32::try_from(field.int()?)
                    .map_err(|_| Error::illegal_argument("[window_size] must not be negative"))?;
            }
            ("query", Value::Object(object)) => found = Some(by_query(object)?),
            (name, Value::Object(_)) => {
                return Err(Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]")));
            }
            (name, other) => {
                let token = model::json::token(other);
                return Err(Error::parsing(format!("unexpected token [{token}] after [{name}]")));
            }
        }
    }
    let found = found.ok_or_else(|| Error::parsing("missing rescore type"))?;
    Ok(Rescore { window, ..found })
}

fn by_query(object: &Map<String, Value>) -> Result<Rescore, Error> {
    let (mut rescored, mut weights, mut mode) = (None, [1.0, 1.0], RescoreMode::default());
    for field in fields("query", object) {
        match field.key {
            "rescore_query" => rescored = Some(query(field.value).map_err(|cause| unread(&field, cause))?),
            "query_weight" => weights[0] = field.float().map_err(|cause| unread(&field, cause))?,
            "rescore_query_weight" => weights[1] = field.float().map_err(|cause| unread(&field, cause))?,
            "score_mode" => mode = mode_of(field)?,
            _ => return Err(field.undeclared()),
        }
    }
    let query = rescored.ok_or_else(|| Error::illegal_argument("Required [rescore_query]"))?;
    let [query_weight, rescore_weight] = weights;
    Ok(Rescore { window: 0, query, query_weight, rescore_weight, mode })
}

/// What is wrong with a part, told of the part.
fn unread(field: &Field<'_>, cause: Error) -> Error {
    match cause.kind {
        ErrorKind::NotImplemented | ErrorKind::XContentParse => cause,
        _ => field.failed(cause),
    }
}

fn mode_of(field: Field<'_>) -> Result<RescoreMode, Error> {
    let text = field.typed(&["VALUE_STRING"])?.text()?;
    Ok(match text.to_ascii_lowercase().as_str() {
        "total" => RescoreMode::Total,
        "multiply" => RescoreMode::Multiply,
        "avg" => RescoreMode::Avg,
        "max" => RescoreMode::Max,
        "min" => RescoreMode::Min,
        _ => return Err(field.failed(Error::illegal_argument(format!("illegal score_mode [{text}]")))),
    })
}

/// An object, or a list of objects with one key each.
pub(super) fn indices_boost(value: &Value) -> Result<Vec<IndexBoost>, Error> {
    let mut boosts = Vec::new();
    let mut add = |object: &Map<String, Value>| {
        for field in fields("indices_boost", object) {
            boosts.push(IndexBoost { name: field.key.to_owned(), boost: field.float()? });
        }
        Ok::<(), Error>(())
    };
    match value {
        Value::Array(items) => {
            for item in items {
                let object = item.as_object().filter(|object| object.len() == 1);
                let wrong = || Error::parsing("Expected [START_OBJECT] with one index in [indices_boost]");
                add(object.ok_or_else(wrong)?)?;
            }
        }
        Value::Object(object) => add(object)?,
        _ => return Err(Error::parsing("Expected [START_OBJECT] or [START_ARRAY] in [indices_boost]")),
    }
    Ok(boosts)
}
