//! Three nodes in one process: what copies cost in CPU, a write beside an fdatasync, recoveries beside copying and indexing.
//!
//! `cargo xtask bench replicas -- [DOCUMENTS] [FOLDER] [PARTS]`, where parts are `bulk`, `single`, `files` and `operations`. The nodes are whole, with disks, logs and connections of their own; only clients are left out:
//! writes go through the door that the dialects use, and are made before the clock runs. Time of several nodes on one machine is no measure, CPU
//! is: of everything that has to be done until all copies have sealed what they were given and have merged it, less what idle nodes take.
//! Recoveries are two nodes at work. More than 90,000 documents are recovered by files alone: logs keep 100,000 operations.
//!
//! The aims: a copy costs at most 1.1 times the CPU of an index without replicas; the 99th of 100 acknowledged writes takes at most an
//! fdatasync and 2 ms; recovery by files has at least 70 % of the speed of copying the same files and syncing them, recovery by operations 3 times
//! that of indexing.

use std::error::Error;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::admin::{CreateIndex, Flush, HealthRequest, HealthStatus, HealthWait, PutClusterSettings, PutSettings};
use model::document::Source;
use model::gateway::Gateway;
use model::recovery::{RecoveryKind, ShardRecovery};
use model::target::{Target, TargetOptions};
use model::write::{Action, Condition, Refresh, Write, WriteRequest};
use node::config::{Config, Sources};
use node::gateway::NodeGateway;
use node::lifecycle::Node;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

type Outcome<T> = Result<T, Box<dyn Error>>;

const BATCH: usize = 1_000;
/// Batches that are on their way at a time.
const WRITERS: usize = 4;
/// What logs keep, and a little less.
const KEPT: usize = 90_000;
const SINGLE_WRITES: usize = 2_000;
/// Times that files are copied beside a recovery.
const COPIES: usize = 5;
/// How long the nodes are looked at, and what of a core they may take beside what idle ones do.
const LOOK: Duration = Duration::from_millis(500);
const QUIET: f64 = 0.05;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let documents = arguments.next().map_or(Ok(200_000), |given| given.parse())?;
    let own = std::env::temp_dir().join(format!("shoal-replicas-{}", std::process::id()));
    let folder = arguments.next().map_or(own, PathBuf::from);
    let runtime = tokio::runtime::Runtime::new()?;
    let parts: Vec<String> = arguments.collect();
    let done = runtime.block_on(run(&folder, documents, &parts));
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn run(folder: &Path, documents: usize, parts: &[String]) -> Outcome<()> {
    let mut nodes = Nodes::start(folder).await?;
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if is_wanted("bulk") {
        cpu_by_copies(&nodes, documents).await?;
    }
    if is_wanted("single") {
        single_writes(&nodes, folder).await?;
    }
    if is_wanted("files") {
        by_files(&nodes, folder, documents).await?;
    }
    if is_wanted("operations") {
        by_operations(&mut nodes, documents.min(KEPT)).await?;
    }
    nodes.stop_all().await
}

/// Bulks with 0, 1 and 2 replicas.
async fn cpu_by_copies(nodes: &Nodes, documents: usize) -> Outcome<()> {
    println!("three idle nodes: {:.1} % of a core", nodes.idle * 100.0);
    let mut alone = None;
    for replicas in 0..3u32 {
        let index = format!("bulk{replicas}");
        nodes.create(&index, 3, replicas).await?;
        let batches = batches(&index, documents);
        nodes.settle().await?;
        let (begun, before) = (Instant::now(), cpu()?);
        fill(&nodes.door(), batches).await?;
        let seconds = begun.elapsed().as_secs_f64();
        nodes.door().refresh(Target::one(&*index)).await?;
        nodes.flush(&index).await?;
        nodes.settle().await?;
        let cpu = (cpu()? - before).as_secs_f64() - nodes.idle * begun.elapsed().as_secs_f64();
        let each = cpu * 1e6 / documents as f64 / f64::from(replicas + 1);
        let times = each / *alone.get_or_insert(each);
        println!(
            "bulk of {documents}, {replicas} replicas: {each:.1} us of CPU a document and copy, {times:.2}x of none ({}); {:.0} documents a second",
            aim("at most 1.1x", times <= 1.1),
            documents as f64 / seconds
        );
        nodes.door().delete_indexes(Target::one(&*index)).await?;
    }
    Ok(())
}

