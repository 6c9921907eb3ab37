//! Searches for neighbours in an index whose documents lie by their vectors: the shards near the vector are asked, and no others.
//!
//! In: a search that is one `knn` on the field of the centroids. Out: its answer, whose `_shards` say how many were passed over. The shard nearest to
//! the vector, and that of the first documents, tell how far the last neighbour lies; then all shards are asked that may hold something nearer
//! (`cluster::centroids`), and told that nothing farther is wanted, or as many of the nearest as the search says (`slop`). Where fewer neighbours are
//! found than there may be, all are asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use cluster::centroids::{Centroids, FIRST, Learned};
use cluster::routing::Spread;
use cluster::state::IndexMetadata;
use model::error::Error;
use model::id::ShardNumber;
use model::mapping::vector::{VectorField, VectorSpace};
use model::query::Kind;
use model::query::vector::{Knn, Reach};
use model::search::{SearchRequest, SearchResponse};
use model::task::TaskId;

use super::resolve_open;
use super::shown::Steps;
use crate::core::Core;
use crate::gateway::placement;

/// A search that few shards can answer.
pub(super) struct Nearby {
    index: Arc<IndexMetadata>,
    learned: Learned,
    vectors: VectorField,
    /// Neighbours that are shown or counted.
    wanted: u64,
    vector: Vec<f32>,
    slop: Option<u32>,
    /// As many are shown, and no more: the others are of no use.
    shows_all: bool,
}

impl Nearby {
    /// `None`: it is another kind of search, or of another kind of index.
    pub(super) fn of(core: &Core, request: &SearchRequest) -> Option<Self> {
        let Kind::Knn(knn) = &request.query.kind else { return None };
        let Knn { reach: Reach::Nearest(k), vector, .. } = &**knn else { return None };
        let plain = request.point.is_none() && request.slice.is_none() && request.routing.is_empty();
        let scored = request.query.boost > 0.0 && request.indices_boost.is_empty();
        if !plain || !scored || request.preference.is_some() {
            return None;
        }
        let found = resolve_open(core, &request.target).ok()?;
        let [found] = found.as_slice() else { return None };
        let index = found.index.clone();
        let (field, vectors) = placement::field(&index)?;
        if field != knn.field || found.routing(&request.routing).is_some() || vector.len() != vectors.values() {
            return None;
        }
        let (learned, vectors) = (index.centroids.clone()?, vectors.clone());
        let vector = placement::comparable(&vectors, vector.clone());
        let k = u64::from(*k);
        let shown = request.from.saturating_add(request.size);
        let counted = shown == 0 || !request.aggregations.is_empty() || !request.sort.is_empty();
        let all_count = counted || request.post_filter.is_some();
        let wanted = if all_count { k } else { k.min(shown) };
        let shows_all = !all_count && wanted == shown;
        Some(Self { index, learned, vectors, wanted, vector, slop: knn.slop, shows_all })
    }

    pub(super) async fn search(
        &self,
        core: &Arc<Core>,
        request: SearchRequest,
        begun: Instant,
        task: &TaskId,
    ) -> Result<SearchResponse, Error> {
        let steps = Steps { core, request: &request, begun, task };
        let all = self.index.shards.len();
        let Some(bounds) = self.learned.bounds(&self.vector) else { return steps.run(request.clone()).await };
        let (asked, least_score): (BTreeSet<ShardNumber>, _) = match self.slop {
            Some(slop) => (bounds.iter().take(slop as usize).map(|(shard, _)| *shard).chain([FIRST]).collect(), None),
            None => match self.last_neighbour(&steps, &bounds).await? {
                Some(last) => {
                    let near = Centroids::within(&bounds, self.distance(&steps, last));
                    (near.chain([FIRST]).collect(), self.shows_all.then_some(last))
                }
                None => return steps.run(request.clone()).await,
            },
        };
        if asked.len() >= all {
            return steps.run(SearchRequest { least_score, ..request.clone() }).await;
        }
        let routing = self.routings(&asked);
        let mut answer = steps.run(SearchRequest { routing, least_score, ..request.clone() }).await?;
        let shown = request.from + answer.hits.len() as u64;
        let found = answer.total.map_or(shown, |total| total.value);
        if found < self.wanted && self.slop.is_some() {
            return steps.run(request.clone()).await;
        }
        let spared = (all - asked.len()) as u32;
        answer.shards.total += spared;
        answer.shards.successful += spared;
        answer.shards.skipped += spared;
        Ok(answer)
    }

    /// What the last of the neighbours scores that the nearest shard has; `None`: it has not so many.
    async fn last_neighbour(&self, steps: &Steps<'_>, bounds: &[(ShardNumber, f32)]) -> Result<Option<f32>, Error> {
        let nearest = bounds.first().map(|(shard, _)| *shard);
        let plain = steps.plain(steps.request.query.clone(), self.wanted);
        let routing = self.routings(&nearest.into_iter().chain([FIRST]).collect());
        let probe = SearchRequest { routing, post_filter: None, sort: Vec::new(), ..plain };
        let hits = steps.run(probe).await?.hits;
        Ok((self.wanted as usize).checked_sub(1).and_then(|at| hits.get(at)).and_then(|last| last.score))
    }

    /// How far from the vector something lies that has this score, as centroids measure it.
    fn distance(&self, steps: &Steps<'_>, score: f32) -> f32 {
        let score = score / steps.request.query.boost;
        let by_distance = matches!(&steps.request.query.kind, Kind::Knn(knn) if knn.by_distance);
        let distance = if by_distance { -score } else { self.vectors.distance_at(score) };
        let square = if self.vectors.space == VectorSpace::Cosine { 2.0 * distance } else { distance };
        square.max(0.0).sqrt()
    }

    fn routings(&self, shards: &BTreeSet<ShardNumber>) -> Vec<String> {
        let spread = Spread::of(&self.index.settings);
        shards.iter().map(|shard| spread.routing_to(*shard)).collect()
    }
}
