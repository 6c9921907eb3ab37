//! `terms`: a bucket a value.

use search::aggregation::BoundAggregation;
use search::aggregation::terms::Terms;
use search::aggregation::values::Shape;

use super::choice::Chooser;
use super::{Collector, Collectors, Workshop};
use crate::score::Outcome;

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
) -> Outcome<Box<dyn Collector>> {
    let chooser = Chooser::new(&terms.choice)?;
    let rows = Rows::new(terms.clone(), bound.children.clone(), workshop.budget.clone());
    Ok(match terms.values.shape() {
        Shape::Bytes => Box::new(StringTerms::new(rows, chooser, children)),
        Shape::Long | Shape::Unsigned | Shape::Double => Box::new(NumberTerms::new(rows, chooser, children)),
    })
}
