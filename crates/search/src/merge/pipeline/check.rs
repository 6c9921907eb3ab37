//! What of a request's pipelines can never run, said before anything is searched.

use model::aggregation::request::pipeline::PipelineKind;
use model::aggregation::request::{Aggregation, Kind};
use model::error::{Error, ErrorKind};

use super::path::{Element, Path};
use super::{behind_needs, cycle, order, paths};
use crate::fetch::decimal::DecimalFormat;

/// Checks the pipelines of a whole request.
///
/// # Errors
/// `action_request_validation_exception` with all that is wrong; `aggregation_execution_exception` for a path that cannot be read.
pub fn check(aggregations: &[Aggregation]) -> Result<(), Error> {
    let mut wrong = Vec::new();
    level(None, aggregations, &mut wrong)?;
    if wrong.is_empty() {
        return Ok(());
    }
    let numbered = wrong.iter().enumerate().map(|(at, reason)| format!("{}: {reason};", at + 1));
    let reason = format!("Validation Failed: {}", numbered.collect::<String>());
    Err(Error::new(ErrorKind::ActionRequestValidation, reason))
}

fn level(parent: Option<&Aggregation>, list: &[Aggregation], wrong: &mut Vec<String>) -> Result<(), Error> {
    match ordered(list)? {
        Ok(order) => {
            for aggregation in order {
                rules(parent, list, aggregation, wrong)?;
            }
        }
        Err(reason) => wrong.push(reason),
    }
    let inner = list.iter().filter(|aggregation| !aggregation.children.is_empty());
    inner.into_iter().try_for_each(|aggregation| level(Some(aggregation), &aggregation.children, wrong))
}

fn paths_of(aggregation: &Aggregation) -> Vec<&str> {
    match &aggregation.kind {
        Kind::Pipeline(pipeline) => paths(&pipeline.kind),
        _ => Vec::new(),
    }
}

