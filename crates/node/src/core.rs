//! What every request of a node works with, in one place: metadata, open indexes, threads, counters.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use analysis::Stemmers;
use cluster::command::Command;
use cluster::state::{Node, State};
use grpc::channels::Channels;
use model::error::Error;
use model::id::IndexUuid;
use shard::aggregate::Budget;
use wal::Syncer;

use crate::clock::now_ms;
use crate::config::Config;
use crate::data_lock::DataLock;
use crate::follow;
use crate::gateway::point::Points;
use crate::gateway::remote::Received;
use crate::gateway::remote::contexts::Contexts;
use crate::gateway::{IngestCounts, KnownCounts, Released};
use crate::identity::{self, DocumentIds, Identity};
use crate::indexes::Indexes;
use crate::membership::{self, Discovery, Membership, Seeds};
use crate::metadata::{Metadata, SUBMIT_TIMEOUT};
use crate::peer::{self, PeerThreads};
use crate::pool::Pool;
use crate::pressure::Pressure;
use crate::replication::{self, Exchange};
use crate::request_cache::RequestCache;
use crate::tasks::Tasks;
use crate::telemetry::Metrics;

/// How far the threads that merge yield to others: a third of what an ordinary thread gets when all cores are busy.
const MERGE_NICE: i32 = 5;
/// Each commits for one shard at a time; the disk is the limit.
const FLUSH_THREADS: usize = 2;

/// How long a change may take to be followed here, once it is agreed on, and shards to be opened elsewhere.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(30);

/// One node, running.
pub struct Core {
    pub config: Config,
    pub identity: Identity,
    pub ephemeral_id: String,
    pub metadata: Arc<Metadata>,
    pub membership: Arc<Membership>,
    /// Connections to other nodes, for requests of clients.
    pub peers: Arc<Channels>,
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
    /// What searches without hits found.
    pub request_cache: RequestCache,
    pub(crate) ingested: IngestCounts,
    /// Writes that are in hand.
    pub(crate) pressure: Pressure,
    /// How often terms occur in shards of other nodes.
    pub(crate) known_counts: KnownCounts,
    pub document_ids: DocumentIds,
    /// For words that are not analysed with a field's text.
    pub(crate) stemmers: Stemmers,
    /// What searches of other nodes keep here between their phases.
    pub(crate) contexts: Contexts,
    /// What it has let go of what other nodes keep for its own.
    pub(crate) released: Released,
    /// What points in time and scrolls keep here.
    pub(crate) points: Points,
    /// What this node is doing.
    pub(crate) tasks: Arc<Tasks>,
    /// What other nodes have sent to be written.
    pub(crate) received: Received,
    /// How copies of one shard on several nodes speak with each other.
    pub(crate) exchange: Arc<Exchange>,
    pub started_ms: u64,
    /// Counts readers, so that copies of shards are read in turn.
    turns: AtomicU64,
    /// Bytes that the aggregations of all searches hold.
    aggregated: Arc<AtomicU64>,
    peer_threads: PeerThreads,
    _lock: DataLock,
}

impl Core {
    /// Opens the data folder and the metadata, begins or joins the cluster, and opens every shard that is assigned to this node. Blocks for the
    /// disk, and for other nodes as long as it takes to find them. `http`: where this node answers clients.
    ///
    /// # Errors
    /// What cannot be read or started, naming the file. A shard that does not open does not fail the node.
    pub fn open(config: Config, http: SocketAddr) -> io::Result<Arc<Self>> {
        let begun = Instant::now();
        let core = Self::prepare(config, http)?;
        let (weak, metadata) = (Arc::downgrade(&core), core.metadata.clone());
        follow::start(weak, metadata)?;
        let threads = core.peer_threads.handle();
        threads.spawn(core.membership.clone().stay());
        threads.spawn(core.membership.clone().lead());
        threads.spawn(replication::ticks(Arc::downgrade(&core)));
        core.wait_for(Duration::MAX, |state| core.membership.is_in() && has_started(state, &core.identity));
        tracing::info!(
            "node {} is open: {} indexes, {} shards, {} ms",
            core.config.node_name,
            core.state().indexes.len(),
            core.indexes.shard_count(),
            begun.elapsed().as_millis()
        );
        Ok(core)
    }

