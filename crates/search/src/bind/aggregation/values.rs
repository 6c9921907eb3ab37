//! The values of a field: its column, what stands for a missing value, how values are shown.

use model::aggregation::request::Source;
use model::date::{DateFormat, DateResolution, Zone};
use model::error::Error;
use model::mapping::{Field, FieldKind, NumberKind};
use model::number::{ordered_from_f64, ordered_from_u64};
use serde_json::Value;

use super::geo::missing_place;
use super::{Binding, scripted};
use crate::aggregation::format::{DateShown, Format};
use crate::aggregation::values::{Column, Missing, Shape, Values};
use crate::bind::functions::readable;
use crate::bind::number::{float, java_text, sequence_number};
use crate::bind::target::{Meta, Target};
use crate::bind::{fault::Fault, ip, term};
use crate::bound::NumberCode;
use crate::fetch::decimal::DecimalFormat;

/// Which types of fields an aggregation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Whatever has a column, places included.
    Any,
    /// What makes keys: everything but points.
    Keys,
    /// Numbers, dates and booleans.
    Numbers,
    /// Numbers alone.
    PlainNumbers,
    /// As numbers; what is not mapped is a date.
    Dates,
    Ips,
    /// Points on the earth.
    Places,
}

impl Accepts {
    /// Whether it takes the names that every document has.
    fn takes_names(self) -> bool {
        !self.is_numeric() && !matches!(self, Self::Ips | Self::Places)
    }

    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::Numbers | Self::PlainNumbers | Self::Dates)
    }
}