/// One write after the other, each acknowledged, with one replica.
async fn single_writes(nodes: &Nodes, folder: &Path) -> Outcome<()> {
    let synced = percentiles(fdatasyncs(folder)?);
    nodes.create("single", 1, 1).await?;
    let door = nodes.primary_door("single").await?;
    let mut took = Vec::with_capacity(SINGLE_WRITES);
    for n in 0..SINGLE_WRITES {
        let begun = Instant::now();
        write(&door, vec![document("single", n)]).await?;
        took.push(begun.elapsed());
    }
    let written = percentiles(took);
    println!(
        "fdatasync of 1 kB: median {} us, p99 {} us; an acknowledged write with 1 replica: median {} us, p99 {} us ({})",
        synced.0.as_micros(),
        synced.1.as_micros(),
        written.0.as_micros(),
        written.1.as_micros(),
        aim("p99 at most 2 ms more", written.1 <= synced.1 + Duration::from_millis(2))
    );
    nodes.door().delete_indexes(Target::one("single")).await?;
    Ok(())
}

/// A replica of an index that is there, beside a copy of as many bytes.
async fn by_files(nodes: &Nodes, folder: &Path, documents: usize) -> Outcome<()> {
    nodes.create("files", 1, 0).await?;
    fill(&nodes.door(), batches("files", documents)).await?;
    nodes.flush("files").await?;
    // Merges would take part in the time of the recovery.
    nodes.settle().await?;
    nodes.replicas("files", 1).await?;
    let recovery = nodes.recovery_of_replica("files").await?;
    let lengths: Vec<u64> = recovery.files.iter().map(|file| file.recovered).collect();
    let bytes: u64 = lengths.iter().sum();
    let copied = copying(folder, &lengths)?;
    let speed = bytes as f64 / (recovery.files_ms.max(1) as f64 / 1000.0);
    println!(
        "recovery of {documents} documents by files: {} files, {bytes} bytes in {} ms ({} ms in all), {:.0} MB/s, {:.0} % of copying and syncing them on this disk ({:.0} MB/s; {}), {:.0} % of copying them into the page cache ({:.0} MB/s)",
        lengths.len(),
        recovery.files_ms,
        recovery.total_ms,
        speed / 1e6,
        speed / copied.synced * 100.0,
        copied.synced / 1e6,
        aim("at least 70 %", speed >= 0.7 * copied.synced),
        speed / copied.cached * 100.0,
        copied.cached / 1e6,
    );
    nodes.door().delete_indexes(Target::one("files")).await?;
    Ok(())
}

/// A replica that lacks operations, beside the indexing of them.
async fn by_operations(nodes: &mut Nodes, documents: usize) -> Outcome<()> {
    nodes.create("log", 1, 1).await?;
    let away = nodes.holder_of_replica("log").await?;
    nodes.stop(away).await?;
    let door = nodes.primary_door("log").await?;
    let batches = batches("log", documents);
    let begun = Instant::now();
    fill(&door, batches).await?;
    let indexing = documents as f64 / begun.elapsed().as_secs_f64();
    nodes.settle().await?;
    nodes.restart(away).await?;
    nodes.green().await?;
    let recovery = nodes.recovery_of_replica("log").await?;
    let files = recovery.files.len();
    let speed = recovery.operations as f64 / (recovery.operations_ms.max(1) as f64 / 1000.0);
    println!(
        "recovery of {} operations ({files} files): {} ms, {speed:.0} a second, {:.1}x of indexing them ({indexing:.0} a second; {})",
        recovery.operations,
        recovery.operations_ms,
        speed / indexing,
        aim("at least 3x", speed >= 3.0 * indexing && files == 0)
    );
    Ok(())
}

