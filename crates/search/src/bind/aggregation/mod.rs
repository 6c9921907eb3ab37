//! Binding of aggregations: fields to columns, values to codes, wrong types refused as OpenSearch refuses them.

use std::sync::Arc;

use model::aggregation::request::{Aggregation, Kind as Asked, Order, OrderBy, Source, bucket};
use model::error::Error;
use model::query::Query;

use super::BindContext;
use crate::aggregation::geo::Cell;
use crate::aggregation::metric::{Stats, StatsShown};
use crate::aggregation::{AdjacencyMatrix, BoundAggregation, Filters, Kind, Level};
use crate::bound::BoundQuery;
use crate::merge::pipeline::order::OrderPath;

mod choice;
mod composite;
mod geo;
mod histogram;
mod join;
mod metric;
mod nested;
mod range;
mod ranges;
mod sample;
mod scripted;
mod scripted_metric;
mod significant;
mod terms;
mod values;

use values::Accepts;

/// Deeper trees are refused, so that nothing below runs out of stack.
const MAX_DEPTH: u32 = 100;

/// Binds the aggregations of a search to one index.
///
/// # Errors
/// As OpenSearch answers: mostly `illegal_argument_exception` about a field of the wrong type; 501 for what is not there yet.
pub fn bind_aggregations(asked: &[Aggregation], context: &BindContext) -> Result<Level, Error> {
    Binding { context, depth: 0, parent: None, several: false, above: "", scope: None }.level(asked)
}

#[derive(Clone, Copy)]
struct Binding<'a> {
    context: &'a BindContext,
    depth: u32,
    /// The nearest aggregation above under which there are no pages, as errors name it.
    parent: Option<&'static str>,
    /// Whether one above makes several buckets.
    several: bool,
    /// The name of the aggregation above.
    above: &'a str,
    /// The path of the nested objects whose documents are collected; `None`: the outermost documents.
    scope: Option<&'a str>,
}

