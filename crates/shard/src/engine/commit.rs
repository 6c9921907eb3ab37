//! The durable state of a shard copy: one small file that names its sealed segments and how far the log is contained in them.
//!
//! Written beside, synced, renamed; so a crash leaves the old one or the new one. Files that the newest does not name are swept.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::ShardError;
use crate::segment::AliveDocs;

pub(super) const COMMIT: &str = "commit.json";
/// The folder of the segments, below the shard's.
pub(super) const SEGMENTS: &str = "segments";
/// The folder of the log, below the shard's.
pub(super) const LOG: &str = "log";

/// What survives a crash without the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Commit {
    /// Grows with every commit; names the files of alive documents.
    pub(super) generation: u64,
    /// Every operation below it is in the segments.
    pub(super) next_seq: u64,
    /// Tells histories of operations apart, for recovery from another copy.
    pub(super) history: String,
    /// Paths of the field table, by slot.
    pub(super) fields: Vec<String>,
    pub(super) segments: Vec<CommittedSegment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CommittedSegment {
    /// Its folder's name.
    pub(super) name: String,
    /// Which documents are alive; absent: all.
    pub(super) alive: Option<CommittedAlive>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CommittedAlive {
    pub(super) file: String,
    pub(super) docs: u32,
    pub(super) crc32: u32,
}

impl Commit {
    /// The newest commit below `directory`; `None`: there has been none.
    ///
    /// # Errors
    /// [`ShardError::Corrupt`] when it does not read back.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, ShardError> {
        let path = directory.join(COMMIT);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|e| ShardError::corrupt(&path, e.to_string()))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(ShardError::io("read", &path, e)),
        }
    }

    /// Makes it the newest. The segments' files are synced by then.
    pub(super) fn write(&self, directory: &Path) -> Result<(), ShardError> {
        let (path, fresh) = (directory.join(COMMIT), directory.join("commit.json.new"));
        let bytes = serde_json::to_vec_pretty(self).map_err(|e| ShardError::io("encode", &path, e.into()))?;
        write_synced(&fresh, &bytes)?;
        fs::rename(&fresh, &path).map_err(|e| ShardError::io("rename", &fresh, e))?;
        sync_directory(directory)
    }

    /// Writes which documents of a segment are alive.
    pub(super) fn write_alive(
        directory: &Path,
        segment: &str,
        generation: u64,
        alive: &AliveDocs,
    ) -> Result<CommittedAlive, ShardError> {
        let file = format!("{segment}.{generation}.alive");
        let bytes: Vec<u8> = alive.words().iter().flat_map(|word| word.to_le_bytes()).collect();
        write_synced(&directory.join(SEGMENTS).join(&file), &bytes)?;
        Ok(CommittedAlive { file, docs: alive.max(), crc32: crc32fast::hash(&bytes) })
    }

    /// Reads what `write_alive` wrote.
    pub(super) fn read_alive(directory: &Path, alive: &CommittedAlive) -> Result<AliveDocs, ShardError> {
        let path = directory.join(SEGMENTS).join(&alive.file);
        let bytes = fs::read(&path).map_err(|e| ShardError::io("read", &path, e))?;
        if crc32fast::hash(&bytes) != alive.crc32 {
            return Err(ShardError::corrupt(&path, "its checksum is not that of the commit".into()));
        }
        let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        Ok(AliveDocs::from_words(words, alive.docs))
    }

    /// Removes everything below `segments/` that neither this commit nor `also` names. `also` is asked after the folder was listed:
    /// what a merge begins to write meanwhile is not in the list.
    pub(super) fn sweep(&self, directory: &Path, also: impl FnOnce() -> BTreeSet<String>) -> Result<(), ShardError> {
        let folder = directory.join(SEGMENTS);
        let listed = fs::read_dir(&folder).and_then(|entries| entries.map(|e| Ok(e?.path())).collect());
        let listed: Vec<PathBuf> = listed.map_err(|e| ShardError::io("list", &folder, e))?;
        let also = also();
        let alive = self.segments.iter().filter_map(|s| s.alive.as_ref()).map(|a| a.file.as_str());
        let named: BTreeSet<&str> =
            self.segments.iter().map(|s| s.name.as_str()).chain(alive).chain(also.iter().map(String::as_str)).collect();
        for path in listed {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !named.contains(name) {
                remove_if_left(&path)?;
            }
        }
        Ok(())
    }
}

pub(super) fn remove(path: &Path) -> Result<(), ShardError> {
    removed(path).map_err(|e| ShardError::io("remove", path, e))
}

fn removed(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Removes what nobody names. A merge of a copy that was let go may still write there, or remove it itself: then the next sweep takes it.
fn remove_if_left(path: &Path) -> Result<(), ShardError> {
    match removed(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
        removed => removed.map_err(|e| ShardError::io("remove", path, e)),
    }
}

pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), ShardError> {
    let write = || -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| ShardError::io("write", path, e))
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> Result<(), ShardError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|e| ShardError::io("sync", path, e))
}

/// Makes all files of a sealed segment durable, and their names.
pub(super) fn sync_segment(path: &Path) -> Result<(), ShardError> {
    for entry in fs::read_dir(path).map_err(|e| ShardError::io("list", path, e))? {
        let file = entry.map_err(|e| ShardError::io("list", path, e))?.path();
        // Graphs come and go as they are built, and can be built again.
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(crate::segment::disk::GRAPH_PREFIX)) {
            continue;
        }
        File::open(&file).and_then(|file| file.sync_all()).map_err(|e| ShardError::io("sync", &file, e))?;
    }
    sync_directory(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_reads_back_and_sweeps_what_it_does_not_name() {
        let directory = tempfile::tempdir().unwrap();
        let segments = directory.path().join(SEGMENTS);
        fs::create_dir_all(segments.join("old")).unwrap();
        fs::create_dir_all(segments.join("new")).unwrap();
        let mut docs = AliveDocs::all(100);
        docs.remove(7);
        let alive = Commit::write_alive(directory.path(), "new", 3, &docs).unwrap();
        let commit = Commit {
            generation: 3,
            segments: vec![CommittedSegment { name: "new".into(), alive: Some(alive.clone()) }],
            ..Default::default()
        };
        assert_eq!(Commit::read(directory.path()).unwrap(), None);
        commit.write(directory.path()).unwrap();
        commit.sweep(directory.path(), BTreeSet::new).unwrap();
        assert_eq!(Commit::read(directory.path()).unwrap(), Some(commit));
        assert_eq!(Commit::read_alive(directory.path(), &alive).unwrap(), docs);
        assert!(!segments.join("old").exists() && segments.join("new").exists());
    }

    #[test]
    fn a_flipped_bit_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join(SEGMENTS)).unwrap();
        let alive = Commit::write_alive(directory.path(), "a", 1, &AliveDocs::all(64)).unwrap();
        fs::write(directory.path().join(SEGMENTS).join(&alive.file), [0x7f; 8]).unwrap();
        assert!(matches!(Commit::read_alive(directory.path(), &alive), Err(ShardError::Corrupt { .. })));
    }
}
