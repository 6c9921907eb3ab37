//! Making a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::resolve::{Options, resolve};
use cluster::state::{IndexMetadata, NodeId, ShardTable, State};
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::snapshot::{CreateSnapshot, SnapshotFailure, SnapshotInfo, SnapshotState};
use tokio::task::JoinSet;

use super::super::remote::{Message, ask};
use super::remote::Save;
use super::{blocking, info, registry};
use crate::clock::now_ms;
use crate::core::Core;
use crate::identity;
use crate::repository::manifest::Global;
use crate::repository::{Lock, Manifest, Repository, SavedIndex, SavedShard};

/// How often who makes a snapshot looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(500);

/// A snapshot that has its name, and is to be filled.
struct Making {
    core: Arc<Core>,
    repository: Repository,
    manifest: Manifest,
    /// Nobody takes away what is added.
    _shared: Lock,
}

/// A shard, by the name of its index.
type Named = (Arc<str>, ShardNumber);
/// What became of a shard: where that was, and what the repository has of it.
type Saved = (Named, Option<NodeId>, Result<SavedShard, Error>);

pub(super) async fn create(core: &Arc<Core>, asked: CreateSnapshot) -> Result<Option<SnapshotInfo>, Error> {
    let repository = registry::find(core, &asked.repository)?;
    repository.check_writable("cannot create snapshot in a readonly repository")?;
    let state = core.state();
    let manifest = planned(core, &state, &asked)?;
    let (repository, shared, manifest) = blocking(move || {
        let shared = repository.share()?;
        repository.add(&manifest)?;
        Ok((repository, shared, manifest))
    })
    .await?;
    let making = Making { core: core.clone(), repository, manifest, _shared: shared };
    // Goes on where the client goes away.
    let made = tokio::spawn(making.carry_out());
    if !asked.wait {
        return Ok(None);
    }
    made.await.unwrap_or_else(|error| Err(Error::new(ErrorKind::IllegalState, error.to_string()))).map(Some)
}

/// What is to be in the snapshot.
fn planned(core: &Core, state: &State, asked: &CreateSnapshot) -> Result<Manifest, Error> {
    let found = resolve(state, &asked.target, Options::metadata())?;
    if let Some(closed) = found.iter().find(|found| !found.index.open) {
        let name = &closed.index.name;
        let reason = format!(
            "snapshots of closed indexes are not implemented yet: open [{name}], or leave it out by [*,-{name}]"
        );
        return Err(Error::new(ErrorKind::NotImplemented, reason));
    }
    let uuid = identity::random();
    let mut manifest = Manifest::begin(&asked.snapshot, uuid, core.ephemeral_id.as_str().into(), now_ms());
    let saved = |index: &Arc<IndexMetadata>| {
        let shards = vec![None; index.shards.len()];
        (index.name.clone(), SavedIndex { metadata: Arc::new(bare(index)), shards })
    };
    manifest.indexes = found.iter().map(|found| saved(&found.index)).collect();
    let whole = |names: &[Arc<str>]| names.iter().all(|name| manifest.indexes.contains_key(name));
    let streams = state.data_streams.iter().filter(|(_, stream)| whole(&stream.indexes));
    manifest.streams = streams.map(|(name, stream)| (name.clone(), (**stream).clone())).collect();
    manifest.metadata = asked.metadata.clone();
    manifest.global = asked.include_global_state.then(|| global(state));
    let lacks = |index: &&Arc<IndexMetadata>| index.shards.iter().any(|table| holder(state, table).is_none());
    let lacking: Vec<&str> = found.iter().map(|found| &found.index).filter(lacks).map(|index| &*index.name).collect();
    if !asked.partial && !lacking.is_empty() {
        let reason = format!(
            "[{}:{}/{}] Indices don't have primary shards [{}]",
            asked.repository,
            asked.snapshot,
            manifest.uuid,
            lacking.join(", ")
        );
        return Err(Error::new(ErrorKind::Snapshot, reason));
    }
    Ok(manifest)
}

/// An index without where it lies now.
fn bare(index: &IndexMetadata) -> IndexMetadata {
    let table = |table: &ShardTable| ShardTable { term: table.term, ..ShardTable::default() };
    IndexMetadata { shards: index.shards.iter().map(table).collect(), ..index.clone() }
}

fn global(state: &State) -> Global {
    let mut definitions = state.definitions.clone();
    definitions.remove(&Definition::Repository);
    Global { settings: state.settings.persistent.clone(), templates: state.templates.clone(), definitions }
}

/// Somebody has deleted the snapshot before it was complete.
fn aborted(label: &str, manifest: &Manifest) -> Error {
    tracing::info!("snapshot [{label}] is given up: it was deleted");
    Error::new(ErrorKind::Snapshot, format!("[{label}/{}] Snapshot was aborted by deletion", manifest.uuid))
}

/// The node of a primary that serves.
fn holder<'a>(state: &State, table: &'a ShardTable) -> Option<&'a NodeId> {
    let (_, copy) = table.primary().filter(|(_, copy)| copy.started)?;
    Some(&copy.node).filter(|node| state.nodes.contains_key(*node))
}

