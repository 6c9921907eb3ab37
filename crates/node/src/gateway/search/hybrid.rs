//! Hybrid search: several queries whose hits are ranked together, with aggregations, sorting, paging and explanations over all of them.
//!
//! Each query is a search of its own for the best hits; `search::merge::fusion` makes one ranking of them; the page is fetched by one more
//! search, of the union, which is also what is counted and aggregated. With a sort by fields the union alone is searched: no scores, no
//! fusion.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::query::compound::Boolean;
use model::query::hybrid::{Fusion, Hybrid};
use model::query::{Kind, Query};
use model::search::{Hit, SearchRequest, SearchResponse, SourceFilter, TrackTotal};
use model::task::TaskId;
use search::merge::fusion::{self, Fused, Ranked};

use super::search_counted;
use crate::core::Core;

/// How many hits of each query are fused where nobody says.
const DEPTH: u64 = 10;

/// What all parts of one hybrid search share.
struct Parts<'a> {
    core: &'a Arc<Core>,
    request: &'a SearchRequest,
    hybrid: &'a Hybrid,
    begun: Instant,
    task: &'a TaskId,
}

/// Carries out a request whose query is `hybrid`. `piped`: how a search pipeline fuses.
pub(super) async fn search(
    core: &Arc<Core>,
    request: &SearchRequest,
    hybrid: &Hybrid,
    piped: Option<&Fusion>,
    (begun, task): (Instant, &TaskId),
) -> Result<SearchResponse, Error> {
    let parts = Parts { core, request, hybrid, begun, task };
    let by_score =
        |keys: &[model::search::SortKey]| matches!(keys, [only] if only.field == "_score" && only.descending);
    if !request.sort.is_empty() && !by_score(&request.sort) {
        if request.sort.iter().any(|key| key.field == "_score") {
            return Err(Error::illegal_argument(
                "_score sort criteria cannot be applied with any other criteria. Please select one sort criteria out of them.",
            ));
        }
        let union = SearchRequest { query: parts.union(), ..request.clone() };
        return parts.run(union).await;
    }
    let fusion = hybrid.fusion.as_ref().or(piped).cloned().unwrap_or_default();
    check_weights(&fusion, hybrid.queries.len())?;
    let mut answer = parts.counted().await?;
    let mut ranked = Vec::with_capacity(hybrid.queries.len());
    for query in &hybrid.queries {
        let found = parts.best_of(query).await?;
        answer.timed_out |= found.timed_out;
        if found.shards.failures.len() > answer.shards.failures.len() {
            answer.shards = found.shards;
        }
        ranked.push(found.hits.into_iter().map(ranked_hit).collect());
    }
    let fused = fusion::fuse(&fusion, ranked);
    answer.max_score = fused.first().map(|hit| hit.score).filter(|_| request.size > 0);
    let page = parts.page(fused)?;
    answer.hits = parts.show(&fusion, page).await?;
    answer.took_ms = begun.elapsed().as_millis() as u64;
    Ok(answer)
}

fn check_weights(fusion: &Fusion, queries: usize) -> Result<(), Error> {
    let (Fusion::Normalized { weights, .. } | Fusion::ReciprocalRank { weights, .. }) = fusion;
    if weights.is_empty() || weights.len() == queries {
        return Ok(());
    }
    Err(Error::illegal_argument(format!(
        "number of weights [{}] must match number of sub-queries [{queries}] in hybrid query",
        weights.len()
    )))
}

fn ranked_hit(hit: Hit) -> Ranked {
    Ranked { key: (hit.index, hit.id), score: hit.score.unwrap_or(0.0), explanation: hit.explanation }
}

fn any_of(queries: &[Query], filter: Vec<Query>) -> Query {
    let should = queries.to_vec();
    let minimum_should_match = Some("1".to_owned());
    Query::new(Kind::Bool(Boolean { should, filter, minimum_should_match, ..Boolean::default() }))
}

