//! What commands have cost on this node: how often each ran, for how long, and the slowest of late (`SLOWLOG`, `LATENCY`, `INFO`).

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::client::Client;
use crate::command::Command;
use crate::server::now_ms;

/// Words of a command that the slow log keeps.
const WORDS: usize = 32;

/// Bytes of a word that it keeps.
const LONGEST_WORD: usize = 128;

/// Classes of durations: the first up to about a microsecond, each of the others up to twice the one before.
const CLASSES: usize = 32;

/// What became of the runs of one command.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) calls: AtomicU64,
    pub(crate) microseconds: AtomicU64,
    /// Refused before they ran.
    pub(crate) rejected: AtomicU64,
    pub(crate) failed: AtomicU64,
    classes: [AtomicU64; CLASSES],
}

impl Counts {
    fn reset(&self) {
        let numbers = [&self.calls, &self.microseconds, &self.rejected, &self.failed];
        numbers.into_iter().chain(&self.classes).for_each(|number| number.store(0, Ordering::Relaxed));
    }

    /// Of each class that has any: the microseconds that it reaches to, and how many runs took so long at most.
    pub(crate) fn distribution(&self) -> Vec<(u64, u64)> {
        let mut below = 0;
        let mut found = Vec::new();
        for (at, class) in self.classes.iter().enumerate() {
            let count = class.load(Ordering::Relaxed);
            below += count;
            if count > 0 {
                found.push(((1024 << at) / 1000, below));
            }
        }
        found
    }
}

/// A command that took long.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub(crate) id: u64,
    pub(crate) at_s: u64,
    pub(crate) microseconds: u64,
    pub(crate) words: Vec<Bytes>,
    pub(crate) address: String,
    pub(crate) name: String,
}

/// All of it, by command.
pub(crate) struct Usage {
    by_name: HashMap<&'static str, Counts>,
    slow: Mutex<VecDeque<Slow>>,
    next_slow: AtomicU64,
    /// Commands that take so many microseconds are slow; negative: none is.
    pub(crate) slow_from_us: AtomicI64,
    /// How many slow ones are kept.
    pub(crate) slow_kept: AtomicUsize,
}

