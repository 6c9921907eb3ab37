//! Whether pipelines stand where they can work, and whether what they follow is there.

use std::collections::{BTreeMap, BTreeSet};

use model::aggregation::request::pipeline::{Pipeline, PipelineKind};
use model::aggregation::request::{Aggregation, Kind, OrderBy};
use model::error::{Error, ErrorKind};

use super::is_metric;
use super::order::elements;

/// Refuses pipelines at the wrong place.
///
/// # Errors
/// `action_request_validation_exception` with all that is wrong; `aggregation_execution_exception` for a path that is none.
pub(super) fn validate(found: &[Aggregation]) -> Result<(), Error> {
    let mut reasons = Vec::new();
    level(None, &Level::new(found), &mut reasons)?;
    if reasons.is_empty() { Ok(()) } else { Err(failed(&reasons)) }
}

/// The error about `reasons`.
pub(super) fn failed(reasons: &[String]) -> Error {
    let numbered: String = reasons.iter().enumerate().map(|(at, reason)| format!("{}: {reason};", at + 1)).collect();
    Error::new(ErrorKind::ActionRequestValidation, format!("Validation Failed: {numbered}"))
}

/// The aggregations of one level, by name. As deep as they nest, which is limited.
struct Level<'a> {
    all: &'a [Aggregation],
    names: BTreeMap<&'a str, (&'a Aggregation, Level<'a>)>,
}

impl<'a> Level<'a> {
    fn new(all: &'a [Aggregation]) -> Self {
        Self { all, names: all.iter().map(|one| (&*one.name, (one, Level::new(&one.children)))).collect() }
    }
}

/// Those inside first.
fn level<'a>(parent: Option<&Aggregation>, found: &Level<'a>, reasons: &mut Vec<String>) -> Result<(), Error> {
    for one in found.all {
        if let Some((_, inside)) = found.names.get(&*one.name) {
            level(Some(one), inside, reasons)?;
        }
    }
    let pipelines = || found.all.iter().filter_map(|one| Some((one, as_pipeline(one)?)));
    let mut resolver = Resolver { level: found, done: BTreeSet::new(), open: BTreeSet::new() };
    for (one, _) in pipelines() {
        match resolver.resolve(one) {
            Ok(()) => {}
            // A mistake of the path, which OpenSearch finds before it validates.
            Err(error) if error.kind == ErrorKind::AggregationExecution => return Err(error),
            Err(error) => {
                reasons.push(error.reason);
                return Ok(());
            }
        }
    }
    for (one, pipeline) in pipelines() {
        reasons.extend(misplaced(parent, found, &one.name, pipeline));
    }
    Ok(())
}

fn as_pipeline(one: &Aggregation) -> Option<&Pipeline> {
    match &one.kind {
        Kind::Pipeline(pipeline) => Some(pipeline),
        _ => None,
    }
}

/// The paths that a pipeline follows.
fn paths(pipeline: &Pipeline) -> Vec<&str> {
    match &pipeline.kind {
        PipelineKind::AvgBucket(path)
        | PipelineKind::MinBucket(path)
        | PipelineKind::MaxBucket(path)
        | PipelineKind::SumBucket(path)
        | PipelineKind::StatsBucket(path)
        | PipelineKind::CumulativeSum(path)
        | PipelineKind::ExtendedStatsBucket { path, .. }
        | PipelineKind::PercentilesBucket { path, .. }
        | PipelineKind::Derivative { path, .. }
        | PipelineKind::MovingFn { path, .. }
        | PipelineKind::MovingAvg { path, .. }
        | PipelineKind::Normalize { path, .. }
        | PipelineKind::SerialDiff { path, .. } => vec![path],
        PipelineKind::BucketScript { paths, .. } | PipelineKind::BucketSelector { paths, .. } => {
            paths.iter().map(|(_, path)| &**path).collect()
        }
        PipelineKind::BucketSort { sort, .. } => sort
            .iter()
            .filter_map(|order| match &order.by {
                OrderBy::Path(path) => Some(path.as_str()),
                OrderBy::Count | OrderBy::Key => None,
            })
            .collect(),
    }
}

/// Follows the paths of the pipelines of one level, each pipeline once.
struct Resolver<'l, 'a> {
    level: &'l Level<'a>,
    done: BTreeSet<&'a str>,
    /// Pipelines whose paths are being followed.
    open: BTreeSet<&'a str>,
}

