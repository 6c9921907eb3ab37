//! `top_hits`: the best documents of each bucket, fetched only for buckets that are asked for.
//!
//! While documents pass, each bucket notes them; they are ranked when a bucket has many or its partial is taken. What is noted counts
//! against the budget.

use std::sync::Arc;

use model::aggregation::partial::{HitOrder, Partial, TopHit, TopHits as Found};
use model::search::{Hit, Missing, SearchRequest};
use model::target::Target;
use search::aggregation::metric::TopHits as Asked;
use search::bind::render_sort_value;
use search::bound::BoundQuery;
use search::shard_query::{BoundSort, ShardHit, SortBy};
use search::statistics::Statistics;

use crate::aggregate::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::execute::{Endless, Ranked, rank};
use crate::fetch::{FetchPlan, Fetched};
use crate::reader::Reader;
use crate::score::Outcome;

/// So many noted documents are ranked when a segment begins: only the best stay.
const MANY: usize = 4096;

pub(in crate::aggregate) struct TopHits {
    asked: Asked,
    /// By score: that alone.
    sort: Arc<[BoundSort]>,
    plan: FetchPlan,
    by_owner: Vec<Noted>,
    segment: u32,
    reader: Option<Reader>,
    budget: Arc<Budget>,
}

/// The documents of a bucket.
#[derive(Clone, Default)]
struct Noted {
    total: u64,
    max_score: f32,
    documents: Vec<Ranked>,
}

impl TopHits {
    pub(in crate::aggregate) fn new(
        asked: &Asked,
        query: &Arc<BoundQuery>,
        statistics: Option<&Arc<Statistics>>,
        budget: Arc<Budget>,
    ) -> Outcome<Self> {
        let mut request = SearchRequest::new(Target { names: Vec::new(), ..Target::default() });
        request.fetch = asked.asked.fetch.clone();
        request.explain = asked.asked.explain;
        let plan = FetchPlan::new(&asked.context, query.clone(), &request)?;
        let plan = plan.with_statistics(statistics.cloned());
        let sort = if asked.by_score() {
            Arc::new([BoundSort { by: SortBy::Score, descending: true }])
        } else {
            asked.sort.clone()
        };
        Ok(Self { asked: asked.clone(), sort, plan, by_owner: Vec::new(), segment: 0, reader: None, budget })
    }

    fn keeps_scores(&self) -> bool {
        self.asked.asked.track_scores || self.asked.by_score()
    }

    fn rank(&self, reader: &Reader, documents: &[Ranked]) -> Outcome<Vec<ShardHit>> {
        rank(reader, &self.sort, self.asked.keep(), documents)
    }

    /// Of buckets with many documents only the best stay.
    fn cut(&mut self, reader: &Reader) -> Outcome<()> {
        for owner in 0..self.by_owner.len() {
            if self.by_owner[owner].documents.len() > MANY.max(2 * self.asked.keep()) {
                let documents = std::mem::take(&mut self.by_owner[owner].documents);
                let best = self.rank(reader, &documents)?;
                let place = |hit: &ShardHit| (hit.address.segment, hit.address.doc);
                let mut best: Vec<_> = best.iter().map(place).collect();
                best.sort_unstable();
                let stays = |one: &&Ranked| best.binary_search(&(one.segment, one.doc)).is_ok();
                self.by_owner[owner].documents = documents.iter().filter(stays).copied().collect();
            }
        }
        Ok(())
    }

    fn top_hit(&self, hit: ShardHit, fetched: Fetched) -> TopHit {
        let (asked, context) = (&self.asked.asked, &self.asked.context);
        let by_score = self.asked.by_score();
        let shown = self.sort.iter().zip(&hit.sort).zip(&asked.sort).filter(|_| !by_score);
        let shown = shown.map(|((bound, value), key)| render_sort_value(value, key, bound, &context.mapping));
        let shown = shown.collect();
        let score = if self.keeps_scores() { hit.score } else { f32::NAN };
        TopHit {
            score,
            sort: if by_score { Vec::new() } else { hit.sort },
            hit: Hit {
                index: context.index.name.clone(),
                id: hit.id,
                routing: fetched.routing,
                score: Some(score).filter(|score| !score.is_nan()),
                source: fetched.source,
                version: fetched.version.filter(|_| asked.fetch.version),
                seq_no: fetched.seq_no.filter(|_| asked.fetch.seq_no_primary_term),
                sort: shown,
                fields: fetched.fields,
                ignored: fetched.ignored,
                highlight: fetched.highlight,
                matched_queries: fetched.matched_queries,
                explanation: fetched.explanation,
                shard: None,
                nested: fetched.nested,
                inner_hits: fetched.inner_hits,
            },
        }
    }
}

impl Collector for TopHits {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.segment = leaf.number;
        self.reader.get_or_insert_with(|| leaf.reader.clone());
        self.cut(leaf.reader)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<Noted>())?;
            self.by_owner.resize(owners, Noted { max_score: f32::NEG_INFINITY, ..Noted::default() });
        }
        self.budget.take(batch.docs.len() * size_of::<Ranked>())?;
        let segment = self.segment;
        for (at, &doc) in batch.docs.iter().enumerate() {
            let noted = &mut self.by_owner[batch.owners.of(at) as usize];
            let score = batch.scores.get(at).copied().unwrap_or(f32::NAN);
            noted.total += 1;
            noted.max_score = noted.max_score.max(score);
            noted.documents.push(Ranked { segment, doc, score });
        }
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let noted = self.by_owner.get_mut(owner as usize).map(std::mem::take).unwrap_or_default();
        let mut found = Found {
            total: noted.total,
            max_score: Some(noted.max_score)
                .filter(|score| self.keeps_scores() && score.is_finite() && noted.total > 0),
            order: if self.asked.by_score() { Vec::new() } else { self.sort.iter().map(order).collect() },
            keep: self.asked.keep() as u32,
            hits: Vec::new(),
        };
        if let Some(reader) = self.reader.as_ref().filter(|_| noted.total > 0) {
            let best = self.rank(reader, &noted.documents)?;
            let addresses: Vec<_> = best.iter().map(|hit| hit.address).collect();
            let fetched = self.plan.fetch(reader, &addresses, &Endless)?;
            found.hits = best.into_iter().zip(fetched).map(|(hit, fetched)| self.top_hit(hit, fetched)).collect();
        }
        Ok(Partial::TopHits(Box::new(found)))
    }
}

fn order(key: &BoundSort) -> HitOrder {
    let missing_first = match &key.by {
        SortBy::Field { missing, .. } | SortBy::Unmapped { missing } => *missing == Missing::First,
        SortBy::Score | SortBy::Doc | SortBy::ShardDoc(_) | SortBy::Id | SortBy::Script { .. } => false,
    };
    HitOrder { descending: key.descending, missing_first }
}
