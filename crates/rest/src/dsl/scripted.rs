//! Queries by scripts and distances: `script`, `script_score`, `distance_feature`, `terms_set`.

use model::error::Error;
use model::query::scripted::{DistanceFeature, ScriptScore, TermsMinimum, TermsSet};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::aggregation::script_of;
use super::field::{Carried, fields, required, text_of};
use super::queries::within;

/// `script`.
pub(super) fn script(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut script = None;
    for field in fields("script", object) {
        match field.key {
            "script" => script = Some(script_of(field.value)?),
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let script = script.ok_or_else(|| Error::parsing("script must be provided with a [script] query"))?;
    Ok(carried.query(Kind::Script(script)))
}

/// `script_score`.
pub(super) fn script_score(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut query, mut script, mut min_score) = (None, None, None);
    for field in fields("script_score", object) {
        match field.key {
            "query" => query = Some(within(field.value, depth + 1).map_err(|error| field.failed(error))?),
            // Here alone a script that is only a text is refused.
            "script" if !field.value.is_object() => return Err(field.mistyped()),
            "script" => script = Some(script_of(field.value).map_err(|error| field.failed(error))?),
            "min_score" => min_score = Some(field.float()?),
            _ if carried.take_declared(field)? => {}
            _ => return Err(field.undeclared()),
        }
    }
    let query = query.ok_or_else(|| required("query, script"))?;
    let script = script.ok_or_else(|| required("script"))?;
    Ok(carried.query(Kind::ScriptScore(Box::new(ScriptScore { query, script, min_score }))))
}

/// `distance_feature`.
pub(super) fn distance_feature(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut name, mut origin, mut pivot) = (None, None, None);
    for field in fields("distance_feature", object) {
        match field.key {
            "field" => name = field.typed(&["VALUE_STRING"])?.text_or_null()?,
            "origin" => origin = Some(field.value.clone()),
            "pivot" => pivot = field.typed(&["VALUE_STRING"])?.text_or_null()?,
            _ if carried.take_declared(field)? => {}
            _ => return Err(field.undeclared()),
        }
    }
    let field = name.ok_or_else(|| required("field"))?;
    let origin = origin.ok_or_else(|| required("origin"))?;
    let pivot = pivot.ok_or_else(|| required("pivot"))?;
    Ok(carried.query(Kind::DistanceFeature(DistanceFeature { field, origin, pivot })))
}

/// `terms_set`.
pub(super) fn terms_set(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut given = fields("terms_set", object);
    let field = given.next().ok_or_else(|| Error::parsing("[terms_set] unknown token [END_OBJECT]"))?;
    let Value::Object(options) = field.value else { return Err(field.unknown_token()) };
    if let Some(other) = given.next() {
        let reason =
            format!("[terms_set] query doesn't support multiple fields, found [{}] and [{}]", field.key, other.key);
        return Err(Error::parsing(reason));
    }
    let mut carried = Carried::new();
    let (mut terms, mut minimum) = (Vec::new(), None);
    for option in fields("terms_set", options) {
        match (option.key, option.value) {
            ("terms", Value::Array(items)) => terms.clone_from(items),
            ("minimum_should_match_field", _) => {
                let name = text_of(option.value).ok_or_else(|| option.unknown_token())?;
                one(&mut minimum, TermsMinimum::Field(name))?;
            }
            ("minimum_should_match_script", _) => one(&mut minimum, TermsMinimum::Script(script_of(option.value)?))?,
            _ if carried.take(option)? => {}
            _ => return Err(option.unsupported()),
        }
    }
    Ok(carried.query(Kind::TermsSet(Box::new(TermsSet { field: field.key.to_owned(), terms, minimum }))))
}

fn one(known: &mut Option<TermsMinimum>, given: TermsMinimum) -> Result<(), Error> {
    if known.is_some() {
        let reason = "A script has already been specified. Cannot specify both a field and script";
        return Err(Error::illegal_argument(reason));
    }
    *known = Some(given);
    Ok(())
}
