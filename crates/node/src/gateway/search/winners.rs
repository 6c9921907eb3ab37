//! Fetching the winners, shard by shard.

use std::sync::Arc;
use std::time::Duration;

use cluster::state::NodeId;
use model::error::Error;
use model::id::ShardNumber;
use model::profile::Spent;
use model::search::{Hit, InnerFound, SearchRequest, Shards};
use search::bind::render_sort_value;
use search::merge::hits::Merged;
use search::shard_query::{DocAddress, ShardHit};
use shard::fetch::{FetchPlan, Fetched};

use super::ask::{Asked, Pin};
use super::fetching::{Fetching, Pinned, Shown};
use super::pinned::Borrowed;
use super::place::Place;
use super::statistics::lost;
use super::target::{BoundIndex, failure};
use crate::core::Core;
use crate::gateway::holder::Holder;
use crate::gateway::patience::Guard;
use crate::gateway::slow_log::Account;

/// How long other nodes may take to fetch when the search's own time is over: what won is known by then.
const FETCH: Duration = Duration::from_secs(1);

/// What one node is fetching: for each shard its place in the plan.
struct NodePart {
    from: Arc<Borrowed>,
    wanted: Vec<(usize, Vec<DocAddress>)>,
}

impl NodePart {
    /// Begins to fetch. Out: the places in the plan, and what comes of them in that order.
    fn begin(self, core: &Arc<Core>, within: Option<Duration>) -> (Vec<usize>, Ended<Result<Vec<Shown>, Error>>) {
        let slots = self.wanted.iter().map(|(slot, _)| *slot).collect();
        (slots, Ended(tokio::spawn(self.from.fetch(core.clone(), self.wanted, within))))
    }
}

/// The hits that won, and where each comes from.
pub(super) struct Winners<'a> {
    pub(super) indexes: &'a [BoundIndex],
    /// What to show, by index.
    pub(super) plans: &'a [Arc<FetchPlan>],
    pub(super) merged: &'a Merged,
    pub(super) request: &'a SearchRequest,
    pub(super) account: &'a Arc<Account>,
}

impl Winners<'_> {
    /// All hits in order, those that did not come with the answers fetched in parallel, and what that took where it is timed, by place in the plan. A shard that fails now is a failure of the search, not a silent gap.
    pub(super) async fn fetch(
        &self,
        core: &Arc<Core>,
        mut asked: Vec<Asked>,
        guard: &Guard,
        shards: &mut Shards,
    ) -> Result<(Vec<Hit>, Vec<(usize, Spent)>), Error> {
        let hits = &self.merged.hits;
        let mut by_shard: Vec<Vec<usize>> = asked.iter().map(|_| Vec::new()).collect();
        let (mut found, mut spent) = (hits.iter().map(|_| None).collect::<Vec<Option<Hit>>>(), Vec::new());
        for (rank, (slot, hit)) in hits.iter().enumerate() {
            match asked[*slot].take_ahead(hit.address) {
                Some(fetched) => {
                    let place = &asked[*slot].place;
                    found[rank] = Some(self.assemble((place, place.holder.node(core)), hit, fetched));
                }
                None => by_shard[*slot].push(rank),
            }
        }
        let shown = self.show(core, &mut asked, &by_shard, guard).await;
        for (slot, fetched) in shown {
            let place = &asked[slot].place;
            match fetched {
                Ok(mut fetched) => {
                    spent.extend(fetched.first_mut().and_then(|first| first.spent.take()).map(|took| (slot, *took)));
                    by_shard[slot].iter().zip(fetched).for_each(|(rank, fetched)| {
                        found[*rank] = Some(self.assemble((place, place.holder.node(core)), &hits[*rank].1, fetched));
                    });
                }
                Err(error) => {
                    shards.successful -= 1;
                    let (metadata, node) = (&self.indexes[place.index].metadata, place.holder.node(core));
                    shards.failures.push(failure(metadata, place.number, node, error));
                }
            }
        }
        Ok((found.into_iter().flatten().collect(), spent))
    }

    /// What the client sees of each shard's winners, by place in the plan. `by_shard`: the ranks of each shard's winners.
    async fn show(
        &self,
        core: &Arc<Core>,
        asked: &mut [Asked],
        by_shard: &[Vec<usize>],
        guard: &Guard,
    ) -> Vec<(usize, Shown)> {
        let (mut parts, mut nodes) = (Vec::new(), Vec::<NodePart>::new());
        let addresses =
            |ranks: &[usize]| ranks.iter().map(|rank| self.merged.hits[*rank].1.address).collect::<Vec<DocAddress>>();
        for (slot, ranks) in by_shard.iter().enumerate().filter(|(_, ranks)| !ranks.is_empty()) {
            let asked = &mut asked[slot];
            match (asked.fetched.take(), asked.pin.take()) {
                (Some(shown), _) => parts.push((slot, Fetching::Done(shown))),
                (None, Some(Pin::Here(reader))) => {
                    let Holder::Here(shard) = &asked.place.holder else { continue };
                    let (shard, plan) = (shard.clone(), self.plans[asked.place.index].clone());
                    let pinned = Pinned { shard, view: asked.place.view.clone(), reader, plan, brief: asked.brief };
                    parts.push((slot, pinned.fetch(core, self.account, addresses(ranks), guard.patience())));
                }
                (None, Some(Pin::There(from))) => {
                    let addresses = addresses(ranks);
                    match nodes.iter_mut().find(|part| part.from.is(&from)) {
                        Some(part) => part.wanted.push((slot, addresses)),
                        None => nodes.push(NodePart { from, wanted: vec![(slot, addresses)] }),
                    }
                }
                (None, None) => parts.push((slot, Fetching::Done(Err(lost("what found its hits is gone"))))),
            }
        }
        let within = guard.remaining().map(|remaining| remaining + FETCH);
        let coming: Vec<_> = nodes.into_iter().map(|part| part.begin(core, within)).collect();
        let mut shown: Vec<(usize, Shown)> = Vec::new();
        for (slot, part) in parts {
            shown.push((slot, part.shown().await));
        }
        for (slots, mut task) in coming {
            match (&mut task.0).await.map_err(lost).and_then(|fetched| fetched) {
                Ok(fetched) => shown.extend(slots.into_iter().zip(fetched)),
                Err(error) => shown.extend(slots.into_iter().map(|slot| (slot, Err(error.clone())))),
            }
        }
        shown
    }

    /// `node`: where it was found.
    fn assemble(&self, (place, node): (&Place, Option<&NodeId>), hit: &ShardHit, mut fetched: Fetched) -> Hit {
        let from = node.map(|node| (place.number, node.0.clone()));
        placed(&mut fetched.inner_hits, from.as_ref());
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
            shard: from.filter(|_| request.explain),
            nested: fetched.nested,
            inner_hits: fetched.inner_hits,
        }
    }
}

/// A task that ends with whoever waits for it.
struct Ended<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Explained objects inside say of which shard they are, and where it was searched.
fn placed(inner_hits: &mut [(String, InnerFound)], from: Option<&(ShardNumber, Arc<str>)>) {
    for hit in inner_hits.iter_mut().flat_map(|(_, found)| &mut found.hits) {
        hit.shard = from.filter(|_| hit.explanation.is_some()).cloned();
        placed(&mut hit.inner_hits, from);
    }
}
