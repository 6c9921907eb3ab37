//! Counts: of every shard copy, and of the node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cluster::health::copies;
use cluster::resolve::{Options, resolve};
use cluster::state::NodeId;
use model::admin::{
    BreakerStats, CacheStats, CopyStats, HttpStats, NodeStats, OperationStats, SegmentInfo, ShardInfo, ShardStats,
    StatsResponse, TranslogStats, VectorStats,
};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, SeqNo};
use model::search::{ShardFailure, Shards};
use model::target::Target;
use tokio::task::JoinSet;

use super::maintenance::{Named, Spread};
use super::remote;
use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{OpenShard, Used};
use crate::process::{disk_stats, process_stats};
use crate::request_cache::Share;

pub(super) async fn stats(core: &Arc<Core>, target: &Target) -> Result<StatsResponse, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let mut response = StatsResponse { shards: Shards::default(), copies: Vec::new() };
    let (mut spread, mut tables) = (Spread::default(), BTreeMap::<(Named, Arc<str>), (IndexUuid, ShardInfo)>::new());
    for found in found {
        let all = copies(&found.index, now_ms());
        response.shards.total += all.len() as u32;
        spread.add(core, &found.index, true)?;
        for table in all {
            let Some(node) = table.node.clone() else { continue };
            let named = (found.index.name.clone(), table.number);
            tables.insert((named, node), (found.index.uuid.clone(), table));
        }
    }
    let mut nodes = JoinSet::new();
    for (node, named) in spread.there {
        let (core, shards) = (core.clone(), named.iter().map(|((_, number), uuid)| (uuid.clone(), *number)).collect());
        let message = remote::upkeep::Stats { version: core.state().version, shards };
        nodes.spawn(async move {
            let answer = remote::ask(&core, &node, &message, None).await;
            (node, named, answer)
        });
    }
    let here = spread.here;
    let inside = core.clone();
    let of_each = move || here.into_iter().map(|(named, shard)| (named, stats_of(&inside, &shard))).collect::<Vec<_>>();
    let mut all: Vec<(Named, Option<NodeId>, StatsOf)> =
        core.search.run(of_each).await?.into_iter().map(|(named, stats)| (named, None, stats)).collect();
    while let Some(answered) = nodes.join_next().await {
        let (node, named, answer) = answered.map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))?;
        let answers = answer.unwrap_or_else(|error| vec![Err(Error::from(error)); named.len()]);
        all.extend(named.into_iter().zip(answers).map(|((name, _), stats)| (name, Some(node.clone()), stats)));
    }
    // Of one shard the primary is first.
    let is_replica = |(named, node, _): &(Named, Option<NodeId>, StatsOf)| {
        let at = node.as_ref().map_or_else(|| core.identity.node.0.clone(), |node| node.0.clone());
        tables.get(&(named.clone(), at)).is_some_and(|(_, copy)| !copy.primary)
    };
    all.sort_by_cached_key(|one| (one.0.clone(), is_replica(one)));
    for (named, node, stats) in all {
        let at = node.as_ref().map_or_else(|| core.identity.node.0.clone(), |node| node.0.clone());
        match (stats, tables.remove(&(named.clone(), at))) {
            (Ok((stats, segments)), Some((uuid, shard))) => {
                response.shards.successful += 1;
                response.copies.push(CopyStats { index: named.0, uuid, shard, stats, segments });
            }
            (Err(error), _) => response.shards.failures.push(ShardFailure {
                index: named.0,
                shard: named.1,
                node: node.map(|node| node.0),
                error,
            }),
            (Ok(_), None) => {}
        }
    }
    Ok(response)
}

type StatsOf = Result<(ShardStats, Vec<SegmentInfo>), Error>;

/// Counts of one shard of this node.
///
/// # Errors
/// When it does not serve.
pub(super) fn stats_of(core: &Core, shard: &OpenShard) -> StatsOf {
    let copy = shard.copy()?;
    core.request_cache.forget_before(&shard.used.cached, copy.reader().generation);
    let facts = copy.stats();
    let segments = facts.segments.iter().enumerate().map(segment).collect();
    Ok((shard_stats(&facts, &shard.used), segments))
}