impl<'a> Resolver<'_, 'a> {
    /// Follows the paths of `start` and of the pipelines that they lead to, without recursion: a chain may be as long as the request.
    fn resolve(&mut self, start: &'a Aggregation) -> Result<(), Error> {
        let mut work = vec![Step::Enter(start)];
        while let Some(step) = work.pop() {
            let one = match step {
                Step::Leave(name) => {
                    self.open.remove(name);
                    self.done.insert(name);
                    continue;
                }
                Step::Enter(one) => one,
            };
            let name: &str = &one.name;
            if self.open.contains(name) {
                return Err(Error::illegal_argument(format!(
                    "Cyclical dependency found with pipeline aggregator [{name}]"
                )));
            }
            let Some(pipeline) = as_pipeline(one).filter(|_| !self.done.contains(name)) else { continue };
            self.open.insert(name);
            work.push(Step::Leave(name));
            for path in paths(pipeline) {
                if let Some(next) = self.follow(path)? {
                    work.push(Step::Enter(next));
                }
            }
        }
        Ok(())
    }

    /// The pipeline of this level that `path` leads to; `None`: it leads elsewhere.
    fn follow(&self, path: &str) -> Result<Option<&'a Aggregation>, Error> {
        let names = elements(path)?;
        let Some((first, rest)) = names.split_first().filter(|(first, _)| !matches!(**first, "_count" | "_key")) else {
            return Ok(None);
        };
        let Some((first, mut inside)) = self.level.names.get(first).map(|(one, inside)| (*one, inside)) else {
            return Err(Error::illegal_argument(format!("No aggregation found for path [{path}]")));
        };
        if as_pipeline(first).is_some() {
            return Ok(Some(first));
        }
        for (place, name) in rest.iter().enumerate() {
            let last = place + 1 == rest.len();
            if last && matches!(*name, "_count" | "_key") {
                return Ok(None);
            }
            let found = inside.names.get(name).filter(|(one, _)| last || as_pipeline(one).is_none());
            inside = found
                .map(|(_, inside)| inside)
                .ok_or_else(|| Error::illegal_argument(format!("No aggregation [{name}] found for path [{path}]")))?;
        }
        Ok(None)
    }
}

enum Step<'a> {
    Enter(&'a Aggregation),
    Leave(&'a str),
}

/// What is wrong with the place of a pipeline.
fn misplaced(parent: Option<&Aggregation>, level: &Level<'_>, name: &str, pipeline: &Pipeline) -> Vec<String> {
    let kind = pipeline.kind.name();
    match &pipeline.kind {
        PipelineKind::Derivative { .. }
        | PipelineKind::CumulativeSum(_)
        | PipelineKind::MovingFn { .. }
        | PipelineKind::MovingAvg { .. }
        | PipelineKind::SerialDiff { .. } => in_order(parent, kind, name).into_iter().collect(),
        PipelineKind::Normalize { .. } | PipelineKind::BucketScript { .. } | PipelineKind::BucketSelector { .. } => {
            inside(parent, kind, name).into_iter().collect()
        }
        PipelineKind::BucketSort { sort, from, size } => {
            let idle = sort.is_empty() && *from == 0 && size.is_none();
            let nothing = "is configured to perform nothing. Please set either of [sort, size, from]";
            let idle = idle.then(|| format!("[{name}] {nothing} to use bucket_sort"));
            inside(parent, kind, name).into_iter().chain(idle).collect()
        }
        _ => beside(level, name, pipeline).into_iter().collect(),
    }
}

fn inside(parent: Option<&Aggregation>, kind: &str, name: &str) -> Option<String> {
    parent.is_none().then(|| format!("{kind} aggregation [{name}] must be declared inside of another aggregation"))
}

/// The buckets around must come one after the other.
fn in_order(parent: Option<&Aggregation>, kind: &str, name: &str) -> Option<String> {
    let wanted =
        format!("{kind} aggregation [{name}] must have a histogram, date_histogram or auto_date_histogram as parent");
    let Some(parent) = parent else { return Some(format!("{wanted} but doesn't have a parent")) };
    let min_doc_count = match &parent.kind {
        Kind::Histogram(histogram) => histogram.min_doc_count,
        Kind::DateHistogram(histogram) => histogram.min_doc_count,
        Kind::AutoDateHistogram(_) => 0,
        _ => return Some(wanted),
    };
    (min_doc_count != 0)
        .then(|| format!("parent histogram of {kind} aggregation [{name}] must have min_doc_count of 0"))
}

/// A sibling follows buckets that stand beside it.
fn beside(level: &Level<'_>, name: &str, pipeline: &Pipeline) -> Option<String> {
    let path = paths(pipeline).first().copied().unwrap_or_default();
    let first = path.split(['>', '.']).next().unwrap_or_default();
    let found = level.names.get(first).map(|(one, _)| *one).filter(|one| as_pipeline(one).is_none());
    let Some(found) = found else {
        return Some(format!("buckets_path aggregation does not exist for aggregation [{name}]: {path}"));
    };
    let single = matches!(
        found.kind,
        Kind::Filter(_)
            | Kind::Missing(_)
            | Kind::Global
            | Kind::Nested { .. }
            | Kind::ReverseNested { .. }
            | Kind::Children { .. }
            | Kind::Parent { .. }
            | Kind::Sampler { .. }
            | Kind::DiversifiedSampler(_)
    );
    (single || is_metric(&found.kind)).then(|| {
        let must = "The first aggregation in buckets_path must be a multi-bucket aggregation";
        format!("{must} for aggregation [{name}] found :{} for buckets path: {path}", found.kind.name())
    })
}
