//! The settings that something here acts upon, as types.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::Error;
use model::mapping::limits::Limits;
use serde_json::Value;

use super::slow_log::SlowLog;
use super::{flat, registry, value};
use crate::allocation::{Enable, Rebalance};
use crate::routing::default_routing_shards;

#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    pub shards: u32,
    pub replicas: u32,
    pub routing_shards: u32,
    pub routing_partition_size: u32,
    /// The field by whose vectors documents lie.
    pub centroids_field: Option<String>,
    /// Fewest and most replicas, by the number of data nodes; `u32::MAX`: as many as there are nodes.
    pub auto_expand_replicas: Option<(u32, u32)>,
    /// `None`: never by itself.
    pub refresh_interval_ms: Option<u64>,
    /// Whether the client set it (an index that nobody searches refreshes only then).
    pub refresh_interval_given: bool,
    pub durability: Durability,
    pub sync_interval_ms: u64,
    pub flush_threshold_bytes: u64,
    pub gc_deletes_ms: u64,
    pub search_idle_after_ms: u64,
    pub wait_for_active_shards: WaitForActive,
    pub hidden: bool,
    /// Whether answers without hits are kept.
    pub request_cache: bool,
    /// Whether the documents of filters are kept.
    pub query_cache: bool,
    pub blocks: Blocks,
    pub allocation: Allocation,
    /// Which index recovers first: the higher.
    pub priority: u32,
    /// How often a copy may fail to start.
    pub max_retries: u32,
    /// How long a replica whose node has left is waited for before another node gets it.
    pub node_left_delay_ms: u64,
    pub mapping_limits: Limits,
    pub ignore_malformed: bool,
    /// `None`: as each field type does by itself.
    pub coerce: Option<bool>,
    pub default_field: Vec<String>,
    pub query_string_lenient: bool,
    /// `index.percolator.map_unmapped_fields_as_text`
    pub unmapped_as_text: bool,
    pub max_result_window: u64,
    pub max_rescore_window: u64,
    pub max_docvalue_fields_search: u64,
    pub max_script_fields: u64,
    pub max_ngram_diff: u32,
    pub max_shingle_diff: u32,
    pub max_terms_count: u64,
    pub max_adjacency_matrix_filters: u64,
    pub max_regex_length: u64,
    pub max_slices_per_scroll: u64,
    pub max_slices_per_pit: u64,
    pub max_inner_result_window: u64,
    pub max_analyzed_offset: u64,
    pub max_token_count: u64,
    pub max_nested_depth: u32,
    /// Candidates of a search for nearest vectors, where it is set.
    pub knn_ef_search: Option<u32>,
    /// What is logged since it takes long; `None`: nothing is.
    pub slow_log: Option<Arc<SlowLog>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Acknowledged is on disk.
    Request,
    /// On disk within the sync interval.
    Async,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitForActive {
    All,
    Count(u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    pub read: bool,
    pub write: bool,
    pub metadata: bool,
    pub read_only: bool,
    pub read_only_allow_delete: bool,
}

/// `index.routing.allocation.` ..; the filters are read where they are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// `None`: as the cluster has it.
    pub enable: Option<Enable>,
    /// `None`: any number.
    pub total_shards_per_node: Option<u32>,
    /// `None`: as the cluster has it.
    pub rebalance: Option<Rebalance>,
}

/// Reads by short names, with the table's defaults.
struct Reader<'a>(&'a BTreeMap<String, Value>);

impl Reader<'_> {
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(&format!("index.{name}"))
    }

    fn text(&self, name: &str) -> String {
        let default = || registry::find(&format!("index.{name}")).map_or("", |row| row.default).to_owned();
        self.given(name).map_or_else(default, flat::text)
    }

    fn mapping_limits(&self) -> Result<Limits, Error> {
        Ok(Limits {
            total_fields: self.number("mapping.total_fields.limit")?,
            depth: self.number("mapping.depth.limit")?,
            nested_fields: self.number("mapping.nested_fields.limit")?,
            nested_objects: self.number("mapping.nested_objects.limit")?,
            field_name_length: Some(self.number("mapping.field_name_length.limit")?),
        })
    }

    fn number(&self, name: &str) -> Result<u64, Error> {
        value::integer(&format!("index.{name}"), &self.text(name), 0, i64::MAX).map(|number| number as u64)
    }

    fn flag(&self, name: &str) -> Result<bool, Error> {
        value::flag(&self.text(name))
    }

    fn durability(&self) -> Durability {
        match self.text("translog.durability").to_lowercase().as_str() {
            "async" => Durability::Async,
            _ => Durability::Request,
        }
    }

    fn knn_ef_search(&self) -> Result<Option<u32>, Error> {
        let name = "knn.algo_param.ef_search";
        self.given(name).map(|_| self.number(name).map(|ef| ef.min(10_000) as u32)).transpose()
    }

    fn time(&self, name: &str) -> Result<Option<u64>, Error> {
        value::time(&format!("index.{name}"), &self.text(name))
    }
}

impl Blocks {
    fn read(read: &Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            read: read.flag("blocks.read")?,
            write: read.flag("blocks.write")?,
            metadata: read.flag("blocks.metadata")?,
            read_only: read.flag("blocks.read_only")?,
            read_only_allow_delete: read.flag("blocks.read_only_allow_delete")?,
        })
    }
}

