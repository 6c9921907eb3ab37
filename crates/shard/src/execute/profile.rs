//! What a profiled search tells: the times of its weights, of its walks over documents, of its aggregations.

use model::profile::{QuerySpent, SearchSpent, Spent};
use model::search::TrackTotal;
use search::shard_query::ShardQuery;

use super::{Search, is_by_score, needs_scores, notation, total};
use crate::compile::{Kind, Set, Weight};
use crate::gauge::Clock;
use crate::score::Outcome;

/// What the aggregations of a search took beside its query.
#[derive(Default)]
pub(super) struct Collecting {
    /// Nanoseconds with the matches of the query.
    pub(super) matching: u64,
    /// The walk over all documents, for `global`.
    pub(super) everything: Option<SearchSpent>,
    pub(super) aggregations: Vec<Spent>,
}

/// Does a piece of a search, and says how many nanoseconds it took beside the scorers of `weights`. Zero: nobody asks.
pub(super) fn beside<T>(
    clock: Option<&Clock>,
    weights: &[Option<&Weight>],
    work: impl FnOnce() -> Outcome<T>,
) -> Outcome<(T, u64)> {
    let Some(clock) = clock else { return Ok((work()?, 0)) };
    let scoring = || {
        let gauges = weights.iter().flatten().filter_map(|weight| weight.gauge.as_ref());
        gauges.map(|gauge| gauge.nanos()).sum::<u64>()
    };
    let (begun, before) = (clock(), scoring());
    let done = work()?;
    Ok((done, clock().saturating_sub(begun).saturating_sub(scoring() - before)))
}

/// All that is told of a search. `hits`: nanoseconds of keeping hits or counting.
pub(super) fn spent(
    search: &Search<'_>,
    request: &ShardQuery,
    hits: u64,
    collecting: Option<Collecting>,
) -> Outcome<QuerySpent> {
    let mut collector = leaf(search, request, hits)?;
    if search.terminate_after.is_some() {
        collector = around("MultiCollector", "search_terminate_after_count", vec![collector]);
    }
    if search.post_filter.is_some() {
        collector = around("FilteredCollector", "search_post_filter", vec![collector]);
    }
    let mut result = QuerySpent::default();
    let mut everything = None;
    if let Some(collecting) = collecting {
        let (global, matching) = collecting.aggregations.iter().partition::<Vec<_>, _>(|one| is_global(one));
        if !matching.is_empty() {
            let aggregations = aggregations(&matching, "aggregation", collecting.matching);
            collector = around("MultiCollector", "search_multi", vec![collector, aggregations]);
        }
        everything = collecting.everything.map(|mut walk| {
            walk.collector = aggregations(&global, "aggregation_global", walk.collector.nanos);
            walk
        });
        result.aggregations = collecting.aggregations;
    }
    if search.min_score.is_some() {
        collector = around("MinimumScoreCollector", "search_min_score", vec![collector]);
    }
    let scored = if needs_scores(request) { of } else { unscored };
    let mut query: Vec<Spent> = search.post_filter.into_iter().map(of).collect();
    query.push(scored(search.weight));
    result.searches.push(SearchSpent { query, collector });
    result.searches.extend(everything);
    Ok(result)
}

fn is_global(spent: &Spent) -> bool {
    spent.kind == "GlobalAggregator"
}

/// What keeps hits, or counts.
fn leaf(search: &Search<'_>, request: &ShardQuery, nanos: u64) -> Outcome<Spent> {
    let counts = request.track_total != TrackTotal::No && !total::is_known(search)?;
    let (kind, reason) = match (request.top, request.after.is_some()) {
        (0, _) if counts => ("TotalHitCountCollector", "search_count"),
        (0, _) => ("EarlyTerminatingCollector", "search_count"),
        _ if is_by_score(&request.sort) => ("TopScoreDocCollector", "search_top_hits"),
        (_, false) => ("SimpleFieldCollector", "search_top_hits"),
        (_, true) => ("PagingFieldCollector", "search_top_hits"),
    };
    Ok(Spent { kind: kind.into(), description: reason.into(), nanos, ..Spent::default() })
}

