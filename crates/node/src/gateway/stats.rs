//! Counts: of every shard copy, and of the node.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use cluster::health::copies;
use cluster::resolve::{Options, resolve};
use model::admin::{
    BreakerStats, CopyStats, HttpStats, NodeStats, OperationStats, SegmentInfo, ShardStats, StatsResponse,
    TranslogStats,
};
use model::error::Error;
use model::id::SeqNo;
use model::search::{ShardFailure, Shards};
use model::target::Target;

use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{OpenShard, Used};
use crate::process::{disk_stats, process_stats};

pub(super) fn stats(core: &Core, target: &Target) -> Result<StatsResponse, Error> {
    let found = resolve(&core.state(), target, Options::open())?;
    let mut response = StatsResponse { shards: Shards::default(), copies: Vec::new() };
    for found in found {
        let index = core.indexes.get(&found.index)?;
        let tables = copies(&found.index);
        response.shards.total += tables.len() as u32;
        for shard in &index.shards {
            let table = tables.iter().find(|table| table.primary && table.number == shard.number);
            match (shard.copy(), table) {
                (Ok(copy), Some(table)) => {
                    response.shards.successful += 1;
                    let facts = copy.stats();
                    let (index, uuid) = (found.index.name.clone(), found.index.uuid.clone());
                    let segments = facts.segments.iter().enumerate().map(segment).collect();
                    response.copies.push(CopyStats {
                        index,
                        uuid,
                        shard: table.clone(),
                        stats: shard_stats(&facts, &shard.used),
                        segments,
                    });
                }
                (Err(error), _) => response.shards.failures.push(ShardFailure {
                    index: found.index.name.clone(),
                    shard: shard.number,
                    node: None,
                    error,
                }),
                (Ok(_), None) => {}
            }
        }
    }
    Ok(response)
}

pub(super) fn node_stats(core: &Core) -> NodeStats {
    let open: Vec<_> = core.indexes.all();
    let shards: Vec<&std::sync::Arc<OpenShard>> = open.iter().flat_map(|index| &index.shards).collect();
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
    }
}
