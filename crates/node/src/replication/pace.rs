//! How fast recoveries leave this node: `indices.recovery.max_bytes_per_sec`, for files and operations of all of them together.
//!
//! In: what is sent, in bytes. Out: a wait. Not here: what clients write while a copy recovers; every copy gets that as it comes.

use std::time::{Duration, Instant};

use cluster::settings::value;
use cluster::state::State;
use parking_lot::Mutex;

use super::exchange::Exchange;

const NAME: &str = "indices.recovery.max_bytes_per_sec";
/// How often is looked whether more may leave now.
const LOOK: Duration = Duration::from_millis(200);
/// Where little may be sent in a second, it is sent in parts of so many bytes at least.
const LEAST_BYTES: u64 = 4 << 10;
/// What is sent so little ahead of its time need not wait: small recoveries are not slowed down.
const AHEAD: Duration = Duration::from_millis(20);

/// What has left this node too early so far.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bytes that were sent before their time, at that moment.
    owed: Mutex<(f64, Instant)>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { owed: Mutex::new((0.0, Instant::now())) }
    }

    /// Counts bytes that are sent. Out: how long to wait before more are. `rate`: bytes a second, which may change; `None`: as fast as it goes.
    pub(super) fn count(&self, bytes: u64, rate: Option<u64>) -> Duration {
        let (mut owed, now) = (self.owed.lock(), Instant::now());
        let Some(rate) = rate.filter(|rate| *rate > 0).map(|rate| rate as f64) else {
            *owed = (0.0, now);
            return Duration::ZERO;
        };
        let (before, at) = *owed;
        let left = (before - now.saturating_duration_since(at).as_secs_f64() * rate).max(0.0) + bytes as f64;
        *owed = (left, now);
        Duration::try_from_secs_f64(left / rate).ok().filter(|wait| *wait > AHEAD).unwrap_or_default()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_too_fast_waits() {
        let pace = Pace::new();
        assert_eq!(pace.count(u64::MAX, None), Duration::ZERO);
        assert_eq!(pace.count(1 << 30, Some(0)), Duration::ZERO);
        assert_eq!(pace.count(100, Some(1 << 20)), Duration::ZERO);
        let waits = pace.count(100 << 20, Some(1 << 20));
        assert!(waits > Duration::from_secs(60) && waits <= Duration::from_secs(101), "{waits:?}");
        let faster = pace.count(0, Some(10 << 20));
        assert!(faster < waits / 5 && faster > Duration::ZERO, "{faster:?}");
        assert_eq!(pace.count(0, None), Duration::ZERO);
        assert_eq!(pace.count(0, Some(1 << 20)), Duration::ZERO);
    }
}
