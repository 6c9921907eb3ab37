//! Pipelines over the answers of other aggregations.

use std::sync::Arc;

use model::aggregation::request::pipeline::{BucketsPath, GapPolicy, Normalization, Pipeline, PipelineKind};
use model::aggregation::request::{Kind, Order, OrderBy};
use model::error::{Error, ErrorKind};
use model::json::token;
use model::search::SortKey;
use serde_json::Value;

use super::super::field::{Field, text_of};
use super::super::sort::sort;
use super::declared::At;
use super::interval::{time, unit};
use super::{Asked, late};

pub(super) fn wrapped(kind: PipelineKind, format: Option<String>, gap_policy: GapPolicy) -> Kind {
    Kind::Pipeline(Box::new(Pipeline { kind, format, gap_policy }))
}

pub(super) fn gap_policy(text: &str) -> Result<GapPolicy, Error> {
    match text {
        "skip" => Ok(GapPolicy::Skip),
        "insert_zeros" => Ok(GapPolicy::InsertZeros),
        _ => {
            let reason = format!("Invalid gap policy: [{text}], accepted values: [insert_zeros, skip]");
            Err(Error::parsing(reason))
        }
    }
}

/// The paths of an array. `refused`: what kind of mistake anything else is.
pub(super) fn paths(items: &[Value], refused: ErrorKind) -> Result<Vec<BucketsPath>, Error> {
    let text = |item: &Value| match text_of(item) {
        Some(text) => Ok(Arc::from(text)),
        None => Err(Error::new(refused, format!("Can't get text on a {}", token(item)))),
    };
    items.iter().map(text).collect()
}

/// The first of an array of paths: the others are not looked at.
pub(super) fn first(items: &[Value]) -> Result<BucketsPath, Error> {
    let nothing = || Error::new(ErrorKind::ArrayIndexOutOfBounds, "Index 0 out of bounds for length 0");
    paths(items, ErrorKind::Parsing)?.into_iter().next().ok_or_else(nothing)
}

/// What pipelines over one path have.
pub(super) struct Given {
    pub(super) path: Option<BucketsPath>,
    pub(super) format: Option<String>,
    pub(super) gap_policy: GapPolicy,
}

/// Reads them; `more` takes the keys of its own and says whether it did, `unknown` refuses a key that nobody takes.
pub(super) fn given<'a>(
    asked: Asked<'a>,
    mut more: impl FnMut(Field<'a>) -> Result<bool, Error>,
    unknown: impl Fn(Field<'a>) -> Error,
) -> Result<Given, Error> {
    let (mut path, mut format, mut gaps) = (None, None, GapPolicy::Skip);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("buckets_path", Value::String(text)) => path = Some(Arc::from(text.as_str())),
            ("buckets_path", Value::Array(items)) => path = Some(first(items)?),
            ("format", Value::String(text)) => format = Some(text.clone()),
            ("gap_policy", Value::String(text)) => gaps = gap_policy(text)?,
            _ if more(field)? => {}
            _ => return Err(unknown(field)),
        }
    }
    Ok(Given { path, format, gap_policy: gaps })
}

/// What sibling pipelines have.
struct Sibling {
    path: BucketsPath,
    format: Option<String>,
    gap_policy: GapPolicy,
}

/// Reads a sibling; `more` takes the keys of its own and says whether it did.
fn sibling<'a>(asked: Asked<'a>, more: impl FnMut(Field<'a>) -> Result<bool, Error>) -> Result<Sibling, Error> {
    let Given { path, format, gap_policy } = given(asked, more, |field| {
        let place = format!("[{}] in [{}]", field.key, asked.name);
        Error::parsing(format!("Unexpected token {} {place}", field.token()))
    })?;
    let path = path.ok_or_else(|| {
        Error::parsing(format!("Missing required field [buckets_path] for aggregation [{}]", asked.name))
    })?;
    Ok(Sibling { path, format, gap_policy })
}

fn plain(asked: Asked<'_>, kind: fn(BucketsPath) -> PipelineKind) -> Result<Kind, Error> {
    let found = sibling(asked, |_| Ok(false))?;
    Ok(wrapped(kind(found.path), found.format, found.gap_policy))
}

/// `avg_bucket`.
pub(super) fn avg_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    plain(asked, PipelineKind::AvgBucket)
}

/// `min_bucket`.
pub(super) fn min_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    plain(asked, PipelineKind::MinBucket)
}

/// `max_bucket`.
pub(super) fn max_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    plain(asked, PipelineKind::MaxBucket)
}

/// `sum_bucket`.
pub(super) fn sum_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    plain(asked, PipelineKind::SumBucket)
}

/// `stats_bucket`.
pub(super) fn stats_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    plain(asked, PipelineKind::StatsBucket)
}

