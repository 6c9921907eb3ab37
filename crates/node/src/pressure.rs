//! Bytes of writes that this node has in hand, by the part that it plays in them: `indexing_pressure` of `_nodes/stats`.
//!
//! In: writes that begin, writes that are refused. Out: counts. Nothing is refused here.

use std::sync::atomic::{AtomicU64, Ordering};

use model::admin::{PressureOf, PressureStats};
use model::write::{Action, Write};

/// As the node that was asked, with a primary, with a replica.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    pub(crate) coordinating: Part,
    pub(crate) primary: Part,
    pub(crate) replica: Part,
    /// What other nodes have sent for primaries here: of `primary` the part that is not `coordinating`, too.
    pub(crate) received: Part,
}

#[derive(Debug, Default)]
pub(crate) struct Part {
    current: AtomicU64,
    total: AtomicU64,
    rejections: AtomicU64,
}

/// Bytes in hand, until it is dropped.
#[derive(Debug)]
pub(crate) struct InHand<'a>(&'a Part, u64);

impl Part {
    pub(crate) fn take(&self, bytes: u64) -> InHand<'_> {
        self.current.fetch_add(bytes, Ordering::Relaxed);
        self.total.fetch_add(bytes, Ordering::Relaxed);
        InHand(self, bytes)
    }

    pub(crate) fn reject(&self) {
        self.rejections.fetch_add(1, Ordering::Relaxed);
    }

    fn stats(&self) -> PressureOf {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PressureOf {
            current_bytes: count(&self.current),
            total_bytes: count(&self.total),
            rejections: count(&self.rejections),
        }
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.current.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Pressure {
    pub(crate) fn stats(&self, limit_bytes: u64) -> PressureStats {
        PressureStats {
            coordinating: self.coordinating.stats(),
            primary: self.primary.stats(),
            replica: self.replica.stats(),
            received: self.received.stats(),
            limit_bytes,
        }
    }
}

/// Bytes of the documents of writes.
pub(crate) fn bytes_of<'a>(writes: impl Iterator<Item = &'a Write>) -> u64 {
    writes.map(|write| bytes(&write.action)).sum()
}

fn bytes(action: &Action) -> u64 {
    match action {
        Action::Index(source) | Action::Create(source) => source.len() as u64,
        Action::Delete => 0,
        Action::Update(update) => [&update.doc, &update.upsert].into_iter().flatten().map(length).sum(),
    }
}

/// Of a value as text.
fn length(value: &serde_json::Value) -> u64 {
    struct Length(u64);
    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    // Nothing fails that only counts.
    let _ = serde_json::to_writer(&mut length, value);
    length.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_in_hand_until_they_are_let_go() {
        let pressure = Pressure::default();
        let first = pressure.primary.take(10);
        drop(pressure.primary.take(5));
        pressure.replica.reject();
        let stats = pressure.stats(100);
        assert_eq!((stats.primary.current_bytes, stats.primary.total_bytes), (10, 15));
        assert_eq!((stats.replica.rejections, stats.limit_bytes), (1, 100));
        drop(first);
        assert_eq!(pressure.stats(100).primary.current_bytes, 0);
        assert_eq!(length(&serde_json::json!({"a": "bc"})), 10);
    }
}
