//! `combined_fields`.

use model::error::Error;
use model::query::full_text::{CombinedFields, Operator};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields, required};
use super::full_text::field_list;

/// `combined_fields`.
pub(super) fn combined_fields(object: &Map<String, Value>) -> Result<Query, Error> {
    let (mut carried, mut text) = (Carried::new(), None);
    let (mut names, mut operator, mut minimum_should_match) = (Vec::new(), Operator::Or, None);
    for option in fields("combined_fields", object) {
        match option.key {
            "query" => text = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "fields" => names = list(option)?,
            "operator" => {
                let given = option.typed(&["VALUE_STRING"])?;
                operator = given.operator().map_err(|error| given.failed(error))?;
            }
            "minimum_should_match" => {
                minimum_should_match = Some(option.typed(&["VALUE_STRING", "VALUE_NUMBER"])?.text()?);
            }
            _ if carried.take_declared(option)? => {}
            _ => return Err(option.undeclared()),
        }
    }
    let text = text.ok_or_else(|| required("query"))?;
    let asked = CombinedFields { text, fields: names, operator, minimum_should_match };
    Ok(carried.query(Kind::CombinedFields(Box::new(asked))))
}

fn list(option: Field<'_>) -> Result<Vec<(String, f32)>, Error> {
    let given = option.typed(&["START_ARRAY", "VALUE_STRING", "VALUE_NUMBER"])?;
    field_list(given).map_err(|error| given.failed(error))
}
