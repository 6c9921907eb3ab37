//! `shoal serve`: a node until a signal.

use std::time::Duration;

use node::config::{Config, Sources, pair};
use node::lifecycle::Node;
use node::telemetry;
use tokio::runtime::{Builder, Runtime};

use crate::arguments::Serve;
use crate::failure::Failure;
use crate::stop;

/// For tasks that nobody waits for, once the node has closed.
const GRACE: Duration = Duration::from_secs(2);

/// # Errors
/// What is wrong with the configuration, and why the node cannot start or go on.
pub(crate) fn serve(arguments: Serve) -> Result<(), Failure> {
    let config = Config::load(&sources(arguments)?)?;
    telemetry::start_logging(&config).map_err(Failure::Logging)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(run(config));
    match &ended {
        Ok(()) => runtime.shutdown_timeout(GRACE),
        // Others wait for this node to be gone.
        Err(_) => runtime.shutdown_background(),
    }
    ended.map_err(Failure::Node)
}

/// The threads that connections live on.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    // Requests may nest deeply, and are read and bound here: pages that nobody touches cost nothing.
    let mut builder = Builder::new_multi_thread();
    builder.thread_name("shoal-io").thread_stack_size(8 << 20).enable_all().build().map_err(Failure::Node)
}

async fn run(config: Config) -> std::io::Result<()> {
    let stop = stop::at_signal()?;
    tracing::info!("shoal {} opens {}", env!("CARGO_PKG_VERSION"), config.data.display());
    let mut stop = Box::pin(stop);
    // A node that still waits for others ends as readily as one that serves.
    let node = tokio::select! {
        node = Node::start(config) => node?,
        () = &mut stop => return Ok(()),
    };
    node.run(stop).await?;
    tracing::info!("ended in order");
    Ok(())
}

fn sources(arguments: Serve) -> Result<Sources, Failure> {
    let data = arguments.data.map(|path| path.to_string_lossy().into_owned());
    let named = [
        ("node.name", arguments.name),
        ("path.data", data),
        ("http.address", arguments.http),
        ("resp.address", arguments.resp),
        ("peer.address", arguments.peer),
        ("peer.seeds", arguments.seeds),
        ("node.roles", arguments.roles),
    ];
    let mut flags: Vec<(String, String)> =
        named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    for given in &arguments.set {
        flags.push(pair(given)?);
    }
    Ok(Sources { file: arguments.config, environment: environment(), flags })
}

/// What is not text is shown as well as it can be, so that an error may name it.
fn environment() -> Vec<(String, String)> {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(set: &[&str]) -> Serve {
        Serve {
            config: None,
            name: Some("a".to_owned()),
            data: Some("d".into()),
            http: None,
            resp: None,
            peer: Some("127.0.0.1:9301".to_owned()),
            seeds: None,
            roles: None,
            set: set.iter().map(|setting| (*setting).to_owned()).collect(),
        }
    }

    #[test]
    fn flags_have_keys_and_set_wins() {
        let sources = sources(serve(&["node.name=b", "search.threads=2"])).unwrap();
        let config = Config::load(&Sources { environment: Vec::new(), ..sources }).unwrap();
        assert_eq!((config.node_name.as_str(), config.data.to_str(), config.search_threads), ("b", Some("d"), 2));
    }

    #[test]
    fn a_setting_needs_its_value() {
        let error = sources(serve(&["node.name"])).unwrap_err();
        assert_eq!(error.to_string(), "[node.name] is not KEY=VALUE");
    }
}
