//! What a snapshot is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::data_stream::DataStream;
use cluster::state::IndexMetadata;
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::snapshot::{Cleaned, Files, ShardCounts, SnapshotFailure, SnapshotInfo, SnapshotState, missing};
use model::template::Templates;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Repository, broken};

const SNAPSHOTS: &str = "snapshots";
const INDEXES: &str = "indices";
const EXTENSION: &str = ".json";

/// Of what this program writes.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    pub(crate) name: Arc<str>,
    pub(crate) uuid: Arc<str>,
    pub(crate) state: SnapshotState,
    /// The process that makes it: the ephemeral id of its node.
    pub(crate) maker: Arc<str>,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: Option<u64>,
    /// Of the client's own.
    pub(crate) metadata: Option<Value>,
    pub(crate) indexes: BTreeMap<Arc<str>, SavedIndex>,
    pub(crate) streams: BTreeMap<Arc<str>, DataStream>,
    pub(crate) failures: Vec<SnapshotFailure>,
    pub(crate) global: Option<Global>,
}

/// What is of the whole cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Global {
    /// Persistent settings, by flat name.
    pub(crate) settings: BTreeMap<String, Value>,
    pub(crate) templates: Arc<Templates>,
    pub(crate) definitions: BTreeMap<Definition, BTreeMap<Arc<str>, Value>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedIndex {
    pub(crate) metadata: Arc<IndexMetadata>,
    /// By number; `None`: it is missing.
    pub(crate) shards: Vec<Option<SavedShard>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedShard {
    pub(crate) files: Vec<SavedFile>,
    /// Those that no other snapshot had.
    pub(crate) written: Files,
    pub(crate) start_ms: u64,
    pub(crate) took_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedFile {
    /// Relative to the folder of a copy.
    pub(crate) name: String,
    /// In bytes.
    pub(crate) length: u64,
    /// Its name in the repository.
    pub(crate) blob: String,
}

impl SavedShard {
    pub(crate) fn total(&self) -> Files {
        Files { count: self.files.len() as u64, bytes: self.files.iter().map(|file| file.length).sum() }
    }
}

impl Manifest {
    /// A snapshot that begins: nothing is in it yet.
    pub(crate) fn begin(name: &str, uuid: String, maker: Arc<str>, now_ms: u64) -> Self {
        Self {
            format: FORMAT,
            name: name.into(),
            uuid: uuid.into(),
            state: SnapshotState::InProgress,
            maker,
            start_ms: now_ms,
            end_ms: None,
            metadata: None,
            indexes: BTreeMap::new(),
            streams: BTreeMap::new(),
            failures: Vec::new(),
            global: None,
        }
    }

    /// `lives`: whether a process that made a snapshot still runs.
    pub(crate) fn info(&self, lives: impl Fn(&str) -> bool) -> SnapshotInfo {
        let given_up = self.state == SnapshotState::InProgress && !lives(&self.maker);
        let reason = given_up.then(|| "the node that made it has left before it was complete".to_owned());
        let state = if given_up { SnapshotState::Failed } else { self.state };
        let end_ms = if given_up { Some(self.start_ms) } else { self.end_ms };
        SnapshotInfo {
            name: self.name.clone(),
            uuid: self.uuid.clone(),
            state,
            reason,
            indexes: self.indexes.keys().cloned().collect(),
            data_streams: self.streams.keys().cloned().collect(),
            include_global_state: self.global.is_some(),
            metadata: self.metadata.clone(),
            start_ms: self.start_ms,
            end_ms,
            shards: self.counts(),
            failures: self.failures.clone(),
        }
    }

    fn counts(&self) -> ShardCounts {
        let shards = || self.indexes.values().flat_map(|index| &index.shards);
        let successful = shards().flatten().count() as u32;
        ShardCounts { total: shards().count() as u32, successful, failed: self.failures.len() as u32 }
    }

    /// Names of files of shards: below the repository.
    fn blobs(&self) -> impl Iterator<Item = String> {
        self.indexes.values().flat_map(|index| {
            let shards = (0..).map(ShardNumber).zip(&index.shards);
            shards.flat_map(|(number, shard)| {
                let folder = shard_folder(&index.metadata.uuid.0, number);
                let files = shard.iter().flat_map(|shard| &shard.files);
                files.map(move |file| format!("{folder}/{}", file.blob))
            })
        })
    }
}

/// Where files of a shard lie.
pub(super) fn shard_folder(uuid: &str, number: ShardNumber) -> String {
    format!("{INDEXES}/{uuid}/{}", number.0)
}

impl Repository {
    /// All snapshots, the oldest first.
    ///
    /// # Errors
    /// `repository_exception` when one does not read.
    pub(crate) fn manifests(&self) -> Result<Vec<Manifest>, Error> {
        let folder = self.folder();
        let mut all = Vec::new();
        for name in folder.list(SNAPSHOTS)?.iter().filter(|name| name.ends_with(EXTENSION)) {
            all.extend(self.read(&format!("{SNAPSHOTS}/{name}"))?);
        }
        all.sort_by(|a: &Manifest, b| (a.start_ms, &a.name).cmp(&(b.start_ms, &b.name)));
        Ok(all)
    }

    /// # Errors
    /// `snapshot_missing_exception`.
    pub(crate) fn manifest(&self, snapshot: &str) -> Result<Manifest, Error> {
        self.read(&file_of(snapshot))?.ok_or_else(|| missing(&self.name, snapshot))
    }

    fn read(&self, name: &str) -> Result<Option<Manifest>, Error> {
        let Some(bytes) = self.folder().read(name)? else { return Ok(None) };
        let parsed = serde_json::from_slice::<Manifest>(&bytes);
        let manifest = parsed.map_err(|e| broken(&self.name, format!("[{name}] does not read: {e}")))?;
        if manifest.format != FORMAT {
            let reason = format!("[{name}] has format [{}], this program reads [{FORMAT}]", manifest.format);
            return Err(broken(&self.name, reason));
        }
        Ok(Some(manifest))
    }

    /// Takes a name for a snapshot that is to be made.
    ///
    /// # Errors
    /// `invalid_snapshot_name_exception` when another one has it.
    pub(crate) fn add(&self, manifest: &Manifest) -> Result<(), Error> {
        if self.folder().write_new(&file_of(&manifest.name), &self.bytes(manifest)?)? {
            return Ok(());
        }
        let reason = format!(
            "[{}:{}] Invalid snapshot name [{}], snapshot with the same name already exists",
            self.name, manifest.name, manifest.name
        );
        Err(Error::new(ErrorKind::InvalidSnapshotName, reason))
    }

    /// Writes down what a snapshot is made of now.
    pub(crate) fn replace(&self, manifest: &Manifest) -> Result<(), Error> {
        self.folder().write(&file_of(&manifest.name), &self.bytes(manifest)?)
    }

    fn bytes(&self, manifest: &Manifest) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(manifest).map_err(|e| broken(&self.name, format!("[{}]: {e}", manifest.name)))
    }

    /// Whether a snapshot that was added is still wanted.
    pub(crate) fn knows(&self, name: &str, uuid: &str) -> bool {
        // One that does not read at the moment is there.
        self.read(&file_of(name)).map_or(true, |found| found.is_some_and(|found| *found.uuid == *uuid))
    }

    /// Forgets a snapshot, and no other that has its name by now. Its files stay until [`Repository::clean`].
    pub(crate) fn forget(&self, snapshot: &Manifest) -> Result<(), Error> {
        if self.knows(&snapshot.name, &snapshot.uuid) {
            self.folder().remove(&file_of(&snapshot.name))?;
        }
        Ok(())
    }

    /// Removes files of shards that no snapshot names, and what was written in part. The caller [`Repository::own`]s the repository.
    pub(crate) fn clean(&self) -> Result<Cleaned, Error> {
        let named: BTreeSet<String> = self.manifests()?.iter().flat_map(Manifest::blobs).collect();
        let (folder, mut cleaned) = (self.folder(), Cleaned::default());
        for uuid in folder.list_all(INDEXES)? {
            let of_index = format!("{INDEXES}/{uuid}");
            for number in folder.list_all(&of_index)? {
                let of_shard = format!("{of_index}/{number}");
                for blob in folder.list_all(&of_shard)? {
                    let blob = format!("{of_shard}/{blob}");
                    if !named.contains(&blob) {
                        cleaned.bytes += folder.remove(&blob)?;
                        cleaned.files += 1;
                    }
                }
                folder.remove_empty(&of_shard);
            }
            folder.remove_empty(&of_index);
        }
        Ok(cleaned)
    }
}

/// Where a snapshot's manifest lies. Names are those of the client: what is no plain letter is written as its bytes.
fn file_of(snapshot: &str) -> String {
    let mut file = format!("{SNAPSHOTS}/");
    for byte in snapshot.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => file.push(char::from(byte)),
            _ => file.push_str(&format!("%{byte:02x}")),
        }
    }
    file + EXTENSION
}
