//! Replacing the end of the log in one step, though a log only grows: the new end is written beside first, and a start that finds it there
//! carries on where the crash came.
//!
//! Layout of the file, little endian: `from` `u64`, then for each entry its number `u64`, length `u32` and bytes; at the end a CRC-32 of it all.

use std::path::Path;

use wal::Log;

use super::commit;
use super::operation::Logged;
use crate::error::ShardError;

const REWRITE: &str = "log.rewrite";
const CRC: usize = 4;

/// Replaces everything from `from` on.
pub(super) fn rewrite(log: &Log, directory: &Path, from: u64, entries: &[Logged]) -> Result<(), ShardError> {
    let path = directory.join(REWRITE);
    let mut bytes = from.to_le_bytes().to_vec();
    for entry in entries {
        bytes.extend_from_slice(&entry.seq_no.to_le_bytes());
        bytes.extend_from_slice(&(entry.bytes.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&entry.bytes);
    }
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    commit::write_synced(&path, &bytes)?;
    commit::sync_directory(directory)?;
    apply(log, &bytes[..bytes.len() - CRC])?;
    commit::remove(&path)
}

/// After a crash: ends what was begun. A file that is not whole was not begun with.
pub(super) fn finish(log: &Log, directory: &Path) -> Result<(), ShardError> {
    let path = directory.join(REWRITE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ShardError::io("read", &path, error)),
    };
    if let Some((content, crc)) = bytes.split_last_chunk::<CRC>()
        && crc32fast::hash(content) == u32::from_le_bytes(*crc)
    {
        apply(log, content)?;
    }
    commit::remove(&path)
}

fn apply(log: &Log, content: &[u8]) -> Result<(), ShardError> {
    let Some((from, mut rest)) = content.split_first_chunk::<8>() else { return Ok(()) };
    log.truncate_from(u64::from_le_bytes(*from)).map_err(ShardError::Log)?;
    while let Some((seq_no, after)) = rest.split_first_chunk::<8>()
        && let Some((length, after)) = after.split_first_chunk::<4>()
        && let Some((entry, after)) = after.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        log.append(u64::from_le_bytes(*seq_no), entry).map_err(ShardError::Log)?;
        rest = after;
    }
    log.sync().map_err(ShardError::Log)
}