impl Binding<'_> {
    /// The values that `source` names, for the aggregation of type `owner`.
    pub(super) fn values(self, source: &Source, accepts: Accepts, owner: &str) -> Result<Values, Error> {
        match &source.script {
            None => self.plain_values(source, accepts, owner),
            Some(script) => self.scripted_values(script, source, accepts, owner),
        }
    }

    /// As [`Binding::values`], of what computes with them: dates of any resolution count milliseconds.
    pub(super) fn computed_values(self, source: &Source, accepts: Accepts, owner: &str) -> Result<Values, Error> {
        let mut values = self.values(source, accepts, owner)?;
        if let (Column::Number(_, code), Format::Date(shown)) = (&mut values.column, &mut values.format)
            && shown.resolution == DateResolution::Nanos
        {
            *code = NumberCode::Nanos;
            shown.resolution = DateResolution::Millis;
        }
        Ok(values)
    }

    pub(super) fn plain_values(self, source: &Source, accepts: Accepts, owner: &str) -> Result<Values, Error> {
        let context = self.context;
        if accepts == Accepts::Any
            && let Some(ranges) = self.ranges(source)?
        {
            return Ok(ranges.values);
        }
        match Target::of(&source.field, &context.mapping) {
            Target::Field(field) => self.field_values(field, source, accepts, owner),
            Target::Meta(Meta::Index) => {
                strings(Column::Constant(context.index.name.as_bytes().into()), accepts, source, owner)
            }
            Target::Meta(Meta::Id) => strings(Column::Strings("_id".into()), accepts, source, owner),
            Target::Meta(Meta::Routing) => strings(Column::Strings("_routing".into()), accepts, source, owner),
            Target::Meta(Meta::Ignored) => strings(Column::Strings("_ignored".into()), accepts, source, owner),
            Target::Meta(Meta::SeqNo) if accepts == Accepts::Places => {
                Err(not_supported(&source.field, &source.field, owner))
            }
            Target::Meta(Meta::SeqNo) => Ok(Values {
                column: Column::Number("_seq_no".into(), NumberCode::Long),
                missing: None,
                format: Format::Raw,
            }),
            Target::Meta(meta) => {
                let name = meta.name();
                Err(Error::illegal_argument(format!("Fielddata is not supported on field [{name}] of type [{name}]")))
            }
            Target::Flat(_) => {
                Err(Error::not_implemented(format!("aggregations below a flat object ([{}])", source.field)))
            }
            Target::Nothing if accepts == Accepts::Places => no_places(source),
            Target::Nothing => self.unmapped(source, accepts),
        }
    }

    fn field_values(self, field: &Field, source: &Source, accepts: Accepts, owner: &str) -> Result<Values, Error> {
        readable(field).map_err(|fault| fault.error().clone())?;
        check_value_type(field, source)?;
        let path = field.path.clone();
        let refused = || match &source.script {
            Some(_) => scripted::not_supported(source, owner),
            None => not_supported(&source.field, field.type_name(), owner),
        };
        let (column, format) = match &field.kind {
            FieldKind::GeoPoint if matches!(accepts, Accepts::Any | Accepts::Places) => {
                (Column::Number(path, NumberCode::Long), Format::Raw)
            }
            FieldKind::GeoShape if matches!(owner, "geo_bounds" | "geohash_grid" | "geotile_grid" | "cardinality") => {
                return Err(Error::not_implemented(format!("aggregation [{owner}] over shapes ([{}])", source.field)));
            }
            // One shape, one western end.
            FieldKind::GeoShape if accepts == Accepts::Any => {
                let [west, ..] = model::geo::shape::code::paths(&path);
                (Column::Number(west.into(), NumberCode::Long), Format::Raw)
            }
            _ if accepts == Accepts::Places => return Err(refused()),
            kind if accepts == Accepts::PlainNumbers && !matches!(kind, FieldKind::Number(_)) => return Err(refused()),
            kind if accepts == Accepts::Ips && *kind != FieldKind::Ip => return Err(refused()),
            FieldKind::Number(kind) => {
                let format = match decimal(source)? {
                    Format::Raw if *kind == NumberKind::UnsignedLong => Format::Unsigned,
                    format => format,
                };
                (Column::Number(path, code_of(*kind, field)), format)
            }
            FieldKind::Date => (Column::Number(path, NumberCode::Long), date(field, source, DateResolution::Millis)?),
            FieldKind::DateNanos => {
                (Column::Number(path, NumberCode::Long), date(field, source, DateResolution::Nanos)?)
            }
            FieldKind::Boolean => (Column::Boolean(path), Format::Boolean),
            FieldKind::Text | FieldKind::Keyword | FieldKind::Ip if accepts.is_numeric() => return Err(refused()),
            FieldKind::Text | FieldKind::Keyword => (Column::Strings(path), Format::Raw),
            FieldKind::Ip => (Column::Strings(path), Format::Ip),
            _ => return Err(refused()),
        };
        if source.format.is_some()
            && matches!(field.kind, FieldKind::Text | FieldKind::Keyword | FieldKind::Ip | FieldKind::Boolean)
        {
            return Err(Error::illegal_argument(format!(
                "Field [{}] of type [{}] does not support custom formats",
                field.path,
                field.type_name()
            )));
        }
        let missing = source.missing.as_ref().map(|value| self.missing(field, value, &format)).transpose()?;
        Ok(Values { column, missing, format })
    }

    /// The value that stands for a missing one, as the column of `field` holds it.
    fn missing(self, field: &Field, value: &Value, format: &Format) -> Result<Missing, Error> {
        let plain = |fault: Fault| fault.error().clone();
        Ok(match &field.kind {
            FieldKind::Number(NumberKind::UnsignedLong) => match value.as_u64() {
                Some(number) => Missing::Code(ordered_from_u64(number)),
                None => Missing::Code(ordered_from_u64(float(value).map_err(plain)? as u64)),
            },
            FieldKind::Number(NumberKind::ScaledFloat) => {
                let scaled = float(value).map_err(plain)? * field.scaling_factor.unwrap_or(1.0);
                Missing::Code(scaled.round() as i64)
            }
            FieldKind::Number(kind) if kind.is_float() => Missing::Code(ordered_from_f64(float(value).map_err(plain)?)),
            FieldKind::Number(_) => Missing::Code(match value.as_i64() {
                Some(whole) => whole,
                None => float(value).map_err(plain)? as i64,
            }),
            FieldKind::Date | FieldKind::DateNanos => match (format, value) {
                (Format::Date(shown), Value::String(text)) => {
                    let moment = shown.format.parse_math(text, self.context.now_ms, false, Some(&shown.zone))?;
                    Missing::Code(moment.stored(shown.resolution)?)
                }
                _ => Missing::Code(sequence_number(value).map_err(plain)?),
            },
            FieldKind::Boolean => Missing::Code(boolean(value)?),
            FieldKind::GeoPoint => missing_place(value)?,
            FieldKind::Ip => Missing::Bytes(ip::address(&java_text(value)).map_err(plain)?.as_slice().into()),
            _ => Missing::Bytes(term::bytes(&java_text(value))),
        })
    }

    /// A field that is not there is read as `value_type` says, or as the missing value looks.
    pub(super) fn unmapped(self, source: &Source, accepts: Accepts) -> Result<Values, Error> {
        let shape = match source.value_type.as_deref() {
            Some("long" | "integer" | "short" | "byte" | "boolean" | "date") => Shape::Long,
            Some("double" | "float" | "number" | "numeric") => Shape::Double,
            Some(_) => Shape::Bytes,
            None if accepts == Accepts::Dates => Shape::Long,
            None if accepts.is_numeric() => Shape::Double,
            None => Shape::Bytes,
        };
        let format = match (shape, &source.format, source.value_type.as_deref(), &source.missing) {
            _ if accepts == Accepts::Ips => Format::Ip,
            (Shape::Long, pattern, kind, _) if kind == Some("date") || accepts == Accepts::Dates => {
                Format::Date(Box::new(DateShown {
                    format: DateFormat::parse_pattern(pattern.as_deref().unwrap_or_default())?,
                    zone: source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc),
                    resolution: DateResolution::Millis,
                }))
            }
            (Shape::Long, None, Some("boolean"), _) => Format::Boolean,
            (Shape::Long | Shape::Double, Some(_), ..) => decimal(source)?,
            _ => Format::Raw,
        };
        let missing = match (&source.missing, shape) {
            (None, _) => None,
            (Some(value), Shape::Double) => {
                Some(Missing::Code(ordered_from_f64(float(value).map_err(|fault| fault.error().clone())?)))
            }
            (Some(Value::Bool(flag)), Shape::Long) => Some(Missing::Code(i64::from(*flag))),
            (Some(Value::String(text)), Shape::Long) if let Format::Date(shown) = &format => {
                Some(Missing::Code(shown.format.parse_math(text, self.context.now_ms, false, Some(&shown.zone))?.ms))
            }
            (Some(value), Shape::Long | Shape::Unsigned) => {
                Some(Missing::Code(sequence_number(value).map_err(|fault| fault.error().clone())?))
            }
            (Some(value), Shape::Bytes) if accepts == Accepts::Ips => {
                let address = ip::address(&java_text(value)).map_err(|fault| fault.error().clone())?;
                Some(Missing::Bytes(address.as_slice().into()))
            }
            (Some(value), Shape::Bytes) => Some(Missing::Bytes(term::bytes(&java_text(value)))),
        };
        Ok(Values { column: Column::Nothing(shape), missing, format })
    }
}

