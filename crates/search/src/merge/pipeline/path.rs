//! `buckets_path`: where a number stands below a bucket, as in `sales>stats.avg`, `_count`, `genres['rock']>price`.

use model::aggregation::answer::{Answer, Body, Bucket, Buckets};
use model::aggregation::request::pipeline::GapPolicy;
use model::error::{Error, ErrorKind};

const NO_NUMBER: &str =
    "buckets_path must reference either a number value or a single value numeric metric aggregation";

/// A path cut at `>`, with the key behind `.` or in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub(super) elements: Vec<Element<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) key: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// Reads a path.
    ///
    /// # Errors
    /// `aggregation_execution_exception` for a key that is not closed, or that nothing stands before.
    pub(super) fn parse(path: &'a str) -> Result<Self, Error> {
        let parts: Vec<&str> = path.split('>').filter(|part| !part.is_empty()).collect();
        let last = parts.len().saturating_sub(1);
        let elements = parts.iter().enumerate().map(|(at, part)| Element::parse(part, at == last, path));
        Ok(Self { elements: elements.collect::<Result<_, _>>()? })
    }

    pub(super) fn first(&self) -> Option<&'a str> {
        self.elements.first().map(|element| element.name)
    }

    /// Names and keys, one behind the other.
    pub(super) fn flat(&self) -> Vec<&'a str> {
        self.elements.iter().flat_map(|element| [Some(element.name), element.key]).flatten().collect()
    }
}

impl<'a> Element<'a> {
    fn parse(part: &'a str, is_last: bool, path: &str) -> Result<Self, Error> {
        let invalid = || {
            let reason = format!("Invalid path element [{part}] in path [{path}]");
            Error::new(ErrorKind::AggregationExecution, reason)
        };
        let cut = match part.rfind('[') {
            Some(at) => Some((at, part[at + 1..].strip_suffix(']').ok_or_else(invalid)?)),
            None if is_last => part.rfind('.').map(|at| (at, &part[at + 1..])),
            None => None,
        };
        match cut {
            Some((0, _) | (_, "")) => Err(invalid()),
            Some((at, key)) => Ok(Self { name: &part[..at], key: Some(key) }),
            None => Ok(Self { name: part, key: None }),
        }
    }
}

/// What a path leads to.
enum Found {
    Number(f64),
    /// A metric of several numbers.
    Several,
    /// Something else, by the name of its class.
    Other(&'static str),
}

/// The number of a bucket by a path; `None`: the path leads nowhere. What is not finite, and everything but `_count` in a bucket
/// without documents, is a gap: NaN, or zero.
///
/// `owner`: the aggregation that the bucket is of.
///
/// # Errors
/// `aggregation_execution_exception` when the path leads to what is not a number, `illegal_argument_exception` for a metric's
/// number that does not exist.
pub(super) fn value(bucket: &Bucket, path: &[&str], gap: GapPolicy, owner: &str) -> Result<Option<f64>, Error> {
    let refused = |reason: String| Err(Error::new(ErrorKind::AggregationExecution, reason));
    let at = path.first().copied().unwrap_or(owner);
    match in_bucket(bucket, path)? {
        None => Ok(None),
        Some(Found::Number(number)) => {
            let is_gap = !number.is_finite() || (bucket.doc_count == 0 && path != ["_count"]);
            Ok(Some(match gap {
                _ if !is_gap => number,
                GapPolicy::Skip => f64::NAN,
                GapPolicy::InsertZeros => 0.0,
            }))
        }
        Some(Found::Several) => {
            refused(format!("{NO_NUMBER}, but [{at}] contains multiple values. Please specify which to use."))
        }
        Some(Found::Other(class)) => refused(format!("{NO_NUMBER}, got: [{class}] at aggregation [{at}]")),
    }
}

fn in_bucket(bucket: &Bucket, path: &[&str]) -> Result<Option<Found>, Error> {
    let Some((first, rest)) = path.split_first() else { return Ok(Some(Found::Other("Bucket"))) };
    match *first {
        "_count" | "_key" if !rest.is_empty() => Ok(None),
        "_count" => Ok(Some(Found::Number(bucket.doc_count as f64))),
        "_key" => Ok(Some(bucket.key.as_f64().map_or(Found::Other("String"), Found::Number))),
        name => among(&bucket.answers, name, rest),
    }
}

fn among(answers: &[Answer], name: &str, rest: &[&str]) -> Result<Option<Found>, Error> {
    match answers.iter().find(|answer| &*answer.name == name) {
        Some(answer) => in_answer(answer, rest),
        None => Ok(None),
    }
}

fn in_answer(answer: &Answer, path: &[&str]) -> Result<Option<Found>, Error> {
    let unsupported = || {
        let reason = format!("path not supported for [{}]: [{}]", answer.name, path.join(", "));
        Err(Error::illegal_argument(reason))
    };
    match (&answer.body, path) {
        (Body::Value { value, .. }, [] | ["value"]) => Ok(Some(Found::Number(value.as_f64()))),
        (Body::Metric(_), []) => Ok(Some(metric(answer, "value")?.map_or(Found::Several, Found::Number))),
        (Body::Metric(_), [name]) => match metric(answer, name)? {
            Some(number) => Ok(Some(Found::Number(number))),
            None => unknown_number(answer, name).map_or_else(unsupported, Err),
        },
        (Body::TopHits(_), []) => Ok(Some(Found::Other("InternalTopHits"))),
        (Body::Made(value), [] | ["value"]) => Ok(Some(value.as_f64().map_or(Found::Other("Object"), Found::Number))),
        (Body::Value { .. } | Body::Metric(_) | Body::TopHits(_) | Body::Made(_), _) => unsupported(),
        (Body::Bucket(_), []) | (Body::Buckets(_), []) => Ok(Some(Found::Other(class(answer.kind)))),
        (Body::Bucket(bucket), ["_count"]) => Ok(Some(Found::Number(bucket.doc_count as f64))),
        (Body::Bucket(bucket), [name, rest @ ..]) => among(&bucket.answers, name, rest),
        (Body::Buckets(buckets), ["_bucket_count", ..]) => Ok(Some(Found::Number(buckets.list.len() as f64))),
        (Body::Buckets(buckets), [name, rest @ ..]) => in_buckets(buckets, name, rest, path),
    }
}

fn in_buckets(buckets: &Buckets, name: &str, rest: &[&str], path: &[&str]) -> Result<Option<Found>, Error> {
    if let Some(key) = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')) {
        let found = buckets.list.iter().find(|bucket| key_text(bucket) == key);
        return found.map_or(Ok(None), |bucket| in_bucket(bucket, rest));
    }
    for bucket in &buckets.list {
        if in_bucket(bucket, path)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(Found::Other("Object[]")))
}

