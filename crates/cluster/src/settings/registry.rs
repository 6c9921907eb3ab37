//! The table of index settings: which there are, when they may change, what their values look like.

use model::error::{Error, ErrorKind};
use serde_json::Value;

use super::{flat, value};

/// One setting, or with a dot at its end all settings below a name.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Without `index.`.
    pub name: &'static str,
    pub scope: Scope,
    pub kind: Kind,
    pub default: &'static str,
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
    /// Known to OpenSearch, not here: only its default is taken.
    Absent,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Flag,
    Integer(i64, i64),
    /// At least this many milliseconds.
    Time(u64),
    Bytes,
    /// A number that is not below 0.
    Decimal,
    /// One of these, in any case.
    Choice(&'static [&'static str]),
    Text,
    List,
    Durability,
    /// A count of copies, or `all`.
    Active,
    /// `0-1`, `0-all` or `false`.
    Expand,
}

use Kind::{Active, Bytes, Choice, Decimal, Durability, Expand, Flag, Integer, List, Text, Time};
use Scope::{Absent, Dynamic, Final, Private, Static};

const fn row(name: &'static str, scope: Scope, kind: Kind, default: &'static str) -> Setting {
    Setting { name, scope, kind, default }
}

const MANY: i64 = i32::MAX as i64;

