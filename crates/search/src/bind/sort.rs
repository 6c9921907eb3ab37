//! Sort keys.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::{Field, FieldKind, NumberKind};
use model::search::{Missing, SortKey, SortMode};

use super::BindContext;
use super::fault::{Fault, Outcome};
use super::functions::readable;
use super::geo::distance_sort;
use super::nested::nested_sort;
use super::number::{float, java_text, sequence_number};
use super::scripted::sort_script;
use super::target::{Meta, Target};
use crate::bound::NumberCode;
use crate::shard_query::{BoundSort, Cast, SortBy, SortValues};

/// Binds sort keys to one index.
///
/// # Errors
/// `query_shard_exception` for a field that is not there, `illegal_argument_exception` for one that cannot be sorted on, 501 for
/// sorting on text and below flat objects.
pub fn bind_sort(keys: &[SortKey], context: &BindContext) -> Result<Vec<BoundSort>, Error> {
    bind_sort_within(keys, context, None)
}

/// As [`bind_sort`], keys by which the nested objects at the path `scope` are sorted (`None`: the outermost documents).
///
/// # Errors
/// As [`bind_sort`].
pub fn bind_sort_within(keys: &[SortKey], context: &BindContext, scope: Option<&str>) -> Result<Vec<BoundSort>, Error> {
    let bind = |key: &SortKey| {
        let by = within(key, context, scope).map_err(|fault| unwrapped(fault, context))?;
        Ok(BoundSort { by, descending: key.descending })
    };
    keys.iter().map(bind).collect()
}

fn within(key: &SortKey, context: &BindContext, scope: Option<&str>) -> Outcome<SortBy> {
    let objects = key.nested.as_ref().map(|asked| nested_sort(asked, context, scope)).transpose()?;
    let mut by = sort_by(key, context)?;
    if let SortBy::Field { nested, .. } = &mut by {
        *nested = objects.map(Arc::new);
    }
    Ok(by)
}

/// Sort keys are bound outside the query: their refusals are not wrapped.
fn unwrapped(fault: Fault, context: &BindContext) -> Error {
    match fault {
        Fault::Create(error) => error,
        other => other.into_error(context),
    }
}

/// How a column is read for sorting; dates keep their resolution.
pub(super) fn values_of(kind: &FieldKind, factor: Option<f64>) -> SortValues {
    SortValues::Number(match kind {
        FieldKind::Number(NumberKind::UnsignedLong) => NumberCode::Unsigned,
        FieldKind::Number(NumberKind::ScaledFloat) => NumberCode::Scaled(factor.unwrap_or(1.0)),
        FieldKind::Number(kind) if kind.is_float() => NumberCode::Double,
        FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos => NumberCode::Long,
        _ => return SortValues::Bytes,
    })
}

fn sort_by(key: &SortKey, context: &BindContext) -> Outcome<SortBy> {
    if let Some(asked) = &key.distance {
        return distance_sort(key, asked, context);
    }
    if let Some(asked) = &key.script {
        let script = sort_script(&asked.script, &context.mapping)?;
        return Ok(SortBy::Script { script, texts: asked.texts });
    }
    match key.field.as_str() {
        "_score" => return Ok(SortBy::Score),
        "_doc" => return Ok(SortBy::Doc),
        "_shard_doc" => return Ok(SortBy::ShardDoc(0)),
        "_id" => return Ok(SortBy::Id),
        // The same for every document of the index: as if all were missing it.
        "_index" => {
            return Ok(SortBy::Field {
                field: "_index".into(),
                values: SortValues::Bytes,
                missing: Missing::Value(context.index.name.as_ref().into()),
                mode: mode(key),
                nested: None,
            });
        }
        _ => {}
    }
    let no_fielddata =
        |meta: &str| Fault::illegal_argument(format!("Fielddata is not supported on field [{meta}] of type [{meta}]"));
    match Target::of(&key.field, &context.mapping) {
        Target::Field(field) => field_sort(key, field),
        Target::Flat(_) => Err(Error::not_implemented(format!("sorting below a flat object ([{}])", key.field)).into()),
        Target::Meta(Meta::SeqNo) => Ok(SortBy::Field {
            field: key.field.as_str().into(),
            values: SortValues::Number(NumberCode::Long),
            missing: key.missing.clone(),
            mode: mode(key),
            nested: None,
        }),
        Target::Meta(meta) => Err(no_fielddata(meta.name())),
        Target::Nothing => unmapped_sort(key),
    }
}

fn mode(key: &SortKey) -> SortMode {
    key.mode.unwrap_or(if key.descending { SortMode::Max } else { SortMode::Min })
}

fn field_sort(key: &SortKey, field: &Field) -> Outcome<SortBy> {
    match field.kind {
        FieldKind::FlatObject => {
            return Err(Fault::illegal_argument(format!(
                "Field [{}] of type [flat_object] does not support doc_value in root field",
                field.path
            )));
        }
        FieldKind::Range(_) => {
            return Err(Error::not_implemented(format!("sorting by ranges ([{}])", field.path)).into());
        }
        FieldKind::GeoPoint | FieldKind::GeoShape if field.doc_values => {
            let kind = field.type_name();
            return Err(Fault::illegal_argument(format!(
                "can't sort on {kind} field without using specific sorting feature, like geo_distance"
            )));
        }
        FieldKind::Binary if field.doc_values => return Err(Fault::illegal_argument("can't sort on binary field")),
        _ => readable(field)?,
    }
    let values = values_of(&field.kind, field.scaling_factor);
    let combines = matches!(key.mode, Some(SortMode::Sum | SortMode::Avg | SortMode::Median));
    let strings = matches!(field.kind, FieldKind::Text | FieldKind::Keyword | FieldKind::Ip);
    if combines && strings {
        return Err(Fault::query_shard("we only support AVG, MEDIAN and SUM on number based fields"));
    }
    let kind = cast_kind(key, field, &values)?;
    if combines && field.kind == FieldKind::Boolean {
        // As the numbers 0 and 1.
        return Ok(SortBy::Field {
            field: field.path.clone(),
            values: SortValues::Number(NumberCode::Long),
            missing: missing(&key.missing, &FieldKind::Number(NumberKind::Long))?,
            mode: mode(key),
            nested: None,
        });
    }
    let missing = missing(&key.missing, kind.as_ref().unwrap_or(&field.kind))?;
    Ok(SortBy::Field {
        field: field.path.clone(),
        values: kind.and_then(|kind| cast(&field.kind, &kind, values.clone())).unwrap_or(values),
        missing,
        mode: mode(key),
        nested: None,
    })
}

