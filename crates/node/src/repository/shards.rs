//! Files of one shard: into the repository, and out of it.

use std::fs;
use std::io::{self, BufRead};
use std::path::Path;
use std::time::Instant;

use model::error::Error;
use model::id::ShardNumber;
use model::snapshot::Files;
use shard::engine::snapshot::{HeldFile, Snapshot, clear_incoming, damaged, incoming, install};

use super::manifest::{SavedFile, SavedShard, shard_folder};
use super::{Repository, broken};
use crate::clock::now_ms;

/// Bytes that are compared at a time.
const PART: usize = 64 << 10;

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
        let there = folder.list(&of_shard)?;
        for file in &held.files {
            let from = held.path(&file.name);
            let beginning = beginning_of(file);
            let known = named_like(&there, &beginning)
                .find(|blob| is_same(file, &from, blob, &folder.path(&format!("{of_shard}/{blob}"))));
            let blob = known.cloned().unwrap_or_else(|| blob_of(file, snapshot));
            if known.is_none() {
                folder.put(&format!("{of_shard}/{blob}"), |to| io::copy(&mut fs::File::open(&from)?, to).map(drop))?;
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
    pub(crate) fn load(
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
/// others bear the uuid of the snapshot that had them first.
fn blob_of(file: &HeldFile, snapshot: &str) -> String {
    match file.crc32 {
        Some(crc32) => format!("{}{crc32:08x}", beginning_of(file)),
        None => format!("{}{snapshot}", beginning_of(file)),
    }
}

/// What the names of all files begin with that may be this one.
fn beginning_of(file: &HeldFile) -> String {
    format!("{}~", file.name.replace('/', "~"))
}

/// Of names in their order those that begin so.
fn named_like<'a>(names: &'a [String], begin: &'a str) -> impl Iterator<Item = &'a String> {
    let first = names.partition_point(|name| name.as_str() < begin);
    names[first..].iter().take_while(move |name| name.starts_with(begin))
}

/// Whether a blob at `path` is the file that lies at `from`.
fn is_same(file: &HeldFile, from: &Path, blob: &str, path: &Path) -> bool {
    let Some(rest) = blob.strip_prefix(&beginning_of(file)) else { return false };
    let same_length = || fs::metadata(path).is_ok_and(|found| found.len() == file.length);
    match file.crc32 {
        Some(crc32) => rest == format!("{crc32:08x}") && same_length(),
        None => same_length() && same_bytes(from, path).unwrap_or(false),
    }
}

fn same_bytes(one: &Path, another: &Path) -> io::Result<bool> {
    let open = |path: &Path| fs::File::open(path).map(|file| io::BufReader::with_capacity(PART, file));
    let (mut one, mut another) = (open(one)?, open(another)?);
    loop {
        let (a, b) = (one.fill_buf()?, another.fill_buf()?);
        let shared = a.len().min(b.len());
        if shared == 0 || a[..shared] != b[..shared] {
            return Ok(a.is_empty() && b.is_empty());
        }
        one.consume(shared);
        another.consume(shared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_checksum_are_the_same_when_their_bytes_are() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).unwrap();
            folder.path().join(name)
        };
        let long = vec![7; 3 * PART + 5];
        let mut other = long.clone();
        other[3 * PART] = 8;
        let (own, same, other) = (put("own", &long), put("same", &long), put("other", &other));
        let file = HeldFile { name: "segments/a/graph-1".into(), length: long.len() as u64, crc32: None };
        let blob = blob_of(&file, "uuid");
        assert!(is_same(&file, &own, &blob, &same) && !is_same(&file, &own, &blob, &other));
        assert!(!is_same(&file, &own, "segments~a~graph-10~uuid", &same));
        assert!(!is_same(&file, &own, &blob, &put("short", &long[1..])));
        // Those that bear one never change.
        let file = HeldFile { crc32: Some(9), ..file };
        let blob = blob_of(&file, "uuid");
        assert!(is_same(&file, &own, &blob, &other) && blob.ends_with("~00000009"));
    }
}
