//! `composite` bound to one index: combinations of values in an order of their own, page by page.

use std::cmp::Ordering;

use model::aggregation::key::Key;
use model::date::rounding::Rounding;

use super::geo::Cells;
use super::values::Values;

#[derive(Clone, Debug, PartialEq)]
pub struct Composite {
    pub size: u32,
    pub sources: Vec<Source>,
    /// One key a source: only combinations behind it.
    pub after: Option<Vec<Key>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub name: String,
    pub values: Values,
    pub step: Step,
    pub descending: bool,
    /// Documents without a value count under null.
    pub missing_bucket: bool,
    /// Null stands before all values.
    pub missing_first: bool,
    /// Dates are written by their format rather than as milliseconds.
    pub shows_text: bool,
}

/// What a source makes of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Value,
    Width(f64),
    Dates(Rounding),
    Cells(Cells),
}

impl Composite {
    /// Which of two combinations comes first.
    pub fn compare(&self, a: &[Key], b: &[Key]) -> Ordering {
        let pairs = self.sources.iter().zip(a.iter().zip(b));
        pairs.map(|(source, (a, b))| source.compare(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// Whether a combination lies behind the page before.
    pub fn is_wanted(&self, keys: &[Key]) -> bool {
        self.after.as_ref().is_none_or(|after| self.compare(keys, after).is_gt())
    }
}

impl Source {
    fn compare(&self, a: &Key, b: &Key) -> Ordering {
        match (a, b) {
            (Key::Null, Key::Null) => Ordering::Equal,
            (Key::Null, _) if self.missing_first => Ordering::Less,
            (Key::Null, _) => Ordering::Greater,
            (_, Key::Null) if self.missing_first => Ordering::Greater,
            (_, Key::Null) => Ordering::Less,
            (a, b) if self.descending => b.cmp(a),
            (a, b) => a.cmp(b),
        }
    }
}
