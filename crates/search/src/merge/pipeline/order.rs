//! Paths by which buckets are ordered: `{"order": {"genre>stats.avg": "desc"}}`.
//!
//! They look like `buckets_path`, and name only what one bucket has once: single buckets on the way, a number at the end.

use model::aggregation::answer::{Answer, Body};
use model::aggregation::request::{Aggregation, Kind};
use model::error::{Error, ErrorKind};

use super::path::{self, Element, Path};

const SORTABLE: &str = "Buckets can only be sorted on a sub-aggregator path that is built out of zero or more single-bucket aggregations \
                        within the path and a final single-bucket or a metrics aggregation at the path end.";

/// One path, as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderPath<'a>(pub &'a str);

impl OrderPath<'_> {
    fn invalid(self, why: &str) -> Error {
        let reason = format!("Invalid aggregation order path [{}]. {why}", self.0);
        Error::new(ErrorKind::AggregationExecution, reason)
    }

    fn nothing(self, name: &str) -> Error {
        self.invalid(&format!(
            "The provided aggregation [{name}] either does not exist, or is a pipeline aggregation and cannot be used to sort the buckets."
        ))
    }

    /// Whether the path names a number below an aggregation with these children.
    ///
    /// # Errors
    /// `aggregation_execution_exception`, as OpenSearch words it.
    pub fn check(self, children: &[Aggregation]) -> Result<(), Error> {
        let path = Path::parse(self.0)?;
        let mut level = children;
        let mut found: Option<(&Aggregation, Option<&str>)> = None;
        for Element { name, key } in &path.elements {
            if let Some((before, _)) = found.filter(|(before, _)| !is_single(&before.kind)) {
                return Err(self.invalid(&format!("{SORTABLE} [{}] is not single-bucket.", before.name)));
            }
            let next = level.iter().find(|child| &*child.name == *name && !matches!(child.kind, Kind::Pipeline(_)));
            let next = next.ok_or_else(|| self.nothing(name))?;
            level = &next.children;
            found = Some((next, *key));
        }
        let (last, key) = found.ok_or_else(|| self.nothing(""))?;
        self.check_last(last, key)
    }

    fn check_last(self, last: &Aggregation, key: Option<&str>) -> Result<(), Error> {
        let name = &last.name;
        let unknown = |key: &str| {
            Err(self.invalid(&format!("Unknown metric name [{key}] on multi-value metrics aggregation [{name}]")))
        };
        match (&last.kind, key) {
            (kind, None | Some("doc_count")) if is_single(kind) => Ok(()),
            (kind, Some(_)) if is_single(kind) => Err(self.invalid(&format!(
                "Ordering on a single-bucket aggregation can only be done on its doc_count. Either drop the key (a la \"{name}\") or \
                 change it to \"doc_count\" (a la \"{name}.doc_count\") or \"key\"."
            ))),
            (Kind::Stats(_) | Kind::ExtendedStats(_) | Kind::Percentiles(_) | Kind::PercentileRanks(_), None) => {
                Err(self.invalid("When ordering on a multi-value metrics aggregation a metric name must be specified."))
            }
            (Kind::Stats(_), Some("count" | "sum" | "min" | "max" | "avg")) => Ok(()),
            (Kind::ExtendedStats(_), Some(key)) if EXTENDED.contains(&key) => Ok(()),
            (Kind::Percentiles(asked) | Kind::PercentileRanks(asked), Some(key)) => match key.parse::<f64>() {
                Ok(point) if asked.points.contains(&point) => Ok(()),
                _ => unknown(key),
            },
            (Kind::Stats(_) | Kind::ExtendedStats(_), Some(key)) => unknown(key),
            (kind, None | Some("value")) if is_number(kind) => Ok(()),
            (kind, Some(_)) if is_number(kind) => Err(self.invalid(&format!(
                "Ordering on a single-value metrics aggregation can only be done on its value. Either drop the key (a la \"{name}\") or \
                 change it to \"value\" (a la \"{name}.value\")"
            ))),
            _ => Err(self.invalid(SORTABLE)),
        }
    }
}

const EXTENDED: [&str; 18] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "sum_of_squares",
    "variance",
    "variance_population",
    "variance_sampling",
    "std_deviation",
    "std_deviation_population",
    "std_deviation_sampling",
    "std_upper",
    "std_lower",
    "std_upper_population",
    "std_lower_population",
    "std_upper_sampling",
    "std_lower_sampling",
];

/// The number that a path leads to below a bucket with these answers; NaN where there is none.
///
/// # Errors
/// `aggregation_execution_exception` for a path that names no number.
pub fn number_at(path: &OrderPath<'_>, answers: &[Answer]) -> Result<f64, Error> {
    let parsed = Path::parse(path.0)?;
    let mut level = answers;
    let last = parsed.elements.len().saturating_sub(1);
    for (at, Element { name, key }) in parsed.elements.iter().enumerate() {
        let answer = level.iter().find(|answer| &*answer.name == *name).ok_or_else(|| path.nothing(name))?;
        match &answer.body {
            Body::Bucket(bucket) if at < last => level = &bucket.answers,
            _ if at < last => return Err(path.invalid(&format!("{SORTABLE} [{name}] is not single-bucket."))),
            Body::Bucket(bucket) => return Ok(bucket.doc_count as f64),
            Body::Value { value, .. } => return Ok(value.as_f64()),
            Body::Metric(_) => {
                let found = path::metric(answer, key.unwrap_or("value"))?;
                return found.ok_or_else(|| path.invalid(&format!("[{name}] has no such number.")));
            }
            Body::Buckets(_) | Body::TopHits(_) | Body::Made(_) => return Err(path.invalid(SORTABLE)),
        }
    }
    Err(path.nothing(""))
}

/// Aggregations of one bucket.
pub(super) fn is_single(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Filter(_)
            | Kind::Missing(_)
            | Kind::Global
            | Kind::Nested { .. }
            | Kind::ReverseNested { .. }
            | Kind::Children { .. }
            | Kind::Parent { .. }
            | Kind::Sampler { .. }
            | Kind::DiversifiedSampler(_)
    )
}

/// Aggregations of one number.
fn is_number(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Avg(_)
            | Kind::Min(_)
            | Kind::Max(_)
            | Kind::Sum(_)
            | Kind::ValueCount(_)
            | Kind::Cardinality(_)
            | Kind::WeightedAvg(_)
            | Kind::MedianAbsoluteDeviation(_)
    )
}
