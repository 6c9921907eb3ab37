//! The store against openraft's own suite; one voter over restarts.

use std::sync::Arc;

use cluster::command::{Command, CreateIndex};
use cluster::state::{Node, NodeId};
use grpc::channels::Channels;
use grpc::wire::Wire;
use model::id::IndexUuid;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

use super::disk::Disk;
use super::log::Log;
use super::machine::Machine;
use super::types::Types;
use super::{Metadata, Published};

struct InMemory;

impl StoreBuilder<Types, Log, Machine> for InMemory {
    async fn build(&self) -> Result<((), Log, Machine), StorageError<Types>> {
        let database = redb::Database::builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let disk = Arc::new(Disk::over(database).unwrap());
        let log = Log::open(disk.clone()).unwrap();
        Ok(((), log, Machine::new(disk, Published::new())))
    }
}

#[tokio::test]
async fn the_store_keeps_what_raft_asks_of_it() {
    Suite::test_all(InMemory).await.unwrap();
}

fn wire(own: &NodeId) -> Wire {
    Wire {
        cluster_name: "reef".into(),
        node: own.clone(),
        secret: None,
        max_message: 1 << 20,
        compress_bulk: false,
        tls: None,
    }
}

/// One voter over `folder`, elected.
fn alone(folder: &TempDir, runtime: &tokio::runtime::Runtime) -> Arc<Metadata> {
    let own = NodeId("a".into());
    let metadata = Metadata::open(folder.path(), own.clone(), runtime.handle(), Channels::new(wire(&own))).unwrap();
    runtime.block_on(metadata.found(&[(own, "127.0.0.1:1".to_owned())].into())).unwrap();
    runtime.block_on(metadata.elect_if_alone()).unwrap();
    metadata
}

fn create(name: &str) -> Command {
    Command::CreateIndex(CreateIndex {
        name: name.into(),
        uuid: IndexUuid(name.into()),
        creation_date_ms: 1,
        settings: Default::default(),
        mappings: Some(serde_json::json!({"properties": {"title": {"type": "text"}}})),
        aliases: Default::default(),
        resized_from: None,
    })
}

#[test]
fn what_was_agreed_on_is_there_after_a_restart() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let metadata = alone(&folder, &runtime);
    let node = Node { name: "n".into(), roles: ["data".to_owned()].into(), ..Node::default() };
    let joined = Command::NodeJoined { id: NodeId("a".into()), node };
    assert!(metadata.submit_all(vec![joined, create("films")]).unwrap().iter().all(Result::is_ok));
    let again = metadata.submit_all(vec![create("films")]).unwrap();
    assert!(again[0].is_err(), "the name is taken");
    let before = metadata.state();
    assert!(before.indexes["films"].shards[0].primary().is_some(), "what is due is done with it");
    metadata.close();
    let metadata = alone(&folder, &runtime);
    // Whoever is answered sees what was agreed on before.
    metadata.submit_all(Vec::new()).unwrap();
    assert_eq!(metadata.state(), before);
    metadata.close();
}

#[test]
fn a_start_repeats_the_log_behind_a_snapshot() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let metadata = alone(&folder, &runtime);
    metadata.submit_all(vec![create("films")]).unwrap();
    let snapshot = || metadata.disk.kept(super::disk::Kept::SnapshotMeta).unwrap();
    runtime.block_on(metadata.raft.trigger().snapshot()).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while snapshot().is_none() {
        assert!(std::time::Instant::now() < deadline, "no snapshot");
        std::thread::yield_now();
    }
    metadata.submit_all(vec![create("books")]).unwrap();
    let before = metadata.state();
    metadata.close();
    let metadata = alone(&folder, &runtime);
    metadata.submit_all(Vec::new()).unwrap();
    assert_eq!(metadata.state(), before);
    metadata.close();
}
