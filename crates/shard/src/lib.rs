//! One copy of one shard on one disk: documents in, postings and columns out, queries executed.
//!
//! The only crate that names tantivy, and only `segment::disk` and `seal` do. What comes in was bound by `search`; what goes
//! out are [`search::shard_query`] answers.

pub mod aggregate;
pub mod caches;
mod compile;
pub mod engine;
pub mod error;
pub mod execute;
mod features;
pub mod fetch;
pub mod fields;
mod gallop;
pub mod gauge;
pub mod layout;
mod loose;
pub mod percolate;
pub mod prepare;
pub mod prepared;
pub mod query_cache;
pub mod reader;
mod score;
pub mod seal;
pub mod segment;
mod shapes;
pub mod similarity;
pub mod source_cache;
pub mod suggest;
