//! Putting the shards' answers together. Pure, deterministic, indifferent to the order in which answers came.

pub mod aggregations;
pub mod fusion;
pub mod hits;
pub mod pipeline;
