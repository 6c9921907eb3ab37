//! The table of index settings: which there are, when they may change, what their values look like.

use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::{flat, slow_log, value};

/// One setting, or with a dot at its end all settings below a name.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Without `index.`.
    pub name: &'static str,
    pub scope: Scope,
    pub kind: Kind,
    pub default: &'static str,
    /// Known to OpenSearch, not here: only its default is taken.
    pub absent: bool,
}

/// When a setting may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At any time.
    Dynamic,
    /// At creation, or while the index is closed.
    Static,
    /// At creation.
    Final,
    /// Set by the cluster alone.
    Private,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Flag,
    Integer(i64, i64),
    /// At least this many milliseconds; `-1` where that is less.
    Time(i64),
    /// As many bytes at least; `-1` where that is less.
    Bytes(i64),
    /// At least, at most.
    Decimal(f64, f64),
    /// From 0 to 1, or a switch.
    Ratio,
    /// A switch that no new index may have.
    Removed,
    /// One of these, in any case.
    Choice(&'static [&'static str]),
    Text,
    List,
    Durability,
    /// A count of copies, or `all`.
    Active,
    /// `0-1`, `0-all` or `false`.
    Expand,
    /// Of a slow log.
    Level,
    /// Of a logger.
    LogLevel,
    /// How many characters of a source a slow log shows, or whether it does.
    Shown,
}

use Kind::{
    Active, Bytes, Choice, Decimal, Durability, Expand, Flag, Integer, Level, List, LogLevel, Ratio, Removed, Shown,
    Text, Time,
};
use Scope::{Dynamic, Final, Private, Static};

const fn row(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default, absent: false }
}

const fn absent(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default, absent: true }
}

const LOG_LEVELS: [&str; 8] = ["all", "trace", "debug", "info", "warn", "error", "fatal", "off"];
const MANY: i64 = i32::MAX as i64;

