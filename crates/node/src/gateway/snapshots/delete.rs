//! Snapshots that are wanted no more. One that is being made ends when its name is gone.

use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;
use model::snapshot::missing;

use super::{blocking, registry};
use crate::core::Core;
use crate::repository::{Manifest, Repository};

pub(super) async fn delete(core: &Arc<Core>, repository: &str, patterns: Vec<String>) -> Result<(), Error> {
    let repository = registry::find(core, repository)?;
    repository.check_writable("cannot delete snapshot from a readonly repository")?;
    blocking(move || {
        let meant = meant(&repository, &patterns)?;
        let forget = || meant.iter().try_for_each(|manifest| repository.forget(manifest));
        forget()?;
        let _own = repository.own()?;
        // One that was all but made may have been written down meanwhile. Now nobody makes any.
        forget()?;
        for manifest in &meant {
            tracing::info!("snapshot [{}:{}] was deleted", repository.name, manifest.name);
        }
        repository.clean().map(drop)
    })
    .await
}

/// The snapshots that names and patterns stand for. A pattern may stand for none.
fn meant(repository: &Repository, patterns: &[String]) -> Result<Vec<Manifest>, Error> {
    let mut all = repository.manifests()?;
    for pattern in patterns {
        if !pattern.contains('*') && !all.iter().any(|manifest| simple_match(pattern, &manifest.name)) {
            return Err(missing(&repository.name, pattern));
        }
    }
    all.retain(|manifest| patterns.iter().any(|pattern| simple_match(pattern, &manifest.name)));
    Ok(all)
}
