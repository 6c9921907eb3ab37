//! Fields that hold ranges: what their ends are, and how a range lies in an index.
//!
//! A range is one term: its first value, then its last, each in bytes whose order is the values' order. How ranges stand to one another is
//! two comparisons of such halves.

use super::{FieldKind, NumberKind};
use crate::number::{ordered_from_f64, term_from_ordered};

/// What the ends of a range are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeKind {
    Integer,
    Long,
    Float,
    Double,
    Date,
    Ip,
}

impl RangeKind {
    const ALL: [Self; 6] = [Self::Integer, Self::Long, Self::Float, Self::Double, Self::Date, Self::Ip];

    /// The type of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As in `"type"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer_range",
            Self::Long => "long_range",
            Self::Float => "float_range",
            Self::Double => "double_range",
            Self::Date => "date_range",
            Self::Ip => "ip_range",
        }
    }

    /// The kind of its ends.
    pub fn ends(self) -> FieldKind {
        match self {
            Self::Integer => FieldKind::Number(NumberKind::Integer),
            Self::Long => FieldKind::Number(NumberKind::Long),
            Self::Float => FieldKind::Number(NumberKind::Float),
            Self::Double => FieldKind::Number(NumberKind::Double),
            Self::Date => FieldKind::Date,
            Self::Ip => FieldKind::Ip,
        }
    }

    /// Bytes of one end.
    pub fn width(self) -> usize {
        if self == Self::Ip { 16 } else { 8 }
    }

    /// The least and the greatest end: those of a range that is open.
    pub fn limits(self) -> (End, End) {
        let codes = |least: i64, greatest: i64| (End::of_code(least), End::of_code(greatest));
        match self {
            Self::Integer => codes(i32::MIN.into(), i32::MAX.into()),
            Self::Long | Self::Date => codes(i64::MIN, i64::MAX),
            Self::Float | Self::Double => codes(ordered_from_f64(f64::NEG_INFINITY), ordered_from_f64(f64::INFINITY)),
            Self::Ip => (End([0; 16]), End([u8::MAX; 16])),
        }
    }

    /// The end before or behind one; `None`: there is none.
    pub fn beside(self, end: End, up: bool) -> Option<End> {
        let step = |code: i64| if up { code.checked_add(1) } else { code.checked_sub(1) };
        match self {
            Self::Ip => {
                let address = u128::from_be_bytes(end.0);
                let next = if up { address.checked_add(1) } else { address.checked_sub(1) };
                next.map(|next| End(next.to_be_bytes()))
            }
            Self::Float => {
                let float = crate::number::f64_from_ordered(end.code()) as f32;
                let next = if up { float.next_up() } else { float.next_down() };
                Some(End::of_code(ordered_from_f64(f64::from(next))))
            }
            Self::Integer => {
                let limits = self.limits();
                step(end.code()).map(End::of_code).filter(|end| (limits.0..=limits.1).contains(end))
            }
            Self::Long | Self::Double | Self::Date => step(end.code()).map(End::of_code),
        }
    }

    /// The term of a range, both ends inside.
    pub fn term(self, from: End, to: End) -> Vec<u8> {
        [&from.0[..self.width()], &to.0[..self.width()]].concat()
    }

    /// The first and the last value of a term; `None`: it holds no numbers.
    pub fn codes(self, term: &[u8]) -> Option<(i64, i64)> {
        if self == Self::Ip {
            return None;
        }
        let (from, to) = term.split_at_checked(self.width())?;
        let code = |bytes: &[u8]| bytes.try_into().ok().map(crate::number::ordered_from_term);
        Some((code(from)?, code(to)?))
    }

    /// The value of an end as a number: itself, or milliseconds.
    pub fn number(self, code: i64) -> f64 {
        match self {
            Self::Float | Self::Double => crate::number::f64_from_ordered(code),
            Self::Integer | Self::Long | Self::Date | Self::Ip => code as f64,
        }
    }
}

/// One end of a range: eight bytes of a number and zeros, or sixteen of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End([u8; 16]);

impl End {
    /// Of a number, or of milliseconds.
    pub fn of_code(code: i64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&term_from_ordered(code));
        Self(bytes)
    }

    pub fn of_address(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn code(self) -> i64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        crate::number::ordered_from_term(bytes)
    }

    /// Those of `kind`.
    pub fn bytes(&self, kind: RangeKind) -> &[u8] {
        &self.0[..kind.width()]
    }
}

/// How the ranges of documents stand to the range of a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// Some value lies in both.
    #[default]
    Intersects,
    /// The document's lies inside.
    Within,
    /// The document's holds the query's.
    Contains,
}

impl Relation {
    /// As queries name it; `None`: they do not.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "intersects" => Self::Intersects,
            "within" => Self::Within,
            "contains" => Self::Contains,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_neighbours() {
        let whole = |kind: RangeKind, code: i64, up| kind.beside(End::of_code(code), up).map(End::code);
        assert_eq!(whole(RangeKind::Integer, 5, true), Some(6));
        assert_eq!(whole(RangeKind::Integer, i32::MAX.into(), true), None);
        assert_eq!(whole(RangeKind::Long, i64::MIN, false), None);
        let float = ordered_from_f64(1.5);
        let next = whole(RangeKind::Float, float, true).map(crate::number::f64_from_ordered);
        assert_eq!(next, Some(f64::from(1.5f32.next_up())));
        assert_eq!(RangeKind::Ip.beside(End::of_address([0; 16]), false), None);
    }

    #[test]
    fn terms_order_as_their_first_values() {
        let term = |from, to| RangeKind::Long.term(End::of_code(from), End::of_code(to));
        assert!(term(-5, 3) < term(-4, -2) && term(1, 2) < term(1, 3));
        assert_eq!(RangeKind::Long.codes(&term(-5, 3)), Some((-5, 3)));
        let (least, greatest) = RangeKind::Ip.limits();
        assert_eq!(RangeKind::Ip.codes(&RangeKind::Ip.term(least, greatest)), None);
        assert_eq!(RangeKind::Ip.term(least, greatest).len(), 32);
    }
}
