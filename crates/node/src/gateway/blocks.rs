//! Refusals by blocks and by states of an index.

use cluster::state::{IndexMetadata, State};
use model::error::{Error, ErrorKind};

/// # Errors
/// `cluster_block_exception` when reads are blocked, `index_closed_exception`.
pub(super) fn check_read(_state: &State, index: &IndexMetadata) -> Result<(), Error> {
    check_open(index)?;
    if index.settings.typed().blocks.read {
        return Err(blocked(index, "7", "index read (api)"));
    }
    Ok(())
}

/// # Errors
/// `cluster_block_exception` when writes are blocked, `index_closed_exception`.
pub(super) fn check_write(_state: &State, index: &IndexMetadata) -> Result<(), Error> {
    check_open(index)?;
    let blocks = index.settings.typed().blocks;
    let block = if blocks.read_only {
        Some(("5", "index read-only (api)"))
    } else if blocks.write {
        Some(("8", "index write (api)"))
    } else {
        blocks
            .read_only_allow_delete
            .then_some(("12", "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block"))
    };
    block.map_or(Ok(()), |(id, description)| Err(blocked(index, id, description)))
}

fn check_open(index: &IndexMetadata) -> Result<(), Error> {
    if index.open {
        return Ok(());
    }
    Err(Error::new(ErrorKind::IndexClosed, "closed").with_index(index.reference()))
}

fn blocked(index: &IndexMetadata, id: &str, description: &str) -> Error {
    let reason = format!("index [{}] blocked by: [FORBIDDEN/{id}/{description}];", index.name);
    Error::new(ErrorKind::ClusterBlock, reason).with_index(index.reference())
}
