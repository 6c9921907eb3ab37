//! What happens by itself: scheduled refreshes, flushes of long logs, waking of shards that nobody searched, merges of what nobody writes to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use model::error::Error;
use model::id::ShardId;
use shard::engine::{ShardCopy, Tail};

use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{IndexView, OpenShard};

/// What all shards together may hold in memory that is in no segment yet; the fullest are committed first.
const NODE_BATCH_BYTES: u64 = 128 << 20;
/// Operations that a start repeats, of all shards together.
const NODE_TAIL: u64 = 100_000;
/// How often shards are looked at.
const TICK: Duration = Duration::from_millis(50);
/// Who has not been written to for so long is quiet.
const QUIET_MS: u64 = 3_000;
/// What is searched so often between two writes is worth a merge.
const SEARCHES: u64 = 100;

/// Looks after the shards until the node is gone.
pub async fn run(core: Weak<Core>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        tick(&core, now_ms());
    }
}

fn tick(core: &Arc<Core>, now: u64) {
    let mut tails = Vec::new();
    for index in core.indexes.all() {
        let view = index.view();
        for shard in &index.shards {
            match shard.copy() {
                Ok(copy) => {
                    tails.push((look_after(core, &view, shard, &copy, now), copy));
                }
                Err(_) => report(core, &view, shard),
            }
        }
    }
    shorten(tails);
    core.contexts.sweep(Instant::now());
    core.points.sweep(Instant::now(), |index, shard| core.indexes.serves(index, shard));
}

/// Tells the metadata that a copy has failed which served; so does the cluster's health.
fn report(core: &Arc<Core>, view: &IndexView, shard: &Arc<OpenShard>) {
    let id = ShardId { index: view.metadata.uuid.clone(), number: shard.number };
    let Some(command) = shard.fresh_failure(id) else { return };
    let (name, number) = (view.metadata.name.clone(), shard.number);
    tracing::error!(
        "shard {name}[{number}] has failed: {}; POST /_cluster/reroute?retry_failed=true opens it again",
        shard.failure().unwrap_or_default()
    );
    let (core_of_job, shard) = (core.clone(), shard.clone());
    core.flush.later(Box::new(move || {
        if let Err(error) = core_of_job.submit(&command) {
            tracing::error!("the failure of shard {name}[{number}] could not be recorded: {error}");
            // Metadata that cannot be written will not be told anything.
            if !core_of_job.metadata.has_failed() {
                shard.unreported();
            }
        }
    }));
}

/// Commits the longest tails until what is left of all is within the node's bounds. Each shard bounds its own already.
fn shorten(mut tails: Vec<(Tail, Arc<ShardCopy>)>) {
    let mut bytes: u64 = tails.iter().map(|(tail, _)| tail.batch_bytes).sum();
    let mut operations: u64 = tails.iter().map(|(tail, _)| tail.operations).sum();
    if bytes <= NODE_BATCH_BYTES && operations <= NODE_TAIL {
        return;
    }
    tails.sort_by_key(|(tail, _)| std::cmp::Reverse((tail.batch_bytes, tail.operations)));
    for (tail, copy) in tails {
        if bytes <= NODE_BATCH_BYTES && operations <= NODE_TAIL {
            return;
        }
        copy.flush_in_background();
        bytes -= tail.batch_bytes;
        operations -= tail.operations;
    }
}

/// What a shard needs by now. Out: the tail that it still has.
fn look_after(core: &Arc<Core>, view: &IndexView, shard: &Arc<OpenShard>, copy: &Arc<ShardCopy>, now: u64) -> Tail {
    if is_due(view, shard, now) && copy.is_dirty() {
        shard.used.refreshed_ms.store(now, Ordering::Relaxed);
        let (copy, name, number) = (copy.clone(), view.metadata.name.clone(), shard.number);
        core.refresh.later(Box::new(move || {
            // A copy that was let go meanwhile, as it has moved, has nothing to show.
            if let Err(error) = copy.refresh()
                && !error.is_closed()
            {
                tracing::error!("shard {name}[{number}] failed to refresh: {error}");
            }
        }));
    }
    copy.forget_deleted(now);
    let tail = copy.tail();
    if tail.bytes > view.settings.flush_threshold_bytes {
        copy.flush_in_background();
    }
    let quiet = &shard.used.quiet;
    if quiet.wants_fewer_segments(tail.next_seq, now, shard.used.queries.load(Ordering::Relaxed))
        && copy.settle_in_background()
    {
        quiet.settled.store(true, Ordering::Relaxed);
    }
    tail
}

