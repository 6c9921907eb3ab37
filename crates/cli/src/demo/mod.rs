//! `shoal demo`: a node of its own, invented voyages in it, and some searches to look at.
//!
//! The node lives in a temporary folder that goes when it ends. Everything that is shown goes over HTTP, as anybody could ask it. With `--nodes` they
//! are several, as processes of their own.

mod cluster;
mod folder;
mod letters;
mod processes;
mod random;
mod show;
mod voyages;
mod words;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use node::config::{Config, Sources};
use node::lifecycle::Node;
use node::telemetry;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::arguments::Demo;
use crate::client::Client;
use crate::failure::Failure;
use crate::{serve, stop};
use folder::Folder;

/// Where it answers, unless it is told or something else is there.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9200);
/// For tasks that nobody waits for, once the node has closed.
const GRACE: Duration = Duration::from_secs(2);

/// # Errors
/// Why the node cannot start, or a search of the show failed.
pub(crate) fn demo(arguments: &Demo) -> Result<(), Failure> {
    if arguments.nodes > 1 {
        return cluster::demo(usize::from(arguments.nodes), address(arguments), arguments.exit);
    }
    let folder = Folder::create()?;
    let config = Config::load(&sources(&folder, address(arguments)))?;
    telemetry::start_logging(&config).map_err(Failure::Logging)?;
    let runtime = serve::runtime()?;
    let running = Running::start(&runtime, config)?;
    let client = Client::new(&format!("http://{}", running.address))?;
    let shown = show::show(&client);
    let ended = match (&shown, arguments.exit) {
        (Ok(()), false) => show::farewell(client.url(), running.redis).and_then(|()| running.wait(&runtime)),
        _ => running.end(&runtime),
    };
    runtime.shutdown_timeout(GRACE);
    shown.and(ended)
}

/// Only the usual port gives way to another: who names one wants that one.
fn address(arguments: &Demo) -> SocketAddr {
    let usual_is_free = || TcpListener::bind(ADDRESS).is_ok();
    match arguments.http {
        Some(address) => address,
        None if usual_is_free() => ADDRESS,
        None => {
            eprintln!("{ADDRESS} is taken: the demo answers on a free port");
            SocketAddr::new(ADDRESS.ip(), 0)
        }
    }
}

/// The usual port of Redis, or a free one when it is taken.
fn redis_address() -> SocketAddr {
    let usual = SocketAddr::new(ADDRESS.ip(), 6379);
    if TcpListener::bind(usual).is_ok() { usual } else { SocketAddr::new(ADDRESS.ip(), 0) }
}

fn sources(folder: &Folder, address: SocketAddr) -> Sources {
    let set = |key: &str, value: String| (key.to_owned(), value);
    let flags = vec![
        set("node.name", "demo".to_owned()),
        set("path.data", folder.path().to_string_lossy().into_owned()),
        set("http.address", address.to_string()),
        set("resp.address", redis_address().to_string()),
        set("log.level", "warn".to_owned()),
    ];
    Sources { flags, ..Sources::default() }
}

/// The node, as a task.
struct Running {
    address: SocketAddr,
    /// Where it answers Redis clients.
    redis: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
    end: oneshot::Sender<()>,
}

impl Running {
    fn start(runtime: &Runtime, config: Config) -> Result<Self, Failure> {
        let starting = async {
            let signal = stop::at_signal()?;
            let node = Node::start(config).await?;
            let address = node.address()?;
            let redis = node.resp_address()?.unwrap_or(address);
            let (end, ended) = oneshot::channel::<()>();
            let stop = async move {
                tokio::select! {
                    () = signal => {}
                    // An error, too, says that the show is over.
                    _ = ended => {}
                }
            };
            Ok(Self { address, redis, task: tokio::spawn(node.run(stop)), end })
        };
        runtime.block_on(starting).map_err(Failure::Node)
    }

    /// Ends the node.
    fn end(self, runtime: &Runtime) -> Result<(), Failure> {
        // It may have ended by itself.
        let _ = self.end.send(());
        finished(runtime, self.task)
    }

    /// Waits until a signal ends it.
    fn wait(self, runtime: &Runtime) -> Result<(), Failure> {
        let ended = finished(runtime, self.task);
        drop(self.end);
        ended
    }
}

fn finished(runtime: &Runtime, task: JoinHandle<std::io::Result<()>>) -> Result<(), Failure> {
    runtime.block_on(task).map_err(std::io::Error::other).and_then(|ended| ended).map_err(Failure::Node)
}