/// `extended_stats_bucket`.
pub(super) fn extended_stats_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut sigma = 2.0;
    let found = sibling(asked, |field| match (field.key, field.value) {
        ("sigma", Value::Number(_)) => {
            sigma = field.double()?;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    if sigma < 0.0 {
        return Err(Error::illegal_argument("sigma must be a non-negative double"));
    }
    let kind = PipelineKind::ExtendedStatsBucket { path: found.path, sigma };
    Ok(wrapped(kind, found.format, found.gap_policy))
}

/// `percentiles_bucket`.
pub(super) fn percentiles_bucket(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut percents, mut keyed) = (vec![1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0], true);
    let found = sibling(asked, |field| match (field.key, field.value) {
        ("percents", Value::Array(items)) => {
            percents = items.iter().map(|value| Field { value, ..field }.double()).collect::<Result<_, _>>()?;
            Ok(true)
        }
        ("keyed", Value::Bool(flag)) => {
            keyed = *flag;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    if percents.iter().any(|percent| !(0.0..=100.0).contains(percent)) {
        let reason = "percents must only contain non-null doubles from 0.0-100.0 inclusive";
        return Err(Error::illegal_argument(reason));
    }
    let kind = PipelineKind::PercentilesBucket { path: found.path, percents, keyed };
    Ok(wrapped(kind, found.format, found.gap_policy))
}

/// A key that `derivative` or `serial_diff` does not know, or not with such a value. `known` are the tokens that some key may have.
pub(super) fn unknown_key(asked: Asked<'_>, field: Field<'_>, known: &[&str]) -> Error {
    let found = field.token();
    Error::parsing(match known.contains(&found) {
        true => format!("Unknown key for a {found} in [{}]: [{}].", asked.name, field.key),
        false => format!("Unexpected token {found} in [{}].", asked.name),
    })
}

fn no_path(asked: Asked<'_>) -> Error {
    let reason = format!("Missing required field [buckets_path] for derivative aggregation [{}]", asked.name);
    Error::parsing(reason)
}

/// `derivative`.
pub(super) fn derivative<'a>(asked: Asked<'a>) -> Result<Kind, Error> {
    let mut unit = None;
    let more = |field: Field<'a>| match (field.key, field.value) {
        ("unit", Value::String(text)) => {
            unit = Some(text);
            Ok(true)
        }
        _ => Ok(false),
    };
    let unknown = |field| unknown_key(asked, field, &["VALUE_STRING", "START_ARRAY"]);
    let Given { path, format, gap_policy } = given(asked, more, unknown)?;
    let path = path.ok_or_else(|| no_path(asked))?;
    let unit_ms = unit.map(|text| unit_ms(text)).transpose().map_err(late)?;
    Ok(wrapped(PipelineKind::Derivative { path, unit_ms }, format, gap_policy))
}

/// Of a calendar's unit its mean length in the Gregorian calendar.
fn unit_ms(text: &str) -> Result<i64, Error> {
    use model::aggregation::request::histogram::CalendarUnit as Unit;
    const DAY: i64 = 86_400_000;
    Ok(match unit(text) {
        Some(Unit::Second) => 1_000,
        Some(Unit::Minute) => 60_000,
        Some(Unit::Hour) => 3_600_000,
        Some(Unit::Day) => DAY,
        Some(Unit::Week) => 7 * DAY,
        Some(Unit::Month) => 2_629_746_000,
        Some(Unit::Quarter) => 7_889_238_000,
        Some(Unit::Year) => 31_556_952_000,
        None => {
            let ms = time("DerivativePipelineAggregationBuilder.unit", text)?.unwrap_or(0);
            i64::try_from(ms).unwrap_or(i64::MAX)
        }
    })
}

/// `serial_diff`.
pub(super) fn serial_diff(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut lag = 1;
    let more = |field: Field<'_>| match (field.key, field.value) {
        ("lag", Value::Number(_)) => {
            let given = field.int()?;
            lag = u32::try_from(given).ok().filter(|lag| *lag > 0).ok_or_else(|| {
                let supplied = format!("Value supplied was{given} in [{}]: [lag].", asked.name);
                Error::parsing(format!("Lag must be a positive, non-zero integer.  {supplied}"))
            })?;
            Ok(true)
        }
        _ => Ok(false),
    };
    let unknown = |field| unknown_key(asked, field, &["VALUE_STRING", "VALUE_NUMBER", "START_ARRAY"]);
    let Given { path, format, gap_policy } = given(asked, more, unknown)?;
    let path = path.ok_or_else(|| no_path(asked))?;
    Ok(wrapped(PipelineKind::SerialDiff { path, lag }, format, gap_policy))
}

/// `cumulative_sum`.
pub(super) fn cumulative_sum(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut path, mut format) = (None, None);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("buckets_path", Value::String(text)) => path = Some(vec![Arc::from(text.as_str())]),
            ("buckets_path", Value::Array(items)) => path = Some(paths(items, ErrorKind::IllegalState).at(field)?),
            ("buckets_path", _) => return Err(field.mistyped()),
            ("format", _) => format = Some(field.string()?.to_owned()),
            _ => return Err(field.unknown(&["buckets_path", "format"])),
        }
    }
    let paths = path.ok_or_else(|| Error::illegal_argument("Required [buckets_path]"))?;
    let [path] = paths.as_slice() else {
        let reason = format!("buckets_path must contain a single entry for aggregation [{}]", asked.name);
        return Err(super::validate::failed(&[reason]));
    };
    Ok(wrapped(PipelineKind::CumulativeSum(path.clone()), format, GapPolicy::Skip))
}

