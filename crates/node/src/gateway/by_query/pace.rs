//! How far a piece of work has come, and how fast it may go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::by_query::Progress;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// A piece of work that others watch and slow down.
#[derive(Debug)]
pub(crate) struct Work {
    state: Mutex<State>,
    /// Its pace has changed.
    told: Notify,
}

#[derive(Debug)]
struct State {
    parts: Vec<Progress>,
    requests_per_second: Option<f32>,
    cancelled: bool,
}

impl Work {
    pub(super) fn new(requests_per_second: Option<f32>) -> Arc<Self> {
        let state = State { parts: vec![Progress::default()], requests_per_second, cancelled: false };
        Arc::new(Self { state: Mutex::new(state), told: Notify::new() })
    }

    pub(super) fn divide(&self, parts: u32) {
        self.state.lock().parts = vec![Progress::default(); parts as usize];
    }

    pub(super) fn cancelled(&self) {
        self.state.lock().cancelled = true;
    }

    pub(crate) fn rethrottle(&self, requests_per_second: Option<f32>) {
        self.state.lock().requests_per_second = requests_per_second;
        self.told.notify_waiters();
    }

    pub(crate) fn progress(&self) -> Progress {
        let state = self.state.lock();
        let share = state.requests_per_second.map(|all| all / state.parts.len().max(1) as f32);
        let mut sum = Progress {
            requests_per_second: state.requests_per_second,
            cancelled: state.cancelled,
            ..Progress::default()
        };
        state.parts.iter().for_each(|part| sum.add(part));
        if state.parts.len() > 1 {
            let part = |part: &Progress| Progress { requests_per_second: share, ..part.clone() };
            sum.slices = state.parts.iter().map(part).collect();
        }
        sum
    }
}

/// The pace of one part.
pub(super) struct Pace {
    work: Arc<Work>,
    part: usize,
    /// Until when the documents so far take.
    until: Instant,
}

impl Pace {
    pub(super) fn new(work: Arc<Work>, part: usize) -> Self {
        Self { work, part, until: Instant::now() }
    }

    /// Notes what has been done.
    pub(super) fn note(&self, change: impl FnOnce(&mut Progress)) {
        if let Some(part) = self.work.state.lock().parts.get_mut(self.part) {
            change(part);
        }
    }

    /// Waits as long as `documents` take at the pace of now; a new pace counts at once.
    pub(super) async fn wait(&mut self, documents: u64) {
        let begun = Instant::now();
        let since = self.until.max(begun);
        loop {
            let told = self.work.told.notified();
            let rate = {
                let state = self.work.state.lock();
                state.requests_per_second.map(|all| all / state.parts.len().max(1) as f32)
            };
            let Some(rate) = rate.filter(|rate| *rate > 0.0) else { break };
            // A pace so slow that clocks cannot tell waits for a year.
            let took = Duration::try_from_secs_f32(documents as f32 / rate).unwrap_or(Duration::from_secs(31_536_000));
            self.until = since + took.min(Duration::from_secs(31_536_000));
            tokio::select! {
                () = tokio::time::sleep_until(self.until.into()) => break,
                () = told => {}
            }
        }
        let waited = begun.elapsed().as_millis() as u64;
        self.note(|part| part.throttled_ms += waited);
    }
}
