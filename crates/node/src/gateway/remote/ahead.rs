//! Hits that are likely to win are shown with the answer that names them, so that who asked need not ask again.
//!
//! In: the best hits of this node's shards. Out: what the client sees of the very best of them, by shard. Not here: how many are likely to win
//! (`gateway::search`); the fetch of winners that nobody has foreseen ([`super::search::Fetch`]).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use search::merge::hits::{Answer, order};
use search::shard_query::BoundSort;

use crate::gateway::patience::SearchPatience;
use crate::gateway::search::{FetchedAhead, HERE, Pinned};
use crate::gateway::slow_log::Account;

/// Bytes of sources until no more is shown: what does not win has been read and sent for nothing.
const BYTES: usize = 32 << 10;

/// Shows the best `most` hits of all shards, or fewer of them, without leaving this thread: none of a shard whose search has, or whose hits take
/// more than reading what is stored of them. `answers` with their sort; `pins`: by shard.
pub(super) fn fetch(
    (answers, sort): (&[Answer], &[BoundSort]),
    (pins, account): (&[Option<Pinned>], &Account),
    most: u32,
    patience: SearchPatience,
) -> BTreeMap<usize, Vec<FetchedAhead>> {
    let hurried = patience.until(Instant::now() + HERE);
    let (mut shown, mut bytes) = (BTreeMap::<usize, (Duration, Vec<FetchedAhead>)>::new(), 0);
    for (answer, rank) in best(answers, sort, most as usize) {
        let (shard, hits) = &answers[answer];
        let pinned = pins[*shard].as_ref().filter(|pinned| pinned.brief && pinned.plan.is_light());
        let (Some(pinned), true) = (pinned, bytes < BYTES) else { break };
        let (begun, address) = (Instant::now(), hits.hits[rank].address);
        // What cannot be shown is said of it when it wins.
        let fetched = crate::gateway::caught(|| pinned.plan.fetch(&pinned.reader, &[address], &hurried));
        let Some(fetched) = fetched.ok().and_then(|mut fetched| fetched.pop()).filter(|_| !hurried.gave_up()) else {
            break;
        };
        bytes += fetched.source.as_ref().map_or(0, |source| source.len());
        let (took, of_shard) = shown.entry(*shard).or_default();
        *took += begun.elapsed();
        of_shard.push((address, fetched));
    }
    for (shard, (took, shown)) in &shown {
        if let Some(pinned) = &pins[*shard] {
            account.fetch((&pinned.shard, &pinned.view), *took, shown.len());
        }
    }
    shown.into_iter().map(|(shard, (_, shown))| (shard, shown)).collect()
}

/// The best hits of all shards in order: which answer, and its place in that.
fn best(answers: &[Answer], sort: &[BoundSort], most: usize) -> Vec<(usize, usize)> {
    let mut heads = vec![0; answers.len()];
    let mut best = Vec::with_capacity(most);
    while best.len() < most {
        let hit = |answer: usize| answers[answer].1.hits.get(heads[answer]);
        let open = (0..answers.len()).filter_map(|answer| Some((answer, hit(answer)?)));
        let Some((first, _)) = open.min_by(|(_, a), (_, b)| order(sort, a, b)) else { break };
        best.push((first, heads[first]));
        heads[first] += 1;
    }
    best
}
