//! What happens by itself: scheduled refreshes, flushes of long logs, waking of shards that nobody searched.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use model::error::Error;
use shard::engine::ShardCopy;

use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{IndexView, OpenShard};

/// A start repeats at most about so many operations of a shard: a second or two.
const MAX_REPLAY: u64 = 40_000;
/// How often shards are looked at.
const TICK: Duration = Duration::from_millis(50);

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
    for index in core.indexes.all() {
        let view = index.view();
        for shard in &index.shards {
            if let Ok(copy) = shard.copy() {
                look_after(core, &view, shard, copy, now);
            }
        }
    }
}

fn look_after(core: &Arc<Core>, view: &IndexView, shard: &Arc<OpenShard>, copy: &Arc<ShardCopy>, now: u64) {
    if is_due(view, shard, now) && copy.is_dirty() {
        shard.used.refreshed_ms.store(now, Ordering::Relaxed);
        let (copy, name, number) = (copy.clone(), view.metadata.name.clone(), shard.number);
        core.upkeep.later(Box::new(move || {
            if let Err(error) = copy.refresh() {
                tracing::error!("shard {name}[{number}] failed to refresh: {error}");
            }
        }));
    }
    copy.forget_deleted(now);
    let (operations, bytes) = copy.log_length();
    let long = bytes > view.settings.flush_threshold_bytes || operations > MAX_REPLAY;
    if long && copy.begin_flush() {
        let (copy, name, number) = (copy.clone(), view.metadata.name.clone(), shard.number);
        core.upkeep.later(Box::new(move || {
            if let Err(error) = copy.flush(false) {
                tracing::error!("shard {name}[{number}] failed to flush: {error}");
            }
            copy.end_flush();
        }));
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

/// A search finds everything that a scheduled refresh would have shown by now, had the shard not been idle.
///
/// # Errors
/// As a refresh.
pub fn wake(view: &IndexView, shard: &OpenShard, copy: &Arc<ShardCopy>, now: u64) -> Result<(), Error> {
    let last = shard.used.searched_ms.swap(now, Ordering::Relaxed);
    let idle = now.saturating_sub(last) >= view.settings.search_idle_after_ms;
    let scheduled = view.settings.refresh_interval_ms.is_some() && !view.settings.refresh_interval_given;
    if idle && scheduled && copy.is_dirty() {
        copy.refresh()?;
    }
    Ok(())
}
