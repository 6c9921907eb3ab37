//! Sort values: those of `search_after`, read; those of hits, shown.

use std::sync::Arc;

use model::date::{DateFormat, DateResolution, Moment};
use model::error::Error;
use model::mapping::{Field, FieldKind, Mapping, NumberKind};
use model::search::{Missing, SortKey, SortValue};
use serde_json::Value;

use super::BindContext;
use super::fault::Outcome;
use super::ip;
use super::number::{float, java_text, number_format, sequence_number};
use super::sort::{numeric_kind, unmapped_kind};
use crate::shard_query::{BoundSort, SortBy, SortValues};

/// The values of `search_after`, typed as the sort keys are; `keys` and `sorts` stand side by side.
///
/// # Errors
/// `illegal_argument_exception` without sort keys (or with the score alone), for another number of values than keys, and for values that a
/// key cannot have; `parse_exception` for dates.
pub fn bind_after(
    values: &[Value],
    keys: &[SortKey],
    sorts: &[BoundSort],
    context: &BindContext,
) -> Result<Vec<SortValue>, Error> {
    let by_score = matches!(sorts, [BoundSort { by: SortBy::Score, descending: true }]);
    check_after(values, if by_score { 0 } else { sorts.len() })?;
    let read = |((value, key), sort): ((&Value, &SortKey), &BoundSort)| {
        let shape = Shape::of(key, sort, &context.mapping);
        shape.read(value, sort).map_err(|fault| shape.refused(fault.error().clone()))
    };
    values.iter().zip(keys).zip(sorts).map(read).collect()
}

/// Whether there is a value for each of so many sort keys.
///
/// # Errors
/// As [`bind_after`] says.
pub fn check_after(values: &[Value], wanted: usize) -> Result<(), Error> {
    if wanted == 0 {
        return Err(Error::illegal_argument("Sort must contain at least one field."));
    }
    let given = values.len();
    if given != wanted {
        return Err(Error::illegal_argument(format!("search_after has {given} value(s) but sort has {wanted}.")));
    }
    Ok(())
}

/// A sort value of a hit as the answer shows it: dates as epoch numbers, missing numbers as the type's limits.
pub fn render_sort_value(value: &SortValue, key: &SortKey, sort: &BoundSort, mapping: &Mapping) -> Value {
    let shape = Shape::of(key, sort, mapping);
    match value {
        SortValue::Missing => shape.limit(goes_high(sort)),
        SortValue::Bytes(bytes) => shape.show_bytes(bytes),
        SortValue::Unsigned(number) => (*number).into(),
        SortValue::Long(number) => match (&shape.field, &key.format) {
            (Some(_), Some(format)) => shape.date_text(format, *number).unwrap_or_else(|| (*number).into()),
            _ => (*number).into(),
        },
        SortValue::Double(number) => shape.show_double(*number),
    }
}

/// What a sort key's values are.
struct Shape {
    name: String,
    kind: Option<FieldKind>,
    field: Option<Arc<Field>>,
    score: bool,
}

/// Whether the missing value is the type's greatest.
fn goes_high(sort: &BoundSort) -> bool {
    let first = match &sort.by {
        SortBy::Field { missing, .. } | SortBy::Unmapped { missing } => *missing == Missing::First,
        _ => false,
    };
    first == sort.descending
}

impl Shape {
    fn of(key: &SortKey, sort: &BoundSort, mapping: &Mapping) -> Self {
        let mut shape = Self { name: key.field.clone(), kind: None, field: None, score: false };
        match &sort.by {
            SortBy::Score => shape.score = true,
            SortBy::Doc | SortBy::ShardDoc(_) => {
                shape.name = "null".to_owned();
                shape.kind = Some(FieldKind::Number(NumberKind::Long));
            }
            SortBy::Id => {}
            SortBy::Script { texts, .. } => {
                shape.kind = (!texts).then_some(FieldKind::Number(NumberKind::Double));
            }
            SortBy::Unmapped { .. } => shape.kind = key.unmapped_type.as_deref().and_then(unmapped_kind),
            SortBy::Field { values: SortValues::Distance(_), .. } => {
                shape.kind = Some(FieldKind::Number(NumberKind::Double));
            }
            SortBy::Field { field, .. } => {
                shape.field = mapping.field(field).cloned();
                shape.kind = match (numeric_kind(key), &shape.field) {
                    (Some(kind), _) => Some(kind),
                    (None, Some(field)) => Some(field.kind.clone()),
                    (None, None) => Some(FieldKind::Number(NumberKind::Long)),
                };
            }
        }
        shape
    }

    /// What stands for a missing value.
    fn limit(&self, high: bool) -> Value {
        let Some(kind) = &self.kind else { return Value::Null };
        match kind {
            FieldKind::Number(NumberKind::UnsignedLong) => if high { u64::MAX } else { 0 }.into(),
            FieldKind::Number(NumberKind::Long) | FieldKind::Date | FieldKind::DateNanos => {
                if high { i64::MAX } else { i64::MIN }.into()
            }
            FieldKind::Number(kind) if kind.is_float() || *kind == NumberKind::ScaledFloat => {
                if high { "Infinity" } else { "-Infinity" }.into()
            }
            FieldKind::Number(_) | FieldKind::Boolean => if high { i32::MAX } else { i32::MIN }.into(),
            _ => Value::Null,
        }
    }

