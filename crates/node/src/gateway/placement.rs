//! Documents that lie by their vectors (`index.routing.centroids.field`): where a new one goes, and where one is that is known by its id alone.
//!
//! In: writes without a routing to such indexes. Out: the same with a routing that leads to their shards: that of the document that is there, else that
//! of the nearest centroid. A document stays where it was first placed, whatever becomes of its vector: its routing is part of it. The first
//! documents go to one shard, until there are enough of them to learn centroids from.
//!
//! Not here: which shards a search asks (`search::nearby`), what centroids are (`cluster::centroids`).

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::centroids::{Centroids, FIRST};
use cluster::command::Command;
use cluster::resolve::{WriteTarget, write_target};
use cluster::routing::Spread;
use cluster::state::IndexMetadata;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::mapping::vector::{VectorField, VectorSpace};
use model::query::{Kind, Query};
use model::search::{GetRequest, SearchRequest, SourceFilter};
use model::target::Target;
use model::write::{Action, Write};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::core::Core;

/// Documents whose shards are looked for at a time.
const LOOKUPS: usize = 32;
/// Hits of one search.
const MOST_HITS: u64 = 10_000;

/// The field by whose vectors an index is spread, and what the field holds.
pub(super) fn field(metadata: &IndexMetadata) -> Option<(&str, &VectorField)> {
    let name = metadata.settings.typed().centroids_field.as_deref()?;
    Some((name, metadata.mapping.field(name)?.vector.as_deref()?))
}

/// A vector as centroids compare it.
pub(super) fn comparable(vectors: &VectorField, mut vector: Vec<f32>) -> Vec<f32> {
    if vectors.space == VectorSpace::Cosine {
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|x| *x /= length);
        }
    }
    vector
}

/// Gives writes the routings that lead to their shards.
///
/// # Errors
/// As a get of a document whose shard is looked for.
pub(super) async fn route(core: &Arc<Core>, writes: &mut [(usize, Write)]) -> Result<(), Error> {
    for (metadata, places) in concerned(core, writes).into_values() {
        let vectors: Vec<Option<Vec<f32>>> = places.iter().map(|at| vector_of(&metadata, &writes[*at].1)).collect();
        let metadata = Box::pin(learned(core, metadata, &vectors)).await;
        let ids = places.iter().map(|at| writes[*at].1.id.clone()).collect();
        let mut known = Box::pin(known(core, &metadata, ids)).await?;
        let mut routings = Routings { spread: Spread::of(&metadata.settings), made: BTreeMap::new() };
        for (at, vector) in places.into_iter().zip(vectors) {
            let write = &mut writes[at].1;
            let there = write.id.as_ref().and_then(|id| known.get(id).cloned());
            let routing = match (there, vector) {
                (Some(routing), _) => routing,
                (None, Some(vector)) => {
                    let learned = metadata.centroids.as_ref().and_then(|learned| learned.shard(&vector));
                    Some(routings.to(learned.unwrap_or(FIRST)))
                }
                (None, None) => None,
            };
            if let Some(id) = &write.id {
                // The next write of the request to this document goes where this one does.
                known.insert(id.clone(), routing.clone());
            }
            write.routing = routing;
        }
    }
    Ok(())
}

/// The places of the writes that want a routing, by index.
fn concerned(core: &Core, writes: &[(usize, Write)]) -> BTreeMap<IndexUuid, (Arc<IndexMetadata>, Vec<usize>)> {
    let state = core.state();
    let mut found: BTreeMap<IndexUuid, (Arc<IndexMetadata>, Vec<usize>)> = BTreeMap::new();
    // Mostly one index is written to, and mostly one of another kind.
    let mut passed: Option<&Arc<str>> = None;
    for (at, (_, write)) in writes.iter().enumerate() {
        if write.routing.is_some() || passed == Some(&write.index) {
            continue;
        }
        // What does not resolve is refused when it is placed.
        match write_target(&state, &write.index, write.require_alias) {
            Ok(WriteTarget::Index { index, routing: None }) if field(&index).is_some() => {
                found.entry(index.uuid.clone()).or_insert_with(|| (index, Vec::new())).1.push(at);
            }
            _ => passed = Some(&write.index),
        }
    }
    found
}

/// Routings by the shards that they lead to.
struct Routings {
    spread: Spread,
    made: BTreeMap<ShardNumber, Arc<str>>,
}

impl Routings {
    fn to(&mut self, shard: ShardNumber) -> Arc<str> {
        self.made.entry(shard).or_insert_with(|| self.spread.routing_to(shard).into()).clone()
    }
}

/// The vector of the document that a write makes. What is no vector is refused where documents are read.
fn vector_of(metadata: &IndexMetadata, write: &Write) -> Option<Vec<f32>> {
    let (name, vectors) = field(metadata)?;
    match &write.action {
        Action::Index(source) | Action::Create(source) => {
            vector_in(&serde_json::from_slice(source).ok()?, name, vectors)
        }
        Action::Update(update) => {
            let made = if update.doc_as_upsert { update.doc.as_ref() } else { update.upsert.as_ref() };
            vector_in(made?, name, vectors)
        }
        Action::Delete => None,
    }
}

