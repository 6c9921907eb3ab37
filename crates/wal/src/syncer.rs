//! The threads that write and sync for all logs of a node, so that a log at rest needs none.
//!
//! In: logs with writers that wait, and logs whose entries must be synced by a time. Out: one write and one sync for each, however
//! many entries they cover. What is written and who is told is the log's affair.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::commit::Shared;

/// Threads shared by many logs. Dropped after the last log that uses it, it syncs what is due and ends its threads.
pub struct Syncer {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Syncer {
    /// Starts `threads` threads, at least one. A second one lets the logs of two disks, or of one fast disk, sync at the same time.
    ///
    /// They ask for a scheduling class that lets them run as soon as the disk has answered, and do without where it is not permitted.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(threads: usize) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Queue::default());
        let mut syncer = Self { queue: queue.clone(), threads: Vec::new() };
        for number in 0..threads.max(1) {
            let queue = queue.clone();
            let work = move || {
                crate::priority::raise();
                queue.work();
            };
            syncer.threads.push(thread::Builder::new().name(format!("log-sync-{number}")).spawn(work)?);
        }
        Ok(Arc::new(syncer))
    }

    pub(crate) fn queue(&self) -> Arc<Queue> {
        self.queue.clone()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.queue.jobs().stop = true;
        self.queue.wake.notify_all();
        for thread in self.threads.drain(..) {
            // The last log may be dropped by a callback, on one of these threads; it ends by itself. A join fails only when the
            // thread panicked, which its panic message has told.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// What is to be done. Bounded by the number of logs: each is at most once in `now` and once in `later`.
#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<Jobs>,
    wake: Condvar,
    /// Threads that write for some log just now, this queue's and others.
    leading: AtomicUsize,
}

#[derive(Default)]
struct Jobs {
    now: VecDeque<Arc<Shared>>,
    later: BTreeMap<(Instant, u64), Arc<Shared>>,
    /// Tells apart what is due at the same instant.
    number: u64,
    stop: bool,
}

enum Job {
    /// Writers wait.
    Commit(Arc<Shared>),
    /// The interval of asynchronous durability is over.
    Sync(Arc<Shared>),
}

impl Queue {
    /// Marks the calling thread as one that writes.
    pub(crate) fn lead(&self) {
        self.leading.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end_lead(&self) {
        self.leading.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether no log of the node is being written: a hint, good for a choice between two ways that are both right.
    pub(crate) fn is_quiet(&self) -> bool {
        self.leading.load(Ordering::Relaxed) == 0
    }

    pub(crate) fn commit(&self, log: Arc<Shared>) {
        self.jobs().now.push_back(log);
        self.wake.notify_one();
    }

    pub(crate) fn sync_at(&self, due: Instant, log: Arc<Shared>) {
        let mut jobs = self.jobs();
        jobs.number += 1;
        let key = (due, jobs.number);
        jobs.later.insert(key, log);
        drop(jobs);
        self.wake.notify_one();
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            match job {
                Job::Commit(log) => log.commit_queued(),
                Job::Sync(log) => log.sync_due(),
            }
        }
    }

    /// Waits for the next job; `None` when everything is done and no more will come.
    fn next(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        loop {
            if let Some(log) = jobs.now.pop_front() {
                return Some(Job::Commit(log));
            }
            let now = Instant::now();
            let due = jobs.later.first_key_value().map(|((due, _), _)| *due);
            match due {
                Some(due) if due <= now || jobs.stop => return jobs.later.pop_first().map(|(_, log)| Job::Sync(log)),
                Some(due) => {
                    jobs = self.wake.wait_timeout(jobs, due - now).unwrap_or_else(PoisonError::into_inner).0;
                }
                None if jobs.stop => return None,
                None => jobs = self.wake.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
