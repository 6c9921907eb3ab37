//! What a profiled search tells: of each shard that answered, its query, and its fetch where its documents are shown.

use std::sync::Arc;
use std::time::Instant;

use model::profile::{Profile, QuerySpent, ShardProfile, Spent};
use model::search::SearchRequest;
use search::merge::hits::Answer as ShardAnswer;
use shard::gauge::Clock;

use super::place::Place;
use super::target::BoundIndex;
use crate::core::Core;

/// What a search is timed by; `None`: nobody asks.
pub(in crate::gateway) fn clock(request: &SearchRequest) -> Option<Clock> {
    let begun = Instant::now();
    request.profile.then(|| -> Clock { Arc::new(move || begun.elapsed().as_nanos() as u64) })
}

/// What the shards told of their queries, by place in the plan.
pub(super) fn queries(answers: &mut [ShardAnswer]) -> Vec<(usize, QuerySpent)> {
    answers.iter_mut().filter_map(|(slot, hits)| hits.profile.take().map(|spent| (*slot, *spent))).collect()
}

/// All of it. `fetched`: what fetching took, by place in the plan.
pub(super) fn told(
    core: &Core,
    indexes: &[BoundIndex],
    places: &[Place],
    queries: Vec<(usize, QuerySpent)>,
    mut fetched: Vec<(usize, Spent)>,
) -> Profile {
    let mut shards: Vec<ShardProfile> = Vec::with_capacity(queries.len());
    for (slot, query) in queries {
        let place = &places[slot];
        let node = place.holder.node(core).unwrap_or(&core.identity.node).0.clone();
        let fetch = fetched.iter().position(|(of, _)| *of == slot).map(|at| fetched.swap_remove(at).1);
        let index = indexes[place.index].metadata.name.clone();
        shards.push(ShardProfile { node, index, shard: place.number, query, fetch });
    }
    shards.sort_by(|a, b| (&a.index, a.shard).cmp(&(&b.index, b.shard)));
    Profile { shards }
}
