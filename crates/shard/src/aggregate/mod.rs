//! Aggregations of one shard: documents in batches, by bucket, from columns into partials.
//!
//! A tree of [`Collector`]s of the request's shape sees every match once, in order of segments and documents. A document reaches a
//! collector with the number of the bucket it lies in (its *owner*), so that a tree of any depth has one collector a node, not one a
//! bucket. Answers are not made here: `search::merge::aggregations` finishes what the partials say.

use std::sync::Arc;

use model::aggregation::partial::{Centroid, Extent, Partial, TDigest};
use model::error::{Error, ErrorKind};
use search::aggregation::{BoundAggregation, Kind, Level};
use search::bound::BoundQuery;
use search::shard_query::ShardQuery;

use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::found::Found;
use crate::segment::DocId;

mod adjacency;
mod auto_date;
mod batch;
mod budget;
mod choice;
mod composite;
mod doc_count;
mod family;
mod filter;
mod histogram;
mod interned;
mod keyed;
mod live;
mod metric;
mod missing;
mod nested;
mod numbers;
mod places;
mod range;
mod ranges;
mod rounding;
mod sampler;
mod scripted;
mod stats;
mod strings;
mod tally;
mod terms;
pub(crate) mod timed;
mod value_count;
mod variable_width;

pub(crate) use batch::{Batch, Owners};
pub use budget::Budget;
use doc_count::Beyond;
pub(crate) use doc_count::DocCounts;

/// One aggregation of one shard.
pub(crate) trait Collector {
    /// A segment begins; the batches that follow are of it.
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()>;

    /// Documents, ascending within the segment (one may come several times, for several owners).
    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()>;

    /// All matches in a stretch of the segment, which are one owner's: for those that need not see each.
    fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        self.collect(Batch::of(found, owner))
    }

    /// Every document of the segment that was entered matches and is owner 0's. True: they are taken in, and none is shown.
    fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        let _ = leaf;
        Ok(false)
    }

    /// As [`Collector::whole`], where nearly every document matches: true promises that what does not comes to [`Collector::take_back`].
    fn nearly_whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        let _ = leaf;
        Ok(false)
    }

    /// Documents that were taken in with all others, but do not match or are deleted. Ascending, each once.
    fn take_back(&mut self, docs: &[DocId]) -> Outcome<()> {
        let _ = docs;
        Err(Error::new(ErrorKind::IllegalState, "nothing was taken in that could be taken back").into())
    }

    /// The segment has ended.
    fn leave(&mut self) -> Outcome<()> {
        Ok(())
    }

    /// All segments have been seen: what was put off is done now. Called once, before any partial is taken.
    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let _ = reader;
        Ok(())
    }

    /// What was found for one owner; taken once. An owner of whom nothing was collected has found nothing.
    fn partial(&mut self, owner: u32) -> Outcome<Partial>;
}

/// What collectors are made of.
pub(crate) struct Workshop<'w, 'a> {
    pub(crate) counts: &'w mut Counts<'a>,
    pub(crate) budget: &'w Arc<Budget>,
    /// The search, for what shows its words.
    pub(crate) request: &'w ShardQuery,
    /// Whether every bucket of what lies around what is made will be in the answer.
    pub(crate) shown: bool,
    /// Whether what is made sees all documents for one owner: nothing around it makes buckets.
    pub(crate) one_owner: bool,
    /// For how many documents each stands, where some stand for several.
    pub(crate) doc_counts: Option<Arc<DocCounts>>,
    /// Of a profiled search.
    pub(crate) timing: Option<timed::Timing>,
}

/// Collectors of one aggregation each, with its place in the level.
pub(crate) type Placed = Vec<(usize, Collectors)>;

/// The collectors of one level.
#[derive(Default)]
pub(crate) struct Collectors {
    list: Vec<Box<dyn Collector>>,
    /// Beside those that were asked for.
    beyond: Option<Beyond>,
}

impl Workshop<'_, '_> {
    /// The collectors of a level, [`Kind::Global`] ones included.
    pub(crate) fn level(&mut self, level: &Level) -> Outcome<Collectors> {
        let list = level.list.iter().map(|bound| self.collector(bound)).collect::<Outcome<_>>()?;
        Ok(Collectors { list, beyond: None })
    }

    /// What a query of the request's matches.
    pub(crate) fn weight(&mut self, query: &BoundQuery) -> Outcome<Weight> {
        Compiler::new(self.counts).compile(query, false)
    }

    pub(crate) fn collector(&mut self, bound: &BoundAggregation) -> Outcome<Box<dyn Collector>> {
        let Some(opened) = self.timing.as_mut().map(timed::Timing::open) else { return self.untimed(bound) };
        let made = timed::initialize(&opened.0, || self.untimed(bound))?;
        let close = |timing: &mut timed::Timing| timing.close(bound, opened, made);
        self.timing.as_mut().map(close).ok_or_else(|| Error::new(ErrorKind::IllegalState, "the times are gone").into())
    }

