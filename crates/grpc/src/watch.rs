//! What became of the questions that this node asks, for whoever counts them.
//!
//! In: the beginning of a question, and its answer. Out: one [`Ended`] for each, also for one that nobody waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::CallError;
use crate::route::Class;

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    Answered,
    /// The other node has answered, with an error.
    Refused,
    /// There is no answer: nobody listens, the connection broke, the time was over.
    Failed,
    /// Its asker has gone.
    Dropped,
}

/// One question that is over.
#[derive(Debug)]
pub struct Ended<'a> {
    pub class: Class,
    pub kind: &'a str,
    pub took: Duration,
    pub ending: Ending,
}

/// Hears of every question when it is over.
pub type Watcher = Arc<dyn Fn(&Ended<'_>) + Send + Sync>;

/// A question on its way; tells the watcher when it goes out of scope.
pub(crate) struct Watched<'a> {
    watcher: Option<&'a Watcher>,
    class: Class,
    kind: &'a str,
    begun: Instant,
    ending: Ending,
}

impl<'a> Watched<'a> {
    pub(crate) fn begin(watcher: Option<&'a Watcher>, class: Class, kind: &'a str) -> Self {
        Self { watcher, class, kind, begun: Instant::now(), ending: Ending::Dropped }
    }

    pub(crate) fn end<T>(&mut self, answer: &Result<T, CallError>) {
        self.ending = match answer {
            Ok(_) => Ending::Answered,
            Err(CallError::Answered(_)) => Ending::Refused,
            Err(_) => Ending::Failed,
        };
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Some(watcher) = self.watcher {
            let Self { class, kind, ending, .. } = *self;
            watcher(&Ended { class, kind, took: self.begun.elapsed(), ending });
        }
    }
}