impl Parts<'_> {
    /// What any of the queries matches.
    fn union(&self) -> Query {
        any_of(&self.hybrid.queries, self.hybrid.filter.iter().cloned().collect())
    }

    async fn run(&self, request: SearchRequest) -> Result<SearchResponse, Error> {
        Box::pin(search_counted(self.core, request, self.begun, self.task.clone())).await
    }

    /// Total and aggregations over the union.
    async fn counted(&self) -> Result<SearchResponse, Error> {
        let request = SearchRequest {
            query: self.union(),
            from: 0,
            size: 0,
            sort: Vec::new(),
            search_after: None,
            min_score: None,
            explain: false,
            ..self.request.clone()
        };
        self.run(request).await
    }

    /// The best hits of one query.
    async fn best_of(&self, query: &Query) -> Result<SearchResponse, Error> {
        let wanted = self.request.from.saturating_add(self.request.size);
        let size = self.hybrid.depth.unwrap_or(DEPTH).max(wanted);
        let query = match &self.hybrid.filter {
            Some(filter) => Query::new(Kind::Bool(Boolean {
                must: vec![query.clone()],
                filter: vec![filter.clone()],
                ..Boolean::default()
            })),
            None => query.clone(),
        };
        let fetch = model::search::Fetch { source: Some(SourceFilter::nothing()), ..Default::default() };
        let request = SearchRequest {
            query,
            from: 0,
            size,
            sort: Vec::new(),
            search_after: None,
            min_score: None,
            track_total_hits: TrackTotal::No,
            aggregations: Vec::new(),
            fetch,
            ..self.request.clone()
        };
        self.run(request).await
    }

    /// The hits of the page that was asked for: those behind a fused score, from a place on, with at least a score.
    fn page(&self, fused: Vec<Fused>) -> Result<Vec<Fused>, Error> {
        let after = match self.request.search_after.as_deref() {
            None => None,
            Some([value]) => Some(value.as_f64().ok_or_else(|| {
                Error::illegal_argument(format!("Failed to parse search_after value for field [_score]: [{value}]"))
            })? as f32),
            Some(values) => {
                return Err(Error::illegal_argument(format!(
                    "search_after has {} value(s) but sort has 1.",
                    values.len()
                )));
            }
        };
        let least = self.request.min_score.unwrap_or(f32::NEG_INFINITY);
        let behind = |hit: &Fused| after.is_none_or(|after| hit.score < after) && hit.score >= least;
        let (from, size) = (self.request.from as usize, self.request.size as usize);
        Ok(fused.into_iter().filter(behind).skip(from).take(size).collect())
    }

    /// The hits of a page, fetched together, with their fused scores.
    async fn show(&self, fusion: &Fusion, page: Vec<Fused>) -> Result<Vec<Hit>, Error> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let ids: BTreeSet<&str> = page.iter().map(|hit| &*hit.key.1).collect();
        let indexes: BTreeSet<&str> = page.iter().map(|hit| &*hit.key.0).collect();
        let size = (ids.len() * indexes.len()) as u64;
        let values = ids.into_iter().map(str::to_owned).collect();
        // An id may be in several indexes: of those that no query found, none is shown.
        let filter = Query::new(Kind::Ids { values });
        let request = SearchRequest {
            query: any_of(&self.hybrid.queries, vec![filter]),
            from: 0,
            size,
            sort: Vec::new(),
            search_after: None,
            min_score: None,
            track_total_hits: TrackTotal::No,
            aggregations: Vec::new(),
            terminate_after: None,
            explain: false,
            ..self.request.clone()
        };
        let mut found = self.run(request).await?.hits;
        let mut hits = Vec::with_capacity(page.len());
        let sorted = !self.request.sort.is_empty();
        for fused in page {
            // A document that was deleted meanwhile is not shown.
            let at = found.iter().position(|hit| (&hit.index, &hit.id) == (&fused.key.0, &fused.key.1));
            let Some(at) = at else { continue };
            let mut hit = found.swap_remove(at);
            hit.score = Some(fused.score);
            if self.request.explain {
                hit.explanation = Some(Box::new(fusion::explained(fusion, &fused)));
            }
            if sorted {
                hit.sort = vec![f64::from(fused.score).into()];
            }
            hits.push(hit);
        }
        Ok(hits)
    }
}