    fn untimed(&mut self, bound: &BoundAggregation) -> Outcome<Box<dyn Collector>> {
        let (shown, one_owner) = (self.shown, self.one_owner);
        self.shown = shown && leaves_out_none(&bound.kind);
        self.one_owner = one_owner && is_one_bucket(&bound.kind);
        let mut children = self.level(&bound.children)?;
        if !matches!(bound.kind, Kind::Sampler(_) | Kind::VariableWidth(_)) {
            let doc_counts = self.doc_counts.as_ref();
            children.beyond = doc_counts.map(|counts| Beyond::new(counts.clone(), self.budget.clone()));
        }
        (self.shown, self.one_owner) = (shown, one_owner);
        let made = self.over_columns(bound, children)?;
        let scripts = bound.kind.scripts();
        if scripts.is_empty() {
            return Ok(made);
        }
        let repeats = matches!(bound.kind, Kind::ValueCount(_));
        Ok(Box::new(scripted::OverScripts::new(&scripts, repeats, made, self.budget.clone())))
    }

    /// The collector of an aggregation whose values lie in columns.
    fn over_columns(&mut self, bound: &BoundAggregation, children: Collectors) -> Outcome<Box<dyn Collector>> {
        let budget = self.budget.clone();
        Ok(match &bound.kind {
            Kind::Terms(asked) => terms::terms(asked, bound, children, self)?,
            Kind::MultiTerms(asked) => terms::multi_terms(asked, bound, children, self),
            Kind::RareTerms(asked) => terms::rare_terms(asked, children, self)?,
            Kind::SignificantTerms(asked) => terms::significant_terms(asked, children, self)?,
            Kind::SignificantText(asked) => terms::significant_text(asked, self)?,
            Kind::Sampler(asked) => Box::new(sampler::Sampler::new(asked, children, budget)),
            Kind::AdjacencyMatrix(matrix) => {
                let weights = self.weights(&matrix.filters)?;
                Box::new(adjacency::Adjacency::new(weights, matrix.width(), children, budget))
            }
            Kind::Histogram(asked) => {
                let all_shown = self.shown && leaves_out_none(&bound.kind);
                match ranges::Ranges::new(&asked.values, &budget) {
                    Some(of) => Box::new(ranges::RangeHistogram::new(of, asked, children, all_shown)),
                    None => Box::new(histogram::Histogram::new(asked, children, budget, all_shown)),
                }
            }
            Kind::Ranges(asked) => Box::new(range::Ranges::new(asked, children, budget)),
            Kind::IpRanges(asked) => Box::new(range::IpSlots::new(asked, children, budget)),
            Kind::GeoDistance(asked) => Box::new(range::Ranges::of_distances(asked, children, budget)),
            Kind::GeoGrid(grid) => terms::cells(grid, bound, children, budget),
            Kind::GeoBounds(asked) => Box::new(metric::geo::PlacesOf::<Extent>::new(&asked.values, budget)),
            Kind::GeoCentroid(values) => Box::new(metric::geo::PlacesOf::<Centroid>::new(values, budget)),
            Kind::Composite(asked) => Box::new(composite::Composite::new(asked, children, budget)),
            Kind::AutoDateHistogram(asked) => Box::new(auto_date::AutoDate::new(asked, children, budget)),
            Kind::VariableWidth(asked) => {
                Box::new(variable_width::VariableWidth::new(asked, children, (self.doc_counts.clone(), budget)))
            }
            Kind::Filter(query) => {
                let weight = Compiler::new(self.counts).compile(query, false)?;
                Box::new(filter::Filter::new(weight, children, budget))
            }
            Kind::Filters(filters) => {
                let weights = self.weights(&filters.filters)?;
                Box::new(filter::Filters::new(weights, filters.other, children, budget))
            }
            Kind::Nested(join) => Box::new(nested::Inside::new(join.clone(), children, budget)),
            Kind::ReverseNested(join) => Box::new(nested::Around::new(join.clone(), children, budget)),
            Kind::Children(family) | Kind::Parents(family) => {
                let family = family.as_deref().map(|family| family::Kin::compile(family, self)).transpose()?;
                Box::new(family::Relatives::new(family, children, budget))
            }
            Kind::Missing(values) => Box::new(missing::Missing::new(values, children, budget)),
            Kind::Global(_) => Box::new(filter::Everything::new(children)),
            Kind::Stats(stats) => Box::new(stats::StatsCollector::new(stats, budget)),
            Kind::Percentiles(asked) => metric::percentiles::collector(&asked.values, asked.method, budget),
            Kind::MedianAbsoluteDeviation(asked) => {
                let empty = TDigest::new(asked.compression);
                Box::new(metric::percentiles::Sketches::new(&asked.values, empty, budget))
            }
            Kind::Cardinality(asked) => Box::new(metric::cardinality::Distinct::new(asked, budget)),
            Kind::WeightedAvg(asked) => Box::new(metric::weighted::WeightedAvg::new(asked, budget)),
            Kind::MatrixStats(asked) => Box::new(metric::matrix::MatrixStats::new(asked, budget)),
            Kind::TopHits(asked) => {
                let (query, statistics) = (&self.request.query, self.request.statistics.as_ref());
                Box::new(metric::top_hits::TopHits::new(asked, query, statistics, budget)?)
            }
            Kind::ScriptedMetric(asked) => {
                Box::new(metric::scripted_metric::ScriptedMetric::new(asked.clone(), budget))
            }
            Kind::ValueCount(values) => Box::new(value_count::ValueCount::new(values, budget)),
        })
    }
}

