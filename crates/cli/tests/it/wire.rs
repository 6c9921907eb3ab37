//! Wires between nodes that can be slowed and cut.
//!
//! In: where a node listens. Out: an address to publish it under, behind which every byte passes through a [`Wire`]. A cut loses nothing:
//! what was sent meanwhile arrives when it is mended, as with TCP over a network that was away.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a wire that is cut looks whether it is mended.
const LOOK: Duration = Duration::from_millis(5);
/// Pieces of a connection that are on their way at most.
const MOST_LATE: usize = 256;

/// What leads to one node.
pub(crate) struct Wire {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// How late everything comes, in either direction.
    delay: Duration,
    /// Nothing passes.
    cut: bool,
    /// Nothing passes from these processes, whose connections begin at these ports.
    shunned: Vec<u32>,
    ports: HashSet<u16>,
    /// The node is gone, and the test with it.
    over: bool,
}

impl Wire {
    /// To the node that will listen at `target`.
    pub(crate) fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (state, target) = (Arc::new(Mutex::new(State::default())), target.to_owned());
        let accepting = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if locked(&accepting).over {
                    return;
                }
                accepted(&client, &accepting);
                if let Ok(node) = TcpStream::connect(&target) {
                    join(&client, &node, &accepting);
                }
            }
        });
        Self { address, state }
    }

    pub(crate) fn delay(&self, delay: Duration) {
        locked(&self.state).delay = delay;
    }

    /// Cuts it for all, or mends it.
    pub(crate) fn cut(&self, cut: bool) {
        locked(&self.state).cut = cut;
    }

    /// Cuts it for what these processes send and hear.
    pub(crate) fn shun(&self, processes: &[u32]) {
        let mut state = locked(&self.state);
        state.shunned = processes.to_vec();
        state.ports = processes.iter().flat_map(|process| ports(*process)).collect();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        locked(&self.state).over = true;
        // The thread that accepts sees it with the next connection.
        let _ = TcpStream::connect(&self.address);
    }
}

/// Cuts a node off from all others, or joins it to them again: `wires[at]` leads to the node `at`, which is the process `pid`.
pub(crate) fn isolate(wires: &[Wire], at: usize, pid: Option<u32>) {
    for (other, wire) in wires.iter().enumerate() {
        match other == at {
            true => wire.cut(pid.is_some()),
            false => wire.shun(pid.as_slice()),
        }
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that a shunned process begins is shunned as well.
fn accepted(client: &TcpStream, state: &Mutex<State>) {
    let Ok(port) = client.peer_addr().map(|address| address.port()) else { return };
    let mut state = locked(state);
    if state.shunned.iter().any(|process| ports(*process).contains(&port)) {
        state.ports.insert(port);
    } else {
        state.ports.remove(&port);
    }
}

fn join(client: &TcpStream, node: &TcpStream, state: &Arc<Mutex<State>>) {
    let port = client.peer_addr().map_or(0, |address| address.port());
    for (from, to) in [(client, node), (node, client)] {
        let _ = from.set_nodelay(true);
        if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
            let state = state.clone();
            thread::spawn(move || pump(from, to, port, state));
        }
    }
}

/// Hands on what comes, each piece as late as it was to be when it came.
fn pump(mut from: TcpStream, to: TcpStream, port: u16, state: Arc<Mutex<State>>) {
    let (pieces, late) = sync_channel(MOST_LATE);
    let writing = state.clone();
    let writer = thread::spawn(move || deliver(&late, to, port, &writing));
    let mut piece = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let due = Instant::now() + locked(&state).delay;
        if pieces.send((due, piece[..length].to_vec())).is_err() {
            break;
        }
    }
    drop(pieces);
    let _ = writer.join();
    let _ = from.shutdown(Shutdown::Both);
}

fn deliver(late: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream, port: u16, state: &Mutex<State>) {
    for (due, piece) in late {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        loop {
            let state = locked(state);
            if state.over || !(state.cut || state.ports.contains(&port)) {
                break;
            }
            drop(state);
            thread::sleep(LOOK);
        }
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// The ports of 127.0.0.1 that sockets of a process are bound to.
fn ports(process: u32) -> HashSet<u16> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let inode = |link: std::path::PathBuf| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    let inodes: HashSet<String> = links.filter_map(inode).collect();
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let port = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let port = columns.get(1)?.rsplit_once(':')?.1;
        columns.get(9).filter(|inode| inodes.contains(**inode))?;
        u16::from_str_radix(port, 16).ok()
    };
    table.lines().skip(1).filter_map(port).collect()
}