impl Usage {
    pub(crate) fn new(commands: &[&'static Command]) -> Self {
        Self {
            by_name: commands.iter().map(|command| (command.name, Counts::default())).collect(),
            slow: Mutex::default(),
            next_slow: AtomicU64::new(0),
            slow_from_us: AtomicI64::new(10_000),
            slow_kept: AtomicUsize::new(128),
        }
    }

    pub(crate) fn of(&self, command: &Command) -> Option<&Counts> {
        self.by_name.get(command.name)
    }

    /// A command ran.
    pub(crate) fn ran(&self, command: &Command, took: Duration, failed: bool) {
        let Some(counts) = self.of(command) else { return };
        let nanoseconds = took.as_nanos() as u64;
        counts.calls.fetch_add(1, Ordering::Relaxed);
        counts.microseconds.fetch_add(nanoseconds / 1000, Ordering::Relaxed);
        counts.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        let class = (nanoseconds.saturating_sub(1) >> 10).checked_ilog2().map_or(0, |high| high as usize + 1);
        counts.classes[class.min(CLASSES - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// A command was refused before it ran.
    pub(crate) fn rejected(&self, command: &Command) {
        if let Some(counts) = self.of(command) {
            counts.rejected.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Errors that were answered.
    pub(crate) fn errors(&self) -> u64 {
        let of = |counts: &Counts| counts.rejected.load(Ordering::Relaxed) + counts.failed.load(Ordering::Relaxed);
        self.by_name.values().map(of).sum()
    }

    /// Everything is counted from now on; the slow ones stay.
    pub(crate) fn reset(&self) {
        self.by_name.values().for_each(Counts::reset);
    }

    /// Whether a command that took so long is kept as a slow one.
    pub(crate) fn is_slow(&self, took: Duration) -> bool {
        let from = self.slow_from_us.load(Ordering::Relaxed);
        from >= 0 && took.as_micros() >= from as u128
    }

    /// Keeps a slow command.
    pub(crate) fn keep(&self, words: &Words, took: Duration, client: &Client) {
        let slow = Slow {
            id: self.next_slow.fetch_add(1, Ordering::Relaxed),
            at_s: now_ms() / 1000,
            microseconds: took.as_micros() as u64,
            words: words.shown(),
            address: client.address.to_string(),
            name: client.state.lock().name.clone(),
        };
        let mut kept = self.slow.lock();
        kept.push_front(slow);
        kept.truncate(self.slow_kept.load(Ordering::Relaxed));
    }

    /// The newest of the slow ones first; `most` of them.
    pub(crate) fn slowest(&self, most: usize) -> Vec<Slow> {
        self.slow.lock().iter().take(most).cloned().collect()
    }

    pub(crate) fn slow_count(&self) -> usize {
        self.slow.lock().len()
    }

    pub(crate) fn forget_slow(&self) {
        self.slow.lock().clear();
    }
}

/// The words of a command that runs, in case that it turns out to be slow.
pub(crate) struct Words {
    first: Vec<Bytes>,
    count: usize,
}

impl Words {
    pub(crate) fn of(words: &[Bytes]) -> Self {
        Self { first: words.iter().take(WORDS).cloned().collect(), count: words.len() }
    }

    /// Cut to a bounded length; what is a password is not shown.
    fn shown(&self) -> Vec<Bytes> {
        let mut shown: Vec<Bytes> = self.first.iter().map(cut).collect();
        if self.count > WORDS {
            shown[WORDS - 1] = format!("... ({} more arguments)", self.count - WORDS + 1).into();
        }
        let sets =
            |at: usize, word: &str| shown.get(at).is_some_and(|given| given.eq_ignore_ascii_case(word.as_bytes()));
        if sets(0, "CONFIG") && sets(1, "SET") {
            for at in (3..shown.len()).step_by(2) {
                if shown[at - 1].eq_ignore_ascii_case(b"requirepass") {
                    shown[at] = Bytes::from_static(b"(redacted)");
                }
            }
        }
        shown
    }
}

/// A copy, so that the bytes that the client sent are not kept.
fn cut(word: &Bytes) -> Bytes {
    if word.len() <= LONGEST_WORD {
        return Bytes::copy_from_slice(word);
    }
    let mut short = word[..LONGEST_WORD].to_vec();
    short.extend_from_slice(format!("... ({} more bytes)", word.len() - LONGEST_WORD).as_bytes());
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> (Usage, &'static Command) {
        let all = crate::command::Commands::all();
        let get = all.find(b"get").expect("a command");
        (Usage::new(&all.sorted()), get)
    }

    #[test]
    fn runs_are_counted_by_how_long_they_took() {
        let (usage, get) = usage();
        for nanoseconds in [0, 1, 1024, 1025, 2048, 3000, 5_000_000] {
            usage.ran(get, Duration::from_nanos(nanoseconds), nanoseconds == 1);
        }
        let counts = usage.of(get).expect("counts of it");
        assert_eq!(counts.distribution(), [(1, 3), (2, 5), (4, 6), (8388, 7)]);
        assert_eq!((counts.calls.load(Ordering::Relaxed), usage.errors()), (7, 1));
        usage.reset();
        assert_eq!(counts.distribution(), []);
    }

    #[test]
    fn the_newest_slow_commands_are_kept_without_passwords() {
        let (usage, _) = usage();
        usage.slow_kept.store(2, Ordering::Relaxed);
        assert!(usage.is_slow(Duration::from_millis(10)) && !usage.is_slow(Duration::from_micros(9999)));
        let address = "127.0.0.1:1".parse().expect("an address");
        let client = crate::client::Clients::default().add(address, address, 0);
        let long = "x".repeat(130);
        let many = vec!["w"; 40].join(" ");
        for line in ["get a", "config set requirepass secret", &format!("set a {long}"), &many] {
            let words: Vec<Bytes> = line.split(' ').map(|word| Bytes::copy_from_slice(word.as_bytes())).collect();
            usage.keep(&Words::of(&words), Duration::from_secs(1), &client);
            if line.contains("secret") {
                assert_eq!(usage.slowest(1)[0].words[3], "(redacted)");
            }
        }
        let kept = usage.slowest(9);
        assert_eq!(kept.iter().map(|slow| slow.id).collect::<Vec<_>>(), [3, 2]);
        assert_eq!((kept[0].words.len(), &kept[0].words[31][..]), (32, b"... (9 more arguments)".as_slice()));
        assert!(kept[1].words[2].ends_with(b"... (2 more bytes)"));
        usage.forget_slow();
        assert_eq!(usage.slow_count(), 0);
    }
}
