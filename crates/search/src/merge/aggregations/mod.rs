//! From what all shards found to the answer: merged, ordered, cut, formatted, pipelines last. Once, at the end.
//!
//! In: the level by which the answer is written ([`Level::lead`]) and the shards' partials. Out: answers in the order asked.

use model::aggregation::answer::{Answer, Body, Bucket as Shown, Buckets, Number};
use model::aggregation::partial::{Bucket, Partial};
use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::pipeline::{self, Step};
use crate::aggregation::{BoundAggregation, Filters, Kind, Level};

mod adjacency;
mod auto_date;
mod composite;
mod geo;
mod heuristic;
mod histogram;
mod matrix;
mod order;
mod range;
mod scripted_metric;
mod significant;
mod sketches;
pub(in crate::merge) mod stats;
mod terms;
mod top_hits;
mod variable_width;

pub use order::{RowOrder, ranks};
pub use significant::significant;

/// How many buckets an answer may have, and how many it has so far.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    most: u64,
    made: u64,
}

impl Limit {
    /// `search.max_buckets`
    pub fn new(most: u64) -> Self {
        Self { most, made: 0 }
    }

    /// Whether so many more would be too many.
    ///
    /// # Errors
    /// As [`Limit::count`].
    pub fn room(&self, buckets: usize) -> Result<(), Error> {
        Self { ..*self }.count(buckets)
    }

    /// Counts buckets that the answer holds.
    ///
    /// # Errors
    /// `too_many_buckets_exception` beyond the limit.
    pub fn count(&mut self, buckets: usize) -> Result<(), Error> {
        self.made += buckets as u64;
        if self.made <= self.most {
            return Ok(());
        }
        Err(too_many_buckets(self.most, self.made))
    }
}

/// The refusal of an answer of more than `most` buckets.
pub fn too_many_buckets(most: u64, made: u64) -> Error {
    let reason = format!(
        "Trying to create too many buckets. Must be less than or equal to: [{most}] but was [{made}]. This limit can be set by changing \
         the [search.max_buckets] cluster level setting."
    );
    Error::new(ErrorKind::TooManyBuckets, reason).with_detail("max_buckets", most)
}

/// The answer to a level from the partials of all shards: one list a shard, in order of the level.
///
/// # Errors
/// Partials that cannot be one answer, too many buckets, and what pipelines refuse.
pub fn finish(level: &Level, shards: Vec<Vec<Partial>>, limit: &mut Limit) -> Result<Vec<Answer>, Error> {
    finish_in_laps(level, shards, limit, &mut |_| {})
}

/// As [`finish`]; `lap` hears of each part of the work when it is done, with the place in the level of the aggregation that it was for, so
/// that whoever has a clock can tell what took how long. Pipelines of the level count to nobody.
///
/// # Errors
/// As [`finish`].
pub fn finish_in_laps(
    level: &Level,
    shards: Vec<Vec<Partial>>,
    limit: &mut Limit,
    lap: &mut dyn FnMut(usize),
) -> Result<Vec<Answer>, Error> {
    let mut columns: Vec<Vec<Partial>> = level.list.iter().map(|_| Vec::with_capacity(shards.len())).collect();
    for shard in shards {
        columns.iter_mut().zip(shard).for_each(|(column, partial)| column.push(partial));
    }
    let mut merged = Vec::with_capacity(level.list.len());
    for (at, (asked, parts)) in level.list.iter().zip(columns).enumerate() {
        merged.push(Partial::merge_all(parts).map_err(|error| two_types(asked, error))?);
        lap(at);
    }
    let mut answers = Vec::with_capacity(level.list.len());
    for (at, (asked, partial)) in level.list.iter().zip(merged).enumerate() {
        answers.push(answer(asked, partial, limit)?);
        lap(at);
    }
    pipeline::siblings(&steps(level), &mut answers)?;
    Ok(answers)
}

/// Findings that cannot be one answer, with the aggregation that they belong to.
fn two_types(asked: &BoundAggregation, error: Error) -> Error {
    match error.kind {
        ErrorKind::AggregationExecution => {
            let reason = format!(
                "Merging/Reducing the aggregations failed when computing the aggregation [{}] because the field you gave in the \
                 aggregation query existed as two different types in two different indices",
                asked.name
            );
            Error { reason, ..error }
        }
        _ => error,
    }
}

fn steps(level: &Level) -> Vec<Step> {
    level.pipelines.iter().filter_map(Step::of).collect()
}

/// The answers to a level from one partial each; those that are not there were found nowhere.
pub(super) fn answers(level: &Level, partials: Vec<Partial>, limit: &mut Limit) -> Result<Vec<Answer>, Error> {
    let partials = partials.into_iter().chain(std::iter::repeat(Partial::Unmapped));
    level.list.iter().zip(partials).map(|(asked, partial)| answer(asked, partial, limit)).collect()
}

