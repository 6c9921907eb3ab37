//! What happens to the nodes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::INDEX;
use super::door::Door;
use super::load::Load;
use crate::nodes::Peers;

/// The cluster heals within this.
const HEALED: Duration = Duration::from_secs(120);
/// How long a node is frozen: longer than it takes the others to go on without it.
const FROZEN: Duration = Duration::from_millis(3000);
const POLL: Duration = Duration::from_millis(50);

/// What a log may say while nodes are killed and frozen.
const EXPECTED: &[&str] =
    &["is gone: it does not answer any more", "is heard by no majority: nothing can change", "could not be sent:"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Kill,
    Freeze,
    /// Asked to stop, and started again.
    Restart,
    /// All nodes, one after the other.
    RollingRestart,
    /// Killed, and its disk is empty when it comes back.
    Wipe,
    /// While a copy moves to or from it.
    KillAmidMove,
    FreezeAmidMove,
    /// Again while it recovers.
    KillAmidRecovery,
    /// While the killed one recovers, the other copy's node.
    KillTheOther,
    KillAll,
}

impl Fault {
    pub(super) const ALL: [Self; 10] = [
        Self::Kill,
        Self::Freeze,
        Self::KillAmidMove,
        Self::Restart,
        Self::Wipe,
        Self::KillAmidRecovery,
        Self::RollingRestart,
        Self::FreezeAmidMove,
        Self::KillTheOther,
        Self::KillAll,
    ];

    /// Whether a copy of every shard stays, so that no search may fail.
    fn leaves_a_copy(self) -> bool {
        !matches!(self, Self::KillTheOther | Self::KillAll)
    }
}

/// The nodes, and a random sequence.
pub(super) struct Field {
    peers: Peers,
    random: u64,
}

