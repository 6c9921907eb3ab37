//! The coordinator's thinking, without I/O: binding a query to a mapping, planning what each shard is asked, and merging
//! what the shards answer.

pub mod aggregation;
pub mod bind;
pub mod bound;
pub mod describe;
pub mod feature;
pub mod fetch;
pub mod interval;
pub mod merge;
pub mod named;
pub mod percolate;
pub mod pipeline;
pub mod scatter;
pub mod shard_query;
pub mod span;
pub mod statistics;
pub mod suggest;
