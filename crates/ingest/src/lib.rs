//! Ingest pipelines: what is done to a document before it is written.
//!
//! In: a pipeline's definition; a document. Out: the document changed, dropped, or an error that says which processor failed. Holds no
//! clock (who runs a pipeline says what time it is) and knows no index. Not here: where pipelines are kept, and which one a write goes
//! through (`node::gateway::ingest`). Processors that need data of their own (`geoip` ..) are refused when a pipeline is made. Scripts that change documents
//! ([`script`]) are here for updates, too.

pub mod document;
mod options;
pub mod pipeline;
mod processor;
pub mod script;
mod text;

/// The patterns that `grok` knows: name, expression.
pub fn grok_patterns() -> &'static [(&'static str, &'static str)] {
    &processor::grok::PATTERNS
}