/// Three of them, which have met.
struct Nodes {
    configs: Vec<Config>,
    running: Vec<Option<Running>>,
    /// What they take of a core when they have nothing to do.
    idle: f64,
}

struct Running {
    gateway: NodeGateway,
    stop: oneshot::Sender<()>,
    ends: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(config: Config) -> std::io::Result<Self> {
        let node = Node::start(config).await?;
        let gateway = node.gateway();
        let (stop, stopped) = oneshot::channel::<()>();
        let ends = tokio::spawn(node.run(async move { drop(stopped.await) }));
        Ok(Self { gateway, stop, ends })
    }
}

impl Nodes {
    async fn start(folder: &Path) -> Outcome<Self> {
        let configs = configs(folder)?;
        // They wait for each other, so none is waited for before all have begun.
        let starts: Vec<_> = configs.iter().cloned().map(|config| tokio::spawn(Running::start(config))).collect();
        let mut running = Vec::new();
        for start in starts {
            running.push(Some(start.await??));
        }
        let mut nodes = Self { configs, running, idle: 0.0 };
        let settings = json!({
            "cluster.routing.allocation.disk.threshold_enabled": false, "cluster.routing.rebalance.enable": "none",
            "indices.recovery.max_bytes_per_sec": "-1",
        });
        let settings = PutClusterSettings { persistent: object(settings), transient: Map::new() };
        nodes.door().put_cluster_settings(settings).await?;
        tokio::time::sleep(2 * LOOK).await;
        nodes.idle = busy(10 * LOOK).await?;
        Ok(nodes)
    }

    /// Into the first node that runs.
    fn door(&self) -> NodeGateway {
        self.running.iter().flatten().next().map(|node| node.gateway.clone()).expect("a node runs")
    }

    fn named(&self, node: &str) -> Option<usize> {
        let name = self.door().cluster().nodes.into_iter().find(|one| *one.id == *node)?.name;
        self.configs.iter().position(|config| *config.node_name == *name)
    }

    async fn create(&self, index: &str, shards: u32, replicas: u32) -> Outcome<()> {
        let settings = json!({
            "number_of_shards": shards, "number_of_replicas": replicas, "refresh_interval": "-1",
        });
        let mappings =
            json!({"properties": {"text": {"type": "text"}, "word": {"type": "keyword"}, "n": {"type": "long"}}});
        let wanted = CreateIndex {
            name: index.to_owned(),
            settings: object(settings),
            mappings: Some(mappings),
            timeout_ms: 30_000,
            ..CreateIndex::default()
        };
        self.door().create_index(wanted).await?;
        self.green().await
    }

    async fn replicas(&self, index: &str, replicas: u32) -> Outcome<()> {
        let settings = object(json!({"index.number_of_replicas": replicas}));
        let change = PutSettings { target: Target::one(index), settings, preserve_existing: false };
        self.door().put_settings(change).await?;
        self.green().await
    }

    /// Everything that the copies have is sealed and synced.
    async fn flush(&self, index: &str) -> Outcome<()> {
        let shards =
            self.door().flush(Flush { target: Target::one(index), force: true, wait_if_ongoing: true }).await?;
        if shards.failures.is_empty() { Ok(()) } else { Err(format!("{:?}", shards.failures).into()) }
    }

    /// Waits until the nodes do no more than when they are idle: merges, and what copies still owe, are done.
    async fn settle(&self) -> Outcome<()> {
        let mut quiet = 0;
        while quiet < 3 {
            quiet = if busy(LOOK).await? < 2.0 * self.idle + QUIET { quiet + 1 } else { 0 };
        }
        Ok(())
    }

