//! Threads for one class of work, with a bounded queue: what does not fit is refused rather than piled up.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use model::admin::PoolStats;
use model::error::{Error, ErrorKind};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// A stored query is run below the query that seeks it, each as deep as it may be.
const STACK_BYTES: usize = 8 << 20;

pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads over one queue.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    name: &'static str,
    limit: usize,
    queue: Mutex<Queue>,
    wake: Condvar,
    thread_count: u64,
    rejected: AtomicU64,
    completed: AtomicU64,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    active: u64,
    closed: bool,
}

impl Pool {
    /// Starts `threads` threads; at most `limit` jobs wait.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(name: &'static str, threads: usize, limit: usize) -> io::Result<Self> {
        Self::start_with(name, threads, limit, None)
    }

    /// As [`Pool::start`], without a limit, and with threads that yield to others by so much.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start_nice(name: &'static str, threads: usize, nice: i32) -> io::Result<Self> {
        Self::start_with(name, threads, usize::MAX, Some(nice))
    }

    fn start_with(name: &'static str, threads: usize, limit: usize, nice: Option<i32>) -> io::Result<Self> {
        let thread_count = threads.max(1) as u64;
        let (queue, wake) = Default::default();
        let shared = Arc::new(Shared {
            name,
            limit,
            queue,
            wake,
            thread_count,
            rejected: AtomicU64::new(0),
            completed: AtomicU64::new(0),
        });
        let spawn = |n| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("shoal-{name}-{n}")).stack_size(STACK_BYTES).spawn(move || {
                // Refused, the threads are like any other: searches are slower beside merges, nothing is wrong.
                let _ = nice.map(|nice| rustix::process::setpriority_process(None, nice));
                shared.work();
            })
        };
        let threads = (0..thread_count).map(spawn).collect::<io::Result<_>>()?;
        Ok(Self { shared, threads: Mutex::new(threads) })
    }

    /// Hands `work` to one of the threads, at once; the future waits for what it gives.
    ///
    /// # Errors
    /// `rejected_execution_exception` (429) when the queue is full; `illegal_state_exception` when the work panicked.
    pub fn run<T: Send + 'static, W: FnOnce() -> T + Send + 'static>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<T, Error>> + use<T, W> {
        let (done, answer) = oneshot::channel();
        let submitted = self.submit(Box::new(move || drop(done.send(work()))), true);
        let name = self.shared.name;
        async move {
            submitted?;
            answer.await.map_err(|_| {
                Error::new(ErrorKind::IllegalState, format!("a task of the pool [{name}] ended without an answer"))
            })
        }
    }

    /// Hands `work` to one of the threads; what it gives, it passes on itself.
    ///
    /// # Errors
    /// `rejected_execution_exception` (429) when the queue is full.
    pub fn begin(&self, work: Job) -> Result<(), Error> {
        self.submit(work, true)
    }

    /// Runs `work` some time later, however long the queue is: for the node's own upkeep, whose amount is bounded elsewhere.
    pub fn later(&self, work: Job) {
        // Refused only while the node ends, when nobody waits for it.
        let _ = self.submit(work, false);
    }

    /// Takes nothing more, finishes what waits, ends the threads.
    pub fn finish(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_all();
        for thread in self.threads.lock().drain(..) {
            // A thread that panicked has said so; there is nothing left to do for it.
            let _ = thread.join();
        }
    }

    pub fn stats(&self) -> PoolStats {
        let queue = self.shared.queue.lock();
        PoolStats {
            name: self.shared.name.to_owned(),
            threads: self.shared.thread_count,
            queue: queue.jobs.len() as u64,
            active: queue.active,
            rejected: self.shared.rejected.load(Ordering::Relaxed),
            completed: self.shared.completed.load(Ordering::Relaxed),
        }
    }

    fn submit(&self, job: Job, limited: bool) -> Result<(), Error> {
        let shared = &self.shared;
        let mut queue = shared.queue.lock();
        if queue.closed || limited && queue.jobs.len() >= shared.limit {
            shared.rejected.fetch_add(1, Ordering::Relaxed);
            let why = if queue.closed {
                "the node is shutting down".to_owned()
            } else {
                format!("its queue of [{}] tasks is full; retry later", shared.limit)
            };
            return Err(Error::new(
                ErrorKind::RejectedExecution,
                format!("rejected execution on pool [{}]: {why}", shared.name),
            ));
        }
        queue.jobs.push_back(job);
        drop(queue);
        shared.wake.notify_one();
        Ok(())
    }
}

impl Shared {
    fn work(&self) {
        let mut queue = self.queue.lock();
        loop {
            match queue.jobs.pop_front() {
                Some(job) => {
                    queue.active += 1;
                    drop(queue);
                    // Whoever waits learns of a panic by the answer that does not come; the thread goes on.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                    self.completed.fetch_add(1, Ordering::Relaxed);
                    queue = self.queue.lock();
                    queue.active -= 1;
                }
                None if queue.closed => return,
                None => self.wake.wait(&mut queue),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_panic_harms_nobody() {
        let pool = Pool::start("test", 1, 1).unwrap();
        let (open, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        pool.later(Box::new(move || {
            started.send(()).unwrap();
            gate.recv().unwrap();
        }));
        running.recv().unwrap();
        pool.later(Box::new(|| panic!("on purpose")));
        let refused = pool.run(|| ()).await.unwrap_err();
        assert_eq!((refused.kind, refused.status(), pool.stats().rejected), (ErrorKind::RejectedExecution, 429, 1));
        open.send(()).unwrap();
        while pool.stats().completed < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| 7).await.unwrap(), 7);
        assert_eq!(pool.run(|| panic!("on purpose")).await.unwrap_err().kind, ErrorKind::IllegalState);
        pool.finish();
        assert_eq!(pool.run(|| ()).await.unwrap_err().kind, ErrorKind::RejectedExecution);
    }
}
