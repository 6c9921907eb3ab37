//! Opening a copy: the last commit and its segments. What the log holds behind it is `replay`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Condvar, Mutex, RwLock};
use wal::{Disk, Durability, Log, Options, Recovery, Syncer};

use super::commit::{self, Commit};
use super::held::{Body, Held, Segments};
use super::snapshot::SNAPSHOTS;
use super::writer::Writer;
use super::{CommitState, ShardCopy, Spawn, Throttle, rewrite, stats};
use crate::caches::Caches;
use crate::error::ShardError;
use crate::fields::{FieldTable, Layout};
use crate::reader::Similarities;
use crate::segment::disk::SealedSegment;

/// How each path lies on disk; `None`: the mapping does not have it (any more).
pub type Layouts<'a> = &'a dyn Fn(&str) -> Option<Layout>;

/// What a copy needs of its node.
pub struct CopyOptions {
    /// The copy's own folder; made when it is missing.
    pub directory: PathBuf,
    pub durability: Durability,
    pub disk: Arc<dyn Disk>,
    pub syncer: Arc<Syncer>,
    pub spawn: Spawn,
    /// Shared by the copies of a node: how fast their merges may write.
    pub throttle: Arc<Throttle>,
    pub similarities: Arc<Similarities>,
    pub caches: Caches,
    /// The name of a history that begins now.
    pub new_history: String,
    /// What is in the folder belongs to that one from now on.
    pub begins_history: bool,
}

impl ShardCopy {
    /// Opens the copy in a folder, or begins one. Call [`ShardCopy::replay`] before anything else.
    ///
    /// # Errors
    /// [`ShardError::Corrupt`], [`ShardError::Log`] for what does not read back, naming the file; [`ShardError::Io`].
    pub fn open(
        options: CopyOptions,
        fields: FieldTable,
        layouts: Layouts<'_>,
    ) -> Result<(Arc<Self>, Recovery), ShardError> {
        let segments = options.directory.join(commit::SEGMENTS);
        std::fs::create_dir_all(&segments).map_err(|e| ShardError::io("create", &segments, e))?;
        let known = Commit::read(&options.directory)?;
        let begins = known.is_none() || options.begins_history;
        let mut commit = known.unwrap_or_default();
        if begins {
            commit.history = options.new_history;
        }
        let fields = Arc::new(restore_fields(fields, &commit, layouts));
        let held = open_segments(&options.directory, &commit)?;
        let log_options = Options {
            durability: options.durability,
            start: commit.next_seq,
            checkpoint: commit.next_seq.checked_sub(1),
            ..Options::default()
        };
        let (log, recovery) =
            Log::open(options.disk, &options.directory.join(commit::LOG), log_options, &options.syncer)
                .map_err(ShardError::Log)?;
        rewrite::finish(&log, &options.directory)?;
        if begins {
            commit.write(&options.directory)?;
        }
        commit.sweep(&options.directory, Default::default)?;
        let snapshots = options.directory.join(SNAPSHOTS);
        if snapshots.exists() {
            commit::remove(&snapshots)?;
        }
        let mut segments = Segments::of(held, options.caches);
        let first_key = segments.held.len() as u64;
        let reader = segments.reader(fields.clone(), options.similarities.clone());
        let copy = Self {
            directory: options.directory,
            history: commit.history,
            log,
            spawn: options.spawn,
            committing: Mutex::new(CommitState { generation: commit.generation, next_seq: commit.next_seq }),
            building: Mutex::default(),
            writer: Mutex::new(Writer::new(commit.next_seq, fields, first_key)),
            newest: RwLock::new(segments.held.as_slice().into()),
            segments: Mutex::new(segments),
            merged: Condvar::new(),
            searched: RwLock::new(reader),
            waiters: Mutex::default(),
            failure: Mutex::default(),
            similarities: Mutex::new(options.similarities),
            throttle: options.throttle,
            retained: AtomicU64::new(u64::MAX),
            counters: stats::Counters::starting_at(commit.next_seq),
        };
        Ok((Arc::new(copy), recovery))
    }
}

/// The field table with the commit's slots first where they were.
fn restore_fields(meta: FieldTable, commit: &Commit, layouts: Layouts<'_>) -> FieldTable {
    let mut table = meta;
    for path in &commit.fields {
        if let Some(layout) = layouts(path) {
            table.append(path.as_str().into(), layout);
        }
    }
    table
}

fn open_segments(directory: &Path, commit: &Commit) -> Result<Vec<Held>, ShardError> {
    let open = |(key, segment): (usize, &commit::CommittedSegment)| {
        let sealed = SealedSegment::open(&directory.join(commit::SEGMENTS).join(&segment.name))?;
        let alive = segment.alive.as_ref().map(|alive| Commit::read_alive(directory, alive)).transpose()?;
        Ok(Held::restored(key as u64, Body::Sealed(Arc::new(sealed)), alive))
    };
    commit.segments.iter().enumerate().map(open).collect()
}