    async fn green(&self) -> Outcome<()> {
        let wait = HealthWait { status: Some(HealthStatus::Green), ..HealthWait::default() };
        let target = Target { names: Vec::new(), options: TargetOptions::default() };
        let health = self.door().health(HealthRequest { target, timeout_ms: 600_000, wait }).await?;
        if health.timed_out { Err("the cluster does not become green".into()) } else { Ok(()) }
    }

    async fn recoveries(&self, index: &str) -> Outcome<Vec<ShardRecovery>> {
        Ok(self.door().recoveries(Target::one(index)).await?)
    }

    async fn recovery_of_replica(&self, index: &str) -> Outcome<ShardRecovery> {
        let found =
            self.recoveries(index).await?.into_iter().find(|one| !one.primary && one.kind == RecoveryKind::Peer);
        found.ok_or_else(|| "no recovery of a replica is told of".into())
    }

    async fn primary_door(&self, index: &str) -> Outcome<NodeGateway> {
        let primary = self.recoveries(index).await?.into_iter().find(|one| one.primary).ok_or("no primary")?;
        let at = self.named(&primary.target).ok_or("no such node")?;
        Ok(self.running[at].as_ref().ok_or("it does not run")?.gateway.clone())
    }

    async fn holder_of_replica(&self, index: &str) -> Outcome<usize> {
        let replica = self.recovery_of_replica(index).await?;
        Ok(self.named(&replica.target).ok_or("no such node")?)
    }

    async fn stop(&mut self, at: usize) -> Outcome<()> {
        if let Some(node) = self.running[at].take() {
            drop((node.gateway, node.stop));
            node.ends.await??;
        }
        Ok(())
    }

    async fn restart(&mut self, at: usize) -> Outcome<()> {
        self.running[at] = Some(Running::start(self.configs[at].clone()).await?);
        Ok(())
    }

    async fn stop_all(&mut self) -> Outcome<()> {
        for at in 0..self.running.len() {
            self.stop(at).await?;
        }
        Ok(())
    }
}

