//! Where an aggregation's values come from.

use std::sync::Arc;

use model::aggregation::key::Key;
use model::mapping::range::RangeKind;

use super::format::Format;
use crate::bound::{BoundScript, FieldName, NumberCode, TermBytes};

/// The values of one field of one index.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    pub column: Column,
    /// Stands for the value of a document without one, as the column holds it.
    pub missing: Option<Missing>,
    /// How they are shown.
    pub format: Format,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// The index has no such field: only a missing value can be found.
    Nothing(Shape),
    Number(FieldName, NumberCode),
    /// Strings `F` and `T` that count as 0 and 1.
    Boolean(FieldName),
    /// Keywords and addresses.
    Strings(FieldName),
    /// Ranges as terms ([`RangeKind::term`]); all of a document's together are one value.
    Ranges(FieldName, RangeKind),
    /// Every document has this one (`_index`).
    Constant(TermBytes),
    /// What a script makes.
    Script(Arc<Scripted>),
}

/// Values that a script makes of documents, or of the values of a field.
#[derive(Clone, Debug)]
pub struct Scripted {
    pub script: Arc<BoundScript>,
    /// Each value of it is `_value`, and gives one.
    pub of: Option<Column>,
    pub shape: Shape,
}

impl Scripted {
    /// Whether the script may ask for the score of documents.
    pub fn needs_scores(&self) -> bool {
        self.script.source.contains("_score")
    }
}

impl PartialEq for Scripted {
    fn eq(&self, other: &Self) -> bool {
        let same = self.script.source == other.script.source && self.script.params == other.script.params;
        same && self.of == other.of && self.shape == other.shape
    }
}

/// What kind of keys values make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Long,
    Unsigned,
    Double,
    Bytes,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    Code(i64),
    Bytes(TermBytes),
}

impl Values {
    pub fn is_mapped(&self) -> bool {
        !matches!(self.column, Column::Nothing(_))
    }

    /// What kind of keys they make.
    pub fn shape(&self) -> Shape {
        match &self.column {
            Column::Nothing(shape) => *shape,
            Column::Number(_, code) => Shape::of(*code),
            Column::Boolean(_) => Shape::Long,
            Column::Strings(_) | Column::Ranges(..) | Column::Constant(_) => Shape::Bytes,
            Column::Script(script) => script.shape,
        }
    }

    /// How the codes are read.
    pub fn code(&self) -> NumberCode {
        match &self.column {
            Column::Number(_, code) => *code,
            _ => match self.shape() {
                Shape::Unsigned => NumberCode::Unsigned,
                Shape::Double => NumberCode::Double,
                Shape::Long | Shape::Bytes => NumberCode::Long,
            },
        }
    }
}

impl Shape {
    fn of(code: NumberCode) -> Self {
        match code {
            NumberCode::Long | NumberCode::Nanos => Self::Long,
            NumberCode::Unsigned => Self::Unsigned,
            NumberCode::Double | NumberCode::Scaled(_) => Self::Double,
        }
    }
}

/// Nanoseconds in a millisecond.
const NANOS: i64 = 1_000_000;

/// The value of a code as a number.
#[inline]
pub fn number(code: i64, read_as: NumberCode) -> f64 {
    match read_as {
        NumberCode::Long => code as f64,
        NumberCode::Unsigned => model::number::u64_from_ordered(code) as f64,
        NumberCode::Double => model::number::f64_from_ordered(code),
        NumberCode::Scaled(factor) => code as f64 / factor,
        NumberCode::Nanos => code.div_euclid(NANOS) as f64,
    }
}

/// The code of a bucket's key; `None`: it is no number.
pub fn code_of(key: &Key, read_as: NumberCode) -> Option<i64> {
    Some(match (read_as, key) {
        (NumberCode::Long, Key::Long(number)) => *number,
        (NumberCode::Nanos, Key::Long(ms)) => ms.checked_mul(NANOS)?,
        (NumberCode::Unsigned, Key::Unsigned(number)) => model::number::ordered_from_u64(*number),
        (NumberCode::Double, Key::Double(number)) => model::number::ordered_from_f64(*number),
        (NumberCode::Scaled(factor), Key::Double(number)) => (number * factor).round() as i64,
        _ => return None,
    })
}

/// The value of a code as a bucket's key.
pub fn key(code: i64, read_as: NumberCode) -> Key {
    match read_as {
        NumberCode::Long => Key::Long(code),
        NumberCode::Nanos => Key::Long(code.div_euclid(NANOS)),
        NumberCode::Unsigned => Key::Unsigned(model::number::u64_from_ordered(code)),
        NumberCode::Double | NumberCode::Scaled(_) => Key::Double(number(code, read_as)),
    }
}
