//! The newest state that this node has applied, and how far the node has followed it.
//!
//! Three numbers grow: the index of the log that is applied, the version of the state, and the version up to which shards were opened and
//! closed. Threads and tasks wait for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::state::State;
use model::id::StateVersion;
use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::watch;

/// What everybody reads.
pub struct Published {
    state: RwLock<Arc<State>>,
    progress: Mutex<Progress>,
    moved: Condvar,
    /// Of the state, for tasks.
    version: watch::Sender<StateVersion>,
    /// Of the log, for tasks.
    applied: watch::Sender<u64>,
    /// Of the state that the open shards follow, for tasks.
    followed: watch::Sender<StateVersion>,
}

/// How far this node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Of the log.
    pub applied: u64,
    /// Of the state that is published.
    pub version: StateVersion,
    /// Of the state that the open shards follow.
    pub followed: StateVersion,
    /// Nothing moves any more.
    pub closed: bool,
}

impl Published {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: RwLock::default(),
            progress: Mutex::default(),
            moved: Condvar::new(),
            version: watch::Sender::new(StateVersion::default()),
            applied: watch::Sender::new(0),
            followed: watch::Sender::default(),
        })
    }

    pub fn state(&self) -> Arc<State> {
        self.state.read().clone()
    }

    /// Told of every newer state.
    pub fn versions(&self) -> watch::Receiver<StateVersion> {
        self.version.subscribe()
    }

    /// Told of every entry of the log that is applied.
    pub fn applied_indexes(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// Told of every state that the open shards have come to follow.
    pub fn followed_versions(&self) -> watch::Receiver<StateVersion> {
        self.followed.subscribe()
    }

    pub fn progress(&self) -> Progress {
        *self.progress.lock()
    }

    /// Publishes a state.
    pub fn set(&self, state: Arc<State>) {
        let version = state.version;
        *self.state.write() = state;
        self.advance(|progress| progress.version = version);
        self.version.send_replace(version);
    }

    /// The log is applied up to `index`.
    pub fn applied(&self, index: u64) {
        self.advance(|progress| progress.applied = index);
        self.applied.send_replace(index);
    }

    /// The open shards follow the state of `version`.
    pub fn followed(&self, version: StateVersion) {
        self.advance(|progress| progress.followed = version);
        self.followed.send_replace(version);
    }

    /// Lets everybody go who waits.
    pub fn close(&self) {
        self.advance(|progress| progress.closed = true);
    }

    /// Waits until `enough`, or nothing moves any more, or the time is over. Blocks. Out: whether it is enough.
    pub fn wait(&self, within: Duration, enough: impl Fn(&Progress) -> bool) -> bool {
        let until = Instant::now() + within;
        let mut progress = self.progress.lock();
        while !enough(&progress) && !progress.closed {
            if self.moved.wait_until(&mut progress, until).timed_out() {
                break;
            }
        }
        enough(&progress)
    }

    fn advance(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock());
        self.moved.notify_all();
    }
}
