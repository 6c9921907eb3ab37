//! Four nodes as processes of their own on loopback, all of one kind.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;
use crate::server::Server;

/// A node that does not answer by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes `n0`, `n1`, .. that end with their owner.
pub(crate) struct Processes {
    children: Vec<Child>,
    pub(crate) servers: Vec<Server>,
}

impl Processes {
    /// Starts them below `folder` and waits until all have met.
    ///
    /// # Errors
    /// When one does not start, or they do not meet in time.
    pub(crate) fn start(binary: &Path, folder: &Path, count: usize) -> Outcome<Self> {
        let (https, peers) = (free_addresses(count)?, free_addresses(count)?);
        let mut all = Self { children: Vec::new(), servers: Vec::new() };
        for (at, (http, peer)) in https.iter().zip(&peers).enumerate() {
            let log = File::create(folder.join(format!("n{at}.log")))?;
            let mut command = Command::new(binary);
            command.args(["serve", "--name", &format!("n{at}"), "--http", http, "--peer", peer]);
            command.args(["--seeds", &peers.join(",")]).arg("--data").arg(folder.join(format!("n{at}")));
            all.children.push(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
            all.servers.push(Server::new(&format!("http://{http}")));
        }
        let begun = Instant::now();
        let met =
            |server: &Server| server.get("/_cluster/health").is_ok_and(|health| health["number_of_nodes"] == count);
        while !all.servers.iter().all(met) {
            if begun.elapsed() > PATIENCE {
                return Err(format!("the nodes have not met: see the logs in {}", folder.display()).into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(all)
    }

    /// The system's ids of the processes.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.children.iter().map(|child| u64::from(child.id())).collect()
    }

    /// The node that is asked.
    pub(crate) fn door(&self) -> &Server {
        &self.servers[0]
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Settings that spread an index evenly over the nodes of these names, `each` shards to one.
pub(crate) fn on(names: &str, each: u32) -> Value {
    json!({"index.routing.allocation.include._name": names, "index.routing.allocation.total_shards_per_node": each})
}

fn free_addresses(count: usize) -> Outcome<Vec<String>> {
    let bound: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    bound.iter().map(|listener| Ok(listener.local_addr()?.to_string())).collect()
}