/// The type that `numeric_type` makes of a field.
pub(super) fn numeric_kind(key: &SortKey) -> Option<FieldKind> {
    Some(match key.numeric_type.as_deref()? {
        "double" => FieldKind::Number(NumberKind::Double),
        "date" => FieldKind::Date,
        "date_nanos" => FieldKind::DateNanos,
        _ => FieldKind::Number(NumberKind::Long),
    })
}

fn cast_kind(key: &SortKey, field: &Field, values: &SortValues) -> Outcome<Option<FieldKind>> {
    let Some(wanted) = numeric_kind(key) else { return Ok(None) };
    if *values == SortValues::Bytes {
        let kind = field.type_name();
        return Err(Fault::query_shard(format!(
            "[numeric_type] option cannot be set on a non-numeric field, got {kind}"
        )));
    }
    if wanted == FieldKind::DateNanos && !matches!(field.kind, FieldKind::Date | FieldKind::DateNanos) {
        let reason = "trying to convert a known date time formatter to a nanosecond one, wrong field used?";
        return Err(Fault::illegal_argument(reason));
    }
    Ok(Some(wanted))
}

/// How values of one type are sorted as those of another; `None`: as they are.
fn cast(from: &FieldKind, to: &FieldKind, values: SortValues) -> Option<SortValues> {
    let SortValues::Number(code) = values else { return None };
    Some(SortValues::Cast(match (from, to) {
        (FieldKind::Date, FieldKind::DateNanos) => Cast::MillisToNanos,
        (FieldKind::DateNanos, FieldKind::Date) => Cast::NanosToMillis,
        (FieldKind::DateNanos, FieldKind::Number(NumberKind::Double)) => Cast::Double(NumberCode::Nanos),
        (_, FieldKind::Number(NumberKind::Double)) if code != NumberCode::Double => Cast::Double(code),
        (_, FieldKind::Number(NumberKind::Long) | FieldKind::Date) if code != NumberCode::Long => Cast::Whole(code),
        _ => return None,
    }))
}

/// The value that stands for a missing one, as the column holds it.
fn missing(missing: &Missing, kind: &FieldKind) -> Outcome<Missing> {
    let Missing::Value(value) = missing else { return Ok(missing.clone()) };
    Ok(Missing::Value(match kind {
        FieldKind::Number(number) if number.is_float() || *number == NumberKind::ScaledFloat => float(value)?.into(),
        FieldKind::Number(NumberKind::UnsignedLong) if value.is_u64() => value.clone(),
        FieldKind::Number(_) | FieldKind::Date | FieldKind::DateNanos => match value.as_f64() {
            Some(float) if value.is_f64() => (float as i64).into(),
            _ => sequence_number(value)?.into(),
        },
        FieldKind::Boolean => {
            if sequence_number(value)? == 0 {
                "F".into()
            } else {
                "T".into()
            }
        }
        FieldKind::Ip => return Err(Error::not_implemented("[missing] values of ip fields in sort").into()),
        _ => java_text(value).into(),
    }))
}

/// The type that `unmapped_type` names, as far as sorting can tell types apart.
pub(super) fn unmapped_kind(name: &str) -> Option<FieldKind> {
    let number = FieldKind::Number;
    Some(match name {
        "long" => number(NumberKind::Long),
        "integer" => number(NumberKind::Integer),
        "short" => number(NumberKind::Short),
        "byte" => number(NumberKind::Byte),
        "unsigned_long" => number(NumberKind::UnsignedLong),
        "double" => number(NumberKind::Double),
        "float" => number(NumberKind::Float),
        "half_float" => number(NumberKind::HalfFloat),
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "date_nanos" => FieldKind::DateNanos,
        "keyword" => FieldKind::Keyword,
        "ip" => FieldKind::Ip,
        _ => return None,
    })
}

fn unmapped_sort(key: &SortKey) -> Outcome<SortBy> {
    let Some(name) = key.unmapped_type.as_deref() else {
        return Err(Fault::query_shard(format!("No mapping found for [{}] in order to sort on", key.field)));
    };
    if let Some(kind) = unmapped_kind(name) {
        return Ok(SortBy::Unmapped { missing: missing(&key.missing, &kind)? });
    }
    let anonymous = format!("__anonymous_{name}");
    Err(match name {
        "text" => Error::no_fielddata(&anonymous).into(),
        "binary" => Error::no_doc_values(&anonymous, name).into(),
        "scaled_float" => Fault::illegal_argument("Field [scaling_factor] is required"),
        "flat_object" => Fault::illegal_argument(format!(
            "Field [{anonymous}] of type [flat_object] does not support doc_value in root field"
        )),
        _ => Fault::Create(Error::new(ErrorKind::IllegalArgument, format!("No mapper found for type [{name}]"))),
    })
}