impl Binding<'_> {
    fn level(self, asked: &[Aggregation]) -> Result<Level, Error> {
        if self.depth > MAX_DEPTH {
            return Err(Error::illegal_argument(format!("aggregations are nested deeper than {MAX_DEPTH} levels")));
        }
        let mut level = Level::default();
        for aggregation in asked {
            match &aggregation.kind {
                Asked::Pipeline(_) => level.pipelines.push(aggregation.clone()),
                _ => level.list.push(self.aggregation(aggregation)?),
            }
        }
        Ok(level)
    }

    fn aggregation(self, asked: &Aggregation) -> Result<BoundAggregation, Error> {
        let kind = self.kind(asked)?;
        let scope = self.scope_below(&asked.kind);
        let parent = parent_of(&asked.kind).or(self.parent);
        let single = matches!(asked.kind, Asked::Missing(_) | Asked::Global) || parent_of(&asked.kind).is_none();
        let several = self.several || !single;
        let below = Binding { depth: self.depth + 1, parent, several, above: &asked.name, scope, ..self };
        let children = below.level(&asked.children)?;
        Ok(BoundAggregation { name: asked.name.clone(), kind, children, meta: asked.meta.clone() })
    }

    fn kind(self, asked: &Aggregation) -> Result<Kind, Error> {
        let (name, owner) = (asked.kind.name(), asked.name.clone());
        match &asked.kind {
            Asked::Terms(terms) => self.terms(asked, terms),
            Asked::MultiTerms(terms) => self.multi_terms(asked, terms),
            Asked::RareTerms(terms) => self.rare_terms(&asked.name, terms),
            Asked::SignificantTerms(terms) => self.significant_terms(&asked.name, terms),
            Asked::SignificantText(text) => self.significant_text(&asked.name, text),
            Asked::Sampler { shard_size } => self.sampler(asked, *shard_size, None),
            Asked::DiversifiedSampler(sampler) => self.sampler(asked, sampler.shard_size, Some(sampler)),
            Asked::AdjacencyMatrix(matrix) => self.adjacency_matrix(matrix),
            Asked::Histogram(histogram) => self.histogram(asked, histogram),
            Asked::DateHistogram(histogram) => self.date_histogram(asked, histogram),
            Asked::Range(asked) => self.range(asked),
            Asked::DateRange(asked) => self.date_range(asked),
            Asked::IpRange(asked) => self.ip_range(asked),
            Asked::AutoDateHistogram(asked) => self.auto_date(asked),
            Asked::VariableWidthHistogram(asked) => self.variable_width(asked, &owner),
            Asked::Composite(asked) => self.composite(asked),
            Asked::Filter(query) => Ok(Kind::Filter(Arc::new(super::bind_filter(query, self.context, self.scope)?))),
            Asked::Nested { path } => Ok(self.nested(path)),
            Asked::ReverseNested { path } => self.reverse_nested(&asked.name, path.as_deref()),
            Asked::Children { kind } => Ok(Kind::Children(self.family(kind, true))),
            Asked::Parent { kind } => Ok(Kind::Parents(self.family(kind, false))),
            Asked::Filters(filters) => self.filters(filters),
            Asked::Missing(source) => Ok(Kind::Missing(self.values(source, Accepts::Any, name)?)),
            Asked::Global if self.depth > 0 => Err(Error::new(
                model::error::ErrorKind::AggregationExecution,
                format!(
                    "Aggregation [{}] cannot have a global sub-aggregation [{}]. Global aggregations can only be defined as top level \
                     aggregations",
                    self.above, asked.name
                ),
            )),
            Asked::Global => Ok(Kind::Global(None)),
            Asked::Avg(source) => self.stats(source, StatsShown::Avg, name),
            Asked::Min(source) => self.stats(source, StatsShown::Min, name),
            Asked::Max(source) => self.stats(source, StatsShown::Max, name),
            Asked::Sum(source) => self.stats(source, StatsShown::Sum, name),
            Asked::Stats(source) => self.stats(source, StatsShown::Stats, name),
            Asked::ExtendedStats(asked) => self.stats(&asked.source, StatsShown::Extended { sigma: asked.sigma }, name),
            Asked::ValueCount(source) => Ok(Kind::ValueCount(self.values(source, Accepts::Any, name)?)),
            Asked::Percentiles(asked) => self.percentiles(asked, false, name),
            Asked::PercentileRanks(asked) => self.percentiles(asked, true, name),
            Asked::Cardinality(asked) => self.cardinality(asked),
            Asked::WeightedAvg(asked) => self.weighted_avg(asked),
            Asked::MedianAbsoluteDeviation(asked) => self.median_absolute_deviation(asked),
            Asked::MatrixStats(of) => self.matrix_stats(of, &asked.name),
            Asked::TopHits(of) => self.top_hits(of, &asked.name),
            Asked::ScriptedMetric(of) => self.scripted_metric(of, &asked.name),
            Asked::GeoDistance(asked) => self.geo_distance(asked),
            Asked::GeohashGrid(asked) => self.geo_grid(asked, Cell::Hash),
            Asked::GeotileGrid(asked) => self.geo_grid(asked, Cell::Tile),
            Asked::GeoBounds(asked) => self.geo_bounds(asked),
            Asked::GeoCentroid(source) => self.geo_centroid(source),
            other => Err(Error::not_implemented(format!("the aggregation [{}]", other.name()))),
        }
    }

    /// The orders of buckets, or this one.
    fn order(self, whole: &Aggregation, orders: &[Order], or: Order) -> Result<Vec<Order>, Error> {
        for order in orders {
            if let OrderBy::Path(path) = &order.by {
                OrderPath(path).check(&whole.children)?;
            }
        }
        Ok(if orders.is_empty() { vec![or] } else { orders.to_vec() })
    }

    fn stats(self, source: &Source, shown: StatsShown, name: &str) -> Result<Kind, Error> {
        let values = self.computed_values(source, Accepts::Numbers, name)?;
        Ok(Kind::Stats(Box::new(Stats { values, shown })))
    }

    fn filters(self, asked: &bucket::Filters) -> Result<Kind, Error> {
        let (mut names, queries): (Option<Vec<String>>, Vec<_>) = match &asked.filters {
            bucket::FilterList::Anonymous(queries) => (None, queries.iter().collect()),
            bucket::FilterList::Named(list) => (
                Some(list.iter().map(|(name, _)| name.clone()).collect()),
                list.iter().map(|(_, query)| query).collect(),
            ),
        };
        if let (Some(names), Some(other)) = (&mut names, &asked.other_bucket) {
            names.push(other.clone());
        }
        let filters = self.queries(queries.into_iter())?;
        Ok(Kind::Filters(Box::new(Filters { filters, names, other: asked.other_bucket.is_some() })))
    }

    fn queries<'q>(self, queries: impl Iterator<Item = &'q Query>) -> Result<Vec<Arc<BoundQuery>>, Error> {
        queries.map(|query| super::bind_filter(query, self.context, self.scope).map(Arc::new)).collect()
    }

    fn adjacency_matrix(self, asked: &bucket::AdjacencyMatrix) -> Result<Kind, Error> {
        let (count, most) = (asked.filters.len() as u64, self.context.settings.max_adjacency_matrix_filters);
        if count > u64::from(most) {
            return Err(Error::illegal_argument(format!(
                "Number of filters is too large, must be less than or equal to: [{most}] but was [{count}].This limit can be set by \
                 changing the [index.max_adjacency_matrix_filters] index level setting."
            )));
        }
        Ok(Kind::AdjacencyMatrix(Box::new(AdjacencyMatrix {
            filters: self.queries(asked.filters.iter().map(|(_, query)| query))?,
            names: asked.filters.iter().map(|(name, _)| name.clone()).collect(),
            separator: asked.separator.clone(),
            pairs_only: asked.show_only_intersecting,
        })))
    }
}

