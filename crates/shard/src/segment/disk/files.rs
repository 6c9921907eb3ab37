//! The files of a sealed segment, mapped for reading. Small ones are read into memory instead, because the kernel counts maps.

use std::io::Read;
use std::path::{Path, PathBuf};

use tantivy::Directory;
use tantivy::directory::{MmapDirectory, OwnedBytes};

use super::manifest::{self, FileEntry, Manifest};
use crate::error::ShardError;

/// Files up to this size are held in memory.
const IN_MEMORY_BYTES: u64 = 16 << 10;

/// The bytes of each file.
pub(crate) struct Files {
    pub terms: OwnedBytes,
    pub postings: OwnedBytes,
    pub positions: OwnedBytes,
    pub columns: OwnedBytes,
    pub sources: OwnedBytes,
    /// Empty where no document has a vector.
    pub vectors: OwnedBytes,
    /// How much of it was read into memory.
    pub memory_bytes: u64,
}

impl Files {
    /// Opens what the manifest names; lengths must agree.
    pub(crate) fn open(directory: &Path, manifest: &Manifest) -> Result<Self, ShardError> {
        let mut maps = None;
        let mut memory_bytes = 0;
        let mut open = |name: &str| {
            let path = directory.join(name);
            let entry = manifest.files.iter().find(|entry| entry.name == name);
            let entry = entry
                .ok_or_else(|| ShardError::corrupt(&directory.join(manifest::FILE), format!("it names no [{name}]")))?;
            check_length(&path, entry)?;
            if entry.bytes <= IN_MEMORY_BYTES {
                memory_bytes += entry.bytes;
                return std::fs::read(&path).map(OwnedBytes::new).map_err(|e| ShardError::io("read", &path, e));
            }
            if maps.is_none() {
                maps = Some(
                    MmapDirectory::open(directory)
                        .map_err(|e| ShardError::io("open", directory, std::io::Error::other(e)))?,
                );
            }
            let map = |maps: &MmapDirectory| maps.open_read(Path::new(name)).ok()?.read_bytes().ok();
            maps.as_ref().and_then(map).ok_or_else(|| ShardError::io("map", &path, std::io::ErrorKind::Other.into()))
        };
        Ok(Self {
            terms: open(manifest::TERMS)?,
            postings: open(manifest::POSTINGS)?,
            positions: open(manifest::POSITIONS)?,
            columns: open(manifest::COLUMNS)?,
            sources: open(manifest::SOURCES)?,
            vectors: match manifest.files.iter().any(|entry| entry.name == manifest::VECTORS) {
                true => open(manifest::VECTORS)?,
                false => OwnedBytes::empty(),
            },
            memory_bytes,
        })
    }
}

fn check_length(path: &Path, entry: &FileEntry) -> Result<(), ShardError> {
    let found = std::fs::metadata(path).map_err(|e| ShardError::io("open", path, e))?.len();
    if found == entry.bytes {
        return Ok(());
    }
    Err(ShardError::corrupt(path, format!("it has {found} bytes instead of {}", entry.bytes)))
}

/// Reads all files and compares their checksums.
pub(crate) fn verify(directory: &Path, manifest: &Manifest) -> Result<(), ShardError> {
    manifest.files.iter().try_for_each(|entry| verify_file(directory, entry))
}

/// Reads a file and compares its checksum.
pub(crate) fn verify_file(directory: &Path, entry: &FileEntry) -> Result<(), ShardError> {
    let mut buffer = vec![0; 1 << 18];
    let path: PathBuf = directory.join(&entry.name);
    check_length(&path, entry)?;
    let read_error = |e| ShardError::io("read", &path, e);
    let mut file = std::fs::File::open(&path).map_err(read_error)?;
    let mut hasher = crc32fast::Hasher::new();
    loop {
        let count = file.read(&mut buffer).map_err(read_error)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    match hasher.finalize() == entry.crc32 {
        true => Ok(()),
        false => Err(ShardError::corrupt(&path, "its checksum does not match".into())),
    }
}
