//! What can go wrong with a shard copy on its disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::error::{Error, ErrorKind};

/// A failure of one shard copy. Its files or its disk are to blame, never the request.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The disk refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// A file does not hold what was written into it.
    #[error("{} is corrupt: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
    /// A file was written by a version that this one does not read.
    #[error("{} has format {found}, this version reads {known}", path.display())]
    Format { path: PathBuf, found: u32, known: u32 },
    /// A document has a value in a slot that the table of fields does not have, or has with another layout.
    #[error("no field in slot {slot} holds values such as a document has there")]
    Field { slot: u32 },
    /// A segment would hold more of something than its numbers can count.
    #[error("a segment cannot hold {found} {what}, only {limit}")]
    TooLarge { what: &'static str, found: u64, limit: u64 },
    /// An operation of the log does not read back.
    #[error("operation {seq_no} of the log is corrupt: {what}")]
    Operation { seq_no: u64, what: &'static str },
    /// The log does not read, or takes nothing more.
    #[error("the log: {0}")]
    Log(#[source] wal::Error),
    /// An operation of the log cannot be carried out again.
    #[error("operation {seq_no} of the log cannot be carried out: {reason}")]
    Replay { seq_no: u64, reason: String },
    /// A document could not be looked for.
    #[error("looking up a document failed: {reason}")]
    Lookup { reason: String },
    /// A defect, or a file that is corrupt in a way that no check saw.
    #[error("{during} panicked")]
    Panicked { during: &'static str },
    /// The copy failed before; it takes nothing until it is opened again.
    #[error("the shard copy failed: {cause}")]
    Failed { cause: Arc<ShardError> },
    /// It was let go.
    #[error("the shard copy is closed")]
    Closed,
    /// The caller asked to stop.
    #[error("stopped before it was done")]
    Cancelled,
}

impl ShardError {
    /// Whether the copy was let go, and has not failed otherwise.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Failed { cause } => cause.is_closed(),
            _ => false,
        }
    }

    /// The disk refused to do `what` (a verb) with `path`.
    pub fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }

    pub fn corrupt(path: &Path, what: String) -> Self {
        Self::Corrupt { path: path.to_owned(), what }
    }
}

impl From<ShardError> for Error {
    fn from(error: ShardError) -> Self {
        let kind = match error {
            ShardError::Cancelled => ErrorKind::TaskCancelled,
            ShardError::Failed { .. } | ShardError::Log(_) => ErrorKind::ShardFailed,
            _ => ErrorKind::Io,
        };
        Self::new(kind, error.to_string())
    }
}
