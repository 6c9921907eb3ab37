//! How fast recoveries leave this node: `indices.recovery.max_bytes_per_sec`, for files and operations of all of them together.
//!
//! In: what is sent, in bytes. Out: a wait. Not here: what clients write while a copy recovers; every copy gets that as it comes.

use std::time::{Duration, Instant};

use cluster::settings::value;
use cluster::state::State;

use super::exchange::Exchange;

const NAME: &str = "indices.recovery.max_bytes_per_sec";
/// How often is looked whether more may leave now.
const LOOK: Duration = Duration::from_millis(200);
/// Where little may be sent in a second, it is sent in parts of so many bytes at least.
const LEAST_BYTES: u64 = 4 << 10;

fn rate(state: &State) -> Option<u64> {
    value::bytes(NAME, &state.settings.text(NAME)).ok().flatten().filter(|rate| *rate > 0)
}

/// How many bytes are sent at a time, of at most `most`.
pub(super) fn part(exchange: &Exchange, most: u64) -> u64 {
    rate(&exchange.state()).map_or(most, |rate| (rate / 8).clamp(LEAST_BYTES, most))
}

/// Waits as long as what was sent was sent too early. Out: how long that was.
pub(super) async fn hold_back(exchange: &Exchange, bytes: u64) -> Duration {
    let begun = Instant::now();
    let mut wait = exchange.pace.count(bytes, rate(&exchange.state()));
    if wait.is_zero() {
        return Duration::ZERO;
    }
    while !wait.is_zero() {
        tokio::time::sleep(wait.min(LOOK)).await;
        wait = exchange.pace.count(0, rate(&exchange.state()));
    }
    begun.elapsed()
}