impl Allocation {
    fn read(read: &Reader<'_>) -> Result<Self, Error> {
        let enable = read.given("routing.allocation.enable").map(|text| Enable::parse(&flat::text(text)));
        let most = read.text("routing.allocation.total_shards_per_node").parse().ok();
        let rebalance = read.given("routing.rebalance.enable").map(|text| Rebalance::parse(&flat::text(text)));
        Ok(Self { enable: enable.transpose()?, total_shards_per_node: most.filter(|&most| most > 0), rebalance })
    }
}

impl Typed {
    pub(super) fn read(given: &BTreeMap<String, Value>) -> Result<Self, Error> {
        let read = Reader(given);
        let shards = read.number("number_of_shards")?.clamp(1, 1024) as u32;
        let routing_shards = match read.given("number_of_routing_shards") {
            Some(_) => read.number("number_of_routing_shards")?.max(1) as u32,
            None => default_routing_shards(shards),
        };
        let never = u64::MAX;
        Ok(Self {
            shards,
            replicas: read.number("number_of_replicas")? as u32,
            routing_shards,
            routing_partition_size: read.number("routing_partition_size")?.max(1) as u32,
            centroids_field: Some(read.text("routing.centroids.field")).filter(|name| !name.is_empty()),
            auto_expand_replicas: match read.text("auto_expand_replicas").as_str() {
                "false" => None,
                range => Some(expand(range)?),
            },
            refresh_interval_ms: read.time("refresh_interval")?,
            refresh_interval_given: read.given("refresh_interval").is_some(),
            durability: read.durability(),
            sync_interval_ms: read.time("translog.sync_interval")?.unwrap_or(never),
            flush_threshold_bytes: value::bytes(
                "index.translog.flush_threshold_size",
                &read.text("translog.flush_threshold_size"),
            )?
            .unwrap_or(never),
            gc_deletes_ms: read.time("gc_deletes")?.unwrap_or(never),
            search_idle_after_ms: read.time("search.idle.after")?.unwrap_or(never),
            wait_for_active_shards: match read.text("write.wait_for_active_shards").as_str() {
                "all" => WaitForActive::All,
                _ => WaitForActive::Count(read.number("write.wait_for_active_shards")? as u32),
            },
            hidden: read.flag("hidden")?,
            request_cache: read.flag("requests.cache.enable")?,
            query_cache: read.flag("queries.cache.enabled")?,
            blocks: Blocks::read(&read)?,
            allocation: Allocation::read(&read)?,
            priority: read.number("priority")? as u32,
            max_retries: read.number("allocation.max_retries")? as u32,
            node_left_delay_ms: read.time("unassigned.node_left.delayed_timeout")?.unwrap_or(0),
            mapping_limits: read.mapping_limits()?,
            ignore_malformed: read.flag("mapping.ignore_malformed")?,
            coerce: read.given("mapping.coerce").map(|_| read.flag("mapping.coerce")).transpose()?,
            default_field: match read.given("query.default_field") {
                Some(Value::Array(fields)) => fields.iter().map(flat::text).collect(),
                _ => read.text("query.default_field").split(',').map(|field| field.trim().to_owned()).collect(),
            },
            query_string_lenient: read.flag("query_string.lenient")?,
            unmapped_as_text: read.flag("percolator.map_unmapped_fields_as_text")?,
            max_result_window: read.number("max_result_window")?,
            max_rescore_window: read.number("max_rescore_window")?,
            max_docvalue_fields_search: read.number("max_docvalue_fields_search")?,
            max_script_fields: read.number("max_script_fields")?,
            max_ngram_diff: read.number("max_ngram_diff")? as u32,
            max_shingle_diff: read.number("max_shingle_diff")? as u32,
            max_terms_count: read.number("max_terms_count")?,
            max_adjacency_matrix_filters: read.number("max_adjacency_matrix_filters")?,
            max_regex_length: read.number("max_regex_length")?,
            max_slices_per_scroll: read.number("max_slices_per_scroll")?,
            max_slices_per_pit: read.number("max_slices_per_pit")?,
            max_inner_result_window: read.number("max_inner_result_window")?,
            max_analyzed_offset: read.number("highlight.max_analyzed_offset")?,
            max_token_count: read.number("analyze.max_token_count")?,
            max_nested_depth: read.number("query.max_nested_depth")? as u32,
            knn_ef_search: read.knn_ef_search()?,
            slow_log: SlowLog::read(|name| read.text(name))?.map(Arc::new),
        })
    }

    /// Replicas with this many data nodes.
    pub fn replicas_on(&self, data_nodes: u32) -> u32 {
        match self.auto_expand_replicas {
            Some((min, max)) => data_nodes.saturating_sub(1).clamp(min, max),
            None => self.replicas,
        }
    }
}

/// `0-1`, `0-all`.
///
/// # Errors
/// `illegal_argument_exception`.
pub(super) fn expand(text: &str) -> Result<(u32, u32), Error> {
    let refuse = |at: &str| {
        Error::illegal_argument(format!(
            "failed to parse [index.auto_expand_replicas] from value: [{text}] at index {at}"
        ))
    };
    let (min, max) = text.split_once('-').ok_or_else(|| refuse("-1"))?;
    let low: u32 = min.parse().map_err(|_| refuse("0"))?;
    let high = if max == "all" { u32::MAX } else { max.parse().map_err(|_| refuse(&min.len().to_string()))? };
    if low > high {
        return Err(Error::illegal_argument(format!(
            "[index.auto_expand_replicas] minReplicas must be =< maxReplicas but wasn't {low} > {high}"
        )));
    }
    Ok((low, high))
}
