//! Counts of shards as columns: what tables of indexes, of shards and of nodes have in common.
//!
//! OpenSearch's tables have columns for what Shoal does not have (caches, star trees, scrolls, suggesters, scripts). They are there, for
//! those who ask for them by name, and are zero.

use std::borrow::Cow;

use model::admin::ShardStats;

use crate::render::admin::stats::get_times;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, right};

type Count = fn(&ShardStats) -> Cell;

/// A column, and what stands in it.
pub(super) struct StatColumn {
    name: &'static str,
    /// The name for the primaries alone.
    primaries: &'static str,
    aliases: &'static str,
    description: &'static str,
    pub(super) value: Count,
}

impl StatColumn {
    pub(super) fn column(&self) -> Column {
        hidden(right(self.name, self.aliases, self.description))
    }

    /// The same count of the primaries alone.
    pub(super) fn of_primaries(&self) -> Column {
        Column { name: Cow::Borrowed(self.primaries), aliases: "", ..self.column() }
    }
}

pub(super) fn of_indices() -> impl Iterator<Item = &'static StatColumn> {
    let groups = [COMPLETION, REQUEST_CACHE, OPERATIONS, SEARCH, STAR_TREE, SCROLL, SEGMENTS, WARMERS, SUGGEST, MEMORY];
    groups.into_iter().flatten()
}

/// Without [`warmers`], which stand further behind.
pub(super) fn of_shards() -> impl Iterator<Item = &'static StatColumn> {
    [COMPLETION, OPERATIONS, SEARCH, STAR_TREE, SCROLL, IDLE, SEGMENTS].into_iter().flatten()
}

pub(super) fn warmers() -> impl Iterator<Item = &'static StatColumn> {
    WARMERS.iter()
}

pub(super) fn of_nodes() -> impl Iterator<Item = &'static StatColumn> {
    let groups =
        [COMPLETION, QUERY_CACHE_HITS, REQUEST_CACHE, OPERATIONS, SCRIPT, SEARCH, SCROLL, STAR_TREE, SEGMENTS, SUGGEST];
    groups.into_iter().flatten()
}

const NONE: Count = |_| Cell::Number(0);
const NO_BYTES: Count = |_| Cell::Bytes(0);
const NO_TIME: Count = |_| Cell::Millis(0);

macro_rules! columns {
    ($($(#[$doc:meta])* $group:ident: $($name:literal $aliases:literal $description:literal $value:expr;)*)*) => {
        $($(#[$doc])* const $group: &[StatColumn] = &[$(StatColumn {
            name: $name,
            primaries: concat!("pri.", $name),
            aliases: $aliases,
            description: $description,
            value: $value,
        }),*];)*
    };
}