/// How errors name an aggregation that others cannot stand in.
fn parent_of(kind: &Asked) -> Option<&'static str> {
    Some(match kind {
        Asked::Filter(_) | Asked::Nested { .. } | Asked::ReverseNested { .. } => return None,
        Asked::Missing(_) => "MissingAggregatorFactory",
        Asked::Global => "GlobalAggregatorFactory",
        Asked::Sampler { .. } => "SamplerAggregatorFactory",
        Asked::DiversifiedSampler(_) => "DiversifiedAggregatorFactory",
        Asked::IpRange(_) => "BinaryRangeAggregatorFactory",
        Asked::AdjacencyMatrix(_) => "AdjacencyMatrixAggregatorFactory",
        Asked::RareTerms(_) => "RareTermsAggregatorFactory",
        Asked::SignificantTerms(_) => "SignificantTermsAggregatorFactory",
        Asked::MultiTerms(_) => "MultiTermsAggregationFactory",
        Asked::AutoDateHistogram(_) => "AutoDateHistogramAggregatorFactory",
        Asked::Terms(_) => "TermsAggregatorFactory",
        Asked::Histogram(_) => "HistogramAggregatorFactory",
        Asked::DateHistogram(_) => "DateHistogramAggregatorFactory",
        Asked::Range(_) => "RangeAggregatorFactory",
        Asked::DateRange(_) => "DateRangeAggregatorFactory",
        Asked::Filters(_) => "FiltersAggregatorFactory",
        Asked::GeoDistance(_) => "GeoDistanceRangeAggregatorFactory",
        Asked::GeohashGrid(_) => "GeoHashGridAggregatorFactory",
        Asked::GeotileGrid(_) => "GeoTileGridAggregatorFactory",
        Asked::Composite(_) => "CompositeAggregationFactory",
        other => other.name(),
    })
}