    fn show_bytes(&self, bytes: &[u8]) -> Value {
        match self.kind {
            Some(FieldKind::Boolean) => u8::from(bytes == b"T").into(),
            Some(FieldKind::Ip) => ip::show(bytes).map_or(Value::Null, Value::from),
            _ => String::from_utf8_lossy(bytes).into(),
        }
    }

    fn show_double(&self, number: f64) -> Value {
        let narrow =
            matches!(self.kind, Some(FieldKind::Number(NumberKind::Float | NumberKind::HalfFloat))) || self.score;
        if !number.is_finite() {
            return model::number::float_text(number).into();
        }
        // The shortest text that is this 32-bit float, not the digits of its 64-bit twin.
        let shortest = if narrow { (number as f32).to_string().parse().unwrap_or(number) } else { number };
        shortest.into()
    }

    fn date_text(&self, format: &str, number: i64) -> Option<Value> {
        let moment = match self.kind {
            Some(FieldKind::Date) => Moment::from_ms(number),
            Some(FieldKind::DateNanos) => Moment::from_nanos(number),
            _ => return None,
        };
        Some(DateFormat::parse_pattern(format).ok()?.format(moment, None).into())
    }

    fn read(&self, value: &Value, sort: &BoundSort) -> Outcome<SortValue> {
        if value.is_null() {
            return Ok(SortValue::Missing);
        }
        if self.score {
            return Ok(SortValue::Double(f64::from(float(value)? as f32)));
        }
        let Some(kind) = &self.kind else { return Ok(SortValue::Bytes(java_text(value).as_bytes().into())) };
        if *value == self.limit(goes_high(sort)) {
            return Ok(SortValue::Missing);
        }
        Ok(match kind {
            FieldKind::Number(NumberKind::UnsignedLong) => SortValue::Unsigned(unsigned(value)?),
            FieldKind::Number(kind) if kind.is_float() => {
                let number = float(value)?;
                let narrow = *kind != NumberKind::Double;
                SortValue::Double(if narrow { f64::from(number as f32) } else { number })
            }
            FieldKind::Number(NumberKind::ScaledFloat) => SortValue::Double(float(value)?),
            FieldKind::Number(_) => SortValue::Long(cut(value)?),
            FieldKind::Date | FieldKind::DateNanos => SortValue::Long(self.date(value)?),
            FieldKind::Boolean if matches!(sort.by, SortBy::Field { values: SortValues::Number(_), .. }) => {
                SortValue::Long(cut(value)?)
            }
            FieldKind::Boolean => {
                SortValue::Bytes(if cut(value)? == 0 { b"F".as_slice() } else { b"T".as_slice() }.into())
            }
            FieldKind::Ip => SortValue::Bytes(ip::address(&java_text(value))?.as_slice().into()),
            _ => SortValue::Bytes(java_text(value).as_bytes().into()),
        })
    }

    /// Numbers are what the column counts, texts are dates.
    fn date(&self, value: &Value) -> Outcome<i64> {
        if value.is_number() {
            return cut(value);
        }
        let text = java_text(value);
        let format = self.field.as_ref().and_then(|field| field.format.as_deref()).unwrap_or_default();
        if text.starts_with("now") {
            let why = Error::new(model::error::ErrorKind::IllegalState, "now() is not allowed in [search_after] key");
            let error = Error::new(model::error::ErrorKind::Parse, "could not read the current timestamp");
            return Err(error.with_cause(why).into());
        }
        let resolution = match self.kind {
            Some(FieldKind::DateNanos) => DateResolution::Nanos,
            _ => DateResolution::Millis,
        };
        Ok(DateFormat::parse_pattern(format)?.parse_math(&text, 0, false, None)?.stored(resolution)?)
    }

    fn refused(&self, cause: Error) -> Error {
        match cause.kind {
            model::error::ErrorKind::NumberFormat => {
                let reason = format!("Failed to parse search_after value for field [{}].", self.name);
                Error::illegal_argument(reason).with_cause(cause)
            }
            _ => cause,
        }
    }
}

/// A whole number; fractions are cut off.
fn cut(value: &Value) -> Outcome<i64> {
    match value.as_f64() {
        Some(float) if value.is_f64() => Ok(float as i64),
        _ => sequence_number(value),
    }
}

fn unsigned(value: &Value) -> Outcome<u64> {
    let text = java_text(value);
    match text.parse::<u64>() {
        Ok(number) => Ok(number),
        Err(_) if text.parse::<i128>().is_ok() => {
            Err(Error::illegal_argument(format!("Value [{text}] is out of range for an unsigned long")).into())
        }
        Err(_) => Err(number_format(&text).into()),
    }
}