/// Those that are only hints of effort (caches, merges, codecs) are checked and kept; no answer depends on them.
pub const TABLE: &[Setting] = &[
    row("number_of_shards", Final, Integer(1, 1024), "1"),
    row("number_of_replicas", Dynamic, Integer(0, MANY), "1"),
    absent("number_of_search_replicas", Dynamic, Integer(0, MANY), "0"),
    absent("auto_expand_search_replicas", Dynamic, Expand, "false"),
    row("number_of_routing_shards", Static, Integer(1, MANY), ""),
    row("routing_partition_size", Static, Integer(1, MANY), "1"),
    row("routing.centroids.field", Final, Text, ""),
    row("auto_expand_replicas", Dynamic, Expand, "false"),
    row("refresh_interval", Dynamic, Time(-1), "1s"),
    row("hidden", Dynamic, Flag, "false"),
    row("blocks.read", Dynamic, Flag, "false"),
    row("blocks.write", Dynamic, Flag, "false"),
    row("blocks.metadata", Dynamic, Flag, "false"),
    row("blocks.read_only", Dynamic, Flag, "false"),
    row("blocks.read_only_allow_delete", Dynamic, Flag, "false"),
    row("translog.durability", Dynamic, Durability, "REQUEST"),
    row("translog.sync_interval", Dynamic, Time(100), "5s"),
    row("translog.flush_threshold_size", Dynamic, Bytes(56), "512mb"),
    row("translog.generation_threshold_size", Dynamic, Bytes(56), "64mb"),
    row("translog.retention.age", Dynamic, Time(-1), "-1"),
    row("translog.retention.size", Dynamic, Bytes(-1), "-1"),
    absent("soft_deletes.enabled", Static, Flag, "true"),
    row("soft_deletes.retention.operations", Dynamic, Integer(0, MANY), "0"),
    row("soft_deletes.retention_lease.period", Dynamic, Time(0), "12h"),
    row("gc_deletes", Dynamic, Time(-1), "60s"),
    row("write.wait_for_active_shards", Dynamic, Active, "1"),
    row("max_result_window", Dynamic, Integer(1, MANY), "10000"),
    row("max_inner_result_window", Dynamic, Integer(1, MANY), "100"),
    row("max_rescore_window", Dynamic, Integer(1, MANY), "10000"),
    row("max_docvalue_fields_search", Dynamic, Integer(0, MANY), "100"),
    row("max_script_fields", Dynamic, Integer(0, MANY), "32"),
    row("max_ngram_diff", Dynamic, Integer(0, MANY), "1"),
    row("max_shingle_diff", Dynamic, Integer(0, MANY), "3"),
    row("max_refresh_listeners", Dynamic, Integer(0, MANY), "1000"),
    row("max_terms_count", Dynamic, Integer(1, MANY), "65536"),
    row("max_regex_length", Dynamic, Integer(1, MANY), "1000"),
    row("max_slices_per_scroll", Dynamic, Integer(1, MANY), "1024"),
    row("max_slices_per_pit", Dynamic, Integer(1, MANY), "1024"),
    row("max_adjacency_matrix_filters", Dynamic, Integer(2, MANY), "100"),
    row("highlight.max_analyzed_offset", Dynamic, Integer(1, MANY), "1000000"),
    row("analyze.max_token_count", Dynamic, Integer(1, MANY), "10000"),
    row("query.default_field", Dynamic, List, "*"),
    row("query.max_nested_depth", Dynamic, Integer(1, MANY), "20"),
    row("query.parse.allow_unmapped_fields", Static, Flag, "true"),
    row("query_string.lenient", Static, Flag, "false"),
    row("mapping.total_fields.limit", Dynamic, Integer(0, MANY), "1000"),
    row("mapping.depth.limit", Dynamic, Integer(1, MANY), "20"),
    row("mapping.nested_fields.limit", Dynamic, Integer(0, MANY), "50"),
    row("mapping.nested_objects.limit", Dynamic, Integer(0, MANY), "10000"),
    row("mapping.field_name_length.limit", Dynamic, Integer(1, 50_000), "50000"),
    row("mapping.ignore_malformed", Static, Flag, "false"),
    row("mapping.coerce", Static, Flag, "false"),
    row("analysis.", Static, Text, ""),
    row("similarity.", Static, Text, ""),
    row("priority", Dynamic, Integer(0, MANY), "1"),
    row("resize.source.name", Private, Text, ""),
    row("resize.source.uuid", Private, Text, ""),
    row("format", Static, Integer(-MANY, MANY), "0"),
    row("unassigned.node_left.delayed_timeout", Dynamic, Time(0), "1m"),
    row("allocation.max_retries", Dynamic, Integer(0, MANY), "5"),
    row("codec", Static, Choice(&["default", "lz4", "best_compression", "zlib"]), "default"),
    row("queries.cache.enabled", Static, Flag, "true"),
    row("requests.cache.enable", Dynamic, Flag, "true"),
    row("search.idle.after", Dynamic, Time(0), "30s"),
    row("warmer.enabled", Dynamic, Flag, "true"),
    row("load_fixed_bitset_filters_eagerly", Static, Flag, "true"),
    row("optimize_auto_generated_id", Dynamic, Removed, "true"),
    row("check_pending_flush.enabled", Static, Flag, "true"),
    row("use_compound_file", Static, Flag, "true"),
    row("compound_format", Dynamic, Ratio, "0.1"),
    row("merge_on_flush.enabled", Dynamic, Flag, "true"),
    row("merge_on_flush.max_full_flush_merge_wait_time", Dynamic, Time(1), "10s"),
    row("merge_on_flush.policy", Dynamic, Choice(&["default", "merge-on-flush"]), "default"),
    row("merge.policy", Dynamic, Choice(&["default", "tiered", "log_byte_size"]), "default"),
    row("merge.policy.deletes_pct_allowed", Dynamic, Decimal(5.0, 50.0), "20.0"),
    row("merge.policy.expunge_deletes_allowed", Dynamic, Decimal(0.0, f64::MAX), "10.0"),
    row("merge.policy.floor_segment", Dynamic, Bytes(1), "16777216b"),
    row("merge.policy.max_merge_at_once", Dynamic, Integer(2, MANY), "30"),
    row("merge.policy.max_merged_segment", Dynamic, Bytes(0), "5368709120b"),
    row("merge.policy.reclaim_deletes_weight", Dynamic, Decimal(0.0, f64::MAX), "2.0"),
    row("merge.policy.segments_per_tier", Dynamic, Decimal(2.0, f64::MAX), "10.0"),
    row("merge.log_byte_size_policy.max_merge_segment", Dynamic, Bytes(-1), "5368709120b"),
    row("merge.log_byte_size_policy.max_merge_segment_forced_merge", Dynamic, Bytes(-1), "9223372036854775807b"),
    row("merge.log_byte_size_policy.max_merged_docs", Dynamic, Integer(-MANY, MANY), "2147483647"),
    row("merge.log_byte_size_policy.merge_factor", Dynamic, Integer(2, MANY), "10"),
    row("merge.log_byte_size_policy.min_merge", Dynamic, Bytes(-1), "16777216b"),
    row("merge.log_byte_size_policy.no_cfs_ratio", Dynamic, Ratio, "0.1"),
    row("merge.scheduler.auto_throttle", Dynamic, Flag, "true"),
    row("merge.scheduler.max_force_merge_mb_per_sec", Dynamic, Decimal(0.0, f64::INFINITY), "Infinity"),
    row("merge.scheduler.max_merge_count", Dynamic, Integer(1, MANY), "6"),
    row("merge.scheduler.max_thread_count", Dynamic, Integer(1, MANY), "1"),
    row("auto_force_merge.enabled", Dynamic, Flag, "true"),
    row("flush_after_merge", Dynamic, Bytes(0), "512mb"),
    row("force_memory_term_dictionary", Static, Flag, "false"),
    row("periodic_flush_interval", Dynamic, Time(-1), "-1"),
    row("unreferenced_file_cleanup.enabled", Dynamic, Flag, "true"),
    row("optimize_doc_id_lookup.fuzzy_set.enabled", Dynamic, Flag, "false"),
    row("optimize_doc_id_lookup.fuzzy_set.false_positive_probability", Dynamic, Decimal(0.01, 0.5), "0.2047"),
    row("fielddata.cache", Static, Choice(&["node", "none"]), "node"),
    row("mapper.dynamic", Dynamic, Flag, "true"),
    row("query.derived_field.enabled", Dynamic, Flag, "true"),
    row("segment_replication.publish_referenced_segments_interval", Dynamic, Time(1000), "10m"),
    row("search.concurrent_segment_search.mode", Dynamic, Choice(&["all", "none", "auto"]), "none"),
    row("search.concurrent_segment_search.enabled", Dynamic, Flag, "false"),
    row("search.concurrent.max_slice_count", Dynamic, Integer(0, MANY), "1"),
    row("search.star_tree_index.enabled", Dynamic, Flag, "true"),
    row("search.throttled", Private, Flag, "false"),
    row("allocation.existing_shards_allocator", Private, Text, "gateway_allocator"),
    row("routing.allocation.total_remote_capable_shards_per_node", Dynamic, Integer(-1, MANY), "-1"),
    row("store.type", Static, Choice(&["", "fs", "niofs", "mmapfs", "hybridfs", "simplefs"]), ""),
    row("store.fs.fs_lock", Static, Choice(&["native", "simple"]), "native"),
    row("store.hybrid.nio.extensions", Static, List, ""),
    row("store.preload", Static, List, ""),
    row("store.stats_refresh_interval", Static, Time(-1), "10s"),
    row("shard.check_on_startup", Static, Choice(&["true", "false", "checksum"]), "false"),
    row("creation_date", Final, Text, ""),
    row("uuid", Private, Text, ""),
    row("version.created", Private, Text, ""),
    row("verified_before_close", Private, Flag, "false"),
    row("history.uuid", Private, Text, ""),
    row("default_pipeline", Dynamic, Text, "_none"),
    row("final_pipeline", Dynamic, Text, "_none"),
    row("search.default_pipeline", Dynamic, Text, "_none"),
    absent("sort.", Static, Text, ""),
    row("knn", Static, Flag, "false"),
    row("knn.algo_param.ef_search", Dynamic, Integer(2, MANY), "100"),
    row("knn.advanced.approximate_threshold", Dynamic, Integer(-1, MANY), "0"),
    row("knn.advanced.filtered_exact_search_threshold", Dynamic, Integer(-MANY, MANY), "-1"),
    row("knn.derived_source.enabled", Static, Flag, "false"),
    row("knn.disk.vector.shard_level_rescoring_disabled", Dynamic, Flag, "false"),
    row("knn.memory_optimized_search", Static, Flag, "false"),
    row("knn.remote_index_build.enabled", Dynamic, Flag, "true"),
    row("knn.remote_index_build.size.min", Dynamic, Bytes(-1), "52428800b"),
    absent("knn.", Static, Text, ""),
    absent("data_path", Static, Text, ""),
    absent("append_only.enabled", Static, Flag, "false"),
    absent("derived_source.", Static, Text, ""),
    absent("context_aware.", Static, Text, ""),
    absent("composite_index", Static, Flag, "false"),
    absent("composite_index.", Static, Text, ""),
    row("percolator.map_unmapped_fields_as_text", Static, Flag, "false"),
    absent("percolator.", Static, Text, ""),
    row("routing.allocation.enable", Dynamic, Text, "all"),
    row("routing.allocation.total_shards_per_node", Dynamic, Integer(-1, MANY), "-1"),
    row("routing.allocation.include.", Dynamic, Text, ""),
    row("routing.allocation.exclude.", Dynamic, Text, ""),
    row("routing.allocation.require.", Dynamic, Text, ""),
    row("routing.rebalance.enable", Dynamic, Choice(&["all", "primaries", "replicas", "none"]), "all"),
    absent("routing.allocation.", Dynamic, Text, ""),
    row("search.slowlog.level", Dynamic, Level, "TRACE"),
    row("search.slowlog.threshold.query.warn", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.query.info", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.query.debug", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.query.trace", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.fetch.warn", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.fetch.info", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.fetch.debug", Dynamic, Time(-1), "-1"),
    row("search.slowlog.threshold.fetch.trace", Dynamic, Time(-1), "-1"),
    row("indexing.slowlog.level", Dynamic, Level, "TRACE"),
    row("indexing.slowlog.threshold.index.warn", Dynamic, Time(-1), "-1"),
    row("indexing.slowlog.threshold.index.info", Dynamic, Time(-1), "-1"),
    row("indexing.slowlog.threshold.index.debug", Dynamic, Time(-1), "-1"),
    row("indexing.slowlog.threshold.index.trace", Dynamic, Time(-1), "-1"),
    row("indexing.slowlog.source", Dynamic, Shown, "1000"),
    row("indexing.slowlog.reformat", Dynamic, Flag, "true"),
    absent("remote_store.", Static, Text, ""),
    absent("replication.type", Static, Text, "DOCUMENT"),
    absent("ingestion_source.", Static, Text, ""),
];

