//! Collectors of profiled searches: as those that they hold, with their times.

use std::rc::Rc;
use std::sync::Arc;

use model::aggregation::partial::Partial;
use model::aggregation::request::metric::PercentilesMethod;
use model::profile::Spent;
use search::aggregation::geo::Cell;
use search::aggregation::histogram::Step;
use search::aggregation::metric::StatsShown;
use search::aggregation::values::{Column, Shape, Values};
use search::aggregation::{BoundAggregation, Kind};

use super::{Batch, Collector};
use crate::compile::scorer::Leaf;
use crate::gauge::{Clock, Gauge};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::DocId;

/// What collectors do, in the words of OpenSearch's profiles. Reducing is the coordinator's.
const STEPS: &[&str] =
    &["build_aggregation", "build_leaf_collector", "collect", "initialize", "post_collection", "reduce"];

const BUILD_AGGREGATION: usize = 0;
const BUILD_LEAF_COLLECTOR: usize = 1;
const COLLECT: usize = 2;
const INITIALIZE: usize = 3;
const POST_COLLECTION: usize = 4;

/// The times of collectors, in the request's shape.
pub(crate) struct Timing {
    clock: Clock,
    /// Those of the level that is being made.
    level: Vec<Timed>,
}

/// One aggregation's.
struct Timed {
    gauge: Rc<Gauge>,
    name: Arc<str>,
    kind: String,
    inside: Vec<Timed>,
}

impl Timing {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), level: Vec::new() }
    }

    /// Before the collectors inside an aggregation are made.
    pub(super) fn open(&mut self) -> (Rc<Gauge>, Outer) {
        (Gauge::new(&self.clock, STEPS), Outer(std::mem::take(&mut self.level)))
    }

    /// The aggregation itself has been made.
    pub(super) fn close(
        &mut self,
        bound: &BoundAggregation,
        (gauge, Outer(outer)): (Rc<Gauge>, Outer),
        made: Box<dyn Collector>,
    ) -> Box<dyn Collector> {
        let inside = std::mem::replace(&mut self.level, outer);
        let (name, kind) = (bound.name.clone(), aggregator(&bound.kind));
        self.level.push(Timed { gauge: gauge.clone(), name, kind, inside });
        Box::new(TimedCollector { inner: made, gauge })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is told of each, in order of the request.
    pub(crate) fn spent(&self) -> Vec<Spent> {
        self.level.iter().map(Timed::spent).collect()
    }
}

/// The levels around the one that is being made.
pub(super) struct Outer(Vec<Timed>);

/// Makes a collector, as its first step.
pub(super) fn initialize<T>(gauge: &Gauge, make: impl FnOnce() -> T) -> T {
    gauge.time(INITIALIZE, make)
}

impl Timed {
    fn spent(&self) -> Spent {
        let children = self.inside.iter().map(Self::spent).collect();
        Spent { children, ..self.gauge.spent(&*self.kind, &*self.name) }
    }
}

struct TimedCollector {
    inner: Box<dyn Collector>,
    gauge: Rc<Gauge>,
}

impl Collector for TimedCollector {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.gauge.time(BUILD_LEAF_COLLECTOR, || self.inner.enter(leaf))
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.gauge.counted(COLLECT, batch.docs.len() as u64, || self.inner.collect(batch))
    }

    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        self.gauge.counted(COLLECT, found.count() as u64, || self.inner.collect_found(found, owner))
    }

    fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        self.gauge.counted(COLLECT, 0, || self.inner.whole(leaf))
    }

    fn nearly_whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        self.gauge.counted(COLLECT, 0, || self.inner.nearly_whole(leaf))
    }

    fn take_back(&mut self, docs: &[DocId]) -> Outcome<()> {
        self.gauge.counted(COLLECT, docs.len() as u64, || self.inner.take_back(docs))
    }

    fn leave(&mut self) -> Outcome<()> {
        self.gauge.counted(POST_COLLECTION, 0, || self.inner.leave())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.gauge.time(POST_COLLECTION, || self.inner.end(reader))
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        self.gauge.time(BUILD_AGGREGATION, || self.inner.partial(owner))
    }
}

fn is_bytes(values: &Values) -> bool {
    values.shape() == Shape::Bytes
}

