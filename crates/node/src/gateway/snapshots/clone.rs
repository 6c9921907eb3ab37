//! A snapshot of a snapshot: it names the same files.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::snapshot::{CloneSnapshot, SnapshotState};

use super::restore::check_complete;
use super::{blocking, names, registry};
use crate::clock::now_ms;
use crate::core::Core;
use crate::identity;
use crate::repository::Manifest;

pub(super) async fn clone(core: &Arc<Core>, asked: CloneSnapshot) -> Result<(), Error> {
    let repository = registry::find(core, &asked.repository)?;
    repository.check_writable("cannot create snapshot in a readonly repository")?;
    let maker: Arc<str> = core.ephemeral_id.as_str().into();
    blocking(move || {
        let _shared = repository.share()?;
        let source = repository.manifest(&asked.source)?;
        check_complete(&repository.name, &source)?;
        let (indexes, streams) = names::chosen(&source, &asked.target)?;
        if indexes.is_empty() {
            return Err(nothing(&repository.name, &source, &asked.target.names));
        }
        let mut made = Manifest::begin(&asked.snapshot, identity::random(), maker, now_ms());
        made.state = SnapshotState::Success;
        made.end_ms = Some(now_ms());
        made.indexes = source.indexes.into_iter().filter(|(name, _)| indexes.contains(name)).collect();
        made.streams = source.streams.into_iter().filter(|(name, _)| streams.contains(name)).collect();
        made.failures = source.failures.into_iter().filter(|failure| indexes.contains(&failure.index)).collect();
        if !made.failures.is_empty() {
            made.state = SnapshotState::Partial;
        }
        made.global = source.global;
        repository.add(&made)
    })
    .await
}

/// `snapshot_exception`: what is wanted of a snapshot is not in it.
fn nothing(repository: &str, source: &Manifest, names: &[String]) -> Error {
    let (label, wanted) = (format!("{}/{}", source.name, source.uuid), names.join(","));
    let reason = format!("No indices in the source snapshot [{label}] matched requested pattern [{wanted}]");
    Error::new(ErrorKind::Snapshot, format!("[{repository}:{label}] {reason}"))
}