/// `normalize`, which Elasticsearch has.
pub(super) fn normalize(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut path, mut format, mut method) = (None, None, None);
    for field in asked.fields() {
        match (field.key, field.value) {
            ("buckets_path", Value::String(text)) => path = Some(Arc::from(text.as_str())),
            ("buckets_path", Value::Array(items)) => path = Some(first(items)?),
            ("format", Value::String(text)) => format = Some(text.clone()),
            ("method", Value::String(text)) => method = Some(normalization(text, asked.name)?),
            ("buckets_path" | "format" | "method", _) => return Err(field.mistyped()),
            _ => return Err(field.unknown(&["buckets_path", "format", "method"])),
        }
    }
    let path = path.ok_or_else(|| Error::illegal_argument("Required [buckets_path]"))?;
    let method = method.ok_or_else(|| Error::illegal_argument("Required [method]"))?;
    Ok(wrapped(PipelineKind::Normalize { path, method }, format, GapPolicy::Skip))
}

fn normalization(text: &str, name: &str) -> Result<Normalization, Error> {
    Ok(match text {
        "rescale_0_1" => Normalization::Rescale01,
        "rescale_0_100" => Normalization::Rescale0100,
        "percent_of_sum" => Normalization::PercentOfSum,
        "mean" => Normalization::Mean,
        "z-score" => Normalization::ZScore,
        "softmax" => Normalization::Softmax,
        _ => return Err(Error::illegal_argument(format!("invalid method [{text}] of [{name}]"))),
    })
}

/// `bucket_sort`.
pub(super) fn bucket_sort(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut orders, mut from, mut size) = (Vec::new(), 0, None);
    let mut gaps = GapPolicy::Skip;
    for field in asked.fields() {
        match field.key {
            "sort" => orders = bucket_orders(field)?,
            "from" => {
                let given = field.declared_int()?;
                from = u32::try_from(given)
                    .map_err(|_| unbuilt(field, format!("[from] must be a non-negative integer: [{given}]")))?;
            }
            "size" => {
                let given = field.declared_int()?;
                let positive = u32::try_from(given).ok().filter(|size| *size > 0);
                let refused = || unbuilt(field, format!("[size] must be a positive integer: [{given}]"));
                size = Some(positive.ok_or_else(refused)?);
            }
            "gap_policy" => gaps = gap_policy(field.string()?).at(field)?,
            _ => return Err(field.unknown(&["sort", "from", "size", "gap_policy"])),
        }
    }
    Ok(wrapped(PipelineKind::BucketSort { sort: orders, from, size }, None, gaps))
}

/// Said when all keys have been read.
fn unbuilt(field: Field<'_>, reason: String) -> Error {
    let outer = format!("failed to build [{}] after last required field arrived", field.owner);
    Error::new(ErrorKind::XContentParse, outer).with_cause(field.failed(Error::illegal_argument(reason)))
}

fn bucket_orders(field: Field<'_>) -> Result<Vec<Order>, Error> {
    let keys = match field.value {
        Value::Array(_) | Value::Object(_) => sort(field.value).at(field)?,
        _ => return Err(field.mistyped()),
    };
    keys.into_iter().map(|key| bucket_order(key).at(field)).collect()
}

fn bucket_order(key: SortKey) -> Result<Order, Error> {
    let by = match key.field.as_str() {
        "_score" => {
            let direction = if key.descending { "desc" } else { "asc" };
            let sort = format!("{{\"_score\":{{\"order\":\"{direction}\"}}}}");
            let reason = format!("[bucket_sort] only supports field based sorting; incompatible sort: [{sort}]");
            return Err(Error::illegal_argument(reason));
        }
        "_count" => OrderBy::Count,
        "_key" => OrderBy::Key,
        path => OrderBy::Path(path.to_owned()),
    };
    Ok(Order { by, descending: key.descending })
}
