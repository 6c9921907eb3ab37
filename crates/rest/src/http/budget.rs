//! Bytes of requests in flight, counted and limited for the whole server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::error::{Error, ErrorKind};

/// What the HTTP server counts, for the node's statistics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections open now.
    pub open: AtomicU64,
    /// Connections opened since the start.
    pub total_opened: AtomicU64,
    /// Connections refused because too many were open.
    pub refused: AtomicU64,
    /// Requests since the start.
    pub requests: AtomicU64,
    /// Bytes held for requests now.
    pub in_flight_bytes: AtomicU64,
    /// Requests refused because too many bytes were held.
    pub tripped: AtomicU64,
}

/// The part of the budget that one request holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    counters: Arc<Counters>,
    limit: u64,
    held: u64,
}

impl Charge {
    pub(crate) fn new(counters: Arc<Counters>, limit: u64) -> Self {
        Self { counters, limit, held: 0 }
    }

    /// Makes the held part `bytes` large.
    ///
    /// # Errors
    /// `circuit_breaking_exception` when that is more than is left; what was held stays held.
    pub(crate) fn hold(&mut self, bytes: u64) -> Result<(), Error> {
        let counted = &self.counters.in_flight_bytes;
        if bytes <= self.held {
            counted.fetch_sub(self.held - bytes, Ordering::Relaxed);
            self.held = bytes;
            return Ok(());
        }
        let more = bytes - self.held;
        let would = counted.fetch_add(more, Ordering::Relaxed) + more;
        if would > self.limit {
            counted.fetch_sub(more, Ordering::Relaxed);
            self.counters.tripped.fetch_add(1, Ordering::Relaxed);
            return Err(too_much(would, self.limit));
        }
        self.held = bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.counters.in_flight_bytes.fetch_sub(self.held, Ordering::Relaxed);
    }
}

fn too_much(would: u64, limit: u64) -> Error {
    let reason = format!(
        "[in_flight_requests] Data too large, data for [<http_request>] would be [{would}/{}], which is larger than the limit of [{limit}/{}]",
        human(would),
        human(limit)
    );
    Error::new(ErrorKind::CircuitBreaking, reason)
        .with_detail("bytes_wanted", would)
        .with_detail("bytes_limit", limit)
        .with_detail("durability", "TRANSIENT")
}

/// `1.5kb`, one decimal, rounded down.
pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(1 << 50, "pb"), (1 << 40, "tb"), (1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    for (size, unit) in UNITS {
        if bytes >= size {
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            let (whole, tenth) = (tenths / 10, tenths % 10);
            return if tenth == 0 { format!("{whole}{unit}") } else { format!("{whole}.{tenth}{unit}") };
        }
    }
    format!("{bytes}b")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let counters = Arc::new(Counters::default());
        let used = || counters.in_flight_bytes.load(Ordering::Relaxed);
        let mut one = Charge::new(counters.clone(), 100);
        let mut other = Charge::new(counters.clone(), 100);
        one.hold(60).unwrap();
        let error = other.hold(50).unwrap_err();
        assert_eq!((error.status(), used()), (429, 60));
        other.hold(40).unwrap();
        one.hold(10).unwrap();
        assert_eq!(used(), 50);
        drop(one);
        drop(other);
        assert_eq!((used(), counters.tripped.load(Ordering::Relaxed)), (0, 1));
    }

    #[test]
    fn sizes_for_people() {
        for (bytes, text) in
            [(0, "0b"), (1023, "1023b"), (1536, "1.5kb"), (100 << 20, "100mb"), (u64::MAX, "16383.9pb")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
