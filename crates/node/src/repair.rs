//! Bringing a cluster back whose voters are lost for good, by an operator's will, from the folder of a node that does not run.
//!
//! [`Patient::lead_alone`] on one node, the one that knows most; [`Patient::detach`] on every other that survives; then all are started again.

use std::io;
use std::path::{Path, PathBuf};

use cluster::state::NodeId;

use crate::data_lock::DataLock;
use crate::identity::Identity;
use crate::metadata::repair::{self, Found};

/// A node's folder, held so that nobody starts it meanwhile.
pub struct Patient {
    folder: PathBuf,
    own: NodeId,
    found: Found,
    _lock: DataLock,
}

/// What its metadata say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub node: String,
    pub cluster_uuid: String,
    /// Grows with every change: the node with the greatest knows most.
    pub version: u64,
    /// Names of the nodes that vote, or their ids where no name is known.
    pub voters: Vec<String>,
    /// Of all indexes: shards, and those whose data lie on this node.
    pub shards: usize,
    pub shards_here: usize,
}

impl Patient {
    /// Opens the folder of a node that does not run.
    ///
    /// # Errors
    /// A node runs there, or there are no metadata to be read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        if !folder.join("node.json").exists() {
            let why = format!("{} is no node's folder: it has no node.json", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let lock = DataLock::take(folder)?;
        let own = Identity::open(folder)?.node;
        Ok(Self { folder: folder.to_owned(), own, found: repair::read(folder)?, _lock: lock })
    }

    pub fn diagnosis(&self) -> Diagnosis {
        let state = &self.found.state;
        let name = |id: &NodeId| state.nodes.get(id).map_or_else(|| id.0.to_string(), |node| node.name.to_string());
        let mut voters: Vec<String> = self.found.voters.iter().map(name).collect();
        voters.sort();
        let tables = || state.indexes.values().flat_map(|index| &index.shards);
        Diagnosis {
            node: name(&self.own),
            cluster_uuid: state.cluster_uuid.to_string(),
            version: state.version.0,
            voters,
            shards: tables().count(),
            shards_here: tables().filter(|table| table.in_sync.values().any(|home| *home == self.own)).count(),
        }
    }

    /// Makes it the only voter of a new cluster with the indexes that it knows. Out: where the former metadata are kept.
    ///
    /// # Errors
    /// When the disk refuses; nothing has changed then.
    pub fn lead_alone(&self) -> io::Result<PathBuf> {
        repair::lead_alone(&self.folder, &self.own, &self.found)
    }

    /// Makes it forget its cluster, so that it may join another; its shards stay. Out: where the former metadata are kept.
    ///
    /// # Errors
    /// As [`Patient::lead_alone`].
    pub fn detach(&self) -> io::Result<PathBuf> {
        repair::forget(&self.folder, &self.found)
    }
}
