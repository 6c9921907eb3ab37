//! Fetching the winners, shard by shard.

use std::pin::Pin;
use std::sync::Arc;

use model::error::Error;
use model::search::{Hit, SearchRequest, Shards};
use search::bind::render_sort_value;
use search::merge::hits::Merged;
use search::shard_query::ShardHit;
use shard::fetch::{FetchPlan, Fetched};
use shard::reader::Reader;

use super::ask::{Asked, Place, fetch};
use super::target::{BoundIndex, failure};
use crate::core::Core;
use crate::gateway::patience::Guard;

type Coming = Pin<Box<dyn Future<Output = Result<Result<Vec<Fetched>, Error>, Error>> + Send>>;

/// What one shard has fetched, or is fetching.
enum Part {
    Here(Result<Vec<Fetched>, Error>),
    Coming(Coming),
}

/// The hits that won, and where each comes from.
pub(super) struct Winners<'a> {
    pub(super) indexes: &'a [BoundIndex],
    /// What to show, by index.
    pub(super) plans: &'a [Arc<FetchPlan>],
    pub(super) merged: &'a Merged,
    pub(super) request: &'a SearchRequest,
}

impl Winners<'_> {
    /// All hits in order, fetched in parallel. A shard that fails now is a failure of the search, not a silent gap.
    pub(super) async fn fetch(
        &self,
        core: &Arc<Core>,
        mut asked: Vec<Asked>,
        guard: &Guard,
        shards: &mut Shards,
    ) -> Result<Vec<Hit>, Error> {
        let hits = &self.merged.hits;
        let mut by_shard: Vec<Vec<usize>> = asked.iter().map(|_| Vec::new()).collect();
        hits.iter().enumerate().for_each(|(rank, (shard, _))| by_shard[*shard].push(rank));
        let mut parts = Vec::new();
        for (asked, ranks) in asked.iter_mut().zip(by_shard).filter(|(_, ranks)| !ranks.is_empty()) {
            let part = match (asked.fetched.take(), asked.reader.take()) {
                (Some(fetched), _) => Part::Here(fetched),
                (None, Some(reader)) => Part::Coming(self.begin(core, (&asked.place, reader), &ranks, guard)),
                (None, None) => continue,
            };
            parts.push((&asked.place, ranks, part));
        }
        let mut found: Vec<Option<Hit>> = hits.iter().map(|_| None).collect();
        for (place, ranks, part) in parts {
            let fetched = match part {
                Part::Here(fetched) => fetched,
                Part::Coming(work) => work.await.and_then(|fetched| fetched),
            };
            match fetched {
                Ok(fetched) => ranks.into_iter().zip(fetched).for_each(|(rank, fetched)| {
                    found[rank] = Some(self.assemble(place, &hits[rank].1, fetched));
                }),
                Err(error) => {
                    shards.successful -= 1;
                    shards.failures.push(failure(core, &self.indexes[place.index].metadata, place.shard.number, error));
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn begin(&self, core: &Core, (place, reader): (&Place, Reader), ranks: &[usize], guard: &Guard) -> Coming {
        let plan = self.plans[place.index].clone();
        let addresses: Vec<_> = ranks.iter().map(|rank| self.merged.hits[*rank].1.address).collect();
        let (shard, patience, groups) = (place.shard.clone(), guard.patience(), self.request.stats.clone());
        Box::pin(core.search.run(move || fetch((&shard, &groups), &plan, &reader, &addresses, &patience)))
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
