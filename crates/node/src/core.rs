//! What every request of a node works with, in one place: metadata, open indexes, threads, counters.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::data_lock::DataLock;
use cluster::command::Command;
use cluster::state::{Node, State};
use model::error::Error;
use shard::aggregate::Budget;
use wal::Syncer;

use crate::clock::now_ms;
use crate::config::Config;
use crate::identity::{self, DocumentIds};
use crate::indexes::{Indexes, Reconciling};
use crate::metadata::{Identity, Metadata};
use crate::pool::Pool;
use crate::telemetry::Metrics;

/// How far the threads that merge yield to others: a third of what an ordinary thread gets when all cores are busy.
const MERGE_NICE: i32 = 5;
/// Each commits for one shard at a time; the disk is the limit.
const FLUSH_THREADS: usize = 2;

/// One node, running.
pub struct Core {
    pub config: Config,
    pub identity: Identity,
    pub ephemeral_id: String,
    pub metadata: Metadata,
    pub indexes: Indexes,
    pub search: Pool,
    pub write: Pool,
    /// Merges: long work that nobody waits for, on threads that yield to all others.
    pub merge: Arc<Pool>,
    /// Seals and commits fresh documents.
    pub flush: Arc<Pool>,
    /// Scheduled refreshes, which must not wait behind either.
    pub refresh: Pool,
    pub metrics: Metrics,
    pub document_ids: DocumentIds,
    pub started_ms: u64,
    /// Bytes that the aggregations of all searches hold.
    aggregated: Arc<AtomicU64>,
    _lock: DataLock,
}

impl Core {
    /// Opens the data folder, the metadata and every shard in it. Blocks for the disk.
    ///
    /// # Errors
    /// What cannot be read or started, naming the file. A shard that does not open does not fail the node.
    pub fn open(config: Config) -> io::Result<Arc<Self>> {
        let begun = Instant::now();
        std::fs::create_dir_all(&config.data).map_err(|e| {
            io::Error::new(e.kind(), format!("cannot create [path.data] {}: {e}", config.data.display()))
        })?;
        let lock = DataLock::take(&config.data)?;
        let (metadata, identity) = Metadata::open(&config.data)?;
        let merge = Arc::new(Pool::start_nice("merge", config.merge_threads, MERGE_NICE)?);
        let flush = Arc::new(Pool::start("flush", FLUSH_THREADS, usize::MAX)?);
        let indexes = Indexes::new(&config, Syncer::start(2)?, flush.clone(), merge.clone());
        let core = Arc::new(Self {
            search: Pool::start("search", config.search_threads, config.search_queue)?,
            write: Pool::start("write", config.write_threads, config.write_queue)?,
            merge,
            flush,
            refresh: Pool::start("refresh", 1, usize::MAX)?,
            metrics: Metrics::new(),
            document_ids: DocumentIds::new(),
            ephemeral_id: identity::random(),
            started_ms: now_ms(),
            aggregated: Arc::default(),
            config,
            identity,
            metadata,
            indexes,
            _lock: lock,
        });
        core.join()?;
        core.reconcile(&core.indexes.begin());
        let shards = core.indexes.shard_count();
        tracing::info!(
            "node {} is open: {} indexes, {shards} shards, {} ms",
            core.config.node_name,
            core.state().indexes.len(),
            begun.elapsed().as_millis()
        );
        Ok(core)
    }

    /// Makes this node one of the cluster's, under its present name.
    fn join(&self) -> io::Result<()> {
        let roles = ["cluster_manager", "data", "ingest"].map(str::to_owned).to_vec();
        let node =
            Node { name: self.config.node_name.as_str().into(), address: self.config.http_address.to_string(), roles };
        let id = self.identity.node.clone();
        self.metadata.submit(&Command::NodeJoined { id, node }).map(drop).map_err(io::Error::other)
    }

    /// What the aggregations of one search may take on one shard.
    pub fn aggregation_budget(&self) -> Budget {
        let max_buckets = crate::gateway::max_buckets(&self.state());
        Budget::new(self.aggregated.clone(), self.config.request_memory, max_buckets)
    }

    /// Bytes that aggregations hold at the moment.
    pub fn aggregated_bytes(&self) -> u64 {
        self.aggregated.load(Ordering::Relaxed)
    }

    /// The metadata of now.
    pub fn state(&self) -> Arc<State> {
        self.metadata.state()
    }

    /// Carries out a change of the metadata and follows it: shards open and close, mappings reach them. Blocks for the disk.
    ///
    /// # Errors
    /// The command's refusal; nothing has changed then.
    pub fn submit(self: &Arc<Self>, command: &Command) -> Result<Arc<State>, Error> {
        // From before anybody sees the change: who sees it and does not find it open waits for this.
        let reconciling = self.indexes.begin();
        self.metadata.submit(command)?;
        self.reconcile(&reconciling);
        drop(reconciling);
        Ok(self.state())
    }

    fn reconcile(self: &Arc<Self>, reconciling: &Reconciling<'_>) {
        self.indexes.reconcile(reconciling, &self.metadata, &self.identity.node);
        self.metrics.indexes.set(self.state().indexes.len() as i64);
        self.metrics.shards.set(self.indexes.shard_count() as i64);
    }

    /// Makes everything durable and ends the threads.
    pub fn close(&self) {
        self.write.finish();
        self.search.finish();
        self.refresh.finish();
        self.indexes.stop_merges();
        self.merge.finish();
        self.indexes.flush_all();
        self.flush.finish();
        tracing::info!("node {} has flushed its shards and leaves", self.config.node_name);
    }
}
