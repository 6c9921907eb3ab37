//! `terms`: a bucket a value.

use search::aggregation::BoundAggregation;
use search::aggregation::terms::Terms;
use search::aggregation::values::Shape;

use super::{Collector, Collectors, Workshop};

mod numbers;
mod rows;
mod strings;

use numbers::NumberTerms;
use rows::Rows;
use strings::StringTerms;

/// The collector that fits the values.
pub(super) fn collector(
    terms: &Terms,
    bound: &BoundAggregation,
    children: Collectors,
    workshop: &Workshop<'_, '_>,
) -> Box<dyn Collector> {
    let rows = Rows::new(terms.clone(), bound.children.clone(), workshop.budget.clone());
    match terms.values.shape() {
        Shape::Bytes => Box::new(StringTerms::new(rows, children)),
        Shape::Long | Shape::Unsigned | Shape::Double => Box::new(NumberTerms::new(rows, children)),
    }
}