/// One number of a metric by its name; numbers among the names compare as numbers: `99` is `99.0`.
pub(super) fn metric(answer: &Answer, name: &str) -> Result<Option<f64>, Error> {
    let Body::Metric(metric) = &answer.body else { return Ok(None) };
    let exact = metric.numbers.iter().find(|(known, _)| &**known == name);
    let same = || {
        let wanted: f64 = name.parse().ok()?;
        metric.numbers.iter().find(|(known, _)| known.parse() == Ok(wanted))
    };
    Ok(exact.or_else(same).map(|(_, number)| *number))
}

/// How a number that a metric does not have is refused; `None`: as any other path.
fn unknown_number(answer: &Answer, name: &str) -> Option<Error> {
    let constant = |class: &str| Some(Error::illegal_argument(format!("No enum constant {class}.{name}")));
    let kind = answer.kind;
    match kind {
        "stats" => constant("org.opensearch.search.aggregations.metrics.InternalStats.Metrics"),
        "extended_stats" => constant("org.opensearch.search.aggregations.metrics.InternalExtendedStats.Metrics"),
        _ if kind.contains("percentile") => Some(match name.parse::<f64>() {
            Ok(_) => Error::not_implemented(format!("a path to [{name}] of [{}], which it does not show", answer.name)),
            Err(_) => Error::new(ErrorKind::NumberFormat, format!("For input string: \"{name}\"")),
        }),
        _ => None,
    }
}

/// `key_as_string`, whether it is shown or not.
pub(super) fn key_text(bucket: &Bucket) -> String {
    match (&bucket.text, &bucket.shown_key) {
        (Some(text), _) => text.clone(),
        (None, Some(key)) => crate::fetch::extract::java_text(key),
        (None, None) => String::new(),
    }
}

/// The class of an answer, as OpenSearch's messages name it.
fn class(kind: &str) -> &'static str {
    match kind {
        "sterms" => "StringTerms",
        "lterms" => "LongTerms",
        "ulterms" => "UnsignedLongTerms",
        "dterms" => "DoubleTerms",
        "umterms" => "UnmappedTerms",
        "histogram" => "InternalHistogram",
        "date_histogram" => "InternalDateHistogram",
        "auto_date_histogram" => "InternalAutoDateHistogram",
        "range" => "InternalRange",
        "date_range" => "InternalDateRange",
        "filters" => "InternalFilters",
        "filter" => "InternalFilter",
        "global" => "InternalGlobal",
        "missing" => "InternalMissing",
        "nested" => "InternalNested",
        "reverse_nested" => "InternalReverseNested",
        "children" => "InternalChildren",
        "parent" => "InternalParent",
        "sampler" => "InternalSampler",
        "composite" => "InternalComposite",
        _ => "InternalAggregation",
    }
}
