//! `terms` and its kin: a bucket a value, or a combination of values. How values become buckets and what is told of the buckets are
//! apart: collectors here do the one, what they finish by ([`rows::Finish`]) does the other.

use std::sync::Arc;

use search::aggregation::BoundAggregation;
use search::aggregation::choice::Choice;
use search::aggregation::geo::GeoGrid;
use search::aggregation::terms::{
    MultiTerms as AskedMulti, Ranking, RareTerms, SignificantTerms, SignificantText, Terms,
};
use search::aggregation::values::{Shape, Values};

use super::choice::Chooser;
use super::{Budget, Collector, Collectors, Workshop};
use crate::compile::Weight;
use crate::score::Outcome;

mod all;
mod best;
mod cells;
mod deferred;
mod late;
mod likely;
mod merged;
mod multi;
mod numbers;
mod quotes;
mod rows;
mod significant;
mod strings;
mod text;

use all::All;
use best::Best;
use cells::CellTerms;
use multi::MultiTerms;
use numbers::NumberTerms;
use rows::{Finish, Rows};
use significant::Significant;
use strings::StringTerms;

pub(super) fn terms(
    asked: &Terms,
    bound: &BoundAggregation,
    children: Collectors,
    workshop: &Workshop<'_, '_>,
) -> Outcome<Box<dyn Collector>> {
    let mut best = Best::new(&asked.ranking, &bound.children, is_known(&asked.values));
    if Best::wants_empty(&asked.ranking) {
        best = best.with_empty(counter(&asked.values, &asked.choice, workshop.budget)?);
    }
    let rows = Rows::new(workshop.budget.clone(), all_shown(&asked.ranking, workshop));
    let rows = rows.of_one_owner(workshop.one_owner);
    by_value((&asked.values, &asked.choice), (rows, Box::new(best)), children)
}

/// Whether every bucket will be in the answer, if that may have so many.
fn all_shown(ranking: &Ranking, workshop: &Workshop<'_, '_>) -> bool {
    workshop.shown && ranking.leaves_out_none_of(workshop.budget.max_buckets())
}

pub(super) fn multi_terms(
    asked: &AskedMulti,
    bound: &BoundAggregation,
    children: Collectors,
    workshop: &Workshop<'_, '_>,
) -> Box<dyn Collector> {
    let rows = |all_shown: bool| Rows::new(workshop.budget.clone(), all_shown);
    let known = asked.fields.iter().all(is_known);
    let mut best = Best::new(&asked.ranking, &bound.children, known);
    if Best::wants_empty(&asked.ranking) {
        let all = Box::new(All { known, most: u64::MAX });
        best = best.with_empty(Box::new(MultiTerms::new(rows(false), all, Collectors::default(), &asked.fields)));
    }
    let all_shown = all_shown(&asked.ranking, workshop);
    Box::new(MultiTerms::new(rows(all_shown), Box::new(best), children, &asked.fields))
}

pub(super) fn cells(
    asked: &GeoGrid,
    bound: &BoundAggregation,
    children: Collectors,
    budget: Arc<Budget>,
) -> Box<dyn Collector> {
    let best = Best::new(&asked.ranking, &bound.children, is_known(&asked.values));
    Box::new(CellTerms::new((Rows::new(budget, false), best), children, asked))
}

pub(super) fn rare_terms(
    asked: &RareTerms,
    children: Collectors,
    workshop: &Workshop<'_, '_>,
) -> Outcome<Box<dyn Collector>> {
    let all = All { known: is_known(&asked.values), most: asked.most };
    by_value((&asked.values, &asked.choice), (Rows::new(workshop.budget.clone(), false), Box::new(all)), children)
}

pub(super) fn significant_terms(
    asked: &SignificantTerms,
    children: Collectors,
    workshop: &mut Workshop<'_, '_>,
) -> Outcome<Box<dyn Collector>> {
    let finish = Significant::new(asked, background(asked, workshop)?, workshop.budget.clone());
    by_value((&asked.values, &asked.choice), (Rows::new(workshop.budget.clone(), false), Box::new(finish)), children)
}

pub(super) fn significant_text(
    asked: &Arc<SignificantText>,
    workshop: &mut Workshop<'_, '_>,
) -> Outcome<Box<dyn Collector>> {
    let background = background(&asked.terms, workshop)?;
    Ok(Box::new(text::SignificantText::new(
        asked.clone(),
        background,
        (workshop.doc_counts.clone(), workshop.budget.clone()),
    )?))
}

/// What buckets must stand out from; `None`: all documents.
fn background(asked: &SignificantTerms, workshop: &mut Workshop<'_, '_>) -> Outcome<Option<Weight>> {
    asked.background.as_ref().map(|query| workshop.weight(query)).transpose()
}

/// Counts the documents of each value that is chosen.
fn counter(values: &Values, choice: &Choice, budget: &Arc<Budget>) -> Outcome<Box<dyn Collector>> {
    let all = All { known: is_known(values), most: u64::MAX };
    by_value((values, choice), (Rows::new(budget.clone(), false), Box::new(all)), Collectors::default())
}

/// The collector that fits the values.
fn by_value(
    (values, choice): (&Values, &Choice),
    (rows, finish): (Rows, Box<dyn Finish>),
    children: Collectors,
) -> Outcome<Box<dyn Collector>> {
    let chooser = Chooser::new(choice)?;
    Ok(match values.shape() {
        Shape::Bytes => Box::new(StringTerms::new((rows, finish), chooser, children, values)),
        Shape::Long | Shape::Unsigned | Shape::Double => {
            Box::new(NumberTerms::new((rows, finish), chooser, children, values))
        }
    })
}

/// Whether the index knows the values, or something stands for them.
fn is_known(values: &Values) -> bool {
    values.is_mapped() || values.missing.is_some()
}
