//! Fetching the winners, shard by shard.

use std::sync::Arc;
use std::time::Instant;

use model::error::Error;
use model::search::{Hit, SearchRequest, ShardFailure, Shards};
use search::bind::render_sort_value;
use search::merge::hits::Merged;
use search::shard_query::ShardHit;
use shard::fetch::{FetchPlan, Fetched};

use super::ask::{Asked, Place};
use super::target::BoundIndex;
use crate::core::Core;
use crate::gateway::patience::Guard;
use crate::indexes::Used;

/// The hits that won, and where each comes from.
pub(super) struct Winners<'a> {
    pub(super) indexes: &'a [BoundIndex],
    /// What to show, by index.
    pub(super) plans: &'a [Arc<FetchPlan>],
    pub(super) asked: &'a [Asked],
    pub(super) merged: &'a Merged,
    pub(super) request: &'a SearchRequest,
}

impl Winners<'_> {
    /// All hits in order, fetched in parallel. A shard that fails now is a failure of the search, not a silent gap.
    pub(super) async fn fetch(&self, core: &Arc<Core>, guard: &Guard, shards: &mut Shards) -> Result<Vec<Hit>, Error> {
        let hits = &self.merged.hits;
        let mut by_shard: Vec<Vec<usize>> = self.asked.iter().map(|_| Vec::new()).collect();
        hits.iter().enumerate().for_each(|(rank, (shard, _))| by_shard[*shard].push(rank));
        let mut tasks = Vec::new();
        for (at, ranks) in by_shard.into_iter().enumerate().filter(|(_, ranks)| !ranks.is_empty()) {
            let (place, Some(reader)) = (&self.asked[at].place, self.asked[at].reader.clone()) else { continue };
            let plan = self.plans[place.index].clone();
            let addresses: Vec<_> = ranks.iter().map(|rank| hits[*rank].1.address).collect();
            let (shard, patience) = (place.shard.clone(), guard.patience());
            let work = core.search.run(move || {
                let begun = Instant::now();
                let fetched = crate::gateway::caught(|| plan.fetch(&reader, &addresses, &patience));
                Used::count(&shard.used.fetches, &shard.used.fetch_micros, begun);
                fetched
            });
            tasks.push((at, ranks, work));
        }
        let mut fetched: Vec<Option<Hit>> = hits.iter().map(|_| None).collect();
        for (at, ranks, work) in tasks {
            let place = &self.asked[at].place;
            match work.await? {
                Ok(found) => ranks.into_iter().zip(found).for_each(|(rank, found)| {
                    fetched[rank] = Some(self.assemble(place, &hits[rank].1, found));
                }),
                Err(error) => {
                    shards.successful -= 1;
                    let index = self.indexes[place.index].metadata.name.clone();
                    shards.failures.push(ShardFailure { index, shard: place.shard.number, node: None, error });
                }
            }
        }
        Ok(fetched.into_iter().flatten().collect())
    }

    fn assemble(&self, place: &Place, hit: &ShardHit, fetched: Fetched) -> Hit {
        let (index, request) = (&self.indexes[place.index], self.request);
        let sort = index.sort.iter().zip(&hit.sort).zip(&request.sort);
        Hit {
            index: index.metadata.name.clone(),
            id: hit.id.clone(),
            routing: fetched.routing,
            score: Some(hit.score).filter(|score| !score.is_nan()),
            source: fetched.source,
            version: fetched.version.filter(|_| request.fetch.version),
            seq_no: fetched.seq_no.filter(|_| request.fetch.seq_no_primary_term),
            sort: sort
                .map(|((bound, value), key)| render_sort_value(value, key, bound, &index.context.mapping))
                .collect(),
            fields: fetched.fields,
            ignored: fetched.ignored,
            highlight: fetched.highlight,
            matched_queries: fetched.matched_queries,
            explanation: fetched.explanation,
            shard: request.explain.then_some(place.shard.number),
        }
    }
}
