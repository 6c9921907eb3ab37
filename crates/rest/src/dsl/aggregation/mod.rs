//! Aggregations: `aggs` to the model.
//!
//! In: the object of `aggs` or `aggregations`. Out: the tree of requests, or what OpenSearch refuses while it reads (most), validates
//! (pipelines: [`validate`]) or builds its collectors ([`late`]). A file for each family; all read their keys with [`declared`] and
//! [`source`]. Not here: whether fields exist and what fits them.

mod bucket;
mod composite;
mod declared;
mod geo;
mod histogram;
mod interval;
mod metric;
mod moments;
mod moving_avg;
mod order;
mod percentiles;
mod pipeline;
mod pipeline_scripts;
mod range;
mod script;
mod significant;
mod source;
mod terms;
mod top_hits;
mod validate;

use std::sync::Arc;

use model::aggregation::request::{Aggregation, Kind};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::{Map, Value};

use super::suggest;

#[cfg(test)]
mod tests;

/// Deepest nesting of aggregations within aggregations. OpenSearch has no such limit and dies of what is too deep.
pub const MAX_AGGREGATION_DEPTH: usize = 100;

/// The object behind an aggregation's type.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    /// The type.
    kind: &'static str,
    /// The client's name for it.
    name: &'a str,
    object: &'a Map<String, Value>,
}

