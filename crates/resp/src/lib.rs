//! The Redis dialect: RESP bytes in, the model's types to the gateway, RESP bytes out.
//!
//! Here: frames, connections, the table of commands, keys (kept as documents of a system index), the query language of `FT.*`. Not here: what
//! a write or a search means (that is behind the gateway), and any knowledge of shards or segments.

pub mod args;
pub mod client;
pub mod command;
pub mod connection;
pub mod error;
pub mod frame;
pub mod ft;
pub mod jsonpath;
pub mod keyspace;
pub mod listener;
pub mod server;
pub mod session;
pub mod syntax;
pub mod usage;