/// Longest name, in bytes.
const MAX_NAME: usize = 256;

/// The row of a name that begins with `index.`: the exact one, or else the longest group.
pub fn find(name: &str) -> Option<&'static Setting> {
    // Names become objects in one another: they stay shallow.
    let name = name.strip_prefix("index.").filter(|name| name.len() <= MAX_NAME)?;
    let exact = TABLE.iter().find(|row| row.name == name);
    exact.or_else(|| {
        let groups = TABLE.iter().filter(|row| row.name.ends_with('.') && name.len() > row.name.len());
        groups.filter(|row| name.starts_with(row.name)).max_by_key(|row| row.name.len())
    })
}

impl Setting {
    /// # Errors
    /// What is wrong with the value; 501 where the setting is not here.
    pub fn check(&self, name: &str, value: &Value) -> Result<(), Error> {
        let text = flat::text(value);
        self.check_value(name, &text)?;
        match self.absent && text != self.default {
            true => Err(Error::not_implemented(format!("setting [{name}] with value [{text}]"))),
            false => Ok(()),
        }
    }

    fn check_value(&self, name: &str, text: &str) -> Result<(), Error> {
        match self.kind {
            Flag | Removed => value::flag(text).map(drop),
            Integer(min, max) => value::integer(name, text, min, max).map(drop),
            Time(least) => match value::time(name, text)?.map_or(-1, |ms| i64::try_from(ms).unwrap_or(i64::MAX)) {
                ms if ms < least => Err(Error::illegal_argument(format!(
                    "failed to parse value [{text}] for setting [{name}], must be >= [{least}ms]"
                ))),
                _ => Ok(()),
            },
            Bytes(least) => {
                match value::bytes(name, text)?.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)) {
                    bytes if bytes < least => Err(Error::illegal_argument(format!(
                        "failed to parse value [{text}] for setting [{name}], must be >= [{least}b]"
                    ))),
                    _ => Ok(()),
                }
            }
            Decimal(least, most) => value::decimal(name, text, least, most).map(drop),
            Ratio => value::ratio(text).map(drop),
            Choice(options) if !options.contains(&text) => Err(Error::illegal_argument(format!(
                "unknown value for [{name}] must be one of [{}] but was: {text}",
                options.join(", ")
            ))),
            Durability if !["request", "async"].contains(&text.to_lowercase().as_str()) => {
                Err(Error::illegal_argument(format!(
                    "No enum constant org.opensearch.index.translog.Translog.Durability.{}",
                    text.to_uppercase()
                )))
            }
            Active if text != "all" => value::integer(name, text, 0, MANY).map(drop),
            Expand if text != "false" => super::typed::expand(text).map(drop),
            Level => slow_log::Level::parse(text).map(drop),
            LogLevel if !LOG_LEVELS.contains(&text.to_ascii_lowercase().as_str()) => {
                Err(Error::illegal_argument(format!("Unknown level constant [{}].", text.to_uppercase())))
            }
            Shown => slow_log::shown(text).map(drop),
            Choice(_) | LogLevel | Durability | Active | Expand | Text | List => Ok(()),
        }
    }

    /// As `include_defaults` shows it.
    pub fn default_value(&self) -> Value {
        match self.kind {
            List if self.default.is_empty() => Value::Array(Vec::new()),
            List => Value::Array(vec![self.default.into()]),
            _ => self.default.into(),
        }
    }
}

/// `unknown setting [name]`, with names that are near.
pub fn unknown(name: &str) -> Error {
    let names = TABLE.iter().filter(|row| !row.name.ends_with('.')).map(|row| format!("index.{}", row.name));
    let mut near: Vec<(usize, String)> = names
        .filter_map(|known| {
            let (distance, longest) = (distance(name, &known), name.len().max(known.len()));
            (distance * 10 < longest * 3).then_some((distance, known))
        })
        .collect();
    near.sort();
    let near: Vec<String> = near.into_iter().map(|(_, known)| known).collect();
    let hint = match near.as_slice() {
        [] => "please check that any required plugins are installed, or check the breaking changes documentation for removed settings".to_owned(),
        [one] => format!("did you mean [{one}]?"),
        many => format!("did you mean any of [{}]?", many.join(", ")),
    };
    Error::new(ErrorKind::Settings, format!("unknown setting [{name}] {hint}"))
}

/// Levenshtein's distance. Names beyond 256 bytes are near nothing.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().max(b.len()) > 256 {
        return usize::MAX / 10;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, y) in b.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = (above + 1).min(row[column] + 1).min(diagonal + usize::from(x != y));
            diagonal = above;
        }
    }
    row[b.len()]
}
