//! `top_hits`.

use model::aggregation::request::Kind;
use model::aggregation::request::metric::TopHits;
use model::error::Error;
use model::json::token;
use model::search::Fetch;
use serde_json::Value;

use super::super::field::{Field, text_of};
use super::super::highlight::highlight;
use super::super::sort::sort;
use super::super::source::{field_specs, script_fields, source_filter, stored_fields, unknown_key};
use super::Asked;

/// `top_hits`.
pub(super) fn top_hits(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut found =
        TopHits { from: 0, size: 3, sort: Vec::new(), track_scores: false, explain: false, fetch: Fetch::default() };
    for field in asked.fields() {
        match field.value {
            Value::Object(_) => object(field, &mut found)?,
            Value::Array(items) => array(field, items, &mut found)?,
            Value::Null => return Err(unknown_key(field.key, field.value)),
            _ => scalar(asked, field, &mut found)?,
        }
    }
    Ok(Kind::TopHits(Box::new(found)))
}

fn scalar(asked: Asked<'_>, field: Field<'_>, found: &mut TopHits) -> Result<(), Error> {
    let window = |field: Field<'_>| {
        let number = field.int()?;
        asked.not_negative(field.key, number).map(i32::unsigned_abs)
    };
    match field.key {
        "from" => found.from = window(field)?,
        "size" => found.size = window(field)?,
        "sort" => found.sort = sort(field.value)?,
        "track_scores" => found.track_scores = field.flag()?,
        "explain" => found.explain = field.flag()?,
        "version" => found.fetch.version = field.flag()?,
        "seq_no_primary_term" => found.fetch.seq_no_primary_term = field.flag()?,
        "_source" => found.fetch.source = Some(source_filter(field.value)?),
        "stored_fields" => match field.value {
            Value::String(name) => found.fetch.stored_fields = Some(vec![name.clone()]),
            _ => {
                let found = field.token();
                let expected = "Expected [VALUE_STRING] or [START_ARRAY] in [stored_fields]";
                return Err(Error::parsing(format!("{expected} but found [{found}]")));
            }
        },
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}

fn object(field: Field<'_>, found: &mut TopHits) -> Result<(), Error> {
    let Value::Object(object) = field.value else { return Err(unknown_key(field.key, field.value)) };
    match field.key {
        "sort" => found.sort = sort(field.value)?,
        "_source" => found.fetch.source = Some(source_filter(field.value)?),
        "highlight" => found.fetch.highlight = Some(Box::new(highlight(object)?)),
        "script_fields" => match object.iter().find(|(_, value)| !value.is_object()) {
            None => found.fetch.script_fields = script_fields(object)?,
            Some((_, value)) => {
                let found = token(value);
                let reason = format!("Expected [START_OBJECT] in [script_fields] but found [{found}]");
                return Err(Error::parsing(reason));
            }
        },
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}

fn array(field: Field<'_>, items: &[Value], found: &mut TopHits) -> Result<(), Error> {
    match field.key {
        "sort" => found.sort = sort(field.value)?,
        "_source" => found.fetch.source = Some(source_filter(field.value)?),
        "fields" => found.fetch.fields = field_specs(items)?,
        "docvalue_fields" => found.fetch.docvalue_fields = field_specs(items)?,
        "stored_fields" => {
            let read = |item| text_of(item).ok_or_else(|| unknown_key(field.key, item));
            let names = items.iter().map(read).collect::<Result<_, _>>()?;
            found.fetch.stored_fields = Some(stored_fields(names)?);
        }
        _ => return Err(unknown_key(field.key, field.value)),
    }
    Ok(())
}
