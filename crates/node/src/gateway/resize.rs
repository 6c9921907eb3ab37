//! `_clone`, `_shrink`, `_split`: a new index with the documents of another, which takes no writes meanwhile.
//!
//! The new index is made without what would stand in the way, the documents are written into it where they belong, with their versions and routings, and
//! then it gets the rest of its settings. What fails on the way takes the new index with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::resize::{Plan, ResizedFrom, plan};
use cluster::state::IndexMetadata;
use model::admin::{CreateIndex, IndexCreated, PutSettings};
use model::by_query::{ByQuery, Change, CopyRouting, Destination, Slices};
use model::error::{Error, ErrorKind};
use model::resize::Resize;
use model::search::SearchRequest;
use model::target::Target;
use model::write::{ActiveShards, VersionType};

use super::blocks::{check_change, check_write};
use super::{NodeGateway, by_query, indexes, maintenance, stats};

/// Documents that are written at a time.
const BATCH: u64 = 1000;

pub(super) async fn resize(door: &NodeGateway, asked: Resize) -> Result<IndexCreated, Error> {
    let core = &door.core;
    let state = core.state();
    let source = state.index(&asked.source)?.clone();
    check_change(&source)?;
    if !source.open {
        return Err(Error::new(ErrorKind::IndexClosed, "closed").with_index(source.reference()));
    }
    if let Some((stream, _)) = state.stream_of(&source.name).filter(|(_, stream)| *stream.write_index() == source.name)
    {
        let reason = format!("cannot resize the write index [{}] for data stream [{stream}]", source.name);
        return Err(Error::illegal_argument(reason));
    }
    let bytes = if asked.max_shard_bytes.is_some() { primary_bytes(door, &source).await? } else { 0 };
    let plan = plan(&source, &asked, bytes)?;
    cluster::apply::check_new_name(&state, &asked.index.name)?;
    if check_write(&state, &source).is_ok() {
        let reason = format!(
            "index {} must block write operations to resize index. use \"index.blocks.write=true\"",
            source.name
        );
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    refuse_what_is_lost(&source)?;
    let (name, wanted) = (asked.index.name.clone(), asked.index.active_shards);
    let timeout = Duration::from_millis(asked.index.timeout_ms);
    let made = make(door, &source, asked.index, plan.settings.clone()).await?;
    if let Err(error) = fill(door, &source, &name, plan).await {
        // It holds some of the documents: that is not what was asked for.
        let _ = indexes::delete(door, Target::one(name)).await;
        return Err(error);
    }
    let acknowledged = match wanted {
        None | Some(ActiveShards::Count(0 | 1)) => made.shards_acknowledged,
        wanted => indexes::wait_for_active(core, &made.name, wanted, Instant::now() + timeout).await?,
    };
    Ok(IndexCreated { shards_acknowledged: acknowledged, ..made })
}

async fn make(
    door: &NodeGateway,
    source: &IndexMetadata,
    wanted: CreateIndex,
    settings: serde_json::Map<String, serde_json::Value>,
) -> Result<IndexCreated, Error> {
    let from = ResizedFrom { name: source.name.clone(), uuid: source.uuid.clone() };
    let mappings = Some(source.mapping.render());
    let request = CreateIndex { settings, mappings, active_shards: None, ..wanted };
    indexes::create_from(door, request, Some(from)).await
}

/// Writes what the source holds, and sets what had to wait.
async fn fill(door: &NodeGateway, source: &Arc<IndexMetadata>, name: &str, plan: Plan) -> Result<(), Error> {
    // What was acknowledged is to be found.
    let shown = maintenance::refresh(&door.core, Target::one(source.name.as_ref())).await?;
    if let Some(failure) = shown.failures.into_iter().next() {
        return Err(failure.error);
    }
    let answer = by_query::run(&door.core, copying(source, name)).await?;
    if let Some(failure) = answer.failures.into_iter().next() {
        return Err(failure.error);
    }
    let written = answer.progress.created + answer.progress.updated;
    if answer.timed_out || written != answer.progress.total {
        let reason = format!("[{written}] of [{}] documents were copied", answer.progress.total);
        return Err(Error::new(ErrorKind::IllegalState, reason));
    }
    if plan.later.is_empty() {
        return Ok(());
    }
    let later = PutSettings { target: Target::one(name), settings: plan.later, preserve_existing: false };
    indexes::put_settings(door, later).await
}

/// Every document, with its version and its routing, past all pipelines.
fn copying(source: &IndexMetadata, name: &str) -> ByQuery {
    let to = Destination {
        index: name.into(),
        only_create: false,
        version_type: Some(VersionType::External),
        routing: CopyRouting::Keep,
        pipeline: Some("_none".into()),
    };
    ByQuery {
        change: Change::Copy(Box::new(to)),
        search: SearchRequest { size: BATCH, ..SearchRequest::new(Target::one(source.name.as_ref())) },
        max_docs: None,
        conflicts_proceed: false,
        refresh: true,
        timeout_ms: 60_000,
        active_shards: None,
        requests_per_second: None,
        slices: Slices::Auto,
        pipeline: None,
        script: None,
    }
}

/// Documents are written from their sources.
fn refuse_what_is_lost(source: &IndexMetadata) -> Result<(), Error> {
    let kept = &source.mapping.source;
    let whole = kept.enabled && kept.includes.is_empty() && kept.excludes.is_empty();
    if !whole {
        return Err(Error::not_implemented("resizing an index that does not keep its sources whole"));
    }
    if source.settings.typed().centroids_field.is_some() {
        return Err(Error::not_implemented("resizing an index whose documents lie by their vectors"));
    }
    Ok(())
}

async fn primary_bytes(door: &NodeGateway, source: &IndexMetadata) -> Result<u64, Error> {
    let told = stats::stats(&door.core, &Target::one(source.name.as_ref())).await?;
    Ok(told.copies.iter().filter(|copy| copy.shard.primary).map(|copy| copy.stats.store_bytes).sum())
}
