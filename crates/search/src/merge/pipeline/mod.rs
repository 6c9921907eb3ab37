//! Pipelines: aggregations of the answers of others, run once over what is merged.
//!
//! In: the steps asked for at a place of the tree, and the finished buckets or answers of that place, the innermost first. Out: further
//! answers in them, or other buckets. Not here: reading requests and refusing what could never run (the dialect does), sorting by paths
//! while buckets are cut ([`order`] gives the numbers for it).

use std::sync::Arc;

use model::aggregation::answer::{Answer, Body, Bucket, Buckets, Number};
use model::aggregation::request::pipeline::{BucketsPath, Pipeline, PipelineKind};
use model::aggregation::request::{Aggregation, Kind, OrderBy};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::aggregation::format::Format;
use crate::fetch::decimal::DecimalFormat;

mod moving_avg;
mod normalize;
pub mod order;
mod path;
mod scripts;
mod sequence;
mod sibling;
mod sort;

#[cfg(test)]
mod tests;

/// One pipeline at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub name: Arc<str>,
    pub pipeline: Pipeline,
    pub meta: Option<Map<String, Value>>,
}

impl Step {
    /// `None` for an aggregation of documents.
    pub fn of(aggregation: &Aggregation) -> Option<Self> {
        let Kind::Pipeline(pipeline) = &aggregation.kind else { return None };
        Some(Self { name: aggregation.name.clone(), pipeline: (**pipeline).clone(), meta: aggregation.meta.clone() })
    }

    fn format(&self) -> Result<Format, Error> {
        match &self.pipeline.format {
            Some(pattern) => DecimalFormat::parse(pattern).map(Format::Decimal),
            None => Ok(Format::Raw),
        }
    }

    fn answer(&self, kind: &'static str, body: Body) -> Answer {
        Answer { name: self.name.clone(), kind, meta: self.meta.clone(), body }
    }

    /// The answer that is one number.
    fn number(&self, value: f64, format: &Format) -> Answer {
        let text = if value.is_finite() { format.number(value) } else { None };
        self.answer("simple_value", Body::Value { value: Number::Float(value), text })
    }
}

/// The empty bucket behind one, where buckets follow each other.
pub type NextBucket<'a> = &'a dyn Fn(&Bucket) -> Option<Bucket>;

/// Runs what stands inside the buckets of an aggregation, each behind those that it names: adds answers to the buckets, removes
/// buckets, orders them, adds some behind the last.
///
/// # Errors
/// `search_phase_execution_exception` with its cause: paths that name no number, scripts that fail.
pub fn parents(steps: &[Step], buckets: &mut Buckets, next: NextBucket<'_>) -> Result<(), Error> {
    run(steps, |step| match &step.pipeline.kind {
        kind if kind.is_parent() => parent(step, buckets, next),
        _ => buckets.list.iter_mut().try_for_each(|bucket| sibling::add(step, &mut bucket.answers)),
    })
}

/// Runs what stands beside other aggregations: at the top of a request, or in the one bucket of `filter` and its like.
///
/// # Errors
/// As [`parents`].
pub fn siblings(steps: &[Step], level: &mut Vec<Answer>) -> Result<(), Error> {
    run(steps, |step| {
        if step.pipeline.kind.is_parent() {
            let reason = format!(
                "{} aggregation [{}] needs an aggregation of many buckets around it",
                step.pipeline.kind.name(),
                step.name
            );
            return Err(Error::new(ErrorKind::ClassCast, reason));
        }
        sibling::add(step, level)
    })
}

fn run(steps: &[Step], mut one: impl FnMut(&Step) -> Result<(), Error>) -> Result<(), Error> {
    let order = ordered(steps);
    order.and_then(|steps| steps.into_iter().try_for_each(&mut one)).map_err(Error::reduce_phase)
}