/// The pipelines of a level, each behind those that it names; or what is wrong with a path.
fn ordered(list: &[Aggregation]) -> Result<Result<Vec<&Aggregation>, String>, Error> {
    let pipelines: Vec<&Aggregation> = list.iter().filter(|one| matches!(one.kind, Kind::Pipeline(_))).collect();
    let mut needs = Vec::with_capacity(pipelines.len());
    for pipeline in &pipelines {
        let mut need = Vec::new();
        for path in paths_of(pipeline) {
            match named(list, &pipelines, path)? {
                Ok(found) => need.extend(found),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        needs.push(need);
    }
    Ok(match behind_needs(&needs) {
        Ok(order) => Ok(order.into_iter().map(|at| pipelines[at]).collect()),
        Err(at) => Err(cycle(&pipelines[at].name).reason),
    })
}

/// Which pipeline a path begins with, if it does with one; or how the path is wrong.
fn named(list: &[Aggregation], pipelines: &[&Aggregation], path: &str) -> Result<Result<Option<usize>, String>, Error> {
    let parsed = Path::parse(path)?;
    let Some((first, rest)) = parsed.elements.split_first() else { return Ok(Err(format!("Invalid path [{path}]"))) };
    if path == "_count" || path == "_key" {
        return Ok(Ok(None));
    }
    let documents = list.iter().find(|one| &*one.name == first.name && !matches!(one.kind, Kind::Pipeline(_)));
    if let Some(aggregation) = documents {
        return Ok(below(aggregation, rest, path).map(|()| None));
    }
    let pipeline = pipelines.iter().position(|one| &*one.name == first.name);
    Ok(pipeline.map(Some).ok_or_else(|| format!("No aggregation found for path [{path}]")))
}

fn below(mut aggregation: &Aggregation, rest: &[Element<'_>], path: &str) -> Result<(), String> {
    for (at, Element { name, .. }) in rest.iter().enumerate() {
        if at + 1 == rest.len() && (name.eq_ignore_ascii_case("_key") || *name == "_count") {
            return Ok(());
        }
        let found = aggregation.children.iter().find(|child| &*child.name == *name);
        aggregation = found.ok_or_else(|| format!("No aggregation [{name}] found for path [{path}]"))?;
    }
    Ok(())
}

/// What one pipeline asks of its place.
fn rules(
    parent: Option<&Aggregation>,
    list: &[Aggregation],
    aggregation: &Aggregation,
    wrong: &mut Vec<String>,
) -> Result<(), Error> {
    let Kind::Pipeline(pipeline) = &aggregation.kind else { return Ok(()) };
    if let Some(pattern) = &pipeline.format {
        DecimalFormat::parse(pattern)?;
    }
    let (kind, name) = (pipeline.kind.name(), &aggregation.name);
    match &pipeline.kind {
        PipelineKind::Derivative { .. }
        | PipelineKind::CumulativeSum(_)
        | PipelineKind::MovingFn { .. }
        | PipelineKind::SerialDiff { .. } => wrong.extend(in_sequence(parent, kind, name)),
        PipelineKind::BucketScript { .. } | PipelineKind::BucketSelector { .. } | PipelineKind::BucketSort { .. } => {
            if parent.is_none() {
                wrong.push(format!("{kind} aggregation [{name}] must be declared inside of another aggregation"));
            }
            if let PipelineKind::BucketSort { sort, from: 0, size: None } = &pipeline.kind
                && sort.is_empty()
            {
                let remedy = "Please set either of [sort, size, from] to use bucket_sort";
                wrong.push(format!("[{name}] is configured to perform nothing. {remedy}"));
            }
        }
        PipelineKind::PercentilesBucket { percents, .. } if percents.iter().any(|p| !(0.0..=100.0).contains(p)) => {
            wrong.push("percents must only contain non-null doubles from 0.0-100.0 inclusive".to_owned());
        }
        PipelineKind::ExtendedStatsBucket { sigma, .. } if *sigma < 0.0 => {
            wrong.push("sigma must be a non-negative double".to_owned());
        }
        other => {
            let path = paths(other).first().copied().unwrap_or_default();
            wrong.extend(over_buckets(list, name, path)?);
        }
    }
    Ok(())
}

/// Pipelines that follow buckets need them one behind the other, none left out.
fn in_sequence(parent: Option<&Aggregation>, kind: &str, name: &str) -> Option<String> {
    let min_doc_count = match parent.map(|parent| &parent.kind) {
        Some(Kind::Histogram(histogram)) => histogram.min_doc_count,
        Some(Kind::DateHistogram(histogram)) => histogram.min_doc_count,
        Some(Kind::AutoDateHistogram(_)) => 0,
        _ => {
            return Some(format!(
                "{kind} aggregation [{name}] must have a histogram, date_histogram or auto_date_histogram as parent"
            ));
        }
    };
    (min_doc_count != 0)
        .then(|| format!("parent histogram of {kind} aggregation [{name}] must have min_doc_count of 0"))
}

/// The first aggregation of a path that goes over buckets must have many.
fn over_buckets(list: &[Aggregation], name: &str, path: &str) -> Result<Option<String>, Error> {
    let parsed = Path::parse(path)?;
    let found = list.iter().find(|one| Some(&*one.name) == parsed.first() && !matches!(one.kind, Kind::Pipeline(_)));
    Ok(match found {
        None => Some(format!("buckets_path aggregation does not exist for aggregation [{name}]: {path}")),
        Some(found) => builder(&found.kind).map(|class| {
            let owner = "The first aggregation in buckets_path must be a multi-bucket aggregation for aggregation";
            format!("{owner} [{name}] found :org.opensearch.search.aggregations.{class} for buckets path: {path}")
        }),
    })
}

/// The class that builds what has not many buckets; `None` for what has.
fn builder(kind: &Kind) -> Option<String> {
    let camel: String = kind.name().split('_').map(capitalized).collect();
    let package = match kind {
        Kind::Nested { .. } | Kind::ReverseNested { .. } => "bucket.nested",
        Kind::Sampler { .. } => "bucket.sampler",
        Kind::DiversifiedSampler(_) => return Some("bucket.sampler.DiversifiedAggregationBuilder".to_owned()),
        Kind::MatrixStats(_) => "matrix.stats",
        kind if order::is_single(kind) => return Some(format!("bucket.{}.{camel}AggregationBuilder", kind.name())),
        Kind::Avg(_)
        | Kind::Min(_)
        | Kind::Max(_)
        | Kind::Sum(_)
        | Kind::ValueCount(_)
        | Kind::Stats(_)
        | Kind::ExtendedStats(_)
        | Kind::Percentiles(_)
        | Kind::PercentileRanks(_)
        | Kind::Cardinality(_)
        | Kind::WeightedAvg(_)
        | Kind::MedianAbsoluteDeviation(_)
        | Kind::TopHits(_)
        | Kind::GeoBounds(_)
        | Kind::GeoCentroid(_) => "metrics",
        _ => return None,
    };
    Some(format!("{package}.{camel}AggregationBuilder"))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
