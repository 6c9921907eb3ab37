//! A program that holds a node: no second process, no HTTP. It makes an index, writes some documents, searches them, and ends the node.
//!
//! `cargo run -p node --example embedded [FOLDER]`. Everything goes through the one door that the dialects use, `model::gateway::Gateway`, so what a
//! client can ask a program can ask, too. With `peer.seeds` in the configuration the node joins others, and with `node.roles` empty it only
//! coordinates: the program searches a whole cluster through a node of its own.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use model::admin::CreateIndex;
use model::document::Source;
use model::gateway::Gateway;
use model::search::{SearchRequest, SearchResponse};
use model::target::Target;
use model::write::{Action, Condition, Refresh, Write, WriteRequest};
use node::config::{Config, Sources};
use node::lifecycle::Node;
use serde_json::{Value, json};

const INDEX: &str = "harbours";

fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().nth(1);
    let folder = given.map_or_else(|| std::env::temp_dir().join("shoal-embedded"), Into::into);
    let runtime = tokio::runtime::Runtime::new()?;
    let found = runtime.block_on(run(&folder))?;
    for hit in &found.hits {
        println!("{} {:?} {}", hit.id, hit.score, String::from_utf8_lossy(hit.source.as_deref().unwrap_or_default()));
    }
    println!("{} of {} shards answered", found.shards.successful, found.shards.total);
    Ok(())
}

/// Starts a node in `folder`, fills and searches an index, and ends the node in order.
async fn run(folder: &Path) -> Result<SearchResponse, Box<dyn Error>> {
    let node = Node::start(config(folder)?).await?;
    let gateway = node.gateway();
    // From here on it refreshes and merges by itself; it answers HTTP on a free port of loopback, too.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(node.run(async move { drop(stopped.await) }));
    let found = use_it(&gateway).await;
    drop(stop);
    running.await??;
    Ok(found?)
}

/// What `shoal serve` would read from a file, the environment and its flags.
fn config(folder: &Path) -> Result<Config, Box<dyn Error>> {
    let flag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let flags = vec![
        flag("node.name", "inside"),
        flag("path.data", &folder.to_string_lossy()),
        flag("http.address", "127.0.0.1:0"),
    ];
    Ok(Config::load(&Sources { flags, ..Sources::default() })?)
}

async fn use_it(gateway: &dyn Gateway) -> Result<SearchResponse, model::error::Error> {
    if gateway.indexes(&Target::one(INDEX)).is_err() {
        let settings = json!({"number_of_shards": 2, "number_of_replicas": 0});
        let mappings = json!({"properties": {"name": {"type": "text"}, "depth": {"type": "float"}}});
        let index = CreateIndex {
            name: INDEX.to_owned(),
            settings: settings.as_object().cloned().unwrap_or_default(),
            mappings: Some(mappings),
            ..CreateIndex::default()
        };
        gateway.create_index(index).await?;
    }
    let documents = [("1", "North Harbour", 7.5), ("2", "South Quay", 4.0), ("3", "Harbour of the Isles", 11.0)];
    let writes = documents.map(|(id, name, depth)| write(id, &json!({"name": name, "depth": depth})));
    let request =
        WriteRequest { writes: writes.into(), refresh: Refresh::Now, timeout_ms: 30_000, active_shards: None };
    for written in gateway.write(request).await? {
        written.map_err(|failure| failure.error)?;
    }
    let mut search = SearchRequest::new(Target::one(INDEX));
    // The query language of the REST API; a program may as well build `model::search::Query` itself.
    search.query = rest::dsl::query(&json!({"match": {"name": "harbour"}}))?;
    gateway.search(search).await
}

fn write(id: &str, document: &Value) -> Write {
    let source: Source = document.to_string().into_bytes().into();
    Write {
        index: INDEX.into(),
        id: Some(Arc::from(id)),
        routing: None,
        action: Action::Index(source),
        condition: Condition::default(),
        require_alias: false,
        pipeline: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_it_has_written_before_and_after_a_restart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        for _ in 0..2 {
            let found = runtime.block_on(run(folder.path())).expect("a node that works");
            let ids: Vec<&str> = found.hits.iter().map(|hit| hit.id.as_ref()).collect();
            assert_eq!((ids, found.shards.failures.len()), (vec!["1", "3"], 0));
        }
    }
}