pub(super) fn node_stats(core: &Core) -> NodeStats {
    let open: Vec<_> = core.indexes.all();
    let shards: Vec<&Arc<OpenShard>> = open.iter().flat_map(|index| &index.shards).collect();
    let each = shards.iter().filter_map(|shard| shard.copy().ok().map(|copy| shard_stats(&copy.stats(), &shard.used)));
    NodeStats {
        node: super::cluster::node_info(core),
        timestamp_ms: now_ms(),
        shard_count: shards.len() as u64,
        shards: each.fold(ShardStats::default(), |mut sum, one| {
            sum.add(&one);
            sum
        }),
        process: process_stats(),
        disk: disk_stats(&core.config.data),
        answers_kept: core.request_cache.answers(),
        ingest: core.ingested.stats(&core.state()),
        asked: core.metrics.peers.asked(),
        pressure: core.pressure.stats(core.config.max_in_flight_bytes as u64),
        http: HttpStats::default(),
        breakers: vec![
            BreakerStats {
                name: "in_flight_requests".into(),
                limit_bytes: core.config.max_in_flight_bytes as u64,
                used_bytes: 0,
                tripped: 0,
            },
            BreakerStats {
                name: "request".into(),
                limit_bytes: core.config.request_memory,
                used_bytes: core.aggregated_bytes(),
                tripped: 0,
            },
        ],
        pools: vec![
            core.search.stats(),
            core.write.stats(),
            core.merge.stats(),
            core.flush.stats(),
            core.refresh.stats(),
        ],
    }
}

fn segment((at, facts): (usize, &shard::engine::SegmentFacts)) -> SegmentInfo {
    SegmentInfo {
        // As Lucene names its segments: short, and in order.
        name: format!("_{at}"),
        docs: facts.docs,
        deleted: facts.deleted,
        size_bytes: facts.disk_bytes,
        memory_bytes: facts.memory_bytes,
        committed: facts.committed,
        searchable: true,
    }
}

fn groups(used: &Used) -> BTreeMap<String, (OperationStats, OperationStats)> {
    let timed = |(total, micros): (u64, u64)| OperationStats { total, time_ms: micros / 1000, ..Default::default() };
    used.groups.lock().iter().map(|(name, (query, fetch))| (name.clone(), (timed(*query), timed(*fetch)))).collect()
}

fn cache_stats(share: &Share) -> CacheStats {
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    CacheStats {
        bytes: count(&share.bytes),
        evictions: count(&share.evictions),
        hits: count(&share.hits),
        misses: count(&share.misses),
    }
}

fn shard_stats(facts: &shard::engine::CopyStats, used: &Used) -> ShardStats {
    let last = facts.next_seq.checked_sub(1).map(SeqNo);
    let timed = |(total, time_ms): (u64, u64)| OperationStats { total, time_ms, ..Default::default() };
    let counted = |times: &AtomicU64, micros: &AtomicU64| {
        timed((times.load(Ordering::Relaxed), micros.load(Ordering::Relaxed) / 1000))
    };
    ShardStats {
        docs: facts.docs,
        deleted: facts.deleted_docs,
        store_bytes: facts.disk_bytes,
        memory_bytes: facts.memory_bytes,
        segments: facts.segments.len() as u64,
        max_seq_no: last,
        local_checkpoint: last,
        global_checkpoint: last,
        translog: TranslogStats {
            operations: facts.tail.operations,
            bytes: facts.log.bytes,
            uncommitted_operations: facts.tail.operations,
            uncommitted_bytes: facts.log.uncommitted_bytes,
        },
        indexing: timed((facts.indexed, facts.write_ms)),
        deleting: timed((facts.deleted, 0)),
        get: counted(&used.gets, &used.get_micros),
        get_missing: used.gets_missing.load(Ordering::Relaxed),
        query: counted(&used.queries, &used.query_micros),
        fetch: counted(&used.fetches, &used.fetch_micros),
        groups: groups(used),
        refresh: timed(facts.refresh),
        flush: timed(facts.flush),
        merge: timed(facts.merge),
        merged_docs: facts.merged_docs,
        merged_bytes: facts.merged_bytes,
        merges_running: facts.merges_running,
        merge_throttled_ms: facts.merge_throttled_ms,
        is_throttled: facts.is_throttled,
        throttled_ms: facts.throttled_ms,
        request_cache: cache_stats(&used.cached),
        query_cache: CacheStats {
            bytes: facts.queries.bytes,
            evictions: facts.queries.evictions,
            hits: facts.queries.hits,
            misses: facts.queries.misses,
        },
        queries_kept: facts.queries.entries,
        queries_kept_ever: facts.queries.kept,
        vectors: VectorStats {
            bytes: facts.vectors.bytes,
            graph_bytes: facts.vectors.graph_bytes,
            graphs: facts.vectors.graphs,
            missing: facts.vectors.missing,
            built: facts.vectors.built,
            built_ms: facts.vectors.built_ms,
        },
    }
}
