//! What can go wrong with a log, told with file and offset.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a log could not do what it was asked. Cheap to clone: one failed sync answers every waiting writer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The disk refused. When it refused a write or a sync, the log is [`Error::Failed`] from then on.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: Arc<io::Error> },

    /// An earlier write or sync failed. What was not yet reported safe may or may not be on the disk; only opening the log again tells.
    #[error("the log takes no more operations since it failed: {cause}")]
    Failed { cause: Arc<Error> },

    /// The owner has closed it; the cause of [`Error::Failed`] then.
    #[error("the log is closed")]
    Closed,

    /// Bytes that were once on the disk do not read back.
    #[error("{} is damaged at byte {offset}: {damage}", path.display())]
    Corrupt { path: PathBuf, offset: u64, damage: Damage },

    /// The log ends before an entry that its owner knows to have been synced.
    #[error("the log in {} ends before sequence number {next_seq}, but {checkpoint} was synced", directory.display())]
    Lost { directory: PathBuf, checkpoint: u64, next_seq: u64 },

    /// Sequence numbers must rise, and `u64::MAX` is not one.
    #[error("sequence number {seq} cannot be appended: the next one must be at least {next_seq} and below 2^64-1")]
    OutOfOrder { next_seq: u64, seq: u64 },

    /// The entry is longer than [`crate::Options::max_entry`].
    #[error("an entry of {length} bytes is longer than the limit of {limit} bytes")]
    TooLong { length: usize, limit: usize },

    /// The entries asked for were trimmed away.
    #[error("the log begins at sequence number {first_seq}, above {seq}")]
    Trimmed { seq: u64, first_seq: u64 },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Error::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn corrupt(path: &Path, offset: u64, damage: Damage) -> Self {
        Error::Corrupt { path: path.to_owned(), offset, damage }
    }
}

/// What is wrong with the bytes at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The checksum of a frame's header, or its being cut off.
    #[error("no frame begins here")]
    Header,
    /// The header is whole, the entry is cut off or does not match its checksum.
    #[error("the entry does not match its checksum")]
    Payload,
    /// A whole frame whose sequence number is below that of its predecessor.
    #[error("the sequence numbers go back")]
    OutOfOrder,
    /// The first bytes of a segment are not those of a segment of this format.
    #[error("this is not a log segment of format 1")]
    NotASegment,
    /// The segment was written for another log.
    #[error("the segment belongs to another log")]
    OtherLog,
    /// The segment does not continue where the one before it ends.
    #[error("the segment before this one is missing or incomplete")]
    Gap,
}
