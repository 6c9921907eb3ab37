//! The files of the last commit, held for a copy elsewhere that is to have them, and their taking the place of a copy's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::commit::{self, Commit, SEGMENTS, sync_directory};
use super::{ShardCopy, caught};
use crate::error::ShardError;
use crate::segment::disk::files;
use crate::segment::disk::manifest::{self, Manifest};

/// Where the files of a recovery are gathered, beside the copy's folder.
const INCOMING: &str = "incoming";
const REPLACED: &str = "replaced";
/// Below the copy's folder: what is held for others while the process lives.
pub(super) const SNAPSHOTS: &str = "snapshots";

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldFile {
    /// Relative to the copy's folder.
    pub name: String,
    /// In bytes.
    pub length: u64,
    /// As it was written down when the file was made. `None`: of the commit itself, and of graphs, which are built again where they are damaged.
    pub crc32: Option<u32>,
}

/// Names of files that stay as they are until this is dropped: hard links, so they cost nothing but names.
pub struct Snapshot {
    folder: PathBuf,
    pub files: Vec<HeldFile>,
    /// Every operation below it is in the files.
    pub next_seq: u64,
    pub history: String,
}

impl Snapshot {
    /// Where a file's bytes are.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // What stays is swept when the copy opens.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl ShardCopy {
    /// The files of the last commit, by name, with their lengths in bytes.
    ///
    /// # Errors
    /// [`ShardError::Io`].
    pub fn files(&self) -> Result<Vec<(String, u64)>, ShardError> {
        let _committing = self.committing.lock();
        let commit = Commit::read(&self.directory)?.unwrap_or_default();
        files_of(&self.directory, &commit)
    }

    /// Commits, and holds the commit's files. `name`: of this snapshot, unlike that of any other.
    ///
    /// # Errors
    /// [`ShardError::Failed`], [`ShardError::Io`].
    pub fn snapshot(self: &std::sync::Arc<Self>, name: &str) -> Result<Snapshot, ShardError> {
        self.flush(false)?;
        let _committing = self.committing.lock();
        let commit = Commit::read(&self.directory)?.unwrap_or_default();
        let folder = self.directory.join(SNAPSHOTS).join(name);
        let files = caught("holding files", || {
            let files = files_of(&self.directory, &commit)?;
            link(&self.directory, &folder, &files)?;
            Ok(held(&folder, &commit, files))
        })?;
        Ok(Snapshot { folder, files, next_seq: commit.next_seq, history: commit.history })
    }
}

/// Whether a folder holds data of a copy.
pub fn is_copy(directory: &Path) -> bool {
    directory.join(commit::COMMIT).exists()
}

/// Where a file of a recovery of the copy in `directory` is to be written. `None`: a name that no copy has.
pub fn incoming(directory: &Path, file: &str) -> Option<PathBuf> {
    let known = file == commit::COMMIT
        || file.strip_prefix(SEGMENTS).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| {
            rest.split('/').count() <= 2 && rest.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        });
    known.then(|| beside(directory, INCOMING).join(file))
}

/// The checksums of a segment's files as the copy in `directory` has them written down, by name as in [`HeldFile`]. Empty where there is no
/// such segment, or where it does not read.
pub fn checksums(directory: &Path, segment: &str) -> BTreeMap<String, u32> {
    let Ok(manifest) = Manifest::read(&directory.join(SEGMENTS).join(segment)) else { return BTreeMap::new() };
    let of = |name: &str| format!("{SEGMENTS}/{segment}/{name}");
    let own = (of(manifest::FILE), manifest.crc32);
    manifest.files.iter().map(|file| (of(&file.name), file.crc32)).chain([own]).collect()
}

/// Reads what a recovery has gathered for the copy in `directory` on up to `threads` threads, and compares checksums. Out: the files that are
/// not as they were made.
///
/// # Errors
/// [`ShardError::Corrupt`] where the commit does not read.
pub fn damaged(directory: &Path, threads: usize) -> Result<Vec<String>, ShardError> {
    let incoming = beside(directory, INCOMING);
    let commit = Commit::read(&incoming)?.unwrap_or_default();
    let (mut damaged, mut to_read) = (Vec::new(), Vec::new());
    for segment in &commit.segments {
        let (name, folder) = (&segment.name, incoming.join(SEGMENTS).join(&segment.name));
        match Manifest::read(&folder) {
            Ok(manifest) => to_read.extend(manifest.files.into_iter().map(|file| (name.clone(), folder.clone(), file))),
            Err(_) => damaged.push(format!("{SEGMENTS}/{name}/{}", manifest::FILE)),
        }
        let alive = segment.alive.iter().filter(|alive| Commit::read_alive(&incoming, alive).is_err());
        damaged.extend(alive.map(|alive| format!("{SEGMENTS}/{}", alive.file)));
    }
    let next = AtomicUsize::new(0);
    let read = || -> Vec<String> {
        let mut differing = Vec::new();
        while let Some((name, folder, file)) = to_read.get(next.fetch_add(1, Ordering::Relaxed)) {
            if files::verify_file(folder, file).is_err() {
                differing.push(format!("{SEGMENTS}/{name}/{}", file.name));
            }
        }
        differing
    };
    let panicked = |_| ShardError::Panicked { during: "reading files of a recovery" };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(to_read.len())).map(|_| scope.spawn(read)).collect();
        damaged.extend(read());
        for other in others {
            damaged.extend(other.join().map_err(panicked)?);
        }
        Ok(damaged)
    })
}

