//! What the cluster keeps by name for others to refer to.

use serde::{Deserialize, Serialize};

/// A kind of definition; names are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Definition {
    SearchPipeline,
    IngestPipeline,
    /// A script or a template of a search.
    Script,
    /// Where snapshots are kept.
    Repository,
}