fn answer(asked: &BoundAggregation, partial: Partial, limit: &mut Limit) -> Result<Answer, Error> {
    let (kind, mut body) = match (&asked.kind, partial) {
        (Kind::Terms(terms), partial) => terms::answer(asked, terms, partial, limit)?,
        (Kind::MultiTerms(terms), partial) => ("multi_terms", terms::multi_answer(asked, terms, partial, limit)?),
        (Kind::RareTerms(terms), partial) => terms::rare_answer(asked, terms, partial, limit)?,
        (Kind::SignificantTerms(terms), partial) => significant::answer(asked, terms, partial, limit)?,
        (Kind::SignificantText(text), partial) => significant::answer(asked, &text.terms, partial, limit)?,
        (Kind::AdjacencyMatrix(matrix), partial) => {
            ("adjacency_matrix", adjacency::answer(asked, matrix, partial, limit)?)
        }
        // A sample by a field that no index has says nothing of what is inside.
        (Kind::Sampler(_), Partial::Unmapped) => ("sampler", Body::Bucket(Shown::default())),
        (Kind::Sampler(_), partial) => ("sampler", single(asked, partial, limit)?),
        (Kind::Histogram(histogram), partial) => histogram::answer(asked, histogram, partial, limit)?,
        (Kind::AutoDateHistogram(auto), partial) => auto_date::answer(asked, auto, partial, limit)?,
        (Kind::VariableWidth(variable), partial) => variable_width::answer(asked, variable, partial, limit)?,
        (Kind::Composite(composite), partial) => composite::answer(asked, composite, partial, limit)?,
        (Kind::Ranges(ranges), partial) => range::answer(asked, ranges, partial, limit)?,
        (Kind::IpRanges(ranges), partial) => range::ip_answer(asked, ranges, partial, limit)?,
        (Kind::GeoDistance(rings), partial) => range::answer(asked, &rings.ranges, partial, limit)?,
        (Kind::GeoGrid(grid), partial) => geo::grid(asked, grid, partial, limit)?,
        (Kind::GeoBounds(asked), partial) => geo::bounds(asked, &partial),
        (Kind::GeoCentroid(_), partial) => geo::centroid(&partial),
        (Kind::Stats(stats), partial) => stats::answer(stats, partial),
        (Kind::Percentiles(asked), partial) => sketches::percentiles(asked, &partial),
        (Kind::Cardinality(_), partial) => sketches::cardinality(&partial),
        (Kind::WeightedAvg(asked), partial) => sketches::weighted_avg(asked, &partial),
        (Kind::MedianAbsoluteDeviation(asked), partial) => sketches::median_absolute_deviation(asked, &partial),
        (Kind::MatrixStats(asked), partial) => matrix::matrix_stats(asked, &partial),
        (Kind::TopHits(asked), partial) => top_hits::answer(asked, partial),
        (Kind::ScriptedMetric(asked), partial) => ("scripted_metric", scripted_metric::answer(asked, partial)?),
        (Kind::ValueCount(_), partial) => ("value_count", value_count(&partial)),
        (Kind::Filter(_), partial) => ("filter", single(asked, partial, limit)?),
        (Kind::Nested(_), partial) => ("nested", single(asked, partial, limit)?),
        (Kind::ReverseNested(_), partial) => ("reverse_nested", single(asked, partial, limit)?),
        (Kind::Children(_), partial) => ("children", single(asked, partial, limit)?),
        (Kind::Parents(_), partial) => ("parent", single(asked, partial, limit)?),
        (Kind::Missing(_), partial) => ("missing", single(asked, partial, limit)?),
        (Kind::Global(_), partial) => ("global", single(asked, partial, limit)?),
        (Kind::Filters(filters), partial) => ("filters", by_filter(asked, filters, partial, limit)?),
    };
    if !asked.children.pipelines.is_empty() {
        match &mut body {
            Body::Buckets(buckets) => {
                let next = |last: &Shown| match &asked.kind {
                    Kind::Histogram(histogram) => histogram::behind(histogram, &last.key),
                    _ => None,
                };
                pipeline::parents(&steps(&asked.children), buckets, &next)?;
            }
            Body::Bucket(bucket) => pipeline::siblings(&steps(&asked.children), &mut bucket.answers)?,
            Body::Value { .. } | Body::Metric(_) | Body::TopHits(_) | Body::Made(_) => {}
        }
    }
    Ok(Answer { name: asked.name.clone(), kind, meta: asked.meta.clone(), body })
}

fn value_count(partial: &Partial) -> Body {
    let count = if let Partial::Count(count) = partial { *count } else { 0 };
    Body::Value { value: Number::Whole(count as i64), text: None }
}

/// A bucket without key, with what is inside it.
fn bucket(asked: &BoundAggregation, found: Bucket, limit: &mut Limit) -> Result<Shown, Error> {
    let answers = answers(&asked.children, found.children, limit)?;
    Ok(Shown { doc_count: found.doc_count, answers, ..Shown::default() })
}

fn single(asked: &BoundAggregation, partial: Partial, limit: &mut Limit) -> Result<Body, Error> {
    let found = if let Partial::Bucket(found) = partial { found } else { Bucket::default() };
    Ok(Body::Bucket(bucket(asked, found, limit)?))
}

fn by_filter(asked: &BoundAggregation, filters: &Filters, partial: Partial, limit: &mut Limit) -> Result<Body, Error> {
    let count = filters.filters.len() + usize::from(filters.other);
    let mut found = if let Partial::Slots(found) = partial { found } else { Vec::new() };
    found.resize(count, Bucket::default());
    limit.count(count)?;
    let mut list = Vec::with_capacity(count);
    for (at, found) in found.into_iter().enumerate() {
        let text = filters.names.as_ref().and_then(|names| names.get(at).cloned());
        list.push(Shown { text, ..bucket(asked, found, limit)? });
    }
    Ok(Body::Buckets(Buckets { list, keyed: filters.names.is_some(), beside: Vec::new() }))
}

/// JSON of a number; null when it is not finite.
fn json(number: f64) -> Value {
    Number::Float(number).json()
}
