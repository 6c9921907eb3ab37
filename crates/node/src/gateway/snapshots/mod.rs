//! Repositories and snapshots: made of what the primaries hold, wherever they are, and brought back as new indexes.
//!
//! The node that is asked carries it out: it writes down what belongs to a snapshot, and has the nodes of the primaries put their files beside
//! it. Not here: files (`repository`), nor opening shards that come back (`indexes`).

mod clone;
mod create;
mod delete;
mod global;
mod names;
mod registry;
pub(super) mod remote;
mod restore;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use model::error::{Error, ErrorKind};
use model::snapshot::{
    Cleaned, CloneSnapshot, CreateSnapshot, Repository, RestoreSnapshot, Restored, SnapshotInfo, SnapshotStatus,
    Snapshots,
};

use super::NodeGateway;
use crate::core::Core;
use crate::repository::Manifest;

type Answer<T> = Result<T, Error>;

#[async_trait]
impl Snapshots for NodeGateway {
    async fn put_repository(&self, name: String, repository: Repository, verify: bool) -> Answer<()> {
        registry::put(self, name, repository, verify).await
    }

    async fn delete_repositories(&self, patterns: Vec<String>) -> Answer<()> {
        registry::delete(self, &patterns).await
    }

    fn repositories(&self) -> BTreeMap<Arc<str>, Repository> {
        registry::all(&self.core.state())
    }

    async fn verify_repository(&self, name: &str) -> Answer<Vec<(Arc<str>, Arc<str>)>> {
        registry::verify(&self.core, name).await
    }

    async fn clean_repository(&self, name: &str) -> Answer<Cleaned> {
        let repository = registry::find(&self.core, name)?;
        repository.check_writable("cannot run cleanup on readonly repository")?;
        blocking(move || {
            let _own = repository.own()?;
            repository.clean()
        })
        .await
    }

    async fn create(&self, asked: CreateSnapshot) -> Answer<Option<SnapshotInfo>> {
        create::create(&self.core, asked).await
    }

    async fn list(&self, repository: &str) -> Answer<Vec<SnapshotInfo>> {
        let (core, repository) = (self.core.clone(), registry::find(&self.core, repository)?);
        blocking(move || Ok(repository.manifests()?.iter().map(|manifest| info(&core, manifest)).collect())).await
    }

    async fn status(&self, repository: &str, names: &[String]) -> Answer<Vec<SnapshotStatus>> {
        let (core, repository, names) = (self.core.clone(), registry::find(&self.core, repository)?, names.to_vec());
        let status = move |name: &String| Ok(status::of(&core, &repository.manifest(name)?));
        blocking(move || names.iter().map(status).collect()).await
    }

    async fn delete(&self, repository: &str, patterns: Vec<String>) -> Answer<()> {
        delete::delete(&self.core, repository, patterns).await
    }

    async fn clone_snapshot(&self, asked: CloneSnapshot) -> Answer<()> {
        clone::clone(&self.core, asked).await
    }

    async fn restore(&self, asked: RestoreSnapshot) -> Answer<Option<Restored>> {
        restore::restore(self, asked).await
    }
}

/// Does what waits for the disk of a repository, which may be far away.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::new(ErrorKind::IllegalState, error.to_string())))
}

/// Whether the process that makes a snapshot is still in the cluster.
fn lives(core: &Core, maker: &str) -> bool {
    core.state().nodes.values().any(|node| *node.ephemeral_id == *maker)
}

fn info(core: &Core, manifest: &Manifest) -> SnapshotInfo {
    manifest.info(|maker| lives(core, maker))
}
