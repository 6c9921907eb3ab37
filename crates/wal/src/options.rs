//! How a log is kept, and what it says about itself.

use std::time::Duration;

/// When an entry counts as safe. The setting `index.translog.durability`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// After an `fdatasync` that covers it: it survives the loss of power.
    Request,
    /// After it was handed to the operating system: it survives the end of the process. A sync follows within `interval`.
    Async { interval: Duration },
}

/// Sizes in bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// A segment that would grow beyond this is closed and the next one begun.
    pub segment_size: u64,
    /// How many zeros are written ahead of the entries at most, so that a sync of small entries changes no metadata of the file.
    pub preallocation: u64,
    /// The longest entry that [`crate::Log::append`] takes; at most `u32::MAX`.
    pub max_entry: usize,
    /// Entries that wait for the disk, together. An append beyond it waits.
    pub buffer: usize,
    pub durability: Durability,
    /// The first sequence number of a log that does not exist yet: entries below it are not missing.
    pub start: u64,
    /// The highest sequence number that the owner knows to have been synced; a log that ends before it is an error.
    pub checkpoint: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_size: 64 << 20,
            preallocation: 1 << 20,
            max_entry: 256 << 20,
            buffer: 8 << 20,
            durability: Durability::Request,
            start: 0,
            checkpoint: None,
        }
    }
}

/// Counts of one log at one moment. Bytes include the header of each entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub entries: u64,
    pub bytes: u64,
    /// At or above the sequence number of the last trim since the log was opened; everything when there was none.
    pub uncommitted_entries: u64,
    pub uncommitted_bytes: u64,
    pub segments: usize,
    /// Entries below this were trimmed away or never in this log.
    pub first_seq: u64,
    /// The least sequence number that can be appended.
    pub next_seq: u64,
    /// Entries below this are on the disk.
    pub durable_next_seq: u64,
}
