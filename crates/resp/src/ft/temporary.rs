//! `TEMPORARY`: indexes that go, with their keys, when nobody has searched them for a while.
//!
//! Every node knows when it was asked itself. What the others must know, that an index is in use, goes into its definition now and then; so an
//! index goes when its time is over since the last search anywhere, at most two such periods later.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::definition::Definition;
use super::lifecycle;
use crate::error::RespError;
use crate::server::{Server, now_ms};

/// Between two looks at the clock.
const PERIOD: Duration = Duration::from_millis(200);

/// Runs as long as the server is there.
pub async fn run(server: Weak<Server>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(server) = server.upgrade() else { return };
        for (index, definition) in server.registry.defined() {
            let Some(seconds) = definition.temporary_s else { continue };
            if let Err(error) = look(&server, &index, (&definition, seconds.saturating_mul(1_000))).await {
                tracing::debug!("temporary index {index} could not be kept or dropped: {error}");
            }
        }
    }
}

/// How long the others may not know of a search.
fn told_every_ms(time_ms: u64) -> u64 {
    (time_ms / 2).clamp(1_000, 60_000)
}

async fn look(server: &Server, index: &Arc<str>, (definition, time_ms): (&Definition, u64)) -> Result<(), RespError> {
    let (now, told) = (now_ms(), definition.used_ms);
    let used = server.registry.tally(index).used_ms.load(Ordering::Relaxed).max(told);
    let period = told_every_ms(time_ms);
    if now >= used.saturating_add(time_ms).saturating_add(period) {
        return lifecycle::remove(server, index, definition, true).await;
    }
    if used >= told.saturating_add(period) {
        let changed = Definition { used_ms: used, ..definition.clone() };
        return lifecycle::store(server, index, &changed).await;
    }
    Ok(())
}
