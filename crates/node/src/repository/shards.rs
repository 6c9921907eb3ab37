//! Files of one shard: into the repository, and out of it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use model::error::Error;
use model::id::ShardNumber;
use model::snapshot::Files;
use shard::engine::snapshot::{HeldFile, Snapshot, clear_incoming, damaged, incoming, install};

use super::manifest::{SavedFile, SavedShard, shard_folder};
use super::{Repository, broken};
use crate::clock::now_ms;

/// Hears of a file and its bytes; answers whether to go on.
pub(crate) type Arrived<'a> = &'a dyn Fn(&str, u64) -> bool;

impl Repository {
    /// Puts the files of a shard's commit into the repository, but for those that are there. `place`: the uuid of the index, and the shard; `snapshot`:
    /// the uuid of the snapshot that they are for.
    ///
    /// # Errors
    /// `repository_exception`.
    pub(crate) fn save(
        &self,
        held: &Snapshot,
        place: (&str, ShardNumber),
        snapshot: &str,
    ) -> Result<SavedShard, Error> {
        let (begun, start_ms) = (Instant::now(), now_ms());
        let (folder, of_shard) = (self.folder(), shard_folder(place.0, place.1));
        let (mut files, mut written) = (Vec::with_capacity(held.files.len()), Files::default());
        for file in &held.files {
            let blob = blob_of(file, snapshot);
            let name = format!("{of_shard}/{blob}");
            let there = fs::metadata(folder.path(&name)).is_ok_and(|found| found.len() == file.length);
            if !there {
                let from = held.path(&file.name);
                folder.put(&name, |to| io::copy(&mut fs::File::open(&from)?, to).map(drop))?;
                written.count += 1;
                written.bytes += file.length;
            }
            files.push(SavedFile { name: file.name.clone(), length: file.length, blob });
        }
        Ok(SavedShard { files, written, start_ms, took_ms: begun.elapsed().as_millis() as u64 })
    }

    /// Makes the folder of a copy, `directory`, of what a snapshot has of a shard. `place`: the uuid of the index in the snapshot, and the shard.
    /// What was in the folder is gone. On up to `threads` threads checksums are compared; `arrived` hears of each file, and whether to go on is
    /// what it answers.
    ///
    /// # Errors
    /// `repository_exception` where a file is missing or not as it was written, and where it was not to go on.
    pub(crate) fn fetch(
        &self,
        saved: &SavedShard,
        place: (&str, ShardNumber),
        directory: &Path,
        (threads, arrived): (usize, Arrived<'_>),
    ) -> Result<(), Error> {
        let (folder, of_shard) = (self.folder(), shard_folder(place.0, place.1));
        let refused = |error: shard::error::ShardError| broken(&self.name, error.to_string());
        clear_incoming(directory).map_err(refused)?;
        for file in &saved.files {
            let to = incoming(directory, &file.name);
            let to = to.ok_or_else(|| broken(&self.name, format!("no shard has a file [{}]", file.name)))?;
            folder.create(to.parent().unwrap_or(directory))?;
            let from = folder.path(&format!("{of_shard}/{}", file.blob));
            let copied = fs::copy(&from, &to).map_err(|e| folder.error("read", &from, &e))?;
            if copied != file.length {
                let reason = format!("[{}] has {copied} bytes instead of {}", from.display(), file.length);
                return Err(broken(&self.name, reason));
            }
            if !arrived(&file.name, copied) {
                return Err(broken(&self.name, "the shard is not wanted any more".to_owned()));
            }
        }
        if let Some(file) = damaged(directory, threads).map_err(refused)?.first() {
            return Err(broken(&self.name, format!("[{file}] of {of_shard} is damaged")));
        }
        install(directory).map_err(refused)
    }
}

/// The name of a file in the repository. Files that bear a checksum never change, and their segments have names that no others have; the
/// others are this snapshot's own.
fn blob_of(file: &HeldFile, snapshot: &str) -> String {
    let flat = file.name.replace('/', "~");
    match file.crc32 {
        Some(crc32) => format!("{flat}~{crc32:08x}"),
        None => format!("{flat}~{snapshot}"),
    }
}
