//! What the fast paths write on, kept from one search to the next: making it costs as much as a short search.

use parking_lot::Mutex;

use super::Candidate;
use super::meeting::Meeting;
use crate::score::ranked::words::Room;

/// Documents of a window at most.
pub(super) const WINDOW: usize = 16_384;
/// Buffers that are kept: about 250 KB each.
const KEPT: usize = 16;

/// Buffers of one query.
pub(crate) struct Scratch {
    /// Zero but while a window is scored, as are `bits`.
    pub(super) sums: Vec<f64>,
    pub(super) bits: Vec<u64>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) meeting: Meeting,
    pub(crate) ranked: Room,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            sums: Vec::new(),
            bits: vec![0; WINDOW / 64],
            candidates: Vec::new(),
            meeting: Meeting::default(),
            ranked: Room::default(),
        }
    }
}

/// Buffers that no query uses now.
#[derive(Default)]
pub struct Scratches(Mutex<Vec<Scratch>>);

impl Scratches {
    pub(crate) fn take(&self) -> Scratch {
        self.0.lock().pop().unwrap_or_default()
    }

    /// Keeps buffers for the next. Those of a query that failed are not to be given back: they may hold half a window.
    pub(crate) fn keep(&self, scratch: Scratch) {
        let mut kept = self.0.lock();
        if kept.len() < KEPT {
            kept.push(scratch);
        }
    }
}