/// Whether a shard is written to, as far as was seen. Only one thread looks.
#[derive(Default)]
pub(crate) struct Quiet {
    next_seq: AtomicU64,
    since_ms: AtomicU64,
    /// How many had searched when somebody had last looked before the last write was seen.
    searches: AtomicU64,
    /// How many had searched when somebody last looked.
    seen: AtomicU64,
    /// Whether there is nothing left to merge since then.
    settled: AtomicBool,
}

impl Quiet {
    /// Whether nobody has written for a while, many have searched since, and there may be something to merge. `searches`: so far.
    fn wants_fewer_segments(&self, next_seq: u64, now: u64, searches: u64) -> bool {
        let seen = self.seen.swap(searches, Ordering::Relaxed);
        if self.next_seq.swap(next_seq, Ordering::Relaxed) != next_seq {
            self.since_ms.store(now, Ordering::Relaxed);
            self.searches.store(seen, Ordering::Relaxed);
            self.settled.store(false, Ordering::Relaxed);
        }
        let quiet = now.saturating_sub(self.since_ms.load(Ordering::Relaxed)) >= QUIET_MS;
        let searched = searches.saturating_sub(self.searches.load(Ordering::Relaxed)) >= SEARCHES;
        quiet && searched && !self.settled.load(Ordering::Relaxed)
    }
}

/// Whether the refresh interval has passed. Shards that nobody searches wait for a search, unless the index sets its interval
/// or somebody waits for the refresh.
fn is_due(view: &IndexView, shard: &OpenShard, now: u64) -> bool {
    let Some(interval) = view.settings.refresh_interval_ms else { return false };
    if now.saturating_sub(shard.used.refreshed_ms.load(Ordering::Relaxed)) < interval {
        return false;
    }
    let idle = now.saturating_sub(shard.used.searched_ms.load(Ordering::Relaxed)) >= view.settings.search_idle_after_ms;
    let awaited = shard.copy().is_ok_and(|copy| copy.has_waiters());
    view.settings.refresh_interval_given || !idle || awaited
}

/// Whether [`wake`] would refresh now.
pub fn would_refresh(view: &IndexView, shard: &OpenShard, copy: &ShardCopy, now: u64) -> bool {
    let last = shard.used.searched_ms.load(Ordering::Relaxed);
    let idle = now.saturating_sub(last) >= view.settings.search_idle_after_ms;
    let scheduled = view.settings.refresh_interval_ms.is_some() && !view.settings.refresh_interval_given;
    idle && scheduled && copy.is_dirty()
}

/// A search finds everything that a scheduled refresh would have shown by now, had the shard not been idle.
///
/// # Errors
/// As a refresh.
pub fn wake(view: &IndexView, shard: &OpenShard, copy: &Arc<ShardCopy>, now: u64) -> Result<(), Error> {
    let refresh = would_refresh(view, shard, copy, now);
    shard.used.searched_ms.store(now, Ordering::Relaxed);
    if refresh {
        copy.refresh()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_segments_are_wanted_after_the_last_write_and_many_searches() {
        let quiet = Quiet::default();
        let wants = |next_seq, now, searches| quiet.wants_fewer_segments(next_seq, now, searches);
        assert!(!wants(5, 1_000, 0));
        assert!(!wants(6, 3_900, 500));
        assert!(!wants(6, 6_899, 700));
        assert!(wants(6, 6_900, 700));
        assert!(wants(6, 7_000, 700), "until there is nothing left to merge");
        quiet.settled.store(true, Ordering::Relaxed);
        assert!(!wants(6, 20_000, 900));
        assert!(!wants(7, 20_050, 900));
        assert!(!wants(7, 30_000, 999), "nobody would have much of it");
        assert!(wants(7, 30_000, 1_000));
    }

    #[test]
    fn searches_count_that_come_before_anybody_has_looked() {
        let quiet = Quiet::default();
        assert!(!quiet.wants_fewer_segments(5, 1_000, 10));
        assert!(!quiet.wants_fewer_segments(6, 1_050, 110));
        assert!(quiet.wants_fewer_segments(6, 4_050, 110));
    }
}
