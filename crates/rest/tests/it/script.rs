//! What the fake gateway says of indexes, nodes and the cluster, and what it was asked.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use model::admin::*;
use model::error::Error;
use model::id::*;
use model::mapping::Mapping;
use model::search::Shards;
use model::target::Target;
use serde_json::{Value, json};

/// One node with two indexes: `films`, green, of two shards, and `books`, yellow.
pub(crate) struct Script {
    pub(crate) indexes: Vec<IndexInfo>,
    pub(crate) timed_out: bool,
    pub(crate) ready: bool,
    pub(crate) calls: Mutex<Vec<String>>,
}

impl Default for Script {
    fn default() -> Self {
        let mut books = index("books", 1, json!({"properties": {"n": {"type": "integer"}}}));
        books.shards.push(ShardInfo {
            primary: false,
            state: ShardState::Unassigned,
            node: None,
            allocation_id: None,
            unassigned: Some(UnassignedInfo {
                delayed: false,
                reason: "INDEX_CREATED",
                at_ms: 1_795_237_440_486,
                details: None,
                failed_attempts: 0,
                status: "no_attempt",
                fresh: false,
            }),
            ..books.shards[0].clone()
        });
        books.settings.insert("index.number_of_replicas".into(), "1".into());
        let mut films = index("films", 2, json!({"properties": {"t": {"type": "text"}}}));
        let all = AliasInfo::default();
        let recent = AliasInfo { filter: Some(json!({"term": {"n": 1}})), is_write_index: Some(true), ..all.clone() };
        films.aliases = BTreeMap::from([(Arc::from("all"), all), (Arc::from("recent"), recent)]);
        Self { indexes: vec![books, films], timed_out: false, ready: true, calls: Mutex::default() }
    }
}

fn index(name: &str, shards: u32, mapping: Value) -> IndexInfo {
    let settings = [("number_of_shards", shards.to_string()), ("number_of_replicas", "0".to_owned())];
    IndexInfo {
        name: Arc::from(name),
        uuid: IndexUuid(Arc::from(format!("{name}-uuid"))),
        open: true,
        hidden: false,
        data_stream: None,
        creation_date_ms: 1_795_237_440_486,
        settings: settings.iter().map(|(name, value)| (format!("index.{name}"), value.as_str().into())).collect(),
        default_settings: BTreeMap::from([("index.max_result_window".to_owned(), "10000".into())]),
        mapping: Arc::new(Mapping::parse(&mapping).unwrap()),
        aliases: BTreeMap::new(),
        versions: IndexVersions::default(),
        shards: (0..shards).map(copy).collect(),
        in_sync: (0..shards).map(|number| vec![Arc::from(format!("allocation-{number}"))]).collect(),
    }
}

fn copy(number: u32) -> ShardInfo {
    ShardInfo {
        number: ShardNumber(number),
        primary: true,
        state: ShardState::Started,
        node: Some(Arc::from("node-id-1")),
        relocating_node: None,
        allocation_id: Some(Arc::from(format!("allocation-{number}"))),
        primary_term: PrimaryTerm(1),
        unassigned: None,
    }
}

pub(crate) fn node() -> NodeInfo {
    NodeInfo {
        id: Arc::from("node-id-1"),
        name: Arc::from("one"),
        ephemeral_id: Arc::from("ephemeral"),
        host: "127.0.0.1".into(),
        http_address: "127.0.0.1:9200".into(),
        transport_address: "127.0.0.1:9300".into(),
        roles: ["ingest", "data", "cluster_manager"].map(str::to_owned).to_vec(),
        attributes: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
        master: true,
        version: "3.4.0".into(),
        start_time_ms: 1_795_237_000_000,
        pid: 7,
        settings: BTreeMap::from([("node.name".to_owned(), "one".into())]),
    }
}

fn counted(docs: u64) -> ShardStats {
    let operations = |total: u64| OperationStats { total, time_ms: total * 2, current: 0, failed: 0 };
    ShardStats {
        docs,
        deleted: 1,
        store_bytes: 2048,
        memory_bytes: 512,
        segments: 1,
        max_seq_no: Some(SeqNo(docs)),
        get: operations(4),
        get_missing: 1,
        query: operations(5),
        indexing: operations(docs),
        ..ShardStats::default()
    }
}

impl Script {
    fn note(&self, call: impl Debug) {
        self.calls.lock().unwrap().push(format!("{call:?}"));
    }