/// What OpenSearch calls that which collects it.
fn aggregator(kind: &Kind) -> String {
    let of_values = |values: &Values, bytes: &'static str, numbers: &'static str| match is_bytes(values) {
        _ if !values.is_mapped() => "NonCollectingAggregator",
        true => bytes,
        false => numbers,
    };
    let name = match kind {
        Kind::Terms(asked) => of_values(&asked.values, "GlobalOrdinalsStringTermsAggregator", "NumericTermsAggregator"),
        Kind::SignificantTerms(asked) => {
            of_values(&asked.values, "GlobalOrdinalsStringTermsAggregator", "NumericTermsAggregator")
        }
        Kind::RareTerms(asked) => of_values(&asked.values, "StringRareTermsAggregator", "LongRareTermsAggregator"),
        Kind::MultiTerms(_) => "MultiTermsAggregator",
        Kind::Histogram(asked) => match (&asked.step, &asked.values.column) {
            (Step::Dates { .. }, Column::Ranges(..)) => "DateRangeHistogramAggregator",
            (Step::Width { .. }, Column::Ranges(..)) => "RangeHistogramAggregator",
            (Step::Dates { .. }, _) => "DateHistogramAggregator",
            (Step::Width { .. }, _) => "NumericHistogramAggregator",
        },
        Kind::AutoDateHistogram(_) => "AutoDateHistogramAggregator.FromSingle",
        Kind::VariableWidth(_) => "VariableWidthHistogramAggregator",
        Kind::Composite(_) => "CompositeAggregator",
        Kind::Ranges(_) | Kind::GeoDistance(_) => "RangeAggregator",
        Kind::IpRanges(_) => "BinaryRangeAggregator",
        Kind::GeoGrid(grid) => match grid.cells.shape {
            Cell::Hash => "GeoHashGridAggregator",
            Cell::Tile => "GeoTileGridAggregator",
        },
        Kind::Filter(_) => "FilterAggregator",
        Kind::Filters(_) => "FiltersAggregator",
        Kind::AdjacencyMatrix(_) => "AdjacencyMatrixAggregator",
        Kind::Sampler(asked) => match &asked.diversity {
            None => "SamplerAggregator",
            Some(by) if is_bytes(&by.values) => "DiversifiedOrdinalsSamplerAggregator",
            Some(_) => "DiversifiedNumericSamplerAggregator",
        },
        Kind::Children(_) => "ParentToChildrenAggregator",
        Kind::Parents(_) => "ChildrenToParentAggregator",
        Kind::Nested(_) => "NestedAggregator",
        Kind::ReverseNested(_) => "ReverseNestedAggregator",
        Kind::Missing(_) => "MissingAggregator",
        Kind::Global(_) => "GlobalAggregator",
        Kind::Stats(stats) => match stats.shown {
            StatsShown::Avg => "AvgAggregator",
            StatsShown::Min => "MinAggregator",
            StatsShown::Max => "MaxAggregator",
            StatsShown::Sum => "SumAggregator",
            StatsShown::Stats => "StatsAggregator",
            StatsShown::Extended { .. } => "ExtendedStatsAggregator",
        },
        Kind::ValueCount(_) => "ValueCountAggregator",
        Kind::Percentiles(asked) => match (asked.method, asked.ranks) {
            (PercentilesMethod::TDigest { .. }, false) => "TDigestPercentilesAggregator",
            (PercentilesMethod::TDigest { .. }, true) => "TDigestPercentileRanksAggregator",
            (PercentilesMethod::Hdr { .. }, false) => "HDRPercentilesAggregator",
            (PercentilesMethod::Hdr { .. }, true) => "HDRPercentileRanksAggregator",
        },
        Kind::Cardinality(_) => "CardinalityAggregator",
        Kind::WeightedAvg(_) => "WeightedAvgAggregator",
        Kind::MedianAbsoluteDeviation(_) => "MedianAbsoluteDeviationAggregator",
        Kind::MatrixStats(_) => "MatrixStatsAggregator",
        Kind::TopHits(_) => "TopHitsAggregator",
        Kind::ScriptedMetric(_) => "ScriptedMetricAggregator",
        Kind::SignificantText(_) => "SignificantTextAggregator",
        Kind::GeoBounds(_) => "GeoBoundsAggregator",
        Kind::GeoCentroid(_) => "GeoCentroidAggregator",
    };
    name.to_owned()
}
