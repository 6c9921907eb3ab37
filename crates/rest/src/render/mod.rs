//! From the model to bytes: a writer of JSON, the shapes that many endpoints share, and what is done to a whole answer.

pub(crate) mod admin;
pub(crate) mod aggregation;
pub(crate) mod document;
pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod hits;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod pretty;
mod profile;
pub(crate) mod query;
mod scan;
pub(crate) mod shards;
mod suggest;
pub(crate) mod table;
pub(crate) mod yaml;
