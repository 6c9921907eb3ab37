//! Readers that stay as they are between the phases of a search that another node conducts.
//!
//! In: what a query has found with. Out: the same for its fetch, once. What nobody fetches is dropped after a while, and the oldest when
//! there are too many: a coordinator that vanishes leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::gateway::search::Pinned;
use crate::gateway::slow_log::Account;

/// How long a coordinator may take between the phases.
const KEEP: Duration = Duration::from_secs(60);
/// Contexts at a time.
const MOST: usize = 2000;

/// What a query leaves for its fetch.
pub(in crate::gateway) struct Context {
    /// In the order of the query's shards; `None`: it found nothing.
    pub(in crate::gateway) shards: Vec<Option<Pinned>>,
    /// What is counted and logged of the search.
    pub(in crate::gateway) account: Arc<Account>,
}

/// All contexts of a node.
#[derive(Default)]
pub(crate) struct Contexts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    next: u64,
    /// By number: the oldest first.
    contexts: BTreeMap<u64, (Instant, Context)>,
}

impl Contexts {
    /// Keeps a context, under a number that no other has had.
    pub(in crate::gateway) fn keep(&self, context: Context, now: Instant) -> u64 {
        let mut kept = self.kept.lock();
        kept.drop_old(now);
        while kept.contexts.len() >= MOST {
            kept.contexts.pop_first();
        }
        kept.next += 1;
        let number = kept.next;
        kept.contexts.insert(number, (now, context));
        number
    }

    /// Hands a context out, and forgets it.
    pub(in crate::gateway) fn take(&self, number: u64) -> Option<Context> {
        self.kept.lock().contexts.remove(&number).map(|(_, context)| context)
    }

    /// Forgets contexts that nobody will fetch from.
    pub(in crate::gateway) fn release(&self, numbers: &[u64]) {
        if numbers.is_empty() {
            return;
        }
        let mut kept = self.kept.lock();
        for number in numbers {
            kept.contexts.remove(number);
        }
    }

    /// Drops what nobody has fetched for too long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.kept.lock().drop_old(now);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.kept.lock().contexts.len()
    }
}

impl Kept {
    fn drop_old(&mut self, now: Instant) {
        while let Some(oldest) = self.contexts.first_entry()
            && now.saturating_duration_since(oldest.get().0) > KEEP
        {
            oldest.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context { shards: Vec::new(), account: Arc::default() }
    }

    #[test]
    fn a_context_is_fetched_once_and_not_for_ever() {
        let (contexts, now) = (Contexts::default(), Instant::now());
        let number = contexts.keep(context(), now);
        assert!(contexts.take(number).is_some());
        assert!(contexts.take(number).is_none());
        let old = contexts.keep(context(), now);
        contexts.sweep(now + KEEP + Duration::from_secs(1));
        assert!(contexts.take(old).is_none());
    }

    #[test]
    fn the_oldest_gives_way() {
        let (contexts, now) = (Contexts::default(), Instant::now());
        let first = contexts.keep(context(), now);
        let others: Vec<u64> = (0..MOST).map(|_| contexts.keep(context(), now)).collect();
        assert_eq!(contexts.len(), MOST);
        assert!(contexts.take(first).is_none());
        assert!(contexts.take(others[0]).is_some());
    }
}