fn parent(step: &Step, buckets: &mut Buckets, next: NextBucket<'_>) -> Result<(), Error> {
    match &step.pipeline.kind {
        PipelineKind::Derivative { path, unit_ms } => sequence::derivative(step, path, *unit_ms, buckets),
        PipelineKind::CumulativeSum(path) => sequence::cumulative_sum(step, path, buckets),
        PipelineKind::MovingFn { path, window, shift, script } => {
            let window = sequence::Window { path, size: i64::from(*window), shift: i64::from(*shift) };
            sequence::moving_fn(step, window, script, buckets)
        }
        PipelineKind::MovingAvg { path, window, model, predict } => {
            let asked = moving_avg::Asked { path, window: *window as usize, model, predict: *predict as usize };
            moving_avg::moving_avg(step, asked, buckets, next)
        }
        PipelineKind::SerialDiff { path, lag } => sequence::serial_diff(step, path, *lag as usize, buckets),
        PipelineKind::Normalize { path, method } => normalize::normalize(step, path, *method, buckets),
        PipelineKind::BucketSort { sort, from, size } => sort::sort(step, sort, (*from, *size), buckets),
        PipelineKind::BucketScript { paths, script } => scripts::compute(step, paths, script, buckets),
        PipelineKind::BucketSelector { paths, script } => scripts::select(step, paths, script, buckets),
        _ => Ok(()),
    }
}

/// The paths that a pipeline reads.
fn paths(kind: &PipelineKind) -> Vec<&str> {
    match kind {
        PipelineKind::AvgBucket(path)
        | PipelineKind::MinBucket(path)
        | PipelineKind::MaxBucket(path)
        | PipelineKind::SumBucket(path)
        | PipelineKind::StatsBucket(path)
        | PipelineKind::ExtendedStatsBucket { path, .. }
        | PipelineKind::PercentilesBucket { path, .. }
        | PipelineKind::Derivative { path, .. }
        | PipelineKind::CumulativeSum(path)
        | PipelineKind::MovingFn { path, .. }
        | PipelineKind::MovingAvg { path, .. }
        | PipelineKind::Normalize { path, .. }
        | PipelineKind::SerialDiff { path, .. } => vec![path],
        PipelineKind::BucketSort { sort, .. } => sort.iter().map(|order| sort_path(&order.by)).collect(),
        PipelineKind::BucketScript { paths, .. } | PipelineKind::BucketSelector { paths, .. } => {
            paths.iter().map(|(_, path): &(String, BucketsPath)| &**path).collect()
        }
    }
}

fn sort_path(by: &OrderBy) -> &str {
    match by {
        OrderBy::Count => "_count",
        OrderBy::Key => "_key",
        OrderBy::Path(path) => path,
    }
}

/// Each step behind those that it names; otherwise as they were asked for.
fn ordered(steps: &[Step]) -> Result<Vec<&Step>, Error> {
    let named = |path: &&str| {
        let first = path::Path::parse(path).map(|path| path.first());
        first.map(|first| steps.iter().position(|step| Some(&*step.name) == first)).transpose()
    };
    let needs =
        |step: &Step| paths(&step.pipeline.kind).iter().filter_map(named).collect::<Result<Vec<usize>, Error>>();
    let needs = steps.iter().map(needs).collect::<Result<Vec<_>, _>>()?;
    let order = behind_needs(&needs).map_err(|at| cycle(&steps[at].name))?;
    Ok(order.into_iter().map(|at| &steps[at]).collect())
}

/// Positions, each behind those that it needs; or one that needs itself by way of others.
fn behind_needs(needs: &[Vec<usize>]) -> Result<Vec<usize>, usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    for begin in 0..needs.len() {
        // Who is being looked at, and how many of its needs have been.
        let mut open = vec![(begin, 0)];
        while let Some((at, seen)) = open.pop() {
            if marks[at] == Mark::Done || (marks[at] == Mark::Open && seen == 0) {
                if marks[at] == Mark::Open {
                    return Err(at);
                }
                continue;
            }
            marks[at] = Mark::Open;
            match needs[at].get(seen) {
                Some(need) => open.extend([(at, seen + 1), (*need, 0)]),
                None => {
                    marks[at] = Mark::Done;
                    order.push(at);
                }
            }
        }
    }
    Ok(order)
}

fn cycle(name: &str) -> Error {
    Error::illegal_argument(format!("Cyclical dependency found with pipeline aggregator [{name}]"))
}