type Read = fn(Asked<'_>) -> Result<Kind, Error>;

/// In order of names.
const KNOWN: [(&str, Read); 60] = [
    ("adjacency_matrix", bucket::adjacency_matrix),
    ("auto_date_histogram", histogram::auto_date_histogram),
    ("avg", metric::avg),
    ("avg_bucket", pipeline::avg_bucket),
    ("bucket_script", pipeline_scripts::bucket_script),
    ("bucket_selector", pipeline_scripts::bucket_selector),
    ("bucket_sort", pipeline::bucket_sort),
    ("cardinality", metric::cardinality),
    ("children", bucket::children),
    ("composite", composite::composite),
    ("cumulative_sum", pipeline::cumulative_sum),
    ("date_histogram", histogram::date_histogram),
    ("date_range", range::date_range),
    ("derivative", pipeline::derivative),
    ("diversified_sampler", bucket::diversified_sampler),
    ("extended_stats", metric::extended_stats),
    ("extended_stats_bucket", pipeline::extended_stats_bucket),
    ("filter", bucket::filter),
    ("filters", bucket::filters),
    ("geo_bounds", geo::geo_bounds),
    ("geo_centroid", geo::geo_centroid),
    ("geo_distance", geo::geo_distance),
    ("geohash_grid", geo::geohash_grid),
    ("geotile_grid", geo::geotile_grid),
    ("global", bucket::global),
    ("histogram", histogram::histogram),
    ("ip_range", range::ip_range),
    ("matrix_stats", moments::matrix_stats),
    ("max", metric::max),
    ("max_bucket", pipeline::max_bucket),
    ("median_absolute_deviation", metric::median_absolute_deviation),
    ("min", metric::min),
    ("min_bucket", pipeline::min_bucket),
    ("missing", bucket::missing),
    ("moving_avg", moving_avg::moving_avg),
    ("moving_fn", pipeline_scripts::moving_fn),
    ("multi_terms", terms::multi_terms),
    ("nested", bucket::nested),
    ("normalize", pipeline::normalize),
    ("parent", bucket::parent),
    ("percentile_ranks", percentiles::percentile_ranks),
    ("percentiles", percentiles::percentiles),
    ("percentiles_bucket", pipeline::percentiles_bucket),
    ("range", range::range),
    ("rare_terms", terms::rare_terms),
    ("reverse_nested", bucket::reverse_nested),
    ("sampler", bucket::sampler),
    ("scripted_metric", script::scripted_metric),
    ("serial_diff", pipeline::serial_diff),
    ("significant_terms", significant::significant_terms),
    ("significant_text", significant::significant_text),
    ("stats", metric::stats),
    ("stats_bucket", pipeline::stats_bucket),
    ("sum", metric::sum),
    ("sum_bucket", pipeline::sum_bucket),
    ("terms", terms::terms),
    ("top_hits", top_hits::top_hits),
    ("value_count", metric::value_count),
    ("variable_width_histogram", histogram::variable_width_histogram),
    ("weighted_avg", metric::weighted_avg),
];

/// The script that a value is: a source, or an object with that and parameters.
///
/// # Errors
/// 501 for stored scripts and for languages other than Painless.
pub fn script_of(value: &Value) -> Result<model::script::Script, Error> {
    script::script(super::field::Field { owner: "script", key: "script", value })
}

/// The aggregations that `object` names, in its order.
///
/// # Errors
/// As OpenSearch: `parsing_exception`, `x_content_parse_exception`, `illegal_argument_exception` .. with 400,
/// `aggregation_initialization_exception` with 500 where a metric has others inside, `action_request_validation_exception` for pipelines
/// at the wrong place, `search_phase_execution_exception` for what OpenSearch finds on its shards; 501 names what is not implemented.
pub(super) fn aggregations(object: &Map<String, Value>) -> Result<Vec<Aggregation>, Error> {
    let found = level(object, 1)?;
    validate::validate(&found)?;
    Ok(found)
}

fn level(object: &Map<String, Value>, depth: usize) -> Result<Vec<Aggregation>, Error> {
    if depth > MAX_AGGREGATION_DEPTH {
        let reason = format!("aggregations nest deeper than the allowed {MAX_AGGREGATION_DEPTH} levels");
        return Err(Error::new(ErrorKind::TooManyClauses, reason));
    }
    object.iter().map(|(name, value)| one(name, value, depth)).collect()
}

fn one(name: &str, value: &Value, depth: usize) -> Result<Aggregation, Error> {
    if name.is_empty() || name.contains(['[', ']', '>']) {
        let allowed = "Aggregation names can contain any character except '[', ']', and '>'";
        return Err(Error::parsing(format!("Invalid aggregation name [{name}]. {allowed}")));
    }
    let Value::Object(object) = value else {
        let found = token(value);
        let reason = format!("Aggregation definition for [{name} starts with a [{found}], expected a [START_OBJECT].");
        return Err(Error::parsing(reason));
    };
    let (mut kind, mut children, mut meta) = (None::<(&str, Kind)>, None, None);
    for (key, value) in object {
        let Value::Object(inner) = value else {
            let found = token(value);
            let reason = format!("Expected [START_OBJECT] under [{key}], but got a [{found}] in [{name}]");
            return Err(Error::parsing(reason));
        };
        match key.as_str() {
            "meta" => meta = Some(inner.clone()),
            "aggs" | "aggregations" if children.is_some() => {
                return Err(Error::parsing(format!("Found two sub aggregation definitions under [{name}]")));
            }
            "aggs" | "aggregations" => children = Some(level(inner, depth + 1)?),
            other => {
                if let Some((first, _)) = kind {
                    let both = format!("in [{name}]: [{first}] and [{other}]");
                    return Err(Error::parsing(format!("Found two aggregation type definitions {both}")));
                }
                let (known, read) = reader(other)?;
                kind = Some((known, read(Asked { kind: known, name, object: inner })?));
            }
        }
    }
    let Some((_, kind)) = kind else {
        return Err(Error::parsing(format!("Missing definition for aggregation [{name}]")));
    };
    let children = admitted(name, &kind, children.unwrap_or_default())?;
    Ok(Aggregation { name: Arc::from(name), kind, children, meta })
}

/// `children`, where `kind` may have any.
fn admitted(name: &str, kind: &Kind, children: Vec<Aggregation>) -> Result<Vec<Aggregation>, Error> {
    match kind {
        _ if children.is_empty() => Ok(children),
        Kind::Pipeline(_) => {
            Err(Error::illegal_argument(format!("Aggregation [{name}] cannot define sub-aggregations")))
        }
        // OpenSearch takes them, and answers nothing for them.
        Kind::GeoBounds(_) | Kind::ScriptedMetric(_) => Ok(Vec::new()),
        metric if is_metric(metric) => {
            let reason = format!("Aggregator [{name}] of type [{}] cannot accept sub-aggregations", kind.name());
            Err(Error::new(ErrorKind::AggregationInitialization, reason))
        }
        _ => Ok(children),
    }
}

/// Whether a kind makes numbers or hits rather than buckets.
fn is_metric(kind: &Kind) -> bool {
    matches!(
        kind,
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
            | Kind::GeoCentroid(_)
            | Kind::MatrixStats(_)
            | Kind::ScriptedMetric(_)
            | Kind::SignificantText(_)
    )
}

fn reader(name: &str) -> Result<(&'static str, Read), Error> {
    if let Ok(at) = KNOWN.binary_search_by_key(&name, |(known, _)| known) {
        return Ok(KNOWN[at]);
    }
    let all = KNOWN.iter().map(|(known, _)| *known);
    let meant = suggest::did_you_mean(&suggest::alike(name, all));
    let cause = Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]"));
    Err(Error::parsing(format!("Unknown aggregation type [{name}]{meant}")).with_cause(cause))
}

/// What OpenSearch refuses on its shards: there the whole search fails, and endpoints say for which indexes.
fn late(cause: Error) -> Error {
    let mut error = Error::new(ErrorKind::SearchPhaseExecution, "all shards failed");
    error.root_causes.push(cause);
    error
}
