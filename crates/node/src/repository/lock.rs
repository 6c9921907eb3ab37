//! Who changes a repository: many may add to it at a time, while nobody takes away.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};

use super::Repository;

const FILE: &str = "lock";
/// How long who takes away waits for those who add, and they for it.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Held until it is dropped; also when the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Repository {
    /// For who adds snapshots.
    ///
    /// # Errors
    /// `concurrent_snapshot_execution_exception` where somebody takes snapshots away for long.
    pub(crate) fn share(&self) -> Result<Lock, Error> {
        self.locked(File::try_lock_shared, "snapshots are being deleted")
    }

    /// For who takes snapshots away.
    ///
    /// # Errors
    /// `concurrent_snapshot_execution_exception` where snapshots are being made for long.
    pub(crate) fn own(&self) -> Result<Lock, Error> {
        self.locked(File::try_lock, "a snapshot is being made")
    }

    /// Waits a while.
    fn locked(&self, lock: fn(&File) -> Result<(), TryLockError>, other: &str) -> Result<Lock, Error> {
        let folder = self.folder();
        folder.create(folder.root)?;
        let path = folder.path(FILE);
        let opened = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = opened.map_err(|e| folder.error("open", &path, &e))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match lock(&file) {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(POLL),
                Err(TryLockError::WouldBlock) => {
                    let reason = format!("[{}] {other} in this repository: try again later", self.name);
                    return Err(Error::new(ErrorKind::ConcurrentSnapshotExecution, reason));
                }
                Err(TryLockError::Error(error)) => return Err(folder.error("lock", &path, &error)),
            }
        }
    }
}
