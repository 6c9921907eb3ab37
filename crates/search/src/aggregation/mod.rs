//! Aggregations bound to one index: columns instead of names, values instead of JSON.
//!
//! `bind` makes them, shards collect them, [`crate::merge::aggregations`] finishes them. Several indexes of one search may bind the
//! same request differently; [`Level::lead`] is the one by which the answer is written.

use std::sync::Arc;

use model::aggregation::request::Aggregation;
use serde_json::{Map, Value};

use crate::bound::{BoundQuery, FieldName};

pub mod auto_date;
pub mod choice;
pub mod composite;
pub mod format;
pub mod geo;
pub mod histogram;
pub mod metric;
pub mod range;
pub mod sample;
pub mod terms;
pub mod values;

use auto_date::AutoDateHistogram;
use composite::Composite;
use geo::{GeoBounds, GeoDistance, GeoGrid};
use histogram::{Histogram, VariableWidth};
use metric::{
    Cardinality, MatrixStats, MedianAbsoluteDeviation, Percentiles, ScriptedMetric, Stats, TopHits, WeightedAvg,
};
use range::{IpRanges, Ranges};
use sample::Sampler;
use terms::{MultiTerms, RareTerms, SignificantTerms, SignificantText, Terms};
use values::{Column, Scripted, Values};

/// The aggregations of one level: of a request, or inside the buckets of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    pub list: Vec<BoundAggregation>,
    /// Pipelines, as they were asked for: they follow the answers of `list`.
    pub pipelines: Vec<Aggregation>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BoundAggregation {
    pub name: Arc<str>,
    pub kind: Kind,
    pub children: Level,
    pub meta: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Terms(Box<Terms>),
    MultiTerms(Box<MultiTerms>),
    RareTerms(Box<RareTerms>),
    SignificantTerms(Box<SignificantTerms>),
    SignificantText(Arc<SignificantText>),
    Histogram(Box<Histogram>),
    AutoDateHistogram(Box<AutoDateHistogram>),
    VariableWidth(Box<VariableWidth>),
    Composite(Box<Composite>),
    Ranges(Box<Ranges>),
    IpRanges(Box<IpRanges>),
    GeoDistance(Box<GeoDistance>),
    /// `geohash_grid` and `geotile_grid`
    GeoGrid(Box<GeoGrid>),
    Filter(Arc<BoundQuery>),
    Filters(Box<Filters>),
    AdjacencyMatrix(Box<AdjacencyMatrix>),
    /// `sampler` and `diversified_sampler`
    Sampler(Box<Sampler>),
    /// The objects inside; `None`: there are none of that path.
    Nested(Option<Join>),
    /// The documents around: those of the objects at the path, or the outermost.
    ReverseNested(Option<Join>),
    /// Of the documents of a bucket, the children of a kind; `None`: the index has no such kind.
    Children(Option<Box<Family>>),
    /// The parents of those of a kind.
    Parents(Option<Box<Family>>),
    /// Documents without a value.
    Missing(Values),
    /// Every document, whatever the query; only those that the filters of aliases admit.
    Global(Option<Arc<BoundQuery>>),
    /// `avg`, `min`, `max`, `sum`, `stats`, `extended_stats`
    Stats(Box<Stats>),
    ValueCount(Values),
    /// `percentiles`, `percentile_ranks`
    Percentiles(Box<Percentiles>),
    Cardinality(Box<Cardinality>),
    WeightedAvg(Box<WeightedAvg>),
    MedianAbsoluteDeviation(Box<MedianAbsoluteDeviation>),
    MatrixStats(Box<MatrixStats>),
    TopHits(Box<TopHits>),
    ScriptedMetric(Arc<ScriptedMetric>),
    GeoBounds(Box<GeoBounds>),
    GeoCentroid(Values),
}

/// Two kinds of documents, one inside of the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The path of the nested objects that are inside.
    pub inside: FieldName,
    /// That of those around; `None`: the outermost documents.
    pub around: Option<FieldName>,
}

/// Documents that belong to one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its value is the id of the parent, in the parent and in its children.
    pub field: FieldName,
    /// Whose families are looked for.
    pub from: BoundQuery,
    /// Which of these families are meant.
    pub to: BoundQuery,
}

/// One bucket a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    pub filters: Vec<Arc<BoundQuery>>,
    /// Names of the buckets, that of the others included; `None`: they have none.
    pub names: Option<Vec<String>>,
    /// A last bucket for what no filter matches.
    pub other: bool,
}

/// One bucket a filter and one each pair of filters.
#[derive(Clone, Debug, PartialEq)]
pub struct AdjacencyMatrix {
    /// In order of their names.
    pub filters: Vec<Arc<BoundQuery>>,
    pub names: Vec<String>,
    /// Between the names of a pair.
    pub separator: String,
    /// No buckets of single filters are shown.
    pub pairs_only: bool,
}

impl AdjacencyMatrix {
    /// Buckets: the filters, then the pairs in order of their first, then second filter.
    pub fn width(&self) -> usize {
        let count = self.filters.len();
        count + count * count.saturating_sub(1) / 2
    }
}