columns! {
    COMPLETION:
    "completion.size" "cs,completionSize" "size of completion" NO_BYTES;
    "fielddata.memory_size" "fm,fielddataMemory" "used fielddata cache" NO_BYTES;
    "fielddata.evictions" "fe,fielddataEvictions" "fielddata evictions" NONE;
    "query_cache.memory_size" "qcm,queryCacheMemory" "used query cache" |s| Cell::Bytes(s.query_cache.bytes);
    "query_cache.evictions" "qce,queryCacheEvictions" "query cache evictions" |s| Cell::number(s.query_cache.evictions);
    QUERY_CACHE_HITS:
    "query_cache.hit_count" "qchc,queryCacheHitCount" "query cache hit counts" |s| Cell::number(s.query_cache.hits);
    "query_cache.miss_count" "qcmc,queryCacheMissCount" "query cache miss counts" |s| Cell::number(s.query_cache.misses);
    REQUEST_CACHE:
    "request_cache.memory_size" "rcm,requestCacheMemory" "used request cache" |s| Cell::Bytes(s.request_cache.bytes);
    "request_cache.evictions" "rce,requestCacheEvictions" "request cache evictions" |s| Cell::number(s.request_cache.evictions);
    "request_cache.hit_count" "rchc,requestCacheHitCount" "request cache hit counts" |s| Cell::number(s.request_cache.hits);
    "request_cache.miss_count" "rcmc,requestCacheMissCount" "request cache miss counts" |s| Cell::number(s.request_cache.misses);
    OPERATIONS:
    "flush.total" "ft,flushTotal" "number of flushes" |s| Cell::number(s.flush.total);
    "flush.total_time" "ftt,flushTotalTime" "time spent in flush" |s| Cell::Millis(s.flush.time_ms);
    "get.current" "gc,getCurrent" "number of current get ops" |s| Cell::number(s.get.current);
    "get.time" "gti,getTime" "time spent in get" |s| Cell::Millis(s.get.time_ms);
    "get.total" "gto,getTotal" "number of get ops" |s| Cell::number(s.get.total);
    "get.exists_time" "geti,getExistsTime" "time spent in successful gets" |s| Cell::Millis(get_times(s).0);
    "get.exists_total" "geto,getExistsTotal" "number of successful gets" |s| Cell::number(s.get.total.saturating_sub(s.get_missing));
    "get.missing_time" "gmti,getMissingTime" "time spent in failed gets" |s| Cell::Millis(get_times(s).1);
    "get.missing_total" "gmto,getMissingTotal" "number of failed gets" |s| Cell::number(s.get_missing);
    "indexing.delete_current" "idc,indexingDeleteCurrent" "number of current deletions" |s| Cell::number(s.deleting.current);
    "indexing.delete_time" "idti,indexingDeleteTime" "time spent in deletions" |s| Cell::Millis(s.deleting.time_ms);
    "indexing.delete_total" "idto,indexingDeleteTotal" "number of delete ops" |s| Cell::number(s.deleting.total);
    "indexing.index_current" "iic,indexingIndexCurrent" "number of current indexing ops" |s| Cell::number(s.indexing.current);
    "indexing.index_time" "iiti,indexingIndexTime" "time spent in indexing" |s| Cell::Millis(s.indexing.time_ms);
    "indexing.index_total" "iito,indexingIndexTotal" "number of indexing ops" |s| Cell::number(s.indexing.total);
    "indexing.index_failed" "iif,indexingIndexFailed" "number of failed indexing ops" |s| Cell::number(s.indexing.failed);
    "merges.current" "mc,mergesCurrent" "number of current merges" |s| Cell::number(s.merge.current);
    "merges.current_docs" "mcd,mergesCurrentDocs" "number of current merging docs" NONE;
    "merges.current_size" "mcs,mergesCurrentSize" "size of current merges" NO_BYTES;
    "merges.total" "mt,mergesTotal" "number of completed merge ops" |s| Cell::number(s.merge.total);
    "merges.total_docs" "mtd,mergesTotalDocs" "docs merged" |s| Cell::number(s.merged_docs);
    "merges.total_size" "mts,mergesTotalSize" "size merged" |s| Cell::Bytes(s.merged_bytes);
    "merges.total_time" "mtt,mergesTotalTime" "time spent in merges" |s| Cell::Millis(s.merge.time_ms);
    "merges.warmer.total_invocations" "mswti,mergedSegmentWarmerTotalInvocations" "total invocations of merged segment warmer" NONE;
    "merges.warmer.total_time" "mswtt,mergedSegmentWarmerTotalTime" "total wallclock time spent in the warming operation" NO_TIME;
    "merges.warmer.ongoing_count" "mswoc,mergedSegmentWarmerOngoingCount" "point-in-time metric for number of in-progress warm operations" NONE;
    "merges.warmer.total_bytes_received" "mswtbr,mergedSegmentWarmerTotalBytesReceived" "total bytes received by a replica shard during the warm operation" NO_BYTES;
    "merges.warmer.total_bytes_sent" "mswtbs,mergedSegmentWarmerTotalBytesSent" "total bytes sent by a primary shard during the warm operation" NO_BYTES;
    "merges.warmer.total_receive_time" "mswtrt,mergedSegmentWarmerTotalReceiveTime" "total wallclock time spent receiving merged segments by a replica shard" NO_TIME;
    "merges.warmer.total_failure_count" "mswtfc,mergedSegmentWarmerTotalFailureCount" "total failures in merged segment warmer" NONE;
    "merges.warmer.total_send_time" "mswtst,mergedSegmentWarmerTotalSendTime" "total wallclock time spent sending merged segments by a primary shard" NO_TIME;
    "refresh.total" "rto,refreshTotal" "total refreshes" |s| Cell::number(s.refresh.total);
    "refresh.time" "rti,refreshTime" "time spent in refreshes" |s| Cell::Millis(s.refresh.time_ms);
    "refresh.external_total" "rto,refreshTotal" "total external refreshes" |s| Cell::number(s.refresh.total);
    "refresh.external_time" "rti,refreshTime" "time spent in external refreshes" |s| Cell::Millis(s.refresh.time_ms);
    "refresh.listeners" "rli,refreshListeners" "number of pending refresh listeners" NONE;
    SCRIPT:
    "script.compilations" "scrcc,scriptCompilations" "script compilations" NONE;
    "script.cache_evictions" "scrce,scriptCacheEvictions" "script cache evictions" NONE;
    "script.compilation_limit_triggered" "scrclt,scriptCacheCompilationLimitTriggered" "script cache compilation limit triggered" NONE;
    SEARCH:
    "search.fetch_current" "sfc,searchFetchCurrent" "current fetch phase ops" |s| Cell::number(s.fetch.current);
    "search.fetch_time" "sfti,searchFetchTime" "time spent in fetch phase" |s| Cell::Millis(s.fetch.time_ms);
    "search.fetch_total" "sfto,searchFetchTotal" "total fetch ops" |s| Cell::number(s.fetch.total);
    "search.open_contexts" "so,searchOpenContexts" "open search contexts" NONE;
    "search.query_current" "sqc,searchQueryCurrent" "current query phase ops" |s| Cell::number(s.query.current);
    "search.query_time" "sqti,searchQueryTime" "time spent in query phase" |s| Cell::Millis(s.query.time_ms);
    "search.query_total" "sqto,searchQueryTotal" "total query phase ops" |s| Cell::number(s.query.total);
    "search.query_failed" "sqf,searchQueryFailed" "failed query phase ops" |s| Cell::number(s.query.failed);
    "search.concurrent_query_current" "scqc,searchConcurrentQueryCurrent" "current concurrent query phase ops" NONE;
    "search.concurrent_query_time" "scqti,searchConcurrentQueryTime" "time spent in concurrent query phase" NO_TIME;
    "search.concurrent_query_total" "scqto,searchConcurrentQueryTotal" "total concurrent query phase ops" NONE;
    "search.concurrent_avg_slice_count" "casc,searchConcurrentAvgSliceCount" "average query concurrency" |_| Cell::Fraction(0.0, 1);
    STAR_TREE:
    "search.startree_query_current" "stqc,startreeQueryCurrent" "current star tree query ops" NONE;
    "search.startree_query_time" "stqti,startreeQueryTime" "time spent in star tree queries" NO_TIME;
    "search.startree_query_total" "stqto,startreeQueryTotal" "total star tree resolved queries" NONE;
    "search.startree_query_failed" "stqf,startreeQueryFailed" "failed star tree query ops" NONE;
    SCROLL:
    "search.scroll_current" "scc,searchScrollCurrent" "open scroll contexts" NONE;
    "search.scroll_time" "scti,searchScrollTime" "time scroll contexts held open" NO_TIME;
    "search.scroll_total" "scto,searchScrollTotal" "completed scroll contexts" NONE;
    "search.point_in_time_current" "spc,searchPointInTimeCurrent" "open point in time contexts" NONE;
    "search.point_in_time_time" "spti,searchPointInTimeTime" "time point in time contexts held open" NO_TIME;
    "search.point_in_time_total" "spto,searchPointInTimeTotal" "completed point in time contexts" NONE;
    IDLE:
    "search.search_idle_reactivate_count_total" "ssirct,searchSearchIdleReactivateCountTotal" "number of times a shard reactivated" NONE;
    SEGMENTS:
    "segments.count" "sc,segmentsCount" "number of segments" |s| Cell::number(s.segments);
    "segments.memory" "sm,segmentsMemory" "memory used by segments" |s| Cell::Bytes(s.memory_bytes);
    "segments.index_writer_memory" "siwm,segmentsIndexWriterMemory" "memory used by index writer" NO_BYTES;
    "segments.version_map_memory" "svmm,segmentsVersionMapMemory" "memory used by version map" NO_BYTES;
    "segments.fixed_bitset_memory" "sfbm,fixedBitsetMemory" "memory used by fixed bit sets for nested object field types and type filters for types referred in _parent fields" NO_BYTES;
    WARMERS:
    "warmer.current" "wc,warmerCurrent" "current warmer ops" NONE;
    "warmer.total" "wto,warmerTotal" "total warmer ops" NONE;
    "warmer.total_time" "wtt,warmerTotalTime" "time spent in warmers" NO_TIME;
    SUGGEST:
    "suggest.current" "suc,suggestCurrent" "number of current suggest ops" NONE;
    "suggest.time" "suti,suggestTime" "time spend in suggest" NO_TIME;
    "suggest.total" "suto,suggestTotal" "number of suggest ops" NONE;
    MEMORY:
    "memory.total" "tm,memoryTotal" "total used memory" |s| Cell::Bytes(s.memory_bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_there_once() {
        let check = |columns: Vec<&StatColumn>| {
            let names: BTreeSet<&str> = columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), columns.len());
        };
        check(of_indices().collect());
        check(of_shards().chain(warmers()).collect());
        check(of_nodes().collect());
        let total = of_indices().find(|column| column.name == "search.query_total").expect("a column");
        assert_eq!(total.of_primaries().name, "pri.search.query_total");
        let stats = ShardStats { docs: 1, segments: 3, ..ShardStats::default() };
        let segments = of_nodes().find(|column| column.name == "segments.count").expect("a column");
        assert_eq!((segments.value)(&stats), Cell::Number(3));
    }
}
