//! Scripts: a string, or an object with `source`; and `scripted_metric`, which has four of them.

use model::aggregation::request::Kind;
use model::aggregation::request::metric::ScriptedMetric;
use model::error::Error;
use model::script::{Language, Script};
use serde_json::{Map, Value};

use super::super::field::{Field, fields, required};
use super::Asked;
use super::declared::At;

const OWNER: &str = "script";

/// `scripted_metric`.
pub(super) fn scripted_metric(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut init, mut map, mut combine, mut reduce, mut params) = (None, None, None, None, Map::new());
    for field in asked.fields() {
        match field.key {
            "init_script" => init = Some(declared(field)?),
            "map_script" => map = Some(declared(field)?),
            "combine_script" => combine = Some(declared(field)?),
            "reduce_script" => reduce = Some(declared(field)?),
            "params" => params = field.object()?.clone(),
            _ => return Err(field.undeclared()),
        }
    }
    let map = map.ok_or_else(|| required("map_script"))?;
    Ok(Kind::ScriptedMetric(Box::new(ScriptedMetric { init, map, combine, reduce, params })))
}

/// The script of a key with a declared type.
pub(super) fn declared(field: Field<'_>) -> Result<Script, Error> {
    script(field.typed(&["VALUE_STRING", "START_OBJECT"])?).at(field)
}

/// The script that a key's value is.
///
/// # Errors
/// 501 for stored scripts and for languages other than Painless.
pub(super) fn script(field: Field<'_>) -> Result<Script, Error> {
    let Value::Object(object) = field.value else {
        return Ok(Script::painless(field.text()?, Vec::new()));
    };
    let (mut source, mut id, mut lang) = (None, None, "painless");
    let mut params = Vec::new();
    for option in fields(OWNER, object) {
        match option.key {
            "source" | "inline" => {
                let text = option.typed(&["VALUE_STRING", "START_OBJECT"])?.value;
                let text = text.as_str().ok_or_else(|| option.not_implemented())?;
                source = Some(one_of(source.is_none() && id.is_none(), text).at(option)?);
            }
            "id" => {
                let text = option.string()?;
                id = Some(one_of(source.is_none(), text).at(option)?);
            }
            "lang" => lang = option.string()?,
            "params" => params = option.object()?.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            "options" => drop(option.object()?),
            _ => return Err(option.undeclared()),
        }
    }
    if id.is_some() && object.contains_key("lang") {
        return Err(Error::illegal_argument("illegally specified <lang> for a stored script"));
    }
    if let Some(id) = id {
        return Err(Error::not_implemented(format!("stored script [{id}]")));
    }
    let source = source.ok_or_else(|| {
        Error::illegal_argument("must specify either [source] for an inline script or [id] for a stored script")
    })?;
    let language = match lang {
        "painless" => Language::Painless,
        "knn" => Language::Knn,
        _ => return Err(Error::not_implemented(format!("script language [{lang}]"))),
    };
    Ok(Script { source: source.to_owned(), params, language })
}

fn one_of(alone: bool, text: &str) -> Result<&str, Error> {
    if alone {
        return Ok(text);
    }
    Err(Error::illegal_argument("must only use one of [source, id] when specifying a script"))
}