/// Refuses to read as numbers what has none.
pub(super) fn check_value_type(field: &Field, source: &Source) -> Result<(), Error> {
    use FieldKind::{Boolean, Date, DateNanos, Number};
    match source.value_type.as_deref() {
        None | Some("string" | "ip") => Ok(()),
        Some(_) if matches!(field.kind, Number(_) | Date | DateNanos | Boolean) => Ok(()),
        Some(_) => {
            let (path, kind) = (&field.path, field.type_name());
            Err(Error::illegal_argument(format!("Expected numeric type on field [{path}], but got [{kind}]")))
        }
    }
}

/// 0 or 1.
fn boolean(value: &Value) -> Result<i64, Error> {
    match (value, value.as_f64()) {
        (Value::Bool(flag), _) => Ok(i64::from(*flag)),
        (_, Some(number)) => Ok(i64::from(number != 0.0)),
        _ => match java_text(value).as_str() {
            "true" => Ok(1),
            "false" => Ok(0),
            other => Err(Error::illegal_argument(format!(
                "Cannot parse boolean [{other}], expected either [true] or [false]"
            ))),
        },
    }
}

fn not_supported(field: &str, kind: &str, owner: &str) -> Error {
    Error::illegal_argument(format!("Field [{field}] of type [{kind}] is not supported for aggregation [{owner}]"))
}

fn strings(column: Column, accepts: Accepts, source: &Source, owner: &str) -> Result<Values, Error> {
    if !accepts.takes_names() {
        return Err(not_supported(&source.field, &source.field, owner));
    }
    let missing = source.missing.as_ref().map(|value| Missing::Bytes(term::bytes(&java_text(value))));
    Ok(Values { column, missing, format: Format::Raw })
}

fn code_of(kind: NumberKind, field: &Field) -> NumberCode {
    match kind {
        NumberKind::UnsignedLong => NumberCode::Unsigned,
        NumberKind::ScaledFloat => NumberCode::Scaled(field.scaling_factor.unwrap_or(1.0)),
        kind if kind.is_float() => NumberCode::Double,
        _ => NumberCode::Long,
    }
}

fn decimal(source: &Source) -> Result<Format, Error> {
    match &source.format {
        Some(pattern) => Ok(Format::Decimal(DecimalFormat::parse(pattern)?)),
        None => Ok(Format::Raw),
    }
}

pub(super) fn date(field: &Field, source: &Source, resolution: DateResolution) -> Result<Format, Error> {
    let pattern = source.format.as_deref().or(field.format.as_deref()).unwrap_or_default();
    let zone = source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc);
    Ok(Format::Date(Box::new(DateShown { format: DateFormat::parse_pattern(pattern)?, zone, resolution })))
}

/// Places of a field that is not there.
fn no_places(source: &Source) -> Result<Values, Error> {
    let missing = source.missing.as_ref().map(missing_place).transpose()?;
    Ok(Values { column: Column::Nothing(Shape::Long), missing, format: Format::Raw })
}