fn vector_in(document: &Value, name: &str, vectors: &VectorField) -> Option<Vec<f32>> {
    let mut found = Vec::new();
    let steps: Vec<&str> = name.split('.').collect();
    search::fetch::extract::extract(&steps, document, None, &mut found);
    let number = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64().map(|number| number as f32),
    };
    let numbers = found.into_iter().map(number).collect::<Option<Vec<f32>>>()?;
    (numbers.len() == vectors.values()).then(|| comparable(vectors, numbers))
}

/// Of documents that are there: their routings, by their ids.
async fn known(
    core: &Arc<Core>,
    metadata: &Arc<IndexMetadata>,
    ids: Vec<Option<Arc<str>>>,
) -> Result<BTreeMap<Arc<str>, Option<Arc<str>>>, Error> {
    let mut known = BTreeMap::new();
    let ids: Vec<Arc<str>> = ids.into_iter().flatten().collect();
    for chunk in ids.chunks(LOOKUPS) {
        let mut asked = JoinSet::new();
        for id in chunk {
            let (core, metadata, id) = (core.clone(), metadata.clone(), id.clone());
            asked.spawn(async move {
                let found = routing_of(&core, &metadata, &id).await;
                (id, found)
            });
        }
        while let Some(answer) = asked.join_next().await {
            let (id, found) =
                answer.map_err(|_| Error::new(ErrorKind::TaskCancelled, "looking for a document ended"))?;
            if let Some(routing) = found? {
                known.insert(id, routing);
            }
        }
    }
    Ok(known)
}

/// The routing of a document, wherever it lies. `None`: there is none of this id.
///
/// # Errors
/// As a get.
pub(super) async fn routing_of(
    core: &Arc<Core>,
    metadata: &Arc<IndexMetadata>,
    id: &str,
) -> Result<Option<Option<Arc<str>>>, Error> {
    let request = GetRequest { source: Some(SourceFilter::nothing()), ..GetRequest::new(&*metadata.name, id) };
    Ok(super::get::anywhere(core, metadata, request).await?.map(|found| found.routing))
}

/// The index with centroids, when there are vectors enough to learn them from: those that are written, or with them those of the index. A failure
/// leaves it as it is: the next write tries again.
async fn learned(core: &Arc<Core>, metadata: Arc<IndexMetadata>, written: &[Option<Vec<f32>>]) -> Arc<IndexMetadata> {
    let Some((name, vectors)) = field(&metadata) else { return metadata };
    let written: Vec<Vec<f32>> = written.iter().flatten().cloned().collect();
    if metadata.centroids.is_some() || written.is_empty() {
        return metadata;
    }
    let (dimension, shards) = (vectors.values() as u32, metadata.shards.len() as u32);
    let sample = match sample(core, &metadata, (name, vectors), written).await {
        Ok(sample) if sample.len() >= Centroids::enough(dimension, shards) => sample,
        _ => return metadata,
    };
    let (for_job, index) = (core.clone(), metadata.uuid.clone());
    let learn = move || {
        let centroids = Centroids::learn(&sample, dimension, shards)?;
        for_job.submit(&Command::LearnCentroids { index, centroids: Arc::new(centroids) }).ok()
    };
    match core.write.run(learn).await {
        Ok(Some(state)) => state.index_by_uuid(&metadata.uuid).cloned().unwrap_or(metadata),
        _ => metadata,
    }
}

/// Vectors that are written, and where these are too few those that the index holds.
async fn sample(
    core: &Arc<Core>,
    metadata: &IndexMetadata,
    (name, vectors): (&str, &VectorField),
    written: Vec<Vec<f32>>,
) -> Result<Vec<Vec<f32>>, Error> {
    let shards = metadata.shards.len() as u32;
    let enough = Centroids::enough(vectors.values() as u32, shards);
    if written.len() >= enough {
        return Ok(written);
    }
    let request = |size| SearchRequest {
        query: Query::new(Kind::Exists { field: name.to_owned() }),
        size,
        ..SearchRequest::new(Target::one(&*metadata.name))
    };
    let held = super::search::search(core, request(0)).await?.total.map_or(0, |total| total.value);
    if (held as usize) + written.len() < enough {
        return Ok(written);
    }
    let most = (Centroids::plenty(vectors.values() as u32, shards) as u64).min(MOST_HITS);
    let mut wanted = request(most);
    wanted.fetch.source = Some(SourceFilter { enabled: true, includes: vec![name.to_owned()], excludes: Vec::new() });
    let hits = super::search::search(core, wanted).await?.hits;
    let read = |source: &[u8]| vector_in(&serde_json::from_slice(source).ok()?, name, vectors);
    let there = hits.iter().filter_map(|hit| read(hit.source.as_ref()?));
    Ok(there.chain(written).collect())
}
