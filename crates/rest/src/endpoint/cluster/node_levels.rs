//! `level=` of `_nodes/stats`: what a node counts, by index or by shard.

use std::collections::BTreeMap;

use model::admin::CopyStats;
use model::error::Error;
use model::target::{Expand, Target, TargetOptions};
use serde_json::{Map, Value, json};

use crate::endpoint::Server;
use crate::endpoint::admin::copy_stats;
use crate::endpoint::metrics::Metrics;
use crate::params::Params;
use crate::render::admin::stats::{self, sum};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Node,
    Indices,
    Shards,
}

impl Level {
    /// # Errors
    /// `illegal_argument_exception` for a level that there is not.
    pub(super) fn take(params: &mut Params) -> Result<Self, Error> {
        match params.take("level").as_deref() {
            None | Some("node") => Ok(Self::Node),
            Some("indices") => Ok(Self::Indices),
            Some("shards") => Ok(Self::Shards),
            Some(other) => Err(Error::illegal_argument(format!(
                "level parameter must be one of [node] or [indices] or [shards] but was [{other}]"
            ))),
        }
    }

    /// The copies that are told apart: those of open indexes, hidden ones too.
    pub(super) async fn copies(self, server: &Server, groups: &[String]) -> Result<Vec<CopyStats>, Error> {
        if self == Self::Node {
            return Ok(Vec::new());
        }
        let expand_wildcards = Some(Expand { open: true, closed: false, hidden: true });
        let options = TargetOptions { expand_wildcards, ..TargetOptions::default() };
        let mut copies = server.gateway.stats(Target { names: Vec::new(), options }).await?.copies;
        copies.iter_mut().for_each(|copy| stats::keep_groups(&mut copy.stats, groups));
        Ok(copies)
    }

    /// What goes into the section `indices` of a node: its key, and the counts of the node's copies.
    pub(super) fn shown(self, node: &str, copies: &[CopyStats], metrics: &Metrics) -> Option<(&'static str, Value)> {
        let mut by_index: BTreeMap<&str, Vec<&CopyStats>> = BTreeMap::new();
        for copy in copies.iter().filter(|copy| copy.shard.node.as_deref() == Some(node)) {
            by_index.entry(&copy.index).or_default().push(copy);
        }
        let (key, one): (_, fn(&[&CopyStats], &Metrics) -> Value) = match self {
            Self::Node => return None,
            Self::Indices => ("indices", index),
            Self::Shards => ("shards", shards),
        };
        let shown = by_index.into_iter().map(|(name, copies)| (name.to_owned(), one(&copies, metrics)));
        Some((key, Value::Object(shown.collect())))
    }
}

fn index(copies: &[&CopyStats], metrics: &Metrics) -> Value {
    let all = sum(copies.iter().map(|copy| &copy.stats));
    Value::Object(stats::sections(&all, |metric| metrics.has(metric)))
}

fn shards(copies: &[&CopyStats], metrics: &Metrics) -> Value {
    let one = |copy: &&CopyStats| {
        let shown = copy_stats(copy, metrics);
        Value::Object(Map::from_iter([(copy.shard.number.to_string(), json!(shown))]))
    };
    copies.iter().map(one).collect()
}
