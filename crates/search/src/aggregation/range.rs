//! Ranges bound to one index.

use super::values::Values;
use crate::bound::TermBytes;

/// `range` and `date_range`: dates are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    pub values: Values,
    /// In order of their lower, then upper ends.
    pub ranges: Vec<Range>,
    pub keyed: bool,
    /// `range`, `date_range`
    pub kind: &'static str,
}

/// From `from` (inside) to `to` (outside); infinite where it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    pub key: Option<String>,
    pub from: f64,
    pub to: f64,
    /// The ends as the field stores them: these are compared.
    pub least: f64,
    pub beyond: f64,
}

/// `ip_range`
#[derive(Clone, Debug, PartialEq)]
pub struct IpRanges {
    pub values: Values,
    pub ranges: Vec<IpRange>,
    pub keyed: bool,
}

/// Addresses as 16 bytes; `None` where it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct IpRange {
    pub key: Option<String>,
    pub from: Option<TermBytes>,
    pub to: Option<TermBytes>,
}

impl IpRange {
    /// Whether an address lies in it.
    pub fn holds(&self, address: &TermBytes) -> bool {
        self.from.as_ref().is_none_or(|from| address >= from) && self.to.as_ref().is_none_or(|to| address < to)
    }
}
