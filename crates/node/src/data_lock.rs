//! One process at a time in a data folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// Held as long as the process uses the folder; the operating system releases it when the process ends, however it ends.
pub(crate) struct DataLock(File);

impl DataLock {
    /// # Errors
    /// When another process has it, or the folder cannot be written.
    pub(crate) fn take(directory: &Path) -> io::Result<Self> {
        let path = directory.join("node.lock");
        let named = |e: io::Error| {
            io::Error::new(e.kind(), format!("cannot lock {}: {e}; is another node using this folder?", path.display()))
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(named)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|e| named(e.into()))?;
        Ok(Self(file))
    }
}

impl Drop for DataLock {
    fn drop(&mut self) {
        // The lock ends with the file in any case.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_user() {
        let directory = tempfile::tempdir().unwrap();
        let lock = DataLock::take(directory.path()).unwrap();
        let refused = DataLock::take(directory.path()).err().unwrap().to_string();
        assert!(refused.contains("is another node using this folder?"), "{refused}");
        drop(lock);
        DataLock::take(directory.path()).unwrap();
    }
}