impl Making {
    async fn carry_out(mut self) -> Result<SnapshotInfo, Error> {
        let label = format!("{}:{}", self.repository.name, self.manifest.name);
        tracing::info!("snapshot [{label}] begins: {} indexes", self.manifest.indexes.len());
        let saved = tokio::select! {
            saved = self.save_all() => saved,
            () = self.forgotten() => return Err(aborted(&label, &self.manifest)),
        };
        for (named, node, result) in saved {
            self.note(named, node, result);
        }
        let state = self.core.state();
        for index in self.manifest.indexes.values_mut() {
            // As it is now: documents that were saved may have fields that the index did not have at the beginning.
            if let Some(now) = state.index_by_uuid(&index.metadata.uuid) {
                index.metadata = Arc::new(bare(now));
            }
        }
        let failures = self.manifest.failures.len();
        self.manifest.state = if failures == 0 { SnapshotState::Success } else { SnapshotState::Partial };
        self.manifest.end_ms = Some(now_ms());
        let Self { core, repository, manifest, _shared: shared, .. } = self;
        let whose = label.clone();
        let manifest = blocking(move || {
            // Another one may have its name by now.
            if !repository.knows(&manifest.name, &manifest.uuid) {
                return Err(aborted(&whose, &manifest));
            }
            repository.replace(&manifest)?;
            drop(shared);
            Ok(manifest)
        })
        .await
        .inspect_err(|error| match error.kind {
            ErrorKind::Snapshot => {}
            _ => tracing::error!("snapshot [{label}] is lost: {error}"),
        })?;
        match failures {
            0 => tracing::info!("snapshot [{label}] is complete"),
            _ => tracing::warn!("snapshot [{label}] lacks {failures} shards"),
        }
        Ok(info(&core, &manifest))
    }

    /// Returns when somebody has deleted the snapshot.
    async fn forgotten(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let (repository, name, uuid) =
                (self.repository.clone(), self.manifest.name.clone(), self.manifest.uuid.clone());
            if !blocking(move || Ok(repository.knows(&name, &uuid))).await.unwrap_or(true) {
                return;
            }
        }
    }

    fn note(&mut self, (name, number): Named, node: Option<NodeId>, result: Result<SavedShard, Error>) {
        let Some(index) = self.manifest.indexes.get_mut(&name) else { return };
        match result {
            Ok(saved) => {
                if let Some(shard) = index.shards.get_mut(number.0 as usize) {
                    *shard = Some(saved);
                }
            }
            Err(error) => self.manifest.failures.push(SnapshotFailure {
                index_uuid: index.metadata.uuid.0.clone(),
                index: name,
                shard: number,
                node: node.map(|node| node.0),
                reason: error.reason,
            }),
        }
    }

    /// Has every node save its primaries, all nodes at a time.
    async fn save_all(&self) -> Vec<Saved> {
        let state = self.core.state();
        let mut done = Vec::new();
        let mut by_node = BTreeMap::<NodeId, Vec<(Named, IndexUuid)>>::new();
        for (name, saved) in &self.manifest.indexes {
            let uuid = &saved.metadata.uuid;
            let tables = state.index_by_uuid(uuid).map_or(&[][..], |index| &index.shards);
            for number in (0..saved.shards.len() as u32).map(ShardNumber) {
                let named = (name.clone(), number);
                match tables.get(number.0 as usize).and_then(|table| holder(&state, table)) {
                    Some(node) => by_node.entry(node.clone()).or_default().push((named, uuid.clone())),
                    None => {
                        let reason = "primary shard is not allocated";
                        done.push((named, None, Err(Error::new(ErrorKind::NoShardAvailable, reason))));
                    }
                }
            }
        }
        let mut nodes = JoinSet::new();
        for (node, shards) in by_node {
            let (named, uuids): (Vec<Named>, Vec<(IndexUuid, ShardNumber)>) =
                shards.into_iter().map(|(named, uuid)| (named.clone(), (uuid, named.1))).unzip();
            nodes.spawn(self.save_on(node, named, uuids));
        }
        while let Some(of_node) = nodes.join_next().await {
            done.extend(of_node.into_iter().flatten());
        }
        done
    }

    fn save_on(
        &self,
        node: NodeId,
        named: Vec<Named>,
        shards: Vec<(IndexUuid, ShardNumber)>,
    ) -> impl Future<Output = Vec<Saved>> + use<> {
        let core = self.core.clone();
        let message = Save {
            version: core.state().version,
            repository: self.repository.name.clone(),
            location: self.repository.location.clone(),
            snapshot: self.manifest.uuid.to_string(),
            shards,
        };
        async move {
            let answer = match node == core.identity.node {
                true => message.answer(core).await,
                false => ask(&core, &node, &message, None).await.map_err(Error::from),
            };
            let lost = || Err(Error::new(ErrorKind::IllegalState, "the node did not answer for the shard"));
            let mut results = answer.unwrap_or_else(|error| vec![Err(error); named.len()]).into_iter();
            named.into_iter().map(|name| (name, Some(node.clone()), results.next().unwrap_or_else(lost))).collect()
        }
    }
}
