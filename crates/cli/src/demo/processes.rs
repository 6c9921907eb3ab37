//! Several nodes as processes of their own on loopback: started, asked whether they are ready, killed, started again.
//!
//! In: a folder and how many. Out: [`Processes`] that end with their owner. Not here: what is asked of them.

use std::fs::OpenOptions;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::failure::Failure;

/// A node that is not ready by then will never be.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Lines of a log that are shown when its node has ended.
const LINES: usize = 10;

/// Nodes with the same seeds, by number.
pub(super) struct Processes {
    folder: PathBuf,
    /// Of all, where they hear each other.
    seeds: String,
    nodes: Vec<Process>,
}

struct Process {
    name: String,
    http: SocketAddr,
    peer: SocketAddr,
    client: Client,
    child: Option<Child>,
}

impl Processes {
    /// Starts `count` nodes that are to be one cluster, and waits until all answer. The first answers on `http`.
    ///
    /// # Errors
    /// When there is no port or no process to be had, or a node ends or takes too long.
    pub(super) fn start(folder: &Path, count: usize, http: SocketAddr) -> Result<Self, Failure> {
        let (https, peers) = addresses(count, http).map_err(Failure::Node)?;
        let seeds: Vec<String> = peers.iter().map(ToString::to_string).collect();
        let each = https.into_iter().zip(peers).enumerate().map(|(at, (http, peer))| {
            let client = Client::new(&format!("http://{http}"))?;
            Ok(Process { name: format!("node-{}", at + 1), http, peer, client, child: None })
        });
        let nodes = each.collect::<Result<Vec<Process>, Failure>>()?;
        let mut all = Self { folder: folder.to_owned(), seeds: seeds.join(","), nodes };
        (0..count).try_for_each(|at| all.launch(at))?;
        (0..count).try_for_each(|at| all.wait_until_ready(at))?;
        Ok(all)
    }

    pub(super) fn name(&self, at: usize) -> &str {
        &self.nodes[at].name
    }

    pub(super) fn client(&self, at: usize) -> &Client {
        &self.nodes[at].client
    }

    /// The last node that is not the one of this name, nor the first of all.
    pub(super) fn last_but(&self, name: &str) -> usize {
        (1..self.nodes.len()).rev().find(|at| self.nodes[*at].name != name).unwrap_or(0)
    }

    /// Ends a process as a loss of power would.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn kill(&mut self, at: usize) -> Result<(), Failure> {
        let Some(mut child) = self.nodes[at].child.take() else { return Ok(()) };
        child.kill().and_then(|()| child.wait()).map(drop).map_err(Failure::Node)
    }

    /// Starts it again, with its data and addresses, and waits until it answers.
    ///
    /// # Errors
    /// As [`Processes::start`].
    pub(super) fn restart(&mut self, at: usize) -> Result<(), Failure> {
        self.launch(at)?;
        self.wait_until_ready(at)
    }

    fn launch(&mut self, at: usize) -> Result<(), Failure> {
        let log = self.log(at);
        let node = &mut self.nodes[at];
        let mut command = Command::new(std::env::current_exe().map_err(Failure::Node)?);
        // What is set for other nodes of this machine is not meant for these.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SHOAL_")) {
            command.env_remove(name);
        }
        let log = OpenOptions::new().create(true).append(true).open(log).map_err(Failure::Node)?;
        command.args(["serve", "--name", &node.name, "--seeds", &self.seeds]);
        command.args(["--http", &node.http.to_string(), "--peer", &node.peer.to_string()]);
        command.arg("--data").arg(self.folder.join(&node.name));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        node.child = Some(child.map_err(Failure::Node)?);
        Ok(())
    }

    fn wait_until_ready(&mut self, at: usize) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let node = &mut self.nodes[at];
            if node.client.get("/_health/ready").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            let ended = node.child.as_mut().map(Child::try_wait).transpose().map_err(Failure::Node)?.flatten();
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let what = ended.map_or_else(|| "is not ready".to_owned(), |status| format!("has ended ({status})"));
                let log = self.end_of_log(at);
                return Err(Failure::Node(io::Error::other(format!("{} {what}\n{log}", self.nodes[at].name))));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn log(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{}.log", self.nodes[at].name))
    }

    fn end_of_log(&self, at: usize) -> String {
        let log = std::fs::read_to_string(self.log(at)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().filter_map(|node| node.child.as_mut()) {
            // It may have ended meanwhile; what it has written goes with the folder.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Free ports for as many nodes: for HTTP, of which the first is given, and for peers.
fn addresses(count: usize, first: SocketAddr) -> io::Result<(Vec<SocketAddr>, Vec<SocketAddr>)> {
    let any = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let asked = std::iter::once(first).chain(std::iter::repeat_n(any, 2 * count - 1));
    // All are held until all are known, so that they differ.
    let held = asked.map(TcpListener::bind).collect::<io::Result<Vec<_>>>()?;
    let mut https = held.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>()?;
    let peers = https.split_off(count);
    Ok((https, peers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_ports_of_its_own() {
        let (https, peers) = addresses(3, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).unwrap();
        let all: std::collections::BTreeSet<SocketAddr> = https.iter().chain(&peers).copied().collect();
        assert_eq!((https.len(), peers.len(), all.len()), (3, 3, 6));
    }
}
