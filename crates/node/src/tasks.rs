//! What this node is doing: searches and writes, each with a number, and a way to end those that may be ended.
//!
//! A task is registered for as long as its [`Registered`] lives. Ending it drops its work, and what other nodes do for it with it: they see
//! that nobody waits any more. Not here: the tasks of other nodes (`gateway::tasks`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use model::by_query::Kind;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::task::{Outcome, Task, TaskFilter, TaskId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock::now_ms;
use crate::gateway::Work;

/// Outcomes that are remembered.
const MOST_FINISHED: usize = 1000;

/// All tasks of a node.
pub(crate) struct Tasks {
    node: Arc<str>,
    next: AtomicU64,
    running: Mutex<BTreeMap<u64, Arc<Running>>>,
    /// What has ended and is still asked about, the oldest first.
    finished: Mutex<VecDeque<Task>>,
}

/// A task, as it is begun.
pub(crate) struct Begun {
    pub(crate) action: &'static str,
    pub(crate) description: String,
    pub(crate) parent: Option<TaskId>,
    pub(crate) cancellable: bool,
}

struct Running {
    begun: Begun,
    started: Instant,
    started_ms: u64,
    cancelled: AtomicBool,
    told: Notify,
    work: Option<(Kind, Arc<Work>)>,
}

/// A task of this node, until it is dropped.
pub(crate) struct Registered {
    tasks: Arc<Tasks>,
    number: u64,
    task: Arc<Running>,
}

impl Tasks {
    /// Of the node of this id.
    pub(crate) fn new(node: Arc<str>) -> Arc<Self> {
        let (next, running, finished) = Default::default();
        Arc::new(Self { node, next, running, finished })
    }

    pub(crate) fn begin(self: &Arc<Self>, begun: Begun) -> Registered {
        self.register(begun, None)
    }

    /// As [`Tasks::begin`], of work that can be watched.
    pub(crate) fn begin_work(self: &Arc<Self>, begun: Begun, work: (Kind, Arc<Work>)) -> Registered {
        self.register(begun, Some(work))
    }

    fn register(self: &Arc<Self>, begun: Begun, work: Option<(Kind, Arc<Work>)>) -> Registered {
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (cancelled, told) = Default::default();
        let task = Arc::new(Running { begun, started: Instant::now(), started_ms: now_ms(), cancelled, told, work });
        self.running.lock().insert(number, task.clone());
        Registered { tasks: self.clone(), number, task }
    }

    /// Those that run now and that the filter means, its nodes apart.
    pub(crate) fn list(&self, filter: &TaskFilter) -> Vec<Task> {
        self.chosen(filter).into_iter().map(|(number, task)| self.shown(number, &task)).collect()
    }

    /// The task of a number that has ended, and what came of it.
    pub(crate) fn finished(&self, number: u64) -> Option<Task> {
        self.finished.lock().iter().find(|task| task.id.number == number).cloned()
    }

    /// The work of a task of one kind.
    pub(crate) fn work(&self, number: u64, kind: Kind) -> Option<Arc<Work>> {
        let running = self.running.lock();
        let (found, work) = running.get(&number)?.work.as_ref()?;
        (*found == kind).then(|| work.clone())
    }

    /// Ends those that the filter means and that may be ended.
    ///
    /// # Errors
    /// `illegal_argument_exception` when the one that is named may not be ended; `resource_not_found_exception` when it is not there.
    pub(crate) fn cancel(&self, filter: &TaskFilter) -> Result<Vec<Task>, Error> {
        let (chosen, mut ended) = (self.chosen(filter), Vec::new());
        if let Some(id) = &filter.id {
            match chosen.first() {
                None => {
                    let reason = format!("task [{id}] is not found");
                    return Err(Error::new(ErrorKind::ResourceNotFound, reason));
                }
                Some((_, task)) if !task.begun.cancellable => {
                    return Err(Error::illegal_argument(format!("task [{id}] doesn't support cancellation")));
                }
                Some(_) => {}
            }
        }
        for (number, task) in chosen.into_iter().filter(|(_, task)| task.begun.cancellable) {
            task.cancelled.store(true, Ordering::Release);
            task.told.notify_waiters();
            ended.push(self.shown(number, &task));
        }
        Ok(ended)
    }

