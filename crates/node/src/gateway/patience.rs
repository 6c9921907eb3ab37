//! How long a search may go on: until its deadline, or until nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shard::execute::{Patience, Verdict};

/// Lives as long as somebody waits; what it handed out stops when it is dropped.
pub(super) struct Guard {
    patience: SearchPatience,
    /// How long after the deadline partial answers are waited for.
    grace: Duration,
}

/// What the threads that search ask.
#[derive(Clone)]
pub(super) struct SearchPatience {
    deadline: Option<Instant>,
    cancelled: Arc<AtomicBool>,
}

impl Guard {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { patience: SearchPatience { deadline, cancelled: Arc::default() }, grace: GRACE }
    }

    /// As [`Guard::new`], for a part of a search whose coordinator waits as long as for its own parts.
    pub(super) fn hasty(deadline: Option<Instant>) -> Self {
        let mut guard = Self::new(deadline);
        guard.grace = GRACE / 2;
        guard
    }

    /// How long it is to the deadline; `None`: there is none.
    pub(super) fn remaining(&self) -> Option<Duration> {
        self.patience.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// How long answers of other nodes are waited for.
    pub(super) fn within(&self) -> Option<Duration> {
        self.remaining().map(|remaining| remaining + self.grace)
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
            Some(deadline) => tokio::time::sleep_until((deadline + self.grace).into()).await,
            None => std::future::pending().await,
        }
    }
}

/// How long after the deadline the shards' partial answers are waited for.
const GRACE: Duration = Duration::from_millis(100);

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

/// As another patience, but only for a moment.
#[derive(Clone)]
pub(super) struct Hurried {
    patience: SearchPatience,
    until: Instant,
    gave_up: Arc<AtomicBool>,
}

impl SearchPatience {
    /// The same, but no longer than until then.
    pub(super) fn until(&self, until: Instant) -> Hurried {
        Hurried { patience: self.clone(), until, gave_up: Arc::default() }
    }
}

impl Hurried {
    /// Whether the moment was over before the work was done: what came of it is of no use.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }
}

impl Patience for Hurried {
    fn shared(&self) -> Option<Arc<dyn Patience + Send>> {
        Some(Arc::new(self.clone()))
    }

    fn verdict(&self) -> Verdict {
        if Instant::now() < self.until {
            return self.patience.verdict();
        }
        self.gave_up.store(true, Ordering::Relaxed);
        Verdict::Cancelled
    }
}

impl Patience for SearchPatience {
    fn shared(&self) -> Option<Arc<dyn Patience + Send>> {
        Some(Arc::new(self.clone()))
    }

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

    #[test]
    fn a_moment_ends_without_the_search() {
        let guard = Guard::new(None);
        let patience = guard.patience();
        let now = Instant::now();
        let (long, over) = (patience.until(now + Duration::from_secs(3600)), patience.until(now));
        assert_eq!((long.verdict(), long.gave_up()), (Verdict::GoOn, false));
        assert_eq!((over.verdict(), over.gave_up()), (Verdict::Cancelled, true));
        assert_eq!(patience.verdict(), Verdict::GoOn);
        guard.stop();
        assert_eq!((long.verdict(), long.gave_up()), (Verdict::Cancelled, false));
    }
}
