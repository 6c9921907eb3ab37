//! What every request of a node works with, in one place: metadata, open indexes, threads, counters.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::data_lock::DataLock;
use cluster::command::Command;
use cluster::state::{Node, State};
use grpc::channels::Channels;
use grpc::wire::Wire;
use model::error::{Error, ErrorKind};
use parking_lot::Mutex;
use shard::aggregate::Budget;
use wal::Syncer;

use crate::clock::now_ms;
use crate::config::Config;
use crate::gateway::remote::Received;
use crate::gateway::remote::contexts::Contexts;
use crate::identity::{self, DocumentIds};
use crate::indexes::{Indexes, Reconciling};
use crate::metadata::{Identity, Metadata};
use crate::pool::Pool;
use crate::tasks::Tasks;
use crate::telemetry::Metrics;

/// A command, and where its answer goes.
type Waiting = (Command, Arc<OnceLock<Result<(), Error>>>);

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
    /// Commands whose threads wait for the one that reconciles: it carries out all of them.
    waiting: Mutex<Vec<Waiting>>,
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
    /// Connections to the other nodes.
    pub peers: Arc<Channels>,
    /// What searches of other nodes keep here between their phases.
    pub(crate) contexts: Contexts,
    /// What this node is doing.
    pub(crate) tasks: Arc<Tasks>,
    /// What other nodes have sent to be written.
    pub(crate) received: Received,
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
            peers: Channels::new(wire(&config, &identity)),
            contexts: Contexts::default(),
            tasks: Tasks::new(identity.node.0.clone()),
            received: Received::default(),
            config,
            identity,
            metadata,
            indexes,
            waiting: Mutex::default(),
            _lock: lock,
        });
        core.join()?;
        let shards = core.indexes.shard_count();
        tracing::info!(
            "node {} is open: {} indexes, {shards} shards, {} ms",
            core.config.node_name,
            core.state().indexes.len(),
            begun.elapsed().as_millis()
        );
        Ok(core)
    }

    /// Makes this node one of the cluster's, under its present name, and opens its shards.
    fn join(self: &Arc<Self>) -> io::Result<()> {
        let address = self.config.http_address.to_string();
        let node = Node {
            name: self.config.node_name.as_str().into(),
            ephemeral_id: self.ephemeral_id.as_str().into(),
            peer_address: address.clone(),
            http_address: address,
            roles: ["cluster_manager", "data", "ingest"].map(str::to_owned).into(),
            attributes: self.config.attributes.clone(),
            version: self.config.compatible_version.clone(),
            joined_at_ms: self.started_ms,
        };
        let id = self.identity.node.clone();
        self.submit(&Command::NodeJoined { id, node }).map(drop).map_err(io::Error::other)
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
        let answer = Arc::new(OnceLock::new());
        self.waiting.lock().push((command.clone(), answer.clone()));
        // From before anybody sees the change: who sees it and does not find it open waits for this.
        let reconciling = self.indexes.begin();
        if answer.get().is_none() {
            self.carry_out(&reconciling);
        }
        drop(reconciling);
        let lost = || Err(Error::new(ErrorKind::IllegalState, "a change of the metadata ended without an answer"));
        answer.get().cloned().unwrap_or_else(lost)?;
        Ok(self.state())
    }

    /// Carries out all commands that wait, with one write, and follows them.
    fn carry_out(self: &Arc<Self>, reconciling: &Reconciling<'_>) {
        let (commands, answers): (Vec<Command>, Vec<_>) = std::mem::take(&mut *self.waiting.lock()).into_iter().unzip();
        let plan = |state: &State| self.indexes.appointments(state, &self.identity.node);
        let done = self.metadata.transact(&commands, plan);
        self.reconcile(reconciling);
        for (at, answer) in answers.into_iter().enumerate() {
            answer.get_or_init(|| match &done {
                Ok(done) => done[at].clone(),
                Err(error) => Err(error.clone()),
            });
        }
    }

    /// Opens every shard again that failed. Blocks for the disk.
    ///
    /// # Errors
    /// When the metadata cannot be written.
    pub fn retry_failed(self: &Arc<Self>) -> Result<(), Error> {
        let reconciling = self.indexes.begin();
        let count = self.indexes.retry(&reconciling, &self.metadata, &self.identity.node)?;
        self.reconcile(&reconciling);
        tracing::info!("{count} shards were opened again, {} do not serve", self.indexes.failed_count());
        Ok(())
    }

    fn reconcile(self: &Arc<Self>, reconciling: &Reconciling<'_>) {
        self.indexes.reconcile(reconciling, &self.metadata);
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

/// How this node speaks with others.
fn wire(config: &Config, identity: &Identity) -> Wire {
    Wire {
        cluster_name: config.cluster_name.as_str().into(),
        node: identity.node.clone(),
        secret: None,
        max_message: 128 << 20,
        compress_bulk: true,
        tls: None,
    }
}
