//! What has become of the items so far: counted, and told while it goes on.
//!
//! A progress bar and errors go to the standard error stream; the bar only where that is a terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::print;

/// How many errors are told one by one.
const TOLD: u64 = 20;

/// Shared by the threads that send.
pub(super) struct Tally {
    begun: Instant,
    /// Bytes of the file that have been read.
    read: Arc<AtomicU64>,
    done: AtomicU64,
    failed: AtomicU64,
    sent_again: AtomicU64,
    bar: ProgressBar,
}

impl Tally {
    /// `length`: of the file in bytes, if it is known.
    pub(super) fn new(length: Option<u64>, read: Arc<AtomicU64>) -> Self {
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let line = if length.is_some() { "{bar:30} {percent:>3}% {msg}, {eta} left" } else { "{spinner} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(line) {
            bar.set_style(style);
        }
        Self {
            begun: Instant::now(),
            read,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            sent_again: AtomicU64::new(0),
            bar,
        }
    }

    /// Items that the node has taken.
    pub(super) fn accepted(&self, items: u64) {
        self.done.fetch_add(items, Ordering::Relaxed);
        self.bar.set_position(self.read.load(Ordering::Relaxed));
        self.bar.set_message(self.summary());
    }

    /// An item that is lost, and why.
    pub(super) fn refused(&self, line: u64, reason: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        let before = self.failed.fetch_add(1, Ordering::Relaxed);
        if before < TOLD {
            self.bar.suspend(|| eprintln!("line {line}: {reason}"));
        } else if before == TOLD {
            self.bar.suspend(|| eprintln!("more errors are counted, but not told"));
        }
    }

    pub(super) fn sent_again(&self, items: u64) {
        self.sent_again.fetch_add(items, Ordering::Relaxed);
    }

    /// Items taken or lost.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Takes the bar away; returns the last word.
    pub(super) fn finish(&self) -> String {
        self.bar.finish_and_clear();
        let again = match self.sent_again.load(Ordering::Relaxed) {
            0 => String::new(),
            items => format!(", {} sent again", print::count(items)),
        };
        format!("{} in {}{again}", self.summary(), print::time(self.begun.elapsed()))
    }

    /// `12,000 done (34,000/s), 3 failed`.
    fn summary(&self) -> String {
        let (done, failed) = (self.done(), self.failed());
        let elapsed = self.begun.elapsed().max(Duration::from_millis(1));
        format!(
            "{} done ({}/s), {} failed",
            print::count(done),
            print::count(print::rate(done, elapsed)),
            print::count(failed)
        )
    }
}
