//! `matrix_stats`.

use model::aggregation::request::metric::MatrixStats;
use model::aggregation::request::{Kind, Source};
use model::error::Error;
use model::json::token;
use model::search::SortMode;
use serde_json::{Map, Value};

use super::super::field::Field;
use super::Asked;

/// `matrix_stats`.
pub(super) fn matrix_stats(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut names, mut missing) = (Vec::new(), None);
    let (mut mode, mut format) = (SortMode::Avg, None);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("fields", Value::String(name)) => names = vec![name.clone()],
            ("fields", Value::Array(items)) => {
                let name = |item: &Value| match item {
                    Value::String(name) => Ok(name.clone()),
                    other => Err(unexpected(asked, "fields", token(other))),
                };
                names = items.iter().map(name).collect::<Result<_, _>>()?;
            }
            ("missing", Value::Object(object)) => missing = Some(object),
            ("mode", Value::String(name)) => mode = self::mode(name)?,
            ("format", Value::String(pattern)) => format = Some(pattern.clone()),
            _ => return Err(refused(asked, field)),
        }
    }
    if let Some((key, value)) = missing.and_then(|missing| missing.iter().find(|(_, value)| !is_scalar(value))) {
        return Err(unexpected(asked, key, token(value)));
    }
    let source = |name: String| Source {
        missing: stands_for(missing, &name),
        field: name,
        format: format.clone(),
        ..Source::default()
    };
    Ok(Kind::MatrixStats(Box::new(MatrixStats { fields: names.into_iter().map(source).collect(), mode })))
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn stands_for(missing: Option<&Map<String, Value>>, name: &str) -> Option<Value> {
    missing.and_then(|missing| missing.get(name)).filter(|value| !value.is_null()).cloned()
}

fn unexpected(asked: Asked<'_>, key: &str, found: &str) -> Error {
    Error::parsing(format!("Unexpected token {found} [{key}] in [{}].", asked.name))
}

fn refused(asked: Asked<'_>, field: Field<'_>) -> Error {
    let mut error = unexpected(asked, field.key, field.token());
    if matches!(field.key, "script" | "value_type") {
        error.reason.push_str(" Multi-field aggregations do not support scripts.");
    }
    error
}

fn mode(name: &str) -> Result<SortMode, Error> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "min" => SortMode::Min,
        "max" => SortMode::Max,
        "sum" => SortMode::Sum,
        "avg" => SortMode::Avg,
        "median" => SortMode::Median,
        _ => return Err(Error::illegal_argument(format!("Illegal sort mode: {name}"))),
    })
}