    fn chosen(&self, filter: &TaskFilter) -> Vec<(u64, Arc<Running>)> {
        let means = |(number, task): &(&u64, &Arc<Running>)| {
            let named = filter.id.as_ref().is_none_or(|id| id.node == self.node && id.number == **number);
            let action = task.begun.action;
            named
                && (filter.actions.is_empty() || filter.actions.iter().any(|pattern| simple_match(pattern, action)))
                && filter.parent.as_ref().is_none_or(|parent| task.begun.parent.as_ref() == Some(parent))
        };
        self.running.lock().iter().filter(means).map(|(number, task)| (*number, task.clone())).collect()
    }

    fn shown(&self, number: u64, task: &Running) -> Task {
        Task {
            id: TaskId { node: self.node.clone(), number },
            parent: task.begun.parent.clone(),
            action: task.begun.action.to_owned(),
            description: task.begun.description.clone(),
            started_ms: task.started_ms,
            running_nanos: task.started.elapsed().as_nanos() as u64,
            cancellable: task.begun.cancellable,
            cancelled: task.cancelled.load(Ordering::Acquire),
            progress: task.work.as_ref().map(|(kind, work)| Box::new((*kind, work.progress()))),
            outcome: None,
        }
    }
}

impl Registered {
    pub(crate) fn id(&self) -> TaskId {
        TaskId { node: self.tasks.node.clone(), number: self.number }
    }

    /// Does the task's work, unless it is ended before.
    ///
    /// # Errors
    /// As the work; `task_cancelled_exception`.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.ended() => {
                let reason = "The task is cancelled. reason: by user request";
                Err(Error::new(ErrorKind::TaskCancelled, reason))
            }
        }
    }

    /// Ends the task; what came of it can be asked for a while.
    pub(crate) fn finish(self, outcome: Result<Outcome, Error>) {
        let mut task = self.tasks.shown(self.number, &self.task);
        task.outcome = Some(outcome);
        let mut finished = self.tasks.finished.lock();
        while finished.len() >= MOST_FINISHED {
            finished.pop_front();
        }
        finished.push_back(task);
    }

    async fn ended(&self) {
        loop {
            let told = self.task.told.notified();
            if self.task.cancelled.load(Ordering::Acquire) {
                return;
            }
            told.await;
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.tasks.running.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(action: &'static str, cancellable: bool) -> Begun {
        Begun { action, description: String::new(), parent: None, cancellable }
    }

    #[tokio::test]
    async fn what_is_ended_stops_and_what_has_ended_is_gone() {
        let tasks = Tasks::new("n".into());
        let search = tasks.begin(begun("indices:data/read/search", true));
        let write = tasks.begin(begun("indices:data/write/bulk", false));
        let only = TaskFilter { actions: vec!["*search".to_owned()], ..TaskFilter::default() };
        assert_eq!(tasks.list(&only).len(), 1);
        let waiting = search.run(std::future::pending::<Result<(), Error>>());
        let ending = async { tasks.cancel(&TaskFilter::default()).unwrap() };
        let (stopped, ended) = tokio::join!(waiting, ending);
        assert_eq!((stopped.unwrap_err().kind, ended.len()), (ErrorKind::TaskCancelled, 1));
        let named = TaskFilter { id: Some(write.id()), ..TaskFilter::default() };
        assert_eq!(tasks.cancel(&named).unwrap_err().kind, ErrorKind::IllegalArgument);
        drop(search);
        assert_eq!(tasks.list(&TaskFilter::default()).len(), 1);
    }
}