    /// Everything but the others.
    fn prepare(config: Config, http: SocketAddr) -> io::Result<Arc<Self>> {
        std::fs::create_dir_all(&config.data).map_err(|e| {
            io::Error::new(e.kind(), format!("cannot create [path.data] {}: {e}", config.data.display()))
        })?;
        let lock = DataLock::take(&config.data)?;
        let identity = Identity::open(&config.data)?;
        let (older, own) = (config.data.join("metadata.json"), config.data.join("metadata.redb"));
        if older.exists() && !own.exists() {
            let why = format!("{} was written by an older version, which this one does not read", older.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let (listener, wire) = peer::bind(&config, identity.node.clone())?;
        let node = describe(&config, http, peer::published(&config, &listener)?);
        tracing::info!("peers are heard on {}", node.peer_address);
        let peer_threads = PeerThreads::start()?;
        let metrics = Metrics::new();
        let channels = || Channels::watched(wire.clone(), metrics.peers.watcher());
        let own_channels = channels();
        let metadata =
            Metadata::open(&config.data, identity.node.clone(), peer_threads.handle(), own_channels.clone())?;
        let seeds = Seeds::new(&config.peer.seeds, config.peer.seeds_file.as_deref());
        let discovery = Discovery::new(seeds, config.peer.initial.clone(), config.peer.expected, &metadata);
        let ephemeral_id = node.ephemeral_id.to_string();
        let rooms = (metadata.clone(), own_channels);
        let membership = Membership::new(identity.node.clone(), node, config.cluster_name.clone(), discovery, rooms);
        membership::start_beats(&membership, channels(), config.data.clone())?;
        let merge = Arc::new(Pool::start_nice("merge", config.merge_threads, MERGE_NICE)?);
        let flush = Arc::new(Pool::start("flush", FLUSH_THREADS, usize::MAX)?);
        let pools = (flush.clone(), merge.clone());
        let peers = channels();
        let runtime = peer_threads.handle().clone();
        let exchange = Exchange::new(peers.clone(), metadata.clone(), runtime, config.write_threads.max(2))?;
        let followed = (metadata.published().clone(), exchange.clone());
        let indexes = Indexes::new(&config, Syncer::start(2)?, pools, followed);
        let core = Arc::new(Self {
            search: Pool::start("search", config.search_threads, config.search_queue)?,
            write: Pool::start("write", config.write_threads, config.write_queue)?,
            merge,
            flush,
            refresh: Pool::start("refresh", 1, usize::MAX)?,
            metrics,
            request_cache: RequestCache::new(config.request_cache_bytes),
            ingested: IngestCounts::default(),
            pressure: Pressure::default(),
            known_counts: KnownCounts::new(),
            document_ids: DocumentIds::new(),
            stemmers: Stemmers::default(),
            ephemeral_id,
            started_ms: now_ms(),
            turns: AtomicU64::new(0),
            aggregated: Arc::default(),
            contexts: Contexts::default(),
            released: Released::default(),
            points: Points::new(),
            tasks: Tasks::new(identity.node.0.clone()),
            received: Received::default(),
            peers,
            exchange,
            config,
            identity,
            metadata,
            membership,
            indexes,
            peer_threads,
            _lock: lock,
        });
        core.exchange.open(&core);
        core.peer_threads.serve(listener, wire, peer::router(&core))?;
        Ok(core)
    }

    /// What the aggregations of one search may take on one shard.
    pub fn aggregation_budget(&self) -> Budget {
        let max_buckets = crate::gateway::max_buckets(&self.state());
        Budget::new(self.aggregated.clone(), self.config.request_memory, max_buckets)
    }

    /// A number for one reader.
    pub(crate) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Bytes that aggregations hold at the moment.
    pub fn aggregated_bytes(&self) -> u64 {
        self.aggregated.load(Ordering::Relaxed)
    }

    /// The metadata of now.
    pub fn state(&self) -> Arc<State> {
        self.metadata.state()
    }

    /// Carries out a change of the metadata, whichever node is elected. When it returns, this node has followed it: shards are open or
    /// closed, mappings have reached them; after a change that opens shards they have started, on other nodes, too. Blocks.
    ///
    /// # Errors
    /// The command's refusal; nothing has changed then. `cluster_manager_not_discovered_exception` when nobody is elected.
    pub fn submit(&self, command: &Command) -> Result<Arc<State>, Error> {
        self.submit_within(command, SUBMIT_TIMEOUT)
    }

    /// As [`Core::submit`], where an elected node is waited for no longer than `patience`.
    ///
    /// # Errors
    /// As [`Core::submit`]; `process_cluster_event_timeout_exception` when there is one, but the change is not agreed on in time.
    pub fn submit_within(&self, command: &Command, patience: Duration) -> Result<Arc<State>, Error> {
        let answers = self.metadata.submit_within(vec![command.clone()], patience)?;
        answers.into_iter().collect::<Result<(), Error>>()?;
        let published = self.metadata.published();
        let version = published.state().version;
        // A node that follows late says so in its shards' answers.
        published.wait(FOLLOW_TIMEOUT, |progress| progress.followed >= version);
        let opened: Option<Vec<IndexUuid>> = match command {
            Command::CreateIndex(index) => Some(vec![index.uuid.clone()]),
            Command::CreateDataStream(first) => Some(vec![first.uuid.clone()]),
            Command::RollOver { to, .. } => Some(vec![to.uuid.clone()]),
            Command::OpenIndexes { indexes, .. } => Some(indexes.clone()),
            Command::RetryFailed => Some(self.state().indexes.values().map(|index| index.uuid.clone()).collect()),
            _ => None,
        };
        if let Some(indexes) = opened {
            self.wait_for(FOLLOW_TIMEOUT, |state| indexes.iter().all(|uuid| is_settled(state, uuid)));
        }
        Ok(self.state())
    }

    /// Waits until the metadata are so, or the time is over. Blocks.
    fn wait_for(&self, within: Duration, is_so: impl Fn(&State) -> bool) {
        let begun = Instant::now();
        loop {
            let state = self.state();
            let left = within.saturating_sub(begun.elapsed());
            if is_so(&state) || left.is_zero() || self.metadata.published().progress().closed {
                return;
            }
            self.metadata.published().wait(left.min(FOLLOW_TIMEOUT), |progress| progress.version != state.version);
        }
    }

    /// Opens every shard again that failed. Blocks for the disk.
    ///
    /// # Errors
    /// When the metadata cannot be written.
    pub fn retry_failed(&self) -> Result<(), Error> {
        self.submit(&Command::RetryFailed)?;
        tracing::info!("shards that had failed were opened again, {} do not serve", self.indexes.failed_count());
        Ok(())
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
        self.exchange.finish();
        self.membership.say_farewell();
        self.membership.hand_over();
        self.metadata.close();
        self.peer_threads.close();
        tracing::info!("node {} has flushed its shards and leaves", self.config.node_name);
    }
}

/// This node, as it joins the cluster.
fn describe(config: &Config, http: SocketAddr, peer_address: String) -> Node {
    Node {
        name: config.node_name.as_str().into(),
        ephemeral_id: identity::random().into(),
        peer_address,
        http_address: http.to_string(),
        roles: config.roles.clone(),
        attributes: config.attributes.clone(),
        version: config.compatible_version.clone(),
        joined_at_ms: now_ms(),
    }
}

/// Whether all primaries that are assigned to this node have started, or failed to. Replicas take their time.
fn has_started(state: &State, own: &Identity) -> bool {
    let tables = state.indexes.values().filter(|index| index.open).flat_map(|index| &index.shards);
    tables.flat_map(|table| table.copies.values()).all(|copy| copy.node != own.node || copy.started || !copy.primary)
}

/// Whether no shard of an index is on its way; one that cannot be assigned is not.
fn is_settled(state: &State, uuid: &IndexUuid) -> bool {
    let Some(index) = state.index_by_uuid(uuid) else { return true };
    index.shards.iter().filter_map(|table| table.primary()).all(|(_, copy)| copy.started)
}
