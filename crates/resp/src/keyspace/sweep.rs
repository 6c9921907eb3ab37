//! The sweep: deletes keys and fields whose time has come, so that they leave the indexes that they are in.
//!
//! Reading a key never shows what has expired; this is for searches, and for the disk. Nothing is asked of the node before a key is due.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::index::FIELDS_EXPIRE_AT;
use super::{Keyspace, Next};
use crate::error::RespError;
use crate::server::{Server, now_ms};

/// Between two looks at the clock.
const PERIOD: Duration = Duration::from_millis(100);

/// After a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// Keys deleted between two looks.
const AT_ONCE: usize = 500;

/// Runs as long as the server is there.
pub async fn run(server: Weak<Server>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(server) = server.upgrade() else { return };
        if let Err(error) = server.keyspace.sweep().await {
            tracing::debug!("expired keys could not be swept: {error}");
            drop(server);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Keyspace {
    async fn sweep(&self) -> Result<(), RespError> {
        let due = self.next_expiry_ms.load(Ordering::Relaxed);
        if due > now_ms() {
            return Ok(());
        }
        // Set before the search: a key that comes meanwhile lowers it again.
        self.next_expiry_ms.store(u64::MAX, Ordering::Relaxed);
        let result = self.sweep_due().await;
        let next = match &result {
            Ok(next) => next.unwrap_or(u64::MAX),
            Err(_) => due,
        };
        self.next_expiry_ms.fetch_min(next, Ordering::Relaxed);
        result.map(drop)
    }

    /// Deletes what is due; when the next is.
    async fn sweep_due(&self) -> Result<Option<u64>, RespError> {
        let (keys, next) = self.expiring("expires_at", now_ms(), AT_ONCE).await?;
        for key in keys {
            let _held = self.hold(std::slice::from_ref(&key)).await;
            // What is there is not yet due: it was set again. What is not there is expired, or gone.
            let expired =
                self.change(&key, |alive| Ok(if alive.is_some() { (Next::Keep, false) } else { (Next::Delete, true) }));
            if expired.await? {
                self.expired.fetch_add(1, Ordering::Relaxed);
            }
        }
        let fields = self.sweep_fields().await?;
        Ok(next.into_iter().chain(fields).min())
    }

    /// Takes the fields that are due out of their hashes; when the next are.
    async fn sweep_fields(&self) -> Result<Option<u64>, RespError> {
        let (keys, next) = self.expiring(FIELDS_EXPIRE_AT, now_ms(), AT_ONCE).await?;
        for key in keys {
            let _held = self.hold(std::slice::from_ref(&key)).await;
            // A hash is read without what has expired: written as it is read, it is rid of it.
            self.change(&key, |alive| Ok((alive.map_or(Next::Delete, Next::Put), ()))).await?;
        }
        Ok(next)
    }
}