impl Field {
    pub(super) fn new(peers: Peers, seed: u64) -> Self {
        Self { peers, random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    pub(super) fn door(&self, at: usize) -> Door {
        Door::new(self.peers.servers[at].url())
    }

    pub(super) fn doors(&self) -> Vec<Door> {
        (0..self.peers.servers.len()).map(|at| self.door(at)).collect()
    }

    /// Xorshift (Marsaglia 2003).
    fn below(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % bound as u64) as usize
    }

    /// Waits until every node is there and every copy serves where it is to stay.
    pub(super) fn green(&self) {
        let begun = Instant::now();
        let count = self.peers.servers.len();
        for door in self.doors() {
            loop {
                let health = door.ask("GET", "/_cluster/health", "").map(|(_, health)| health).unwrap_or_default();
                let whole = health["status"] == "green" && health["number_of_nodes"] == count;
                if whole && health["relocating_shards"] == 0 && all_voters_live(&door) {
                    break;
                }
                if begun.elapsed() > HEALED {
                    let shards = door.ask(
                        "GET",
                        "/_cat/shards?v&h=index,shard,prirep,state,node,unassigned.reason,unassigned.details",
                        "",
                    );
                    panic!(
                        "not whole after {HEALED:?}: {health}\n{shards:?}\n{}",
                        self.complaints(true).into_iter().take(40).collect::<Vec<_>>().join("\n")
                    );
                }
                std::thread::sleep(POLL);
            }
        }
    }

    /// The complaints of all logs that no fault explains. `warnings`: not the errors alone.
    pub(super) fn complaints(&self, warnings: bool) -> Vec<String> {
        let mut found = Vec::new();
        for (at, server) in self.peers.servers.iter().enumerate() {
            let unexpected = |line: &String| {
                (warnings || !line.contains(" WARN ")) && !EXPECTED.iter().any(|expected| line.contains(expected))
            };
            found.extend(server.complaints().into_iter().filter(unexpected).map(|line| format!("n{at}: {line}")));
        }
        found
    }

    /// One fault, from a whole cluster to a whole cluster.
    pub(super) fn inflict(&mut self, fault: Fault, load: &Load) {
        self.green();
        let victim = self.below(self.peers.servers.len());
        load.lenient(!fault.leaves_a_copy());
        match fault {
            Fault::Kill => self.kill_for(victim, load, 10),
            Fault::Freeze => self.freeze(victim, load),
            Fault::Restart => self.restart(victim, load),
            Fault::RollingRestart => (0..self.peers.servers.len()).for_each(|at| {
                self.restart(at, load);
                self.green();
            }),
            Fault::Wipe => {
                load.away(Some(victim));
                self.peers.servers[victim].kill();
                let data = self.peers.servers[victim].data();
                std::fs::remove_dir_all(&data).expect("a data folder to remove");
                self.start(victim, load);
            }
            Fault::KillAmidMove => {
                self.begin_move(victim);
                self.kill_for(victim, load, 5);
            }
            Fault::FreezeAmidMove => {
                self.begin_move(victim);
                self.freeze(victim, load);
            }
            Fault::KillAmidRecovery => {
                self.kill_for(victim, load, 10);
                let moment = Duration::from_millis(self.below(300) as u64);
                std::thread::sleep(moment);
                self.kill_for(victim, load, 0);
            }
            Fault::KillTheOther => {
                self.kill_for(victim, load, 10);
                let moment = Duration::from_millis(self.below(300) as u64);
                std::thread::sleep(moment);
                self.kill_for((victim + 1) % 3, load, 0);
            }
            Fault::KillAll => {
                self.peers.servers.iter_mut().for_each(crate::server::Server::kill);
                let begun: Vec<usize> = self.peers.servers.iter_mut().map(crate::server::Server::launch).collect();
                self.peers.servers.iter_mut().zip(begun).for_each(|(server, before)| server.wait_until_ready(before));
            }
        }
        self.green();
        load.lenient(false);
    }

    /// Killed, away while clients get something done, and back.
    fn kill_for(&mut self, victim: usize, load: &Load, writes: u64) {
        load.away(Some(victim));
        self.peers.servers[victim].kill();
        load.progress(writes);
        self.start(victim, load);
    }

    fn start(&mut self, victim: usize, load: &Load) {
        self.peers.servers[victim].restart();
        load.away(None);
    }

    fn freeze(&mut self, victim: usize, load: &Load) {
        load.away(Some(victim));
        self.peers.servers[victim].freeze();
        std::thread::sleep(FROZEN);
        self.peers.servers[victim].thaw();
        load.away(None);
    }

    fn restart(&mut self, victim: usize, load: &Load) {
        load.away(Some(victim));
        self.peers.servers[victim].stop();
        self.start(victim, load);
    }

    /// Has a copy move to the victim, or away from it.
    fn begin_move(&mut self, victim: usize) {
        let door = self.door(victim);
        let state = door.ok("GET", "/_cluster/state/routing_table,nodes", "");
        let ids: Vec<String> = state["nodes"].as_object().expect("nodes").keys().cloned().collect();
        let own = ids.iter().find(|id| state["nodes"][*id]["name"] == format!("n{victim}")).expect("the victim");
        let copies = state["routing_table"]["indices"][INDEX]["shards"]["0"].as_array().expect("copies").clone();
        let held: Vec<&str> = copies.iter().filter_map(|copy| copy["node"].as_str()).collect();
        let from = if held.contains(&own.as_str()) { own.as_str() } else { held[self.below(held.len())] };
        let Some(to) = ids.iter().find(|id| !held.contains(&id.as_str())) else { return };
        let moved = json!({"commands": [{"move": {"index": INDEX, "shard": 0, "from_node": from, "to_node": to}}]});
        door.ok("POST", "/_cluster/reroute", &moved.to_string());
    }
}

/// Whether whoever votes is there: one that was wiped comes back as another node, and the next that is killed must not be one vote too many.
fn all_voters_live(door: &Door) -> bool {
    let Some((_, state)) = door.ask("GET", "/_cluster/state/metadata,nodes", "") else { return false };
    let voters = state["metadata"]["cluster_coordination"]["last_committed_config"].as_array();
    voters.is_some_and(|voters| {
        !voters.is_empty() && voters.iter().all(|id| id.as_str().is_some_and(|id| state["nodes"].get(id).is_some()))
    })
}