fn configs(folder: &Path) -> Outcome<Vec<Config>> {
    let bound: Vec<_> = (0..3).map(|_| std::net::TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let addresses: Vec<String> =
        bound.iter().map(|one| one.local_addr().map(|address| address.to_string())).collect::<Result<_, _>>()?;
    drop(bound);
    let config = |(at, address): (usize, &String)| {
        let flag = |key: &str, value: String| (key.to_owned(), value);
        let flags = vec![
            flag("node.name", format!("n{at}")),
            flag("path.data", folder.join(format!("n{at}")).to_string_lossy().into_owned()),
            flag("http.address", "127.0.0.1:0".to_owned()),
            flag("peer.address", address.clone()),
            flag("peer.seeds", addresses.join(",")),
        ];
        Ok(Config::load(&Sources { flags, ..Sources::default() })?)
    };
    addresses.iter().enumerate().map(config).collect()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// About 250 bytes of words that differ from document to document.
fn document(index: &str, n: usize) -> Write {
    let words: Vec<String> =
        (0..24).map(|k| format!("w{}", n.wrapping_mul(2_654_435_761).wrapping_add(k * k * 7919) % 20_011)).collect();
    let source: Source = json!({"text": words.join(" "), "word": words[0], "n": n}).to_string().into_bytes().into();
    Write {
        index: index.into(),
        id: Some(Arc::from(n.to_string())),
        routing: None,
        action: Action::Index(source),
        condition: Condition::default(),
        require_alias: false,
        pipeline: None,
    }
}

async fn write(door: &NodeGateway, writes: Vec<Write>) -> Result<(), String> {
    let request = WriteRequest { writes, refresh: Refresh::Later, timeout_ms: 60_000, active_shards: None };
    for written in door.write(request).await.map_err(|error| error.to_string())? {
        written.map_err(|failure| failure.error.to_string())?;
    }
    Ok(())
}

/// Documents as clients send them.
fn batches(index: &str, documents: usize) -> Vec<Vec<Write>> {
    let batch = |from: usize| (from..documents.min(from + BATCH)).map(|n| document(index, n)).collect();
    (0..documents).step_by(BATCH).map(batch).collect()
}

async fn fill(door: &NodeGateway, batches: Vec<Vec<Write>>) -> Outcome<()> {
    let left = Arc::new(Mutex::new(batches));
    let writer = || {
        let (door, left) = (door.clone(), left.clone());
        let next = move || left.lock().expect("no writer panics").pop();
        tokio::spawn(async move {
            while let Some(batch) = next() {
                write(&door, batch).await?;
            }
            Ok::<(), String>(())
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(|_| writer()).collect();
    for writer in writers {
        writer.await??;
    }
    Ok(())
}

/// What this process takes of a core during so long.
async fn busy(moment: Duration) -> Outcome<f64> {
    let (begun, before) = (Instant::now(), cpu()?);
    tokio::time::sleep(moment).await;
    Ok((cpu()? - before).as_secs_f64() / begun.elapsed().as_secs_f64())
}

fn aim(what: &str, met: bool) -> String {
    format!("aim: {what}, {}", if met { "met" } else { "NOT met" })
}

/// Of this process: all nodes.
fn cpu() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    // User and system time, in hundredths of a second.
    Ok(Duration::from_millis((ticks(11) + ticks(12)) * 10))
}

fn fdatasyncs(folder: &Path) -> Outcome<Vec<Duration>> {
    let path = folder.join("synced");
    let mut file = File::create(&path)?;
    // As a log does it: into space that the file already has, on the disk.
    file.write_all(&vec![0; 16 << 20])?;
    file.sync_all()?;
    file.rewind()?;
    let mut took = Vec::with_capacity(SINGLE_WRITES);
    for _ in 0..SINGLE_WRITES {
        let begun = Instant::now();
        file.write_all(&[7; 1024])?;
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(took)
}

/// Median and 99th.
fn percentiles(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

/// How fast files of such lengths are copied on the disk of the folder.
struct Copying {
    /// Bytes a second, with every copy synced: what a recovery does, too.
    synced: f64,
    /// Bytes a second into the page cache alone.
    cached: f64,
}

/// The median of some runs each. What is copied lies in the page cache, as what was just indexed does.
fn copying(folder: &Path, lengths: &[u64]) -> Outcome<Copying> {
    let (from, to) = (folder.join("copied"), folder.join("copy"));
    std::fs::create_dir_all(&from)?;
    let chunk: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, length) in lengths.iter().enumerate() {
        let mut file = File::create(from.join(name.to_string()))?;
        let mut left = *length;
        while left > 0 {
            let part = left.min(chunk.len() as u64);
            file.write_all(&chunk[..part as usize])?;
            left -= part;
        }
        file.sync_all()?;
    }
    let copy = |synced: bool| -> Outcome<f64> {
        std::fs::create_dir_all(&to)?;
        let (begun, mut copied) = (Instant::now(), 0);
        for name in 0..lengths.len() {
            let to = to.join(name.to_string());
            copied += std::fs::copy(from.join(name.to_string()), &to)?;
            if synced {
                File::open(&to)?.sync_all()?;
            }
        }
        if synced {
            File::open(&to)?.sync_all()?;
        }
        let speed = copied as f64 / begun.elapsed().as_secs_f64();
        std::fs::remove_dir_all(&to)?;
        Ok(speed)
    };
    let median = |synced: bool| -> Outcome<f64> {
        let mut speeds = (0..COPIES).map(|_| copy(synced)).collect::<Outcome<Vec<_>>>()?;
        speeds.sort_by(f64::total_cmp);
        Ok(speeds[COPIES / 2])
    };
    let speeds = Copying { synced: median(true)?, cached: median(false)? };
    std::fs::remove_dir_all(from)?;
    Ok(speeds)
}
