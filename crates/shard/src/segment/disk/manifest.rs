//! `segment.json`: what a sealed segment holds, field by field, and the lengths and checksums of its files.
//!
//! Written last, so that a directory without it was never finished. It guards itself by a checksum of its own.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::ShardError;
use crate::fields::FieldSlot;

pub(crate) const FILE: &str = "segment.json";
pub(crate) const TERMS: &str = "terms";
pub(crate) const POSTINGS: &str = "postings";
pub(crate) const POSITIONS: &str = "positions";
pub(crate) const COLUMNS: &str = "columns";
pub(crate) const SOURCES: &str = "sources";
/// Only where a document has a vector.
pub(crate) const VECTORS: &str = "vectors";

/// The format that this version writes and reads.
const FORMAT: u32 = 3;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub format: u32,
    /// Of this file, with 0 here.
    pub crc32: u32,
    pub doc_count: u32,
    /// Least and greatest sequence number.
    pub seq_no: Option<(u64, u64)>,
    /// Ascending.
    pub slots: Vec<SlotEntry>,
    pub files: Vec<FileEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub name: String,
    pub bytes: u64,
    pub crc32: u32,
}

/// What the segment has of one field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SlotEntry {
    pub slot: u32,
    /// Documents with a term (or a value, where there are no postings).
    pub doc_count: u64,
    /// Tokens in them.
    pub tokens: u64,
    pub terms: Option<TermsEntry>,
    /// Length codes in `columns`.
    pub norms: Option<Extent>,
    pub column: Option<ColumnEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<VectorsEntry>,
}

/// The vectors of a field, in `vectors`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VectorsEntry {
    pub dimension: u32,
    pub element: String,
    pub space: String,
    /// The document of each row, ascending. `None`: all have one.
    pub docs: Option<Extent>,
    pub rows: Extent,
}

/// The field's stretch of the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TermsEntry {
    /// Ordinal of its first term in the dictionary.
    pub first: u64,
    pub count: u64,
    /// `None`: the terms only serve the column.
    pub record: Option<Record>,
    /// Bits of the average length (`f32`) under which the impacts of blocks were chosen.
    pub average: u32,
}

/// What postings hold besides documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    Docs,
    Freqs,
    Positions,
}

/// A stretch of `columns`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extent {
    pub at: u64,
    pub bytes: u64,
}

/// The values of a field by document.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnEntry {
    /// Ordinals of the field's terms rather than numbers.
    pub ordinals: bool,
    /// Which documents have values. `None`: all.
    pub docs: Option<Extent>,
    /// For each document with values, the row of its first one; and the end. `None`: each has one.
    pub starts: Option<Extent>,
    pub values: Extent,
}

impl Manifest {
    /// Reads `segment.json` of a directory.
    pub(crate) fn read(directory: &Path) -> Result<Self, ShardError> {
        let path = directory.join(FILE);
        let bytes = std::fs::read(&path).map_err(|e| ShardError::io("read", &path, e))?;
        let corrupt = |what: String| ShardError::corrupt(&path, what);
        let mut manifest: Self = serde_json::from_slice(&bytes).map_err(|e| corrupt(e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(ShardError::Format { path, found: manifest.format, known: FORMAT });
        }
        let written = std::mem::take(&mut manifest.crc32);
        if crc32fast::hash(&manifest.encode(&path)?) != written {
            return Err(corrupt("its checksum does not match".into()));
        }
        manifest.crc32 = written;
        Ok(manifest)
    }

    /// Writes it into a directory; the last step of making a segment.
    pub(crate) fn write(&mut self, directory: &Path) -> Result<(), ShardError> {
        let path = directory.join(FILE);
        (self.format, self.crc32) = (FORMAT, 0);
        self.crc32 = crc32fast::hash(&self.encode(&path)?);
        std::fs::write(&path, self.encode(&path)?).map_err(|e| ShardError::io("write", &path, e))
    }

    fn encode(&self, path: &Path) -> Result<Vec<u8>, ShardError> {
        serde_json::to_vec(self).map_err(|e| ShardError::io("encode", path, e.into()))
    }

    pub(crate) fn slot(&self, slot: FieldSlot) -> Option<&SlotEntry> {
        self.slots.binary_search_by_key(&slot.0, |entry| entry.slot).ok().map(|at| &self.slots[at])
    }
}
