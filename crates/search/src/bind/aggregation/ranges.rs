//! Aggregations over fields of ranges: which take them, and what they are told.

use model::aggregation::request::Source;
use model::date::DateResolution;
use model::error::Error;
use model::mapping::range::RangeKind;
use model::mapping::{Field, FieldKind};

use super::Binding;
use super::values::{check_value_type, date};
use crate::aggregation::format::Format;
use crate::aggregation::values::{Column, Values};
use crate::bind::functions::readable;
use crate::bind::target::Target;

/// A field of ranges as an aggregation reads it.
pub(super) struct Ranges {
    pub(super) kind: RangeKind,
    pub(super) values: Values,
}

impl Ranges {
    /// Refuses those that are not of numbers or dates.
    pub(super) fn numbers(self) -> Result<Values, Error> {
        match self.kind {
            RangeKind::Ip => Err(expected("numeric range type but found non-numeric range", self.kind)),
            _ => Ok(self.values),
        }
    }

    /// Refuses those that are not of dates.
    pub(super) fn dates(self) -> Result<Values, Error> {
        match self.kind {
            RangeKind::Date => Ok(self.values),
            _ => Err(expected("date range type but found range type", self.kind)),
        }
    }
}

impl<'a> Binding<'a> {
    /// The field of `source`, if it is one of ranges.
    pub(super) fn ranges_of(self, source: &Source) -> Option<(&'a Field, RangeKind)> {
        match Target::of(&source.field, &self.context.mapping) {
            Target::Field(field) => match field.kind {
                FieldKind::Range(kind) => Some((field, kind)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The ranges that `source` names; `None`: its field has others or none.
    pub(super) fn ranges(self, source: &Source) -> Result<Option<Ranges>, Error> {
        let Some((field, kind)) = self.ranges_of(source) else { return Ok(None) };
        readable(field).map_err(|fault| fault.error().clone())?;
        check_value_type(field, source)?;
        if source.missing.is_some() {
            return Err(Error::illegal_argument(format!(
                "Can't apply missing values on the ranges of [{}]",
                field.path
            )));
        }
        let format = match kind {
            RangeKind::Date => date(field, source, DateResolution::Millis)?,
            _ if source.format.is_some() => {
                let (path, kind) = (&field.path, kind.name());
                let reason = format!("Field [{path}] of type [{kind}] does not support custom formats");
                return Err(Error::illegal_argument(reason));
            }
            _ => Format::Raw,
        };
        let values = Values { column: Column::Ranges(field.path.clone(), kind), missing: None, format };
        Ok(Some(Ranges { kind, values }))
    }
}

fn expected(what: &str, kind: RangeKind) -> Error {
    Error::illegal_argument(format!("Expected {what} [{}]", kind.name()))
}