    /// What was asked since the last time.
    pub(crate) fn calls(&self) -> String {
        std::mem::take(&mut *self.calls.lock().unwrap()).join("\n")
    }

    pub(crate) fn find(&self, target: &Target) -> Result<Vec<IndexInfo>, Error> {
        let matches = |name: &str, index: &IndexInfo| {
            model::mapping::simple_match(name, &index.name) || index.aliases.contains_key(name)
        };
        for name in target.names.iter().filter(|name| !name.contains('*') && *name != "_all") {
            if !self.indexes.iter().any(|index| matches(name, index)) && target.options.ignore_unavailable != Some(true)
            {
                return Err(Error::index_not_found(name));
            }
        }
        let wanted = |index: &&IndexInfo| target.is_all() || target.names.iter().any(|name| matches(name, index));
        Ok(self.indexes.iter().filter(wanted).cloned().collect())
    }

    pub(crate) fn told<T>(&self, call: impl Debug, answer: T) -> Result<T, Error> {
        self.note(call);
        Ok(answer)
    }

    pub(crate) fn stats(&self, target: &Target) -> Result<StatsResponse, Error> {
        let mut copies = Vec::new();
        for index in self.find(target)? {
            for shard in index.shards.iter().filter(|shard| shard.state == ShardState::Started) {
                copies.push(CopyStats {
                    index: index.name.clone(),
                    uuid: index.uuid.clone(),
                    shard: shard.clone(),
                    stats: counted(u64::from(shard.number.0) + 2),
                    segments: vec![SegmentInfo {
                        name: "_a".into(),
                        docs: 2,
                        deleted: 0,
                        size_bytes: 1536,
                        memory_bytes: 64,
                        committed: true,
                        searchable: true,
                    }],
                });
            }
        }
        let count = copies.len() as u32;
        Ok(StatsResponse { shards: Shards { total: count, successful: count, ..Shards::default() }, copies })
    }

    pub(crate) fn health(&self, request: &HealthRequest) -> HealthResponse {
        self.note(&request.wait);
        let health = |index: IndexInfo| IndexHealth {
            name: index.name,
            shards: index.shards.iter().filter(|copy| copy.primary).count() as u32,
            replicas: 0,
            copies: index.shards,
        };
        HealthResponse {
            cluster_name: Arc::from("reef"),
            timed_out: self.timed_out,
            nodes: 1,
            data_nodes: 1,
            pending_tasks: 0,
            in_flight_fetch: 0,
            indexes: self.find(&request.target).unwrap_or_default().into_iter().map(health).collect(),
        }
    }

    pub(crate) fn cluster(&self) -> ClusterView {
        let persistent = BTreeMap::from([("search.max_buckets".to_owned(), "1000".into())]);
        ClusterView {
            name: Arc::from("reef"),
            uuid: Arc::from("cluster-uuid"),
            version: StateVersion(5),
            state_uuid: Arc::from("state-uuid"),
            master: Some(node().id),
            term: 3,
            voters: vec!["node-id-1".into()],
            nodes: vec![node()],
            indexes: self.indexes.clone(),
            templates: Arc::default(),
            data_streams: Vec::new(),
            voting_exclusions: Vec::new(),
            settings: ClusterSettings { persistent, ..ClusterSettings::default() },
        }
    }

    pub(crate) fn node_stats(&self) -> NodeStats {
        NodeStats {
            node: node(),
            timestamp_ms: 1_795_237_440_486,
            shards: counted(7),
            shard_count: 3,
            process: ProcessStats {
                resident_bytes: 50 << 20,
                memory_total_bytes: 200 << 20,
                memory_free_bytes: 100 << 20,
                load_average: [0.5, 1.0, 1.5],
                threads: 9,
                ..ProcessStats::default()
            },
            answers_kept: 4,
            ingest: IngestStats::default(),
            asked: 8,
            pressure: PressureStats::default(),
            disk: DiskStats { path: "/data".into(), total_bytes: 1000 << 20, available_bytes: 250 << 20 },
            http: HttpStats::default(),
            breakers: vec![BreakerStats {
                name: "in_flight_requests".into(),
                limit_bytes: 1 << 20,
                used_bytes: 0,
                tripped: 0,
            }],
            pools: vec![PoolStats {
                name: "search".into(),
                threads: 2,
                queue: 1,
                active: 2,
                rejected: 3,
                completed: 40,
            }],
        }
    }
}
