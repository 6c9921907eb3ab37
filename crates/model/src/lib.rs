//! The language that every part of Shoal speaks: plain data without I/O.
//!
//! Dialects parse bytes into these types, the node answers with these types, dialects render them. Nothing here reads a
//! clock, a file or a socket.

pub mod admin;
pub mod aggregation;
pub mod allocation;
pub mod binary;
pub mod by_query;
pub mod date;
pub mod dated_name;
pub mod definition;
pub mod document;
pub mod error;
pub mod gateway;
pub mod geo;
pub mod id;
pub mod ingest;
pub mod json;
pub mod mapping;
pub mod node_filter;
pub mod number;
pub mod point;
pub mod profile;
pub mod query;
pub mod ranking;
pub mod recovery;
pub mod resize;
pub mod script;
pub mod search;
pub mod snapshot;
pub mod suggest;
pub mod target;
pub mod task;
pub mod template;
pub mod term_vectors;
pub mod wire;
pub mod write;