fn aggregations(of: &[&Spent], reason: &str, nanos: u64) -> Spent {
    let names: Vec<&str> = of.iter().map(|one| &*one.description).collect();
    let kind = match names.as_slice() {
        [only] => format!("ProfilingAggregator: [{only}]"),
        names => format!("MultiBucketCollector: [[{}]]", names.join(", ")),
    };
    Spent { kind, description: reason.into(), nanos, ..Spent::default() }
}

fn around(kind: &str, reason: &str, children: Vec<Spent>) -> Spent {
    let nanos = children.iter().map(|child| child.nanos).sum();
    Spent { kind: kind.into(), description: reason.into(), nanos, children, ..Spent::default() }
}

/// What is told of a weight and those inside of it.
pub(super) fn of(weight: &Weight) -> Spent {
    let (kind, description) = (kind(weight), notation::query(weight));
    let spent = match &weight.gauge {
        Some(gauge) => gauge.spent(kind, description),
        None => Spent { kind: kind.into(), description, ..Spent::default() },
    };
    // Parts that were put together from nothing in the request have no times.
    let children = weight.children().filter(|child| child.gauge.is_some()).map(of).collect();
    Spent { children, ..spent }
}

/// As [`of`], of a weight whose scores nobody wants, which Lucene makes a query around it.
pub(super) fn unscored(weight: &Weight) -> Spent {
    let spent = of(weight);
    if matches!(weight.kind, Kind::Constant(_) | Kind::Nothing(_)) {
        return spent;
    }
    let description = format!("ConstantScore({})", spent.description);
    let (nanos, steps) = (spent.nanos, spent.steps.clone());
    Spent { kind: "ConstantScoreQuery".into(), description, nanos, steps, children: vec![spent] }
}

/// What Lucene calls queries of its kind.
fn kind(weight: &Weight) -> &'static str {
    match &weight.kind {
        Kind::Nothing(_) => "MatchNoDocsQuery",
        Kind::All => "MatchAllDocsQuery",
        Kind::Term(_) => "TermQuery",
        Kind::Synonyms(_) => "SynonymQuery",
        Kind::Combined(_) => "CombinedFieldQuery",
        Kind::Set(set) => match set {
            Set::Term { .. } => "TermQuery",
            Set::Numbers(..) | Set::NumberRange(..) | Set::Within(..) => "IndexOrDocValuesQuery",
            Set::Shape(..) => "LatLonShapeQuery",
            Set::Exists(_) => "FieldExistsQuery",
            Set::Slice(..) => "SliceQuery",
            Set::Terms(..) | Set::TermRange(..) | Set::Accepted(..) | Set::Ids(_) => {
                "MultiTermQueryConstantScoreBlendedWrapper"
            }
        },
        Kind::Phrase(phrase) if phrase.positions.iter().all(|(_, terms)| terms.len() == 1) => "PhraseQuery",
        Kind::Phrase(_) => "MultiPhraseQuery",
        Kind::Bool(_) => "BooleanQuery",
        Kind::Boosting { .. } | Kind::Function(_) => "FunctionScoreQuery",
        Kind::Constant(_) => "ConstantScoreQuery",
        Kind::DisMax { .. } => "DisjunctionMaxQuery",
        Kind::Ranked(_) => "RankedQuery",
        Kind::Nested(_) => "OpenSearchToParentBlockJoinQuery",
        Kind::InsideOf { .. } => "ToChildBlockJoinQuery",
        Kind::Nearest(_) => "KnnFloatVectorQuery",
        Kind::Percolate { .. } => "PercolateQuery",
        Kind::Enough(_) => "CoveringQuery",
        Kind::Spans(_) => "SpanQuery",
        Kind::Intervals(_) => "IntervalQuery",
    }
}
