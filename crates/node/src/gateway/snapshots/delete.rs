//! Snapshots that are wanted no more.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::snapshot::SnapshotState;

use super::{blocking, lives, registry};
use crate::core::Core;
use crate::repository::manifest::missing;
use crate::repository::{Manifest, Repository};

pub(super) async fn delete(core: &Arc<Core>, repository: &str, patterns: Vec<String>) -> Result<(), Error> {
    let repository = registry::find(core, repository)?;
    repository.check_writable("cannot delete snapshot from a readonly repository")?;
    let core = core.clone();
    blocking(move || {
        // Before it waits for others: what is not there will not be.
        meant(&core, &repository, &patterns)?;
        let _own = repository.own()?;
        for manifest in meant(&core, &repository, &patterns)? {
            repository.forget(&manifest.name)?;
            tracing::info!("snapshot [{}:{}] was deleted", repository.name, manifest.name);
        }
        repository.clean().map(drop)
    })
    .await
}

/// The snapshots that names and patterns stand for, none of them on its way. A pattern may stand for none.
fn meant(core: &Core, repository: &Repository, patterns: &[String]) -> Result<Vec<Manifest>, Error> {
    let mut all = repository.manifests()?;
    for pattern in patterns {
        if !pattern.contains('*') && !all.iter().any(|manifest| simple_match(pattern, &manifest.name)) {
            return Err(missing(&repository.name, pattern));
        }
    }
    all.retain(|manifest| patterns.iter().any(|pattern| simple_match(pattern, &manifest.name)));
    let running =
        all.iter().find(|manifest| manifest.state == SnapshotState::InProgress && lives(core, &manifest.maker));
    match running {
        Some(manifest) => Err(Error::new(
            ErrorKind::ConcurrentSnapshotExecution,
            format!("[{}:{}] it is being made: try again when it is complete", repository.name, manifest.name),
        )),
        None => Ok(all),
    }
}
