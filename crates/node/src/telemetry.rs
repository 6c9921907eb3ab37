//! What the node says about itself: logs and metrics. Passed in, never global.

mod peers;

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tracing_subscriber::EnvFilter;

use crate::config::Config;
pub use peers::Peers;

/// Sends logs to the standard error stream, as the configuration says. Call once, from `main`.
///
/// # Errors
/// What is wrong with `log.level`, or that a subscriber is there already.
pub fn start_logging(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(quiet(&config.log_level))
        .map_err(|e| format!("[log.level] is [{}]: {e}", config.log_level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = if config.log_json { builder.json().try_init() } else { builder.with_ansi(false).try_init() };
    started.map_err(|e| e.to_string())
}

/// Raft's own lines are for those who name them; what an operator has to know is told by this crate. What a slow log tells is decided by the
/// settings of its index.
fn quiet(filter: &str) -> String {
    let mut filter = filter.to_owned();
    for (target, level) in [("openraft", "off"), ("slowlog", "trace")] {
        if !filter.contains(target) {
            filter.push_str(&format!(",{target}={level}"));
        }
    }
    filter
}

/// Which kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Action {
    Search,
    Count,
    Get,
    Write,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Ending {
    Complete,
    Partial,
    TimedOut,
    Cancelled,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndingLabels {
    ending: Ending,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

/// The node's counters.
pub struct Metrics {
    registry: Registry,
    requests: Family<ActionLabels, Counter>,
    seconds: Family<ActionLabels, Histogram>,
    endings: Family<EndingLabels, Counter>,
    pub documents_written: Counter,
    pub documents_refused: Counter,
    pub hits_returned: Counter,
    pub shards_searched: Counter,
    pub merge_seconds: Histogram,
    aggregation_seconds: Family<KindLabels, Histogram>,
    pub indexes: Gauge,
    pub shards: Gauge,
    pub shards_failed: Gauge,
    pub resident_bytes: Gauge,
    pub kept_sources_bytes: Gauge,
    /// What goes on between nodes.
    pub peers: Peers,
}

impl Metrics {
    pub fn new() -> Self {
        let latency = || Histogram::new(exponential_buckets(0.000_05, 2.0, 20));
        let mut registry = Registry::with_prefix("shoal");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(latency as fn() -> Histogram);
        let endings = Family::default();
        registry.register("requests", "Requests by kind", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the gateway to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("searches", "Searches by how they ended", endings.clone());
        let metrics = Self {
            requests,
            seconds,
            endings,
            documents_written: Counter::default(),
            documents_refused: Counter::default(),
            hits_returned: Counter::default(),
            shards_searched: Counter::default(),
            merge_seconds: latency(),
            aggregation_seconds: Family::new_with_constructor(latency as fn() -> Histogram),
            indexes: Gauge::default(),
            shards: Gauge::default(),
            shards_failed: Gauge::default(),
            resident_bytes: Gauge::default(),
            kept_sources_bytes: Gauge::default(),
            peers: Peers::new(&mut registry),
            registry: Registry::default(),
        };
        registry.register(
            "documents_written",
            "Operations on documents that were acknowledged",
            metrics.documents_written.clone(),
        );
        registry.register(
            "documents_refused",
            "Operations on documents that were refused",
            metrics.documents_refused.clone(),
        );
        registry.register("hits_returned", "Hits in answers", metrics.hits_returned.clone());
        registry.register("shards_searched", "Shards that searches asked", metrics.shards_searched.clone());
        registry.register_with_unit(
            "merge_duration",
            "Time to merge the shards' answers",
            Unit::Seconds,
            metrics.merge_seconds.clone(),
        );
        registry.register_with_unit(
            "aggregation_merge_duration",
            "Time to merge what the shards found and to make the answer, by type of aggregation",
            Unit::Seconds,
            metrics.aggregation_seconds.clone(),
        );
        metrics.register_holdings(&mut registry);
        Self { registry, ..metrics }
    }

    /// What the node holds at the moment.
    fn register_holdings(&self, registry: &mut Registry) {
        for (name, help, gauge) in [
            ("indexes", "Indexes in the metadata", &self.indexes),
            ("shards", "Shard copies open on this node", &self.shards),
            ("shards_failed", "Shard copies that do not serve", &self.shards_failed),
        ] {
            registry.register(name, help, gauge.clone());
        }
        for (name, help, gauge) in [
            ("process_resident_memory", "Resident memory", &self.resident_bytes),
            ("source_cache", "Sources that are kept unpacked", &self.kept_sources_bytes),
        ] {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
    }

    /// Counts a request that took `time`.
    pub fn request(&self, action: Action, time: Duration) {
        self.requests.get_or_create(&ActionLabels { action }).inc();
        self.seconds.get_or_create(&ActionLabels { action }).observe(time.as_secs_f64());
    }

    /// Counts the merge of one aggregation of a type, which took `time`.
    pub fn merged(&self, kind: &str, time: Duration) {
        self.aggregation_seconds.get_or_create(&KindLabels { kind: kind.to_owned() }).observe(time.as_secs_f64());
    }

    /// Counts how a search ended.
    pub fn ended(&self, ending: Ending) {
        self.endings.get_or_create(&EndingLabels { ending }).inc();
    }

    /// Everything, in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut out, &self.registry);
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new();
        metrics.request(Action::Search, Duration::from_millis(3));
        metrics.ended(Ending::Partial);
        let text = metrics.text();
        assert!(text.contains("shoal_requests_total{action=\"Search\"} 1"), "{text}");
        assert!(text.contains("shoal_searches_total{ending=\"Partial\"} 1"), "{text}");
        assert!(text.contains("shoal_request_duration_seconds_count{action=\"Search\"} 1"), "{text}");
    }
}