/// Whether every bucket with documents is in the answer, if what lies around is.
fn leaves_out_none(kind: &Kind) -> bool {
    match kind {
        Kind::Histogram(asked) => asked.min_doc_count <= 1,
        Kind::Ranges(_) | Kind::IpRanges(_) | Kind::GeoDistance(_) | Kind::Filter(_) | Kind::Filters(_) => true,
        Kind::Nested(_) | Kind::ReverseNested(_) | Kind::Missing(_) | Kind::Global(_) => true,
        _ => false,
    }
}

/// Whether it makes one bucket of each that lies around it.
fn is_one_bucket(kind: &Kind) -> bool {
    use Kind as K;
    matches!(
        kind,
        K::Filter(_)
            | K::Nested(_)
            | K::ReverseNested(_)
            | K::Missing(_)
            | K::Global(_)
            | K::Sampler(_)
            | K::Children(_)
            | K::Parents(_)
    )
}

impl Workshop<'_, '_> {
    fn weights(&mut self, queries: &[Arc<BoundQuery>]) -> Outcome<Vec<Weight>> {
        queries.iter().map(|query| Compiler::new(self.counts).compile(query, false)).collect()
    }
}

impl Collectors {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.beyond.is_none()
    }

    /// What counts for how many the documents of buckets stand, which sees them from now on by itself.
    pub(crate) fn take_beyond(&mut self) -> Option<Beyond> {
        self.beyond.take()
    }

    /// Whether the counts of buckets are known only when all documents have been seen.
    pub(crate) fn counts_late(&self) -> bool {
        self.beyond.is_some()
    }

    pub(crate) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.beyond.iter_mut().for_each(|beyond| beyond.enter(leaf));
        self.list.iter_mut().try_for_each(|one| one.enter(leaf))
    }

    pub(crate) fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        if batch.docs.is_empty() {
            return Ok(());
        }
        self.beyond.iter_mut().try_for_each(|beyond| beyond.collect(&batch))?;
        self.list.iter_mut().try_for_each(|one| one.collect(batch))
    }

    pub(crate) fn collect_found(&mut self, found: &Found<'_>, owner: u32) -> Outcome<()> {
        self.beyond.iter_mut().try_for_each(|beyond| beyond.collect(&Batch::of(found, owner)))?;
        self.list.iter_mut().try_for_each(|one| one.collect_found(found, owner))
    }

    /// As [`Collector::whole`]; asked of collectors that are one only.
    pub(crate) fn whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        match &mut self.list[..] {
            [only] => only.whole(leaf),
            _ => Ok(false),
        }
    }

    /// As [`Collector::nearly_whole`]; asked of collectors that are one only.
    pub(crate) fn nearly_whole(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        match &mut self.list[..] {
            [only] => only.nearly_whole(leaf),
            _ => Ok(false),
        }
    }

    pub(crate) fn take_back(&mut self, docs: &[DocId]) -> Outcome<()> {
        self.list.iter_mut().try_for_each(|one| one.take_back(docs))
    }

    pub(crate) fn leave(&mut self) -> Outcome<()> {
        self.list.iter_mut().try_for_each(|one| one.leave())
    }

    pub(crate) fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.list.iter_mut().try_for_each(|one| one.end(reader))
    }

    /// As [`Collectors::end`], of what lies inside of buckets with these counts, which are whole then.
    pub(crate) fn finish(&mut self, reader: &Reader, counts: &mut [u64]) -> Outcome<()> {
        self.beyond.iter_mut().for_each(|beyond| beyond.add_to(counts));
        self.end(reader)
    }

    /// What was found inside one bucket, in order of the level.
    pub(crate) fn partials(&mut self, owner: u32) -> Outcome<Vec<Partial>> {
        self.list.iter_mut().map(|one| one.partial(owner)).collect()
    }

    /// Splits into those whose place `choose` accepts and the others; each keeps its place.
    pub(crate) fn split(self, choose: impl Fn(usize) -> bool) -> (Placed, Placed) {
        let alone = self.list.into_iter().enumerate().map(|(at, one)| (at, Self { list: vec![one], beyond: None }));
        alone.partition(|(at, _)| choose(*at))
    }
}
