//! The OpenSearch REST dialect: bytes in, the model's types to the gateway, bytes out.
//!
//! Here: reading bodies and parameters, the query language, endpoints, rendering. Not here: what a request means (that is
//! behind the gateway), and any knowledge of shards or segments.

pub mod dsl;
mod endpoint;
pub mod http;
pub mod json;
pub mod params;
pub mod query_string;
mod render;
mod reply;
mod request;
mod router;
