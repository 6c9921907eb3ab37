//! What a search spent its time on (`profile: true`): of each shard, the parts of its query, its collectors, its aggregations, its fetch.
//!
//! Times are nanoseconds of the thread that worked, waiting included. A part's time contains those of the parts inside of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::ShardNumber;

/// One part of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What kind of thing it is: of a query, an aggregation, a collector.
    pub kind: String,
    /// Which one: a query in Lucene's notation, the name of an aggregation, what a collector is for.
    pub description: String,
    pub nanos: u64,
    pub steps: Vec<Step>,
    pub children: Vec<Spent>,
}

/// What a part was asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    pub nanos: u64,
    /// How often.
    pub count: u64,
}

/// One walk over the documents of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchSpent {
    /// The post filter before the query.
    pub query: Vec<Spent>,
    pub collector: Spent,
}

/// The query phase of one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuerySpent {
    pub searches: Vec<SearchSpent>,
    pub aggregations: Vec<Spent>,
}

/// One shard's part of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardProfile {
    pub node: Arc<str>,
    pub index: Arc<str>,
    pub shard: ShardNumber,
    pub query: QuerySpent,
    /// `None`: none of its documents are shown.
    pub fetch: Option<Spent>,
}

/// What a search spent its time on, in order of indexes and shards. Merging aggregations, which is done once, is told with the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub shards: Vec<ShardProfile>,
}

impl Spent {
    /// A part whose time is that of its steps.
    pub fn of(kind: impl Into<String>, description: impl Into<String>, steps: Vec<Step>) -> Self {
        let nanos = steps.iter().map(|step| step.nanos).sum();
        Self { kind: kind.into(), description: description.into(), nanos, steps, children: Vec::new() }
    }

    /// Adds to one of its steps, and to the whole.
    pub fn add(&mut self, name: &str, nanos: u64) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.name == name) {
            step.nanos += nanos;
            step.count += 1;
            self.nanos += nanos;
        }
    }
}
