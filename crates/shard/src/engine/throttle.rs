//! How fast merges may write: one budget for all copies of a node, so that searches and writes find the disk free.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A merge is let run this far ahead of its rate before it sleeps: sleeps of less are not worth a switch of threads.
const AHEAD: Duration = Duration::from_millis(5);

/// Bytes a second that the merges of a node may write together.
pub struct Throttle {
    /// `None`: as fast as they can.
    bytes_per_second: Option<u64>,
    /// When what was written so far would be written at the rate.
    paid_until: Mutex<Instant>,
}

impl Throttle {
    /// `bytes_per_second`: `None` for no limit.
    pub fn new(bytes_per_second: Option<u64>) -> Self {
        Self { bytes_per_second: bytes_per_second.filter(|rate| *rate > 0), paid_until: Mutex::new(Instant::now()) }
    }

    /// Counts bytes that were written; sleeps as long as they were written too early. Returns how long it slept.
    pub(super) fn pace(&self, bytes: u64) -> Duration {
        let Some(rate) = self.bytes_per_second else { return Duration::ZERO };
        let ahead = {
            let mut paid_until = self.paid_until.lock();
            let now = Instant::now();
            *paid_until = (*paid_until).max(now) + Duration::from_secs_f64(bytes as f64 / rate as f64);
            *paid_until - now
        };
        if ahead < AHEAD {
            return Duration::ZERO;
        }
        std::thread::sleep(ahead);
        ahead
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_no_limit_takes_none() {
        let begun = Instant::now();
        let throttle = Throttle::new(Some(1 << 20));
        let slept: Duration = (0..4).map(|_| throttle.pace(16 << 10)).sum();
        assert!(slept >= Duration::from_millis(60) && begun.elapsed() >= Duration::from_millis(60), "{slept:?}");
        assert_eq!(Throttle::default().pace(u64::MAX), Duration::ZERO);
    }
}