/// Forgets what an earlier recovery gathered.
///
/// # Errors
/// [`ShardError::Io`].
pub fn clear_incoming(directory: &Path) -> Result<(), ShardError> {
    let folder = beside(directory, INCOMING);
    if folder.exists() { commit::remove(&folder) } else { Ok(()) }
}

/// Puts the gathered files in the place of a copy's folder, which nobody has open. A crash leaves the old folder, the new one, or none, and
/// then the copy begins empty.
///
/// # Errors
/// [`ShardError::Io`].
pub fn install(directory: &Path) -> Result<(), ShardError> {
    let (incoming, replaced) = (beside(directory, INCOMING), beside(directory, REPLACED));
    let segments = incoming.join(SEGMENTS);
    fs::create_dir_all(&segments).map_err(|e| ShardError::io("create", &segments, e))?;
    for folder in fs::read_dir(&segments).map_err(|e| ShardError::io("list", &segments, e))? {
        let path = folder.map_err(|e| ShardError::io("list", &segments, e))?.path();
        if path.is_dir() {
            commit::sync_segment(&path)?;
        } else {
            fs::File::open(&path).and_then(|file| file.sync_all()).map_err(|e| ShardError::io("sync", &path, e))?;
        }
    }
    let commit = incoming.join(commit::COMMIT);
    fs::File::open(&commit).and_then(|file| file.sync_all()).map_err(|e| ShardError::io("sync", &commit, e))?;
    sync_directory(&segments)?;
    sync_directory(&incoming)?;
    if replaced.exists() {
        commit::remove(&replaced)?;
    }
    let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(|e| ShardError::io("rename", from, e));
    if directory.exists() {
        rename(directory, &replaced)?;
    }
    rename(&incoming, directory)?;
    directory.parent().map_or(Ok(()), sync_directory)?;
    if replaced.exists() { commit::remove(&replaced) } else { Ok(()) }
}

/// `DIRECTORY.NAME`.
fn beside(directory: &Path, name: &str) -> PathBuf {
    directory.with_extension(name)
}

fn files_of(directory: &Path, commit: &Commit) -> Result<Vec<(String, u64)>, ShardError> {
    let mut names = Vec::new();
    for segment in &commit.segments {
        let folder = directory.join(SEGMENTS).join(&segment.name);
        for file in fs::read_dir(&folder).map_err(|e| ShardError::io("list", &folder, e))? {
            let file = file.map_err(|e| ShardError::io("list", &folder, e))?;
            names.push(format!("{SEGMENTS}/{}/{}", segment.name, file.file_name().to_string_lossy()));
        }
        names.extend(segment.alive.iter().map(|alive| format!("{SEGMENTS}/{}", alive.file)));
    }
    names.sort();
    names.push(commit::COMMIT.to_owned());
    let sized = |name: String| {
        let path = directory.join(&name);
        let length = fs::metadata(&path).map_err(|e| ShardError::io("look at", &path, e))?.len();
        Ok((name, length))
    };
    names.into_iter().map(sized).collect()
}

fn held(folder: &Path, commit: &Commit, files: Vec<(String, u64)>) -> Vec<HeldFile> {
    let known: BTreeMap<String, u32> =
        commit.segments.iter().flat_map(|segment| checksums(folder, &segment.name)).collect();
    let of_file = |(name, length): (String, u64)| {
        let crc32 = known.get(&name).copied();
        HeldFile { name, length, crc32 }
    };
    files.into_iter().map(of_file).collect()
}

fn link(directory: &Path, folder: &Path, files: &[(String, u64)]) -> Result<(), ShardError> {
    for (name, _) in files {
        let (from, to) = (directory.join(name), folder.join(name));
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::hard_link(&from, &to)).map_err(|e| ShardError::io("link", &from, e))?;
    }
    Ok(())
}