impl Level {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.pipelines.is_empty()
    }

    /// Of the levels that several indexes made of one request, what each aggregation is written by: the first that knows its field.
    pub fn lead(levels: &[&Level]) -> Level {
        let Some(first) = levels.first() else { return Level::default() };
        let list = (0..first.list.len()).map(|at| BoundAggregation::lead(levels, at)).collect();
        Level { list, pipelines: first.pipelines.clone() }
    }

    /// Keeps what leaves the query out within the filter of the aliases through which the index was reached.
    pub fn keep_within(&mut self, filter: &Arc<BoundQuery>) {
        for aggregation in &mut self.list {
            if let Kind::Global(within) = &mut aggregation.kind {
                *within = Some(filter.clone());
            }
        }
    }

    /// Whether something that looks twice is among them, at whatever depth: a sampler, or what goes from children to their parents.
    pub fn looks_twice(&self) -> bool {
        let twice = |kind: &Kind| matches!(kind, Kind::Sampler(_) | Kind::Parents(_));
        self.list.iter().any(|one| twice(&one.kind) || one.children.looks_twice())
    }

    /// Whether something in it needs scores.
    pub fn needs_scores(&self) -> bool {
        self.list.iter().any(|aggregation| aggregation.kind.needs_scores() || aggregation.children.needs_scores())
    }
}

impl BoundAggregation {
    fn lead(levels: &[&Level], at: usize) -> Self {
        let all: Vec<&Self> = levels.iter().filter_map(|level| level.list.get(at)).collect();
        let chosen = all.iter().find(|one| one.kind.is_mapped()).unwrap_or(&all[0]);
        let children: Vec<&Level> = all.iter().map(|one| &one.children).collect();
        Self {
            name: chosen.name.clone(),
            kind: chosen.kind.clone(),
            children: Level::lead(&children),
            meta: chosen.meta.clone(),
        }
    }
}

impl Kind {
    /// Whether the index knows what it is about.
    fn is_mapped(&self) -> bool {
        match self {
            Self::Terms(terms) => terms.values.is_mapped(),
            Self::MultiTerms(terms) => terms.fields.iter().all(Values::is_mapped),
            Self::RareTerms(terms) => terms.values.is_mapped(),
            Self::SignificantTerms(terms) => terms.values.is_mapped(),
            Self::Sampler(sampler) => sampler.diversity.as_ref().is_none_or(|diversity| diversity.values.is_mapped()),
            Self::Histogram(histogram) => histogram.values.is_mapped(),
            Self::AutoDateHistogram(auto) => auto.values.is_mapped(),
            Self::VariableWidth(variable) => variable.values.is_mapped(),
            Self::Composite(composite) => composite.sources.iter().any(|source| source.values.is_mapped()),
            Self::Ranges(ranges) => ranges.values.is_mapped(),
            Self::IpRanges(ranges) => ranges.values.is_mapped(),
            Self::GeoDistance(asked) => asked.ranges.values.is_mapped(),
            Self::GeoGrid(grid) => grid.values.is_mapped(),
            Self::GeoBounds(asked) => asked.values.is_mapped(),
            Self::Missing(values) | Self::ValueCount(values) | Self::GeoCentroid(values) => values.is_mapped(),
            Self::Stats(stats) => stats.values.is_mapped(),
            Self::Percentiles(asked) => asked.values.is_mapped(),
            Self::Cardinality(asked) => asked.values.is_mapped(),
            Self::WeightedAvg(asked) => asked.value.is_mapped() && asked.weight.is_mapped(),
            Self::MedianAbsoluteDeviation(asked) => asked.values.is_mapped(),
            Self::MatrixStats(asked) => !asked.fields.is_empty(),
            Self::Nested(join) | Self::ReverseNested(join) => join.is_some(),
            Self::Children(family) | Self::Parents(family) => family.is_some(),
            Self::Filter(_) | Self::Filters(_) | Self::AdjacencyMatrix(_) | Self::Global(_) => true,
            Self::TopHits(_) | Self::ScriptedMetric(_) | Self::SignificantText(_) => true,
        }
    }

    fn needs_scores(&self) -> bool {
        match self {
            Self::TopHits(asked) => asked.needs_scores(),
            Self::ScriptedMetric(asked) => asked.map.source.contains("_score"),
            Self::Sampler(_) => true,
            _ => self.scripts().iter().any(|script| script.needs_scores()),
        }
    }

    /// Where its values come from; places and the moments of several fields, which no script makes, are not among them.
    fn values(&self) -> Vec<&Values> {
        match self {
            Self::Terms(terms) => vec![&terms.values],
            Self::MultiTerms(terms) => terms.fields.iter().collect(),
            Self::RareTerms(terms) => vec![&terms.values],
            Self::SignificantTerms(terms) => vec![&terms.values],
            Self::Sampler(sampler) => sampler.diversity.iter().map(|diversity| &diversity.values).collect(),
            Self::Histogram(histogram) => vec![&histogram.values],
            Self::AutoDateHistogram(auto) => vec![&auto.values],
            Self::VariableWidth(variable) => vec![&variable.values],
            Self::Composite(composite) => composite.sources.iter().map(|source| &source.values).collect(),
            Self::Ranges(ranges) => vec![&ranges.values],
            Self::Missing(values) | Self::ValueCount(values) => vec![values],
            Self::Stats(stats) => vec![&stats.values],
            Self::Percentiles(asked) => vec![&asked.values],
            Self::Cardinality(asked) => vec![&asked.values],
            Self::WeightedAvg(asked) => vec![&asked.value, &asked.weight],
            Self::MedianAbsoluteDeviation(asked) => vec![&asked.values],
            _ => Vec::new(),
        }
    }

    /// The scripts that make its values.
    pub fn scripts(&self) -> Vec<&Arc<Scripted>> {
        let mut scripts = Vec::new();
        for values in self.values() {
            if let Column::Script(script) = &values.column {
                scripts.push(script);
            }
        }
        scripts
    }
}
