//! How long the parts of a profiled search take, and how often they are asked: by the clock that whoever asks brings along.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use model::profile::{Spent, Step};

/// Nanoseconds since some moment.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Times of one part, by step.
pub(crate) struct Gauge {
    clock: Clock,
    steps: &'static [&'static str],
    /// Nanoseconds and how often, one each step.
    spent: Vec<Cell<(u64, u64)>>,
}

impl Gauge {
    /// `steps`: what is told apart.
    pub(crate) fn new(clock: &Clock, steps: &'static [&'static str]) -> Rc<Self> {
        Rc::new(Self { clock: clock.clone(), steps, spent: steps.iter().map(|_| Cell::default()).collect() })
    }

    /// Does a piece of work, as one time of a step.
    pub(crate) fn time<T>(&self, step: usize, work: impl FnOnce() -> T) -> T {
        self.counted(step, 1, work)
    }

    /// As [`Gauge::time`], as so many times.
    pub(crate) fn counted<T>(&self, step: usize, times: u64, work: impl FnOnce() -> T) -> T {
        let begun = (self.clock)();
        let done = work();
        let took = (self.clock)().saturating_sub(begun);
        if let Some(spent) = self.spent.get(step) {
            let (nanos, count) = spent.get();
            spent.set((nanos + took, count + times));
        }
        done
    }

    /// All steps together.
    pub(crate) fn nanos(&self) -> u64 {
        self.spent.iter().map(|spent| spent.get().0).sum()
    }

    /// What is told of a part.
    pub(crate) fn spent(&self, kind: impl Into<String>, description: impl Into<String>) -> Spent {
        let step = |(name, spent): (&&'static str, &Cell<(u64, u64)>)| {
            let (nanos, count) = spent.get();
            Step { name: (*name).to_owned(), nanos, count }
        };
        Spent::of(kind, description, self.steps.iter().zip(&self.spent).map(step).collect())
    }
}
