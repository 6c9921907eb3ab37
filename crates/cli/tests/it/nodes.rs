//! A cluster of real processes: one node that elects and coordinates and holds nothing, and some that hold shards.
//!
//! In: how many hold shards. Out: a [`Nodes`], green, with the ids of its nodes. Not here: what the tests ask.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::link::Link;
use crate::ports::free_addresses;
use crate::server::Server;

/// What another process does is waited for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One coordinator, and the holders of shards.
pub(crate) struct Nodes {
    pub(crate) coordinator: Server,
    pub(crate) holders: Vec<Server>,
    /// Where repositories of all of them lie.
    _shared: TempDir,
}

impl Nodes {
    /// Starts the coordinator and `holders` nodes that hold shards, all at once, and waits until they have met.
    pub(crate) fn start(holders: usize) -> Self {
        let peers: Vec<String> = free_addresses(holders + 1);
        let shared = tempfile::tempdir().expect("a temporary folder");
        let of = |at: usize, role: &str| {
            let own = &peers[at];
            vec![
                format!("node.name=n{at}"),
                format!("node.roles={role}"),
                format!("peer.address={own}"),
                format!("peer.seeds={}", peers[0]),
                format!("path.repo={}", shared.path().display()),
            ]
        };
        let settings: Vec<Vec<String>> =
            (0..=holders).map(|at| of(at, if at == 0 { "cluster_manager" } else { "data" })).collect();
        let mut servers = Server::start_all(&settings);
        let holders = servers.split_off(1);
        let coordinator = servers.pop().expect("the first of them");
        Self { coordinator, holders, _shared: shared }
    }

    /// Creates an index with so many shards, spread over the holders, and `count` documents `{"a": 0..}`.
    pub(crate) fn fill(&self, index: &str, shards: usize, count: usize) {
        // As many on each, even where one has been away for a moment while the index was made.
        let each = shards.div_ceil(self.holders.len());
        let body = format!(
            r#"{{"settings":{{"number_of_shards":{shards},"number_of_replicas":0,
                "index.routing.allocation.total_shards_per_node":{each}}},
                "mappings":{{"properties":{{"a":{{"type":"integer"}},"t":{{"type":"text"}}}}}}}}"#
        );
        self.coordinator.ok("PUT", &format!("/{index}"), &body);
        self.coordinator.ok("GET", &format!("/_cluster/health/{index}?wait_for_status=green&timeout=60s"), "");
        let line = |n: usize| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"a\":{n},\"t\":\"word{} all\"}}\n", n % 7);
        let bulk: String = (0..count).map(line).collect();
        let answer = self.coordinator.ok("POST", &format!("/{index}/_bulk?refresh=true"), &bulk);
        assert_eq!(answer["errors"], false, "{answer}");
    }

    /// The id of each holder.
    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |(at, holder): (usize, &Server)| {
            let (nodes, name) = (holder.ok("GET", "/_nodes", ""), format!("n{}", at + 1));
            let nodes = nodes["nodes"].as_object().cloned().expect("nodes");
            nodes.into_iter().find(|(_, node)| node["name"] == name).map(|(id, _)| id).expect("a node of that name")
        };
        self.holders.iter().enumerate().map(id).collect()
    }

    /// How many shards of an index a node holds.
    pub(crate) fn shards_of(&self, index: &str, node: &str) -> usize {
        let state = self.coordinator.ok("GET", &format!("/_cluster/state/routing_table/{index}"), "");
        let shards = state["routing_table"]["indices"][index]["shards"].as_object().cloned().expect("shards");
        shards.values().filter(|copies| copies[0]["node"] == node).count()
    }
}

/// Three nodes that all may be elected and hold shards.
pub(crate) struct Peers {
    pub(crate) servers: Vec<Server>,
}

impl Peers {
    /// Starts them at once and waits until they have met.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`Peers::start`], with more settings.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let mut peers = Self::prepared_with(3, more);
        peers.launch(0..3);
        peers
    }

    /// So many, none of which runs yet.
    pub(crate) fn prepared(count: usize) -> Self {
        Self::prepared_with(count, &[])
    }

    fn prepared_with(count: usize, more: &[&str]) -> Self {
        let addresses = free_addresses(count);
        let seeds = addresses.iter().take(3).cloned().collect::<Vec<_>>().join(",");
        let of = |(at, own): (usize, &String)| {
            let own = [format!("node.name=n{at}"), format!("peer.address={own}"), format!("peer.seeds={seeds}")];
            own.into_iter().chain(more.iter().map(|setting| (*setting).to_owned())).collect()
        };
        let settings: Vec<Vec<String>> = addresses.iter().enumerate().map(of).collect();
        let prepared =
            |settings: &Vec<String>| Server::prepared(&settings.iter().map(String::as_str).collect::<Vec<_>>());
        Self { servers: settings.iter().map(prepared).collect() }
    }

    /// As [`Peers::prepared`], where the others reach the node at `behind` through a link.
    pub(crate) fn prepared_behind_a_link(count: usize, behind: usize) -> (Self, Link) {
        let mut peers = Self::prepared(count);
        let server = &mut peers.servers[behind];
        let own = server.setting("peer.address").expect("its address").parse().expect("an address");
        let link = Link::to(own);
        server.set("peer.publish", &link.address.to_string());
        (peers, link)
    }

    /// Starts some at once and waits until they have met.
    pub(crate) fn launch(&mut self, which: std::ops::Range<usize>) {
        let door = which.start;
        let begun: Vec<usize> = self.servers[which.clone()].iter_mut().map(Server::launch).collect();
        self.servers[which].iter_mut().zip(begun).for_each(|(server, before)| server.wait_until_ready(before));
        // The tests' machine may have a full disk.
        let settings = r#"{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":false}}"#;
        self.servers[door].ok("PUT", "/_cluster/settings", settings);
    }
}

/// Asks until the answer is as `wanted` says.
pub(crate) fn until(server: &Server, target: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (_, answer) = server.ask("GET", target, "");
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "GET {target} does not come to be as wanted: {answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
