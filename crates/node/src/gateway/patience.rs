//! How long a search may go on: until its deadline, or until nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use shard::execute::{Patience, Verdict};

/// Lives as long as somebody waits; what it handed out stops when it is dropped.
pub(super) struct Guard {
    patience: SearchPatience,
}

/// What the threads that search ask.
#[derive(Clone)]
pub(super) struct SearchPatience {
    deadline: Option<Instant>,
    cancelled: Arc<AtomicBool>,
}

impl Guard {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { patience: SearchPatience { deadline, cancelled: Arc::default() } }
    }

    pub(super) fn patience(&self) -> SearchPatience {
        self.patience.clone()
    }

    /// Ends everything that still runs.
    pub(super) fn stop(&self) {
        self.patience.cancelled.store(true, Ordering::Release);
    }

    /// Returns at the deadline; never without one. The shards notice it themselves; they get a moment to answer with what they have.
    pub(super) async fn deadline(&self) {
        match self.patience.deadline {
            Some(deadline) => tokio::time::sleep_until((deadline + GRACE).into()).await,
            None => std::future::pending().await,
        }
    }
}

/// How long after the deadline the shards' partial answers are waited for.
const GRACE: std::time::Duration = std::time::Duration::from_millis(100);

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}

impl SearchPatience {
    pub(super) fn is_over(&self) -> bool {
        self.verdict() != Verdict::GoOn
    }
}

impl Patience for SearchPatience {
    fn verdict(&self) -> Verdict {
        if self.cancelled.load(Ordering::Acquire) {
            Verdict::Cancelled
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Verdict::TimedOut
        } else {
            Verdict::GoOn
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_stops_when_nobody_waits() {
        let guard = Guard::new(None);
        let patience = guard.patience();
        assert_eq!(patience.verdict(), Verdict::GoOn);
        drop(guard);
        assert_eq!(patience.verdict(), Verdict::Cancelled);
        assert_eq!(Guard::new(Some(Instant::now())).patience().verdict(), Verdict::TimedOut);
    }
}