/// Those that are only hints of effort (caches, merges, codecs) are checked and kept; no answer depends on them.
pub const TABLE: &[Setting] = &[
    row("number_of_shards", Final, Integer(1, 1024), "1"),
    row("number_of_replicas", Dynamic, Integer(0, MANY), "1"),
    row("number_of_search_replicas", Absent, Integer(0, MANY), "0"),
    row("number_of_routing_shards", Static, Integer(1, MANY), ""),
    row("routing_partition_size", Static, Integer(1, MANY), "1"),
    row("routing.centroids.field", Final, Text, ""),
    row("auto_expand_replicas", Dynamic, Expand, "false"),
    row("refresh_interval", Dynamic, Time(0), "1s"),
    row("hidden", Dynamic, Flag, "false"),
    row("blocks.read", Dynamic, Flag, "false"),
    row("blocks.write", Dynamic, Flag, "false"),
    row("blocks.metadata", Dynamic, Flag, "false"),
    row("blocks.read_only", Dynamic, Flag, "false"),
    row("blocks.read_only_allow_delete", Dynamic, Flag, "false"),
    row("translog.durability", Dynamic, Durability, "REQUEST"),
    row("translog.sync_interval", Dynamic, Time(100), "5s"),
    row("translog.flush_threshold_size", Dynamic, Bytes, "512mb"),
    row("translog.generation_threshold_size", Dynamic, Bytes, "64mb"),
    row("translog.retention.age", Dynamic, Time(0), "-1"),
    row("translog.retention.size", Dynamic, Bytes, "-1"),
    row("soft_deletes.enabled", Absent, Flag, "true"),
    row("soft_deletes.retention.operations", Dynamic, Integer(0, MANY), "0"),
    row("soft_deletes.retention_lease.period", Dynamic, Time(0), "12h"),
    row("gc_deletes", Dynamic, Time(0), "60s"),
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
    row("mapper.dynamic", Absent, Flag, "true"),
    row("analysis.", Static, Text, ""),
    row("similarity.", Static, Text, ""),
    row("priority", Dynamic, Integer(0, MANY), "1"),
    row("resize.source.name", Private, Text, ""),
    row("resize.source.uuid", Private, Text, ""),
    row("format", Static, Integer(0, MANY), "0"),
    row("unassigned.node_left.delayed_timeout", Dynamic, Time(0), "1m"),
    row("allocation.max_retries", Dynamic, Integer(0, MANY), "5"),
    row("codec", Static, Choice(&["default", "lz4", "best_compression", "zlib"]), "default"),
    row("queries.cache.enabled", Static, Flag, "true"),
    row("requests.cache.enable", Dynamic, Flag, "true"),
    row("search.idle.after", Dynamic, Time(0), "30s"),
    row("warmer.enabled", Dynamic, Flag, "true"),
    row("load_fixed_bitset_filters_eagerly", Static, Flag, "true"),
    row("optimize_auto_generated_id", Dynamic, Flag, "true"),
    row("check_pending_flush.enabled", Dynamic, Flag, "true"),
    row("use_compound_file", Dynamic, Flag, "true"),
    row("compound_format", Dynamic, Text, "0.1"),
    row("merge_on_flush.", Dynamic, Text, ""),
    row("merge.", Dynamic, Text, ""),
    row("store.type", Static, Text, ""),
    row("store.preload", Static, List, ""),
    row("store.stats_refresh_interval", Static, Time(0), "10s"),
    row("shard.check_on_startup", Static, Choice(&["true", "false", "checksum"]), "false"),
    row("creation_date", Final, Text, ""),
    row("uuid", Private, Text, ""),
    row("version.created", Private, Text, ""),
    row("verified_before_close", Private, Flag, "false"),
    row("history.uuid", Private, Text, ""),
    row("default_pipeline", Dynamic, Text, "_none"),
    row("final_pipeline", Dynamic, Text, "_none"),
    row("search.default_pipeline", Dynamic, Text, "_none"),
    row("search.throttled", Absent, Flag, "false"),
    row("sort.", Absent, Text, ""),
    row("knn", Static, Flag, "false"),
    row("knn.algo_param.ef_search", Dynamic, Integer(2, MANY), "100"),
    row("knn.advanced.approximate_threshold", Dynamic, Integer(-1, MANY), "0"),
    row("knn.derived_source.enabled", Static, Flag, "false"),
    row("knn.", Absent, Text, ""),
    row("data_path", Absent, Text, ""),
    row("append_only.enabled", Absent, Flag, "false"),
    row("derived_source.", Absent, Text, ""),
    row("context_aware.", Absent, Text, ""),
    row("composite_index", Absent, Flag, "false"),
    row("composite_index.", Absent, Text, ""),
    row("percolator.map_unmapped_fields_as_text", Static, Flag, "false"),
    row("percolator.", Absent, Text, ""),
    row("routing.allocation.enable", Dynamic, Text, "all"),
    row("routing.allocation.total_shards_per_node", Dynamic, Integer(-1, MANY), "-1"),
    row("routing.allocation.include.", Dynamic, Text, ""),
    row("routing.allocation.exclude.", Dynamic, Text, ""),
    row("routing.allocation.require.", Dynamic, Text, ""),
    row("routing.rebalance.enable", Dynamic, Choice(&["all", "primaries", "replicas", "none"]), "all"),
    row("routing.allocation.", Absent, Text, ""),
    row("search.slowlog.", Absent, Text, "-1"),
    row("indexing.slowlog.", Absent, Text, "-1"),
    // A shard is searched by one thread.
    row("search.concurrent_segment_search.mode", Absent, Text, "none"),
    row("search.concurrent_segment_search.enabled", Absent, Flag, "false"),
    row("search.concurrent_segment_search.", Absent, Text, ""),
    row("remote_store.", Absent, Text, ""),
    row("replication.type", Absent, Text, "DOCUMENT"),
    row("ingestion_source.", Absent, Text, ""),
    row("periodic_flush_interval", Absent, Time(0), "-1"),
    row("fielddata.cache", Absent, Text, "node"),
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
        if self.scope == Scope::Absent && text != self.default {
            return Err(Error::not_implemented(format!("setting [{name}] with value [{text}]")));
        }
        match self.kind {
            Flag => value::flag(&text).map(drop),
            Integer(min, max) => value::integer(name, &text, min, max).map(drop),
            Time(least) => match value::time(name, &text)? {
                Some(ms) if ms < least => Err(Error::illegal_argument(format!(
                    "failed to parse value [{text}] for setting [{name}], must be >= [{least}ms]"
                ))),
                _ => Ok(()),
            },
            Bytes => value::bytes(name, &text).map(drop),
            Decimal => value::decimal(name, &text).map(drop),
            Choice(options) if !options.contains(&text.as_str()) => Err(Error::illegal_argument(format!(
                "unknown value for [{name}] must be one of [{}] but was: {text}",
                options.join(", ")
            ))),
            Durability if !["request", "async"].contains(&text.to_lowercase().as_str()) => {
                Err(Error::illegal_argument(format!(
                    "No enum constant org.opensearch.index.translog.Translog.Durability.{}",
                    text.to_uppercase()
                )))
            }
            Active if text != "all" => value::integer(name, &text, 0, MANY).map(drop),
            Expand if text != "false" => super::typed::expand(&text).map(drop),
            Choice(_) | Durability | Active | Expand | Text | List => Ok(()),
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
